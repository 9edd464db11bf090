/* Inside store: one connection to PostgreSQL, with a deadline on every answer and one meaning for
 * every failure.
 *
 * A statement that could change something ends in PSE_OK (it did), PSE_E_STATE (a conflict with
 * another transaction or its lock, nothing changed: start over from the head), PSE_E_DUPLICATE (a
 * key is there already, nothing changed), PSE_E_IO (the server refused it, nothing changed), or
 * PSE_E_UNKNOWN: no answer came, or one with a warning, as when the wait for a replica was
 * cancelled after the commit (ledger contract 12). After PSE_E_UNKNOWN the link answers nothing but
 * that: what a server says that may have lost a commit is not to be published, so the process ends
 * and starts again. */
#ifndef PSE_STORE_POSTGRES_LINK_H
#define PSE_STORE_POSTGRES_LINK_H

#include <libpq-fe.h>

#include "store/driver.h"

enum {
    PSE_PG_ARGS = 16,
    PSE_PG_CONNECT_S = 5,
    PSE_PG_WAIT_MS = 20000, /* for one answer; a commit that takes longer is of unknown outcome */
};

struct pse_pg {
    struct pse_store_base base; /* first: this is the head of the driver's state */
    PGconn *conn;
    bool warned;  /* a warning came since the last statement began */
    bool unknown; /* an outcome is unknown: nothing more is believed */
    char warning[200];
};

/** Parameters of one statement, in binary form. Spans are borrowed until it has run. */
struct pse_pg_args {
    int n;
    Oid type[PSE_PG_ARGS];
    const char *value[PSE_PG_ARGS];
    int length[PSE_PG_ARGS];
    int format[PSE_PG_ARGS];
    uint8_t number[PSE_PG_ARGS][8];
};

void pse_pg_u64(struct pse_pg_args *a, uint64_t x);
void pse_pg_bytes(struct pse_pg_args *a, struct pse_span x);
void pse_pg_hash(struct pse_pg_args *a, const pse_hash *x);
/** A bytea[] that pse_pg_array_put has encoded. */
void pse_pg_array(struct pse_pg_args *a, struct pse_span encoded);
/** Append @p n byte strings as the binary form of bytea[]. */
void pse_pg_array_put(struct pse_buf *out, const struct pse_span *x, size_t n);

/** Connect. The URL's own settings go before those made here. PSE_E_IO. */
PSE_MUST pse_rc pse_pg_connect(struct pse_pg *s, const char *url);
/** Safe on a state that was zeroed. */
void pse_pg_disconnect(struct pse_pg *s);

/** Run a statement that may change something; *out (may be NULL) is to be cleared by the caller on
 * PSE_OK. Statuses above. */
PSE_MUST pse_rc pse_pg_change(PGresult **out, struct pse_pg *s, const char *sql,
                              const struct pse_pg_args *a);
/** Run a statement that only reads: PSE_E_IO for every failure; PSE_E_UNKNOWN on a link whose
 * outcome is unknown. */
PSE_MUST pse_rc pse_pg_read(PGresult **out, struct pse_pg *s, const char *sql,
                            const struct pse_pg_args *a);
/** Several statements without parameters, as text; they may change something. */
PSE_MUST pse_rc pse_pg_script(struct pse_pg *s, const char *sql);

/** What pipelined statements have in common: the same text, run once for each of @p n argument
 * lists between BEGIN and COMMIT, in one round trip. @p fill writes the arguments of number i.
 * Statuses of pse_pg_change. */
PSE_MUST pse_rc pse_pg_many(struct pse_pg *s, const char *sql, size_t n,
                            void (*fill)(struct pse_pg_args *a, size_t i, const void *ctx),
                            const void *ctx);

/* --- values of a result row ------------------------------------------------------------------- */

uint64_t pse_pg_get_u64(const PGresult *r, int row, int column);
struct pse_span pse_pg_get_bytes(const PGresult *r, int row, int column);
/** False when it is not 32 bytes. */
bool pse_pg_get_hash(pse_hash *out, const PGresult *r, int row, int column);

#endif
