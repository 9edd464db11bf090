#include "common/record_source.h"

#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"

static const uint64_t no_bundle = UINT64_MAX;

pse_rc record_source_open(struct record_source *s, const char *dir)
{
    memset(s, 0, sizeof *s);
    s->tile = PSE_BUF(PSE_BUNDLE_MAX);
    s->bundle = no_bundle;
    s->files.dir = -1;
    s->files.blob = -1;
    if (dir == NULL)
        return PSE_OK;
    PSE_TRY(record_reader_open(&s->files, dir));
    s->has_files = true;
    return PSE_OK;
}

void record_source_close(struct record_source *s)
{
    if (s->has_files)
        record_reader_close(&s->files);
    s->has_files = false;
    pse_buf_free(&s->tile);
    free(s->extra);
    free(s->later);
    s->extra = NULL;
    s->later = NULL;
    s->extras = 0;
    s->laters = 0;
}

/* Room for one more item of an array that doubles; count is checked against the maximum. */
static pse_rc grow(void **array, size_t count, size_t size)
{
    void *more;

    if (count >= RECORD_EXTRA_MAX)
        return PSE_E_LIMIT;
    if ((count & (count - 1)) != 0)
        return PSE_OK;
    more = realloc(*array, (count == 0 ? 1 : 2 * count) * size);
    if (more == NULL)
        return PSE_E_MEMORY;
    *array = more;
    return PSE_OK;
}

pse_rc record_source_add_blob(struct record_source *s, struct pse_span blob)
{
    void *array = s->extra;

    PSE_TRY(grow(&array, s->extras, sizeof *s->extra));
    s->extra = array;
    pse_sha256(&s->extra[s->extras].hash, blob);
    s->extra[s->extras++].blob = blob;
    return PSE_OK;
}

pse_rc record_source_add_entry(struct record_source *s, struct pse_span entry)
{
    void *array = s->later;

    PSE_TRY(grow(&array, s->laters, sizeof *s->later));
    s->later = array;
    s->later[s->laters++] = entry;
    return PSE_OK;
}

void record_source_settle(struct record_source *s, uint64_t size)
{
    s->size = size;
    s->laters = 0;
    s->bundle = no_bundle;
}

/* --- files ------------------------------------------------------------------------------------ */

static pse_rc read_file(struct record_source *s, const char *path, size_t max)
{
    struct pse_reader r = record_reader_callbacks(&s->files);
    size_t n;
    uint8_t *at;

    if (!s->has_files)
        return PSE_E_MISSING;
    s->bundle = no_bundle;
    s->tile.n = 0;
    at = pse_buf_extend(&s->tile, max);
    if (at == NULL)
        return PSE_E_MEMORY;
    s->tile.n = 0;
    PSE_TRY(r.file(r.ctx, at, &n, max, path));
    s->tile.n = n;
    return PSE_OK;
}

static pse_rc tile_reader(void *ctx, struct pse_span *bytes, const char *path, size_t max)
{
    struct record_source *s = ctx;

    PSE_TRY(read_file(s, path, max));
    *bytes = pse_buf_span(&s->tile);
    return PSE_OK;
}

/* A tile of the tree of s->size leaves: full, or of the width that size has. */
static pse_rc fetch(struct record_source *s, struct pse_span *bytes, unsigned *width,
                    unsigned level, uint64_t index)
{
    struct pse_tile tile = {.level = level, .index = index, .width = PSE_TILE_WIDTH};
    uint64_t full;
    unsigned partial;

    pse_tile_count(&full, &partial, level == PSE_TILE_ENTRIES ? 0 : level, s->size);
    if (index > full || (index == full && partial == 0))
        return PSE_E_MISSING;
    if (index == full)
        tile.width = partial;
    return pse_tile_fetch(bytes, width, &tile, tile_reader, s);
}

pse_rc record_source_entry(struct record_source *s, struct pse_span *entry, uint64_t index)
{
    uint64_t bundle = index / PSE_TILE_WIDTH;
    struct pse_span bytes;
    unsigned width;

    if (index >= s->size)
        return PSE_E_MISSING;
    if (s->bundle != bundle) {
        PSE_TRY(fetch(s, &bytes, &width, PSE_TILE_ENTRIES, bundle));
        PSE_TRY(pse_bundle_parse(s->entry, width, bytes));
        s->bundle = bundle;
    }
    *entry = s->entry[index % PSE_TILE_WIDTH];
    return PSE_OK;
}

pse_rc record_source_node(void *ctx, pse_hash *out, unsigned level, uint64_t index)
{
    struct record_source *s = ctx;
    unsigned up = level % 8;
    uint64_t first = index << up; /* of the 2^up hashes at the tile's own level */
    struct pse_span bytes;
    unsigned width;
    size_t at = (size_t)(first % PSE_TILE_WIDTH);
    size_t n = (size_t)1 << up;

    PSE_TRY(fetch(s, &bytes, &width, level / 8, first / PSE_TILE_WIDTH));
    if (bytes.n / 32 < at + n)
        return PSE_E_MISSING;
    pse_tree_root(out, (const pse_hash *)(bytes.p + 32 * at), n);
    return PSE_OK;
}

/* --- the engine's callbacks ---------------------------------------------------------------------
 */

static const struct record_extra *find_extra(const struct record_source *s, const pse_hash *hash)
{
    for (size_t i = 0; i < s->extras; i++) {
        if (pse_hash_is_equal(&s->extra[i].hash, hash))
            return &s->extra[i];
    }
    return NULL;
}

static pse_rc source_size(void *ctx, uint64_t *size, const pse_hash *hash)
{
    struct record_source *s = ctx;
    const struct record_extra *extra = find_extra(s, hash);
    struct pse_reader r = record_reader_callbacks(&s->files);

    if (extra != NULL) {
        *size = extra->blob.n;
        return PSE_OK;
    }
    return s->has_files ? r.blob_size(r.ctx, size, hash) : PSE_E_MISSING;
}

static pse_rc source_read(void *ctx, uint8_t *out, uint64_t at, size_t n, const pse_hash *hash)
{
    struct record_source *s = ctx;
    const struct record_extra *extra = find_extra(s, hash);
    struct pse_reader r = record_reader_callbacks(&s->files);

    if (extra == NULL)
        return s->has_files ? r.blob_read(r.ctx, out, at, n, hash) : PSE_E_IO;
    if (at > extra->blob.n || n > extra->blob.n - (size_t)at)
        return PSE_E_IO;
    if (n > 0)
        memcpy(out, extra->blob.p + at, n);
    return PSE_OK;
}

static pse_rc source_entry(void *ctx, uint8_t *out, size_t *n, uint64_t index)
{
    struct record_source *s = ctx;
    struct pse_span entry;

    if (index >= s->size && index - s->size < s->laters)
        entry = s->later[index - s->size];
    else
        PSE_TRY(record_source_entry(s, &entry, index));
    memcpy(out, entry.p, entry.n);
    *n = entry.n;
    return PSE_OK;
}

struct pse_source record_source_callbacks(struct record_source *s)
{
    return (struct pse_source){
        .ctx = s, .blob_size = source_size, .blob_read = source_read, .entry_read = source_entry};
}
