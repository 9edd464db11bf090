/* Plaintexts of mix ballots: statuses, and making them from choices. */
#define _GNU_SOURCE
#include "election/plain.h"

#include "election.h"
#include "election/result.h"

static void known_statuses(void **state)
{
    json_t *file = vectors_load("psephos1/plaintext.json"), *c, *p;
    struct fixture f;
    size_t i, k;

    (void)state;
    fixture_open(&f);
    json_array_foreach(json_object_get(file, "statuses"), i, c)
    {
        const uint16_t id = (uint16_t)json_integer_value(json_object_get(c, "contest"));
        const struct pse_contest *contest = pse_manifest_contest(f.m, id);
        uint8_t points[32 * PSE_MIX_WIDTH_MAX], status, want, plain[PSE_PLAIN_MAX];
        json_t *list = json_object_get(c, "points");

        want = (uint8_t)json_integer_value(json_object_get(c, "status"));
        assert_int_equal(json_array_size(list), contest->width);
        json_array_foreach(list, k, p)
        {
            json_t *o = json_pack("{s:O}", "p", p);

            vectors_hex(points + 32 * k, 32, o, "p");
            json_decref(o);
        }
        pse_result_read_rows(&status, plain, f.g, contest, points, 32 * (size_t)contest->width, 1);
        if (status != want)
            fail_msg("%s: status %u", json_string_value(json_object_get(c, "note")), status);
        if (json_object_get(c, "plaintext") != NULL) {
            uint8_t text[PSE_PLAIN_MAX];

            vectors_hex(text, contest->choice_len, c, "plaintext");
            assert_int_equal(pse_plain_read(NULL, contest, text), want);
            if (want != PSE_VOTE_INVALID)
                assert_memory_equal(plain, text, contest->choice_len);
        }
    }
    assert_true(i >= 20);
    json_decref(file);
    fixture_close(&f);
}

/* A contest by hand. */
static struct pse_contest contest(enum pse_format format, uint16_t options, uint8_t width,
                                  uint32_t min, uint32_t max)
{
    return (struct pse_contest){.id = 1,
                                .kind = PSE_KIND_MIX,
                                .options = options,
                                .min = min,
                                .max = max,
                                .format = format,
                                .width = width,
                                .ciphertexts = width,
                                .choice_len = 30u * width};
}

static void choices_of_one(void **state)
{
    const struct pse_contest may = contest(PSE_FORMAT_CHOICE, 3, 1, 0, 1);
    const struct pse_contest must = contest(PSE_FORMAT_CHOICE, 3, 1, 1, 1);
    const struct pse_contest all = contest(PSE_FORMAT_CHOICE, 255, 1, 1, 1);
    uint8_t p[PSE_PLAIN_MAX];

    (void)state;
    assert_int_equal(pse_plain_choice(p, &may, 3), PSE_OK);
    assert_memory_equal(p, "\1\3\0", 3);
    assert_int_equal(pse_plain_read(NULL, &may, p), PSE_VOTE_VALID);
    assert_int_equal(pse_plain_choice(p, &may, 0), PSE_OK);
    assert_int_equal(pse_plain_read(NULL, &may, p), PSE_VOTE_BLANK);
    assert_int_equal(pse_plain_read(NULL, &must, p), PSE_VOTE_INVALID);
    assert_int_equal(pse_plain_choice(p, &may, 4), PSE_E_RANGE);
    assert_int_equal(p[0], 0);
    assert_int_equal(pse_plain_choice(p, &must, 0), PSE_E_RANGE);
    assert_int_equal(pse_plain_choice(p, &all, 255), PSE_OK);
    assert_int_equal(pse_plain_ranking(p, &may, (const uint8_t *)"\1", 1), PSE_E_UNSUPPORTED);
    assert_int_equal(pse_plain_text(p, &may, pse_span_str("a")), PSE_E_UNSUPPORTED);
}

static void rankings(void **state)
{
    const struct pse_contest c = contest(PSE_FORMAT_RANKING, 40, 1, 2, 28);
    const struct pse_contest free_ = contest(PSE_FORMAT_RANKING, 5, 1, 0, 3);
    uint8_t p[PSE_PLAIN_MAX], all[29];

    (void)state;
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)(40 - i);
    assert_int_equal(pse_plain_ranking(p, &c, all, 28), PSE_OK);
    assert_int_equal(pse_plain_read(NULL, &c, p), PSE_VOTE_VALID);
    assert_int_equal(pse_plain_ranking(p, &c, all, 29), PSE_E_RANGE);
    assert_int_equal(pse_plain_ranking(p, &c, all, 1), PSE_E_RANGE);
    assert_int_equal(pse_plain_ranking(p, &c, all, 0), PSE_E_RANGE);
    assert_int_equal(pse_plain_ranking(p, &c, (const uint8_t *)"\1\2\1", 3), PSE_E_DUPLICATE);
    assert_int_equal(pse_plain_ranking(p, &c, (const uint8_t *)"\1\x29", 2), PSE_E_RANGE);
    assert_int_equal(pse_plain_ranking(p, &c, (const uint8_t *)"\1\0", 2), PSE_E_RANGE);
    assert_int_equal(p[0], 0);
    assert_int_equal(pse_plain_ranking(p, &free_, NULL, 0), PSE_OK);
    assert_int_equal(pse_plain_read(NULL, &free_, p), PSE_VOTE_BLANK);
    assert_int_equal(pse_plain_ranking(p, &free_, (const uint8_t *)"\1\2\3\4", 4), PSE_E_RANGE);
    assert_int_equal(pse_plain_choice(p, &free_, 1), PSE_E_UNSUPPORTED);
}

static void texts(void **state)
{
    const struct pse_contest c = contest(PSE_FORMAT_TEXT, 0, 2, 0, 1);
    const struct pse_contest both = contest(PSE_FORMAT_CHOICE_TEXT, 2, 1, 0, 1);
    uint8_t p[PSE_PLAIN_MAX];
    char long_[60];

    (void)state;
    memset(long_, 'a', sizeof long_);
    assert_int_equal(pse_plain_text(p, &c, pse_span(long_, 58)), PSE_OK);
    assert_int_equal(pse_plain_read(NULL, &c, p), PSE_VOTE_VALID);
    assert_int_equal(pse_plain_text(p, &c, pse_span(long_, 59)), PSE_E_LENGTH);
    assert_int_equal(pse_plain_text(p, &c, pse_span_str("a\nb")), PSE_E_ENCODING);
    assert_int_equal(pse_plain_text(p, &c, pse_span_str("a\x7f")), PSE_E_ENCODING);
    assert_int_equal(pse_plain_text(p, &c, pse_span_str("\xc3(")), PSE_E_ENCODING);
    assert_int_equal(pse_plain_text(p, &c, pse_span("\0", 1)), PSE_E_ENCODING);
    assert_int_equal(p[0], 0);
    assert_int_equal(pse_plain_text(p, &c, pse_span_str("")), PSE_OK);
    assert_int_equal(pse_plain_read(NULL, &c, p), PSE_VOTE_BLANK);
    assert_int_equal(pse_plain_text(p, &both, pse_span_str("")), PSE_E_RANGE);
    assert_int_equal(pse_plain_text(p, &both, pse_span_str("x")), PSE_OK);
    assert_int_equal(pse_plain_choice(p, &both, 0), PSE_OK);
}

/* Any 30 bytes have one status, and only what a writer can make is valid. */
static void every_reading_is_a_writing(void **state)
{
    const struct pse_contest all[] = {
        contest(PSE_FORMAT_CHOICE, 5, 1, 0, 1),  contest(PSE_FORMAT_RANKING, 5, 1, 1, 4),
        contest(PSE_FORMAT_TEXT, 0, 1, 1, 1),    contest(PSE_FORMAT_CHOICE_TEXT, 5, 1, 0, 1),
        contest(PSE_FORMAT_RANKING, 5, 1, 0, 5),
    };
    uint8_t seed[32] = {5};
    PSE_RNG(rng);
    size_t valid = 0;

    (void)state;
    pse_rng_init(&rng, seed);
    for (size_t i = 0; i < 200000; i++) {
        const struct pse_contest *c = &all[i % 5];
        uint8_t p[30] = {0}, q[PSE_PLAIN_MAX];
        enum pse_vote_status s;
        struct pse_plain r;
        pse_rc rc;

        for (size_t k = 0, n = 2 + pse_rng_below(&rng, 6); k < n; k++)
            p[k] = (uint8_t)pse_rng_below(&rng, 7);
        s = pse_plain_read(&r, c, p);
        if (s == PSE_VOTE_INVALID)
            continue;
        valid++;
        if (r.tag == PSE_PLAIN_CHOICE)
            rc = pse_plain_choice(q, c, p[1]);
        else if (r.tag == PSE_PLAIN_RANKING)
            rc = pse_plain_ranking(q, c, r.body, r.n);
        else
            rc = pse_plain_text(q, c, pse_span(r.body, r.n));
        assert_int_equal(rc, PSE_OK);
        assert_memory_equal(p, q, 30);
    }
    assert_true(valid > 100);
}

static void whole_styles(void **state)
{
    uint8_t choices[64] = {0};
    const struct pse_style *s;
    struct fixture f;
    size_t bad;

    (void)state;
    fixture_open(&f);
    s = pse_manifest_style(f.m,
                           9); /* contests 4 (60 bytes), 3 (2 values 0..3), 5 (2 values 0..1) */
    choices[0] = 1;
    assert_int_equal(pse_choices_check(f.m, s, &bad, choices, 64), PSE_OK); /* blank everywhere */
    choices[60] = 3;
    choices[61] = 1;
    assert_int_equal(pse_choices_check(f.m, s, &bad, choices, 64), PSE_OK);
    choices[61] = 2; /* sum 5 */
    assert_int_equal(pse_choices_check(f.m, s, &bad, choices, 64), PSE_E_RANGE);
    assert_int_equal(bad, 1);
    choices[60] = 1, choices[61] = 0; /* sum 1: neither blank nor 2..4 */
    assert_int_equal(pse_choices_check(f.m, s, &bad, choices, 64), PSE_E_RANGE);
    choices[60] = 4; /* sum 4, but no value is above 3 */
    assert_int_equal(pse_choices_check(f.m, s, &bad, choices, 64), PSE_E_RANGE);
    choices[60] = 2;
    choices[63] = 2;
    assert_int_equal(pse_choices_check(f.m, s, &bad, choices, 64), PSE_E_RANGE);
    assert_int_equal(bad, 2);
    choices[63] = 1;
    choices[0] = 9;
    assert_int_equal(pse_choices_check(f.m, s, &bad, choices, 64), PSE_E_RANGE);
    assert_int_equal(bad, 0);
    assert_int_equal(pse_choices_check(f.m, s, &bad, choices, 63), PSE_E_LENGTH);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_statuses),
        cmocka_unit_test(choices_of_one),
        cmocka_unit_test(rankings),
        cmocka_unit_test(texts),
        cmocka_unit_test(every_reading_is_a_writing),
        cmocka_unit_test(whole_styles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
