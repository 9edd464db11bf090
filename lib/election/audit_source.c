#include "election/audit_source.h"

#include <stdlib.h>

void pse_shelf_clear(struct pse_shelf *s)
{
    s->bytes = 0;
}

void pse_shelf_free(struct pse_shelf *s)
{
    free(s->room);
    s->room = NULL;
    s->size = 0;
    s->bytes = 0;
}

/* Room is taken once: the system provides pages as they are first written, and doing so for each
 * file again took a quarter of the audit of a homomorphic election. */
static pse_rc make_room(struct pse_shelf *s, size_t size)
{
    if (s->size >= size)
        return PSE_OK;
    PSE_REQUIRE(s->bytes == 0); /* what was read before must not move */
    free(s->room);
    s->size = 0;
    s->room = (uint8_t *)malloc(size);
    if (s->room == NULL)
        return PSE_E_MEMORY;
    s->size = size;
    return PSE_OK;
}

static pse_rc read_file(struct pse_shelf *s, struct pse_span *bytes, const char *path, size_t max)
{
    uint8_t *to = s->room + s->bytes;
    size_t n = 0;

    PSE_REQUIRE(max <= s->size - s->bytes);
    PSE_TRY(s->reader->file(s->reader->ctx, to, &n, max, path));
    PSE_REQUIRE(n <= max);
    *bytes = pse_span(to, n);
    s->bytes += n;
    return PSE_OK;
}

pse_rc pse_shelf_read(void *ctx, struct pse_span *bytes, const char *path, size_t max)
{
    struct pse_shelf *s = (struct pse_shelf *)ctx;

    PSE_TRY(make_room(s, PSE_SHELF_BYTES + PSE_BUNDLE_MAX));
    return read_file(s, bytes, path, max);
}

pse_rc pse_shelf_read_one(void *ctx, struct pse_span *bytes, const char *path, size_t max)
{
    struct pse_shelf *s = (struct pse_shelf *)ctx;

    pse_shelf_clear(s);
    PSE_TRY(make_room(s, max));
    return read_file(s, bytes, path, max);
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
