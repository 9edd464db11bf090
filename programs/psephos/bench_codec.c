/* Measurements of room codec: hashing and JSON. */
#include "bench.h"

#include <sodium.h>

#include "codec/hash.h"
#include "common/options.h"

enum { TILE_BYTES = 256 * 32 };

struct tile {
    uint8_t *bytes;
    size_t count;
    pse_hash digest;
};

static void *tiles_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct tile *s = PSE_NEW(b->arena, struct tile, 1);

    if (s == NULL)
        return NULL;
    s->count = size;
    s->bytes = PSE_NEW(b->arena, uint8_t, size * TILE_BYTES);
    if (s->bytes == NULL)
        return NULL;
    pse_rng_fill(b->rng, s->bytes, size * TILE_BYTES);
    *things = size * TILE_BYTES;
    return s;
}

static bool tiles_run(const struct bench *b, void *state)
{
    struct tile *s = state;

    (void)b;
    for (size_t i = 0; i < s->count; i++)
        pse_sha256(&s->digest, pse_span(s->bytes + i * TILE_BYTES, TILE_BYTES));
    return true;
}

static bool tiles_peer(const struct bench *b, void *state)
{
    struct tile *s = state;

    (void)b;
    for (size_t i = 0; i < s->count; i++)
        crypto_hash_sha256(s->digest.b, s->bytes + i * TILE_BYTES, TILE_BYTES);
    return true;
}

static const struct bench_item items[] = {
    {"sha256-tile", BENCH_MIB_PER_SECOND, 64, tiles_prepare, tiles_run, tiles_peer, 64 * TILE_BYTES,
     NULL},
};

const struct bench_table bench_codec = {items, CLI_COUNT(items)};
