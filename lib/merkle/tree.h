/* Merkle trees of RFC 6962 section 2.1 over SHA-256 (ledger contract 1).
 *
 * Leaves and roots, a growing tree in 64 hashes, inclusion and consistency proofs made from a
 * hash source and verified. Sizes are u64. For tiles see tile.h. */
#ifndef PSE_MERKLE_TREE_H
#define PSE_MERKLE_TREE_H

#include "base/base.h"

enum { PSE_TREE_PROOF_MAX = 63 };

/** SHA-256(0x00 || entry). */
void pse_tree_leaf(pse_hash *out, struct pse_span entry);
/** n leaf hashes, on all workers of @p pool (NULL: here). */
void pse_tree_leaves(pse_hash *out, const struct pse_span *entries, size_t n,
                     struct pse_pool *pool);
/** SHA-256(0x01 || left || right). */
void pse_tree_node(pse_hash *out, const pse_hash *left, const pse_hash *right);
/** MTH of n leaf hashes (or of n roots of equal full subtrees, the last of which may be smaller);
 * n = 0 gives SHA-256(""). @p out may be one of the leaves. */
void pse_tree_root(pse_hash *out, const pse_hash *leaves, size_t n);

/** A tree that only grows: its size and the roots of its full subtrees, largest first. */
struct pse_tree {
    uint64_t size;
    unsigned n;
    pse_hash peak[64];
};

void pse_tree_init(struct pse_tree *t);
/** PSE_E_LIMIT at 2^63 leaves. */
PSE_MUST pse_rc pse_tree_append(struct pse_tree *t, const pse_hash *leaf);
void pse_tree_head(pse_hash *root, const struct pse_tree *t);

/** A list of hashes: leaf's sibling first, root's child last. */
struct pse_tree_proof {
    size_t n;
    pse_hash hash[PSE_TREE_PROOF_MAX];
};

/** Where proof makers get hashes: the root of leaves [index << level, (index + 1) << level), asked
 * for only when all of these leaves are in the tree. Whatever the source returns is used as it is
 * (read it from checked tiles); a failure ends the making of the proof with that status. */
typedef pse_rc pse_tree_source(void *ctx, pse_hash *out, unsigned level, uint64_t index);

/** Proof that leaf @p index is in the tree of @p size leaves. PSE_E_RANGE when index >= size,
 * PSE_E_LIMIT when it would take more than 63 hashes. */
PSE_MUST pse_rc pse_tree_inclusion(struct pse_tree_proof *out, uint64_t size, uint64_t index,
                                   pse_tree_source *source, void *ctx);
/** Proof that the tree of @p before leaves is a prefix of that of @p size leaves; empty when before
 * is 0 or size. PSE_E_RANGE when before > size, PSE_E_LIMIT as above. */
PSE_MUST pse_rc pse_tree_consistency(struct pse_tree_proof *out, uint64_t before, uint64_t size,
                                     pse_tree_source *source, void *ctx);
/** Root of the first @p before leaves of a tree, from its full subtrees. The source's failure. */
PSE_MUST pse_rc pse_tree_prefix(pse_hash *out, uint64_t before, pse_tree_source *source, void *ctx);

/** PSE_OK iff the n hashes prove that @p leaf is number @p index of the tree @p root of @p size
 * leaves. PSE_E_RANGE: index >= size; PSE_E_LIMIT: n > 63; PSE_E_LENGTH: a hash too many or too
 * few; PSE_E_PROOF: another root comes out. */
PSE_MUST pse_rc pse_tree_inclusion_verify(const pse_hash *root, uint64_t size, uint64_t index,
                                          const pse_hash *leaf, const pse_hash *proof, size_t n);
/** PSE_OK iff the n hashes prove that the tree @p old_root of @p before leaves is a prefix of the
 * tree @p root of @p size leaves. before = 0: n must be 0 and old_root the empty root. Statuses as
 * above, PSE_E_RANGE when before > size. */
PSE_MUST pse_rc pse_tree_consistency_verify(const pse_hash *old_root, uint64_t before,
                                            const pse_hash *root, uint64_t size,
                                            const pse_hash *proof, size_t n);

#endif
