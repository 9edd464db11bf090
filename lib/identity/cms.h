/* Signatures of persons in their containers: CMS, profile CAdES-B, detached (identity contract 5).
 *
 * For: the voter's own signature under a binding statement. The side of the voter computes what the
 * card signs from the message that was shown, never from a hash that somebody sent, and puts the
 * raw signature into a container. The side of the server judges a container by every rule below.
 * Not for: revocation (ocsp.h), the instant of signing (stamp.h), who may vote.
 *
 * There is one container for a message, an algorithm, a certificate and a signature: version 1, one
 * digest algorithm, content type id-data without content, the signer's certificate, one signer by
 * issuer and serial number, the signed attributes contentType, messageDigest and
 * signingCertificateV2 as DER SET OF, no unsigned attribute. Whatever else OpenSSL would accept is
 * refused. There is no signingTime: the instant is that of the time stamp.
 *
 * Containers are hostile input. Nothing here asks a clock. Functions may run in any thread; public
 * data, variable time. (RFC 5652, 5035, 5754, 4056; ETSI EN 319 122-1.) */
#ifndef PSE_IDENTITY_CMS_H
#define PSE_IDENTITY_CMS_H

#include "certificate.h"
#include "signature.h"

enum {
    PSE_CMS_MAX = 32768,          /* bytes of a container; real ones have 1 to 4 KiB */
    PSE_CMS_ATTRIBUTES_MAX = 256, /* bytes of the signed attributes */
};

/** The list: ECDSA on P-256 and P-384, RSA of at least 2048 bits with PKCS #1 v1.5 or PSS (MGF1
 * with the same hash, salt as long as it). */
enum pse_cms_algorithm {
    PSE_CMS_NONE = 0,
    PSE_CMS_ECDSA_SHA256,
    PSE_CMS_ECDSA_SHA384,
    PSE_CMS_ECDSA_SHA512,
    PSE_CMS_RSA_SHA256,
    PSE_CMS_RSA_SHA384,
    PSE_CMS_RSA_SHA512,
    PSE_CMS_PSS_SHA256,
    PSE_CMS_PSS_SHA384,
    PSE_CMS_PSS_SHA512,
    PSE_CMS_ALGORITHMS,
};

/** "ecdsa-sha256", "rsa-sha256", "pss-sha256", …; "none". */
const char *pse_cms_algorithm_name(enum pse_cms_algorithm a);
/** PSE_CMS_NONE for any other text. */
enum pse_cms_algorithm pse_cms_algorithm_of_name(struct pse_span name);
/** May a key of this certificate sign so? */
bool pse_cms_algorithm_fits(enum pse_cms_algorithm a, const struct pse_certificate *c);
/** What cards with such a certificate use: the hash as long as the curve, SHA-256 for RSA.
 * PSE_CMS_NONE: its key is of no listed kind. */
enum pse_cms_algorithm pse_cms_algorithm_for(const struct pse_certificate *c);
/** Bytes of its digest: 32, 48, 64. */
size_t pse_cms_digest_length(enum pse_cms_algorithm a);

/* --- the voter's side --------------------------------------------------------------------------
 */

/** Append the signed attributes for @p message: a DER SET OF, whose digest the card signs.
 * PSE_E_UNSUPPORTED: the algorithm does not fit the certificate; PSE_E_MEMORY. */
PSE_MUST pse_rc pse_cms_attributes_put(struct pse_buf *out, enum pse_cms_algorithm a,
                                       struct pse_span message, const struct pse_certificate *c);
/** The digest of attributes, for cards that are given a digest. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_cms_digest(uint8_t out[64], enum pse_cms_algorithm a,
                               struct pse_span attributes);
/** Append the container for the raw signature of a card: r || s, or the bytes of RSA. The
 * attributes are made again from @p message, and the signature is checked against them, so a
 * signature over anything else (a hash that a server sent) ends here. PSE_E_UNSUPPORTED;
 * PSE_E_SIGNATURE: not by this key, not over this message, or of another form; PSE_E_MEMORY. */
PSE_MUST pse_rc pse_cms_put(struct pse_buf *out, enum pse_cms_algorithm a, struct pse_span message,
                            const struct pse_certificate *c, struct pse_span raw);

/* --- the server's side -------------------------------------------------------------------------
 */

/** Verdicts, one a rule, in the order in which the rules are applied; the first that fails is
 * given. */
enum pse_cms_fault {
    PSE_CMS_GOOD = 0,
    PSE_CMS_FORM,          /* no SignedData, truncated or too long */
    PSE_CMS_TRAILING,      /* bytes after it */
    PSE_CMS_CONTENT_TYPE,  /* not about id-data */
    PSE_CMS_ATTACHED,      /* it brings content of its own */
    PSE_CMS_SIGNERS,       /* not exactly one signer */
    PSE_CMS_CERTIFICATES,  /* not exactly the signer's certificate, or revocation lists */
    PSE_CMS_SIGNER,        /* names another signer than the certificate that is expected */
    PSE_CMS_UNSIGNED,      /* an unsigned attribute */
    PSE_CMS_ALGORITHM,     /* not in the list, or not for this key */
    PSE_CMS_ATTRIBUTE,     /* a signed attribute that is not known, or one twice */
    PSE_CMS_NO_TYPE,       /* contentType is missing, or is not id-data */
    PSE_CMS_NO_DIGEST,     /* messageDigest is missing or is none */
    PSE_CMS_DIGEST,        /* it is of another message */
    PSE_CMS_NO_ESS,        /* signingCertificateV2 is missing or is none */
    PSE_CMS_ESS,           /* it names another certificate */
    PSE_CMS_PURPOSE,       /* the certificate is not for signatures of will (nonRepudiation) */
    PSE_CMS_POLICY,        /* it was issued under a policy that is forbidden */
    PSE_CMS_NOT_YET_VALID, /* at the instant of judgement */
    PSE_CMS_EXPIRED,       /* likewise */
    PSE_CMS_UNTRUSTED,     /* no configured authority has issued it */
    PSE_CMS_SIGNATURE,     /* the signature does not hold */
    PSE_CMS_ENCODING,      /* all of it holds, but it is not the one container for it */
    PSE_CMS_NO_MEMORY,     /* the world failed, nothing is said about the signature */
    PSE_CMS_FAULTS,
};

/** How a container is to be judged. */
struct pse_cms_rules {
    const struct pse_certificate *signer; /* whose signature it must be */
    const struct pse_anchors *anchors;    /* issuing authorities */
    const char *const *forbidden;         /* policies (dotted); may be NULL with forbidden_n 0 */
    size_t forbidden_n;
    int64_t now; /* the certificate and its authority must be valid at this instant */
};

/** What a good container holds. */
struct pse_cms {
    enum pse_cms_algorithm algorithm;
    struct pse_span signature; /* the SignatureValue octets, in the container: what is stamped */
};

/** Judge @p container as a signature over @p message. *out is zeroed unless PSE_CMS_GOOD. */
PSE_MUST enum pse_cms_fault pse_cms_verify(struct pse_cms *out, struct pse_span container,
                                           struct pse_span message,
                                           const struct pse_cms_rules *rules);

/** The one certificate in a container, before anything is believed. PSE_E_SYNTAX: no container, or
 * none or several in it; PSE_E_MEMORY. The caller frees it. */
PSE_MUST pse_rc pse_cms_certificate(struct pse_certificate **out, struct pse_span container);

/** The SignatureValue octets of a container that was judged good before, borrowed. PSE_E_SYNTAX: it
 * has none at its end. */
PSE_MUST pse_rc pse_cms_value(struct pse_span *out, struct pse_span container);

/** Short stable name of a verdict ("good", "no-ess", …), for diagnostics and JSON. */
const char *pse_cms_fault_name(enum pse_cms_fault fault);

#endif
