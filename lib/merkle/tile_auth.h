/* Reading single tiles of somebody else's log: every tile is authenticated up to the signed root
 * before any of its hashes is used (ledger contract 6).
 *
 * For: proofs from tiles that are not trusted, and programs that copy a log tile by tile. It works
 * from the root down: the partial tiles of the right edge give the root between them, and each full
 * tile must have the root that a checked tile of the level above says. So a forged tile is found
 * when it is read, whichever level it is of. Not for: checking a whole record (tile_check.h, which
 * works from the entries up).
 *
 * Size and root must come from a verified checkpoint. Public data, variable time. */
#ifndef PSE_MERKLE_TILE_AUTH_H
#define PSE_MERKLE_TILE_AUTH_H

#include "tile.h"
#include "tree.h"

/** About 130 KiB of heap: free it. Not thread-safe. */
struct pse_tile_auth;

/** Read the right edge of the tree and check it up to @p root. PSE_E_MISMATCH: it does not give
 * that root; PSE_E_MISSING, PSE_E_LENGTH: a tile is absent or of the wrong width; PSE_E_RANGE: more
 * than 2^63 leaves; PSE_E_MEMORY; or the reader's own failure. *a is NULL unless PSE_OK. */
PSE_MUST pse_rc pse_tile_auth_new(struct pse_tile_auth **a, uint64_t size, const pse_hash *root,
                                  pse_tile_read *read, void *ctx);
/** NULL is fine. */
void pse_tile_auth_free(struct pse_tile_auth *a);

uint64_t pse_tile_auth_size(const struct pse_tile_auth *a);

/** The tile of this tree at (@p level, @p index): its width there, and its hashes, checked. They
 * stay valid until the next call. PSE_E_RANGE: the tree has no such tile; PSE_E_MISMATCH: the file
 * holds other hashes (a parent's failure counts as well); PSE_E_MISSING, PSE_E_LENGTH as above; or
 * the reader's failure. */
PSE_MUST pse_rc pse_tile_auth_tile(struct pse_tile_auth *a, const pse_hash **hashes,
                                   unsigned *width, unsigned level, uint64_t index);

/** A pse_tree_source over checked tiles; the context is the struct pse_tile_auth. Statuses of
 * pse_tile_auth_tile. */
pse_rc pse_tile_auth_node(void *ctx, pse_hash *out, unsigned level, uint64_t index);

/** The tile read last: after a failure, the one that failed. After one of the right edge, which
 * cannot be told apart, level PSE_TILE_LEVELS. */
const struct pse_tile *pse_tile_auth_last(const struct pse_tile_auth *a);

#endif
