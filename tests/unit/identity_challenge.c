/* Challenges: one a session, for one attempt, for five minutes. */
#include "codec/codec.h"
#include "identity/identity.h"
#include "test.h"

enum { NOW = 1780000000 };
static const uint8_t seed[32] = {7};

#define assert_fault(got, wanted) \
    assert_string_equal(pse_eid_fault_name(got), pse_eid_fault_name(wanted))

static struct pse_span session(unsigned i)
{
    static uint8_t id[16];

    memset(id, 0, sizeof id);
    memcpy(id, &i, sizeof i);
    return pse_span(id, sizeof id);
}

static void taken_once(void **state)
{
    char given[PSE_CHALLENGE_TEXT], got[PSE_CHALLENGE_TEXT];
    struct pse_challenges *c;
    PSE_RNG(rng);
    size_t n;

    (void)state;
    pse_rng_init(&rng, seed);
    assert_int_equal(pse_challenges_new(&c, 4), PSE_OK);
    assert_fault(pse_challenges_take(got, c, session(1), NOW), PSE_EID_NONCE_MISSING);
    assert_int_equal(pse_challenges_issue(given, c, session(1), &rng, NOW), PSE_OK);
    assert_int_equal(strlen(given), 44);
    assert_int_equal(pse_base64_check(&n, pse_span_str(given)), PSE_OK);
    assert_int_equal(n, 32);
    assert_fault(pse_challenges_take(got, c, session(2), NOW), PSE_EID_NONCE_MISSING);
    assert_string_equal(got, "");
    assert_fault(pse_challenges_take(got, c, session(1), NOW), PSE_EID_GOOD);
    assert_string_equal(got, given);
    assert_fault(pse_challenges_take(got, c, session(1), NOW), PSE_EID_NONCE_MISSING);
    assert_string_equal(got, "");
    pse_challenges_free(c);
    pse_challenges_free(NULL);
}

static void asking_again_replaces(void **state)
{
    char first[PSE_CHALLENGE_TEXT], second[PSE_CHALLENGE_TEXT], got[PSE_CHALLENGE_TEXT];
    struct pse_challenges *c;
    PSE_RNG(rng);

    (void)state;
    pse_rng_init(&rng, seed);
    assert_int_equal(pse_challenges_new(&c, 1), PSE_OK);
    assert_int_equal(pse_challenges_issue(first, c, session(1), &rng, NOW), PSE_OK);
    assert_int_equal(pse_challenges_issue(second, c, session(1), &rng, NOW + 1), PSE_OK);
    assert_string_not_equal(first, second);
    assert_fault(pse_challenges_take(got, c, session(1), NOW + 1), PSE_EID_GOOD);
    assert_string_equal(got, second);
    pse_challenges_free(c);
}

static void five_minutes(void **state)
{
    static const struct {
        int64_t later;
        enum pse_eid_fault fault;
    } row[] = {{0, PSE_EID_GOOD},
               {300, PSE_EID_GOOD},
               {301, PSE_EID_NONCE_EXPIRED},
               {3000, PSE_EID_NONCE_EXPIRED},
               {-1, PSE_EID_NONCE_EXPIRED}};
    char text[PSE_CHALLENGE_TEXT];
    struct pse_challenges *c;
    PSE_RNG(rng);

    (void)state;
    pse_rng_init(&rng, seed);
    assert_int_equal(pse_challenges_new(&c, 4), PSE_OK);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        assert_int_equal(pse_challenges_issue(text, c, session(1), &rng, NOW), PSE_OK);
        assert_fault(pse_challenges_take(text, c, session(1), NOW + row[i].later), row[i].fault);
        assert_true((text[0] != '\0') == (row[i].fault == PSE_EID_GOOD));
        /* An expired one is used up as well. */
        assert_fault(pse_challenges_take(text, c, session(1), NOW), PSE_EID_NONCE_MISSING);
    }
    pse_challenges_free(c);
}

/* Those that are still good are never pushed out; the others make room. */
static void a_full_set_refuses(void **state)
{
    char text[PSE_CHALLENGE_TEXT];
    struct pse_challenges *c;
    PSE_RNG(rng);

    (void)state;
    pse_rng_init(&rng, seed);
    assert_int_equal(pse_challenges_new(&c, 100), PSE_OK);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(pse_challenges_issue(text, c, session(i), &rng, NOW + i), PSE_OK);
    assert_int_equal(pse_challenges_issue(text, c, session(100), &rng, NOW + 100), PSE_E_LIMIT);
    assert_string_equal(text, "");
    assert_int_equal(pse_challenges_issue(text, c, session(5), &rng, NOW + 100), PSE_OK);
    assert_int_equal(pse_challenges_issue(text, c, session(100), &rng, NOW + 301), PSE_OK);
    assert_fault(pse_challenges_take(text, c, session(5), NOW + 301), PSE_EID_GOOD);
    for (unsigned i = 1; i < 100; i++) {
        if (i != 5)
            assert_fault(pse_challenges_take(text, c, session(i), NOW + 301), PSE_EID_GOOD);
    }
    pse_challenges_free(c);
}

/* Against a plain array: random turns of asking and taking, with time going on. */
static void as_a_plain_array_would(void **state)
{
    enum { SESSIONS = 48, ROOM = 24 };
    struct {
        bool is_there;
        int64_t issued;
        char text[PSE_CHALLENGE_TEXT];
    } model[SESSIONS] = {0};
    struct pse_challenges *c;
    int64_t now = NOW;
    PSE_RNG(rng);

    (void)state;
    pse_rng_init(&rng, seed);
    assert_int_equal(pse_challenges_new(&c, ROOM), PSE_OK);
    for (unsigned step = 0; step < 20000; step++) {
        unsigned i = (unsigned)pse_rng_below(&rng, SESSIONS);
        char text[PSE_CHALLENGE_TEXT];
        size_t good = 0;

        now += (int64_t)pse_rng_below(&rng, 20);
        for (unsigned k = 0; k < SESSIONS; k++)
            good += model[k].is_there && now - model[k].issued <= PSE_CHALLENGE_SECONDS && k != i;
        if (pse_rng_below(&rng, 2) == 0) {
            pse_rc rc = pse_challenges_issue(text, c, session(i), &rng, now);

            if (rc != PSE_OK) {
                assert_int_equal(rc, PSE_E_LIMIT);
                assert_true(good >= ROOM);
                continue;
            }
            model[i].is_there = true;
            model[i].issued = now;
            memcpy(model[i].text, text, sizeof text);
        } else {
            enum pse_eid_fault fault = pse_challenges_take(text, c, session(i), now);

            if (model[i].is_there && now - model[i].issued <= PSE_CHALLENGE_SECONDS) {
                assert_fault(fault, PSE_EID_GOOD);
                assert_string_equal(text, model[i].text);
            } else {
                assert_true(fault == PSE_EID_NONCE_MISSING ||
                            (fault == PSE_EID_NONCE_EXPIRED && model[i].is_there));
            }
            model[i].is_there = false;
        }
    }
    pse_challenges_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken_once),
        cmocka_unit_test(asking_again_replaces),
        cmocka_unit_test(five_minutes),
        cmocka_unit_test(a_full_set_refuses),
        cmocka_unit_test(as_a_plain_array_would),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
