/* Comma-separated values: RFC 4180 and nothing beside it. */
#include "codec/codec.h"
#include "test.h"

/* All records of a sheet, fields between bars, records between slashes; the last status. */
static pse_rc read_all(char *out, size_t room, size_t *line, const char *text)
{
    struct pse_sheet s;
    size_t n = 0;
    pse_rc rc = pse_sheet_open(&s, pse_span_str(text));

    out[0] = '\0';
    while (rc == PSE_OK && (rc = pse_sheet_next(&s)) == PSE_OK) {
        for (size_t i = 0; i < s.fields; i++) {
            assert_true(n + s.field[i].n + 3 < room);
            if (s.field[i].n > 0)
                memcpy(out + n, s.field[i].p, s.field[i].n);
            n += s.field[i].n;
            out[n++] = i + 1 < s.fields ? '|' : '/';
        }
        out[n] = '\0';
    }
    *line = s.line;
    pse_sheet_close(&s);
    return rc;
}

static void sheets_are_read(void **state)
{
    static const char *const good[][2] = {
        {"", ""},
        {"a", "a/"},
        {"a,b\n", "a|b/"},
        {"a,b\r\nc,d\r\n", "a|b/c|d/"},
        {",\n", "|/"},
        {"\"\"\n", "/"},
        {"\"a,b\",\"c\nd\",\"e\r\nf\"\n", "a,b|c\nd|e\r\nf/"},
        {"\"say \"\"yes\"\"\",x\n", "say \"yes\"|x/"},
        {"\"\"\"\"\n", "\"/"},
        {" a , b \n", " a | b /"},
        {"\xC3\xA4,\xF0\x9F\x8C\xB1\n", "\xC3\xA4|\xF0\x9F\x8C\xB1/"},
    };
    char out[256];
    size_t line;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(read_all(out, sizeof out, &line, good[i][0]), PSE_E_MISSING);
        assert_string_equal(out, good[i][1]);
    }
}

static void other_text_is_refused(void **state)
{
    static const struct {
        pse_rc rc;
        size_t line;
        const char *text;
    } bad[] = {
        {PSE_E_ENCODING, 1,
         "\xEF\xBB\xBF"
         "a\n"},
        {PSE_E_ENCODING, 2, "a\n\xC3\n"},
        {PSE_E_ENCODING, 3, "a\nb\n\xED\xA0\x80\n"},
        {PSE_E_ENCODING, 1, "a\tb\n"},
        {PSE_E_ENCODING, 2, "a\n\"b\x01\"\n"},
        {PSE_E_ENCODING, 1, "a\x7F\n"},
        {PSE_E_ENCODING, 1, "a\rb\n"},
        {PSE_E_ENCODING, 1, "\"a\rb\"\n"},
        {PSE_E_SYNTAX, 1, "\n"},
        {PSE_E_SYNTAX, 2, "a\n\r\nb\n"},
        {PSE_E_SYNTAX, 1, "\"a\n"},
        {PSE_E_SYNTAX, 1, "\"a\"b\n"},
        {PSE_E_SYNTAX, 1, "a\"b\"\n"},
        {PSE_E_SYNTAX, 1, "a \"b\"\n"},
        {PSE_E_SYNTAX, 4, "\"x\ny\nz\"\n\"\n"},
        {PSE_E_LIMIT, 1, ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n"},
    };
    char out[256];
    size_t line;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_all(out, sizeof out, &line, bad[i].text), bad[i].rc);
        assert_int_equal(line, bad[i].line);
    }
}

static void long_records_are_refused(void **state)
{
    struct pse_buf text = PSE_BUF(2 * PSE_SHEET_RECORD_MAX);
    struct pse_sheet s;

    (void)state;
    memset(pse_buf_extend(&text, PSE_SHEET_RECORD_MAX), 'a', PSE_SHEET_RECORD_MAX);
    assert_int_equal(pse_sheet_open(&s, pse_buf_span(&text)), PSE_OK);
    assert_int_equal(pse_sheet_next(&s), PSE_OK);
    pse_sheet_close(&s);
    pse_buf_put(&text, "a", 1);
    assert_int_equal(pse_sheet_open(&s, pse_buf_span(&text)), PSE_OK);
    assert_int_equal(pse_sheet_next(&s), PSE_E_LIMIT);
    pse_sheet_close(&s);
    pse_buf_free(&text);
}

/* The writer's fields may come first in a file, where the reader refuses a byte order mark. */
static void a_mark_inside_is_kept(void **state)
{
    struct pse_buf text = PSE_BUF(64);
    struct pse_sheet s;

    (void)state;
    pse_sheet_put(&text, pse_span_str("\xEF\xBB\xBFname"));
    assert_int_equal(pse_sheet_open(&s, pse_buf_span(&text)), PSE_OK);
    assert_int_equal(pse_sheet_next(&s), PSE_OK);
    assert_int_equal(s.fields, 1);
    assert_true(pse_span_is_equal(s.field[0], pse_span_str("\xEF\xBB\xBFname")));
    pse_sheet_close(&s);
    pse_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sheets_are_read),
        cmocka_unit_test(other_text_is_refused),
        cmocka_unit_test(a_mark_inside_is_kept),
        cmocka_unit_test(long_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
