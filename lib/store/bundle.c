#include "store/bundle.h"

#include "codec/codec.h"

static const char magic[] = "psephos bundle 1\n";

void pse_staged_put(struct pse_buf *out, uint64_t from, const struct pse_span *entries, size_t n)
{
    PSE_REQUIRE(n <= PSE_BATCH_ENTRIES_MAX);
    pse_wr_str(out, magic);
    pse_wr_u64(out, from);
    pse_wr_u32(out, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        pse_wr_v16(out, entries[i]);
}

pse_rc pse_staged_parse(struct pse_staged *out, struct pse_span in)
{
    struct pse_rd r = pse_rd(in);
    struct pse_span head;
    uint32_t n;

    out->n = 0;
    PSE_TRY(pse_rd_bytes(&head, &r, sizeof magic - 1));
    if (!pse_span_is_str(head, magic))
        return PSE_E_SYNTAX;
    PSE_TRY(pse_rd_u64(&out->from, &r));
    PSE_TRY(pse_rd_u32(&n, &r));
    if (n > PSE_BATCH_ENTRIES_MAX)
        return PSE_E_LIMIT;
    if (out->from > (UINT64_C(1) << 63) - n)
        return PSE_E_RANGE;
    for (size_t i = 0; i < n; i++)
        PSE_TRY(pse_rd_v16(&out->entry[i], &r));
    PSE_TRY(pse_rd_end(&r));
    out->n = n;
    return PSE_OK;
}
