/* Fixed bases. A scalar has 43 digits of six bits; multiple |digit| of 64^i times the base is
 * chosen by permuting the words of four registers, each lane by its own index: no address depends
 * on a digit. */
#include "group/chain_ifma.h"
#include "group/edwards_ifma.h"
#include "group/ifma.h"
#include "group/normal_ifma.h"
#include "group/recode_ifma.h"

#ifdef PSE_LANES

enum {
    BITS = 6,
    DIGITS = PSE_IFMA_TABLE_DIGITS,
    MULTIPLES = PSE_IFMA_TABLE_MULTIPLES,
    GROUPS = 8, /* scalars 8 * GROUPS take a digit's part of the table in turn */
};

_Static_assert(DIGITS *BITS > 253 && MULTIPLES == 1 << (BITS - 1), "all digits of all scalars");
_Static_assert(sizeof(struct affine8) == PSE_IFMA_TABLE_LIMBS * sizeof(v8), "limbs of an addend");
_Static_assert((int)MULTIPLES <= (int)PSE_IFMA_NORMALISE_MAX, "the multiples of a digit at once");

union addend {
    v8 limb[PSE_IFMA_TABLE_LIMBS];
    struct affine8 affine;
};

/* --- building ------------------------------------------------------------------------------- */

/* Digits first .. first + n - 1, one a lane: p holds 64^i times the base. */
LANES static void digits_build(struct pse_ifma_table *t, unsigned first, unsigned n,
                               const pse_point *p)
{
    struct ge8 multiple[MULTIPLES];
    union addend a[MULTIPLES];
    struct cached8 step;
    struct sum8 q;

    multiple[0] = ge8_load_n(p, n);
    q = sum_from_ge(&multiple[0]);
    step = cached_from_sum(&q);
    for (int i = 1; i < MULTIPLES; i++) {
        struct completed8 c = add_cached(&q, &step);

        q = complete_sum(&c);
        multiple[i] = ge_from_sum(&q);
    }
    pse_ifma_normalise(&a[0].affine, multiple, MULTIPLES);
    for (unsigned limb = 0; limb < PSE_IFMA_TABLE_LIMBS; limb++) {
        for (unsigned i = 0; i < MULTIPLES; i++) {
            uint64_t lane[LANES_N];

            lanes_store(lane, a[i].limb[limb]);
            for (unsigned j = 0; j < n; j++)
                t->word[first + j][limb][i] = lane[j];
        }
    }
}

void pse_ifma_table_build(void *table, const pse_point *base)
{
    pse_point p[LANES_N];
    struct ge q;

    ge_load(&q, base);
    for (unsigned i = 0; i < DIGITS; i++) {
        ge_store(&p[i % LANES_N], &q);
        pse_ge51_double_n(&q, BITS);
        if (i % LANES_N == LANES_N - 1 || i + 1 == DIGITS)
            digits_build(table, i - i % LANES_N, i % LANES_N + 1, p);
    }
}

/* --- multiplying ---------------------------------------------------------------------------- */

LANES_INLINE struct affine8 look_up(
    const uint64_t word[PSE_IFMA_TABLE_LIMBS][PSE_IFMA_TABLE_MULTIPLES],
    const uint8_t digit[LANES_N])
{
    struct digit8 d = digit_load(digit);
    lanes_mask none = lanes_equal(d.magnitude, lanes_zero);
    lanes_mask low = lanes_below(d.magnitude, lanes_all(17)) & (lanes_mask)~none;
    lanes_mask high = (lanes_mask) ~(low | none);
    v8 at = d.magnitude - 1, one_if_none = lanes_keep(none, lanes_all(1));
    union addend a;

    for (int i = 0; i < PSE_IFMA_TABLE_LIMBS; i++) {
        a.limb[i] = lanes_pick(low, lanes_load(word[i]), lanes_load(word[i] + 8), at) |
                    lanes_pick(high, lanes_load(word[i] + 16), lanes_load(word[i] + 24), at);
    }
    a.affine.sum.v[0] |= one_if_none;
    a.affine.diff.v[0] |= one_if_none;
    negate_where(d.negative, &a.affine.sum, &a.affine.diff, &a.affine.t2d);
    return a.affine;
}

/* n >= 1 scalars, at most 8 * GROUPS. */
LANES static void mul_groups(pse_point *out, const struct pse_ifma_table *t, const pse_secret *k,
                             size_t n)
{
    uint8_t digit[GROUPS][DIGITS][LANES_N];
    struct sum8 s[GROUPS];
    struct affine8 a;
    size_t groups = (n - 1) / LANES_N + 1;
    v8 words[4];

    for (size_t g = 0; g < groups; g++) {
        scalars_load(words, k[g * LANES_N].w, n - g * LANES_N);
        digits_cut(digit[g], words, BITS, DIGITS);
        s[g] = sum8_identity();
    }
    for (size_t i = 0; i < DIGITS; i++) {
        for (size_t g = 0; g < groups; g++) {
            struct completed8 c;

            a = look_up(t->word[i], digit[g][i]);
            c = add_affine(&s[g], &a);
            s[g] = complete_sum(&c);
        }
    }
    for (size_t g = 0; g < groups; g++) {
        struct ge8 p = ge_from_sum(&s[g]);

        ge8_store_n(out + g * LANES_N, n - g * LANES_N, &p);
    }
    pse_wipe(digit, sizeof digit);
    pse_wipe(words, sizeof words);
    pse_wipe(&a, sizeof a);
    pse_wipe(s, groups * sizeof s[0]);
}

void pse_ifma_table_mul(pse_point *out, const void *table, const pse_secret *k, size_t n)
{
    const size_t most = (size_t)GROUPS * LANES_N;

    for (size_t at = 0; at < n; at += most)
        mul_groups(out + at, table, k + at, n - at < most ? n - at : most);
}

#endif
