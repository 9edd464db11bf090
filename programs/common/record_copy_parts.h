/* Inside of record_copy: what its files share. */
#ifndef PSE_PROGRAMS_RECORD_COPY_PARTS_H
#define PSE_PROGRAMS_RECORD_COPY_PARTS_H

#include <pthread.h>

#include "common/files.h"
#include "common/progress.h"
#include "common/record_copy.h"
#include "common/split_view.h"

/** What one thread works with. */
struct copy_worker {
    struct record_at from;
    struct record_at local; /* the copy itself, read like any other record */
    struct pse_buf bytes;
    struct pse_span entry[PSE_TILE_WIDTH];
    pse_hash leaf[PSE_TILE_WIDTH];
    pse_hash tile[PSE_TILE_WIDTH];
};

/** A blob that an entry or the manifest names. */
struct copy_blob {
    pse_hash hash;
    uint64_t max; /* longest it may be */
};

struct record_copy {
    const char *name;
    struct record_copy_options o;
    int lock; /* the private folder */
    struct record_pin pin;
    struct pse_pool *pool;
    struct copy_worker *worker;
    struct pse_buf last; /* bytes of the last checkpoint copied; empty: none */
    uint64_t known;      /* its size */
    uint64_t have;       /* entries whose files are all in the copy and on disk */
    struct progress progress;
    pthread_mutex_t mutex; /* guards all below, and messages */
    pse_rc failed;         /* first failure of a round's tasks */
    uint64_t done;         /* files of the step */
    struct copy_blob *blob;
    size_t blobs;
    uint64_t absent;
};

/** Fetch and check all tiles and bundles that the copy lacks of the tree with this @p edge and @p
 * root, and remember the blobs that new entries name. */
PSE_MUST pse_rc copy_tiles(struct record_copy *c, struct pse_tile_auth *edge, const pse_hash *root);

/** Remember a blob. */
PSE_MUST pse_rc copy_blob_add(struct record_copy *c, const pse_hash *hash, uint64_t max);
/** Remember the blobs that a new entry names, when its role really signed it. Called by any thread;
 * the bytes are authenticated. */
PSE_MUST pse_rc copy_entry(struct record_copy *c, struct pse_span entry);
/** Fetch what is remembered; what the source lacks stays remembered, also on disk. */
PSE_MUST pse_rc copy_blobs(struct record_copy *c);
/** What was remembered on disk before. */
PSE_MUST pse_rc copy_blobs_load(struct record_copy *c);

/** Note a task's failure, in words, once a round. */
void copy_fail(struct record_copy *c, pse_rc rc, const char *path, const char *words);
/** The status of a round for what the source has served: files of a wrong length are as false as
 * others. */
static inline pse_rc copy_refusal(pse_rc rc)
{
    return rc == PSE_E_LENGTH || rc == PSE_E_LIMIT ? PSE_E_MISMATCH : rc;
}
/** Has a task failed? Then the others need not begin. */
bool copy_has_failed(struct record_copy *c);
/** Write a file of the copy, folders included. */
PSE_MUST pse_rc copy_write(struct record_copy *c, const char *leaf, struct pse_span bytes);

#endif
