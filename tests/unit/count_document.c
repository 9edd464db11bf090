/* The counting document, and the printing of a count. */
#include "count/counting.h"
#include "count_help.h"

static const char single[] =
    "{\"version\":1,\"counts\":["
    "{\"rule\":\"stv-scottish\",\"contest\":1,\"seats\":3,\"withdrawn\":[2,5]},"
    "{\"rule\":\"yesno\",\"contest\":7,\"seats\":1,"
    "\"majority\":{\"num\":2,\"den\":3,\"inclusive\":true}},"
    "{\"rule\":\"dhondt\",\"contest\":8,\"seats\":9,\"threshold\":{\"num\":1,\"den\":20}}]}";

static const char lists[] =
    "{\"version\":1,\"counts\":[{\"rule\":\"estonia\",\"seats\":0,"
    "\"threshold\":{\"num\":5,\"den\":100},\"parties\":[\"A\",\"B\"],\"constituencies\":["
    "{\"contest\":4,\"name\":\"North\",\"mandates\":4,\"candidates\":["
    "{\"number\":101,\"party\":1,\"list\":2},{\"number\":201,\"party\":2,\"list\":1}]},"
    "{\"contest\":5,\"name\":\"South\",\"mandates\":2,\"candidates\":["
    "{\"number\":102,\"party\":1,\"list\":1},{\"number\":900,\"party\":0,\"list\":1}]}]}]}";

static void parses_single_contests(void **state)
{
    PSE_ARENA(arena, MEMORY);
    struct pse_counting c;
    bool exactly;

    (void)state;
    assert_int_equal(pse_counting_parse(&c, NULL, &arena, pse_span_str(single)), PSE_OK);
    assert_int_equal(c.counts, 3);
    assert_int_equal(c.count[0].rule, PSE_RULE_STV_SCOTTISH);
    assert_int_equal(c.count[0].params.seats, 3);
    assert_true(c.count[0].withdrawn[2] && c.count[0].withdrawn[5] && !c.count[0].withdrawn[3]);
    assert_int_equal(c.count[1].params.majority_num, 2);
    assert_int_equal(c.count[1].params.majority_den, 3);
    assert_true(c.count[1].params.majority_inclusive);
    assert_int_equal(c.count[2].params.threshold_den, 20);
    assert_ptr_equal(pse_counting_find(&c, 7), &c.count[1]);
    assert_null(pse_counting_find(&c, 2));
    assert_int_equal(pse_counting_options(&exactly, &c, 1), 5);
    assert_false(exactly);
    assert_int_equal(pse_counting_options(&exactly, &c, 7), 1);
    assert_int_equal(pse_counting_options(&exactly, &c, 9), 0);
    assert_int_equal(pse_counting_add(&c.count[0], 1, 1, 5), PSE_E_RANGE);
}

static void parses_lists_and_counts(void **state)
{
    COUNTED(k);
    struct pse_counting c;
    bool exactly;

    (void)state;
    assert_int_equal(pse_counting_parse(&c, NULL, &k.arena, pse_span_str(lists)), PSE_OK);
    assert_true(c.count[0].by_lists);
    assert_true(c.count[0].returns.listed);
    assert_int_equal(pse_counting_options(&exactly, &c, 5), 2);
    assert_true(exactly);
    assert_ptr_equal(pse_counting_find(&c, 5), &c.count[0]);
    assert_int_equal(pse_counting_add(&c.count[0], 4, 1, 300), PSE_OK);
    assert_int_equal(pse_counting_add(&c.count[0], 4, 2, 100), PSE_OK);
    assert_int_equal(pse_counting_add(&c.count[0], 5, 1, 90), PSE_OK);
    assert_int_equal(pse_counting_add(&c.count[0], 5, 2, 110), PSE_OK);
    assert_int_equal(pse_counting_add(&c.count[0], 5, 0, 1), PSE_E_RANGE);
    assert_int_equal(pse_counting_add(&c.count[0], 5, 3, 1), PSE_E_RANGE);
    assert_int_equal(pse_counting_add(&c.count[0], 6, 1, 1), PSE_E_RANGE);
    assert_int_equal(pse_counting_add(&c.count[0], 5, 2, PSE_COUNT_BALLOTS_MAX), PSE_E_LIMIT);
    k.returns = c.count[0].returns;
    assert_int_equal(pse_count_run_returns(&k.result, &k.arena, &k.lot, c.count[0].rule, &k.returns,
                                           &c.count[0].params),
                     PSE_OK);
    /* North, quota 100: 101 and 201 in person. South, quota 100: 900 in person; A's 90 of it are a
     * district mandate for 102. Two stay open: nobody is left. */
    assert_elected(k, "101 201 900 102");
}

static void refuses(void **state)
{
#define DOC(x) "{\"version\":1,\"counts\":[" x "]}"
#define LIST(x) \
    DOC("{\"rule\":\"estonia\",\"seats\":0,\"parties\":[\"A\"],\"constituencies\":[" x "]}")
#define AREA(c) "{\"contest\":1,\"name\":\"N\",\"mandates\":1,\"candidates\":[" c "]}"
    static const struct {
        const char *text;
        pse_rc rc;
    } bad[] = {
        {"", PSE_E_SYNTAX},
        {"[]", PSE_E_SYNTAX},
        {"{}", PSE_E_MISSING},
        {"{\"version\":1}", PSE_E_MISSING},
        {"{\"version\":2,\"counts\":[]}", PSE_E_UNSUPPORTED},
        {"{\"version\":\"1\",\"counts\":[]}", PSE_E_SYNTAX},
        {"{\"version\":1,\"counts\":{}}", PSE_E_SYNTAX},
        {"{\"version\":1,\"counts\":[],\"x\":1}", PSE_E_SYNTAX},
        {DOC("1"), PSE_E_SYNTAX},
        {DOC("{}"), PSE_E_MISSING},
        {DOC("{\"rule\":\"irv\",\"seats\":1}"), PSE_E_MISSING},
        {DOC("{\"rule\":\"irv\",\"contest\":1}"), PSE_E_MISSING},
        {DOC("{\"rule\":\"other\",\"contest\":1,\"seats\":1}"), PSE_E_UNSUPPORTED},
        {DOC("{\"rule\":\"majority-judgment\",\"contest\":1,\"seats\":1}"), PSE_E_UNSUPPORTED},
        {DOC("{\"rule\":\"estonia\",\"contest\":1,\"seats\":1}"), PSE_E_UNSUPPORTED},
        {DOC("{\"rule\":\"irv\",\"contest\":0,\"seats\":1}"), PSE_E_RANGE},
        {DOC("{\"rule\":\"irv\",\"contest\":65536,\"seats\":1}"), PSE_E_RANGE},
        {DOC("{\"rule\":\"irv\",\"contest\":1,\"seats\":0}"), PSE_E_RANGE},
        {DOC("{\"rule\":\"irv\",\"contest\":1,\"seats\":10001}"), PSE_E_RANGE},
        {DOC("{\"rule\":\"irv\",\"contest\":1,\"seats\":1,\"mandates\":1}"), PSE_E_SYNTAX},
        {DOC("{\"rule\":\"irv\",\"contest\":1,\"seats\":1,\"parties\":[]}"), PSE_E_SYNTAX},
        {DOC("{\"rule\":\"irv\",\"contest\":1,\"seats\":1,\"withdrawn\":1}"), PSE_E_SYNTAX},
        {DOC("{\"rule\":\"irv\",\"contest\":1,\"seats\":1,\"withdrawn\":[\"1\"]}"), PSE_E_SYNTAX},
        {DOC("{\"rule\":\"irv\",\"contest\":1,\"seats\":1,\"withdrawn\":[0]}"), PSE_E_RANGE},
        {DOC("{\"rule\":\"irv\",\"contest\":1,\"seats\":1,\"withdrawn\":[2,1]}"), PSE_E_RANGE},
        {DOC("{\"rule\":\"irv\",\"contest\":1,\"seats\":1,\"withdrawn\":[1,1]}"), PSE_E_RANGE},
        {DOC("{\"rule\":\"irv\",\"contest\":1,\"seats\":1,\"withdrawn\":[256]}"), PSE_E_RANGE},
        {DOC("{\"rule\":\"irv\",\"contest\":1,\"seats\":1,"
             "\"majority\":{\"num\":1,\"den\":2,\"inclusive\":true}}"),
         PSE_E_SYNTAX},
        {DOC("{\"rule\":\"yesno\",\"contest\":1,\"seats\":1,\"majority\":{\"num\":1,\"den\":2}}"),
         PSE_E_MISSING},
        {DOC("{\"rule\":\"yesno\",\"contest\":1,\"seats\":1,"
             "\"majority\":{\"num\":3,\"den\":2,\"inclusive\":true}}"),
         PSE_E_RANGE},
        {DOC("{\"rule\":\"yesno\",\"contest\":1,\"seats\":1,"
             "\"majority\":{\"num\":0,\"den\":0,\"inclusive\":true}}"),
         PSE_E_RANGE},
        {DOC("{\"rule\":\"irv\",\"contest\":1,\"seats\":1},"
             "{\"rule\":\"irv\",\"contest\":1,\"seats\":1}"),
         PSE_E_DUPLICATE},
        {DOC("{\"rule\":\"estonia\",\"seats\":0,\"parties\":[],\"constituencies\":1}"),
         PSE_E_SYNTAX},
        {DOC("{\"rule\":\"irv\",\"seats\":0,\"parties\":[],\"constituencies\":[]}"),
         PSE_E_UNSUPPORTED},
        {LIST(""), PSE_E_LIMIT},
        {LIST("{}"), PSE_E_MISSING},
        {LIST(AREA("")), PSE_E_LIMIT},
        {LIST(AREA("{}")), PSE_E_MISSING},
        {LIST(AREA("1")), PSE_E_SYNTAX},
        {LIST(AREA("{\"number\":0,\"party\":1,\"list\":1}")), PSE_E_RANGE},
        {LIST(AREA("{\"number\":1,\"party\":2,\"list\":1}")), PSE_E_RANGE},
        {LIST(AREA("{\"number\":1,\"party\":1,\"list\":4294967296}")), PSE_E_RANGE},
        {LIST(AREA("{\"number\":1,\"party\":1,\"list\":1,\"x\":1}")), PSE_E_SYNTAX},
        {LIST(AREA("{\"number\":1,\"party\":1}")), PSE_E_MISSING},
        {LIST(AREA("{\"number\":2,\"party\":1,\"list\":1},{\"number\":1,\"party\":1,\"list\":2}")),
         PSE_E_RANGE},
        {LIST(AREA("{\"number\":2,\"party\":1,\"list\":1}") "," AREA(
             "{\"number\":3,\"party\":1,\"list\":2}")),
         PSE_E_DUPLICATE},
        {LIST(AREA(
             "{\"number\":2,\"party\":1,\"list\":1}") ",{\"contest\":2,\"name\":\"S\",\"mandates\":"
                                                      "1,\"candidates\":["
                                                      "{\"number\":2,\"party\":1,\"list\":2}]}"),
         PSE_E_DUPLICATE},
        {LIST("{\"contest\":2,\"name\":\"S\",\"mandates\":10001,\"candidates\":["
              "{\"number\":2,\"party\":1,\"list\":2}]}"),
         PSE_E_RANGE},
        {DOC("{\"rule\":\"estonia\",\"seats\":0,\"parties\":[1],\"constituencies\":[" AREA(
             "{\"number\":2,\"party\":1,\"list\":1}") "]}"),
         PSE_E_SYNTAX},
        {DOC("{\"rule\":\"estonia\",\"seats\":0,\"constituencies\":[" AREA(
             "{\"number\":2,\"party\":1,\"list\":1}") "]}"),
         PSE_E_MISSING},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        PSE_ARENA(arena, MEMORY);
        struct pse_json_fault fault = {0, NULL};
        struct pse_counting c;

        print_message("# %s\n", bad[i].text);
        assert_int_equal(pse_counting_parse(&c, &fault, &arena, pse_span_str(bad[i].text)),
                         bad[i].rc);
        assert_null(c.count);
        assert_int_equal(c.counts, 0);
    }
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof lists - 1; n++) {
        PSE_ARENA(arena, MEMORY);
        struct pse_counting c;

        assert_int_not_equal(pse_counting_parse(&c, NULL, &arena, pse_span(lists, n)), PSE_OK);
    }
}

static void decimals_are_exact(void **state)
{
    static const struct {
        pse_u128 v;
        unsigned decimals;
        const char *text;
    } cases[] = {
        {0, 0, "0"},
        {0, 5, "0.00000"},
        {7, 0, "7"},
        {7, 1, "0.7"},
        {12345, 5, "0.12345"},
        {1234567, 5, "12.34567"},
        {100, 2, "1.00"},
        {999, 3, "0.999"},
        {(pse_u128)UINT64_MAX * 1000, 3, "18446744073709551615.000"},
    };
    char text[PSE_FIXED_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = pse_count_fixed_encode(text, cases[i].v, cases[i].decimals);

        assert_string_equal(text, cases[i].text);
        assert_int_equal(n, strlen(text));
    }
    (void)pse_count_fixed_encode(text, ~(pse_u128)0, 19);
    assert_string_equal(text, "34028236692093846346.3374607431768211455");
}

static void json_of_a_count(void **state)
{
    static const char want[] =
        "{\"rule\":\"stv-scottish\",\"ballots\":25,\"valid\":24,\"seats\":2,\"elected\":[1,3],"
        "\"ranking\":[[1],[3],[2]],\"options\":[{\"number\":1,\"name\":\"Option 1\","
        "\"withdrawn\":false},{\"number\":2,\"name\":\"Option 2\",\"withdrawn\":false},"
        "{\"number\":3,\"name\":\"Option 3\",\"withdrawn\":false}],\"stages\":["
        "{\"stage\":1,\"action\":\"first-preferences\",\"quota\":\"9.00000\",\"totals\":["
        "\"16.00000\",\"4.00000\",\"4.00000\"],\"rest\":\"1.00000\",\"elected\":[1],"
        "\"excluded\":[]},{\"stage\":2,\"action\":\"surplus\",\"subject\":1,\"quota\":\"9.00000\","
        "\"totals\":[\"9.00000\",\"7.50000\",\"7.50000\"],\"rest\":\"1.00000\",\"elected\":[],"
        "\"excluded\":[]},{\"stage\":3,\"action\":\"exclusion\",\"subject\":2,"
        "\"quota\":\"9.00000\",\"totals\":[\"9.00000\",\"0.00000\",\"7.50000\"],"
        "\"rest\":\"8.50000\",\"elected\":[],\"excluded\":[2]},{\"stage\":4,"
        "\"action\":\"last-vacancies\",\"quota\":\"9.00000\",\"totals\":[\"9.00000\",\"0.00000\","
        "\"7.50000\"],\"rest\":\"8.50000\",\"elected\":[3],\"excluded\":[]}],\"ties\":["
        "{\"stage\":2,\"among\":\"options\",\"order\":[3,2],\"resolved\":\"lot\",\"lot\":3}],"
        "\"lots\":\"public-seed\"}\n";
    COUNTED(c);
    struct pse_buf out = PSE_BUF(1u << 20);

    (void)state;
    read_ballots(&c, "3 2\n8 1 2 0\n8 1 3 0\n4 2 0\n4 3 0\n1 0");
    c.lot.drawn = 2; /* the third lot of 2 and 3 prefers 3 */
    assert_int_equal(count_by(&c, PSE_RULE_STV_SCOTTISH, 0), PSE_OK);
    assert_int_equal(pse_count_json_write(&out, &c.result, 0), PSE_OK);
    assert_int_equal(out.n, sizeof want - 1);
    assert_memory_equal(out.p, want, out.n);
    pse_buf_free(&out);
}

static void printing_is_bounded_and_safe(void **state)
{
    COUNTED(c);
    struct pse_buf small = PSE_BUF(100);
    struct pse_buf out = PSE_BUF(1u << 20);
    struct pse_count_where where;

    (void)state;
    /* U+202E in a name turns text round on a terminal: it is shown escaped. */
    assert_int_equal(pse_count_blt_read(&c.ballots, &c.arena, &where,
                                        pse_span_str("1 1\n1 1 0\n0\nA\xe2\x80\xae"
                                                     "B\nT\n")),
                     PSE_OK);
    for (enum pse_count_rule i = 0; i < PSE_RULES; i++) {
        if (count_by(&c, i, 1) != PSE_OK)
            continue;
        assert_int_equal(pse_count_json_write(&small, &c.result, 0), PSE_E_LIMIT);
        pse_buf_free(&small);
        small = PSE_BUF(100);
        assert_int_equal(pse_count_text_write(&small, &c.result), PSE_E_LIMIT);
        pse_buf_free(&small);
        small = PSE_BUF(100);
        assert_int_equal(pse_count_text_write(&out, &c.result), PSE_OK);
    }
    pse_buf_put(&out, "", 1);
    assert_null(strstr((const char *)out.p, "\xe2\x80\xae"));
    assert_non_null(strstr((const char *)out.p, "202e"));
    pse_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_single_contests),
        cmocka_unit_test(parses_lists_and_counts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(decimals_are_exact),
        cmocka_unit_test(json_of_a_count),
        cmocka_unit_test(printing_is_bounded_and_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
