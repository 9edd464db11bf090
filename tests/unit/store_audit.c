/* The cross-check: a row of each table is altered, taken away or slipped in, and named. Backups. */
#include "store/backup.h"
#include "store/login.h"
#include "store/store.h"
#include "store_help.h"
#include <sys/stat.h>

static struct town town;
static struct pse_roll_line roll[3];
static size_t rolls;

static pse_login_token token;
static const pse_login_token browser = {{7}};

static void ask_for_link(const char *mail, uint64_t now)
{
    struct pse_login_request r = {.mail = pse_span_str(mail),
                                  .prefix = pse_span_str("192.0.2"),
                                  .browser = &browser,
                                  .now = now};
    bool is_known;
    uint64_t retry;

    assert_int_equal(pse_login_begin(town.v, &token, &is_known, &retry, &r), PSE_OK);
}

static int setup(void **state)
{
    struct pse_credential_row c;

    (void)state;
    town_open(&town);
    assert_string_equal(town_import(&town, four_voters), "");
    assert_string_equal(town_import(&town, "op,id,name,district,style\nadd,60,Fritz,North,10\n"),
                        "");
    assert_int_equal(town_register(&town, "17", 1, false), PSE_REGISTER_DONE);
    assert_int_equal(town_register(&town, "23", 2, false), PSE_REGISTER_DONE);
    assert_int_equal(town_register(&town, "44", 3, false), PSE_REGISTER_DONE);
    ask_for_link("anna@example.org", 1000);
    rolls = 2;
    for (size_t i = 0; i < rolls; i++) {
        assert_int_equal(pse_voters_credential(town.v, &c, i + 1), PSE_OK);
        roll[i] = (struct pse_roll_line){.credential = c.credential,
                                         .style = c.style,
                                         .weight = c.weight,
                                         .commitment = c.commitment,
                                         .is_active = true};
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

static char said[4096];

static void hear(void *ctx, const struct pse_audit_finding *f)
{
    size_t n = strlen(said);

    (void)ctx;
    snprintf(said + n, sizeof said - n, "[%s %s %llu%s]", pse_audit_kind_name(f->kind), f->table,
             (unsigned long long)f->row, f->key);
}

/* All findings of an audit of the file as it is, in one line. */
static const char *audit(void)
{
    struct pse_voters_auditor a = {.finding = hear, .line = roll, .lines = rolls};
    struct pse_voters *v;

    said[0] = '\0';
    assert_int_equal(pse_voters_open(&v, town.path, &town.w, true, &town.rng), PSE_OK);
    for (size_t i = 0; i < rolls; i++)
        roll[i].seen = false;
    assert_int_equal(pse_voters_audit(&a, v), PSE_OK);
    pse_voters_close(v);
    return said;
}

static void nothing_is_found(void **state)
{
    struct pse_voters_auditor a = {.finding = hear, .line = roll, .lines = rolls};

    (void)state;
    assert_string_equal(audit(), "");
    /* Beside the writer that is open, and again through the writer's own handle. */
    assert_int_equal(pse_voters_audit(&a, town.v), PSE_OK);
    assert_int_equal(a.findings, 0);
    assert_int_equal(a.staged, 1); /* Dina's is not in the record yet */
    assert_true(a.rows > 20);
    assert_string_equal(town_import(&town, "op,id,name,style\nremove,60,,\n"), "");
    assert_int_equal(pse_voters_erase(town.v, town_person(&town, "60")), PSE_OK);
    assert_string_equal(audit(), "");
}

static void each_row_is_named(void **state)
{
    static const struct {
        const char *wanted, *sql;
    } bad[] = {
        {"[altered person 1]", "UPDATE person SET style = 20 WHERE row = 1"},
        {"[altered person 1]", "UPDATE person SET district = 'South' WHERE row = 1"},
        {"[altered person 1]", "UPDATE person SET listed = 0 WHERE row = 1"},
        {"[altered person 2]", "UPDATE person SET until = 0 WHERE row = 2"},
        {"[altered person 2]", "UPDATE person SET mail = NULL WHERE row = 2"},
        {"[altered person 2]", "UPDATE person SET wrapped = NULL WHERE row = 2"},
        {"[altered person 3]", "UPDATE person SET sealed = zeroblob(200) WHERE row = 3"},
        {"[altered person 3]", "UPDATE person SET lookup = randomblob(32) WHERE row = 3"},
        {"[missing person 3]", "DELETE FROM person WHERE row = 3"},
        {"[missing person 5]", "DELETE FROM person WHERE row = 5"},
        {"person 6]", "INSERT INTO person SELECT 6, NULL, NULL, listed, list, district, style,"
                      " weight, since, until, commitment, mark, wrapped, sealed FROM person"
                      " WHERE row = 1"},
        {"[altered list 1]", "UPDATE list SET act = randomblob(32) WHERE number = 1"},
        {"[altered list 2]", "UPDATE list SET time = 9 WHERE number = 2"},
        {"[missing list 2]", "DELETE FROM list WHERE number = 2"},
        {"[surplus change 2]", "DELETE FROM list WHERE number = 2"},
        {"[surplus list 3]", "INSERT INTO list SELECT 3, hash, changes, file, act, time, mark"
                             " FROM list WHERE number = 1"},
        {"[altered change 1]", "UPDATE change SET style = 10 WHERE list = 1 AND seq = 2"},
        {"[altered change 1]", "UPDATE change SET op = 4 WHERE list = 1 AND seq = 0"},
        {"[missing change 1]", "DELETE FROM change WHERE list = 1 AND seq = 3"},
        {"[surplus change 1]", "INSERT INTO change SELECT 1, 4, op, person, commitment, district,"
                               " style, weight, since, until FROM change WHERE list = 2"},
        {"[altered credential 1]", "UPDATE credential SET person = 5 WHERE row = 1"},
        {"[altered credential 2]", "UPDATE credential SET state = 3 WHERE row = 2"},
        {"[altered credential 2]", "UPDATE credential SET weight = 2 WHERE row = 2"},
        {"[altered credential 3]", "UPDATE credential SET sealed = zeroblob(99) WHERE row = 3"},
        {"[altered credential 3]", "UPDATE credential SET credential = zeroblob(32) WHERE row = 3"},
        {"[missing credential 3]", "DELETE FROM credential WHERE row = 3"},
        {"[missing credential 1]", "DELETE FROM credential WHERE row = 1"},
        {"[missing credential 00100", "DELETE FROM credential WHERE row = 1"},
        {"credential 4]", "INSERT INTO credential SELECT 4, 3, randomblob(32), style, weight,"
                          " commitment, state, NULL, mark, wrapped, sealed FROM credential"
                          " WHERE row = 1"},
        {"[altered login 0", "UPDATE login SET person = 4"},
        {"[altered login 0", "UPDATE login SET expires = 9999999999"},
        {"[altered login 0", "INSERT INTO login SELECT randomblob(32), 4, browser, expires, mark"
                             " FROM login"},
        {"[altered rate 0", "UPDATE rate SET due = 0"},
        {"[altered meta 0persons]", "UPDATE meta SET value = zeroblob(8) WHERE name = 'persons'"},
        {"[altered meta 0list hash]",
         "UPDATE meta SET value = zeroblob(32) WHERE name = 'list hash'"},
        {"[missing meta 0credentials]", "DELETE FROM meta WHERE name = 'credentials'"},
        {"[surplus meta 0note]", "INSERT INTO meta VALUES('note', x'00', x'00')"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (i > 0) {
            teardown(state);
            setup(state);
        }
        town_sql(&town, "PRAGMA foreign_keys = OFF");
        town_sql(&town, bad[i].sql);
        if (strstr(audit(), bad[i].wanted) == NULL)
            fail_msg("%s: said '%s', wanted '%s'", bad[i].sql, said, bad[i].wanted);
    }
}

/* The public record says something else than the database. */
static void the_record_differs(void **state)
{
    (void)state;
    roll[0].style = 20;
    assert_string_equal(audit(), "[altered credential 1]");
    roll[0].style = 10;
    roll[1].commitment.b[0] ^= 1;
    assert_string_equal(audit(), "[altered credential 2]");
    roll[1].commitment.b[0] ^= 1;
    roll[1].is_active = false;
    assert_string_equal(audit(), "[altered credential 2]");
    roll[1].is_active = true;
    roll[rolls++] = (struct pse_roll_line){.credential = {.b = {0xAB}}, .is_active = true};
    assert_non_null(strstr(audit(), "[missing credential 0ab000000"));
}

/* An old row with its old mark, put back. */
static void old_rows_are_no_good(void **state)
{
    (void)state;
    town_sql(&town, "CREATE TABLE kept AS SELECT * FROM person WHERE row = 1");
    assert_string_equal(town_import(&town, "op,id,name,district,style\nmove,17,Anna,South,20\n"),
                        "");
    assert_string_equal(audit(), "");
    town_sql(&town, "REPLACE INTO person SELECT * FROM kept");
    assert_string_equal(audit(), "[altered person 1]");
}

/* --- backups -----------------------------------------------------------------------------------
 */

static void spoil(const char *path, long at, bool cut)
{
    FILE *f = fopen(path, "r+b");
    int c;

    assert_non_null(f);
    assert_int_equal(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    if (cut) {
        long end = ftell(f);

        assert_int_equal(ftruncate(fileno(f), end), 0);
    } else {
        c = fgetc(f);
        fseek(f, -1, SEEK_CUR);
        fputc(c ^ 1, f);
    }
    fclose(f);
}

static void backups_come_back(void **state)
{
    char backup[128];
    char back[128];
    struct pse_voters *v;
    struct pse_voters *mine;
    bool is_restored;

    (void)state;
    snprintf(backup, sizeof backup, "%s/voters.backup", town.dir);
    snprintf(back, sizeof back, "%s/back.db", town.dir);
    assert_int_equal(pse_backup_make(backup, town.path, &town.w, &town.rng), PSE_OK);
    assert_int_equal(pse_backup_make(backup, town.path, &town.w, &town.rng), PSE_E_DUPLICATE);
    assert_int_equal(pse_backup_restore(back, backup, &town.w, 5), PSE_OK);
    assert_int_equal(pse_backup_restore(back, backup, &town.w, 5), PSE_E_DUPLICATE);
    assert_int_equal(pse_backup_is_restored(&is_restored, town.path), PSE_OK);
    assert_false(is_restored);
    assert_int_equal(pse_backup_is_restored(&is_restored, back), PSE_OK);
    assert_true(is_restored);
    /* The restored database works. */
    assert_int_equal(pse_voters_open(&v, back, &town.w, false, &town.rng), PSE_OK);
    mine = town.v;
    town.v = v;
    assert_int_equal(town_register(&town, "60", 50, false), PSE_REGISTER_DONE);
    town.v = mine;
    pse_voters_close(v);
}

static void spoilt_backups_are_refused(void **state)
{
    struct pse_wrapper w;
    pse_seal_key other = {{9}};
    char backup[128];
    char back[128];

    (void)state;
    snprintf(backup, sizeof backup, "%s/voters.backup", town.dir);
    snprintf(back, sizeof back, "%s/back.db", town.dir);
    w = pse_wrap_key(&other);
    assert_int_equal(pse_backup_restore(back, backup, &town.w, 5), PSE_E_MISSING);
    assert_int_equal(pse_backup_make(backup, "nowhere.db", &town.w, &town.rng), PSE_E_MISSING);
    assert_int_equal(pse_backup_make(backup, town.path, &town.w, &town.rng), PSE_OK);
    assert_int_equal(pse_backup_restore(back, backup, &w, 5), PSE_E_PROOF);
    for (long at = 20; at < 4000; at += 397) {
        spoil(backup, at, false);
        assert_int_equal(pse_backup_restore(back, backup, &town.w, 5), PSE_E_PROOF);
        spoil(backup, at, false);
    }
    spoil(backup, -1, true);
    assert_int_equal(pse_backup_restore(back, backup, &town.w, 5), PSE_E_PROOF);
    spoil(backup, 65536 + 113 + 17, true); /* at the end of a chunk */
    assert_int_equal(pse_backup_restore(back, backup, &town.w, 5), PSE_E_PROOF);
    spoil(backup, 3, false);
    assert_int_equal(pse_backup_restore(back, backup, &town.w, 5), PSE_E_SYNTAX);
    assert_int_not_equal(access(back, F_OK), 0);
}

/* A ledger that came from a backup can be read; it signs nothing. */
static void a_restored_head_never_signs(void **state)
{
    static const uint8_t note[] = "note";
    struct pse_span origin = pse_span_str("town.example/1");
    struct pse_head head = {.size = 1, .note_n = sizeof note};
    struct pse_store *store;
    char dir[128], db[160], backup[160], back[160];

    (void)state;
    memcpy(head.note, note, sizeof note);
    snprintf(dir, sizeof dir, "%s/ledger", town.dir);
    snprintf(db, sizeof db, "%s/ledger.db", dir);
    snprintf(backup, sizeof backup, "%s/ledger.backup", town.dir);
    snprintf(back, sizeof back, "%s/back/ledger.db", town.dir);
    assert_int_equal(pse_store_open(&store, NULL, dir, origin, PSE_STORE_CREATE, NULL), PSE_OK);
    assert_int_equal(pse_store_head_create(store, &head), PSE_OK);
    assert_int_equal(pse_backup_make(backup, db, &town.w, &town.rng), PSE_OK);
    pse_store_close(store);
    snprintf(dir, sizeof dir, "%s/back", town.dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(pse_backup_restore(back, backup, &town.w, 5), PSE_OK);
    assert_int_equal(pse_store_open(&store, NULL, dir, origin, PSE_STORE_CREATE, NULL),
                     PSE_E_MISMATCH);
    assert_int_equal(pse_store_open(&store, NULL, dir, origin, 0, NULL), PSE_E_MISMATCH);
    assert_int_equal(pse_store_open(&store, NULL, dir, origin, PSE_STORE_READ, NULL), PSE_OK);
    assert_int_equal(pse_store_head_read(store, &head), PSE_OK);
    assert_int_equal(head.size, 1);
    pse_store_close(store);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(nothing_is_found),
        CASE(each_row_is_named),
        CASE(the_record_differs),
        CASE(old_rows_are_no_good),
        CASE(backups_come_back),
        CASE(spoilt_backups_are_refused),
        CASE(a_restored_head_never_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
