#include "tile_write.h"

#include <stdlib.h>

#include "tile_edge.h"

struct pse_tile_writer {
    pse_tile_emit *emit;
    void *ctx;
    struct pse_buf bundle; /* the unfinished one */
    struct tile_edge edge;
};

pse_rc pse_tile_writer_new(struct pse_tile_writer **w, pse_tile_emit *emit, void *ctx)
{
    *w = calloc(1, sizeof **w);
    if (*w == NULL)
        return PSE_E_MEMORY;
    (*w)->emit = emit;
    (*w)->ctx = ctx;
    (*w)->bundle = PSE_BUF(PSE_BUNDLE_MAX);
    return PSE_OK;
}

void pse_tile_writer_free(struct pse_tile_writer *w)
{
    if (w == NULL)
        return;
    pse_buf_free(&w->bundle);
    free(w);
}

/* --- going on where another writer stopped ------------------------------------------------------
 */

static pse_rc load_rows(struct pse_tile_writer *w, pse_tile_read *read, void *ctx)
{
    for (unsigned level = 0; level < PSE_TILE_LEVELS; level++) {
        struct pse_tile tile = {.level = level};
        struct pse_span bytes;
        unsigned width_read;

        pse_tile_count(&tile.index, &tile.width, level, w->edge.size);
        if (tile.width == 0)
            continue;
        PSE_TRY(pse_tile_fetch(&bytes, &width_read, &tile, read, ctx));
        memcpy(w->edge.row[level], bytes.p, bytes.n);
        w->edge.width[level] = tile.width;
    }
    return PSE_OK;
}

static pse_rc load_bundle(struct pse_tile_writer *w, pse_tile_read *read, void *ctx)
{
    struct pse_tile tile = {.level = PSE_TILE_ENTRIES};
    struct pse_span entry[PSE_TILE_WIDTH];
    pse_hash leaf[PSE_TILE_WIDTH];
    struct pse_span bytes;
    unsigned width_read;

    pse_tile_count(&tile.index, &tile.width, 0, w->edge.size);
    if (tile.width == 0)
        return PSE_OK;
    PSE_TRY(pse_tile_fetch(&bytes, &width_read, &tile, read, ctx));
    PSE_TRY(pse_bundle_parse(entry, width_read, bytes));
    pse_tree_leaves(leaf, entry, tile.width, NULL);
    for (unsigned i = 0; i < tile.width; i++) {
        if (!pse_hash_is_equal(&leaf[i], &w->edge.row[0][i]))
            return PSE_E_MISMATCH;
        pse_bundle_put(&w->bundle, entry[i]);
    }
    return w->bundle.rc;
}

static pse_rc load(struct pse_tile_writer *w, uint64_t size, const pse_hash *root,
                   pse_tile_read *read, void *ctx)
{
    pse_hash found;

    w->edge.size = size;
    PSE_TRY(load_rows(w, read, ctx));
    tile_edge_head(&found, &w->edge);
    if (!pse_hash_is_equal(&found, root))
        return PSE_E_MISMATCH;
    return load_bundle(w, read, ctx);
}

pse_rc pse_tile_writer_resume(struct pse_tile_writer **w, pse_tile_emit *emit, void *ctx,
                              uint64_t size, const pse_hash *root, pse_tile_read *read,
                              void *read_ctx)
{
    pse_rc rc;

    PSE_TRY(pse_tile_writer_new(w, emit, ctx));
    rc = load(*w, size, root, read, read_ctx);
    if (rc != PSE_OK) {
        pse_tile_writer_free(*w);
        *w = NULL;
    }
    return rc;
}

/* --- appending -----------------------------------------------------------------------------------
 */

static pse_rc emit_tile(void *ctx, const struct pse_tile *tile, const pse_hash *hashes)
{
    struct pse_tile_writer *w = ctx;
    char path[PSE_TILE_PATH_MAX];

    pse_tile_path(path, tile);
    return w->emit(w->ctx, path, pse_span(hashes[0].b, (size_t)tile->width * sizeof *hashes));
}

static pse_rc emit_bundle(struct pse_tile_writer *w, unsigned width)
{
    struct pse_tile tile = {PSE_TILE_ENTRIES, width, w->edge.size / PSE_TILE_WIDTH};
    char path[PSE_TILE_PATH_MAX];

    pse_tile_path(path, &tile);
    return w->emit(w->ctx, path, pse_buf_span(&w->bundle));
}

pse_rc pse_tile_writer_append(struct pse_tile_writer *w, pse_hash *leaf, struct pse_span entry)
{
    pse_hash hash;

    if (entry.n > PSE_ENTRY_MAX)
        return PSE_E_LENGTH;
    pse_tree_leaf(&hash, entry);
    pse_bundle_put(&w->bundle, entry);
    PSE_TRY(w->bundle.rc);
    if (w->edge.width[0] == PSE_TILE_WIDTH - 1) {
        PSE_TRY(emit_bundle(w, PSE_TILE_WIDTH));
        w->bundle.n = 0;
    }
    PSE_TRY(tile_edge_push(&w->edge, &hash, emit_tile, w));
    if (leaf != NULL)
        *leaf = hash;
    return PSE_OK;
}

pse_rc pse_tile_writer_flush(struct pse_tile_writer *w)
{
    if (w->edge.width[0] > 0)
        PSE_TRY(emit_bundle(w, w->edge.width[0]));
    return tile_edge_partials(&w->edge, emit_tile, w);
}

uint64_t pse_tile_writer_size(const struct pse_tile_writer *w)
{
    return w->edge.size;
}

void pse_tile_writer_head(pse_hash *root, const struct pse_tile_writer *w)
{
    tile_edge_head(root, &w->edge);
}
