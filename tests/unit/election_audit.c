/* The audit of whole records: acceptance, abort, prefixes, pins, what is counted. */
#include "test.h"

#include "mini_election.h"

static void honest_election_is_accepted(void **state)
{
    static struct mini m;

    (void)state;
    mini_open(&m);
    mini_until(&m, MINI_DONE);
    assert_true(mini_is(&m, PSE_VERDICT_ACCEPTED, 0, 0));
    mini_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_election_is_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
