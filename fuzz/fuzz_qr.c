/* QR texts of the second-device check: what is accepted builds again to the same text. */
#include "crypto/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PSE_ARENA(arena, 64 * 1024);
    struct pse_check_qr qr;
    struct pse_buf b = PSE_BUF(PSE_CHECK_QR_MAX);

    if (pse_check_qr_parse(&qr, &arena, pse_span(data, size)) == PSE_OK) {
        PSE_REQUIRE(pse_check_qr_build(&b, &qr) == PSE_OK);
        PSE_REQUIRE(pse_span_is_equal(pse_buf_span(&b), pse_span(data, size)));
    }
    pse_buf_free(&b);
    return 0;
}
