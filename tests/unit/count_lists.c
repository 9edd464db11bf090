/* Rules by lists: d'Hondt and plurality by constituency, Estonia. Elections made here and worked by
 * hand. */
#include "count/room.h"
#include "count_help.h"

#define HEAD   "constituency,candidate_number,party,votes\n"
#define LISTED "constituency,candidate_number,party,votes,list\n"

static const char *party_seats(const struct counted *c)
{
    static uint32_t v[64];
    struct pse_count_numbers n = {v, c->result.items};

    for (size_t i = 0; i < n.n; i++)
        v[i] = c->result.party_seats[i];
    return numbers_text(&n);
}

static void divisors_compare_without_rounding(void **state)
{
    (void)state;
    assert_int_equal(pse_estonia_cmp(1, 1, 1, 1), 0);
    assert_int_equal(pse_estonia_cmp(2, 1, 1, 1), 1);
    assert_int_equal(pse_estonia_cmp(0, 1, 0, 9), 0);
    assert_int_equal(pse_estonia_cmp(0, 1, 1, 9), -1);
    /* 1024^0.9 = 512 exactly. */
    assert_int_equal(pse_estonia_cmp(512, 1024, 1, 1), 0);
    assert_int_equal(pse_estonia_cmp(511, 1024, 1, 1), -1);
    assert_int_equal(pse_estonia_cmp(513, 1024, 1, 1), 1);
    /* 2^0.9 = 1.86606598307361...: 10^12 and its neighbours. */
    assert_int_equal(pse_estonia_cmp(1866065983073, 2, 1000000000000, 1), -1);
    assert_int_equal(pse_estonia_cmp(UINT64_C(1) << 40, 10000, UINT64_C(1) << 40, 9999), -1);
    assert_true(pse_estonia_figure(1000, 1) == 1000000);
    assert_true(pse_estonia_figure(512, 1024) == 1000);
    assert_true(pse_estonia_figure(511, 1024) == 998);
    assert_true(pse_estonia_figure(0, 3) == 0);
    assert_true(pse_estonia_figure(1866066, 2) == 1000000009);
    assert_true(pse_estonia_figure(190632, 37) == 7392890);
    assert_true(pse_estonia_figure(PSE_COUNT_BALLOTS_MAX, 1) == PSE_COUNT_BALLOTS_MAX * 1000);
}

/* North: 400 votes, 4 mandates, quota 100. A has 175: one personal mandate at exactly the quota,
 * and one more for a remainder of exactly 75 %. C has one in person, B and D none. South: 200
 * votes, 2 mandates, quota 100: B has 120, one. D has exactly 5 % of 600 votes, E 29 is below.
 * Two are left: B 194 / 2^0.9 = 103.96, then A 225 / 3^0.9 = 83.71. */
#define NORTH                                                                           \
    "North,101,A,100\nNorth,102,A,60\nNorth,103,A,15\nNorth,201,B,40\nNorth,202,B,34\n" \
    "North,301,C,101\nNorth,302,C,20\nNorth,401,D,30\n"
#define SOUTH "South,111,A,50\nSouth,211,B,70\nSouth,212,B,50\nSouth,511,E,29\nSouth,900,,1\n"
static const char estonia[] = HEAD NORTH SOUTH;
static const char mandates[] = "constituency,mandates\nNorth,4\nSouth,2\n";

static void estonia_by_hand(void **state)
{
    COUNTED(c);
    (void)state;
    read_counts(&c, estonia, mandates);
    assert_int_equal(count_lists(&c, PSE_RULE_ESTONIA, 0), PSE_OK);
    assert_elected(c, "301 101 102 211 212 111");
    assert_string_equal(party_seats(&c), "3 2 1 0 0");
    assert_int_equal(c.result.seat[0].kind, PSE_ACTION_PERSONAL);
    assert_int_equal(c.result.seat[2].kind, PSE_ACTION_DISTRICT);
    assert_int_equal(c.result.seat[5].kind, PSE_ACTION_COMPENSATION);
    assert_int_equal(c.result.stages, 6);
    assert_true(c.result.stage[0].quota == 100000);
    assert_true(c.result.stage[4].quota == 103962);
    assert_true(c.result.stage[5].quota == 83709);
    assert_int_equal(c.result.ties, 0);
    assert_int_equal(c.result.seats, 6);
    assert_int_equal(c.result.ballots, 600);
}

static void estonia_takes_the_national_list(void **state)
{
    COUNTED(c);
    (void)state;
    /* B's list: 202 (34 votes, at least 5 % of 100) stands before 212. A's: 103 before 111. */
    read_counts(&c,
                LISTED "North,101,A,100,9\nNorth,102,A,60,8\nNorth,103,A,15,1\n"
                       "North,201,B,40,5\nNorth,202,B,34,2\nNorth,301,C,101,1\nNorth,302,C,20,2\n"
                       "North,401,D,30,1\nSouth,111,A,50,2\nSouth,211,B,70,4\nSouth,212,B,50,3\n"
                       "South,511,E,29,1\nSouth,900,,1,\n",
                mandates);
    assert_int_equal(count_lists(&c, PSE_RULE_ESTONIA, 0), PSE_OK);
    assert_elected(c, "301 101 102 211 202 103");
}

static void estonia_just_below_each_border(void **state)
{
    static const struct {
        const char *rows, *seats, *elected;
    } cases[] = {
        /* 99 of a quota of 100 is no personal mandate; A still has 2 district mandates. */
        {"North,101,A,99\nNorth,102,A,61\nNorth,103,A,15\nNorth,201,B,40\nNorth,202,B,34\n"
         "North,301,C,101\nNorth,302,C,20\nNorth,401,D,30\n" SOUTH,
         "3 2 1 0 0", "301 101 102 211 212 111"},
        /* A remainder of 74 gives nothing, B's 75 votes exactly 75 %. Two are left for A: 224 /
         * 2^0.9 = 120.0, then 224 / 3^0.9 = 83.3 against B's 195 / 3^0.9 = 72.5. */
        {"North,101,A,100\nNorth,102,A,59\nNorth,103,A,15\nNorth,201,B,41\nNorth,202,B,34\n"
         "North,301,C,101\nNorth,302,C,20\nNorth,401,D,30\n" SOUTH,
         "3 2 1 0 0", "301 101 201 211 102 111"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        COUNTED(c);

        (void)snprintf(text, sizeof text, "%s%s", HEAD, cases[i].rows);
        read_counts(&c, text, mandates);
        assert_int_equal(count_lists(&c, PSE_RULE_ESTONIA, 0), PSE_OK);
        assert_string_equal(party_seats(&c), cases[i].seats);
        assert_elected(c, cases[i].elected);
    }
}

/* Where D's 30 votes are exactly 5 % it takes part: with enough mandates left it gets one; with 29
 * of 600 it does not. */
static void estonia_threshold(void **state)
{
    static const char *const with[] = {"North,1,A,570\nNorth,2,D,30\n",
                                       "North,1,A,571\nNorth,2,D,29\n"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char text[256];
        COUNTED(c);

        (void)snprintf(text, sizeof text, "%s%s", HEAD, with[i]);
        /* Quota 300 with two mandates: A 1 in person, its 270 or 271 left give one more (75 % is
         * 225), for which it has nobody. */
        read_counts(&c, text, "constituency,mandates\nNorth,2\n");
        assert_int_equal(count_lists(&c, PSE_RULE_ESTONIA, 0), PSE_OK);
        assert_elected(c, i == 0 ? "1 2" : "1");
    }
}

/* Quota 100. A's list has one candidate with exactly 10 % of it, B's none: B's mandate becomes a
 * compensation mandate, and B's figure 100 / 1 beats A's 100 / 2^0.9. Nine votes are at least 5 %;
 * the tie among ten of them is drawn. */
static void estonia_ten_per_cent(void **state)
{
    char text[1024] = HEAD;
    size_t n = strlen(text);
    COUNTED(c);

    (void)state;
    n += (size_t)snprintf(text + n, sizeof text - n, "X,1,A,10\n");
    for (unsigned i = 2; i <= 11; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "X,%u,A,9\n", i);
    n += (size_t)snprintf(text + n, sizeof text - n, "X,20,B,1\n");
    for (unsigned i = 21; i <= 31; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "X,%u,B,9\n", i);
    read_counts(&c, text, "constituency,mandates\nX,2\n");
    assert_int_equal(count_lists(&c, PSE_RULE_ESTONIA, 0), PSE_OK);
    assert_string_equal(party_seats(&c), "1 1");
    assert_int_equal(c.result.seat[0].number, 1);
    assert_int_equal(c.result.seat[0].kind, PSE_ACTION_DISTRICT);
    assert_int_equal(c.result.seat[1].kind, PSE_ACTION_COMPENSATION);
    assert_int_equal(c.result.ties, 1);
    assert_int_equal(c.result.tie[0].way, PSE_WAY_LOT);
    assert_int_equal(c.result.tie[0].order.n, 11);
    assert_int_equal(c.result.tie[0].order.v[0], c.result.seat[1].number);
}

/* Equal comparative figures: the party further down the consolidated list. */
static void estonia_ties_of_parties(void **state)
{
    COUNTED(c);
    (void)state;
    read_counts(&c, HEAD "X,1,A,50\nX,2,B,50\nX,3,C,50\n", "constituency,mandates\nX,1\n");
    /* Quota 150, nobody has 75 %: one compensation mandate. */
    assert_int_equal(count_lists(&c, PSE_RULE_ESTONIA, 0), PSE_OK);
    assert_elected(c, "3");
    assert_int_equal(c.result.ties, 1);
    assert_int_equal(c.result.tie[0].way, PSE_WAY_LIST);
    assert_true(c.result.tie[0].of_parties);
    assert_string_equal(numbers_text(&c.result.tie[0].order), "3 2 1");
}

/* Five parties with 0.8 quotas each are five remainders for four mandates: only four are given. */
static void estonia_never_exceeds_the_mandates(void **state)
{
    COUNTED(c);
    (void)state;
    read_counts(&c, HEAD "X,1,A,80\nX,2,B,80\nX,3,C,80\nX,4,D,81\nX,5,E,79\n",
                "constituency,mandates\nX,4\n");
    assert_int_equal(count_lists(&c, PSE_RULE_ESTONIA, 0), PSE_OK);
    assert_elected(c, "1 2 3 4");
    COUNTED(d);
    read_counts(&d, HEAD "X,1,A,80\nX,2,B,80\nX,3,C,80\nX,4,D,80\nX,5,E,80\n",
                "constituency,mandates\nX,4\n");
    assert_int_equal(count_lists(&d, PSE_RULE_ESTONIA, 0), PSE_OK);
    assert_elected(d, "2 3 4 5");
    assert_true(d.result.ties > 0);
}

static void estonia_without_votes(void **state)
{
    COUNTED(c);
    COUNTED(d);
    (void)state;
    read_counts(&c, HEAD "X,1,A,0\nX,2,,0\n", "constituency,mandates\nX,3\n");
    assert_int_equal(count_lists(&c, PSE_RULE_ESTONIA, 0), PSE_OK);
    assert_int_equal(c.result.elected.n, 0);
    /* Independents only, one with the quota: the other mandate stays open. */
    read_counts(&d, HEAD "X,1,,90\nX,2,Üksikkandidaadid,10\n", "constituency,mandates\nX,2\n");
    assert_int_equal(count_lists(&d, PSE_RULE_ESTONIA, 0), PSE_OK);
    assert_elected(d, "1");
    assert_int_equal(d.result.items, 0);
}

static void dhondt_by_constituency(void **state)
{
    COUNTED(c);
    COUNTED(d);
    (void)state;
    /* North 3: A 110: 110, 55; B 60. South 1: the independent with 50. */
    read_counts(&c, HEAD "N,1,A,100\nN,2,A,10\nN,3,B,60\nS,4,A,40\nS,5,,50\n",
                "constituency,mandates\nN,3\nS,1\n");
    assert_int_equal(count_lists(&c, PSE_RULE_DHONDT, 0), PSE_OK);
    assert_elected(c, "1 3 2 5");
    assert_int_equal(c.result.seats, 4);
    /* At large: A 150, B 60, independent 50: 150, 75, 60, 50 (A and the independent: A has more),
     * then 50 of the independent, who has nobody else. */
    read_counts(&d, HEAD "N,1,A,100\nN,2,A,10\nN,3,B,60\nS,4,A,40\nS,5,,50\n", NULL);
    assert_int_equal(count_lists(&d, PSE_RULE_DHONDT, 5), PSE_OK);
    assert_elected(d, "1 4 3 2 5");
    assert_int_equal(count_lists(&d, PSE_RULE_DHONDT, 9), PSE_OK);
    assert_int_equal(d.result.elected.n, 5);
    /* 20 / 2 = 10 / 1: the list with more votes. */
    COUNTED(e);
    read_counts(&e, HEAD "N,1,A,15\nN,2,A,5\nN,3,B,10\n", NULL);
    assert_int_equal(count_lists(&e, PSE_RULE_DHONDT, 2), PSE_OK);
    assert_elected(e, "1 2");
    assert_int_equal(e.result.ties, 0);
}

static void dhondt_draws_lists(void **state)
{
    COUNTED(c);
    (void)state;
    /* Parties 1 and 2 are equal: lot 1 prefers 2. With an independent among them the tied are named
     * by their candidates: lot 1 among 1 2 3 prefers 2. */
    read_counts(&c, HEAD "N,10,A,50\nN,20,B,50\n", NULL);
    assert_int_equal(count_lists(&c, PSE_RULE_DHONDT, 1), PSE_OK);
    assert_elected(c, "20");
    assert_true(c.result.tie[0].of_parties);
    COUNTED(d);
    read_counts(&d, HEAD "N,1,A,50\nN,2,,50\nN,3,,50\n", NULL);
    assert_int_equal(count_lists(&d, PSE_RULE_DHONDT, 1), PSE_OK);
    assert_elected(d, "2");
    assert_false(d.result.tie[0].of_parties);
}

static void plurality_by_constituency(void **state)
{
    COUNTED(c);
    COUNTED(d);
    (void)state;
    read_counts(&c, HEAD "N,1,A,10\nN,2,A,30\nN,3,B,20\nS,4,A,5\nS,5,,5\n",
                "constituency,mandates\nN,2\nS,1\n");
    assert_int_equal(count_lists(&c, PSE_RULE_PLURALITY, 0), PSE_OK);
    assert_elected(c, "2 3 4");
    assert_int_equal(c.result.ties, 1);
    assert_int_equal(c.result.tie[0].way, PSE_WAY_LOT);
    read_counts(&d, LISTED "N,1,A,10,2\nN,2,A,10,1\n", NULL);
    assert_int_equal(count_lists(&d, PSE_RULE_PLURALITY, 0), PSE_OK);
    assert_elected(d, "2");
    assert_int_equal(d.result.tie[0].way, PSE_WAY_LIST);
}

static void lists_refuse(void **state)
{
    struct pse_count_params bad = {.threshold_num = 2, .threshold_den = 1};
    COUNTED(c);
    COUNTED(m);

    (void)state;
    read_counts(&c, estonia, NULL);
    assert_int_equal(count_lists(&c, PSE_RULE_ESTONIA, 0), PSE_E_MISSING);
    assert_int_equal(count_lists(&c, PSE_RULE_ESTONIA, 101), PSE_E_MISSING);
    assert_int_equal(count_lists(&c, PSE_RULE_DHONDT, 0), PSE_E_MISSING);
    assert_int_equal(count_lists(&c, PSE_RULE_STV_SCOTTISH, 3), PSE_E_UNSUPPORTED);
    assert_int_equal(count_lists(&c, PSE_RULE_IRV, 1), PSE_E_UNSUPPORTED);
    assert_int_equal(
        pse_count_run_returns(&c.result, &c.arena, &c.lot, PSE_RULE_ESTONIA, &c.returns, &bad),
        PSE_E_RANGE);
    read_counts(&m, estonia, mandates);
    m.returns.constituency[1].mandates = 0;
    assert_int_equal(count_lists(&m, PSE_RULE_ESTONIA, 0), PSE_E_MISSING);
    assert_int_equal(count_lists(&m, PSE_RULE_DHONDT, 0), PSE_E_MISSING);
    assert_int_equal(count_lists(&m, PSE_RULE_PLURALITY, 0), PSE_E_MISSING);
}

static void returns_are_checked(void **state)
{
    struct pse_count_candidate good[] = {
        {1, 0, 0, 0, 5}, {2, 0, PSE_COUNT_INDEPENDENT, 0, 5}, {3, 1, 0, 0, 5}};
    struct pse_count_constituency where[] = {{{NULL, 0}, 1}, {{NULL, 0}, 1}};
    struct pse_span party[1] = {{NULL, 0}};
    struct pse_count_candidate x[3];
    struct pse_count_returns r = {.candidate = x,
                                  .candidates = 3,
                                  .party = party,
                                  .parties = 1,
                                  .constituency = where,
                                  .constituencies = 2};

    (void)state;
#define CHECK(change, status)                                  \
    do {                                                       \
        memcpy(x, good, sizeof x);                             \
        change;                                                \
        assert_int_equal(pse_count_returns_check(&r), status); \
    } while (0)
    CHECK((void)0, PSE_OK);
    CHECK(x[2].number = 1, PSE_E_DUPLICATE);
    CHECK(x[0].number = 0, PSE_E_RANGE);
    CHECK(x[1].number = 1, PSE_E_DUPLICATE);
    CHECK(x[0].number = 9, PSE_E_RANGE);
    CHECK(x[2].constituency = 2, PSE_E_RANGE);
    CHECK(x[0].constituency = 1, PSE_E_RANGE);
    CHECK(x[0].party = 1, PSE_E_RANGE);
    CHECK(x[0].votes = PSE_COUNT_BALLOTS_MAX, PSE_E_LIMIT);
    CHECK(r.blank = PSE_COUNT_BALLOTS_MAX, PSE_E_LIMIT);
    CHECK(r.blank = PSE_COUNT_BALLOTS_MAX - 15, PSE_OK);
    CHECK(where[0].mandates = PSE_COUNT_MANDATES_MAX, PSE_E_LIMIT);
    where[0].mandates = 1;
    CHECK(r.candidates = 0, PSE_E_LIMIT);
    CHECK(r.candidates = PSE_COUNT_CANDIDATES_MAX + 1, PSE_E_LIMIT);
    r.candidates = 3;
    CHECK(r.parties = PSE_COUNT_PARTIES_MAX + 1, PSE_E_LIMIT);
    r.parties = 1;
    CHECK(r.constituencies = 0, PSE_E_LIMIT);
#undef CHECK
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divisors_compare_without_rounding),
        cmocka_unit_test(estonia_by_hand),
        cmocka_unit_test(estonia_takes_the_national_list),
        cmocka_unit_test(estonia_just_below_each_border),
        cmocka_unit_test(estonia_threshold),
        cmocka_unit_test(estonia_ten_per_cent),
        cmocka_unit_test(estonia_ties_of_parties),
        cmocka_unit_test(estonia_never_exceeds_the_mandates),
        cmocka_unit_test(estonia_without_votes),
        cmocka_unit_test(dhondt_by_constituency),
        cmocka_unit_test(dhondt_draws_lists),
        cmocka_unit_test(plurality_by_constituency),
        cmocka_unit_test(lists_refuse),
        cmocka_unit_test(returns_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
