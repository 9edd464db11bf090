/* The outcome of an audit: what both reports print. */
#ifndef PSE_VERIFY_OUTCOME_H
#define PSE_VERIFY_OUTCOME_H

#include "count/count.h"
#include "election/audit.h"
#include "election/result.h"

/** Exit statuses: design "Fixed command lines". */
enum verify_exit {
    VERIFY_EXIT_PASSED = 0,
    VERIFY_EXIT_REFUSED = 1,
    VERIFY_EXIT_USAGE = 2, /* or unreadable */
    VERIFY_EXIT_PREFIX = 3,
};

/** A contest of an accepted record: its votes, and who is elected if the record says by what rule.
 */
struct outcome_contest {
    struct pse_tally tally;
    bool has_count;
    struct pse_count_result count;
};

struct outcome {
    const char *dir;
    const struct pse_audit *audit;
    const struct pse_group *group;
    bool strict;
    bool eid_pinned;
    bool policy_pinned;
    double seconds;
    struct outcome_contest *contest; /* NULL unless the verdict is accepted */
    size_t contests;
    const char *counting; /* why nobody is named elected; NULL: all is well or nothing to say */
};

/** Tallies and elected of an accepted record, into @p arena. PSE_E_MEMORY. */
PSE_MUST pse_rc outcome_count(struct outcome *o, struct pse_arena *arena);

/** The exit status of the audit. */
enum verify_exit outcome_exit(const struct outcome *o);

/** The verdict as printed: the audit's, but a wrong pin or strictness make it "not accepted". */
const char *outcome_verdict(const struct outcome *o);

/** Name of a reason of revocations and changes, by its place in struct pse_counts. */
const char *outcome_reason(size_t slot);

#endif
