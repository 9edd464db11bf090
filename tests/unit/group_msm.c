/* Sums of products against term by term, at every size where a method changes, on scalars chosen to
 * hurt, on one to three threads. */
#include "group/recode.h"
#include "group_help.h"

enum { MOST = 5000 };

static pse_point points[MOST], products[MOST];
static pse_scalar scalars[MOST];
static pse_secret secrets[MOST];

/* Both sums of the first n terms equal the sum of products, on every context. */
static void check_sums(const struct contexts *all, size_t n, bool constant_time)
{
    const struct pse_group *g = all->g[0];
    pse_point expected, sum;

    pse_point_mul_vt(g, products, scalars, points, n);
    pse_point_sum(g, &expected, products, n);
    for (size_t c = 0; c < all->n; c++) {
        assert_int_equal(pse_msm_vt(all->g[c], &sum, scalars, points, n), PSE_OK);
        assert_true(pse_point_is_equal(g, &sum, &expected));
        if (!constant_time)
            continue;
        for (size_t i = 0; i < n; i++)
            pse_secret_from_scalar(&secrets[i], &scalars[i]);
        assert_int_equal(pse_msm(all->g[c], &sum, secrets, points, n), PSE_OK);
        assert_true(pse_point_is_equal(g, &sum, &expected));
    }
}

/* Points of every kind of coordinates: fresh from the map (z is not one) and decoded (z is one). */
static void points_make(const struct pse_group *g, bool decoded)
{
    static pse_enc e[MOST];

    pse_generators(g, points, 1, MOST);
    if (decoded) {
        pse_point_encode(g, e, points, MOST);
        assert_int_equal(pse_point_decode(g, points, NULL, e, MOST, PSE_IDENTITY_FORBIDDEN),
                         PSE_OK);
    }
}

static void sizes(void **state)
{
    static const size_t n[] = {0,   1,   2,   3,   7,   8,   9,    15,   16,   17,   31,   32,
                               33,  63,  64,  65,  100, 127, 128,  129,  159,  160,  161,  255,
                               256, 257, 511, 512, 513, 900, 1000, 1023, 1024, 1025, 2049, 4097};
    const struct contexts *all = *state;
    PSE_RNG(rng);

    seeded(&rng, __func__);
    for (int decoded = 0; decoded < 2; decoded++) {
        points_make(all->g[0], decoded != 0);
        for (size_t i = 0; i < sizeof n / sizeof n[0]; i++) {
            for (size_t j = 0; j < n[i]; j++)
                random_scalar(&scalars[j], &rng);
            check_sums(all, n[i], n[i] < 200);
        }
    }
}

static void all_scalars_equal(void **state)
{
    static const size_t n[] = {1, 2, 40, 161, 700, 2048};
    const struct contexts *all = *state;
    pse_scalar k[EDGES];

    edge_scalars(k);
    points_make(all->g[0], true);
    for (size_t e = 0; e < EDGES; e++) {
        for (size_t i = 0; i < sizeof n / sizeof n[0] - (e % 5 != 0); i++) {
            for (size_t j = 0; j < n[i]; j++)
                scalars[j] = k[e];
            check_sums(all, n[i], n[i] < 100);
        }
    }
}

static void edges_in_turn(void **state)
{
    static const size_t n[] = {26, 100, 300, 1200};
    const struct contexts *all = *state;
    pse_scalar k[EDGES];

    edge_scalars(k);
    points_make(all->g[0], false);
    for (size_t i = 0; i < sizeof n / sizeof n[0]; i++) {
        for (size_t j = 0; j < n[i]; j++)
            scalars[j] = k[j % EDGES];
        check_sums(all, n[i], n[i] < 200);
    }
}

static void short_scalars_and_their_negatives(void **state)
{
    static const size_t n[] = {5, 64, 170, 600, 3000};
    const struct contexts *all = *state;
    PSE_RNG(rng);

    seeded(&rng, __func__);
    points_make(all->g[0], true);
    for (int kind = 0; kind < 4; kind++) {
        for (size_t i = 0; i < sizeof n / sizeof n[0]; i++) {
            for (size_t j = 0; j < n[i]; j++) {
                uint8_t h[16];

                pse_rng_fill(&rng, h, sizeof h);
                pse_scalar_from_short(&scalars[j], h);
                if (kind == 1 || (kind == 2 && j % 2 == 0)) /* -k, either sign */
                    pse_scalar_neg(&scalars[j], &scalars[j]);
                if (kind == 3 && j == n[i] / 2) /* one long among short ones */
                    random_scalar(&scalars[j], &rng);
            }
            check_sums(all, n[i], false);
        }
    }
}

static void equal_and_opposite_points(void **state)
{
    static const size_t n[] = {2, 50, 200, 1000, 3000};
    const struct contexts *all = *state;
    const struct pse_group *g = all->g[0];
    pse_point p, sum;
    PSE_RNG(rng);

    seeded(&rng, __func__);
    points_make(g, true);
    p = points[0];
    for (size_t i = 0; i < sizeof n / sizeof n[0]; i++) {
        for (size_t j = 0; j < n[i]; j++) {
            points[j] = p;
            random_scalar(&scalars[j], &rng);
        }
        check_sums(all, n[i], n[i] < 100);
        for (size_t j = 0; j + 1 < n[i]; j += 2) { /* k P + k (-P) */
            pse_point_neg(g, &points[j + 1], &p, 1);
            scalars[j + 1] = scalars[j];
        }
        for (size_t c = 0; c < all->n; c++) {
            assert_int_equal(pse_msm_vt(all->g[c], &sum, scalars, points, n[i]), PSE_OK);
            assert_true(pse_point_is_identity(g, &sum));
        }
        for (size_t j = 0; j < n[i]; j++) /* one scalar, all into one bucket and out again */
            pse_scalar_set_u64(&scalars[j], 77);
        check_sums(all, n[i], n[i] < 100);
        for (size_t j = 0; j < n[i]; j++)
            pse_point_identity(g, &points[j], 1);
        check_sums(all, n[i], n[i] < 100);
    }
}

/* A digit alone in each window, and the digits' extremes: what an adversary would send. */
static void scalars_made_for_windows(void **state)
{
    enum { N = 1500 };
    const struct contexts *all = *state;

    points_make(all->g[0], true);
    for (unsigned c = 4; c <= 13; c++) {
        for (size_t j = 0; j < N; j++) {
            pse_scalar k = {{0}};

            for (unsigned at = c - 1 - j % 2; at < 251; at += c * (1 + (unsigned)(j % 3)))
                k.w[at / 64] |= 1ull << (at % 64);
            scalars[j] = k;
        }
        check_sums(all, N, false);
    }
}

static void windows_spell_their_scalar(void **state)
{
    pse_scalar k[EDGES + 200];
    PSE_RNG(rng);

    (void)state;
    seeded(&rng, __func__);
    edge_scalars(k);
    for (size_t i = EDGES; i < sizeof k / sizeof k[0]; i++)
        random_scalar(&k[i], &rng);
    for (unsigned c = 4; c <= 16; c++) {
        for (size_t i = 0; i < sizeof k / sizeof k[0]; i++) {
            struct pse_windows w;
            unsigned bits = pse_windows_from_scalar_vt(&w, &k[i]);
            unsigned count = pse_windows_count(bits, c);
            pse_scalar sum = {{0}}, radix, digit;

            assert_true(bits <= PSE_WINDOWS_BITS_MAX);
            pse_windows_offset(&w, 1, count, c);
            pse_scalar_set_u64(&radix, 1ull << c);
            for (unsigned j = count; j-- > 0;) {
                int32_t d = windows_digit_vt(&w, j, count, c);

                assert_in_range(d + (1 << (c - 1)), 0, 1 << c);
                pse_scalar_set_u64(&digit, (uint64_t)(d < 0 ? -d : d));
                if (d < 0)
                    pse_scalar_neg(&digit, &digit);
                pse_scalar_muladd(&sum, &sum, &radix, &digit);
            }
            assert_true(pse_scalar_is_equal(&sum, &k[i]));
        }
    }
}

static void non_adjacent_forms_spell_their_scalar(void **state)
{
    pse_scalar k[EDGES + 200];
    PSE_RNG(rng);

    (void)state;
    seeded(&rng, __func__);
    edge_scalars(k);
    for (size_t i = EDGES; i < sizeof k / sizeof k[0]; i++)
        random_scalar(&k[i], &rng);
    for (unsigned width = 2; width <= 8; width++) {
        for (size_t i = 0; i < sizeof k / sizeof k[0]; i++) {
            int8_t naf[PSE_NAF_DIGITS];
            unsigned used = pse_recode_naf_vt(naf, &k[i], width);
            pse_scalar sum = {{0}}, digit;
            unsigned last = PSE_NAF_DIGITS + 99;

            for (unsigned j = PSE_NAF_DIGITS; j-- > 0;) {
                int d = naf[j];

                pse_scalar_add(&sum, &sum, &sum);
                if (d == 0)
                    continue;
                assert_true(j < used && d % 2 != 0 && abs(d) < 1 << (width - 1));
                assert_true(last >= j + width);
                last = j;
                pse_scalar_set_u64(&digit, (uint64_t)abs(d));
                if (d < 0)
                    pse_scalar_neg(&digit, &digit);
                pse_scalar_add(&sum, &sum, &digit);
            }
            assert_true(pse_scalar_is_equal(&sum, &k[i]));
        }
    }
}

/* Longer than one block of terms, by a telescope: Σ i P = (n(n-1)/2) P. */
static void more_than_one_block(void **state)
{
    enum { N = (1 << 16) + 5 };
    const struct contexts *all = *state;
    pse_point *p = calloc(N, sizeof *p);
    pse_scalar *k = calloc(N, sizeof *k);
    pse_point sum, expected;
    pse_scalar total;

    assert_true(p != NULL && k != NULL);
    pse_scalar_set_u64(&total, (uint64_t)N * (N - 1) / 2);
    for (size_t i = 0; i < N; i++) {
        p[i] = *pse_group_h(all->g[0]);
        pse_scalar_set_u64(&k[i], i);
    }
    pse_point_mul_vt(all->g[0], &expected, &total, p, 1);
    for (size_t c = 0; c < all->n; c++) {
        assert_int_equal(pse_msm_vt(all->g[c], &sum, k, p, N), PSE_OK);
        assert_true(pse_point_is_equal(all->g[c], &sum, &expected));
    }
    free(p);
    free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(all_scalars_equal),
        cmocka_unit_test(edges_in_turn),
        cmocka_unit_test(short_scalars_and_their_negatives),
        cmocka_unit_test(equal_and_opposite_points),
        cmocka_unit_test(scalars_made_for_windows),
        cmocka_unit_test(windows_spell_their_scalar),
        cmocka_unit_test(non_adjacent_forms_spell_their_scalar),
        cmocka_unit_test(more_than_one_block),
    };

    return cmocka_run_group_tests(tests, contexts_open, contexts_close);
}
