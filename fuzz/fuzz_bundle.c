/* Entry bundles and tile names: what is accepted encodes back to the same bytes. The first byte
 * gives the width. */
#include "codec/codec.h"
#include "merkle/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void bundle_round_trip(unsigned width, struct pse_span in)
{
    struct pse_buf b = PSE_BUF(PSE_BUNDLE_MAX);
    struct pse_span entry[PSE_TILE_WIDTH];

    if (pse_bundle_parse(entry, width, in) == PSE_OK) {
        for (unsigned i = 0; i < width; i++)
            pse_bundle_put(&b, entry[i]);
        PSE_REQUIRE(b.rc == PSE_OK && pse_span_is_equal(pse_buf_span(&b), in));
    }
    pse_buf_free(&b);
}

static void path_round_trip(struct pse_span in)
{
    char path[PSE_TILE_PATH_MAX];
    struct pse_tile tile;

    if (pse_tile_path_parse(&tile, in) == PSE_OK) {
        pse_tile_path(path, &tile);
        PSE_REQUIRE(pse_span_is_str(in, path));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    path_round_trip(pse_span(data, size));
    if (size > 0)
        bundle_round_trip(data[0] + 1U, pse_span(data + 1, size - 1));
    return 0;
}
