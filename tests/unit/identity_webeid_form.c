/* Logins by card, rows 1 and 2: what is a token and what is none. */
#include "webeid_help.h"

static void forms_that_are_read(void **state)
{
    static const char *const format[] = {"\"web-eid:1\"", "\"web-eid:1.0\"", "\"web-eid:1.1\"",
                                         "\"web-eid:1.123\""};
    static const char *const extra[] = {
        "\"action\":\"web-eid:authenticate-success\",",
        "\"x\":-1.5e3,\"y\":null,\"z\":true,\"n\":123456789012345678901234567890,",
        "\"deep\":[[[[[[[[[[[[{\"a\":[]}]]]]]]]]]]]],",
        "\"zero\":\"a\\u0000b\",",
        "\"unverifiedSigningCertificate\":\"x\",\"supportedSignatureAlgorithms\":[{\"a\":\"b\"}],",
        " \n\t",
    };
    struct pse_webeid_rules by = rules();
    X509 *card = card_of(p256);
    struct login l = card_login("ES256", p256, card);

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        l.format = format[i];
        assert_fault(judge(&l, &by), PSE_EID_GOOD);
    }
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        l.extra = extra[i];
        assert_fault(judge(&l, &by), PSE_EID_GOOD);
    }
    l.extra = "";
    l.version = NULL;
    assert_fault(judge(&l, &by), PSE_EID_GOOD);
    l.end = "\r\n";
    assert_fault(judge(&l, &by), PSE_EID_GOOD);
    X509_free(card);
}

static void forms_that_are_not(void **state)
{
    static const char *const format[] = {
        "\"web-eid:1.\"",
        "\"web-eid:10\"",
        "\"web-eid:2\"",
        "\"web-eid:1.0.0\"",
        "\"web-eid:1.0 \"",
        "\"web-eid:1.a\"",
        "\"web-eid:\"",
        "\"\"",
        "\"Web-eid:1\"",
        "\"web-eid:1.0\\u0000\"",
        "\" web-eid:1\"",
        "1",
        "null",
        "[\"web-eid:1\"]",
        "\"web-eid:1.-1\"",
        "\"web-eid:1.1a\"",
        "\"web-eid:1,1\"",
        "\"web-eid:01\"",
        "\"web-eid:1.\xd9\xa1\"", /* a digit of another script */
    };
    static const char *const extra[] = {
        "\"format\":\"web-eid:1\",", /* twice */
        "\"\\u0066ormat\":\"web-eid:1\",",
        "\"a\":1,\"a\":1,",
        "\"x\":{\"b\":1,\"b\":2},",
        "\"x\":01,",
        "\"x\":\"\xff\",",
        "\"x\":\"\\ud800\",",
        "'x':1,",
        "\"x\":NaN,",
        ",",
    };
    static const char *const certificate[] = {
        "\"\"",
        "1234",
        "null",
        "[1,2,3,4]",
        "\"This is not a certificate\"",
        "\"VGhpcyBpcyBub3QgYSBjZXJ0aWZpY2F0ZQ==\"",
    };
    static const char *const end[] = {"x", "{}", ",", "\"\"", "\x01"};
    struct pse_webeid_rules by = rules();
    X509 *card = card_of(p256);
    struct login good = card_login("ES256", p256, card), l = good;

    (void)state;
    for (size_t i = 0; i < sizeof format / sizeof *format; i++) {
        l.format = format[i];
        assert_fault(judge(&l, &by), PSE_EID_PARSE);
    }
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        l = good;
        l.extra = extra[i];
        assert_fault(judge(&l, &by), PSE_EID_PARSE);
    }
    for (size_t i = 0; i < sizeof certificate / sizeof *certificate; i++) {
        l = good;
        l.certificate = certificate[i];
        assert_fault(judge(&l, &by), PSE_EID_PARSE);
    }
    for (size_t i = 0; i < sizeof end / sizeof *end; i++) {
        l = good;
        l.end = end[i];
        assert_fault(judge(&l, &by), PSE_EID_PARSE);
    }
    l = good;
    l.version = "7";
    assert_fault(judge(&l, &by), PSE_EID_PARSE);
    l = good;
    l.signature = "7";
    assert_fault(judge(&l, &by), PSE_EID_PARSE);
    X509_free(card);
}

/* A member renamed is a member missing; one byte behind the certificate is a wrong certificate. */
static void what_must_be_there(void **state)
{
    static const char *const name[] = {"\"unverifiedCertificate\"", "\"algorithm\"",
                                       "\"signature\"", "\"format\""};
    struct pse_webeid_rules by = rules();
    X509 *card = card_of(p256);
    struct login l = card_login("ES256", p256, card);
    struct pse_buf der = PSE_BUF(8192);
    char token[CARD_TEXT], quoted[CARD_TEXT];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        card_token(token, &l);
        *(strstr(token, name[i]) + 1) = 'X';
        assert_fault(judge_text(pse_span_str(token), &by, &off, card_nonce), PSE_EID_PARSE);
    }
    maker_der(&der, card);
    pse_buf_put(&der, "", 1);
    card_quoted(quoted, der.p, der.n);
    l.certificate = quoted;
    assert_fault(judge(&l, &by), PSE_EID_PARSE);
    card_quoted(quoted, der.p, der.n - 2);
    assert_fault(judge(&l, &by), PSE_EID_PARSE);
    card_quoted(quoted, der.p, der.n - 1);
    assert_fault(judge(&l, &by), PSE_EID_GOOD);
    pse_buf_free(&der);
    X509_free(card);
}

/* Text that other readers of base64 would take for the same bytes. */
static void base64_has_one_form(void **state)
{
    static const enum pse_eid_fault wanted[2] = {PSE_EID_PARSE, PSE_EID_SIGNATURE};
    struct pse_webeid_rules by = rules();
    X509 *card = card_of(p256);
    struct login good = card_login("ES256", p256, card);
    struct pse_buf der = PSE_BUF(8192);
    char text[2][CARD_TEXT], bad[CARD_TEXT];
    uint8_t raw[2048];

    (void)state;
    maker_der(&der, card);
    while (der.n % 3 != 1) { /* so that the certificate's text ends with padding as well */
        der.n = 0;
        X509_free(card);
        card = card_of(p256);
        maker_der(&der, card);
    }
    good.card = card;
    card_quoted(text[0], der.p, der.n);
    card_quoted(text[1], raw, card_sign(raw, &good));
    assert_fault(judge(&good, &by), PSE_EID_GOOD);
    for (unsigned member = 0; member < 2; member++) {
        const char *t = text[member];
        size_t n = strlen(t); /* with its quotes */
        struct login l = good;

        assert_memory_equal(t + n - 3, "==\"", 3);
        *(member == 0 ? &l.certificate : &l.signature) = bad;
        snprintf(bad, sizeof bad, "%s", t);
        assert_fault(judge(&l, &by), PSE_EID_GOOD);
        snprintf(bad, sizeof bad, "%.*s\"", (int)n - 3, t); /* without padding */
        assert_fault(judge(&l, &by), wanted[member]);
        snprintf(bad, sizeof bad, "%.*s=\"", (int)n - 3, t);
        assert_fault(judge(&l, &by), wanted[member]);
        snprintf(bad, sizeof bad, "%.*s===\"", (int)n - 3, t);
        assert_fault(judge(&l, &by), wanted[member]);
        snprintf(bad, sizeof bad, "%.*s\\n\"", (int)n - 1, t); /* a line's end */
        assert_fault(judge(&l, &by), wanted[member]);
        snprintf(bad, sizeof bad, "\" %s", t + 1);
        assert_fault(judge(&l, &by), wanted[member]);
        snprintf(bad, sizeof bad, "%.*s\\n%s", 21, t, t + 21);
        assert_fault(judge(&l, &by), wanted[member]);
        snprintf(bad, sizeof bad, "%.*sAAAA\"", (int)n - 1, t); /* behind the padding */
        assert_fault(judge(&l, &by), wanted[member]);
        snprintf(bad, sizeof bad, "%s", t);
        bad[n - 4]++; /* bits that no byte has a use for */
        assert_fault(judge(&l, &by), wanted[member]);
        snprintf(bad, sizeof bad, "%s", t);
        bad[n - 5] = '-'; /* of the alphabet for addresses */
        assert_fault(judge(&l, &by), wanted[member]);
    }
    pse_buf_free(&der);
    X509_free(card);
}

static void lengths(void **state)
{
    struct pse_webeid_rules by = rules();
    X509 *card = card_of(p256);
    struct login l = card_login("ES256", p256, card);
    char token[CARD_TEXT];
    size_t n;

    (void)state;
    card_token(token, &l);
    n = strlen(token);
    memset(token + n, ' ', CARD_TEXT - n);
    assert_fault(judge_text(pse_span(token, 10000), &by, &off, card_nonce), PSE_EID_GOOD);
    assert_fault(judge_text(pse_span(token, 10001), &by, &off, card_nonce), PSE_EID_PARSE);
    assert_fault(judge_text(pse_span(token, n - 1), &by, &off, card_nonce), PSE_EID_PARSE);
    assert_fault(judge_text(pse_span(NULL, 0), &by, &off, card_nonce), PSE_EID_PARSE);
    assert_fault(judge_text(pse_span_str("{}"), &by, &off, card_nonce), PSE_EID_PARSE);
    X509_free(card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_that_are_read),
        cmocka_unit_test(forms_that_are_not),
        cmocka_unit_test(what_must_be_there),
        cmocka_unit_test(base64_has_one_form),
        cmocka_unit_test(lengths),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
