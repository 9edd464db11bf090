/* Hexadecimal, base64, Crockford codes, decimals: one form each, all others refused. */
#include "codec/codec.h"

#include "vectors.h"

static struct pse_rng seeded(const char *topic, uint8_t number)
{
    uint8_t seed[32] = {number};
    struct pse_rng rng;

    print_message("# %s: seed %u\n", topic, number);
    pse_rng_init(&rng, seed);
    return rng;
}

static void hex_forms(void **state)
{
    static const char *const bad[] = {"0G", "AB", "a ", " a", "0x", "\xc3\xa4", "g0", "/0", ":0"};
    uint8_t out[2];
    char text[9];

    (void)state;
    assert_int_equal(pse_hex_decode(out, 2, pse_span_str("09af")), PSE_OK);
    assert_int_equal(out[0], 0x09);
    assert_int_equal(out[1], 0xaf);
    pse_hex_encode(text, "\x00\xff\x10\x8a", 4);
    assert_string_equal(text, "00ff108a");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        out[0] = 1;
        assert_int_equal(pse_hex_decode(out, 1, pse_span_str(bad[i])), PSE_E_SYNTAX);
        assert_int_equal(out[0], 0);
    }
    for (unsigned c = 0; c < 256; c++) {
        uint8_t pair[2] = {'0', (uint8_t)c};
        bool is_digit = c != 0 && strchr("0123456789abcdef", (int)c) != NULL;

        assert_int_equal(pse_hex_decode(out, 1, pse_span(pair, 2)),
                         is_digit ? PSE_OK : PSE_E_SYNTAX);
        pse_hex_encode(text, out, 1);
        assert_true(!is_digit || memcmp(text, pair, 2) == 0);
    }
    assert_int_equal(pse_hex_decode(out, 1, pse_span_str("")), PSE_E_LENGTH);
    assert_int_equal(pse_hex_decode(out, 1, pse_span_str("abc")), PSE_E_LENGTH);
    assert_int_equal(pse_hex_decode(out, 1, pse_span_str("abcd")), PSE_E_LENGTH);
    assert_int_equal(pse_hex_decode(out, 0, pse_span_str("")), PSE_OK);
}

/* RFC 4648 section 10. */
static void base64_known_answers(void **state)
{
    static const char *const text[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                       "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};

    (void)state;
    for (size_t n = 0; n <= 6; n++) {
        struct pse_buf b = PSE_BUF(100);
        char back[7];
        size_t stands_for;

        pse_base64_put(&b, "foobar", n);
        assert_true(pse_span_is_str(pse_buf_span(&b), text[n]));
        assert_int_equal(pse_base64_length(n), strlen(text[n]));
        assert_int_equal(pse_base64_check(&stands_for, pse_span_str(text[n])), PSE_OK);
        assert_int_equal(stands_for, n);
        assert_int_equal(pse_base64_decode(back, n, pse_span_str(text[n])), PSE_OK);
        assert_memory_equal(back, "foobar", n);
        assert_int_equal(pse_base64_decode(back, n + 1, pse_span_str(text[n])), PSE_E_LENGTH);
        pse_buf_free(&b);
    }
}

static void base64_refuses_other_forms(void **state)
{
    static const char *const bad[] = {
        "Zg",     "Zg=",   "Zh==",   "Zm9=", "Zm8",     "=",        "==",   "====",       "Z===",
        "Zg==\n", "Zm 9v", "Zm9v\n", "Zm-_", "Zm9vZg=", "Zg==Zg==", "Z=g=", "\xc3\xa4g=", "Zm9vY",
    };
    static const char *const bad_url[] = {"Zg==", "Zh", "Zm9", "Zm+/", "Z", "Zm8=", "Zm9vY"};
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(pse_base64_check(&n, pse_span_str(bad[i])), PSE_E_SYNTAX);
    for (size_t i = 0; i < sizeof bad_url / sizeof *bad_url; i++)
        assert_int_equal(pse_base64url_check(&n, pse_span_str(bad_url[i])), PSE_E_SYNTAX);
}

static void base64_round_trips(void **state)
{
    struct pse_rng rng = seeded("base64", 1);

    (void)state;
    for (size_t n = 0; n < 100; n++) {
        struct pse_buf b = PSE_BUF(300);
        struct pse_buf u = PSE_BUF(300);
        uint8_t in[100], out[100];

        pse_rng_fill(&rng, in, n);
        pse_base64_put(&b, in, n);
        assert_int_equal(pse_base64_decode(out, n, pse_buf_span(&b)), PSE_OK);
        assert_memory_equal(in, out, n);
        assert_int_equal(pse_base64_decode_prefix(out, n / 2, pse_buf_span(&b)), PSE_OK);
        assert_memory_equal(in, out, n / 2);
        pse_base64url_put(&u, in, n);
        assert_int_equal(pse_base64url_decode(out, n, pse_buf_span(&u)), PSE_OK);
        assert_memory_equal(in, out, n);
        pse_buf_free(&b);
        pse_buf_free(&u);
    }
}

/* Every text of four characters over a small alphabet either is refused or encodes back. */
static void base64_is_canonical(void **state)
{
    static const char chars[] = "AQgwf/+=-z";
    size_t accepted = 0;

    (void)state;
    for (unsigned k = 0; k < 10000; k++) {
        char text[5] = {chars[k % 10], chars[k / 10 % 10], chars[k / 100 % 10], chars[k / 1000]};
        struct pse_buf b = PSE_BUF(10);
        uint8_t out[3];
        size_t n;

        if (pse_base64_check(&n, pse_span_str(text)) != PSE_OK)
            continue;
        accepted++;
        assert_int_equal(pse_base64_decode(out, n, pse_span_str(text)), PSE_OK);
        pse_base64_put(&b, out, n);
        assert_true(pse_span_is_str(pse_buf_span(&b), text));
        pse_buf_free(&b);
    }
    assert_in_range(accepted, 4096, 5000);
}

static void codes_of_the_vectors(void **state)
{
    json_t *root = vectors_load("psephos1/tracker.json");
    size_t i;
    json_t *c;

    (void)state;
    json_array_foreach(json_object_get(root, "cases"), i, c)
    {
        struct pse_span code = vectors_text(c, "voter_code");
        struct pse_span tracker = vectors_text(c, "tracker");
        uint8_t d[32], back[32];
        char text[PSE_VOTER_CODE_TEXT];

        vectors_hex(d, 32, c, "D");
        pse_code_encode(text, d, PSE_VOTER_CODE_BYTES);
        assert_true(pse_span_is_str(code, text));
        assert_int_equal(pse_code_decode(back, PSE_VOTER_CODE_BYTES, code), PSE_OK);
        assert_memory_equal(back, d, PSE_VOTER_CODE_BYTES);
        assert_int_equal(pse_code_decode(back, PSE_TRACKER_BYTES, tracker), PSE_OK);
        pse_code_encode(text, back, PSE_TRACKER_BYTES);
        assert_true(pse_span_is_str(tracker, text));
    }
    assert_true(i > 0);
    json_decref(root);
}

static void codes_as_people_type_them(void **state)
{
    static const char *const good[] = {
        "vper-185e-23gg-4b01",   "VPER-185E-23GG-4B01", "vper185e23gg4b01",
        " vper 185e 23gg 4b01 ", "vper-l85e-23gg-4boi", "VPER-I85E--23GG-4BOL",
    };
    static const char *const bad_length[] = {"", "vper-185e-23gg-4b0", "vper-185e-23gg-4b012"};
    static const char *const bad_char[] = {"vper-185e-23gg-4bu1", "vper_185e-23gg-4b01",
                                           "vper-185e-23gg-4b0\t"};
    uint8_t want[10], out[10];

    (void)state;
    assert_int_equal(pse_code_decode(want, 10, pse_span_str(good[0])), PSE_OK);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(pse_code_read(out, 10, pse_span_str(good[i])), PSE_OK);
        assert_memory_equal(out, want, 10);
        if (i > 0)
            assert_int_not_equal(pse_code_decode(out, 10, pse_span_str(good[i])), PSE_OK);
    }
    for (size_t i = 0; i < sizeof bad_length / sizeof *bad_length; i++)
        assert_int_equal(pse_code_read(out, 10, pse_span_str(bad_length[i])), PSE_E_LENGTH);
    for (size_t i = 0; i < sizeof bad_char / sizeof *bad_char; i++)
        assert_int_equal(pse_code_read(out, 10, pse_span_str(bad_char[i])), PSE_E_SYNTAX);
    assert_int_equal(pse_code_decode(out, 10, pse_span_str("vper1185e-23gg-4b01")), PSE_E_SYNTAX);
}

static void decimals(void **state)
{
    static const char *const syntax[] = {"",   "00", "01", "-1",  "+1",
                                         "1 ", " 1", "1.", "0x1", "1e3"};
    static const uint64_t values[] = {0, 1, 9, 10, 99, 12345678901234567u, UINT64_MAX};
    uint64_t x;

    (void)state;
    for (size_t i = 0; i < sizeof syntax / sizeof *syntax; i++)
        assert_int_equal(pse_decimal_decode(&x, pse_span_str(syntax[i])), PSE_E_SYNTAX);
    assert_int_equal(pse_decimal_decode(&x, pse_span_str("18446744073709551616")), PSE_E_RANGE);
    assert_int_equal(pse_decimal_decode(&x, pse_span_str("99999999999999999999")), PSE_E_RANGE);
    assert_int_equal(pse_decimal_decode(&x, pse_span_str("184467440737095516150")), PSE_E_RANGE);
    assert_int_equal(pse_decimal_decode(&x, pse_span_str("18446744073709551615")), PSE_OK);
    assert_true(x == UINT64_MAX);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[PSE_DECIMAL_TEXT];
        size_t n = pse_decimal_encode(text, values[i]);

        assert_int_equal(n, strlen(text));
        assert_int_equal(pse_decimal_decode(&x, pse_span_str(text)), PSE_OK);
        assert_true(x == values[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_forms),
        cmocka_unit_test(base64_known_answers),
        cmocka_unit_test(base64_refuses_other_forms),
        cmocka_unit_test(base64_round_trips),
        cmocka_unit_test(base64_is_canonical),
        cmocka_unit_test(codes_of_the_vectors),
        cmocka_unit_test(codes_as_people_type_them),
        cmocka_unit_test(decimals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
