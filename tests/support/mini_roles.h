/* The stages of the small election. Internal to the test support. */
#ifndef PSE_TESTS_MINI_ROLES_H
#define PSE_TESTS_MINI_ROLES_H

#include "mini_election.h"

/** By enum mini_stage. */
extern void (*const mini_stages[MINI_DONE])(struct mini *m);

#endif
