/* Strict JSON reading: what RFC 8259 and protocol 2.3 allow, what they refuse, and what hostile
 * documents cost. */
#include <time.h>

#include "codec/codec.h"

#include "vectors.h"

enum { ARENA_MAX = 64 * 1024 * 1024 };

static pse_rc parse(const char *text)
{
    PSE_ARENA(arena, ARENA_MAX);
    const struct pse_json *root;
    pse_rc rc = pse_json_parse(&root, NULL, &arena, pse_span_str(text));

    assert_int_equal(root == NULL, rc != PSE_OK);
    return rc;
}

static void accepted_documents(void **state)
{
    static const char *const good[] = {
        "0",
        " 1 ",
        "\t[\r\n]\n",
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "\"\"",
        "9007199254740991",
        "[1,2,3]",
        "{\"a\":1,\"b\":[true,false,null,\"x\"]}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\uddf3\"",
        "[[[[[[[[]]]]]]]]",
        "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}",
        "{\"\":1,\" \":2}",
        "\"\xf0\x9f\x97\xb3\x7f\"",
        "[\"a\",\"a\"]",
        "[{\"a\":1},{\"a\":1}]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (parse(good[i]) != PSE_OK)
            fail_msg("%s: %s", good[i], pse_rc_name(parse(good[i])));
}

static void refused_documents(void **state)
{
    static const struct {
        const char *text;
        pse_rc rc;
    } bad[] = {
        {"", PSE_E_SYNTAX},
        {" ", PSE_E_SYNTAX},
        {"1 2", PSE_E_SYNTAX},
        {"{}x", PSE_E_SYNTAX},
        {"[1,]", PSE_E_SYNTAX},
        {"[,1]", PSE_E_SYNTAX},
        {"[1 2]", PSE_E_SYNTAX},
        {"[1", PSE_E_SYNTAX},
        {"]", PSE_E_SYNTAX},
        {"[}", PSE_E_SYNTAX},
        {"{\"a\"}", PSE_E_SYNTAX},
        {"{\"a\":}", PSE_E_SYNTAX},
        {"{\"a\":1,}", PSE_E_SYNTAX},
        {"{\"a\" 1}", PSE_E_SYNTAX},
        {"{a:1}", PSE_E_SYNTAX},
        {"{1:1}", PSE_E_SYNTAX},
        {"{'a':1}", PSE_E_SYNTAX},
        {"{\"a\":1;\"b\":2}", PSE_E_SYNTAX},
        {"00", PSE_E_SYNTAX},
        {"01", PSE_E_SYNTAX},
        {"-0", PSE_E_SYNTAX},
        {"-1", PSE_E_SYNTAX},
        {"+1", PSE_E_SYNTAX},
        {"1.0", PSE_E_SYNTAX},
        {"1e0", PSE_E_SYNTAX},
        {"1E3", PSE_E_SYNTAX},
        {".5", PSE_E_SYNTAX},
        {"0x1", PSE_E_SYNTAX},
        {"NaN", PSE_E_SYNTAX},
        {"Infinity", PSE_E_SYNTAX},
        {"9007199254740992", PSE_E_RANGE},
        {"99999999999999999999999999", PSE_E_RANGE},
        {"tru", PSE_E_SYNTAX},
        {"True", PSE_E_SYNTAX},
        {"truefalse", PSE_E_SYNTAX},
        {"nul", PSE_E_SYNTAX},
        {"\"", PSE_E_SYNTAX},
        {"\"a", PSE_E_SYNTAX},
        {"\"\\\"", PSE_E_SYNTAX},
        {"\"\\", PSE_E_SYNTAX},
        {"\"a\nb\"", PSE_E_SYNTAX},
        {"\"\t\"", PSE_E_SYNTAX},
        {"\"\\x\"", PSE_E_SYNTAX},
        {"\"\\'\"", PSE_E_SYNTAX},
        {"\"\\U0041\"", PSE_E_SYNTAX},
        {"\"\\u12\"", PSE_E_SYNTAX},
        {"\"\\u12g4\"", PSE_E_SYNTAX},
        {"\"\\u", PSE_E_SYNTAX},
        {"\"\\u0000\"", PSE_E_ENCODING},
        {"\"\\ud800\"", PSE_E_ENCODING},
        {"\"\\ud800x\"", PSE_E_ENCODING},
        {"\"\\ud800\\n\"", PSE_E_ENCODING},
        {"\"\\ud800\\u0041\"", PSE_E_ENCODING},
        {"\"\\ud800\\ud800\"", PSE_E_ENCODING},
        {"\"\\udc00\"", PSE_E_ENCODING},
        {"\"\\udc00\\ud800\"", PSE_E_ENCODING},
        {"\"\xff\"", PSE_E_ENCODING},
        {"\"\xed\xa0\x80\"", PSE_E_ENCODING},
        {"\"\xc0\x80\"", PSE_E_ENCODING},
        {"\xef\xbb\xbf{}", PSE_E_ENCODING},
        {"\xfe\xff", PSE_E_ENCODING},
        {"\xc2\xa0{}", PSE_E_SYNTAX},
        {"\f{}", PSE_E_SYNTAX},
        {"\v1", PSE_E_SYNTAX},
        {"/**/1", PSE_E_SYNTAX},
        {"1//", PSE_E_SYNTAX},
        {"{\"a\":1,\"a\":1}", PSE_E_DUPLICATE},
        {"{\"a\":1,\"\\u0061\":1}", PSE_E_DUPLICATE},
        {"{\"\":1,\"b\":2,\"\":3}", PSE_E_DUPLICATE},
        {"{\"\\ud83d\\uddf3\":1,\"\xf0\x9f\x97\xb3\":1}", PSE_E_DUPLICATE},
        {"[{\"x\":{\"a\":1,\"b\":2,\"a\":3}}]", PSE_E_DUPLICATE},
        {"{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":1,\"1\":1}",
         PSE_E_DUPLICATE},
        {"[[[[[[[[[]]]]]]]]]", PSE_E_LIMIT},
        {"[[[[[[[[{}]]]]]]]]", PSE_E_LIMIT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse(bad[i].text) != bad[i].rc)
            fail_msg("%s: %s", bad[i].text, pse_rc_name(parse(bad[i].text)));
}

static void zero_bytes_are_no_json(void **state)
{
    PSE_ARENA(arena, ARENA_MAX);
    const struct pse_json *root;

    (void)state;
    assert_int_equal(pse_json_parse(&root, NULL, &arena, pse_span("1\0", 2)), PSE_E_SYNTAX);
    assert_int_equal(pse_json_parse(&root, NULL, &arena, pse_span("\0", 1)), PSE_E_SYNTAX);
    assert_int_equal(pse_json_parse(&root, NULL, &arena, pse_span("\"\\\0\"", 4)), PSE_E_SYNTAX);
    assert_int_equal(pse_json_parse(&root, NULL, &arena, pse_span("\"\0\"", 3)), PSE_E_SYNTAX);
    assert_int_equal(pse_json_parse(&root, NULL, &arena, pse_span(NULL, 0)), PSE_E_SYNTAX);
}

static void faults_point_at_the_byte(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } bad[] = {
        {"[1,x]", 3},    {"{\"a\":01}", 5},        {"[1]]", 3},
        {"\"\xff\"", 1}, {"{\"a\":1,\"a\":2}", 7}, {"[1,", 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        PSE_ARENA(arena, ARENA_MAX);
        struct pse_json_fault fault = {999, ""};
        const struct pse_json *root;

        assert_int_not_equal(pse_json_parse(&root, &fault, &arena, pse_span_str(bad[i].text)),
                             PSE_OK);
        if (fault.at != bad[i].at || fault.member != NULL)
            fail_msg("%s: fault at %zu", bad[i].text, fault.at);
    }
}

/* --- against another reader ------------------------------------------------------------------- */

static void same(const struct pse_json *v, const json_t *j);

static void same_members(const struct pse_json *v, const json_t *j)
{
    const struct pse_json *name = pse_json_first(v);

    assert_int_equal(pse_json_count(v), json_object_size(j));
    for (size_t i = 0; i < pse_json_count(v); i++) {
        const struct pse_json *value = pse_json_next(name);
        struct pse_span s;
        json_t *other;

        assert_int_equal(pse_json_string(&s, name), PSE_OK);
        other = json_object_getn(j, (const char *)s.p, s.n);
        assert_non_null(other);
        same(value, other);
        name = pse_json_next(value);
    }
}

static void same(const struct pse_json *v, const json_t *j)
{
    const struct pse_json *element = pse_json_first(v);
    struct pse_span s;
    uint64_t x;
    bool b;

    switch (json_typeof(j)) {
    case JSON_OBJECT:
        assert_int_equal(v->type, PSE_JSON_OBJECT);
        same_members(v, j);
        break;
    case JSON_ARRAY:
        assert_int_equal(v->type, PSE_JSON_ARRAY);
        assert_int_equal(pse_json_count(v), json_array_size(j));
        for (size_t i = 0; i < pse_json_count(v); i++) {
            same(element, json_array_get(j, i));
            element = pse_json_next(element);
        }
        break;
    case JSON_STRING:
        assert_int_equal(pse_json_string(&s, v), PSE_OK);
        assert_int_equal(s.n, json_string_length(j));
        assert_memory_equal(s.p, json_string_value(j), s.n);
        break;
    case JSON_INTEGER:
        assert_int_equal(pse_json_u64(&x, v), PSE_OK);
        assert_true(x == (uint64_t)json_integer_value(j));
        break;
    default:
        assert_int_equal(pse_json_bool(&b, v), PSE_OK);
        assert_int_equal(b, json_is_true(j));
        break;
    }
}

/* Cases of manifest.json that fail in JSON itself; all others must parse, and equal to jansson. */
static pse_rc expected(const char *note)
{
    static const struct {
        const char *note;
        pse_rc rc;
    } syntax[] = {
        {"trailing garbage", PSE_E_SYNTAX},
        {"BOM", PSE_E_ENCODING},
        {"duplicate member", PSE_E_DUPLICATE},
        {"escaped duplicate member", PSE_E_DUPLICATE},
        {"leading zero", PSE_E_SYNTAX},
        {"float", PSE_E_SYNTAX},
        {"exponent", PSE_E_SYNTAX},
        {"negative zero", PSE_E_SYNTAX},
        {"too large number", PSE_E_RANGE},
        {"lone surrogate", PSE_E_ENCODING},
        {"NUL", PSE_E_ENCODING},
        {"comment", PSE_E_SYNTAX},
        {"trailing comma", PSE_E_SYNTAX},
    };

    for (size_t i = 0; i < sizeof syntax / sizeof *syntax; i++)
        if (strcmp(syntax[i].note, note) == 0)
            return syntax[i].rc;
    return PSE_OK;
}

static void manifests_of_the_vectors(void **state)
{
    json_t *root = vectors_load("psephos1/manifest.json");
    size_t i, refused = 0;
    json_t *c;

    (void)state;
    json_array_foreach(json_object_get(root, "cases"), i, c)
    {
        PSE_ARENA(arena, ARENA_MAX);
        struct pse_span text = vectors_text(c, "manifest");
        const char *note = json_string_value(json_object_get(c, "note"));
        const struct pse_json *mine;
        pse_rc rc = pse_json_parse(&mine, NULL, &arena, text);
        json_t *other;

        if (rc != expected(note))
            fail_msg("%s: %s", note, pse_rc_name(rc));
        if (rc != PSE_OK) {
            refused++;
            continue;
        }
        other = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(other);
        same(mine, other);
        json_decref(other);
    }
    assert_int_equal(refused, 13);
    json_decref(root);
}

/* --- reading a format --------------------------------------------------------------------------
 */

struct trustee {
    struct pse_span name;
    uint8_t sign[2];
    uint64_t weight;
    bool test;
};

static pse_rc read_trustee(struct trustee *t, struct pse_json_fault *fault, const char *text)
{
    static struct pse_arena arena;
    const struct pse_json *v;
    struct pse_json_rd r;

    pse_arena_free(&arena);
    pse_arena_init(&arena, ARENA_MAX);
    PSE_TRY(pse_json_parse(&v, fault, &arena, pse_span_str(text)));
    PSE_TRY(pse_json_open(&r, v, fault));
    PSE_TRY(pse_json_take_string(&t->name, &r, "name"));
    PSE_TRY(pse_json_take_hex(t->sign, 2, &r, "sign"));
    PSE_TRY(pse_json_take_u64(&t->weight, &r, "weight"));
    PSE_TRY(pse_json_take_bool(&t->test, &r, "test"));
    PSE_TRY(pse_json_take_array(&v, &r, "list"));
    return pse_json_close(&r);
}

static void formats_are_exact(void **state)
{
    static const struct {
        const char *text;
        pse_rc rc;
        size_t at;
        const char *member;
    } bad[] = {
        {"[]", PSE_E_SYNTAX, 0, NULL},
        {"{\"name\":1}", PSE_E_SYNTAX, 8, "name"},
        {"{\"name\":\"x\"}", PSE_E_MISSING, 0, "sign"},
        {"{\"name\":\"x\",\"sign\":\"abc\"}", PSE_E_LENGTH, 19, "sign"},
        {"{\"name\":\"x\",\"sign\":\"ABCD\"}", PSE_E_SYNTAX, 19, "sign"},
        {"{\"name\":\"x\",\"sign\":\"abcd\",\"weight\":\"1\"}", PSE_E_SYNTAX, 35, "weight"},
        {"{\"name\":\"x\",\"sign\":\"abcd\",\"weight\":true}", PSE_E_SYNTAX, 35, "weight"},
        {"{\"name\":\"x\",\"sign\":\"abcd\",\"weight\":1,\"test\":1}", PSE_E_SYNTAX, 44, "test"},
        {"{\"name\":\"x\",\"sign\":\"abcd\",\"weight\":1,\"test\":null}", PSE_E_SYNTAX, 44, "test"},
        {"{\"name\":\"x\",\"sign\":\"abcd\",\"weight\":1,\"test\":true,\"list\":{}}", PSE_E_SYNTAX,
         56, "list"},
        {"{\"name\":\"x\",\"sign\":\"abcd\",\"weight\":1,\"test\":true,\"list\":[],\"y\":1}",
         PSE_E_SYNTAX, 0, NULL},
    };
    struct pse_json_fault fault;
    struct trustee t;

    (void)state;
    assert_int_equal(
        read_trustee(
            &t, NULL,
            " {\"list\":[1],\"test\":true,\"weight\":7,\"sign\":\"abcd\",\"name\":\"\\u0041b\"}"),
        PSE_OK);
    assert_true(pse_span_is_str(t.name, "Ab"));
    assert_int_equal(t.sign[1], 0xcd);
    assert_int_equal(t.weight, 7);
    assert_true(t.test);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        pse_rc rc = read_trustee(&t, &fault, bad[i].text);

        if (rc != bad[i].rc || fault.at != bad[i].at)
            fail_msg("case %zu: %s at %zu", i, pse_rc_name(rc), fault.at);
        if (bad[i].member == NULL)
            assert_null(fault.member);
        else
            assert_string_equal(fault.member, bad[i].member);
    }
}

/* --- hostile documents -------------------------------------------------------------------------
 */

static double seconds_to_parse(struct pse_span text, pse_rc want, size_t held_max)
{
    PSE_ARENA(arena, 100 * 1000 * 1000);
    const struct pse_json *root;
    clock_t before = clock();
    pse_rc rc = pse_json_parse(&root, NULL, &arena, text);
    double took = (double)(clock() - before) / CLOCKS_PER_SEC;

    assert_int_equal(rc, want);
    if (arena.held + text.n > held_max)
        fail_msg("%zu bytes of text cost %zu", text.n, arena.held);
    return took;
}

static void fill(char *text, size_t n, const char *pattern)
{
    size_t k = strlen(pattern);

    for (size_t i = 0; i < n; i++)
        text[i] = pattern[i % k];
}

static void ten_megabytes_cost_little(void **state)
{
    enum { SIZE = 10 * 1000 * 1000 };
    static const char *const patterns[] = {"0,",       "[],",     "[",        "{",    "\"\",", "\\",
                                           "\"a\":0,", "{\"a\":", "\"\\n\",", "[[],", "1",     " "};
    char *text = malloc(SIZE);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        for (unsigned prefix = 0; prefix < 2; prefix++) {
            PSE_ARENA(arena, 100 * 1000 * 1000);
            const struct pse_json *root;

            fill(text, SIZE, patterns[i]);
            if (prefix == 1)
                text[0] = '[';
            assert_int_not_equal(pse_json_parse(&root, NULL, &arena, pse_span(text, SIZE)), PSE_OK);
            assert_true(arena.held + SIZE <= 100 * 1000 * 1000);
        }
    }
    fill(text, SIZE, "\\n");
    text[0] = '"';
    text[SIZE - 1] = '"';
    text[1] = 'x';
    text[SIZE - 2] = 'x';
    assert_true(seconds_to_parse(pse_span(text, SIZE), PSE_OK, 100 * 1000 * 1000) < 5);
    free(text);
}

/* 300,000 members whose names share a long beginning, in descending order, the last a duplicate. */
static void many_members_are_not_quadratic(void **state)
{
    struct pse_buf b = PSE_BUF(PSE_JSON_MAX);

    (void)state;
    pse_wr_str(&b, "{");
    for (unsigned i = 300000; i > 0; i--) {
        char member[64];
        int n = snprintf(member, sizeof member, "\"aaaaaaaaaaaaaaaaaaaaaaaa%06u\":0,", i);

        pse_buf_put(&b, member, (size_t)n);
    }
    pse_wr_str(&b, "\"aaaaaaaaaaaaaaaaaaaaaaaa150000\":1}");
    assert_int_equal(b.rc, PSE_OK);
    assert_true(seconds_to_parse(pse_buf_span(&b), PSE_E_DUPLICATE, 60 * 1000 * 1000) < 5);
    b.p[b.n - 5] = 'x';
    assert_true(seconds_to_parse(pse_buf_span(&b), PSE_OK, 60 * 1000 * 1000) < 5);
    pse_buf_free(&b);
}

static void limits(void **state)
{
    PSE_ARENA(arena, ARENA_MAX);
    PSE_ARENA(tiny, 1000);
    const struct pse_json *root;
    char *text = calloc(1, PSE_JSON_MAX + 1);

    (void)state;
    assert_non_null(text);
    memset(text, ' ', PSE_JSON_MAX + 1);
    text[5] = '1';
    assert_int_equal(pse_json_parse(&root, NULL, &arena, pse_span(text, PSE_JSON_MAX)), PSE_OK);
    assert_int_equal(pse_json_parse(&root, NULL, &arena, pse_span(text, PSE_JSON_MAX + 1)),
                     PSE_E_LIMIT);
    fill(text, 400, "0,");
    text[0] = '[';
    text[399] = ']';
    assert_int_equal(pse_json_parse(&root, NULL, &arena, pse_span(text, 400)), PSE_E_SYNTAX);
    text[1] = ' ';
    assert_int_equal(pse_json_parse(&root, NULL, &tiny, pse_span(text, 400)), PSE_E_MEMORY);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted_documents),
        cmocka_unit_test(refused_documents),
        cmocka_unit_test(zero_bytes_are_no_json),
        cmocka_unit_test(faults_point_at_the_byte),
        cmocka_unit_test(manifests_of_the_vectors),
        cmocka_unit_test(formats_are_exact),
        cmocka_unit_test(ten_megabytes_cost_little),
        cmocka_unit_test(many_members_are_not_quadratic),
        cmocka_unit_test(limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
