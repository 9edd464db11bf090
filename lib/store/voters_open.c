#include <stdlib.h>

#include "store/voters_room.h"

static const char schema[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL, mark BLOB NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE person(row INTEGER PRIMARY KEY, lookup BLOB UNIQUE, mail BLOB,"
    " listed INTEGER NOT NULL, list INTEGER NOT NULL, district TEXT NOT NULL,"
    " style INTEGER NOT NULL, weight INTEGER NOT NULL, since INTEGER NOT NULL,"
    " until INTEGER NOT NULL, commitment BLOB NOT NULL, mark BLOB NOT NULL, wrapped BLOB,"
    " sealed BLOB) STRICT;"
    "CREATE INDEX person_mail ON person(mail) WHERE mail IS NOT NULL;"
    "CREATE TABLE list(number INTEGER PRIMARY KEY, hash BLOB NOT NULL, changes INTEGER NOT NULL,"
    " file BLOB NOT NULL, act BLOB NOT NULL, time INTEGER NOT NULL, mark BLOB NOT NULL) STRICT;"
    "CREATE TABLE change(list INTEGER NOT NULL REFERENCES list(number), seq INTEGER NOT NULL,"
    " op INTEGER NOT NULL, person INTEGER NOT NULL REFERENCES person(row),"
    " commitment BLOB NOT NULL, district TEXT NOT NULL, style INTEGER NOT NULL,"
    " weight INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,"
    " PRIMARY KEY(list, seq)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE credential(row INTEGER PRIMARY KEY, person INTEGER REFERENCES person(row),"
    " credential BLOB NOT NULL UNIQUE, style INTEGER NOT NULL, weight INTEGER NOT NULL,"
    " commitment BLOB NOT NULL, state INTEGER NOT NULL,"
    " replaces INTEGER UNIQUE REFERENCES credential(row), mark BLOB NOT NULL, wrapped BLOB,"
    " sealed BLOB) STRICT;"
    /* One active credential a voter, whatever the program does. */
    "CREATE UNIQUE INDEX credential_active ON credential(person)"
    " WHERE state = 1 AND person IS NOT NULL;"
    "CREATE TABLE login(token BLOB PRIMARY KEY, person INTEGER, browser BLOB NOT NULL,"
    " expires INTEGER NOT NULL, mark BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE rate(bucket BLOB PRIMARY KEY, due INTEGER NOT NULL, mark BLOB NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "PRAGMA application_id = 1886614646;" /* "psev" */
    "PRAGMA user_version = 1;";

enum { APPLICATION = 1886614646, VERSION = 1 };

/* Those who wait are few among many. A database that was made without gets them when it is opened;
 * the first also sees to it that a person waits once, whatever the program does. */
static const char indices[] =
    "CREATE UNIQUE INDEX IF NOT EXISTS credential_pending ON credential(person) WHERE state = 4;"
    "CREATE INDEX IF NOT EXISTS credential_queue ON credential(state) WHERE state = 4;";

static const struct pse_seal_place lookup_place = {.table = "meta/lookup", .row = 0};

/* --- meta --------------------------------------------------------------------------------------
 */

void voters_mark(pse_hash *out, const struct pse_voters *v, const char *table,
                 const struct pse_buf *columns)
{
    PSE_REQUIRE(columns->rc == PSE_OK);
    pse_seal_mark(out, &v->lookup, table, pse_buf_span(columns));
}

static void meta_mark(pse_hash *out, const struct pse_voters *v, const char *name,
                      struct pse_span value)
{
    struct pse_buf b = PSE_BUF(PSE_ROW_MARK_MAX);

    pse_wr_v16(&b, pse_span_str(name));
    pse_wr_v16(&b, value);
    voters_mark(out, v, "meta", &b);
    pse_buf_free(&b);
}

pse_rc meta_put(struct pse_voters *v, const char *name, struct pse_span value)
{
    pse_hash mark;
    PSE_SQL(q, v->db,
            "INSERT INTO meta(name, value, mark) VALUES(?, ?, ?)"
            " ON CONFLICT(name) DO UPDATE SET value = excluded.value,"
            " mark = excluded.mark");

    meta_mark(&mark, v, name, value);
    pse_sql_text(q, 1, pse_span_str(name));
    pse_sql_blob(q, 2, value);
    pse_sql_blob(q, 3, pse_span(mark.b, 32));
    return pse_sql_run(q);
}

pse_rc meta_get(struct pse_voters *v, const char *name, void *value, size_t n)
{
    pse_hash mark;
    pse_hash stored;
    PSE_SQL(q, v->db, "SELECT value, mark FROM meta WHERE name = ?");

    pse_sql_text(q, 1, pse_span_str(name));
    PSE_TRY(pse_sql_row(q));
    PSE_TRY(pse_sql_col_copy(value, n, q, 0));
    meta_mark(&mark, v, name, pse_span(value, n));
    PSE_TRY(pse_sql_col_copy(stored.b, 32, q, 1));
    return pse_hash_is_equal(&mark, &stored) ? PSE_OK : PSE_E_MISMATCH;
}

pse_rc meta_put_u64(struct pse_voters *v, const char *name, uint64_t value)
{
    uint8_t bytes[8];

    pse_store_u64(bytes, value);
    return meta_put(v, name, pse_span(bytes, sizeof bytes));
}

pse_rc meta_get_u64(struct pse_voters *v, const char *name, uint64_t *value)
{
    uint8_t bytes[8];

    *value = 0;
    PSE_TRY(meta_get(v, name, bytes, sizeof bytes));
    *value = pse_load_u64(bytes);
    return PSE_OK;
}

/* --- create ------------------------------------------------------------------------------------
 */

void list_first_hash(pse_hash *out, const pse_hash *eid)
{
    static const char label[15] = "psephos/1/list"; /* with its zero */
    pse_sha256_stream h;

    pse_sha256_init(&h);
    pse_sha256_add(&h, label, sizeof label);
    pse_sha256_add(&h, eid->b, 32);
    pse_sha256_final(out, &h);
}

static pse_rc put_lookup_key(struct pse_voters *v)
{
    uint8_t wrapped[PSE_SEAL_WRAPPED];

    pse_rng_fill(v->rng, v->lookup.b, sizeof v->lookup.b);
    PSE_TRY(v->w->wrap(v->w->ctx, wrapped, &v->lookup, &lookup_place, v->rng));
    return meta_put(v, "lookup", pse_span(wrapped, sizeof wrapped));
}

static pse_rc fill_new(struct pse_voters *v)
{
    pse_hash first;

    list_first_hash(&first, &v->eid);
    PSE_TRY(pse_sql_exec(v->db, schema));
    PSE_TRY(pse_sql_exec(v->db, indices));
    PSE_TRY(put_lookup_key(v));
    PSE_TRY(meta_put(v, "election", pse_span(v->eid.b, 32)));
    PSE_TRY(meta_put_u64(v, "list", 0));
    PSE_TRY(meta_put(v, "list hash", pse_span(first.b, 32)));
    PSE_TRY(meta_put_u64(v, "persons", 0));
    PSE_TRY(meta_put_u64(v, "credentials", 0));
    return meta_put_u64(v, "released", 0);
}

static pse_rc handle(struct pse_voters **out, const struct pse_wrapper *w, struct pse_rng *rng)
{
    struct pse_voters *v = calloc(1, sizeof *v);

    *out = v;
    if (v == NULL)
        return PSE_E_MEMORY;
    v->w = w;
    v->rng = rng;
    return PSE_OK;
}

static pse_rc give_up(struct pse_voters **v, pse_rc rc)
{
    if (rc != PSE_OK) {
        pse_voters_close(*v);
        *v = NULL;
    }
    return rc;
}

pse_rc pse_voters_create(struct pse_voters **v, const char *path, const struct pse_wrapper *w,
                         const pse_hash *eid, struct pse_rng *rng)
{
    pse_rc rc;

    PSE_TRY(handle(v, w, rng));
    (*v)->eid = *eid;
    rc = pse_sql_open(&(*v)->db, path, PSE_SQL_CREATE);
    if (rc == PSE_OK)
        rc = pse_sql_begin((*v)->db);
    if (rc == PSE_OK)
        rc = pse_sql_end((*v)->db, fill_new(*v));
    return give_up(v, rc);
}

/* --- open --------------------------------------------------------------------------------------
 */

static pse_rc number_of(sqlite3 *db, const char *pragma, int64_t *out)
{
    PSE_SQL(q, db, pragma);
    PSE_TRY(pse_sql_row(q));
    *out = sqlite3_column_int64(q, 0);
    return PSE_OK;
}

static pse_rc get_lookup_key(struct pse_voters *v)
{
    uint8_t wrapped[PSE_SEAL_WRAPPED];
    PSE_SQL(q, v->db, "SELECT value FROM meta WHERE name = 'lookup'");

    if (pse_sql_row(q) != PSE_OK || pse_sql_col_copy(wrapped, sizeof wrapped, q, 0) != PSE_OK)
        return PSE_E_SYNTAX;
    return v->w->unwrap(v->w->ctx, &v->lookup, wrapped, &lookup_place);
}

static pse_rc open_all(struct pse_voters *v, const char *path, bool is_reader)
{
    int64_t application = 0;
    int64_t version = 0;

    PSE_TRY(pse_sql_open(&v->db, path, is_reader ? PSE_SQL_READ : PSE_SQL_WRITE));
    if (number_of(v->db, "PRAGMA application_id", &application) != PSE_OK ||
        number_of(v->db, "PRAGMA user_version", &version) != PSE_OK || application != APPLICATION ||
        version != VERSION)
        return PSE_E_SYNTAX;
    /* A reader sees one state of the database from here on, whatever is written meanwhile. */
    if (is_reader)
        PSE_TRY(pse_sql_exec(v->db, "BEGIN"));
    else
        PSE_TRY(pse_sql_exec(v->db, indices));
    PSE_TRY(get_lookup_key(v));
    return meta_get(v, "election", v->eid.b, 32);
}

pse_rc pse_voters_open(struct pse_voters **v, const char *path, const struct pse_wrapper *w,
                       bool is_reader, struct pse_rng *rng)
{
    PSE_TRY(handle(v, w, rng));
    return give_up(v, open_all(*v, path, is_reader));
}

void pse_voters_close(struct pse_voters *v)
{
    if (v == NULL)
        return;
    sqlite3_close(v->db);
    pse_seal_key_wipe(&v->lookup);
    free(v);
}

const pse_hash *pse_voters_eid(const struct pse_voters *v)
{
    return &v->eid;
}

pse_rc pse_voters_head(struct pse_voters *v, uint32_t *number, pse_hash *hash)
{
    uint64_t n;

    PSE_TRY(meta_get_u64(v, "list", &n));
    *number = (uint32_t)n;
    return meta_get(v, "list hash", hash->b, 32);
}

pse_rc pse_voters_released(struct pse_voters *v, uint64_t *time)
{
    return meta_get_u64(v, "released", time);
}

pse_rc pse_voters_set_released(struct pse_voters *v, uint64_t time)
{
    return meta_put_u64(v, "released", time);
}

bool pse_release_is_due(size_t pending, uint64_t last, uint64_t now)
{
    return pending >= PSE_RELEASE_BATCH ||
           (pending > 0 && now >= last && now - last >= PSE_RELEASE_PERIOD);
}
