/* Eight field elements at a time in five limbs of 51 bits, by the 52-bit products of AVX-512 IFMA.
 * Internal to room group, IFMA back-end. The value and the constants of field51.h, lane by lane.
 *
 * Two kinds of value:
 *
 *   fe8    tight: every limb below 2^51 + 2^15. All that is stored is tight.
 *   wide8  five columns of 64 bits, a sum of products not yet carried.
 *
 * Products read 52 bits of a limb. The sum of two tight elements does not fit, so sums and
 * differences are made of columns, before the carry: x = a b, y = c d, then x + y and x - y carried
 * cost no more carries than x and y would, and none is spent on a sum.
 *
 * Bounds. A product of two tight elements has limb products below 2^(102 + 2^-34), the low halves
 * below 2^52, twice the high halves below 2^51.01. Column 0 takes one low half and 19 times column
 * 5 of four low and five doubled high halves: below (1 + 19 * 6.6) 2^52 < 2^59; the others are
 * smaller, and the last, one high half from above, is below 2^56.2. With one factor only below 2^52
 * (a negated one) the bounds are 2^59.5 and 2^56.9.
 *
 * The bias of wide_sub, 2^10 p, is above 2^60.9 in each limb and covers a sum of two products. A
 * difference of sums of up to four products is below 2^62.4, its last column below 2^61.3; the
 * carry that goes round, times 19, is then below 2^15, which makes the result tight. */
#ifndef PSE_GROUP_FIELD_IFMA_H
#define PSE_GROUP_FIELD_IFMA_H

#include "group/field51.h"
#include "group/lanes.h"

#ifdef PSE_LANES

struct fe8 {
    v8 v[5];
};

struct wide8 {
    v8 v[5];
};

/* Bounds are asserted in a debug build. Not under a constant-time test: a check is a branch. */
#ifdef PSE_CHECK_BOUNDS
#include "base/base.h"
LANES_INLINE void bound_check(const v8 *v, int n, uint64_t below)
{
    for (int i = 0; i < n; i++)
        PSE_REQUIRE(lanes_below(v[i], lanes_all(below)) == 0xff);
}
#else
#define bound_check(v, n, below) ((void)0)
#endif
#define FE8_TIGHT   ((1ull << 51) + (1ull << 15))
#define WIDE8_BELOW (7ull << 60)
#define WIDE8_LAST  (5ull << 59)

LANES_INLINE struct fe8 fe8_all(const struct fe *a)
{
    struct fe8 r;

    for (int i = 0; i < 5; i++)
        r.v[i] = lanes_all(a->v[i]);
    return r;
}

/* The columns of an element, times 2^shift. */
LANES_INLINE struct wide8 wide_from(const struct fe8 *a, int shift)
{
    struct wide8 r;

    for (int i = 0; i < 5; i++)
        r.v[i] = a->v[i] << shift;
    return r;
}

LANES_INLINE struct wide8 wide_add(const struct wide8 *a, const struct wide8 *b)
{
    struct wide8 r;

    for (int i = 0; i < 5; i++)
        r.v[i] = a->v[i] + b->v[i];
    return r;
}

/* a - b + 2^10 p. */
LANES_INLINE struct wide8 wide_sub(const struct wide8 *a, const struct wide8 *b)
{
    struct wide8 r;

    bound_check(b->v, 5, (FE_MASK - 18) << 10);
    r.v[0] = a->v[0] + ((FE_MASK - 18) << 10) - b->v[0];
    for (int i = 1; i < 5; i++)
        r.v[i] = a->v[i] + (FE_MASK << 10) - b->v[i];
    return r;
}

LANES_INLINE struct fe8 wide_carry(const struct wide8 *a)
{
    struct fe8 r;

    bound_check(a->v, 5, WIDE8_BELOW);
    bound_check(&a->v[4], 1, WIDE8_LAST);
    r.v[0] = lanes_madlo(a->v[0] & FE_MASK, a->v[4] >> 51, lanes_all(19));
    for (int i = 1; i < 5; i++)
        r.v[i] = (a->v[i] & FE_MASK) + (a->v[i - 1] >> 51);
    bound_check(r.v, 5, FE8_TIGHT);
    return r;
}

/* The columns of a product. High halves first: their sums are doubled (2^52 is 2 * 2^51) before the
 * low halves are added to them. */
LANES_INLINE struct wide8 fe8_mul_wide(const struct fe8 *a, const struct fe8 *b)
{
    v8 a0 = a->v[0], a1 = a->v[1], a2 = a->v[2], a3 = a->v[3], a4 = a->v[4];
    v8 b0 = b->v[0], b1 = b->v[1], b2 = b->v[2], b3 = b->v[3], b4 = b->v[4];
    v8 z1, z2, z3, z4, z5, z6, z7, z8, z9;
    const v8 n19 = lanes_factor(19);
    struct wide8 r;

    bound_check(a->v, 5, 1ull << 52);
    bound_check(b->v, 5, 1ull << 52);
    z5 = lanes_madhi(lanes_zero, a0, b4);
    z6 = lanes_madhi(lanes_zero, a1, b4);
    z7 = lanes_madhi(lanes_zero, a2, b4);
    z8 = lanes_madhi(lanes_zero, a3, b4);
    z9 = lanes_madhi(lanes_zero, a4, b4);
    z5 = lanes_madhi(z5, a1, b3);
    z6 = lanes_madhi(z6, a2, b3);
    z7 = lanes_madhi(z7, a3, b3);
    z8 = lanes_madhi(z8, a4, b3);
    z5 = lanes_madhi(z5, a2, b2);
    z6 = lanes_madhi(z6, a3, b2);
    z7 = lanes_madhi(z7, a4, b2);
    z5 = lanes_madhi(z5, a3, b1);
    z6 = lanes_madhi(z6, a4, b1);
    z5 = lanes_madhi(z5, a4, b0);
    z1 = lanes_madhi(lanes_zero, a0, b0);
    z2 = lanes_madhi(lanes_zero, a0, b1);
    z3 = lanes_madhi(lanes_zero, a0, b2);
    z4 = lanes_madhi(lanes_zero, a0, b3);
    z2 = lanes_madhi(z2, a1, b0);
    z3 = lanes_madhi(z3, a1, b1);
    z4 = lanes_madhi(z4, a1, b2);
    z3 = lanes_madhi(z3, a2, b0);
    z4 = lanes_madhi(z4, a2, b1);
    z4 = lanes_madhi(z4, a3, b0);

    z5 = lanes_madlo(z5 + z5, a1, b4);
    z6 = lanes_madlo(z6 + z6, a2, b4);
    z7 = lanes_madlo(z7 + z7, a3, b4);
    z8 = lanes_madlo(z8 + z8, a4, b4);
    z5 = lanes_madlo(z5, a2, b3);
    z6 = lanes_madlo(z6, a3, b3);
    z7 = lanes_madlo(z7, a4, b3);
    z5 = lanes_madlo(z5, a3, b2);
    z6 = lanes_madlo(z6, a4, b2);
    z5 = lanes_madlo(z5, a4, b1);
    z1 = lanes_madlo(z1 + z1, a0, b1);
    z2 = lanes_madlo(z2 + z2, a0, b2);
    z3 = lanes_madlo(z3 + z3, a0, b3);
    z4 = lanes_madlo(z4 + z4, a0, b4);
    z1 = lanes_madlo(z1, a1, b0);
    z2 = lanes_madlo(z2, a1, b1);
    z3 = lanes_madlo(z3, a1, b2);
    z4 = lanes_madlo(z4, a1, b3);
    z2 = lanes_madlo(z2, a2, b0);
    z3 = lanes_madlo(z3, a2, b1);
    z4 = lanes_madlo(z4, a2, b2);
    z3 = lanes_madlo(z3, a3, b0);
    z4 = lanes_madlo(z4, a3, b1);
    z4 = lanes_madlo(z4, a4, b0);

    r.v[0] = lanes_madlo(z5 * n19, a0, b0);
    r.v[1] = z1 + z6 * n19;
    r.v[2] = z2 + z7 * n19;
    r.v[3] = z3 + z8 * n19;
    r.v[4] = z4 + (z9 + z9) * n19;
    return r;
}

/* The columns of a square: a product of different limbs counts twice, a high half twice again. */
LANES_INLINE struct wide8 fe8_sq_wide(const struct fe8 *a)
{
    v8 a0 = a->v[0], a1 = a->v[1], a2 = a->v[2], a3 = a->v[3], a4 = a->v[4];
    v8 z1, z2, z3, z4, z5, z6, z7, z8, z9;
    const v8 n19 = lanes_factor(19);
    struct wide8 r;

    bound_check(a->v, 5, 1ull << 52);
    z5 = lanes_madhi(lanes_zero, a0, a4);
    z6 = lanes_madhi(lanes_zero, a1, a4);
    z7 = lanes_madhi(lanes_zero, a2, a4);
    z8 = lanes_madhi(lanes_zero, a3, a4);
    z9 = lanes_madhi(lanes_zero, a4, a4);
    z5 = lanes_madhi(z5, a1, a3);
    z6 = lanes_madhi(z6, a2, a3);
    z2 = lanes_madhi(lanes_zero, a0, a1);
    z3 = lanes_madhi(lanes_zero, a0, a2);
    z4 = lanes_madhi(lanes_zero, a0, a3);
    z4 = lanes_madhi(z4, a1, a2);

    z5 = lanes_madlo(z5 + z5, a1, a4);
    z6 = lanes_madlo(z6 + z6, a2, a4);
    z7 = lanes_madlo(z7 + z7, a3, a4);
    z8 = z8 + z8;
    z5 = lanes_madlo(z5, a2, a3);
    z7 = lanes_madhi(z7, a3, a3);
    z5 = lanes_madhi(z5, a2, a2);
    z1 = lanes_madlo(lanes_zero, a0, a1);
    z2 = lanes_madlo(z2 + z2, a0, a2);
    z3 = lanes_madlo(z3 + z3, a0, a3);
    z4 = lanes_madlo(z4 + z4, a0, a4);
    z1 = lanes_madhi(z1, a0, a0);
    z3 = lanes_madlo(z3, a1, a2);
    z4 = lanes_madlo(z4, a1, a3);
    z3 = lanes_madhi(z3, a1, a1);

    z6 = lanes_madlo(z6 + z6, a3, a3);
    z8 = lanes_madlo(z8 + z8, a4, a4);
    z2 = lanes_madlo(z2 + z2, a1, a1);
    z4 = lanes_madlo(z4 + z4, a2, a2);
    r.v[0] = lanes_madlo((z5 + z5) * n19, a0, a0);
    r.v[1] = z1 + z1 + z6 * n19;
    r.v[2] = z2 + (z7 + z7) * n19;
    r.v[3] = z3 + z3 + z8 * n19;
    r.v[4] = z4 + (z9 + z9) * n19;
    return r;
}

LANES_INLINE struct fe8 fe8_mul(const struct fe8 *a, const struct fe8 *b)
{
    struct wide8 w = fe8_mul_wide(a, b);

    return wide_carry(&w);
}

LANES_INLINE struct fe8 fe8_sq(const struct fe8 *a)
{
    struct wide8 w = fe8_sq_wide(a);

    return wide_carry(&w);
}

/* Sums and differences by themselves; a wide8 keeps their carry out of formulas made of products.
 */
LANES_INLINE struct fe8 fe8_add(const struct fe8 *a, const struct fe8 *b)
{
    struct wide8 x = wide_from(a, 0), y = wide_from(b, 0), w = wide_add(&x, &y);

    return wide_carry(&w);
}

LANES_INLINE struct fe8 fe8_sub(const struct fe8 *a, const struct fe8 *b)
{
    struct wide8 x = wide_from(a, 0), y = wide_from(b, 0), w = wide_sub(&x, &y);

    return wide_carry(&w);
}

LANES_INLINE struct fe8 fe8_neg(const struct fe8 *a)
{
    struct fe8 zero = fe8_all(&fe_zero);

    return fe8_sub(&zero, a);
}

/* b where m is set, else a. */
LANES_INLINE struct fe8 fe8_select(lanes_mask m, const struct fe8 *a, const struct fe8 *b)
{
    struct fe8 r;

    for (int i = 0; i < 5; i++)
        r.v[i] = lanes_select(m, a->v[i], b->v[i]);
    return r;
}

/* The representative below p, limbs below 2^51. A tight value is below 2p, so p is taken off once
 * at most: when a + 19 reaches 2^255. */
LANES_INLINE struct fe8 fe8_freeze(const struct fe8 *a)
{
    struct fe8 t = *a;
    v8 q = (t.v[0] + 19) >> 51;

    bound_check(a->v, 5, FE8_TIGHT);
    for (int i = 1; i < 5; i++)
        q = (t.v[i] + q) >> 51;
    t.v[0] += 19 * q;
    for (int i = 0; i < 4; i++) {
        t.v[i + 1] += t.v[i] >> 51;
        t.v[i] &= FE_MASK;
    }
    t.v[4] &= FE_MASK;
    return t;
}

/* Of frozen elements. */
LANES_INLINE lanes_mask fe8_frozen_equal(const struct fe8 *a, const struct fe8 *b)
{
    v8 differ = lanes_zero;

    for (int i = 0; i < 5; i++)
        differ |= a->v[i] ^ b->v[i];
    return lanes_equal(differ, lanes_zero);
}

LANES_INLINE lanes_mask fe8_frozen_is_odd(const struct fe8 *a)
{
    return lanes_equal(a->v[0] & 1, lanes_all(1));
}

LANES_INLINE lanes_mask fe8_is_zero(const struct fe8 *a)
{
    struct fe8 t = fe8_freeze(a);
    struct fe8 zero = fe8_all(&fe_zero);

    return fe8_frozen_equal(&t, &zero);
}

/* The sign of RFC 9496: the canonical form is odd. */
LANES_INLINE lanes_mask fe8_is_negative(const struct fe8 *a)
{
    struct fe8 t = fe8_freeze(a);

    return fe8_frozen_is_odd(&t);
}

LANES_INLINE struct fe8 fe8_abs(const struct fe8 *a)
{
    struct fe8 minus = fe8_neg(a);

    return fe8_select(fe8_is_negative(a), a, &minus);
}

/* Four words of 64 bits in each lane, bit 255 ignored. */
LANES_INLINE struct fe8 fe8_from_words(const v8 w[4])
{
    struct fe8 r;

    r.v[0] = w[0] & FE_MASK;
    r.v[1] = (w[0] >> 51 | w[1] << 13) & FE_MASK;
    r.v[2] = (w[1] >> 38 | w[2] << 26) & FE_MASK;
    r.v[3] = (w[2] >> 25 | w[3] << 39) & FE_MASK;
    r.v[4] = w[3] >> 12 & FE_MASK;
    return r;
}

/* a frozen. */
LANES_INLINE void fe8_frozen_to_words(v8 w[4], const struct fe8 *a)
{
    w[0] = a->v[0] | a->v[1] << 51;
    w[1] = a->v[1] >> 13 | a->v[2] << 38;
    w[2] = a->v[2] >> 26 | a->v[3] << 25;
    w[3] = a->v[3] >> 39 | a->v[4] << 12;
}

#endif
#endif
