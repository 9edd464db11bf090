/* Who has sent ballots that do not hold, again and again: theirs are verified alone, so that they
 * cost nobody else's batch a second look (service contract 2).
 *
 * For: the casting worker; by the number of a peer or of a session, never by the credential that a
 * ballot names, which its sender need not own. Not for: refusing anybody. A fixed table: of the two
 * places that a number has, the one struck longest ago makes room. Pure: time is an argument. Not
 * thread-safe. */
#ifndef PSE_PROGRAMS_OFFENDERS_H
#define PSE_PROGRAMS_OFFENDERS_H

#include "base/base.h"

enum {
    OFFENDERS_SLOTS = 4096,
    OFFENDERS_STRIKES = 2,        /* make a repeat offender */
    OFFENDERS_FORGET_MS = 600000, /* after the last strike */
};

struct offenders {
    uint64_t seed; /* any random number, set by the owner */
    struct {
        uint64_t who; /* 0: free */
        int64_t last_ms;
        unsigned strikes;
    } slot[OFFENDERS_SLOTS];
};

/** A ballot of @p who (0: nobody known, nothing is kept) did not hold. */
void offenders_strike(struct offenders *o, uint64_t who, int64_t now_ms);
bool offenders_is(const struct offenders *o, uint64_t who, int64_t now_ms);

#endif
