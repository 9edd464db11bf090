/* Inside room identity: what its files share of OpenSSL's types. */
#ifndef PSE_IDENTITY_ROOM_H
#define PSE_IDENTITY_ROOM_H

#include <openssl/ts.h>
#include <openssl/x509.h>

#include "anchors.h"
#include "stamp.h"

struct pse_anchors {
    STACK_OF(X509) * certificates;
};

/** The hash and digest of an imprint. PSE_E_UNSUPPORTED: not SHA-256 or SHA-512, or a digest of
 * another length. */
PSE_MUST pse_rc pse_imprint_get(enum pse_stamp_hash *hash, uint8_t digest[64], TS_MSG_IMPRINT *m);

static inline size_t pse_stamp_digest_n(enum pse_stamp_hash hash)
{
    return hash == PSE_STAMP_SHA256 ? 32 : 64;
}

#endif
