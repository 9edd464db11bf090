/* Assertions and registrations: each rule, accepted and refused, by a difference in one field. */
#include <openssl/ec.h>

#include "authenticator_maker.h"

static const uint8_t seed[32] = {9};
static const pse_hash act = {{1, 2, 3}};

#define assert_fault(got, wanted) \
    assert_string_equal(pse_webauthn_fault_name(got), pse_webauthn_fault_name(wanted))

/* Two authenticators of one officer, ES256 and EdDSA, and somebody else's. */
static EVP_PKEY *es256, *eddsa, *other;

static struct pse_webauthn_challenge challenge_for(enum pse_webauthn_purpose purpose)
{
    struct pse_webauthn_challenge c;
    PSE_RNG(rng);

    pse_rng_init(&rng, seed);
    pse_webauthn_challenge_make(&c, purpose, "anna", &act, &rng, MAKER_NOW);
    return c;
}

/* --- assertions ---------------------------------------------------------------------------------
 */

static enum pse_webauthn_fault judge_at(struct pse_webauthn_done *done, const struct ceremony *c,
                                        const struct pse_webauthn_challenge *challenge,
                                        const struct pse_webauthn_key *keys, int64_t now)
{
    struct made m;
    enum pse_webauthn_fault fault;

    make(&m, c);
    fault = pse_webauthn_assert(done, &m.answer, challenge, &maker_site, keys, 2, now);
    if (fault != PSE_WEBAUTHN_GOOD)
        assert_true(done->at == 0 && done->sign_count == 0 && !done->is_backed_up);
    made_free(&m);
    return fault;
}

/* What a row may change. */
struct assertion {
    struct ceremony c;
    struct pse_webauthn_challenge challenge; /* as it is known to the judge */
    struct pse_webauthn_key keys[2];
    int64_t now;
};

static pse_hash asked; /* the bytes that the page got */

static struct assertion assertion_by(EVP_PKEY *key)
{
    struct assertion a = {.challenge = challenge_for(PSE_WEBAUTHN_ACT), .now = MAKER_NOW + 60};

    pse_webauthn_challenge_bytes(&asked, &a.challenge);
    a.c = ceremony_again(key, &asked);
    if (key == eddsa)
        a.c.id = "credential 2";
    a.keys[0] = maker_key(es256, "credential 1");
    a.keys[1] = maker_key(eddsa, "credential 2");
    return a;
}

static enum pse_webauthn_fault judge(const struct assertion *a)
{
    struct pse_webauthn_done done;

    return judge_at(&done, &a->c, &a->challenge, a->keys, a->now);
}

/* The change alone decides, for both algorithms. */
#define ASSERTION(wanted, change)                         \
    do {                                                  \
        EVP_PKEY *each_[2] = {es256, eddsa};              \
        for (unsigned i_ = 0; i_ < 2; i_++) {             \
            struct assertion a = assertion_by(each_[i_]); \
            assert_fault(judge(&a), PSE_WEBAUTHN_GOOD);   \
            change;                                       \
            assert_fault(judge(&a), wanted);              \
        }                                                 \
    } while (0)

static void a_good_one_tells_what_it_is(void **state)
{
    struct assertion a = assertion_by(eddsa);
    struct pse_webauthn_done done;

    (void)state;
    assert_fault(judge_at(&done, &a.c, &a.challenge, a.keys, a.now), PSE_WEBAUTHN_GOOD);
    assert_int_equal(done.at, 1);
    assert_int_equal(done.sign_count, 8);
    assert_false(done.is_backed_up);
    a = assertion_by(es256);
    a.c.flags |= FLAG_BE | FLAG_BS;
    a.c.count = 0xffffffff;
    a.keys[0].is_synced = true;
    assert_fault(judge_at(&done, &a.c, &a.challenge, a.keys, a.now), PSE_WEBAUTHN_GOOD);
    assert_int_equal(done.at, 0);
    assert_int_equal(done.sign_count, 0xffffffff);
    assert_true(done.is_backed_up);
}

static void five_minutes(void **state)
{
    (void)state;
    ASSERTION(PSE_WEBAUTHN_GOOD, a.now = MAKER_NOW);
    ASSERTION(PSE_WEBAUTHN_GOOD, a.now = MAKER_NOW + 300);
    ASSERTION(PSE_WEBAUTHN_CHALLENGE_EXPIRED, a.now = MAKER_NOW + 301);
    ASSERTION(PSE_WEBAUTHN_CHALLENGE_EXPIRED, a.now = MAKER_NOW - 1);
    ASSERTION(PSE_WEBAUTHN_CHALLENGE_EXPIRED, a.now = INT64_MAX);
}

static void by_the_key_of_the_account(void **state)
{
    (void)state;
    ASSERTION(PSE_WEBAUTHN_CREDENTIAL, a.c.id = "credential 3");
    ASSERTION(PSE_WEBAUTHN_CREDENTIAL, a.c.id = "credential");
    ASSERTION(PSE_WEBAUTHN_ANSWER, a.c.id = "");
    ASSERTION(PSE_WEBAUTHN_GOOD, a.c.user_handle = "anna");
    ASSERTION(PSE_WEBAUTHN_USER_HANDLE, a.c.user_handle = "annb");
    ASSERTION(PSE_WEBAUTHN_USER_HANDLE, a.c.user_handle = "ann");
    ASSERTION(PSE_WEBAUTHN_SIGNATURE, a.c.signer = other);
    /* The other authenticator's id with this one's signature. */
    ASSERTION(PSE_WEBAUTHN_SIGNATURE, a.c.id = a.c.key == es256 ? "credential 2" : "credential 1");
    ASSERTION(PSE_WEBAUTHN_SIGNATURE, a.c.flip_signature = true);
}

/* Whatever the challenge was made from is signed with it. */
static void over_this_act_alone(void **state)
{
    (void)state;
    ASSERTION(PSE_WEBAUTHN_CHALLENGE, a.challenge.act.b[31] ^= 1);
    ASSERTION(PSE_WEBAUTHN_CHALLENGE, a.challenge.nonce.b[0] ^= 1);
    ASSERTION(PSE_WEBAUTHN_CHALLENGE, a.challenge.issued += 1);
    ASSERTION(PSE_WEBAUTHN_CHALLENGE, a.challenge.account[0] = 'b');
    ASSERTION(PSE_WEBAUTHN_CHALLENGE, a.challenge.purpose = PSE_WEBAUTHN_LOGIN);
    ASSERTION(PSE_WEBAUTHN_PURPOSE, a.challenge.purpose = PSE_WEBAUTHN_REGISTER);
    ASSERTION(PSE_WEBAUTHN_PURPOSE, a.challenge.purpose = 0);
}

static void client_data_of_this_site(void **state)
{
    char text[256];

    (void)state;
    ASSERTION(PSE_WEBAUTHN_TYPE, a.c.type = "webauthn.get2");
    ASSERTION(PSE_WEBAUTHN_ORIGIN, a.c.origin = "https://officers.example.com");
    ASSERTION(PSE_WEBAUTHN_ORIGIN, a.c.origin = "https://officers.example.org/");
    ASSERTION(PSE_WEBAUTHN_ORIGIN, a.c.origin = "https://officers.example.org:443");
    ASSERTION(PSE_WEBAUTHN_ORIGIN, a.c.origin = "http://officers.example.org");
    ASSERTION(PSE_WEBAUTHN_ORIGIN, a.c.origin = "https://x.officers.example.org");
    ASSERTION(PSE_WEBAUTHN_ORIGIN, a.c.origin = "HTTPS://officers.example.org");
    ASSERTION(PSE_WEBAUTHN_GOOD, a.c.members = ",\"crossOrigin\":false");
    ASSERTION(PSE_WEBAUTHN_CROSS_ORIGIN, a.c.members = ",\"crossOrigin\":true");
    ASSERTION(PSE_WEBAUTHN_CLIENT_DATA, a.c.members = ",\"crossOrigin\":\"false\"");
    ASSERTION(PSE_WEBAUTHN_CLIENT_DATA, a.c.members = ",\"crossOrigin\":null");
    ASSERTION(PSE_WEBAUTHN_CROSS_ORIGIN,
              a.c.members = ",\"topOrigin\":\"https://officers.example.org\"");
    /* Browsers add members, some of them so that nobody compares the text as a whole. */
    ASSERTION(PSE_WEBAUTHN_GOOD, a.c.members = ",\"other_keys_can_be_added_here\":\"do not "
                                               "compare\",\"n\":123456789012345678901");
    ASSERTION(PSE_WEBAUTHN_CLIENT_DATA, a.c.members = ",\"type\":\"webauthn.get\"");
    ASSERTION(PSE_WEBAUTHN_CLIENT_DATA, a.c.members = ",\"x\":1,\"x\":1");
    ASSERTION(PSE_WEBAUTHN_CLIENT_DATA, a.c.members = ",\"x\":\"\xc3\"");
    ASSERTION(PSE_WEBAUTHN_CLIENT_DATA, a.c.members = ",");
    ASSERTION(PSE_WEBAUTHN_CLIENT_DATA, a.c.members = "}{");
    ASSERTION(PSE_WEBAUTHN_CLIENT_DATA, a.c.client_data = "[]");
    ASSERTION(PSE_WEBAUTHN_CLIENT_DATA, a.c.client_data = "{}");
    ASSERTION(PSE_WEBAUTHN_ANSWER, a.c.client_data = "");
    ASSERTION(PSE_WEBAUTHN_ORIGIN, a.c.origin = "https://officers.example.org\\u0000");
    ASSERTION(PSE_WEBAUTHN_CHALLENGE, (snprintf(text, sizeof text,
                                                "{\"type\":\"webauthn.get\",\"challenge\":\"\","
                                                "\"origin\":\"%s\"}",
                                                maker_origin),
                                       a.c.client_data = text));
}

/* The same 32 bytes in another spelling are another challenge. */
static void the_challenge_has_one_spelling(void **state)
{
    static const char *const form[] = {"%s", "%s=", "%s==", " %s", "%s\\n", "%sAA"};
    struct assertion a = assertion_by(es256);
    struct pse_buf text = PSE_BUF(100);
    char spelled[128], client_data[512];

    (void)state;
    pse_base64url_put(&text, asked.b, 32);
    pse_buf_put(&text, "", 1);
    for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
        const char *p = (const char *)text.p;

        snprintf(spelled, sizeof spelled, form[i], p);
        snprintf(client_data, sizeof client_data,
                 "{\"type\":\"webauthn.get\",\"challenge\":\"%s\",\"origin\":\"%s\"}", spelled,
                 maker_origin);
        a.c.client_data = client_data;
        assert_fault(judge(&a), i == 0 ? PSE_WEBAUTHN_GOOD : PSE_WEBAUTHN_CHALLENGE);
    }
    pse_buf_free(&text);
}

static void authenticator_data_of_this_site(void **state)
{
    (void)state;
    ASSERTION(PSE_WEBAUTHN_RP_ID, a.c.rp_id = "example.org");
    ASSERTION(PSE_WEBAUTHN_USER_PRESENT, a.c.flags = FLAG_UV);
    ASSERTION(PSE_WEBAUTHN_USER_VERIFIED, a.c.flags = FLAG_UP);
    ASSERTION(PSE_WEBAUTHN_BACKUP, a.c.flags |= FLAG_BS);
    ASSERTION(PSE_WEBAUTHN_BACKUP, a.c.flags |= FLAG_BE);
    ASSERTION(PSE_WEBAUTHN_BACKUP, a.c.flags |= FLAG_BE | FLAG_BS);
    ASSERTION(PSE_WEBAUTHN_BACKUP, a.keys[0].is_synced = a.keys[1].is_synced = true);
    ASSERTION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, a.c.flags |= 2);    /* reserved */
    ASSERTION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, a.c.flags |= 0x20); /* likewise */
    ASSERTION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, a.c.flags |= FLAG_AT);
    ASSERTION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, a.c.flip_flags = FLAG_AT); /* and none there */
    ASSERTION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, a.c.flags |= FLAG_ED);     /* and none there */
    ASSERTION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, a.c.data_end = "00");
    ASSERTION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, a.c.data_end = "a0");
}

static void extensions_are_read_and_change_nothing(void **state)
{
    (void)state;
    ASSERTION(PSE_WEBAUTHN_GOOD, (a.c.flags |= FLAG_ED, a.c.extensions = "a0"));
    ASSERTION(PSE_WEBAUTHN_GOOD, (a.c.flags |= FLAG_ED, a.c.extensions = "a16161f5"));
    /* credBlob, credProtect: not for assertions, but an authenticator may think otherwise */
    ASSERTION(PSE_WEBAUTHN_GOOD,
              (a.c.flags |= FLAG_ED, a.c.extensions = "a16863726564426c6f6244aabbccdd"));
    ASSERTION(PSE_WEBAUTHN_GOOD,
              (a.c.flags |= FLAG_ED, a.c.extensions = "a16b6372656450726f7465637402"));
    ASSERTION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, (a.c.flags |= FLAG_ED, a.c.extensions = "f5"));
    ASSERTION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, (a.c.flags |= FLAG_ED, a.c.extensions = "a101f5"));
    ASSERTION(PSE_WEBAUTHN_AUTHENTICATOR_DATA,
              (a.c.flags |= FLAG_ED, a.c.extensions = "a26161f56161f5"));
    ASSERTION(PSE_WEBAUTHN_AUTHENTICATOR_DATA,
              (a.c.flags |= FLAG_ED, a.c.extensions = "a16161f500"));
    ASSERTION(PSE_WEBAUTHN_AUTHENTICATOR_DATA, (a.c.flags |= FLAG_ED, a.c.extensions = "a16161"));
}

static void the_counter_rises(void **state)
{
    (void)state;
    ASSERTION(PSE_WEBAUTHN_SIGN_COUNT, a.c.count = 7);
    ASSERTION(PSE_WEBAUTHN_SIGN_COUNT, a.c.count = 6);
    ASSERTION(PSE_WEBAUTHN_SIGN_COUNT, a.c.count = 0);
    ASSERTION(PSE_WEBAUTHN_GOOD, a.c.count = 9);
    /* One that has no counter always says zero. */
    ASSERTION(PSE_WEBAUTHN_GOOD, (a.c.count = 0, a.keys[0].sign_count = a.keys[1].sign_count = 0));
    ASSERTION(PSE_WEBAUTHN_GOOD, a.keys[0].sign_count = a.keys[1].sign_count = 0);
}

/* Of two faults the one whose rule comes first is told. */
static void the_first_fault_is_told(void **state)
{
    struct assertion a = assertion_by(es256);

    (void)state;
    a.c.count = 7;
    assert_fault(judge(&a), PSE_WEBAUTHN_SIGN_COUNT);
    a.c.flip_signature = true;
    assert_fault(judge(&a), PSE_WEBAUTHN_SIGNATURE);
    a.c.flags |= FLAG_BS;
    assert_fault(judge(&a), PSE_WEBAUTHN_BACKUP);
    a.c.flags &= (uint8_t)~FLAG_UV;
    assert_fault(judge(&a), PSE_WEBAUTHN_USER_VERIFIED);
    a.c.flags &= (uint8_t)~FLAG_UP;
    assert_fault(judge(&a), PSE_WEBAUTHN_USER_PRESENT);
    a.c.rp_id = "example.org";
    assert_fault(judge(&a), PSE_WEBAUTHN_RP_ID);
    a.c.data_end = "00";
    assert_fault(judge(&a), PSE_WEBAUTHN_AUTHENTICATOR_DATA);
    a.c.members = ",\"crossOrigin\":true";
    assert_fault(judge(&a), PSE_WEBAUTHN_CROSS_ORIGIN);
    a.c.origin = "https://example.com";
    assert_fault(judge(&a), PSE_WEBAUTHN_ORIGIN);
    a.challenge.nonce.b[0] ^= 1;
    assert_fault(judge(&a), PSE_WEBAUTHN_CHALLENGE);
    a.c.type = "webauthn.other";
    assert_fault(judge(&a), PSE_WEBAUTHN_TYPE);
    a.c.members = ",";
    assert_fault(judge(&a), PSE_WEBAUTHN_CLIENT_DATA);
    a.c.user_handle = "berta";
    assert_fault(judge(&a), PSE_WEBAUTHN_USER_HANDLE);
    a.c.id = "another";
    assert_fault(judge(&a), PSE_WEBAUTHN_CREDENTIAL);
    a.c.id = "";
    assert_fault(judge(&a), PSE_WEBAUTHN_ANSWER);
    a.challenge.purpose = PSE_WEBAUTHN_REGISTER;
    assert_fault(judge(&a), PSE_WEBAUTHN_PURPOSE);
    a.now += 1000;
    assert_fault(judge(&a), PSE_WEBAUTHN_CHALLENGE_EXPIRED);
}

/* A change of any byte that was signed, or of the signature, is refused. */
static void every_byte_counts(void **state)
{
    struct assertion a = assertion_by(es256);
    struct pse_webauthn_done done;
    struct made m;

    (void)state;
    make(&m, &a.c);
    for (unsigned part = 0; part < 3; part++) {
        uint8_t *p = part == 0 ? (uint8_t *)m.client_data : part == 1 ? m.data.p : m.signature.p;
        size_t n = part == 0 ? strlen(m.client_data) : part == 1 ? m.data.n : m.signature.n;

        for (size_t i = 0; i < n; i++) {
            p[i] ^= 1;
            assert_true(pse_webauthn_assert(&done, &m.answer, &a.challenge, &maker_site, a.keys, 2,
                                            a.now) != PSE_WEBAUTHN_GOOD);
            p[i] ^= 1;
        }
    }
    assert_fault(pse_webauthn_assert(&done, &m.answer, &a.challenge, &maker_site, a.keys, 2, a.now),
                 PSE_WEBAUTHN_GOOD);
    made_free(&m);
}

static void parts_have_bounds(void **state)
{
    static uint8_t big[PSE_WEBAUTHN_DATA_MAX + 1];
    struct assertion a = assertion_by(es256);
    struct pse_webauthn_done done;
    struct made m;

    (void)state;
    make(&m, &a.c);
    for (unsigned part = 0; part < 4; part++) {
        static const size_t max[] = {PSE_WEBAUTHN_ID_MAX, PSE_WEBAUTHN_CLIENT_MAX,
                                     PSE_WEBAUTHN_DATA_MAX, PSE_WEBAUTHN_SIGNATURE_MAX};
        static const enum pse_webauthn_fault within[] = {
            PSE_WEBAUTHN_CREDENTIAL, PSE_WEBAUTHN_CLIENT_DATA, PSE_WEBAUTHN_AUTHENTICATOR_DATA,
            PSE_WEBAUTHN_SIGNATURE};

        for (size_t n = 0; n < 3; n++) {
            struct pse_webauthn_answer answer = m.answer;
            struct pse_span *at[] = {&answer.id, &answer.client_data, &answer.data,
                                     &answer.signature};

            *at[part] = pse_span(big, n == 0 ? 0 : max[part] + n - 1);
            assert_fault(
                pse_webauthn_assert(&done, &answer, &a.challenge, &maker_site, a.keys, 2, a.now),
                n == 1 ? within[part] : PSE_WEBAUTHN_ANSWER);
        }
    }
    made_free(&m);
}

static int make_keys(void **state)
{
    (void)state;
    es256 = maker_p256();
    eddsa = maker_ed25519();
    other = maker_p256();
    return es256 == NULL || eddsa == NULL || other == NULL;
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(es256);
    EVP_PKEY_free(eddsa);
    EVP_PKEY_free(other);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_one_tells_what_it_is),
        cmocka_unit_test(five_minutes),
        cmocka_unit_test(by_the_key_of_the_account),
        cmocka_unit_test(over_this_act_alone),
        cmocka_unit_test(client_data_of_this_site),
        cmocka_unit_test(the_challenge_has_one_spelling),
        cmocka_unit_test(authenticator_data_of_this_site),
        cmocka_unit_test(extensions_are_read_and_change_nothing),
        cmocka_unit_test(the_counter_rises),
        cmocka_unit_test(the_first_fault_is_told),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(parts_have_bounds),
    };

    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
