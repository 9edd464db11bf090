/* The page on which a trustee agrees to an act with an authenticator.
 *
 * For: serving the page on loopback or a Unix socket while a step waits for its trustee, judging
 * the answer, keeping the evidence. One act at a time; the asking thread waits. Not for: what an
 * act is (trustee_gate.h), TLS (a web server in front of it).
 *
 * Every failure prints one line and returns a status. */
#ifndef PSE_PSEPHOS_TRUSTEE_DESK_H
#define PSE_PSEPHOS_TRUSTEE_DESK_H

#include "psephos/trustee_keys.h"

struct trustee_desk;

/** The desk of the key file @p key, listening but not yet answering; NULL: its folder has no
 * authenticators. Before a sandbox. PSE_E_STATE: fewer than two are registered. */
PSE_MUST pse_rc trustee_desk_open(struct trustee_desk **out, const char *name, const char *key);
/** The same for registering, with whatever is registered so far; takes over a copy of @p k. */
PSE_MUST pse_rc trustee_desk_open_for(struct trustee_desk **out, const char *name,
                                      const struct trustee_keys *k);
/** NULL is fine. */
void trustee_desk_free(struct trustee_desk *d);

/** Show the act of @p statement in the election called @p title and wait until the trustee has
 * asserted it; the evidence is kept when this returns PSE_OK. */
PSE_MUST pse_rc trustee_desk_ask(struct trustee_desk *d, struct pse_span title,
                                 struct pse_span statement);
/** Let whoever has @p code register authenticators until there are @p wanted. */
PSE_MUST pse_rc trustee_desk_register(struct trustee_desk *d, const char *code, size_t wanted,
                                      const struct pse_webauthn_rules *rules);

#endif
