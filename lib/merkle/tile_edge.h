/* Inside merkle: the right edge of a growing tree, as the unfinished tile of each level. Shared by
 * the writer and the checker. */
#ifndef PSE_MERKLE_TILE_EDGE_H
#define PSE_MERKLE_TILE_EDGE_H

#include "tile.h"
#include "tree.h"

struct tile_edge {
    uint64_t size;
    unsigned width[PSE_TILE_LEVELS];
    pse_hash row[PSE_TILE_LEVELS][PSE_TILE_WIDTH];
};

/** Called with each tile, full or partial, and its hashes. */
typedef pse_rc tile_edge_visit(void *ctx, const struct pse_tile *tile, const pse_hash *hashes);

/** Add a leaf hash; visit every tile it fills, lowest level first. PSE_E_LIMIT at 2^63 leaves, or
 * the visitor's failure (the edge is then of no further use). */
PSE_MUST pse_rc tile_edge_push(struct tile_edge *e, const pse_hash *leaf, tile_edge_visit *visit,
                               void *ctx);
/** Visit every partial tile. */
PSE_MUST pse_rc tile_edge_partials(const struct tile_edge *e, tile_edge_visit *visit, void *ctx);
/** Root of all leaves. */
void tile_edge_head(pse_hash *root, const struct tile_edge *e);

#endif
