/* The witness's side of add-checkpoint (C2SP tlog-witness; ledger contract 8), pure, and what a log
 * sends and reads.
 *
 * A request is judged in three steps, in the order the protocol gives: its form, who signed it, and
 * how it follows from what the witness cosigned last. The caller holds the state: between the third
 * step and the durable record of the new size nothing else may change it. Not for: the state
 * (store/witness_state.h), HTTP, what a log does about a refusal. */
#ifndef PSE_MERKLE_WITNESS_H
#define PSE_MERKLE_WITNESS_H

#include "checkpoint.h"
#include "tree.h"

enum {
    PSE_ADD_CHECKPOINT_MAX = 131072, /* the whole body */
    PSE_COSIGNED_MAX = PSE_NOTE_MAX, /* an answer with cosignatures */
    PSE_TREE_SIZE_TEXT_MAX = 21,     /* the body of a conflict: 20 digits and LF */
};

/** A request's verdict; the values are the protocol's HTTP statuses. */
enum pse_witness_verdict {
    PSE_WITNESS_GOOD = 200,
    PSE_WITNESS_MALFORMED = 400,    /* form, or old above the checkpoint's size */
    PSE_WITNESS_UNSIGNED = 403,     /* no trusted key signed, or one's line fails */
    PSE_WITNESS_UNKNOWN = 404,      /* no such log */
    PSE_WITNESS_CONFLICT = 409,     /* old is not the size cosigned last */
    PSE_WITNESS_INCONSISTENT = 422, /* not an extension of it, as far as the request proves */
};

/** Borrows from the bytes it was parsed from. */
struct pse_add_checkpoint {
    uint64_t old;
    struct pse_tree_proof proof;
    struct pse_span origin;
    uint64_t size;
    pse_hash root;
    struct pse_note note; /* its text may have extension lines, which are passed on */
};

/** The form alone: `old N`, at most 63 hashes, an empty line, a checkpoint. Any status but PSE_OK
 * is PSE_WITNESS_MALFORMED: PSE_E_LIMIT, PSE_E_SYNTAX, PSE_E_RANGE, PSE_E_LENGTH, PSE_E_ENCODING.
 */
PSE_MUST pse_rc pse_add_checkpoint_parse(struct pse_add_checkpoint *out, struct pse_span in);

/** Who signed: @p keys are those trusted for the request's origin (none: the log is unknown).
 * PSE_WITNESS_UNKNOWN, _UNSIGNED, _MALFORMED (old above size), _GOOD. The costly step, and the one
 * that needs no state. */
enum pse_witness_verdict pse_add_checkpoint_signed(const struct pse_add_checkpoint *add,
                                                   const struct pse_vkey *keys, size_t n);

/** How it follows from the last cosigned @p size and @p root (0 and the empty root when there was
 * none). PSE_WITNESS_CONFLICT, _INCONSISTENT, _GOOD. */
enum pse_witness_verdict pse_add_checkpoint_follows(const struct pse_add_checkpoint *add,
                                                    uint64_t size, const pse_hash *root);

/** Append the checkpoint as a witness publishes it: text, the lines of trusted keys, and @p
 * cosignatures (whole lines). */
void pse_witnessed_put(struct pse_buf *b, const struct pse_add_checkpoint *add,
                       const struct pse_vkey *keys, size_t n, struct pse_span cosignatures);

/* --- the log's side -----------------------------------------------------------------------------
 */

/** Append a request. */
void pse_add_checkpoint_put(struct pse_buf *b, uint64_t old, const struct pse_tree_proof *proof,
                            struct pse_span note);

/** The cosignature of @p key over @p text among the lines a witness answered with, appended to @p
 * line; *time is its time. Lines of other keys are ignored. The answer is hostile input:
 * PSE_E_LIMIT over PSE_COSIGNED_MAX bytes or PSE_NOTE_LINES_MAX lines, PSE_E_SYNTAX,
 * PSE_E_ENCODING, PSE_E_SIGNATURE (a line of the key fails), PSE_E_MISSING (none), PSE_E_RANGE
 * (time 0). */
PSE_MUST pse_rc pse_cosigned_read(struct pse_buf *line, uint64_t *time, struct pse_span text,
                                  const struct pse_vkey *key, struct pse_span answer);

/** The body of a conflict: `<size>` LF. PSE_E_SYNTAX, PSE_E_RANGE. */
PSE_MUST pse_rc pse_tree_size_read(uint64_t *size, struct pse_span answer);
void pse_tree_size_put(struct pse_buf *b, uint64_t size);

#endif
