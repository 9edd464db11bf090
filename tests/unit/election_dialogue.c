/* The second-device check: both sides talking, every message changed, lost, repeated or out of
 * turn, a voting device that lies, and what whoever knows x can claim. */
#define _GNU_SOURCE
#include "election/dialogue.h"

#include "codec/codec.h"
#include "election.h"
#include "election/choices.h"
#include "election/entry.h"

enum { BOX3_MAX = 4096, STYLE = 9 };

/* A sealed ballot and both devices. */
struct talk {
    struct fixture f;
    struct pse_rng rng;
    struct pse_joint joint;
    struct pse_arena arena;
    const struct pse_style *style;
    uint8_t choices[256];
    struct pse_ballot_random random;
    uint8_t entry[PSE_ENTRY_MAX];
    struct pse_dialogue_ballot about;
    pse_dialogue_page page;
    pse_dialogue_device device;
    uint8_t box1[PSE_DIALOGUE_BOX1];
    uint8_t box2[PSE_DIALOGUE_BOX2];
    uint8_t box3[BOX3_MAX];
    size_t box3_n;
    char digits[7];
};

/* Contests 4 (text or choice), 3 (points), 5 (approval). */
static const char chosen[] =
    "{\"4\":{\"text\":\"Zoe\"},\"3\":{\"values\":[3,0]},\"5\":{\"options\":[2]}}";
static const char others[] =
    "{\"4\":{\"text\":\"Zoe\"},\"3\":{\"values\":[0,3]},\"5\":{\"options\":[2]}}";

static void seal(struct talk *t)
{
    struct pse_ballot_plan plan = {.joint = &t->joint, .m = t->f.m, .style = t->style};
    PSE_SECRET(pse_secret, d);

    pse_secret_random(&d, &t->rng);
    plan.d = &d;
    plan.choices = t->choices;
    assert_int_equal(pse_choices_parse(t->choices, NULL, t->f.m, t->style, pse_span_str(chosen)),
                     PSE_OK);
    assert_int_equal(pse_ballot_random_draw(&t->random, &t->arena, &t->rng, t->f.m, t->style),
                     PSE_OK);
    assert_int_equal(pse_ballot_build(t->entry, &plan, &t->random), PSE_OK);
    t->about = (struct pse_dialogue_ballot){t->f.m, pse_span(t->entry, t->style->ballot_len), 77};
}

static int start(void **state)
{
    struct talk *t = aligned_alloc(64, (sizeof *t + 63) / 64 * 64);
    const uint8_t seed[32] = {11};
    pse_secret y;
    pse_enc enc;

    assert_non_null(t);
    memset(t, 0, sizeof *t);
    fixture_open(&t->f);
    pse_rng_init(&t->rng, seed);
    pse_arena_init(&t->arena, 1 << 20);
    pse_secret_random(&y, &t->rng);
    pse_credential_public(&enc, t->f.g, &y);
    assert_int_equal(pse_joint_init(&t->joint, t->f.g, &t->f.m->eid, enc.b), PSE_OK);
    t->style = pse_manifest_style(t->f.m, STYLE);
    assert_non_null(t->style);
    assert_true(t->style->choice_len <= sizeof t->choices);
    t->box3_n = pse_dialogue_box3(t->style);
    assert_true(t->box3_n <= BOX3_MAX);
    seal(t);
    *state = t;
    return 0;
}

static int stop(void **state)
{
    struct talk *t = *state;

    pse_dialogue_page_wipe(&t->page);
    pse_dialogue_device_wipe(&t->device);
    pse_arena_free(&t->arena);
    pse_joint_clear(&t->joint);
    fixture_close(&t->f);
    free(t);
    return 0;
}

/* --- the good way, step by step ----------------------------------------------------------------
 */

static void begin(struct talk *t)
{
    pse_dialogue_page_begin(&t->page, &t->rng, &t->joint, &t->about,
                            pse_span_str("https://r.example/"), pse_span_str("https://m.example"));
    pse_dialogue_device_begin(&t->device, t->box1, &t->rng, &t->joint, &t->page.qr);
}

static void answer(struct talk *t)
{
    begin(t);
    assert_int_equal(
        pse_dialogue_page_answer(&t->page, t->box2, &t->rng, pse_span(t->box1, sizeof t->box1)),
        PSE_OK);
}

static void compare(struct talk *t)
{
    answer(t);
    assert_int_equal(
        pse_dialogue_device_digits(&t->device, t->digits, pse_span(t->box2, sizeof t->box2)),
        PSE_OK);
    assert_int_equal(pse_dialogue_page_compare(&t->page, t->digits), PSE_OK);
}

static pse_rc open_with(struct talk *t, const uint8_t *choices)
{
    return pse_dialogue_page_open(&t->page, t->box3, &t->rng, &t->about, choices, t->random.r);
}

static pse_rc hear(struct talk *t, const uint8_t **choices, struct pse_span box)
{
    const struct pse_style *style;
    pse_rc rc = pse_dialogue_device_choices(&t->device, choices, &style, &t->arena, &t->about, box);

    if (rc == PSE_OK)
        assert_ptr_equal(style, t->style);
    return rc;
}

static void the_device_learns_the_choices(void **state)
{
    struct talk *t = *state;
    const uint8_t *heard;

    compare(t);
    assert_int_equal(strlen(t->digits), 6);
    assert_int_equal(strspn(t->digits, "0123456789"), 6);
    assert_string_equal(t->page.mailbox, t->device.mailbox);
    assert_int_equal(open_with(t, t->choices), PSE_OK);
    assert_int_equal(hear(t, &heard, pse_span(t->box3, t->box3_n)), PSE_OK);
    assert_memory_equal(heard, t->choices, t->style->choice_len);
}

static void the_qr_is_all_a_device_needs(void **state)
{
    struct talk *t = *state;
    struct pse_buf text = PSE_BUF(PSE_CHECK_QR_MAX);
    struct pse_check_qr qr;
    const uint8_t *heard;

    begin(t);
    assert_int_equal(pse_check_qr_build(&text, &t->page.qr), PSE_OK);
    assert_int_equal(pse_check_qr_parse(&qr, &t->arena, pse_buf_span(&text)), PSE_OK);
    pse_buf_free(&text);
    assert_int_equal(qr.leaf_index, 77);
    pse_dialogue_device_begin(&t->device, t->box1, &t->rng, &t->joint, &qr);
    assert_int_equal(
        pse_dialogue_page_answer(&t->page, t->box2, &t->rng, pse_span(t->box1, sizeof t->box1)),
        PSE_OK);
    assert_int_equal(
        pse_dialogue_device_digits(&t->device, t->digits, pse_span(t->box2, sizeof t->box2)),
        PSE_OK);
    assert_int_equal(pse_dialogue_page_compare(&t->page, t->digits), PSE_OK);
    assert_int_equal(open_with(t, t->choices), PSE_OK);
    assert_int_equal(hear(t, &heard, pse_span(t->box3, t->box3_n)), PSE_OK);
}

/* --- messages that are not as sent -------------------------------------------------------------
 */

static void every_byte_of_message_1_counts(void **state)
{
    struct talk *t = *state;

    for (size_t i = 0; i < sizeof t->box1; i++) {
        begin(t);
        t->box1[i] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(
            pse_dialogue_page_answer(&t->page, t->box2, &t->rng, pse_span(t->box1, sizeof t->box1)),
            PSE_E_PROOF);
        assert_int_equal(t->page.turn, PSE_DIALOGUE_OVER);
        for (size_t k = 0; k < sizeof t->box2; k++)
            assert_int_equal(t->box2[k], 0);
    }
}

static void every_byte_of_message_2_counts(void **state)
{
    struct talk *t = *state;

    for (size_t i = 0; i < sizeof t->box2; i++) {
        answer(t);
        t->box2[i] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(
            pse_dialogue_device_digits(&t->device, t->digits, pse_span(t->box2, sizeof t->box2)),
            PSE_E_PROOF);
        assert_string_equal(t->digits, "");
        assert_int_equal(t->device.turn, PSE_DIALOGUE_OVER);
    }
}

static void every_byte_of_message_3_counts(void **state)
{
    struct talk *t = *state;
    const uint8_t *heard;

    for (size_t i = 0; i < t->box3_n; i++) {
        compare(t);
        assert_int_equal(open_with(t, t->choices), PSE_OK);
        t->box3[i] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(hear(t, &heard, pse_span(t->box3, t->box3_n)), PSE_E_PROOF);
        assert_null(heard);
    }
}

static void other_lengths_are_refused(void **state)
{
    struct talk *t = *state;
    const uint8_t *heard;

    begin(t);
    assert_int_equal(
        pse_dialogue_page_answer(&t->page, t->box2, &t->rng, pse_span(t->box1, sizeof t->box1 - 1)),
        PSE_E_LENGTH);
    begin(t);
    assert_int_equal(pse_dialogue_page_answer(&t->page, t->box2, &t->rng, pse_span(NULL, 0)),
                     PSE_E_LENGTH);
    answer(t);
    assert_int_equal(
        pse_dialogue_device_digits(&t->device, t->digits, pse_span(t->box1, sizeof t->box1)),
        PSE_E_LENGTH);
    compare(t);
    assert_int_equal(open_with(t, t->choices), PSE_OK);
    assert_int_equal(hear(t, &heard, pse_span(t->box3, t->box3_n - 1)), PSE_E_LENGTH);
    compare(t);
    assert_int_equal(hear(t, &heard, pse_span(t->box2, sizeof t->box2)), PSE_E_LENGTH);
}

/* A message of one check says nothing in another about the same ballot. */
static void messages_of_another_check_are_refused(void **state)
{
    struct talk *t = *state;
    uint8_t old[BOX3_MAX];
    const uint8_t *heard;

    compare(t);
    assert_int_equal(open_with(t, t->choices), PSE_OK);
    memcpy(old, t->box3, t->box3_n);
    compare(t);
    assert_int_equal(hear(t, &heard, pse_span(old, t->box3_n)), PSE_E_PROOF);
    memcpy(old, t->box2, sizeof t->box2);
    answer(t);
    assert_int_equal(
        pse_dialogue_device_digits(&t->device, t->digits, pse_span(old, sizeof t->box2)),
        PSE_E_PROOF);
    memcpy(old, t->box1, sizeof t->box1);
    begin(t);
    assert_int_equal(
        pse_dialogue_page_answer(&t->page, t->box2, &t->rng, pse_span(old, sizeof t->box1)),
        PSE_E_PROOF);
}

/* --- out of turn -------------------------------------------------------------------------------
 */

static void steps_come_in_order_and_once(void **state)
{
    struct talk *t = *state;
    const uint8_t *heard;

    begin(t);
    assert_int_equal(pse_dialogue_page_compare(&t->page, "000000"), PSE_E_STATE);
    assert_int_equal(t->page.turn, PSE_DIALOGUE_OVER);
    begin(t);
    assert_int_equal(open_with(t, t->choices), PSE_E_STATE);
    answer(t);
    assert_int_equal(open_with(t, t->choices), PSE_E_STATE);
    answer(t);
    assert_int_equal(
        pse_dialogue_page_answer(&t->page, t->box2, &t->rng, pse_span(t->box1, sizeof t->box1)),
        PSE_E_STATE);
    assert_int_equal(pse_dialogue_page_compare(&t->page, t->digits), PSE_E_STATE);
    compare(t);
    assert_int_equal(open_with(t, t->choices), PSE_OK);
    assert_int_equal(open_with(t, t->choices), PSE_E_STATE);
    assert_int_equal(hear(t, &heard, pse_span(t->box3, t->box3_n)), PSE_OK);
    assert_int_equal(hear(t, &heard, pse_span(t->box3, t->box3_n)), PSE_E_STATE);
    begin(t);
    assert_int_equal(hear(t, &heard, pse_span(t->box3, t->box3_n)), PSE_E_STATE);
}

static void other_digits_end_it(void **state)
{
    struct talk *t = *state;
    const char *const wrong[] = {"", "1", "0000000", "abcdef", " 00000"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        answer(t);
        assert_int_equal(pse_dialogue_page_compare(&t->page, wrong[i]), PSE_E_MISMATCH);
        assert_int_equal(open_with(t, t->choices), PSE_E_STATE);
    }
    answer(t);
    assert_int_equal(
        pse_dialogue_device_digits(&t->device, t->digits, pse_span(t->box2, sizeof t->box2)),
        PSE_OK);
    t->digits[5] = (char)('0' + (t->digits[5] - '0' + 1) % 10);
    assert_int_equal(pse_dialogue_page_compare(&t->page, t->digits), PSE_E_MISMATCH);
    t->digits[5] = (char)('0' + (t->digits[5] - '0' + 9) % 10);
    assert_int_equal(pse_dialogue_page_compare(&t->page, t->digits), PSE_E_STATE);
}

/* Who saw the QR and answered first has another X, so other digits: the voter's are refused. */
static void a_thief_shows_other_digits(void **state)
{
    struct talk *t = *state;
    PSE_SECRET(pse_dialogue_device, thief);
    uint8_t box[PSE_DIALOGUE_BOX1];

    begin(t);
    pse_dialogue_device_begin(&thief, box, &t->rng, &t->joint, &t->page.qr);
    assert_int_equal(
        pse_dialogue_page_answer(&t->page, t->box2, &t->rng, pse_span(box, sizeof box)), PSE_OK);
    assert_int_equal(
        pse_dialogue_device_digits(&t->device, t->digits, pse_span(t->box2, sizeof t->box2)),
        PSE_OK);
    assert_int_equal(pse_dialogue_page_compare(&t->page, t->digits), PSE_E_MISMATCH);
}

/* --- lies --------------------------------------------------------------------------------------
 */

static void another_choice_cannot_be_claimed(void **state)
{
    struct talk *t = *state;
    uint8_t lie[256];
    const uint8_t *heard;

    assert_int_equal(pse_choices_parse(lie, NULL, t->f.m, t->style, pse_span_str(others)), PSE_OK);
    compare(t);
    assert_int_equal(open_with(t, lie), PSE_OK);
    assert_int_equal(hear(t, &heard, pse_span(t->box3, t->box3_n)), PSE_E_MISMATCH);
    assert_null(heard);
    for (size_t i = 0; i < t->style->choice_len; i++) {
        memcpy(lie, t->choices, t->style->choice_len);
        lie[i] ^= 1;
        compare(t);
        if (open_with(t, lie) == PSE_OK)
            assert_int_equal(hear(t, &heard, pse_span(t->box3, t->box3_n)), PSE_E_MISMATCH);
    }
}

static void secrets_of_another_ballot_prove_nothing(void **state)
{
    struct talk *t = *state;
    struct pse_ballot_random fresh;
    const uint8_t *heard;

    assert_int_equal(pse_ballot_random_draw(&fresh, &t->arena, &t->rng, t->f.m, t->style), PSE_OK);
    compare(t);
    assert_int_equal(
        pse_dialogue_page_open(&t->page, t->box3, &t->rng, &t->about, t->choices, fresh.r), PSE_OK);
    assert_int_equal(hear(t, &heard, pse_span(t->box3, t->box3_n)), PSE_E_MISMATCH);
}

/* A voting device that shows one ν in the QR and sends another. */
static void nu_is_fixed_by_the_qr(void **state)
{
    struct talk *t = *state;

    begin(t);
    t->page.nu[3] ^= 1;
    assert_int_equal(
        pse_dialogue_page_answer(&t->page, t->box2, &t->rng, pse_span(t->box1, sizeof t->box1)),
        PSE_OK);
    assert_int_equal(
        pse_dialogue_device_digits(&t->device, t->digits, pse_span(t->box2, sizeof t->box2)),
        PSE_E_MISMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_device_learns_the_choices, start, stop),
        cmocka_unit_test_setup_teardown(the_qr_is_all_a_device_needs, start, stop),
        cmocka_unit_test_setup_teardown(every_byte_of_message_1_counts, start, stop),
        cmocka_unit_test_setup_teardown(every_byte_of_message_2_counts, start, stop),
        cmocka_unit_test_setup_teardown(every_byte_of_message_3_counts, start, stop),
        cmocka_unit_test_setup_teardown(other_lengths_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(messages_of_another_check_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(steps_come_in_order_and_once, start, stop),
        cmocka_unit_test_setup_teardown(other_digits_end_it, start, stop),
        cmocka_unit_test_setup_teardown(a_thief_shows_other_digits, start, stop),
        cmocka_unit_test_setup_teardown(another_choice_cannot_be_claimed, start, stop),
        cmocka_unit_test_setup_teardown(secrets_of_another_ballot_prove_nothing, start, stop),
        cmocka_unit_test_setup_teardown(nu_is_fixed_by_the_qr, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
