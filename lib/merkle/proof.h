/* Receipts: C2SP tlog-proof files (ledger contract 7).
 *
 * A voter's receipt is the entry bytes and this file. The `extra` line is carried and never
 * trusted. */
#ifndef PSE_MERKLE_PROOF_H
#define PSE_MERKLE_PROOF_H

#include "checkpoint.h"
#include "tree.h"

enum { PSE_PROOF_MAX = 2 * PSE_NOTE_MAX };

/** Borrows from the bytes it was parsed from. */
struct pse_proof {
    bool has_extra;
    struct pse_span extra; /* base64 as it stands, canonical */
    uint64_t index;
    struct pse_tree_proof path;
    struct pse_span checkpoint_bytes;
    struct pse_checkpoint checkpoint;
};

/** PSE_E_LIMIT (size, over 63 hashes), PSE_E_SYNTAX, PSE_E_RANGE, PSE_E_LENGTH (a hash is not 32
 * bytes), and the statuses of pse_checkpoint_parse. */
PSE_MUST pse_rc pse_proof_parse(struct pse_proof *out, struct pse_span in);

/** Append the file. @p extra: bytes for the extra line (not empty: PSE_REQUIRE),
 * NULL for none. */
void pse_proof_put(struct pse_buf *b, const struct pse_span *extra, uint64_t index,
                   const struct pse_tree_proof *path, struct pse_span checkpoint);

/** The whole check of a receipt but for times: log signature and origin (@p log), quorum of
 * @p policy (NULL: skipped, for logs that are not witnessed), inclusion of @p leaf. Statuses of
 * pse_checkpoint_log_verify, pse_checkpoint_quorum_verify, pse_tree_inclusion_verify. */
PSE_MUST pse_rc pse_proof_verify(const struct pse_proof *proof, const pse_hash *leaf,
                                 const struct pse_vkey *log, const struct pse_policy *policy);

#endif
