/* Staged bundles: parsed whole or refused, and put back byte for byte. */
#include <stdlib.h>

#include "store/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pse_staged staged;
    struct pse_span in = pse_span(data, size);
    struct pse_buf out = PSE_BUF(size);

    if (pse_staged_parse(&staged, in) != PSE_OK)
        return 0;
    pse_staged_put(&out, staged.from, staged.entry, staged.n);
    if (out.rc != PSE_OK || !pse_span_is_equal(pse_buf_span(&out), in))
        abort();
    pse_buf_free(&out);
    return 0;
}
