/* Binding statements: what is accepted writes back to the same bytes. */
#include "crypto/binding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_buf out = PSE_BUF(PSE_BINDING_MAX);
    struct pse_binding b;

    if (pse_binding_parse(&b, pse_span(data, size)) != PSE_OK)
        return 0;
    PSE_REQUIRE(pse_binding_write(&out, &b) == PSE_OK);
    PSE_REQUIRE(pse_span_is_equal(pse_buf_span(&out), pse_span(data, size)));
    pse_buf_free(&out);
    return 0;
}
