/* Whose turn it is: strict priority between lanes, with a floor for each (service contract 4).
 *
 * For: workers of several lanes that share the same processors. The first lane that waits goes
 * first; but a lane that has waited while others worked is owed a twentieth of that time, and
 * once that is worth a turn it comes before all: so none starves, and all the rest is the first's.
 * Time counts, not calls: a batch of ballots is dearer than a question. Not for: how long a lane
 * may be. Pure: time is an argument. Not thread-safe. */
#ifndef PSE_NET_TURNS_H
#define PSE_NET_TURNS_H

#include "base/base.h"

enum {
    PSE_TURNS_LANES = 4,
    PSE_TURNS_FLOOR = 20,       /* a lane's floor is one part in so many */
    PSE_TURNS_WORTH_US = 1000,  /* owed so much, a lane comes before all */
    PSE_TURNS_MOST_US = 200000, /* what a lane may be owed, or have had too much, at most */
};

struct pse_turns {
    int64_t owed_us[PSE_TURNS_LANES];
};

/** Of the lanes in the set @p waiting (bit i: lane i), the one whose turn it is; -1: none waits. */
int pse_turns_next(const struct pse_turns *t, unsigned waiting);
/** Lane @p lane has worked for @p us while the lanes in @p waiting waited. */
void pse_turns_spent(struct pse_turns *t, unsigned lane, uint64_t us, unsigned waiting);

#endif
