#include "tile_auth.h"

#include <stdlib.h>

#include "tile_edge.h"

/* One checked full tile a level: what walks a tree in order finds its parents here again. */
struct kept {
    bool is_set;
    uint64_t index;
    pse_hash hash[PSE_TILE_WIDTH];
};

struct pse_tile_auth {
    pse_tile_read *read;
    void *ctx;
    struct pse_tile last;
    struct tile_edge edge;
    struct kept kept[PSE_TILE_LEVELS];
};

/* --- the right edge -----------------------------------------------------------------------------
 */

static pse_rc load_edge(struct pse_tile_auth *a, const pse_hash *root)
{
    pse_hash found;

    for (unsigned level = 0; level < PSE_TILE_LEVELS; level++) {
        struct pse_tile tile = {.level = level};
        struct pse_span bytes;
        unsigned width_read;

        pse_tile_count(&tile.index, &tile.width, level, a->edge.size);
        if (tile.width == 0)
            continue;
        a->last = tile;
        PSE_TRY(pse_tile_fetch(&bytes, &width_read, &tile, a->read, a->ctx));
        memcpy(a->edge.row[level], bytes.p, bytes.n);
        a->edge.width[level] = tile.width;
    }
    tile_edge_head(&found, &a->edge);
    return pse_hash_is_equal(&found, root) ? PSE_OK : PSE_E_MISMATCH;
}

pse_rc pse_tile_auth_new(struct pse_tile_auth **a, uint64_t size, const pse_hash *root,
                         pse_tile_read *read, void *ctx)
{
    pse_rc rc;

    *a = NULL;
    if (size > UINT64_C(1) << 63)
        return PSE_E_RANGE;
    *a = calloc(1, sizeof **a);
    if (*a == NULL)
        return PSE_E_MEMORY;
    (*a)->read = read;
    (*a)->ctx = ctx;
    (*a)->edge.size = size;
    rc = load_edge(*a, root);
    (*a)->last.level = PSE_TILE_LEVELS;
    if (rc != PSE_OK) {
        pse_tile_auth_free(*a);
        *a = NULL;
    }
    return rc;
}

void pse_tile_auth_free(struct pse_tile_auth *a)
{
    free(a);
}

uint64_t pse_tile_auth_size(const struct pse_tile_auth *a)
{
    return a->edge.size;
}

const struct pse_tile *pse_tile_auth_last(const struct pse_tile_auth *a)
{
    return &a->last;
}

/* --- tiles --------------------------------------------------------------------------------------
 */

/* A full tile into kept[level], checked against @p above: the hash of it that a checked tile holds.
 */
static pse_rc load_full(struct pse_tile_auth *a, unsigned level, uint64_t index,
                        const pse_hash *above)
{
    struct kept *k = &a->kept[level];
    struct pse_tile tile = {level, PSE_TILE_WIDTH, index};
    struct pse_span bytes;
    unsigned width_read;
    pse_hash root;

    a->last = tile;
    k->is_set = false;
    PSE_TRY(pse_tile_fetch(&bytes, &width_read, &tile, a->read, a->ctx));
    memcpy(k->hash, bytes.p, sizeof k->hash);
    pse_tree_root(&root, k->hash, PSE_TILE_WIDTH);
    if (!pse_hash_is_equal(&root, above))
        return PSE_E_MISMATCH;
    k->is_set = true;
    k->index = index;
    return PSE_OK;
}

pse_rc pse_tile_auth_tile(struct pse_tile_auth *a, const pse_hash **hashes, unsigned *width,
                          unsigned level, uint64_t index)
{
    const pse_hash *above;
    unsigned above_width;
    uint64_t full;
    unsigned partial;

    *hashes = NULL;
    *width = 0;
    pse_tile_count(&full, &partial, level, a->edge.size);
    if (index > full || (index == full && partial == 0))
        return PSE_E_RANGE;
    if (index == full) {
        *hashes = a->edge.row[level];
        *width = partial;
        return PSE_OK;
    }
    if (!a->kept[level].is_set || a->kept[level].index != index) {
        /* A full tile has its hash in the level above, so there is one. */
        PSE_TRY(pse_tile_auth_tile(a, &above, &above_width, level + 1, index / PSE_TILE_WIDTH));
        PSE_TRY(load_full(a, level, index, &above[index % PSE_TILE_WIDTH]));
    }
    *hashes = a->kept[level].hash;
    *width = PSE_TILE_WIDTH;
    return PSE_OK;
}

pse_rc pse_tile_auth_node(void *ctx, pse_hash *out, unsigned level, uint64_t index)
{
    struct pse_tile_auth *a = ctx;
    unsigned up = level % 8;
    uint64_t first = index << up; /* of the 2^up hashes at the tile's own level */
    size_t at = (size_t)(first % PSE_TILE_WIDTH);
    size_t n = (size_t)1 << up;
    const pse_hash *hashes;
    unsigned width;

    if (level >= 8 * PSE_TILE_LEVELS || index > UINT64_MAX >> up)
        return PSE_E_RANGE;
    PSE_TRY(pse_tile_auth_tile(a, &hashes, &width, level / 8, first / PSE_TILE_WIDTH));
    if (width < at + n)
        return PSE_E_RANGE;
    pse_tree_root(out, hashes + at, n);
    return PSE_OK;
}
