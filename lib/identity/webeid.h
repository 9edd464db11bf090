/* Web eID: a person proves who they are with the card in their reader (identity contract 2).
 *
 * The card signs the site's origin and a challenge (challenge.h); the browser sends a token of that
 * signature and the certificate. Judging is in two steps, because the authority is asked in between
 * whether it has revoked the certificate:
 *
 *     fault = pse_webeid_open(&w, token, &rules);                     rows 1 to 6
 *     … ask with pse_ocsp_request_put, fetch, bytes come or do not …
 *     fault = pse_webeid_finish(w, &revocation, nonce, &rules);       rows 7 to 10
 *
 * The challenge must have been taken from its set before the first step: an attempt uses it up.
 * Not for: fetching, sessions, who may vote. A token is hostile input. Nothing here asks a clock.
 * Functions may run in any thread, one token in one at a time. Public data, variable time. */
#ifndef PSE_IDENTITY_WEBEID_H
#define PSE_IDENTITY_WEBEID_H

#include "ocsp.h"
#include "signature.h"

enum {
    PSE_WEBEID_TOKEN_MIN = 100, /* bytes */
    PSE_WEBEID_TOKEN_MAX = 10000,
    PSE_WEBEID_ORIGIN_MAX = 512,
};

/** How tokens of one site are judged. */
struct pse_webeid_rules {
    const char *origin;                /* of configuration: pse_webeid_origin_is_valid */
    const struct pse_anchors *anchors; /* issuing authorities */
    const char *const *forbidden;      /* policies that are forbidden beside the default ones */
    size_t forbidden_n;
    int64_t now;
};

/** What came of asking about revocation. */
struct pse_webeid_revocation {
    bool is_off; /* row 7 is left out: say so to whoever relies on it */
    bool came;   /* there is an answer */
    struct pse_span answer;
    struct pse_span nonce;                   /* as sent; empty: none was, or it is not known */
    const struct pse_certificate *responder; /* designated, or NULL */
    uint32_t max_age;                        /* PSE_OCSP_AGE */
    uint32_t skew;                           /* PSE_OCSP_SKEW */
};

struct pse_webeid;

/** `https://host` or `https://host:port`, in lower case, no slash at the end: as browsers write
 * origins. */
bool pse_webeid_origin_is_valid(const char *origin);

/** Rows 1 to 6: parse, purpose, policy, not_yet_valid, expired, untrusted. Members
 * `unverifiedCertificate`, `algorithm`, `signature` and `format` must be there and be strings,
 * `appVersion` may be missing; members of other names are ignored, whatever they hold. *out is NULL
 * unless good; it keeps its own copy. @p rules->origin is not looked at. */
PSE_MUST enum pse_eid_fault pse_webeid_open(struct pse_webeid **out, struct pse_span token,
                                            const struct pse_webeid_rules *rules);
/** NULL is fine. */
void pse_webeid_free(struct pse_webeid *w);

/** Who claims to be here, and who issued the certificate; both live as long as @p w. Believe them
 * once pse_webeid_finish says good. */
const struct pse_certificate *pse_webeid_certificate(const struct pse_webeid *w);
const struct pse_certificate *pse_webeid_issuer(const struct pse_webeid *w);

/** Rows 7 to 10: ocsp_*, revoked, unknown, nonce_missing, algorithm, signature. @p nonce is the
 * text of the challenge. */
PSE_MUST enum pse_eid_fault pse_webeid_finish(const struct pse_webeid *w,
                                              const struct pse_webeid_revocation *revocation,
                                              struct pse_span nonce,
                                              const struct pse_webeid_rules *rules);

/** What a card signs: H(origin) || H(nonce), H being the algorithm's hash; 2 *
 * pse_jwa_digest_length bytes into @p out. For makers of test cards. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_webeid_message(uint8_t out[128], enum pse_jwa jwa, const char *origin,
                                   struct pse_span nonce);

/* --- signing ----------------------------------------------------------------------------------
 * A page asks the card for its signing certificate and what algorithms it can, chooses one, and has
 * a hash signed. The hash is made by whoever shows the text, never taken from elsewhere
 * (contract 5). */

/** May this certificate sign for the person who logged in? purpose: keyUsage lacks nonRepudiation;
 * policy, not_yet_valid, expired, untrusted as above; person: another serial number than in the
 * login certificate, or none. Revocation is asked separately. */
PSE_MUST enum pse_eid_fault pse_webeid_signer_check(const struct pse_certificate *signer,
                                                    const struct pse_person *login,
                                                    const struct pse_webeid_rules *rules);

/** Choose from the JSON array `supportedSignatureAlgorithms` (objects with `cryptoAlgorithm`,
 * `hashFunction`, `paddingScheme`): the strongest hash that fits @p signer, PSS before PKCS#1.
 * PSE_E_SYNTAX: not such an array; PSE_E_UNSUPPORTED: nothing in it that is accepted here;
 * PSE_E_MEMORY. */
PSE_MUST pse_rc pse_webeid_choose(enum pse_jwa *out, struct pse_span algorithms,
                                  const struct pse_certificate *signer);
/** The same object as the page gets back, read. PSE_E_SYNTAX, PSE_E_UNSUPPORTED, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_webeid_algorithm(enum pse_jwa *out, struct pse_span algorithm,
                                     const struct pse_certificate *signer);
/** The hash's name as the page gives it to the card: "SHA-256", "SHA-384", "SHA-512". */
const char *pse_webeid_hash_name(enum pse_jwa jwa);

/* --- messages ----------------------------------------------------------------------------------
 */

/** What a voter is told. */
struct pse_webeid_words {
    const char *code; /* ERR_WEBEID_… of the browser, or the name of a class */
    const char *slug; /* stable, for translations */
    const char *text; /* English */
    bool is_retry;    /* trying again can help */
};

/** The words for a code of the Web eID library in the browser; those of
 * ERR_WEBEID_UNKNOWN_ERROR for a code that is not known. */
const struct pse_webeid_words *pse_webeid_words_of_code(struct pse_span code);
/** The words for a verdict other than good. */
const struct pse_webeid_words *pse_webeid_words_of_fault(enum pse_eid_fault fault);

#endif
