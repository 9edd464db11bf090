/* Tiles (C2SP tlog-tiles; ledger contract 5): names and contents of the files under tile/.
 *
 * A tile is 1..256 hashes of one level, an entry bundle 1..256 entries, each u16 length || bytes.
 * Hash i of tile (L, N) is the root of leaves [(256N+i) 256^L, (256N+i+1) 256^L). This header names
 * and parses them; tile_write.h makes them, tile_check.h verifies all of them. */
#ifndef PSE_MERKLE_TILE_H
#define PSE_MERKLE_TILE_H

#include "base/base.h"

enum {
    PSE_TILE_WIDTH = 256,
    PSE_TILE_BYTES = 256 * 32,
    PSE_TILE_LEVELS = 8,   /* 256^8 leaves: all that a u64 counts */
    PSE_TILE_ENTRIES = 64, /* "level" of entry bundles; hash levels are 0..63 */
    PSE_TILE_PATH_MAX = 64,
    PSE_ENTRY_MAX = 65535,
    PSE_BUNDLE_MAX = PSE_TILE_WIDTH * (2 + PSE_ENTRY_MAX),
};

struct pse_tile {
    unsigned level; /* 0..63, or PSE_TILE_ENTRIES */
    unsigned width; /* 1..256; 256 is a full tile */
    uint64_t index;
};

/** `tile/0/x001/x234/067.p/8`, `tile/entries/000`, and a zero byte. */
void pse_tile_path(char out[PSE_TILE_PATH_MAX], const struct pse_tile *tile);
/** Exactly what pse_tile_path gives; PSE_E_SYNTAX otherwise, PSE_E_RANGE for level > 63, width 0
 * or > 255, index >= 2^64. */
PSE_MUST pse_rc pse_tile_path_parse(struct pse_tile *out, struct pse_span path);

/** Number of full tiles and width of the partial one (0: none) of @p level for @p size leaves. */
void pse_tile_count(uint64_t *full, unsigned *partial, unsigned level, uint64_t size);

/** The entries of a bundle of exactly @p width, borrowed from @p bytes. @p entries has room for
 * width. PSE_E_LENGTH when bytes are missing or left over. */
PSE_MUST pse_rc pse_bundle_parse(struct pse_span *entries, unsigned width, struct pse_span bytes);
/** Append one entry. entry.n <= PSE_ENTRY_MAX (PSE_REQUIRE). */
void pse_bundle_put(struct pse_buf *b, struct pse_span entry);

/** How this room reads files: the bytes of @p path (relative to the record), valid until the next
 * call with the same @p ctx. PSE_E_MISSING: no such file. PSE_E_LIMIT: longer than @p max. Any
 * other status (PSE_E_IO, PSE_E_MEMORY): the world failed; the reader stops with it. */
typedef pse_rc pse_tile_read(void *ctx, struct pse_span *bytes, const char *path, size_t max);

/** One tile or bundle by the rule of V903: the exact file if present; of a partial one, when that
 * file is absent, the full one, of which all 256 items must be well-formed. @p bytes then covers
 * the width asked for (hash tiles: cut to 32·width; bundles: uncut, *width_read tells for how many
 * entries it must be parsed). PSE_E_MISSING, PSE_E_LENGTH, or the reader's own failure. */
PSE_MUST pse_rc pse_tile_fetch(struct pse_span *bytes, unsigned *width_read,
                               const struct pse_tile *tile, pse_tile_read *read, void *ctx);

#endif
