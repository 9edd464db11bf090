#include "group/scalar.h"

#include "group/ct.h"

__extension__ typedef unsigned __int128 u128;

/* L = 2^252 + low, and 2 L. Little-endian words. */
static const uint64_t order[4] = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000};
static const uint64_t order_twice[4] = {0xb024c634b9eba7da, 0x29bdf3bd45ef39ac, 0,
                                        0x2000000000000000};
static const uint64_t order_low[2] = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6};

static const uint64_t one[4] = {1, 0, 0, 0};
static const uint64_t zero[4] = {0, 0, 0, 0};

/* The functions below work on bare words for both types, in constant time. They are inline with
 * lengths that are constants, so that all loops unroll into straight lines. */

#define WORDS __attribute__((always_inline)) static inline

WORDS uint64_t load64(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

WORDS void load(uint64_t *w, const uint8_t *p, size_t words)
{
    for (size_t i = 0; i < words; i++)
        w[i] = load64(p + 8 * i);
}

WORDS void store(uint8_t out[32], const uint64_t w[4])
{
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 8; j++)
            out[8 * i + j] = (uint8_t)(w[i] >> (8 * j));
}

/* Carries by words of double width: out of the overflow built-ins gcc 12 makes branches where one
 * operand is a constant. */

/* r = a + b over n words; the carry. */
WORDS uint64_t words_sum(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t n)
{
    uint64_t carry = 0;

#pragma GCC unroll 8
    for (size_t i = 0; i < n; i++) {
        u128 t = (u128)a[i] + b[i] + carry;

        r[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
    return carry;
}

/* r = a - b over n words; the borrow. */
WORDS uint64_t words_sub(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t n)
{
    uint64_t borrow = 0;

#pragma GCC unroll 8
    for (size_t i = 0; i < n; i++) {
        u128 t = (u128)a[i] - b[i] - borrow;

        r[i] = (uint64_t)t;
        borrow = (uint64_t)(t >> 64) & 1;
    }
    return borrow;
}

/* r = a - m if that is not negative, else a. */
WORDS void reduce_once(uint64_t r[4], const uint64_t a[4], const uint64_t m[4])
{
    uint64_t t[4];
    uint64_t keep = ct_mask(words_sub(t, a, m, 4));

#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++)
        r[i] = (a[i] & keep) | (t[i] & ~keep);
}

WORDS void words_add(uint64_t r[4], const uint64_t a[4], const uint64_t b[4])
{
    uint64_t t[4];

    (void)words_sum(t, a, b, 4);
    reduce_once(r, t, order);
}

WORDS void words_neg(uint64_t r[4], const uint64_t a[4])
{
    uint64_t t[4];

    (void)words_sub(t, order, a, 4);
    reduce_once(r, t, order); /* L - 0 = L becomes 0 */
}

/* r = a b + c: na, nb and na words (c) give na + nb words. */
WORDS void words_product(uint64_t *r, const uint64_t *a, size_t na, const uint64_t *b, size_t nb,
                         const uint64_t *c)
{
#pragma GCC unroll 8
    for (size_t i = 0; i < nb; i++) {
        uint64_t carry = 0;

#pragma GCC unroll 8
        for (size_t j = 0; j < na; j++) {
            u128 p = (u128)a[j] * b[i] + (i == 0 ? c[j] : r[i + j]) + carry;

            r[i + j] = (uint64_t)p;
            carry = (uint64_t)(p >> 64);
        }
        r[i + na] = carry;
    }
}

/* x = low + 2^252 high; n words make n - 3 high ones. */
WORDS void words_split(uint64_t low[4], uint64_t *high, const uint64_t *x, size_t n)
{
#pragma GCC unroll 4
    for (size_t i = 0; i < 3; i++)
        low[i] = x[i];
    low[3] = x[3] & 0x0fffffffffffffff;
#pragma GCC unroll 8
    for (size_t i = 3; i < n; i++)
        high[i - 3] = x[i] >> 60 | (i + 1 < n ? x[i + 1] << 4 : 0);
}

/* x modulo L, any x of n = 6, 7 or 8 words. As 2^252 = -low modulo L,
 *     x = x0 + 2^252 x1 = x0 - low x1,    low x1 = t0 + 2^252 t1 = t0 - low t1,
 *     low t1 = u0 + 2^252 u1 = u0 - low u1,
 * so x = x0 - t0 + u0 - v with v = low u1. Of 8 words x1, t1, u1 have at most 260, 133 and 6 bits,
 * and v is below 2^131; of 7 words x1 and t1 have 196 and 69, and u1 and v are zero. With 2 L added
 * the sum is between 0 and 4 L. */
WORDS void words_reduce(uint64_t r[4], const uint64_t *x, size_t n)
{
    static const uint64_t none[5] = {0};
    const size_t n1 = n == 8 ? 3 : n - 4; /* words of t1 */
    uint64_t x0[4], x1[5], t[7], t0[4], t1[4], u[5] = {0}, u0[4], u1[2], v[4] = {0};

    words_split(x0, x1, x, n);
    words_product(t, x1, n - 3, order_low, 2, none);
    words_split(t0, t1, t, n - 1);
    words_product(u, t1, n1, order_low, 2, none);
    if (n == 8) {
        words_split(u0, u1, u, 5);
        words_product(v, u1, 1, order_low, 2, none);
        (void)words_sum(t0, t0, v, 4);
        (void)words_sum(x0, x0, u0, 4);
    } else {
        (void)words_sum(x0, x0, u, 4);
    }
    (void)words_sum(x0, x0, order_twice, 4);
    (void)words_sub(x0, x0, t0, 4);
    reduce_once(x0, x0, order_twice);
    reduce_once(r, x0, order);
}

/* The one copy of the arithmetic behind the functions that multiply. */
__attribute__((noinline)) static void words_muladd(uint64_t r[4], const uint64_t a[4],
                                                   const uint64_t b[4], const uint64_t c[4])
{
    uint64_t x[8];

    words_product(x, a, 4, b, 4, c);
    words_reduce(r, x, 8);
}

/* r = the integer if it is below L, else zero and false. */
static bool words_decode(uint64_t r[4], const uint8_t in[32])
{
    uint64_t t[4];
    uint64_t below;

    load(r, in, 4);
    below = words_sub(t, r, order, 4);
    for (size_t i = 0; i < 4; i++)
        r[i] &= ct_mask(below);
    return below != 0;
}

static void words_set_u64(uint64_t r[4], uint64_t x)
{
    r[0] = x;
    r[1] = r[2] = r[3] = 0;
}

/* --- public --------------------------------------------------------------------------------- */

pse_rc pse_scalar_decode(pse_scalar *r, const uint8_t in[32])
{
    return words_decode(r->w, in) ? PSE_OK : PSE_E_ENCODING;
}

void pse_scalar_encode(uint8_t out[32], const pse_scalar *a)
{
    store(out, a->w);
}

void pse_scalar_set_u64(pse_scalar *r, uint64_t x)
{
    words_set_u64(r->w, x);
}

void pse_scalar_from_wide(pse_scalar *r, const uint8_t h[64])
{
    uint64_t x[8];

    load(x, h, 8);
    words_reduce(r->w, x, 8);
}

void pse_scalar_from_short(pse_scalar *r, const uint8_t h[16])
{
    load(r->w, h, 2);
    r->w[2] = r->w[3] = 0;
}

void pse_scalar_add(pse_scalar *r, const pse_scalar *a, const pse_scalar *b)
{
    words_add(r->w, a->w, b->w);
}

void pse_scalar_sub(pse_scalar *r, const pse_scalar *a, const pse_scalar *b)
{
    uint64_t t[4];

    words_neg(t, b->w);
    words_add(r->w, a->w, t);
}

void pse_scalar_neg(pse_scalar *r, const pse_scalar *a)
{
    words_neg(r->w, a->w);
}

void pse_scalar_mul(pse_scalar *r, const pse_scalar *a, const pse_scalar *b)
{
    words_muladd(r->w, a->w, b->w, zero);
}

void pse_scalar_muladd(pse_scalar *r, const pse_scalar *a, const pse_scalar *b, const pse_scalar *c)
{
    words_muladd(r->w, a->w, b->w, c->w);
}

void pse_scalar_muladd_short(pse_scalar *r, const pse_scalar *k, const pse_scalar *a,
                             const pse_scalar *c)
{
    uint64_t x[6];

    PSE_REQUIRE((k->w[2] | k->w[3]) == 0);
    words_product(x, a->w, 4, k->w, 2, c->w);
    words_reduce(r->w, x, 6);
}

void pse_wide_add(pse_wide *sum, const pse_scalar *k, const pse_scalar *a)
{
    uint64_t x[7];

    PSE_REQUIRE((k->w[2] | k->w[3]) == 0);
    words_product(x, a->w, 4, k->w, 2, zero);
    x[6] = 0;
    (void)words_sum(sum->w, sum->w, x, 7);
}

void pse_wide_reduce(pse_scalar *r, const pse_wide *sum)
{
    words_reduce(r->w, sum->w, 7);
}

/* Fermat, a^(L-2), four bits at a time. L - 2 differs from L in its lowest word only. */
void pse_scalar_invert_vt(pse_scalar *r, const pse_scalar *a)
{
    uint64_t power[16][4];
    uint64_t x[4] = {1, 0, 0, 0};

    PSE_REQUIRE(!pse_scalar_is_zero(a));
    memcpy(power[0], one, sizeof one);
    for (size_t i = 1; i < 16; i++)
        words_muladd(power[i], power[i - 1], a->w, zero);
    for (size_t i = 64; i-- > 0;) {
        uint64_t word = order[i / 16] - (i / 16 == 0 ? 2 : 0);
        uint64_t digit = word >> (4 * (i % 16)) & 15;

        for (int j = 0; j < 4; j++)
            words_muladd(x, x, x, zero);
        if (digit != 0)
            words_muladd(x, x, power[digit], zero);
    }
    memcpy(r->w, x, sizeof x);
}

bool pse_scalar_is_zero(const pse_scalar *a)
{
    return (a->w[0] | a->w[1] | a->w[2] | a->w[3]) == 0;
}

bool pse_scalar_is_equal(const pse_scalar *a, const pse_scalar *b)
{
    return memcmp(a->w, b->w, sizeof a->w) == 0;
}

/* --- secret --------------------------------------------------------------------------------- */

enum { RANDOM_TOGETHER = 16 }; /* secrets drawn by one request for random bytes */

void pse_secret_wipe(pse_secret *x)
{
    pse_wipe(x, sizeof *x);
}

void pse_secret_random(pse_secret *r, struct pse_rng *rng)
{
    pse_secret_random_n(r, 1, rng);
}

void pse_secret_random_n(pse_secret *r, size_t n, struct pse_rng *rng)
{
    uint8_t wide[RANDOM_TOGETHER][64];
    uint64_t x[8];

    for (size_t at = 0; at < n; at += RANDOM_TOGETHER) {
        size_t m = n - at < RANDOM_TOGETHER ? n - at : RANDOM_TOGETHER;

        pse_rng_fill(rng, wide, m * sizeof *wide);
        for (size_t i = 0; i < m; i++) {
            load(x, wide[i], 8);
            words_reduce(r[at + i].w, x, 8);
        }
    }
    pse_wipe(x, sizeof x);
    pse_wipe(wide, (n < RANDOM_TOGETHER ? n : RANDOM_TOGETHER) * sizeof *wide);
}

pse_rc pse_secret_decode(pse_secret *r, const uint8_t in[32])
{
    return words_decode(r->w, in) ? PSE_OK : PSE_E_ENCODING;
}

void pse_secret_encode(uint8_t out[32], const pse_secret *a)
{
    store(out, a->w);
}

void pse_secret_set_u64(pse_secret *r, uint64_t x)
{
    words_set_u64(r->w, x);
}

void pse_secret_from_wide(pse_secret *r, const uint8_t h[64])
{
    uint64_t x[8];

    load(x, h, 8);
    words_reduce(r->w, x, 8);
    pse_wipe(x, sizeof x);
}

void pse_secret_add(pse_secret *r, const pse_secret *a, const pse_secret *b)
{
    words_add(r->w, a->w, b->w);
}

void pse_secret_sub(pse_secret *r, const pse_secret *a, const pse_secret *b)
{
    PSE_SECRET(pse_secret, t);

    words_neg(t.w, b->w);
    words_add(r->w, a->w, t.w);
}

void pse_secret_neg(pse_secret *r, const pse_secret *a)
{
    words_neg(r->w, a->w);
}

/* An odd number becomes even with L, which is odd; the sum is below 2^254. */
void pse_secret_halve(pse_secret *r, const pse_secret *a)
{
    uint64_t odd = ct_mask(a->w[0] & 1);
    uint64_t t[4];
    uint64_t carry = 0;

    for (size_t i = 0; i < 4; i++) {
        u128 s = (u128)a->w[i] + (order[i] & odd) + carry;

        t[i] = (uint64_t)s;
        carry = (uint64_t)(s >> 64);
    }
    for (size_t i = 0; i < 4; i++)
        r->w[i] = t[i] >> 1 | (i < 3 ? t[i + 1] << 63 : 0);
}

void pse_secret_mul(pse_secret *r, const pse_secret *a, const pse_secret *b)
{
    words_muladd(r->w, a->w, b->w, zero);
}

void pse_secret_muladd(pse_secret *r, const pse_secret *a, const pse_secret *b, const pse_secret *c)
{
    words_muladd(r->w, a->w, b->w, c->w);
}

void pse_secret_from_scalar(pse_secret *r, const pse_scalar *a)
{
    memcpy(r->w, a->w, sizeof r->w);
}

void pse_secret_reveal(pse_scalar *r, const pse_secret *a)
{
    memcpy(r->w, a->w, sizeof r->w);
}

void pse_secret_respond(pse_scalar *z, const pse_secret *omega, const pse_scalar *c,
                        const pse_secret *x)
{
    words_muladd(z->w, c->w, x->w, omega->w);
}

void pse_secret_select(pse_secret *r, const pse_secret *a, const pse_secret *b, uint64_t take)
{
    uint64_t m = ct_mask(take);

    for (size_t i = 0; i < 4; i++)
        r->w[i] = (a->w[i] & ~m) | (b->w[i] & m);
}
