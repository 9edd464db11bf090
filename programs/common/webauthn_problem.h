/* What an authenticator's answer is refused with, over HTTP.
 *
 * For: daemons that take assertions. Not for: judging them (identity/webauthn.h). */
#ifndef PSE_PROGRAMS_WEBAUTHN_PROBLEM_H
#define PSE_PROGRAMS_WEBAUTHN_PROBLEM_H

#include "identity/webauthn.h"
#include "net/http.h"

/** "webauthn-sign-count", …: stable. */
const char *webauthn_slug(enum pse_webauthn_fault fault);
/** The answer to a fault that is not good, with its words. */
void webauthn_problem(struct pse_http_call *c, enum pse_webauthn_fault fault);

/** The request for an assertion, as members of an open object: challenge, its end, the site's
 * rp_id, and the credentials that may answer. */
struct pse_json_wr;
void webauthn_put_request(struct pse_json_wr *w, const struct pse_webauthn_challenge *challenge,
                          const struct pse_webauthn_site *site, const struct pse_webauthn_key *keys,
                          size_t n);

#endif
