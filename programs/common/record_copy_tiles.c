/* Tiles and bundles, from the root down. */
#include "codec/codec.h"
#include "common/options.h"
#include "common/record_copy_parts.h"

/* A server that fails once may be busy; one that fails thrice is named. */
enum { ATTEMPTS = 3 };

/* The children of one checked tile: n full tiles of @p level from number @p first on, which must
 * have the roots in @p expect. */
struct family {
    struct record_copy *c;
    unsigned level;
    uint64_t first;
    size_t n;
    pse_hash expect[PSE_TILE_WIDTH];
};

/* --- one file -----------------------------------------------------------------------------------
 */

static pse_rc check_tile(struct copy_worker *w, struct pse_span bytes, const pse_hash *expect)
{
    pse_hash root;

    memcpy(w->tile, bytes.p, sizeof w->tile);
    pse_tree_root(&root, w->tile, PSE_TILE_WIDTH);
    return pse_hash_is_equal(&root, expect) ? PSE_OK : PSE_E_MISMATCH;
}

/* The first @p width entries of a bundle against their leaf hashes. */
static pse_rc check_bundle(struct copy_worker *w, struct pse_span bytes, unsigned width_read,
                           unsigned width, const pse_hash *leaves)
{
    PSE_TRY(pse_bundle_parse(w->entry, width_read, bytes));
    pse_tree_leaves(w->leaf, w->entry, width, NULL);
    return memcmp(w->leaf, leaves, width * sizeof *leaves) == 0 ? PSE_OK : PSE_E_MISMATCH;
}

static pse_rc read_and_check(struct copy_worker *w, struct record_at *at, struct pse_span *bytes,
                             const struct pse_tile *tile, const pse_hash *expect)
{
    unsigned width_read;

    PSE_TRY(pse_tile_fetch(bytes, &width_read, tile, record_at_tile, at));
    if (tile->level == PSE_TILE_ENTRIES)
        return check_bundle(w, *bytes, width_read, tile->width, expect);
    return check_tile(w, *bytes, expect);
}

/* The bytes of the width asked for: a full bundle that stands for a partial one is cut. */
static struct pse_span cut(const struct copy_worker *w, struct pse_span bytes, unsigned width)
{
    const struct pse_span *last = &w->entry[width - 1];

    return pse_span(bytes.p, (size_t)(last->p + last->n - bytes.p));
}

static const char *words_of(const struct record_at *from, pse_rc rc)
{
    if (rc == PSE_E_MISMATCH)
        return "it does not belong to the signed tree";
    if (rc == PSE_E_LENGTH)
        return "it is of the wrong length";
    return record_at_trouble(from);
}

/* Have the file: from the copy when it is there and good, else from the source. @p expect: a tile's
 * root, or a bundle's leaf hashes. Afterwards w->tile or w->entry hold its contents. */
static pse_rc have_file(struct record_copy *c, struct copy_worker *w, const struct pse_tile *tile,
                        const pse_hash *expect)
{
    char path[PSE_TILE_PATH_MAX];
    struct pse_span bytes;
    pse_rc rc = read_and_check(w, &w->local, &bytes, tile, expect);

    if (rc == PSE_OK && tile->width == PSE_TILE_WIDTH)
        return PSE_OK;
    for (int i = 0; i < ATTEMPTS; i++) {
        rc = read_and_check(w, &w->from, &bytes, tile, expect);
        if (rc == PSE_OK || rc == PSE_E_MEMORY)
            break;
    }
    pse_tile_path(path, tile);
    if (rc != PSE_OK) {
        copy_fail(c, copy_refusal(rc), path, words_of(&w->from, rc));
        return copy_refusal(rc);
    }
    if (tile->level == PSE_TILE_ENTRIES)
        bytes = cut(w, bytes, tile->width);
    return copy_write(c, path, bytes);
}

static pse_rc scan(struct record_copy *c, const struct copy_worker *w, uint64_t first,
                   unsigned width)
{
    for (unsigned i = 0; i < width; i++) {
        if (first + i >= c->have || c->o.recheck)
            PSE_TRY(copy_entry(c, w->entry[i]));
    }
    return PSE_OK;
}

static pse_rc have_bundle(struct record_copy *c, struct copy_worker *w, uint64_t index,
                          unsigned width, const pse_hash *leaves)
{
    struct pse_tile bundle = {PSE_TILE_ENTRIES, width, index};

    PSE_TRY(have_file(c, w, &bundle, leaves));
    return scan(c, w, index * PSE_TILE_WIDTH, width);
}

/* --- families -----------------------------------------------------------------------------------
 */

static pse_rc have_child(const struct family *f, size_t i, struct copy_worker *w)
{
    struct pse_tile tile = {f->level, PSE_TILE_WIDTH, f->first + i};

    PSE_TRY(have_file(f->c, w, &tile, &f->expect[i]));
    return f->level > 0 ? PSE_OK : have_bundle(f->c, w, tile.index, PSE_TILE_WIDTH, w->tile);
}

static void child_task(void *ctx, size_t i, unsigned number)
{
    const struct family *f = ctx;
    struct record_copy *c = f->c;
    pse_rc rc;

    if (copy_has_failed(c))
        return;
    rc = have_child(f, i, &c->worker[number]);
    if (rc != PSE_OK) {
        copy_fail(c, rc, NULL, NULL);
        return;
    }
    pthread_mutex_lock(&c->mutex);
    c->done += f->level > 0 ? 0 : PSE_TILE_WIDTH;
    progress_set(&c->progress, c->done);
    pthread_mutex_unlock(&c->mutex);
}

/* New full tiles of one level, parent by parent. */
static pse_rc copy_level(struct record_copy *c, struct pse_tile_auth *tiles, unsigned level)
{
    uint64_t from = c->o.recheck ? 0 : c->have >> 8 * (level + 1);
    uint64_t to = pse_tile_auth_size(tiles) >> 8 * (level + 1);
    struct family f = {.c = c, .level = level};

    for (uint64_t at = from; at < to; at += f.n) {
        const pse_hash *hashes;
        unsigned width;
        pse_rc rc = pse_tile_auth_tile(tiles, &hashes, &width, level + 1, at / PSE_TILE_WIDTH);

        PSE_TRY(rc);
        f.first = at;
        f.n = width - (size_t)(at % PSE_TILE_WIDTH);
        memcpy(f.expect, hashes + at % PSE_TILE_WIDTH, f.n * sizeof *hashes);
        pse_pool_run(c->pool, child_task, &f, f.n);
        PSE_TRY(c->failed);
    }
    return PSE_OK;
}

/* --- the right edge -----------------------------------------------------------------------------
 */

static pse_rc write_edge(struct record_copy *c, struct pse_tile_auth *tiles)
{
    for (unsigned level = 0; level < PSE_TILE_LEVELS; level++) {
        struct pse_tile tile = {.level = level};
        char path[PSE_TILE_PATH_MAX];
        const pse_hash *hashes;
        unsigned width;

        pse_tile_count(&tile.index, &tile.width, level, pse_tile_auth_size(tiles));
        if (tile.width == 0)
            continue;
        PSE_TRY(pse_tile_auth_tile(tiles, &hashes, &width, level, tile.index));
        pse_tile_path(path, &tile);
        PSE_TRY(copy_write(c, path, pse_span(hashes[0].b, width * sizeof *hashes)));
    }
    return PSE_OK;
}

static pse_rc have_last_bundle(struct record_copy *c, struct pse_tile_auth *tiles)
{
    const pse_hash *hashes;
    uint64_t full;
    unsigned width;

    pse_tile_count(&full, &width, 0, pse_tile_auth_size(tiles));
    if (width == 0)
        return PSE_OK;
    PSE_TRY(pse_tile_auth_tile(tiles, &hashes, &width, 0, full));
    return have_bundle(c, &c->worker[0], full, width, hashes);
}

/* The edge is written first; from then on all parents are files of the copy. */
pse_rc copy_tiles(struct record_copy *c, struct pse_tile_auth *edge, const pse_hash *root)
{
    struct pse_tile_auth *tiles;
    pse_rc rc;

    c->failed = PSE_OK;
    c->done = c->o.recheck ? 0 : c->have;
    progress_step(&c->progress, "copying", pse_tile_auth_size(edge));
    PSE_TRY(write_edge(c, edge));
    rc = pse_tile_auth_new(&tiles, pse_tile_auth_size(edge), root, record_at_tile,
                           &c->worker[0].local);
    for (unsigned level = PSE_TILE_LEVELS - 1; level-- > 0 && rc == PSE_OK;)
        rc = copy_level(c, tiles, level);
    if (rc == PSE_OK)
        rc = have_last_bundle(c, tiles);
    pse_tile_auth_free(tiles);
    if (rc != PSE_OK)
        copy_fail(c, rc, "the copy", "its files changed while they were written");
    return rc;
}
