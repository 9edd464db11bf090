/* The second device's mailbox: first wins, the same again is fine, time and room are bounded. */
#include "test.h"

#include <stdlib.h>

#include "codec/codec.h"
#include "common/mailbox.h"

static struct mailbox *box;
static const uint8_t name[MAILBOX_NAME] = "0123456789abcde";

static int setup(void **state)
{
    (void)state;
    return mailbox_new(&box) != PSE_OK;
}

static int teardown(void **state)
{
    (void)state;
    mailbox_free(box);
    return 0;
}

static pse_rc put(unsigned step, const char *text, uint64_t now)
{
    return mailbox_put(box, name, step, pse_span_str(text), now);
}

static bool is_there(unsigned step, const char *text, uint64_t now)
{
    struct pse_buf b = PSE_BUF(MAILBOX_BYTES);
    pse_rc rc = mailbox_get(box, &b, name, step, now);
    bool same = rc == PSE_OK && pse_span_is_str(pse_buf_span(&b), text);

    pse_buf_free(&b);
    return same;
}

static void the_first_stays(void **state)
{
    (void)state;
    assert_false(is_there(1, "a", 100));
    assert_int_equal(put(1, "a", 100), PSE_OK);
    assert_int_equal(put(1, "a", 101), PSE_OK);
    assert_int_equal(put(1, "b", 102), PSE_E_DUPLICATE);
    assert_int_equal(put(1, "ab", 102), PSE_E_DUPLICATE);
    assert_int_equal(put(2, "b", 102), PSE_OK);
    assert_true(is_there(1, "a", 103));
    assert_true(is_there(2, "b", 103));
    assert_false(is_there(3, "a", 103));
}

static void what_does_not_fit(void **state)
{
    static const uint8_t long_one[MAILBOX_BYTES + 1];

    (void)state;
    assert_int_equal(put(0, "a", 1), PSE_E_RANGE);
    assert_int_equal(put(MAILBOX_STEPS + 1, "a", 1), PSE_E_RANGE);
    assert_int_equal(put(1, "", 1), PSE_E_LENGTH);
    assert_int_equal(mailbox_put(box, name, 1, pse_span(long_one, sizeof long_one), 1),
                     PSE_E_LENGTH);
    assert_int_equal(mailbox_put(box, name, 1, pse_span(long_one, MAILBOX_BYTES), 1), PSE_OK);
}

static void it_goes_after_ten_minutes(void **state)
{
    (void)state;
    assert_int_equal(put(1, "a", 100), PSE_OK);
    assert_true(is_there(1, "a", 100 + MAILBOX_SECONDS));
    assert_false(is_there(1, "a", 101 + MAILBOX_SECONDS));
    assert_int_equal(put(1, "b", 101 + MAILBOX_SECONDS), PSE_OK);
}

/* Fresh messages are never pushed out, so a flood cannot break a check that is under way. */
static void a_full_box(void **state)
{
    uint8_t other[MAILBOX_NAME] = {0};

    (void)state;
    assert_int_equal(put(1, "a", 100), PSE_OK);
    for (uint32_t i = 1; i < MAILBOX_MAX; i++) {
        pse_store_u32(other, i);
        assert_int_equal(mailbox_put(box, other, 1, pse_span_str("x"), 110), PSE_OK);
    }
    pse_store_u32(other, UINT32_MAX);
    assert_int_equal(mailbox_put(box, other, 1, pse_span_str("x"), 160), PSE_E_LIMIT);
    assert_true(is_there(1, "a", 160));
    assert_int_equal(mailbox_put(box, other, 1, pse_span_str("x"), 161), PSE_OK);
    assert_false(is_there(1, "a", 161));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit, setup, teardown),
        cmocka_unit_test_setup_teardown(it_goes_after_ten_minutes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_box, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
