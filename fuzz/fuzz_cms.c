/* CMS containers: what is judged good names its algorithm, is the one container for its signature,
 * and has the certificate that it was judged by. */
#include "codec/codec.h"
#include "identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The authority under which the corpus was made (its key is gone), and an instant of its life. */
static const char authority[] = "-----BEGIN CERTIFICATE-----\n"
                                "MIIBMDCB1qADAgECAgEBMAoGCCqGSM49BAMCMBcxFTATBgNVBAMMDFJvb3Qgb2Yg\n"
                                "VGVzdDAeFw0yMzA5MDEyMDI2NDBaFw0yOTAyMjEyMDI2NDBaMBcxFTATBgNVBAMM\n"
                                "DFJvb3Qgb2YgVGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFmfuJASDkBe\n"
                                "b/+YigRElxITf0WXjrvtxBzK1wqcQtlytfeqOFlXMQNlk8CdwA7B2FF36TiEmXS7\n"
                                "il6+WN2wuVCjEzARMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIh\n"
                                "AOXtW6fD/4SRpo+v5h4OZklDWRk2UQ+/VKuKUzicU+BIAiEA4LaZN73zG+0X9N+d\n"
                                "ipLnDYCSHkJKAKWhR4B3CzyfWfg=\n"
                                "-----END CERTIFICATE-----\n";
enum { NOW = 1780000000 };

static void judge(struct pse_span in, const struct pse_certificate *signer,
                  const struct pse_anchors *anchors)
{
    const struct pse_cms_rules rules = {.signer = signer, .anchors = anchors, .now = NOW};
    struct pse_cms cms;
    enum pse_cms_fault fault =
        pse_cms_verify(&cms, in, pse_span_str("the binding statement"), &rules);

    PSE_REQUIRE(pse_cms_fault_name(fault)[0] != '\0');
    if (fault != PSE_CMS_GOOD) {
        PSE_REQUIRE(cms.algorithm == PSE_CMS_NONE && cms.signature.n == 0);
        return;
    }
    PSE_REQUIRE(pse_cms_algorithm_fits(cms.algorithm, signer));
    PSE_REQUIRE(cms.signature.n > 0 && cms.signature.p + cms.signature.n == in.p + in.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_span in = pse_span(data, size);
    struct pse_certificate *signer;
    struct pse_anchors *anchors;

    if (pse_cms_certificate(&signer, in) != PSE_OK)
        return 0;
    if (pse_anchors_new(&anchors) == PSE_OK) {
        PSE_REQUIRE(pse_anchors_add(anchors, pse_span_str(authority)) == PSE_OK);
        judge(in, signer, anchors);
        pse_anchors_free(anchors);
    }
    pse_certificate_free(signer);
    return 0;
}
