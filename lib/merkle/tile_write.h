/* Making tiles as entries are appended (ledger contract 5). The programs write the files. */
#ifndef PSE_MERKLE_TILE_WRITE_H
#define PSE_MERKLE_TILE_WRITE_H

#include "tile.h"

/** Receives each finished file: @p path is relative to the record, @p bytes valid during the call.
 * Full tiles and bundles come once, when they fill; partial ones at every flush. A failure ends
 * the append or flush with that status, and the writer must then be freed. */
typedef pse_rc pse_tile_emit(void *ctx, const char *path, struct pse_span bytes);

/** Owns heap: free it. Not thread-safe. */
struct pse_tile_writer;

PSE_MUST pse_rc pse_tile_writer_new(struct pse_tile_writer **w, pse_tile_emit *emit, void *ctx);
/** A writer that goes on after @p size leaves with @p root: reads the right edge (partial tiles and
 * bundle) through @p read and checks it up to the root. PSE_E_MISMATCH when it does not give that
 * root, PSE_E_LENGTH or PSE_E_MISSING for bad files, or the reader's failure. */
PSE_MUST pse_rc pse_tile_writer_resume(struct pse_tile_writer **w, pse_tile_emit *emit, void *ctx,
                                       uint64_t size, const pse_hash *root, pse_tile_read *read,
                                       void *read_ctx);
void pse_tile_writer_free(struct pse_tile_writer *w);

/** Append one entry; its leaf hash goes to @p leaf unless NULL. PSE_E_LENGTH when longer than
 * PSE_ENTRY_MAX (nothing appended). */
PSE_MUST pse_rc pse_tile_writer_append(struct pse_tile_writer *w, pse_hash *leaf,
                                       struct pse_span entry);
/** Hand out every partial tile and bundle of the present size. Do this for each size that gets a
 * checkpoint. */
PSE_MUST pse_rc pse_tile_writer_flush(struct pse_tile_writer *w);

uint64_t pse_tile_writer_size(const struct pse_tile_writer *w);
void pse_tile_writer_head(pse_hash *root, const struct pse_tile_writer *w);

#endif
