/* From leaf hashes to the numbers of entries: eight bytes a leaf, and half as many free.
 *
 * For: who finds receipts in a published tree. It keeps 32 bits of a keyed hash of each leaf, so it
 * names candidates, nearly always one or none; the caller looks whether the leaf is there. Not for:
 * trees of 2^32 leaves or more. One writer at a time, and no reader meanwhile. */
#ifndef PSE_PROGRAMS_LEAF_INDEX_H
#define PSE_PROGRAMS_LEAF_INDEX_H

#include "base/base.h"

struct leaf_slot {
    uint32_t tag;
    uint32_t number; /* of the leaf, from 1; 0: free */
};

struct leaf_index {
    uint64_t key[2];
    struct leaf_slot *slot;
    size_t slots; /* a power of two, or 0 */
    uint32_t n;   /* leaves */
};

/** Empty, under a key drawn from @p rng, so that nobody makes leaves that fall together. */
void leaf_index_init(struct leaf_index *x, struct pse_rng *rng);
/** Safe on a zeroed struct. */
void leaf_index_free(struct leaf_index *x);

/** @p leaf is number x->n. PSE_E_MEMORY, PSE_E_LIMIT: unchanged. */
PSE_MUST pse_rc leaf_index_add(struct leaf_index *x, const pse_hash *leaf);

/** The next candidate: where *at is 0 the first one. False: there is no more. */
bool leaf_index_next(uint32_t *number, size_t *at, const struct leaf_index *x,
                     const pse_hash *leaf);

#endif
