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

#endif
