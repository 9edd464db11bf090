/* Hashing into the group: the protocol's vectors, and expansion against its definition. */
#include "group_help.h"
#include "vectors.h"

static void protocol_vectors(void **state)
{
    const struct contexts *all = *state;
    json_t *root = vectors_load("psephos1/hash-to-group.json");
    const json_t *cases = json_object_get(root, "cases");
    size_t n = json_array_size(cases);

    assert_true(n >= 6);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(cases, i);
        const char *tag = json_string_value(json_object_get(item, "tag"));
        uint8_t msg[512], uniform[64], expected[64], point[32];
        size_t length = vectors_text(item, "msg").n / 2;
        struct pse_span span = pse_span(msg, length);

        assert_true(length <= sizeof msg);
        vectors_hex(msg, length, item, "msg");
        vectors_hex(expected, 64, item, "uniform");
        vectors_hex(point, 32, item, "point");
        pse_h2g_expand(uniform, tag, span);
        assert_memory_equal(uniform, expected, 64);
        for (size_t c = 0; c < all->n; c++) {
            pse_point p;

            pse_h2g(all->g[c], &p, tag, &span, 1);
            assert_encodes(all->g[c], &p, point);
        }
    }
    json_decref(root);
}

static void generators_of_the_protocol(void **state)
{
    const struct contexts *all = *state;
    json_t *root = vectors_load("psephos1/hash-to-group.json");
    const json_t *h_j = json_object_get(root, "H_j");
    const char *number;
    const json_t *value;

    assert_true(json_object_size(h_j) >= 4);
    for (size_t c = 0; c < all->n; c++) {
        const struct pse_group *g = all->g[c];
        uint8_t expected[32];
        pse_point h[300], one;

        vectors_hex(expected, 32, root, "H");
        assert_encodes(g, pse_group_h(g), expected);
        pse_generators(g, h, 1, 300);
        json_object_foreach((json_t *)h_j, number, value)
        {
            size_t j = strtoul(number, NULL, 10);

            vectors_hex(expected, 32, h_j, number);
            assert_encodes(g, &h[j - 1], expected);
        }
        for (uint32_t j = 1; j <= 300; j += 37) { /* the cut into blocks leaves no mark */
            pse_generators(g, &one, j, 1);
            assert_true(pse_point_is_equal(g, &one, &h[j - 1]));
        }
        pse_generators(g, &one, 1, 0);
        assert_false(pse_point_is_equal(g, &h[0], &h[1]));
    }
    json_decref(root);
}

/* Section 5.3.1 of RFC 9380 written out in one buffer. */
static void expand_by_definition(uint8_t out[64], const char *tag, struct pse_span msg)
{
    uint8_t text[2048] = {0};
    uint8_t dst[256];
    size_t dst_length = strlen("psephos/1/") + strlen(tag);
    size_t n = 128;
    uint8_t b0[64];

    assert_true(snprintf((char *)dst, sizeof dst, "psephos/1/%s", tag) == (int)dst_length);
    if (msg.n > 0)
        memcpy(text + n, msg.p, msg.n);
    n += msg.n;
    text[n++] = 0;
    text[n++] = 64;
    text[n++] = 0;
    memcpy(text + n, dst, dst_length);
    n += dst_length;
    text[n++] = (uint8_t)dst_length;
    crypto_hash_sha512(b0, text, n);
    n = 0;
    memcpy(text, b0, 64);
    n += 64;
    text[n++] = 1;
    memcpy(text + n, dst, dst_length);
    n += dst_length;
    text[n++] = (uint8_t)dst_length;
    crypto_hash_sha512(out, text, n);
}

static void expansion_follows_its_definition(void **state)
{
    uint8_t msg[1000], ours[64], theirs[64];
    char tag[201];
    PSE_RNG(rng);

    (void)state;
    seeded(&rng, __func__);
    pse_rng_fill(&rng, msg, sizeof msg);
    for (size_t i = 0; i < 400; i++) {
        struct pse_span span = pse_span(msg, i == 0 ? 0 : pse_rng_below(&rng, sizeof msg + 1));
        size_t length = i % 201;

        memset(tag, 'a' + (int)(i % 26), length);
        tag[length] = 0;
        pse_h2g_expand(ours, tag, span);
        expand_by_definition(theirs, tag, span);
        assert_memory_equal(ours, theirs, 64);
    }
}

static void empty_message_needs_no_bytes(void **state)
{
    const struct contexts *all = *state;
    struct pse_span empty = pse_span(NULL, 0);
    uint8_t zero = 0;
    struct pse_span nothing = pse_span(&zero, 0);
    pse_point a, b;

    pse_h2g(all->g[0], &a, "test", &empty, 1);
    pse_h2g(all->g[0], &b, "test", &nothing, 1);
    assert_true(pse_point_is_equal(all->g[0], &a, &b));
    nothing = pse_span(&zero, 1);
    pse_h2g(all->g[0], &b, "test", &nothing, 1);
    assert_false(pse_point_is_equal(all->g[0], &a, &b));
    pse_h2g(all->g[0], &b, "tesu", &empty, 1);
    assert_false(pse_point_is_equal(all->g[0], &a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protocol_vectors),
        cmocka_unit_test(generators_of_the_protocol),
        cmocka_unit_test(expansion_follows_its_definition),
        cmocka_unit_test(empty_message_needs_no_bytes),
    };

    return cmocka_run_group_tests(tests, contexts_open, contexts_close);
}
