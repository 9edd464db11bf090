#include "store/witness_book.h"

pse_rc book_run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? PSE_OK : PSE_E_IO;
}

pse_rc book_prepare(sqlite3_stmt **out, sqlite3 *db, const char *sql)
{
    return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) == SQLITE_OK
               ? PSE_OK
               : PSE_E_IO;
}

void book_bind(sqlite3_stmt *s, int at, struct pse_span x)
{
    /* Fails for a wrong position or want of memory; the step then fails. */
    if (x.n == 0)
        (void)sqlite3_bind_zeroblob(s, at, 0);
    else
        (void)sqlite3_bind_blob64(s, at, x.p, x.n, SQLITE_STATIC);
}

struct pse_span book_column(sqlite3_stmt *s, int at)
{
    const void *p = sqlite3_column_blob(s, at);

    return pse_span(p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(s, at));
}

pse_rc book_step(sqlite3_stmt *s)
{
    int rc = sqlite3_step(s);

    (void)sqlite3_reset(s);
    (void)sqlite3_clear_bindings(s);
    return rc == SQLITE_DONE ? PSE_OK : PSE_E_IO;
}

struct book_log *book_find(const struct pse_witness_book *st, struct pse_span origin)
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

pse_rc book_last(struct book_last *out, struct pse_buf *note, struct pse_witness_book *st,
                 struct pse_span origin)
{
    pse_rc rc = PSE_OK;
    int step;

    memset(out, 0, sizeof *out);
    pse_tree_root(&out->root, NULL, 0);
    book_bind(st->get, 1, origin);
    step = sqlite3_step(st->get);
    if (step == SQLITE_ROW) {
        struct pse_span size = book_column(st->get, 0);
        struct pse_span root = book_column(st->get, 1);

        out->any = true;
        out->time = (uint64_t)sqlite3_column_int64(st->get, 2);
        if (size.n == 8 && root.n == 32) { /* the schema says so */
            out->size = pse_load_u64(size.p);
            memcpy(out->root.b, root.p, 32);
        } else {
            rc = PSE_E_IO;
        }
        if (note != NULL) {
            pse_wr_span(note, book_column(st->get, 3));
            rc = rc == PSE_OK ? note->rc : rc;
        }
    } else if (step != SQLITE_DONE) {
        rc = PSE_E_IO;
    }
    (void)sqlite3_reset(st->get);
    (void)sqlite3_clear_bindings(st->get);
    return rc;
}

pse_rc book_put_number(struct pse_witness_book *st, uint64_t number)
{
    (void)sqlite3_bind_int64(st->number, 1, (int64_t)number);
    return book_step(st->number);
}
