/* Instant run-off, Scottish and Meek transferable votes. Elections made here, worked by hand;
 * "Tennessee" as in count_simple.c (Wikipedia, "Instant-runoff voting": Knoxville wins). */
#include "count_help.h"

static const char tennessee[] = "4 1\n42 1 2 3 4 0\n26 2 3 4 1 0\n15 3 4 2 1 0\n17 4 3 2 1 0";

static void irv_textbook(void **state)
{
    COUNTED(c);
    (void)state;
    read_ballots(&c, tennessee);
    assert_int_equal(count_by(&c, PSE_RULE_IRV, 0), PSE_OK);
    assert_int_equal(c.result.stages, 3);
    assert_totals(c, 1, "42 26 15 17");
    assert_totals(c, 2, "42 26 0 32");
    assert_totals(c, 3, "42 0 0 58");
    assert_elected(c, "4");
    assert_ranking(c, "4 | 1 | 2 | 3");
    assert_int_equal(c.result.stage[1].subject, 3);
    assert_string_equal(numbers_text(&c.result.stage[1].excluded), "3");
    assert_int_equal(c.result.ties, 0);
}

static void irv_needs_more_than_half(void **state)
{
    COUNTED(c);
    COUNTED(d);
    (void)state;
    /* Exactly half is not enough; the third option decides. */
    read_ballots(&c, "3 1\n6 1 0\n5 2 0\n1 3 2 0");
    assert_int_equal(count_by(&c, PSE_RULE_IRV, 0), PSE_OK);
    assert_int_equal(c.result.ties, 1); /* 6 against 6 at the end: stage 1 tells */
    assert_int_equal(c.result.tie[0].way, PSE_WAY_EARLIER);
    assert_int_equal(c.result.tie[0].earlier, 1);
    assert_elected(c, "1");
    /* Seven of twelve is. */
    read_ballots(&d, "3 1\n7 1 0\n4 2 0\n1 3 2 0");
    assert_int_equal(count_by(&d, PSE_RULE_IRV, 0), PSE_OK);
    assert_int_equal(d.result.stages, 1);
    assert_ranking(d, "1 | 2 | 3");
}

/* The exclusion of one of two equal ones looks at the most recent stage that told them apart. */
static void irv_ties_look_back(void **state)
{
    COUNTED(c);
    COUNTED(d);
    (void)state;
    /* 10, 6, 5, 1: option 4 goes to 3, then 2 and 3 have 6 each; at stage 1 3 had fewer. */
    read_ballots(&c, "4 1\n10 1 0\n6 2 0\n5 3 0\n1 4 3 0");
    assert_int_equal(count_by(&c, PSE_RULE_IRV, 0), PSE_OK);
    assert_int_equal(c.result.ties, 1);
    assert_int_equal(c.result.tie[0].stage, 2);
    assert_int_equal(c.result.tie[0].way, PSE_WAY_EARLIER);
    assert_string_equal(numbers_text(&c.result.tie[0].order), "2 3");
    assert_int_equal(c.result.stage[2].subject, 3);
    assert_elected(c, "1");
    /* Equal from the start: lot 1 among 2 and 3 prefers 2, so 3 is excluded. */
    read_ballots(&d, "3 1\n10 1 2 0\n6 2 0\n6 3 1 0");
    assert_int_equal(count_by(&d, PSE_RULE_IRV, 0), PSE_OK);
    assert_int_equal(d.result.tie[0].way, PSE_WAY_LOT);
    assert_string_equal(numbers_text(&d.result.tie[0].order), "2 3");
    assert_int_equal(d.result.stage[1].subject, 3);
    assert_elected(d, "1");
}

/* A ballot ends where two who stand share a rank, and goes on where all but one are out. */
static void irv_shared_ranks(void **state)
{
    COUNTED(c);
    (void)state;
    /* 3 is excluded first: `4 2=3 1` ... its rank holds 2 alone then. `3 1=2` ends. */
    read_ballots(&c, "4 1\n10 1 0\n8 2 0\n2 3 1=2 0\n5 4 2=3 1 0\n3 1=2 0\n2 4 2=3 0");
    assert_int_equal(count_by(&c, PSE_RULE_IRV, 0), PSE_OK);
    assert_totals(c, 1, "10 8 2 7, 3");
    assert_totals(c, 2, "10 8 0 7, 5");
    assert_totals(c, 3, "10 15 0 0, 5");
    assert_elected(c, "2");
    assert_int_equal(c.result.valid, 27);
}

static void irv_all_exhaust(void **state)
{
    COUNTED(c);
    (void)state;
    read_ballots(&c, "3 1\n4 1 0\n3 2 0\n2 3 0\n1 0");
    assert_int_equal(count_by(&c, PSE_RULE_IRV, 0), PSE_OK);
    assert_totals(c, 1, "4 3 2, 1");
    assert_totals(c, 2, "4 3 0, 3");
    assert_elected(c, "1");
    assert_int_equal(c.result.stages, 2);
}

/* 24 ballots, 2 seats: quota 24 / 3 + 1 = 9. Option 1 has a surplus of 6 over 15 papers: 0.4 each.
 * 4 is excluded, then 2, and 3 fills the last vacancy. */
static void scottish_by_hand(void **state)
{
    COUNTED(c);
    (void)state;
    read_ballots(&c, "4 2\n10 1 2 0\n5 1 3 0\n3 2 0\n4 3 0\n2 4 3 0");
    assert_int_equal(count_by(&c, PSE_RULE_STV_SCOTTISH, 0), PSE_OK);
    assert_true(c.result.stage[0].quota == 900000);
    assert_totals(c, 1, "15.00000 3.00000 4.00000 2.00000");
    assert_totals(c, 2, "9.00000 7.00000 6.00000 2.00000");
    assert_totals(c, 3, "9.00000 7.00000 8.00000 0.00000");
    assert_totals(c, 4, "9.00000 0.00000 8.00000 0.00000, 7.00000");
    assert_int_equal(c.result.stage[1].action, PSE_ACTION_SURPLUS);
    assert_int_equal(c.result.stage[2].action, PSE_ACTION_EXCLUSION);
    assert_int_equal(c.result.stage[4].action, PSE_ACTION_LAST);
    assert_int_equal(c.result.stages, 5);
    assert_elected(c, "1 3");
    assert_ranking(c, "1 | 3 | 2 | 4");
}

/* 60 ballots, 3 seats: quota 16. Option 1: surplus 8 of 24, 8/24 = 0.33333|3 truncated; option 2
 * gets 24 * 0.33333 = 7.99992 and has 21.99992, surplus 5.99992. Papers of value 0.33333 go on at
 * 5.99992 * 0.33333 / 21.99992 = 0.09090|7, those of value 1 at 0.27272|4. */
static void scottish_truncates_each_paper(void **state)
{
    COUNTED(c);
    (void)state;
    read_ballots(&c, "4 3\n24 1 2 3 0\n14 2 3 0\n12 3 0\n10 4 0");
    assert_int_equal(count_by(&c, PSE_RULE_STV_SCOTTISH, 0), PSE_OK);
    assert_totals(c, 2, "16.00000 21.99992 12.00000 10.00000, 0.00008");
    assert_totals(c, 3, "16.00000 16.00000 17.99968 10.00000, 0.00032");
    assert_elected(c, "1 2 3");
    assert_int_equal(c.result.stages, 3);
}

static void scottish_quota_is_reached_exactly(void **state)
{
    COUNTED(c);
    (void)state;
    /* 20 ballots, 1 seat: quota 11. */
    read_ballots(&c, "2 1\n11 1 0\n9 2 0");
    assert_int_equal(count_by(&c, PSE_RULE_STV_SCOTTISH, 0), PSE_OK);
    assert_true(c.result.stage[0].quota == 1100000);
    assert_elected(c, "1");
    assert_int_equal(c.result.stages, 1);
    /* Blank ballots and shared first ranks are no valid votes and leave the quota alone. */
    COUNTED(d);
    read_ballots(&d, "2 1\n11 1 0\n9 2 0\n5 0\n7 1=2 0");
    assert_int_equal(count_by(&d, PSE_RULE_STV_SCOTTISH, 0), PSE_OK);
    assert_true(d.result.stage[0].quota == 1100000);
    assert_int_equal(d.result.valid, 20);
}

/* Two surpluses of 4: at stage 1 nothing tells, so lot 1 among 1 and 2 (which prefers 2). */
static void scottish_equal_surpluses_by_lot(void **state)
{
    COUNTED(c);
    (void)state;
    /* 39 ballots, 3 seats: quota 10. */
    read_ballots(&c, "5 3\n14 1 3 0\n14 2 4 0\n5 3 0\n4 4 0\n2 5 0");
    assert_int_equal(count_by(&c, PSE_RULE_STV_SCOTTISH, 0), PSE_OK);
    assert_int_equal(c.result.tie[0].way, PSE_WAY_LOT);
    assert_string_equal(numbers_text(&c.result.tie[0].order), "2 1");
    assert_int_equal(c.result.stage[1].subject, 2);
    assert_int_equal(c.result.stage[2].subject, 1);
    /* 4 / 14 = 0.28571: 14 papers carry 3.99994 */
    assert_totals(c, 3, "10.00000 10.00000 8.99994 7.99994 2.00000, 0.00012");
    assert_elected(c, "1 2 3");
}

static void scottish_withdrawn_and_few(void **state)
{
    COUNTED(c);
    COUNTED(d);
    (void)state;
    read_ballots(&c, "4 2\n-1\n10 1 2 0\n3 3 0\n2 4 0");
    assert_int_equal(count_by(&c, PSE_RULE_STV_SCOTTISH, 0), PSE_OK);
    assert_totals(c, 1, "0.00000 10.00000 3.00000 2.00000");
    assert_elected(c, "2 3");
    assert_ranking(c, "2 | 3 | 4");
    /* As many as vacancies: elected without a transfer. */
    read_ballots(&d, "2 2\n10 1 2 0");
    assert_int_equal(count_by(&d, PSE_RULE_STV_SCOTTISH, 0), PSE_OK);
    assert_elected(d, "1 2");
    assert_int_equal(d.result.stage[1].action, PSE_ACTION_LAST);
}

/* Three equal lowest: the most recent stage parts one from two, an earlier one those two. */
static void scottish_ties_narrow(void **state)
{
    COUNTED(d);
    (void)state;
    /* First: 40 9 9 8 5 2 30. 6 goes: 2 gets 10, 4 gets 9. 5 goes: 2, 3 and 4 get 11. At stage 2
     * they had 10, 9, 9, which leaves 3 and 4, and at stage 1 4 had 8. */
    read_ballots(&d, "7 1\n40 1 0\n9 2 0\n9 3 0\n8 4 0\n2 5 3 0\n1 6 4 0\n2 5 4 0\n"
                     "1 6 2 0\n1 5 2 0\n30 7 0");
    assert_int_equal(count_by(&d, PSE_RULE_STV_SCOTTISH, 1), PSE_OK);
    assert_totals(d, 3, "40.00000 11.00000 11.00000 11.00000 0.00000 0.00000 30.00000");
    assert_int_equal(d.result.tie[0].way, PSE_WAY_EARLIER);
    assert_int_equal(d.result.tie[0].stage, 3);
    assert_int_equal(d.result.tie[0].earlier, 1);
    assert_int_equal(d.result.stage[3].subject, 4);
}

/* Stage 3: 2 and 3 have 11 each. At stage 2 2 had 9 and 3 had 10; at stage 1 it was 9 and 8. The
 * more recent stage counts, so 2 goes. */
static void scottish_ties_take_the_most_recent_stage(void **state)
{
    COUNTED(c);
    (void)state;
    read_ballots(&c, "6 1\n40 1 0\n9 2 0\n8 3 0\n30 4 0\n2 5 3 0\n2 6 2 0\n1 6 3 0");
    assert_int_equal(count_by(&c, PSE_RULE_STV_SCOTTISH, 0), PSE_OK);
    assert_totals(c, 2, "40.00000 9.00000 10.00000 30.00000 0.00000 3.00000");
    assert_totals(c, 3, "40.00000 11.00000 11.00000 30.00000 0.00000 0.00000");
    assert_int_equal(c.result.tie[0].earlier, 2);
    assert_string_equal(numbers_text(&c.result.tie[0].order), "3 2");
    assert_int_equal(c.result.stage[3].subject, 2);
}

/* Options whose totals differ by less than the surplus that is left over are equal: 4 stands at 22
 * and 2 at 21.999999876, with 1.24e-7 or more still on its way. The first stage parts them: 15
 * against 12, so 4 goes. */
static void meek_parts_the_nearly_equal_by_the_first_stage(void **state)
{
    COUNTED(c);
    (void)state;
    read_ballots(&c, "4 2\n15 2 4 0\n10 1 4 0\n18 3 2 0\n12 4 0\n18 3 0");
    assert_int_equal(count_by(&c, PSE_RULE_STV_MEEK, 0), PSE_OK);
    assert_elected(c, "3 2");
    assert_int_equal(c.result.tie[0].way, PSE_WAY_EARLIER);
    assert_int_equal(c.result.tie[0].earlier, 1);
    assert_string_equal(numbers_text(&c.result.tie[0].order), "2 4");
}

/* 100 ballots, 2 seats. Option 1 keeps 33.33333336 of its 60; the quota is sum / 3 + 10^-9. Keep
 * value: ceil(33.333333334 / 60) = 0.555555556 at nine decimals. */
static void meek_by_hand(void **state)
{
    COUNTED(c);
    (void)state;
    read_ballots(&c, "3 2\n60 1 2 0\n20 2 0\n20 3 0");
    assert_int_equal(count_by(&c, PSE_RULE_STV_MEEK, 0), PSE_OK);
    assert_int_equal(c.result.stages, 2);
    assert_true(c.result.stage[0].quota == UINT64_C(33333333334));
    assert_totals(c, 1, "60.000000000 20.000000000 20.000000000");
    assert_totals(c, 2, "33.333333360 46.666666640 20.000000000");
    assert_elected(c, "1 2");
    assert_ranking(c, "1 | 2 | 3");
}

/* Ballots that end with the elected lower the quota: 60 ballots for 1 alone, 21 for 2, 19 for 3 and
 * two seats. Where 1 keeps all it can, quota q = (60k + 40) / 3 and 60k = q: k = 1/3, q = 20. */
static void meek_lowers_the_quota(void **state)
{
    COUNTED(c);
    (void)state;
    read_ballots(&c, "3 2\n60 1 0\n21 2 0\n19 3 0");
    assert_int_equal(count_by(&c, PSE_RULE_STV_MEEK, 0), PSE_OK);
    assert_elected(c, "1 2");
    assert_int_equal(c.result.stage[1].elected.n, 1);
    assert_true(c.result.stage[1].quota <= UINT64_C(21000000000));
    assert_true(c.result.stage[1].rest > UINT64_C(30000000000));
}

static void meek_excludes_and_fills(void **state)
{
    COUNTED(c);
    COUNTED(d);
    (void)state;
    /* Nobody has the quota of 8.5: 3 goes and helps 2. */
    read_ballots(&c, "3 1\n8 1 0\n6 2 0\n3 3 2 0");
    assert_int_equal(count_by(&c, PSE_RULE_STV_MEEK, 0), PSE_OK);
    assert_elected(c, "2");
    assert_ranking(c, "2 | 1 | 3");
    /* Equal lowest ones: the first stage at which they differ, here none: lot 1 of 2 and 3 keeps
     * 2. */
    read_ballots(&d, "3 1\n8 1 0\n6 2 0\n6 3 0");
    assert_int_equal(count_by(&d, PSE_RULE_STV_MEEK, 0), PSE_OK);
    assert_int_equal(d.result.tie[0].way, PSE_WAY_LOT);
    assert_string_equal(numbers_text(&d.result.tie[0].order), "2 3");
    assert_elected(d, "1");
}

/* Totals and rest make up all ballots at every stage of every rule. */
static void nothing_is_lost(void **state)
{
    static const enum pse_count_rule rules[] = {PSE_RULE_IRV, PSE_RULE_STV_SCOTTISH,
                                                PSE_RULE_STV_MEEK};
    uint8_t seed[32] = {7};
    struct pse_rng rng;

    (void)state;
    pse_rng_init(&rng, seed);
    print_message("# seed 7\n");
    for (unsigned round = 0; round < 300; round++) {
        enum pse_count_rule rule = rules[round % 3];
        size_t options = 2 + pse_rng_below(&rng, 9);
        COUNTED(c);

        assert_int_equal(pse_count_ballots_init(&c.ballots, &c.arena, options, 60, 600), PSE_OK);
        for (unsigned g = 0; g < 60; g++) {
            struct pse_count_mark m[10];
            bool used[11] = {false};
            size_t n = pse_rng_below(&rng, options + 1);
            uint8_t rank = 1;

            for (size_t i = 0; i < n; i++) {
                uint8_t o;

                do
                    o = (uint8_t)(1 + pse_rng_below(&rng, options));
                while (used[o]);
                used[o] = true;
                m[i] = (struct pse_count_mark){o, rank};
                rank = (uint8_t)(rank + (pse_rng_below(&rng, 5) > 0));
            }
            assert_int_equal(pse_count_ballots_add(&c.ballots, 1 + pse_rng_below(&rng, 50), m, n),
                             PSE_OK);
        }
        uint32_t seats = rule == PSE_RULE_IRV ? 1 : (uint32_t)(1 + pse_rng_below(&rng, options));
        assert_int_equal(count_by(&c, rule, seats), PSE_OK);
        assert_int_equal(c.result.elected.n, seats);
        pse_u128 unit = 1;
        for (unsigned i = 0; i < c.result.decimals; i++)
            unit *= 10;
        for (size_t s = 0; s < c.result.stages; s++) {
            pse_u128 sum = c.result.stage[s].rest;

            for (size_t o = 0; o < options; o++)
                sum += c.result.stage[s].total[o];
            assert_true(sum == c.result.ballots * unit);
        }
        size_t ranked = 0;
        for (size_t i = 0; i < c.result.ranks; i++)
            ranked += c.result.ranking[i].n;
        assert_int_equal(ranked, options);
    }
    pse_rng_wipe(&rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(irv_textbook),
        cmocka_unit_test(irv_needs_more_than_half),
        cmocka_unit_test(irv_ties_look_back),
        cmocka_unit_test(irv_shared_ranks),
        cmocka_unit_test(irv_all_exhaust),
        cmocka_unit_test(scottish_by_hand),
        cmocka_unit_test(scottish_truncates_each_paper),
        cmocka_unit_test(scottish_quota_is_reached_exactly),
        cmocka_unit_test(scottish_equal_surpluses_by_lot),
        cmocka_unit_test(scottish_withdrawn_and_few),
        cmocka_unit_test(scottish_ties_narrow),
        cmocka_unit_test(scottish_ties_take_the_most_recent_stage),
        cmocka_unit_test(meek_parts_the_nearly_equal_by_the_first_stage),
        cmocka_unit_test(meek_by_hand),
        cmocka_unit_test(meek_lowers_the_quota),
        cmocka_unit_test(meek_excludes_and_fills),
        cmocka_unit_test(nothing_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
