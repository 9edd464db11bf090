/* Detached CMS signatures of persons: both sides agree, and who may sign. */
#include "cms_help.h"

/* --- what holds ---------------------------------------------------------------------------------
 */

/* The raw signature of a card over the attributes that the client made. */
static void card_signs(struct pse_buf *raw, const struct container_recipe *r,
                       struct pse_span attributes, size_t half)
{
    uint8_t signature[1024];
    size_t n = recipe_sign(signature, sizeof signature, r, attributes);

    if (half == 0)
        pse_buf_put(raw, signature, n);
    else
        assert_int_equal(pse_ecdsa_raw_put(raw, pse_span(signature, n), half), PSE_OK);
}

static void both_sides_agree(EVP_PKEY *key, enum pse_cms_algorithm a, const char *hash, bool pss,
                             size_t half)
{
    struct pse_buf attributes = PSE_BUF(PSE_CMS_ATTRIBUTES_MAX), raw = PSE_BUF(1024),
                   container = PSE_BUF(PSE_CMS_MAX), other = PSE_BUF(PSE_CMS_MAX);
    struct person_plan p = plan(key);
    X509 *x = person_certificate(&p);
    struct pse_certificate *c = maker_parsed(x);
    struct pse_certificate *found;
    struct container_recipe r = {.message = message,
                                 .certificate = x,
                                 .named = x,
                                 .ess = x,
                                 .key = key,
                                 .hash = hash,
                                 .pss = pss};
    struct pse_cms_rules by = {.signer = c, .anchors = anchors, .now = MAKER_NOW};
    struct pse_cms cms;

    assert_int_equal(pse_cms_attributes_put(&attributes, a, pse_span_str(message), c), PSE_OK);
    card_signs(&raw, &r, pse_buf_span(&attributes), half);
    assert_int_equal(pse_cms_put(&container, a, pse_span_str(message), c, pse_buf_span(&raw)),
                     PSE_OK);
    assert_fault(pse_cms_verify(&cms, pse_buf_span(&container), pse_span_str(message), &by),
                 PSE_CMS_GOOD);
    assert_int_equal(cms.algorithm, a);
    assert_int_equal(pse_cms_algorithm_of_name(pse_span_str(pse_cms_algorithm_name(a))), a);
    /* The same but for the signature's octets as the other writer makes it. */
    recipe_container(&other, &r);
    if (half == 0 && !pss)
        assert_true(pse_span_is_equal(pse_buf_span(&container), pse_buf_span(&other)));
    assert_fault(pse_cms_verify(&cms, pse_buf_span(&other), pse_span_str(message), &by),
                 PSE_CMS_GOOD);
    assert_int_equal(pse_cms_certificate(&found, pse_buf_span(&container)), PSE_OK);
    assert_true(pse_span_is_equal(pse_certificate_der(found), pse_certificate_der(c)));
    pse_certificate_free(found);
    /* A signature over something else never becomes a container. */
    raw.n = 0;
    card_signs(&raw, &r, pse_span_str("a hash that a server sent"), half);
    other.n = 0;
    assert_int_equal(pse_cms_put(&other, a, pse_span_str(message), c, pse_buf_span(&raw)),
                     PSE_E_SIGNATURE);
    assert_int_equal(other.n, 0);
    pse_certificate_free(c);
    X509_free(x);
    pse_buf_free(&attributes);
    pse_buf_free(&raw);
    pse_buf_free(&container);
    pse_buf_free(&other);
}

static void every_algorithm_of_the_list(void **state)
{
    (void)state;
    both_sides_agree(p256, PSE_CMS_ECDSA_SHA256, "SHA256", false, 32);
    both_sides_agree(p384, PSE_CMS_ECDSA_SHA256, "SHA256", false, 48);
    both_sides_agree(p384, PSE_CMS_ECDSA_SHA384, "SHA384", false, 48);
    both_sides_agree(p384, PSE_CMS_ECDSA_SHA512, "SHA512", false, 48);
    both_sides_agree(rsa, PSE_CMS_RSA_SHA256, "SHA256", false, 0);
    both_sides_agree(rsa, PSE_CMS_RSA_SHA384, "SHA384", false, 0);
    both_sides_agree(rsa, PSE_CMS_RSA_SHA512, "SHA512", false, 0);
    both_sides_agree(rsa, PSE_CMS_PSS_SHA256, "SHA256", true, 0);
    both_sides_agree(rsa, PSE_CMS_PSS_SHA384, "SHA384", true, 0);
    both_sides_agree(rsa, PSE_CMS_PSS_SHA512, "SHA512", true, 0);
}

static void the_usual_algorithm(void **state)
{
    EVP_PKEY *pss = person_pss_key();
    const struct {
        EVP_PKEY *key;
        enum pse_cms_algorithm a;
    } usual[] = {{p256, PSE_CMS_ECDSA_SHA256}, {p384, PSE_CMS_ECDSA_SHA384},
                 {p521, PSE_CMS_NONE},         {rsa, PSE_CMS_RSA_SHA256},
                 {small_rsa, PSE_CMS_NONE},    {pss, PSE_CMS_PSS_SHA256}};

    (void)state;
    for (unsigned i = 0; i < sizeof usual / sizeof *usual; i++) {
        struct person_plan p = plan(usual[i].key);
        X509 *x = person_certificate(&p);
        struct pse_certificate *c = maker_parsed(x);
        struct pse_buf out = PSE_BUF(PSE_CMS_ATTRIBUTES_MAX);

        assert_int_equal(pse_cms_algorithm_for(c), usual[i].a);
        assert_int_equal(pse_cms_algorithm_fits(PSE_CMS_RSA_SHA256, c), usual[i].key == rsa);
        assert_int_equal(pse_cms_algorithm_fits(PSE_CMS_PSS_SHA384, c),
                         usual[i].key == rsa || usual[i].key == pss);
        assert_int_equal(pse_cms_attributes_put(&out, PSE_CMS_NONE, pse_span_str(message), c),
                         PSE_E_UNSUPPORTED);
        pse_buf_free(&out);
        pse_certificate_free(c);
        X509_free(x);
    }
    EVP_PKEY_free(pss);
}

/* --- the certificate ----------------------------------------------------------------------------
 */

static void of_plan(const struct person_plan *p, enum pse_cms_fault wanted)
{
    X509 *x = person_certificate(p);
    struct container_recipe r = good();

    r.certificate = r.named = r.ess = x;
    judged_of(&r, x, wanted);
    X509_free(x);
}

static void certificates(void **state)
{
    struct person_plan p = plan(p256);

    (void)state;
    of_plan(&p, PSE_CMS_GOOD);
    p.usage = "critical,digitalSignature,keyAgreement"; /* for logging in */
    of_plan(&p, PSE_CMS_PURPOSE);
    p.usage = NULL;
    of_plan(&p, PSE_CMS_PURPOSE);
    p.usage = "digitalSignature,nonRepudiation";
    of_plan(&p, PSE_CMS_GOOD);
    p = plan(p256);
    p.policies = "1.2.3.4";
    of_plan(&p, PSE_CMS_GOOD);
    p.policies = forbidden_policy;
    of_plan(&p, PSE_CMS_POLICY);
    p = plan(p256);
    p.from = MAKER_NOW;
    of_plan(&p, PSE_CMS_GOOD);
    p.from = MAKER_NOW + 1;
    of_plan(&p, PSE_CMS_NOT_YET_VALID);
    p = plan(p256);
    p.until = MAKER_NOW;
    of_plan(&p, PSE_CMS_GOOD);
    p.until = MAKER_NOW - 1;
    of_plan(&p, PSE_CMS_EXPIRED);
    p = plan(p256);
    p.issuer = other_ca;
    p.issuer_key = other_ca_key;
    of_plan(&p, PSE_CMS_UNTRUSTED);
    p = plan(p256);
    p.issuer_key = other_ca_key; /* under the right name by the wrong hand */
    of_plan(&p, PSE_CMS_UNTRUSTED);
    p = plan(p256);
    p.extended = "clientAuth"; /* OpenSSL's profile of mail would refuse it */
    of_plan(&p, PSE_CMS_GOOD);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_of_the_list),
        cmocka_unit_test(the_usual_algorithm),
        cmocka_unit_test(certificates),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
