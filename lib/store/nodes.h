/* A log's whole tree in memory: every complete node, and where each leaf is.
 *
 * For: proofs between any two sizes without reading tiles, roots of earlier sizes, and finding the
 * index of an entry that is there already. 64 bytes an entry for the nodes and 16 to 32 for the
 * index. Not for: files. Not thread-safe; the sequencer locks. */
#ifndef PSE_STORE_NODES_H
#define PSE_STORE_NODES_H

#include "merkle/merkle.h"

enum { PSE_NODE_LEVELS = 48 };

struct pse_nodes {
    struct pse_node_row {
        pse_hash *hash;
        size_t n, cap;
    } row[PSE_NODE_LEVELS]; /* row[l].hash[i]: root of leaves [i << l, (i + 1) << l) */
    uint64_t *slot;         /* index + 1 of a leaf, by its hash; 0: free */
    size_t slots;           /* a power of two, at least twice the leaves */
    uint64_t key;           /* makes places unforeseeable */
};

/** @p key: any random number. */
void pse_nodes_init(struct pse_nodes *t, uint64_t key);
void pse_nodes_free(struct pse_nodes *t);
uint64_t pse_nodes_size(const struct pse_nodes *t);
/** PSE_E_MEMORY, PSE_E_LIMIT. */
PSE_MUST pse_rc pse_nodes_append(struct pse_nodes *t, const pse_hash *leaf);
/** Is there such a leaf? The first of equal ones. */
bool pse_nodes_find(const struct pse_nodes *t, uint64_t *index, const pse_hash *leaf);
/** Root of the first @p size leaves; size <= pse_nodes_size (PSE_REQUIRE). */
void pse_nodes_root(const struct pse_nodes *t, pse_hash *root, uint64_t size);
/** The source for proofs (tree.h); the context is the struct. */
pse_rc pse_nodes_source(void *ctx, pse_hash *out, unsigned level, uint64_t index);

#endif
