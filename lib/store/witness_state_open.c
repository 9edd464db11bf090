#include "store/witness_book.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/disk.h"
#include "store/file_io.h"
#include "store/witness_mark.h"

static const char schema[] =
    "CREATE TABLE self(one INTEGER PRIMARY KEY CHECK (one = 1), vkey TEXT NOT NULL,"
    " id BLOB NOT NULL, mark TEXT NOT NULL, number INTEGER NOT NULL) STRICT;"
    "CREATE TABLE key(vkey TEXT PRIMARY KEY, origin BLOB NOT NULL) STRICT;"
    "CREATE TABLE log(origin BLOB PRIMARY KEY, size BLOB NOT NULL CHECK (length(size) = 8),"
    " root BLOB NOT NULL CHECK (length(root) = 32), time INTEGER NOT NULL,"
    " note BLOB NOT NULL) STRICT;"
    "CREATE TABLE evidence(origin BLOB NOT NULL, digest BLOB NOT NULL, refused BLOB NOT NULL,"
    " ours BLOB NOT NULL, PRIMARY KEY (origin, digest)) STRICT;";

static pse_rc set_up(sqlite3 *db)
{
    return book_run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                        "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;");
}

/* --- making ------------------------------------------------------------------------------------
 */

static pse_rc insert_self(sqlite3 *db, const struct pse_vkey *witness, const uint8_t id[16],
                          const char *mark)
{
    struct pse_buf vkey = PSE_BUF(1024);
    sqlite3_stmt *s = NULL;
    pse_rc rc = book_prepare(&s, db, "INSERT INTO self VALUES (1, ?, ?, ?, 1)");

    pse_vkey_put(&vkey, witness);
    if (rc == PSE_OK)
        rc = vkey.rc;
    if (rc == PSE_OK) {
        (void)sqlite3_bind_text64(s, 1, (const char *)vkey.p, vkey.n, SQLITE_STATIC, SQLITE_UTF8);
        book_bind(s, 2, pse_span(id, 16));
        (void)sqlite3_bind_text(s, 3, mark, -1, SQLITE_STATIC);
        rc = book_step(s);
    }
    (void)sqlite3_finalize(s);
    pse_buf_free(&vkey);
    return rc;
}

static pse_rc database_make(const char *path, const struct pse_vkey *witness, const uint8_t id[16],
                            const char *mark)
{
    sqlite3 *db = NULL;
    pse_rc rc =
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK ? PSE_OK : PSE_E_IO;

    if (rc == PSE_OK)
        rc = set_up(db);
    if (rc == PSE_OK)
        rc = book_run(db, "BEGIN IMMEDIATE");
    if (rc == PSE_OK)
        rc = book_run(db, schema);
    if (rc == PSE_OK)
        rc = insert_self(db, witness, id, mark);
    if (rc == PSE_OK)
        rc = book_run(db, "COMMIT");
    (void)sqlite3_close(db);
    return rc == PSE_OK ? pse_file_sync_folder_of(path) : rc;
}

/* SQLite's files beside a database are gone with it when none is open. */
static void unmake(const char *path)
{
    static const char *const suffix[] = {"", "-wal", "-shm", "-journal"};
    char name[WITNESS_PATH_MAX + 16];

    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, suffix[i]);
        (void)unlink(name);
    }
}

pse_rc pse_witness_book_create(const char *path, const char *mark, const struct pse_vkey *witness,
                               const uint8_t id[16])
{
    struct stat st;
    pse_rc rc;

    if (strlen(mark) >= WITNESS_PATH_MAX || strlen(path) >= WITNESS_PATH_MAX)
        return PSE_E_IO;
    if (lstat(path, &st) == 0)
        return PSE_E_DUPLICATE;
    PSE_TRY(mark_create(mark, id, 1));
    if (!pse_disk_make_private(path)) {
        rc = errno == EEXIST ? PSE_E_DUPLICATE : PSE_E_IO;
        (void)unlink(mark);
        return rc;
    }
    rc = pse_disk_is_remote(path) || pse_disk_is_remote(mark)
             ? PSE_E_UNSUPPORTED
             : database_make(path, witness, id, mark);
    if (rc != PSE_OK) {
        unmake(path);
        (void)unlink(mark);
    }
    return rc;
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
    if (book_prepare(&s, st->db, "SELECT vkey, id, mark, number FROM self") == PSE_OK &&
        sqlite3_step(s) == SQLITE_ROW) {
        id = book_column(s, 1);
        mark = book_column(s, 2);
        st->commit = (uint64_t)sqlite3_column_int64(s, 3);
        rc = copy(&text, st, book_column(s, 0));
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
    struct book_log *log;

    PSE_TRY(copy(&text, st, book_column(s, 0)));
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

    st->log = PSE_NEW(&st->arena, struct book_log, PSE_WITNESS_LOGS_MAX);
    if (keys == NULL || st->log == NULL)
        return PSE_E_MEMORY;
    rc = book_prepare(&s, st->db, "SELECT vkey FROM key ORDER BY origin, vkey");
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
    PSE_TRY(
        book_prepare(&st->get, st->db, "SELECT size, root, time, note FROM log WHERE origin = ?"));
    PSE_TRY(book_prepare(
        &st->put, st->db,
        "INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (origin) DO UPDATE SET"
        " size = ?2, root = ?3, time = ?4, note = ?5"));
    PSE_TRY(book_prepare(&st->keep, st->db,
                         "INSERT OR IGNORE INTO evidence SELECT ?1, ?2, ?3, ?4 WHERE"
                         " (SELECT count(*) FROM evidence WHERE origin = ?1) < ?5"));
    return book_prepare(&st->number, st->db, "UPDATE self SET number = ?");
}

static pse_rc read_notes(struct pse_witness_book *st)
{
    for (size_t i = 0; i < st->logs; i++) {
        struct book_last last;

        PSE_TRY(book_last(&last, &st->log[i].note, st, st->log[i].origin));
    }
    return PSE_OK;
}

/* --- restored or not ----------------------------------------------------------------------------
 */

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
    PSE_TRY(book_put_number(st, above));
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
