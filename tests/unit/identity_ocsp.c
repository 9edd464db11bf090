/* Answers about revocation: one that holds, and every rule of form, time and nonce broken alone. */
#include "ocsp_help.h"

/* --- what holds ---------------------------------------------------------------------------------
 */

static void a_good_answer(void **state)
{
    struct pse_buf out = PSE_BUF(PSE_OCSP_MAX);
    struct pse_ocsp_rules by = rules();
    struct answer a = good();
    struct pse_ocsp said;

    (void)state;
    a.next_update = MAKER_NOW + 3600;
    answer_make(&out, &a);
    assert_fault(pse_ocsp_verify(&said, pse_buf_span(&out), &by), PSE_EID_GOOD);
    assert_int_equal(said.this_update, MAKER_NOW - 5);
    assert_int_equal(said.next_update, MAKER_NOW + 3600);
    assert_int_equal(said.revoked_at, 0);
    assert_false(pse_hash_is_zero(&said.responder));
    pse_buf_free(&out);
}

static void what_the_authority_says(void **state)
{
    struct pse_ocsp_rules by = rules();
    struct answer a = good();

    (void)state;
    a.status = V_OCSP_CERTSTATUS_UNKNOWN;
    judged(&a, &by, PSE_EID_UNKNOWN);
    a.status = V_OCSP_CERTSTATUS_REVOKED;
    a.revoked = MAKER_NOW - 100;
    judged(&a, &by, PSE_EID_REVOKED);
    a.revoked = MAKER_NOW + 100; /* of a time to come: revoked all the same */
    judged(&a, &by, PSE_EID_REVOKED);
}

/* --- malformed ----------------------------------------------------------------------------------
 */

static void refusals_are_no_answers(void **state)
{
    static const int status[] = {OCSP_RESPONSE_STATUS_MALFORMEDREQUEST,
                                 OCSP_RESPONSE_STATUS_INTERNALERROR, OCSP_RESPONSE_STATUS_TRYLATER,
                                 OCSP_RESPONSE_STATUS_SIGREQUIRED,
                                 OCSP_RESPONSE_STATUS_UNAUTHORIZED};
    struct pse_ocsp_rules by = rules();
    struct answer a = good();

    (void)state;
    for (size_t i = 0; i < sizeof status / sizeof *status; i++) {
        a.response_status = status[i];
        judged(&a, &by, PSE_EID_OCSP_MALFORMED);
    }
}

/* A refusal may bring an answer along, which then counts for nothing. */
static void refusals_with_an_answer_in_them(void **state)
{
    struct pse_buf out = PSE_BUF(PSE_OCSP_MAX);
    struct pse_ocsp_rules by = rules();
    struct answer a = good();
    struct pse_ocsp said;

    (void)state;
    answer_make(&out, &a);
    assert_memory_equal(out.p + 4, "\x0a\x01\x00", 3); /* responseStatus */
    assert_fault(pse_ocsp_verify(&said, pse_buf_span(&out), &by), PSE_EID_GOOD);
    for (uint8_t status = 1; status < 8; status++) {
        out.p[6] = status;
        assert_fault(pse_ocsp_verify(&said, pse_buf_span(&out), &by), PSE_EID_OCSP_MALFORMED);
    }
    pse_buf_free(&out);
}

/* A certificate beside the responder's makes it as long as one likes: @p n bytes more. */
static void judged_with_ballast(int n, enum pse_eid_fault wanted)
{
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    ASN1_OBJECT *name = OBJ_txt2obj("1.2.3.4.5", 1);
    X509 *x = X509_dup(card);
    uint8_t *ballast = calloc(1, (size_t)n);
    struct pse_ocsp_rules by = rules();
    struct answer a = good();
    X509_EXTENSION *e;

    ASN1_OCTET_STRING_set(octets, ballast, n);
    e = X509_EXTENSION_create_by_OBJ(NULL, name, 0, octets);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    assert_int_not_equal(X509_sign(x, ca_key, EVP_sha256()), 0);
    a.beside = x;
    judged(&a, &by, wanted);
    X509_EXTENSION_free(e);
    ASN1_OBJECT_free(name);
    ASN1_OCTET_STRING_free(octets);
    free(ballast);
    X509_free(x);
}

static void answers_may_be_too_long(void **state)
{
    (void)state;
    judged_with_ballast(PSE_OCSP_MAX - 4096, PSE_EID_GOOD);
    judged_with_ballast(PSE_OCSP_MAX, PSE_EID_OCSP_MALFORMED);
}

static void one_answer_to_this_question(void **state)
{
    struct person_plan person = card_plan(other_key, ca, ca_key);
    X509 *neighbour = person_certificate(&person);
    X509 *twin = card_authority("Authority of Test", other_key, MAKER_NOW - 1, MAKER_NOW + 1);
    struct pse_ocsp_rules by = rules();
    struct answer a = good();

    (void)state;
    a.count = 0;
    judged(&a, &by, PSE_EID_OCSP_MALFORMED);
    a.count = 2;
    judged(&a, &by, PSE_EID_OCSP_MALFORMED);
    a = good();
    a.about = neighbour; /* another serial number */
    judged(&a, &by, PSE_EID_OCSP_MALFORMED);
    a = good();
    a.issuer = twin; /* another key */
    judged(&a, &by, PSE_EID_OCSP_MALFORMED);
    a = good();
    a.id_hash = EVP_sha256(); /* not the CertID asked for */
    judged(&a, &by, PSE_EID_OCSP_MALFORMED);
    a = good();
    a.flags = OCSP_NOCERTS;
    judged(&a, &by, PSE_EID_OCSP_MALFORMED);
    a = good();
    a.trailing = true;
    judged(&a, &by, PSE_EID_OCSP_MALFORMED);
    X509_free(neighbour);
    X509_free(twin);
}

static void bytes_that_are_none(void **state)
{
    struct pse_buf out = PSE_BUF(2 * PSE_OCSP_MAX);
    struct pse_ocsp_rules by = rules();
    struct answer a = good();
    struct pse_ocsp said;

    (void)state;
    answer_make(&out, &a);
    for (size_t n = 0; n < out.n; n++)
        assert_fault(pse_ocsp_verify(&said, pse_span(out.p, n), &by), PSE_EID_OCSP_MALFORMED);
    assert_fault(pse_ocsp_verify(&said, pse_span(NULL, 0), &by), PSE_EID_OCSP_MALFORMED);
    assert_non_null(pse_buf_extend(&out, PSE_OCSP_MAX));
    assert_fault(pse_ocsp_verify(&said, pse_buf_span(&out), &by), PSE_EID_OCSP_MALFORMED);
    pse_buf_free(&out);
}

/* --- when ---------------------------------------------------------------------------------------
 */

static void times(void **state)
{
    static const struct {
        int64_t this_update, next_update; /* from now; next 0: none */
        enum pse_eid_fault fault;
    } row[] = {
        {0, 0, PSE_EID_GOOD},         {-120, 0, PSE_EID_GOOD},      {-121, 0, PSE_EID_OCSP_STALE},
        {900, 0, PSE_EID_GOOD},       {901, 0, PSE_EID_OCSP_STALE}, {-5, -5, PSE_EID_GOOD},
        {-5, -6, PSE_EID_OCSP_STALE}, {-120, -119, PSE_EID_GOOD},   {800, 799, PSE_EID_OCSP_STALE},
        {-5, 86400, PSE_EID_GOOD},
    };
    struct pse_ocsp_rules by = rules();
    struct answer a = good();

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        a.this_update = MAKER_NOW + row[i].this_update;
        a.next_update = row[i].next_update == 0 ? 0 : MAKER_NOW + row[i].next_update;
        judged(&a, &by, row[i].fault);
    }
    /* With old ones allowed, one that should have been renewed is still refused. */
    by.max_age = 100000;
    a.this_update = MAKER_NOW - 50000;
    a.next_update = MAKER_NOW - 900;
    judged(&a, &by, PSE_EID_GOOD);
    a.next_update = MAKER_NOW - 901;
    judged(&a, &by, PSE_EID_OCSP_STALE);
    by.max_age = by.skew = 0;
    a.this_update = MAKER_NOW;
    a.next_update = 0;
    judged(&a, &by, PSE_EID_GOOD);
    a.this_update = MAKER_NOW + 1;
    judged(&a, &by, PSE_EID_OCSP_STALE);
}

static void late_qualification(void **state)
{
    static const struct {
        int64_t this_update, revoked; /* from the stamp; revoked 0: good */
        enum pse_eid_fault fault;
    } row[] = {
        {0, 0, PSE_EID_GOOD},
        {-1, 0, PSE_EID_OCSP_STALE},
        {50000, 0, PSE_EID_GOOD},
        {50000, -1, PSE_EID_REVOKED},
        {50000, 0, PSE_EID_GOOD},
        {50000, 1, PSE_EID_GOOD},
        {100901, 0, PSE_EID_OCSP_STALE}, /* of a time to come */
    };
    struct pse_ocsp_rules by = rules();
    struct answer a = good();

    (void)state;
    by.is_late = true;
    by.stamped = MAKER_NOW - 100000;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        a.status = row[i].revoked != 0 ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD;
        a.revoked = row[i].revoked != 0 ? by.stamped + row[i].revoked : 0;
        a.this_update = by.stamped + row[i].this_update;
        judged(&a, &by, row[i].fault);
    }
    a.status = V_OCSP_CERTSTATUS_REVOKED;
    a.revoked = by.stamped; /* in the same second: not later */
    a.this_update = by.stamped;
    judged(&a, &by, PSE_EID_REVOKED);
    a.status = V_OCSP_CERTSTATUS_UNKNOWN;
    a.revoked = 0;
    judged(&a, &by, PSE_EID_UNKNOWN);
}

/* --- nonce --------------------------------------------------------------------------------------
 */

static void nonces(void **state)
{
    uint8_t other[PSE_OCSP_NONCE];
    struct pse_ocsp_rules by = rules();
    struct answer a = good();

    (void)state;
    memcpy(other, nonce, sizeof other);
    other[31] ^= 1;
    a.nonce = other;
    judged(&a, &by, PSE_EID_OCSP_NONCE);
    a.nonce = nonce;
    a.nonce_n = 31;
    judged(&a, &by, PSE_EID_OCSP_NONCE);
    a.nonce = NULL;
    judged(&a, &by, PSE_EID_OCSP_NONCE);
    by.nonce = pse_span(NULL, 0);
    judged(&a, &by, PSE_EID_GOOD);
    a = good(); /* one that nobody asked for */
    judged(&a, &by, PSE_EID_GOOD);
}

/* What stands in the extension: an OCTET STRING, or by old custom its bare bytes; once. */
static void forms_of_nonces(void **state)
{
    uint8_t wrapped[PSE_OCSP_NONCE + 2] = {V_ASN1_OCTET_STRING, PSE_OCSP_NONCE};
    struct pse_ocsp_rules by = rules();
    struct answer a = good();

    (void)state;
    memcpy(wrapped + 2, nonce, sizeof nonce);
    a.extension = wrapped;
    a.extension_n = sizeof wrapped;
    judged(&a, &by, PSE_EID_OCSP_NONCE); /* a second time, right both times */
    a.nonce = NULL;
    judged(&a, &by, PSE_EID_GOOD);
    wrapped[0] = V_ASN1_UTF8STRING;
    judged(&a, &by, PSE_EID_OCSP_NONCE);
    wrapped[0] = V_ASN1_OCTET_STRING;
    wrapped[1]--;
    judged(&a, &by, PSE_EID_OCSP_NONCE);
    a.extension = nonce;
    a.extension_n = sizeof nonce;
    judged(&a, &by, PSE_EID_GOOD);
    a.extension_n--;
    judged(&a, &by, PSE_EID_OCSP_NONCE);
}

/* --- order --------------------------------------------------------------------------------------
 */

static void the_first_rule_that_fails_is_told(void **state)
{
    static const enum pse_eid_fault wanted[] = {PSE_EID_OCSP_MALFORMED, PSE_EID_OCSP_UNTRUSTED,
                                                PSE_EID_OCSP_STALE,     PSE_EID_OCSP_NONCE,
                                                PSE_EID_REVOKED,        PSE_EID_GOOD};
    struct maker_certificate plan = responder_plan();
    struct pse_ocsp_rules by = rules();
    X509 *wrong;

    (void)state;
    plan.use = NULL;
    wrong = maker_certificate(&plan);
    for (unsigned i = 0; i < 6; i++) {
        struct answer a = good();

        a.count = i >= 1 ? 1 : 2;
        a.responder = i >= 2 ? responder : wrong;
        a.this_update = i >= 3 ? MAKER_NOW : MAKER_NOW - 5000;
        a.nonce = i >= 4 ? nonce : NULL;
        a.status = i >= 5 ? V_OCSP_CERTSTATUS_GOOD : V_OCSP_CERTSTATUS_REVOKED;
        a.revoked = i >= 5 ? 0 : MAKER_NOW - 9;
        judged(&a, &by, wanted[i]);
    }
    X509_free(wrong);
}

/* --- asking -------------------------------------------------------------------------------------
 */

/* OpenSSL reads the question back and answers it with the same CertID and nonce. */
static void questions(void **state)
{
    struct pse_buf out = PSE_BUF(PSE_OCSP_REQUEST_MAX);
    OCSP_CERTID *wanted = OCSP_cert_to_id(EVP_sha1(), card, ca);
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_REQUEST *request;
    const uint8_t *at;

    (void)state;
    assert_int_equal(pse_ocsp_request_put(&out, card_read, ca_read, pse_span(nonce, sizeof nonce)),
                     PSE_OK);
    at = out.p;
    request = d2i_OCSP_REQUEST(NULL, &at, (long)out.n);
    assert_non_null(request);
    assert_ptr_equal(at, out.p + out.n);
    assert_int_equal(OCSP_request_onereq_count(request), 1);
    assert_int_equal(OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0)), wanted),
                     0);
    assert_int_equal(OCSP_copy_nonce(basic, request), 1);
    assert_int_equal(OCSP_check_nonce(request, basic), 1);
    OCSP_REQUEST_free(request);
    out.n = 0;
    assert_int_equal(pse_ocsp_request_put(&out, card_read, ca_read, pse_span(NULL, 0)), PSE_OK);
    at = out.p;
    request = d2i_OCSP_REQUEST(NULL, &at, (long)out.n);
    assert_non_null(request);
    assert_int_equal(OCSP_REQUEST_get_ext_count(request), 0);
    OCSP_REQUEST_free(request);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(wanted);
    pse_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_answer),
        cmocka_unit_test(what_the_authority_says),
        cmocka_unit_test(refusals_are_no_answers),
        cmocka_unit_test(refusals_with_an_answer_in_them),
        cmocka_unit_test(answers_may_be_too_long),
        cmocka_unit_test(one_answer_to_this_question),
        cmocka_unit_test(bytes_that_are_none),
        cmocka_unit_test(times),
        cmocka_unit_test(late_qualification),
        cmocka_unit_test(nonces),
        cmocka_unit_test(forms_of_nonces),
        cmocka_unit_test(the_first_rule_that_fails_is_told),
        cmocka_unit_test(questions),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
