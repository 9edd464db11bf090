/* How a voter is identified: one shape for every way (identity contract 1).
 *
 * A provider begins with a challenge and completes with a person of the private database. There are
 * `letter` (a one-time link by mail, with voting letters), `webeid` (a card) and `oidc` (a service
 * that says who it is); another one plugs in beside them: fill the struct at the end, and name its
 * addresses in auth_http.c. Not for: sessions (session_token.h), registering credentials.
 *
 * Both calls are made under the daemon's lock, by any of its workers. They may block on the
 * registrar; one that waits for others gives the lock up meanwhile, and must not rely on what it
 * saw before. Time is an argument. */
#ifndef PSE_PROGRAMS_IDENTITY_PROVIDER_H
#define PSE_PROGRAMS_IDENTITY_PROVIDER_H

#include "base/base.h"

enum identity_level { IDENTITY_LOW = 1, IDENTITY_SUBSTANTIAL = 2, IDENTITY_HIGH = 3 };

enum identity_rc {
    IDENTITY_OK,
    IDENTITY_LIMIT,   /* too many attempts */
    IDENTITY_UNKNOWN, /* no such challenge, used, or a person who is not on the list */
    IDENTITY_BROWSER, /* from another browser; the challenge stays good */
    IDENTITY_EXPIRED,
    IDENTITY_MALFORMED,
    IDENTITY_FAILED,  /* the world failed; try again */
    IDENTITY_REFUSED, /* a rule of the provider's; identity_result.why names it */
};

/** Who asks. Spans are borrowed for the call. */
struct identity_session {
    const uint8_t *browser; /* 32 bytes: the secret of the browser's cookie */
    struct pse_span prefix; /* of the network address, for limits only */
    struct pse_span claim;  /* what the voter says first (a mail address); may be empty */
    uint64_t person;        /* who is logged in there already; 0: nobody, or it does not matter */
    uint64_t now;
};

enum { IDENTITY_CHALLENGE = 2048, IDENTITY_SUBJECT = 300, IDENTITY_NAME = 512 };

/** What a beginning gave. */
struct identity_begun {
    uint32_t retry; /* with IDENTITY_LIMIT: seconds */
    /* What the voter's side must answer to, or the address where it must go; "" where it gets
     * something else (a mail). */
    char challenge[IDENTITY_CHALLENGE];
    const char *why; /* as in identity_result */
};

/** Who it is: the row of the private database, and, where the provider learned it from the voter's
 * side itself, what that said. Personal: told to the voter's page, wiped, never logged or kept. */
struct identity_result {
    uint64_t person;
    enum identity_level level;
    bool is_signer; /* what this voter registers is signed by their own key */
    const char *method;
    char subject[IDENTITY_SUBJECT]; /* canonical ("PNOEE-38001085718"), or "" */
    char given[IDENTITY_NAME], surname[IDENTITY_NAME];
    pse_hash evidence; /* SHA-256 of what was judged; zero: none */
    uint64_t expiry;   /* when the identity itself ends (a certificate); 0: it does not */
    const char *why;   /* with IDENTITY_REFUSED or IDENTITY_FAILED: a stable slug, or NULL */
};

struct identity_provider {
    const char *name;
    void *ctx;
    /** Begin. For every claim the answer to the voter is the same; what is to be sent elsewhere (a
     * mail) the provider sends. */
    enum identity_rc (*begin)(void *ctx, struct identity_begun *out,
                              const struct identity_session *s);
    /** Complete with the voter's response (the link's token, the card's). */
    enum identity_rc (*complete)(void *ctx, struct identity_result *out,
                                 const struct identity_session *s, struct pse_span response);
};

#endif
