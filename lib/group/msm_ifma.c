/* Long sums by buckets (Pippenger), IFMA back-end: eight buckets are filled at a time, one a lane,
 * in the order of runs_ifma.h. Variable time: public data only. */
#include "group/edwards_ifma.h"
#include "group/ifma.h"
#include "group/normal_ifma.h"
#include "group/recode_ifma.h"
#include "group/ristretto51.h"
#include "group/runs_ifma.h"

#ifdef PSE_LANES

/* --- addends -------------------------------------------------------------------------------- */

/* An addend's words in memory: y + x, y - x, 2 d x y, and one to fill two cache lines. */
union addend8 {
    v8 word[16];
    struct affine8 affine;
};

_Static_assert(sizeof(struct affine8) == 15 * sizeof(v8), "fifteen limbs of sixteen words");

static const struct pse_ifma_addend no_addend = {{1, 0, 0, 0, 0, 1}};

LANES_INLINE void addends_store(struct pse_ifma_addend *out, size_t n, const struct affine8 *a)
{
    union addend8 u = {.affine = *a};

    u.word[15] = lanes_zero;
    lanes_transpose(&u.word[0]);
    lanes_transpose(&u.word[8]);
    for (size_t i = 0; i < LANES_N && i < n; i++) {
        lanes_store(out[i].word, u.word[i]);
        lanes_store(out[i].word + 8, u.word[8 + i]);
    }
}

/* Lane i: +-from[i], minus where m is set. */
LANES_INLINE struct affine8 addends_load(const struct pse_ifma_addend *const from[LANES_N],
                                         lanes_mask m)
{
    union addend8 u;

    for (int i = 0; i < LANES_N; i++) {
        u.word[i] = lanes_load(from[i]->word);
        u.word[8 + i] = lanes_load(from[i]->word + 8);
    }
    lanes_transpose(&u.word[0]);
    lanes_transpose(&u.word[8]);
    negate_where(m, &u.affine.sum, &u.affine.diff, &u.affine.t2d);
    return u.affine;
}

/* At most PSE_IFMA_NORMALISE_MAX groups. Points fresh from decoding have z = 1 and need no
 * inversion. */
LANES static void prepare_groups(struct pse_ifma_addend *out, const pse_point *in, size_t n)
{
    struct affine8 a[PSE_IFMA_NORMALISE_MAX];
    struct ge8 p[PSE_IFMA_NORMALISE_MAX];
    struct fe8 one = fe8_all(&fe_one), d2 = fe8_all(&fe_2d);
    size_t groups = (n - 1) / LANES_N + 1;
    lanes_mask affine = 0xff;

    for (size_t i = 0; i < groups; i++) {
        p[i] = ge8_load_n(in + i * LANES_N, n - i * LANES_N);
        affine &= fe8_frozen_equal(&p[i].z, &one);
    }
    if (affine != 0xff)
        pse_ifma_normalise(a, p, groups);
    for (size_t i = 0; i < groups; i++) {
        if (affine == 0xff) {
            a[i].sum = fe8_add(&p[i].y, &p[i].x);
            a[i].diff = fe8_sub(&p[i].y, &p[i].x);
            a[i].t2d = fe8_mul(&p[i].t, &d2);
        }
        addends_store(out + i * LANES_N, n - i * LANES_N, &a[i]);
    }
}

void pse_ifma_prepare_vt(void *addends, const pse_point *in, size_t n)
{
    const size_t most = (size_t)PSE_IFMA_NORMALISE_MAX * LANES_N;
    struct pse_ifma_addend *out = addends;

    for (size_t at = 0; at < n; at += most)
        prepare_groups(out + at, in + at, n - at < most ? n - at : most);
}

/* --- digits --------------------------------------------------------------------------------- */

/* The digits of windows first .. of all terms, in one pass over the scalars. As windows_digit_vt.
 */
LANES static void digits_read(struct runs *r, const struct pse_windows *k, unsigned first,
                              unsigned count, unsigned bits)
{
    const uint64_t mask = (1u << bits) - 1;
    size_t row = (r->n + 7) / 8 * 8;
    v8 w[4];

    for (size_t at = 0; at < r->n; at += LANES_N) {
        v8 minus;

        scalars_load(w, k[at].w, r->n - at);
        minus = w[3] >> 63;
        w[3] &= INT64_MAX;
        for (unsigned i = 0; i < r->windows; i++) {
            unsigned bit = (first + i) * bits, word = bit / 64, shift = bit % 64;
            uint64_t half = first + i + 1 < count ? 1u << (bits - 1) : 0;
            v8 x = w[word] >> shift, below;
            v8u16 digits;

            if (shift + bits > 64 && word < 3)
                x |= w[word + 1] << (64 - shift);
            x = (x & mask) - half;
            below = x >> 63;
            x = (x ^ (0 - below)) + below; /* the magnitude */
            digits = __builtin_convertvector(x << 1 | (below ^ minus), v8u16);
            memcpy(&r->digit[i * row + at], &digits, sizeof digits);
        }
    }
}

/* --- buckets -------------------------------------------------------------------------------- */

/* A lane's part of a group of runs. */
struct lane {
    const uint32_t *order;
    uint32_t length;
};

enum { AHEAD = 2 };

_Static_assert((int)AHEAD < (int)RUNS_AHEAD, "the order may be read so far ahead");

static inline void addend_prefetch(const struct pse_ifma_addend *a, uint32_t entry)
{
    __builtin_prefetch(a[entry >> 1].word);
    __builtin_prefetch(a[entry >> 1].word + 8);
}

/* Term number j of each lane's run; no addend where a run has ended. */
LANES_INLINE struct affine8 terms_load(const struct pse_ifma_addend *a, const struct lane *lane,
                                       uint32_t j, bool all)
{
    const struct pse_ifma_addend *from[LANES_N];
    unsigned m = 0;

    for (unsigned i = 0; i < LANES_N; i++) {
        bool more = all || j < lane[i].length;
        uint32_t entry = more ? lane[i].order[j] : 0;

        from[i] = more ? &a[entry >> 1] : &no_addend;
        m |= (entry & 1) << i;
        if (more)
            addend_prefetch(a, lane[i].order[j + AHEAD]);
    }
    return addends_load(from, (lanes_mask)m);
}

/* The points of addends: x = 4 xa, y = 4 ya, z = 4, t = 4 xa ya = sum^2 - diff^2. */
LANES_INLINE struct sum8 sum_from_affine(const struct affine8 *a)
{
    struct wide8 sum = wide_from(&a->sum, 2), diff = wide_from(&a->diff, 2);
    struct wide8 t = fe8_sq_wide(&a->sum), s = fe8_sq_wide(&a->diff);
    struct sum8 r;

    t = wide_sub(&t, &s);
    r.sum = wide_carry(&sum);
    r.diff = wide_carry(&diff);
    r.t = wide_carry(&t);
    r.z = fe8_all(&fe_one);
    for (int i = 0; i < 5; i++)
        r.z.v[i] <<= 2;
    return r;
}

LANES_INLINE void terms_add(struct sum8 *s, const struct affine8 *a)
{
    struct completed8 c = add_affine(s, a);

    *s = complete_sum(&c);
}

/* Eight runs, longest first. */
LANES static void runs_add(pse_point *const to[LANES_N], const struct pse_ifma_addend *a,
                           const struct lane lane[LANES_N])
{
    struct affine8 term = terms_load(a, lane, 0, false);
    struct sum8 s = sum_from_affine(&term);
    struct ge8 p;
    uint32_t j = 1;

    for (; j < lane[LANES_N - 1].length; j++) {
        term = terms_load(a, lane, j, true);
        terms_add(&s, &term);
    }
    for (; j < lane[0].length; j++) {
        term = terms_load(a, lane, j, false);
        terms_add(&s, &term);
    }
    p = ge_from_sum(&s);
    ge8_store(to, &p);
}

static void runs_prefetch(const struct runs *r, size_t at, const struct pse_ifma_addend *a)
{
    for (size_t i = at; i < at + LANES_N && i < r->runs; i++) {
        for (uint32_t j = 0; j < AHEAD; j++)
            addend_prefetch(a, r->order[r->run[i].at + j]);
    }
}

static void buckets_fill(pse_point *point, const struct runs *r, const struct pse_ifma_addend *a)
{
    runs_prefetch(r, 0, a);
    for (size_t at = 0; at < r->runs; at += LANES_N) {
        pse_point *to[LANES_N];
        struct lane lane[LANES_N];
        pse_point nowhere;

        for (size_t i = 0; i < LANES_N; i++) {
            const struct run *run = &r->run[at + i];
            bool more = at + i < r->runs;

            lane[i].order = more ? r->order + run->at : r->order;
            lane[i].length = more ? run->length : 0;
            to[i] = more ? &point[run->sum] : &nowhere;
        }
        runs_prefetch(r, at + LANES_N, a);
        runs_add(to, a, lane);
    }
}

/* --- pieces of long buckets ------------------------------------------------------------------ */

/* Pairs of points on their way to one addition of eight. */
struct pairs {
    pse_point *to[LANES_N];
    const pse_point *a[LANES_N], *b[LANES_N];
    pse_point nowhere;
    unsigned n;
};

LANES static void pairs_add(struct pairs *p)
{
    struct ge8 a, b;
    struct sum8 s;
    struct cached8 q;
    struct completed8 c;

    for (unsigned i = p->n; i < LANES_N; i++) {
        p->to[i] = &p->nowhere;
        p->a[i] = p->a[0];
        p->b[i] = p->b[0];
    }
    a = ge8_load(p->a);
    b = ge8_load(p->b);
    s = sum_from_ge(&a);
    q = cached_from_ge(&b);
    c = add_cached(&s, &q);
    a = complete_ge(&c);
    ge8_store(p->to, &a);
    p->n = 0;
}

static void pairs_put(struct pairs *p, pse_point *to, const pse_point *a, const pse_point *b)
{
    p->to[p->n] = to;
    p->a[p->n] = a;
    p->b[p->n] = b;
    if (++p->n == LANES_N)
        pairs_add(p);
}

static pse_point *piece(pse_point *point, const struct split *s, uint32_t i)
{
    return &point[i == 0 ? s->bucket : s->more + i - 1];
}

/* In each round the later half of a bucket's pieces is added to the earlier half, so that the
 * additions of a round do not wait for one another. */
static void splits_join(pse_point *point, struct runs *r)
{
    struct pairs pairs = {.n = 0};
    bool again = r->splits > 0;

    while (again) {
        again = false;
        for (size_t i = 0; i < r->splits; i++) {
            struct split *s = &r->split[i];
            uint32_t half = (s->pieces + 1) / 2;

            for (uint32_t j = half; j < s->pieces; j++)
                pairs_put(&pairs, piece(point, s, j - half), piece(point, s, j - half),
                          piece(point, s, j));
            s->pieces = half;
            again = again || half > 1;
        }
        if (pairs.n > 0)
            pairs_add(&pairs);
    }
}

/* --- windows -------------------------------------------------------------------------------- */

/* Σ (b + 1) bucket[b] of each window. A lane takes 1/parts of a window's buckets from the top: its
 * running sum is added to its total once for each bucket. */
struct reduction {
    pse_point running[LANES_N], total[LANES_N]; /* [windows][parts] */
    unsigned parts;
};

LANES static void buckets_reduce(struct reduction *d, const pse_point *point, const struct runs *r)
{
    const pse_point *from[LANES_N];
    struct sum8 running = sum8_identity(), total = sum8_identity();
    uint32_t length = r->buckets / d->parts;
    pse_point identity;
    struct ge8 p;

    ge_store(&identity, &ge_identity);
    for (uint32_t j = length; j-- > 0;) {
        struct cached8 q;
        struct completed8 c;

        for (unsigned i = 0; i < LANES_N; i++) {
            uint32_t bucket = i * length + j;
            bool full = i < r->windows * d->parts && r->count[bucket] > 0;

            from[i] = full ? &point[bucket] : &identity;
            if (full && j > 1)
                __builtin_prefetch(&point[bucket - 2]);
        }
        p = ge8_load(from);
        q = cached_from_ge(&p);
        c = add_cached(&running, &q);
        running = complete_sum(&c);
        q = cached_from_sum(&running);
        c = add_cached(&total, &q);
        total = complete_sum(&c);
    }
    p = ge_from_sum(&running);
    ge8_store_n(d->running, LANES_N, &p);
    p = ge_from_sum(&total);
    ge8_store_n(d->total, LANES_N, &p);
}

LANES static void points_double_n(pse_point p[LANES_N], int n)
{
    struct ge8 q = ge8_load_n(p, LANES_N);

    while (n-- > 0) {
        struct dbl8 d = dbl_from_ge(&q);
        struct completed8 c = double_dbl(&d);

        q = complete_ge(&c);
    }
    ge8_store_n(p, LANES_N, &q);
}

/* Part i's total counts its buckets from 1, and stands i 2^log2_length buckets higher: window by
 * window Σ total[i] + 2^log2_length Σ i running[i]. */
static void parts_join(pse_point *out, const struct reduction *d, unsigned windows, int log2_length)
{
    pse_point high[LANES_N], above[LANES_N];

    pse_backend_portable.identity(high, LANES_N);
    pse_backend_portable.identity(above, LANES_N);
    for (unsigned i = d->parts; i-- > 1;) {
        for (unsigned w = 0; w < windows; w++)
            pse_backend_portable.add(&above[w], &above[w], &d->running[w * d->parts + i], 1);
        pse_backend_portable.add(high, high, above, windows);
    }
    points_double_n(high, log2_length);
    for (unsigned w = 0; w < windows; w++) {
        pse_point sum;

        pse_backend_portable.sum(&sum, &d->total[w * d->parts], d->parts);
        pse_backend_portable.add(&out[w], &sum, &high[w], 1);
    }
}

size_t pse_ifma_bucket_size(unsigned bits, size_t n)
{
    uint32_t buckets = 1u << (bits - 1);

    return pse_runs_size(n, buckets) + pse_runs_points(n, buckets) * sizeof(pse_point);
}

void pse_ifma_windows_vt(pse_point *out, const void *addends, const struct pse_windows *k, size_t n,
                         unsigned first, unsigned windows, unsigned count, unsigned bits,
                         void *scratch)
{
    struct runs r = {.n = n, .windows = windows, .buckets = 1u << (bits - 1)};
    pse_point *point = (pse_point *)((uint8_t *)scratch + pse_runs_size(n, r.buckets));
    struct reduction d = {.parts = windows > 2 ? 2 : windows > 1 ? 4 : 8};
    int log2_length = (int)bits - 1 - (d.parts == 2 ? 1 : d.parts == 4 ? 2 : 3);

    PSE_REQUIRE(windows <= RUNS_WINDOWS && bits >= 4 && bits <= 15);
    pse_runs_place(&r, scratch);
    digits_read(&r, k, first, count, bits);
    pse_runs_sort_vt(&r);
    buckets_fill(point, &r, addends);
    splits_join(point, &r);
    buckets_reduce(&d, point, &r);
    parts_join(out, &d, windows, log2_length);
}

#endif
