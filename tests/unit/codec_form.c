/* Form encoding: what is read and what is refused, and that reading undoes writing. */
#include "test.h"

#include <string.h>

#include "codec/codec.h"

enum { ROOM = 1024 };

static void same(struct pse_span got, const char *wanted)
{
    assert_int_equal(got.n, strlen(wanted));
    if (got.n > 0)
        assert_memory_equal(got.p, wanted, got.n);
}

static void test_pairs(void **state)
{
    static const char *const wanted[][2] = {{"a", "1"},  {"b", "x y"}, {"c", "100%=&\xc3\xb5"},
                                            {"d", ""},   {"", ""},     {"", "e"},
                                            {"f", "a=b"}};
    char room[ROOM];
    struct pse_form f = pse_form(pse_span_str("a=1&b=x+y&c=100%25%3d%26%C3%b5&d&&=e&f=a=b"), room);
    struct pse_span name, value;

    (void)state;
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(pse_form_next(&name, &value, &f), PSE_OK);
        same(name, wanted[i][0]);
        same(value, wanted[i][1]);
    }
    assert_int_equal(pse_form_next(&name, &value, &f), PSE_E_MISSING);
    f = pse_form(pse_span(NULL, 0), room);
    assert_int_equal(pse_form_next(&name, &value, &f), PSE_E_MISSING);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {"%",     "a=%",   "a=%4", "a=%4g", "a=%g4",
                                      "%zz=1", "a=%00", "%00",  "a=% 1"};
    char room[ROOM];
    struct pse_span name, value;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct pse_form f = pse_form(pse_span_str(bad[i]), room);

        assert_int_equal(pse_form_next(&name, &value, &f), PSE_E_SYNTAX);
    }
    /* a zero byte as it stands */
    {
        struct pse_form f = pse_form(pse_span("a=b\0c", 5), room);

        assert_int_equal(pse_form_next(&name, &value, &f), PSE_E_SYNTAX);
    }
}

static void test_back(void **state)
{
    struct pse_buf out = PSE_BUF(4096);
    char all[255], room[4096];
    struct pse_span name, value;
    struct pse_form f;

    (void)state;
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)(i + 1);
    pse_buf_put(&out, "https://x/?", 11);
    pse_form_pair(&out, "first", pse_span(all, sizeof all));
    pse_form_pair(&out, "second", pse_span_str("a b-._~"));
    assert_int_equal(out.rc, PSE_OK);
    f = pse_form(pse_span(out.p + 11, out.n - 11), room);
    assert_int_equal(pse_form_next(&name, &value, &f), PSE_OK);
    same(name, "first");
    assert_int_equal(value.n, sizeof all);
    assert_memory_equal(value.p, all, sizeof all);
    assert_int_equal(pse_form_next(&name, &value, &f), PSE_OK);
    same(name, "second");
    same(value, "a b-._~");
    pse_buf_free(&out);

    pse_form_pair(&out, "a", pse_span_str("b c"));
    pse_form_pair(&out, "d", pse_span_str(""));
    same(pse_buf_span(&out), "a=b%20c&d=");
    pse_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
