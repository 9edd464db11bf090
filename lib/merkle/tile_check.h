/* Verifying a whole record's tiles (V903, V904), streaming, in bounded memory.
 *
 * The caller drives: size and root come from a verified checkpoint; each round it asks for the next
 * bundle, hashes the entries (pse_tree_leaves, on as many threads as it has), and feeds the leaf
 * hashes back. Every hash tile of every level is recomputed and compared with its file; nothing
 * from a file is used as a hash. Whether a bundle was malformed or a tile wrong matters to
 * protocol 12 (after a malformed bundle verification stops), so findings say which.
 *
 *     pse_tile_check_new(&c, size, &root, read, ctx);
 *     for (;;) {
 *         PSE_TRY(pse_tile_check_bundle(c, entry, &n));   // n = 0: all read
 *         if (n == 0) break;
 *         pse_tree_leaves(leaf, entry, n, pool);
 *         PSE_TRY(pse_tile_check_leaves(c, leaf, n));
 *     }
 *     PSE_TRY(pse_tile_check_end(c, &computed_root)); */
#ifndef PSE_MERKLE_TILE_CHECK_H
#define PSE_MERKLE_TILE_CHECK_H

#include "tile.h"
#include "tree.h"

enum pse_tile_fault {
    PSE_TILE_FAULT_NONE,
    PSE_TILE_FAULT_BUNDLE, /* V903: a bundle is absent or malformed; verification stops */
    PSE_TILE_FAULT_TILE,   /* V903: a hash tile is absent, of wrong length, or has a wrong hash */
    PSE_TILE_FAULT_ROOT,   /* V904: the recomputed root is not the checkpoint's */
};

/** One failing file. rc: PSE_E_MISSING, PSE_E_LENGTH (wrong length, malformed) or PSE_E_MISMATCH
 * (hash number `at` of the tile is not what the entries give). */
struct pse_tile_finding {
    enum pse_tile_fault fault;
    pse_rc rc;
    struct pse_tile tile;
    unsigned at;
};

/** About 70 KiB of heap: free it. Not thread-safe. */
struct pse_tile_check;

PSE_MUST pse_rc pse_tile_check_new(struct pse_tile_check **c, uint64_t size, const pse_hash *root,
                                   pse_tile_read *read, void *ctx);
void pse_tile_check_free(struct pse_tile_check *c);

/** The next bundle's entries, in order; *n = 0 after the last. They borrow from what the reader
 * returned. PSE_E_LENGTH or PSE_E_MISSING: the bundle is a finding (PSE_TILE_FAULT_BUNDLE) and
 * nothing further can be asked. Other statuses: the reader's own failure. Several bundles may be
 * asked for before leaves are fed, if the reader keeps their bytes. */
PSE_MUST pse_rc pse_tile_check_bundle(struct pse_tile_check *c,
                                      struct pse_span entries[PSE_TILE_WIDTH], size_t *n);

/** The leaf hashes of the entries, in order, any number at a time, never more than were handed out
 * (PSE_REQUIRE). Wrong tiles become findings, not failures; only the reader's own failure
 * (PSE_E_IO, PSE_E_MEMORY) is returned. */
PSE_MUST pse_rc pse_tile_check_leaves(struct pse_tile_check *c, const pse_hash *leaves, size_t n);

/** After all leaves (PSE_REQUIRE): partial tiles and the root. @p root (may be NULL) gets the
 * recomputed root. Only the reader's own failure is returned. */
PSE_MUST pse_rc pse_tile_check_end(struct pse_tile_check *c, pse_hash *root);

/** The first finding of each kind, in order of discovery: bundle, tile, root. NULL when there is
 * none of that kind. */
const struct pse_tile_finding *pse_tile_check_finding(const struct pse_tile_check *c,
                                                      enum pse_tile_fault fault);
/** How many files failed. */
uint64_t pse_tile_check_faults(const struct pse_tile_check *c);

#endif
