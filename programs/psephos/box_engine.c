#include "psephos/box_engine.h"

#include <string.h>

/* --- blobs: the record's, then those that wait ------------------------------------------------ */

static pse_rc blob_size(void *ctx, uint64_t *size, const pse_hash *hash)
{
    struct box_engine *b = ctx;
    pse_rc rc = b->files.blob_size(b->files.ctx, size, hash);

    return rc == PSE_E_MISSING ? b->waiting.blob_size(b->waiting.ctx, size, hash) : rc;
}

static pse_rc blob_read(void *ctx, uint8_t *out, uint64_t at, size_t n, const pse_hash *hash)
{
    struct box_engine *b = ctx;

    if (b->files.blob_read(b->files.ctx, out, at, n, hash) == PSE_OK)
        return PSE_OK;
    return b->waiting.blob_read(b->waiting.ctx, out, at, n, hash);
}

static pse_rc entry_read(void *ctx, uint8_t *out, size_t *n, uint64_t index)
{
    struct box_engine *b = ctx;

    return b->files.entry_read(b->files.ctx, out, n, index);
}

/* --- life ------------------------------------------------------------------------------------- */

pse_rc box_engine_open(struct box_engine *b, const char *record, const char *spool,
                       const struct pse_group *g, struct pse_rng *rng)
{
    struct pse_engine_options o = {.group = g, .rng = rng, .trust_proofs = true};

    memset(b, 0, sizeof *b);
    PSE_TRY(record_source_open(&b->record, record));
    PSE_TRY(record_source_open(&b->spool, spool));
    b->files = record_source_callbacks(&b->record);
    b->waiting = record_source_callbacks(&b->spool);
    o.source = (struct pse_source){b, blob_size, blob_read, entry_read};
    return pse_engine_new(&b->e, &o);
}

void box_engine_close(struct box_engine *b)
{
    pse_engine_free(b->e);
    b->e = NULL;
    record_source_close(&b->record);
    record_source_close(&b->spool);
}

pse_rc box_engine_load(struct box_engine *b, uint64_t size, const pse_hash *root)
{
    struct pse_span entry[PSE_TILE_WIDTH];
    pse_hash got;

    record_source_settle(&b->record, size);
    for (uint64_t at = 0; at < size;) {
        size_t n = 0;

        /* One bundle at a time: its entries stay where they are until the next is read. */
        do
            PSE_TRY(record_source_entry(&b->record, &entry[n++], at++));
        while (at < size && at % PSE_TILE_WIDTH != 0);
        PSE_TRY(pse_engine_feed(b->e, entry, NULL, n));
    }
    pse_engine_root(b->e, &got);
    pse_engine_trust(b->e, false);
    return pse_hash_is_equal(&got, root) ? PSE_OK : PSE_E_MISMATCH;
}

pse_rc box_engine_offer(struct box_engine *b, uint8_t *live, uint16_t *first,
                        const struct pse_span *entries, size_t n)
{
    record_source_settle(&b->record, pse_engine_size(b->e));
    return pse_engine_offer(b->e, live, first, entries, n);
}
