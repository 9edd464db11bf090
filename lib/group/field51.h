/* The field of 2^255 - 19 in five limbs of 51 bits. Internal to room group, portable back-end.
 *
 * An element is v[0] + 2^51 v[1] + … + 2^204 v[4], not necessarily reduced. Two bounds are used:
 *
 *   tight  every limb below 2^51 + 2^15: what fe_mul, fe_sq, fe_carry and fe_from_bytes return
 *   loose  every limb below 2^54:        what fe_mul, fe_sq, fe_carry and fe_to_bytes accept
 *
 * Sums of up to four tight elements are loose without a carry. A difference adds a multiple of p
 * large enough for its subtrahend: fe_sub for a tight one, fe_sub2 for a sum of two tight ones.
 *
 * Sums are written limb by limb, and the room is compiled without superword vectors: two limbs in
 * one vector register would have to leave it again for each product (20 % on an addition of
 * points).
 *
 * Why 2^54 is enough for a product: with a, b below 2^54 the largest column is
 * a0 b0 + 19 (a1 b4 + a2 b3 + a3 b2 + a4 b1) < 77 * 2^108 < 2^114.3, so that a carry (>> 51) fits
 * 64 bits; the last column has no factor 19, is below 2^110.5, and its carry times 19 fits 64 bits.
 */
#ifndef PSE_GROUP_FIELD51_H
#define PSE_GROUP_FIELD51_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "group/ct.h"

__extension__ typedef unsigned __int128 u128;

struct fe {
    uint64_t v[5];
};

#define FE_MASK ((1ull << 51) - 1)

static const struct fe fe_zero = {{0, 0, 0, 0, 0}};
static const struct fe fe_one = {{1, 0, 0, 0, 0}};
/* d = -121665/121666 of the curve -x^2 + y^2 = 1 + d x^2 y^2, and 2d. */
static const struct fe fe_d = {
    {0x34dca135978a3, 0x1a8283b156ebd, 0x5e7a26001c029, 0x739c663a03cbb, 0x52036cee2b6ff}};
static const struct fe fe_2d = {
    {0x69b9426b2f159, 0x35050762add7a, 0x3cf44c0038052, 0x6738cc7407977, 0x2406d9dc56dff}};
static const struct fe fe_sqrt_m1 = {
    {0x61b274a0ea0b0, 0x0d5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d}};

/* Tight and loose results in, tight out; one pass. */
static inline void fe_carry(struct fe *r, const struct fe *a)
{
    uint64_t c0 = a->v[0] >> 51;
    uint64_t c1 = a->v[1] >> 51;
    uint64_t c2 = a->v[2] >> 51;
    uint64_t c3 = a->v[3] >> 51;
    uint64_t c4 = a->v[4] >> 51;

    r->v[0] = (a->v[0] & FE_MASK) + 19 * c4;
    r->v[1] = (a->v[1] & FE_MASK) + c0;
    r->v[2] = (a->v[2] & FE_MASK) + c1;
    r->v[3] = (a->v[3] & FE_MASK) + c2;
    r->v[4] = (a->v[4] & FE_MASK) + c3;
}

/* Limbs add up: two tight make less than 2^52 + 2^16. */
static inline void fe_add(struct fe *r, const struct fe *a, const struct fe *b)
{
    r->v[0] = a->v[0] + b->v[0];
    r->v[1] = a->v[1] + b->v[1];
    r->v[2] = a->v[2] + b->v[2];
    r->v[3] = a->v[3] + b->v[3];
    r->v[4] = a->v[4] + b->v[4];
}

/* r = a - b + 2p, b tight. The result's limbs are below a's bound + 2^52. */
static inline void fe_sub(struct fe *r, const struct fe *a, const struct fe *b)
{
    r->v[0] = a->v[0] + 0xfffffffffffda - b->v[0];
    r->v[1] = a->v[1] + 0xffffffffffffe - b->v[1];
    r->v[2] = a->v[2] + 0xffffffffffffe - b->v[2];
    r->v[3] = a->v[3] + 0xffffffffffffe - b->v[3];
    r->v[4] = a->v[4] + 0xffffffffffffe - b->v[4];
}

/* r = a - b + 4p, b a sum of two tight elements. The result's limbs are below a's bound + 2^53. */
static inline void fe_sub2(struct fe *r, const struct fe *a, const struct fe *b)
{
    r->v[0] = a->v[0] + 0x1fffffffffffb4 - b->v[0];
    r->v[1] = a->v[1] + 0x1ffffffffffffc - b->v[1];
    r->v[2] = a->v[2] + 0x1ffffffffffffc - b->v[2];
    r->v[3] = a->v[3] + 0x1ffffffffffffc - b->v[3];
    r->v[4] = a->v[4] + 0x1ffffffffffffc - b->v[4];
}

/* r = -a, a tight; tight. */
static inline void fe_neg(struct fe *r, const struct fe *a)
{
    struct fe t;

    fe_sub(&t, &fe_zero, a);
    fe_carry(r, &t);
}

/* Columns of a product to a tight element. Two rounds of carries side by side, not one chain
 * through the columns: a third less delay in a square. What the second round carries is at most 77
 * * 64 + 1 and, times 19 from the last column, 19 (23 * 64 + 1) < 2^15. */
static inline void fe_fold(struct fe *r, u128 c0, u128 c1, u128 c2, u128 c3, u128 c4)
{
    uint64_t s0 = ((uint64_t)c0 & FE_MASK) + 19 * (uint64_t)(c4 >> 51);
    uint64_t s1 = ((uint64_t)c1 & FE_MASK) + (uint64_t)(c0 >> 51);
    uint64_t s2 = ((uint64_t)c2 & FE_MASK) + (uint64_t)(c1 >> 51);
    uint64_t s3 = ((uint64_t)c3 & FE_MASK) + (uint64_t)(c2 >> 51);
    uint64_t s4 = ((uint64_t)c4 & FE_MASK) + (uint64_t)(c3 >> 51);

    r->v[0] = (s0 & FE_MASK) + 19 * (s4 >> 51);
    r->v[1] = (s1 & FE_MASK) + (s0 >> 51);
    r->v[2] = (s2 & FE_MASK) + (s1 >> 51);
    r->v[3] = (s3 & FE_MASK) + (s2 >> 51);
    r->v[4] = (s4 & FE_MASK) + (s3 >> 51);
}

/* Loose in, tight out. r may be an input. */
static inline void fe_mul(struct fe *r, const struct fe *a, const struct fe *b)
{
    uint64_t a0 = a->v[0], a1 = a->v[1], a2 = a->v[2], a3 = a->v[3], a4 = a->v[4];
    uint64_t b0 = b->v[0], b1 = b->v[1], b2 = b->v[2], b3 = b->v[3], b4 = b->v[4];
    uint64_t b1_19 = 19 * b1, b2_19 = 19 * b2, b3_19 = 19 * b3, b4_19 = 19 * b4;

    fe_fold(r,
            (u128)a0 * b0 + (u128)a1 * b4_19 + (u128)a2 * b3_19 + (u128)a3 * b2_19 +
                (u128)a4 * b1_19,
            (u128)a0 * b1 + (u128)a1 * b0 + (u128)a2 * b4_19 + (u128)a3 * b3_19 + (u128)a4 * b2_19,
            (u128)a0 * b2 + (u128)a1 * b1 + (u128)a2 * b0 + (u128)a3 * b4_19 + (u128)a4 * b3_19,
            (u128)a0 * b3 + (u128)a1 * b2 + (u128)a2 * b1 + (u128)a3 * b0 + (u128)a4 * b4_19,
            (u128)a0 * b4 + (u128)a1 * b3 + (u128)a2 * b2 + (u128)a3 * b1 + (u128)a4 * b0);
}

/* Loose in, tight out. r may be a. */
static inline void fe_sq(struct fe *r, const struct fe *a)
{
    uint64_t a0 = a->v[0], a1 = a->v[1], a2 = a->v[2], a3 = a->v[3], a4 = a->v[4];
    uint64_t d0 = 2 * a0, d1 = 2 * a1;
    uint64_t a3_19 = 19 * a3, a4_19 = 19 * a4;

    fe_fold(r, (u128)a0 * a0 + (u128)d1 * a4_19 + (u128)(2 * a2) * a3_19,
            (u128)d0 * a1 + (u128)(2 * a2) * a4_19 + (u128)a3 * a3_19,
            (u128)d0 * a2 + (u128)a1 * a1 + (u128)(2 * a3) * a4_19,
            (u128)d0 * a3 + (u128)d1 * a2 + (u128)a4 * a4_19,
            (u128)d0 * a4 + (u128)d1 * a3 + (u128)a2 * a2);
}

/* r = a^(2^n), n >= 1. */
static inline void fe_sq_n(struct fe *r, const struct fe *a, int n)
{
    struct fe t = *a;

    while (n-- > 0)
        fe_sq(&t, &t);
    *r = t;
}

/* r = mask ? b : a, mask all zeros or all ones. */
static inline void fe_select(struct fe *r, const struct fe *a, const struct fe *b, uint64_t mask)
{
    for (int i = 0; i < 5; i++)
        r->v[i] = (a->v[i] & ~mask) | (b->v[i] & mask);
}

/* 255 bits, little-endian; the top bit of in[31] is ignored. Any value is taken modulo p. */
void pse_fe51_from_bytes(struct fe *r, const uint8_t in[32]);
/* The canonical 32 bytes. Loose in. */
void pse_fe51_to_bytes(uint8_t out[32], const struct fe *a);
/* All ones iff a = 0, iff a = b, iff the canonical form of a is odd. Loose in. */
uint64_t pse_fe51_mask_zero(const struct fe *a);
uint64_t pse_fe51_mask_equal(const struct fe *a, const struct fe *b);
uint64_t pse_fe51_mask_negative(const struct fe *a);
/* |a|: the one of a, -a with an even canonical form. a tight; tight. */
void pse_fe51_abs(struct fe *r, const struct fe *a);
/* 1/a, and 0 for 0. */
void pse_fe51_invert(struct fe *r, const struct fe *a);
/* SQRT_RATIO_M1 of RFC 9496 4.2 for each: r[i] = |sqrt(u[i]/v[i])| and was_square[i] all ones, or
 * |sqrt(i u/v)| and zero. u, v loose. n <= FE_ROOTS: together, as that is where vectors help. */
enum { FE_ROOTS = 16 };
void pse_fe51_sqrt_ratio(struct fe *r, uint64_t *was_square, const struct fe *u, const struct fe *v,
                         size_t n);

#endif
