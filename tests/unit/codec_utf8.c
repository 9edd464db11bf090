/* UTF-8: what is well-formed, what is not, and what a screen must never show raw. */
#include "codec/codec.h"

#include "test.h"

static void every_code_point_round_trips(void **state)
{
    (void)state;
    for (uint32_t x = 0; x <= 0x10ffff; x++) {
        uint8_t bytes[4];
        struct pse_span s;
        uint32_t back;

        if (x >= 0xd800 && x <= 0xdfff)
            continue;
        s = pse_span(bytes, pse_utf8_encode(bytes, x));
        assert_int_equal(pse_utf8_next(&back, &s), PSE_OK);
        assert_int_equal(back, x);
        assert_int_equal(s.n, 0);
    }
}

/* All sequences of up to three bytes: what is accepted encodes back to the same bytes. */
static void nothing_else_is_accepted(void **state)
{
    size_t accepted = 0;

    (void)state;
    for (uint32_t k = 0; k < 0x1000000; k++) {
        uint8_t bytes[3] = {(uint8_t)(k >> 16), (uint8_t)(k >> 8), (uint8_t)k};
        uint8_t again[4];
        struct pse_span s = pse_span(bytes, 3);
        uint32_t x;

        if (pse_utf8_next(&x, &s) != PSE_OK) {
            assert_int_equal(s.n, 3);
            continue;
        }
        accepted++;
        if (pse_utf8_encode(again, x) != 3 - s.n || memcmp(again, bytes, 3 - s.n) != 0)
            fail_msg("%06x is accepted but not canonical", k);
    }
    /* 128 one-byte forms, 1920 two-byte, 61440 three-byte, each with any bytes behind. */
    assert_int_equal(accepted, 128 * 65536 + 1920 * 256 + 61440);
}

static void faults_are_located(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } bad[] = {
        {"ab\xc3", 2},       {"ab\x80", 2},           {"\xc0\x80", 0},         {"a\xe0\x80\x80", 1},
        {"\xed\xa0\x80", 0}, {"\xf4\x90\x80\x80", 0}, {"\xf0\x8f\xbf\xbf", 0}, {"x\xff", 1},
        {"\xe2\x82", 0},     {"\xf5\x80\x80\x80", 0},
    };
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(pse_utf8_fault(pse_span_str(bad[i].text)), bad[i].at);
        assert_false(pse_utf8_is_valid(pse_span_str(bad[i].text)));
        assert_int_equal(pse_utf8_count(&n, pse_span_str(bad[i].text)), PSE_E_ENCODING);
    }
    assert_true(pse_utf8_is_valid(pse_span(NULL, 0)));
    assert_int_equal(pse_utf8_count(&n, pse_span_str("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x97\xb3")),
                     PSE_OK);
    assert_int_equal(n, 4);
}

static void escaping(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {
        {"plain \xc3\xa4\xc3\xb6", "plain \xc3\xa4\xc3\xb6"},
        {"a\nb\x1b[2J", "a\\u{000a}b\\u{001b}[2J"},
        {"\\u{000a}", "\\\\u{000a}"},
        {"x\xe2\x80\xaey", "x\\u{202e}y"},
        {"\xe2\x81\xa6\xef\xbb\xbf", "\\u{2066}\\u{feff}"},
        {"\xc2\x85\x7f", "\\u{0085}\\u{007f}"},
        {"bad \xff\xc3", "bad \\x{ff}\\x{c3}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pse_buf b = PSE_BUF(1000);

        pse_utf8_put_escaped(&b, pse_span_str(cases[i].in));
        if (!pse_span_is_str(pse_buf_span(&b), cases[i].out))
            fail_msg("case %zu gives %.*s", i, (int)b.n, (const char *)b.p);
        pse_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_round_trips),
        cmocka_unit_test(nothing_else_is_accepted),
        cmocka_unit_test(faults_are_located),
        cmocka_unit_test(escaping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
