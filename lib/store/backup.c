#include "store/backup.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "store/file_io.h"
#include "store/sql.h"

enum {
    CHUNK = 64 * 1024,
    HEADER = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
    TAG_BYTES = crypto_secretstream_xchacha20poly1305_ABYTES,
    PATH_BYTES = 4096,
    LABEL = 17,
};

static const char label[LABEL] = "psephos-backup-1"; /* with its zero */
static const struct pse_seal_place place = {.table = "backup", .row = 0};

typedef struct stream_state {
    crypto_secretstream_xchacha20poly1305_state s;
} stream_state;

static void stream_state_wipe(stream_state *s)
{
    pse_wipe(s, sizeof *s);
}

/* --- files -------------------------------------------------------------------------------------
 */

/* Up to @p n bytes; fewer only at the end of the file. */
static pse_rc read_up_to(int fd, uint8_t *p, size_t n, size_t *got)
{
    *got = 0;
    while (*got < n) {
        ssize_t done = read(fd, p + *got, n - *got);

        if (done < 0)
            return PSE_E_IO;
        if (done == 0)
            return PSE_OK;
        *got += (size_t)done;
    }
    return PSE_OK;
}

static int new_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static pse_rc close_synced(int fd, pse_rc rc)
{
    if (rc == PSE_OK && fsync(fd) != 0)
        rc = PSE_E_IO;
    return close(fd) == 0 ? rc : PSE_E_IO;
}

static pse_rc beside(char out[PATH_BYTES], const char *path, const char *suffix)
{
    int n = snprintf(out, PATH_BYTES, "%s%s", path, suffix);

    return n > 0 && n < PATH_BYTES ? PSE_OK : PSE_E_LIMIT;
}

static void drop(const char *path)
{
    char other[PATH_BYTES];

    (void)unlink(path);
    if (beside(other, path, "-wal") == PSE_OK)
        (void)unlink(other);
    if (beside(other, path, "-shm") == PSE_OK)
        (void)unlink(other);
}

/* --- make --------------------------------------------------------------------------------------
 */

/* A consistent copy of a database in use. Voters' rows are sealed in it as they are in the
 * original. */
static pse_rc copy_database(const char *to, const char *from)
{
    sqlite3 *in = NULL;
    sqlite3 *out = NULL;
    sqlite3_backup *b = NULL;
    pse_rc rc = pse_sql_open(&in, from, PSE_SQL_READ);

    if (rc == PSE_OK)
        rc = pse_sql_open(&out, to, PSE_SQL_CREATE);
    if (rc == PSE_OK) {
        b = sqlite3_backup_init(out, "main", in, "main");
        rc = b != NULL && sqlite3_backup_step(b, -1) == SQLITE_DONE ? PSE_OK : PSE_E_IO;
        if (sqlite3_backup_finish(b) != SQLITE_OK)
            rc = PSE_E_IO;
    }
    /* One file, nothing beside it. */
    if (rc == PSE_OK)
        rc = pse_sql_exec(out, "PRAGMA journal_mode = DELETE");
    sqlite3_close(out);
    sqlite3_close(in);
    return rc;
}

static pse_rc begin_stream(int fd, stream_state *state, const struct pse_wrapper *w,
                           struct pse_rng *rng)
{
    PSE_SECRET(pse_seal_key, key);
    uint8_t wrapped[PSE_SEAL_WRAPPED];
    uint8_t header[HEADER];

    pse_rng_fill(rng, key.b, sizeof key.b);
    PSE_TRY(w->wrap(w->ctx, wrapped, &key, &place, rng));
    if (crypto_secretstream_xchacha20poly1305_init_push(&state->s, header, key.b) != 0)
        return PSE_E_IO;
    PSE_TRY(pse_file_write(fd, pse_span(label, LABEL)));
    PSE_TRY(pse_file_write(fd, pse_span(wrapped, sizeof wrapped)));
    return pse_file_write(fd, pse_span(header, sizeof header));
}

static pse_rc seal_stream(int out, int in, const struct pse_wrapper *w, struct pse_rng *rng)
{
    PSE_SECRET(stream_state, state);
    uint8_t plain[CHUNK];
    uint8_t sealed[CHUNK + TAG_BYTES];
    size_t n = CHUNK;

    PSE_TRY(begin_stream(out, &state, w, rng));
    while (n == CHUNK) {
        uint8_t tag;

        PSE_TRY(read_up_to(in, plain, CHUNK, &n));
        tag = n == CHUNK ? crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
                         : crypto_secretstream_xchacha20poly1305_TAG_FINAL;
        (void)crypto_secretstream_xchacha20poly1305_push(&state.s, sealed, NULL, plain, n, NULL, 0,
                                                         tag);
        PSE_TRY(pse_file_write(out, pse_span(sealed, n + TAG_BYTES)));
    }
    return PSE_OK;
}

pse_rc pse_backup_make(const char *to, const char *from, const struct pse_wrapper *w,
                       struct pse_rng *rng)
{
    char copy[PATH_BYTES];
    int in;
    int out;
    pse_rc rc;

    PSE_TRY(beside(copy, to, ".copy"));
    if (access(from, F_OK) != 0)
        return PSE_E_MISSING;
    out = new_file(to);
    if (out < 0)
        return access(to, F_OK) == 0 ? PSE_E_DUPLICATE : PSE_E_IO;
    drop(copy); /* of a backup that was cut off */
    rc = copy_database(copy, from);
    in = rc == PSE_OK ? open(copy, O_RDONLY | O_CLOEXEC) : -1;
    if (rc == PSE_OK)
        rc = in < 0 ? PSE_E_IO : seal_stream(out, in, w, rng);
    if (in >= 0)
        close(in);
    drop(copy);
    rc = close_synced(out, rc);
    if (rc != PSE_OK)
        drop(to);
    return rc;
}

/* --- restore -----------------------------------------------------------------------------------
 */

static pse_rc read_head(int fd, stream_state *state, const struct pse_wrapper *w)
{
    PSE_SECRET(pse_seal_key, key);
    uint8_t head[LABEL + PSE_SEAL_WRAPPED + HEADER];
    size_t got;

    PSE_TRY(read_up_to(fd, head, sizeof head, &got));
    if (got < sizeof head || memcmp(head, label, LABEL) != 0)
        return PSE_E_SYNTAX;
    PSE_TRY(w->unwrap(w->ctx, &key, head + LABEL, &place));
    return crypto_secretstream_xchacha20poly1305_init_pull(
               &state->s, head + LABEL + PSE_SEAL_WRAPPED, key.b) == 0
               ? PSE_OK
               : PSE_E_PROOF;
}

static pse_rc open_stream(int out, int in, const struct pse_wrapper *w)
{
    PSE_SECRET(stream_state, state);
    uint8_t sealed[CHUNK + TAG_BYTES];
    uint8_t plain[CHUNK];
    uint8_t tag = 0;

    PSE_TRY(read_head(in, &state, w));
    while (tag != crypto_secretstream_xchacha20poly1305_TAG_FINAL) {
        unsigned long long n;
        size_t got;

        PSE_TRY(read_up_to(in, sealed, sizeof sealed, &got));
        if (got < TAG_BYTES || crypto_secretstream_xchacha20poly1305_pull(
                                   &state.s, plain, &n, &tag, sealed, got, NULL, 0) != 0)
            return PSE_E_PROOF;
        PSE_TRY(pse_file_write(out, pse_span(plain, (size_t)n)));
    }
    return PSE_OK;
}

static pse_rc check_whole(sqlite3 *db)
{
    PSE_SQL(q, db, "PRAGMA integrity_check");

    PSE_TRY(pse_sql_row(q));
    return pse_span_is_str(pse_sql_col(q, 0), "ok") ? PSE_OK : PSE_E_SYNTAX;
}

static pse_rc put_mark(sqlite3 *db, uint64_t time)
{
    PSE_TRY(pse_sql_exec(db, "CREATE TABLE IF NOT EXISTS restored(generation INTEGER PRIMARY KEY,"
                             " time INTEGER NOT NULL) STRICT"));
    PSE_SQL(q, db, "INSERT INTO restored(time) VALUES(?)");

    pse_sql_i64(q, 1, (int64_t)time);
    return pse_sql_run(q);
}

static pse_rc check_and_mark(const char *path, uint64_t time)
{
    sqlite3 *db;
    pse_rc rc = pse_sql_open(&db, path, PSE_SQL_WRITE);

    if (rc == PSE_OK)
        rc = check_whole(db);
    if (rc == PSE_OK)
        rc = put_mark(db, time);
    sqlite3_close(db);
    return rc == PSE_E_IO ? PSE_E_SYNTAX : rc;
}

pse_rc pse_backup_restore(const char *to, const char *from, const struct pse_wrapper *w,
                          uint64_t time)
{
    char part[PATH_BYTES];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out;
    pse_rc rc = beside(part, to, ".part");

    if (in < 0)
        return access(from, F_OK) == 0 ? PSE_E_IO : PSE_E_MISSING;
    if (rc == PSE_OK && access(to, F_OK) == 0)
        rc = PSE_E_DUPLICATE;
    if (rc != PSE_OK) {
        close(in);
        return rc;
    }
    drop(part);
    out = new_file(part);
    rc = out < 0 ? PSE_E_IO : close_synced(out, open_stream(out, in, w));
    close(in);
    if (rc == PSE_OK)
        rc = check_and_mark(part, time);
    if (rc == PSE_OK && link(part, to) != 0) /* unlike rename, never over another file */
        rc = PSE_E_IO;
    drop(part);
    return rc;
}

pse_rc pse_backup_is_restored(bool *out, const char *path)
{
    sqlite3 *db;
    pse_rc rc = pse_sql_open(&db, path, PSE_SQL_READ);

    *out = false;
    if (rc == PSE_OK) {
        sqlite3_stmt *q = NULL;

        rc = pse_sql_prepare(&q, db, "SELECT 1 FROM sqlite_schema WHERE name = 'restored'");
        if (rc == PSE_OK) {
            rc = pse_sql_row(q);
            *out = rc == PSE_OK;
            rc = rc == PSE_E_MISSING ? PSE_OK : rc;
        }
        pse_sql_finalise(&q);
    }
    sqlite3_close(db);
    return rc;
}
