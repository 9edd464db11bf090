#include "group/scalar.h"

#include "group/ct.h"

__extension__ typedef unsigned __int128 u128;

/* L, and floor(2^512 / L) for Barrett's reduction. Little-endian words. */
static const uint64_t order[4] = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000};
static const uint64_t barrett[5] = {0xed9ce5a30a2c131b, 0x2106215d086329a7, 0xffffffffffffffeb,
                                    0xffffffffffffffff, 0xf};

static const uint64_t one[4] = {1, 0, 0, 0};
static const uint64_t zero[4] = {0, 0, 0, 0};

/* The functions below work on bare words for both types, in constant time. */

static uint64_t load64(const uint8_t *p)
{
    uint64_t x = 0;

    for (int i = 7; i >= 0; i--)
        x = x << 8 | p[i];
    return x;
}

static void load(uint64_t *w, const uint8_t *p, size_t words)
{
    for (size_t i = 0; i < words; i++)
        w[i] = load64(p + 8 * i);
}

static void store(uint8_t out[32], const uint64_t w[4])
{
    for (size_t i = 0; i < 32; i++)
        out[i] = (uint8_t)(w[i / 8] >> (8 * (i % 8)));
}

/* r = a - b over n words; the borrow. */
static uint64_t words_sub(uint64_t *r, const uint64_t *a, const uint64_t *b, size_t n)
{
    uint64_t borrow = 0;

    for (size_t i = 0; i < n; i++) {
        u128 t = (u128)a[i] - b[i] - borrow;

        r[i] = (uint64_t)t;
        borrow = (uint64_t)(t >> 64) & 1;
    }
    return borrow;
}

/* r = a - L if that is not negative, else a; a < 2L. */
static void reduce_once(uint64_t r[4], const uint64_t a[4])
{
    uint64_t t[4];
    uint64_t keep = ct_mask(words_sub(t, a, order, 4));

    for (size_t i = 0; i < 4; i++)
        r[i] = (a[i] & keep) | (t[i] & ~keep);
}

static void words_add(uint64_t r[4], const uint64_t a[4], const uint64_t b[4])
{
    uint64_t t[4];
    uint64_t carry = 0;

    for (size_t i = 0; i < 4; i++) {
        u128 s = (u128)a[i] + b[i] + carry;

        t[i] = (uint64_t)s;
        carry = (uint64_t)(s >> 64);
    }
    reduce_once(r, t);
}

static void words_neg(uint64_t r[4], const uint64_t a[4])
{
    uint64_t t[4];

    (void)words_sub(t, order, a, 4);
    reduce_once(r, t); /* L - 0 = L becomes 0 */
}

/* x modulo L, any x below 2^512. Barrett (Handbook of Applied Cryptography, 14.42, base 2^64). The
 * estimated quotient is short by at most 1, not 2 as in general: what the two roundings before the
 * last lose is below x / 2^512 * frac(2^512 / L) + 2^192 / L, and frac(2^512 / L) < 0.23. */
static void words_reduce(uint64_t r[4], const uint64_t x[8])
{
    uint64_t q[10] = {0};
    uint64_t s[5] = {0};
    uint64_t t[5];
    uint64_t carry;

    for (size_t i = 0; i < 5; i++) {
        carry = 0;
        for (size_t j = 0; j < 5; j++) {
            u128 p = (u128)x[3 + i] * barrett[j] + q[i + j] + carry;

            q[i + j] = (uint64_t)p;
            carry = (uint64_t)(p >> 64);
        }
        q[i + 5] = carry;
    }
    /* s = (q / 2^320) * L modulo 2^320. */
    for (size_t i = 0; i < 5; i++) {
        carry = 0;
        for (size_t j = 0; j < 4 && i + j < 5; j++) {
            u128 p = (u128)q[5 + i] * order[j] + s[i + j] + carry;

            s[i + j] = (uint64_t)p;
            carry = (uint64_t)(p >> 64);
        }
        if (i == 0)
            s[4] = carry;
    }
    (void)words_sub(t, x, s, 5);
    /* t < 2L: its fifth word is zero. */
    reduce_once(r, t);
}

static void words_muladd(uint64_t r[4], const uint64_t a[4], const uint64_t b[4],
                         const uint64_t c[4])
{
    uint64_t x[8] = {c[0], c[1], c[2], c[3], 0, 0, 0, 0};

    for (size_t i = 0; i < 4; i++) {
        uint64_t carry = 0;

        for (size_t j = 0; j < 4; j++) {
            u128 p = (u128)a[i] * b[j] + x[i + j] + carry;

            x[i + j] = (uint64_t)p;
            carry = (uint64_t)(p >> 64);
        }
        x[i + 4] = carry;
    }
    words_reduce(r, x);
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

static void words_from_wide(uint64_t r[4], const uint8_t h[64])
{
    uint64_t x[8];

    load(x, h, 8);
    words_reduce(r, x);
    pse_wipe(x, sizeof x);
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
    words_from_wide(r->w, h);
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

void pse_secret_wipe(pse_secret *x)
{
    pse_wipe(x, sizeof *x);
}

void pse_secret_random(pse_secret *r, struct pse_rng *rng)
{
    uint8_t wide[64];

    pse_rng_fill(rng, wide, sizeof wide);
    words_from_wide(r->w, wide);
    pse_wipe(wide, sizeof wide);
}

void pse_secret_random_n(pse_secret *r, size_t n, struct pse_rng *rng)
{
    for (size_t i = 0; i < n; i++)
        pse_secret_random(&r[i], rng);
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
    words_from_wide(r->w, h);
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
