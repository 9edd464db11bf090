/* The portable field against schoolbook arithmetic on bytes, with limbs at their stated bounds. */
#include "group/roots51.h"
#include "group_help.h"

/* A number as 32-bit columns of 8 bits each: slow, and with nothing in common with field51. */
enum { COLUMNS = 80 };

/* Columns to the canonical 32 bytes modulo p. */
static void reference_reduce(uint8_t out[32], const uint64_t in[COLUMNS])
{
    uint64_t c[COLUMNS];
    int above = 0;

    memcpy(c, in, sizeof c);
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i + 1 < COLUMNS; i++) {
            c[i + 1] += c[i] >> 8;
            c[i] &= 0xff;
        }
        for (int i = COLUMNS - 1; i >= 32; i--) { /* 2^256 = 38 */
            c[i - 32] += 38 * c[i];
            c[i] = 0;
        }
    }
    for (int round = 0; round < 3; round++) { /* 2^255 = 19 */
        c[0] += 19 * (c[31] >> 7);
        c[31] &= 0x7f;
        for (int i = 0; i < 31; i++) {
            c[i + 1] += c[i] >> 8;
            c[i] &= 0xff;
        }
    }
    /* p = 7f ff … ff ed is left as itself or more. */
    above = c[31] == 0x7f && c[0] >= 0xed;
    for (int i = 1; i < 31; i++)
        above = above && c[i] == 0xff;
    if (above) {
        c[0] -= 0xed;
        memset(c + 1, 0, 31 * sizeof c[0]);
    }
    for (int i = 0; i < 32; i++)
        out[i] = (uint8_t)c[i];
}

/* The limbs' value, one byte of one limb at a time. */
static void reference_value(uint64_t c[COLUMNS], const struct fe *a)
{
    memset(c, 0, COLUMNS * sizeof *c);
    for (int i = 0; i < 5; i++) {
        for (int bit = 0; bit < 64; bit++)
            c[(51 * i + bit) / 8] += (a->v[i] >> bit & 1) << (51 * i + bit) % 8;
    }
}

static void reference_bytes(uint8_t out[32], const struct fe *a)
{
    uint64_t c[COLUMNS];

    reference_value(c, a);
    reference_reduce(out, c);
}

static void reference_mul(uint8_t out[32], const struct fe *a, const struct fe *b)
{
    uint8_t x[32], y[32];
    uint64_t c[COLUMNS] = {0};

    reference_bytes(x, a);
    reference_bytes(y, b);
    for (int i = 0; i < 32; i++) {
        for (int j = 0; j < 32; j++)
            c[i + j] += (uint64_t)x[i] * y[j];
    }
    reference_reduce(out, c);
}

/* out = a + m b modulo p, m = 1 or p - 1. */
static void reference_add(uint8_t out[32], const struct fe *a, const struct fe *b, bool minus)
{
    uint8_t x[32], y[32];
    uint64_t c[COLUMNS] = {0};

    reference_bytes(x, a);
    reference_bytes(y, b);
    for (int i = 0; i < 32; i++) /* 2p - y has no column below zero: 2p = ff … ff da, borrowed */
        c[i] = x[i] + (minus ? (i == 0 ? 0x1da : 0x1fe) - (uint64_t)y[i] : y[i]);
    if (minus) /* 2p = Σ columns of 0x1fe and 0x1da is 2^256 + … : take the excess off again */
        c[31] -= 0x100;
    reference_reduce(out, c);
}

static void assert_field(const struct fe *a, const uint8_t expected[32])
{
    uint8_t bytes[32];

    pse_fe51_to_bytes(bytes, a);
    assert_memory_equal(bytes, expected, 32);
}

static void assert_tight(const struct fe *a)
{
    for (int i = 0; i < 5; i++)
        assert_true(a->v[i] < (1ull << 51) + (1ull << 15));
}

/* Limbs drawn from the borders of a bound, or below it at random. */
static void draw(struct fe *a, uint64_t bound, struct pse_rng *rng)
{
    const uint64_t border[] = {
        0, 1, 18, 19, 20, FE_MASK - 19, FE_MASK - 18, FE_MASK - 1, FE_MASK, FE_MASK + 1, bound - 1};

    for (int i = 0; i < 5; i++) {
        uint64_t pick = pse_rng_below(rng, 2 * sizeof border / sizeof border[0]);

        a->v[i] =
            pick < sizeof border / sizeof border[0] ? border[pick] : pse_rng_below(rng, bound);
    }
}

static const uint64_t tight = (1ull << 51) + (1ull << 15);
static const uint64_t loose = 1ull << 54;

static void products_of_loose_limbs(void **state)
{
    PSE_RNG(rng);
    uint8_t expected[32];

    (void)state;
    seeded(&rng, __func__);
    for (int i = 0; i < 4000; i++) {
        struct fe a, b, r;

        draw(&a, loose, &rng);
        draw(&b, loose, &rng);
        if (i == 0) { /* the largest there is */
            for (int j = 0; j < 5; j++)
                a.v[j] = b.v[j] = loose - 1;
        }
        reference_bytes(expected, &a);
        assert_field(&a, expected);
        fe_carry(&r, &a);
        assert_tight(&r);
        assert_field(&r, expected);
        reference_mul(expected, &a, &b);
        fe_mul(&r, &a, &b);
        assert_tight(&r);
        assert_field(&r, expected);
        reference_mul(expected, &a, &a);
        fe_sq(&r, &a);
        assert_tight(&r);
        assert_field(&r, expected);
        fe_mul(&a, &a, &a);
        assert_field(&a, expected);
    }
}

static void sums_and_differences(void **state)
{
    PSE_RNG(rng);
    uint8_t expected[32];

    (void)state;
    seeded(&rng, __func__);
    for (int i = 0; i < 4000; i++) {
        struct fe a, b, b2, r;

        draw(&a, tight, &rng);
        draw(&b, tight, &rng);
        draw(&b2, 2 * tight, &rng);
        reference_add(expected, &a, &b, false);
        fe_add(&r, &a, &b);
        assert_field(&r, expected);
        reference_add(expected, &a, &b, true);
        fe_sub(&r, &a, &b);
        assert_field(&r, expected);
        reference_add(expected, &a, &b2, true);
        fe_sub2(&r, &a, &b2);
        assert_field(&r, expected);
        reference_add(expected, &fe_zero, &b, true);
        fe_neg(&r, &b);
        assert_tight(&r);
        assert_field(&r, expected);
        fe_select(&r, &a, &b, 0);
        assert_memory_equal(&r, &a, sizeof r);
        fe_select(&r, &a, &b, UINT64_MAX);
        assert_memory_equal(&r, &b, sizeof r);
    }
}

static void bytes_there_and_back(void **state)
{
    PSE_RNG(rng);
    uint8_t in[32], out[32];
    struct fe a;

    (void)state;
    seeded(&rng, __func__);
    for (int i = 0; i < 1000; i++) {
        pse_rng_fill(&rng, in, 32);
        in[31] &= 0x7f;
        pse_fe51_from_bytes(&a, in);
        assert_tight(&a);
        pse_fe51_to_bytes(out, &a);
        assert_memory_equal(in, out, 32);
        in[31] |= 0x80; /* ignored */
        pse_fe51_from_bytes(&a, in);
        in[31] &= 0x7f;
        assert_field(&a, in);
    }
    for (int i = 0; i < 19; i++) { /* p + i is i */
        memset(in, 0xff, 32);
        in[0] = (uint8_t)(0xed + i);
        in[31] = 0x7f;
        pse_fe51_from_bytes(&a, in);
        memset(in, 0, 32);
        in[0] = (uint8_t)i;
        assert_field(&a, in);
        assert_int_equal(pse_fe51_mask_zero(&a) != 0, i == 0);
        assert_int_equal(pse_fe51_mask_negative(&a) != 0, i % 2);
    }
}

static void inverses_and_roots(void **state)
{
    PSE_RNG(rng);

    (void)state;
    seeded(&rng, __func__);
    for (int i = 0; i < 300; i++) {
        struct fe a, r, square;
        uint64_t was_square;

        draw(&a, tight, &rng);
        pse_fe51_invert(&r, &a);
        fe_mul(&r, &r, &a);
        assert_true(pse_fe51_mask_equal(&r, pse_fe51_mask_zero(&a) ? &fe_zero : &fe_one));
        fe_sq(&square, &a);
        pse_fe51_sqrt_ratio(&r, &was_square, &square, &fe_one, 1);
        assert_true(was_square == UINT64_MAX);
        pse_fe51_abs(&a, &a);
        assert_true(pse_fe51_mask_equal(&r, &a));
        assert_false(pse_fe51_mask_negative(&r));
        if (pse_fe51_mask_zero(&a))
            continue;
        fe_mul(&r, &square, &fe_sqrt_m1); /* i a^2 is no square */
        pse_fe51_sqrt_ratio(&r, &was_square, &r, &fe_one, 1);
        assert_true(was_square == 0);
    }
    assert_true(pse_fe51_mask_zero(&fe_zero) && !pse_fe51_mask_zero(&fe_one));
    assert_false(pse_fe51_mask_equal(&fe_zero, &fe_one));
}

enum { ROOTS = 16, ROUNDS = 200 };

/* A chain in lanes gives what the chain alone gives, tight; every number of elements, so every
 * number of lanes left over, and none of the neighbours touched. */
static void powers_of_many(void **state)
{
    PSE_RNG(rng);

    (void)state;
    seeded(&rng, __func__);
    for (int round = 0; round < ROUNDS; round++) {
        size_t n = (size_t)pse_rng_below(&rng, ROOTS + 1);
        struct fe a[ROOTS + 1], each[ROOTS + 1], alone;

        for (size_t i = 0; i <= ROOTS; i++) {
            draw(&a[i], loose, &rng);
            each[i] = fe_2d;
        }
        pse_fe51_pow_p58_each(each, a, n);
        for (size_t i = 0; i < n; i++) {
            pse_fe51_pow_p58_scalar(&alone, &a[i], 1);
            assert_tight(&each[i]);
            assert_true(pse_fe51_mask_equal(&each[i], &alone));
        }
        for (size_t i = n; i <= ROOTS; i++)
            assert_memory_equal(&each[i], &fe_2d, sizeof fe_2d);
    }
}

typedef void powers_fn(struct fe *r, const struct fe *a, size_t n);

/* The lanes themselves, tight limbs at their borders. */
static void powers_as_alone(powers_fn *powers)
{
    PSE_RNG(rng);

    seeded(&rng, __func__);
    for (int round = 0; round < ROUNDS; round++) {
        struct fe a[ROOTS], lanes[ROOTS], alone[ROOTS];

        for (size_t i = 0; i < ROOTS; i++) {
            draw(&a[i], tight, &rng);
            for (int j = 0; j < 5 && round == 0; j++)
                a[i].v[j] = tight - 1;
        }
        powers(lanes, a, ROOTS);
        pse_fe51_pow_p58_scalar(alone, a, ROOTS);
        for (size_t i = 0; i < ROOTS; i++) {
            assert_tight(&lanes[i]);
            assert_true(pse_fe51_mask_equal(&lanes[i], &alone[i]));
        }
    }
}

static void powers_in_four_lanes(void **state)
{
    (void)state;
    TEST_NEEDS(pse_fe51_roots_avx2_found(), "no AVX2: only single chains are tested");
    powers_as_alone(pse_fe51_pow_p58_avx2);
}

static void powers_in_eight_lanes(void **state)
{
    (void)state;
    TEST_NEEDS(pse_fe51_roots_avx512_found(), "no AVX-512: eight lanes are not tested");
    powers_as_alone(pse_fe51_pow_p58_avx512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_of_loose_limbs), cmocka_unit_test(sums_and_differences),
        cmocka_unit_test(bytes_there_and_back),    cmocka_unit_test(inverses_and_roots),
        cmocka_unit_test(powers_of_many),          cmocka_unit_test(powers_in_four_lanes),
        cmocka_unit_test(powers_in_eight_lanes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
