#include "common/receipt_answer.h"

#include <string.h>

#include "codec/codec.h"
#include "codec/json_write.h"

enum { ANSWER_MAX = 4 * UINT16_MAX };

static bool wants_json(const struct pse_http_call *call)
{
    struct pse_span accept;

    return pse_http_header(&accept, call, "accept") && pse_span_is_str(accept, "application/json");
}

void receipt_path(char out[RECEIPT_PATH_TEXT], const pse_hash *leaf)
{
    static const char path[] = "/v1/receipts/";

    memcpy(out, path, sizeof path - 1);
    pse_hex_encode(out + sizeof path - 1, leaf->b, 32);
    out[RECEIPT_PATH_TEXT - 1] = '\0';
}

static void put_view(struct pse_buf *b, const pse_hash *leaf, uint64_t index,
                     struct pse_span receipt, const uint8_t *tracker)
{
    struct pse_json_wr w = pse_json_wr(b, 0);
    char code[PSE_TRACKER_TEXT];

    pse_json_wr_object(&w, NULL);
    pse_json_wr_u64(&w, "index", index);
    pse_json_wr_hex(&w, "leaf", leaf->b, 32);
    if (tracker != NULL) {
        pse_code_encode(code, tracker, PSE_TRACKER_BYTES);
        pse_json_wr_str(&w, "tracker", code);
    }
    pse_json_wr_string(&w, "receipt", receipt);
    pse_json_wr_end(&w);
    (void)!pse_json_wr_finish(&w);
}

pse_rc receipt_answer(struct pse_http_call *call, const pse_hash *leaf, uint64_t index,
                      struct pse_span receipt, const uint8_t *tracker)
{
    bool json = wants_json(call);
    struct pse_http_answer a = {.status = 200,
                                .type = json ? "application/json" : "text/plain; charset=utf-8",
                                .own = PSE_BUF(ANSWER_MAX)};
    char path[RECEIPT_PATH_TEXT];

    if (json)
        put_view(&a.own, leaf, index, receipt, tracker);
    else
        pse_wr_span(&a.own, receipt);
    if (a.own.rc != PSE_OK) {
        pse_buf_free(&a.own);
        return PSE_E_MEMORY;
    }
    receipt_path(path, leaf);
    pse_http_answer_header(&a, "Location", path);
    pse_http_answer_header(&a, "Cache-Control", "no-store");
    pse_http_answer(call, &a);
    return PSE_OK;
}
