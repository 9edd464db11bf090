/* Every reason for which a log stops has a sentence that says where, and how to mend it. */
#include "test.h"

#include <string.h>

#include "common/stop_words.h"

static const char *words_of(struct pse_buf *out, const struct pse_stop *why)
{
    out->n = 0;
    stop_words(out, why, "STORE", "RECORD", NULL);
    pse_buf_put(out, "", 1);
    assert_int_equal(out->rc, PSE_OK);
    return (const char *)out->p;
}

static void each_reason_has_its_sentence(void **state)
{
    struct pse_buf b = PSE_BUF(4096), before = PSE_BUF(4096);

    (void)state;
    for (int reason = 1; reason < PSE_STOPS; reason++) {
        const struct pse_stop why = {.reason = (enum pse_stop_reason)reason,
                                     .rc = PSE_E_IO,
                                     .ours = 41,
                                     .theirs = 1800000000,
                                     .witness = 2,
                                     .where = "tile/0/000"};
        const char *words = words_of(&b, &why);

        assert_true(strlen(words) > 40);
        assert_null(strchr(words, '{'));
        assert_null(strchr(words, '\n'));
        assert_true(before.n == 0 || strcmp(words, (const char *)before.p) != 0);
        before.n = 0;
        pse_buf_put(&before, b.p, b.n);
    }
    pse_buf_free(&b);
    pse_buf_free(&before);
}

static void what_is_known_stands_in_it(void **state)
{
    struct pse_stop why = {.reason = PSE_STOP_RECORD_AHEAD, .ours = 41, .theirs = 99};
    struct pse_buf b = PSE_BUF(4096);

    (void)state;
    assert_non_null(strstr(words_of(&b, &why), "RECORD/checkpoint has 99 entries"));
    assert_non_null(strstr(words_of(&b, &why), "STORE only 41"));
    why.reason = PSE_STOP_WITNESS_AHEAD;
    why.witness = 2;
    assert_non_null(strstr(words_of(&b, &why), "witness 3 has cosigned 99"));
    why.reason = PSE_STOP_CLOCK;
    why.ours = 1700000000;
    assert_non_null(strstr(words_of(&b, &why), "2023-11-14T22:13:20Z"));
    why.reason = PSE_STOP_STORE;
    assert_non_null(strstr(words_of(&b, &why), "no more is known"));
    pse_buf_free(&b);
}

static void no_password_is_said(void **state)
{
    const struct pse_stop why = {.reason = PSE_STOP_NO_HEAD};
    struct pse_buf b = PSE_BUF(4096);

    (void)state;
    stop_words(&b, &why, "postgresql://box:hidden@db.example/x", "RECORD", NULL);
    pse_buf_put(&b, "", 1);
    assert_null(strstr((const char *)b.p, "hidden"));
    assert_non_null(strstr((const char *)b.p, "PostgreSQL"));
    pse_buf_free(&b);
}

static void refusals_have_a_status_of_their_own(void **state)
{
    struct pse_stop why = {.reason = PSE_STOP_FENCED};

    (void)state;
    assert_int_equal(stop_exit(&why), 4);
    why.reason = PSE_STOP_STORE;
    assert_int_equal(stop_exit(&why), 1);
    why.reason = PSE_STOP_RECORD_AHEAD;
    assert_int_equal(stop_exit(&why), 4);
    why.reason = PSE_STOP_MEMORY;
    assert_int_equal(stop_exit(&why), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_has_its_sentence),
        cmocka_unit_test(what_is_known_stands_in_it),
        cmocka_unit_test(no_password_is_said),
        cmocka_unit_test(refusals_have_a_status_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
