/* Login over an identity service (OpenID Connect 1.0, code flow): the relying party's judgement of
 * everything the service and the browser bring (identity contract 4).
 *
 * Pure: bytes in, verdict out; rules are those that pse_oidc_rules_check accepted. Fetching,
 * cookies and storage of secrets are the caller's:
 *
 *     pse_oidc_rules_default(&r) or pse_oidc_rules_tara(&r); fill in; pse_oidc_rules_check
 *     GET  pse_oidc_discovery_url      -> pse_oidc_discovery_open(&d, &answer, &r)
 *     GET  d.jwks_uri                  -> pse_oidc_keys_open(&keys, &answer)
 *   the voter begins:
 *     pse_oidc_pendings_begin(&p, …)   -> redirect the browser to pse_oidc_authorize_url
 *   the browser returns, with a query:
 *     pse_oidc_pendings_take(&p, …)       first of all; p.provider says whose rules and documents
 *     pse_oidc_callback_judge(&code, query, &p, &r, &d)
 *     pse_oidc_token_request_put(…)    -> POST d.token_endpoint once, 10 s, no redirect
 *     pse_oidc_tokens_open(&tokens, &answer)         keeps the ID token, drops the access token
 *     pse_oidc_id_token_judge(&person, …)
 *       PSE_OIDC_KEY_UNKNOWN: if pse_oidc_refresh_is_due, fetch the keys and judge once more
 *
 * A method that is only a login: nothing the voter holds signs anything, so whoever runs the
 * service can log in as anybody. The userinfo endpoint is never asked. All that comes is hostile
 * input until its function says good. Functions may run in any thread; what they read is not
 * changed. Public data and variable time but where a secret is named. (OpenID Connect Core 1.0, RFC
 * 6749, 7515, 7517, 7519, 7636, 9207.) */
#ifndef PSE_IDENTITY_OIDC_H
#define PSE_IDENTITY_OIDC_H

#include "certificate.h"
#include "oidc_fault.h"
#include "oidc_pending.h"
#include "signature.h"

enum {
    PSE_OIDC_URL_MAX = 2048,     /* of the address the browser is sent to, and its final zero */
    PSE_OIDC_ENDPOINT_MAX = 512, /* of an endpoint or issuer, and its final zero */
    PSE_OIDC_ANSWER_MAX = 65536, /* bytes of any answer */
    PSE_OIDC_QUERY_MAX = 4096,   /* bytes of the query a browser returns with */
    PSE_OIDC_CODE_MAX = 2048,    /* of a code, and its final zero */
    PSE_OIDC_LIST_MAX = 16,      /* entries of a configured list */
    PSE_OIDC_TEXT_MAX = 256,     /* of other configured texts and short claims, with final zero */
    PSE_OIDC_SUBJECT_MAX = 300,  /* of the canonical name, and its final zero */
    PSE_OIDC_AT_HASH_BYTES = 16,
    PSE_OIDC_SKEW = 60,            /* seconds by which clocks may differ */
    PSE_OIDC_REFRESH_SECONDS = 60, /* between two fetches of keys for an unknown one */
    PSE_OIDC_KEYS_SECONDS = 3600,  /* after which keys are fetched again in any case */
};

/* --- configuration ------------------------------------------------------------------------------
 */

/** How we show the token endpoint who we are. */
enum pse_oidc_client {
    PSE_OIDC_CLIENT_BASIC = 0, /* client_secret_basic */
    PSE_OIDC_CLIENT_POST,      /* client_secret_post */
    PSE_OIDC_CLIENT_NONE,      /* a public client: PKCE alone */
};

struct pse_oidc_list {
    const char *const *text;
    size_t n;
};

/** One identity service as configured. Texts and lists are borrowed. */
struct pse_oidc_rules {
    const char *issuer; /* compared letter for letter, everywhere */
    const char *client_id;
    const char *redirect_uri; /* sent and registered letter for letter; of this service alone */
    const char *scope;        /* words with single spaces, one of them openid */
    const char *prompt; /* "login": never by an older session at the service; NULL: not sent */
    enum pse_oidc_client client;
    struct pse_oidc_list hosts; /* where endpoints may be: host, or host:port if not 443 */
    bool with_rs256, with_es256;

    struct pse_oidc_list acr; /* levels, lowest first; empty: acr is neither asked for nor judged */
    const char *acr_least;    /* one of them */
    struct pse_oidc_list amr; /* methods: each that the token names must be among them, and it must
                                 name one; empty: amr is not judged */

    const char *subject_claim; /* "sub", or a claim with a national number; a text */
    const char *subject_begin; /* it begins with this, which is cut off ("EE"); "" for nothing */
    const char *subject_kind;  /* put in front instead ("PNOEE-"), so that persons of different
                                  methods never meet unless it is meant; not empty */
    const char *names_claim;   /* object that holds given_name and family_name; NULL: the token */

    uint32_t skew;                 /* seconds; at most 300 */
    bool is_pkce_unlisted;         /* S256 is sent, though the service does not say it knows it */
    bool is_loopback_http_allowed; /* UNSAFE, for tests and demonstrations: plain http on 127.0.0.1,
                                      [::1] or localhost, for this service and its redirect_uri */
};

/** All but issuer, client_id, redirect_uri, hosts, subject_kind: scope openid, both algorithms,
 * client_secret_basic, claim sub, no levels, no methods, 60 s. */
void pse_oidc_rules_default(struct pse_oidc_rules *r);
/** Estonia's TARA: issuer, hosts, RS256 alone, levels low < substantial < high and at least high,
 * methods idcard, mID, smartid, persons PNOEE-<code> from EE<code>, names in profile_attributes.
 * Left to fill in: client_id and redirect_uri. eIDAS is a method of foreigners, whom the Estonian
 * roll does not name; add it and change subject_… for another roll. */
void pse_oidc_rules_tara(struct pse_oidc_rules *r);
/** Do they make sense? PSE_OK, or PSE_E_MISSING, PSE_E_SYNTAX, PSE_E_LIMIT, PSE_E_RANGE with the
 * name of the first member that does not in *member. */
PSE_MUST pse_rc pse_oidc_rules_check(const char **member, const struct pse_oidc_rules *r);

/* --- answers of the service ---------------------------------------------------------------------
 */

/** What a request to the service brought. Nothing that redirects may have been followed. */
struct pse_oidc_answer {
    bool came;      /* false: no connection, too late, or cut off */
    bool is_longer; /* than PSE_OIDC_ANSWER_MAX: the rest was not read */
    unsigned status;
    struct pse_span body;
};

/** issuer "/.well-known/openid-configuration" (a slash at the issuer's end is not doubled). */
PSE_MUST pse_rc pse_oidc_discovery_url(char out[PSE_OIDC_ENDPOINT_MAX],
                                       const struct pse_oidc_rules *r);

/** What we need of a discovery document. */
struct pse_oidc_discovery {
    char authorization_endpoint[PSE_OIDC_ENDPOINT_MAX];
    char token_endpoint[PSE_OIDC_ENDPOINT_MAX];
    char jwks_uri[PSE_OIDC_ENDPOINT_MAX];
    bool has_iss;   /* promises the parameter iss in every return (RFC 9207) */
    bool is_unsafe; /* an endpoint is plain http: say so to whoever relies on it */
};

/** UNREACHABLE, OVERSIZED, REDIRECTED, STATUS, DISCOVERY_*. @p out is zero unless good. */
PSE_MUST enum pse_oidc_fault pse_oidc_discovery_open(struct pse_oidc_discovery *out,
                                                     const struct pse_oidc_answer *answer,
                                                     const struct pse_oidc_rules *r);

/* --- asking -------------------------------------------------------------------------------------
 */

/** Where to send the browser. @p language: for ui_locales ("et"), or NULL. PSE_E_SYNTAX: no
 * language tag; PSE_E_LIMIT: too long; PSE_E_MEMORY. @p out is "" then. */
PSE_MUST pse_rc pse_oidc_authorize_url(char out[PSE_OIDC_URL_MAX], const struct pse_oidc_rules *r,
                                       const struct pse_oidc_discovery *d,
                                       const pse_oidc_pending *p, const char *language);

/** BASE64URL(SHA-256(verifier)), 43 characters and a zero (RFC 7636, 4.2). PSE_E_MEMORY. */
PSE_MUST pse_rc pse_oidc_challenge(char out[PSE_OIDC_SECRET_TEXT], const char *verifier);

/** A code, good for one request: PSE_SECRET(pse_oidc_code, name) wipes it. */
typedef struct pse_oidc_code {
    char text[PSE_OIDC_CODE_MAX];
} pse_oidc_code;

void pse_oidc_code_wipe(pse_oidc_code *c);

/** Judge the query (without "?") a browser returned with, against the login that was taken for it:
 * CALLBACK_PARSE, CALLBACK_DUPLICATE, STATE_WRONG, CALLBACK_ISS_MISSING, CALLBACK_ISS, DENIED,
 * SERVICE_BUSY, SERVICE_ERROR, CALLBACK_CODE, NO_MEMORY. Other parameters are ignored. */
PSE_MUST enum pse_oidc_fault pse_oidc_callback_judge(pse_oidc_code *out, struct pse_span query,
                                                     const pse_oidc_pending *p,
                                                     const struct pse_oidc_rules *r,
                                                     const struct pse_oidc_discovery *d);

/** The request for tokens: its body (application/x-www-form-urlencoded) into @p body, and into @p
 * header the line "Authorization: Basic …" with a final zero, nothing unless CLIENT_BASIC. @p
 * secret is ours (empty for CLIENT_NONE, and only then: PSE_REQUIRE). Both buffers hold secrets.
 * Buffers' statuses. */
PSE_MUST pse_rc pse_oidc_token_request_put(struct pse_buf *body, struct pse_buf *header,
                                           const struct pse_oidc_rules *r, struct pse_span secret,
                                           const pse_oidc_pending *p, const pse_oidc_code *code);

/** What is kept of the answer. */
struct pse_oidc_tokens {
    struct pse_buf id_token;
    uint8_t at_hash[PSE_OIDC_AT_HASH_BYTES]; /* of the access token, which itself is not kept */
};

/** UNREACHABLE, OVERSIZED, REDIRECTED, CODE_REFUSED, CLIENT_REFUSED, TOKEN_REFUSED, STATUS,
 * TOKEN_PARSE, TOKEN_TYPE, TOKEN_MISSING, NO_MEMORY. The answer holds secrets: free its buffer with
 * pse_buf_free, which wipes. Nothing is in @p out unless good. */
PSE_MUST enum pse_oidc_fault pse_oidc_tokens_open(struct pse_oidc_tokens *out,
                                                  const struct pse_oidc_answer *answer);
/** Safe on a zeroed struct. */
void pse_oidc_tokens_free(struct pse_oidc_tokens *t);

/* --- keys ---------------------------------------------------------------------------------------
 */

struct pse_oidc_keys;

/** Read a JWKS. Keys for other purposes or of other kinds stay in it, and are of no use.
 * UNREACHABLE, REDIRECTED, OVERSIZED, STATUS, KEYS_PARSE, KEYS_DUPLICATE, NO_MEMORY; *out is NULL
 * then. */
PSE_MUST enum pse_oidc_fault pse_oidc_keys_open(struct pse_oidc_keys **out,
                                                const struct pse_oidc_answer *answer);
/** NULL is fine. */
void pse_oidc_keys_free(struct pse_oidc_keys *k);
/** How many keys it has, of whatever kind. */
size_t pse_oidc_keys_count(const struct pse_oidc_keys *k);

/** May keys be fetched for one that is not known, when the last fetch (good or not) began at @p
 * last? Once in PSE_OIDC_REFRESH_SECONDS; also when the clock went back. */
bool pse_oidc_refresh_is_due(int64_t last, int64_t now);
/** Were they fetched so long ago that they must be fetched again, so that a key withdrawn by the
 * service is not believed any longer? */
bool pse_oidc_keys_are_old(int64_t fetched, int64_t now);

/* --- ID token -----------------------------------------------------------------------------------
 */

/** What the ID token must agree with. */
struct pse_oidc_expected {
    const char *nonce;      /* of the login that was taken */
    const uint8_t *at_hash; /* of the answer; NULL when judging a token alone: not compared */
    const char *subject;    /* the same person as before, canonical; NULL: whoever it is */
    int64_t now;
};

/** Who logged in. Personal data: never logged, never on the ledger. */
struct pse_oidc_person {
    char subject[PSE_OIDC_SUBJECT_MAX];   /* canonical: subject_kind and what names the person */
    char given_name[PSE_PERSON_TEXT_MAX]; /* "" when the token does not say */
    char family_name[PSE_PERSON_TEXT_MAX];
    char level[PSE_OIDC_TEXT_MAX];  /* acr, "" when it is not judged */
    char method[PSE_OIDC_TEXT_MAX]; /* amr, joined by spaces; "" when it is not judged */
    int64_t issued;
    int64_t expiry; /* exp, at most skew seconds ago; how long a session lasts is the caller's */
};

/** Judge a compact JWS as this service's ID token for us. In this order: ID_PARSE, ALGORITHM_NONE,
 * ALGORITHM_SYMMETRIC, ALGORITHM, CRITICAL, HEADER_KEY, TYPE, KEY_UNKNOWN, KEY_AMBIGUOUS,
 * KEY_UNFIT, KEY_WEAK, SIGNATURE, CLAIMS, ISSUER, AUDIENCE, PARTY, EXPIRED, ISSUED_LATER,
 * NOT_YET_VALID, NONCE_MISSING, NONCE, AT_HASH, ACR_MISSING, ACR_UNKNOWN, ACR_LOW, AMR_MISSING,
 * AMR, SUBJECT_MISSING, SUBJECT_FORM, SUBJECT_CHANGED; or NO_MEMORY. @p out is zero unless good. */
PSE_MUST enum pse_oidc_fault pse_oidc_id_token_judge(struct pse_oidc_person *out,
                                                     struct pse_span token,
                                                     const struct pse_oidc_keys *keys,
                                                     const struct pse_oidc_rules *r,
                                                     const struct pse_oidc_expected *expected);

#endif
