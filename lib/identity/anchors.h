/* Trust anchors: certificates that somebody has decided to believe, from PEM text or DER.
 *
 * Each certificate in the set is trusted by itself, root or not, so a set may hold just the issuing
 * authority (identity contract 2, row 6). Not for: fetching certificates, revocation. */
#ifndef PSE_IDENTITY_ANCHORS_H
#define PSE_IDENTITY_ANCHORS_H

#include "base/base.h"

enum {
    PSE_ANCHORS_MAX = 256,          /* certificates in a set */
    PSE_ANCHORS_TEXT_MAX = 4 << 20, /* bytes of one file of them */
};

struct pse_anchors;

/** An empty set. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_anchors_new(struct pse_anchors **out);
/** NULL is fine. */
void pse_anchors_free(struct pse_anchors *a);

/** Add one certificate in DER, or every certificate of a PEM text (what stands between them is
 * skipped). PSE_E_SYNTAX: no certificate in it, or one that does not parse; PSE_E_LIMIT: too many
 * or too long; PSE_E_MEMORY. On failure some may have been added. */
PSE_MUST pse_rc pse_anchors_add(struct pse_anchors *a, struct pse_span in);

/** How many there are. */
size_t pse_anchors_count(const struct pse_anchors *a);

#endif
