#include "group/roots51.h"

static uint64_t load64(const uint8_t *p)
{
    uint64_t x = 0;

    for (int i = 7; i >= 0; i--)
        x = x << 8 | p[i];
    return x;
}

void pse_fe51_from_bytes(struct fe *r, const uint8_t in[32])
{
    r->v[0] = load64(in) & FE_MASK;
    r->v[1] = load64(in + 6) >> 3 & FE_MASK;
    r->v[2] = load64(in + 12) >> 6 & FE_MASK;
    r->v[3] = load64(in + 19) >> 1 & FE_MASK;
    r->v[4] = load64(in + 24) >> 12 & FE_MASK;
}

/* The unique representative below p, limbs below 2^51. */
static void fe_freeze(struct fe *r, const struct fe *a)
{
    struct fe t;
    uint64_t q;

    fe_carry(&t, a);
    fe_carry(&t, &t);
    /* t < 2p now. q = 1 iff t >= p, that is iff t + 19 reaches 2^255. */
    q = (t.v[0] + 19) >> 51;
    for (int i = 1; i < 5; i++)
        q = (t.v[i] + q) >> 51;
    t.v[0] += 19 * q;
    for (int i = 0; i < 4; i++) {
        t.v[i + 1] += t.v[i] >> 51;
        t.v[i] &= FE_MASK;
    }
    t.v[4] &= FE_MASK;
    *r = t;
}

void pse_fe51_to_bytes(uint8_t out[32], const struct fe *a)
{
    struct fe t;
    uint64_t w[4];

    fe_freeze(&t, a);
    w[0] = t.v[0] | t.v[1] << 51;
    w[1] = t.v[1] >> 13 | t.v[2] << 38;
    w[2] = t.v[2] >> 26 | t.v[3] << 25;
    w[3] = t.v[3] >> 39 | t.v[4] << 12;
    for (int i = 0; i < 32; i++)
        out[i] = (uint8_t)(w[i / 8] >> (8 * (i % 8)));
}

uint64_t pse_fe51_mask_zero(const struct fe *a)
{
    struct fe t;

    fe_freeze(&t, a);
    return ct_mask_equal(t.v[0] | t.v[1] | t.v[2] | t.v[3] | t.v[4], 0);
}

uint64_t pse_fe51_mask_equal(const struct fe *a, const struct fe *b)
{
    struct fe t, u;
    uint64_t differ = 0;

    fe_freeze(&t, a);
    fe_freeze(&u, b);
    for (int i = 0; i < 5; i++)
        differ |= t.v[i] ^ u.v[i];
    return ct_mask_equal(differ, 0);
}

uint64_t pse_fe51_mask_negative(const struct fe *a)
{
    struct fe t;

    fe_freeze(&t, a);
    return ct_mask(t.v[0] & 1);
}

void pse_fe51_abs(struct fe *r, const struct fe *a)
{
    struct fe minus;

    fe_neg(&minus, a);
    fe_select(r, a, &minus, pse_fe51_mask_negative(a));
}

/* a^(2^250 - 1), and a^11 on the way: the common part of the two exponents below. */
static void fe_pow_2_250_1(struct fe *r, struct fe *a11, const struct fe *a)
{
    struct fe t, a9, x5, x10, x20, x50, x100;

    fe_sq(&t, a);
    fe_sq_n(&a9, &t, 2);
    fe_mul(&a9, &a9, a);
    fe_mul(a11, &a9, &t);
    fe_sq(&t, a11);
    fe_mul(&x5, &t, &a9); /* a^(2^5 - 1) */
    fe_sq_n(&t, &x5, 5);
    fe_mul(&x10, &t, &x5);
    fe_sq_n(&t, &x10, 10);
    fe_mul(&x20, &t, &x10);
    fe_sq_n(&t, &x20, 20);
    fe_mul(&t, &t, &x20);
    fe_sq_n(&t, &t, 10);
    fe_mul(&x50, &t, &x10);
    fe_sq_n(&t, &x50, 50);
    fe_mul(&x100, &t, &x50);
    fe_sq_n(&t, &x100, 100);
    fe_mul(&t, &t, &x100);
    fe_sq_n(&t, &t, 50);
    fe_mul(r, &t, &x50);
}

void pse_fe51_invert(struct fe *r, const struct fe *a)
{
    struct fe t, a11;

    fe_pow_2_250_1(&t, &a11, a);
    fe_sq_n(&t, &t, 5); /* p - 2 = 2^255 - 21 = 32 (2^250 - 1) + 11 */
    fe_mul(r, &t, &a11);
}

/* a^((p-5)/8), (p - 5)/8 = 2^252 - 3 = 4 (2^250 - 1) + 1. */
static void fe_pow_p58(struct fe *r, const struct fe *a)
{
    struct fe t, a11;

    fe_pow_2_250_1(&t, &a11, a);
    fe_sq_n(&t, &t, 2);
    fe_mul(r, &t, a);
}

void pse_fe51_pow_p58_scalar(struct fe *r, const struct fe *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fe_pow_p58(&r[i], &a[i]);
}

enum { ROOTS_FEW = 4, ROOTS_MANY = 8 };

void pse_fe51_pow_p58_each(struct fe *r, const struct fe *a, size_t n)
{
    const bool few = pse_fe51_roots_avx2_found();
    const bool many = pse_fe51_roots_avx512_found();
    struct fe x[ROOTS_MANY];
    size_t at = 0;

    /* Two of four lanes pay already. */
    while (few && n - at >= 2) {
        size_t lanes = many && n - at > ROOTS_FEW ? ROOTS_MANY : ROOTS_FEW;
        size_t m = n - at < lanes ? n - at : lanes;

        for (size_t i = 0; i < lanes; i++)
            fe_carry(&x[i], &a[at + (i < m ? i : 0)]);
        if (lanes == ROOTS_MANY)
            pse_fe51_pow_p58_avx512(x, x, lanes);
        else
            pse_fe51_pow_p58_avx2(x, x, lanes);
        memcpy(r + at, x, m * sizeof *r);
        at += m;
    }
    pse_fe51_pow_p58_scalar(r + at, a + at, n - at);
}

/* What comes before the power: uv3 = u v^3, t = u v^7. */
static void sqrt_ratio_begin(struct fe *t, struct fe *uv3, const struct fe *u, const struct fe *v)
{
    struct fe v2;

    fe_sq(&v2, v);
    fe_mul(uv3, &v2, v);
    fe_mul(uv3, uv3, u);
    fe_sq(t, &v2);
    fe_mul(t, t, uv3);
}

/* And after it. */
static uint64_t sqrt_ratio_end(struct fe *r, const struct fe *power, const struct fe *uv3,
                               const struct fe *u, const struct fe *v)
{
    struct fe t, turned, check, minus_u, minus_ui;
    uint64_t correct, flipped, flipped_i;

    fe_mul(&t, power, uv3);
    fe_sq(&check, &t);
    fe_mul(&check, &check, v);
    fe_carry(&minus_u, u);
    fe_neg(&minus_u, &minus_u);
    fe_mul(&minus_ui, &minus_u, &fe_sqrt_m1);
    correct = pse_fe51_mask_equal(&check, u);
    flipped = pse_fe51_mask_equal(&check, &minus_u);
    flipped_i = pse_fe51_mask_equal(&check, &minus_ui);

    fe_mul(&turned, &t, &fe_sqrt_m1);
    fe_select(&t, &t, &turned, flipped | flipped_i);
    pse_fe51_abs(r, &t);
    return correct | flipped;
}

void pse_fe51_sqrt_ratio(struct fe *r, uint64_t *was_square, const struct fe *u, const struct fe *v,
                         size_t n)
{
    struct fe power[FE_ROOTS] = {{{0}}};
    struct fe uv3[FE_ROOTS];

    for (size_t i = 0; i < n; i++)
        sqrt_ratio_begin(&power[i], &uv3[i], &u[i], &v[i]);
    pse_fe51_pow_p58_each(power, power, n);
    for (size_t i = 0; i < n; i++)
        was_square[i] = sqrt_ratio_end(&r[i], &power[i], &uv3[i], &u[i], &v[i]);
}
