/* Inside room identity: what the files of the demo authority share. */
#ifndef PSE_IDENTITY_DEMO_ROOM_H
#define PSE_IDENTITY_DEMO_ROOM_H

#include <openssl/evp.h>

#include "demo.h"
#include "room.h"

struct pse_demo {
    EVP_PKEY *key;
    X509 *x; /* NULL: none yet */
};

/** DER that OpenSSL made, appended and freed. @p n <= 0 is PSE_E_MEMORY. By its address, since the
 * call that makes it stands among the arguments. */
PSE_MUST pse_rc demo_put_der(struct pse_buf *out, uint8_t **der, int n);
/** Random bytes as a serial number: positive, never zero. NULL: no memory. */
ASN1_INTEGER *demo_serial(const uint8_t serial[PSE_DEMO_SERIAL]);

#endif
