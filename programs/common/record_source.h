/* Bytes of a record for the state engine: a folder, and what is not in the folder yet.
 *
 * For: a sequencer that asks the engine about entries whose blobs came in a parcel, and commands
 * that read tiles of a size they trust. Not for: verifying a record (audit.h), writing
 * (record_dir). Belongs to one thread; must outlive the engine that reads through it. */
#ifndef PSE_PROGRAMS_RECORD_SOURCE_H
#define PSE_PROGRAMS_RECORD_SOURCE_H

#include "common/record_read.h"
#include "merkle/merkle.h"

enum { RECORD_EXTRA_MAX = 65536 };

struct record_extra {
    pse_hash hash;
    struct pse_span blob; /* borrowed */
};

struct record_source {
    struct record_reader files;
    bool has_files;
    uint64_t size;       /* entries that stand in the folder's bundles */
    struct pse_buf tile; /* the bundle or tile read last */
    uint64_t bundle;     /* number of the bundle in `entry`; UINT64_MAX: none */
    struct pse_span entry[PSE_TILE_WIDTH];
    struct record_extra *extra; /* blobs at hand that are not files */
    size_t extras;
    struct pse_span *later; /* entries after @c size, borrowed */
    size_t laters;
};

/** Over folder @p dir (NULL: no folder). Statuses of record_reader_open, PSE_E_MEMORY. */
PSE_MUST pse_rc record_source_open(struct record_source *s, const char *dir);
/** Safe after a failed open. */
void record_source_close(struct record_source *s);

/** The callbacks of the engine. */
struct pse_source record_source_callbacks(struct record_source *s);

/** Also know this blob, by its SHA-256. PSE_E_LIMIT, PSE_E_MEMORY. */
PSE_MUST pse_rc record_source_add_blob(struct record_source *s, struct pse_span blob);
/** Also know this entry, which follows all others. PSE_E_LIMIT, PSE_E_MEMORY. */
PSE_MUST pse_rc record_source_add_entry(struct record_source *s, struct pse_span entry);
/** All entries added are now in the folder, which holds @p size: forget them. */
void record_source_settle(struct record_source *s, uint64_t size);

/** Entry @p index of the folder, valid until the next call. PSE_E_MISSING, PSE_E_IO. */
PSE_MUST pse_rc record_source_entry(struct record_source *s, struct pse_span *entry,
                                    uint64_t index);

/** Node hashes from the folder's tiles for proofs in a tree of s->size leaves, which must have been
 * verified. The context is the source. */
pse_rc record_source_node(void *ctx, pse_hash *out, unsigned level, uint64_t index);

#endif
