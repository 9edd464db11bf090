/* The readers: every refusal with its line and slug, and what they accept. */
#include <stdlib.h>

#include "count_help.h"

struct bad {
    const char *text, *slug;
    size_t line;
};

typedef pse_rc read_ballots_fn(struct pse_count_ballots *out, struct pse_arena *arena,
                               struct pse_count_where *where, struct pse_span text);

static void refuse_ballots(read_ballots_fn *read, const struct bad *bad, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        PSE_ARENA(arena, MEMORY);
        struct pse_count_ballots b;
        struct pse_count_where where;

        print_message("# %s\n", bad[i].slug);
        assert_int_not_equal(read(&b, &arena, &where, pse_span_str(bad[i].text)), PSE_OK);
        assert_string_equal(where.slug, bad[i].slug);
        assert_int_equal(where.line, bad[i].line);
        assert_int_equal(b.options, 0);
        assert_null(b.count);
    }
}

static void blt_refuses(void **state)
{
    static const struct bad bad[] = {
        {"", "blt-truncated", 0},
        {"\n\n", "blt-truncated", 2},
        {"# nothing but this\n", "blt-truncated", 1},
        {"3\n", "blt-sizes", 1},
        {"3 x\n", "blt-sizes", 1},
        {"3 1 1\n", "blt-sizes", 1},
        {"\"3\" 1\n", "blt-sizes", 1},
        {"-3 1\n", "blt-sizes", 1},
        {"3.0 1\n", "blt-sizes", 1},
        {"18446744073709551616 1\n", "blt-sizes", 1},
        {"0 1\n", "blt-candidates", 1},
        {"256 1\n", "blt-candidates", 1},
        {"4294967297 1\n", "blt-candidates", 1},
        {"3 0\n", "blt-seats", 1},
        {"3 10001\n", "blt-seats", 1},
        {"3 1\n", "blt-truncated", 1},
        {"3 1\n1 1 0\n", "blt-truncated", 2},
        {"3 1\n-0\n", "blt-withdrawn", 2},
        {"3 1\n-4\n", "blt-withdrawn", 2},
        {"3 1\n-1 2\n", "blt-withdrawn", 2},
        {"3 1\n-1 -1\n", "blt-withdrawn", 2},
        {"3 1\n-1\n-1\n", "blt-withdrawn", 3},
        {"3 1\n--1\n", "blt-withdrawn", 2},
        {"3 1\n1 1 0\n-1\n", "blt-count", 3},
        {"3 1\nx 1 0\n", "blt-count", 2},
        {"3 1\n1.5 1 0\n", "blt-count", 2},
        {"3 1\n0 1 0\n", "blt-count", 2},
        {"3 1\n0 0\n", "blt-count", 2},
        {"3 1\n1099511627777 1 0\n", "ballots-limit", 2},
        {"3 1\n1099511627776 1 0\n1 1 0\n", "ballots-limit", 3},
        {"3 1\n99999999999999999999 1 0\n", "blt-count", 2},
        {"3 1\n1 1\n", "blt-ballot-end", 2},
        {"3 1\n1\n", "blt-ballot-end", 2},
        {"3 1\n1 1 0 2\n", "blt-ballot-end", 2},
        {"3 1\n1 1 0 0\n", "blt-ballot-end", 2},
        {"3 1\n1 4 0\n", "blt-option-range", 2},
        {"3 1\n1 256 0\n", "blt-option-range", 2},
        {"3 1\n1 257 0\n", "blt-option-range", 2},
        {"3 1\n1 1=0 0\n", "blt-option-range", 2},
        {"3 1\n1 1 2 1 0\n", "blt-option-twice", 2},
        {"3 1\n1 1=1 0\n", "blt-option-twice", 2},
        {"3 1\n1 1 2 3 1 0\n", "blt-option-twice", 2},
        {"3 1\n1 1= 0\n", "blt-ballot", 2},
        {"3 1\n1 =1 0\n", "blt-ballot", 2},
        {"3 1\n1 a 0\n", "blt-ballot", 2},
        {"3 1\n1 -1 0\n", "blt-ballot", 2},
        {"3 1\n1 1,2 0\n", "blt-ballot", 2},
        {"1 1\n0\n", "blt-names", 2},
        {"2 1\n0\n\"A\"\n", "blt-names", 3},
        {"1 1\n0\n\"A\n", "blt-quote", 3},
        {"1 1\n0\n\"A\"\"\n", "blt-quote", 3},
        {"1 1\n0\n\"A\" B\n", "blt-quote", 3},
        {"1 1\n0\nA\n\"T\nmore\n", "blt-quote", 4},
        {"1 1\n0\nA\nT\nmore\n", "blt-after-title", 5},
        {"1 1\n0\n\xff\nT\n", "text-utf8", 3},
        {"1 1\n0\n\"A\x1b[31m\"\nT\n", "text-utf8", 3},
        {"1 1\n0\nA\nT\xc0\x80\n", "text-utf8", 4},
    };

    (void)state;
    refuse_ballots(pse_count_blt_read, bad, sizeof bad / sizeof *bad);
}

static void blt_variants(void **state)
{
    static const char *const same[] = {
        "2 1\n3 1 2 0\n2 2 0\n0\n\"A \"\"x\"\"\"\n\"B, C\"\n\"T\"\n",
        "2 1\n3 1 2 0\n2 2 0\n0\n\"A \"\"x\"\"\"\n\"B, C\"\n\"T\"",
        "2 1\r\n3 1 2 0\r\n2 2 0\r\n0\r\n\"A \"\"x\"\"\"\r\n\"B, C\"\r\n\"T\"\r\n",
        "\xef\xbb\xbf"
        "2 1,\n3 1 2 0,\n2 2 0,\n0,\nA \"x\",\nB, C,\nT,,,",
        "# made by hand\n\n2 1 # two stand\n  3\t1 2 0 # first\n2 2 0\n\n0 # end\n"
        "# names now\n\"A \"\"x\"\"\" # the first\n\"B, C\"\n\nT",
        "2 1\n3 1 2 0\n2 2 0\n0\n# ALTERNATIVE NAME 1: \"A \"\"x\"\"\"\n"
        "# ALTERNATIVE NAME 2: B, C\nT\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        COUNTED(c);
        struct pse_count_where where;

        if (pse_count_blt_read(&c.ballots, &c.arena, &where, pse_span_str(same[i])) != PSE_OK)
            fail_msg("%zu, line %zu: %s", i, where.line, where.slug);
        assert_int_equal(c.ballots.options, 2);
        assert_int_equal(c.ballots.seats, 1);
        assert_int_equal(c.ballots.groups, 2);
        assert_int_equal(c.ballots.total, 5);
        assert_int_equal(c.ballots.at[2], 3);
        assert_int_equal(c.ballots.mark[1].option, 2);
        assert_int_equal(c.ballots.mark[1].rank, 2);
        assert_true(pse_span_is_str(c.ballots.name[1], "A \"x\""));
        assert_true(pse_span_is_str(c.ballots.name[2], "B, C"));
        assert_true(pse_span_is_str(c.ballots.title, "T"));
    }
}

static void blt_corner_cases(void **state)
{
    static const char text[] = "3 2\n-2\n-3 -1\n4 0\n1 1=3 2 0\n0\nA\nB\nC\n";
    COUNTED(c);
    struct pse_count_where where;

    (void)state;
    assert_int_equal(pse_count_blt_read(&c.ballots, &c.arena, &where, pse_span_str(text)), PSE_OK);
    assert_true(c.ballots.withdrawn[1] && c.ballots.withdrawn[2] && c.ballots.withdrawn[3]);
    assert_int_equal(c.ballots.blank, 4);
    assert_int_equal(c.ballots.groups, 1);
    assert_int_equal(c.ballots.mark[1].rank, 1);
    assert_int_equal(c.ballots.mark[2].rank, 2);
    assert_int_equal(c.ballots.title.n, 0);
}

#define PREF(type) "# DATA TYPE: " type "\n# NUMBER ALTERNATIVES: 3\n"
#define GRADED     "# DATA TYPE: cat\n# NUMBER ALTERNATIVES: 3\n# NUMBER CATEGORIES: 2\n"

static void preflib_refuses(void **state)
{
    static const struct bad bad[] = {
        {"", "preflib-header", 0},
        {"3\n1,A\n", "preflib-header", 0},
        {"# DATA TYPE: soi\n1: 1\n", "preflib-header", 1},
        {"# NUMBER ALTERNATIVES: 3\n1: 1\n", "preflib-header", 1},
        {"# DATA TYPE: cat\n# NUMBER ALTERNATIVES: 3\n1: 1\n", "preflib-header", 2},
        {"# DATA TYPE: wmd\n", "preflib-type", 1},
        {"# DATA TYPE:\n", "preflib-type", 1},
        {"# NUMBER ALTERNATIVES: 0\n", "preflib-alternatives", 1},
        {"# NUMBER ALTERNATIVES: 256\n", "preflib-alternatives", 1},
        {"# NUMBER ALTERNATIVES: three\n", "preflib-alternatives", 1},
        {"# NUMBER CATEGORIES: 0\n", "preflib-categories", 1},
        {"# NUMBER CATEGORIES: 999\n", "preflib-categories", 1},
        {"# NUMBER VOTERS: many\n", "preflib-voters", 1},
        {"# NUMBER VOTERS: 1099511627777\n", "preflib-voters", 1},
        {PREF("soi") "# NUMBER VOTERS: 9\n8: 1\n", "preflib-voters", 0},
        {PREF("soi") "# ALTERNATIVE NAME 4: D\n", "preflib-name", 3},
        {PREF("soi") "# ALTERNATIVE NAME 0: D\n", "preflib-name", 3},
        {PREF("soi") "# ALTERNATIVE NAME: D\n", "preflib-name", 3},
        {PREF("soi") "# CATEGORY NAME 1: D\n", "preflib-name", 3},
        {PREF("soi") "# TITLE: \xff\n", "text-utf8", 3},
        {PREF("soi") "# TITLE: \x07\n", "text-utf8", 3},
        {PREF("soi") "1\n", "preflib-count", 3},
        {PREF("soi") ": 1\n", "preflib-count", 3},
        {PREF("soi") "x: 1\n", "preflib-count", 3},
        {PREF("soi") "0: 1\n", "preflib-count", 3},
        {PREF("soi") "-1: 1\n", "preflib-count", 3},
        {PREF("soi") "1099511627777: 1\n", "ballots-limit", 3},
        {PREF("soi") "1: 4\n", "preflib-option-range", 3},
        {PREF("soi") "1: 0\n", "preflib-option-range", 3},
        {PREF("soi") "1: 1,1\n", "preflib-option-twice", 3},
        {PREF("soi") "1: 1,2,3,1\n", "preflib-ranks", 3},
        {PREF("soi") "1: 1,,2\n", "preflib-ballot", 3},
        {PREF("soi") "1: ,1\n", "preflib-ballot", 3},
        {PREF("soi") "1: 1,\n", "preflib-ballot", 3},
        {PREF("soi") "1: 1 2\n", "preflib-ballot", 3},
        {PREF("soi") "1: 1\n# TITLE: late\n", "preflib-count", 4},
        {PREF("soi") "1: {1,2}\n", "preflib-tie", 3},
        {PREF("soc") "1: {1,2},3\n", "preflib-tie", 3},
        {PREF("soc") "1: 1,2\n", "preflib-incomplete", 3},
        {PREF("toc") "1: {1,2}\n", "preflib-incomplete", 3},
        {PREF("toi") "1: {1,2\n", "preflib-ballot", 3},
        {PREF("toi") "1: {1,2}3\n", "preflib-ballot", 3},
        {PREF("toi") "1: {}\n", "preflib-ballot", 3},
        {PREF("toi") "1: {1,}\n", "preflib-ballot", 3},
        {PREF("toi") "1: {1,{2}}\n", "preflib-ballot", 3},
        {PREF("toi") "1: {1,2},\n", "preflib-ballot", 3},
        {PREF("toi") "1: {1,1}\n", "preflib-option-twice", 3},
        {PREF("toi") "1: {1,2,3,1}\n", "preflib-option-twice", 3},
        {GRADED "1: 1,2,3\n", "preflib-ranks", 4},
        {GRADED "1: {1},{2},{}\n", "preflib-ranks", 4},
        {GRADED "1: {1,2},{2}\n", "preflib-option-twice", 4},
    };

    (void)state;
    refuse_ballots(pse_count_preflib_read, bad, sizeof bad / sizeof *bad);
}

static void preflib_variants(void **state)
{
    COUNTED(c);
    COUNTED(g);
    (void)state;
    read_preflib(&c, "# FILE NAME: x\r\n# TITLE: An: election\r\n" PREF(
                         "toi") "# NUMBER VOTERS: 9\n# ALTERNATIVE NAME 1: A: a\n"
                                "# ALTERNATIVE NAME 3: C\n\n5: 1,{2,3}\n3:{ 2 , 1 }\n1:\n");
    assert_true(pse_span_is_str(c.ballots.title, "An: election"));
    assert_true(pse_span_is_str(c.ballots.name[1], "A: a"));
    assert_int_equal(c.ballots.name[2].n, 0);
    assert_true(pse_span_is_str(c.ballots.name[3], "C"));
    assert_int_equal(c.ballots.groups, 2);
    assert_int_equal(c.ballots.blank, 1);
    assert_int_equal(c.ballots.mark[2].rank, 2);
    assert_int_equal(c.ballots.mark[3].rank, 1);
    assert_int_equal(c.ballots.mark[4].rank, 1);
    assert_int_equal(c.ballots.grades, 0);
    read_preflib(&g,
                 "# CATEGORY NAME 2: No\n" GRADED "# CATEGORY NAME 1: Yes\n2: {},{1,2}\n3: 3,1");
    assert_int_equal(g.ballots.grades, 2);
    assert_true(pse_span_is_str(g.ballots.grade_name[1], "Yes"));
    assert_true(pse_span_is_str(g.ballots.grade_name[2], "No"));
    assert_int_equal(g.ballots.mark[0].rank, 2);
    assert_int_equal(g.ballots.mark[2].rank, 1);
    assert_int_equal(g.ballots.mark[3].rank, 2);
}

#define HEAD   "constituency,candidate_number,party,votes\n"
#define LISTED "constituency,candidate_number,party,votes,list\n"

static void counts_refuse(void **state)
{
    static const struct bad bad[] = {
        {"", "counts-header", 0},
        {"1,1,A,5\n", "counts-header", 1},
        {"constituency,number,party,votes\n", "counts-header", 1},
        {"constituency,candidate_number,party\n", "counts-header", 1},
        {"constituency,candidate_number,party,votes,list,more\n", "counts-header", 1},
        {HEAD, "counts-empty", 1},
        {HEAD "\n\n", "counts-empty", 3},
        {HEAD "1,1,A\n", "counts-fields", 2},
        {HEAD "1,1,A,5,1\n", "counts-fields", 2},
        {LISTED "1,1,A,5\n", "counts-fields", 2},
        {HEAD ",1,A,5\n", "counts-constituency", 2},
        {HEAD "1,0,A,5\n", "counts-number", 2},
        {HEAD "1,x,A,5\n", "counts-number", 2},
        {HEAD "1,,A,5\n", "counts-number", 2},
        {HEAD "1,4294967296,A,5\n", "counts-number", 2},
        {HEAD "1,1,A,\n", "counts-votes", 2},
        {HEAD "1,1,A,-5\n", "counts-votes", 2},
        {HEAD "1,1,A,5.0\n", "counts-votes", 2},
        {HEAD "1,1,A,1 000\n", "counts-votes", 2},
        {HEAD "1,1,A,1099511627777\n", "counts-votes", 2},
        {HEAD "1,1,A,1099511627776\n1,2,A,1\n", "counts-votes", 3},
        {HEAD "1,1,A,5\n1,1,A,5\n", "counts-number-twice", 0},
        {HEAD "1,1,A,5\n2,1,B,5\n", "counts-number-twice", 0},
        {LISTED "1,1,A,5,0\n", "counts-list", 2},
        {LISTED "1,1,A,5,x\n", "counts-list", 2},
        {HEAD "1,1,\"A,5\n", "csv-quote", 2},
        {HEAD "1,1,\"A\"B,5\n", "csv-quote", 2},
        {HEAD "1,1,A\"B,5\n", "csv-quote", 2},
        {HEAD "1,1,\"A\nB\",5\n", "csv-quote", 2},
        {HEAD "1,1,A,5,,,,,,,,,,,,,,,\n", "csv-fields", 2},
        {HEAD "1,1,\xe4,5\n", "text-utf8", 2},
        {HEAD "1,1,A\x01,5\n", "text-utf8", 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        PSE_ARENA(arena, MEMORY);
        struct pse_count_returns r;
        struct pse_count_where where;

        print_message("# %s\n", bad[i].slug);
        assert_int_not_equal(pse_count_returns_read(&r, &arena, &where, pse_span_str(bad[i].text)),
                             PSE_OK);
        assert_string_equal(where.slug, bad[i].slug);
        assert_int_equal(where.line, bad[i].line);
        assert_null(r.candidate);
    }
}

static void counts_are_ordered(void **state)
{
    COUNTED(c);
    (void)state;
    /* Parties by their smallest number, constituencies as they come, candidates by number. */
    read_counts(&c, LISTED "B,7,\"Z, \"\"z\"\"\",5,2\r\nA,9,Y,6,\r\n\r\nB,3,Y,7,1\r\nA,8,,8,\r\n",
                NULL);
    assert_int_equal(c.returns.parties, 2);
    assert_true(pse_span_is_str(c.returns.party[0], "Y"));
    assert_true(pse_span_is_str(c.returns.party[1], "Z, \"z\""));
    assert_int_equal(c.returns.constituencies, 2);
    assert_true(pse_span_is_str(c.returns.constituency[0].name, "B"));
    assert_int_equal(c.returns.candidate[0].number, 3);
    assert_int_equal(c.returns.candidate[0].party, 0);
    assert_int_equal(c.returns.candidate[0].list, 1);
    assert_int_equal(c.returns.candidate[1].number, 7);
    assert_int_equal(c.returns.candidate[1].party, 1);
    assert_int_equal(c.returns.candidate[2].number, 8);
    assert_int_equal(c.returns.candidate[2].party, PSE_COUNT_INDEPENDENT);
    assert_int_equal(c.returns.candidate[3].list, 0);
    assert_true(c.returns.listed);
}

static void mandates_refuse(void **state)
{
    static const struct bad bad[] = {
        {"", "mandates-header", 0},
        {"1,5\n", "mandates-header", 1},
        {"constituency,seats\n1,5\n", "mandates-header", 1},
        {"constituency,mandates,x\n", "mandates-header", 1},
        {"constituency,mandates\n", "mandates-missing", 0},
        {"constituency,mandates\n1,5\n", "mandates-missing", 0},
        {"constituency,mandates\n1,5\n2,3\n3,1\n", "mandates-unknown", 4},
        {"constituency,mandates\n1,5\n1,5\n", "mandates-twice", 3},
        {"constituency,mandates\n1,0\n", "mandates-number", 2},
        {"constituency,mandates\n1,-1\n", "mandates-number", 2},
        {"constituency,mandates\n1,\n", "mandates-number", 2},
        {"constituency,mandates\n1,10001\n", "mandates-number", 2},
        {"constituency,mandates\n1,9999\n2,2\n", "mandates-number", 3},
        {"constituency,mandates\n1\n", "mandates-fields", 2},
        {"constituency,mandates\n1,2,3\n", "mandates-fields", 2},
        {"constituency,mandates\n\"1,2\n", "csv-quote", 2},
        {"constituency,mandates\n\"1\"\"\",2\n", "csv-quote", 2},
    };
    COUNTED(c);
    struct pse_count_where where;

    (void)state;
    read_counts(&c, HEAD "1,1,A,5\n2,2,A,5\n", NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        print_message("# %s\n", bad[i].slug);
        assert_int_not_equal(pse_count_mandates_read(&c.returns, &where, pse_span_str(bad[i].text)),
                             PSE_OK);
        assert_string_equal(where.slug, bad[i].slug);
        assert_int_equal(where.line, bad[i].line);
        assert_int_equal(c.returns.constituency[0].mandates, 0);
    }
    assert_int_equal(pse_count_mandates_read(&c.returns, &where,
                                             pse_span_str("constituency,mandates\n2,3\n\"1\",5")),
                     PSE_OK);
    assert_int_equal(c.returns.constituency[0].mandates, 5);
    assert_int_equal(c.returns.constituency[1].mandates, 3);
}

/* 10 MB of whatever is densest stays within 100 MB, text included. */
static void hostile_texts_stay_small(void **state)
{
    static const struct {
        read_ballots_fn *read;
        const char *head, *unit;
    } texts[] = {
        {pse_count_blt_read, "255 1\n", "1 1 0\n"},
        {pse_count_blt_read, "255 1\n", "\n"},
        {pse_count_blt_read, "255 1\n", "1 0\n"},
        {pse_count_blt_read, "255 1\n1", " 1"},
        {pse_count_blt_read, "255 1\n0\n", "a\n"},
        {pse_count_blt_read, "255 1\n0\n", "\"\"\n"},
        {pse_count_preflib_read, PREF("toi"), "1:1\n"},
        {pse_count_preflib_read, PREF("toi"), "1:\n"},
        {pse_count_preflib_read, PREF("toi"), "{"},
        {pse_count_preflib_read, "#", "#\n"},
    };
    const size_t size = 10u << 20;
    uint8_t *text = malloc(size);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t n = strlen(texts[i].head);
        size_t unit = strlen(texts[i].unit);
        struct pse_count_ballots b;
        struct pse_count_where where;
        struct pse_count_result r;
        struct pse_count_lot lot;
        struct pse_count_params p = {.seats = 1};
        PSE_ARENA(arena, 90u << 20);

        memcpy(text, texts[i].head, n);
        for (; n + unit <= size - 1024; n += unit)
            memcpy(text + n, texts[i].unit, unit);
        if (texts[i].read == pse_count_blt_read && texts[i].head[6] == '\0') {
            n += (size_t)snprintf((char *)text + n, 1024, "\n0\n");
            for (unsigned k = 0; k < 255; k++)
                n += (size_t)snprintf((char *)text + n, size - n, "A\n");
        }
        if (texts[i].read(&b, &arena, &where, pse_span(text, n)) != PSE_OK) {
            assert_string_not_equal(where.slug, "memory");
            continue;
        }
        pse_count_lot_public(&lot);
        assert_int_equal(pse_count_run(&r, &arena, &lot, PSE_RULE_STV_SCOTTISH, &b, &p), PSE_OK);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blt_refuses),
        cmocka_unit_test(blt_variants),
        cmocka_unit_test(blt_corner_cases),
        cmocka_unit_test(preflib_refuses),
        cmocka_unit_test(preflib_variants),
        cmocka_unit_test(counts_refuse),
        cmocka_unit_test(counts_are_ordered),
        cmocka_unit_test(mandates_refuse),
        cmocka_unit_test(hostile_texts_stay_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
