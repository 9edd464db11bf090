/* What every unit test includes: cmocka, which needs these four headers before it. */
#ifndef PSE_TESTS_UNIT_TEST_H
#define PSE_TESTS_UNIT_TEST_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "base/base.h"

/** Leave a test that has nothing to test here, saying why. cmocka's skip() prints "not ok … SKIP",
 * which readers of TAP take for a failure. */
#define TEST_NEEDS(condition, why)                      \
    do {                                                \
        if (!(condition)) {                             \
            print_message("# %s: %s\n", __func__, why); \
            return;                                     \
        }                                               \
    } while (0)

#endif
