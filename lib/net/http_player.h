/* The second back-end of http.h: requests played from memory, without a socket or a library.
 *
 * For: tests and fuzzing of routes and handlers; that it exists proves that nothing above lib/net
 * needs libmicrohttpd. It splits requests strictly (CR LF, one space, no folding) and knows no
 * chunks. Not for: serving anybody. */
#ifndef PSE_NET_HTTP_PLAYER_H
#define PSE_NET_HTTP_PLAYER_H

#include "http.h"

struct pse_http_player;

PSE_MUST pse_rc pse_http_player_new(struct pse_http_player **out, const struct pse_http_options *o);
void pse_http_player_free(struct pse_http_player *p);

/** Play @p bytes as all that a client sends on one connection, and append what it gets. A head or
 * body that is cut off ends the connection. Returns when the last answer is there: for calls on
 * lanes, after a worker has answered. PSE_E_MEMORY. One thread a player. */
PSE_MUST pse_rc pse_http_play(struct pse_buf *out, struct pse_http_player *p,
                              struct pse_span bytes);

/** The counters of its server. */
void pse_http_player_counters(struct pse_http_counters *out, struct pse_http_player *p);

#endif
