/* Schulze and majority judgment. */
#include <stdlib.h>

#include "count_help.h"

/* Schulze, "A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent
 * single-winner election method" (2011), example 1: 45 voters, E A C B D. */
static const char schulze_1[] = "5 1\n5 1 3 2 5 4 0\n5 1 4 5 3 2 0\n8 2 5 4 1 3 0\n3 3 1 2 5 4 0\n"
                                "7 3 1 5 2 4 0\n2 3 2 1 4 5 0\n7 4 3 5 2 1 0\n8 5 2 1 4 3 0";

static void schulze_textbook(void **state)
{
    COUNTED(c);
    (void)state;
    read_ballots(&c, schulze_1);
    assert_int_equal(count_by(&c, PSE_RULE_SCHULZE, 0), PSE_OK);
    assert_totals(c, 1, "0 20 26 30 22");
    assert_totals(c, 2, "25 0 16 33 18");
    assert_totals(c, 3, "19 29 0 17 24");
    assert_totals(c, 4, "15 12 28 0 14");
    assert_totals(c, 5, "23 27 21 31 0");
    assert_totals(c, 6, "0 28 28 30 24");
    assert_totals(c, 7, "25 0 28 33 24");
    assert_totals(c, 8, "25 29 0 29 24");
    assert_totals(c, 9, "25 28 28 0 24");
    assert_totals(c, 10, "25 28 28 31 0");
    assert_ranking(c, "5 | 1 | 3 | 2 | 4");
    assert_elected(c, "5");
}

static void schulze_elects_several_and_draws(void **state)
{
    COUNTED(c);
    COUNTED(d);
    (void)state;
    read_ballots(&c, schulze_1);
    assert_int_equal(count_by(&c, PSE_RULE_SCHULZE, 3), PSE_OK);
    assert_elected(c, "5 1 3");
    /* A perfect cycle: all equal. Lot 1 among 1 2 3 is 2 1 3. */
    read_ballots(&d, "3 1\n4 1 2 3 0\n4 2 3 1 0\n4 3 1 2 0");
    assert_int_equal(count_by(&d, PSE_RULE_SCHULZE, 0), PSE_OK);
    assert_ranking(d, "1 2 3");
    assert_elected(d, "2");
    assert_int_equal(d.result.tie[0].way, PSE_WAY_LOT);
}

static void schulze_equal_and_missing_ranks(void **state)
{
    COUNTED(c);
    COUNTED(w);
    (void)state;
    /* Equal ranks prefer neither; what is not ranked is last and equal among itself. */
    read_ballots(&c, "4 1\n5 1=2 3 0\n2 3 0\n1 2 0\n4 0");
    assert_int_equal(count_by(&c, PSE_RULE_SCHULZE, 0), PSE_OK);
    assert_totals(c, 1, "0 0 5 5");
    assert_totals(c, 2, "1 0 6 6");
    assert_totals(c, 3, "2 2 0 7");
    assert_totals(c, 4, "0 0 0 0");
    assert_ranking(c, "2 | 1 | 3 | 4");
    assert_int_equal(c.result.valid, 8);
    /* A withdrawn option carries no path. */
    read_ballots(&w, "3 1\n-2\n5 1 2 3 0\n9 2 3 1 0\n2 3 1 2 0");
    assert_int_equal(count_by(&w, PSE_RULE_SCHULZE, 0), PSE_OK);
    assert_ranking(w, "3 | 1");
    assert_int_equal(w.result.stages, 4);
    /* 1 beats 2 by 13, 2 beats 3 by 12, 3 beats 1 by 11: with 2 the strongest paths favour 1,
     * without it 3 wins. */
    COUNTED(x);
    read_ballots(&x, "3 1\n-2\n7 1 2 3 0\n5 2 3 1 0\n6 3 1 2 0");
    assert_int_equal(count_by(&x, PSE_RULE_SCHULZE, 0), PSE_OK);
    assert_ranking(x, "3 | 1");
    x.ballots.withdrawn[2] = false;
    assert_int_equal(count_by(&x, PSE_RULE_SCHULZE, 0), PSE_OK);
    assert_ranking(x, "1 | 2 | 3");
}

#define CAT(options, grades) \
    "# DATA TYPE: cat\n# NUMBER ALTERNATIVES: " options "\n# NUMBER CATEGORIES: " grades "\n"

static void judgment_by_hand(void **state)
{
    COUNTED(c);
    (void)state;
    /* Option 1: 4 x 1, 5 x 3: median 3. Option 2: 9 x 2. Option 3: 5 x 1, 4 x 3: median 1. */
    read_preflib(&c, CAT("3", "3") "4: {1,3},2,{}\n1: 3,2,1\n4: {},2,{1,3}\n");
    assert_int_equal(count_by(&c, PSE_RULE_MAJORITY_JUDGMENT, 0), PSE_OK);
    assert_totals(c, 1, "4 0 5");
    assert_totals(c, 2, "0 9 0");
    assert_totals(c, 3, "5 0 4");
    assert_int_equal(c.result.stage[3].action, PSE_ACTION_MEDIAN);
    assert_totals(c, 4, "3 2 1");
    assert_ranking(c, "3 | 2 | 1");
    assert_elected(c, "3");
}

static void judgment_of_an_even_number_takes_the_worse_median(void **state)
{
    COUNTED(c);
    (void)state;
    read_preflib(&c, CAT("2", "2") "2: 1,2\n2: 2,1\n");
    assert_int_equal(count_by(&c, PSE_RULE_MAJORITY_JUDGMENT, 0), PSE_OK);
    assert_totals(c, 3, "2 2");
    assert_ranking(c, "1 2");
    assert_int_equal(c.result.ties, 1);
    assert_elected(c, "2"); /* lot 1 among 1 and 2 */
}

static void judgment_without_a_grade_is_the_worst(void **state)
{
    COUNTED(c);
    (void)state;
    read_preflib(&c, CAT("2", "3") "3: {},1\n3: 2\n1: 1,2\n2:\n");
    assert_int_equal(count_by(&c, PSE_RULE_MAJORITY_JUDGMENT, 0), PSE_OK);
    assert_totals(c, 1, "1 3");
    assert_totals(c, 2, "3 1");
    assert_totals(c, 3, "3 3");
    assert_totals(c, 4, "2 2");
    assert_int_equal(c.result.valid, 7);
    /* Medians removed: 1: 2 3 2 3 2 3 1; 2: 2 3 1 ...: the third step tells. */
    assert_ranking(c, "2 | 1");
}

/* The definition itself, one grade removed at a time. */
static void medians(uint8_t *out, const uint8_t *sorted, size_t n)
{
    uint8_t left[64];

    memcpy(left, sorted, n);
    for (size_t i = 0; i < n; i++) {
        size_t size = n - i;
        size_t at = size / 2;

        out[i] = left[at];
        memmove(left + at, left + at + 1, size - at - 1);
    }
}

static int byte_cmp(const void *a, const void *b)
{
    return *(const uint8_t *)a - *(const uint8_t *)b;
}

static void judgment_is_its_definition(void **state)
{
    uint8_t seed[32] = {11};
    struct pse_rng rng;

    (void)state;
    print_message("# seed 11\n");
    pse_rng_init(&rng, seed);
    for (unsigned round = 0; round < 400; round++) {
        size_t n = 1 + pse_rng_below(&rng, 30);
        unsigned grades = 1 + (unsigned)pse_rng_below(&rng, 5);
        uint8_t grade[4][64];
        uint8_t order[4][64];
        COUNTED(c);

        assert_int_equal(pse_count_ballots_init(&c.ballots, &c.arena, 4, 64, 256), PSE_OK);
        c.ballots.grades = (uint16_t)grades;
        for (size_t i = 0; i < n; i++) {
            struct pse_count_mark m[4];
            size_t marks = 0;

            for (uint8_t g = 1; g <= grades; g++)
                for (uint8_t o = 0; o < 4; o++) {
                    if (g == 1)
                        grade[o][i] = (uint8_t)(1 + pse_rng_below(&rng, grades));
                    if (grade[o][i] == g)
                        m[marks++] = (struct pse_count_mark){(uint8_t)(o + 1), g};
                }
            assert_int_equal(pse_count_ballots_add(&c.ballots, 1, m, marks), PSE_OK);
        }
        assert_int_equal(count_by(&c, PSE_RULE_MAJORITY_JUDGMENT, 1), PSE_OK);
        for (size_t o = 0; o < 4; o++) {
            qsort(grade[o], n, 1, byte_cmp);
            medians(order[o], grade[o], n);
        }
        size_t place[5] = {0};
        for (size_t i = 0; i < c.result.ranks; i++)
            for (size_t k = 0; k < c.result.ranking[i].n; k++)
                place[c.result.ranking[i].v[k]] = i;
        for (size_t a = 0; a < 4; a++)
            for (size_t b = 0; b < 4; b++) {
                int cmp = memcmp(order[a], order[b], n);

                assert_int_equal(cmp < 0, place[a + 1] < place[b + 1]);
                assert_int_equal(cmp == 0, place[a + 1] == place[b + 1]);
            }
    }
    pse_rng_wipe(&rng);
}

static void judgment_of_a_country(void **state)
{
    struct pse_count_mark both[] = {{1, 1}, {2, 2}};
    struct pse_count_mark swapped[] = {{2, 1}, {1, 2}};
    COUNTED(c);

    (void)state;
    assert_int_equal(pse_count_ballots_init(&c.ballots, &c.arena, 2, 2, 4), PSE_OK);
    c.ballots.grades = 2;
    assert_int_equal(pse_count_ballots_add(&c.ballots, PSE_COUNT_BALLOTS_MAX / 2 - 1, both, 2),
                     PSE_OK);
    assert_int_equal(pse_count_ballots_add(&c.ballots, PSE_COUNT_BALLOTS_MAX / 2 + 1, swapped, 2),
                     PSE_OK);
    assert_int_equal(count_by(&c, PSE_RULE_MAJORITY_JUDGMENT, 1), PSE_OK);
    assert_ranking(c, "2 | 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schulze_textbook),
        cmocka_unit_test(schulze_elects_several_and_draws),
        cmocka_unit_test(schulze_equal_and_missing_ranks),
        cmocka_unit_test(judgment_by_hand),
        cmocka_unit_test(judgment_of_an_even_number_takes_the_worse_median),
        cmocka_unit_test(judgment_without_a_grade_is_the_worst),
        cmocka_unit_test(judgment_is_its_definition),
        cmocka_unit_test(judgment_of_a_country),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
