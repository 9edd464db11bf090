/* The town of the demo: its plan, and what its voters choose. */
#ifndef PSE_PSEPHOS_DEMO_TOWN_H
#define PSE_PSEPHOS_DEMO_TOWN_H

#include "election/manifest.h"

enum {
    DEMO_NORTH = 1, /* ballot styles */
    DEMO_SOUTH = 2,
    DEMO_WATER = 3,       /* members of the water company, votes weighted by shares */
    DEMO_CHOICE_MAX = 128 /* choice bytes of the longest style */
};

/** Append the plan (plan.h) of an election at @p time. */
void demo_plan_put(struct pse_buf *out, uint64_t time);

/** Draw a choice for a voter of @p style: choice bytes of at most DEMO_CHOICE_MAX. */
PSE_MUST pse_rc demo_choose(uint8_t choices[DEMO_CHOICE_MAX], struct pse_rng *rng,
                            const struct pse_manifest *m, uint16_t style);

/** Shares of a member of the water company: 1..50. */
uint32_t demo_weight(struct pse_rng *rng);

#endif
