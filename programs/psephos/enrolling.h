/* The voter's side of registering with an eID, over HTTP: login with a token of Web eID, the
 * binding statement, its proof, the signature (identity contract 2, 5, 6).
 *
 * Everything that is signed is made here from what is registered; nothing that a server sent is,
 * but for the session's nonce, which stands in the statement. The caller pins the election and the
 * registrar. Every failure prints one line under the name and returns a status. */
#ifndef PSE_PSEPHOS_ENROLLING_H
#define PSE_PSEPHOS_ENROLLING_H

#include "common/keyfile.h"
#include "identity/identity.h"
#include "net/fetch.h"

enum { ENROLLING_SESSION = 128, ENROLLING_COOKIE = 256, ENROLLING_WHY = 64 };

struct enrolling {
    const char *name;
    const char *url;    /* http://…, https://…, or unix:PATH of auth's socket */
    const char *origin; /* the site, as the voter knows it: what the card signs */
    const struct pse_card *login, *signing;
    const pse_hash *eid; /* NULL: of whatever election it is */
    pse_hash registrar;
    const struct pse_group *g;
    struct pse_rng *rng;
    struct pse_fetcher *fetcher;
    double seconds; /* that the service took for the last answer */
    /* Of the login. */
    char session[ENROLLING_SESSION];
    char subject[PSE_BINDING_SUBJECT_MAX + 1];
    uint64_t expires;
    pse_hash nonce;
};

/** A request to auth, as a browser sends it. */
struct enrolling_request {
    const char *path; /* with its query */
    bool post;
    struct pse_span body;
    const char *cookie; /* the browser's; NULL: none */
};

/** Ask; any status is an answer, whose body the caller frees. PSE_E_IO: none came (printed). */
PSE_MUST pse_rc enrolling_ask(struct pse_fetched *got, struct enrolling *e,
                              const struct enrolling_request *r);
/** Name and value of the cookie that came with an answer; "" for none. */
void enrolling_cookie(char cookie[ENROLLING_COOKIE], const struct pse_fetched *got);
/** One member of JSON that is text; others are passed over. */
PSE_MUST pse_rc enrolling_text(char *out, size_t room, struct pse_span body, const char *name);
/** Say why an answer was a refusal. PSE_E_STATE. */
PSE_MUST pse_rc enrolling_refused(const struct enrolling *e, const struct pse_fetched *got);

/** Is this text an origin, as cards sign it? PSE_E_SYNTAX, printed. */
PSE_MUST pse_rc enrolling_origin(const char *name, const char *origin);
/** Log in. PSE_E_STATE: refused (printed); PSE_E_IO: nobody answers. */
PSE_MUST pse_rc enrolling_login(struct enrolling *e);
/** Sign the statement about the credential of @p voter, and send it. @p statement and @p cms get
 * what was signed and the container. PSE_E_STATE: refused; PSE_E_IO. */
PSE_MUST pse_rc enrolling_send(struct pse_buf *statement, struct pse_buf *cms, struct enrolling *e,
                               const struct key *voter, bool is_replacement);
/** Ask until it is decided, at most @p patience seconds; "waiting", "pending" or "recorded" into
 * @p state. PSE_E_STATE: refused (printed), or still not decided. */
PSE_MUST pse_rc enrolling_wait(char state[ENROLLING_WHY], struct enrolling *e,
                               const pse_enc *credential, unsigned patience);

#endif
