/* Checkpoints: a signed note whose text is origin, size and root (C2SP tlog-checkpoint; ledger
 * contract 3; protocol 2). An election's checkpoint has no extension line. */
#ifndef PSE_MERKLE_CHECKPOINT_H
#define PSE_MERKLE_CHECKPOINT_H

#include "note.h"
#include "policy.h"

struct pse_checkpoint {
    struct pse_span origin; /* borrowed */
    uint64_t size;
    pse_hash root;
    struct pse_note note;
};

/** The form part of V901: the note's form and exactly three lines: origin (not empty), size
 * (canonical decimal), base64 of 32 bytes. Statuses of pse_note_parse, PSE_E_SYNTAX,
 * PSE_E_RANGE (size), PSE_E_LENGTH (root). */
PSE_MUST pse_rc pse_checkpoint_parse(struct pse_checkpoint *out, struct pse_span in);

/** The rest of V901: origin is the log key's name, its line is there, and no line with the log
 * key's name and id fails. PSE_E_MISMATCH (origin), PSE_E_MISSING (no line), PSE_E_SIGNATURE. */
PSE_MUST pse_rc pse_checkpoint_log_verify(const struct pse_checkpoint *cp,
                                          const struct pse_vkey *log);

/** V902. seen[i] tells for witness i of the policy (pse_policy_witness) whether it cosigned, on
 * PSE_OK and PSE_E_PROOF; @p seen has room for all of them, or is NULL. PSE_E_SIGNATURE when a line
 * of any policy witness fails, PSE_E_PROOF when the quorum is not met, PSE_E_MEMORY. Several lines
 * of one witness count once; no clock is consulted. */
PSE_MUST pse_rc pse_checkpoint_quorum_verify(const struct pse_checkpoint *cp,
                                             const struct pse_policy *policy, bool *seen);

/** Append the three lines. */
void pse_checkpoint_text_put(struct pse_buf *b, struct pse_span origin, uint64_t size,
                             const pse_hash *root);
/** Append text, empty line and the log's signature line: a note to which cosignature lines are
 * appended (pse_note_cosign over the same text). */
void pse_checkpoint_put(struct pse_buf *b, uint64_t size, const pse_hash *root,
                        const struct pse_vkey *log, const pse_seed *seed);

#endif
