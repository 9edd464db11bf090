/* The published tree: tiles, bundles, checkpoint and blobs below the record's folder (ledger
 * contract 5), written so that what a signed head stands on is on disk and never changes.
 *
 * For: the sequencer. Not for: files made by hand (record_dir), reading for verification. A file
 * that exists with other bytes is damage or a second log: PSE_E_MISMATCH, and t->disk.where says
 * which. Publishing may happen on another thread than the rest. */
#ifndef PSE_STORE_TREE_DIR_H
#define PSE_STORE_TREE_DIR_H

#include "store/disk.h"
#include "store/nodes.h"

enum { PSE_PARTIALS_SECONDS = 60 /* a partial tile outlives its full one by at least this */ };

struct pse_tree_dir {
    struct pse_disk disk;  /* tiles and bundles */
    struct pse_disk front; /* the checkpoint */
    struct pse_tile_writer *tiles;
    struct pse_buf bytes; /* what was read last */
    struct pse_gone {
        struct pse_tile tile;
        uint64_t since;
    } * gone; /* full tiles whose partials wait to be collected, oldest first */
    size_t gone_n, gone_cap, gone_at;
    uint64_t now; /* time stamp for tiles that fill */
};

/** Open and lock the folder @p path, which must exist. PSE_E_MISSING, PSE_E_STATE (locked),
 * PSE_E_IO. Close in every case. */
PSE_MUST pse_rc pse_tree_dir_open(struct pse_tree_dir *t, const char *path,
                                  const struct pse_steps *steps);
void pse_tree_dir_close(struct pse_tree_dir *t);

/** The published checkpoint's bytes, appended. PSE_E_MISSING. */
PSE_MUST pse_rc pse_tree_dir_checkpoint(struct pse_tree_dir *t, struct pse_buf *out);
/** Leaf hashes of the first @p size entries from the level-0 tiles into @p nodes (empty before),
 * and every full tile of the other levels compared with what they give. PSE_E_MISSING (a tile or
 * bundle is not there), PSE_E_LENGTH, PSE_E_MISMATCH. */
PSE_MUST pse_rc pse_tree_dir_load(struct pse_tree_dir *t, struct pse_nodes *nodes, uint64_t size);
/** Go on writing after @p size leaves with @p root: right edge and last bundle are hashed up to it.
 * Also finds partials that an earlier writer left to be collected from @p now on. */
PSE_MUST pse_rc pse_tree_dir_resume(struct pse_tree_dir *t, uint64_t size, const pse_hash *root,
                                    uint64_t now);
/** Append entries and make all files of the new size durable. @p now: POSIX seconds. */
PSE_MUST pse_rc pse_tree_dir_apply(struct pse_tree_dir *t, const struct pse_span *entries, size_t n,
                                   uint64_t now);
/** Replace the published checkpoint, durably. */
PSE_MUST pse_rc pse_tree_dir_publish(struct pse_tree_dir *t, struct pse_span checkpoint);
/** Remove partials whose full tile was durable PSE_PARTIALS_SECONDS before @p now. */
PSE_MUST pse_rc pse_tree_dir_collect(struct pse_tree_dir *t, uint64_t now);

#endif
