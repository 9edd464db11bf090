/* The SQLite driver: DIR/ledger.db in WAL mode, every commit synced, and DIR/blob/. One writer,
 * kept alone by a lock on DIR/lock; local disks only, as SQLite's WAL and our locks want. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "store/blob_folder.h"
#include "store/disk.h"
#include "store/driver.h"

enum { VERSION = 1 };

struct sqlite_store {
    struct pse_store_base base;
    sqlite3 *db;
    int lock;
    struct pse_disk disk;
    char path[PSE_STORE_URL_MAX + 16];
};

static pse_rc sql_failed(struct sqlite_store *s, const char *what)
{
    return pse_store_fail(s, PSE_E_IO, "%s: %s", what, sqlite3_errmsg(s->db));
}

static pse_rc run(struct sqlite_store *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? PSE_OK : sql_failed(s, sql);
}

/* --- opening ---------------------------------------------------------------------------------- */

static pse_rc open_folder(struct sqlite_store *s, const char *dir)
{
    if ((s->base.flags & PSE_STORE_CREATE) != 0 && mkdir(dir, 0700) != 0 && errno != EEXIST)
        return pse_store_fail(s, PSE_E_IO, "cannot make %s: %s", dir, strerror(errno));
    if (!pse_disk_open(&s->disk, dir, s->base.steps))
        return pse_store_fail(s, s->disk.error == ENOENT ? PSE_E_MISSING : PSE_E_IO,
                              "cannot open %s: %s", dir, strerror(s->disk.error));
    if (pse_disk_is_remote(dir))
        return pse_store_fail(s, PSE_E_UNSUPPORTED,
                              "%s is on a network file system, where a sync is no promise; use a "
                              "local disk",
                              dir);
    return PSE_OK;
}

static pse_rc take_lock(struct sqlite_store *s, const char *dir)
{
    if ((s->base.flags & PSE_STORE_READ) != 0)
        return PSE_OK;
    s->lock = openat(s->disk.fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock < 0)
        return pse_store_fail(s, PSE_E_IO, "cannot open %s/lock: %s", dir, strerror(errno));
    if (flock(s->lock, LOCK_EX | LOCK_NB) != 0)
        return pse_store_fail(s, PSE_E_STATE, "another process writes to %s; stop it first", dir);
    return PSE_OK;
}

/* A database from a newer program, or none of ours, is left alone. */
static pse_rc check_version(struct sqlite_store *s)
{
    sqlite3_stmt *q;
    int version = -1;

    if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL) != SQLITE_OK)
        return sql_failed(s, "cannot read the database");
    if (sqlite3_step(q) == SQLITE_ROW)
        version = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    if (version == VERSION)
        return PSE_OK;
    return pse_store_fail(s, PSE_E_MISMATCH, "%s is no store of this version", s->path);
}

static pse_rc check_pages(struct sqlite_store *s)
{
    sqlite3_stmt *q;
    bool good = false;

    if (sqlite3_prepare_v2(s->db, "PRAGMA integrity_check(1)", -1, &q, NULL) != SQLITE_OK)
        return pse_store_fail(s, PSE_E_MISMATCH, "%s is damaged: %s", s->path,
                              sqlite3_errmsg(s->db));
    if (sqlite3_step(q) == SQLITE_ROW)
        good = strcmp((const char *)sqlite3_column_text(q, 0), "ok") == 0;
    sqlite3_finalize(q);
    if (good)
        return PSE_OK;
    return pse_store_fail(s, PSE_E_MISMATCH, "%s is damaged", s->path);
}

/* psephos store restore leaves this mark (backup.h): the head may be older than what was signed. */
static pse_rc check_not_restored(struct sqlite_store *s)
{
    sqlite3_stmt *q;
    bool is_restored;

    if (sqlite3_prepare_v2(s->db, "SELECT 1 FROM sqlite_schema WHERE name = 'restored'", -1, &q,
                           NULL) != SQLITE_OK)
        return sql_failed(s, "cannot read the schema");
    is_restored = sqlite3_step(q) == SQLITE_ROW;
    sqlite3_finalize(q);
    if (!is_restored)
        return PSE_OK;
    return pse_store_fail(s, PSE_E_MISMATCH,
                          "%s was restored from a backup, so nothing is signed with it; read it, "
                          "and start a new log",
                          s->path);
}

static pse_rc make_tables(struct sqlite_store *s)
{
    static const char sql[] =
        "BEGIN IMMEDIATE;"
        "CREATE TABLE IF NOT EXISTS head (origin BLOB PRIMARY KEY, epoch INTEGER NOT NULL,"
        " size INTEGER NOT NULL, root BLOB NOT NULL, time INTEGER NOT NULL,"
        " before BLOB NOT NULL, note BLOB NOT NULL, note_hash BLOB NOT NULL,"
        " row_hash BLOB NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS stage (number INTEGER PRIMARY KEY, origin BLOB NOT NULL,"
        " epoch INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL,"
        " hash BLOB NOT NULL, bundle BLOB NOT NULL, UNIQUE (origin, size, epoch, root)) STRICT;"
        "PRAGMA user_version = 1;"
        "COMMIT";

    return run(s, sql);
}

static pse_rc open_database(struct sqlite_store *s, const char *dir)
{
    int flags =
        (s->base.flags & PSE_STORE_READ) != 0 ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;

    if ((s->base.flags & PSE_STORE_CREATE) != 0)
        flags |= SQLITE_OPEN_CREATE;
    (void)snprintf(s->path, sizeof s->path, "%s/ledger.db", dir);
    if (faccessat(s->disk.fd, "ledger.db", F_OK, 0) != 0 && (flags & SQLITE_OPEN_CREATE) == 0)
        return pse_store_fail(s, PSE_E_MISSING, "%s is not there; psephos store init makes one",
                              s->path);
    if (sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return sql_failed(s, "cannot open the database");
    (void)sqlite3_extended_result_codes(s->db, 1);
    (void)sqlite3_busy_timeout(s->db, 5000);
    PSE_TRY(run(s, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON"));
    if ((s->base.flags & PSE_STORE_READ) != 0)
        return check_version(s);
    PSE_TRY(run(s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"));
    if ((s->base.flags & PSE_STORE_CREATE) != 0)
        PSE_TRY(make_tables(s));
    PSE_TRY(check_version(s));
    PSE_TRY(check_not_restored(s));
    return check_pages(s);
}

static pse_rc sqlite_open(void *self, const char *where)
{
    struct sqlite_store *s = self;

    s->lock = -1;
    s->disk.fd = -1;
    PSE_TRY(open_folder(s, where));
    PSE_TRY(take_lock(s, where));
    return open_database(s, where);
}

static void sqlite_close(void *self)
{
    struct sqlite_store *s = self;

    (void)sqlite3_close(s->db);
    if (s->lock >= 0)
        close(s->lock);
    pse_disk_close(&s->disk);
}

/* --- statements ------------------------------------------------------------------------------- */

static void bind_u64(sqlite3_stmt *q, int at, uint64_t x)
{
    (void)sqlite3_bind_int64(q, at, (sqlite3_int64)x);
}

static void bind_bytes(sqlite3_stmt *q, int at, const void *p, size_t n)
{
    (void)sqlite3_bind_blob64(q, at, n == 0 ? "" : p, n, SQLITE_STATIC);
}

static void bind_hash(sqlite3_stmt *q, int at, const pse_hash *x)
{
    bind_bytes(q, at, x->b, 32);
}

static void bind_origin(sqlite3_stmt *q, int at, const struct sqlite_store *s)
{
    bind_bytes(q, at, s->base.origin, s->base.origin_n);
}

static struct pse_span column_bytes(sqlite3_stmt *q, int at)
{
    const void *p = sqlite3_column_blob(q, at);

    return pse_span(p, (size_t)sqlite3_column_bytes(q, at));
}

static bool column_hash(pse_hash *out, sqlite3_stmt *q, int at)
{
    struct pse_span bytes = column_bytes(q, at);

    if (bytes.n != 32)
        return false;
    memcpy(out->b, bytes.p, 32);
    return true;
}

static pse_rc prepare(struct sqlite_store *s, sqlite3_stmt **q, const char *sql)
{
    return sqlite3_prepare_v2(s->db, sql, -1, q, NULL) == SQLITE_OK ? PSE_OK : sql_failed(s, sql);
}

/* Take one step of a statement that gives no row. */
static pse_rc finish(struct sqlite_store *s, sqlite3_stmt *q, const char *what)
{
    int code = sqlite3_step(q);
    pse_rc rc = code == SQLITE_DONE                  ? PSE_OK
                : (code & 0xFF) == SQLITE_CONSTRAINT ? PSE_E_DUPLICATE
                                                     : sql_failed(s, what);

    sqlite3_finalize(q);
    return rc;
}

/* A commit that fails may have reached the disk all the same. */
static pse_rc commit(struct sqlite_store *s)
{
    pse_rc rc = pse_step_before(s->base.steps, PSE_STEP_STAGE_SYNC, NULL);

    if (rc != PSE_OK) {
        (void)run(s, "ROLLBACK");
        return rc;
    }
    if (run(s, "COMMIT") != PSE_OK)
        return PSE_E_UNKNOWN;
    return pse_step_after(s->base.steps, PSE_STEP_STAGE_SYNC);
}

static pse_rc roll_back(struct sqlite_store *s, pse_rc rc)
{
    char why[PSE_STORE_WHY_MAX];

    memcpy(why, s->base.why, sizeof why);
    (void)run(s, "ROLLBACK");
    memcpy(s->base.why, why, sizeof why);
    return rc;
}

/* --- head ------------------------------------------------------------------------------------- */

/* Parameters 1..8 of both statements that write a row. */
static void bind_head(sqlite3_stmt *q, const struct pse_head *h, pse_hash hash[2],
                      const struct sqlite_store *s)
{
    pse_head_hash(&hash[0], h);
    pse_head_row_hash(&hash[1], &s->base, h);
    bind_u64(q, 1, h->epoch);
    bind_u64(q, 2, h->size);
    bind_hash(q, 3, &h->root);
    bind_u64(q, 4, h->time);
    bind_hash(q, 5, &h->before);
    bind_bytes(q, 6, h->note, h->note_n);
    bind_hash(q, 7, &hash[0]);
    bind_hash(q, 8, &hash[1]);
    bind_origin(q, 9, s);
}

static pse_rc sqlite_head_create(void *self, const struct pse_head *head)
{
    static const char sql[] =
        "INSERT INTO head (epoch, size, root, time, before, note, note_hash, row_hash, origin)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    struct sqlite_store *s = self;
    pse_hash hash[2];
    sqlite3_stmt *q;

    PSE_TRY(prepare(s, &q, sql));
    bind_head(q, head, hash, s);
    return finish(s, q, "cannot write the first head");
}

static pse_rc read_row(struct sqlite_store *s, struct pse_head *head, sqlite3_stmt *q)
{
    struct pse_span note = column_bytes(q, 5);
    pse_hash stated, found;

    head->epoch = (uint64_t)sqlite3_column_int64(q, 0);
    head->size = (uint64_t)sqlite3_column_int64(q, 1);
    head->time = (uint64_t)sqlite3_column_int64(q, 3);
    if (!column_hash(&head->root, q, 2) || !column_hash(&head->before, q, 4) ||
        !column_hash(&stated, q, 6) || note.n > PSE_HEAD_NOTE_MAX)
        return pse_store_fail(s, PSE_E_MISMATCH, "the head in %s is damaged", s->path);
    head->note_n = note.n;
    memcpy(head->note, note.p, note.n);
    pse_head_row_hash(&found, &s->base, head);
    if (!pse_hash_is_equal(&stated, &found))
        return pse_store_fail(s, PSE_E_MISMATCH, "the head in %s is damaged", s->path);
    return PSE_OK;
}

static pse_rc sqlite_head_read(void *self, struct pse_head *head)
{
    static const char sql[] = "SELECT epoch, size, root, time, before, note, row_hash"
                              " FROM head WHERE origin = ?1";
    struct sqlite_store *s = self;
    sqlite3_stmt *q;
    int code;
    pse_rc rc;

    PSE_TRY(prepare(s, &q, sql));
    bind_origin(q, 1, s);
    code = sqlite3_step(q);
    rc = code == SQLITE_ROW ? read_row(s, head, q)
         : code == SQLITE_DONE
             ? pse_store_fail(s, PSE_E_MISSING, "%s holds no head of this log", s->path)
             : sql_failed(s, "cannot read the head");
    sqlite3_finalize(q);
    return rc;
}

/* --- staged bundles --------------------------------------------------------------------------- */

static pse_rc insert_bundle(struct sqlite_store *s, const struct pse_stage_name *name,
                            struct pse_span bundle)
{
    static const char sql[] = "INSERT INTO stage (origin, epoch, size, root, hash, bundle)"
                              " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    sqlite3_stmt *q;
    pse_hash hash;

    PSE_TRY(pse_step_before(s->base.steps, PSE_STEP_STAGE_WRITE, NULL));
    PSE_TRY(prepare(s, &q, sql));
    pse_sha256(&hash, bundle);
    bind_origin(q, 1, s);
    bind_u64(q, 2, name->epoch);
    bind_u64(q, 3, name->size);
    bind_hash(q, 4, &name->root);
    bind_hash(q, 5, &hash);
    bind_bytes(q, 6, bundle.p, bundle.n);
    PSE_TRY(finish(s, q, "cannot stage a bundle"));
    return pse_step_after(s->base.steps, PSE_STEP_STAGE_WRITE);
}

static void bind_name(sqlite3_stmt *q, const struct sqlite_store *s,
                      const struct pse_stage_name *name)
{
    bind_origin(q, 1, s);
    bind_u64(q, 2, name->epoch);
    bind_u64(q, 3, name->size);
    bind_hash(q, 4, &name->root);
}

static pse_rc sqlite_stage_get(void *self, struct pse_buf *out, const struct pse_stage_name *name)
{
    static const char sql[] = "SELECT bundle, hash FROM stage"
                              " WHERE origin = ?1 AND epoch = ?2 AND size = ?3 AND root = ?4";
    struct sqlite_store *s = self;
    struct pse_span bundle;
    pse_hash stated, found;
    sqlite3_stmt *q;
    pse_rc rc = PSE_E_MISSING;

    PSE_TRY(prepare(s, &q, sql));
    bind_name(q, s, name);
    if (sqlite3_step(q) == SQLITE_ROW) {
        bundle = column_bytes(q, 0);
        pse_sha256(&found, bundle);
        if (column_hash(&stated, q, 1) && pse_hash_is_equal(&stated, &found)) {
            pse_buf_put(out, bundle.p, bundle.n);
            rc = out->rc;
        } else {
            rc = pse_store_fail(s, PSE_E_MISMATCH, "a staged bundle in %s is damaged", s->path);
        }
    } else if (sqlite3_errcode(s->db) != SQLITE_DONE) {
        rc = sql_failed(s, "cannot read a bundle");
    }
    sqlite3_finalize(q);
    return rc;
}

static pse_rc sqlite_stage_put(void *self, const struct pse_stage_name *name,
                               struct pse_span bundle)
{
    struct sqlite_store *s = self;
    struct pse_buf old = PSE_BUF(PSE_STAGE_MAX);
    pse_rc rc;

    PSE_TRY(run(s, "BEGIN IMMEDIATE"));
    rc = insert_bundle(s, name, bundle);
    if (rc == PSE_OK)
        return commit(s);
    if (rc == PSE_E_DUPLICATE) {
        rc = sqlite_stage_get(s, &old, name);
        if (rc == PSE_OK && !pse_span_is_equal(pse_buf_span(&old), bundle))
            rc = PSE_E_DUPLICATE;
        pse_buf_free(&old);
    }
    return roll_back(s, rc);
}

static pse_rc sqlite_stage_list(void *self, struct pse_stage_name *names, size_t *n, size_t max)
{
    static const char sql[] =
        "SELECT epoch, size, root FROM stage WHERE origin = ?1 ORDER BY size, epoch LIMIT ?2";
    struct sqlite_store *s = self;
    sqlite3_stmt *q;
    int code;

    PSE_TRY(prepare(s, &q, sql));
    bind_origin(q, 1, s);
    bind_u64(q, 2, max);
    while ((code = sqlite3_step(q)) == SQLITE_ROW) {
        names[*n].epoch = (uint64_t)sqlite3_column_int64(q, 0);
        names[*n].size = (uint64_t)sqlite3_column_int64(q, 1);
        if (!column_hash(&names[*n].root, q, 2))
            memset(&names[*n].root, 0, sizeof names[*n].root);
        ++*n;
    }
    sqlite3_finalize(q);
    return code == SQLITE_DONE ? PSE_OK : sql_failed(s, "cannot list bundles");
}

/* In WAL mode a commit with synchronous=NORMAL waits for no disk; the next one that does carries
 * it along. A bundle that comes back after a crash is one that start discards again. */
static pse_rc sqlite_stage_drop(void *self, const struct pse_stage_name *name)
{
    static const char sql[] = "DELETE FROM stage"
                              " WHERE origin = ?1 AND epoch = ?2 AND size = ?3 AND root = ?4";
    struct sqlite_store *s = self;
    sqlite3_stmt *q;
    pse_rc rc;

    PSE_TRY(run(s, "PRAGMA synchronous=NORMAL"));
    rc = prepare(s, &q, sql);
    if (rc == PSE_OK) {
        bind_name(q, s, name);
        rc = finish(s, q, "cannot drop a bundle");
    }
    PSE_TRY(run(s, "PRAGMA synchronous=FULL"));
    return rc;
}

/* --- compare and swap ------------------------------------------------------------------------- */

static pse_rc swap_row(struct sqlite_store *s, const struct pse_head *old,
                       const struct pse_head *next)
{
    static const char sql[] =
        "UPDATE head SET epoch = ?1, size = ?2, root = ?3, time = ?4, before = ?5, note = ?6,"
        " note_hash = ?7, row_hash = ?8"
        " WHERE origin = ?9 AND epoch = ?10 AND size = ?11 AND root = ?12 AND note_hash = ?13";
    pse_hash hash[2], old_hash;
    sqlite3_stmt *q;

    PSE_TRY(prepare(s, &q, sql));
    bind_head(q, next, hash, s);
    pse_head_hash(&old_hash, old);
    bind_u64(q, 10, old->epoch);
    bind_u64(q, 11, old->size);
    bind_hash(q, 12, &old->root);
    bind_hash(q, 13, &old_hash);
    PSE_TRY(finish(s, q, "cannot swap the head"));
    if (sqlite3_changes(s->db) == 1)
        return PSE_OK;
    return pse_store_fail(s, PSE_E_STATE, "another writer has taken over this log");
}

static pse_rc sqlite_head_cas(void *self, const struct pse_head *old, const struct pse_head *next,
                              struct pse_span bundle)
{
    const struct pse_stage_name name = {next->epoch, next->size, next->root};
    struct sqlite_store *s = self;
    pse_rc rc;

    PSE_TRY(run(s, "BEGIN IMMEDIATE"));
    rc = swap_row(s, old, next);
    if (rc == PSE_OK && bundle.n > 0)
        rc = insert_bundle(s, &name, bundle);
    return rc == PSE_OK ? commit(s) : roll_back(s, rc);
}

/* --- the rest --------------------------------------------------------------------------------- */

static pse_rc sqlite_entries_get(void *self, struct pse_buf *out, uint64_t from, uint64_t size)
{
    (void)self, (void)out, (void)from, (void)size;
    return PSE_E_MISSING;
}

static pse_rc sqlite_blob_put(void *self, const pse_hash *digest, struct pse_span blob)
{
    struct sqlite_store *s = self;
    pse_rc rc = pse_blob_folder_put(&s->disk, digest, blob);

    return rc == PSE_OK ? rc
                        : pse_store_fail(s, rc, "cannot keep a blob (%s): %s", s->disk.where,
                                         strerror(s->disk.error));
}

static pse_rc sqlite_blob_get(void *self, struct pse_buf *out, const pse_hash *digest)
{
    struct sqlite_store *s = self;

    return pse_blob_folder_get(&s->disk, out, digest);
}

static pse_rc sqlite_blob_list(void *self, pse_hash *digests, size_t *n, size_t max,
                               const pse_hash *after)
{
    struct sqlite_store *s = self;

    return pse_blob_folder_list(&s->disk, digests, n, max, after);
}

static pse_rc sqlite_backup(void *self, const char *path)
{
    struct sqlite_store *s = self;
    sqlite3_backup *copy;
    sqlite3 *to = NULL;
    pse_rc rc = PSE_E_IO;

    if (!pse_disk_make_private(path))
        return pse_store_fail(
            s, errno == EEXIST ? PSE_E_DUPLICATE : PSE_E_IO,
            errno == EEXIST ? "%s is there already; choose another name" : "cannot make %s", path);
    if (sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
        copy = sqlite3_backup_init(to, "main", s->db, "main");
        if (copy != NULL && sqlite3_backup_step(copy, -1) == SQLITE_DONE)
            rc = PSE_OK;
        if (copy != NULL && sqlite3_backup_finish(copy) != SQLITE_OK)
            rc = PSE_E_IO;
    }
    if (rc != PSE_OK)
        (void)pse_store_fail(s, rc, "cannot copy to %s: %s", path, sqlite3_errmsg(to));
    if (sqlite3_close(to) != SQLITE_OK && rc == PSE_OK)
        rc = PSE_E_IO;
    if (rc != PSE_OK)
        (void)unlink(path);
    return rc;
}

const struct pse_store_driver pse_store_sqlite = {
    .scheme = "sqlite",
    .state = sizeof(struct sqlite_store),
    .open = sqlite_open,
    .close = sqlite_close,
    .head_create = sqlite_head_create,
    .head_read = sqlite_head_read,
    .head_cas = sqlite_head_cas,
    .stage_put = sqlite_stage_put,
    .stage_get = sqlite_stage_get,
    .stage_list = sqlite_stage_list,
    .stage_drop = sqlite_stage_drop,
    .entries_get = sqlite_entries_get,
    .blob_put = sqlite_blob_put,
    .blob_get = sqlite_blob_get,
    .blob_list = sqlite_blob_list,
    .backup = sqlite_backup,
};
