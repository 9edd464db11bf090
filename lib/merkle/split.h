/* Evidence of a split view: two checkpoints that one log key signed and that cannot both be of one
 * growing log (ledger contract 2, 3).
 *
 * For: making the file that convicts a log, and judging it later with nothing else at hand. Two
 * notes of one size and different roots speak for themselves. Of two sizes the file also holds what
 * the larger tree really began with: the root of its first leaves and the consistency proof for it,
 * so that the smaller note's root is shown to be another. Not for: who was deceived, and why.
 *
 * The file is text:
 *
 *     psephos/split/1
 *     log <vkey>
 *     first <decimal: bytes of the note>
 *     <the note as it was served>
 *     second <decimal>
 *     <the note>
 *     prefix <base64 root>          only when the sizes differ
 *     <base64 hash> ...             the consistency proof, in its order
 *
 * The log's key comes with the file and proves nothing by itself: compare it with the manifest or
 * the policy of the election. */
#ifndef PSE_MERKLE_SPLIT_H
#define PSE_MERKLE_SPLIT_H

#include "checkpoint.h"
#include "tree.h"

enum { PSE_SPLIT_MAX = 3 * PSE_NOTE_MAX };

/** Borrows from the bytes it was parsed from, or from what it was made of. */
struct pse_split {
    struct pse_span log_text; /* the vkey's text */
    struct pse_vkey log;
    struct pse_span note[2]; /* as served; note[0] is not the larger */
    struct pse_checkpoint checkpoint[2];
    pse_hash prefix;             /* sizes differ: what the second tree begins with */
    struct pse_tree_proof proof; /* that it does */
};

/** Form of the file only. PSE_E_LIMIT, PSE_E_SYNTAX, PSE_E_RANGE, PSE_E_LENGTH, and the statuses of
 * pse_vkey_parse and pse_checkpoint_parse. */
PSE_MUST pse_rc pse_split_parse(struct pse_split *out, struct pse_span in);

/** Append the file. The lengths in it are those of s->note. */
void pse_split_put(struct pse_buf *b, const struct pse_split *s);

/** PSE_OK iff the file convicts the log: both notes have the log's origin and signature, and they
 * contradict each other. PSE_E_MISMATCH, PSE_E_MISSING, PSE_E_SIGNATURE: a note is not the log's;
 * PSE_E_STATE: the two notes agree; PSE_E_PROOF, PSE_E_LENGTH: the proof does not hold. */
PSE_MUST pse_rc pse_split_verify(const struct pse_split *s);

#endif
