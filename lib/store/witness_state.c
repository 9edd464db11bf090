#include "witness_state.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "store/disk.h"

enum { MARK_SIZE = 16 + 8 + 32, PATH_MAX_ = 4096 };

struct log {
    struct pse_span origin; /* in the arena */
    pse_hash hash;
    struct pse_vkey *key;
    size_t keys;
    struct pse_buf note; /* as published; under the lock */
};

struct pse_witness_book {
    sqlite3 *db;
    sqlite3_stmt *get; /* size, root, time, note of an origin */
    sqlite3_stmt *put;
    sqlite3_stmt *keep; /* evidence */
    sqlite3_stmt *number;
    int mark_fd;
    char mark[PATH_MAX_];
    uint8_t id[16];
    uint64_t commit;
    struct pse_vkey self;
    struct pse_arena arena;
    struct log *log; /* in the order of origins */
    size_t logs;
    pthread_mutex_t lock; /* the notes */
};

static const char schema[] =
    "CREATE TABLE self(one INTEGER PRIMARY KEY CHECK (one = 1), vkey TEXT NOT NULL,"
    " id BLOB NOT NULL, mark TEXT NOT NULL, number INTEGER NOT NULL) STRICT;"
    "CREATE TABLE key(vkey TEXT PRIMARY KEY, origin BLOB NOT NULL) STRICT;"
    "CREATE TABLE log(origin BLOB PRIMARY KEY, size BLOB NOT NULL CHECK (length(size) = 8),"
    " root BLOB NOT NULL CHECK (length(root) = 32), time INTEGER NOT NULL,"
    " note BLOB NOT NULL) STRICT;"
    "CREATE TABLE evidence(origin BLOB NOT NULL, digest BLOB NOT NULL, refused BLOB NOT NULL,"
    " ours BLOB NOT NULL, PRIMARY KEY (origin, digest)) STRICT;";

/* --- SQLite ------------------------------------------------------------------------------------
 */

static pse_rc run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? PSE_OK : PSE_E_IO;
}

static pse_rc prepare(sqlite3_stmt **out, sqlite3 *db, const char *sql)
{
    return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) == SQLITE_OK
               ? PSE_OK
               : PSE_E_IO;
}

static void bind_span(sqlite3_stmt *s, int at, struct pse_span x)
{
    /* Fails for a wrong position or want of memory; the step then fails. */
    if (x.n == 0)
        (void)sqlite3_bind_zeroblob(s, at, 0);
    else
        (void)sqlite3_bind_blob64(s, at, x.p, x.n, SQLITE_STATIC);
}

static struct pse_span column(sqlite3_stmt *s, int at)
{
    const void *p = sqlite3_column_blob(s, at);

    return pse_span(p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(s, at));
}

/* Run a statement that gives no rows and make it ready again. */
static pse_rc step_done(sqlite3_stmt *s)
{
    int rc = sqlite3_step(s);

    (void)sqlite3_reset(s);
    (void)sqlite3_clear_bindings(s);
    return rc == SQLITE_DONE ? PSE_OK : PSE_E_IO;
}

static pse_rc set_up(sqlite3 *db)
{
    return run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                   "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;");
}

/* --- the mark ----------------------------------------------------------------------------------
 */

static void mark_bytes(uint8_t out[MARK_SIZE], const uint8_t id[16], uint64_t number)
{
    pse_hash digest;

    memcpy(out, id, 16);
    pse_store_u64(out + 16, number);
    pse_sha256(&digest, pse_span(out, 24));
    memcpy(out + 24, digest.b, 32);
}

static pse_rc mark_write(int fd, const uint8_t id[16], uint64_t number)
{
    uint8_t bytes[MARK_SIZE];

    mark_bytes(bytes, id, number);
    if (pwrite(fd, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes || fdatasync(fd) != 0)
        return PSE_E_IO;
    return PSE_OK;
}

/* 0 for a mark that is not whole or belongs to another database. A write cut short by a crash is
 * not whole either; then the operator decides, which is the safe side. */
static uint64_t mark_read(int fd, const uint8_t id[16])
{
    uint8_t bytes[MARK_SIZE];
    uint8_t want[MARK_SIZE];
    uint64_t number;

    if (fd < 0 || pread(fd, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return 0;
    number = pse_load_u64(bytes + 16);
    mark_bytes(want, id, number);
    return memcmp(bytes, want, sizeof bytes) == 0 ? number : 0;
}

/* The folder of @p path, forced to disk, so that a new file in it stays. */
static pse_rc sync_folder(const char *path)
{
    char folder[PATH_MAX_];
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    int fd;
    int rc;

    memcpy(folder, slash == NULL ? "." : path, n);
    folder[n] = '\0';
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return PSE_E_IO;
    rc = fsync(fd);
    (void)close(fd);
    return rc == 0 ? PSE_OK : PSE_E_IO;
}

static pse_rc mark_create(const char *path, const uint8_t id[16], uint64_t number)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    pse_rc rc;

    if (fd < 0)
        return errno == EEXIST ? PSE_E_DUPLICATE : PSE_E_IO;
    rc = mark_write(fd, id, number);
    (void)close(fd);
    return rc == PSE_OK ? sync_folder(path) : rc;
}

/* --- making ------------------------------------------------------------------------------------
 */

static pse_rc insert_self(sqlite3 *db, const struct pse_vkey *witness, const uint8_t id[16],
                          const char *mark)
{
    struct pse_buf vkey = PSE_BUF(1024);
    sqlite3_stmt *s = NULL;
    pse_rc rc = prepare(&s, db, "INSERT INTO self VALUES (1, ?, ?, ?, 1)");

    pse_vkey_put(&vkey, witness);
    if (rc == PSE_OK)
        rc = vkey.rc;
    if (rc == PSE_OK) {
        (void)sqlite3_bind_text64(s, 1, (const char *)vkey.p, vkey.n, SQLITE_STATIC, SQLITE_UTF8);
        bind_span(s, 2, pse_span(id, 16));
        (void)sqlite3_bind_text(s, 3, mark, -1, SQLITE_STATIC);
        rc = step_done(s);
    }
    (void)sqlite3_finalize(s);
    pse_buf_free(&vkey);
    return rc;
}

pse_rc pse_witness_book_create(const char *path, const char *mark, const struct pse_vkey *witness,
                               const uint8_t id[16])
{
    struct stat st;
    sqlite3 *db = NULL;
    pse_rc rc;

    if (strlen(mark) >= PATH_MAX_ || strlen(path) >= PATH_MAX_)
        return PSE_E_IO;
    if (lstat(path, &st) == 0)
        return PSE_E_DUPLICATE;
    PSE_TRY(mark_create(mark, id, 1));
    if (!pse_disk_make_private(path))
        return errno == EEXIST ? PSE_E_DUPLICATE : PSE_E_IO;
    if (pse_disk_is_remote(path) || pse_disk_is_remote(mark)) {
        (void)unlink(path);
        (void)unlink(mark);
        return PSE_E_UNSUPPORTED;
    }
    rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK ? PSE_OK : PSE_E_IO;
    if (rc == PSE_OK)
        rc = set_up(db);
    if (rc == PSE_OK)
        rc = run(db, "BEGIN IMMEDIATE");
    if (rc == PSE_OK)
        rc = run(db, schema);
    if (rc == PSE_OK)
        rc = insert_self(db, witness, id, mark);
    if (rc == PSE_OK)
        rc = run(db, "COMMIT");
    (void)sqlite3_close(db);
    return rc == PSE_OK ? sync_folder(path) : rc;
}

/* --- opening -----------------------------------------------------------------------------------
 */

static pse_rc copy(struct pse_span *out, struct pse_witness_book *st, struct pse_span in)
{
    uint8_t *p = pse_arena_alloc(&st->arena, in.n, 1);

    if (p == NULL)
        return PSE_E_MEMORY;
    if (in.n > 0)
        memcpy(p, in.p, in.n);
    *out = pse_span(p, in.n);
    return PSE_OK;
}

static pse_rc read_self(struct pse_witness_book *st)
{
    sqlite3_stmt *s = NULL;
    struct pse_span text;
    struct pse_span id;
    struct pse_span mark;
    pse_rc rc = PSE_E_SYNTAX;

    /* The first read: a file that is no database fails here. */
    if (prepare(&s, st->db, "SELECT vkey, id, mark, number FROM self") == PSE_OK &&
        sqlite3_step(s) == SQLITE_ROW) {
        id = column(s, 1);
        mark = column(s, 2);
        st->commit = (uint64_t)sqlite3_column_int64(s, 3);
        rc = copy(&text, st, column(s, 0));
        if (rc == PSE_OK && (id.n != sizeof st->id || mark.n >= sizeof st->mark))
            rc = PSE_E_SYNTAX;
        if (rc == PSE_OK) {
            memcpy(st->id, id.p, id.n);
            memcpy(st->mark, mark.p, mark.n);
            rc = pse_vkey_parse(&st->self, text) == PSE_OK ? PSE_OK : PSE_E_SYNTAX;
        }
    }
    (void)sqlite3_finalize(s);
    return rc;
}

/* One row of key: the logs come in the order of their origins, keys of one together. */
static pse_rc read_key(struct pse_witness_book *st, struct pse_vkey *keys, size_t i,
                       sqlite3_stmt *s)
{
    struct pse_span text;
    struct log *log;

    PSE_TRY(copy(&text, st, column(s, 0)));
    if (pse_vkey_parse(&keys[i], text) != PSE_OK)
        return PSE_E_SYNTAX;
    if (st->logs == 0 || !pse_span_is_equal(st->log[st->logs - 1].origin, keys[i].name)) {
        if (st->logs == PSE_WITNESS_LOGS_MAX)
            return PSE_E_LIMIT;
        log = &st->log[st->logs++];
        log->origin = keys[i].name;
        log->key = &keys[i];
        log->note = PSE_BUF(2 * PSE_NOTE_MAX);
        pse_sha256(&log->hash, log->origin);
    }
    st->log[st->logs - 1].keys++;
    return PSE_OK;
}

static pse_rc read_keys(struct pse_witness_book *st)
{
    struct pse_vkey *keys = PSE_NEW(&st->arena, struct pse_vkey, PSE_WITNESS_KEYS_MAX);
    sqlite3_stmt *s = NULL;
    size_t n = 0;
    pse_rc rc;
    int step;

    st->log = PSE_NEW(&st->arena, struct log, PSE_WITNESS_LOGS_MAX);
    if (keys == NULL || st->log == NULL)
        return PSE_E_MEMORY;
    rc = prepare(&s, st->db, "SELECT vkey FROM key ORDER BY origin, vkey");
    while (rc == PSE_OK && (step = sqlite3_step(s)) != SQLITE_DONE) {
        if (step != SQLITE_ROW)
            rc = PSE_E_IO;
        else if (n == PSE_WITNESS_KEYS_MAX)
            rc = PSE_E_LIMIT;
        else
            rc = read_key(st, keys, n++, s);
    }
    (void)sqlite3_finalize(s);
    return rc;
}

static pse_rc prepare_all(struct pse_witness_book *st)
{
    PSE_TRY(prepare(&st->get, st->db, "SELECT size, root, time, note FROM log WHERE origin = ?"));
    PSE_TRY(prepare(&st->put, st->db,
                    "INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (origin) DO UPDATE SET"
                    " size = ?2, root = ?3, time = ?4, note = ?5"));
    PSE_TRY(prepare(&st->keep, st->db,
                    "INSERT OR IGNORE INTO evidence SELECT ?1, ?2, ?3, ?4 WHERE"
                    " (SELECT count(*) FROM evidence WHERE origin = ?1) < ?5"));
    return prepare(&st->number, st->db, "UPDATE self SET number = ?");
}

static struct log *find(const struct pse_witness_book *st, struct pse_span origin)
{
    size_t low = 0;
    size_t high = st->logs;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        struct pse_span at = st->log[mid].origin;
        size_t n = at.n < origin.n ? at.n : origin.n;
        int order = n == 0 ? 0 : memcmp(at.p, origin.p, n);

        if (order == 0 && at.n == origin.n)
            return &st->log[mid];
        if (order < 0 || (order == 0 && at.n < origin.n))
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* What was cosigned last for a log. */
struct last {
    bool any;
    uint64_t size;
    pse_hash root;
    uint64_t time;
};

/* @p note (may be NULL) gets the note appended. */
static pse_rc read_last(struct last *out, struct pse_buf *note, struct pse_witness_book *st,
                        struct pse_span origin)
{
    pse_rc rc = PSE_OK;
    int step;

    memset(out, 0, sizeof *out);
    pse_tree_root(&out->root, NULL, 0);
    bind_span(st->get, 1, origin);
    step = sqlite3_step(st->get);
    if (step == SQLITE_ROW) {
        struct pse_span size = column(st->get, 0);
        struct pse_span root = column(st->get, 1);

        out->any = true;
        out->time = (uint64_t)sqlite3_column_int64(st->get, 2);
        if (size.n == 8 && root.n == 32) { /* the schema says so */
            out->size = pse_load_u64(size.p);
            memcpy(out->root.b, root.p, 32);
        } else {
            rc = PSE_E_IO;
        }
        if (note != NULL) {
            pse_wr_span(note, column(st->get, 3));
            rc = rc == PSE_OK ? note->rc : rc;
        }
    } else if (step != SQLITE_DONE) {
        rc = PSE_E_IO;
    }
    (void)sqlite3_reset(st->get);
    (void)sqlite3_clear_bindings(st->get);
    return rc;
}

static pse_rc read_notes(struct pse_witness_book *st)
{
    for (size_t i = 0; i < st->logs; i++) {
        struct last last;

        PSE_TRY(read_last(&last, &st->log[i].note, st, st->log[i].origin));
    }
    return PSE_OK;
}

/* --- restored or not ----------------------------------------------------------------------------
 */

/* Database first: when only that is reached, the next start finds it ahead of its mark, as after
 * any crash. */
static pse_rc put_number(struct pse_witness_book *st, uint64_t number)
{
    (void)sqlite3_bind_int64(st->number, 1, (int64_t)number);
    return step_done(st->number);
}

static pse_rc confirm_age(struct pse_witness_book *st, const struct pse_witness_age *age,
                          const struct pse_witness_age *confirm)
{
    uint64_t above = 1 + (age->commit > age->mark ? age->commit : age->mark);

    if (confirm == NULL || confirm->commit != age->commit || confirm->mark != age->mark)
        return PSE_E_MISMATCH;
    if (st->mark_fd < 0) {
        PSE_TRY(mark_create(st->mark, st->id, above));
        st->mark_fd = open(st->mark, O_RDWR | O_CLOEXEC);
        if (st->mark_fd < 0 || flock(st->mark_fd, LOCK_EX | LOCK_NB) != 0)
            return PSE_E_IO;
    }
    PSE_TRY(put_number(st, above));
    PSE_TRY(mark_write(st->mark_fd, st->id, above));
    st->commit = above;
    return PSE_OK;
}

static pse_rc check_age(struct pse_witness_book *st, struct pse_witness_age *age,
                        enum pse_witness_open mode, const struct pse_witness_age *confirm)
{
    if (mode == PSE_WITNESS_WRITE && pse_disk_is_remote(st->mark))
        return PSE_E_UNSUPPORTED;
    st->mark_fd = open(st->mark, (mode == PSE_WITNESS_WRITE ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (mode == PSE_WITNESS_WRITE && st->mark_fd >= 0 && flock(st->mark_fd, LOCK_EX | LOCK_NB) != 0)
        return PSE_E_STATE;
    age->commit = st->commit;
    age->mark = mark_read(st->mark_fd, st->id);
    if (mode == PSE_WITNESS_READ)
        return PSE_OK;
    if (age->mark == 0 || age->mark > age->commit)
        return confirm_age(st, age, confirm);
    return PSE_OK;
}

static pse_rc open_all(struct pse_witness_book *st, struct pse_witness_age *age, const char *path,
                       enum pse_witness_open mode, const struct pse_witness_age *confirm)
{
    /* A reader, too, writes the index of the log beside the database. */
    if (sqlite3_open_v2(path, &st->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        return PSE_E_IO;
    (void)sqlite3_busy_timeout(st->db, 1000);
    if (set_up(st->db) != PSE_OK)
        return PSE_E_SYNTAX;
    PSE_TRY(read_self(st));
    PSE_TRY(prepare_all(st));
    PSE_TRY(check_age(st, age, mode, confirm));
    PSE_TRY(read_keys(st));
    return read_notes(st);
}

pse_rc pse_witness_book_open(struct pse_witness_book **out, struct pse_witness_age *age,
                             const char *path, enum pse_witness_open mode,
                             const struct pse_witness_age *confirm)
{
    struct pse_witness_book *st;
    struct stat file;
    pse_rc rc;

    *out = NULL;
    memset(age, 0, sizeof *age);
    if (stat(path, &file) != 0)
        return errno == ENOENT || errno == ENOTDIR ? PSE_E_MISSING : PSE_E_IO;
    if (mode == PSE_WITNESS_WRITE && pse_disk_is_remote(path))
        return PSE_E_UNSUPPORTED;
    st = calloc(1, sizeof *st);
    if (st == NULL)
        return PSE_E_MEMORY;
    st->mark_fd = -1;
    pse_arena_init(&st->arena, (size_t)64 << 20);
    PSE_REQUIRE(pthread_mutex_init(&st->lock, NULL) == 0);
    rc = open_all(st, age, path, mode, confirm);
    if (rc != PSE_OK) {
        pse_witness_book_close(st);
        return rc;
    }
    *out = st;
    return PSE_OK;
}

void pse_witness_book_close(struct pse_witness_book *st)
{
    if (st == NULL)
        return;
    (void)sqlite3_finalize(st->get);
    (void)sqlite3_finalize(st->put);
    (void)sqlite3_finalize(st->keep);
    (void)sqlite3_finalize(st->number);
    (void)sqlite3_close(st->db);
    if (st->mark_fd >= 0)
        (void)close(st->mark_fd);
    for (size_t i = 0; i < st->logs; i++)
        pse_buf_free(&st->log[i].note);
    (void)pthread_mutex_destroy(&st->lock);
    pse_arena_free(&st->arena);
    free(st);
}

const struct pse_vkey *pse_witness_book_self(const struct pse_witness_book *st)
{
    return &st->self;
}

const char *pse_witness_book_mark(const struct pse_witness_book *st)
{
    return st->mark;
}

/* --- keys --------------------------------------------------------------------------------------
 */

const struct pse_vkey *pse_witness_book_keys(size_t *n, const struct pse_witness_book *st,
                                             struct pse_span origin)
{
    const struct log *log = find(st, origin);

    *n = log == NULL ? 0 : log->keys;
    return log == NULL ? NULL : log->key;
}

pse_rc pse_witness_book_trust(struct pse_witness_book *st, const struct pse_vkey *key)
{
    size_t n;
    const struct pse_vkey *known = pse_witness_book_keys(&n, st, key->name);
    struct pse_buf text = PSE_BUF(1024);
    sqlite3_stmt *s = NULL;
    pse_rc rc;

    if (key->type != PSE_SIG_ED25519)
        return PSE_E_UNSUPPORTED;
    if (!pse_edkey_is_valid(&key->key))
        return PSE_E_ENCODING;
    for (size_t i = 0; i < n; i++)
        if (known[i].id == key->id)
            return PSE_E_DUPLICATE;
    if (n == 0 && st->logs == PSE_WITNESS_LOGS_MAX)
        return PSE_E_LIMIT;
    pse_vkey_put(&text, key);
    rc = text.rc;
    if (rc == PSE_OK)
        rc = prepare(&s, st->db, "INSERT OR ABORT INTO key VALUES (?, ?)");
    if (rc == PSE_OK) {
        (void)sqlite3_bind_text64(s, 1, (const char *)text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
        bind_span(s, 2, key->name);
        rc = step_done(s);
        if (rc != PSE_OK && sqlite3_extended_errcode(st->db) == SQLITE_CONSTRAINT_PRIMARYKEY)
            rc = PSE_E_DUPLICATE;
    }
    (void)sqlite3_finalize(s);
    pse_buf_free(&text);
    return rc;
}

/* --- commits -----------------------------------------------------------------------------------
 */

/* A checkpoint that cannot stand beside ours whatever else is proved: of our size with another
 * root, or refused as inconsistent. */
static bool contradicts(const struct pse_add_checkpoint *add, enum pse_witness_verdict verdict,
                        const struct last *last)
{
    if (verdict == PSE_WITNESS_INCONSISTENT)
        return true;
    return verdict == PSE_WITNESS_CONFLICT && last->any && add->size == last->size &&
           !pse_hash_is_equal(&add->root, &last->root);
}

static pse_rc keep_evidence(struct pse_witness_book *st, const struct log *log,
                            const struct pse_add_checkpoint *add, const struct pse_buf *ours)
{
    struct pse_buf refused = PSE_BUF(2 * PSE_NOTE_MAX);
    pse_hash digest;
    pse_rc rc;

    pse_witnessed_put(&refused, add, log->key, log->keys, pse_span(NULL, 0));
    pse_sha256(&digest, add->note.text);
    rc = refused.rc;
    if (rc == PSE_OK) {
        bind_span(st->keep, 1, log->origin);
        bind_span(st->keep, 2, pse_span(digest.b, 32));
        bind_span(st->keep, 3, pse_buf_span(&refused));
        bind_span(st->keep, 4, pse_buf_span(ours));
        (void)sqlite3_bind_int(st->keep, 5, PSE_WITNESS_EVIDENCE_MAX);
        rc = step_done(st->keep);
    }
    pse_buf_free(&refused);
    return rc;
}

static pse_rc put_log(struct pse_witness_book *st, const struct log *log,
                      const struct pse_witness_item *item, uint64_t time, struct pse_buf *note)
{
    uint8_t size[8];

    pse_store_u64(size, item->add->size);
    bind_span(st->put, 1, log->origin);
    bind_span(st->put, 2, pse_span(size, sizeof size));
    bind_span(st->put, 3, pse_span(item->add->root.b, 32));
    (void)sqlite3_bind_int64(st->put, 4, (int64_t)time);
    bind_span(st->put, 5, pse_buf_span(note));
    return step_done(st->put);
}

static pse_rc judge(struct pse_witness_book *st, struct pse_witness_item *item,
                    const pse_seed *seed, uint64_t now)
{
    const struct log *log = find(st, item->add->origin);
    struct pse_buf note = PSE_BUF(2 * PSE_NOTE_MAX);
    struct last last;
    uint64_t time;
    pse_rc rc;

    if (log == NULL)
        return PSE_E_STATE;
    rc = read_last(&last, &note, st, log->origin);
    if (rc == PSE_OK) {
        item->size = last.size;
        item->verdict = pse_add_checkpoint_follows(item->add, last.size, &last.root);
        if (item->verdict == PSE_WITNESS_GOOD) {
            time = now > last.time ? now : last.time;
            pse_note_cosign(&item->lines, item->add->note.text, &st->self, seed, time);
            note.n = 0;
            pse_witnessed_put(&note, item->add, log->key, log->keys, pse_buf_span(&item->lines));
            rc = item->lines.rc != PSE_OK ? item->lines.rc : note.rc;
            if (rc == PSE_OK)
                rc = put_log(st, log, item, time, &note);
        } else if (contradicts(item->add, item->verdict, &last)) {
            rc = keep_evidence(st, log, item->add, &note);
        }
    }
    pse_buf_free(&note);
    return rc;
}

static pse_rc judge_all(struct pse_witness_book *st, struct pse_witness_item *item, size_t n,
                        const pse_seed *seed, uint64_t now)
{
    PSE_TRY(run(st->db, "BEGIN IMMEDIATE"));
    for (size_t i = 0; i < n; i++)
        PSE_TRY(judge(st, &item[i], seed, now));
    PSE_TRY(put_number(st, st->commit + 1));
    PSE_TRY(run(st->db, "COMMIT"));
    st->commit++;
    return mark_write(st->mark_fd, st->id, st->commit);
}

/* The notes that readers get, once they are durable. */
static pse_rc publish(struct pse_witness_book *st, const struct pse_witness_item *item, size_t n)
{
    pse_rc rc = PSE_OK;

    for (size_t i = 0; i < n && rc == PSE_OK; i++) {
        struct log *log = find(st, item[i].add->origin);
        struct last last;

        if (item[i].verdict != PSE_WITNESS_GOOD)
            continue;
        pthread_mutex_lock(&st->lock);
        log->note.n = 0;
        rc = read_last(&last, &log->note, st, log->origin);
        pthread_mutex_unlock(&st->lock);
    }
    return rc;
}

pse_rc pse_witness_book_commit(struct pse_witness_book *st, struct pse_witness_item *item, size_t n,
                               const pse_seed *seed, uint64_t now)
{
    pse_rc rc;

    PSE_REQUIRE(st->mark_fd >= 0 && now > 0 && now <= INT64_MAX);
    for (size_t i = 0; i < n; i++)
        item[i].lines = PSE_BUF(PSE_COSIGNED_MAX);
    rc = judge_all(st, item, n, seed, now);
    if (rc != PSE_OK)
        (void)run(st->db, "ROLLBACK");
    else
        rc = publish(st, item, n);
    if (rc == PSE_OK)
        return PSE_OK;
    for (size_t i = 0; i < n; i++)
        pse_buf_free(&item[i].lines);
    return rc;
}

/* --- reading -----------------------------------------------------------------------------------
 */

pse_rc pse_witness_book_note(struct pse_buf *out, struct pse_witness_book *st,
                             const pse_hash *origin_hash)
{
    pse_rc rc = PSE_E_MISSING;

    pthread_mutex_lock(&st->lock);
    for (size_t i = 0; i < st->logs && rc == PSE_E_MISSING; i++) {
        if (!pse_hash_is_equal(&st->log[i].hash, origin_hash) || st->log[i].note.n == 0)
            continue;
        pse_wr_span(out, pse_buf_span(&st->log[i].note));
        rc = out->rc;
    }
    pthread_mutex_unlock(&st->lock);
    return rc;
}

size_t pse_witness_book_logs(const struct pse_witness_book *st)
{
    return st->logs;
}

static pse_rc count_evidence(uint64_t *out, struct pse_witness_book *st, struct pse_span origin)
{
    sqlite3_stmt *s = NULL;
    pse_rc rc = prepare(&s, st->db, "SELECT count(*) FROM evidence WHERE origin = ?");

    *out = 0;
    if (rc == PSE_OK) {
        bind_span(s, 1, origin);
        rc = sqlite3_step(s) == SQLITE_ROW ? PSE_OK : PSE_E_IO;
        if (rc == PSE_OK)
            *out = (uint64_t)sqlite3_column_int64(s, 0);
    }
    (void)sqlite3_finalize(s);
    return rc;
}

pse_rc pse_witness_book_log(struct pse_witness_log *out, struct pse_witness_book *st, size_t i)
{
    struct last last;

    PSE_REQUIRE(i < st->logs);
    memset(out, 0, sizeof *out);
    PSE_TRY(read_last(&last, NULL, st, st->log[i].origin));
    PSE_TRY(count_evidence(&out->evidence, st, st->log[i].origin));
    out->origin = st->log[i].origin;
    out->keys = st->log[i].keys;
    out->any = last.any;
    out->size = last.size;
    out->root = last.root;
    out->time = last.time;
    return PSE_OK;
}

pse_rc pse_witness_book_evidence(struct pse_buf *refused, struct pse_buf *ours,
                                 struct pse_witness_book *st, struct pse_span origin, size_t i)
{
    sqlite3_stmt *s = NULL;
    pse_rc rc = prepare(&s, st->db,
                        "SELECT refused, ours FROM evidence WHERE origin = ? ORDER BY rowid"
                        " LIMIT 1 OFFSET ?");
    int step = SQLITE_ERROR;

    if (rc == PSE_OK) {
        bind_span(s, 1, origin);
        (void)sqlite3_bind_int64(s, 2, (int64_t)i);
        step = sqlite3_step(s);
        rc = step == SQLITE_ROW ? PSE_OK : step == SQLITE_DONE ? PSE_E_MISSING : PSE_E_IO;
    }
    if (rc == PSE_OK) {
        pse_wr_span(refused, column(s, 0));
        pse_wr_span(ours, column(s, 1));
        rc = refused->rc != PSE_OK ? refused->rc : ours->rc;
    }
    (void)sqlite3_finalize(s);
    return rc;
}
