/* JSON writing: exact text, and text that the strict reader gives back. */
#include "codec/codec.h"

#include "test.h"

static void assert_text(struct pse_buf *b, const char *want)
{
    if (!pse_span_is_str(pse_buf_span(b), want))
        fail_msg("got %.*s", (int)b->n, (const char *)b->p);
    pse_buf_free(b);
}

static void one_line(void **state)
{
    struct pse_buf b = PSE_BUF(1000);
    struct pse_json_wr w = pse_json_wr(&b, 0);

    (void)state;
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "s", "a\"b\\c\n\x01");
    pse_json_wr_u64(&w, "u", UINT64_MAX);
    pse_json_wr_i64(&w, "i", INT64_MIN);
    pse_json_wr_bool(&w, "b", true);
    pse_json_wr_null(&w, "n");
    pse_json_wr_hex(&w, "h", "\x00\xff", 2);
    pse_json_wr_array(&w, "a");
    pse_json_wr_u64(&w, NULL, 1);
    pse_json_wr_array(&w, NULL);
    pse_json_wr_end(&w);
    pse_json_wr_bool(&w, NULL, false);
    pse_json_wr_end(&w);
    pse_json_wr_object(&w, "o");
    pse_json_wr_end(&w);
    pse_json_wr_member(&w, pse_span_str("et"), pse_span_str("hääl"));
    pse_json_wr_end(&w);
    assert_int_equal(pse_json_wr_finish(&w), PSE_OK);
    assert_text(&b, "{\"s\":\"a\\\"b\\\\c\\n\\u0001\",\"u\":18446744073709551615,"
                    "\"i\":-9223372036854775808,\"b\":true,\"n\":null,\"h\":\"00ff\","
                    "\"a\":[1,[],false],\"o\":{},\"et\":\"hääl\"}\n");
}

static void indented(void **state)
{
    struct pse_buf b = PSE_BUF(1000);
    struct pse_json_wr w = pse_json_wr(&b, 1);

    (void)state;
    pse_json_wr_object(&w, NULL);
    pse_json_wr_array(&w, "a");
    pse_json_wr_u64(&w, NULL, 1);
    pse_json_wr_u64(&w, NULL, 2);
    pse_json_wr_end(&w);
    pse_json_wr_array(&w, "b");
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    assert_int_equal(pse_json_wr_finish(&w), PSE_OK);
    assert_text(&b, "{\n \"a\": [\n  1,\n  2\n ],\n \"b\": []\n}\n");
}

static void fixed_decimals(void **state)
{
    static const struct {
        int64_t x;
        unsigned decimals;
        const char *want;
    } cases[] = {
        {0, 0, "0\n"},
        {12345, 2, "123.45\n"},
        {5, 3, "0.005\n"},
        {-5, 3, "-0.005\n"},
        {-12345, 5, "-0.12345\n"},
        {100000, 5, "1.00000\n"},
        {INT64_MAX, 18, "9.223372036854775807\n"},
        {INT64_MIN, 18, "-9.223372036854775808\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pse_buf b = PSE_BUF(100);
        struct pse_json_wr w = pse_json_wr(&b, 0);

        pse_json_wr_fixed(&w, NULL, cases[i].x, cases[i].decimals);
        assert_int_equal(pse_json_wr_finish(&w), PSE_OK);
        assert_text(&b, cases[i].want);
    }
}

static void unsafe_text_is_escaped(void **state)
{
    struct pse_buf b = PSE_BUF(100);
    struct pse_json_wr w = pse_json_wr(&b, 0);

    (void)state;
    pse_json_wr_str(&w, NULL, "\xe2\x80\xae\x7f\xff\xf0\x9f\x97\xb3");
    assert_int_equal(pse_json_wr_finish(&w), PSE_OK);
    assert_text(&b, "\"\\u202e\\u007f\xef\xbf\xbd\xf0\x9f\x97\xb3\"\n");
}

static void a_full_buffer_is_reported(void **state)
{
    struct pse_buf b = PSE_BUF(5);
    struct pse_json_wr w = pse_json_wr(&b, 0);

    (void)state;
    pse_json_wr_str(&w, NULL, "more than five");
    assert_int_equal(pse_json_wr_finish(&w), PSE_E_LIMIT);
    pse_buf_free(&b);
}

/* Random texts written and read again are the same. */
static void strings_round_trip(void **state)
{
    uint8_t seed[32] = {7};
    struct pse_rng rng;

    (void)state;
    print_message("# strings_round_trip: seed %u\n", seed[0]);
    pse_rng_init(&rng, seed);
    for (unsigned round = 0; round < 2000; round++) {
        PSE_ARENA(arena, 1 << 20);
        struct pse_buf text = PSE_BUF(1000);
        struct pse_buf b = PSE_BUF(10000);
        struct pse_json_wr w = pse_json_wr(&b, 0);
        const struct pse_json *root;
        struct pse_span back;

        for (uint64_t n = pse_rng_below(&rng, 20); n > 0; n--) {
            uint64_t x = pse_rng_below(&rng, n % 2 == 0 ? 0x100 : 0x110000);

            if (x != 0 && !(x >= 0xd800 && x <= 0xdfff))
                pse_utf8_put(&text, (uint32_t)x);
        }
        pse_json_wr_string(&w, NULL, pse_buf_span(&text));
        assert_int_equal(pse_json_wr_finish(&w), PSE_OK);
        assert_int_equal(pse_json_parse(&root, NULL, &arena, pse_buf_span(&b)), PSE_OK);
        assert_int_equal(pse_json_string(&back, root), PSE_OK);
        assert_true(pse_span_is_equal(back, pse_buf_span(&text)));
        pse_buf_free(&text);
        pse_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line),
        cmocka_unit_test(indented),
        cmocka_unit_test(fixed_decimals),
        cmocka_unit_test(unsafe_text_is_escaped),
        cmocka_unit_test(a_full_buffer_is_reported),
        cmocka_unit_test(strings_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
