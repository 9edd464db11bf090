/* Leaky buckets: rate and burst to the microsecond, strangers do not disturb one another, and a
 * flood of names takes no memory and costs a known one at most its past. */
#include "test.h"

#include <stdlib.h>

#include "net/bucket.h"

static struct pse_buckets *buckets;
static const struct pse_bucket_rate rate = {.each_us = 1000, .burst = 5};

static int setup(void **state)
{
    (void)state;
    return pse_buckets_new(&buckets, 0x1234567) != PSE_OK;
}

static int teardown(void **state)
{
    (void)state;
    pse_buckets_free(buckets);
    return 0;
}

static unsigned taken(uint64_t key, uint64_t now, unsigned tries)
{
    unsigned n = 0;

    for (unsigned i = 0; i < tries; i++)
        n += pse_bucket_take(buckets, key, &rate, now);
    return n;
}

static void bursts_and_then_the_rate(void **state)
{
    (void)state;
    assert_int_equal(taken(7, 1000000, 100), 5);
    assert_int_equal(taken(7, 1000999, 100), 0);
    assert_int_equal(taken(7, 1001000, 100), 1);
    assert_int_equal(taken(7, 1003500, 100), 2);
    assert_int_equal(taken(7, 9000000, 100), 5);
}

static void refusals_cost_nothing(void **state)
{
    (void)state;
    assert_int_equal(taken(8, 1000000, 1000000), 5);
    assert_int_equal(taken(8, 1001000, 1), 1);
}

static void strangers_are_apart(void **state)
{
    (void)state;
    for (uint64_t key = 100; key < 5100; key++)
        assert_int_equal(taken(key, 2000000, 6), 5);
}

static void no_rate_no_bound(void **state)
{
    const struct pse_bucket_rate none = {0, 1};

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        assert_true(pse_bucket_take(buckets, 9, &none, 5));
}

/* A million names in a table of 65,536: the one that keeps asking stays bounded. */
static void a_flood_of_names_frees_nobody(void **state)
{
    unsigned mine = 0;

    (void)state;
    for (uint64_t i = 0; i < 1000000; i++) {
        (void)pse_bucket_take(buckets, 1 << 20 | i << 24, &rate, 3000000 + i);
        mine += pse_bucket_take(buckets, 42, &rate, 3000000 + i);
    }
    assert_in_range(mine, 1000, 1010);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bursts_and_then_the_rate, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals_cost_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(strangers_are_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(no_rate_no_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flood_of_names_frees_nobody, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
