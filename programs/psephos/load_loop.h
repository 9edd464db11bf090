/* One thread, many connections: descriptors that become ready, and timers.
 *
 * For: psephos load, which plays thousands of clients at little cost. Not for: servers (net/http.h)
 * or one client (net/fetch.h). Everything belongs to the thread that runs the loop. A source that
 * has been forgotten may be called once more in the same round, so its memory lives as long as the
 * loop and it must bear being ready for nothing. */
#ifndef PSE_PSEPHOS_LOAD_LOOP_H
#define PSE_PSEPHOS_LOAD_LOOP_H

#include "base/base.h"

/** Something with a descriptor; the first member of what is called. Edge-triggered. */
struct load_source {
    void (*ready)(struct load_source *s);
};

/** Set once, fires once. Zero: not set. */
struct load_timer {
    double at;
    size_t place; /* in the heap, from 1; 0: not set */
    void (*fire)(struct load_timer *t);
};

enum { LOAD_SCRATCH = 1 << 17 };

struct load_loop {
    int poll;
    double now; /* seconds, monotonic; set anew in each round */
    struct load_timer **heap;
    size_t timers;
    size_t room;
    uint8_t scratch[LOAD_SCRATCH]; /* for whoever reads at the moment */
};

/** PSE_E_IO, PSE_E_MEMORY. */
PSE_MUST pse_rc load_loop_new(struct load_loop **out);
void load_loop_free(struct load_loop *l);
/** Watch @p fd until it is closed. PSE_E_IO. */
PSE_MUST pse_rc load_loop_watch(struct load_loop *l, int fd, struct load_source *s);
/** Set or move a timer. */
void load_timer_set(struct load_loop *l, struct load_timer *t, double at);
void load_timer_clear(struct load_loop *l, struct load_timer *t);
/** Wait for descriptors, at most until @p until, serve them, fire what is due. */
void load_loop_round(struct load_loop *l, double until);
/** The clock itself. */
double load_now(void);

#endif
