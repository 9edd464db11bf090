/* Beside the ten rows: origins, who may sign and how, and the words for voters. */
#include "card_maker.h"

static EVP_PKEY *ca_key, *p256, *p384, *rsa;
static X509 *ca;
static struct pse_anchors *anchors;

static int set_up(void **state)
{
    (void)state;
    ca_key = EVP_EC_gen("P-256");
    p256 = EVP_EC_gen("P-256");
    p384 = EVP_EC_gen("P-384");
    rsa = EVP_RSA_gen(2048);
    ca = card_authority("Authority of Test", ca_key, MAKER_NOW - 1000 * MAKER_DAY,
                        MAKER_NOW + 1000 * MAKER_DAY);
    anchors = maker_anchors(ca);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(p384);
    EVP_PKEY_free(rsa);
    X509_free(ca);
    pse_anchors_free(anchors);
    return 0;
}

static X509 *card_of(EVP_PKEY *key)
{
    struct person_plan plan = card_plan(key, ca, ca_key);

    return person_certificate(&plan);
}

#define assert_fault(got, wanted) \
    assert_string_equal(pse_eid_fault_name(got), pse_eid_fault_name(wanted))

/* --- origins ------------------------------------------------------------------------------------
 */

static void origins(void **state)
{
    static const char *const good[] = {"https://vote.example.org", "https://vote.example.org:8443",
                                       "https://localhost:1", "https://[::1]:443",
                                       "https://xn--hlnimine-b3a.ee"};
    static const char *const bad[] = {
        "",
        "https://",
        "https://vote.example.org/",
        "http://vote.example.org",
        "HTTPS://vote.example.org",
        "https://Vote.example.org",
        "https://vote.example.org:",
        "https://vote.example.org:0",
        "https://vote.example.org:080",
        "https://vote.example.org:65536",
        "https://vote.example.org:80a",
        "https://vote.example.org/path",
        "https://vote.example.org?",
        "https://user@vote.example.org",
        "https:///vote",
        "https://[::1",
        "vote.example.org",
        " https://vote.example.org",
        "https://vote.example.org ",
        "https://h\xc3\xa4\xc3\xa4l.ee",
        "https://[::1\"",
        "https://[::1:443",
        "https://[::1]x",
    };
    char origin[PSE_WEBEID_ORIGIN_MAX + 2] = "https://";

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!pse_webeid_origin_is_valid(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (pse_webeid_origin_is_valid(bad[i]))
            fail_msg("%s", bad[i]);
    memset(origin + 8, 'a', PSE_WEBEID_ORIGIN_MAX - 8);
    assert_true(pse_webeid_origin_is_valid(origin));
    origin[PSE_WEBEID_ORIGIN_MAX] = 'a';
    assert_false(pse_webeid_origin_is_valid(origin));
}

/* --- signing ------------------------------------------------------------------------------------
 */

static enum pse_eid_fault signer_fault(const struct person_plan *plan,
                                       const struct pse_person *login)
{
    X509 *x = person_certificate(plan);
    struct pse_certificate *c = maker_parsed(x);
    const struct pse_webeid_rules by = {.anchors = anchors, .now = MAKER_NOW};
    enum pse_eid_fault fault = pse_webeid_signer_check(c, login, &by);

    pse_certificate_free(c);
    X509_free(x);
    return fault;
}

static void the_signer_is_who_logged_in(void **state)
{
    struct person_plan plan = card_plan(p384, ca, ca_key), other;
    X509 *x = person_certificate(&plan);
    struct pse_certificate *login = maker_parsed(x);
    const struct pse_person *person = pse_certificate_person(login);

    (void)state;
    plan.usage = "critical,nonRepudiation";
    plan.extended = NULL;
    assert_fault(signer_fault(&plan, person), PSE_EID_GOOD);
    other = plan;
    other.given = "MARI"; /* names change, numbers do not */
    assert_fault(signer_fault(&other, person), PSE_EID_GOOD);
    other = plan;
    other.usage = "critical,digitalSignature";
    assert_fault(signer_fault(&other, person), PSE_EID_PURPOSE);
    other = plan;
    other.policies = "1.3.6.1.4.1.10015.1.3.1";
    assert_fault(signer_fault(&other, person), PSE_EID_POLICY);
    other = plan;
    other.until = MAKER_NOW - 1;
    assert_fault(signer_fault(&other, person), PSE_EID_EXPIRED);
    other = plan;
    other.issuer_key = p256;
    assert_fault(signer_fault(&other, person), PSE_EID_UNTRUSTED);
    other = plan;
    other.serial = "PNOEE-48001085719";
    assert_fault(signer_fault(&other, person), PSE_EID_PERSON);
    other.serial = NULL;
    assert_fault(signer_fault(&other, person), PSE_EID_PERSON);
    pse_certificate_free(login);
    X509_free(x);
}

#define ALGORITHM(crypto, hash, padding)                           \
    "{\"cryptoAlgorithm\":\"" crypto "\",\"hashFunction\":\"" hash \
    "\",\"paddingScheme\":\"" padding "\"}"

#define TYPES(crypto, hash, padding) \
    "{\"cryptoAlgorithm\":" crypto ",\"hashFunction\":" hash ",\"paddingScheme\":" padding "}"

static void algorithms_are_chosen(void **state)
{
    static const struct {
        const char *list;
        EVP_PKEY **key;
        pse_rc rc;
        enum pse_jwa jwa;
    } row[] = {
        {"[" ALGORITHM("ECC", "SHA-224", "NONE") "," ALGORITHM("ECC", "SHA-256", "NONE") "," //
         ALGORITHM("ECC", "SHA-384", "NONE") "]",
         &p384, PSE_OK, PSE_JWA_ES384},
        {"[" ALGORITHM("RSA", "SHA-512", "PKCS1.5") "," ALGORITHM("RSA", "SHA-256", "PSS") "]",
         &rsa, PSE_OK, PSE_JWA_PS256},
        {"[" ALGORITHM("RSA", "SHA-256", "PKCS1.5") "," ALGORITHM("RSA", "SHA-384", "PKCS1.5") "]",
         &rsa, PSE_OK, PSE_JWA_RS384},
        {"[" ALGORITHM("ECC", "SHA3-256", "NONE") "]", &p256, PSE_E_UNSUPPORTED, PSE_JWA_NONE},
        {"[" ALGORITHM("RSA", "SHA-256", "PSS") "]", &p256, PSE_E_UNSUPPORTED, PSE_JWA_NONE},
        {"[" ALGORITHM("RSA", "SHA-256", "NONE") "]", &p256, PSE_E_UNSUPPORTED, PSE_JWA_NONE},
        {"[" ALGORITHM("ECC", "SHA-256", "PSS") "]", &rsa, PSE_E_UNSUPPORTED, PSE_JWA_NONE},
        {"[]", &p256, PSE_E_UNSUPPORTED, PSE_JWA_NONE},
        {"[" ALGORITHM("ECC", "SHA-256", "NONE") "," TYPES("1", "\"SHA-256\"", "\"NONE\"") "]",
         &p256, PSE_E_SYNTAX, PSE_JWA_NONE},
        {"[" TYPES("\"ECC\"", "256", "\"NONE\"") "]", &p256, PSE_E_SYNTAX, PSE_JWA_NONE},
        {"[" TYPES("\"ECC\"", "\"SHA-256\"", "null") "]", &p256, PSE_E_SYNTAX, PSE_JWA_NONE},
        {"[1]", &p256, PSE_E_SYNTAX, PSE_JWA_NONE},
        {"{}", &p256, PSE_E_SYNTAX, PSE_JWA_NONE},
        {"[", &p256, PSE_E_SYNTAX, PSE_JWA_NONE},
        {"", &p256, PSE_E_SYNTAX, PSE_JWA_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        X509 *x = card_of(*row[i].key);
        struct pse_certificate *c = maker_parsed(x);
        enum pse_jwa jwa;

        assert_int_equal(pse_webeid_choose(&jwa, pse_span_str(row[i].list), c), row[i].rc);
        assert_int_equal(jwa, row[i].jwa);
        pse_certificate_free(c);
        X509_free(x);
    }
}

/* As strict as tokens: no member twice, and no more text than a token has. */
static void lists_have_a_form(void **state)
{
    static const char one[] = ALGORITHM("ECC", "SHA-384", "NONE");
    static const char twice[] = "[{\"cryptoAlgorithm\":\"RSA\",\"cryptoAlgorithm\":\"ECC\","
                                "\"hashFunction\":\"SHA-384\",\"paddingScheme\":\"NONE\"}]";
    X509 *x = card_of(p384);
    struct pse_certificate *c = maker_parsed(x);
    char list[PSE_WEBEID_TOKEN_MAX + 2];
    enum pse_jwa jwa;

    (void)state;
    memset(list, ' ', sizeof list);
    list[0] = '[';
    memcpy(list + 1, one, sizeof one - 1);
    list[PSE_WEBEID_TOKEN_MAX - 1] = ']';
    assert_int_equal(pse_webeid_choose(&jwa, pse_span(list, PSE_WEBEID_TOKEN_MAX), c), PSE_OK);
    assert_int_equal(jwa, PSE_JWA_ES384);
    assert_int_equal(pse_webeid_choose(&jwa, pse_span(list, PSE_WEBEID_TOKEN_MAX + 1), c),
                     PSE_E_SYNTAX);
    assert_int_equal(pse_webeid_choose(&jwa, pse_span_str(twice), c), PSE_E_SYNTAX);
    pse_certificate_free(c);
    X509_free(x);
}

static void an_algorithm_is_read_back(void **state)
{
    X509 *x = card_of(p384);
    struct pse_certificate *c = maker_parsed(x);
    enum pse_jwa jwa;

    (void)state;
    assert_int_equal(
        pse_webeid_algorithm(&jwa, pse_span_str(ALGORITHM("ECC", "SHA-384", "NONE")), c), PSE_OK);
    assert_int_equal(jwa, PSE_JWA_ES384);
    assert_string_equal(pse_webeid_hash_name(jwa), "SHA-384");
    assert_int_equal(
        pse_webeid_algorithm(&jwa, pse_span_str(ALGORITHM("ECC", "SHA-256", "NONE")), c),
        PSE_E_UNSUPPORTED);
    assert_int_equal(
        pse_webeid_algorithm(&jwa, pse_span_str(ALGORITHM("ECC", "SHA-384", "PSS")), c),
        PSE_E_UNSUPPORTED);
    assert_int_equal(pse_webeid_algorithm(&jwa, pse_span_str("[]"), c), PSE_E_SYNTAX);
    assert_int_equal(jwa, PSE_JWA_NONE);
    pse_certificate_free(c);
    X509_free(x);
}

/* --- words --------------------------------------------------------------------------------------
 */

static void there_are_words_for_everything(void **state)
{
    static const char *const code[] = {
        "ERR_WEBEID_ACTION_TIMEOUT",        "ERR_WEBEID_USER_TIMEOUT",
        "ERR_WEBEID_VERSION_MISMATCH",      "ERR_WEBEID_VERSION_INVALID",
        "ERR_WEBEID_EXTENSION_UNAVAILABLE", "ERR_WEBEID_NATIVE_UNAVAILABLE",
        "ERR_WEBEID_UNKNOWN_ERROR",         "ERR_WEBEID_CONTEXT_INSECURE",
        "ERR_WEBEID_USER_CANCELLED",        "ERR_WEBEID_NATIVE_INVALID_ARGUMENT",
        "ERR_WEBEID_NATIVE_FATAL",          "ERR_WEBEID_ACTION_PENDING",
        "ERR_WEBEID_MISSING_PARAMETER",
    };
    const struct pse_webeid_words *words;

    (void)state;
    for (size_t i = 0; i < sizeof code / sizeof *code; i++) {
        words = pse_webeid_words_of_code(pse_span_str(code[i]));
        assert_string_equal(words->code, code[i]);
        assert_true(strlen(words->slug) > 0 && strlen(words->text) > 20);
    }
    words = pse_webeid_words_of_code(pse_span_str("ERR_WEBEID_OF_TOMORROW"));
    assert_string_equal(words->code, "ERR_WEBEID_UNKNOWN_ERROR");
    for (enum pse_eid_fault f = PSE_EID_GOOD + 1; f < PSE_EID_FAULTS; f++) {
        words = pse_webeid_words_of_fault(f);
        assert_string_equal(words->code, pse_eid_fault_name(f));
        assert_true(strlen(words->slug) > 0 && strlen(words->text) > 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins),
        cmocka_unit_test(the_signer_is_who_logged_in),
        cmocka_unit_test(algorithms_are_chosen),
        cmocka_unit_test(lists_have_a_form),
        cmocka_unit_test(an_algorithm_is_read_back),
        cmocka_unit_test(there_are_words_for_everything),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
