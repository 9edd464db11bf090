#define _GNU_SOURCE
/* Detached CMS signatures of persons: both sides agree, and every rule broken alone. */
#include "codec/codec.h"
#include "identity/identity.h"
#include "person_maker.h"

static const char message[] = "I register this credential for the election of Pebbleford.";
static const char forbidden_policy[] = "1.3.6.1.4.1.10015.1.3";
static const char *const forbidden[] = {forbidden_policy};

static EVP_PKEY *ca_key, *other_ca_key, *p256, *p384, *p521, *rsa, *small_rsa;
static X509 *ca, *other_ca;
static struct pse_anchors *anchors;
/* Of the same person: on P-256 for signing, and a second of the same key. */
static X509 *signing, *again;

static struct person_plan plan(EVP_PKEY *key)
{
    return (struct person_plan){.given = "Mari",
                                .surname = "Mänd",
                                .serial = "PNOEE-48001085718",
                                .key = key,
                                .issuer = ca,
                                .issuer_key = ca_key,
                                .from = MAKER_NOW - 100 * MAKER_DAY,
                                .until = MAKER_NOW + 100 * MAKER_DAY,
                                .usage = "critical,nonRepudiation"};
}

static X509 *authority(EVP_PKEY *key, const char *name)
{
    struct maker_certificate root = {.name = name,
                                     .key = key,
                                     .from = MAKER_NOW - 1000 * MAKER_DAY,
                                     .until = MAKER_NOW + 1000 * MAKER_DAY,
                                     .is_ca = true};

    return maker_certificate(&root);
}

static int set_up(void **state)
{
    struct person_plan p;

    (void)state;
    ca_key = EVP_EC_gen("P-256");
    other_ca_key = EVP_EC_gen("P-256");
    p256 = EVP_EC_gen("P-256");
    p384 = EVP_EC_gen("P-384");
    p521 = EVP_EC_gen("P-521");
    rsa = EVP_RSA_gen(2048);
    small_rsa = EVP_RSA_gen(1024);
    ca = authority(ca_key, "Root of Test");
    other_ca = authority(other_ca_key, "Root of Others");
    anchors = maker_anchors(ca);
    p = plan(p256);
    signing = person_certificate(&p);
    again = person_certificate(&p);
    return 0;
}

static int tear_down(void **state)
{
    EVP_PKEY *key[] = {ca_key, other_ca_key, p256, p384, p521, rsa, small_rsa};
    X509 *x[] = {ca, other_ca, signing, again};

    (void)state;
    for (unsigned i = 0; i < sizeof key / sizeof *key; i++)
        EVP_PKEY_free(key[i]);
    for (unsigned i = 0; i < sizeof x / sizeof *x; i++)
        X509_free(x[i]);
    pse_anchors_free(anchors);
    return 0;
}

static struct container_recipe good(void)
{
    return (struct container_recipe){.message = message,
                                     .certificate = signing,
                                     .named = signing,
                                     .ess = signing,
                                     .key = p256,
                                     .hash = "SHA256"};
}

#define assert_fault(got, wanted) \
    assert_string_equal(pse_cms_fault_name(got), pse_cms_fault_name(wanted))

/* Judged as the signature of @p whose. */
static void judged_of(const struct container_recipe *r, X509 *whose, enum pse_cms_fault wanted)
{
    struct pse_buf container = PSE_BUF(PSE_CMS_MAX);
    struct pse_certificate *signer = maker_parsed(whose);
    struct pse_cms_rules by = {.signer = signer,
                               .anchors = anchors,
                               .forbidden = forbidden,
                               .forbidden_n = 1,
                               .now = MAKER_NOW};
    struct pse_cms cms;

    recipe_container(&container, r);
    assert_fault(pse_cms_verify(&cms, pse_buf_span(&container), pse_span_str(message), &by),
                 wanted);
    if (wanted != PSE_CMS_GOOD)
        assert_true(cms.algorithm == PSE_CMS_NONE && cms.signature.n == 0);
    pse_certificate_free(signer);
    pse_buf_free(&container);
}

static void judged(const struct container_recipe *r, enum pse_cms_fault wanted)
{
    judged_of(r, signing, wanted);
}

static void refused_way(unsigned ways, enum pse_cms_fault wanted)
{
    struct container_recipe r = good();

    judged(&r, PSE_CMS_GOOD);
    r.ways = ways;
    judged(&r, wanted);
}

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
    const struct {
        EVP_PKEY *key;
        enum pse_cms_algorithm a;
    } usual[] = {{p256, PSE_CMS_ECDSA_SHA256},
                 {p384, PSE_CMS_ECDSA_SHA384},
                 {p521, PSE_CMS_NONE},
                 {rsa, PSE_CMS_RSA_SHA256},
                 {small_rsa, PSE_CMS_NONE}};

    (void)state;
    for (unsigned i = 0; i < sizeof usual / sizeof *usual; i++) {
        struct person_plan p = plan(usual[i].key);
        X509 *x = person_certificate(&p);
        struct pse_certificate *c = maker_parsed(x);
        struct pse_buf out = PSE_BUF(PSE_CMS_ATTRIBUTES_MAX);

        assert_int_equal(pse_cms_algorithm_for(c), usual[i].a);
        assert_int_equal(pse_cms_attributes_put(&out, PSE_CMS_NONE, pse_span_str(message), c),
                         PSE_E_UNSUPPORTED);
        pse_buf_free(&out);
        pse_certificate_free(c);
        X509_free(x);
    }
}

/* --- the container ------------------------------------------------------------------------------
 */

static void form(void **state)
{
    struct pse_certificate *signer = maker_parsed(signing);
    struct pse_cms_rules by = {.signer = signer, .anchors = anchors, .now = MAKER_NOW};
    struct container_recipe r = good();
    struct pse_buf container = PSE_BUF(PSE_CMS_MAX);
    struct pse_certificate *none;
    struct pse_cms cms;

    (void)state;
    recipe_container(&container, &r);
    for (size_t n = 0; n < container.n; n += 7) {
        assert_fault(pse_cms_verify(&cms, pse_span(container.p, n), pse_span_str(message), &by),
                     PSE_CMS_FORM);
        assert_int_equal(pse_cms_certificate(&none, pse_span(container.p, n)), PSE_E_SYNTAX);
    }
    pse_buf_free(&container);
    pse_certificate_free(signer);
    refused_way(TRAILING, PSE_CMS_TRAILING);
    refused_way(OTHER_CONTENT, PSE_CMS_CONTENT_TYPE);
    refused_way(ATTACHED, PSE_CMS_ATTACHED);
    refused_way(TWO_SIGNERS, PSE_CMS_SIGNERS);
    refused_way(NO_SIGNER, PSE_CMS_SIGNERS);
    refused_way(WITHOUT_CERTIFICATE, PSE_CMS_CERTIFICATES);
    refused_way(TWO_CERTIFICATES, PSE_CMS_CERTIFICATES);
    refused_way(WITH_UNSIGNED, PSE_CMS_UNSIGNED);
}

static void another_signer(void **state)
{
    struct container_recipe r = good();

    (void)state;
    r.certificate = again;
    judged(&r, PSE_CMS_CERTIFICATES);
    r = good();
    r.named = again;
    judged(&r, PSE_CMS_SIGNER);
    /* Another voter's signature, whole: its own certificate, its own key. */
    r = good();
    r.certificate = r.named = r.ess = again;
    judged(&r, PSE_CMS_CERTIFICATES);
    judged_of(&r, again, PSE_CMS_GOOD);
    /* And another voter's key under this one's name. */
    r = good();
    r.key = ca_key;
    judged(&r, PSE_CMS_SIGNATURE);
}

static void attributes(void **state)
{
    struct container_recipe r = good();

    (void)state;
    refused_way(WITH_TIME, PSE_CMS_ATTRIBUTE);
    refused_way(TYPE_TWICE, PSE_CMS_ATTRIBUTE);
    refused_way(WITHOUT_TYPE, PSE_CMS_NO_TYPE);
    refused_way(OTHER_TYPE, PSE_CMS_NO_TYPE);
    refused_way(WITHOUT_DIGEST, PSE_CMS_NO_DIGEST);
    refused_way(SHORT_DIGEST, PSE_CMS_NO_DIGEST);
    refused_way(ESS_SHA1, PSE_CMS_ATTRIBUTE);
    r.message = "I register another credential for the election of Pebbleford.";
    judged(&r, PSE_CMS_DIGEST);
    r = good();
    r.ess = NULL;
    judged(&r, PSE_CMS_NO_ESS);
    r.ess = again;
    judged(&r, PSE_CMS_ESS);
    refused_way(BAD_SIGNATURE, PSE_CMS_SIGNATURE);
    /* OpenSSL sorts before it hashes; there is one encoding all the same. */
    refused_way(UNSORTED, PSE_CMS_ENCODING);
}

/* One octet of a signed attribute altered after signing. */
static void altered_attribute(void **state)
{
    struct pse_certificate *signer = maker_parsed(signing);
    struct pse_cms_rules by = {.signer = signer, .anchors = anchors, .now = MAKER_NOW};
    struct container_recipe r = good();
    struct pse_buf container = PSE_BUF(PSE_CMS_MAX);
    struct pse_cms cms;
    uint8_t digest[32];
    uint8_t *at;

    (void)state;
    recipe_container(&container, &r);
    EVP_Digest(message, strlen(message), digest, NULL, EVP_sha256(), NULL);
    at = memmem(container.p, container.n, digest, sizeof digest);
    assert_non_null(at);
    at[5] ^= 1;
    assert_fault(pse_cms_verify(&cms, pse_buf_span(&container), pse_span_str(message), &by),
                 PSE_CMS_DIGEST);
    pse_buf_free(&container);
    pse_certificate_free(signer);
}

static void algorithms(void **state)
{
    struct container_recipe r = good();
    struct person_plan p = plan(p521);
    X509 *x = person_certificate(&p);

    (void)state;
    r.hash = "SHA1";
    judged(&r, PSE_CMS_ALGORITHM);
    r = good();
    r.signature_oid = "1.2.840.10045.4.3.3"; /* SHA-384 over attributes with SHA-256 */
    judged(&r, PSE_CMS_ALGORITHM);
    refused_way(DIGEST_NULL, PSE_CMS_ALGORITHM);
    r = good();
    r.certificate = r.named = r.ess = x;
    r.key = p521;
    judged_of(&r, x, PSE_CMS_ALGORITHM);
    X509_free(x);
    p = plan(small_rsa);
    x = person_certificate(&p);
    r.certificate = r.named = r.ess = x;
    r.key = small_rsa;
    judged_of(&r, x, PSE_CMS_ALGORITHM);
    X509_free(x);
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
        cmocka_unit_test(form),
        cmocka_unit_test(another_signer),
        cmocka_unit_test(attributes),
        cmocka_unit_test(altered_attribute),
        cmocka_unit_test(algorithms),
        cmocka_unit_test(certificates),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
