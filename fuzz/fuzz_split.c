/* Evidence of a split view: what is accepted encodes back to the same bytes, and judging it never
 * fails badly whatever it states. */
#include "merkle/merkle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pse_split s;
    struct pse_buf b = PSE_BUF(PSE_SPLIT_MAX);

    if (pse_split_parse(&s, pse_span(data, size)) != PSE_OK)
        return 0;
    pse_split_put(&b, &s);
    PSE_REQUIRE(b.rc == PSE_OK && pse_span_is_equal(pse_buf_span(&b), pse_span(data, size)));
    pse_buf_free(&b);
    if (pse_split_verify(&s) == PSE_OK)
        PSE_REQUIRE(s.checkpoint[0].size <= s.checkpoint[1].size);
    return 0;
}
