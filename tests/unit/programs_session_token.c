/* Session tokens: whose they are, how long they last, and that no bit of one can be changed. */
#include "test.h"

#include "codec/codec.h"
#include "common/session_token.h"

enum { NOW = 1800000000, HOUR = 3600 };

static const session_key key = {{7}};
static const pse_hash election = {{1}};
static const uint8_t seed[32] = {3};

static void make(char out[SESSION_TOKEN_TEXT], uint64_t expiry)
{
    PSE_RNG(rng);

    pse_rng_init(&rng, seed);
    session_token_make(out, &key, &election, expiry, &rng);
}

static pse_rc check(const char *text, uint64_t now)
{
    return session_token_check(NULL, pse_span_str(text), &key, &election, now);
}

static void good_until_its_expiry(void **state)
{
    char t[SESSION_TOKEN_TEXT];
    uint64_t expiry = 0;

    (void)state;
    make(t, NOW + HOUR);
    assert_int_equal(strlen(t), SESSION_TOKEN_TEXT - 1);
    assert_int_equal(session_token_check(&expiry, pse_span_str(t), &key, &election, NOW), PSE_OK);
    assert_int_equal(expiry, NOW + HOUR);
    assert_int_equal(check(t, NOW + HOUR - 1), PSE_OK);
    assert_int_equal(check(t, NOW + HOUR), PSE_E_STATE);
    assert_int_equal(check(t, UINT64_MAX), PSE_E_STATE);
}

static void no_token_lasts_longer_than_a_day(void **state)
{
    char t[SESSION_TOKEN_TEXT];

    (void)state;
    make(t, NOW + SESSION_SECONDS_MAX + 1);
    assert_int_equal(check(t, NOW), PSE_E_PROOF);
    make(t, UINT64_MAX);
    assert_int_equal(check(t, NOW), PSE_E_PROOF);
    assert_int_equal(check(t, 0), PSE_E_PROOF);
}

static void two_tokens_share_nothing(void **state)
{
    char a[SESSION_TOKEN_TEXT];
    char b[SESSION_TOKEN_TEXT];
    PSE_RNG(rng);

    (void)state;
    pse_rng_init(&rng, seed);
    session_token_make(a, &key, &election, NOW + HOUR, &rng);
    session_token_make(b, &key, &election, NOW + HOUR, &rng);
    assert_string_not_equal(a + 11, b + 11); /* behind the expiry */
    assert_int_equal(check(a, NOW), PSE_OK);
    assert_int_equal(check(b, NOW), PSE_OK);
}

static void another_key_or_election_is_refused(void **state)
{
    const session_key other = {{8}};
    const pse_hash elsewhere = {{2}};
    char t[SESSION_TOKEN_TEXT];
    struct pse_span text;

    (void)state;
    make(t, NOW + HOUR);
    text = pse_span_str(t);
    assert_int_equal(session_token_check(NULL, text, &other, &election, NOW), PSE_E_PROOF);
    assert_int_equal(session_token_check(NULL, text, &key, &elsewhere, NOW), PSE_E_PROOF);
    /* also when it has expired: a stranger's token is a stranger's */
    assert_int_equal(session_token_check(NULL, text, &other, &election, NOW + 2 * HOUR),
                     PSE_E_PROOF);
}

static void every_altered_bit_is_refused(void **state)
{
    uint8_t bytes[SESSION_TOKEN_BYTES];
    char t[SESSION_TOKEN_TEXT];

    (void)state;
    make(t, NOW + HOUR);
    assert_int_equal(pse_base64url_decode(bytes, sizeof bytes, pse_span_str(t)), PSE_OK);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        struct pse_buf text = PSE_BUF(SESSION_TOKEN_TEXT);

        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        pse_base64url_put(&text, bytes, sizeof bytes);
        assert_int_equal(session_token_check(NULL, pse_buf_span(&text), &key, &election, NOW),
                         PSE_E_PROOF);
        pse_buf_free(&text);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void other_texts_are_no_tokens(void **state)
{
    char t[SESSION_TOKEN_TEXT + 1];

    (void)state;
    make(t, NOW + HOUR);
    assert_int_equal(check("", NOW), PSE_E_SYNTAX);
    t[SESSION_TOKEN_TEXT - 1] = 'A';
    t[SESSION_TOKEN_TEXT] = '\0';
    assert_int_equal(check(t, NOW), PSE_E_SYNTAX);
    t[SESSION_TOKEN_TEXT - 2] = '\0';
    assert_int_equal(check(t, NOW), PSE_E_SYNTAX);
    make(t, NOW + HOUR);
    t[10] = '=';
    assert_int_equal(check(t, NOW), PSE_E_SYNTAX);
}

static void the_header_and_the_key_file(void **state)
{
    char file[2 * SESSION_KEY_BYTES + 2];
    session_key back = {{0}};
    struct pse_span token;

    (void)state;
    assert_true(session_token_bearer(&token, pse_span_str("Bearer abc")));
    assert_true(pse_span_is_str(token, "abc"));
    assert_false(session_token_bearer(&token, pse_span_str("Bearer ")));
    assert_false(session_token_bearer(&token, pse_span_str("bearer abc")));
    assert_false(session_token_bearer(&token, pse_span_str("Basic abc")));

    session_key_format(file, &key);
    assert_int_equal(session_key_parse(&back, pse_span_str(file)), PSE_OK);
    assert_memory_equal(&back, &key, sizeof key);
    assert_int_equal(session_key_parse(&back, pse_span(file, 64)), PSE_OK);
    assert_int_equal(session_key_parse(&back, pse_span(file, 63)), PSE_E_SYNTAX);
    assert_int_equal(back.b[0], 0);
    file[0] = 'G';
    assert_int_equal(session_key_parse(&back, pse_span_str(file)), PSE_E_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_until_its_expiry),
        cmocka_unit_test(no_token_lasts_longer_than_a_day),
        cmocka_unit_test(two_tokens_share_nothing),
        cmocka_unit_test(another_key_or_election_is_refused),
        cmocka_unit_test(every_altered_bit_is_refused),
        cmocka_unit_test(other_texts_are_no_tokens),
        cmocka_unit_test(the_header_and_the_key_file),
    };

    return cmocka_run_group_tests_name("session token", tests, NULL, NULL);
}
