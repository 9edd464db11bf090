/* Logins by card: the nine algorithms, and the one form of a signature in each. */
#include "webeid_help.h"

struct kind {
    const char *name;
    EVP_PKEY **key;
};
static const struct kind kinds[] = {
    {"ES256", &p256}, {"ES384", &p384}, {"ES512", &p521}, {"PS256", &rsa}, {"PS384", &rsa},
    {"PS512", &rsa},  {"RS256", &rsa},  {"RS384", &rsa},  {"RS512", &rsa},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void nine_algorithms(void **state)
{
    struct pse_webeid_rules by = rules();

    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        X509 *card = card_of(*kinds[i].key);
        struct login l = card_login(kinds[i].name, *kinds[i].key, card), other = l;

        assert_fault(judge(&l, &by), PSE_EID_GOOD);
        other.origin = "https://vote.example.com";
        assert_fault(judge(&other, &by), PSE_EID_SIGNATURE);
        other = l;
        other.nonce = "MTIzNDU2NzgxMjM0NTY3ODEyMzQ1Njc4MTIzNDU2Nzk=";
        assert_fault(judge(&other, &by), PSE_EID_SIGNATURE);
        other = l;
        other.hash = strcmp(l.hash, "SHA256") == 0 ? "SHA384" : "SHA256";
        assert_fault(judge(&other, &by), PSE_EID_SIGNATURE);
        if (*kinds[i].key == rsa) {
            other = l;
            other.pss = !l.pss;
            assert_fault(judge(&other, &by), PSE_EID_SIGNATURE);
        }
        X509_free(card);
    }
}

/* Every algorithm's name with every key: only the nine fit. */
static void an_algorithm_must_fit_the_key(void **state)
{
    static const char *const no[] = {"none",  "NONE",  "",      "ES256K", "es256", "ES384 ",
                                     "HS256", "EdDSA", "ES385", "RS1",    "ES"};
    EVP_PKEY *const key[] = {p256, p384, p521, rsa};
    struct pse_webeid_rules by = rules();

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        X509 *card = card_of(key[k]);

        for (size_t i = 0; i < KINDS; i++) {
            struct login l = card_login(kinds[i].name, key[k], card);

            if (key[k] != rsa)
                l.pss = false;
            assert_fault(judge(&l, &by),
                         *kinds[i].key == key[k] ? PSE_EID_GOOD : PSE_EID_ALGORITHM);
        }
        for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
            struct login l = card_login("ES384", key[k], card);

            l.algorithm = no[i];
            l.pss = false;
            assert_fault(judge(&l, &by), PSE_EID_ALGORITHM);
        }
        X509_free(card);
    }
}

/* A token signed with PSS over the right message, by these parameters. */
static enum pse_eid_fault judge_pss(X509 *card, int salt, const char *mask)
{
    struct login l = card_login("PS256", rsa, card);
    struct pse_webeid_rules by = rules();
    uint8_t message[64], raw[512];
    char quoted[1024];
    size_t n = sizeof raw;
    EVP_PKEY_CTX *how;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    EVP_Digest(card_origin, strlen(card_origin), message, NULL, EVP_sha256(), NULL);
    EVP_Digest(card_nonce, strlen(card_nonce), message + 32, NULL, EVP_sha256(), NULL);
    assert_int_equal(EVP_DigestSignInit(ctx, &how, EVP_sha256(), NULL, rsa), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(how, salt), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(how, EVP_get_digestbyname(mask)), 1);
    assert_int_equal(EVP_DigestSign(ctx, raw, &n, message, 64), 1);
    EVP_MD_CTX_free(ctx);
    card_quoted(quoted, raw, n);
    l.signature = quoted;
    return judge(&l, &by);
}

static void salt_and_mask_are_of_the_hash(void **state)
{
    X509 *card = card_of(rsa);

    (void)state;
    assert_fault(judge_pss(card, 32, "SHA256"), PSE_EID_GOOD);
    assert_fault(judge_pss(card, 31, "SHA256"), PSE_EID_SIGNATURE);
    assert_fault(judge_pss(card, 33, "SHA256"), PSE_EID_SIGNATURE);
    assert_fault(judge_pss(card, 20, "SHA256"), PSE_EID_SIGNATURE);
    assert_fault(judge_pss(card, 0, "SHA256"), PSE_EID_SIGNATURE);
    assert_fault(judge_pss(card, 32, "SHA1"), PSE_EID_SIGNATURE);
    assert_fault(judge_pss(card, 32, "SHA512"), PSE_EID_SIGNATURE);
    X509_free(card);
}

/* A key that its certificate keeps for PSS signs with nothing else. */
static void a_key_for_pss_alone(void **state)
{
    static const char *const name[] = {"PS256", "PS384", "PS512", "RS256", "RS384", "RS512"};
    struct pse_webeid_rules by = rules();
    EVP_PKEY *key = person_pss_key();
    X509 *card = card_of(key);

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct login l = card_login(name[i], key, card);

        l.pss = true;
        assert_fault(judge(&l, &by), i < 3 ? PSE_EID_GOOD : PSE_EID_ALGORITHM);
    }
    X509_free(card);
    EVP_PKEY_free(key);
}

/* Longer than any key's: as long as a token has room for. */
static void a_signature_may_be_too_long(void **state)
{
    static const uint8_t raw[6000] = {1};
    static const char *const name[] = {"ES256", "RS256"};
    EVP_PKEY *const key[] = {p256, rsa};
    struct pse_webeid_rules by = rules();

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        X509 *card = card_of(key[i]);
        struct login l = card_login(name[i], key[i], card);
        char quoted[CARD_TEXT];

        l.signature = quoted;
        card_quoted(quoted, raw, PSE_SIGNATURE_MAX);
        assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
        card_quoted(quoted, raw, PSE_SIGNATURE_MAX + 1);
        assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
        card_quoted(quoted, raw, sizeof raw);
        assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
        X509_free(card);
    }
}

/* r and s are below the order of the curve, each by itself. */
static void numbers_beyond_the_order(void **state)
{
    static const int curve[] = {NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1};
    struct pse_webeid_rules by = rules();

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        EVP_PKEY *key = *kinds[i].key;
        EC_GROUP *group = EC_GROUP_new_by_curve_name(curve[i]);
        X509 *card = card_of(key);
        struct login l = card_login(kinds[i].name, key, card);
        size_t half = (size_t)(EVP_PKEY_get_bits(key) + 7) / 8;
        uint8_t raw[2048], bad[2048];
        char quoted[4096];

        assert_int_equal(card_sign(raw, &l), 2 * half);
        l.signature = quoted;
        for (unsigned part = 0; part < 3; part++) { /* neither, r, s */
            memcpy(bad, raw, 2 * half);
            if (part > 0)
                BN_bn2binpad(EC_GROUP_get0_order(group), bad + (part - 1) * half, (int)half);
            card_quoted(quoted, bad, 2 * half);
            assert_fault(judge(&l, &by), part == 0 ? PSE_EID_GOOD : PSE_EID_SIGNATURE);
        }
        EC_GROUP_free(group);
        X509_free(card);
    }
}

static void raw_signatures_have_one_form(void **state)
{
    struct pse_webeid_rules by = rules();
    struct container_recipe der_by = {.key = p384, .hash = "SHA384"};
    X509 *card = card_of(p384);
    struct login l = card_login("ES384", p384, card);
    uint8_t raw[2048], bad[2048], message[96];
    char quoted[4096];
    size_t n = card_sign(raw, &l);

    (void)state;
    l.signature = quoted;
    assert_int_equal(n, 96);
    card_quoted(quoted, raw, n);
    assert_fault(judge(&l, &by), PSE_EID_GOOD);
    card_quoted(quoted, raw, n - 1);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    card_quoted(quoted, raw, n - 2);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    memcpy(bad, raw, n);
    memset(bad + n, 0, 2);
    card_quoted(quoted, bad, n + 2);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    memset(bad, 0, sizeof bad); /* the same numbers, each a byte longer */
    memcpy(bad + 1, raw, 48);
    memcpy(bad + 50, raw + 48, 48);
    card_quoted(quoted, bad, 98);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    memcpy(bad, raw, n);
    memset(bad, 0, 48); /* r = 0 */
    card_quoted(quoted, bad, n);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    memcpy(bad, raw, n);
    memset(bad + 48, 0, 48); /* s = 0 */
    card_quoted(quoted, bad, n);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    memset(bad, 0xff, n); /* beyond the order */
    card_quoted(quoted, bad, n);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    EVP_Digest(card_origin, strlen(card_origin), message, NULL, EVP_sha384(), NULL);
    EVP_Digest(card_nonce, strlen(card_nonce), message + 48, NULL, EVP_sha384(), NULL);
    n = recipe_sign(bad, sizeof bad, &der_by, pse_span(message, 96));
    card_quoted(quoted, bad, n);
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    l.signature = "\"\"";
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    l.signature = "\"====\"";
    assert_fault(judge(&l, &by), PSE_EID_SIGNATURE);
    X509_free(card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nine_algorithms),
        cmocka_unit_test(an_algorithm_must_fit_the_key),
        cmocka_unit_test(salt_and_mask_are_of_the_hash),
        cmocka_unit_test(a_key_for_pss_alone),
        cmocka_unit_test(a_signature_may_be_too_long),
        cmocka_unit_test(numbers_beyond_the_order),
        cmocka_unit_test(raw_signatures_have_one_form),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
