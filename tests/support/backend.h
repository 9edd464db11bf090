/* The back-end that tests run on: the one PSE_TEST_BACKEND names, else what a program takes by
 * itself. */
#ifndef PSE_TESTS_BACKEND_H
#define PSE_TESTS_BACKEND_H

#include <stdlib.h>
#include <string.h>

#include "group/group.h"

static inline struct pse_group *test_group_new(struct pse_pool *pool)
{
    const char *name = getenv("PSE_TEST_BACKEND");
    enum pse_backend backend = PSE_BACKEND_AUTO;
    struct pse_group *g;

    PSE_REQUIRE(name == NULL || pse_backend_parse(&backend, name) == PSE_OK);
    PSE_REQUIRE(pse_group_new(&g, backend, pool) == PSE_OK);
    PSE_REQUIRE(name == NULL || strcmp(pse_group_backend_name(g), name) == 0);
    return g;
}

#endif
