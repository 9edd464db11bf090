#include "store/nodes.h"

#include <stdlib.h>

#include "codec/cursor.h"

void pse_nodes_init(struct pse_nodes *t, uint64_t key)
{
    *t = (struct pse_nodes){.key = key};
}

void pse_nodes_free(struct pse_nodes *t)
{
    for (size_t i = 0; i < PSE_NODE_LEVELS; i++)
        free(t->row[i].hash);
    free(t->slot);
    pse_nodes_init(t, t->key);
}

uint64_t pse_nodes_size(const struct pse_nodes *t)
{
    return t->row[0].n;
}

/* --- index ------------------------------------------------------------------------------------ */

static size_t place_of(const struct pse_nodes *t, const pse_hash *leaf)
{
    uint64_t x = (pse_load_u64(leaf->b) ^ t->key) * UINT64_C(0x9E3779B97F4A7C15);

    return (size_t)(x >> 16) & (t->slots - 1);
}

static void note_place(struct pse_nodes *t, uint64_t index)
{
    const pse_hash *leaf = &t->row[0].hash[index];
    size_t at = place_of(t, leaf);

    while (t->slot[at] != 0) {
        if (pse_hash_is_equal(&t->row[0].hash[t->slot[at] - 1], leaf))
            return;
        at = (at + 1) & (t->slots - 1);
    }
    t->slot[at] = index + 1;
}

static pse_rc grow_index(struct pse_nodes *t)
{
    size_t slots = t->slots == 0 ? 1024 : 2 * t->slots;
    uint64_t *slot = calloc(slots, sizeof *slot);

    if (slot == NULL)
        return PSE_E_MEMORY;
    free(t->slot);
    t->slot = slot;
    t->slots = slots;
    for (uint64_t i = 0; i < t->row[0].n; i++)
        note_place(t, i);
    return PSE_OK;
}

bool pse_nodes_find(const struct pse_nodes *t, uint64_t *index, const pse_hash *leaf)
{
    if (t->slots == 0)
        return false;
    for (size_t at = place_of(t, leaf); t->slot[at] != 0; at = (at + 1) & (t->slots - 1)) {
        if (pse_hash_is_equal(&t->row[0].hash[t->slot[at] - 1], leaf)) {
            *index = t->slot[at] - 1;
            return true;
        }
    }
    return false;
}

/* --- nodes ------------------------------------------------------------------------------------ */

static pse_rc push(struct pse_node_row *row, const pse_hash *hash)
{
    if (row->n == row->cap) {
        size_t cap = row->cap == 0 ? 256 : 2 * row->cap;
        pse_hash *more = realloc(row->hash, cap * sizeof *more);

        if (more == NULL)
            return PSE_E_MEMORY;
        row->hash = more;
        row->cap = cap;
    }
    row->hash[row->n++] = *hash;
    return PSE_OK;
}

pse_rc pse_nodes_append(struct pse_nodes *t, const pse_hash *leaf)
{
    pse_hash up = *leaf;

    if (2 * (t->row[0].n + 1) > t->slots)
        PSE_TRY(grow_index(t));
    for (size_t level = 0; level < PSE_NODE_LEVELS; level++) {
        struct pse_node_row *row = &t->row[level];

        PSE_TRY(push(row, &up));
        if (level == 0)
            note_place(t, row->n - 1);
        if (row->n % 2 == 1)
            return PSE_OK;
        pse_tree_node(&up, &row->hash[row->n - 2], &row->hash[row->n - 1]);
    }
    return PSE_E_LIMIT;
}

void pse_nodes_root(const struct pse_nodes *t, pse_hash *root, uint64_t size)
{
    bool any = false;

    PSE_REQUIRE(size <= t->row[0].n);
    pse_tree_root(root, NULL, 0);
    for (size_t level = 0; level < PSE_NODE_LEVELS && size >> level > 0; level++) {
        uint64_t count = size >> level;

        if (count % 2 == 0)
            continue;
        if (any)
            pse_tree_node(root, &t->row[level].hash[count - 1], root);
        else
            *root = t->row[level].hash[count - 1];
        any = true;
    }
}

pse_rc pse_nodes_source(void *ctx, pse_hash *out, unsigned level, uint64_t index)
{
    const struct pse_nodes *t = ctx;

    PSE_REQUIRE(level < PSE_NODE_LEVELS && index < t->row[level].n);
    *out = t->row[level].hash[index];
    return PSE_OK;
}
