/* Option tables: every malformed command line is refused, and what is taken is exactly what was
 * given. */
#include "test.h"

#include "common/options.h"

struct values {
    bool flag;
    const char *text;
    uint64_t number;
    struct cli_hash hash;
    struct cli_ratio ratio;
    double part;
    struct cli_list list, many;
    const char *words[2];
    int status;
};

static bool parse(struct values *v, int argc, const char *const *args)
{
    const struct cli_option options[] = {
        CLI_FLAG("flag", &v->flag, "a flag"),
        CLI_TEXT("text", "TEXT", &v->text, "a text"),
        CLI_NUMBER("number", "N", &v->number, 2, 10, "a number"),
        CLI_HASH("hash", "HEX", &v->hash, "a hash"),
        CLI_RATIO("ratio", "T/N", &v->ratio, 64, "a ratio"),
        CLI_PART("part", "P", &v->part, "a part"),
        CLI_LIST("list", "X", &v->list, "a list"),
        CLI_MANY("many", "X", &v->many, "another list"),
    };
    const struct cli_command command = {
        .name = "test",
        .synopsis = "WORD",
        .about = "A test.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 1,
        .words_max = 2,
        .words = v->words,
    };
    char *argv[300];

    argv[0] = (char *)(uintptr_t) "test";
    for (int i = 0; i < argc; i++)
        argv[i + 1] = (char *)(uintptr_t)args[i];
    return cli_parse(&v->status, &command, argc + 1, argv);
}

#define PARSE(v, ...)                                                \
    parse((v), (int)CLI_COUNT(((const char *const[]){__VA_ARGS__})), \
          (const char *const[]){__VA_ARGS__})

static void refused(int line, bool parsed, const struct values *v)
{
    if (parsed || v->status != CLI_EXIT_USAGE)
        fail_msg("line %d: taken, or status %d", line, v->status);
}

#define REFUSES(...)                            \
    do {                                        \
        struct values v_ = {0};                 \
        bool parsed_ = PARSE(&v_, __VA_ARGS__); \
        refused(__LINE__, parsed_, &v_);        \
    } while (0)

static void takes_what_was_given(void **state)
{
    struct values v = {.number = 7};
    char hex[65];

    (void)state;
    memset(hex, 'a', 64);
    hex[64] = '\0';
    assert_true(PARSE(&v, "--flag", "one", "--text=a=b", "--ratio", "3/5", "--hash", hex, "--part",
                      "0.25", "--list", "x", "--list=y", "two"));
    assert_true(v.flag);
    assert_string_equal(v.text, "a=b");
    assert_int_equal(v.number, 7);
    assert_int_equal(v.ratio.t, 3);
    assert_int_equal(v.ratio.n, 5);
    assert_true(v.hash.given && v.hash.value.b[31] == 0xaa);
    assert_true(v.part == 0.25);
    assert_int_equal(v.list.n, 2);
    assert_string_equal(v.list.v[1], "y");
    assert_string_equal(v.words[0], "one");
    assert_string_equal(v.words[1], "two");
}

static void a_list_may_take_all_words_up_to_the_next_option(void **state)
{
    struct values v = {0};

    (void)state;
    assert_true(PARSE(&v, "one", "--many", "a", "b", "--flag", "two", "--many=c", "--many", "d"));
    assert_int_equal(v.many.n, 4);
    assert_string_equal(v.many.v[1], "b");
    assert_string_equal(v.many.v[2], "c");
    assert_string_equal(v.words[1], "two");
    REFUSES("one", "--many");
}

static void hyphens_end_options(void **state)
{
    struct values v = {0};

    (void)state;
    assert_true(PARSE(&v, "--", "--flag", "-"));
    assert_false(v.flag);
    assert_string_equal(v.words[0], "--flag");
    assert_string_equal(v.words[1], "-");
}

static void a_missing_word_is_null(void **state)
{
    struct values v = {.words = {"old", "old"}};

    (void)state;
    assert_true(PARSE(&v, "one"));
    assert_null(v.words[1]);
}

static void refuses_wrong_shape(void **state)
{
    (void)state;
    REFUSES("--flag");
    REFUSES("one", "two", "three");
    REFUSES("one", "--unknown");
    REFUSES("one", "--fla");
    REFUSES("one", "--flags");
    REFUSES("one", "-f");
    REFUSES("one", "--flag=1");
    REFUSES("one", "--flag", "--flag");
    REFUSES("one", "--text");
    REFUSES("one", "--text", "a", "--text", "a");
    REFUSES("one", "--number");
    REFUSES("one", "--=x");
}

static void refuses_wrong_numbers(void **state)
{
    (void)state;
    REFUSES("one", "--number", "");
    REFUSES("one", "--number", "1");
    REFUSES("one", "--number", "11");
    REFUSES("one", "--number", "03");
    REFUSES("one", "--number", "+3");
    REFUSES("one", "--number", "3 ");
    REFUSES("one", "--number", "0x3");
    REFUSES("one", "--number", "18446744073709551619");
    REFUSES("one", "--ratio", "3");
    REFUSES("one", "--ratio", "0/3");
    REFUSES("one", "--ratio", "4/3");
    REFUSES("one", "--ratio", "3/65");
    REFUSES("one", "--ratio", "1/2/3");
    REFUSES("one", "--ratio", "/3");
}

static void refuses_wrong_parts_and_hashes(void **state)
{
    (void)state;
    REFUSES("one", "--part", "0");
    REFUSES("one", "--part", "0.0");
    REFUSES("one", "--part", "1.0001");
    REFUSES("one", "--part", "nan");
    REFUSES("one", "--part", "1e-3");
    REFUSES("one", "--part", ".5");
    REFUSES("one", "--part", "0,5");
    REFUSES("one", "--part", "-0.5");
    REFUSES("one", "--part", "1234567890123456789012345678901234567890");
    REFUSES("one", "--hash", "aa");
    REFUSES("one", "--hash", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    REFUSES("one", "--hash", "gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

static void refuses_a_list_without_end(void **state)
{
    struct values v = {0};
    const char *args[CLI_LIST_MAX + 2];

    (void)state;
    args[0] = "one";
    for (size_t i = 1; i < CLI_COUNT(args); i++)
        args[i] = "--list=x";
    refused(__LINE__, parse(&v, CLI_COUNT(args), args), &v);
    assert_int_equal(v.list.n, CLI_LIST_MAX);
}

static void nearest_is_near(void **state)
{
    const char *const names[] = {"bench", "count", "officer"};

    (void)state;
    assert_string_equal(cli_nearest("bnech", names, 3), "bench");
    assert_string_equal(cli_nearest("counts", names, 3), "count");
    assert_string_equal(cli_nearest("oficer", names, 3), "officer");
    assert_null(cli_nearest("zzzzz", names, 3));
    assert_null(cli_nearest("x", names, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_was_given),
        cmocka_unit_test(a_list_may_take_all_words_up_to_the_next_option),
        cmocka_unit_test(hyphens_end_options),
        cmocka_unit_test(a_missing_word_is_null),
        cmocka_unit_test(refuses_wrong_shape),
        cmocka_unit_test(refuses_wrong_numbers),
        cmocka_unit_test(refuses_wrong_parts_and_hashes),
        cmocka_unit_test(refuses_a_list_without_end),
        cmocka_unit_test(nearest_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
