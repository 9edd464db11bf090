/* Logins over an identity service that have been begun: what is kept while the browser is away.
 *
 * Bound to one session (a cookie of the browser), good for ten minutes and for one return: taking
 * removes it, whatever becomes of the return (identity contract 4). A session has one; beginning
 * again replaces it. Sessions are kept as their SHA-256. One set belongs to one thread. No clock:
 * time is an argument. */
#ifndef PSE_IDENTITY_OIDC_PENDING_H
#define PSE_IDENTITY_OIDC_PENDING_H

#include "oidc_fault.h"

enum {
    PSE_OIDC_SECRET_TEXT = 44, /* 32 bytes as base64url, 43 characters and a zero */
    PSE_OIDC_PENDING_SECONDS = 600,
    /* That it was used, or is too old, is remembered so long, to tell both from "never". */
    PSE_OIDC_PENDING_MEMORY = 3600,
};

/** One login under way. The verifier is a secret: PSE_SECRET(pse_oidc_pending, name) wipes it. */
typedef struct pse_oidc_pending {
    uint32_t provider; /* which one was asked: the caller's number */
    uint64_t person;   /* who must come back: the caller's number, 0 for anybody */
    int64_t begun;
    char state[PSE_OIDC_SECRET_TEXT];
    char nonce[PSE_OIDC_SECRET_TEXT];
    char verifier[PSE_OIDC_SECRET_TEXT]; /* of PKCE (RFC 7636) */
} pse_oidc_pending;

void pse_oidc_pending_wipe(pse_oidc_pending *p);

struct pse_oidc_pendings;

/** Room for @p max sessions at a time (1 to 2^20). PSE_E_MEMORY. */
PSE_MUST pse_rc pse_oidc_pendings_new(struct pse_oidc_pendings **out, size_t max);
/** NULL is fine; wipes. */
void pse_oidc_pendings_free(struct pse_oidc_pendings *s);

/** A fresh login of @p session (a secret of any length) at @p provider, in place of an older one;
 * a copy is in @p out, with @p person. PSE_E_LIMIT: as many sessions as there is room for have one
 * that is still good; PSE_E_MEMORY. */
PSE_MUST pse_rc pse_oidc_pendings_begin(pse_oidc_pending *out, struct pse_oidc_pendings *s,
                                        struct pse_span session, uint32_t provider, uint64_t person,
                                        struct pse_rng *rng, int64_t now);

/** Take the session's login away, before anything of the return is looked at. PSE_OIDC_GOOD, or
 * PSE_OIDC_STATE_MISSING, PSE_OIDC_STATE_USED, PSE_OIDC_STATE_EXPIRED; @p out is wiped then. */
PSE_MUST enum pse_oidc_fault pse_oidc_pendings_take(pse_oidc_pending *out,
                                                    struct pse_oidc_pendings *s,
                                                    struct pse_span session, int64_t now);

#endif
