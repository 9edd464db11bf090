/* Multiplication of eight points at a time: digits of four bits, one chain of doublings, and eight
 * multiples of each point from which every lane takes its own by masks. */
#include "group/edwards_ifma.h"
#include "group/ifma.h"
#include "group/recode_ifma.h"

#ifdef PSE_LANES

enum { BITS = 4, MULTIPLES = 8, WINDOWS = 64 };

/* Eight terms: 1 P, 2 P, … 8 P, and the digits. */
struct term8 {
    struct cached8 multiple[MULTIPLES];
    uint8_t digit[WINDOWS][LANES_N];
};

_Static_assert(sizeof(struct term8) == LANES_N * PSE_IFMA_STRAUS_SCRATCH, "stated in the header");

LANES static void multiples_fill(struct cached8 multiple[MULTIPLES], const pse_point *p, size_t n)
{
    struct ge8 first = ge8_load_n(p, n);
    struct sum8 q = sum_from_ge(&first);

    multiple[0] = cached_from_sum(&q);
    for (int i = 1; i < MULTIPLES; i++) {
        struct completed8 c = add_cached(&q, &multiple[0]);

        q = complete_sum(&c);
        multiple[i] = cached_from_sum(&q);
    }
}

/* digit * P in each lane. All multiples are read, whatever the digits are. */
LANES_INLINE struct cached8 look_up(const struct cached8 multiple[MULTIPLES],
                                    const uint8_t digit[LANES_N])
{
    struct digit8 d = digit_load(digit);
    struct fe8 zero = fe8_all(&fe_zero), one = fe8_all(&fe_one);
    struct cached8 r = {.sum = one, .diff = one, .z = one, .t2d = zero};

    for (uint64_t i = 0; i < MULTIPLES; i++) {
        lanes_mask m = lanes_equal(d.magnitude, lanes_all(i + 1));

        r.sum = fe8_select(m, &r.sum, &multiple[i].sum);
        r.diff = fe8_select(m, &r.diff, &multiple[i].diff);
        r.z = fe8_select(m, &r.z, &multiple[i].z);
        r.t2d = fe8_select(m, &r.t2d, &multiple[i].t2d);
    }
    negate_where(d.negative, &r.sum, &r.diff, &r.t2d);
    return r;
}

/* Lane by lane the sum of all groups' terms, groups >= 1, over the lowest @p windows digits. */
LANES static struct ge8 chain_of_doublings(const struct term8 *term, size_t groups,
                                           unsigned windows)
{
    struct sum8 s = sum8_identity();
    struct completed8 c;
    struct cached8 q;

    for (unsigned i = windows; i-- > 0;) {
        if (i + 1 < windows) {
            for (int j = 0; j < BITS; j++) {
                struct dbl8 d = complete_dbl(&c);

                c = double_dbl(&d);
            }
            s = complete_sum(&c);
        }
        for (size_t j = 0; j < groups; j++) {
            if (j > 0)
                s = complete_sum(&c);
            q = look_up(term[j].multiple, term[j].digit[i]);
            c = add_cached(&s, &q);
        }
    }
    pse_wipe(&q, sizeof q);
    return complete_ge(&c);
}

LANES static void mul_eight(pse_point *out, const v8 k[4], const pse_point *p, size_t n,
                            unsigned windows)
{
    struct term8 term;
    struct ge8 r;

    digits_cut(term.digit, k, BITS, windows);
    multiples_fill(term.multiple, p, n);
    r = chain_of_doublings(&term, 1, windows);
    ge8_store_n(out, n, &r);
    pse_wipe(term.digit, sizeof term.digit);
}

LANES void pse_ifma_mul(pse_point *out, const pse_secret *k, const pse_point *p, size_t n)
{
    v8 words[4];

    for (size_t at = 0; at < n; at += LANES_N) {
        scalars_load(words, k[at].w, n - at);
        mul_eight(out + at, words, p + at, n - at, WINDOWS);
    }
    pse_wipe(words, sizeof words);
}

LANES void pse_ifma_mul_one(pse_point *out, const pse_secret *k, const pse_point *p, size_t n)
{
    v8 words[4];

    for (int i = 0; i < 4; i++)
        words[i] = lanes_all(k->w[i]);
    for (size_t at = 0; at < n; at += LANES_N)
        mul_eight(out + at, words, p + at, n - at, WINDOWS);
    pse_wipe(words, sizeof words);
}

static unsigned windows_needed_vt(const pse_scalar *k, size_t n)
{
    uint64_t any[4] = {0};

    for (size_t i = 0; i < n; i++) {
        for (int j = 0; j < 4; j++)
            any[j] |= k[i].w[j];
    }
    for (unsigned i = 4; i-- > 0;) {
        if (any[i] != 0)
            return pse_windows_count(64 * i + 64 - (unsigned)__builtin_clzll(any[i]), BITS);
    }
    return 1;
}

LANES void pse_ifma_mul_vt(pse_point *out, const pse_scalar *k, const pse_point *p, size_t n)
{
    v8 words[4];

    for (size_t at = 0; at < n; at += LANES_N) {
        size_t m = n - at < LANES_N ? n - at : LANES_N;

        scalars_load(words, k[at].w, m);
        mul_eight(out + at, words, p + at, m, windows_needed_vt(k + at, m));
    }
}

/* --- sums under one chain of doublings ------------------------------------------------------- */

/* Terms j, j + 8, … go to lane j; at the end the lanes are added up. */
LANES static void straus(pse_point *out, const uint64_t *k, const pse_point *p, size_t n,
                         unsigned windows, struct term8 *term)
{
    size_t groups = (n - 1) / LANES_N + 1;
    pse_point lane[LANES_N];
    struct ge8 r;
    v8 words[4];

    for (size_t i = 0; i < groups; i++) {
        size_t at = i * LANES_N;

        scalars_load(words, k + 4 * at, n - at);
        digits_cut(term[i].digit, words, BITS, windows);
        multiples_fill(term[i].multiple, p + at, n - at);
    }
    r = chain_of_doublings(term, groups, windows);
    ge8_store_n(lane, LANES_N, &r);
    pse_backend_portable.sum(out, lane, LANES_N);
    pse_wipe(words, sizeof words);
    pse_wipe(lane, sizeof lane);
}

void pse_ifma_straus(pse_point *out, const pse_secret *k, const pse_point *p, size_t n,
                     void *scratch)
{
    straus(out, k->w, p, n, WINDOWS, scratch);
}

void pse_ifma_straus_vt(pse_point *out, const pse_scalar *k, const pse_point *p, size_t n,
                        void *scratch)
{
    straus(out, k->w, p, n, windows_needed_vt(k, n), scratch);
}

#endif
