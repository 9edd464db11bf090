/* One card, its authority and a responder: what the tests of answers about revocation share. */
#ifndef PSE_TESTS_UNIT_OCSP_HELP_H
#define PSE_TESTS_UNIT_OCSP_HELP_H

#include "card_maker.h"
#include "codec/codec.h"

static EVP_PKEY *ca_key, *key, *other_key;
static X509 *ca, *card, *responder;
static struct pse_anchors *anchors;
static struct pse_certificate *card_read, *ca_read;
static const uint8_t nonce[PSE_OCSP_NONCE] = {1, 2, 3, 4, 5, 6, 7, 8, 0xff};

static inline struct maker_certificate responder_plan(void)
{
    return (struct maker_certificate){.name = "Responder of Test",
                                      .key = key,
                                      .issuer = ca,
                                      .issuer_key = ca_key,
                                      .from = MAKER_NOW - 10 * MAKER_DAY,
                                      .until = MAKER_NOW + 10 * MAKER_DAY,
                                      .use = "OCSPSigning"};
}

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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

static inline struct answer good(void)
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

static inline struct pse_ocsp_rules rules(void)
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

static inline void judged(const struct answer *a, const struct pse_ocsp_rules *by,
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

#endif
