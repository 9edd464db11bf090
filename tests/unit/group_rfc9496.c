/* The vectors of RFC 9496, appendix A, by every function that can reach them. */
#include "group/field51.h"
#include "group_help.h"
#include "vectors.h"

enum { MULTIPLES = 16, BAD = 29, UNIFORM = 11, RATIOS = 6 };

static json_t *section(const char *name, size_t n)
{
    json_t *root = vectors_load("rfc9496.json");
    json_t *list = json_incref(json_object_get(root, name));

    assert_true(json_is_array(list));
    assert_int_equal(json_array_size(list), n);
    json_decref(root);
    return list;
}

/* An array of strings as encodings. */
static void section_encodings(pse_enc *out, const char *name, size_t n)
{
    json_t *list = section(name, n);

    for (size_t i = 0; i < n; i++) {
        json_t *item = json_pack("{s:O}", "e", json_array_get(list, i));

        vectors_hex(out[i].b, 32, item, "e");
        json_decref(item);
    }
    json_decref(list);
}

static void multiples_of_the_generator(void **state)
{
    const struct contexts *all = *state;
    pse_enc expected[MULTIPLES];

    section_encodings(expected, "multiples", MULTIPLES);
    for (size_t c = 0; c < all->n; c++) {
        const struct pse_group *g = all->g[c];
        pse_point sum, p, decoded[MULTIPLES];

        assert_int_equal(
            pse_point_decode(g, decoded, NULL, expected, MULTIPLES, PSE_IDENTITY_ALLOWED), PSE_OK);
        pse_point_identity(g, &sum, 1);
        for (uint64_t i = 0; i < MULTIPLES; i++) {
            pse_scalar k;
            pse_secret s;

            assert_encodes(g, &sum, expected[i].b);
            assert_encodes(g, &decoded[i], expected[i].b);
            assert_true(pse_point_is_equal(g, &sum, &decoded[i]));
            pse_scalar_set_u64(&k, i);
            pse_secret_set_u64(&s, i);
            pse_point_mul_base(g, &p, &s, 1);
            assert_encodes(g, &p, expected[i].b);
            pse_point_mul(g, &p, &s, pse_group_base(g), 1);
            assert_encodes(g, &p, expected[i].b);
            pse_point_mul_one(g, &p, &s, pse_group_base(g), 1);
            assert_encodes(g, &p, expected[i].b);
            pse_point_mul_vt(g, &p, &k, pse_group_base(g), 1);
            assert_encodes(g, &p, expected[i].b);
            pse_point_add(g, &sum, &sum, pse_group_base(g), 1);
        }
    }
}

static void bad_encodings_are_refused(void **state)
{
    const struct contexts *all = *state;
    pse_enc bad[BAD];
    pse_enc good[MULTIPLES];
    pse_enc mixed[2 * BAD];

    section_encodings(bad, "bad", BAD);
    section_encodings(good, "multiples", MULTIPLES);
    for (size_t i = 0; i < BAD; i++) { /* good and bad in turn */
        mixed[2 * i] = good[1 + i % (MULTIPLES - 1)];
        mixed[2 * i + 1] = bad[i];
    }
    for (size_t c = 0; c < all->n; c++) {
        const struct pse_group *g = all->g[c];
        pse_point p[2 * BAD];
        uint8_t ok[2 * BAD];
        size_t at;

        for (size_t i = 0; i < BAD; i++) {
            at = 99;
            ok[0] = 99;
            assert_int_equal(pse_point_decode(g, p, &at, &bad[i], 1, PSE_IDENTITY_ALLOWED),
                             PSE_E_ENCODING);
            assert_int_equal(at, 0);
            assert_true(pse_point_is_identity(g, p));
            assert_false(pse_point_decode_each(g, p, ok, &bad[i], 1, PSE_IDENTITY_ALLOWED));
            assert_int_equal(ok[0], 0);
            assert_true(pse_point_is_identity(g, p));
        }
        assert_false(pse_point_decode_each(g, p, ok, mixed, 2 * BAD, PSE_IDENTITY_FORBIDDEN));
        for (size_t i = 0; i < 2 * BAD; i++)
            assert_int_equal(ok[i], i % 2 == 0);
    }
}

static void one_way_map(void **state)
{
    const struct contexts *all = *state;
    json_t *list = section("uniform", UNIFORM);
    uint8_t uniform[UNIFORM][64];
    pse_enc expected[UNIFORM];

    for (size_t i = 0; i < UNIFORM; i++) {
        vectors_hex(uniform[i], 64, json_array_get(list, i), "uniform");
        vectors_hex(expected[i].b, 32, json_array_get(list, i), "point");
    }
    json_decref(list);
    for (size_t c = 0; c < all->n; c++) {
        pse_point p[UNIFORM];

        pse_point_from_uniform(all->g[c], p, (const uint8_t(*)[64])uniform, UNIFORM);
        for (size_t i = 0; i < UNIFORM; i++)
            assert_encodes(all->g[c], &p[i], expected[i].b);
    }
}

static void square_roots_of_ratios(void **state)
{
    json_t *list = section("sqrt_ratio", RATIOS);

    (void)state;
    for (size_t i = 0; i < RATIOS; i++) {
        const json_t *item = json_array_get(list, i);
        uint8_t bytes[32], expected[32];
        struct fe u, v, r;
        uint64_t was_square;

        vectors_hex(bytes, 32, item, "u");
        pse_fe51_from_bytes(&u, bytes);
        vectors_hex(bytes, 32, item, "v");
        pse_fe51_from_bytes(&v, bytes);
        vectors_hex(expected, 32, item, "r");
        pse_fe51_sqrt_ratio(&r, &was_square, &u, &v, 1);
        assert_true(was_square == 0 || was_square == UINT64_MAX);
        assert_int_equal(was_square != 0, json_is_true(json_object_get(item, "was_square")));
        pse_fe51_to_bytes(bytes, &r);
        assert_memory_equal(bytes, expected, 32);
    }
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(multiples_of_the_generator),
        cmocka_unit_test(bad_encodings_are_refused),
        cmocka_unit_test(one_way_map),
        cmocka_unit_test(square_roots_of_ratios),
    };

    return cmocka_run_group_tests(tests, contexts_open, contexts_close);
}
