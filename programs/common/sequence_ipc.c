/* Bodies of the sequencer's messages; see sequence_ipc.h. */
#include "common/sequence_ipc.h"
#include "net/ipc.h"

/* --- SUBMIT ------------------------------------------------------------------------------------
 */

enum { SUBMIT_FIXED = 1 + 2, SUBMIT_EACH = 4 + 2 };

void sequence_submit_put(struct pse_buf *b, uint16_t *taken, uint8_t source, const uint32_t *tag,
                         const struct pse_span *entry, size_t n)
{
    size_t bytes = SUBMIT_FIXED;
    uint16_t fit = 0;

    while (fit < n && fit < SEQUENCE_BATCH_MAX &&
           bytes + SUBMIT_EACH + entry[fit].n <= PSE_IPC_BODY_MAX) {
        bytes += SUBMIT_EACH + entry[fit].n;
        fit++;
    }
    pse_wr_u8(b, source);
    pse_wr_u16(b, fit);
    for (size_t i = 0; i < fit; i++) {
        pse_wr_u32(b, tag[i]);
        pse_wr_v16(b, entry[i]);
    }
    *taken = fit;
}

pse_rc sequence_submit_parse(struct sequence_submit *out, struct pse_span body)
{
    struct pse_rd r = pse_rd(body);

    PSE_TRY(pse_rd_u8(&out->source, &r));
    PSE_TRY(pse_rd_u16(&out->n, &r));
    if ((out->source != SEQUENCE_BALLOTS && out->source != SEQUENCE_ROLE) || out->n == 0 ||
        out->n > SEQUENCE_BATCH_MAX)
        return PSE_E_RANGE;
    for (size_t i = 0; i < out->n; i++) {
        PSE_TRY(pse_rd_u32(&out->tag[i], &r));
        PSE_TRY(pse_rd_v16(&out->entry[i], &r));
    }
    return pse_rd_end(&r);
}

/* --- BLOB --------------------------------------------------------------------------------------
 */

void sequence_blob_put(struct pse_buf *b, const struct sequence_blob *blob)
{
    pse_wr_u32(b, blob->tag);
    pse_wr_hash(b, &blob->hash);
    pse_wr_u32(b, blob->total);
    pse_wr_u32(b, blob->offset);
    pse_wr_span(b, blob->bytes);
}

pse_rc sequence_blob_parse(struct sequence_blob *out, struct pse_span body)
{
    struct pse_rd r = pse_rd(body);

    PSE_TRY(pse_rd_u32(&out->tag, &r));
    PSE_TRY(pse_rd_hash(&out->hash, &r));
    PSE_TRY(pse_rd_u32(&out->total, &r));
    PSE_TRY(pse_rd_u32(&out->offset, &r));
    PSE_TRY(pse_rd_bytes(&out->bytes, &r, pse_rd_left(&r)));
    if (out->bytes.n > SEQUENCE_BLOB_MAX || out->offset > out->total ||
        out->bytes.n > out->total - out->offset || (out->bytes.n == 0 && out->total > 0))
        return PSE_E_RANGE;
    return PSE_OK;
}

/* --- small requests ----------------------------------------------------------------------------
 */

void sequence_ask_put(struct pse_buf *b, uint32_t tag, const uint8_t about[32])
{
    pse_wr_u32(b, tag);
    pse_wr_span(b, pse_span(about, 32));
}

pse_rc sequence_ask_parse(uint32_t *tag, uint8_t about[32], struct pse_span body)
{
    struct pse_rd r = pse_rd(body);

    PSE_TRY(pse_rd_u32(tag, &r));
    PSE_TRY(pse_rd_copy(about, &r, 32));
    return pse_rd_end(&r);
}

/* A tag and one octet below a bound: LEVEL and the answers to it and to BLOB. */
static void octet_put(struct pse_buf *b, uint32_t tag, uint8_t octet)
{
    pse_wr_u32(b, tag);
    pse_wr_u8(b, octet);
}

static pse_rc octet_parse(uint32_t *tag, uint8_t *octet, struct pse_span body, uint8_t bound)
{
    struct pse_rd r = pse_rd(body);

    PSE_TRY(pse_rd_u32(tag, &r));
    PSE_TRY(pse_rd_u8(octet, &r));
    PSE_TRY(pse_rd_end(&r));
    return *octet < bound ? PSE_OK : PSE_E_RANGE;
}

void sequence_level_put(struct pse_buf *b, uint32_t tag, uint8_t level)
{
    octet_put(b, tag, level);
}

pse_rc sequence_level_parse(uint32_t *tag, uint8_t *level, struct pse_span body)
{
    return octet_parse(tag, level, body, SEQUENCE_LEVELS);
}

void sequence_tag_put(struct pse_buf *b, uint32_t tag)
{
    pse_wr_u32(b, tag);
}

pse_rc sequence_tag_parse(uint32_t *tag, struct pse_span body)
{
    struct pse_rd r = pse_rd(body);

    PSE_TRY(pse_rd_u32(tag, &r));
    return pse_rd_end(&r);
}

/* --- outcomes ----------------------------------------------------------------------------------
 */

static bool is_outcome(uint8_t x)
{
    return x >= SEQUENCE_WITNESSED && x <= SEQUENCE_DONE;
}

enum { RESULTS_FIXED = 2, RESULT_EACH = 4 + 1 + 2 + 8 + 32 + 2 };

static void result_put(struct pse_buf *b, const struct sequence_result *x)
{
    pse_wr_u32(b, x->tag);
    pse_wr_u8(b, x->outcome);
    pse_wr_u16(b, x->rule);
    pse_wr_u64(b, x->index);
    pse_wr_hash(b, &x->leaf);
    pse_wr_v16(b, x->receipt);
}

static pse_rc result_parse(struct sequence_result *out, struct pse_rd *r)
{
    PSE_TRY(pse_rd_u32(&out->tag, r));
    PSE_TRY(pse_rd_u8(&out->outcome, r));
    PSE_TRY(pse_rd_u16(&out->rule, r));
    PSE_TRY(pse_rd_u64(&out->index, r));
    PSE_TRY(pse_rd_hash(&out->leaf, r));
    PSE_TRY(pse_rd_v16(&out->receipt, r));
    if (!is_outcome(out->outcome) || (out->outcome == SEQUENCE_WITNESSED) != (out->receipt.n > 0))
        return PSE_E_RANGE;
    return PSE_OK;
}

void sequence_results_put(struct pse_buf *b, uint16_t *taken, const struct sequence_result *result,
                          size_t n)
{
    size_t bytes = RESULTS_FIXED;
    uint16_t fit = 0;

    while (fit < n && fit < SEQUENCE_BATCH_MAX &&
           bytes + RESULT_EACH + result[fit].receipt.n <= PSE_IPC_BODY_MAX) {
        bytes += RESULT_EACH + result[fit].receipt.n;
        fit++;
    }
    pse_wr_u16(b, fit);
    for (size_t i = 0; i < fit; i++)
        result_put(b, &result[i]);
    *taken = fit;
}

pse_rc sequence_results_parse(struct sequence_results *out, struct pse_span body)
{
    struct pse_rd r = pse_rd(body);

    PSE_TRY(pse_rd_u16(&out->n, &r));
    if (out->n == 0 || out->n > SEQUENCE_BATCH_MAX)
        return PSE_E_RANGE;
    for (size_t i = 0; i < out->n; i++)
        PSE_TRY(result_parse(&out->result[i], &r));
    return pse_rd_end(&r);
}

void sequence_done_put(struct pse_buf *b, uint32_t tag, uint8_t outcome)
{
    octet_put(b, tag, outcome);
}

pse_rc sequence_done_parse(uint32_t *tag, uint8_t *outcome, struct pse_span body)
{
    PSE_TRY(octet_parse(tag, outcome, body, SEQUENCE_DONE + 1));
    return is_outcome(*outcome) ? PSE_OK : PSE_E_RANGE;
}

/* --- views -------------------------------------------------------------------------------------
 */

void sequence_view_put(struct pse_buf *b, uint32_t tag, const struct sequence_view *view)
{
    pse_wr_u32(b, tag);
    pse_wr_u8(b, (uint8_t)(view->found | view->active << 1));
    pse_wr_u16(b, view->style);
    pse_wr_u32(b, view->weight);
    pse_wr_u32(b, view->ballots);
    pse_wr_u64(b, view->latest_index);
    pse_wr_hash(b, &view->latest);
    pse_wr_u8(b, view->revoked);
}

pse_rc sequence_view_parse(uint32_t *tag, struct sequence_view *out, struct pse_span body)
{
    struct pse_rd r = pse_rd(body);
    uint8_t flags;

    PSE_TRY(pse_rd_u32(tag, &r));
    PSE_TRY(pse_rd_u8(&flags, &r));
    PSE_TRY(pse_rd_u16(&out->style, &r));
    PSE_TRY(pse_rd_u32(&out->weight, &r));
    PSE_TRY(pse_rd_u32(&out->ballots, &r));
    PSE_TRY(pse_rd_u64(&out->latest_index, &r));
    PSE_TRY(pse_rd_hash(&out->latest, &r));
    PSE_TRY(pse_rd_u8(&out->revoked, &r));
    PSE_TRY(pse_rd_end(&r));
    if (flags > 3)
        return PSE_E_RANGE;
    out->found = flags & 1;
    out->active = flags >> 1;
    return PSE_OK;
}

void sequence_status_put(struct pse_buf *b, uint32_t tag, const struct sequence_status *status)
{
    pse_wr_u32(b, tag);
    pse_wr_u8(b, status->state);
    pse_wr_u64(b, status->size);
    pse_wr_u64(b, status->published);
    pse_wr_u64(b, status->published_at);
    pse_wr_u32(b, status->waiting);
    pse_wr_u32(b, status->unwitnessed);
    pse_wr_u8(b, status->level);
    pse_wr_hash(b, &status->eid);
}

pse_rc sequence_status_parse(uint32_t *tag, struct sequence_status *out, struct pse_span body)
{
    struct pse_rd r = pse_rd(body);

    PSE_TRY(pse_rd_u32(tag, &r));
    PSE_TRY(pse_rd_u8(&out->state, &r));
    PSE_TRY(pse_rd_u64(&out->size, &r));
    PSE_TRY(pse_rd_u64(&out->published, &r));
    PSE_TRY(pse_rd_u64(&out->published_at, &r));
    PSE_TRY(pse_rd_u32(&out->waiting, &r));
    PSE_TRY(pse_rd_u32(&out->unwitnessed, &r));
    PSE_TRY(pse_rd_u8(&out->level, &r));
    PSE_TRY(pse_rd_hash(&out->eid, &r));
    PSE_TRY(pse_rd_end(&r));
    return out->level < SEQUENCE_LEVELS ? PSE_OK : PSE_E_RANGE;
}
