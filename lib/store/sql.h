/* SQLite in a few words, for the files of this room; includes sqlite3.h for them.
 *
 * For: opening a database as service.md 5 asks (WAL, synchronous FULL, foreign keys, secure
 * delete), statements that bind and step with our statuses, transactions. Not for: the sequencer's
 * head (driver.h), anything outside lib/store.
 * PSE_E_IO stands for every failure of SQLite: the caller answers nothing that is not committed. */
#ifndef PSE_STORE_SQL_H
#define PSE_STORE_SQL_H

#include <sqlite3.h>

#include "base/base.h"

enum pse_sql_mode {
    PSE_SQL_CREATE, /* a new file with permission 0600; PSE_E_DUPLICATE when there is one */
    PSE_SQL_WRITE,
    PSE_SQL_READ, /* a snapshot beside a running writer */
};

/** PSE_E_MISSING: no such file. PSE_E_STATE: somebody else is writing. PSE_E_IO. *db is NULL on
 * failure. */
PSE_MUST pse_rc pse_sql_open(sqlite3 **db, const char *path, enum pse_sql_mode mode);
/** Run statements without results. */
PSE_MUST pse_rc pse_sql_exec(sqlite3 *db, const char *sql);

/** A statement that is finalised on every way out:
 *
 *     PSE_SQL(q, db, "SELECT a FROM t WHERE b = ?");
 *     pse_sql_i64(q, 1, b);
 *     PSE_TRY(pse_sql_row(q));      PSE_E_MISSING: no row
 */
#define PSE_SQL(name, db, text)                                           \
    sqlite3_stmt *name __attribute__((cleanup(pse_sql_finalise))) = NULL; \
    PSE_TRY(pse_sql_prepare(&name, (db), (text)))

PSE_MUST pse_rc pse_sql_prepare(sqlite3_stmt **q, sqlite3 *db, const char *text);
void pse_sql_finalise(sqlite3_stmt **q);
/** Bindings, counted from 1. A span whose p is NULL and a negative i64 are themselves; NULL is
 * pse_sql_null. The bytes must live until the statement has been stepped. */
void pse_sql_i64(sqlite3_stmt *q, int at, int64_t x);
void pse_sql_blob(sqlite3_stmt *q, int at, struct pse_span x);
void pse_sql_text(sqlite3_stmt *q, int at, struct pse_span x);
void pse_sql_null(sqlite3_stmt *q, int at);
/** The next row. PSE_E_MISSING: no more. PSE_E_DUPLICATE: a constraint. */
PSE_MUST pse_rc pse_sql_row(sqlite3_stmt *q);
/** For statements that give no rows; the statement can be bound and run again. */
PSE_MUST pse_rc pse_sql_run(sqlite3_stmt *q);
/** Columns, counted from 0; valid until the next step. NULL gives an empty span. */
struct pse_span pse_sql_col(sqlite3_stmt *q, int at);
/** A column of exactly @p n bytes, copied. PSE_E_LENGTH; @p out is zeroed then. */
PSE_MUST pse_rc pse_sql_col_copy(void *out, size_t n, sqlite3_stmt *q, int at);
bool pse_sql_col_is_null(sqlite3_stmt *q, int at);

/** BEGIN IMMEDIATE; COMMIT if *rc is PSE_OK, else ROLLBACK. A commit that fails turns *rc to
 * PSE_E_IO. */
PSE_MUST pse_rc pse_sql_begin(sqlite3 *db);
PSE_MUST pse_rc pse_sql_end(sqlite3 *db, pse_rc rc);

#endif
