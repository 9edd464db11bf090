/* From ballots or counts that were read, to a plan and the choice of every voter. */
#ifndef PSE_PSEPHOS_SIMULATE_PLAN_H
#define PSE_PSEPHOS_SIMULATE_PLAN_H

#include "election/manifest.h"
#include "psephos/count_input.h"

/** So many voters of one style with one and the same choice. */
struct simulated_group {
    uint16_t style; /* id */
    uint64_t count;
    const uint8_t *choices;
};

struct simulated_options {
    const char *name; /* of the command */
    bool homomorphic;
    enum pse_count_rule rule;
    bool has_rule;
    uint64_t seats;    /* 0: as the file says */
    double fraction;   /* of the voters, 1: all */
    const char *title; /* NULL: as the file says */
    const char *file;  /* where the ballots came from; stands in for a missing title */
    uint64_t threshold;
    uint64_t mixers;
    uint64_t time;
};

struct simulated_plan {
    struct pse_buf json; /* the plan (plan.h) */
    enum pse_count_rule rule;
    struct simulated_group *group;
    size_t groups;
    uint64_t voters;
};

/** Make both from @p in. Choices live in @p arena. False after one line of a message. */
bool simulated_plan_make(struct simulated_plan *out, struct pse_arena *arena,
                         const struct count_input *in, const struct simulated_options *o);
void simulated_plan_free(struct simulated_plan *p);

#endif
