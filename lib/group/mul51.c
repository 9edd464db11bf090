/* Multiplication, portable back-end: constant time with digits of four bits and masked look-up in
 * eight multiples; variable time with non-adjacent forms. */
#include "group/ristretto51.h"

enum { MULTIPLES = 8, NAF_WIDTH = 5 };

struct cached_table {
    struct ge_cached multiple[MULTIPLES];
};

/* 1 P, 2 P, … 8 P. */
static void table_fill(struct cached_table *t, const struct ge *p)
{
    struct ge q = *p;

    ge_to_cached(&t->multiple[0], p);
    for (int i = 1; i < MULTIPLES; i++) {
        pse_ge51_add(&q, &q, &t->multiple[0]);
        ge_to_cached(&t->multiple[i], &q);
    }
}

static uint64_t digit_magnitude(int8_t digit, uint64_t *negative)
{
    int64_t d = digit;
    int64_t sign = d >> 63;

    *negative = ct_mask((uint64_t)sign & 1);
    return (uint64_t)((d ^ sign) - sign);
}

/* Two words at once; the compiler makes what the processor has of it. */
typedef uint64_t pair __attribute__((vector_size(16), aligned(8), may_alias));

/* r[w] = Σ table[i][w] over the i with i + 1 = magnitude. All entries are read, whatever it is. */
static inline void words_look_up(uint64_t *r, const uint64_t *table, size_t words,
                                 uint64_t magnitude)
{
    pair mask[MULTIPLES];

    for (uint64_t i = 0; i < MULTIPLES; i++) {
        uint64_t m = ct_mask_equal(magnitude, i + 1);

        mask[i] = (pair){m, m};
    }
    for (size_t w = 0; w + 1 < words; w += 2) {
        pair x = {0, 0};

        for (size_t i = 0; i < MULTIPLES; i++)
            x |= *(const pair *)(table + i * words + w) & mask[i];
        *(pair *)(r + w) = x;
    }
    if (words % 2 == 1) {
        r[words - 1] = 0;
        for (size_t i = 0; i < MULTIPLES; i++)
            r[words - 1] |= table[i * words + words - 1] & mask[i][0];
    }
}

enum { CACHED_WORDS = sizeof(struct ge_cached) / 8, AFFINE_WORDS = sizeof(struct ge_affine) / 8 };

/* r = digit * table. */
static void cached_look_up(struct ge_cached *r, const struct cached_table *t, int8_t digit)
{
    uint64_t negative;
    uint64_t magnitude = digit_magnitude(digit, &negative);
    uint64_t none = ct_mask_equal(magnitude, 0);
    uint64_t words[CACHED_WORDS];
    struct ge_cached plus, minus;

    words_look_up(words, (const uint64_t *)t->multiple, CACHED_WORDS, magnitude);
    memcpy(&plus, words, sizeof plus);
    plus.sum.v[0] |= 1 & none;
    plus.diff.v[0] |= 1 & none;
    plus.z2.v[0] |= 2 & none;
    ge_cached_neg(&minus, &plus);
    fe_select(&r->sum, &plus.sum, &minus.sum, negative);
    fe_select(&r->diff, &plus.diff, &minus.diff, negative);
    fe_select(&r->t2d, &plus.t2d, &minus.t2d, negative);
    r->z2 = plus.z2;
}

static void affine_look_up(struct ge_affine *r, const struct ge_affine t[MULTIPLES], int8_t digit)
{
    uint64_t negative;
    uint64_t magnitude = digit_magnitude(digit, &negative);
    uint64_t none = ct_mask_equal(magnitude, 0);
    uint64_t words[AFFINE_WORDS];
    struct ge_affine plus;
    struct fe minus_t2d;

    words_look_up(words, (const uint64_t *)t, AFFINE_WORDS, magnitude);
    memcpy(&plus, words, sizeof plus);
    plus.sum.v[0] |= 1 & none;
    plus.diff.v[0] |= 1 & none;
    fe_sub(&minus_t2d, &fe_zero, &plus.t2d);
    fe_select(&r->sum, &plus.sum, &plus.diff, negative);
    fe_select(&r->diff, &plus.diff, &plus.sum, negative);
    fe_select(&r->t2d, &plus.t2d, &minus_t2d, negative);
}

static void mul_digits(pse_point *out, const int8_t e[PSE_RADIX16_DIGITS], const pse_point *p)
{
    struct cached_table t;
    struct ge_cached c;
    struct ge q;

    ge_load(&q, p);
    table_fill(&t, &q);
    q = ge_identity;
    for (size_t i = PSE_RADIX16_DIGITS; i-- > 0;) {
        if (i + 1 < PSE_RADIX16_DIGITS)
            pse_ge51_double_n(&q, 4);
        cached_look_up(&c, &t, e[i]);
        if (i > 0)
            pse_ge51_add_xyz(&q, &q, &c);
        else
            pse_ge51_add(&q, &q, &c);
    }
    ge_store(out, &q);
    pse_wipe(&c, sizeof c);
}

void pse_p51_mul(pse_point *out, const pse_secret *k, const pse_point *p, size_t n)
{
    int8_t e[PSE_RADIX16_DIGITS];

    for (size_t i = 0; i < n; i++) {
        pse_recode_radix16(e, k[i].w);
        mul_digits(&out[i], e, &p[i]);
    }
    pse_wipe(e, sizeof e);
}

void pse_p51_mul_one(pse_point *out, const pse_secret *k, const pse_point *p, size_t n)
{
    int8_t e[PSE_RADIX16_DIGITS];

    pse_recode_radix16(e, k->w);
    for (size_t i = 0; i < n; i++)
        mul_digits(&out[i], e, &p[i]);
    pse_wipe(e, sizeof e);
}

/* --- fixed base ----------------------------------------------------------------------------- */

void pse_p51_table_build(void *table, const pse_point *base)
{
    struct pse_p51_table *t = table;
    struct ge p;

    ge_load(&p, base);
    for (size_t i = 0; i < PSE_RADIX16_DIGITS; i++) {
        struct ge multiple[MULTIPLES];

        multiple[0] = p;
        for (size_t j = 1; j < MULTIPLES; j++)
            pse_ge51_add_full(&multiple[j], &multiple[j - 1], &p);
        pse_p51_normalise(t->multiple[i], multiple, MULTIPLES);
        p = multiple[MULTIPLES - 1];
        pse_ge51_double_n(&p, 1);
    }
}

void pse_p51_table_mul(pse_point *out, const void *table, const pse_secret *k, size_t n)
{
    const struct pse_p51_table *t = table;
    int8_t e[PSE_RADIX16_DIGITS];
    struct ge_affine a;

    for (size_t i = 0; i < n; i++) {
        struct ge q = ge_identity;

        pse_recode_radix16(e, k[i].w);
        for (size_t j = 0; j < PSE_RADIX16_DIGITS; j++) {
            affine_look_up(&a, t->multiple[j], e[j]);
            pse_ge51_add_affine(&q, &q, &a);
        }
        ge_store(&out[i], &q);
    }
    pse_wipe(e, sizeof e);
    pse_wipe(&a, sizeof a);
}

/* --- sums under one chain of doublings ------------------------------------------------------- */

/* One term's share of the scratch space; the two kinds are never in use together. */
union straus_term {
    struct {
        struct cached_table table;
        int8_t digit[PSE_RADIX16_DIGITS];
    } ct;
    struct {
        struct cached_table odd; /* 1 P, 3 P, … 15 P */
        int8_t naf[PSE_NAF_DIGITS];
    } vt;
};

_Static_assert(MULTIPLES == 1 << (NAF_WIDTH - 2), "odd multiples of a non-adjacent form");

_Static_assert(sizeof(union straus_term) == PSE_P51_STRAUS_SCRATCH, "stated in the header");

void pse_p51_straus(pse_point *out, const pse_secret *k, const pse_point *p, size_t n,
                    void *scratch)
{
    union straus_term *term = scratch;
    struct ge_cached c;
    struct ge q;

    for (size_t j = 0; j < n; j++) {
        ge_load(&q, &p[j]);
        table_fill(&term[j].ct.table, &q);
        pse_recode_radix16(term[j].ct.digit, k[j].w);
    }
    q = ge_identity;
    for (size_t i = PSE_RADIX16_DIGITS; i-- > 0;) {
        if (i + 1 < PSE_RADIX16_DIGITS)
            pse_ge51_double_n(&q, 4);
        for (size_t j = 0; j < n; j++) {
            cached_look_up(&c, &term[j].ct.table, term[j].ct.digit[i]);
            pse_ge51_add(&q, &q, &c);
        }
    }
    ge_store(out, &q);
    pse_wipe(&c, sizeof c);
}

static void odd_fill(struct cached_table *t, const struct ge *p)
{
    struct ge twice = *p;
    struct ge q = *p;
    struct ge_cached step;

    pse_ge51_double_n(&twice, 1);
    ge_to_cached(&step, &twice);
    ge_to_cached(&t->multiple[0], p);
    for (int i = 1; i < MULTIPLES; i++) {
        pse_ge51_add(&q, &q, &step);
        ge_to_cached(&t->multiple[i], &q);
    }
}

void pse_p51_straus_vt(pse_point *out, const pse_scalar *k, const pse_point *p, size_t n,
                       void *scratch)
{
    union straus_term *term = scratch;
    struct ge_cached minus;
    struct ge q;
    unsigned used = 0;

    for (size_t j = 0; j < n; j++) {
        unsigned digits = pse_recode_naf_vt(term[j].vt.naf, &k[j], NAF_WIDTH);

        used = digits > used ? digits : used;
        ge_load(&q, &p[j]);
        odd_fill(&term[j].vt.odd, &q);
    }
    q = ge_identity;
    for (size_t i = used; i-- > 0;) {
        pse_ge51_double_n(&q, 1);
        for (size_t j = 0; j < n; j++) {
            int digit = term[j].vt.naf[i];

            if (digit > 0) {
                pse_ge51_add(&q, &q, &term[j].vt.odd.multiple[digit / 2]);
            } else if (digit < 0) {
                ge_cached_neg(&minus, &term[j].vt.odd.multiple[-digit / 2]);
                pse_ge51_add(&q, &q, &minus);
            }
        }
    }
    ge_store(out, &q);
}

void pse_p51_mul_vt(pse_point *out, const pse_scalar *k, const pse_point *p, size_t n)
{
    union straus_term term;

    for (size_t i = 0; i < n; i++)
        pse_p51_straus_vt(&out[i], &k[i], &p[i], 1, &term);
}
