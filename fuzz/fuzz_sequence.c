/* Frames of the sequencer's socket, both ways. The first byte is the kind; what is parsed writes
 * back to the same bytes, since each has one form. */
#include <stdlib.h>

#include "common/sequence_ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pse_span body;

static void is_same(struct pse_buf *out)
{
    PSE_REQUIRE(out->rc == PSE_OK && pse_span_is_equal(pse_buf_span(out), body));
    pse_buf_free(out);
}

static void try_submit(struct pse_buf *out)
{
    struct sequence_submit m;
    uint16_t taken;

    if (sequence_submit_parse(&m, body) != PSE_OK)
        return;
    PSE_REQUIRE(m.n > 0 && m.n <= SEQUENCE_BATCH_MAX);
    sequence_submit_put(out, &taken, m.source, m.tag, m.entry, m.n);
    PSE_REQUIRE(taken == m.n);
    is_same(out);
}

static void try_results(struct pse_buf *out)
{
    struct sequence_results m;
    uint16_t taken;

    if (sequence_results_parse(&m, body) != PSE_OK)
        return;
    PSE_REQUIRE(m.n <= SEQUENCE_BATCH_MAX);
    sequence_results_put(out, &taken, m.result, m.n);
    PSE_REQUIRE(taken == m.n);
    is_same(out);
}

static void try_blob(struct pse_buf *out)
{
    struct sequence_blob m;

    if (sequence_blob_parse(&m, body) != PSE_OK)
        return;
    PSE_REQUIRE(m.bytes.n <= SEQUENCE_BLOB_MAX && (uint64_t)m.offset + m.bytes.n <= m.total);
    sequence_blob_put(out, &m);
    is_same(out);
}

static void try_short(struct pse_buf *out, uint8_t kind)
{
    struct sequence_status status;
    struct sequence_view view;
    uint8_t about[32];
    uint8_t byte;
    uint32_t tag;

    switch (kind) {
    case SEQUENCE_VIEW:
    case SEQUENCE_RECEIPT:
        if (sequence_ask_parse(&tag, about, body) != PSE_OK)
            return;
        sequence_ask_put(out, tag, about);
        break;
    case SEQUENCE_STATUS:
        if (sequence_tag_parse(&tag, body) != PSE_OK)
            return;
        sequence_tag_put(out, tag);
        break;
    case SEQUENCE_LEVEL:
        if (sequence_level_parse(&tag, &byte, body) != PSE_OK)
            return;
        PSE_REQUIRE(byte < SEQUENCE_LEVELS);
        sequence_level_put(out, tag, byte);
        break;
    case SEQUENCE_BLOB | SEQUENCE_ANSWER:
    case SEQUENCE_LEVEL | SEQUENCE_ANSWER:
        if (sequence_done_parse(&tag, &byte, body) != PSE_OK)
            return;
        sequence_done_put(out, tag, byte);
        break;
    case SEQUENCE_VIEW | SEQUENCE_ANSWER:
        if (sequence_view_parse(&tag, &view, body) != PSE_OK)
            return;
        sequence_view_put(out, tag, &view);
        break;
    case SEQUENCE_STATUS | SEQUENCE_ANSWER:
        if (sequence_status_parse(&tag, &status, body) != PSE_OK)
            return;
        sequence_status_put(out, tag, &status);
        break;
    default: return;
    }
    is_same(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pse_buf out = PSE_BUF(1 << 20);

    if (size == 0)
        return 0;
    body = pse_span(data + 1, size - 1);
    switch (data[0]) {
    case SEQUENCE_SUBMIT: try_submit(&out); break;
    case SEQUENCE_BLOB: try_blob(&out); break;
    case SEQUENCE_SUBMIT | SEQUENCE_ANSWER:
    case SEQUENCE_RECEIPT | SEQUENCE_ANSWER: try_results(&out); break;
    default: try_short(&out, data[0]); break;
    }
    return 0;
}
