/* The progress of an audit on a screen. */
#ifndef PSE_VERIFY_AUDIT_BAR_H
#define PSE_VERIFY_AUDIT_BAR_H

#include "common/progress.h"

/** Begin with progress_init on the bar, end with progress_end. Borrows nothing. */
struct audit_bar {
    struct progress progress;
    uint64_t before; /* entries done when the step began */
};

/** struct pse_audit_options' progress; @p ctx is the bar. Entries are many and cheap, but for a few
 * at the end that stand for whole lists; these are steps of their own, so that a full bar does not
 * stand still. */
void audit_bar_set(void *ctx, uint64_t done, uint64_t total, uint8_t type);

#endif
