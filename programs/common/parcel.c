#include "common/parcel.h"

#include "codec/codec.h"

static const char magic[] = "psephos-parcel-1\n";

enum { KIND_ENTRY = 'E', KIND_BLOB = 'B' };

static void put_item(struct pse_buf *b, uint8_t kind, struct pse_span item)
{
    pse_wr_u8(b, kind);
    pse_wr_u64(b, item.n);
    pse_wr_span(b, item);
}

void parcel_begin(struct pse_buf *b)
{
    pse_wr_str(b, magic);
}

void parcel_put_entry(struct pse_buf *b, struct pse_span entry)
{
    put_item(b, KIND_ENTRY, entry);
}

void parcel_put_blob(struct pse_buf *b, struct pse_span blob)
{
    put_item(b, KIND_BLOB, blob);
}

static pse_rc take_item(uint8_t *kind, struct pse_span *item, struct pse_rd *r)
{
    uint64_t n;

    PSE_TRY(pse_rd_u8(kind, r));
    if (*kind != KIND_ENTRY && *kind != KIND_BLOB)
        return PSE_E_SYNTAX;
    PSE_TRY(pse_rd_u64(&n, r));
    if (n > pse_rd_left(r))
        return PSE_E_LENGTH;
    return pse_rd_bytes(item, r, (size_t)n);
}

/* Two passes: the first counts, so that the arrays have their exact size. */
static pse_rc count_items(size_t *entries, size_t *blobs, struct pse_rd r)
{
    *entries = 0;
    *blobs = 0;
    while (pse_rd_left(&r) > 0) {
        uint8_t kind;
        struct pse_span item;

        PSE_TRY(take_item(&kind, &item, &r));
        if (*entries + *blobs == PARCEL_ITEMS_MAX)
            return PSE_E_LIMIT;
        if (kind == KIND_ENTRY)
            *entries += 1;
        else
            *blobs += 1;
    }
    return PSE_OK;
}

static pse_rc parse(struct parcel *out, struct pse_arena *arena, struct pse_rd r)
{
    struct pse_span head;
    size_t entries;
    size_t blobs;

    PSE_TRY(pse_rd_bytes(&head, &r, sizeof magic - 1));
    if (!pse_span_is_str(head, magic))
        return PSE_E_SYNTAX;
    PSE_TRY(count_items(&entries, &blobs, r));
    out->entry = PSE_NEW(arena, struct pse_span, entries);
    out->blob = PSE_NEW(arena, struct pse_span, blobs);
    if (out->entry == NULL || out->blob == NULL)
        return PSE_E_MEMORY;
    while (pse_rd_left(&r) > 0) {
        uint8_t kind;
        struct pse_span item;

        PSE_TRY(take_item(&kind, &item, &r));
        if (kind == KIND_ENTRY)
            out->entry[out->entries++] = item;
        else
            out->blob[out->blobs++] = item;
    }
    return PSE_OK;
}

pse_rc parcel_parse(struct parcel *out, struct pse_arena *arena, struct pse_span in)
{
    pse_rc rc;

    memset(out, 0, sizeof *out);
    rc = parse(out, arena, pse_rd(in));
    if (rc != PSE_OK)
        memset(out, 0, sizeof *out);
    return rc;
}
