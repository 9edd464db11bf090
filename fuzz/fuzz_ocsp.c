/* Answers about revocation: one that is believed says when, and who said it; nothing else does. */
#include "codec/codec.h"
#include "identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The authority and the card about which the corpus was made (their keys are gone), and an instant
 * of their lives. */
static const char authority[] = "-----BEGIN CERTIFICATE-----\n"
                                "MIIBODCB4KADAgECAgEBMAoGCCqGSM49BAMCMBwxGjAYBgNVBAMMEUF1dGhvcml0\n"
                                "eSBvZiBUZXN0MB4XDTIzMDkwMTIwMjY0MFoXDTI5MDIyMTIwMjY0MFowHDEaMBgG\n"
                                "A1UEAwwRQXV0aG9yaXR5IG9mIFRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
                                "AARbxnJO3Regsf0H4VICeLpRF21LHtrZn6d6MVLL3UuUn9+Wvm7Jz7n1xGf+arOA\n"
                                "yTwN3f/d+XIc0R7jvBIQU+VwoxMwETAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49\n"
                                "BAMCA0cAMEQCIBwdZykmEi4i/auUpzsaJcENSDCv8Gu00OgItMa+qK2LAiAxoQ5r\n"
                                "K2zjXxIM4/OOCdJLOLlo0jBwMcGFLyHXFvBlYw==\n"
                                "-----END CERTIFICATE-----\n";
static const char card[] = "-----BEGIN CERTIFICATE-----\n"
                           "MIIB2DCCAX2gAwIBAgICA+gwCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwRQXV0aG9y\n"
                           "aXR5IG9mIFRlc3QwHhcNMjYwMjE3MjAyNjQwWhcNMjYwOTA1MjAyNjQwWjBRMQsw\n"
                           "CQYDVQQGEwJFRTEQMA4GA1UEBAwHSsOVRU9SRzEUMBIGA1UEKgwLTcOEUlRBLUxJ\n"
                           "SVMxGjAYBgNVBAUTEVBOT0VFLTQ4MDAxMDg1NzE4MFkwEwYHKoZIzj0CAQYIKoZI\n"
                           "zj0DAQcDQgAEd0tafS+v+bftM/bSc3e7+Cv0SnmbmWhxAjFpOChQ14AbTIoRZy23\n"
                           "ih62PP5Bf+RZKkXlQLmEU1NvaJQVp1RpKqN6MHgwDgYDVR0PAQH/BAQDAgOIMB0G\n"
                           "A1UdJQQWMBQGCCsGAQUFBwMCBggrBgEFBQcDBDARBgNVHSAECjAIMAYGBCoDBAUw\n"
                           "NAYIKwYBBQUHAQEEKDAmMCQGCCsGAQUFBzABhhhodHRwOi8vb2NzcC5leGFtcGxl\n"
                           "Lm9yZy8wCgYIKoZIzj0EAwIDSQAwRgIhAN3x3Fd71m35d4As4hXU89DhzGO/m06b\n"
                           "qdma7AyJem1yAiEAnQ5w7SUlRsHrsRjttlXaWcTZQ4iGZhBN4hdFWsur540=\n"
                           "-----END CERTIFICATE-----\n";
enum { NOW = 1780000000 };

static void judge(struct pse_span in, struct pse_ocsp_rules rules)
{
    struct pse_ocsp said;
    enum pse_eid_fault fault = pse_ocsp_verify(&said, in, &rules);

    PSE_REQUIRE(pse_eid_fault_name(fault)[0] != '\0');
    if (fault != PSE_EID_GOOD && fault != PSE_EID_REVOKED && fault != PSE_EID_UNKNOWN) {
        PSE_REQUIRE(said.this_update == 0 && said.revoked_at == 0 &&
                    pse_hash_is_zero(&said.responder));
        return;
    }
    PSE_REQUIRE(!pse_hash_is_zero(&said.responder));
    PSE_REQUIRE(said.this_update >= NOW - PSE_OCSP_AGE && said.this_update <= NOW + PSE_OCSP_SKEW);
    rules.nonce = pse_span_str("not the one that is in it");
    PSE_REQUIRE(pse_ocsp_verify(&said, in, &rules) == PSE_EID_OCSP_NONCE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_ocsp_rules rules = {.now = NOW, .max_age = PSE_OCSP_AGE, .skew = PSE_OCSP_SKEW};
    struct pse_certificate *about, *issuer;
    struct pse_anchors *anchors;

    if (pse_anchors_new(&anchors) != PSE_OK)
        return 0;
    PSE_REQUIRE(pse_anchors_add(anchors, pse_span_str(authority)) == PSE_OK);
    PSE_REQUIRE(pse_certificate_parse(&issuer, pse_span_str(authority)) == PSE_OK);
    PSE_REQUIRE(pse_certificate_parse(&about, pse_span_str(card)) == PSE_OK);
    rules.certificate = about;
    rules.issuer = issuer;
    rules.anchors = anchors;
    judge(pse_span(data, size), rules);
    pse_certificate_free(about);
    pse_certificate_free(issuer);
    pse_anchors_free(anchors);
    return 0;
}
