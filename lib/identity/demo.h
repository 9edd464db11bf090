/* A demo identity authority: certificates, cards and answers for rehearsals and tests.
 *
 * For: trying everything that needs an electronic identity without one: an authority of one's own
 * (P-384), cards with the pair of certificates that national cards have, answers about revocation
 * (RFC 6960), time stamps (RFC 3161). Nobody's identity is proved by any of it: every certificate
 * says so in its names and carries the policy PSE_OID_DEMO, by which pse_anchors_are_demo knows
 * such an authority, and elections that are no tests refuse it (common/demo_guard.h).
 *
 * The instant is an argument. Keys are drawn by OpenSSL. Not for: keeping files, HTTP, deciding
 * what is revoked (the caller's database). Answers of a signer may be made in any thread; key
 * material is wiped by OpenSSL when it is freed. */
#ifndef PSE_IDENTITY_DEMO_H
#define PSE_IDENTITY_DEMO_H

#include "certificate.h"
#include "signature.h"

/* Below the arc of examples (2.999): it means nothing anywhere else. */
#define PSE_OID_DEMO          "2.999.80.83.69"
#define PSE_DEMO_STAMP_POLICY PSE_OID_DEMO ".3"
#define PSE_DEMO_WORDS        "DEMO - NO IDENTITY"

enum {
    PSE_DEMO_SERIAL = 16,
    PSE_DEMO_PEM_MAX = 65536,
    PSE_DEMO_POINT = 97,
    PSE_DEMO_RAW = 96, /* r || s of P-384 */
    PSE_DEMO_QUESTIONS_MAX = 8,
};

/** A private key on P-384 and, once it has one, its certificate. */
struct pse_demo;

/** A fresh key. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_demo_new(struct pse_demo **out);
/** The public key of a card elsewhere (04 || x || y). PSE_E_ENCODING: no point of the curve. */
PSE_MUST pse_rc pse_demo_of_point(struct pse_demo **out, const uint8_t point[PSE_DEMO_POINT]);
/** From PEM: a certificate and its private key, in this order; @p rest is what stands behind them.
 * PSE_E_SYNTAX: something else; PSE_E_MISMATCH: the key of another certificate. */
PSE_MUST pse_rc pse_demo_parse(struct pse_demo **out, struct pse_span *rest, struct pse_span pem);
/** NULL is fine. */
void pse_demo_free(struct pse_demo *d);

/** The serial number as OpenSSL's index.txt has it: digits 0-9A-F. PSE_REQUIRE: it has one. */
void pse_demo_serial_text(char out[2 * PSE_DEMO_SERIAL + 1], const struct pse_demo *d);

/** Append the certificate and the private key as PEM, as pse_demo_parse reads them. PSE_E_STATE:
 * it lacks one. */
PSE_MUST pse_rc pse_demo_put(struct pse_buf *out, const struct pse_demo *d);
/** Append the certificate alone. */
PSE_MUST pse_rc pse_demo_put_certificate(struct pse_buf *out, const struct pse_demo *d);
/** The certificate as others read it; a copy of its own. PSE_E_STATE: it has none. */
PSE_MUST pse_rc pse_demo_certificate(struct pse_certificate **out, const struct pse_demo *d);
/** The DER of the certificate's subject, appended. */
PSE_MUST pse_rc pse_demo_subject_put(struct pse_buf *out, const struct pse_demo *d);

enum pse_demo_use {
    PSE_DEMO_ROOT,           /* signs itself */
    PSE_DEMO_ISSUER,         /* issues the others, path length 0 */
    PSE_DEMO_RESPONDER,      /* id-kp-OCSPSigning, with ocsp-nocheck */
    PSE_DEMO_STAMPER,        /* critical timeStamping */
    PSE_DEMO_AUTHENTICATION, /* a card's: digitalSignature, clientAuth */
    PSE_DEMO_SIGNING,        /* a card's: nonRepudiation */
};

/** What a certificate is to say. */
struct pse_demo_plan {
    enum pse_demo_use use;
    const struct pse_demo *issuer;   /* NULL for a root */
    uint8_t serial[PSE_DEMO_SERIAL]; /* random; the highest bit is taken away */
    int64_t from, until;
    const struct pse_person *person; /* of a card: all four names */
    const char *ocsp_url;            /* of a card */
};
/** Give @p d a certificate. PSE_E_STATE: it has one. PSE_E_RANGE: a name that X.520 does not
 * allow (too long, or empty). */
PSE_MUST pse_rc pse_demo_certify(struct pse_demo *d, const struct pse_demo_plan *plan);

/** What a card does: sign a digest of 48 bytes; raw r || s. */
PSE_MUST pse_rc pse_demo_sign(uint8_t sig[PSE_DEMO_RAW], const struct pse_demo *d,
                              const uint8_t digest[48]);

/* --- services --------------------------------------------------------------------------------- */

enum pse_demo_status { PSE_DEMO_VALID, PSE_DEMO_REVOKED, PSE_DEMO_NOBODY };

/** What the database says of a serial number (big-endian, without leading zeros). */
typedef enum pse_demo_status pse_demo_look(void *ctx, int64_t *revoked_at, struct pse_span serial);

/** Append the answer to an OCSP @p request, signed by @p responder for certificates of @p issuer:
 * a refusal (malformedRequest) when it is none or asks about more than PSE_DEMO_QUESTIONS_MAX. The
 * nonce is repeated; thisUpdate is @p now, there is no nextUpdate. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_demo_ocsp_put(struct pse_buf *out, struct pse_span request,
                                  const struct pse_demo *responder, const struct pse_demo *issuer,
                                  pse_demo_look *look, void *ctx, int64_t now);

/** Append the answer to a time-stamp @p query, signed by @p stamper: granted with genTime @p now,
 * or a rejection that says why. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_demo_stamp_put(struct pse_buf *out, struct pse_span query,
                                   const struct pse_demo *stamper,
                                   const uint8_t serial[PSE_DEMO_SERIAL], int64_t now);

/* --- telling them apart ----------------------------------------------------------------------- */

/** Does the certificate carry the mark of a demo authority? False where its policies cannot be
 * read: such a certificate was not made here. */
bool pse_certificate_is_demo(const struct pse_certificate *c);
/** Is one of them a demo authority's? */
bool pse_anchors_are_demo(const struct pse_anchors *a);

#endif
