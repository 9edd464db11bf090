/* Points against libsodium: coding, adding, multiplying, at random and on borders; refusals. */
#include "group/edwards51.h"
#include "group_help.h"

static void backends_are_named_or_refused(void **state)
{
    const struct contexts *all = *state;
    struct pse_group *g = (struct pse_group *)state;
    enum pse_backend b;

    for (size_t c = 0; c < all->n; c++)
        assert_true(pse_group_pool(all->g[c]) == all->pool[c]);
    assert_string_equal(pse_group_backend_name(all->g[0]), "portable");
    assert_int_equal(pse_group_new(&g, (enum pse_backend)77, NULL), PSE_E_UNSUPPORTED);
    assert_null(g);
    assert_int_equal(pse_backend_parse(&b, "auto"), PSE_OK);
    assert_int_equal(b, PSE_BACKEND_AUTO);
    assert_int_equal(pse_backend_parse(&b, "portable"), PSE_OK);
    assert_int_equal(b, PSE_BACKEND_PORTABLE);
    assert_int_equal(pse_backend_parse(&b, "ifma"), PSE_OK);
    assert_int_equal(b, PSE_BACKEND_IFMA);
    assert_int_equal(pse_backend_parse(&b, "word32"), PSE_OK);
    assert_int_equal(b, PSE_BACKEND_WORD32);
    assert_int_equal(pse_backend_parse(&b, ""), PSE_E_SYNTAX);
    assert_int_equal(pse_backend_parse(&b, "Portable"), PSE_E_SYNTAX);
    assert_int_equal(pse_backend_parse(&b, "portable "), PSE_E_SYNTAX);
    assert_int_equal(pse_backend_parse(&b, "avx"), PSE_E_SYNTAX);
    pse_group_free(NULL);
    pse_table_free(NULL);
}

/* libsodium's verdict; before 1.0.19 it does not look at the highest bit. */
static bool is_valid(const pse_enc *e)
{
    return e->b[31] < 0x80 && crypto_core_ristretto255_is_valid_point(e->b) == 1;
}

/* Our verdict on any 32 bytes is libsodium's, and what is accepted encodes to itself. */
static void check_verdict(const struct pse_group *g, const pse_enc *e)
{
    bool valid = is_valid(e);
    pse_point p;
    uint8_t ok;

    assert_int_equal(pse_point_decode_each(g, &p, &ok, e, 1, PSE_IDENTITY_ALLOWED), valid);
    assert_int_equal(ok, valid);
    if (valid)
        assert_encodes(g, &p, e->b);
    else
        assert_true(pse_point_is_identity(g, &p));
}

static void any_bytes_are_judged_alike(void **state)
{
    const struct contexts *all = *state;
    const struct pse_group *g = all->g[0];
    unsigned valid = 0;
    PSE_RNG(rng);

    seeded(&rng, __func__);
    for (int i = 0; i < 4000; i++) {
        pse_enc e;

        pse_rng_fill(&rng, e.b, 32);
        e.b[0] &= 0xfe;
        e.b[31] &= 0x7f;
        check_verdict(g, &e);
        valid += is_valid(&e);
        e.b[31] |= 0x80;
        check_verdict(g, &e);
    }
    assert_in_range(valid, 700, 1300); /* about one in four */
}

static void values_around_the_prime_and_small_ones(void **state)
{
    const struct contexts *all = *state;
    pse_enc e;

    for (size_t c = 0; c < all->n; c++) {
        for (int i = 0; i < 256; i++) { /* s = i, p - 20 + i, 2^255 - 1 and on */
            memset(e.b, 0, 32);
            e.b[0] = (uint8_t)i;
            check_verdict(all->g[c], &e);
            memset(e.b, 0xff, 32);
            e.b[0] = (uint8_t)i;
            e.b[31] = 0x7f;
            check_verdict(all->g[c], &e);
            e.b[31] = 0xff;
            check_verdict(all->g[c], &e);
        }
        for (int bit = 0; bit < 256; bit++) {
            memset(e.b, 0, 32);
            e.b[bit / 8] = (uint8_t)(1 << bit % 8);
            check_verdict(all->g[c], &e);
        }
    }
}

/* Every one-bit change of an encoding is refused or another point. */
static void one_bit_changes(void **state)
{
    const struct contexts *all = *state;
    const struct pse_group *g = all->g[0];
    pse_point p, q;
    pse_enc e, f;
    PSE_RNG(rng);

    seeded(&rng, __func__);
    random_point(g, &p, &e, &rng);
    for (int bit = 0; bit < 256; bit++) {
        f = e;
        f.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check_verdict(g, &f);
        if (pse_point_decode(g, &q, NULL, &f, 1, PSE_IDENTITY_FORBIDDEN) == PSE_OK)
            assert_false(pse_point_is_equal(g, &p, &q));
    }
}

static void the_identity_is_forbidden_or_allowed(void **state)
{
    const struct contexts *all = *state;

    for (size_t c = 0; c < all->n; c++) {
        const struct pse_group *g = all->g[c];
        pse_enc e[3];
        pse_point p[3];
        uint8_t ok[3];
        size_t bad = 9;

        pse_point_encode(g, &e[0], pse_group_base(g), 1);
        memset(&e[1], 0, sizeof e[1]);
        e[2] = e[0];
        assert_int_equal(pse_point_decode(g, p, &bad, e, 3, PSE_IDENTITY_ALLOWED), PSE_OK);
        assert_true(pse_point_is_identity(g, &p[1]));
        assert_false(pse_point_is_identity(g, &p[0]));
        assert_int_equal(pse_point_decode(g, p, &bad, e, 3, PSE_IDENTITY_FORBIDDEN),
                         PSE_E_ENCODING);
        assert_int_equal(bad, 1);
        for (int i = 0; i < 3; i++)
            assert_true(pse_point_is_identity(g, &p[i]));
        assert_false(pse_point_decode_each(g, p, ok, e, 3, PSE_IDENTITY_FORBIDDEN));
        assert_memory_equal(ok, ((uint8_t[3]){1, 0, 1}), 3);
        assert_true(pse_point_is_equal(g, &p[2], pse_group_base(g)));
    }
}

/* One bad encoding at each border of the blocks that threads take. */
static void the_first_bad_one_is_named(void **state)
{
    enum { N = 200 };
    static const size_t place[] = {0, 1, 7, 8, 62, 63, 64, 65, 127, 128, 129, 192, 198, 199};
    const struct contexts *all = *state;

    for (size_t c = 0; c < all->n; c++) {
        const struct pse_group *g = all->g[c];
        pse_enc e[N];
        pse_point p[N];
        uint8_t ok[N];

        pse_generators(g, p, 1, N);
        pse_point_encode(g, e, p, N);
        assert_int_equal(pse_point_decode(g, p, NULL, e, N, PSE_IDENTITY_FORBIDDEN), PSE_OK);
        for (size_t i = 0; i < sizeof place / sizeof place[0]; i++) {
            pse_enc keep = e[place[i]];
            size_t bad = N;

            memset(&e[place[i]], 0xff, sizeof e[0]);
            assert_int_equal(pse_point_decode(g, p, &bad, e, N, PSE_IDENTITY_FORBIDDEN),
                             PSE_E_ENCODING);
            assert_int_equal(bad, place[i]);
            assert_true(pse_point_is_identity(g, &p[0]) && pse_point_is_identity(g, &p[N - 1]));
            assert_false(pse_point_decode_each(g, p, ok, e, N, PSE_IDENTITY_FORBIDDEN));
            for (size_t j = 0; j < N; j++)
                assert_int_equal(ok[j], j != place[i]);
            e[place[i]] = keep;
        }
    }
}

static void sums_agree(void **state)
{
    const struct contexts *all = *state;
    PSE_RNG(rng);

    seeded(&rng, __func__);
    for (size_t c = 0; c < all->n; c++) {
        const struct pse_group *g = all->g[c];

        for (int i = 0; i < 100; i++) {
            uint8_t expected[32];
            pse_point p, q, r;
            pse_enc e, f;

            random_point(g, &p, &e, &rng);
            random_point(g, &q, &f, &rng);
            assert_int_equal(crypto_core_ristretto255_add(expected, e.b, f.b), 0);
            pse_point_add(g, &r, &p, &q, 1);
            assert_encodes(g, &r, expected);
            assert_int_equal(crypto_core_ristretto255_sub(expected, e.b, f.b), 0);
            pse_point_sub(g, &r, &p, &q, 1);
            assert_encodes(g, &r, expected);
            assert_int_equal(crypto_core_ristretto255_add(expected, e.b, e.b), 0);
            pse_point_add(g, &r, &p, &p, 1); /* the same point: no special case */
            assert_encodes(g, &r, expected);
            pse_point_sub(g, &r, &p, &p, 1);
            assert_true(pse_point_is_identity(g, &r));
            pse_point_add(g, &r, &p, &r, 1);
            assert_encodes(g, &r, e.b);
            pse_point_neg(g, &q, &p, 1);
            assert_false(pse_point_is_equal(g, &p, &q));
            pse_point_add(g, &r, &p, &q, 1);
            assert_true(pse_point_is_identity(g, &r));
        }
    }
}

static void assert_doubles(const struct contexts *all, const pse_point *p)
{
    pse_point twice;
    pse_enc e;

    pse_point_add(all->g[0], &twice, p, p, 1);
    for (size_t c = 0; c < all->n; c++) {
        pse_point_encode_double(all->g[c], &e, p, 1);
        assert_encodes(all->g[0], &twice, e.b);
    }
}

/* The four coordinate pairs of one element, each with another z: equal, and of one encoding. */
static void a_coset_is_one_element(void **state)
{
    const struct contexts *all = *state;
    const struct pse_group *g = all->g[0];
    PSE_RNG(rng);

    seeded(&rng, __func__);
    for (int i = 0; i < 200; i++) {
        struct ge a, twin[4];
        struct fe scale;
        pse_point p, q;
        pse_enc e;

        random_point(g, &p, &e, &rng);
        if (i == 0) {
            pse_point_identity(g, &p, 1);
            memset(&e, 0, sizeof e);
        }
        ge_load(&a, &p);
        twin[0] = a;
        twin[1] = a; /* + (0, -1) */
        fe_neg(&twin[1].x, &a.x);
        fe_neg(&twin[1].y, &a.y);
        fe_mul(&twin[2].x, &a.y, &fe_sqrt_m1); /* + (i, 0) */
        fe_mul(&twin[2].y, &a.x, &fe_sqrt_m1);
        twin[2].z = a.z;
        fe_neg(&twin[2].t, &a.t);
        twin[3] = twin[2]; /* + (-i, 0) */
        fe_neg(&twin[3].x, &twin[2].x);
        fe_neg(&twin[3].y, &twin[2].y);
        for (int j = 0; j < 4; j++) {
            for (int k = 0; k < 5; k++)
                scale.v[k] = pse_rng_below(&rng, 1ull << 51);
            fe_mul(&twin[j].x, &twin[j].x, &scale);
            fe_mul(&twin[j].y, &twin[j].y, &scale);
            fe_mul(&twin[j].z, &twin[j].z, &scale);
            fe_mul(&twin[j].t, &twin[j].t, &scale);
            ge_store(&q, &twin[j]);
            assert_true(pse_point_is_equal(g, &p, &q));
            assert_int_equal(pse_point_is_identity(g, &q), i == 0);
            assert_encodes(g, &q, e.b);
            assert_doubles(all, &q);
        }
    }
}

/* Every number of points around groups and blocks, the identity among them. */
static void doubled_points_encode(void **state)
{
    const struct contexts *all = *state;
    enum { MOST_DOUBLED = 140 };
    static pse_point p[MOST_DOUBLED], twice[MOST_DOUBLED];
    static pse_enc expected[MOST_DOUBLED], e[MOST_DOUBLED];

    pse_generators(all->g[0], p, 1, MOST_DOUBLED);
    pse_point_identity(all->g[0], &p[5], 1);
    pse_point_identity(all->g[0], &p[64], 3);
    pse_point_add(all->g[0], twice, p, p, MOST_DOUBLED);
    pse_point_encode(all->g[0], expected, twice, MOST_DOUBLED);
    for (size_t c = 0; c < all->n; c++) {
        for (size_t n = 0; n < MOST_DOUBLED; n++) {
            memset(e, 0xee, sizeof e);
            pse_point_encode_double(all->g[c], e, p, n);
            assert_memory_equal(e, expected, n * sizeof *e);
            assert_int_equal(e[n].b[0], 0xee);
        }
    }
}

/* One point and one scalar by every function that multiplies. */
static void check_products(const struct pse_group *g, const pse_scalar *k, const pse_point *p,
                           const pse_enc *e)
{
    uint8_t expected[32], scalar[32];
    struct pse_table *t;
    pse_secret s;
    pse_point r;

    pse_secret_from_scalar(&s, k);
    sodium_mul(expected, k, e->b);
    pse_point_mul(g, &r, &s, p, 1);
    assert_encodes(g, &r, expected);
    pse_point_mul_one(g, &r, &s, p, 1);
    assert_encodes(g, &r, expected);
    pse_point_mul_vt(g, &r, k, p, 1);
    assert_encodes(g, &r, expected);
    assert_int_equal(pse_msm_vt(g, &r, k, p, 1), PSE_OK);
    assert_encodes(g, &r, expected);
    assert_int_equal(pse_msm(g, &r, &s, p, 1), PSE_OK);
    assert_encodes(g, &r, expected);
    assert_int_equal(pse_table_new(&t, g, p), PSE_OK);
    pse_table_mul(g, &r, t, &s, 1);
    assert_encodes(g, &r, expected);
    pse_table_free(t);

    pse_scalar_encode(scalar, k);
    if (crypto_scalarmult_ristretto255_base(expected, scalar) != 0)
        memset(expected, 0, 32);
    pse_point_mul_base(g, &r, &s, 1);
    assert_encodes(g, &r, expected);
}

static void products_agree_on_borders(void **state)
{
    const struct contexts *all = *state;
    const struct pse_group *g = all->g[0];
    pse_scalar k[EDGES];
    pse_point p;
    pse_enc e;
    PSE_RNG(rng);

    seeded(&rng, __func__);
    edge_scalars(k);
    for (size_t i = 0; i < EDGES; i++) {
        random_point(g, &p, &e, &rng);
        check_products(g, &k[i], &p, &e);
        check_products(g, &k[i], pse_group_base(g),
                       &(pse_enc){{0xe2, 0xf2, 0xae, 0x0a, 0x6a, 0xbc, 0x4e, 0x71, 0xa8, 0x84, 0xa9,
                                   0x61, 0xc5, 0x00, 0x51, 0x5f, 0x58, 0xe3, 0x0b, 0x6a, 0xa5, 0x82,
                                   0xdd, 0x8d, 0xb6, 0xa6, 0x59, 0x45, 0xe0, 0x8d, 0x2d, 0x76}});
        pse_point_identity(g, &p, 1);
        memset(&e, 0, sizeof e);
        check_products(g, &k[i], &p, &e);
    }
}

static void products_agree_at_random(void **state)
{
    const struct contexts *all = *state;
    PSE_RNG(rng);

    seeded(&rng, __func__);
    for (size_t c = 0; c < all->n; c++) {
        for (int i = 0; i < 60; i++) {
            pse_scalar k;
            pse_point p;
            pse_enc e;

            random_scalar(&k, &rng);
            random_point(all->g[c], &p, &e, &rng);
            check_products(all->g[c], &k, &p, &e);
        }
    }
}

static void the_map_agrees(void **state)
{
    const struct contexts *all = *state;
    PSE_RNG(rng);

    seeded(&rng, __func__);
    for (size_t c = 0; c < all->n; c++) {
        for (int i = 0; i < 500; i++) {
            uint8_t uniform[64], expected[32];
            pse_point p;

            pse_rng_fill(&rng, uniform, sizeof uniform);
            if (i < 4) { /* zero halves, and halves of ones */
                memset(uniform, i % 2 == 0 ? 0 : 0xff, 32);
                memset(uniform + 32, i / 2 == 0 ? 0 : 0xff, 32);
            }
            assert_int_equal(crypto_core_ristretto255_from_hash(expected, uniform), 0);
            pse_point_from_uniform(all->g[c], &p, (const uint8_t(*)[64]) & uniform, 1);
            assert_encodes(all->g[c], &p, expected);
        }
    }
}

/* Whatever the length, the threads and the place of the output: element i is function of i. */
static void arrays_are_their_elements(void **state)
{
    enum { N = 131 };
    const struct contexts *all = *state;
    static pse_point p[N], q[N], r[N], in_place[N];
    static pse_secret s[N];
    static pse_scalar k[N];
    PSE_RNG(rng);

    seeded(&rng, __func__);
    pse_secret_random_n(s, N, &rng);
    for (size_t i = 0; i < N; i++)
        pse_secret_reveal(&k[i], &s[i]);
    for (size_t c = 0; c < all->n; c++) {
        const struct pse_group *g = all->g[c];

        pse_generators(g, p, 1, N);
        pse_point_mul(g, q, s, p, N);
        for (size_t i = 0; i < N; i++) {
            pse_point_mul(g, &r[i], &s[i], &p[i], 1);
            assert_true(pse_point_is_equal(g, &q[i], &r[i]));
        }
        memcpy(in_place, p, sizeof p);
        pse_point_mul(g, in_place, s, in_place, N);
        for (size_t i = 0; i < N; i++)
            assert_true(pse_point_is_equal(g, &q[i], &in_place[i]));
        memcpy(in_place, p, sizeof p);
        pse_point_mul_vt(g, in_place, k, in_place, N);
        for (size_t i = 0; i < N; i++)
            assert_true(pse_point_is_equal(g, &q[i], &in_place[i]));
        memcpy(in_place, p, sizeof p);
        pse_point_mul_one(g, in_place, s, in_place, N);
        for (size_t i = 0; i < N; i++) {
            pse_point_mul(g, &r[i], s, &p[i], 1);
            assert_true(pse_point_is_equal(g, &r[i], &in_place[i]));
        }
        pse_point_mul_base(g, q, s, N);
        pse_point_mul(g, &r[0], &s[N - 1], pse_group_base(g), 1);
        assert_true(pse_point_is_equal(g, &r[0], &q[N - 1]));
    }
}

static void long_sums_and_differences(void **state)
{
    enum { N = 2500 };
    const struct contexts *all = *state;
    static pse_point p[N], q[N], r[N];

    for (size_t c = 0; c < all->n; c++) {
        const struct pse_group *g = all->g[c];
        pse_point a, b, sum;

        pse_generators(g, p, 1, N);
        for (size_t i = 0; i < N; i++)
            q[i] = p[N - 1 - i];
        pse_point_add(g, r, p, q, N);
        pse_point_sub(g, r, r, q, N);
        for (size_t i = 0; i < N; i += 83)
            assert_true(pse_point_is_equal(g, &r[i], &p[i]));
        pse_point_neg(g, r, p, N);
        pse_point_sum(g, &a, p, N);
        pse_point_sum(g, &b, r, N);
        pse_point_add(g, &sum, &a, &b, 1);
        assert_true(pse_point_is_identity(g, &sum));
        assert_false(pse_point_is_identity(g, &a));
        pse_point_sum(g, &b, q, N);
        assert_true(pse_point_is_equal(g, &a, &b));
        pse_point_sum(g, &b, p, 0);
        assert_true(pse_point_is_identity(g, &b));
    }
}

static void no_elements_no_effect(void **state)
{
    const struct contexts *all = *state;

    for (size_t c = 0; c < all->n; c++) {
        const struct pse_group *g = all->g[c];

        assert_true(pse_point_decode_each(g, NULL, NULL, NULL, 0, PSE_IDENTITY_FORBIDDEN));
        assert_int_equal(pse_point_decode(g, NULL, NULL, NULL, 0, PSE_IDENTITY_FORBIDDEN), PSE_OK);
        pse_point_encode(g, NULL, NULL, 0);
        pse_point_identity(g, NULL, 0);
        pse_point_add(g, NULL, NULL, NULL, 0);
        pse_point_sub(g, NULL, NULL, NULL, 0);
        pse_point_neg(g, NULL, NULL, 0);
        pse_point_mul(g, NULL, NULL, NULL, 0);
        pse_point_mul_base(g, NULL, NULL, 0);
        pse_point_mul_vt(g, NULL, NULL, NULL, 0);
        pse_point_from_uniform(g, NULL, NULL, 0);
        pse_h2g(g, NULL, "x", NULL, 0);
        pse_generators(g, NULL, 1, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backends_are_named_or_refused),
        cmocka_unit_test(any_bytes_are_judged_alike),
        cmocka_unit_test(values_around_the_prime_and_small_ones),
        cmocka_unit_test(one_bit_changes),
        cmocka_unit_test(the_identity_is_forbidden_or_allowed),
        cmocka_unit_test(the_first_bad_one_is_named),
        cmocka_unit_test(sums_agree),
        cmocka_unit_test(a_coset_is_one_element),
        cmocka_unit_test(doubled_points_encode),
        cmocka_unit_test(products_agree_on_borders),
        cmocka_unit_test(products_agree_at_random),
        cmocka_unit_test(the_map_agrees),
        cmocka_unit_test(arrays_are_their_elements),
        cmocka_unit_test(long_sums_and_differences),
        cmocka_unit_test(no_elements_no_effect),
    };

    return cmocka_run_group_tests(tests, contexts_open, contexts_close);
}
