/* Text on a screen: bars of the promised width, tables in line, nothing from outside unescaped. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/screen.h"

static void bars_fill_and_pad(void **state)
{
    char bar[SCREEN_BAR_TEXT(10)];

    (void)state;
    for (int i = -10; i <= 120; i++) {
        screen_bar(bar, sizeof bar, 10, i / 100.0);
        assert_int_equal(screen_width(pse_span_str(bar)), 10);
    }
    screen_bar(bar, sizeof bar, 10, 0);
    assert_string_equal(bar, "          ");
    screen_bar(bar, sizeof bar, 10, 0.5);
    assert_string_equal(bar, "\u2588\u2588\u2588\u2588\u2588     ");
    screen_bar(bar, sizeof bar, 10, 0.0125);
    assert_string_equal(bar, "\u258f         ");
}

static void widths_are_columns(void **state)
{
    (void)state;
    assert_int_equal(screen_width(pse_span_str("")), 0);
    assert_int_equal(screen_width(pse_span_str("\u03c8\u03b7\u03c6")), 3);
    assert_int_equal(screen_width(pse_span_str("e\u0301")), 1);
    assert_int_equal(screen_width(pse_span_str("\u6295\u7968")), 4);
    assert_int_equal(screen_width(pse_span("\xff\xfe", 2)), 2);
}

static char *printed(struct screen_table *t, bool rule)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    assert_non_null(f);
    assert_int_equal(screen_table_print(t, f, 1, rule), PSE_OK);
    fclose(f);
    return text;
}

static void tables_stand_in_line(void **state)
{
    struct screen_table t;
    char *text;

    (void)state;
    screen_table_init(&t, "lr");
    screen_cellf(&t, "name");
    screen_cellf(&t, "n");
    screen_cell(&t, pse_span_str("\u03c8\u03b7\u03c6\u03bf\u03c2"));
    screen_cellf(&t, "%d", 100);
    text = printed(&t, true);
    assert_string_equal(text, " name     n\n -----  ---\n \u03c8\u03b7\u03c6\u03bf\u03c2  100\n");
    free(text);
}

static void cells_are_escaped(void **state)
{
    struct screen_table t;
    char *text;

    (void)state;
    screen_table_init(&t, "l");
    screen_cell(&t, pse_span_str("\033[2J\u202eevil\n"));
    screen_cell(&t, pse_span("a\0b", 3));
    text = printed(&t, false);
    assert_null(strchr(text, '\033'));
    assert_null(strstr(text, "\u202e"));
    assert_non_null(strstr(text, "a\\u{0000}b"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_fill_and_pad),
        cmocka_unit_test(widths_are_columns),
        cmocka_unit_test(tables_stand_in_line),
        cmocka_unit_test(cells_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
