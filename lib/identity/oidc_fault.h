/* Why a login over an identity service (OpenID Connect) was not accepted: one class a rule
 * (identity contract 4), with what a voter is told.
 *
 * Names are stable: they stand in JSON, logs and metrics. Slugs are stable for translations. */
#ifndef PSE_IDENTITY_OIDC_FAULT_H
#define PSE_IDENTITY_OIDC_FAULT_H

#include "base/base.h"

/** Grouped by the step that gives them; within a step, in the order of its rules. */
enum pse_oidc_fault {
    PSE_OIDC_GOOD = 0,

    /* any answer of the service: discovery document, tokens, keys */
    PSE_OIDC_UNREACHABLE, /* none came */
    PSE_OIDC_OVERSIZED,   /* longer than PSE_OIDC_ANSWER_MAX */
    PSE_OIDC_REDIRECTED,  /* it points elsewhere: never followed */
    PSE_OIDC_STATUS,      /* not 200, and not an error that is understood */

    /* discovery document */
    PSE_OIDC_DISCOVERY_PARSE,
    PSE_OIDC_DISCOVERY_ISSUER,    /* of another issuer than the configured one */
    PSE_OIDC_DISCOVERY_ENDPOINT,  /* one is missing, not https, or on a host that is not listed */
    PSE_OIDC_DISCOVERY_FLOW,      /* does not offer the code flow */
    PSE_OIDC_DISCOVERY_PKCE,      /* does not offer S256 */
    PSE_OIDC_DISCOVERY_ALGORITHM, /* signs with none of the configured algorithms */
    PSE_OIDC_DISCOVERY_CLIENT,    /* does not take our way of client authentication */

    /* return of the browser */
    PSE_OIDC_STATE_MISSING,      /* this browser began no login */
    PSE_OIDC_STATE_USED,         /* it did, and came back once already */
    PSE_OIDC_STATE_EXPIRED,      /* it did, more than ten minutes ago */
    PSE_OIDC_CALLBACK_PARSE,     /* too long, or not form encoding */
    PSE_OIDC_CALLBACK_DUPLICATE, /* a parameter that stands there twice */
    PSE_OIDC_STATE_WRONG,        /* missing or of another login */
    PSE_OIDC_CALLBACK_ISS_MISSING,
    PSE_OIDC_CALLBACK_ISS,  /* from another issuer than was asked: a mix-up */
    PSE_OIDC_DENIED,        /* the person stopped, or the service said no to the person */
    PSE_OIDC_SERVICE_BUSY,  /* the service asks to try later */
    PSE_OIDC_SERVICE_ERROR, /* any other error of the service */
    PSE_OIDC_CALLBACK_CODE, /* neither code nor error, or both */

    /* answer of the token endpoint */
    PSE_OIDC_CODE_REFUSED,   /* invalid_grant: code used already, too old, or other verifier */
    PSE_OIDC_CLIENT_REFUSED, /* the service does not accept us: secret or registration */
    PSE_OIDC_TOKEN_REFUSED,  /* another error */
    PSE_OIDC_TOKEN_PARSE,
    PSE_OIDC_TOKEN_TYPE,    /* not Bearer */
    PSE_OIDC_TOKEN_MISSING, /* no ID token in it */

    /* keys of the service */
    PSE_OIDC_KEYS_PARSE,
    PSE_OIDC_KEYS_DUPLICATE, /* two keys of one name */

    /* ID token: its form and signature */
    PSE_OIDC_ID_PARSE,
    PSE_OIDC_ALGORITHM_NONE,
    PSE_OIDC_ALGORITHM_SYMMETRIC, /* HS…: would make a secret of a public key */
    PSE_OIDC_ALGORITHM,           /* another that is not in the list */
    PSE_OIDC_CRITICAL,            /* says that something must be understood that is not */
    PSE_OIDC_HEADER_KEY,          /* brings or names a key of its own: jwk, jku, x5c, x5u */
    PSE_OIDC_TYPE,                /* not a JWT, or one inside another */
    PSE_OIDC_KEY_UNKNOWN,   /* no key of this name: fetch the keys once more, then judge again */
    PSE_OIDC_KEY_AMBIGUOUS, /* names no key, and more than one would do */
    PSE_OIDC_KEY_UNFIT,     /* the key is not for this algorithm, or not for signatures */
    PSE_OIDC_KEY_WEAK,      /* RSA below 2048 bits */
    PSE_OIDC_SIGNATURE,

    /* ID token: what it claims */
    PSE_OIDC_CLAIMS, /* no JSON object, or a claim of a wrong type */
    PSE_OIDC_ISSUER,
    PSE_OIDC_AUDIENCE, /* not for us */
    PSE_OIDC_PARTY,    /* azp: for several, and not issued to us */
    PSE_OIDC_EXPIRED,
    PSE_OIDC_ISSUED_LATER,  /* iat is in the future */
    PSE_OIDC_NOT_YET_VALID, /* nbf is in the future */
    PSE_OIDC_NONCE_MISSING,
    PSE_OIDC_NONCE,   /* of another login: wrong, or used before */
    PSE_OIDC_AT_HASH, /* belongs to another access token */
    PSE_OIDC_ACR_MISSING,
    PSE_OIDC_ACR_UNKNOWN, /* a level that is not configured */
    PSE_OIDC_ACR_LOW,
    PSE_OIDC_AMR_MISSING,
    PSE_OIDC_AMR, /* a method that is not configured */
    PSE_OIDC_SUBJECT_MISSING,
    PSE_OIDC_SUBJECT_FORM,    /* not of the form that names a person of the roll */
    PSE_OIDC_SUBJECT_CHANGED, /* another person than before */

    PSE_OIDC_NO_MEMORY, /* the world failed, nothing is said about the person */
    PSE_OIDC_FAULTS,    /* how many there are */
};

/** What a voter is told of a fault. */
struct pse_oidc_words {
    const char *name; /* "acr_low", …: stable, for JSON, logs and metrics */
    const char *slug; /* "oidc-acr-low", …: stable, for translations */
    const char *text; /* English, one or two sentences */
    bool is_retry;    /* beginning anew can help */
};

/** "good" for PSE_OIDC_GOOD. */
const char *pse_oidc_fault_name(enum pse_oidc_fault fault);
/** The words for a verdict other than good (PSE_REQUIRE). */
const struct pse_oidc_words *pse_oidc_words_of(enum pse_oidc_fault fault);

#endif
