/* Answers about revocation: who may give them. */
#include "ocsp_help.h"

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
    /* One that is no root, and whose own issuer is not among them. */
    plan.name = "Issuing Authority";
    plan.key = key;
    plan.issuer = ca;
    plan.issuer_key = ca_key;
    a.responder = self = maker_certificate(&plan);
    a.key = key;
    by.anchors = both = maker_anchors(self);
    judged(&a, &by, PSE_EID_GOOD);
    pse_anchors_free(both);
    by.anchors = both = maker_anchors(responder);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signature_comes_before_the_status),
        cmocka_unit_test(no_byte_can_be_changed),
        cmocka_unit_test(aia_mode),
        cmocka_unit_test(an_authority_may_answer_itself),
        cmocka_unit_test(designated_mode),
        cmocka_unit_test(certificates_beside_it_do_not_matter),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
