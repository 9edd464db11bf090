/* What certificates say, and the two forms of ECDSA signatures. */
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "card_maker.h"
#include "codec/codec.h"

static EVP_PKEY *ca_key, *key;
static X509 *ca;

static int set_up(void **state)
{
    (void)state;
    ca_key = EVP_EC_gen("P-256");
    key = EVP_EC_gen("P-384");
    ca = card_authority("Authority of Test", ca_key, MAKER_NOW - 1000 * MAKER_DAY,
                        MAKER_NOW + 1000 * MAKER_DAY);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
    X509_free(ca);
    return 0;
}

static struct pse_certificate *made(const struct person_plan *plan)
{
    X509 *x = person_certificate(plan);
    struct pse_certificate *c = maker_parsed(x);

    X509_free(x);
    return c;
}

static void what_it_says(void **state)
{
    struct person_plan plan = card_plan(key, ca, ca_key);
    struct pse_certificate *c = made(&plan);
    const struct pse_person *p = pse_certificate_person(c);
    char url[PSE_CERTIFICATE_URL_MAX], subject[PSE_SUBJECT_MAX];
    int64_t from, until;

    (void)state;
    assert_string_equal(p->given_name, "MÄRTA-LIIS");
    assert_string_equal(p->surname, "JÕEORG");
    assert_string_equal(p->serial_number, "PNOEE-48001085718");
    assert_string_equal(p->country, "EE");
    assert_int_equal(pse_person_subject(subject, p), PSE_OK);
    assert_string_equal(subject, "PNOEE-48001085718");
    assert_int_equal(pse_certificate_key(c), PSE_KEY_P384);
    assert_int_equal(pse_certificate_key_bits(c), 384);
    pse_certificate_life(&from, &until, c);
    assert_int_equal(from, plan.from);
    assert_int_equal(until, plan.until);
    assert_true(pse_certificate_is_for(c, PSE_USE_DIGITAL_SIGNATURE));
    assert_false(pse_certificate_is_for(c, PSE_USE_DIGITAL_SIGNATURE | PSE_USE_NON_REPUDIATION));
    assert_true(pse_certificate_may(c, PSE_OID_CLIENT_AUTH));
    assert_false(pse_certificate_may(c, PSE_OID_OCSP_SIGNING));
    assert_true(pse_certificate_is_named_for(c, PSE_OID_CLIENT_AUTH));
    assert_int_equal(pse_certificate_ocsp_url(url, c), PSE_OK);
    assert_string_equal(url, "http://ocsp.example.org/");
    pse_certificate_free(c);
}

static void what_it_does_not_say(void **state)
{
    struct person_plan plan = card_plan(key, ca, ca_key);
    char url[PSE_CERTIFICATE_URL_MAX] = "x", subject[PSE_SUBJECT_MAX] = "x";
    struct pse_certificate *c;

    (void)state;
    plan.given = plan.surname = plan.serial = plan.usage = plan.extended = plan.policies =
        plan.address = NULL;
    c = made(&plan);
    assert_string_equal(pse_certificate_person(c)->given_name, "");
    assert_int_equal(pse_person_subject(subject, pse_certificate_person(c)), PSE_E_MISSING);
    assert_string_equal(subject, "");
    assert_int_equal(pse_certificate_ocsp_url(url, c), PSE_E_MISSING);
    assert_string_equal(url, "");
    assert_false(pse_certificate_is_for(c, PSE_USE_DIGITAL_SIGNATURE));
    assert_true(pse_certificate_may(c, PSE_OID_CLIENT_AUTH));
    assert_false(pse_certificate_is_named_for(c, PSE_OID_CLIENT_AUTH));
    pse_certificate_free(c);
    pse_certificate_free(NULL);
}

static void addresses(void **state)
{
    static const struct {
        const char *text, *url;
    } row[] = {
        {"OCSP;URI:https://a.example/x", "https://a.example/x"},
        {"caIssuers;URI:http://a.example/,OCSP;URI:http://b.example/", "http://b.example/"},
        {"OCSP;URI:ldap://a.example/,OCSP;URI:http://b.example/", "http://b.example/"},
        {"OCSP;DNS:a.example", NULL},
        {"OCSP;URI:file:///etc/passwd", NULL},
        {"OCSP;URI:http://", NULL},
        {"OCSP;URI:http://a example/", NULL},
        {"OCSP;URI:http://a\x7f.example/", NULL},
        {"OCSP;DNS:http://a.example/", NULL}, /* another kind of name, whatever it looks like */
        {"OCSP;email:http://a.example/,OCSP;URI:http://b.example/", "http://b.example/"},
        {"caIssuers;URI:http://a.example/", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct person_plan plan = card_plan(key, ca, ca_key);
        char url[PSE_CERTIFICATE_URL_MAX];
        struct pse_certificate *c;

        plan.address = row[i].text;
        c = made(&plan);
        assert_int_equal(pse_certificate_ocsp_url(url, c),
                         row[i].url == NULL ? PSE_E_MISSING : PSE_OK);
        assert_string_equal(url, row[i].url == NULL ? "" : row[i].url);
        pse_certificate_free(c);
    }
}

static void an_address_may_be_too_long(void **state)
{
    struct person_plan plan = card_plan(key, ca, ca_key);
    char text[PSE_CERTIFICATE_URL_MAX + 16], url[PSE_CERTIFICATE_URL_MAX];

    (void)state;
    for (size_t n = PSE_CERTIFICATE_URL_MAX - 1; n <= PSE_CERTIFICATE_URL_MAX + 1; n++) {
        struct pse_certificate *c;

        snprintf(text, sizeof text, "OCSP;URI:http://%0*d", (int)n - 7, 1);
        plan.address = text;
        c = made(&plan);
        assert_int_equal(pse_certificate_ocsp_url(url, c),
                         n < PSE_CERTIFICATE_URL_MAX ? PSE_OK : PSE_E_LIMIT);
        assert_string_equal(url, n < PSE_CERTIFICATE_URL_MAX ? text + 9 : "");
        pse_certificate_free(c);
    }
}

static void subjects(void **state)
{
    static const struct {
        const char *serial, *country, *subject;
    } row[] = {
        {"PNOEE-38001085718", "EE", "PNOEE-38001085718"},
        {"IDCLV-030303-10012", "LV", "IDCLV-030303-10012"},
        {"01050399864", "BE", "BE-01050399864"},
        {"99901112H", "FI", "FI-99901112H"},
        {"PNOEE-", "EE", "EE-PNOEE-"},
        {"pnoee-38001085718", "EE", "EE-pnoee-38001085718"},
        {"PNOEE38001085718", "EE", "EE-PNOEE38001085718"},
        {"PNO-EE38001085718", "EE", "EE-PNO-EE38001085718"},
        {"01050399864", "", NULL},
        {"01050399864", "be", NULL},
        {"01050399864", "BEL", NULL},
        {"", "EE", NULL},
    };
    char subject[PSE_SUBJECT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct pse_person p = {.given_name = ""};

        strcpy(p.serial_number, row[i].serial);
        strcpy(p.country, row[i].country);
        assert_int_equal(pse_person_subject(subject, &p),
                         row[i].subject == NULL ? PSE_E_MISSING : PSE_OK);
        assert_string_equal(subject, row[i].subject == NULL ? "" : row[i].subject);
    }
}

/* Old alphabets become UTF-8; what stands twice is not guessed. */
static void names_in_other_alphabets(void **state)
{
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    struct pse_certificate *c;

    (void)state;
    ASN1_TIME_set(X509_getm_notBefore(x), MAKER_NOW);
    ASN1_TIME_set(X509_getm_notAfter(x), MAKER_NOW);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_NID(name, NID_surname, V_ASN1_T61STRING,
                               (const uint8_t *)"J\xd5"
                                                "EORG",
                               -1, -1, 0);
    X509_NAME_add_entry_by_NID(name, NID_givenName, V_ASN1_BMPSTRING,
                               (const uint8_t *)"\0M\0\xc4\1\x61", 6, -1, 0);
    X509_NAME_add_entry_by_txt(name, "serialNumber", MBSTRING_ASC, (const uint8_t *)"1", -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "serialNumber", MBSTRING_ASC, (const uint8_t *)"2", -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "C", MBSTRING_ASC, (const uint8_t *)"EE", -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "C", MBSTRING_ASC, (const uint8_t *)"LV", -1, -1, 0);
    X509_sign(x, ca_key, EVP_sha256());
    c = maker_parsed(x);
    assert_string_equal(pse_certificate_person(c)->country, "");
    assert_string_equal(pse_certificate_person(c)->surname, "JÕEORG");
    assert_string_equal(pse_certificate_person(c)->given_name, "MÄš");
    assert_string_equal(pse_certificate_person(c)->serial_number, "");
    pse_certificate_free(c);
    X509_free(x);
}

static pse_rc with_surname(const void *text, int n)
{
    X509 *x = X509_new();
    struct pse_buf der = PSE_BUF(1 << 16);
    struct pse_certificate *c;
    pse_rc rc;

    ASN1_TIME_set(X509_getm_notBefore(x), MAKER_NOW);
    ASN1_TIME_set(X509_getm_notAfter(x), MAKER_NOW);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_NID(X509_get_subject_name(x), NID_surname, V_ASN1_UTF8STRING, text, n,
                               -1, 0);
    X509_sign(x, ca_key, EVP_sha256());
    maker_der(&der, x);
    rc = pse_certificate_parse_der(&c, pse_buf_span(&der));
    assert_true((c != NULL) == (rc == PSE_OK));
    pse_certificate_free(c);
    pse_buf_free(&der);
    X509_free(x);
    return rc;
}

static void names_that_are_none(void **state)
{
    char longest[600];

    (void)state;
    memset(longest, 'a', sizeof longest);
    assert_int_equal(with_surname("J", 1), PSE_OK);
    assert_int_equal(with_surname("J\0X", 3), PSE_E_SYNTAX);
    assert_int_equal(with_surname("J\xff", 2), PSE_E_SYNTAX);
    assert_int_equal(with_surname(longest, PSE_PERSON_TEXT_MAX - 1), PSE_OK);
    assert_int_equal(with_surname(longest, PSE_PERSON_TEXT_MAX), PSE_E_LIMIT);
}

static void der_and_pem(void **state)
{
    struct person_plan plan = card_plan(key, ca, ca_key);
    X509 *x = person_certificate(&plan);
    struct pse_buf pem = PSE_BUF(1 << 17), der = PSE_BUF(1 << 17), cut = PSE_BUF(1 << 17);
    struct pse_certificate *c;
    struct pse_anchors *a;
    pse_hash digest;

    (void)state;
    maker_der(&der, x);
    pse_sha256(&digest, pse_buf_span(&der));
    maker_pem(&pem, x);
    assert_int_equal(pse_certificate_parse(&c, pse_buf_span(&pem)), PSE_OK);
    assert_true(pse_span_is_equal(pse_certificate_der(c), pse_buf_span(&der)));
    pse_certificate_free(c);
    assert_int_equal(pse_certificate_parse(&c, pse_buf_span(&der)), PSE_OK);
    assert_memory_equal(pse_certificate_digest(c).b, digest.b, 32);
    pse_certificate_free(c);
    assert_int_equal(pse_certificate_parse_der(&c, pse_buf_span(&pem)), PSE_E_SYNTAX);
    for (size_t n = 0; n < der.n; n++) {
        assert_int_equal(pse_certificate_parse(&c, pse_span(der.p, n)), PSE_E_SYNTAX);
        assert_int_equal(pse_certificate_parse_der(&c, pse_span(der.p, n)), PSE_E_SYNTAX);
        assert_null(c);
    }
    assert_int_equal(pse_anchors_new(&a), PSE_OK);
    assert_int_equal(pse_anchors_add(a, pse_buf_span(&der)), PSE_OK);
    assert_int_equal(pse_anchors_count(a), 1);
    maker_pem(&pem, ca); /* two in one */
    assert_int_equal(pse_anchors_add(a, pse_buf_span(&pem)), PSE_OK);
    assert_int_equal(pse_anchors_count(a), 3);
    assert_int_equal(pse_certificate_parse(&c, pse_buf_span(&pem)), PSE_OK);
    assert_memory_equal(pse_certificate_digest(c).b, digest.b, 32); /* the first */
    pse_certificate_free(c);
    maker_pem(&cut, ca);
    pse_buf_put(&pem, cut.p, cut.n / 2); /* a damaged one behind it */
    pse_buf_free(&cut);
    assert_int_equal(pse_certificate_parse(&c, pse_buf_span(&pem)), PSE_E_SYNTAX);
    pse_buf_put(&der, "", 1);
    assert_int_equal(pse_certificate_parse(&c, pse_buf_span(&der)), PSE_E_SYNTAX);
    assert_int_equal(pse_certificate_parse_der(&c, pse_buf_span(&der)), PSE_E_SYNTAX);
    assert_non_null(pse_buf_extend(&der, PSE_CERTIFICATE_MAX));
    assert_int_equal(pse_certificate_parse(&c, pse_buf_span(&der)), PSE_E_LIMIT);
    assert_int_equal(pse_certificate_parse_der(&c, pse_buf_span(&der)), PSE_E_LIMIT);
    pse_anchors_free(a);
    pse_buf_free(&pem);
    pse_buf_free(&der);
    X509_free(x);
}

static void keys_of_every_kind(void **state)
{
    static const struct {
        const char *type, *curve;
        unsigned bits;
        enum pse_key_kind kind;
    } row[] = {
        {"EC", "P-256", 256, PSE_KEY_P256},
        {"EC", "P-384", 384, PSE_KEY_P384},
        {"EC", "P-521", 521, PSE_KEY_P521},
        {"EC", "secp256k1", 0, PSE_KEY_OTHER},
        {"EC", "brainpoolP256r1", 0, PSE_KEY_OTHER},
        {"ED25519", NULL, 0, PSE_KEY_OTHER},
        {"RSA", NULL, 1024, PSE_KEY_RSA},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        EVP_PKEY *k = row[i].bits == 1024    ? EVP_RSA_gen(1024)
                      : row[i].curve == NULL ? EVP_PKEY_Q_keygen(NULL, NULL, row[i].type)
                                             : EVP_EC_gen(row[i].curve);
        struct person_plan plan = card_plan(k, ca, ca_key);
        struct pse_certificate *c = made(&plan);

        assert_int_equal(pse_certificate_key(c), row[i].kind);
        assert_int_equal(pse_certificate_key_bits(c), row[i].bits);
        for (enum pse_jwa jwa = 0; row[i].kind == PSE_KEY_OTHER && jwa < PSE_JWA_COUNT; jwa++)
            assert_false(pse_jwa_fits(jwa, c));
        assert_false(pse_jwa_fits(PSE_JWA_RS256, c));
        pse_certificate_free(c);
        EVP_PKEY_free(k);
    }
}

/* A public key of RSA alone: nobody has the factors. */
static EVP_PKEY *rsa_of(int bits)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *list = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_new(), *e = BN_new();
    OSSL_PARAM *parts;
    EVP_PKEY *made = NULL;

    BN_set_bit(n, bits - 1);
    BN_set_bit(n, 0);
    BN_set_word(e, 65537);
    OSSL_PARAM_BLD_push_BN(list, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(list, OSSL_PKEY_PARAM_RSA_E, e);
    parts = OSSL_PARAM_BLD_to_param(list);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &made, EVP_PKEY_PUBLIC_KEY, parts), 1);
    OSSL_PARAM_free(parts);
    OSSL_PARAM_BLD_free(list);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    return made;
}

static void keys_of_rsa_have_a_length(void **state)
{
    static const struct {
        int bits;
        bool fits;
    } row[] = {{PSE_RSA_BITS_MIN - 1, false},
               {PSE_RSA_BITS_MIN, true},
               {PSE_RSA_BITS_MAX, true},
               {PSE_RSA_BITS_MAX + 1, false}};

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        EVP_PKEY *k = rsa_of(row[i].bits);
        struct person_plan plan = card_plan(k, ca, ca_key);
        struct pse_certificate *c = made(&plan);

        assert_int_equal(pse_certificate_key_bits(c), row[i].bits);
        assert_int_equal(pse_jwa_fits(PSE_JWA_RS256, c), row[i].fits);
        assert_int_equal(pse_jwa_fits(PSE_JWA_PS512, c), row[i].fits);
        pse_certificate_free(c);
        EVP_PKEY_free(k);
    }
}

static void identifiers(void **state)
{
    static const char *const good[] = {"1.2.3", "1.3.6.1.4.1.10015.1.3", "2.999.1"};
    static const char *const bad[] = {"",      "1",     "1.2.",       ".1.2",  "1.02.3",
                                      "1.2.x", "3.1.2", "clientAuth", "1.2.3 "};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(pse_oid_is_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (pse_oid_is_valid(bad[i]))
            fail_msg("%s", bad[i]);
}

static void two_forms_of_ecdsa(void **state)
{
    struct pse_buf der = PSE_BUF(PSE_ECDSA_DER_MAX), raw = PSE_BUF(PSE_ECDSA_RAW_MAX);
    uint8_t in[64] = {[0] = 0x80, [31] = 1, [63] = 2};
    static const uint8_t longest[PSE_ECDSA_RAW_MAX + 2] = {1, [PSE_ECDSA_RAW_MAX + 1] = 1};

    (void)state;
    assert_int_equal(pse_ecdsa_der_put(&der, pse_span(in, 64)), PSE_OK);
    assert_int_equal(der.n, 2 + 2 + 33 + 2 + 1);
    assert_int_equal(pse_ecdsa_raw_put(&raw, pse_buf_span(&der), 32), PSE_OK);
    assert_int_equal(raw.n, 64);
    assert_memory_equal(raw.p, in, 64);
    raw.n = 0;
    assert_int_equal(pse_ecdsa_raw_put(&raw, pse_buf_span(&der), 31), PSE_E_RANGE);
    assert_int_equal(pse_ecdsa_raw_put(&raw, pse_span(der.p, der.n - 1), 32), PSE_E_SYNTAX);
    pse_buf_put(&der, "", 1);
    assert_int_equal(pse_ecdsa_raw_put(&raw, pse_buf_span(&der), 32), PSE_E_SYNTAX);
    assert_int_equal(pse_ecdsa_raw_put(&raw, pse_span_str("0\6\2\1\0\2\1\1"), 32), PSE_E_SYNTAX);
    assert_int_equal(pse_ecdsa_raw_put(&raw, pse_span("0\6\2\1\0\2\1\1", 8), 32), PSE_E_RANGE);
    assert_int_equal(pse_ecdsa_raw_put(&raw, pse_span("0\6\2\1\1\2\1\xff", 8), 32), PSE_E_SYNTAX);
    assert_int_equal(raw.n, 0);
    assert_int_equal(pse_ecdsa_der_put(&der, pse_span(in, 63)), PSE_E_LENGTH);
    assert_int_equal(pse_ecdsa_der_put(&der, pse_span(in, 0)), PSE_E_LENGTH);
    assert_int_equal(pse_ecdsa_der_put(&der, pse_span(longest, sizeof longest)), PSE_E_LENGTH);
    in[63] = 0;
    assert_int_equal(pse_ecdsa_der_put(&der, pse_span(in, 64)), PSE_E_RANGE);
    in[63] = 2;
    in[0] = in[31] = 0;
    assert_int_equal(pse_ecdsa_der_put(&der, pse_span(in, 64)), PSE_E_RANGE);
    pse_buf_free(&der);
    pse_buf_free(&raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_says),
        cmocka_unit_test(what_it_does_not_say),
        cmocka_unit_test(addresses),
        cmocka_unit_test(an_address_may_be_too_long),
        cmocka_unit_test(subjects),
        cmocka_unit_test(names_in_other_alphabets),
        cmocka_unit_test(names_that_are_none),
        cmocka_unit_test(der_and_pem),
        cmocka_unit_test(keys_of_every_kind),
        cmocka_unit_test(keys_of_rsa_have_a_length),
        cmocka_unit_test(identifiers),
        cmocka_unit_test(two_forms_of_ecdsa),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
