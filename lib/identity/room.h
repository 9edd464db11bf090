/* Inside room identity: what its files share of OpenSSL's types. */
#ifndef PSE_IDENTITY_ROOM_H
#define PSE_IDENTITY_ROOM_H

#include <openssl/ts.h>
#include <openssl/x509.h>

#include "anchors.h"
#include "certificate.h"
#include "signature.h"
#include "stamp.h"

struct pse_anchors {
    STACK_OF(X509) * certificates;
};

struct pse_certificate {
    X509 *x;
    uint8_t *der; /* owned, OpenSSL's */
    size_t der_n;
    int64_t from, until;
    enum pse_key_kind kind;
    unsigned key_bits;
    struct pse_person person;
};

/** The library context for certificates of persons (library.c); NULL: OpenSSL's default one. */
OSSL_LIB_CTX *pse_library(void);

/** Takes over @p x, also when it fails. @p der: its bytes as they came, which for certificates that
 * are not strict DER differ from what OpenSSL would write; empty: write them. Status as
 * pse_certificate_parse. */
PSE_MUST pse_rc pse_certificate_wrap(struct pse_certificate **out, X509 *x, struct pse_span der);

/** pse_jwa_fits for a key by itself. */
bool pse_jwa_fits_key(enum pse_jwa jwa, enum pse_key_kind kind, unsigned bits);
/** pse_jwa_verify for a key by itself, of which the caller has seen that it fits. */
PSE_MUST pse_rc pse_jwa_verify_key(enum pse_jwa jwa, EVP_PKEY *by, struct pse_span message,
                                   struct pse_span signature);

/** POSIX seconds, fractions cut off. False: no time at all. */
bool pse_time_get(int64_t *out, const ASN1_TIME *t);

/** The hash and digest of an imprint. PSE_E_UNSUPPORTED: not SHA-256 or SHA-512, or a digest of
 * another length. */
PSE_MUST pse_rc pse_imprint_get(enum pse_stamp_hash *hash, uint8_t digest[64], TS_MSG_IMPRINT *m);

static inline size_t pse_stamp_digest_n(enum pse_stamp_hash hash)
{
    return hash == PSE_STAMP_SHA256 ? 32 : 64;
}

#endif
