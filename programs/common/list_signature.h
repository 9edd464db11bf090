/* The file beside a list of changes by which its issuer signs it. Not for: verifying
 * (store/list.h).
 */
#ifndef PSE_PROGRAMS_LIST_SIGNATURE_H
#define PSE_PROGRAMS_LIST_SIGNATURE_H

#include "merkle/merkle.h"

struct list_signature {
    pse_hash base; /* the version that the changes build on */
    pse_edkey issuer;
    uint8_t sig[64];
};

/** PSE_E_SYNTAX …: no such file; PSE_E_UNSUPPORTED: of another kind. */
PSE_MUST pse_rc list_signature_parse(struct list_signature *x, struct pse_arena *arena,
                                     struct pse_span text);

#endif
