/* Standing by: a second box waits until the one that writes is gone, then goes on in its place.
 *
 * For: several boxes over one store. Who writes holds the store's lock (a session's in PostgreSQL,
 * a file's with SQLite); it goes with the process, and within seconds with a machine that has
 * vanished. The lock only decides who tries: should two try at once, the epoch fence and the swap
 * of the head let one of them sign (sequencer.h). A dying process may leave the store a
 * moment before the record's folder: on PSE_STOP_LOCKED close the store and wait again. Not for:
 * choosing among boxes, telling anybody.
 */
#ifndef PSE_STORE_STANDBY_H
#define PSE_STORE_STANDBY_H

#include "store/store.h"

enum { PSE_STANDBY_POLL_MS = 200 };

/** Open the store for writing as pse_store_open does, trying again while another process writes
 * (PSE_E_STATE) or the server does not answer (PSE_E_IO). @p stop (may be NULL) is asked between
 * tries: true ends the wait with the last status. Other statuses end it at once. Blocks. */
PSE_MUST pse_rc pse_standby_open(struct pse_store **out, const char **why, const char *url,
                                 struct pse_span origin, const struct pse_steps *steps,
                                 bool (*stop)(void *ctx), void *ctx);

#endif
