/* The identity service of a demo authority: OpenID Connect for rehearsals and tests, code flow with
 * PKCE (S256), one key on P-256 (ES256).
 *
 * For: trying a site that logs voters in by such a service, without one. Nobody is asked for proof:
 * whoever comes may say any number that the authority issued a card for. Every document says so,
 * and the only method is "demo", which no list of real methods contains.
 *
 *     GET  authorize?…   pse_demo_authorize_judge; a page asks who it is
 *     POST authorize     the same form and the person; pse_demo_codes_issue; back to the site
 *     POST token         pse_demo_codes_take, pse_demo_id_token_put
 *
 * Time and randomness are arguments. Not for: HTTP, pages, files, whom the authority knows. Bytes
 * that come are hostile until judged. (OpenID Connect Core 1.0; RFC 6749, 7517, 7519, 7636, 9207.)
 */
#ifndef PSE_IDENTITY_DEMO_OIDC_H
#define PSE_IDENTITY_DEMO_OIDC_H

#include "demo.h"

enum {
    PSE_DEMO_FORM_MAX = 8192,    /* of a query or form */
    PSE_DEMO_TEXT_MAX = 512,     /* of state, nonce, a site's name or address, with final zero */
    PSE_DEMO_SECRET_TEXT = 44,   /* 32 bytes as base64url, and a zero */
    PSE_DEMO_CODE_SECONDS = 60,  /* a code lives */
    PSE_DEMO_TOKEN_SECONDS = 600 /* an ID token is good */
};

/* Where the service's documents and endpoints are, below its address. */
#define PSE_DEMO_DISCOVERY_PATH "/.well-known/openid-configuration"
#define PSE_DEMO_KEYS_PATH      "/oidc/keys"
#define PSE_DEMO_AUTHORIZE_PATH "/oidc/authorize"
#define PSE_DEMO_TOKEN_PATH     "/oidc/token"

/* --- the key ---------------------------------------------------------------------------------- */

struct pse_demo_provider;

/** A fresh key. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_demo_provider_new(struct pse_demo_provider **out);
/** From PEM. PSE_E_SYNTAX: no private key on P-256. */
PSE_MUST pse_rc pse_demo_provider_parse(struct pse_demo_provider **out, struct pse_span pem);
/** Append the private key as PEM. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_demo_provider_put(struct pse_buf *out, const struct pse_demo_provider *p);
/** NULL is fine. */
void pse_demo_provider_free(struct pse_demo_provider *p);

/* --- documents -------------------------------------------------------------------------------- */

/** The discovery document of the service at @p issuer (http://HOST:PORT). Buffers' statuses. */
PSE_MUST pse_rc pse_demo_discovery_put(struct pse_buf *out, const char *issuer);
/** Its keys (JWKS). */
PSE_MUST pse_rc pse_demo_keys_put(struct pse_buf *out, const struct pse_demo_provider *p);

/* --- questions -------------------------------------------------------------------------------- */

/** A site that may ask, registered before. */
struct pse_demo_site {
    char id[PSE_DEMO_TEXT_MAX];
    char redirect_uri[PSE_DEMO_TEXT_MAX]; /* compared letter for letter */
    bool has_secret;                      /* else a public client: PKCE alone */
    pse_hash secret;                      /* its SHA-256 */
};

enum pse_demo_oidc_fault {
    PSE_DEMO_OIDC_GOOD = 0,
    /* authorize: told to the person, for nothing says that the address is the site's */
    PSE_DEMO_OIDC_FORM,     /* no form encoding, too long, a parameter twice */
    PSE_DEMO_OIDC_SITE,     /* not registered here */
    PSE_DEMO_OIDC_REDIRECT, /* another address than the registered one */
    /* authorize: told to the site */
    PSE_DEMO_OIDC_RESPONSE_TYPE, /* not the code flow */
    PSE_DEMO_OIDC_SCOPE,         /* not openid */
    PSE_DEMO_OIDC_PKCE,          /* no challenge, or not S256 */
    PSE_DEMO_OIDC_DENIED,        /* the person went away */
    /* token */
    PSE_DEMO_OIDC_GRANT_TYPE, /* not authorization_code */
    PSE_DEMO_OIDC_SECRET,     /* the site did not show who it is */
    PSE_DEMO_OIDC_CODE,       /* never given out, given back before, or too old */
    PSE_DEMO_OIDC_OTHER_SITE, /* the code is another site's */
    PSE_DEMO_OIDC_OTHER_URI,  /* or was asked for with another address */
    PSE_DEMO_OIDC_VERIFIER,   /* not the one whose hash was the challenge */
    PSE_DEMO_OIDC_NO_MEMORY,
    PSE_DEMO_OIDC_FAULTS,
};

/** "verifier", …: stable. */
const char *pse_demo_oidc_name(enum pse_demo_oidc_fault fault);
/** The error of the standards: "invalid_grant", …; "" for GOOD. */
const char *pse_demo_oidc_error(enum pse_demo_oidc_fault fault);

/** What a site asks; texts borrow from the room of its form. */
struct pse_demo_question {
    const struct pse_demo_site *site;
    struct pse_span state, nonce, challenge, levels; /* empty: not given */
    struct pse_span person;                          /* of the page's form */
    bool is_cancelled;                               /* of the page's form */
};

/** Judge a query, or the page's form, in the order of the faults. From RESPONSE_TYPE on site and
 * state are there, to answer to. @p room: PSE_DEMO_FORM_MAX bytes that texts will lie in. */
PSE_MUST enum pse_demo_oidc_fault pse_demo_authorize_judge(struct pse_demo_question *out,
                                                           char room[PSE_DEMO_FORM_MAX],
                                                           struct pse_span form,
                                                           const struct pse_demo_site *site,
                                                           size_t sites);
/** Where the browser goes: the site's address with code or error, state and iss. @p code NULL: the
 * error of @p fault. Buffers' statuses; a final zero is added. */
PSE_MUST pse_rc pse_demo_return_put(struct pse_buf *out, const struct pse_demo_question *q,
                                    const char *issuer, const char *code,
                                    enum pse_demo_oidc_fault fault);

/* --- codes ------------------------------------------------------------------------------------ */

struct pse_demo_codes;

/** Room for @p max codes at a time. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_demo_codes_new(struct pse_demo_codes **out, size_t max);
/** NULL is fine; wipes. */
void pse_demo_codes_free(struct pse_demo_codes *c);

/** A code for @p q and @p person (its number). PSE_E_LIMIT: as many as there is room for are still
 * good; PSE_E_LENGTH: nonce or number too long; PSE_E_MEMORY. */
PSE_MUST pse_rc pse_demo_codes_issue(char code[PSE_DEMO_SECRET_TEXT], struct pse_demo_codes *c,
                                     const struct pse_demo_question *q, const char *person,
                                     struct pse_rng *rng, int64_t now);

/** What a code stood for. */
struct pse_demo_grant {
    char site[PSE_DEMO_TEXT_MAX];
    char redirect_uri[PSE_DEMO_TEXT_MAX];
    char challenge[PSE_DEMO_SECRET_TEXT];
    char nonce[PSE_DEMO_TEXT_MAX]; /* "" : none */
    char person[64];
    char level[16];
    int64_t when;
};

/** Judge the request of a site: @p form, and the value of its Authorization header (empty: none).
 * The code is taken away before anything about it is judged. GRANT_TYPE, FORM, SITE, SECRET, CODE,
 * OTHER_SITE, OTHER_URI, VERIFIER, NO_MEMORY. @p out is zero unless good. */
PSE_MUST enum pse_demo_oidc_fault pse_demo_codes_take(struct pse_demo_grant *out,
                                                      struct pse_demo_codes *c,
                                                      struct pse_span form, struct pse_span header,
                                                      const struct pse_demo_site *site,
                                                      size_t sites, int64_t now);

/** Append the answer to it: an access token that is good for nothing, and the ID token. Buffers'
 * statuses. */
PSE_MUST pse_rc pse_demo_tokens_put(struct pse_buf *out, const struct pse_demo_provider *p,
                                    const char *issuer, const struct pse_demo_grant *grant,
                                    struct pse_rng *rng, int64_t now);

#endif
