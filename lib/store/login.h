/* One-time links by mail: the second half of the credential-letter path (identity.md 6).
 *
 * A link carries a token of 32 random bytes; the database keeps a keyed hash of it. It lives 15
 * minutes, works once, and only in the browser that asked for it (which holds a secret of its own
 * in a cookie). Known and unknown addresses are treated alike: the same rows are written, the same
 * limits apply, and the caller gives the same answer; only the mail is sent or not. Limits are per
 * address and per network prefix (GCRA); a prefix is kept as a keyed hash until its limit has
 * passed, never beside a person.
 *
 * A link opened in another browser (mail scanners open links) is refused and not used up. Over the
 * voter database; time is an argument. Not for: sending (net/mail.h), cookies, pages. */
#ifndef PSE_STORE_LOGIN_H
#define PSE_STORE_LOGIN_H

#include "store/voters.h"

enum {
    PSE_LOGIN_SECONDS = 15 * 60,
    PSE_LOGIN_MAIL_PERIOD = 300, /* one link in five minutes, three at once */
    PSE_LOGIN_MAIL_BURST = 3,
    PSE_LOGIN_PREFIX_PERIOD = 10, /* one request in ten seconds, thirty at once */
    PSE_LOGIN_PREFIX_BURST = 30,
};

typedef struct pse_login_token {
    uint8_t b[32];
} pse_login_token;
void pse_login_token_wipe(pse_login_token *t);

struct pse_login_request {
    struct pse_span mail;   /* as typed */
    struct pse_span prefix; /* of the network address: /24 or /48, any bytes */
    const pse_login_token *browser;
    uint64_t now;
};

/** Ask for a link. PSE_OK: answer "if we know the address, a mail is on its way", and send *token
 * if *is_known. PSE_E_LIMIT: too many requests; answer 429 with *retry seconds. PSE_E_LENGTH: no
 * mail address has that length. Other statuses: the world failed, nothing was stored. */
PSE_MUST pse_rc pse_login_begin(struct pse_voters *v, pse_login_token *token, bool *is_known,
                                uint64_t *retry, const struct pse_login_request *r);

/** Use a link. *person: row of the voter. PSE_E_MISSING: unknown, used, or its voter is not on the
 * list any more; PSE_E_PROOF: another browser (the link stays good); PSE_E_STATE: expired;
 * PSE_E_MISMATCH: the row was altered. */
PSE_MUST pse_rc pse_login_complete(struct pse_voters *v, uint64_t *person,
                                   const pse_login_token *token, const pse_login_token *browser,
                                   uint64_t now);

#endif
