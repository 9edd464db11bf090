/* The log: exact lines, escaping, levels, no line torn or longer than a pipe takes at once. */
#include <stdio.h>
#include <unistd.h>

#include "codec/codec.h"
#include "daemon/daemon.h"

#include "test.h"

struct fixture {
    struct pse_log log;
    int out[2];
    char said[3 * PSE_LOG_LINE_MAX];
};

static int64_t fixed_clock(void)
{
    return INT64_C(1795687894123);
}

static void begin(struct fixture *f, enum pse_log_level level)
{
    assert_int_equal(pipe(f->out), 0);
    pse_log_init(&f->log, f->out[1], level);
    f->log.now_ms = fixed_clock;
}

static const char *end(struct fixture *f)
{
    size_t n = 0;
    ssize_t got;

    close(f->out[1]);
    while ((got = read(f->out[0], f->said + n, sizeof f->said - 1 - n)) > 0)
        n += (size_t)got;
    f->said[n] = '\0';
    close(f->out[0]);
    return f->said;
}

static void a_line_is_exact(void **state)
{
    struct fixture f;
    pse_hash digest = {{0xab}};

    (void)state;
    begin(&f, PSE_LOG_INFO);
    PSE_LOG(&f.log, PSE_LOG_NOTICE, "witness.sign-done", PSE_F("log", "example.org/board"),
            PSE_F("size", (uint64_t)417), PSE_F("ms", -3), PSE_F("new", (bool)true),
            PSE_F("root", digest), PSE_F("none", ""), PSE_F("rc", PSE_E_PROOF));
    assert_string_equal(end(&f),
                        "2026-11-26T10:11:34.123Z notice witness.sign-done log=example.org/board "
                        "size=417 ms=-3 new=yes root=ab00000000000000000000000000000000000000000000"
                        "000000000000000000 none=\"\" rc=100\n");
    assert_int_equal(f.log.lost, 0);
}

static void text_from_outside_cannot_forge_lines(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, PSE_LOG_INFO);
    PSE_LOG(&f.log, PSE_LOG_WARNING, "x",
            PSE_F("t", "a b\n2026 error forged\" k=v \\ \x1b[31m \xff \u202e"));
    assert_string_equal(end(&f), "2026-11-26T10:11:34.123Z warning x t=\"a b\\u{000a}2026 error "
                                 "forged\\\" k=v \\\\ \\u{001b}[31m \\x{ff} \\u{202e}\"\n");
}

static void levels_leave_out(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, PSE_LOG_WARNING);
    PSE_LOG(&f.log, PSE_LOG_NOTICE, "not.shown");
    PSE_LOG(&f.log, PSE_LOG_ERROR, "shown");
    pse_log_set_level(&f.log, PSE_LOG_DEBUG);
    PSE_LOG(&f.log, PSE_LOG_DEBUG, "shown.too");
    assert_string_equal(end(&f), "2026-11-26T10:11:34.123Z error shown\n"
                                 "2026-11-26T10:11:34.123Z debug shown.too\n");
}

static void long_text_is_cut_at_a_character(void **state)
{
    struct fixture f;
    char text[2 * PSE_LOG_TEXT_MAX];
    char want[PSE_LOG_TEXT_MAX + 100];

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text + PSE_LOG_TEXT_MAX - 1, "õ", 2);
    begin(&f, PSE_LOG_INFO);
    PSE_LOG(&f.log, PSE_LOG_INFO, "x", PSE_F("t", pse_span(text, sizeof text)));
    snprintf(want, sizeof want, "2026-11-26T10:11:34.123Z info x t=%.*s\n", PSE_LOG_TEXT_MAX - 1,
             text);
    assert_string_equal(end(&f), want);
}

static void a_line_is_never_longer_than_allowed(void **state)
{
    struct fixture f;
    struct pse_log_field fields[PSE_LOG_FIELDS_MAX];
    uint8_t bytes[PSE_LOG_TEXT_MAX];
    const char *said;

    (void)state;
    memset(bytes, 0xff, sizeof bytes); /* each becomes \x{ff} */
    for (size_t i = 0; i < PSE_LOG_FIELDS_MAX; i++)
        fields[i] = PSE_F("k", pse_span(bytes, sizeof bytes));
    begin(&f, PSE_LOG_INFO);
    pse_log_write(&f.log, PSE_LOG_INFO, "x", fields, PSE_LOG_FIELDS_MAX);
    said = end(&f);
    assert_true(strlen(said) < PSE_LOG_LINE_MAX);
    assert_string_equal(said + strlen(said) - strlen(" cut=yes\n"), " cut=yes\n");
}

static void a_lost_line_is_counted(void **state)
{
    struct pse_log log;

    (void)state;
    pse_log_init(&log, -1, PSE_LOG_INFO);
    PSE_LOG(&log, PSE_LOG_INFO, "x");
    assert_int_equal(log.lost, 1);
}

static void names_have_one_form(void **state)
{
    (void)state;
    assert_true(pse_log_is_name("a"));
    assert_true(pse_log_is_name("box.ballot-taken.2"));
    assert_false(pse_log_is_name(""));
    assert_false(pse_log_is_name("."));
    assert_false(pse_log_is_name("a."));
    assert_false(pse_log_is_name(".a"));
    assert_false(pse_log_is_name("a..b"));
    assert_false(pse_log_is_name("A"));
    assert_false(pse_log_is_name("a b"));
    assert_false(pse_log_is_name("a=b"));
    assert_false(pse_log_is_name("a\n"));
}

static void times_are_rfc_3339(void **state)
{
    char text[PSE_TIME_TEXT];

    (void)state;
    pse_time_text(text, 0);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    pse_time_text(text, INT64_C(951868799999));
    assert_string_equal(text, "2000-02-29T23:59:59.999Z");
    pse_time_text(text, INT64_MAX);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    pse_time_text(text, -1);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    assert_true(pse_clock_wall_ms() > INT64_C(1700000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_exact),
        cmocka_unit_test(text_from_outside_cannot_forge_lines),
        cmocka_unit_test(levels_leave_out),
        cmocka_unit_test(long_text_is_cut_at_a_character),
        cmocka_unit_test(a_line_is_never_longer_than_allowed),
        cmocka_unit_test(a_lost_line_is_counted),
        cmocka_unit_test(names_have_one_form),
        cmocka_unit_test(times_are_rfc_3339),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
