/* How many may wait: a quarter of a second of work, by the pace of the last minute (service
 * contract 2).
 *
 * For: the bound of a lane whose work costs differ from machine to machine. Not for: the waiting
 * set behind it, which is bounded by time to a quorum, not by work. Pure: time is an argument. Not
 * thread-safe. */
#ifndef PSE_NET_PACE_H
#define PSE_NET_PACE_H

#include "base/base.h"

enum {
    PSE_PACE_WORK_US = 250000,
    PSE_PACE_EVERY_US = 60 * 1000000,
    PSE_PACE_MIN = 16,
    PSE_PACE_MAX = 4096,
};

struct pse_pace {
    uint64_t since_us; /* this minute; 0: not begun */
    uint64_t n;        /* done in it */
    uint64_t us;       /* took so long, by the clock on the wall and all workers together */
};

/** @p n things took @p us. True when a minute is over and there is something to judge by: then
 * *capacity is how many may wait from now on, and the next minute begins. */
bool pse_pace_add(size_t *capacity, struct pse_pace *p, uint64_t n, uint64_t us, uint64_t now_us);

#endif
