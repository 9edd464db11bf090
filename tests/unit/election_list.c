/* Lists: the bytes of mix lists, weighted sums of homomorphic ones. */
#define _GNU_SOURCE
#include "election/list.h"

#include "election.h"

enum { ROWS = 2500 };

static struct pse_rng seeded(uint8_t number)
{
    uint8_t seed[32] = {number};
    struct pse_rng rng;

    pse_rng_init(&rng, seed);
    return rng;
}

/* Encodings of n random points. */
static pse_enc *random_points(const struct pse_group *g, pse_point **point, size_t n,
                              struct pse_rng *rng)
{
    pse_secret *s = calloc(n, sizeof *s);
    pse_point *p = aligned_alloc(64, (n * sizeof *p + 63) / 64 * 64);
    pse_enc *e = calloc(n, sizeof *e);

    assert_true(s != NULL && p != NULL && e != NULL);
    pse_secret_random_n(s, n, rng);
    pse_point_mul_base(g, p, s, n);
    pse_point_encode(g, e, p, n);
    free(s);
    *point = p;
    return e;
}

static void mix_rows(void **state)
{
    uint8_t row[3][128], out[3 * 128];
    struct pse_list_row rows[3];
    const struct pse_contest *c;
    struct fixture f;

    (void)state;
    fixture_open(&f);
    c = pse_manifest_contest(f.m, 4);
    for (uint8_t i = 0; i < 3; i++) {
        memset(row[i], i + 1, 128);
        rows[i] = (struct pse_list_row){row[i], 1};
    }
    assert_int_equal(pse_list_len(c, 3), sizeof out);
    pse_list_mix(out, c, rows, 3);
    assert_memory_equal(out, row, sizeof out);
    assert_int_equal(pse_list_len(pse_manifest_contest(f.m, 1), 3), 3 * 64);
    assert_int_equal(pse_list_len(pse_manifest_contest(f.m, 1), 1000), 3 * 64);
    fixture_close(&f);
}

/* The sum of rows, one after another, by other functions of the group. */
static void sums_agree(struct fixture *f, const struct pse_group *g, bool weighted, size_t n)
{
    const struct pse_contest *c = pse_manifest_contest(f->m, 3); /* K = 2: four columns */
    struct pse_rng rng = seeded(weighted ? 1 : 2);
    struct pse_list_row *row = calloc(n, sizeof *row);
    pse_point *point, sum[4];
    pse_enc *enc = random_points(f->g, &point, 4 * n, &rng), want[4];
    uint8_t got[128];

    assert_non_null(row);
    pse_point_identity(f->g, sum, 4);
    for (size_t i = 0; i < n; i++) {
        pse_scalar w[4];
        pse_point part[4];

        row[i].part = enc[4 * i].b;
        row[i].weight = weighted ? 1 + (uint32_t)pse_rng_below(&rng, 1 << 20) : 1;
        for (size_t k = 0; k < 4; k++)
            pse_scalar_set_u64(&w[k], row[i].weight);
        pse_point_mul_vt(f->g, part, w, point + 4 * i, 4);
        pse_point_add(f->g, sum, sum, part, 4);
    }
    pse_point_encode(f->g, want, sum, 4);
    assert_int_equal(pse_list_homomorphic(got, g, c, row, n), PSE_OK);
    assert_memory_equal(got, want, 128);
    if (n > 0) {
        memset(enc[4 * n - 1].b, 0xff, 32);
        assert_int_equal(pse_list_homomorphic(got, g, c, row, n), PSE_E_ENCODING);
        memset(enc[4 * n - 1].b, 0, 32);
        assert_int_equal(pse_list_homomorphic(got, g, c, row, n), PSE_E_ENCODING);
    }
    free(point);
    free(enc);
    free(row);
}

static void homomorphic_sums(void **state)
{
    struct pse_group *g;
    struct pse_pool *pool;
    struct fixture f;

    (void)state;
    fixture_open(&f);
    assert_int_equal(pse_pool_new(&pool, 3), PSE_OK);
    g = test_group_new(pool);
    sums_agree(&f, f.g, false, 1);
    sums_agree(&f, f.g, true, 1);
    sums_agree(&f, f.g, true, 700);
    sums_agree(&f, g, false, ROWS);
    sums_agree(&f, g, true, ROWS);
    pse_group_free(g);
    pse_pool_free(pool);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mix_rows),
        cmocka_unit_test(homomorphic_sums),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
