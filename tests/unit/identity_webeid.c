/* Logins by card: the order of the ten rows, revocation among them, and every byte of a token. */
#include "webeid_help.h"

/* --- order --------------------------------------------------------------------------------------
 */

/* A login that is wrong in all rows, mended row by row: the first that is left is told. */
static void the_first_row_that_fails_is_told(void **state)
{
    static const char *const forbidden[] = {"1.2.3.4.5"};
    struct person_plan plan = card_plan(p256, ca, ca_key);
    struct pse_webeid_rules by = rules();
    struct pse_webeid_revocation revocation = {.came = false};
    struct pse_anchors *none;
    const char *nonce = "";
    struct login l = {0};
    char token[CARD_TEXT];
    enum pse_eid_fault got[12];
    static const enum pse_eid_fault wanted[12] = {
        PSE_EID_PARSE,         PSE_EID_PARSE,     PSE_EID_PURPOSE,          PSE_EID_POLICY,
        PSE_EID_EXPIRED,       PSE_EID_UNTRUSTED, PSE_EID_OCSP_UNREACHABLE, PSE_EID_OCSP_MALFORMED,
        PSE_EID_NONCE_MISSING, PSE_EID_ALGORITHM, PSE_EID_SIGNATURE,        PSE_EID_GOOD};

    (void)state;
    assert_int_equal(pse_anchors_new(&none), PSE_OK);
    plan.usage = NULL;
    by.forbidden = forbidden;
    by.forbidden_n = 1;
    by.now = MAKER_NOW + 200 * MAKER_DAY;
    by.anchors = none;
    for (unsigned row = 0; row < 12; row++) {
        X509 *card;

        if (row >= 3)
            plan.usage = "digitalSignature";
        card = person_certificate(&plan);
        l = card_login("ES256", p256, card);
        l.format = row >= 1 ? "\"web-eid:1\"" : "\"web-eid:2\"";
        l.certificate = row >= 2 ? NULL : "\"AAAA\"";
        by.forbidden_n = row >= 4 ? 0 : 1;
        by.now = row >= 5 ? MAKER_NOW : MAKER_NOW + 200 * MAKER_DAY;
        by.anchors = row >= 6 ? anchors : none;
        revocation.came = row >= 7;
        revocation.is_off = row >= 8;
        nonce = row >= 9 ? card_nonce : "";
        l.algorithm = row >= 10 ? "ES256" : "ES384";
        l.origin = row >= 11 ? card_origin : "https://elsewhere.example";
        card_token(token, &l);
        got[row] = judge_text(pse_span_str(token), &by, &revocation, nonce);
        X509_free(card);
    }
    /* Rows 1 and 2 share a class, row 7 is met with two of its own. */
    for (unsigned row = 0; row < 12; row++)
        assert_fault(got[row], wanted[row]);
    pse_anchors_free(none);
}

/* --- revocation ---------------------------------------------------------------------------------
 */

static struct answer good_answer(X509 *card)
{
    return (struct answer){.count = 1,
                           .about = card,
                           .issuer = ca,
                           .id_hash = EVP_sha1(),
                           .status = V_OCSP_CERTSTATUS_GOOD,
                           .this_update = MAKER_NOW,
                           .responder = responder,
                           .key = ca_key};
}

static struct pse_webeid_revocation asked(void)
{
    return (struct pse_webeid_revocation){
        .came = true, .max_age = PSE_OCSP_AGE, .skew = PSE_OCSP_SKEW};
}

static void revocation_is_row_seven(void **state)
{
    X509 *card = card_of(p256), *another = card_of(p256);
    struct login l = card_login("ES256", p256, card);
    struct pse_webeid_rules by = rules();
    struct answer a = good_answer(card);
    struct pse_webeid_revocation r = asked();
    char token[CARD_TEXT];

    (void)state;
    card_token(token, &l);
    for (unsigned i = 0; i < 4; i++) {
        static const enum pse_eid_fault wanted[] = {PSE_EID_GOOD, PSE_EID_REVOKED,
                                                    PSE_EID_OCSP_MALFORMED, PSE_EID_OCSP_NONCE};
        struct pse_buf out = PSE_BUF(PSE_OCSP_MAX);

        a.status = i == 1 ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD;
        a.revoked = i == 1 ? MAKER_NOW - 5 : 0;
        a.about = i == 2 ? another : card;
        r.nonce = i == 3 ? pse_span_str("nonce") : pse_span(NULL, 0);
        answer_make(&out, &a);
        r.answer = pse_buf_span(&out);
        assert_fault(judge_text(pse_span_str(token), &by, &r, card_nonce), wanted[i]);
        pse_buf_free(&out);
    }
    X509_free(card);
    X509_free(another);
}

/* How old an answer may be and how far clocks may be apart is the caller's word, to the second, and
 * counts from the instant of judgement. */
static void answers_have_an_age(void **state)
{
    static const struct {
        uint32_t max_age, skew;
        int64_t this_update; /* from now */
        enum pse_eid_fault fault;
    } row[] = {
        {10, 5, -10, PSE_EID_GOOD},         {10, 5, -11, PSE_EID_OCSP_STALE},
        {11, 5, -11, PSE_EID_GOOD},         {10, 5, 5, PSE_EID_GOOD},
        {10, 5, 6, PSE_EID_OCSP_STALE},     {10, 6, 6, PSE_EID_GOOD},
        {PSE_OCSP_AGE, 0, 0, PSE_EID_GOOD}, {0, 0, -1, PSE_EID_OCSP_STALE},
    };
    X509 *card = card_of(p256);
    struct login l = card_login("ES256", p256, card);
    struct pse_webeid_rules by = rules();
    char token[CARD_TEXT];

    (void)state;
    card_token(token, &l);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct pse_webeid_revocation r = asked();
        struct answer a = good_answer(card);
        struct pse_buf out = PSE_BUF(PSE_OCSP_MAX);

        a.this_update = MAKER_NOW + row[i].this_update;
        r.max_age = row[i].max_age;
        r.skew = row[i].skew;
        answer_make(&out, &a);
        r.answer = pse_buf_span(&out);
        assert_fault(judge_text(pse_span_str(token), &by, &r, card_nonce), row[i].fault);
        pse_buf_free(&out);
    }
    X509_free(card);
}

/* A designated service answers for a token, and with one configured nobody else does. */
static void the_designated_service_answers(void **state)
{
    struct maker_certificate plan = {.name = "Service of Test",
                                     .key = p384,
                                     .issuer = NULL,
                                     .issuer_key = p384,
                                     .from = MAKER_NOW - MAKER_DAY,
                                     .until = MAKER_NOW + MAKER_DAY};
    X509 *card = card_of(p256), *service = maker_certificate(&plan);
    struct pse_certificate *read = maker_parsed(service);
    struct login l = card_login("ES256", p256, card);
    struct pse_webeid_rules by = rules();
    char token[CARD_TEXT];

    (void)state;
    card_token(token, &l);
    for (unsigned i = 0; i < 4; i++) { /* who answers, and who is designated */
        struct pse_webeid_revocation r = asked();
        struct answer a = good_answer(card);
        struct pse_buf out = PSE_BUF(PSE_OCSP_MAX);

        if ((i & 1) != 0) {
            a.responder = service;
            a.key = p384;
        }
        r.responder = (i & 2) != 0 ? read : NULL;
        answer_make(&out, &a);
        r.answer = pse_buf_span(&out);
        assert_fault(judge_text(pse_span_str(token), &by, &r, card_nonce),
                     i == 0 || i == 3 ? PSE_EID_GOOD : PSE_EID_OCSP_UNTRUSTED);
        pse_buf_free(&out);
    }
    pse_certificate_free(read);
    X509_free(service);
    X509_free(card);
}

/* --- one byte -----------------------------------------------------------------------------------
 */

/* Any byte of a token changed: refused, but where nothing is signed and nothing is said. */
static void no_byte_can_be_changed(void **state)
{
    X509 *card = card_of(p256);
    struct login l = card_login("ES256", p256, card);
    struct pse_webeid_rules by = rules();
    char token[CARD_TEXT];
    const char *version, *end, *format;

    (void)state;
    card_token(token, &l);
    version = strstr(token, "appVersion");
    end = strstr(token, "\",\"unverified");
    format = strstr(token, "web-eid:1.0") + strlen("web-eid:1.");
    for (char *at = token; *at != '\0'; at++) {
        char was = *at;
        bool is_free = (at >= version && at < end) || at == format;

        *at ^= 1;
        if (judge_text(pse_span_str(token), &by, &off, card_nonce) == PSE_EID_GOOD && !is_free)
            fail_msg("byte %td, '%c'", at - token, was);
        *at = was;
    }
    X509_free(card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_row_that_fails_is_told),
        cmocka_unit_test(revocation_is_row_seven),
        cmocka_unit_test(answers_have_an_age),
        cmocka_unit_test(the_designated_service_answers),
        cmocka_unit_test(no_byte_can_be_changed),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
