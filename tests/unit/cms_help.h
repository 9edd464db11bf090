/* A person's certificate for signatures, and authorities: what the tests of CMS containers share.
 */
#ifndef PSE_TESTS_UNIT_CMS_HELP_H
#define PSE_TESTS_UNIT_CMS_HELP_H

#define _GNU_SOURCE /* memmem */
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

static inline struct person_plan plan(EVP_PKEY *key)
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

static inline X509 *authority(EVP_PKEY *key, const char *name)
{
    struct maker_certificate root = {.name = name,
                                     .key = key,
                                     .from = MAKER_NOW - 1000 * MAKER_DAY,
                                     .until = MAKER_NOW + 1000 * MAKER_DAY,
                                     .is_ca = true};

    return maker_certificate(&root);
}

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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

static inline struct container_recipe good(void)
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
static inline void judged_of(const struct container_recipe *r, X509 *whose,
                             enum pse_cms_fault wanted)
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

static inline void judged(const struct container_recipe *r, enum pse_cms_fault wanted)
{
    judged_of(r, signing, wanted);
}

static inline void refused_way(unsigned ways, enum pse_cms_fault wanted)
{
    struct container_recipe r = good();

    judged(&r, PSE_CMS_GOOD);
    r.ways = ways;
    judged(&r, wanted);
}

#endif
