#include "tile_check.h"

#include <stdlib.h>

#include "tile_edge.h"

struct pse_tile_check {
    uint64_t size;
    pse_hash root;
    pse_tile_read *read;
    void *ctx;
    uint64_t handed; /* entries given out; leaves fed are edge.size */
    bool stopped;    /* a bundle failed */
    uint64_t faults;
    struct pse_tile_finding finding[PSE_TILE_FAULT_ROOT + 1]; /* by kind, fault NONE: not set */
    struct tile_edge edge;
};

pse_rc pse_tile_check_new(struct pse_tile_check **c, uint64_t size, const pse_hash *root,
                          pse_tile_read *read, void *ctx)
{
    *c = calloc(1, sizeof **c);
    if (*c == NULL)
        return PSE_E_MEMORY;
    (*c)->size = size;
    (*c)->root = *root;
    (*c)->read = read;
    (*c)->ctx = ctx;
    return PSE_OK;
}

void pse_tile_check_free(struct pse_tile_check *c)
{
    free(c);
}

static void record(struct pse_tile_check *c, enum pse_tile_fault fault, pse_rc rc,
                   const struct pse_tile *tile, unsigned at)
{
    c->faults++;
    if (c->finding[fault].fault == PSE_TILE_FAULT_NONE)
        c->finding[fault] = (struct pse_tile_finding){fault, rc, *tile, at};
}

/* What a file can do wrong; anything else that a reader returns is the world's failure. */
static bool is_fault_of_file(pse_rc rc)
{
    return rc == PSE_E_MISSING || rc == PSE_E_LENGTH;
}

/* --- bundles ------------------------------------------------------------------------------------
 */

static pse_rc fetch_bundle(struct pse_tile_check *c, struct pse_span *entries,
                           const struct pse_tile *tile)
{
    struct pse_span bytes;
    unsigned width_read;

    PSE_TRY(pse_tile_fetch(&bytes, &width_read, tile, c->read, c->ctx));
    return pse_bundle_parse(entries, width_read, bytes);
}

pse_rc pse_tile_check_bundle(struct pse_tile_check *c, struct pse_span entries[PSE_TILE_WIDTH],
                             size_t *n)
{
    struct pse_tile tile = {PSE_TILE_ENTRIES, PSE_TILE_WIDTH, c->handed / PSE_TILE_WIDTH};
    uint64_t left = c->size - c->handed;
    pse_rc rc;

    *n = 0;
    PSE_REQUIRE(!c->stopped);
    if (left == 0)
        return PSE_OK;
    if (left < PSE_TILE_WIDTH)
        tile.width = (unsigned)left;
    rc = fetch_bundle(c, entries, &tile);
    if (is_fault_of_file(rc)) {
        record(c, PSE_TILE_FAULT_BUNDLE, rc, &tile, 0);
        c->stopped = true;
    }
    PSE_TRY(rc);
    c->handed += tile.width;
    *n = tile.width;
    return PSE_OK;
}

/* --- hash tiles ---------------------------------------------------------------------------------
 */

static pse_rc compare_tile(void *ctx, const struct pse_tile *tile, const pse_hash *hashes)
{
    struct pse_tile_check *c = ctx;
    struct pse_span bytes;
    unsigned width_read;
    pse_rc rc = pse_tile_fetch(&bytes, &width_read, tile, c->read, c->ctx);

    if (is_fault_of_file(rc)) {
        record(c, PSE_TILE_FAULT_TILE, rc, tile, 0);
        return PSE_OK;
    }
    PSE_TRY(rc);
    for (unsigned i = 0; i < tile->width; i++) {
        if (memcmp(hashes[i].b, bytes.p + 32 * i, 32) != 0) {
            record(c, PSE_TILE_FAULT_TILE, PSE_E_MISMATCH, tile, i);
            break;
        }
    }
    return PSE_OK;
}

pse_rc pse_tile_check_leaves(struct pse_tile_check *c, const pse_hash *leaves, size_t n)
{
    PSE_REQUIRE(n <= c->handed - c->edge.size);
    for (size_t i = 0; i < n; i++)
        PSE_TRY(tile_edge_push(&c->edge, &leaves[i], compare_tile, c));
    return PSE_OK;
}

pse_rc pse_tile_check_end(struct pse_tile_check *c, pse_hash *root)
{
    static const struct pse_tile none;
    pse_hash found;

    PSE_REQUIRE(!c->stopped && c->edge.size == c->size);
    PSE_TRY(tile_edge_partials(&c->edge, compare_tile, c));
    tile_edge_head(&found, &c->edge);
    if (!pse_hash_is_equal(&found, &c->root))
        record(c, PSE_TILE_FAULT_ROOT, PSE_E_MISMATCH, &none, 0);
    if (root != NULL)
        *root = found;
    return PSE_OK;
}

const struct pse_tile_finding *pse_tile_check_finding(const struct pse_tile_check *c,
                                                      enum pse_tile_fault fault)
{
    return c->finding[fault].fault == PSE_TILE_FAULT_NONE ? NULL : &c->finding[fault];
}

uint64_t pse_tile_check_faults(const struct pse_tile_check *c)
{
    return c->faults;
}
