/* Choices in JSON: what is read, what is refused and at which contest. */
#define _GNU_SOURCE
#include "election/choices.h"

#include "election.h"

struct good {
    uint16_t style;
    const char *json, *canonical;
};

static const struct good goods[] = {
    {1, "{\"1\": {\"options\": [2]}, \"2\": {\"ranking\": [4, 1]}}",
     "{\"1\":{\"values\":[0,1,0]},\"2\":{\"ranking\":[4,1]}}\n"},
    {1, " {\"2\":{\"ranking\":[]}, \"1\":{\"values\":[0,0,0]}} ",
     "{\"1\":{\"values\":[0,0,0]},\"2\":{\"ranking\":[]}}\n"},
    {1, "{\"1\": {\"options\": []}, \"2\": {\"ranking\": [1,2,3,4]}}",
     "{\"1\":{\"values\":[0,0,0]},\"2\":{\"ranking\":[1,2,3,4]}}\n"},
    {9, "{\"4\":{\"text\":\"Z\\u006fë!\"},\"3\":{\"values\":[3,1]},\"5\":{\"options\":[2,1]}}",
     "{\"4\":{\"text\":\"Zo\xc3\xab!\"},\"3\":{\"values\":[3,1]},\"5\":{\"values\":[1,1]}}\n"},
    {9, "{\"4\":{\"options\":[3]},\"3\":{\"values\":[0,0]},\"5\":{\"values\":[0,0]}}",
     "{\"4\":{\"options\":[3]},\"3\":{\"values\":[0,0]},\"5\":{\"values\":[0,0]}}\n"},
    {9, "{\"4\":{\"options\":[]},\"3\":{\"values\":[1,1]},\"5\":{\"values\":[0,1]}}",
     "{\"4\":{\"options\":[]},\"3\":{\"values\":[1,1]},\"5\":{\"values\":[0,1]}}\n"},
};

static void read_and_written(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
        const struct pse_style *s = pse_manifest_style(f.m, goods[i].style);
        struct pse_buf text = PSE_BUF(4096);
        struct pse_choices_fault fault;
        uint8_t choices[256], back[256];
        pse_rc rc = pse_choices_parse(choices, &fault, f.m, s, pse_span_str(goods[i].json));

        if (rc != PSE_OK)
            fail_msg("%s: %s (%s, contest %u)", goods[i].json, pse_rc_name(rc), fault.slug,
                     fault.contest);
        assert_int_equal(pse_choices_check(f.m, s, NULL, choices, s->choice_len), PSE_OK);
        assert_int_equal(pse_choices_write(&text, f.m, s, choices), PSE_OK);
        assert_true(pse_span_is_str(pse_buf_span(&text), goods[i].canonical));
        assert_int_equal(pse_choices_parse(back, &fault, f.m, s, pse_buf_span(&text)), PSE_OK);
        assert_memory_equal(choices, back, s->choice_len);
        pse_buf_free(&text);
    }
    fixture_close(&f);
}

struct bad {
    uint16_t style;
    const char *json;
    pse_rc rc;
    uint16_t contest;
};

#define C2 "\"2\":{\"ranking\":[]}"
#define C4 "\"4\":{\"options\":[]}"
#define C5 "\"5\":{\"options\":[]}"

static const struct bad bads[] = {
    {1, "", PSE_E_SYNTAX, 0},
    {1, "[]", PSE_E_SYNTAX, 0},
    {1, "{}", PSE_E_MISSING, 1},
    {1, "{\"1\":{\"options\":[]}}", PSE_E_MISSING, 2},
    {1, "{\"1\":{\"options\":[]}," C2 ",\"3\":{}}", PSE_E_SYNTAX, 0},
    {1, "{\"1\":{\"options\":[]}," C2 "," C2 "}", PSE_E_SYNTAX, 0},
    {1, "{\"01\":{\"options\":[]}," C2 "}", PSE_E_MISSING, 1},
    {1, "{\"1\":[]," C2 "}", PSE_E_SYNTAX, 1},
    {1, "{\"1\":{}," C2 "}", PSE_E_SYNTAX, 1},
    {1, "{\"1\":{\"options\":[1],\"values\":[1,0,0]}," C2 "}", PSE_E_SYNTAX, 1},
    {1, "{\"1\":{\"options\":[1],\"x\":0}," C2 "}", PSE_E_SYNTAX, 1},
    {1, "{\"1\":{\"ranking\":[1]}," C2 "}", PSE_E_SYNTAX, 1},
    {1, "{\"1\":{\"options\":1}," C2 "}", PSE_E_SYNTAX, 1},
    {1, "{\"1\":{\"options\":[\"1\"]}," C2 "}", PSE_E_SYNTAX, 1},
    {1, "{\"1\":{\"options\":[0]}," C2 "}", PSE_E_RANGE, 1},
    {1, "{\"1\":{\"options\":[4]}," C2 "}", PSE_E_RANGE, 1},
    {1, "{\"1\":{\"options\":[257]}," C2 "}", PSE_E_RANGE, 1},
    {1, "{\"1\":{\"options\":[1,2]}," C2 "}", PSE_E_RANGE, 1},
    {1, "{\"1\":{\"options\":[1,1]}," C2 "}", PSE_E_DUPLICATE, 1},
    {1, "{\"1\":{\"options\":[1,2,3,1]}," C2 "}", PSE_E_RANGE, 1},
    {1, "{\"1\":{\"values\":[1,0]}," C2 "}", PSE_E_RANGE, 1},
    {1, "{\"1\":{\"values\":[1,0,0,0]}," C2 "}", PSE_E_RANGE, 1},
    {1, "{\"1\":{\"values\":[2,0,0]}," C2 "}", PSE_E_RANGE, 1},
    {1, "{\"1\":{\"options\":[]},\"2\":{\"ranking\":[5]}}", PSE_E_RANGE, 2},
    {1, "{\"1\":{\"options\":[]},\"2\":{\"ranking\":[0]}}", PSE_E_RANGE, 2},
    {1, "{\"1\":{\"options\":[]},\"2\":{\"ranking\":[1,2,1]}}", PSE_E_DUPLICATE, 2},
    {1, "{\"1\":{\"options\":[]},\"2\":{\"ranking\":[1,2,3,4,1]}}", PSE_E_RANGE, 2},
    {1, "{\"1\":{\"options\":[]},\"2\":{\"options\":[1]}}", PSE_E_UNSUPPORTED, 2},
    {1, "{\"1\":{\"options\":[]},\"2\":{\"text\":\"a\"}}", PSE_E_UNSUPPORTED, 2},
    {1, "{\"1\":{\"options\":[]},\"2\":{\"values\":[1]}}", PSE_E_SYNTAX, 2},
    {9, "{\"4\":{\"options\":[1,2]},\"3\":{\"values\":[0,0]}," C5 "}", PSE_E_RANGE, 4},
    {9, "{\"4\":{\"options\":[4]},\"3\":{\"values\":[0,0]}," C5 "}", PSE_E_RANGE, 4},
    {9, "{\"4\":{\"ranking\":[1]},\"3\":{\"values\":[0,0]}," C5 "}", PSE_E_UNSUPPORTED, 4},
    {9, "{\"4\":{\"text\":\"\"},\"3\":{\"values\":[0,0]}," C5 "}", PSE_E_RANGE, 4},
    {9, "{\"4\":{\"text\":7},\"3\":{\"values\":[0,0]}," C5 "}", PSE_E_SYNTAX, 4},
    {9, "{\"4\":{\"text\":\"a\\nb\"},\"3\":{\"values\":[0,0]}," C5 "}", PSE_E_ENCODING, 4},
    {9,
     "{\"4\":{\"text\":\"1234567890123456789012345678901234567890123456789012345678x\"},"
     "\"3\":{\"values\":[0,0]}," C5 "}",
     PSE_E_LENGTH, 4},
    {9, "{" C4 ",\"3\":{\"values\":[1,0]}," C5 "}", PSE_E_RANGE, 3},
    {9, "{" C4 ",\"3\":{\"values\":[4,0]}," C5 "}", PSE_E_RANGE, 3},
    {9, "{" C4 ",\"3\":{\"values\":[3,2]}," C5 "}", PSE_E_RANGE, 3},
    {9, "{" C4 ",\"3\":{\"values\":[-1,0]}," C5 "}", PSE_E_SYNTAX, 0},
};

static void refusals(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        const struct bad *b = &bads[i];
        const struct pse_style *s = pse_manifest_style(f.m, b->style);
        struct pse_choices_fault fault;
        uint8_t choices[256];
        pse_rc rc;

        memset(choices, 0xaa, sizeof choices);
        rc = pse_choices_parse(choices, &fault, f.m, s, pse_span_str(b->json));
        if (rc != b->rc || fault.contest != b->contest)
            fail_msg("%s: %s (%s, contest %u)", b->json, pse_rc_name(rc), fault.slug,
                     fault.contest);
        assert_non_null(fault.slug);
        for (size_t k = 0; k < s->choice_len; k++)
            assert_int_equal(choices[k], 0);
    }
    fixture_close(&f);
}

static void too_long(void **state)
{
    size_t n = (1 << 20) + 1;
    char *spaces = malloc(n);
    struct pse_choices_fault fault;
    uint8_t choices[256];
    struct fixture f;

    (void)state;
    assert_non_null(spaces);
    memset(spaces, ' ', n);
    fixture_open(&f);
    assert_int_equal(pse_choices_parse(choices, &fault, f.m, &f.m->style[0], pse_span(spaces, n)),
                     PSE_E_LIMIT);
    free(spaces);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_and_written),
        cmocka_unit_test(refusals),
        cmocka_unit_test(too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
