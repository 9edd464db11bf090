/* A server that does nothing, for ratios. */
#ifndef PSE_PSEPHOS_LOAD_NULL_H
#define PSE_PSEPHOS_LOAD_NULL_H

#include "net/http.h"

/** Answer POST /v1/ballots (through a worker that takes up to @p work microseconds for a batch, or
 * at once) and every GET with an empty 200. @p address gets what clients connect to. Once in a
 * process. As pse_http_listen and pse_http_start. */
PSE_MUST pse_rc load_null_start(struct pse_http **http, char address[PSE_HTTP_ADDRESS],
                                const char *where, bool is_inline, uint64_t work);

#endif
