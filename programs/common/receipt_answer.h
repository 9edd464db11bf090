/* The answer that carries a receipt, the same from a box and from the board. */
#ifndef PSE_PROGRAMS_RECEIPT_ANSWER_H
#define PSE_PROGRAMS_RECEIPT_ANSWER_H

#include "net/http.h"

/** Where a receipt is asked for: "/v1/receipts/" and 64 digits. */
enum { RECEIPT_PATH_TEXT = 13 + 64 + 1 };
void receipt_path(char out[RECEIPT_PATH_TEXT], const pse_hash *leaf);

/** Answer 200 with the receipt (tlog-proof) of entry @p index as text, or, when the client accepts
 * exactly application/json, a view {index, leaf, tracker, receipt}; @p tracker may be NULL.
 * PSE_E_MEMORY: nothing was answered. */
PSE_MUST pse_rc receipt_answer(struct pse_http_call *call, const pse_hash *leaf, uint64_t index,
                               struct pse_span receipt, const uint8_t *tracker);

#endif
