/* The level of brown-out, 0 to 4: what is set by people or a watching program, and what overload
 * brings about by itself (service contract 4). The level that counts is the higher of the two.
 *
 * For: the sequencer, which keeps the level that was set for all fronts; each front, which measures
 * its own load. Not for: what is switched off at a level (the routes say that), events (whoever
 * sees the level change writes them). Up is quick, down is slow, so that a level does not swing:
 * nothing falls within thirty seconds of its last change. Pure: time is an argument, of any clock
 * that never goes back. Not thread-safe. */
#ifndef PSE_PROGRAMS_BROWNOUT_H
#define PSE_PROGRAMS_BROWNOUT_H

#include "base/base.h"

enum {
    BROWNOUT_LEVELS = 5,
    BROWNOUT_HOLD_MS = 30000, /* nothing falls sooner after a change */
    BROWNOUT_RISE_MS = 3000,  /* of overload without a pause, for each step up */
    BROWNOUT_OVER = 800,      /* of 1000: so full is overload */
    BROWNOUT_CALM = 300,      /* of 1000: below it is calm */
};

/* --- set ---------------------------------------------------------------------------------------
 */

struct brownout_set {
    uint8_t level;
    uint8_t wanted; /* falls to it when the time has come */
    int64_t changed_ms;
    bool has_changed;
};

/** Set to @p level: higher at once, lower as soon as the last change is thirty seconds old. */
void brownout_want(struct brownout_set *s, uint8_t level, int64_t now_ms);
/** The level now. */
uint8_t brownout_level(struct brownout_set *s, int64_t now_ms);

/* --- measured ----------------------------------------------------------------------------------
 */

struct brownout_load {
    uint8_t max; /* overload alone brings no more about; 0: nothing */
    uint8_t level;
    bool is_over, is_calm;
    int64_t since_ms; /* so it has been */
    int64_t changed_ms;
};

/** How full the fullest queue has been since the last call, 0 to 1000. About once a second.
 * Returns the level. A step up needs three seconds of overload, a step down thirty of calm. */
uint8_t brownout_measure(struct brownout_load *b, unsigned full, int64_t now_ms);

#endif
