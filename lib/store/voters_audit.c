#include "store/voters_audit.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/login_room.h"
#include "store/voters_room.h"

const char *pse_audit_kind_name(enum pse_audit_kind kind)
{
    static const char *const name[] = {"altered", "missing", "surplus"};

    PSE_REQUIRE(kind <= PSE_AUDIT_SURPLUS);
    return name[kind];
}

/* What the chain says of a person: its latest change. */
struct latest {
    uint32_t list;
    bool is_listed;
    pse_hash commitment;
};

struct audit {
    struct pse_voters_auditor *a;
    struct pse_voters *v;
    struct latest *latest; /* by row */
    uint64_t persons, credentials;
};

static void report(struct audit *m, enum pse_audit_kind kind, const char *table, uint64_t row,
                   const char *why)
{
    struct pse_audit_finding f = {.kind = kind, .table = table, .row = row, .why = why};

    m->a->findings++;
    m->a->finding(m->a->ctx, &f);
}

static void report_key(struct audit *m, enum pse_audit_kind kind, const char *table,
                       struct pse_span key, const char *why)
{
    struct pse_audit_finding f = {.kind = kind, .table = table, .why = why};

    pse_hex_encode(f.key, key.p, key.n < 32 ? key.n : 32);
    m->a->findings++;
    m->a->finding(m->a->ctx, &f);
}

static bool is_world(pse_rc rc)
{
    return rc == PSE_E_IO || rc == PSE_E_MEMORY || rc == PSE_E_STATE;
}

/* --- meta --------------------------------------------------------------------------------------
 */

static pse_rc audit_meta(struct audit *m)
{
    static const struct {
        const char *name;
        size_t n;
    } known[] = {
        {"election", 32}, {"list", 8},        {"list hash", 32}, {"lookup", PSE_SEAL_WRAPPED},
        {"persons", 8},   {"credentials", 8}, {"released", 8}};
    uint8_t value[PSE_SEAL_WRAPPED];
    pse_rc rc;
    PSE_SQL(q, m->v->db,
            "SELECT name FROM meta WHERE name NOT IN ('election', 'list', 'list hash',"
            " 'lookup', 'persons', 'credentials', 'released')");

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct pse_audit_finding f = {.table = "meta", .why = "its mark does not hold"};

        m->a->rows++;
        rc = meta_get(m->v, known[i].name, value, known[i].n);
        if (rc == PSE_OK)
            continue;
        if (is_world(rc))
            return rc;
        f.kind = rc == PSE_E_MISSING ? PSE_AUDIT_MISSING : PSE_AUDIT_ALTERED;
        (void)snprintf(f.key, sizeof f.key, "%s", known[i].name);
        m->a->findings++;
        m->a->finding(m->a->ctx, &f);
    }
    while ((rc = pse_sql_row(q)) == PSE_OK) {
        struct pse_audit_finding f = {
            .kind = PSE_AUDIT_SURPLUS, .table = "meta", .why = "no such fact is kept"};
        struct pse_span name = pse_sql_col(q, 0);

        (void)snprintf(f.key, sizeof f.key, "%.*s", (int)(name.n < 60 ? name.n : 60),
                       (const char *)name.p);
        m->a->findings++;
        m->a->finding(m->a->ctx, &f);
    }
    return rc == PSE_E_MISSING ? PSE_OK : rc;
}

/* --- lists -------------------------------------------------------------------------------------
 */

static pse_rc note_latest(struct audit *m, const struct change_columns *c, uint32_t list)
{
    struct latest *at = &m->latest[c->person.row];

    at->list = list;
    at->is_listed = c->op != PSE_LIST_REMOVE;
    at->commitment = c->person.commitment;
    return PSE_OK;
}

static pse_rc read_change(struct change_columns *c, sqlite3_stmt *q)
{
    int64_t op = sqlite3_column_int64(q, 1);

    memset(c, 0, sizeof *c);
    if (op < PSE_LIST_ADD || op > PSE_LIST_REMOVE)
        return PSE_E_MISMATCH;
    c->op = (enum pse_list_op)op;
    c->person.row = (uint64_t)sqlite3_column_int64(q, 2);
    c->person.district = pse_sql_col(q, 4);
    c->person.style = (uint16_t)sqlite3_column_int64(q, 5);
    c->person.weight = (uint32_t)sqlite3_column_int64(q, 6);
    c->person.since = (uint32_t)sqlite3_column_int64(q, 7);
    c->person.until = (uint32_t)sqlite3_column_int64(q, 8);
    if (c->person.district.n > PSE_VOTER_DISTRICT_MAX)
        return PSE_E_MISMATCH;
    return pse_sql_col_copy(c->person.commitment.b, 32, q, 3);
}

/* All changes of one version into @p h; how many. */
static pse_rc hash_changes(struct audit *m, pse_sha256_stream *h, uint64_t *n, uint32_t list)
{
    struct pse_buf b = PSE_BUF(PSE_ROW_MARK_MAX);
    pse_rc rc;
    PSE_SQL(q, m->v->db,
            "SELECT seq, op, person, commitment, district, style, weight, since, until"
            " FROM change WHERE list = ? ORDER BY seq");

    *n = 0;
    pse_sql_i64(q, 1, list);
    while ((rc = pse_sql_row(q)) == PSE_OK) {
        struct change_columns c;

        m->a->rows++;
        if (sqlite3_column_int64(q, 0) != (int64_t)*n || read_change(&c, q) != PSE_OK ||
            c.person.row == 0 || c.person.row > m->persons)
            break; /* the hash will not fit either: named with the version */
        b.n = 0;
        change_put(&b, &c);
        pse_sha256_add(h, b.p, b.n);
        rc = note_latest(m, &c, list);
        *n += 1;
    }
    pse_buf_free(&b);
    return rc == PSE_E_MISSING || rc == PSE_OK ? PSE_OK : rc;
}

static pse_rc count_changes(struct audit *m, uint64_t *n, uint32_t list)
{
    PSE_SQL(q, m->v->db, "SELECT count(*) FROM change WHERE list = ?");

    pse_sql_i64(q, 1, list);
    PSE_TRY(pse_sql_row(q));
    *n = (uint64_t)sqlite3_column_int64(q, 0);
    return PSE_OK;
}

/* One version: its mark, its changes, and its hash from that of the version before. */
static pse_rc audit_version(struct audit *m, pse_hash *before, sqlite3_stmt *q)
{
    struct pse_list_source source = {.time = (uint64_t)sqlite3_column_int64(q, 5)};
    uint32_t number = (uint32_t)sqlite3_column_int64(q, 0);
    uint64_t stated = (uint64_t)sqlite3_column_int64(q, 2);
    uint64_t there;
    uint64_t n;
    pse_sha256_stream h;
    pse_hash hash;
    pse_hash sum;
    pse_hash mark;
    pse_hash stored;
    uint8_t count[4];

    if (pse_sql_col_copy(hash.b, 32, q, 1) != PSE_OK ||
        pse_sql_col_copy(source.file.b, 32, q, 3) != PSE_OK ||
        pse_sql_col_copy(source.act.b, 32, q, 4) != PSE_OK ||
        pse_sql_col_copy(stored.b, 32, q, 6) != PSE_OK) {
        report(m, PSE_AUDIT_ALTERED, "list", number, "a column has another length");
        return PSE_OK;
    }
    list_mark(&mark, m->v, number, &hash, stated, &source);
    if (!pse_hash_is_equal(&mark, &stored))
        report(m, PSE_AUDIT_ALTERED, "list", number, "its mark does not hold");
    pse_store_u32(count, (uint32_t)stated);
    pse_sha256_init(&h);
    pse_sha256_add(&h, before->b, 32);
    pse_sha256_add(&h, count, sizeof count);
    PSE_TRY(count_changes(m, &there, number));
    PSE_TRY(hash_changes(m, &h, &n, number));
    pse_sha256_final(&sum, &h);
    if (there != stated)
        report(m, there < stated ? PSE_AUDIT_MISSING : PSE_AUDIT_SURPLUS, "change", number,
               "the version states another number of changes");
    else if (!pse_hash_is_equal(&sum, &hash))
        report(m, PSE_AUDIT_ALTERED, "change", number,
               "the changes do not give the version's hash");
    *before = hash;
    return PSE_OK;
}

static pse_rc audit_lists(struct audit *m)
{
    uint32_t head = 0;
    uint32_t number = 0;
    pse_hash head_hash = {{0}};
    pse_hash before;
    pse_rc rc = pse_voters_head(m->v, &head, &head_hash);
    PSE_SQL(q, m->v->db,
            "SELECT number, hash, changes, file, act, time, mark FROM list"
            " ORDER BY number");
    PSE_SQL(stray, m->v->db,
            "SELECT list, seq FROM change WHERE list NOT IN"
            " (SELECT number FROM list)");

    if (rc != PSE_OK && is_world(rc))
        return rc;
    list_first_hash(&before, &m->v->eid);
    while ((rc = pse_sql_row(q)) == PSE_OK) {
        m->a->rows++;
        while (++number < (uint32_t)sqlite3_column_int64(q, 0))
            report(m, PSE_AUDIT_MISSING, "list", number, "the chain has a gap");
        if (number > head)
            report(m, PSE_AUDIT_SURPLUS, "list", number, "it is above the version that holds now");
        PSE_TRY(audit_version(m, &before, q));
    }
    if (rc != PSE_E_MISSING)
        return rc;
    while (++number <= head)
        report(m, PSE_AUDIT_MISSING, "list", number, "the version that holds now is not there");
    while ((rc = pse_sql_row(stray)) == PSE_OK)
        report(m, PSE_AUDIT_SURPLUS, "change", (uint64_t)sqlite3_column_int64(stray, 0),
               "changes of a version that is not there");
    return rc == PSE_E_MISSING ? PSE_OK : rc;
}

/* --- persons -----------------------------------------------------------------------------------
 */

static pse_rc audit_person(struct audit *m, struct pse_buf *hold, sqlite3_stmt *q)
{
    uint64_t row = (uint64_t)sqlite3_column_int64(q, 0);
    const struct latest *latest;
    struct pse_listed_person p;
    pse_rc rc = person_open(&p, hold, m->v, q);

    if (rc != PSE_OK) {
        if (is_world(rc))
            return rc;
        report(m, PSE_AUDIT_ALTERED, "person", row,
               rc == PSE_E_PROOF ? "its sealed record does not open"
                                 : "its columns are not those that were written");
        return PSE_OK;
    }
    if (row == 0 || row > m->persons) {
        report(m, PSE_AUDIT_SURPLUS, "person", row, "more persons than were ever listed");
        return PSE_OK;
    }
    latest = &m->latest[row];
    if (latest->list == 0)
        report(m, PSE_AUDIT_SURPLUS, "person", row, "no list names this person");
    else if (latest->is_listed != p.is_listed ||
             !pse_hash_is_equal(&latest->commitment, &p.commitment) ||
             latest->list != (uint32_t)sqlite3_column_int64(q, 2))
        report(m, PSE_AUDIT_ALTERED, "person", row, "not what the latest change says");
    return PSE_OK;
}

static pse_rc audit_persons(struct audit *m)
{
    struct pse_buf hold = PSE_BUF(PSE_VOTER_RECORD_MAX);
    uint64_t expected = 0;
    pse_rc rc;
    PSE_SQL(q, m->v->db, PERSON_SELECT " ORDER BY row");

    while ((rc = pse_sql_row(q)) == PSE_OK) {
        m->a->rows++;
        while (++expected < (uint64_t)sqlite3_column_int64(q, 0))
            report(m, PSE_AUDIT_MISSING, "person", expected, "the row is gone");
        rc = audit_person(m, &hold, q);
        if (rc != PSE_OK)
            break;
    }
    pse_buf_free(&hold);
    if (rc != PSE_E_MISSING)
        return rc;
    while (++expected <= m->persons)
        report(m, PSE_AUDIT_MISSING, "person", expected, "the row is gone");
    return PSE_OK;
}

/* --- credentials -------------------------------------------------------------------------------
 */

static int compare_lines(const void *key, const void *line)
{
    return memcmp(key, ((const struct pse_roll_line *)line)->credential.b, 32);
}

static void compare_record(struct audit *m, const struct pse_credential_row *c)
{
    struct pse_roll_line *line;

    if (m->a->line == NULL)
        return;
    line = bsearch(c->credential.b, m->a->line, m->a->lines, sizeof *line, compare_lines);
    if (line == NULL) {
        m->a->staged += c->state == PSE_CREDENTIAL_ACTIVE;
        return;
    }
    line->seen = true;
    if (line->style != c->style || line->weight != c->weight)
        report(m, PSE_AUDIT_ALTERED, "credential", c->row,
               "the record has another style or weight");
    else if (!pse_hash_is_equal(&line->commitment, &c->commitment))
        report(m, PSE_AUDIT_ALTERED, "credential", c->row, "the record has another commitment");
    else if (c->state == PSE_CREDENTIAL_PENDING || c->state == PSE_CREDENTIAL_REFUSED)
        report(m, PSE_AUDIT_SURPLUS, "credential", c->row,
               "in the record, though its voter's certificate is not known to be good");
    else if (!line->is_active && c->state == PSE_CREDENTIAL_ACTIVE)
        report(m, PSE_AUDIT_ALTERED, "credential", c->row, "active here, void in the record");
}

static pse_rc audit_credential(struct audit *m, struct pse_buf *hold, sqlite3_stmt *q)
{
    struct pse_credential_row c;
    uint64_t row = (uint64_t)sqlite3_column_int64(q, 0);
    uint8_t salt[32];
    pse_rc rc = credential_of(&c, m->v, q);

    if (rc == PSE_OK)
        rc = pse_voters_evidence(m->v, salt, hold, row);
    pse_wipe(salt, sizeof salt);
    if (rc == PSE_E_MISSING)
        rc = PSE_OK; /* erased */
    if (rc != PSE_OK) {
        if (is_world(rc))
            return rc;
        report(m, PSE_AUDIT_ALTERED, "credential", row,
               rc == PSE_E_PROOF ? "its sealed evidence does not open"
                                 : "its columns are not those that were written");
        return PSE_OK;
    }
    if (row > m->credentials)
        report(m, PSE_AUDIT_SURPLUS, "credential", row, "more credentials than were registered");
    compare_record(m, &c);
    return PSE_OK;
}

static pse_rc audit_credentials(struct audit *m)
{
    struct pse_buf hold = PSE_BUF(PSE_EVIDENCE_MAX);
    uint64_t expected = 0;
    pse_rc rc;
    PSE_SQL(q, m->v->db, CREDENTIAL_SELECT " ORDER BY row");

    while ((rc = pse_sql_row(q)) == PSE_OK) {
        m->a->rows++;
        while (++expected < (uint64_t)sqlite3_column_int64(q, 0))
            report(m, PSE_AUDIT_MISSING, "credential", expected, "the row is gone");
        rc = audit_credential(m, &hold, q);
        if (rc != PSE_OK)
            break;
    }
    pse_buf_free(&hold);
    if (rc != PSE_E_MISSING)
        return rc;
    while (++expected <= m->credentials)
        report(m, PSE_AUDIT_MISSING, "credential", expected, "the row is gone");
    for (size_t i = 0; i < m->a->lines; i++) {
        if (!m->a->line[i].seen)
            report_key(m, PSE_AUDIT_MISSING, "credential", pse_span(m->a->line[i].credential.b, 32),
                       "the record has a credential that was never registered here");
    }
    return PSE_OK;
}

/* --- logins and rates --------------------------------------------------------------------------
 */

static pse_rc audit_logins(struct audit *m)
{
    pse_rc rc;
    PSE_SQL(q, m->v->db, LOGIN_SELECT);
    PSE_SQL(rate, m->v->db, RATE_SELECT);

    while ((rc = pse_sql_row(q)) == PSE_OK) {
        m->a->rows++;
        if (login_is_marked(m->v, q) != PSE_OK)
            report_key(m, PSE_AUDIT_ALTERED, "login", pse_sql_col(q, 0), "its mark does not hold");
    }
    if (rc != PSE_E_MISSING)
        return rc;
    while ((rc = pse_sql_row(rate)) == PSE_OK) {
        m->a->rows++;
        if (rate_is_marked(m->v, rate) != PSE_OK)
            report_key(m, PSE_AUDIT_ALTERED, "rate", pse_sql_col(rate, 0),
                       "its mark does not hold");
    }
    return rc == PSE_E_MISSING ? PSE_OK : rc;
}

/* --- all ---------------------------------------------------------------------------------------
 */

static pse_rc highest(uint64_t *out, struct pse_voters *v, const char *meta, const char *sql)
{
    pse_rc rc = meta_get_u64(v, meta, out);
    PSE_SQL(q, v->db, sql);

    if (rc == PSE_OK || is_world(rc))
        return rc;
    /* The count itself was tampered with; the rows that are there are still looked at. */
    PSE_TRY(pse_sql_row(q));
    *out = (uint64_t)sqlite3_column_int64(q, 0);
    return PSE_OK;
}

pse_rc pse_voters_audit(struct pse_voters_auditor *a, struct pse_voters *v)
{
    struct audit m = {.a = a, .v = v};
    pse_rc rc;

    a->rows = a->findings = a->staged = 0;
    PSE_TRY(highest(&m.persons, v, "persons", "SELECT ifnull(max(row), 0) FROM person"));
    PSE_TRY(
        highest(&m.credentials, v, "credentials", "SELECT ifnull(max(row), 0) FROM credential"));
    if (m.persons >= PSE_LIST_ITEMS_MAX)
        return PSE_E_LIMIT;
    m.latest = calloc(m.persons + 1, sizeof *m.latest);
    if (m.latest == NULL)
        return PSE_E_MEMORY;
    rc = audit_meta(&m);
    if (rc == PSE_OK)
        rc = audit_lists(&m);
    if (rc == PSE_OK)
        rc = audit_persons(&m);
    if (rc == PSE_OK)
        rc = audit_credentials(&m);
    if (rc == PSE_OK)
        rc = audit_logins(&m);
    free(m.latest);
    return rc;
}
