/* Inside room election: all that verifying hashes of some ballots (leaves, trackers, challenges of
 * signatures and of parts), hashed side by side. */
#ifndef PSE_ELECTION_BALLOT_HASHES_H
#define PSE_ELECTION_BALLOT_HASHES_H

#include "election/ballot.h"

enum {
    PSE_BALLOT_HASHES = 64,       /* ballots a time */
    PSE_BALLOT_STATEMENTS = 256,  /* theirs; a ballot has at most 66 */
    PSE_BALLOT_SCRATCH = 1 << 18, /* so that eight of the longest parts fit side by side */
};

struct pse_ballot_hashes {
    size_t n; /* ballots */
    struct pse_ballot ballot[PSE_BALLOT_HASHES];
    bool is_parsed[PSE_BALLOT_HASHES]; /* else only the leaf is there */
    pse_hash leaf[PSE_BALLOT_HASHES];
    size_t first[PSE_BALLOT_HASHES]; /* of the ballot's hashes: tracker, signature, parts */
    uint8_t h[PSE_BALLOT_STATEMENTS][64];

    size_t statements;
    struct pse_statement s[PSE_BALLOT_STATEMENTS];
    struct pse_span x[PSE_BALLOT_STATEMENTS][4];
    struct pse_part_context ctx[PSE_BALLOT_STATEMENTS];
    uint8_t *scratch;
    size_t room;
};

/** Allocate for @p n ballots (more are fine). NULL: no memory. */
struct pse_ballot_hashes *pse_ballot_hashes_new(struct pse_arena *arena, const struct pse_span *raw,
                                                size_t n);

/** Take as many of @p n > 0 ballots as fit (at least one) and hash them; d->n tells how many.
 * @p leaves: their leaf hashes if known, else NULL. */
void pse_ballot_hashes_take(struct pse_ballot_hashes *d, const struct pse_joint *joint,
                            const struct pse_manifest *m, const struct pse_span *raw,
                            const pse_hash *leaves, size_t n);

#endif
