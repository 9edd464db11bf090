/* Plurality, approval, yes/no, Borda, d'Hondt on ballots; lots; what the ballots themselves refuse.
 *
 * "Tennessee" is the textbook example of four cities as capital (Memphis, Nashville, Chattanooga,
 * Knoxville; Wikipedia, "Borda count"); other elections are made here and worked by hand. */
#include "count_help.h"

static const char tennessee[] = "4 1\n42 1 2 3 4 0\n26 2 3 4 1 0\n15 3 4 2 1 0\n17 4 3 2 1 0";

static void plurality_takes_first_preferences(void **state)
{
    COUNTED(c);
    (void)state;
    read_ballots(&c, tennessee);
    assert_int_equal(count_by(&c, PSE_RULE_PLURALITY, 0), PSE_OK);
    assert_elected(c, "1");
    assert_ranking(c, "1 | 2 | 4 | 3");
    assert_totals(c, 1, "42 26 15 17");
    assert_int_equal(c.result.ballots, 100);
    assert_int_equal(c.result.ties, 0);
}

static void plurality_of_odd_ballots(void **state)
{
    COUNTED(c);
    (void)state;
    /* Option 3 withdrew: its ballots count for whom they name next. A first rank shared by two who
     * stand counts for nobody; shared with a withdrawn one it counts. Five are blank. */
    read_ballots(&c, "4 1\n-3\n4 3 2 0\n3 1 0\n2 1=2 0\n6 3=4 0\n1 3 0\n5 0");
    assert_int_equal(count_by(&c, PSE_RULE_PLURALITY, 0), PSE_OK);
    assert_totals(c, 1, "3 4 0 6, 8");
    assert_elected(c, "4");
    assert_ranking(c, "4 | 2 | 1");
    assert_int_equal(c.result.ballots, 21);
    assert_int_equal(c.result.valid, 13);
}

static void ties_go_by_lot(void **state)
{
    static const uint8_t zero[64];
    COUNTED(c);
    (void)state;
    /* Three share the last of two seats. SHA-512 of 64 zero bytes, 00000001 and 00000002, ...4,
     * ...5 puts 2 before 4 before 5 (computed apart from this code). */
    read_ballots(&c, "5 2\n9 1 0\n4 2 0\n3 3 0\n4 4 0\n4 5 0");
    assert_int_equal(count_by(&c, PSE_RULE_PLURALITY, 0), PSE_OK);
    assert_elected(c, "1 2");
    assert_ranking(c, "1 | 2 4 5 | 3");
    assert_int_equal(c.result.ties, 1);
    assert_int_equal(c.result.tie[0].way, PSE_WAY_LOT);
    assert_int_equal(c.result.tie[0].lot, 1);
    assert_int_equal(c.result.tie[0].stage, 1);
    assert_string_equal(numbers_text(&c.result.tie[0].order), "2 4 5");
    assert_true(c.result.lots_public);
    assert_int_equal(c.lot.drawn, 1);

    /* A seed of the election is no longer the public one, even of the same bytes. */
    pse_count_lot_seed(&c.lot, zero);
    assert_int_equal(count_by(&c, PSE_RULE_PLURALITY, 0), PSE_OK);
    assert_elected(c, "1 2");
    assert_false(c.result.lots_public);
}

static void lots_are_those_of_the_definition(void **state)
{
    uint8_t seed[64];
    struct pse_count_lot lot;
    uint32_t v[] = {1, 2, 3, 4, 5};
    uint32_t w[] = {31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20};
    struct pse_count_numbers n = {v, 5};
    struct pse_count_numbers m = {w, 12};

    (void)state;
    pse_count_lot_public(&lot);
    assert_int_equal(pse_count_lot_draw(&lot, v, 5), PSE_OK);
    assert_string_equal(numbers_text(&n), "2 1 4 3 5");
    assert_int_equal(pse_count_lot_draw(&lot, v, 5), PSE_OK);
    assert_string_equal(numbers_text(&n), "5 2 3 4 1");
    assert_int_equal(pse_count_lot_draw(&lot, w, 12), PSE_OK);
    assert_string_equal(numbers_text(&m), "31 26 27 21 28 30 25 29 20 22 24 23");
    for (unsigned i = 0; i < 64; i++)
        seed[i] = (uint8_t)i;
    pse_count_lot_seed(&lot, seed);
    assert_int_equal(pse_count_lot_draw(&lot, v, 5), PSE_OK);
    assert_string_equal(numbers_text(&n), "5 3 1 4 2");
}

static void nothing_counts(void **state)
{
    static const enum pse_count_rule all[] = {
        PSE_RULE_PLURALITY, PSE_RULE_APPROVAL,     PSE_RULE_BORDA,   PSE_RULE_SCHULZE,
        PSE_RULE_IRV,       PSE_RULE_STV_SCOTTISH, PSE_RULE_STV_MEEK};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        COUNTED(c);
        read_ballots(&c, "3 1\n7 0");
        assert_int_equal(count_by(&c, all[i], 1), PSE_OK);
        assert_int_equal(c.result.elected.n, 1);
        assert_true(c.result.ties >= 1);
        assert_int_equal(c.result.tie[0].way, PSE_WAY_LOT);
        assert_int_equal(c.result.valid, 0);
        assert_int_equal(c.result.ballots, 7);
    }
}

static void one_option_and_many_seats(void **state)
{
    static const enum pse_count_rule all[] = {PSE_RULE_PLURALITY,    PSE_RULE_APPROVAL,
                                              PSE_RULE_BORDA,        PSE_RULE_SCHULZE,
                                              PSE_RULE_STV_SCOTTISH, PSE_RULE_STV_MEEK};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        COUNTED(c);
        COUNTED(d);
        read_ballots(&c, "1 1\n7 1 0");
        assert_int_equal(count_by(&c, all[i], 0), PSE_OK);
        assert_elected(c, "1");
        assert_int_equal(c.result.ties, 0);
        read_ballots(&d, "3 9\n7 1 0\n1 2 0\n3 3 0");
        assert_int_equal(count_by(&d, all[i], 0), PSE_OK);
        assert_int_equal(d.result.elected.n, 3);
        assert_int_equal(d.result.elected.v[0], 1);
        assert_int_equal(d.result.ties, 0);
    }
}

static void the_most_options(void **state)
{
    static const enum pse_count_rule all[] = {
        PSE_RULE_PLURALITY, PSE_RULE_APPROVAL,     PSE_RULE_BORDA,   PSE_RULE_SCHULZE,
        PSE_RULE_IRV,       PSE_RULE_STV_SCOTTISH, PSE_RULE_STV_MEEK};
    char text[8192];
    int n = snprintf(text, sizeof text, "255 1");

    (void)state;
    /* Option k has 1000 + k votes and k + 1 next on its ballots. */
    for (unsigned k = 1; k <= 255; k++)
        n += snprintf(text + n, sizeof text - (size_t)n, "\n%u %u %u 0", 1000 + k, k, k % 255 + 1);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        COUNTED(c);
        read_ballots(&c, text);
        assert_int_equal(count_by(&c, all[i], 1), PSE_OK);
        assert_int_equal(c.result.elected.n, 1);
        assert_int_equal(c.result.items, 255);
    }
}

static void the_largest_numbers(void **state)
{
    static const enum pse_count_rule all[] = {
        PSE_RULE_PLURALITY, PSE_RULE_APPROVAL,     PSE_RULE_BORDA,   PSE_RULE_SCHULZE,
        PSE_RULE_IRV,       PSE_RULE_STV_SCOTTISH, PSE_RULE_STV_MEEK};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        COUNTED(c);
        /* 2^40 ballots in all */
        read_ballots(&c, "3 1\n549755813888 1 2 3 0\n549755813887 2 3 0\n1 3 2 0");
        assert_int_equal(count_by(&c, all[i], 1), PSE_OK);
        assert_true(c.result.ballots == PSE_COUNT_BALLOTS_MAX);
        assert_int_equal(c.result.elected.n, 1);
    }
    COUNTED(d);
    read_ballots(&d, "3 2\n549755813888 1 2 3 0\n549755813887 2 3 0\n1 3 2 0");
    assert_int_equal(count_by(&d, PSE_RULE_STV_SCOTTISH, 2), PSE_OK);
    assert_elected(d, "1 2");
}

static void approval_counts_every_mark(void **state)
{
    COUNTED(c);
    COUNTED(g);
    (void)state;
    read_ballots(&c, "3 2\n5 1 2 0\n4 2 0\n3 3 1 2 0\n1 0");
    assert_int_equal(count_by(&c, PSE_RULE_APPROVAL, 0), PSE_OK);
    assert_totals(c, 1, "8 12 3, 1");
    assert_elected(c, "2 1");
    /* Of grades only the first approves. */
    read_preflib(&g, "# DATA TYPE: cat\n# NUMBER ALTERNATIVES: 3\n# NUMBER CATEGORIES: 2\n"
                     "5: {1,2},3\n4: {},{1,2,3}\n2: 3,{1,2}\n");
    assert_int_equal(count_by(&g, PSE_RULE_APPROVAL, 0), PSE_OK);
    assert_totals(g, 1, "5 5 2, 4");
    assert_int_equal(g.result.valid, 7);
}

static pse_rc yesno(struct counted *c, uint32_t num, uint32_t den, bool inclusive)
{
    struct pse_count_params p = {
        .majority_num = num, .majority_den = den, .majority_inclusive = inclusive};

    return pse_count_run(&c->result, &c->arena, &c->lot, PSE_RULE_YESNO, &c->ballots, &p);
}

static void yesno_at_its_borders(void **state)
{
    static const struct {
        const char *ballots;
        uint32_t num, den;
        bool inclusive, carried;
    } cases[] = {
        {"2 1\n5 1 0\n5 2 0", 0, 0, false, false},
        {"2 1\n6 1 0\n5 2 0", 0, 0, false, true},
        {"2 1\n5 1 0\n5 2 0", 1, 2, true, true},
        {"3 1\n2 1 0\n1 2 0\n90 3 0", 2, 3, true, true},
        {"3 1\n2 1 0\n1 2 0\n90 3 0", 2, 3, false, false},
        {"3 1\n199 1 0\n100 2 0", 2, 3, true, false},
        {"2 1\n3 1 0", 1, 1, true, true},
        {"2 1\n3 1 0\n1 2 0", 1, 1, true, false},
        {"2 1\n5 0", 1, 2, true, false},
        {"2 1\n5 0", 0, 0, false, false},
        {"2 1\n1099511627775 1 0\n1 2 0", 999999, 1000000, true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        COUNTED(c);
        read_ballots(&c, cases[i].ballots);
        assert_int_equal(yesno(&c, cases[i].num, cases[i].den, cases[i].inclusive), PSE_OK);
        assert_int_equal(c.result.carried, cases[i].carried);
        assert_int_equal(c.result.elected.n, cases[i].carried);
        assert_int_equal(c.result.ties, 0);
    }
}

static void borda_points(void **state)
{
    COUNTED(c);
    COUNTED(d);
    COUNTED(e);
    (void)state;
    read_ballots(&c, tennessee);
    assert_int_equal(count_by(&c, PSE_RULE_BORDA, 0), PSE_OK);
    assert_totals(c, 1, "126.0 194.0 173.0 107.0");
    assert_ranking(c, "2 | 3 | 1 | 4");
    /* One ballot 1 > 2, with 3 and 4 unranked: 3, 2, and (1 + 0) / 2 each. One ballot with 3 and 4
     * equal first: (3 + 2) / 2 each, then 1 and 0 for 1 > 2. A blank one says nothing. */
    read_ballots(&d, "4 1\n1 1 2 0\n1 3=4 1 2 0\n3 0");
    assert_int_equal(count_by(&d, PSE_RULE_BORDA, 0), PSE_OK);
    assert_totals(d, 1, "4.0 2.0 3.0 3.0");
    assert_ranking(d, "1 | 3 4 | 2");
    assert_int_equal(d.result.valid, 2);
    /* Withdrawn options are as if they had never stood: two remain, one point is to be had. */
    read_ballots(&e, "4 1\n-1 -3\n7 1 2 3 4 0\n2 4 0");
    assert_int_equal(count_by(&e, PSE_RULE_BORDA, 0), PSE_OK);
    assert_totals(e, 1, "0.0 7.0 0.0 2.0");
    assert_ranking(e, "2 | 4");
}

/* 230,000 votes and 8 seats: 4, 3, 1, 0 (Wikipedia, "D'Hondt method"). */
static void dhondt_textbook(void **state)
{
    COUNTED(c);
    struct pse_count_params p = {.seats = 8, .threshold_num = 1, .threshold_den = 10};

    (void)state;
    read_ballots(&c, "4 8\n100000 1 0\n80000 2 0\n30000 3 0\n20000 4 0");
    assert_int_equal(count_by(&c, PSE_RULE_DHONDT, 0), PSE_OK);
    assert_elected(c, "1 2 1 2 1 3 2 1");
    assert_int_equal(c.result.stage[7].decimals, 3);
    assert_true(c.result.stage[4].quota == 40000000);
    assert_true(c.result.stage[7].quota == 26666666);
    /* 20,000 of 230,000 is below a tenth; 23,000 would be exactly it. */
    p.seats = 12;
    assert_int_equal(pse_count_run(&c.result, &c.arena, &c.lot, PSE_RULE_DHONDT, &c.ballots, &p),
                     PSE_OK);
    for (size_t i = 0; i < 12; i++)
        assert_int_not_equal(c.result.elected.v[i], 4);
    COUNTED(d);
    read_ballots(&d, "2 9\n90 1 0\n10 2 0");
    p.seats = 9;
    assert_int_equal(pse_count_run(&d.result, &d.arena, &d.lot, PSE_RULE_DHONDT, &d.ballots, &p),
                     PSE_OK);
    /* 90 / 9 = 10 / 1: equal quotients, the larger party first. */
    assert_elected(d, "1 1 1 1 1 1 1 1 1");
    p.seats = 10;
    assert_int_equal(pse_count_run(&d.result, &d.arena, &d.lot, PSE_RULE_DHONDT, &d.ballots, &p),
                     PSE_OK);
    assert_elected(d, "1 1 1 1 1 1 1 1 1 2");
}

static void dhondt_draws_equal_parties(void **state)
{
    COUNTED(c);
    (void)state;
    read_ballots(&c, "3 1\n5 1 0\n5 2 0\n5 3 0");
    assert_int_equal(count_by(&c, PSE_RULE_DHONDT, 2), PSE_OK);
    /* Lot 1 among 1 2 3 gives 2 1 3, lot 2 among 1 3 gives 3 1. */
    assert_elected(c, "2 3");
    assert_int_equal(c.result.ties, 2);
    /* Nobody voted: no seat is filled. */
    COUNTED(d);
    read_ballots(&d, "3 1\n5 0");
    assert_int_equal(count_by(&d, PSE_RULE_DHONDT, 2), PSE_OK);
    assert_int_equal(d.result.elected.n, 0);
}

static void ballots_are_checked(void **state)
{
    static const struct {
        struct pse_count_mark mark[3];
        size_t marks;
        uint64_t count;
        pse_rc rc;
    } bad[] = {
        {{{1, 1}}, 1, 0, PSE_E_RANGE},
        {{{0, 1}}, 1, 1, PSE_E_RANGE},
        {{{4, 1}}, 1, 1, PSE_E_RANGE},
        {{{1, 0}}, 1, 1, PSE_E_RANGE},
        {{{1, 2}, {2, 1}}, 2, 1, PSE_E_RANGE},
        {{{1, 1}, {1, 2}}, 2, 1, PSE_E_DUPLICATE},
        {{{1, 1}, {1, 1}}, 2, 1, PSE_E_DUPLICATE},
        {{{1, 1}}, 1, PSE_COUNT_BALLOTS_MAX + 1, PSE_E_LIMIT},
        {{{1, 1}}, 1, UINT64_MAX, PSE_E_LIMIT},
        {{{1, 1}}, 0, PSE_COUNT_BALLOTS_MAX + 1, PSE_E_LIMIT},
    };
    struct pse_count_mark m[] = {{1, 1}, {2, 2}, {3, 2}};
    PSE_ARENA(arena, MEMORY);
    struct pse_count_ballots b;

    (void)state;
    assert_int_equal(pse_count_ballots_init(&b, &arena, 3, 2, 4), PSE_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(pse_count_ballots_add(&b, bad[i].count, bad[i].mark, bad[i].marks),
                         bad[i].rc);
        assert_int_equal(b.groups, 0);
        assert_int_equal(b.total, 0);
    }
    assert_int_equal(pse_count_ballots_add(&b, PSE_COUNT_BALLOTS_MAX - 1, m, 3), PSE_OK);
    assert_int_equal(pse_count_ballots_add(&b, 2, m, 1), PSE_E_LIMIT);
    assert_int_equal(pse_count_ballots_add(&b, 1, m, 2), PSE_E_LIMIT); /* five marks */
    assert_int_equal(pse_count_ballots_add(&b, 1, m, 1), PSE_OK);
    assert_int_equal(pse_count_ballots_add(&b, 1, m, 1), PSE_E_LIMIT);
    assert_int_equal(pse_count_ballots_init(&b, &arena, 0, 2, 4), PSE_E_LIMIT);
    assert_int_equal(pse_count_ballots_init(&b, &arena, 256, 2, 4), PSE_E_LIMIT);
    assert_int_equal(pse_count_ballots_init(&b, &arena, 2, PSE_COUNT_GROUPS_MAX + 1, 4),
                     PSE_E_LIMIT);
    assert_int_equal(pse_count_ballots_init(&b, &arena, 2, 1u << 23, 4), PSE_E_MEMORY);
    assert_null(b.count);
}

static void rules_refuse_what_they_do_not_count(void **state)
{
    static const char grades[] = "# DATA TYPE: cat\n# NUMBER ALTERNATIVES: 2\n"
                                 "# NUMBER CATEGORIES: 2\n5: 1,2\n";
    static const enum pse_count_rule ungraded[] = {PSE_RULE_PLURALITY, PSE_RULE_YESNO,
                                                   PSE_RULE_DHONDT,    PSE_RULE_IRV,
                                                   PSE_RULE_STV_MEEK,  PSE_RULE_STV_SCOTTISH};
    COUNTED(c);
    COUNTED(g);
    COUNTED(w);
    enum pse_count_rule rule;

    (void)state;
    read_ballots(&c, "2 2\n5 1 0\n3 2 0");
    assert_int_equal(count_by(&c, PSE_RULE_ESTONIA, 1), PSE_E_UNSUPPORTED);
    assert_int_equal(count_by(&c, PSE_RULE_IRV, 0), PSE_E_UNSUPPORTED); /* two seats */
    assert_int_equal(count_by(&c, PSE_RULE_IRV, 2), PSE_E_UNSUPPORTED);
    assert_int_equal(count_by(&c, PSE_RULE_YESNO, 2), PSE_E_UNSUPPORTED);
    assert_int_equal(count_by(&c, PSE_RULE_MAJORITY_JUDGMENT, 1), PSE_E_UNSUPPORTED);
    assert_int_equal(count_by(&c, PSE_RULE_PLURALITY, PSE_COUNT_MANDATES_MAX + 1), PSE_E_RANGE);
    assert_null(c.result.elected.v);
    assert_int_equal(yesno(&c, 3, 2, false), PSE_E_UNSUPPORTED); /* the file has two seats */
    c.ballots.seats = 1;
    assert_int_equal(yesno(&c, 3, 2, false), PSE_E_RANGE);
    assert_int_equal(yesno(&c, 1, 0, false), PSE_E_RANGE);
    read_preflib(&g, grades);
    for (size_t i = 0; i < sizeof ungraded / sizeof *ungraded; i++)
        assert_int_equal(count_by(&g, ungraded[i], 1), PSE_E_UNSUPPORTED);
    read_ballots(&w, "2 1\n-1 -2\n5 1 0");
    assert_int_equal(count_by(&w, PSE_RULE_PLURALITY, 1), PSE_E_RANGE);
    COUNTED(four);
    read_ballots(&four, tennessee);
    assert_int_equal(count_by(&four, PSE_RULE_YESNO, 1), PSE_E_RANGE);
    assert_int_equal(pse_count_rule_find(&rule, pse_span_str("stv")), PSE_E_UNSUPPORTED);
    assert_int_equal(pse_count_rule_find(&rule, pse_span_str("")), PSE_E_UNSUPPORTED);
    assert_int_equal(pse_count_rule_find(&rule, pse_span_str("IRV")), PSE_E_UNSUPPORTED);
    for (enum pse_count_rule i = 0; i < PSE_RULES; i++) {
        assert_int_equal(pse_count_rule_find(&rule, pse_span_str(pse_count_rule_name(i))), PSE_OK);
        assert_int_equal(rule, i);
    }
}

static void totals_make_ballots(void **state)
{
    static const uint64_t votes[] = {4, 0, 6};
    COUNTED(c);

    (void)state;
    assert_int_equal(pse_count_ballots_totals(&c.ballots, &c.arena, votes, 3), PSE_OK);
    assert_int_equal(c.ballots.groups, 2);
    assert_int_equal(count_by(&c, PSE_RULE_PLURALITY, 1), PSE_OK);
    assert_totals(c, 1, "4 0 6");
    assert_elected(c, "3");
}

static void memory_is_bounded(void **state)
{
    COUNTED(c);
    struct pse_count_result r;
    struct pse_count_params p = {0};
    PSE_ARENA(small, 256);

    (void)state;
    read_ballots(&c, tennessee);
    for (enum pse_count_rule i = 0; i < PSE_RULES; i++) {
        if (i == PSE_RULE_YESNO || i == PSE_RULE_ESTONIA || i == PSE_RULE_MAJORITY_JUDGMENT)
            continue;
        assert_int_equal(pse_count_run(&r, &small, &c.lot, i, &c.ballots, &p), PSE_E_MEMORY);
        assert_null(r.stage);
        pse_arena_free(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plurality_takes_first_preferences),
        cmocka_unit_test(plurality_of_odd_ballots),
        cmocka_unit_test(ties_go_by_lot),
        cmocka_unit_test(lots_are_those_of_the_definition),
        cmocka_unit_test(nothing_counts),
        cmocka_unit_test(one_option_and_many_seats),
        cmocka_unit_test(the_most_options),
        cmocka_unit_test(the_largest_numbers),
        cmocka_unit_test(approval_counts_every_mark),
        cmocka_unit_test(yesno_at_its_borders),
        cmocka_unit_test(borda_points),
        cmocka_unit_test(dhondt_textbook),
        cmocka_unit_test(dhondt_draws_equal_parties),
        cmocka_unit_test(ballots_are_checked),
        cmocka_unit_test(rules_refuse_what_they_do_not_count),
        cmocka_unit_test(totals_make_ballots),
        cmocka_unit_test(memory_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
