/* What a load run casts: ballots made beforehand, and what is needed to judge their receipts.
 *
 * A folder, made by psephos load prepare:
 *
 *     record/     a test election, open, with its roster; no ballots
 *     board/      log.key, board.key, witness-N.key, policy
 *     witness-N/  as psephos witness run wants it
 *     ledger/     the box's store, with the record for its head
 *     sequence.ini, box.ini   settings of psephos box sequence and psephos box serve
 *     ballots     "psephos-load-1\n", u32 how many, u32 bytes of each, the ballots
 *
 * One voter each, all of one style. Not for: real elections, whose ballots nobody makes in bulk. */
#ifndef PSE_PSEPHOS_LOAD_SET_H
#define PSE_PSEPHOS_LOAD_SET_H

#include "merkle/merkle.h"

struct load_set {
    size_t n;
    size_t bytes; /* of each */
    const uint8_t *ballots;
    void *map;
    size_t map_n;
    struct pse_buf policy_text;
    struct pse_arena arena;
    struct pse_policy policy;
};

/** Append the head of the ballots file. */
void load_set_put(struct pse_buf *out, size_t n, size_t bytes);
/** Open the folder @p dir; failures are reported under @p name. PSE_E_MISSING, PSE_E_SYNTAX,
 * PSE_E_IO. To be closed in any case. */
PSE_MUST pse_rc load_set_open(struct load_set *s, const char *name, const char *dir);
void load_set_close(struct load_set *s);
struct pse_span load_set_ballot(const struct load_set *s, size_t i);
/** The whole check of a receipt: PSE_E_PROOF and others as pse_proof_verify. */
PSE_MUST pse_rc load_set_judge(const struct load_set *s, size_t i, struct pse_span receipt);

#endif
