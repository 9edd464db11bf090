#include "store/sql.h"

#include <fcntl.h>
#include <unistd.h>

static pse_rc status(int rc)
{
    switch (rc & 0xFF) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW: return PSE_OK;
    case SQLITE_CONSTRAINT: return PSE_E_DUPLICATE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return PSE_E_STATE;
    case SQLITE_NOMEM: return PSE_E_MEMORY;
    default: return PSE_E_IO;
    }
}

static pse_rc make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return access(path, F_OK) == 0 ? PSE_E_DUPLICATE : PSE_E_IO;
    return close(fd) == 0 ? PSE_OK : PSE_E_IO;
}

/* Writers wait for nobody; what is deleted is overwritten. */
static const char settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                               "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
                               "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";

pse_rc pse_sql_open(sqlite3 **db, const char *path, enum pse_sql_mode mode)
{
    int flags = mode == PSE_SQL_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    pse_rc rc;

    *db = NULL;
    if (mode == PSE_SQL_CREATE)
        PSE_TRY(make_file(path));
    else if (access(path, F_OK) != 0)
        return PSE_E_MISSING;
    rc =
        status(sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL));
    if (rc == PSE_OK && mode == PSE_SQL_READ)
        rc = status(sqlite3_busy_timeout(*db, 5000)); /* a writer's checkpoint */
    if (rc == PSE_OK)
        rc = pse_sql_exec(*db, mode == PSE_SQL_READ ? "PRAGMA query_only = ON" : settings);
    if (rc != PSE_OK) {
        sqlite3_close(*db);
        *db = NULL;
    }
    return rc;
}

pse_rc pse_sql_exec(sqlite3 *db, const char *sql)
{
    return status(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

pse_rc pse_sql_prepare(sqlite3_stmt **q, sqlite3 *db, const char *text)
{
    return status(sqlite3_prepare_v3(db, text, -1, 0, q, NULL));
}

void pse_sql_finalise(sqlite3_stmt **q)
{
    sqlite3_finalize(*q);
    *q = NULL;
}

/* A binding fails only out of memory or by our own mistake; the step then fails as well. */
void pse_sql_i64(sqlite3_stmt *q, int at, int64_t x)
{
    PSE_REQUIRE(sqlite3_bind_int64(q, at, x) == SQLITE_OK);
}

void pse_sql_blob(sqlite3_stmt *q, int at, struct pse_span x)
{
    PSE_REQUIRE(sqlite3_bind_blob64(q, at, x.p == NULL ? (const uint8_t *)"" : x.p, x.n,
                                    SQLITE_STATIC) == SQLITE_OK);
}

void pse_sql_text(sqlite3_stmt *q, int at, struct pse_span x)
{
    PSE_REQUIRE(sqlite3_bind_text64(q, at, x.p == NULL ? "" : (const char *)x.p, x.n, SQLITE_STATIC,
                                    SQLITE_UTF8) == SQLITE_OK);
}

void pse_sql_null(sqlite3_stmt *q, int at)
{
    PSE_REQUIRE(sqlite3_bind_null(q, at) == SQLITE_OK);
}

pse_rc pse_sql_row(sqlite3_stmt *q)
{
    int rc = sqlite3_step(q);

    if (rc == SQLITE_DONE)
        return PSE_E_MISSING;
    return status(rc);
}

pse_rc pse_sql_run(sqlite3_stmt *q)
{
    int rc = sqlite3_step(q);

    sqlite3_reset(q);
    return rc == SQLITE_ROW ? PSE_E_IO : status(rc);
}

struct pse_span pse_sql_col(sqlite3_stmt *q, int at)
{
    const void *p = sqlite3_column_blob(q, at);

    return pse_span(p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(q, at));
}

pse_rc pse_sql_col_copy(void *out, size_t n, sqlite3_stmt *q, int at)
{
    struct pse_span x = pse_sql_col(q, at);

    memset(out, 0, n);
    if (x.n != n)
        return PSE_E_LENGTH;
    memcpy(out, x.p, n);
    return PSE_OK;
}

bool pse_sql_col_is_null(sqlite3_stmt *q, int at)
{
    return sqlite3_column_type(q, at) == SQLITE_NULL;
}

pse_rc pse_sql_begin(sqlite3 *db)
{
    return pse_sql_exec(db, "BEGIN IMMEDIATE");
}

pse_rc pse_sql_end(sqlite3 *db, pse_rc rc)
{
    if (rc == PSE_OK)
        rc = pse_sql_exec(db, "COMMIT");
    if (rc != PSE_OK && !sqlite3_get_autocommit(db))
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}
