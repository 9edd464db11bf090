/* Whose turn, how many may wait, and who a peer is: pure, on a clock of the test's own. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "net/pace.h"
#include "net/peer.h"
#include "net/turns.h"

/* --- turns -------------------------------------------------------------------------------------
 */

static void the_first_that_waits_goes_first(void **state)
{
    struct pse_turns t = {0};

    (void)state;
    assert_int_equal(pse_turns_next(&t, 0), -1);
    assert_int_equal(pse_turns_next(&t, 0x1), 0);
    assert_int_equal(pse_turns_next(&t, 0xf), 0);
    assert_int_equal(pse_turns_next(&t, 0xc), 2);
    assert_int_equal(pse_turns_next(&t, 0x8), 3);
}

/* All lanes wait all the time, with turns of different length: each behind the first gets its
 * twentieth, and the first all the rest. */
static void nobody_starves_and_the_first_gets_the_rest(void **state)
{
    static const uint64_t turn_us[] = {6400, 300, 5000, 40};
    struct pse_turns t = {0};
    uint64_t had[4] = {0};
    uint64_t all = 0;

    (void)state;
    while (all < 20000000) {
        int lane = pse_turns_next(&t, 0xf);

        assert_in_range(lane, 0, 3);
        pse_turns_spent(&t, (unsigned)lane, turn_us[lane], 0xf);
        had[lane] += turn_us[lane];
        all += turn_us[lane];
    }
    for (size_t i = 1; i < 4; i++)
        assert_in_range(had[i], all * 48 / 1000, all * 52 / 1000);
    assert_true(had[0] >= all * 84 / 100);
}

/* Without the first the second is the first, and the last still has its floor. */
static void the_next_takes_the_place_of_one_that_is_idle(void **state)
{
    struct pse_turns t = {0};
    uint64_t had[4] = {0};

    (void)state;
    for (size_t i = 0; i < 100000; i++) {
        int lane = pse_turns_next(&t, 0xa);

        pse_turns_spent(&t, (unsigned)lane, 100, 0xa);
        had[lane] += 100;
    }
    assert_int_equal(had[0] + had[2], 0);
    assert_in_range(had[3], 480000, 520000);
}

static void nothing_is_saved_up(void **state)
{
    struct pse_turns t = {0};

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        pse_turns_spent(&t, 0, 10000, 0x2); /* lane 2 asks for nothing */
    assert_int_equal(pse_turns_next(&t, 0x5), 0);
    assert_int_equal(pse_turns_next(&t, 0x3), 1);
    assert_true(t.owed_us[1] <= PSE_TURNS_MOST_US); /* and one that waited long is no master */
    pse_turns_spent(&t, 0, UINT64_MAX, 0xf);        /* nor does a clock that jumps break it */
    assert_true(t.owed_us[1] <= PSE_TURNS_MOST_US);
}

/* --- pace --------------------------------------------------------------------------------------
 */

enum { MINUTE = 60000000 };

static void a_quarter_of_a_second_may_wait(void **state)
{
    struct pse_pace p = {0};
    size_t capacity = 0;

    (void)state;
    assert_false(pse_pace_add(&capacity, &p, 64, 6400, 1000));
    assert_false(pse_pace_add(&capacity, &p, 64, 6400, MINUTE));
    assert_int_equal(capacity, 0);
    assert_true(pse_pace_add(&capacity, &p, 64, 6400, MINUTE + 1000));
    assert_int_equal(capacity, 2500); /* 100 us each */
    /* The next minute is judged by itself. */
    assert_false(pse_pace_add(&capacity, &p, 1, 1000, MINUTE + 2000));
    assert_true(pse_pace_add(&capacity, &p, 1, 1000, 2 * MINUTE + 2000));
    assert_int_equal(capacity, 250);
}

static void it_has_bounds(void **state)
{
    struct pse_pace p = {0};
    size_t capacity = 0;

    (void)state;
    assert_false(pse_pace_add(&capacity, &p, 1, 1000000, 1));
    assert_true(pse_pace_add(&capacity, &p, 1, 1000000, MINUTE + 1));
    assert_int_equal(capacity, PSE_PACE_MIN);
    assert_true(pse_pace_add(&capacity, &p, 1000, 1, 2 * MINUTE + 1));
    assert_int_equal(capacity, PSE_PACE_MAX);
    assert_true(pse_pace_add(&capacity, &p, 1000, 0, 3 * MINUTE + 1));
    assert_int_equal(capacity, PSE_PACE_MAX);
    assert_false(pse_pace_add(&capacity, &p, 0, 0, 4 * MINUTE + 1)); /* nothing to judge by */
}

/* --- peers -------------------------------------------------------------------------------------
 */

static uint64_t number(const char *text)
{
    uint64_t n = 99;

    assert_true(pse_peer_parse(&n, pse_span_str(text)));
    return n;
}

static void an_address_is_a_number(void **state)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr none = {.sa_family = AF_UNIX};

    (void)state;
    v4.sin_addr.s_addr = htonl(0xc0000201);
    assert_int_equal(number("192.0.2.1"), pse_peer_number((struct sockaddr *)&v4));
    assert_int_equal(number("::ffff:192.0.2.1"), number("192.0.2.1"));
    assert_int_not_equal(number("192.0.2.2"), number("192.0.2.1"));
    assert_int_equal(inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr), 1);
    assert_int_equal(number("2001:db8::1"), pse_peer_number((struct sockaddr *)&v6));
    assert_int_equal(pse_peer_number(&none), 0);
}

static void a_household_of_ipv6_is_one(void **state)
{
    (void)state;
    assert_int_equal(number("2001:db8::1"), number("2001:db8::ffff:1:2:3"));
    assert_int_not_equal(number("2001:db8::1"), number("2001:db8:0:1::1"));
    assert_int_not_equal(number("::2"), 0);
    assert_int_equal(number("::1"), 0);
    assert_int_equal(number("127.0.0.1"), 0);
    assert_int_not_equal(number("127.0.0.2"), 0);
}

static void what_is_no_address_has_no_number(void **state)
{
    static const char *const bad[] = {"",
                                      "x",
                                      "192.0.2",
                                      "192.0.2.1, 192.0.2.2",
                                      "fe80::1%eth0",
                                      "[::1]",
                                      "192.0.2.1:80",
                                      "::ffff:1:2:3:4:5:6:7:8"};
    char longer[PSE_PEER_TEXT_MAX + 2];
    uint64_t n = 1;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(pse_peer_parse(&n, pse_span_str(bad[i])));
    memset(longer, '1', sizeof longer);
    assert_false(pse_peer_parse(&n, pse_span(longer, sizeof longer)));
    assert_false(pse_peer_parse(&n, pse_span("1.2.3.4\0", 8)));
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_waits_goes_first),
        cmocka_unit_test(nobody_starves_and_the_first_gets_the_rest),
        cmocka_unit_test(the_next_takes_the_place_of_one_that_is_idle),
        cmocka_unit_test(nothing_is_saved_up),
        cmocka_unit_test(a_quarter_of_a_second_may_wait),
        cmocka_unit_test(it_has_bounds),
        cmocka_unit_test(an_address_is_a_number),
        cmocka_unit_test(a_household_of_ipv6_is_one),
        cmocka_unit_test(what_is_no_address_has_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
