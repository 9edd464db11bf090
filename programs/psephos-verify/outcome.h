/* The outcome of an audit: what both reports print. */
#ifndef PSE_VERIFY_OUTCOME_H
#define PSE_VERIFY_OUTCOME_H

#include "election/audit.h"
#include "election/elected.h"

/** Exit statuses: design "Fixed command lines". */
enum verify_exit {
    VERIFY_EXIT_PASSED = 0,
    VERIFY_EXIT_REFUSED = 1,
    VERIFY_EXIT_USAGE = 2, /* or unreadable */
    VERIFY_EXIT_PREFIX = 3,
};

struct outcome {
    const char *dir;
    const struct pse_audit *audit;
    const struct pse_group *group;
    bool strict;
    bool eid_pinned;
    bool policy_pinned;
    double seconds;
    struct pse_tally *tally; /* of each contest, NULL unless the verdict is accepted */
    size_t tallies;
    bool is_counted;
    struct pse_elected elected; /* if is_counted */
    const char *uncounted;      /* otherwise: why nobody is named elected, or NULL */
};

/** Tallies and elected of an accepted record, into @p arena. That the counting document is unfit
 * makes o->uncounted say so and is no failure. PSE_E_MEMORY. */
PSE_MUST pse_rc outcome_count(struct outcome *o, struct pse_arena *arena);

/** The exit status of the audit. */
enum verify_exit outcome_exit(const struct outcome *o);

/** The verdict as printed: the audit's, but a wrong pin or strictness make it "not accepted". */
const char *outcome_verdict(const struct outcome *o);

/** Name of a reason of revocations and changes, by its place in struct pse_counts. */
const char *outcome_reason(size_t slot);

#endif
