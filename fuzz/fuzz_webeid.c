/* Web eID tokens: one that is accepted is so only for its own challenge and site. */
#include "codec/codec.h"
#include "identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The authority under which the corpus was made (its key is gone), and an instant of its life. */
static const char authority[] = "-----BEGIN CERTIFICATE-----\n"
                                "MIIBODCB4KADAgECAgEBMAoGCCqGSM49BAMCMBwxGjAYBgNVBAMMEUF1dGhvcml0\n"
                                "eSBvZiBUZXN0MB4XDTIzMDkwMTIwMjY0MFoXDTI5MDIyMTIwMjY0MFowHDEaMBgG\n"
                                "A1UEAwwRQXV0aG9yaXR5IG9mIFRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
                                "AARbxnJO3Regsf0H4VICeLpRF21LHtrZn6d6MVLL3UuUn9+Wvm7Jz7n1xGf+arOA\n"
                                "yTwN3f/d+XIc0R7jvBIQU+VwoxMwETAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49\n"
                                "BAMCA0cAMEQCIBwdZykmEi4i/auUpzsaJcENSDCv8Gu00OgItMa+qK2LAiAxoQ5r\n"
                                "K2zjXxIM4/OOCdJLOLlo0jBwMcGFLyHXFvBlYw==\n"
                                "-----END CERTIFICATE-----\n";
static const char challenge[] = "MTIzNDU2NzgxMjM0NTY3ODEyMzQ1Njc4MTIzNDU2Nzg=";
static const char another[] = "MTIzNDU2NzgxMjM0NTY3ODEyMzQ1Njc4MTIzNDU2Nzk=";
enum { NOW = 1780000000 };

static enum pse_eid_fault finish(const struct pse_webeid *w, const char *nonce,
                                 const struct pse_webeid_rules *rules)
{
    const struct pse_webeid_revocation off = {.is_off = true};

    return pse_webeid_finish(w, &off, pse_span_str(nonce), rules);
}

static void judge(struct pse_span in, const struct pse_anchors *anchors)
{
    struct pse_webeid_rules rules = {
        .origin = "https://vote.example.org", .anchors = anchors, .now = NOW};
    struct pse_buf question = PSE_BUF(PSE_OCSP_REQUEST_MAX);
    struct pse_webeid *w;
    enum pse_eid_fault fault = pse_webeid_open(&w, in, &rules);

    PSE_REQUIRE((w != NULL) == (fault == PSE_EID_GOOD));
    PSE_REQUIRE(pse_eid_fault_name(fault)[0] != '\0');
    if (fault != PSE_EID_GOOD)
        return;
    PSE_REQUIRE(pse_ocsp_request_put(&question, pse_webeid_certificate(w), pse_webeid_issuer(w),
                                     pse_span(NULL, 0)) == PSE_OK);
    if (finish(w, challenge, &rules) == PSE_EID_GOOD) {
        PSE_REQUIRE(finish(w, another, &rules) == PSE_EID_SIGNATURE);
        rules.origin = "https://vote.example.com";
        PSE_REQUIRE(finish(w, challenge, &rules) == PSE_EID_SIGNATURE);
    }
    PSE_REQUIRE(finish(w, "", &rules) == PSE_EID_NONCE_MISSING);
    pse_buf_free(&question);
    pse_webeid_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_anchors *anchors;

    if (pse_anchors_new(&anchors) != PSE_OK)
        return 0;
    PSE_REQUIRE(pse_anchors_add(anchors, pse_span_str(authority)) == PSE_OK);
    judge(pse_span(data, size), anchors);
    pse_anchors_free(anchors);
    return 0;
}
