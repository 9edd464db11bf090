/* psephos bench: what one measurement is. Items stand in bench_<topic>.c, one table each. */
#ifndef PSE_PSEPHOS_BENCH_H
#define PSE_PSEPHOS_BENCH_H

#include "group/group.h"

/** What every item is given. Memory from the arena lives until the item is done. */
struct bench {
    const struct pse_group *group;
    struct pse_pool *pool;
    struct pse_rng *rng;
    struct pse_arena *arena;
    const char *record; /* folder given with --record, or NULL */
};

/** How the figure is given: time for one thing, or things in a second. */
enum bench_unit { BENCH_NS, BENCH_US, BENCH_PER_SECOND, BENCH_MIB_PER_SECOND };

struct bench_item {
    const char *name;
    enum bench_unit unit;
    size_t size; /* handed to prepare */
    /** Make the inputs. *things is what one run handles (bytes for BENCH_MIB_PER_SECOND). NULL:
     * they cannot be made, for want of memory or because the record cannot be read. */
    void *(*prepare)(const struct bench *b, size_t size, size_t *things);
    /** One timed run. False when the result is wrong: the bench then fails. */
    bool (*run)(const struct bench *b, void *state);
    /** The same work by a peer, on *peer_things of them. NULL: none. */
    bool (*peer)(const struct bench *b, void *state);
    size_t peer_things;
    /** Release what the arena does not hold; NULL: nothing. */
    void (*finish)(const struct bench *b, void *state);
};

struct bench_table {
    const struct bench_item *items;
    size_t count;
};

extern const struct bench_table bench_group;
extern const struct bench_table bench_ballot;
extern const struct bench_table bench_mix;
extern const struct bench_table bench_record;
/** Measured only when --record names a record. */
extern const struct bench_item bench_audit;

#endif
