/* Long sums in constant time: every lane of eight accumulators is one window of four bits, 64 in
 * all. A term's multiples 1 P .. 8 P stand in registers, one a lane, and each window takes its own
 * by permuting words: no chain of doublings but one at the end, and no look-up through memory. */
#include "group/edwards_ifma.h"
#include "group/ifma.h"
#include "group/recode_ifma.h"

#ifdef PSE_LANES

enum { BITS = 4, MULTIPLES = 8, WINDOWS = 64, ACCUMULATORS = WINDOWS / LANES_N };

_Static_assert((int)MULTIPLES == (int)LANES_N, "the multiples of a term are a register's words");

union multiples {
    struct cached8 cached;
    v8 limb[20];
};

/* Eight terms on their way in. */
struct terms {
    union multiples multiple[LANES_N]; /* before turning [multiple], lanes terms; then [term] */
    uint8_t digit[WINDOWS][LANES_N];
    uint8_t turned[LANES_N][WINDOWS];
};

LANES static void multiples_fill(struct terms *t, const pse_point *p, size_t n)
{
    struct ge8 first = ge8_load_n(p, n);
    struct sum8 q = sum_from_ge(&first);

    t->multiple[0].cached = cached_from_sum(&q);
    for (int i = 1; i < MULTIPLES; i++) {
        struct completed8 c = add_cached(&q, &t->multiple[0].cached);

        q = complete_sum(&c);
        t->multiple[i].cached = cached_from_sum(&q);
    }
}

LANES static void turn(struct terms *t)
{
    for (int limb = 0; limb < 20; limb++) {
        v8 row[LANES_N];

        for (int i = 0; i < LANES_N; i++)
            row[i] = t->multiple[i].limb[limb];
        lanes_transpose(row);
        for (int i = 0; i < LANES_N; i++)
            t->multiple[i].limb[limb] = row[i];
    }
    for (int w = 0; w < WINDOWS; w++) {
        for (int i = 0; i < LANES_N; i++)
            t->turned[i][w] = t->digit[w][i];
    }
}

/* digit P in each lane, every lane having a digit of its own. */
LANES_INLINE struct cached8 look_up(const union multiples *of, const uint8_t digit[LANES_N])
{
    struct digit8 d = digit_load(digit);
    lanes_mask none = lanes_equal(d.magnitude, lanes_zero), some = (lanes_mask)~none;
    v8 at = d.magnitude - 1, one_if_none = lanes_keep(none, lanes_all(1));
    union multiples r;

    for (int i = 0; i < 20; i++)
        r.limb[i] = lanes_pick(some, of->limb[i], of->limb[i], at);
    r.cached.sum.v[0] |= one_if_none;
    r.cached.diff.v[0] |= one_if_none;
    r.cached.z.v[0] |= one_if_none;
    negate_where(d.negative, &r.cached.sum, &r.cached.diff, &r.cached.t2d);
    return r.cached;
}

LANES static void accumulate(struct sum8 s[ACCUMULATORS], const union multiples *term,
                             const uint8_t digit[WINDOWS])
{
    for (int v = 0; v < ACCUMULATORS; v++) {
        struct cached8 q = look_up(term, digit + LANES_N * v);
        struct completed8 c = add_cached(&s[v], &q);

        s[v] = complete_sum(&c);
    }
}

/* Lane l of accumulator v is worth 16^(8 v + l). */
LANES static void windows_join(pse_point *out, const struct sum8 s[ACCUMULATORS])
{
    pse_point lane[LANES_N];
    struct sum8 r = s[ACCUMULATORS - 1];
    struct ge8 p;
    struct ge sum, one;

    for (int v = ACCUMULATORS - 1; v-- > 0;) {
        struct completed8 c;
        struct cached8 q = cached_from_sum(&s[v]);
        struct dbl8 d;

        p = ge_from_sum(&r);
        d = dbl_from_ge(&p);
        c = double_dbl(&d);
        for (int i = 1; i < BITS * LANES_N; i++) {
            d = complete_dbl(&c);
            c = double_dbl(&d);
        }
        r = complete_sum(&c);
        c = add_cached(&r, &q);
        r = complete_sum(&c);
    }
    p = ge_from_sum(&r);
    ge8_store_n(lane, LANES_N, &p);
    ge_load(&sum, &lane[LANES_N - 1]);
    for (int l = LANES_N - 1; l-- > 0;) {
        pse_ge51_double_n(&sum, BITS);
        ge_load(&one, &lane[l]);
        pse_ge51_add_full(&sum, &sum, &one);
    }
    ge_store(out, &sum);
    pse_wipe(lane, sizeof lane);
}

LANES void pse_ifma_long_sum(pse_point *out, const pse_secret *k, const pse_point *p, size_t n)
{
    struct sum8 s[ACCUMULATORS];
    struct terms t;
    v8 words[4];

    for (int v = 0; v < ACCUMULATORS; v++)
        s[v] = sum8_identity();
    for (size_t at = 0; at < n; at += LANES_N) {
        size_t m = n - at < LANES_N ? n - at : LANES_N;

        scalars_load(words, k[at].w, m);
        digits_cut(t.digit, words, BITS, WINDOWS);
        multiples_fill(&t, p + at, m);
        turn(&t);
        for (size_t i = 0; i < m; i++)
            accumulate(s, &t.multiple[i], t.turned[i]);
    }
    windows_join(out, s);
    pse_wipe(&t, sizeof t);
    pse_wipe(words, sizeof words);
    pse_wipe(s, sizeof s);
}

#endif
