/* Room store: the ledger's private side: head, staged bundles, blobs, and the sequencer that turns
 * entries into a signed, witnessed, published log (ledger contract 9, 12).
 *
 * For: keeping what must survive a crash behind one small interface with several drivers (this
 * header), and running a log over it (sequencer.h). Not for: formats and proofs (merkle), what
 * entries mean (election), talking to witnesses (programs; the seam is witnessing.h), the words of
 * messages (programs). This room does input and output.
 *
 * A store belongs to one log, named by its origin. The only thing on which correctness rests is
 * pse_store_head_cas: of two writers that start from the same head one succeeds. Everything else is
 * convenience or speed.
 *
 * Statuses beyond the ordinary: PSE_E_UNKNOWN: it cannot be told whether the change was made; the
 * process must end and start again from pse_store_head_read, never try again in place. PSE_E_IO:
 * the change was not made, and the process must end too (a failed sync is not repeated).
 * A store belongs to one thread at a time. */
#ifndef PSE_STORE_H
#define PSE_STORE_H

#include "base/base.h"

enum {
    PSE_ORIGIN_MAX = 255,
    PSE_HEAD_NOTE_MAX = 8192,               /* text and the log's own lines; no cosignatures */
    PSE_STAGE_MAX = 16 * 1024 * 1024,       /* ledger contract 11 */
    PSE_STORE_BLOB_MAX = 512 * 1024 * 1024, /* the longest proof of protocol 2 stays below */
    PSE_STORE_URL_MAX = 4096,
};

/** The head row: the last checkpoint that the log has signed. */
struct pse_head {
    uint64_t epoch; /* raised by each writer that takes over */
    uint64_t size;
    pse_hash root;
    uint64_t time;   /* POSIX seconds of signing; never falls */
    pse_hash before; /* SHA-256 of the note this one replaced; zero for the first */
    size_t note_n;   /* the signed checkpoint */
    uint8_t note[PSE_HEAD_NOTE_MAX];
};

/** SHA-256 of the head's note: what a compare-and-swap compares. */
void pse_head_hash(pse_hash *out, const struct pse_head *head);

/** What a staged bundle is called: the head it leads to. */
struct pse_stage_name {
    uint64_t epoch;
    uint64_t size;
    pse_hash root;
};

struct pse_store;
struct pse_steps;

enum pse_store_flags {
    PSE_STORE_READ = 1,   /* no lock is taken, nothing is ever written */
    PSE_STORE_CREATE = 2, /* make what is missing: folder, tables, roles */
};

/** Open the store of log @p origin (1..255 bytes). @p url: a folder, `sqlite:FOLDER`, or
 * `postgresql://…`. @p steps (may be NULL; outlives the store) is told of every step (steps.h).
 * PSE_E_UNSUPPORTED: no driver for such a URL, or a folder on a network file system; PSE_E_STATE:
 * another process writes here; PSE_E_MISSING: there is no store; PSE_E_MISMATCH: it is damaged, of
 * another version, or of another log; PSE_E_LIMIT, PSE_E_MEMORY, PSE_E_IO. *why (may be NULL; valid
 * until the thread's next call) is the driver's own message. */
PSE_MUST pse_rc pse_store_open(struct pse_store **out, const char **why, const char *url,
                               struct pse_span origin, unsigned flags,
                               const struct pse_steps *steps);
/** NULL is fine. */
void pse_store_close(struct pse_store *s);
/** The driver's message about the last failure; empty when there was none. */
const char *pse_store_why(const struct pse_store *s);

/* --- head ------------------------------------------------------------------------------------- */

/** The first head of a new log. PSE_E_DUPLICATE when there is one already. */
PSE_MUST pse_rc pse_store_head_create(struct pse_store *s, const struct pse_head *head);
/** PSE_E_MISSING: no head. PSE_E_MISMATCH: a row that cannot be one. */
PSE_MUST pse_rc pse_store_head_read(struct pse_store *s, struct pse_head *head);
/** Replace @p old by @p next, where next->epoch is old's, if the row still has old's origin, epoch,
 * size, root and note; with @p bundle (n > 0), stage it under next's name in the same transaction;
 * drivers that keep entries insert them there too. Durable on PSE_OK. PSE_E_STATE: the row is
 * another by now (fenced): nothing changed. PSE_E_UNKNOWN, PSE_E_IO. */
PSE_MUST pse_rc pse_store_head_cas(struct pse_store *s, const struct pse_head *old,
                                   const struct pse_head *next, struct pse_span bundle);
/** Raise the epoch of @p head by one, by compare-and-swap; an older writer's next swap fails.
 * *head is what the row then holds. PSE_E_STATE, PSE_E_UNKNOWN, PSE_E_IO. */
PSE_MUST pse_rc pse_store_fence(struct pse_store *s, struct pse_head *head);

/* --- staged bundles --------------------------------------------------------------------------- */

/** Keep @p bundle (at most PSE_STAGE_MAX) under @p name, durably. The same again is fine;
 * PSE_E_DUPLICATE for other bytes under that name. PSE_E_LIMIT, PSE_E_UNKNOWN, PSE_E_IO. */
PSE_MUST pse_rc pse_store_stage_put(struct pse_store *s, const struct pse_stage_name *name,
                                    struct pse_span bundle);
/** Append the bundle to @p out. PSE_E_MISSING. */
PSE_MUST pse_rc pse_store_stage_get(struct pse_store *s, struct pse_buf *out,
                                    const struct pse_stage_name *name);
/** Up to @p max names, ascending by size, then epoch; *n is how many there are. */
PSE_MUST pse_rc pse_store_stage_list(struct pse_store *s, struct pse_stage_name *names, size_t *n,
                                     size_t max);
/** Forget a bundle; that there is none is fine. May become durable only with the next change. */
PSE_MUST pse_rc pse_store_stage_drop(struct pse_store *s, const struct pse_stage_name *name);

/* --- entries ---------------------------------------------------------------------------------- */

/** Append to @p out a bundle (bundle.h) of entries from index @p from on, as many as the driver
 * likes, of the log whose head has @p size. For a writer whose published tree is behind the head
 * because another machine wrote. PSE_E_MISSING: this driver keeps entries only in bundles. */
PSE_MUST pse_rc pse_store_entries_get(struct pse_store *s, struct pse_buf *out, uint64_t from,
                                      uint64_t size);

/* --- blobs ------------------------------------------------------------------------------------ */

/** Keep a blob under its SHA-256, which goes to @p digest; durable on PSE_OK. The same again is
 * fine. PSE_E_LIMIT, PSE_E_IO, PSE_E_UNKNOWN. */
PSE_MUST pse_rc pse_store_blob_put_new(struct pse_store *s, pse_hash *digest, struct pse_span blob);
/** Append the blob to @p out. PSE_E_MISSING; PSE_E_MISMATCH: not what its name says. */
PSE_MUST pse_rc pse_store_blob_get(struct pse_store *s, struct pse_buf *out,
                                   const pse_hash *digest);
/** The first @p max digests greater than *after (NULL: from the start), ascending; *n is how many
 * were written. */
PSE_MUST pse_rc pse_store_blob_list(struct pse_store *s, pse_hash *digests, size_t *n, size_t max,
                                    const pse_hash *after);

/* --- care ------------------------------------------------------------------------------------- */

/** A consistent copy of head and bundles while the store is in use, into the new file @p path.
 * Starting from a copy ends in a refusal when the log has grown since. PSE_E_UNSUPPORTED: the
 * driver's own tools do it (PostgreSQL). PSE_E_DUPLICATE: @p path exists. */
PSE_MUST pse_rc pse_store_backup(struct pse_store *s, const char *path);

#endif
