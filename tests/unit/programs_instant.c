/* Instants: one form, and the calendar. */
#include "common/instant.h"
#include "test.h"

static void round_trip(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2000-02-29T23:59:59Z", 951868799},
        {"2026-11-26T18:00:00Z", 1795716000},
        {"9999-12-31T23:59:59Z", 253402300799},
    };
    char text[INSTANT_TEXT];
    int64_t seconds;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(instant_parse(&seconds, good[i].text), PSE_OK);
        assert_int_equal(seconds, good[i].seconds);
        instant_text(text, seconds);
        assert_string_equal(text, good[i].text);
    }
    instant_text(text, -1);
    assert_string_equal(text, good[0].text);
    instant_text(text, INT64_MAX);
    assert_string_equal(text, good[3].text);
}

static void refused(void **state)
{
    static const struct {
        const char *text;
        pse_rc rc;
    } bad[] = {
        {"", PSE_E_SYNTAX},
        {"2026-11-26", PSE_E_SYNTAX},
        {"2026-11-26T18:00:00", PSE_E_SYNTAX},
        {"2026-11-26T18:00:00z", PSE_E_SYNTAX},
        {"2026-11-26 18:00:00Z", PSE_E_SYNTAX},
        {"2026-11-26T18:00:00+00:00", PSE_E_SYNTAX},
        {"2026-11-26T18:00:00.5Z", PSE_E_SYNTAX},
        {"+026-11-26T18:00:00Z", PSE_E_SYNTAX},
        {"2026-11-26T18:00:00Z ", PSE_E_SYNTAX},
        {"2026-02-29T00:00:00Z", PSE_E_RANGE},
        {"2026-13-01T00:00:00Z", PSE_E_RANGE},
        {"2026-00-01T00:00:00Z", PSE_E_RANGE},
        {"2026-01-00T00:00:00Z", PSE_E_RANGE},
        {"2026-01-01T24:00:00Z", PSE_E_RANGE},
        {"2026-01-01T00:60:00Z", PSE_E_RANGE},
        {"2026-06-30T23:59:60Z", PSE_E_RANGE},
        {"1969-12-31T23:59:59Z", PSE_E_RANGE},
    };
    int64_t seconds;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (instant_parse(&seconds, bad[i].text) != bad[i].rc)
            fail_msg("%s", bad[i].text);
}

static void every_form_of_rfc_3339(void **state)
{
    static const struct {
        const char *text;
        pse_rc rc;
        int64_t seconds;
    } row[] = {
        {"2026-11-26T18:00:00Z", PSE_OK, 1795716000},
        {"2026-11-26t18:00:00z", PSE_OK, 1795716000},
        {"2026-11-26T18:00:00.999999Z", PSE_OK, 1795716000},
        {"2026-11-26T18:00:00+00:00", PSE_OK, 1795716000},
        {"2026-11-26T20:30:00.5+02:30", PSE_OK, 1795716000},
        {"2026-11-26T10:00:00-08:00", PSE_OK, 1795716000},
        {"2026-11-26T18:00:00", PSE_E_SYNTAX, 0},
        {"2026-11-26T18:00:00.Z", PSE_E_SYNTAX, 0},
        {"2026-11-26T18:00:00+0200", PSE_E_SYNTAX, 0},
        {"2026-11-26T18:00:00+02:00Z", PSE_E_SYNTAX, 0},
        {"2026-11-26 18:00:00Z", PSE_E_SYNTAX, 0},
        {"2026-11-26T18:00:00+24:00", PSE_E_RANGE, 0},
        {"2026-02-30T18:00:00+02:00", PSE_E_RANGE, 0},
        {"1970-01-01T00:00:00+00:01", PSE_E_RANGE, 0},
        {"", PSE_E_SYNTAX, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        int64_t seconds = 0;

        if (instant_read(&seconds, row[i].text) != row[i].rc ||
            (row[i].rc == PSE_OK && seconds != row[i].seconds))
            fail_msg("%s", row[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(refused),
        cmocka_unit_test(every_form_of_rfc_3339),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
