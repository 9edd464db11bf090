/* Signatures by the key of a certificate: the nine algorithms of JSON Web Algorithms that cards and
 * identity services use, and ECDSA in its two forms.
 *
 * For: Web eID tokens, raw signatures of cards that become part of a CMS container, JWS. Not for:
 * deciding whose certificate it is (certificate.h), what is signed (webeid.h, cms.h).
 *
 * Cards give ECDSA as r || s, each as long as the curve's order; OpenSSL wants DER. One form is
 * never taken for the other. Public data, variable time. (Identity contract 2 and 5, RFC 7518.) */
#ifndef PSE_IDENTITY_SIGNATURE_H
#define PSE_IDENTITY_SIGNATURE_H

#include "certificate.h"

enum pse_jwa {
    PSE_JWA_NONE = 0, /* no algorithm: fits no key */
    PSE_JWA_ES256,
    PSE_JWA_ES384,
    PSE_JWA_ES512,
    PSE_JWA_PS256,
    PSE_JWA_PS384,
    PSE_JWA_PS512,
    PSE_JWA_RS256,
    PSE_JWA_RS384,
    PSE_JWA_RS512,
    PSE_JWA_COUNT,
};

enum {
    PSE_ECDSA_RAW_MAX = 132, /* P-521: two numbers of 66 bytes */
    PSE_ECDSA_DER_MAX = 160,
    PSE_RSA_BITS_MIN = 2048,  /* RFC 7518, 3.3 and 3.5 */
    PSE_RSA_BITS_MAX = 16384, /* larger ones cost seconds */
    PSE_SIGNATURE_MAX = PSE_RSA_BITS_MAX / 8,
};

/** "ES256", …; letter for letter. PSE_JWA_NONE for anything else. */
enum pse_jwa pse_jwa_of_name(struct pse_span name);
/** "none" for PSE_JWA_NONE. */
const char *pse_jwa_name(enum pse_jwa jwa);
/** Bytes of its SHA-2 digest: 32, 48 or 64; 0 for PSE_JWA_NONE. */
size_t pse_jwa_digest_length(enum pse_jwa jwa);
/** ES256 for P-256, ES384 for P-384, ES512 for P-521, PS and RS for RSA of at least 2048 bits (RS
 * not where the certificate restricts its key to PSS). */
bool pse_jwa_fits(enum pse_jwa jwa, const struct pse_certificate *c);
/** Digest @p in with the algorithm's SHA-2 into @p out (pse_jwa_digest_length bytes, jwa not
 * NONE). PSE_E_MEMORY. */
PSE_MUST pse_rc pse_jwa_digest(uint8_t out[64], enum pse_jwa jwa, struct pse_span in);

/** Check @p signature over @p message (which the algorithm hashes) by the key of @p c, which fits
 * (PSE_REQUIRE). ECDSA is raw r || s; PSS has a salt as long as the digest, and MGF1 with the same
 * hash. PSE_E_SIGNATURE: does not hold, or of another length or form; PSE_E_MEMORY. */
PSE_MUST pse_rc pse_jwa_verify(enum pse_jwa jwa, const struct pse_certificate *c,
                               struct pse_span message, struct pse_span signature);

/** r || s into DER. PSE_E_LENGTH: odd, empty or longer than PSE_ECDSA_RAW_MAX; PSE_E_RANGE: r or s
 * is zero; PSE_E_MEMORY. */
PSE_MUST pse_rc pse_ecdsa_der_put(struct pse_buf *out, struct pse_span raw);
/** DER into r || s of @p half bytes each (at most 66). PSE_E_SYNTAX: no DER signature, or bytes
 * left over; PSE_E_RANGE: a number that is zero or too long; PSE_E_MEMORY. */
PSE_MUST pse_rc pse_ecdsa_raw_put(struct pse_buf *out, struct pse_span der, size_t half);

#endif
