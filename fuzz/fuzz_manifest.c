/* Any bytes as a manifest. What is accepted has canonical bytes, and those are their own. */
#include "sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_buf one = PSE_BUF(PSE_MANIFEST_MAX), two = PSE_BUF(PSE_MANIFEST_MAX);
    struct pse_manifest_fault fault;
    const struct sample *s = sample_get();
    pse_rc rc = pse_manifest_canonical(&one, &fault, s->g, pse_span(data, size));

    PSE_REQUIRE((rc == PSE_E_SYNTAX) == (fault.rule == 102));
    if (rc == PSE_OK) {
        PSE_REQUIRE(pse_manifest_canonical(&two, &fault, s->g, pse_buf_span(&one)) == PSE_OK);
        PSE_REQUIRE(pse_span_is_equal(pse_buf_span(&one), pse_buf_span(&two)));
    }
    pse_buf_free(&one);
    pse_buf_free(&two);
    return 0;
}
