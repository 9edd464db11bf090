/* Certificates of persons (X.509): who it says it is, what its key is for, and whether a configured
 * authority stands behind it at an instant.
 *
 * For: what Web eID tokens, signatures and OCSP answers have in common (identity contract 2, 3, 5).
 * Not for: fetching anything (issuers are configured, never looked up at an address that the
 * certificate names), revocation (ocsp.h), certificates of stamp services (stamp.h).
 *
 * A certificate is hostile input until pse_certificate_issuer has found its authority. Reading is
 * as tolerant as OpenSSL: some national certificates are not strict DER, and refusing them would
 * refuse their holders. A certificate is never changed after it was made: it may be read in any
 * thread. Public data, variable time. */
#ifndef PSE_IDENTITY_CERTIFICATE_H
#define PSE_IDENTITY_CERTIFICATE_H

#include "anchors.h"
#include "fault.h"

enum {
    PSE_CERTIFICATE_MAX = 65536, /* bytes of one, DER or PEM; real ones have 1 to 3 KiB */
    PSE_PERSON_TEXT_MAX = 512,   /* bytes of a name in UTF-8, and its final zero */
    PSE_CERTIFICATE_URL_MAX = 512,
    PSE_OID_MAX = 128, /* dotted text and its final zero */
};

/** Which key a certificate carries, as far as signatures here are concerned. */
enum pse_key_kind {
    PSE_KEY_OTHER = 0, /* not one that is accepted anywhere, or it cannot be read */
    PSE_KEY_RSA,
    PSE_KEY_RSA_PSS, /* restricted to PSS by the certificate itself */
    PSE_KEY_P256,
    PSE_KEY_P384,
    PSE_KEY_P521,
};

/** Bits of keyUsage (RFC 5280, 4.2.1.3). */
enum pse_key_usage {
    PSE_USE_DIGITAL_SIGNATURE = 1 << 0,
    PSE_USE_NON_REPUDIATION = 1 << 1,
};

/** Names in the subject, UTF-8 with its diacritics, "" where there is none. */
struct pse_person {
    char serial_number[PSE_PERSON_TEXT_MAX]; /* "" also when it stands there twice */
    char given_name[PSE_PERSON_TEXT_MAX];
    char surname[PSE_PERSON_TEXT_MAX];
    char country[PSE_PERSON_TEXT_MAX]; /* C, "" also when it stands there twice */
};

struct pse_certificate;

/** Read one certificate: DER with nothing after it, or the first of a PEM text. PSE_E_LIMIT: too
 * long; PSE_E_SYNTAX: none, a damaged one, or with dates that are none; PSE_E_MEMORY. */
PSE_MUST pse_rc pse_certificate_parse(struct pse_certificate **out, struct pse_span in);
/** Likewise, but DER alone, as tokens carry it. */
PSE_MUST pse_rc pse_certificate_parse_der(struct pse_certificate **out, struct pse_span der);
/** NULL is fine. */
void pse_certificate_free(struct pse_certificate *c);

/* --- what it says ---------------------------------------------------------------------------- */

/** Who; lives as long as the certificate. */
const struct pse_person *pse_certificate_person(const struct pse_certificate *c);
/** Its bytes, borrowed. */
struct pse_span pse_certificate_der(const struct pse_certificate *c);
/** SHA-256 of its bytes. */
pse_hash pse_certificate_digest(const struct pse_certificate *c);
enum pse_key_kind pse_certificate_key(const struct pse_certificate *c);
/** Bits of the key: of the modulus, or of the curve's order; 0 for PSE_KEY_OTHER. */
unsigned pse_certificate_key_bits(const struct pse_certificate *c);
/** First and last second of its life (POSIX), both included. */
void pse_certificate_life(int64_t *from, int64_t *until, const struct pse_certificate *c);

/** keyUsage is there once and has all bits of @p uses (enum pse_key_usage). */
bool pse_certificate_is_for(const struct pse_certificate *c, unsigned uses);
/** There is no extendedKeyUsage, or it is empty, or it names @p oid (dotted). */
bool pse_certificate_may(const struct pse_certificate *c, const char *oid);
/** extendedKeyUsage is there and names @p oid. */
bool pse_certificate_is_named_for(const struct pse_certificate *c, const char *oid);
/** Is it issued under one of the @p n policies @p oids (dotted)? True also when its policies cannot
 * be read: what cannot be judged is not let through. */
bool pse_certificate_is_under(const struct pse_certificate *c, const char *const *oids, size_t n);
#define PSE_OID_CLIENT_AUTH  "1.3.6.1.5.5.7.3.2"
#define PSE_OID_OCSP_SIGNING "1.3.6.1.5.5.7.3.9"

/** Is @p oid the dotted text of an object identifier? */
bool pse_oid_is_valid(const char *oid);

/** The first OCSP address of authorityInfoAccess that begins with http:// or https://.
 * PSE_E_MISSING when there is none, PSE_E_LIMIT when it is too long. @p out is "" then. */
PSE_MUST pse_rc pse_certificate_ocsp_url(char out[PSE_CERTIFICATE_URL_MAX],
                                         const struct pse_certificate *c);

/* --- who it is ------------------------------------------------------------------------------- */

enum { PSE_SUBJECT_MAX = 2 * PSE_PERSON_TEXT_MAX };

/** The canonical name of the person ("PNOEE-38001085718"): the serial number when it has the form
 * of ETSI EN 319 412-1 (three letters, country, hyphen, number), else country "-" serial number.
 * PSE_E_MISSING: the certificate does not say who it is. The result is personal data: never
 * logged, never on the ledger (contract 1). */
PSE_MUST pse_rc pse_person_subject(char out[PSE_SUBJECT_MAX], const struct pse_person *p);

/* --- whether it holds ------------------------------------------------------------------------ */

/** PSE_EID_GOOD, PSE_EID_NOT_YET_VALID or PSE_EID_EXPIRED at @p now. */
enum pse_eid_fault pse_certificate_is_alive(const struct pse_certificate *c, int64_t now);

/** Find the anchor that issued @p c and is itself valid at @p now; other anchors do not matter, and
 * the anchor need not be a root (X509_V_FLAG_PARTIAL_CHAIN). The hash that was signed and the
 * anchor's key have at least 112 bits of strength; how strong the key of @p c is, is not looked at.
 * The life of @p c itself is not looked at: pse_certificate_is_alive. PSE_EID_GOOD: *issuer is a
 * certificate of its own that the caller frees; PSE_EID_UNTRUSTED or PSE_EID_NO_MEMORY: NULL. @p
 * issuer may be NULL when only the verdict is wanted. */
PSE_MUST enum pse_eid_fault pse_certificate_issuer(struct pse_certificate **issuer,
                                                   const struct pse_certificate *c,
                                                   const struct pse_anchors *anchors, int64_t now);

#endif
