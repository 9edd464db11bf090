/* Witness policies: the vectors (V104), the grammar, and quorums. */
#include "codec/codec.h"
#include "merkle/policy.h"

#include "vectors.h"

enum { ARENA_MAX = 16 * 1024 * 1024 };

static void all_vectors(void **state)
{
    json_t *root = vectors_load("psephos1/policy.json");
    struct pse_span log = vectors_text(root, "log_vkey");
    size_t i;
    json_t *c;

    (void)state;
    json_array_foreach(json_object_get(root, "cases"), i, c)
    {
        PSE_ARENA(arena, ARENA_MAX);
        const char *note = json_string_value(json_object_get(c, "note"));
        bool accept = strcmp(json_string_value(json_object_get(c, "verdict")), "accept") == 0;
        bool test = json_is_true(json_object_get(c, "test"));
        struct pse_policy policy;
        pse_rc rc = pse_policy_parse(&policy, NULL, &arena, vectors_text(c, "policy"));

        if (rc == PSE_OK)
            rc = pse_policy_election_check(&policy, log, test, NULL, 0);
        if ((rc == PSE_OK) != accept)
            fail_msg("%s: %s", note, pse_rc_name(rc));
    }
    assert_int_equal(i, 12);
    json_decref(root);
}

/* --- policies made here
 * ---------------------------------------------------------------------------- */

/* In a policy text, `$n` stands for the vkey of witness n (type 04, name wn) and `@n` for one of
 * type 01 of the same key. */
static void put_vkey(struct pse_buf *b, char kind, char digit)
{
    pse_seed seed = {{(uint8_t)(digit - '0' + 1)}};
    char name[] = "w0.example";
    struct pse_vkey vkey;
    pse_edkey key;

    name[1] = digit;
    pse_ed25519_public(&key, &seed);
    assert_int_equal(pse_vkey_make(&vkey, pse_span_str(name),
                                   kind == '$' ? PSE_SIG_COSIGN : PSE_SIG_ED25519, &key),
                     PSE_OK);
    pse_vkey_put(b, &vkey);
}

static void expand(struct pse_buf *b, const char *text)
{
    for (; *text != 0; text++) {
        if ((*text == '$' || *text == '@') && text[1] >= '0' && text[1] <= '9') {
            put_vkey(b, *text, text[1]);
            text++;
        } else {
            pse_buf_put(b, text, 1);
        }
    }
    assert_int_equal(b->rc, PSE_OK);
}

static pse_rc parse(const char *text)
{
    PSE_ARENA(arena, ARENA_MAX);
    struct pse_buf b = PSE_BUF(1 << 20);
    struct pse_policy policy;
    pse_rc rc;

    expand(&b, text);
    rc = pse_policy_parse(&policy, NULL, &arena, pse_buf_span(&b));
    pse_buf_free(&b);
    return rc;
}

#define W3 "witness a $1\nwitness b $2\nwitness c $3\n"

static void grammar_accepted(void **state)
{
    static const char *const good[] = {
        "quorum none",
        "quorum none\n",
        "\n \t\n# anything: \x80\xff $ @\n  #x\nquorum none\n",
        "log @0\nlog @1 https://x\n" W3 "group g any a\nquorum g\n",
        "\tlog\t@0\t \nwitness a $1 http://w.example/ \n  quorum   a\t\n",
        W3 "group g 2 a b c\nquorum g\n",
        W3 "group g all a b c\nquorum g\n",
        W3 "quorum a\ngroup g any b\n",
        W3 "group g any b\ngroup h all g a\nquorum h\n",
        "witness \xff\xfe $1\nquorum \xff\xfe\n",
        "witness all $1\nwitness any $2\ngroup 2 all all any\nquorum 2\n",
        "witness K $1\nwitness \xe2\x84\xaa $2\nquorum K\n",
        "witness #a $1\nquorum #a\n",
        W3 "group none2 any a\nquorum none2\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (parse(good[i]) != PSE_OK)
            fail_msg("%s: %s", good[i], pse_rc_name(parse(good[i])));
}

static void grammar_refused(void **state)
{
    static const struct {
        const char *text;
        pse_rc rc;
    } bad[] = {
        {"", PSE_E_MISSING},
        {"log @0\n", PSE_E_MISSING},
        {"quorum\n", PSE_E_SYNTAX},
        {"quorum a\n", PSE_E_MISSING},
        {"quorum none none\n", PSE_E_SYNTAX},
        {"quorum none\nquorum none\n", PSE_E_DUPLICATE},
        {"Quorum none\n", PSE_E_SYNTAX},
        {"quorums none\n", PSE_E_SYNTAX},
        {"quorum None\n", PSE_E_MISSING},
        {"quorum none\r\n", PSE_E_ENCODING},
        {"quorum none\x7f\n", PSE_E_ENCODING},
        {"# \x01\nquorum none\n", PSE_E_ENCODING},
        {"quorum none # comment\n", PSE_E_SYNTAX},
        {"quorum a\n" W3, PSE_E_MISSING},
        {"log\nquorum none\n", PSE_E_SYNTAX},
        {"log x\nquorum none\n", PSE_E_SYNTAX},
        {"log @0 url more\nquorum none\n", PSE_E_SYNTAX},
        {"witness\nquorum none\n", PSE_E_SYNTAX},
        {"witness a\nquorum none\n", PSE_E_SYNTAX},
        {"witness a $1 url more\nquorum none\n", PSE_E_SYNTAX},
        {"witness none $1\nquorum none\n", PSE_E_SYNTAX},
        {"witness a $1\nwitness a $2\nquorum none\n", PSE_E_DUPLICATE},
        {"witness a $1\nwitness b $1\nquorum none\n", PSE_E_DUPLICATE},
        {"witness a $1\nwitness b @1\nquorum none\n", PSE_E_DUPLICATE},
        {W3 "group\nquorum none\n", PSE_E_SYNTAX},
        {W3 "group g\nquorum none\n", PSE_E_SYNTAX},
        {W3 "group g any\nquorum none\n", PSE_E_SYNTAX},
        {W3 "group g all\nquorum none\n", PSE_E_SYNTAX},
        {W3 "group g 0 a b\nquorum none\n", PSE_E_RANGE},
        {W3 "group g 3 a b\nquorum none\n", PSE_E_RANGE},
        {W3 "group g 02 a b\nquorum none\n", PSE_E_SYNTAX},
        {W3 "group g +2 a b\nquorum none\n", PSE_E_SYNTAX},
        {W3 "group g two a b\nquorum none\n", PSE_E_SYNTAX},
        {W3 "group g ALL a b\nquorum none\n", PSE_E_SYNTAX},
        {W3 "group g 99999999999999999999 a b\nquorum none\n", PSE_E_RANGE},
        {W3 "group g any a d\nquorum none\n", PSE_E_MISSING},
        {W3 "group g any a none\nquorum none\n", PSE_E_MISSING},
        {W3 "group g any g\nquorum none\n", PSE_E_MISSING},
        {W3 "group g any h\ngroup h any a\nquorum none\n", PSE_E_MISSING},
        {W3 "group g any a a\nquorum none\n", PSE_E_DUPLICATE},
        {W3 "group g any a\ngroup h any a\nquorum none\n", PSE_E_DUPLICATE},
        {W3 "group a any b\nquorum none\n", PSE_E_DUPLICATE},
        {W3 "group g any a\nwitness g $4\nquorum none\n", PSE_E_DUPLICATE},
        {W3 "group none any a\nquorum none\n", PSE_E_SYNTAX},
        {"extra line\nquorum none\n", PSE_E_SYNTAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse(bad[i].text) != bad[i].rc)
            fail_msg("%s: %s", bad[i].text, pse_rc_name(parse(bad[i].text)));
}

static void faults_name_the_line(void **state)
{
    PSE_ARENA(arena, ARENA_MAX);
    struct pse_policy policy;
    size_t line;

    (void)state;
    assert_int_equal(pse_policy_parse(&policy, &line, &arena, pse_span_str("\n#\n\nbad\nquorum x")),
                     PSE_E_SYNTAX);
    assert_int_equal(line, 4);
    assert_int_equal(pse_policy_parse(&policy, &line, &arena, pse_span_str("\nquorum x")),
                     PSE_E_MISSING);
    assert_int_equal(line, 2);
}

/* --- V104
 * ------------------------------------------------------------------------------------------ */

static pse_rc check(const char *text, bool test, const pse_edkey *keys, size_t n_keys)
{
    PSE_ARENA(arena, ARENA_MAX);
    struct pse_buf b = PSE_BUF(1 << 20);
    struct pse_buf log = PSE_BUF(1000);
    struct pse_policy policy;
    pse_rc rc;

    expand(&log, "@0");
    expand(&b, text);
    assert_int_equal(pse_policy_parse(&policy, NULL, &arena, pse_buf_span(&b)), PSE_OK);
    rc = pse_policy_election_check(&policy, pse_buf_span(&log), test, keys, n_keys);
    pse_buf_free(&b);
    pse_buf_free(&log);
    return rc;
}

#define Q23 W3 "group g 2 a b c\nquorum g\n"

static void election_conditions(void **state)
{
    static const struct {
        const char *text;
        bool test;
        pse_rc rc;
    } cases[] = {
        {"log @0\n" Q23, false, PSE_OK},
        {Q23 "log @0\n", false, PSE_OK},
        {Q23, false, PSE_E_RANGE},
        {"log @0\nlog @9\n" Q23, false, PSE_E_RANGE},
        {"log @0\nlog @0\n" Q23, false, PSE_E_RANGE},
        {"log @9\n" Q23, false, PSE_E_MISMATCH},
        {"log $0\n" Q23, false, PSE_E_MISMATCH},
        {"log @0\nwitness a @1\nwitness b $2\ngroup g all a b\nquorum g\n", false,
         PSE_E_UNSUPPORTED},
        {"log @0\nwitness a @1\nwitness b $2\nwitness c $3\ngroup g all b c\nquorum g\n", false,
         PSE_E_UNSUPPORTED},
        {"log @0\n" W3 "quorum none\n", true, PSE_E_RANGE},
        {"log @0\n" W3 "quorum a\n", false, PSE_E_RANGE},
        {"log @0\n" W3 "quorum a\n", true, PSE_OK},
        {"log @0\n" W3 "group g any a b\nquorum g\n", true, PSE_E_RANGE},
        {"log @0\n" W3 "group g any a\nquorum g\n", true, PSE_OK},
        {"log @0\n" W3 "group g any a\nquorum g\n", false, PSE_E_RANGE},
        {"log @0\n" W3 "group g all a b\ngroup h any g\nquorum h\n", false, PSE_OK},
        {"log @0\n" W3 "group g any a b\ngroup h all g c\nquorum h\n", false, PSE_E_RANGE},
        {"log @0\n" W3 "group g any a b\nquorum c\n", true, PSE_OK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (check(cases[i].text, cases[i].test, NULL, 0) != cases[i].rc)
            fail_msg("%s: %s", cases[i].text,
                     pse_rc_name(check(cases[i].text, cases[i].test, NULL, 0)));
}

static void keys_of_the_manifest_are_no_witnesses(void **state)
{
    pse_edkey keys[2] = {{{7}}, {{0}}};
    pse_seed seed = {{4}}; /* witness 3's */

    (void)state;
    assert_int_equal(check("log @0\n" Q23, false, keys, 1), PSE_OK);
    pse_ed25519_public(&keys[1], &seed);
    assert_int_equal(check("log @0\n" Q23, false, keys, 2), PSE_E_DUPLICATE);
}

static void invalid_keys_are_no_witnesses(void **state)
{
    static const char *const bad[] = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "dc63b263a1a2c51e8c40546cb5fa7f975403c2dc5a411c55108fa0e3f53ff072",
        "0200000000000000000000000000000000000000000000000000000000000000",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct pse_buf b = PSE_BUF(10000);
        struct pse_vkey vkey;
        pse_edkey key;

        assert_int_equal(pse_hex_decode(key.b, 32, pse_span_str(bad[i])), PSE_OK);
        assert_int_equal(pse_vkey_make(&vkey, pse_span_str("x"), PSE_SIG_COSIGN, &key), PSE_OK);
        pse_wr_str(&b, "log @0\n" W3 "witness x ");
        pse_vkey_put(&b, &vkey);
        pse_wr_str(&b, "\ngroup g 2 a b c\nquorum g\n");
        pse_wr_u8(&b, 0);
        assert_int_equal(check((const char *)b.p, false, NULL, 0), PSE_E_ENCODING);
        pse_buf_free(&b);
    }
}

/* --- quorums
 * ---------------------------------------------------------------------------------------- */

static void quorums(void **state)
{
    static const struct {
        const char *text;
        size_t min;
        const char
            *quorum; /* for each set of witnesses, read as a binary number: does it suffice */
    } cases[] = {
        {W3 "quorum none\n", 0, "11111111"},
        {W3 "quorum b\n", 1, "00110011"},
        {W3 "group g 2 a b c\nquorum g\n", 2, "00010111"},
        {W3 "group g any a b c\nquorum g\n", 1, "01111111"},
        {W3 "group g all a b c\nquorum g\n", 3, "00000001"},
        {W3 "group g any a b\ngroup h all g c\nquorum h\n", 2, "00000111"},
        {W3 "group g all a b\ngroup h any g c\nquorum h\n", 1, "00011111"},
        {W3 "group h any a b\ngroup g all c\nquorum g\n", 1, "00001111"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PSE_ARENA(arena, ARENA_MAX);
        struct pse_buf b = PSE_BUF(1 << 20);
        struct pse_policy policy;
        size_t min;

        expand(&b, cases[i].text);
        assert_int_equal(pse_policy_parse(&policy, NULL, &arena, pse_buf_span(&b)), PSE_OK);
        assert_int_equal(policy.witnesses, 3);
        assert_true(pse_span_is_str(pse_policy_witness(&policy, 2)->name, "c"));
        assert_int_equal(pse_policy_min_witnesses(&min, &policy), PSE_OK);
        assert_int_equal(min, cases[i].min);
        for (unsigned set = 0; set < 8; set++) {
            bool seen[3] = {set & 1, set & 2, set & 4};
            pse_rc want = cases[i].quorum[set] == '1' ? PSE_OK : PSE_E_PROOF;

            if (pse_policy_quorum_check(&policy, seen) != want)
                fail_msg("%s: set %u", cases[i].text, set);
        }
        pse_buf_free(&b);
    }
}

/* --- size
 * ------------------------------------------------------------------------------------------- */

/* A file of 256 KiB full of the shortest groups, each a member of the next. */
static void the_largest_file(void **state)
{
    PSE_ARENA(arena, PSE_POLICY_ARENA_MAX);
    struct pse_buf b = PSE_BUF(PSE_POLICY_MAX + 1000);
    struct pse_policy policy;
    unsigned groups = 0;
    char line[40];
    size_t min;
    int n;

    (void)state;
    expand(&b, "log @0\nwitness 0 $1\n");
    while (b.n < PSE_POLICY_MAX - 40) {
        n = snprintf(line, sizeof line, "group %x 1 %x\n", groups + 1, groups);
        pse_buf_put(&b, line, (size_t)n);
        groups++;
    }
    n = snprintf(line, sizeof line, "quorum %x\n", groups);
    pse_buf_put(&b, line, (size_t)n);
    assert_int_equal(pse_policy_parse(&policy, NULL, &arena, pse_buf_span(&b)), PSE_OK);
    assert_true(policy.items > 10000);
    assert_int_equal(pse_policy_min_witnesses(&min, &policy), PSE_OK);
    assert_int_equal(min, 1);
    assert_int_equal(pse_policy_quorum_check(&policy, (bool[]){true}), PSE_OK);
    assert_int_equal(pse_policy_quorum_check(&policy, (bool[]){false}), PSE_E_PROOF);
    while (b.n < PSE_POLICY_MAX)
        pse_wr_str(&b, "\n");
    assert_int_equal(pse_policy_parse(&policy, NULL, &arena, pse_buf_span(&b)), PSE_OK);
    pse_wr_str(&b, "\n");
    assert_int_equal(pse_policy_parse(&policy, NULL, &arena, pse_buf_span(&b)), PSE_E_LIMIT);
    pse_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_vectors),
        cmocka_unit_test(grammar_accepted),
        cmocka_unit_test(grammar_refused),
        cmocka_unit_test(faults_name_the_line),
        cmocka_unit_test(election_conditions),
        cmocka_unit_test(keys_of_the_manifest_are_no_witnesses),
        cmocka_unit_test(invalid_keys_are_no_witnesses),
        cmocka_unit_test(quorums),
        cmocka_unit_test(the_largest_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
