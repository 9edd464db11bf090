/* Answers about revocation: one that holds, and every rule broken alone. */
#include "card_maker.h"
#include "codec/codec.h"

static EVP_PKEY *ca_key, *key, *other_key;
static X509 *ca, *card, *responder;
static struct pse_anchors *anchors;
static struct pse_certificate *card_read, *ca_read;
static const uint8_t nonce[PSE_OCSP_NONCE] = {1, 2, 3, 4, 5, 6, 7, 8, 0xff};

static struct maker_certificate responder_plan(void)
{
    return (struct maker_certificate){.name = "Responder of Test",
                                      .key = key,
                                      .issuer = ca,
                                      .issuer_key = ca_key,
                                      .from = MAKER_NOW - 10 * MAKER_DAY,
                                      .until = MAKER_NOW + 10 * MAKER_DAY,
                                      .use = "OCSPSigning"};
}

static int set_up(void **state)
{
    struct maker_certificate plan;
    struct person_plan person;

    (void)state;
    ca_key = EVP_EC_gen("P-256");
    key = EVP_EC_gen("P-256");
    other_key = EVP_EC_gen("P-256");
    ca = card_authority("Authority of Test", ca_key, MAKER_NOW - 1000 * MAKER_DAY,
                        MAKER_NOW + 1000 * MAKER_DAY);
    person = card_plan(other_key, ca, ca_key);
    card = person_certificate(&person);
    plan = responder_plan();
    responder = maker_certificate(&plan);
    anchors = maker_anchors(ca);
    card_read = maker_parsed(card);
    ca_read = maker_parsed(ca);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    X509_free(ca);
    X509_free(card);
    X509_free(responder);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other_key);
    pse_anchors_free(anchors);
    pse_certificate_free(card_read);
    pse_certificate_free(ca_read);
    return 0;
}

static struct answer good(void)
{
    return (struct answer){.count = 1,
                           .about = card,
                           .issuer = ca,
                           .id_hash = EVP_sha1(),
                           .status = V_OCSP_CERTSTATUS_GOOD,
                           .this_update = MAKER_NOW - 5,
                           .nonce = nonce,
                           .nonce_n = sizeof nonce,
                           .responder = responder,
                           .key = key};
}

static struct pse_ocsp_rules rules(void)
{
    return (struct pse_ocsp_rules){.certificate = card_read,
                                   .issuer = ca_read,
                                   .anchors = anchors,
                                   .nonce = pse_span(nonce, sizeof nonce),
                                   .now = MAKER_NOW,
                                   .max_age = PSE_OCSP_AGE,
                                   .skew = PSE_OCSP_SKEW};
}

#define assert_fault(got, wanted) \
    assert_string_equal(pse_eid_fault_name(got), pse_eid_fault_name(wanted))

static void judged(const struct answer *a, const struct pse_ocsp_rules *by,
                   enum pse_eid_fault wanted)
{
    struct pse_buf out = PSE_BUF(2 * PSE_OCSP_MAX);
    struct pse_ocsp said;

    answer_make(&out, a);
    assert_fault(pse_ocsp_verify(&said, pse_buf_span(&out), by), wanted);
    if (wanted != PSE_EID_GOOD && wanted != PSE_EID_REVOKED && wanted != PSE_EID_UNKNOWN)
        assert_true(said.this_update == 0 && pse_hash_is_zero(&said.responder));
    pse_buf_free(&out);
}

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

/* --- who may answer -----------------------------------------------------------------------------
 */

static void the_signature_comes_before_the_status(void **state)
{
    struct pse_ocsp_rules by = rules();
    struct answer a = good();
    X509 *x = X509_dup(responder);

    (void)state;
    a.key = other_key; /* OpenSSL refuses to sign so; the certificate is changed instead */
    X509_set_pubkey(x, other_key);
    a.responder = x;
    judged(&a, &by, PSE_EID_OCSP_UNTRUSTED);
    a = good();
    a.status = V_OCSP_CERTSTATUS_REVOKED;
    a.revoked = MAKER_NOW - 1;
    a.flags = OCSP_NOCERTS;
    judged(&a, &by, PSE_EID_OCSP_MALFORMED);
    X509_free(x);
}

/* Any byte of what is signed, or of the signature, changed. */
static void no_byte_can_be_changed(void **state)
{
    struct pse_buf out = PSE_BUF(PSE_OCSP_MAX);
    struct pse_ocsp_rules by = rules();
    struct answer a = good();
    struct pse_ocsp said, was;

    (void)state;
    answer_make(&out, &a);
    assert_fault(pse_ocsp_verify(&was, pse_buf_span(&out), &by), PSE_EID_GOOD);
    for (size_t i = 0; i < out.n; i++) {
        enum pse_eid_fault fault;

        out.p[i] ^= 1;
        fault = pse_ocsp_verify(&said, pse_buf_span(&out), &by);
        if (fault == PSE_EID_GOOD &&
            (said.this_update != was.this_update || said.next_update != was.next_update))
            fail_msg("byte %zu", i);
        if (fault != PSE_EID_GOOD && fault != PSE_EID_OCSP_MALFORMED &&
            fault != PSE_EID_OCSP_UNTRUSTED)
            fail_msg("byte %zu: %s", i, pse_eid_fault_name(fault));
        out.p[i] ^= 1;
    }
    pse_buf_free(&out);
}

static void appointed(const struct maker_certificate *plan, enum pse_eid_fault wanted)
{
    struct pse_ocsp_rules by = rules();
    struct answer a = good();

    a.responder = maker_certificate(plan);
    judged(&a, &by, wanted);
    X509_free(a.responder);
}

static void aia_mode(void **state)
{
    struct maker_certificate plan = responder_plan();
    struct pse_ocsp_rules by = rules();
    struct answer a = good();

    (void)state;
    plan.use = "OCSPSigning,clientAuth";
    appointed(&plan, PSE_EID_GOOD);
    plan.use = NULL;
    appointed(&plan, PSE_EID_OCSP_UNTRUSTED);
    plan.use = "clientAuth";
    appointed(&plan, PSE_EID_OCSP_UNTRUSTED);
    plan.use = "anyExtendedKeyUsage";
    appointed(&plan, PSE_EID_OCSP_UNTRUSTED);
    plan = responder_plan();
    plan.until = MAKER_NOW;
    appointed(&plan, PSE_EID_GOOD);
    plan.until = MAKER_NOW - 1;
    appointed(&plan, PSE_EID_OCSP_UNTRUSTED);
    plan = responder_plan();
    plan.from = MAKER_NOW + 1;
    appointed(&plan, PSE_EID_OCSP_UNTRUSTED);
    plan = responder_plan();
    plan.issuer = NULL; /* by itself */
    appointed(&plan, PSE_EID_OCSP_UNTRUSTED);
    plan = responder_plan();
    plan.issuer_key = other_key; /* in the authority's name only */
    appointed(&plan, PSE_EID_OCSP_UNTRUSTED);
    plan = responder_plan();
    plan.key = EVP_RSA_gen(1024);
    a.responder = maker_certificate(&plan);
    a.key = plan.key;
    judged(&a, &by, PSE_EID_OCSP_UNTRUSTED);
    X509_free(a.responder);
    EVP_PKEY_free(plan.key);
}

/* An authority that answers for itself must be meant to, and be among the anchors. */
static void an_authority_may_answer_itself(void **state)
{
    struct maker_certificate plan = {.name = "Authority of Test",
                                     .key = ca_key,
                                     .from = MAKER_NOW - 1000 * MAKER_DAY,
                                     .until = MAKER_NOW + 1000 * MAKER_DAY,
                                     .use = "OCSPSigning",
                                     .is_ca = true};
    X509 *self = maker_certificate(&plan);
    struct pse_anchors *both = maker_anchors(self);
    struct pse_ocsp_rules by = rules();
    struct answer a = good();

    (void)state;
    a.key = ca_key;
    a.responder = self;
    by.anchors = both;
    judged(&a, &by, PSE_EID_GOOD);
    a.responder = ca;
    by.anchors = anchors;
    judged(&a, &by, PSE_EID_OCSP_UNTRUSTED);
    pse_anchors_free(both);
    X509_free(self);
}

static void designated_mode(void **state)
{
    struct maker_certificate plan = responder_plan();
    struct pse_ocsp_rules by = rules();
    struct pse_certificate *read;
    struct pse_anchors *none;
    struct answer a = good();

    (void)state;
    assert_int_equal(pse_anchors_new(&none), PSE_OK);
    by.anchors = none;
    plan.use = NULL; /* it is configured: no more is asked */
    a.responder = maker_certificate(&plan);
    read = maker_parsed(a.responder);
    judged(&a, &by, PSE_EID_OCSP_UNTRUSTED);
    by.responder = read;
    judged(&a, &by, PSE_EID_GOOD);
    X509_free(a.responder);
    a.responder = responder; /* another certificate of the same key and name */
    judged(&a, &by, PSE_EID_OCSP_UNTRUSTED);
    by.anchors = anchors; /* appointed by an authority, but not the designated one */
    judged(&a, &by, PSE_EID_OCSP_UNTRUSTED);
    pse_certificate_free(read);
    plan.until = MAKER_NOW - 1;
    a.responder = maker_certificate(&plan);
    by.responder = read = maker_parsed(a.responder);
    judged(&a, &by, PSE_EID_OCSP_UNTRUSTED);
    X509_free(a.responder);
    pse_certificate_free(read);
    pse_anchors_free(none);
}

/* Certificates beside the responder's are not signed: they change nothing. */
static void certificates_beside_it_do_not_matter(void **state)
{
    struct pse_ocsp_rules by = rules();
    struct answer a = good();

    (void)state;
    a.beside = ca;
    judged(&a, &by, PSE_EID_GOOD);
    a.beside = card;
    judged(&a, &by, PSE_EID_GOOD);
    a.flags = OCSP_NOCERTS; /* the responder's own is missing, others are there */
    judged(&a, &by, PSE_EID_OCSP_MALFORMED);
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
        cmocka_unit_test(one_answer_to_this_question),
        cmocka_unit_test(bytes_that_are_none),
        cmocka_unit_test(the_signature_comes_before_the_status),
        cmocka_unit_test(no_byte_can_be_changed),
        cmocka_unit_test(aia_mode),
        cmocka_unit_test(an_authority_may_answer_itself),
        cmocka_unit_test(designated_mode),
        cmocka_unit_test(certificates_beside_it_do_not_matter),
        cmocka_unit_test(times),
        cmocka_unit_test(late_qualification),
        cmocka_unit_test(nonces),
        cmocka_unit_test(the_first_rule_that_fails_is_told),
        cmocka_unit_test(questions),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
