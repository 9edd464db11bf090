/* Constant-time tests: a secret is declared undefined, valgrind's memcheck reports any branch or
 * address that depends on it, results are declared defined before they are looked at.
 *
 * A program run with the argument "leak" branches on a secret on purpose: a harness that does not
 * notice that notices nothing. */
#ifndef PSE_TESTS_CT_CT_H
#define PSE_TESTS_CT_CT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "base/base.h"

#define CT_SECRET(object) ((void)VALGRIND_MAKE_MEM_UNDEFINED(&(object), sizeof(object)))
#define CT_PUBLIC(object) ((void)VALGRIND_MAKE_MEM_DEFINED(&(object), sizeof(object)))

/* The results are right, too: a function that does nothing takes constant time. */
#define CT_CHECK(condition)                                                 \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                        \
        }                                                                   \
    } while (0)

/* True when the run is the one that must be caught; it then has branched on a secret. */
static inline bool ct_leaks_on_purpose(int argc, char **argv)
{
    volatile uint8_t secret = 5;
    uint8_t copy;

    if (argc != 2 || strcmp(argv[1], "leak") != 0)
        return false;
    CT_SECRET(secret);
    copy = secret;
    if (copy > 3)
        puts("the secret is large");
    return true;
}

#endif
