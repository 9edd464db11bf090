/* Inside room store: an open witness's state, shared by the files that open it, commit to it and
 * read it. The manual is witness_state.h. */
#ifndef PSE_STORE_WITNESS_BOOK_H
#define PSE_STORE_WITNESS_BOOK_H

#include <pthread.h>
#include <sqlite3.h>

#include "codec/codec.h"
#include "store/witness_state.h"

enum { WITNESS_PATH_MAX = 4096 };

struct book_log {
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
    char mark[WITNESS_PATH_MAX];
    uint8_t id[16];
    uint64_t commit;
    struct pse_vkey self;
    struct pse_arena arena;
    struct book_log *log; /* in the order of origins */
    size_t logs;
    pthread_mutex_t lock; /* the notes */
};

/* What was cosigned last for a log. */
struct book_last {
    bool any;
    uint64_t size;
    pse_hash root;
    uint64_t time;
};

/* SQLite: run text, prepare a statement kept for long, bind bytes, read bytes, and run a statement
 * that gives no rows and make it ready again. PSE_E_IO. */
pse_rc book_run(sqlite3 *db, const char *sql);
PSE_MUST pse_rc book_prepare(sqlite3_stmt **out, sqlite3 *db, const char *sql);
void book_bind(sqlite3_stmt *s, int at, struct pse_span x);
struct pse_span book_column(sqlite3_stmt *s, int at);
PSE_MUST pse_rc book_step(sqlite3_stmt *s);

/* The log of an origin; NULL when it is not known. */
struct book_log *book_find(const struct pse_witness_book *st, struct pse_span origin);
/* What was cosigned last for @p origin; @p note (may be NULL) gets the note appended. */
PSE_MUST pse_rc book_last(struct book_last *out, struct pse_buf *note, struct pse_witness_book *st,
                          struct pse_span origin);
/* The number of the commit, into the database. The mark comes after it: when only the database is
 * reached, the next start finds it ahead of its mark, as after any crash. */
PSE_MUST pse_rc book_put_number(struct pse_witness_book *st, uint64_t number);

#endif
