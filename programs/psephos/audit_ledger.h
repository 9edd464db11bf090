/* The sequencer's private store against the public record. */
#ifndef PSE_PSEPHOS_AUDIT_LEDGER_H
#define PSE_PSEPHOS_AUDIT_LEDGER_H

#include "psephos/session.h"
#include "store/voters_audit.h"

struct audit_ledger {
    void *ctx;
    void (*finding)(void *ctx, const struct pse_audit_finding *f);
    uint64_t rows, findings; /* results */
};

/** Head row and staged bundles of the store @p url beside a running sequencer: the head's note is
 * signed by the log and consistent with the record in the session, every staged bundle reads, and
 * tiles and bundles above the published size give the head's root. What does not fit is looked at
 * again for three seconds, with the record grown. Findings name table head or stage.
 * Reports what stands in the way of looking. */
PSE_MUST pse_rc audit_ledger(struct audit_ledger *a, struct session *s, const char *url);

#endif
