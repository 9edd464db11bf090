/* How many connections there are, in all and of each source. Inside lib/net only.
 *
 * For: the decision whether one more comes in, at the same price whether there are ten or ten
 * thousand. Not for: how often a source asks (bucket.h). Pure; not thread-safe. */
#ifndef PSE_NET_HTTP_GATE_H
#define PSE_NET_HTTP_GATE_H

#include <sys/socket.h>

#include "base/base.h"

/** /24 of IPv4 and /48 of IPv6, never 0; 0 for anything else (Unix sockets). */
uint64_t http_source_prefix(const struct sockaddr *a, socklen_t n);
/** What pse_http_peer says of it. */
uint64_t http_source_address(const struct sockaddr *a, socklen_t n);

enum http_entry { HTTP_ENTERS, HTTP_FULL, HTTP_SOURCE_FULL };

struct http_gate;

/** Room for @p most connections, @p per_source of one prefix (UINT_MAX: no bound). @p seed: any
 * random number, so that nobody can choose prefixes that collide. PSE_E_MEMORY. */
PSE_MUST pse_rc http_gate_new(struct http_gate **out, unsigned most, unsigned per_source,
                              uint64_t seed);
/** NULL is fine. */
void http_gate_free(struct http_gate *g);

/** One more of @p prefix (0 is nobody's and not bounded); counted when it enters. */
PSE_MUST enum http_entry http_gate_enter(struct http_gate *g, uint64_t prefix);
/** One that had entered is gone. */
void http_gate_leave(struct http_gate *g, uint64_t prefix);
size_t http_gate_count(const struct http_gate *g);

#endif
