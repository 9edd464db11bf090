/* Certificates of persons: what is read says the same when it is read again from its own bytes, and
 * every question about it has an answer. */
#include "codec/codec.h"
#include "identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1780000000 };

static void questions(const struct pse_certificate *c)
{
    static const char *const policy[] = {"1.2.3.4.5"};
    char url[PSE_CERTIFICATE_URL_MAX], subject[PSE_SUBJECT_MAX];
    const struct pse_person *p = pse_certificate_person(c);
    int64_t from, until;

    pse_certificate_life(&from, &until, c);
    if (from > until)
        PSE_REQUIRE(pse_certificate_is_alive(c, from) == PSE_EID_EXPIRED);
    else
        PSE_REQUIRE(pse_certificate_is_alive(c, until) == PSE_EID_GOOD);
    if (pse_certificate_is_named_for(c, PSE_OID_CLIENT_AUTH))
        PSE_REQUIRE(pse_certificate_may(c, PSE_OID_CLIENT_AUTH));
    if (pse_certificate_is_for(c, PSE_USE_DIGITAL_SIGNATURE | PSE_USE_NON_REPUDIATION))
        PSE_REQUIRE(pse_certificate_is_for(c, PSE_USE_NON_REPUDIATION));
    (void)pse_certificate_is_under(c, policy, 1);
    PSE_REQUIRE((pse_certificate_ocsp_url(url, c) == PSE_OK) == (url[0] == 'h'));
    PSE_REQUIRE((pse_person_subject(subject, p) == PSE_OK) == (subject[0] != '\0'));
    PSE_REQUIRE(pse_utf8_is_valid(pse_span_str(p->given_name)));
    PSE_REQUIRE(pse_utf8_is_valid(pse_span_str(p->surname)));
    PSE_REQUIRE((pse_certificate_key(c) == PSE_KEY_OTHER) == (pse_certificate_key_bits(c) == 0));
}

static void again(const struct pse_certificate *c)
{
    struct pse_certificate *copy;
    struct pse_anchors *anchors;

    PSE_REQUIRE(pse_certificate_parse_der(&copy, pse_certificate_der(c)) == PSE_OK);
    PSE_REQUIRE(strcmp(pse_certificate_person(copy)->serial_number,
                       pse_certificate_person(c)->serial_number) == 0);
    if (pse_anchors_new(&anchors) == PSE_OK) {
        enum pse_eid_fault fault;

        PSE_REQUIRE(pse_anchors_add(anchors, pse_certificate_der(c)) == PSE_OK);
        fault = pse_certificate_issuer(NULL, copy, anchors, NOW);
        PSE_REQUIRE(fault == PSE_EID_GOOD || fault == PSE_EID_UNTRUSTED);
        pse_anchors_free(anchors);
    }
    pse_certificate_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_certificate *c;

    if (pse_certificate_parse_der(&c, pse_span(data, size)) == PSE_OK) {
        PSE_REQUIRE(pse_span_is_equal(pse_certificate_der(c), pse_span(data, size)));
        questions(c);
        again(c);
        pse_certificate_free(c);
    }
    if (pse_certificate_parse(&c, pse_span(data, size)) == PSE_OK) {
        questions(c);
        pse_certificate_free(c);
    }
    return 0;
}
