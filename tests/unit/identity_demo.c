/* The demo authority at an instant of ours: its cards, answers and stamps, judged by the library's
 * own rules; and what it refuses or cannot be made to say. */
#define _GNU_SOURCE
#include "test.h"

#include <openssl/ocsp.h>
#include <string.h>

#include "codec/codec.h"
#include "identity/identity.h"
#include "stamp_maker.h"

enum { NOW = MAKER_NOW, DAY = MAKER_DAY };

static struct pse_demo *root, *issuer, *responder, *stamper, *card, *signing;
static struct pse_certificate *card_certificate, *issuer_certificate;
static struct pse_anchors *anchors;

static struct pse_person person = {
    .serial_number = "PNOEE-49001010001", .given_name = "Mari", .surname = "Õun", .country = "EE"};

static struct pse_demo *made(enum pse_demo_use use, const struct pse_demo *by, uint8_t serial)
{
    bool is_card = use == PSE_DEMO_AUTHENTICATION || use == PSE_DEMO_SIGNING;
    struct pse_demo_plan plan = {.use = use,
                                 .issuer = by,
                                 .serial = {serial, 1, 2},
                                 .from = NOW - DAY,
                                 .until = NOW + DAY,
                                 .person = is_card ? &person : NULL,
                                 .ocsp_url = is_card ? "http://127.0.0.1:1/ocsp" : NULL};
    struct pse_demo *d;

    assert_int_equal(pse_demo_new(&d), PSE_OK);
    assert_int_equal(pse_demo_certify(d, &plan), PSE_OK);
    assert_int_equal(pse_demo_certify(d, &plan), PSE_E_STATE);
    return d;
}

static int setup(void **state)
{
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX);

    (void)state;
    root = made(PSE_DEMO_ROOT, NULL, 1);
    issuer = made(PSE_DEMO_ISSUER, root, 2);
    responder = made(PSE_DEMO_RESPONDER, issuer, 3);
    stamper = made(PSE_DEMO_STAMPER, issuer, 4);
    card = made(PSE_DEMO_AUTHENTICATION, issuer, 5);
    signing = made(PSE_DEMO_SIGNING, issuer, 0x86);
    assert_int_equal(pse_demo_certificate(&card_certificate, card), PSE_OK);
    assert_int_equal(pse_demo_certificate(&issuer_certificate, issuer), PSE_OK);
    assert_int_equal(pse_demo_put_certificate(&pem, issuer), PSE_OK);
    assert_int_equal(pse_anchors_new(&anchors), PSE_OK);
    assert_int_equal(pse_anchors_add(anchors, pse_buf_span(&pem)), PSE_OK);
    pse_buf_free(&pem);
    return 0;
}

static int teardown(void **state)
{
    struct pse_demo *const all[] = {root, issuer, responder, stamper, card, signing};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        pse_demo_free(all[i]);
    pse_certificate_free(card_certificate);
    pse_certificate_free(issuer_certificate);
    pse_anchors_free(anchors);
    return 0;
}

/* --- certificates and cards --------------------------------------------------------------------
 */

static void cards_are_what_they_should_be(void **state)
{
    const struct pse_person *p = pse_certificate_person(card_certificate);
    struct pse_certificate *by = NULL;
    struct pse_certificate *s = NULL;
    char url[PSE_CERTIFICATE_URL_MAX], subject[PSE_SUBJECT_MAX];

    (void)state;
    assert_string_equal(p->surname, "Õun");
    assert_int_equal(pse_person_subject(subject, p), PSE_OK);
    assert_string_equal(subject, "PNOEE-49001010001");
    assert_int_equal(pse_certificate_key(card_certificate), PSE_KEY_P384);
    assert_true(pse_certificate_is_for(card_certificate, PSE_USE_DIGITAL_SIGNATURE));
    assert_false(pse_certificate_is_for(card_certificate, PSE_USE_NON_REPUDIATION));
    assert_true(pse_certificate_is_named_for(card_certificate, PSE_OID_CLIENT_AUTH));
    assert_int_equal(pse_certificate_ocsp_url(url, card_certificate), PSE_OK);
    assert_string_equal(url, "http://127.0.0.1:1/ocsp");
    assert_int_equal(pse_certificate_issuer(&by, card_certificate, anchors, NOW), PSE_EID_GOOD);
    assert_int_equal(pse_certificate_is_alive(card_certificate, NOW + 2 * DAY), PSE_EID_EXPIRED);
    pse_certificate_free(by);
    assert_int_equal(pse_demo_certificate(&s, signing), PSE_OK);
    assert_true(pse_certificate_is_for(s, PSE_USE_NON_REPUDIATION));
    assert_false(pse_certificate_is_for(s, PSE_USE_DIGITAL_SIGNATURE));
    assert_false(pse_certificate_is_named_for(s, PSE_OID_CLIENT_AUTH));
    pse_certificate_free(s);
}

static void names_that_are_none(void **state)
{
    static const char *const bad[] = {"", "12345678901234567890123456789012345678901234567890"
                                          "1234567890123456789012345678901234567890123456789"};
    struct pse_person other = person;
    struct pse_demo_plan plan = {.use = PSE_DEMO_SIGNING,
                                 .issuer = issuer,
                                 .until = NOW,
                                 .person = &other,
                                 .ocsp_url = "http://127.0.0.1:1/ocsp"};
    struct pse_demo *d;
    struct pse_buf out = PSE_BUF(PSE_DEMO_PEM_MAX);

    (void)state;
    assert_int_equal(pse_demo_new(&d), PSE_OK);
    assert_int_equal(pse_demo_put(&out, d), PSE_E_STATE);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(other.serial_number, sizeof other.serial_number, "%s", bad[i]);
        assert_int_equal(pse_demo_certify(d, &plan), PSE_E_RANGE);
        assert_int_equal(pse_demo_put_certificate(&out, d), PSE_E_STATE);
    }
    pse_demo_free(d);
}

/* The first private key in a text that ends with a zero. */
static struct pse_span key_in(const struct pse_buf *pem)
{
    static const char last[] = "-----END PRIVATE KEY-----\n";
    const char *from = strstr((const char *)pem->p, "-----BEGIN PRIVATE KEY-----");
    const char *until = from == NULL ? NULL : strstr(from, last);

    assert_non_null(until);
    return pse_span(from, (size_t)(until - from) + sizeof last - 1);
}

static void pem_goes_and_comes(void **state)
{
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX);
    struct pse_buf mixed = PSE_BUF(PSE_DEMO_PEM_MAX);
    struct pse_demo *one, *two;
    struct pse_span rest, key;

    (void)state;
    pse_wr_str(&pem, "words before\n");
    assert_int_equal(pse_demo_put(&pem, card), PSE_OK);
    assert_int_equal(pse_demo_put(&pem, signing), PSE_OK);
    assert_int_equal(pse_demo_parse(&one, &rest, pse_buf_span(&pem)), PSE_OK);
    assert_int_equal(pse_demo_parse(&two, &rest, rest), PSE_OK);
    assert_int_equal(rest.n, 0);
    pse_demo_free(one);
    pse_demo_free(two);
    assert_int_equal(pse_demo_parse(&one, &rest, rest), PSE_E_SYNTAX);
    assert_null(one);
    pse_wr_u8(&pem, 0);
    key = key_in(&pem);
    assert_int_equal(pse_demo_put_certificate(&mixed, card), PSE_OK);
    pse_buf_put(&mixed, key.p, key.n);
    assert_int_equal(pse_demo_parse(&one, &rest, pse_buf_span(&mixed)), PSE_OK);
    pse_demo_free(one);
    mixed.n = 0;
    assert_int_equal(pse_demo_put_certificate(&mixed, signing), PSE_OK);
    pse_buf_put(&mixed, key.p, key.n); /* of another certificate */
    assert_int_equal(pse_demo_parse(&one, &rest, pse_buf_span(&mixed)), PSE_E_MISMATCH);
    assert_null(one);
    for (size_t n = 0; n < pem.n / 3; n += 97)
        assert_int_equal(pse_demo_parse(&one, &rest, pse_span(pem.p, n)), PSE_E_SYNTAX);
    pse_buf_free(&pem);
    pse_buf_free(&mixed);
}

static void points(void **state)
{
    uint8_t point[PSE_DEMO_POINT] = {4};
    struct pse_demo *d;

    (void)state;
    assert_int_equal(pse_demo_of_point(&d, point), PSE_E_ENCODING); /* (0, 0) */
    assert_null(d);
    memset(point, 0xff, sizeof point);
    assert_int_equal(pse_demo_of_point(&d, point), PSE_E_ENCODING);
}

static void marks(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct maker_certificate plain = {
        .name = "plain", .key = key, .from = NOW - DAY, .until = NOW + DAY, .is_ca = true};
    X509 *x = maker_certificate(&plain);
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX);
    struct pse_anchors *a;

    (void)state;
    assert_true(pse_certificate_is_demo(card_certificate));
    assert_true(pse_anchors_are_demo(anchors));
    maker_pem(&pem, x);
    assert_int_equal(pse_anchors_new(&a), PSE_OK);
    assert_false(pse_anchors_are_demo(a));
    assert_int_equal(pse_anchors_add(a, pse_buf_span(&pem)), PSE_OK);
    assert_false(pse_anchors_are_demo(a));
    pem.n = 0;
    assert_int_equal(pse_demo_put_certificate(&pem, root), PSE_OK);
    assert_int_equal(pse_anchors_add(a, pse_buf_span(&pem)), PSE_OK);
    assert_true(pse_anchors_are_demo(a)); /* one among several */
    pse_anchors_free(a);
    pse_buf_free(&pem);
    X509_free(x);
    EVP_PKEY_free(key);
}

static void logins(void **state)
{
    uint8_t message[128], digest[64], sig[PSE_DEMO_RAW];

    (void)state;
    assert_int_equal(pse_webeid_message(message, PSE_JWA_ES384, "https://vote.example",
                                        pse_span_str("challenge")),
                     PSE_OK);
    assert_int_equal(pse_jwa_digest(digest, PSE_JWA_ES384, pse_span(message, 96)), PSE_OK);
    assert_int_equal(pse_demo_sign(sig, card, digest), PSE_OK);
    assert_int_equal(pse_jwa_verify(PSE_JWA_ES384, card_certificate, pse_span(message, 96),
                                    pse_span(sig, sizeof sig)),
                     PSE_OK);
    assert_int_equal(pse_demo_sign(sig, signing, digest), PSE_OK);
    assert_int_equal(pse_jwa_verify(PSE_JWA_ES384, card_certificate, pse_span(message, 96),
                                    pse_span(sig, sizeof sig)),
                     PSE_E_SIGNATURE);
}

/* --- answers about revocation ------------------------------------------------------------------
 */

struct book {
    enum pse_demo_status status;
    uint8_t serial[PSE_DEMO_SERIAL];
    size_t serial_n, asked;
};

static enum pse_demo_status look(void *ctx, int64_t *revoked_at, struct pse_span serial)
{
    struct book *b = ctx;

    b->asked++;
    b->serial_n = serial.n;
    memcpy(b->serial, serial.p, serial.n < sizeof b->serial ? serial.n : sizeof b->serial);
    if (b->status == PSE_DEMO_REVOKED)
        *revoked_at = NOW - 100;
    return b->status;
}

static const uint8_t nonce[32] = {9, 9, 9};

static enum pse_eid_fault judge(struct pse_ocsp *out, const struct pse_buf *answer, int64_t now)
{
    const struct pse_ocsp_rules rules = {.certificate = card_certificate,
                                         .issuer = issuer_certificate,
                                         .anchors = anchors,
                                         .nonce = pse_span(nonce, sizeof nonce),
                                         .now = now,
                                         .max_age = PSE_OCSP_AGE,
                                         .skew = PSE_OCSP_SKEW};

    return pse_ocsp_verify(out, pse_buf_span(answer), &rules);
}

static void answers(void **state)
{
    static const struct {
        enum pse_demo_status status;
        enum pse_eid_fault fault;
    } c[] = {{PSE_DEMO_VALID, PSE_EID_GOOD},
             {PSE_DEMO_REVOKED, PSE_EID_REVOKED},
             {PSE_DEMO_NOBODY, PSE_EID_UNKNOWN}};
    struct pse_buf request = PSE_BUF(PSE_OCSP_REQUEST_MAX);
    uint8_t serial[PSE_DEMO_SERIAL] = {0x45, 1, 2}; /* 5, made positive and long */

    (void)state;
    assert_int_equal(pse_ocsp_request_put(&request, card_certificate, issuer_certificate,
                                          pse_span(nonce, sizeof nonce)),
                     PSE_OK);
    for (size_t i = 0; i < 3; i++) {
        struct pse_buf answer = PSE_BUF(PSE_OCSP_MAX);
        struct book book = {.status = c[i].status};
        struct pse_ocsp ocsp;

        assert_int_equal(
            pse_demo_ocsp_put(&answer, pse_buf_span(&request), responder, issuer, look, &book, NOW),
            PSE_OK);
        assert_int_equal(book.asked, 1);
        assert_int_equal(book.serial_n, sizeof serial);
        assert_memory_equal(book.serial, serial, sizeof serial);
        assert_int_equal(judge(&ocsp, &answer, NOW), c[i].fault);
        assert_int_equal(ocsp.this_update, NOW);
        assert_int_equal(ocsp.revoked_at, i == 1 ? NOW - 100 : 0);
        assert_int_equal(judge(&ocsp, &answer, NOW + PSE_OCSP_AGE + 1), PSE_EID_OCSP_STALE);
        pse_buf_free(&answer);
    }
    pse_buf_free(&request);
}

/* Nobody but the appointed responder is believed, whatever the authority's other keys sign. */
static void answers_of_others(void **state)
{
    const struct pse_demo *const others[] = {stamper, card, root};
    struct pse_buf request = PSE_BUF(PSE_OCSP_REQUEST_MAX);

    (void)state;
    assert_int_equal(pse_ocsp_request_put(&request, card_certificate, issuer_certificate,
                                          pse_span(nonce, sizeof nonce)),
                     PSE_OK);
    for (size_t i = 0; i < 3; i++) {
        struct pse_buf answer = PSE_BUF(PSE_OCSP_MAX);
        struct book book = {.status = PSE_DEMO_VALID};
        struct pse_ocsp ocsp;

        assert_int_equal(
            pse_demo_ocsp_put(&answer, pse_buf_span(&request), others[i], issuer, look, &book, NOW),
            PSE_OK);
        assert_int_equal(judge(&ocsp, &answer, NOW), PSE_EID_OCSP_UNTRUSTED);
        pse_buf_free(&answer);
    }
    pse_buf_free(&request);
}

static bool is_malformed(const struct pse_buf *answer)
{
    const uint8_t *at = answer->p;
    OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &at, (long)answer->n);
    bool malformed;

    assert_non_null(r);
    malformed = OCSP_response_status(r) == OCSP_RESPONSE_STATUS_MALFORMEDREQUEST;
    OCSP_RESPONSE_free(r);
    return malformed;
}

static void questions_that_are_none(void **state)
{
    struct pse_buf request = PSE_BUF(PSE_OCSP_REQUEST_MAX);
    struct book book = {.status = PSE_DEMO_VALID};

    (void)state;
    assert_int_equal(pse_ocsp_request_put(&request, card_certificate, issuer_certificate,
                                          pse_span(nonce, sizeof nonce)),
                     PSE_OK);
    for (size_t n = 0; n < request.n; n++) { /* cut off anywhere */
        struct pse_buf answer = PSE_BUF(PSE_OCSP_MAX);

        assert_int_equal(
            pse_demo_ocsp_put(&answer, pse_span(request.p, n), responder, issuer, look, &book, NOW),
            PSE_OK);
        assert_true(is_malformed(&answer));
        pse_buf_free(&answer);
    }
    assert_int_equal(book.asked, 0);
    pse_buf_free(&request);
}

/* About another issuer's certificate of the same number the book is not even asked. */
static void another_issuer(void **state)
{
    struct pse_demo *rival = made(PSE_DEMO_ISSUER, root, 9);
    struct pse_buf request = PSE_BUF(PSE_OCSP_REQUEST_MAX);
    struct pse_buf answer = PSE_BUF(PSE_OCSP_MAX);
    struct pse_certificate *by;
    struct book book = {.status = PSE_DEMO_VALID};

    (void)state;
    assert_int_equal(pse_demo_certificate(&by, rival), PSE_OK);
    assert_int_equal(pse_ocsp_request_put(&request, card_certificate, by, pse_span(NULL, 0)),
                     PSE_OK);
    assert_int_equal(
        pse_demo_ocsp_put(&answer, pse_buf_span(&request), responder, issuer, look, &book, NOW),
        PSE_OK);
    assert_int_equal(book.asked, 0);
    assert_false(is_malformed(&answer));
    pse_buf_free(&request);
    pse_buf_free(&answer);
    pse_certificate_free(by);
    pse_demo_free(rival);
}

/* --- stamps ------------------------------------------------------------------------------------
 */

static enum pse_stamp_fault stamped(struct pse_stamp *out, const struct pse_stamp_ask *sent,
                                    const struct pse_stamp_ask *ask, const struct pse_demo *by,
                                    int64_t time)
{
    const uint8_t serial[PSE_DEMO_SERIAL] = {0xff, 7};
    const struct pse_stamp_rules rules = {
        .ask = ask, .anchors = anchors, .now = NOW, .earliest = NOW - 60, .latest = NOW + 60};
    struct pse_buf query = PSE_BUF(PSE_STAMP_MAX);
    struct pse_buf answer = PSE_BUF(PSE_STAMP_MAX);
    enum pse_stamp_fault fault;

    assert_int_equal(pse_stamp_query_put(&query, sent), PSE_OK);
    assert_int_equal(pse_demo_stamp_put(&answer, pse_buf_span(&query), by, serial, time), PSE_OK);
    fault = pse_stamp_verify(out, pse_buf_span(&answer), &rules);
    pse_buf_free(&query);
    pse_buf_free(&answer);
    return fault;
}

static void stamps(void **state)
{
    static const enum pse_stamp_hash hash[] = {PSE_STAMP_SHA256, PSE_STAMP_SHA512};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pse_stamp_ask ask = {
            .nonce = {1, 2, 3}, .nonce_n = 3, .policy = PSE_DEMO_STAMP_POLICY};
        struct pse_stamp_ask other;
        struct pse_stamp s;

        pse_stamp_digest(&ask, hash[i], pse_span_str("a signature"));
        assert_int_equal(stamped(&s, &ask, &ask, stamper, NOW), PSE_STAMP_GOOD);
        assert_int_equal(stamped(&s, &ask, &ask, stamper, NOW - 61), PSE_STAMP_TOO_EARLY);
        assert_int_equal(stamped(&s, &ask, &ask, stamper, NOW + 61), PSE_STAMP_TOO_LATE);
        other = ask;
        pse_stamp_digest(&other, hash[i], pse_span_str("another"));
        assert_int_equal(stamped(&s, &ask, &other, stamper, NOW), PSE_STAMP_IMPRINT);
        other = ask;
        other.nonce[0] = 7;
        assert_int_equal(stamped(&s, &ask, &other, stamper, NOW), PSE_STAMP_NONCE);
        other = ask;
        other.policy = "1.2.3.4";
        assert_int_equal(stamped(&s, &other, &ask, stamper, NOW), PSE_STAMP_REJECTED);
    }
}

static void queries_that_are_none(void **state)
{
    const uint8_t serial[PSE_DEMO_SERIAL] = {1};
    struct pse_stamp_ask ask = {.nonce_n = 0};
    struct pse_buf query = PSE_BUF(PSE_STAMP_MAX);

    (void)state;
    pse_stamp_digest(&ask, PSE_STAMP_SHA256, pse_span_str("x"));
    assert_int_equal(pse_stamp_query_put(&query, &ask), PSE_OK);
    for (size_t n = 0; n < query.n; n++) {
        const struct pse_stamp_rules rules = {
            .ask = &ask, .anchors = anchors, .now = NOW, .latest = NOW};
        struct pse_buf answer = PSE_BUF(PSE_STAMP_MAX);
        struct pse_stamp s;

        assert_int_equal(pse_demo_stamp_put(&answer, pse_span(query.p, n), stamper, serial, NOW),
                         PSE_OK);
        assert_int_equal(pse_stamp_verify(&s, pse_buf_span(&answer), &rules), PSE_STAMP_REJECTED);
        pse_buf_free(&answer);
    }
    pse_buf_free(&query);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cards_are_what_they_should_be),
        cmocka_unit_test(names_that_are_none),
        cmocka_unit_test(pem_goes_and_comes),
        cmocka_unit_test(points),
        cmocka_unit_test(marks),
        cmocka_unit_test(logins),
        cmocka_unit_test(answers),
        cmocka_unit_test(answers_of_others),
        cmocka_unit_test(questions_that_are_none),
        cmocka_unit_test(another_issuer),
        cmocka_unit_test(stamps),
        cmocka_unit_test(queries_that_are_none),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
