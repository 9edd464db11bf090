/* The PostgreSQL driver: several boxes may share one store; one of them writes (ledger contract
 * 12).
 *
 * A batch is one statement, so one transaction and one round trip: the head's row is updated where
 * it is still the old one, and only then are entries and bundle inserted. At read committed a
 * second writer's update waits for the first's, looks at the row again, and finds that it is
 * another. */
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "store/bundle.h"
#include "store/postgres_link.h"
#include "store/postgres_schema.h"
#include "store/steps.h"

enum {
    BLOB_PART = 4 * 1024 * 1024,
    READ_ENTRIES = 4096, /* entries read at once, and so many bytes of them */
    READ_BYTES = 8 * 1024 * 1024,
};

struct postgres {
    struct pse_pg pg; /* begins with the base */
    char cluster[24]; /* system identifier */
    char timeline[12];
};

static void add_origin(struct pse_pg_args *a, const struct postgres *p)
{
    pse_pg_bytes(a, pse_span(p->pg.base.origin, p->pg.base.origin_n));
}

static void add_text(struct pse_pg_args *a, const char *text)
{
    pse_pg_bytes(a, pse_span_str(text));
}

static bool may_write(const struct postgres *p)
{
    return (p->pg.base.flags & PSE_STORE_READ) == 0;
}

/* --- opening ---------------------------------------------------------------------------------- */

static void take_text(char *out, size_t max, const PGresult *r, int column)
{
    struct pse_span x = pse_pg_get_bytes(r, 0, column);

    (void)snprintf(out, max, "%.*s", (int)x.n, (const char *)x.p);
}

/* Which cluster this is, and after how many promotions of a stand-by. */
static pse_rc identify(struct postgres *p)
{
    static const char sql[] = "SELECT s.system_identifier::text, CASE WHEN pg_is_in_recovery()"
                              " THEN lpad(upper(to_hex(c.timeline_id)), 8, '0')"
                              " ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END"
                              " FROM pg_control_system() s, pg_control_checkpoint() c";
    const struct pse_pg_args none = {0};
    PGresult *r;

    PSE_TRY(pse_pg_read(&r, &p->pg, sql, &none));
    take_text(p->cluster, sizeof p->cluster, r, 0);
    take_text(p->timeline, sizeof p->timeline, r, 1);
    PQclear(r);
    return PSE_OK;
}

/* Held by the session, so by the process: it fails early where the swap would fail later. A writer
 * that has just ended may need a moment to be gone. */
static pse_rc take_lock(struct postgres *p)
{
    struct pse_pg_args a = {0};
    pse_hash hash;
    pse_rc rc;

    pse_sha256(&hash, pse_span(p->pg.base.origin, p->pg.base.origin_n));
    pse_pg_u64(&a, pse_load_u64(hash.b) >> 1);
    PSE_TRY(pse_pg_script(&p->pg, "SET lock_timeout = '500ms'"));
    rc = pse_pg_change(NULL, &p->pg, "SELECT pg_advisory_lock($1)", &a);
    if (rc == PSE_E_STATE)
        return pse_store_fail(p, rc, "another box writes this log; this one may stand by");
    PSE_TRY(rc);
    return pse_pg_script(&p->pg, "SET lock_timeout = '10s'");
}

static pse_rc postgres_open(void *self, const char *where)
{
    struct postgres *p = self;

    PSE_TRY(pse_pg_connect(&p->pg, where));
    if ((p->pg.base.flags & PSE_STORE_CREATE) != 0)
        PSE_TRY(pse_pg_install(&p->pg));
    PSE_TRY(identify(p));
    PSE_TRY(pse_pg_check(&p->pg));
    return may_write(p) ? take_lock(p) : PSE_OK;
}

static void postgres_close(void *self)
{
    struct postgres *p = self;

    pse_pg_disconnect(&p->pg);
}

/* --- head ------------------------------------------------------------------------------------- */

/* Parameters 1..11: a row. */
static void add_head(struct pse_pg_args *a, const struct postgres *p, const struct pse_head *h,
                     pse_hash hash[2])
{
    pse_head_hash(&hash[0], h);
    pse_head_row_hash(&hash[1], &p->pg.base, h);
    add_origin(a, p);
    pse_pg_u64(a, h->epoch);
    pse_pg_u64(a, h->size);
    pse_pg_hash(a, &h->root);
    pse_pg_u64(a, h->time);
    pse_pg_hash(a, &h->before);
    pse_pg_bytes(a, pse_span(h->note, h->note_n));
    pse_pg_hash(a, &hash[0]);
    pse_pg_hash(a, &hash[1]);
    add_text(a, p->cluster);
    add_text(a, p->timeline);
}

static pse_rc postgres_head_create(void *self, const struct pse_head *head)
{
    static const char sql[] =
        "INSERT INTO psephos.head (origin, epoch, size, root, time, before, note, note_hash,"
        " row_hash, cluster, timeline) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
        " convert_from($10, 'UTF8'), convert_from($11, 'UTF8'))";
    struct postgres *p = self;
    struct pse_pg_args a = {0};
    pse_hash hash[2];

    add_head(&a, p, head, hash);
    return pse_pg_change(NULL, &p->pg, sql, &a);
}

/* A head written by another cluster was restored there from a dump or copied; one of a later time
 * line was written after a promotion that this server has not seen. A server that was promoted
 * since is fine: whether it has all that was committed, record and witnesses tell, who are asked at
 * every start. */
static pse_rc compare_cluster(struct postgres *p, const PGresult *r)
{
    char cluster[sizeof p->cluster], timeline[sizeof p->timeline];

    take_text(cluster, sizeof cluster, r, 7);
    take_text(timeline, sizeof timeline, r, 8);
    if (strcmp(cluster, p->cluster) == 0 && strcmp(timeline, p->timeline) <= 0)
        return PSE_OK;
    return pse_store_fail(
        p, PSE_E_MISMATCH,
        "the head was written on cluster %s, time line %s; this is %s, %s: a copy "
        "or an old stand-by. Find the newest server before anything is signed",
        cluster, timeline, p->cluster, p->timeline);
}

static pse_rc read_row(struct postgres *p, struct pse_head *head, const PGresult *r)
{
    struct pse_span note = pse_pg_get_bytes(r, 0, 5);
    pse_hash stated, found;

    head->epoch = pse_pg_get_u64(r, 0, 0);
    head->size = pse_pg_get_u64(r, 0, 1);
    head->time = pse_pg_get_u64(r, 0, 3);
    if (pse_pg_get_hash(&head->root, r, 0, 2) && pse_pg_get_hash(&head->before, r, 0, 4) &&
        pse_pg_get_hash(&stated, r, 0, 6) && note.n <= PSE_HEAD_NOTE_MAX) {
        head->note_n = note.n;
        memcpy(head->note, note.p, note.n);
        pse_head_row_hash(&found, &p->pg.base, head);
        if (pse_hash_is_equal(&stated, &found))
            return compare_cluster(p, r);
    }
    return pse_store_fail(p, PSE_E_MISMATCH, "the head in the database is damaged");
}

static pse_rc postgres_head_read(void *self, struct pse_head *head)
{
    static const char sql[] = "SELECT epoch, size, root, time, before, note, row_hash, cluster,"
                              " timeline FROM psephos.head WHERE origin = $1";
    struct postgres *p = self;
    struct pse_pg_args a = {0};
    PGresult *r;
    pse_rc rc;

    add_origin(&a, p);
    PSE_TRY(pse_pg_read(&r, &p->pg, sql, &a));
    if (PQntuples(r) == 1)
        rc = read_row(p, head, r);
    else
        rc = pse_store_fail(p, PSE_E_MISSING, "the database holds no head of this log");
    PQclear(r);
    return rc;
}

/* --- compare and swap ------------------------------------------------------------------------- */

#define SWAP                                                                               \
    "WITH swap AS (UPDATE psephos.head SET epoch = $2, size = $3, root = $4, time = $5,"   \
    " before = $6, note = $7, note_hash = $8, row_hash = $9,"                              \
    " cluster = convert_from($10, 'UTF8'), timeline = convert_from($11, 'UTF8')"           \
    " WHERE origin = $1 AND epoch = $12 AND size = $13 AND root = $14 AND note_hash = $15" \
    " RETURNING 1)"

/* The bundle is not written twice: its row says which entries it is made of. */
#define SWAP_WITH_ENTRIES                                                                        \
    SWAP ", added AS (INSERT INTO psephos.entry (origin, number, bytes)"                         \
         " SELECT $1, $13 + u.at - 1, u.bytes FROM swap,"                                        \
         " unnest($16) WITH ORDINALITY AS u (bytes, at) RETURNING length(bytes) AS n),"          \
         " staged AS (INSERT INTO psephos.stage (origin, size, epoch, root, first, count, hash)" \
         " SELECT $1, $3, $2, $4, $13, $3 - $13, ''::bytea FROM swap)"                           \
         " SELECT count(*) FROM swap"

static pse_rc swap(struct postgres *p, const struct pse_head *old, const struct pse_head *next,
                   const struct pse_buf *entries)
{
    struct pse_pg_args a = {0};
    pse_hash hash[2], old_hash;
    uint64_t rows;
    PGresult *r;

    add_head(&a, p, next, hash);
    pse_head_hash(&old_hash, old);
    pse_pg_u64(&a, old->epoch);
    pse_pg_u64(&a, old->size);
    pse_pg_hash(&a, &old->root);
    pse_pg_hash(&a, &old_hash);
    if (entries != NULL)
        pse_pg_array(&a, pse_buf_span(entries));
    PSE_TRY(pse_pg_change(
        &r, &p->pg, entries != NULL ? SWAP_WITH_ENTRIES : SWAP " SELECT count(*) FROM swap", &a));
    rows = pse_pg_get_u64(r, 0, 0);
    PQclear(r);
    if (rows == 1)
        return PSE_OK;
    return pse_store_fail(p, PSE_E_STATE, "another writer has taken over this log");
}

/* The same steps as of any driver, so that a test can fail them. */
static pse_rc swap_told(struct postgres *p, const struct pse_head *old, const struct pse_head *next,
                        const struct pse_buf *entries)
{
    const struct pse_steps *steps = p->pg.base.steps;

    if (entries != NULL)
        PSE_TRY(pse_step_before(steps, PSE_STEP_STAGE_WRITE, NULL));
    PSE_TRY(pse_step_before(steps, PSE_STEP_STAGE_SYNC, NULL));
    PSE_TRY(swap(p, old, next, entries));
    if (entries != NULL)
        PSE_TRY(pse_step_after(steps, PSE_STEP_STAGE_WRITE));
    return pse_step_after(steps, PSE_STEP_STAGE_SYNC);
}

static pse_rc encode(struct pse_buf *out, struct postgres *p, const struct pse_head *old,
                     const struct pse_head *next, struct pse_span bundle)
{
    struct pse_staged *staged = malloc(sizeof *staged);
    pse_rc rc;

    if (staged == NULL)
        return PSE_E_MEMORY;
    rc = pse_staged_parse(staged, bundle);
    if (rc != PSE_OK || staged->from != old->size || staged->n != next->size - old->size)
        rc = pse_store_fail(p, PSE_E_SYNTAX,
                            "the bundle does not lead from the old head to the new");
    if (rc == PSE_OK)
        pse_pg_array_put(out, staged->entry, staged->n);
    free(staged);
    return rc == PSE_OK ? out->rc : rc;
}

static pse_rc postgres_head_cas(void *self, const struct pse_head *old, const struct pse_head *next,
                                struct pse_span bundle)
{
    struct postgres *p = self;
    struct pse_buf entries = PSE_BUF(2 * (size_t)PSE_STAGE_MAX);
    pse_rc rc;

    if (bundle.n == 0)
        return swap_told(p, old, next, NULL);
    rc = encode(&entries, p, old, next, bundle);
    if (rc == PSE_OK)
        rc = swap_told(p, old, next, &entries);
    pse_buf_free(&entries);
    return rc;
}

/* --- entries ---------------------------------------------------------------------------------- */

/* The entries from @p from on, at least one if it is there, as rows of number and bytes. */
static pse_rc read_entries(PGresult **r, struct postgres *p, uint64_t from, uint64_t end,
                           uint64_t bytes)
{
    static const char sql[] =
        "SELECT number, bytes FROM (SELECT number, bytes,"
        " sum(octet_length(bytes)) OVER (ORDER BY number) - octet_length(bytes) AS before"
        " FROM psephos.entry WHERE origin = $1 AND number >= $2 AND number < $3) t"
        " WHERE before <= $4 ORDER BY number";
    struct pse_pg_args a = {0};

    add_origin(&a, p);
    pse_pg_u64(&a, from);
    pse_pg_u64(&a, end);
    pse_pg_u64(&a, bytes);
    return pse_pg_read(r, &p->pg, sql, &a);
}

/* Rows as a bundle. PSE_E_MISMATCH: a gap, or an entry that cannot be one. */
static pse_rc put_rows(struct pse_buf *out, struct postgres *p, const PGresult *r, uint64_t from)
{
    size_t n = (size_t)PQntuples(r);
    struct pse_span *entry = calloc(n, sizeof *entry);
    pse_rc rc = PSE_OK;

    if (entry == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < n && rc == PSE_OK; i++) {
        entry[i] = pse_pg_get_bytes(r, (int)i, 1);
        if (pse_pg_get_u64(r, (int)i, 0) != from + i || entry[i].n > UINT16_MAX)
            rc = pse_store_fail(p, PSE_E_MISMATCH, "entry %llu is missing in the database",
                                (unsigned long long)(from + i));
    }
    if (rc == PSE_OK) {
        pse_staged_put(out, from, entry, n);
        rc = out->rc;
    }
    free(entry);
    return rc;
}

static pse_rc postgres_entries_get(void *self, struct pse_buf *out, uint64_t from, uint64_t size)
{
    struct postgres *p = self;
    uint64_t end = size - from < READ_ENTRIES ? size : from + READ_ENTRIES;
    PGresult *r;
    pse_rc rc;

    PSE_TRY(read_entries(&r, p, from, end, READ_BYTES));
    rc = PQntuples(r) > 0 ? put_rows(out, p, r, from) : PSE_E_MISSING;
    PQclear(r);
    return rc;
}

/* --- staged bundles --------------------------------------------------------------------------- */

static void add_name(struct pse_pg_args *a, const struct postgres *p,
                     const struct pse_stage_name *name)
{
    add_origin(a, p);
    pse_pg_u64(a, name->size);
    pse_pg_u64(a, name->epoch);
    pse_pg_hash(a, &name->root);
}

static pse_rc get_by_entries(struct pse_buf *out, struct postgres *p, uint64_t first,
                             uint64_t count)
{
    PGresult *r;
    pse_rc rc;

    PSE_TRY(read_entries(&r, p, first, first + count, INT64_MAX >> 1));
    if ((uint64_t)PQntuples(r) == count && count > 0)
        rc = put_rows(out, p, r, first);
    else
        rc = pse_store_fail(p, PSE_E_MISMATCH, "entries of a staged bundle are missing");
    PQclear(r);
    return rc;
}

static pse_rc get_by_bytes(struct pse_buf *out, struct postgres *p, const PGresult *r)
{
    struct pse_span bundle = pse_pg_get_bytes(r, 0, 3);
    pse_hash stated, found;

    pse_sha256(&found, bundle);
    if (!pse_pg_get_hash(&stated, r, 0, 2) || !pse_hash_is_equal(&stated, &found))
        return pse_store_fail(p, PSE_E_MISMATCH, "a staged bundle in the database is damaged");
    pse_wr_span(out, bundle);
    return out->rc;
}

static pse_rc postgres_stage_get(void *self, struct pse_buf *out, const struct pse_stage_name *name)
{
    static const char sql[] = "SELECT first, count, hash, bundle FROM psephos.stage"
                              " WHERE origin = $1 AND size = $2 AND epoch = $3 AND root = $4";
    struct postgres *p = self;
    struct pse_pg_args a = {0};
    PGresult *r;
    pse_rc rc = PSE_E_MISSING;

    add_name(&a, p, name);
    PSE_TRY(pse_pg_read(&r, &p->pg, sql, &a));
    if (PQntuples(r) == 1)
        rc = PQgetisnull(r, 0, 3) != 0
                 ? get_by_entries(out, p, pse_pg_get_u64(r, 0, 0), pse_pg_get_u64(r, 0, 1))
                 : get_by_bytes(out, p, r);
    PQclear(r);
    return rc;
}

static pse_rc postgres_stage_put(void *self, const struct pse_stage_name *name,
                                 struct pse_span bundle)
{
    static const char sql[] = "INSERT INTO psephos.stage (origin, size, epoch, root, hash, bundle)"
                              " VALUES ($1, $2, $3, $4, $5, $6)";
    struct postgres *p = self;
    const struct pse_steps *steps = p->pg.base.steps;
    struct pse_buf old = PSE_BUF(PSE_STAGE_MAX);
    struct pse_pg_args a = {0};
    pse_hash hash;
    pse_rc rc;

    pse_sha256(&hash, bundle);
    add_name(&a, p, name);
    pse_pg_hash(&a, &hash);
    pse_pg_bytes(&a, bundle);
    PSE_TRY(pse_step_before(steps, PSE_STEP_STAGE_WRITE, NULL));
    PSE_TRY(pse_step_before(steps, PSE_STEP_STAGE_SYNC, NULL));
    rc = pse_pg_change(NULL, &p->pg, sql, &a);
    if (rc == PSE_E_DUPLICATE) {
        rc = postgres_stage_get(p, &old, name);
        if (rc == PSE_OK && !pse_span_is_equal(pse_buf_span(&old), bundle))
            rc = PSE_E_DUPLICATE;
        pse_buf_free(&old);
    }
    PSE_TRY(rc);
    PSE_TRY(pse_step_after(steps, PSE_STEP_STAGE_WRITE));
    return pse_step_after(steps, PSE_STEP_STAGE_SYNC);
}

static pse_rc postgres_stage_list(void *self, struct pse_stage_name *names, size_t *n, size_t max)
{
    static const char sql[] = "SELECT epoch, size, root FROM psephos.stage WHERE origin = $1"
                              " ORDER BY size, epoch LIMIT $2";
    struct postgres *p = self;
    struct pse_pg_args a = {0};
    PGresult *r;

    add_origin(&a, p);
    pse_pg_u64(&a, max);
    PSE_TRY(pse_pg_read(&r, &p->pg, sql, &a));
    *n = (size_t)PQntuples(r);
    for (size_t i = 0; i < *n; i++) {
        names[i].epoch = pse_pg_get_u64(r, (int)i, 0);
        names[i].size = pse_pg_get_u64(r, (int)i, 1);
        if (!pse_pg_get_hash(&names[i].root, r, (int)i, 2))
            memset(&names[i].root, 0, sizeof names[i].root);
    }
    PQclear(r);
    return PSE_OK;
}

/* Need not be on disk: a bundle that comes back after a crash is discarded again at start. */
static pse_rc postgres_stage_drop(void *self, const struct pse_stage_name *name)
{
    static const char sql[] = "WITH lazy AS (SELECT set_config('synchronous_commit', 'off', true))"
                              " DELETE FROM psephos.stage USING lazy"
                              " WHERE origin = $1 AND size = $2 AND epoch = $3 AND root = $4";
    struct postgres *p = self;
    struct pse_pg_args a = {0};

    add_name(&a, p, name);
    return pse_pg_change(NULL, &p->pg, sql, &a);
}

/* --- blobs ------------------------------------------------------------------------------------ */

/* A blob on its way in, cut into parts of BLOB_PART. */
struct parts {
    const pse_hash *digest;
    struct pse_span blob;
    size_t n;
};

static void fill_part(struct pse_pg_args *a, size_t i, const void *ctx)
{
    const struct parts *parts = ctx;
    size_t at = i * BLOB_PART;
    size_t left = parts->blob.n - at;

    pse_pg_hash(a, parts->digest);
    pse_pg_u64(a, i);
    pse_pg_u64(a, parts->n);
    pse_pg_bytes(a, pse_span(left == 0 ? NULL : parts->blob.p + at,
                             left < BLOB_PART ? left : (size_t)BLOB_PART));
}

static pse_rc has_blob(bool *found, struct postgres *p, const pse_hash *digest)
{
    struct pse_pg_args a = {0};
    PGresult *r;

    pse_pg_hash(&a, digest);
    PSE_TRY(
        pse_pg_read(&r, &p->pg, "SELECT 1 FROM psephos.blob WHERE digest = $1 AND part = 0", &a));
    *found = PQntuples(r) == 1;
    PQclear(r);
    return PSE_OK;
}

static pse_rc postgres_blob_put(void *self, const pse_hash *digest, struct pse_span blob)
{
    static const char sql[] = "INSERT INTO psephos.blob (digest, part, parts, bytes)"
                              " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    struct postgres *p = self;
    struct parts parts = {digest, blob, blob.n == 0 ? 1 : (blob.n + BLOB_PART - 1) / BLOB_PART};
    bool found;

    PSE_TRY(pse_step_before(p->pg.base.steps, PSE_STEP_BLOB_WRITE, NULL));
    PSE_TRY(has_blob(&found, p, digest));
    if (!found)
        PSE_TRY(pse_pg_many(&p->pg, sql, parts.n, fill_part, &parts));
    return pse_step_after(p->pg.base.steps, PSE_STEP_BLOB_WRITE);
}

static pse_rc postgres_blob_get(void *self, struct pse_buf *out, const pse_hash *digest)
{
    static const char sql[] =
        "SELECT parts, bytes FROM psephos.blob WHERE digest = $1 AND part = $2";
    struct postgres *p = self;
    uint64_t parts = 1;

    for (uint64_t i = 0; i < parts; i++) {
        struct pse_pg_args a = {0};
        PGresult *r;
        bool there;

        pse_pg_hash(&a, digest);
        pse_pg_u64(&a, i);
        PSE_TRY(pse_pg_read(&r, &p->pg, sql, &a));
        there = PQntuples(r) == 1;
        if (there) {
            parts = pse_pg_get_u64(r, 0, 0);
            pse_wr_span(out, pse_pg_get_bytes(r, 0, 1));
        }
        PQclear(r);
        if (!there)
            return i == 0 ? PSE_E_MISSING
                          : pse_store_fail(p, PSE_E_MISMATCH, "a blob lacks a part");
        PSE_TRY(out->rc);
    }
    return PSE_OK;
}

static pse_rc postgres_blob_list(void *self, pse_hash *digests, size_t *n, size_t max,
                                 const pse_hash *after)
{
    static const char sql[] = "SELECT digest FROM psephos.blob WHERE part = 0 AND digest > $1"
                              " ORDER BY digest LIMIT $2";
    struct postgres *p = self;
    struct pse_pg_args a = {0};
    PGresult *r;

    pse_pg_bytes(&a, after == NULL ? pse_span(NULL, 0) : pse_span(after->b, 32));
    pse_pg_u64(&a, max);
    PSE_TRY(pse_pg_read(&r, &p->pg, sql, &a));
    for (int i = 0; i < PQntuples(r); i++) {
        if (pse_pg_get_hash(&digests[*n], r, i, 0))
            ++*n;
    }
    PQclear(r);
    return PSE_OK;
}

static pse_rc postgres_backup(void *self, const char *path)
{
    (void)path;
    return pse_store_fail(self, PSE_E_UNSUPPORTED,
                          "PostgreSQL has its own tools for that: pg_basebackup, pg_dump");
}

const struct pse_store_driver pse_store_postgres = {
    .scheme = "postgresql",
    .state = sizeof(struct postgres),
    .open = postgres_open,
    .close = postgres_close,
    .head_create = postgres_head_create,
    .head_read = postgres_head_read,
    .head_cas = postgres_head_cas,
    .stage_put = postgres_stage_put,
    .stage_get = postgres_stage_get,
    .stage_list = postgres_stage_list,
    .stage_drop = postgres_stage_drop,
    .entries_get = postgres_entries_get,
    .blob_put = postgres_blob_put,
    .blob_get = postgres_blob_get,
    .blob_list = postgres_blob_list,
    .backup = postgres_backup,
};
