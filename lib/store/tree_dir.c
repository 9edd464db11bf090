#define _GNU_SOURCE
#include "store/tree_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

pse_rc pse_tree_dir_open(struct pse_tree_dir *t, const char *path, const struct pse_steps *steps)
{
    *t = (struct pse_tree_dir){.bytes = PSE_BUF(PSE_BUNDLE_MAX), .disk.fd = -1, .front.fd = -1};
    if (!pse_disk_open(&t->disk, path, steps))
        return t->disk.error == ENOENT ? PSE_E_MISSING : PSE_E_IO;
    if (!pse_disk_open(&t->front, path, steps))
        return PSE_E_IO;
    return flock(t->disk.fd, LOCK_EX | LOCK_NB) == 0 ? PSE_OK : PSE_E_STATE;
}

void pse_tree_dir_close(struct pse_tree_dir *t)
{
    pse_tile_writer_free(t->tiles);
    pse_buf_free(&t->bytes);
    free(t->gone);
    pse_disk_close(&t->disk);
    pse_disk_close(&t->front);
    *t = (struct pse_tree_dir){.disk.fd = -1, .front.fd = -1};
}

pse_rc pse_tree_dir_checkpoint(struct pse_tree_dir *t, struct pse_buf *out)
{
    return pse_disk_get(&t->front, out, "checkpoint");
}

/* --- reading ---------------------------------------------------------------------------------- */

static pse_rc read_file(void *ctx, struct pse_span *bytes, const char *path, size_t max)
{
    struct pse_tree_dir *t = ctx;

    t->bytes.n = 0;
    t->bytes.rc = PSE_OK;
    PSE_TRY(pse_disk_get(&t->disk, &t->bytes, path));
    *bytes = pse_buf_span(&t->bytes);
    return bytes->n > max ? PSE_E_LIMIT : PSE_OK;
}

static pse_rc say_where(struct pse_tree_dir *t, const struct pse_tile *tile, pse_rc rc)
{
    char path[PSE_TILE_PATH_MAX];

    pse_tile_path(path, tile);
    (void)snprintf(t->disk.where, sizeof t->disk.where, "%s", path);
    t->disk.error = 0;
    return rc;
}

static pse_rc load_leaves(struct pse_tree_dir *t, struct pse_nodes *nodes, struct pse_tile tile)
{
    struct pse_span bytes;
    unsigned width;
    pse_hash leaf;
    pse_rc rc = pse_tile_fetch(&bytes, &width, &tile, read_file, t);

    if (rc != PSE_OK)
        return say_where(t, &tile, rc);
    for (size_t i = 0; i < tile.width; i++) {
        memcpy(leaf.b, bytes.p + 32 * i, 32);
        PSE_TRY(pse_nodes_append(nodes, &leaf));
    }
    return PSE_OK;
}

/* A full tile of level >= 1 holds nodes that the leaves give. */
static pse_rc check_tile(struct pse_tree_dir *t, const struct pse_nodes *nodes,
                         struct pse_tile tile)
{
    struct pse_span bytes;
    unsigned width;
    pse_rc rc = pse_tile_fetch(&bytes, &width, &tile, read_file, t);

    if (rc == PSE_OK &&
        memcmp(bytes.p, nodes->row[8 * tile.level].hash + PSE_TILE_WIDTH * tile.index, bytes.n) !=
            0)
        rc = PSE_E_MISMATCH;
    return rc == PSE_OK ? PSE_OK : say_where(t, &tile, rc);
}

static pse_rc check_bundle(struct pse_tree_dir *t, struct pse_tile tile)
{
    char path[PSE_TILE_PATH_MAX];

    pse_tile_path(path, &tile);
    return faccessat(t->disk.fd, path, F_OK, 0) == 0 ? PSE_OK : say_where(t, &tile, PSE_E_MISSING);
}

pse_rc pse_tree_dir_load(struct pse_tree_dir *t, struct pse_nodes *nodes, uint64_t size)
{
    struct pse_tile tile = {.width = PSE_TILE_WIDTH};
    unsigned partial;
    uint64_t full;

    pse_tile_count(&full, &partial, 0, size);
    for (; tile.index < full; tile.index++) {
        PSE_TRY(load_leaves(t, nodes, tile));
        PSE_TRY(check_bundle(t, (struct pse_tile){PSE_TILE_ENTRIES, PSE_TILE_WIDTH, tile.index}));
    }
    tile.width = partial;
    if (partial > 0)
        PSE_TRY(load_leaves(t, nodes, tile));
    for (tile.level = 1; tile.level < PSE_TILE_LEVELS; tile.level++) {
        pse_tile_count(&full, &partial, tile.level, size);
        tile.width = PSE_TILE_WIDTH;
        for (tile.index = 0; tile.index < full; tile.index++)
            PSE_TRY(check_tile(t, nodes, tile));
    }
    return PSE_OK;
}

/* --- partials that have had their time ---------------------------------------------------------
 */

static pse_rc note_full(struct pse_tree_dir *t, const struct pse_tile *tile, uint64_t since)
{
    if (t->gone_at > 0 && t->gone_n == t->gone_cap) {
        memmove(t->gone, t->gone + t->gone_at, (t->gone_n - t->gone_at) * sizeof *t->gone);
        t->gone_n -= t->gone_at;
        t->gone_at = 0;
    }
    if (t->gone_n == t->gone_cap) {
        size_t cap = t->gone_cap == 0 ? 64 : 2 * t->gone_cap;
        struct pse_gone *more = realloc(t->gone, cap * sizeof *more);

        if (more == NULL)
            return PSE_E_MEMORY;
        t->gone = more;
        t->gone_cap = cap;
    }
    t->gone[t->gone_n++] = (struct pse_gone){*tile, since};
    return PSE_OK;
}

/* All partials of @p tile's place, and their folder. */
static pse_rc remove_partials(struct pse_tree_dir *t, struct pse_tile tile)
{
    char path[PSE_TILE_PATH_MAX];

    for (tile.width = 1; tile.width < PSE_TILE_WIDTH; tile.width++) {
        pse_tile_path(path, &tile);
        PSE_TRY(pse_disk_remove(&t->disk, path));
    }
    *strrchr(path, '/') = '\0';
    if (unlinkat(t->disk.fd, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return PSE_OK;
    return PSE_E_IO;
}

pse_rc pse_tree_dir_collect(struct pse_tree_dir *t, uint64_t now)
{
    while (t->gone_at < t->gone_n && now >= t->gone[t->gone_at].since + PSE_PARTIALS_SECONDS) {
        PSE_TRY(pse_step_before(t->disk.steps, PSE_STEP_COLLECT, NULL));
        PSE_TRY(remove_partials(t, t->gone[t->gone_at].tile));
        t->disk.made[0] = '\0';
        t->gone_at++;
        PSE_TRY(pse_step_after(t->disk.steps, PSE_STEP_COLLECT));
    }
    return PSE_OK;
}

/* Does the place of a full tile still have partials? */
static bool has_partials(struct pse_tree_dir *t, struct pse_tile tile)
{
    char path[PSE_TILE_PATH_MAX];

    tile.width = 1;
    pse_tile_path(path, &tile);
    *strrchr(path, '/') = '\0';
    return faccessat(t->disk.fd, path, F_OK, 0) == 0;
}

static pse_rc find_partials(struct pse_tree_dir *t, uint64_t size, uint64_t now)
{
    static const unsigned levels[] = {PSE_TILE_ENTRIES, 0, 1, 2, 3, 4, 5, 6, 7};

    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        struct pse_tile tile = {levels[i], PSE_TILE_WIDTH, 0};
        unsigned partial;
        uint64_t full;

        pse_tile_count(&full, &partial, levels[i] == PSE_TILE_ENTRIES ? 0 : levels[i], size);
        for (; tile.index < full; tile.index++) {
            if (has_partials(t, tile))
                PSE_TRY(note_full(t, &tile, now));
        }
    }
    return PSE_OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

static pse_rc emit(void *ctx, const char *path, struct pse_span bytes)
{
    struct pse_tree_dir *t = ctx;
    struct pse_tile tile;

    PSE_TRY(pse_tile_path_parse(&tile, pse_span_str(path)));
    if (tile.width == PSE_TILE_WIDTH)
        PSE_TRY(note_full(t, &tile, t->now));
    return pse_disk_put(&t->disk, path, bytes);
}

pse_rc pse_tree_dir_resume(struct pse_tree_dir *t, uint64_t size, const pse_hash *root,
                           uint64_t now)
{
    t->now = now;
    PSE_TRY(pse_tile_writer_resume(&t->tiles, emit, t, size, root, read_file, t));
    return find_partials(t, size, now);
}

pse_rc pse_tree_dir_apply(struct pse_tree_dir *t, const struct pse_span *entries, size_t n,
                          uint64_t now)
{
    t->now = now;
    for (size_t i = 0; i < n; i++)
        PSE_TRY(pse_tile_writer_append(t->tiles, NULL, entries[i]));
    PSE_TRY(pse_tile_writer_flush(t->tiles));
    return pse_disk_settle(&t->disk);
}

pse_rc pse_tree_dir_publish(struct pse_tree_dir *t, struct pse_span checkpoint)
{
    return pse_disk_replace(&t->front, "checkpoint", checkpoint, PSE_STEP_CHECKPOINT_RENAME);
}
