/* Event streams: what passes the check in one piece passes in two, cut at any line; no byte string
 * makes it read outside. */
#include "daemon/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_event_chain whole = {0};
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;

    if (pse_event_check(&whole, pse_span(data, size), true) == PSE_OK && end != NULL) {
        struct pse_event_chain parts = {0};
        size_t n = (size_t)(end - data) + 1;

        PSE_REQUIRE(pse_event_check(&parts, pse_span(data, n), true) == PSE_OK);
        PSE_REQUIRE(pse_event_check(&parts, pse_span(data + n, size - n), false) == PSE_OK);
        PSE_REQUIRE(parts.next_id == whole.next_id && parts.line == whole.line &&
                    pse_hash_is_equal(&parts.prev, &whole.prev));
    }
    return 0;
}
