/* Levels of brown-out and repeat offenders, on a clock of the test's own. */
#include "test.h"

#include "common/brownout.h"
#include "common/offenders.h"

/* --- set ---------------------------------------------------------------------------------------
 */

static void up_at_once_down_after_thirty_seconds(void **state)
{
    struct brownout_set s = {0};

    (void)state;
    brownout_want(&s, 3, 1000);
    assert_int_equal(brownout_level(&s, 1000), 3);
    brownout_want(&s, 1, 2000);
    assert_int_equal(brownout_level(&s, 30999), 3);
    assert_int_equal(brownout_level(&s, 31000), 1);
    brownout_want(&s, 0, 32000); /* the fall was a change, too */
    assert_int_equal(brownout_level(&s, 60999), 1);
    assert_int_equal(brownout_level(&s, 61000), 0);
}

static void a_higher_wish_undoes_a_lower_one(void **state)
{
    struct brownout_set s = {0};

    (void)state;
    brownout_want(&s, 2, 0);
    brownout_want(&s, 0, 1000);
    brownout_want(&s, 2, 2000);
    assert_int_equal(brownout_level(&s, 100000), 2);
    brownout_want(&s, 4, 100000);
    brownout_want(&s, 0, 100001);
    brownout_want(&s, 3, 100002);
    assert_int_equal(brownout_level(&s, 129999), 4);
    assert_int_equal(brownout_level(&s, 130000), 3);
}

/* --- measured ----------------------------------------------------------------------------------
 */

/* @p seconds of it, one look a second. */
static uint8_t load(struct brownout_load *b, int64_t *now, unsigned full, unsigned seconds)
{
    uint8_t level = b->level;

    for (unsigned i = 0; i < seconds; i++) {
        *now += 1000;
        level = brownout_measure(b, full, *now);
    }
    return level;
}

static void three_seconds_of_overload_a_step(void **state)
{
    struct brownout_load b = {.max = 3};
    int64_t now = 50000;

    (void)state;
    assert_int_equal(load(&b, &now, 0, 5), 0);
    assert_int_equal(load(&b, &now, 1000, 3), 0);
    assert_int_equal(load(&b, &now, 1000, 1), 1);
    assert_int_equal(load(&b, &now, 1000, 2), 1);
    assert_int_equal(load(&b, &now, 1000, 1), 2);
    assert_int_equal(load(&b, &now, 1000, 100), 3); /* and no further than it may */
}

static void a_moment_is_no_overload(void **state)
{
    struct brownout_load b = {.max = 4};
    int64_t now = 0;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(load(&b, &now, BROWNOUT_OVER, 3), 0);
        assert_int_equal(load(&b, &now, BROWNOUT_OVER - 1, 1), 0);
    }
}

static void thirty_seconds_of_calm_a_step_down(void **state)
{
    struct brownout_load b = {.max = 2};
    int64_t now = 0;

    (void)state;
    assert_int_equal(load(&b, &now, 900, 30), 2);
    assert_int_equal(load(&b, &now, 500, 600), 2); /* neither */
    assert_int_equal(load(&b, &now, 0, 30), 2);
    assert_int_equal(load(&b, &now, 0, 1), 1);
    assert_int_equal(load(&b, &now, BROWNOUT_CALM, 1), 1); /* disturbed: from the beginning */
    assert_int_equal(load(&b, &now, 0, 30), 1);
    assert_int_equal(load(&b, &now, 0, 1), 0);
    assert_int_equal(load(&b, &now, 0, 100), 0);
}

/* Whatever comes: no two changes of direction within thirty seconds. Every load for a second. */
static void it_never_swings(void **state)
{
    struct brownout_load b = {.max = 4};
    int64_t now = 0;
    int64_t last_up = 0;
    uint32_t seed = 7;
    uint8_t before = 0;

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        unsigned full = (seed = seed * 1664525 + 1013904223) >> 16 & 0x3ff;
        uint8_t level = load(&b, &now, i % 97 < 60 ? full / 4 : 700 + full / 3, 1);

        if (level > before)
            last_up = now;
        else if (level < before)
            assert_true(now - last_up >= BROWNOUT_HOLD_MS);
        before = level;
    }
}

static void nothing_by_itself_when_it_may_not(void **state)
{
    struct brownout_load b = {.max = 0};
    int64_t now = 0;

    (void)state;
    assert_int_equal(load(&b, &now, 1000, 1000), 0);
}

/* --- offenders ---------------------------------------------------------------------------------
 */

static struct offenders table;

static void twice_makes_an_offender_for_ten_minutes(void **state)
{
    (void)state;
    table = (struct offenders){.seed = 5};
    assert_false(offenders_is(&table, 77, 1000));
    offenders_strike(&table, 77, 1000);
    assert_false(offenders_is(&table, 77, 1000));
    offenders_strike(&table, 77, 2000);
    assert_true(offenders_is(&table, 77, 2000));
    assert_false(offenders_is(&table, 78, 2000));
    assert_true(offenders_is(&table, 77, 2000 + OFFENDERS_FORGET_MS - 1));
    assert_false(offenders_is(&table, 77, 2000 + OFFENDERS_FORGET_MS));
    offenders_strike(&table, 77, 2000 + OFFENDERS_FORGET_MS); /* begins anew */
    assert_false(offenders_is(&table, 77, 2000 + OFFENDERS_FORGET_MS));
}

static void nobody_is_no_offender(void **state)
{
    (void)state;
    table = (struct offenders){.seed = 5};
    for (unsigned i = 0; i < 10; i++)
        offenders_strike(&table, 0, i);
    assert_false(offenders_is(&table, 0, 10));
}

static void a_flood_of_names_makes_nobody_one(void **state)
{
    (void)state;
    table = (struct offenders){.seed = 0x1234};
    for (uint64_t who = 1; who <= 100000; who++)
        offenders_strike(&table, who, (int64_t)who);
    for (uint64_t who = 1; who <= 100000; who++)
        assert_false(offenders_is(&table, who, 100000));
    offenders_strike(&table, UINT64_MAX, 100001);
    offenders_strike(&table, UINT64_MAX, 100002);
    assert_true(offenders_is(&table, UINT64_MAX, 100002));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(up_at_once_down_after_thirty_seconds),
        cmocka_unit_test(a_higher_wish_undoes_a_lower_one),
        cmocka_unit_test(three_seconds_of_overload_a_step),
        cmocka_unit_test(a_moment_is_no_overload),
        cmocka_unit_test(thirty_seconds_of_calm_a_step_down),
        cmocka_unit_test(it_never_swings),
        cmocka_unit_test(nothing_by_itself_when_it_may_not),
        cmocka_unit_test(twice_makes_an_offender_for_ten_minutes),
        cmocka_unit_test(nobody_is_no_offender),
        cmocka_unit_test(a_flood_of_names_makes_nobody_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
