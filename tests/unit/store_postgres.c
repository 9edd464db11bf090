/* What the PostgreSQL driver promises beyond the suite of all drivers (store_driver.c): rights, two
 * writers, lost answers, a server that dies, a cluster that is not the one. Needs PSE_TEST_STORE,
 * PSE_PG_FOLDER and PSE_PG_CTL from tests/support/postgres.sh. */
#include "test.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/codec.h"
#include "store/bundle.h"
#include "store/store.h"

static const char origin[] = "log.example/1";
static const char *given;
static char url[PSE_STORE_URL_MAX];
static unsigned number;
static struct pse_head head;

/* --- helpers ------------------------------------------------------------------------------------
 */

static struct pse_store *open_as(unsigned flags, pse_rc expected, const char *words)
{
    struct pse_store *s;
    const char *why;
    pse_rc rc = pse_store_open(&s, &why, url, pse_span_str(origin), flags, NULL);

    if (rc != expected || (words != NULL && strstr(why, words) == NULL))
        fail_msg("%s: %s (%s)", url, pse_rc_name(rc), why);
    return s;
}

static void make_head(struct pse_head *h, uint64_t epoch, uint64_t size)
{
    memset(h, 0, sizeof *h);
    h->epoch = epoch;
    h->size = size;
    h->time = 1000 + size;
    memset(h->root.b, (int)(size + 1), 32);
    h->note_n = (size_t)snprintf((char *)h->note, 100, "note of %u\n", (unsigned)size);
}

static struct pse_store *start(void)
{
    const char *hole = strchr(given, '%');
    struct pse_store *s;

    number++;
    snprintf(url, sizeof url, "%.*s%u%s", (int)(hole - given), given, number, hole + 1);
    s = open_as(PSE_STORE_CREATE, PSE_OK, NULL);
    make_head(&head, 1, 0);
    assert_int_equal(pse_store_head_create(s, &head), PSE_OK);
    return s;
}

/* A connection of an administrator beside the store's. */
static PGconn *admin(void)
{
    PGconn *c = PQconnectdb(url);

    assert_int_equal(PQstatus(c), CONNECTION_OK);
    return c;
}

static void run(PGconn *c, const char *sql)
{
    PGresult *r = PQexec(c, sql);

    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(c));
    PQclear(r);
}

static void refused(PGconn *c, const char *sql, const char *state)
{
    PGresult *r = PQexec(c, sql);
    const char *got = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    if (got == NULL || strcmp(got, state) != 0)
        fail_msg("%s: %s", sql, got == NULL ? "accepted" : PQresultErrorMessage(r));
    PQclear(r);
}

/* Entry i of the log is i % 300 + 1 bytes. */
static pse_rc advance(struct pse_store *s, struct pse_head *from, uint64_t by)
{
    struct pse_buf bundle = PSE_BUF(PSE_STAGE_MAX);
    struct pse_span *entry = calloc(by, sizeof *entry);
    struct pse_head next;
    uint8_t bytes[300];
    pse_rc rc;

    memset(bytes, 'e', sizeof bytes);
    for (uint64_t i = 0; i < by; i++)
        entry[i] = pse_span(bytes, (from->size + i) % 300 + 1);
    pse_staged_put(&bundle, from->size, entry, by);
    make_head(&next, from->epoch, from->size + by);
    pse_head_hash(&next.before, from);
    rc = pse_store_head_cas(s, from, &next, pse_buf_span(&bundle));
    if (rc == PSE_OK)
        *from = next;
    pse_buf_free(&bundle);
    free(entry);
    return rc;
}

/* --- entries ------------------------------------------------------------------------------------
 */

static void entries_come_back_in_order(void **state)
{
    struct pse_store *s = start();
    struct pse_staged *staged = calloc(1, sizeof *staged);
    struct pse_buf out = PSE_BUF(PSE_STAGE_MAX);
    uint64_t at = 0;

    (void)state;
    assert_int_equal(advance(s, &head, 1), PSE_OK);
    assert_int_equal(advance(s, &head, 4096), PSE_OK);
    assert_int_equal(advance(s, &head, 2500), PSE_OK);
    while (at < head.size) {
        out.n = 0;
        assert_int_equal(pse_store_entries_get(s, &out, at, head.size), PSE_OK);
        assert_int_equal(pse_staged_parse(staged, pse_buf_span(&out)), PSE_OK);
        assert_int_equal(staged->from, at);
        assert_true(staged->n > 0);
        for (size_t i = 0; i < staged->n; i++, at++)
            assert_int_equal(staged->entry[i].n, at % 300 + 1);
    }
    assert_int_equal(at, 6597);
    assert_int_equal(pse_store_entries_get(s, &out, at, at + 1), PSE_E_MISSING);
    pse_buf_free(&out);
    free(staged);
    pse_store_close(s);
}

static void a_bundle_that_leads_elsewhere(void **state)
{
    struct pse_store *s = start();
    struct pse_buf bundle = PSE_BUF(1000);
    struct pse_span entry = pse_span_str("x");
    struct pse_head next;

    (void)state;
    make_head(&next, 1, 2);
    pse_staged_put(&bundle, 0, &entry, 1);
    assert_int_equal(pse_store_head_cas(s, &head, &next, pse_buf_span(&bundle)), PSE_E_SYNTAX);
    bundle.n = 0;
    pse_staged_put(&bundle, 1, &entry, 1);
    assert_int_equal(pse_store_head_cas(s, &head, &next, pse_buf_span(&bundle)), PSE_E_SYNTAX);
    assert_int_equal(pse_store_head_cas(s, &head, &next, pse_span_str("none")), PSE_E_SYNTAX);
    assert_int_equal(advance(s, &head, 2), PSE_OK);
    pse_buf_free(&bundle);
    pse_store_close(s);
}

/* A gap is not papered over. */
static void a_missing_entry_is_noticed(void **state)
{
    struct pse_store *s = start();
    struct pse_buf out = PSE_BUF(PSE_STAGE_MAX);
    struct pse_stage_name name;
    PGconn *c = admin();

    (void)state;
    assert_int_equal(advance(s, &head, 9), PSE_OK);
    run(c, "ALTER TABLE psephos.entry DISABLE TRIGGER never");
    run(c, "DELETE FROM psephos.entry WHERE number = 4");
    name = (struct pse_stage_name){head.epoch, head.size, head.root};
    assert_int_equal(pse_store_entries_get(s, &out, 0, head.size), PSE_E_MISMATCH);
    assert_int_equal(pse_store_stage_get(s, &out, &name), PSE_E_MISMATCH);
    pse_buf_free(&out);
    PQfinish(c);
    pse_store_close(s);
}

static void a_blob_of_many_parts(void **state)
{
    struct pse_store *s = start();
    size_t n = 9 << 20;
    struct pse_buf in = PSE_BUF(n), out = PSE_BUF(n);
    uint8_t *p = pse_buf_extend(&in, n);
    pse_hash digest, again;

    (void)state;
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(i * 2654435761u >> 24);
    assert_int_equal(pse_store_blob_put_new(s, &digest, pse_buf_span(&in)), PSE_OK);
    assert_int_equal(pse_store_blob_put_new(s, &again, pse_buf_span(&in)), PSE_OK);
    assert_int_equal(pse_store_blob_get(s, &out, &digest), PSE_OK);
    assert_true(pse_span_is_equal(pse_buf_span(&in), pse_buf_span(&out)));
    out.n = 0;
    assert_int_equal(pse_store_blob_put_new(s, &digest, pse_span(NULL, 0)), PSE_OK);
    assert_int_equal(pse_store_blob_get(s, &out, &digest), PSE_OK);
    assert_int_equal(out.n, 0);
    pse_buf_free(&in);
    pse_buf_free(&out);
    pse_store_close(s);
}

/* --- rights -------------------------------------------------------------------------------------
 */

static void the_box_cannot_rewrite(void **state)
{
    struct pse_store *s = start();
    PGconn *c = admin();

    (void)state;
    assert_int_equal(advance(s, &head, 5), PSE_OK);
    run(c, "SET ROLE psephos_box");
    refused(c, "UPDATE psephos.entry SET bytes = 'x'", "42501");
    refused(c, "DELETE FROM psephos.entry", "42501");
    refused(c, "TRUNCATE psephos.entry", "42501");
    refused(c, "DELETE FROM psephos.head", "42501");
    refused(c, "UPDATE psephos.blob SET bytes = 'x'", "42501");
    refused(c, "DROP TABLE psephos.entry", "42501");
    refused(c, "CREATE TABLE psephos.other (x int)", "42501");
    refused(c, "UPDATE psephos.head SET size = size - 1", "P0001");
    refused(c, "UPDATE psephos.head SET epoch = epoch - 1", "P0001");
    run(c, "RESET ROLE; SET ROLE psephos_board");
    refused(c, "INSERT INTO psephos.entry VALUES ('x', 1, 'x')", "42501");
    refused(c, "UPDATE psephos.head SET epoch = epoch + 1", "42501");
    run(c, "RESET ROLE");
    refused(c, "UPDATE psephos.entry SET bytes = 'x'", "P0001"); /* nor the owner by mistake */
    refused(c, "DELETE FROM psephos.entry", "P0001");
    refused(c, "TRUNCATE psephos.entry", "P0001");
    PQfinish(c);
    pse_store_close(s);
}

static void rights_too_many_or_too_few(void **state)
{
    PGconn *c;

    (void)state;
    pse_store_close(start());
    c = admin();
    run(c, "GRANT UPDATE ON psephos.entry TO psephos_box");
    open_as(0, PSE_E_STATE, "may change or remove entries");
    run(c, "REVOKE UPDATE ON psephos.entry FROM psephos_box");
    pse_store_close(open_as(0, PSE_OK, NULL));
    run(c, "CREATE ROLE stranger LOGIN");
    PQfinish(c);
    snprintf(url, sizeof url, "postgresql://stranger@/store%u?host=%s", number,
             getenv("PSE_PG_FOLDER"));
    open_as(0, PSE_E_STATE, "GRANT psephos_box");
}

static void no_schema_or_another(void **state)
{
    PGconn *c;

    (void)state;
    pse_store_close(start());
    c = admin();
    run(c, "UPDATE psephos.version SET number = 2");
    open_as(0, PSE_E_MISMATCH, "version '2'");
    open_as(PSE_STORE_CREATE, PSE_E_MISMATCH, "version '2'");
    run(c, "SET client_min_messages = warning; DROP SCHEMA psephos CASCADE");
    open_as(0, PSE_E_MISSING, "psephos store init");
    open_as(PSE_STORE_READ, PSE_E_MISSING, "psephos store init");
    pse_store_close(open_as(PSE_STORE_CREATE, PSE_OK, NULL));
    pse_store_close(open_as(PSE_STORE_CREATE, PSE_OK, NULL));
    PQfinish(c);
    snprintf(url, sizeof url, "postgresql://admin@/store1?host=/nonexistent");
    open_as(0, PSE_E_IO, "PostgreSQL: connection");
}

/* --- writers ------------------------------------------------------------------------------------
 */

static void a_second_box_is_told(void **state)
{
    struct pse_store *s = start();
    struct pse_store *reader;
    struct pse_head got;

    (void)state;
    open_as(0, PSE_E_STATE, "another box");
    reader = open_as(PSE_STORE_READ, PSE_OK, NULL);
    assert_int_equal(advance(s, &head, 3), PSE_OK);
    assert_int_equal(pse_store_head_read(reader, &got), PSE_OK);
    assert_memory_equal(&got, &head, sizeof got);
    pse_store_close(reader);
    pse_store_close(s);
    pse_store_close(open_as(0, PSE_OK, NULL));
}

struct late {
    struct pse_store *s;
    pse_rc rc;
};

static void *advance_later(void *ctx)
{
    struct late *late = ctx;

    late->rc = advance(late->s, &head, 2);
    return NULL;
}

/* Until the store's session waits for a lock or a replica. */
static void wait_until(PGconn *c, const char *condition)
{
    char sql[400];

    snprintf(sql, sizeof sql,
             "SELECT pid FROM pg_stat_activity WHERE application_name = 'psephos' AND datname ="
             " current_database() AND %s",
             condition);
    for (unsigned i = 0; i < 500; i++) {
        PGresult *r = PQexec(c, sql);
        int n = PQntuples(r);

        PQclear(r);
        if (n > 0)
            return;
        usleep(20000);
    }
    fail_msg("never: %s", condition);
}

/* No lock helps here: the swap itself decides. */
static void the_slower_of_two_swaps_loses(void **state)
{
    struct pse_store *s = start();
    struct late late = {.s = s};
    PGconn *c = admin();
    pthread_t thread;
    PGresult *r;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        run(c, "BEGIN");
        run(c, "UPDATE psephos.head SET epoch = epoch + 1");
        assert_int_equal(pthread_create(&thread, NULL, advance_later, &late), 0);
        wait_until(c, "wait_event_type = 'Lock'");
        run(c, i == 0 ? "ROLLBACK" : "COMMIT");
        pthread_join(thread, NULL);
        assert_int_equal(late.rc, i == 0 ? PSE_OK : PSE_E_STATE);
    }
    r = PQexec(c, "SELECT 1 FROM psephos.entry");
    assert_int_equal(PQntuples(r), 2); /* none of the loser's */
    PQclear(r);
    PQfinish(c);
    pse_store_close(s);
}

/* --- answers that do not come -------------------------------------------------------------------
 */

static void assert_silent(struct pse_store *s)
{
    struct pse_head got;

    assert_int_equal(pse_store_head_read(s, &got), PSE_E_UNKNOWN);
    assert_int_equal(pse_store_head_cas(s, &head, &head, pse_span(NULL, 0)), PSE_E_UNKNOWN);
    assert_true(strlen(pse_store_why(s)) > 0);
}

static void a_cut_connection_is_an_unknown_outcome(void **state)
{
    struct pse_store *s = start();
    PGconn *c = admin();
    struct pse_head got;

    (void)state;
    run(c, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
           "'psephos' AND datname = current_database()");
    assert_int_equal(advance(s, &head, 2), PSE_E_UNKNOWN);
    assert_silent(s);
    pse_store_close(s);
    s = open_as(0, PSE_OK, NULL);
    assert_int_equal(pse_store_head_read(s, &got), PSE_OK);
    assert_memory_equal(&got, &head, sizeof got);
    assert_int_equal(advance(s, &head, 2), PSE_OK);
    PQfinish(c);
    pse_store_close(s);
}

static bool someone_waits(PGconn *c)
{
    PGresult *r = PQexec(c, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event ="
                            " 'SyncRep'");
    int n = PQntuples(r);

    PQclear(r);
    return n > 0;
}

/* Commits wait for a replica from now on: the setting reaches the server's processes one by one, so
 * until one is seen to wait. */
static void want_a_replica(PGconn *c)
{
    PGconn *probe = admin();
    bool waited = false;

    run(c, "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (absent)'");
    run(c, "SELECT pg_reload_conf()");
    for (unsigned i = 0; i < 200 && !waited; i++) {
        assert_int_equal(PQsendQuery(probe, "CREATE TABLE probe (); DROP TABLE probe"), 1);
        for (unsigned j = 0; j < 5 && !waited; j++) {
            usleep(10000);
            waited = someone_waits(c);
        }
        while (!waited && PQconsumeInput(probe) == 1 && PQisBusy(probe) != 0)
            waited = someone_waits(c);
        for (PGresult *r; (r = PQgetResult(probe)) != NULL; PQclear(r))
            (void)someone_waits(c);
    }
    PQfinish(probe);
    assert_true(waited);
}

static void want_none(PGconn *c)
{
    run(c, "ALTER SYSTEM RESET synchronous_standby_names");
    run(c, "SELECT pg_reload_conf()");
}

/* The commit is on the primary's disk, no replica has it, and the wait was cut short: the answer is
 * a success with a warning, and must not be taken for one. */
static void a_commit_that_no_replica_has(void **state)
{
    static const char *const cut[] = {"pg_cancel_backend", "pg_terminate_backend"};
    PGconn *c;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pse_store *s = start();
        struct late late = {.s = s};
        struct pse_head before = head, got;
        pthread_t thread;
        char sql[200];

        c = admin();
        want_a_replica(c);
        assert_int_equal(pthread_create(&thread, NULL, advance_later, &late), 0);
        wait_until(c, "wait_event = 'SyncRep'");
        snprintf(sql, sizeof sql,
                 "SELECT %s(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", cut[i]);
        run(c, sql);
        pthread_join(thread, NULL);
        assert_int_equal(late.rc, PSE_E_UNKNOWN);
        assert_memory_equal(&head, &before, sizeof head);
        assert_silent(s);
        pse_store_close(s);
        want_none(c);
        s = open_as(0, PSE_OK, NULL);
        assert_int_equal(pse_store_head_read(s, &got), PSE_OK);
        assert_int_equal(got.size, 2); /* it had been committed after all */
        pse_store_close(s);
        PQfinish(c);
    }
}

static void control(const char *words)
{
    char command[PSE_STORE_URL_MAX];

    snprintf(command, sizeof command, "%s %s >/dev/null 2>&1", getenv("PSE_PG_CTL"), words);
    assert_int_equal(system(command), 0);
}

static void a_server_that_dies_keeps_what_it_said(void **state)
{
    struct pse_store *s = start();
    struct pse_buf out = PSE_BUF(PSE_STAGE_MAX);
    struct pse_head got;

    (void)state;
    assert_int_equal(advance(s, &head, 300), PSE_OK);
    control("stop -m immediate");
    assert_int_equal(advance(s, &head, 2), PSE_E_UNKNOWN);
    assert_silent(s);
    pse_store_close(s);
    open_as(0, PSE_E_IO, "PostgreSQL: ");
    control("start");
    s = open_as(0, PSE_OK, NULL);
    assert_int_equal(pse_store_head_read(s, &got), PSE_OK);
    assert_memory_equal(&got, &head, sizeof got);
    assert_int_equal(pse_store_entries_get(s, &out, 0, head.size), PSE_OK);
    pse_buf_free(&out);
    pse_store_close(s);
}

/* --- another database, or a damaged one ---------------------------------------------------------
 */

static void a_copy_or_an_old_server(void **state)
{
    struct pse_store *s = start();
    PGconn *c = admin();
    struct pse_head got;

    (void)state;
    run(c, "UPDATE psephos.head SET cluster = '7000000000000000001'");
    assert_int_equal(pse_store_head_read(s, &got), PSE_E_MISMATCH);
    assert_non_null(strstr(pse_store_why(s), "cluster 7000000000000000001"));
    run(c, "UPDATE psephos.head SET cluster = (SELECT system_identifier::text FROM "
           "pg_control_system()), timeline = '00000009'");
    assert_int_equal(pse_store_head_read(s, &got), PSE_E_MISMATCH);
    run(c, "UPDATE psephos.head SET timeline = '00000001'");
    assert_int_equal(pse_store_head_read(s, &got), PSE_OK);
    PQfinish(c);
    pse_store_close(s);
}

static void a_changed_row_is_noticed(void **state)
{
    static const char *const change[] = {
        "epoch = epoch + 1",
        "size = size + 1",
        "time = time + 1",
        "root = set_byte(root, 3, 9)",
        "before = set_byte(before, 0, 7)",
        "note = note || 'x'",
        "row_hash = ''",
    };
    struct pse_store *s;
    struct pse_head got;
    PGconn *c;
    char sql[200];

    (void)state;
    s = start();
    c = admin();
    for (size_t i = 0; i < sizeof change / sizeof *change; i++) {
        run(c, "BEGIN");
        run(c, "CREATE TABLE keep AS TABLE psephos.head");
        run(c, "COMMIT");
        snprintf(sql, sizeof sql, "UPDATE psephos.head SET %s", change[i]);
        run(c, sql);
        if (pse_store_head_read(s, &got) != PSE_E_MISMATCH)
            fail_msg("%s went unnoticed", change[i]);
        run(c, "ALTER TABLE psephos.head DISABLE TRIGGER ALL; DELETE FROM psephos.head;"
               "INSERT INTO psephos.head TABLE keep; DROP TABLE keep;"
               "ALTER TABLE psephos.head ENABLE TRIGGER ALL");
        assert_int_equal(pse_store_head_read(s, &got), PSE_OK);
    }
    PQfinish(c);
    pse_store_close(s);
}

static int set_up(void **state)
{
    (void)state;
    given = getenv("PSE_TEST_STORE");
    return given == NULL || strchr(given, '%') == NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_back_in_order),
        cmocka_unit_test(a_bundle_that_leads_elsewhere),
        cmocka_unit_test(a_missing_entry_is_noticed),
        cmocka_unit_test(a_blob_of_many_parts),
        cmocka_unit_test(the_box_cannot_rewrite),
        cmocka_unit_test(rights_too_many_or_too_few),
        cmocka_unit_test(no_schema_or_another),
        cmocka_unit_test(a_second_box_is_told),
        cmocka_unit_test(the_slower_of_two_swaps_loses),
        cmocka_unit_test(a_cut_connection_is_an_unknown_outcome),
        cmocka_unit_test(a_commit_that_no_replica_has),
        cmocka_unit_test(a_server_that_dies_keeps_what_it_said),
        cmocka_unit_test(a_copy_or_an_old_server),
        cmocka_unit_test(a_changed_row_is_noticed),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
