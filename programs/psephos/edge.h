/* The text of HAProxy's settings (service contract 2 and 3).
 *
 * For: `psephos edge config` and `officers`. Not for: starting HAProxy, or certificates. Every word
 * of the options has been checked to be one word for HAProxy. */
#ifndef PSE_PSEPHOS_EDGE_H
#define PSE_PSEPHOS_EDGE_H

#include "common/options.h"

enum {
    EDGE_BALLOT = 16384,
    EDGE_WAITING = 8192,
    EDGE_CONNECTIONS = 8704,
    EDGE_PER_SOURCE = 64,
    EDGE_REQUESTS = 2000, /* of a network, in 10 s: an office behind one address votes at noon */
    EDGE_RETRIES = 40,    /* refused ones likewise */
};

struct edge_options {
    const char *listen, *cert, *plain, *user, *group;
    struct cli_list box, board, auth;
    bool both;
    uint64_t ballot, waiting, connections, per_source, requests, retries;
};

/** What brings the officers' page to them; client_ca and user may be NULL. */
struct edge_officers {
    const char *listen, *cert, *client_ca, *office, *user;
};

void edge_put_officers(struct pse_buf *out, const struct edge_officers *o);
void edge_put(struct pse_buf *out, const struct edge_options *o);

#endif
