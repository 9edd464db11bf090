/* Long sums by buckets (Pippenger), portable back-end. Variable time: public data only. */
#include <stddef.h>

#include "group/ristretto51.h"

enum { NORMALISE_BLOCK = 256 };

static void normalise_one(struct ge_affine *r, const struct fe *x, const struct fe *y)
{
    struct fe t;

    fe_add(&r->sum, y, x);
    fe_sub(&r->diff, y, x);
    fe_mul(&t, x, y);
    fe_mul(&r->t2d, &t, &fe_2d);
}

static void normalise_block(struct ge_affine *out, const struct ge *in, size_t n)
{
    struct fe before[NORMALISE_BLOCK]; /* product of the z before this one */
    struct fe inverse, z_inv, x, y;
    struct fe product = fe_one;

    for (size_t i = 0; i < n; i++) {
        before[i] = product;
        fe_mul(&product, &product, &in[i].z);
    }
    pse_fe51_invert(&inverse, &product);
    for (size_t i = n; i-- > 0;) {
        fe_mul(&z_inv, &inverse, &before[i]);
        fe_mul(&inverse, &inverse, &in[i].z);
        fe_mul(&x, &in[i].x, &z_inv);
        fe_mul(&y, &in[i].y, &z_inv);
        normalise_one(&out[i], &x, &y);
    }
}

void pse_p51_normalise(struct ge_affine *out, const struct ge *in, size_t n)
{
    for (size_t at = 0; at < n; at += NORMALISE_BLOCK)
        normalise_block(out + at, in + at, n - at < NORMALISE_BLOCK ? n - at : NORMALISE_BLOCK);
}

/* Points fresh from decoding have z = 1 and need no inversion. */
void pse_p51_prepare_vt(void *addends, const pse_point *in, size_t n)
{
    struct ge_affine *out = addends;
    struct ge block[NORMALISE_BLOCK];

    for (size_t at = 0; at < n; at += NORMALISE_BLOCK) {
        size_t m = n - at < NORMALISE_BLOCK ? n - at : NORMALISE_BLOCK;
        bool affine = true;

        for (size_t i = 0; i < m; i++) {
            ge_load(&block[i], &in[at + i]);
            affine = affine && memcmp(&block[i].z, &fe_one, sizeof fe_one) == 0;
        }
        if (!affine) {
            normalise_block(out + at, block, m);
            continue;
        }
        for (size_t i = 0; i < m; i++) {
            fe_add(&out[at + i].sum, &block[i].y, &block[i].x);
            fe_sub(&out[at + i].diff, &block[i].y, &block[i].x);
            fe_mul(&out[at + i].t2d, &block[i].t, &fe_2d);
        }
    }
}

struct bucket {
    struct ge p;
    bool full;
};

size_t pse_p51_bucket_size(unsigned bits, size_t n)
{
    (void)n;
    return sizeof(struct bucket) << (bits - 1);
}

/* The point an addend stands for: x = 4 xa, y = 4 ya, z = 4, t = 4 xa ya. */
static void bucket_set(struct bucket *b, const struct ge_affine *a, bool negative)
{
    struct fe x, y;

    fe_add(&y, &a->sum, &a->diff);
    fe_carry(&y, &y);
    fe_sub2(&x, &a->sum, &a->diff);
    fe_carry(&x, &x);
    if (negative)
        fe_neg(&x, &x);
    fe_mul(&b->p.t, &x, &y);
    fe_add(&x, &x, &x);
    fe_add(&y, &y, &y);
    fe_carry(&b->p.x, &x);
    fe_carry(&b->p.y, &y);
    b->p.z = (struct fe){{4, 0, 0, 0, 0}};
    b->full = true;
}

/* p = p + a, or p - a. Half of all digits are negative, at random: the sign chooses operands by
 * index, as a branch would be guessed wrong every other time. -a exchanges the halves of a, and f
 * with g. Not inlined, for the reason given in edwards51.h. */
static __attribute__((noinline)) void add_signed(struct ge *p, const struct ge_affine *a,
                                                 bool negative)
{
    const struct fe *half[2] = {&a->sum, &a->diff};
    struct fe fg[2];
    struct fe x, y, c, dd, e, h;

    fe_sub(&x, &p->y, &p->x);
    fe_mul(&x, &x, half[!negative]);
    fe_add(&y, &p->y, &p->x);
    fe_mul(&y, &y, half[negative]);
    fe_mul(&c, &p->t, &a->t2d);
    fe_add(&dd, &p->z, &p->z);
    fe_sub(&fg[0], &dd, &c);
    fe_add(&fg[1], &dd, &c);
    fe_sub(&e, &y, &x);
    fe_add(&h, &y, &x);
    fe_mul(&p->x, &e, &fg[negative]);
    fe_mul(&p->y, &fg[!negative], &h);
    fe_mul(&p->z, &fg[0], &fg[1]);
    fe_mul(&p->t, &e, &h);
}

static void bucket_add(struct bucket *b, const struct ge_affine *a, bool negative)
{
    if (b->full)
        add_signed(&b->p, a, negative);
    else
        bucket_set(b, a, negative);
}

/* Σ (i+1) bucket[i]: from the top, the running sum of buckets is added once for each bucket. */
static void bucket_reduce(struct ge *sum, const struct bucket *bucket, size_t n)
{
    struct ge running = ge_identity;
    bool any = false;

    *sum = ge_identity;
    for (size_t i = n; i-- > 0;) {
        if (bucket[i].full) {
            pse_ge51_add_full(&running, &running, &bucket[i].p);
            any = true;
        }
        if (any)
            pse_ge51_add_full(sum, sum, &running);
    }
}

/* Digits are cut for a block of terms at a time, and a bucket is fetched this far ahead: those of a
 * wide window do not fit the nearest cache. */
enum { DIGITS = 256, AHEAD = 4 };

static void buckets_fill(struct bucket *bucket, const struct ge_affine *a,
                         const struct pse_windows *k, size_t n, unsigned w, unsigned count,
                         unsigned bits)
{
    int32_t digit[DIGITS + AHEAD] = {0};

    for (size_t i = 0; i < n; i++)
        digit[i] = windows_digit_vt(&k[i], w, count, bits);
    for (size_t i = 0; i < n; i++) {
        size_t magnitude = (size_t)(digit[i] < 0 ? -digit[i] : digit[i]);
        size_t next = (size_t)(digit[i + AHEAD] < 0 ? -digit[i + AHEAD] : digit[i + AHEAD]);

        __builtin_prefetch(&bucket[next == 0 ? 0 : next - 1], 1);
        if (magnitude != 0)
            bucket_add(&bucket[magnitude - 1], &a[i], digit[i] < 0);
    }
}

void pse_p51_windows_vt(pse_point *out, const void *addends, const struct pse_windows *k, size_t n,
                        unsigned first, unsigned windows, unsigned count, unsigned bits,
                        void *scratch)
{
    const struct ge_affine *a = addends;
    struct bucket *bucket = scratch;
    size_t buckets = (size_t)1 << (bits - 1);

    for (unsigned w = first; w < first + windows; w++) {
        struct ge sum;

        for (size_t i = 0; i < buckets; i++)
            bucket[i].full = false;
        for (size_t at = 0; at < n; at += DIGITS)
            buckets_fill(bucket, a + at, k + at, n - at < DIGITS ? n - at : DIGITS, w, count, bits);
        bucket_reduce(&sum, bucket, buckets);
        ge_store(&out[w - first], &sum);
    }
}

void pse_p51_horner_vt(pse_point *out, const pse_point *window, unsigned count, unsigned bits)
{
    struct ge q = ge_identity;
    struct ge p;

    for (unsigned i = count; i-- > 0;) {
        if (i + 1 < count)
            pse_ge51_double_n(&q, (int)bits);
        ge_load(&p, &window[i]);
        pse_ge51_add_full(&q, &q, &p);
    }
    ge_store(out, &q);
}
