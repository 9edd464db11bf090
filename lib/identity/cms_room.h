/* Inside room identity: what the two sides of CMS share. */
#ifndef PSE_IDENTITY_CMS_ROOM_H
#define PSE_IDENTITY_CMS_ROOM_H

#include <openssl/evp.h>

#include "cms.h"

enum { PSE_CMS_IDENTIFIER_MAX = 80 };

struct pse_cms_row {
    const char *name;
    const EVP_MD *(*hash)(void);
    size_t digest;
    enum { PSE_CMS_BY_ECDSA = 1, PSE_CMS_BY_RSA, PSE_CMS_BY_PSS } family;
    struct pse_span digest_id, signature_id; /* AlgorithmIdentifier in DER */
};
/** @p a is in the list (PSE_REQUIRE). */
const struct pse_cms_row *pse_cms_row(enum pse_cms_algorithm a);

/** Append the container for a SignatureValue as it stands in it; nothing is checked. */
PSE_MUST pse_rc pse_cms_assemble(struct pse_buf *out, enum pse_cms_algorithm a,
                                 struct pse_span message, const struct pse_certificate *c,
                                 struct pse_span value);

#endif
