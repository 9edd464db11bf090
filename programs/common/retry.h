/* Trying again without doing harm: exponential back-off with jitter, up to a deadline.
 *
 * For: clients of a service that is busy or not reachable (service contract 4). A thousand clients
 * that were refused together must not come back together: each wait is drawn between half and all
 * of a time that doubles from attempt to attempt. Not for: deciding what may be sent twice. */
#ifndef PSE_PROGRAMS_RETRY_H
#define PSE_PROGRAMS_RETRY_H

#include "base/base.h"

enum { RETRY_FIRST_MS = 400, RETRY_MAX_MS = 30000 };

struct retry {
    struct pse_rng *rng; /* of the jitter; borrowed */
    double end;          /* steady seconds: no attempt begins later */
    unsigned wait_ms;    /* before jitter */
};

/** Attempts for @p patience seconds from now. */
struct retry retry_for(struct pse_rng *rng, unsigned patience);
/** Sleep before the next attempt, at least @p floor seconds (what the server asked for; 0: did
 * not). False, at once, when the patience ends before that. */
bool retry_wait(struct retry *r, unsigned floor);
/** The time to sleep before the next attempt, in milliseconds; the step of retry_wait that needs no
 * clock. */
unsigned retry_next_ms(struct retry *r, unsigned floor);

#endif
