/* Cookies of sessions, out of a request and into an answer.
 *
 * For: `psephos … serve`. All are for this host alone, over TLS alone, and out of scripts' reach.
 * Not for: what a cookie means. */
#ifndef PSE_PROGRAMS_COOKIE_H
#define PSE_PROGRAMS_COOKIE_H

#include "net/http.h"

/** The value of the cookie @p name; false: the request has none. */
bool cookie_of(struct pse_span *value, const struct pse_http_call *c, const char *name);
/** When another site causes a request: is the cookie never sent along, or when the browser goes
 * where the request leads (a link, a redirect; never by POST)? */
enum cookie_site { COOKIE_STRICT, COOKIE_LAX };
/** Set it for @p seconds; 0 takes it away. @p name begins with "__Host-". */
void cookie_set(struct pse_http_answer *a, const char *name, const char *value, uint64_t seconds,
                enum cookie_site site);

#endif
