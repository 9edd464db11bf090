#include "tile_edge.h"

/* The tile of @p level that holds the newest hash, when @p width of its hashes are known. */
static struct pse_tile tile_at(const struct tile_edge *e, unsigned level, unsigned width)
{
    struct pse_tile t = {level, width, e->size >> 8 * level >> 8};

    return t;
}

pse_rc tile_edge_push(struct tile_edge *e, const pse_hash *leaf, tile_edge_visit *visit, void *ctx)
{
    pse_hash up = *leaf;
    unsigned level = 0;

    if (e->size >= UINT64_C(1) << 63)
        return PSE_E_LIMIT;
    for (;;) {
        struct pse_tile tile;

        e->row[level][e->width[level]++] = up;
        if (e->width[level] < PSE_TILE_WIDTH)
            break;
        tile = tile_at(e, level, PSE_TILE_WIDTH);
        PSE_TRY(visit(ctx, &tile, e->row[level]));
        pse_tree_root(&up, e->row[level], PSE_TILE_WIDTH);
        e->width[level] = 0;
        level++;
    }
    e->size++;
    return PSE_OK;
}

pse_rc tile_edge_partials(const struct tile_edge *e, tile_edge_visit *visit, void *ctx)
{
    for (unsigned level = 0; level < PSE_TILE_LEVELS; level++) {
        struct pse_tile tile = tile_at(e, level, e->width[level]);

        if (tile.width > 0)
            PSE_TRY(visit(ctx, &tile, e->row[level]));
    }
    return PSE_OK;
}

/* From the bottom up: what the lower levels amount to is one more, smaller, item of the level
 * above. */
void tile_edge_head(pse_hash *root, const struct tile_edge *e)
{
    struct pse_tree t;
    bool any = false;
    pse_hash below;

    for (unsigned level = 0; level < PSE_TILE_LEVELS; level++) {
        if (e->width[level] == 0)
            continue;
        pse_tree_init(&t);
        for (unsigned i = 0; i < e->width[level]; i++)
            PSE_REQUIRE(pse_tree_append(&t, &e->row[level][i]) == PSE_OK);
        if (any)
            PSE_REQUIRE(pse_tree_append(&t, &below) == PSE_OK);
        pse_tree_head(&below, &t);
        any = true;
    }
    if (any)
        *root = below;
    else
        pse_tree_root(root, NULL, 0);
}
