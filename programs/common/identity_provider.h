/* How a voter is identified: one shape for every way (identity contract 1).
 *
 * A provider begins with a challenge and completes with a person of the private database. `letter`
 * (a one-time link by mail, with voting letters) is the first; an eID or an identity broker plugs
 * in as another one, beside it. Not for: sessions (session_token.h), registering credentials.
 *
 * Both calls may block on the registrar; they are made from one thread. Time is an argument. */
#ifndef PSE_PROGRAMS_IDENTITY_PROVIDER_H
#define PSE_PROGRAMS_IDENTITY_PROVIDER_H

#include "base/base.h"

enum identity_level { IDENTITY_LOW = 1, IDENTITY_SUBSTANTIAL = 2, IDENTITY_HIGH = 3 };

enum identity_rc {
    IDENTITY_OK,
    IDENTITY_LIMIT,   /* too many attempts: *retry seconds */
    IDENTITY_UNKNOWN, /* no such challenge, used, or a person who is not on the list */
    IDENTITY_BROWSER, /* from another browser; the challenge stays good */
    IDENTITY_EXPIRED,
    IDENTITY_MALFORMED,
    IDENTITY_FAILED, /* the world failed; try again */
};

/** Who asks. Spans are borrowed for the call. */
struct identity_session {
    const uint8_t *browser; /* 32 bytes: the secret of the browser's cookie */
    struct pse_span prefix; /* of the network address, for limits only */
    struct pse_span claim;  /* what the voter says first: a mail address; may be empty */
    uint64_t now;
};

/** Who it is, by the row of the private database: no name leaves it. */
struct identity_result {
    uint64_t person;
    enum identity_level level;
    const char *method;
};

struct identity_provider {
    const char *name;
    void *ctx;
    /** Begin. For every claim the answer to the voter is the same; what is to be sent elsewhere (a
     * mail) the provider sends. */
    enum identity_rc (*begin)(void *ctx, uint32_t *retry, const struct identity_session *s);
    /** Complete with the voter's response (the link's token). */
    enum identity_rc (*complete)(void *ctx, struct identity_result *out,
                                 const struct identity_session *s, struct pse_span response);
};

#endif
