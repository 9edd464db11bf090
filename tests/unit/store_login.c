/* One-time links: single use, one browser, a quarter of an hour, limits, the same for strangers. */
#include "store/login.h"
#include "store_help.h"

static struct town town;
static const pse_login_token mine = {{1}};
static const pse_login_token other = {{2}};

static int setup(void **state)
{
    (void)state;
    town_open(&town);
    assert_string_equal(town_import(&town, four_voters), "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

struct asked {
    pse_rc rc;
    bool is_known;
    uint64_t retry;
    pse_login_token token;
};

static struct asked ask_from(const char *mail, const char *prefix, uint64_t now)
{
    struct asked a = {.rc = PSE_OK};
    struct pse_login_request r = {
        .mail = pse_span_str(mail), .prefix = pse_span_str(prefix), .browser = &mine, .now = now};

    a.rc = pse_login_begin(town.v, &a.token, &a.is_known, &a.retry, &r);
    return a;
}

static pse_rc use(const struct asked *a, const pse_login_token *browser, uint64_t now)
{
    uint64_t person;
    pse_rc rc = pse_login_complete(town.v, &person, &a->token, browser, now);

    assert_int_equal(person, rc == PSE_OK ? town_person(&town, "17") : 0);
    return rc;
}

static void a_link_works_once(void **state)
{
    struct asked a = ask_from("anna@EXAMPLE.org", "192.0.2", 1000);
    pse_login_token wrong = a.token;

    (void)state;
    assert_int_equal(a.rc, PSE_OK);
    assert_true(a.is_known);
    wrong.b[31] ^= 1;
    assert_int_equal(use(&(struct asked){.token = wrong}, &mine, 1001), PSE_E_MISSING);
    assert_int_equal(use(&a, &other, 1001), PSE_E_PROOF); /* not used up */
    assert_int_equal(use(&a, &mine, 1001), PSE_OK);
    assert_int_equal(use(&a, &mine, 1001), PSE_E_MISSING);
}

static void a_link_ends(void **state)
{
    struct asked a = ask_from("anna@example.org", "192.0.2", 1000);
    struct asked b;

    (void)state;
    assert_int_equal(use(&a, &mine, 1000 + PSE_LOGIN_SECONDS), PSE_E_STATE);
    assert_int_equal(use(&a, &mine, 1001), PSE_E_MISSING); /* used up by the late attempt */
    a = ask_from("anna@example.org", "192.0.2", 2000);
    b = ask_from("anna@example.org", "192.0.2", 2001); /* a new one makes the old one void */
    assert_int_equal(use(&a, &mine, 2002), PSE_E_MISSING);
    assert_int_equal(use(&b, &mine, 2001 + PSE_LOGIN_SECONDS - 1), PSE_OK);
    a = ask_from("anna@example.org", "192.0.2", 9000);
    assert_string_equal(town_import(&town, "op,id,name,style\nremove,17,,\n"), "");
    assert_int_equal(use(&a, &mine, 9001), PSE_E_MISSING); /* off the list meanwhile */
}

static long count(const char *table)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    char sql[64];
    long n;

    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    assert_int_equal(sqlite3_open(town.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    n = (long)sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return n;
}

/* Known, unknown, and an address of two voters: the same status, the same rows. */
static void strangers_are_treated_alike(void **state)
{
    static const char *const mail[] = {"anna@example.org", "eve@example.org", "shared@example.org",
                                       "not an address"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct asked a = ask_from(mail[i], "192.0.2", 1000);

        assert_int_equal(a.rc, PSE_OK);
        assert_int_equal(a.is_known, i == 0);
        assert_int_equal(count("login"), i == 0 ? 1 : 2);
        assert_int_equal(count("rate"), (long)i + 2);
        if (i > 0)
            assert_int_equal(use(&a, &mine, 1001), PSE_E_MISSING);
    }
    assert_int_equal(ask_from("", "192.0.2", 1000).rc, PSE_E_LENGTH);
}

static void limits_hold(void **state)
{
    char mail[32];
    struct asked a;

    (void)state;
    for (int round = 0; round < 2; round++) { /* a known and an unknown address */
        const char *who = round == 0 ? "anna@example.org" : "eve@example.org";
        uint64_t t = round == 0 ? 1000 : 2000;

        for (int i = 0; i < PSE_LOGIN_MAIL_BURST; i++)
            assert_int_equal(ask_from(who, "192.0.2", t).rc, PSE_OK);
        a = ask_from(who, "198.51.100", t);
        assert_int_equal(a.rc, PSE_E_LIMIT);
        assert_int_equal(a.retry, PSE_LOGIN_MAIL_PERIOD);
        assert_int_equal(ask_from(who, "192.0.2", t + 299).rc, PSE_E_LIMIT);
        assert_int_equal(ask_from(who, "192.0.2", t + 300).rc, PSE_OK);
    }
    for (int i = 0; i < PSE_LOGIN_PREFIX_BURST; i++) {
        snprintf(mail, sizeof mail, "v%d@example.org", i);
        assert_int_equal(ask_from(mail, "203.0.113", 5000).rc, PSE_OK);
    }
    a = ask_from("w@example.org", "203.0.113", 5000);
    assert_int_equal(a.rc, PSE_E_LIMIT);
    assert_int_equal(a.retry, PSE_LOGIN_PREFIX_PERIOD);
    assert_int_equal(ask_from("w@example.org", "192.0.2", 5000).rc, PSE_OK);
    assert_int_equal(ask_from("w@example.org", "203.0.113", 5010).rc, PSE_OK);
    /* What has run out leaves nothing behind. */
    assert_int_equal(ask_from("x@example.org", "192.0.2", 500000).rc, PSE_OK);
    assert_int_equal(count("login"), 1);
    assert_int_equal(count("rate"), 2);
}

static void altered_links_are_refused(void **state)
{
    struct asked a = ask_from("anna@example.org", "192.0.2", 1000);

    (void)state;
    town_sql(&town, "UPDATE login SET person = 4");
    assert_int_equal(use(&a, &mine, 1001), PSE_E_MISMATCH);
    town_sql(&town, "UPDATE rate SET due = 0");
    assert_int_equal(ask_from("anna@example.org", "192.0.2", 1001).rc, PSE_E_MISMATCH);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_link_works_once),           CASE(a_link_ends),
        CASE(strangers_are_treated_alike), CASE(limits_hold),
        CASE(altered_links_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
