/* HTML of result pages: nothing from a voter or a manifest becomes markup. */
#include "test.h"

#include "common/html.h"

static void text_is(const char *in, size_t n, const char *out)
{
    struct pse_buf b = PSE_BUF(4096);

    html_text(&b, pse_span(in, n));
    assert_int_equal(b.rc, PSE_OK);
    assert_int_equal(b.n, strlen(out));
    assert_memory_equal(b.p == NULL ? (const uint8_t *)"" : b.p, out, b.n);
    pse_buf_free(&b);
}

static void escapes(void **state)
{
    (void)state;
    text_is("", 0, "");
    text_is("plain \xC3\xB5", 8, "plain \xC3\xB5");
    text_is("<script>\"&'", 11, "&lt;script&gt;&quot;&amp;&#39;");
    text_is("a\0b", 3, "a\\u{0000}b");
    text_is("\xE2\x80\xAE", 3, "\\u{202e}");
    text_is("\xff<", 2, "\xEF\xBF\xBD&lt;");
    text_is("\xC3", 1, "\xEF\xBF\xBD");
    text_is("\x1b[31m", 5, "\\u{001b}[31m");
}

static void numbers(void **state)
{
    static const struct {
        uint64_t x;
        const char *text;
    } table[] = {{0, "0"}, {999, "999"}, {1000, "1,000"}, {1234567, "1,234,567"}};
    struct pse_buf b = PSE_BUF(4096);

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        b.n = 0;
        html_number(&b, table[i].x);
        assert_int_equal(b.n, strlen(table[i].text));
        assert_memory_equal(b.p, table[i].text, b.n);
    }
    b.n = 0;
    html_percent(&b, 1, 3);
    html_percent(&b, 5, 0); /* of nothing: nothing */
    html_percent(&b, UINT64_C(1) << 40, UINT64_C(1) << 40);
    assert_int_equal(b.n, strlen("33.3&nbsp;%100.0&nbsp;%"));
    assert_memory_equal(b.p, "33.3&nbsp;%100.0&nbsp;%", b.n);
    pse_buf_free(&b);
}

static bool holds(const struct pse_buf *b, const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i + n <= b->n; i++) {
        if (memcmp(b->p + i, text, n) == 0)
            return true;
    }
    return false;
}

static void a_chart_has_its_table(void **state)
{
    struct html_bar bar[] = {
        {.label = pse_span_str("</svg><b>"), .value = 10, .marked = true},
        {.label = pse_span_str("none"), .value = 0},
    };
    struct html_chart chart = {.id = 1,
                               .caption = pse_span_str("\"Votes\""),
                               .label_head = "Option",
                               .value_head = "Votes",
                               .mark = "elected",
                               .whole = 10,
                               .bar = bar,
                               .bars = 2};
    struct pse_buf b = PSE_BUF(1 << 20);

    (void)state;
    html_chart(&b, &chart);
    assert_int_equal(b.rc, PSE_OK);
    assert_true(holds(&b, "role=\"img\""));
    assert_true(holds(&b, "<desc"));
    assert_true(holds(&b, "<caption>&quot;Votes&quot;</caption>"));
    assert_true(holds(&b, "<th scope=\"row\">&lt;/svg&gt;&lt;b&gt;</th>"));
    assert_true(holds(&b, "width=\"100.00%\""));
    assert_true(holds(&b, "width=\"0.00%\""));
    assert_false(holds(&b, "<b>"));
    /* All zero: no division by nothing. */
    bar[0].value = 0;
    chart.whole = 0;
    b.n = 0;
    html_chart(&b, &chart);
    assert_int_equal(b.rc, PSE_OK);
    pse_buf_free(&b);
}

static size_t count(const struct pse_buf *b, const char *text)
{
    size_t n = strlen(text);
    size_t found = 0;

    for (size_t i = 0; i + n <= b->n; i++)
        found += memcmp(b->p + i, text, n) == 0;
    return found;
}

static void an_assembly_draws_every_seat(void **state)
{
    static const uint32_t sizes[] = {0, 1, 2, 11, 12, 101, 751, 1000};
    struct pse_buf b = PSE_BUF(1 << 22);

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct html_party party[2] = {
            {.name = pse_span_str("A"), .votes = 5, .seats = sizes[i] / 2},
            {.name = pse_span_str("B"), .votes = 6, .seats = sizes[i] - sizes[i] / 2},
        };

        b.n = 0;
        html_assembly(&b, 1, pse_span_str("seats"), party, 2, 11);
        assert_int_equal(b.rc, PSE_OK);
        /* The legend has one dot for each party with seats. */
        assert_int_equal(count(&b, "<circle"),
                         sizes[i] + (party[0].seats > 0) + (party[1].seats > 0));
    }
    pse_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes),
        cmocka_unit_test(numbers),
        cmocka_unit_test(a_chart_has_its_table),
        cmocka_unit_test(an_assembly_draws_every_seat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
