/* Files below one folder, written so that a crash leaves each whole or absent (ledger contract
 * 9.6): temporary file, fsync, rename, fsync of the folder, mode 0444.
 *
 * For: the published tree and blobs of this room. Many files are made durable together: all are
 * written first, then synced, so that they share the file system's own commits. A failed sync is
 * final: the caller ends. Belongs to one thread; one writer a folder, the caller sees to that. */
#ifndef PSE_STORE_DISK_H
#define PSE_STORE_DISK_H

#include "base/base.h"
#include "store/steps.h"

enum { PSE_DISK_PENDING_MAX = 128, PSE_DISK_LEAF_MAX = 96 };

struct pse_disk {
    int fd;        /* the folder */
    unsigned lane; /* of temporary names: two that write below one folder have two lanes */
    const struct pse_steps *steps;
    size_t pending;
    struct pse_disk_file {
        int fd;
        char temp[32];
        char leaf[PSE_DISK_LEAF_MAX];
    } file[PSE_DISK_PENDING_MAX];
    size_t touched;
    char folder[2 * PSE_DISK_PENDING_MAX][PSE_DISK_LEAF_MAX]; /* to be synced */
    char made[PSE_DISK_LEAF_MAX];                             /* the folder made last */
    int error;                                                /* errno of the last failure */
    char where[PSE_DISK_LEAF_MAX];                            /* and the file */
};

/** Open folder @p path, which must exist; false with errno in d->error. */
bool pse_disk_open(struct pse_disk *d, const char *path, const struct pse_steps *steps);
/** Forgets what was not settled. Safe on a zeroed struct whose fd is -1. */
void pse_disk_close(struct pse_disk *d);

/** The file @p leaf shall hold @p in; folders above are made. Of one that is there PSE_OK when it
 * does already, PSE_E_MISMATCH when it does not. Not durable and not in place before
 * pse_disk_settle, which a full list calls itself. PSE_E_IO. */
PSE_MUST pse_rc pse_disk_put(struct pse_disk *d, const char *leaf, struct pse_span in);
/** All that was put is durable and in place. PSE_E_IO. */
PSE_MUST pse_rc pse_disk_settle(struct pse_disk *d);
/** Write @p leaf anew, durable and replaced by one rename, told as @p step. PSE_E_IO. */
PSE_MUST pse_rc pse_disk_replace(struct pse_disk *d, const char *leaf, struct pse_span in,
                                 enum pse_step step);
/** Append the whole file to @p out. PSE_E_MISSING, PSE_E_LIMIT (longer than the buffer's maximum
 * allows), PSE_E_MEMORY, PSE_E_IO. */
PSE_MUST pse_rc pse_disk_get(struct pse_disk *d, struct pse_buf *out, const char *leaf);
/** Remove @p leaf; that it is not there is fine. Not forced to disk. PSE_E_IO. */
PSE_MUST pse_rc pse_disk_remove(struct pse_disk *d, const char *leaf);

/** Is @p path on a file system whose locks and syncs are another machine's? There neither a lock
 * keeps a second writer out nor is a sync a promise: what signs keeps no state on it. */
bool pse_disk_is_remote(const char *path);
/** Make the empty file @p path, readable by its owner alone from its first moment, for a database
 * to fill; false with errno when there is one, or a symbolic link. */
bool pse_disk_make_private(const char *path);

#endif
