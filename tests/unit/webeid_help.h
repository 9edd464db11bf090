/* One site whose tokens are judged, and cards of every kind of key for it: what the tests of Web
 * eID share. */
#ifndef PSE_TESTS_UNIT_WEBEID_HELP_H
#define PSE_TESTS_UNIT_WEBEID_HELP_H

#include "card_maker.h"
#include "codec/codec.h"

static EVP_PKEY *ca_key, *p256, *p384, *p521, *rsa;
static X509 *ca, *responder;
static struct pse_anchors *anchors;

static inline X509 *card_of(EVP_PKEY *key)
{
    struct person_plan plan = card_plan(key, ca, ca_key);

    return person_certificate(&plan);
}

static inline int set_up(void **state)
{
    struct maker_certificate signer = {.name = "Responder of Test",
                                       .from = MAKER_NOW - 10 * MAKER_DAY,
                                       .until = MAKER_NOW + 10 * MAKER_DAY,
                                       .use = "OCSPSigning"};

    (void)state;
    ca_key = EVP_EC_gen("P-256");
    p256 = EVP_EC_gen("P-256");
    p384 = EVP_EC_gen("P-384");
    p521 = EVP_EC_gen("P-521");
    rsa = EVP_RSA_gen(2048);
    ca = card_authority("Authority of Test", ca_key, MAKER_NOW - 1000 * MAKER_DAY,
                        MAKER_NOW + 1000 * MAKER_DAY);
    signer.key = signer.issuer_key = ca_key;
    signer.issuer = ca;
    responder = maker_certificate(&signer);
    anchors = maker_anchors(ca);
    return 0;
}

static inline int tear_down(void **state)
{
    EVP_PKEY *const key[] = {ca_key, p256, p384, p521, rsa};

    (void)state;
    for (size_t i = 0; i < sizeof key / sizeof *key; i++)
        EVP_PKEY_free(key[i]);
    X509_free(ca);
    X509_free(responder);
    pse_anchors_free(anchors);
    return 0;
}

static inline struct pse_webeid_rules rules(void)
{
    return (struct pse_webeid_rules){.origin = card_origin, .anchors = anchors, .now = MAKER_NOW};
}

static const struct pse_webeid_revocation off = {.is_off = true};

static inline enum pse_eid_fault judge_text(struct pse_span token,
                                            const struct pse_webeid_rules *by,
                                            const struct pse_webeid_revocation *revocation,
                                            const char *nonce)
{
    struct pse_webeid *w;
    enum pse_eid_fault fault = pse_webeid_open(&w, token, by);

    assert_true((w != NULL) == (fault == PSE_EID_GOOD));
    if (fault == PSE_EID_GOOD)
        fault = pse_webeid_finish(w, revocation, pse_span_str(nonce), by);
    pse_webeid_free(w);
    return fault;
}

static inline enum pse_eid_fault judge(const struct login *l, const struct pse_webeid_rules *by)
{
    char token[CARD_TEXT];

    card_token(token, l);
    return judge_text(pse_span_str(token), by, &off, card_nonce);
}

#define assert_fault(got, wanted) \
    assert_string_equal(pse_eid_fault_name(got), pse_eid_fault_name(wanted))

static inline enum pse_eid_fault judge_plan(const struct person_plan *plan,
                                            const struct pse_webeid_rules *by)
{
    X509 *card = person_certificate(plan);
    struct login l = card_login("ES256", p256, card);
    enum pse_eid_fault fault = judge(&l, by);

    X509_free(card);
    return fault;
}

#endif
