#include "election/audit_source.h"

#include <stdlib.h>

void pse_shelf_clear(struct pse_shelf *s)
{
    for (size_t i = 0; i < s->files; i++)
        free(s->file[i]);
    s->files = 0;
    s->bytes = 0;
}

/* Room for the longest such file is asked for and what was not needed given back: the system
 * provides pages only as they are written. */
static pse_rc read_file(const struct pse_reader *reader, uint8_t **out, size_t *n, const char *path,
                        size_t max)
{
    uint8_t *room = (uint8_t *)malloc(max + 1);
    uint8_t *kept;
    pse_rc rc;

    if (room == NULL)
        return PSE_E_MEMORY;
    rc = reader->file(reader->ctx, room, n, max, path);
    if (rc != PSE_OK) {
        free(room);
        return rc;
    }
    PSE_REQUIRE(*n <= max);
    kept = (uint8_t *)realloc(room, *n + 1);
    *out = kept == NULL ? room : kept;
    return PSE_OK;
}

pse_rc pse_shelf_read(void *ctx, struct pse_span *bytes, const char *path, size_t max)
{
    struct pse_shelf *s = (struct pse_shelf *)ctx;
    size_t n = 0;

    PSE_REQUIRE(s->files < sizeof s->file / sizeof s->file[0]);
    PSE_TRY(read_file(s->reader, &s->file[s->files], &n, path, max));
    *bytes = pse_span(s->file[s->files], n);
    s->files++;
    s->bytes += n;
    return PSE_OK;
}

pse_rc pse_shelf_read_one(void *ctx, struct pse_span *bytes, const char *path, size_t max)
{
    pse_shelf_clear((struct pse_shelf *)ctx);
    return pse_shelf_read(ctx, bytes, path, max);
}

static pse_rc fetch(struct pse_reread *r, uint64_t bundle)
{
    uint64_t left = r->size - bundle * PSE_TILE_WIDTH;
    struct pse_tile tile = {PSE_TILE_ENTRIES, PSE_TILE_WIDTH, bundle};
    struct pse_span bytes;
    unsigned width;

    if (left < PSE_TILE_WIDTH)
        tile.width = (unsigned)left;
    r->n = 0;
    PSE_TRY(pse_tile_fetch(&bytes, &width, &tile, pse_shelf_read_one, &r->shelf));
    PSE_TRY(pse_bundle_parse(r->entry, width, bytes));
    r->at = bundle;
    r->n = tile.width;
    return PSE_OK;
}

pse_rc pse_reread_entry(struct pse_reread *r, uint8_t *out, size_t *n, uint64_t index)
{
    const struct pse_span *entry;

    PSE_REQUIRE(index < r->size);
    if (r->n == 0 || r->at != index / PSE_TILE_WIDTH)
        PSE_TRY(fetch(r, index / PSE_TILE_WIDTH));
    entry = &r->entry[index % PSE_TILE_WIDTH];
    *n = entry->n;
    if (entry->n > 0)
        memcpy(out, entry->p, entry->n);
    return PSE_OK;
}
