/* Challenges given out to sessions: what a card signs so that an old token cannot be played again.
 *
 * 32 random bytes as base64 text (44 characters), bound to one session, good for five minutes and
 * for one attempt: taking removes it, whatever becomes of the attempt (identity contract 2). A
 * session has one; asking again replaces it. The page that hands it out answers with
 * `Cache-Control: no-store`, and the attempt comes back under protection against requests of other
 * sites: both are the caller's. Not for: the nonces of OpenID Connect, which live ten
 * minutes (oidc_pending.h).
 *
 * Sessions are kept as their SHA-256, so that neither a memory dump nor the time a lookup takes
 * tells a session's secret. One set belongs to one thread. No clock: time is an argument. */
#ifndef PSE_IDENTITY_CHALLENGE_H
#define PSE_IDENTITY_CHALLENGE_H

#include "base/base.h"
#include "fault.h"

enum {
    PSE_CHALLENGE_TEXT = 45, /* 44 characters and a zero */
    PSE_CHALLENGE_SECONDS = 300,
    /* An expired one is remembered so long, to tell "too late" from "never". */
    PSE_CHALLENGE_MEMORY = 3600,
};

struct pse_challenges;

/** Room for @p max sessions at a time (1 to 2^20). PSE_E_MEMORY. */
PSE_MUST pse_rc pse_challenges_new(struct pse_challenges **out, size_t max);
/** NULL is fine; wipes. */
void pse_challenges_free(struct pse_challenges *c);

/** A fresh challenge for @p session (a secret of any length), in place of an older one.
 * PSE_E_LIMIT: as many sessions as there is room for have one that is still good. */
PSE_MUST pse_rc pse_challenges_issue(char out[PSE_CHALLENGE_TEXT], struct pse_challenges *c,
                                     struct pse_span session, struct pse_rng *rng, int64_t now);

/** Take the session's challenge away, before anything else is looked at. PSE_EID_GOOD: @p out is
 * it; PSE_EID_NONCE_MISSING: it has none, or had and used it; PSE_EID_NONCE_EXPIRED: given out more
 * than PSE_CHALLENGE_SECONDS ago, or in the future. @p out is "" unless good. */
PSE_MUST enum pse_eid_fault pse_challenges_take(char out[PSE_CHALLENGE_TEXT],
                                                struct pse_challenges *c, struct pse_span session,
                                                int64_t now);

#endif
