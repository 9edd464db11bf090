/* Writing a public record: a folder of tiles, bundles, blobs and one checkpoint (protocol 2).
 *
 * For: starting a record, appending entries in bulk, and publishing a checkpoint signed by the log
 * key and cosigned by witnesses whose keys are at hand. Not for: deciding whether an entry is valid
 * (election), reading for verification (record_read.h), witnesses elsewhere.
 *
 * Order of writing: blobs and tiles first, forced to disk; then the signed checkpoint into the
 * signer's own folder (`head`); then the checkpoint of the record by one rename. So a record that
 * was cut off at any point shows its last published state, and the next record_resume either
 * completes the last signed checkpoint or refuses. Files of a published size are never changed.
 *
 * Every failure prints one line under @p name and returns a status. */
#ifndef PSE_PROGRAMS_RECORD_DIR_H
#define PSE_PROGRAMS_RECORD_DIR_H

#include "merkle/merkle.h"

enum { RECORD_WITNESSES_MAX = 32 };

/** One signing key of a record; seed and name are borrowed and outlive the use. */
struct record_key {
    struct pse_vkey vkey;
    const pse_seed *seed;
    const char *url; /* of a witness, for the policy; NULL: none is told */
};

/** Who signs checkpoints. */
struct record_signer {
    struct record_key log;
    struct record_key witness[RECORD_WITNESSES_MAX];
    size_t witnesses;
    const char *head; /* path of the last checkpoint signed; NULL: not kept (rehearsals) */
};

struct record_writer;

enum record_mode {
    RECORD_STEADY, /* every file is forced to disk as it is written */
    RECORD_BULK,   /* all files of a publication are forced to disk together */
};

/** Is @p dir absent, or an empty folder? */
bool record_dir_is_free(const char *dir);

/** A writer for a new record in @p dir, which must be absent or empty. PSE_E_DUPLICATE: it holds
 * something, or the signer has signed a checkpoint before. */
PSE_MUST pse_rc record_create(struct record_writer **w, const char *name, const char *dir,
                              const struct record_signer *signer, enum record_mode mode);

/** A writer that goes on after the last published checkpoint of @p dir, having checked the log's
 * signature and the right edge of the tree up to the signed root, and having completed a
 * publication that was cut off. PSE_E_STATE: the record is older or newer than the signer's head,
 * or somebody else is writing; PSE_E_MISMATCH, PSE_E_SIGNATURE and others: the record is damaged.
 */
PSE_MUST pse_rc record_resume(struct record_writer **w, const char *name, const char *dir,
                              const struct record_signer *signer, enum record_mode mode);

/** NULL is fine. What was appended and not published is forgotten. */
void record_writer_free(struct record_writer *w);

/** Store a blob under its SHA-256. */
PSE_MUST pse_rc record_put_blob(struct record_writer *w, pse_hash *digest, struct pse_span blob);
/** The next entry of the log. Its leaf hash goes to @p leaf unless NULL. */
PSE_MUST pse_rc record_append(struct record_writer *w, pse_hash *leaf, struct pse_span entry);
/** Publish the present size. @p time: POSIX seconds for the cosignatures. */
PSE_MUST pse_rc record_publish(struct record_writer *w, uint64_t time);

uint64_t record_size(const struct record_writer *w);
void record_root(pse_hash *root, const struct record_writer *w);
/** The last published checkpoint's bytes; empty before the first. */
struct pse_span record_checkpoint(const struct record_writer *w);

/** The text of a policy over @p signer's log and witnesses with a quorum of @p quorum of them. */
void record_policy_put(struct pse_buf *out, const struct record_signer *signer, unsigned quorum);

#endif
