#include "common/split_view.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"

/* What the larger tree begins with, and the proof of it. */
static pse_rc read_prefix(struct pse_split *s, pse_tile_read *read, void *ctx)
{
    const struct pse_checkpoint *large = &s->checkpoint[1];
    uint64_t before = s->checkpoint[0].size;
    struct pse_tile_auth *tiles;
    pse_rc rc;

    PSE_TRY(pse_tile_auth_new(&tiles, large->size, &large->root, read, ctx));
    rc = pse_tree_prefix(&s->prefix, before, pse_tile_auth_node, tiles);
    if (rc == PSE_OK)
        rc = pse_tree_consistency(&s->proof, before, large->size, pse_tile_auth_node, tiles);
    pse_tile_auth_free(tiles);
    return rc;
}

static pse_rc compare(bool *is_split, struct pse_split *s, pse_tile_read *read, void *ctx)
{
    const struct pse_checkpoint *a = &s->checkpoint[0];
    const struct pse_checkpoint *b = &s->checkpoint[1];

    if (a->size == b->size) {
        *is_split = !pse_hash_is_equal(&a->root, &b->root);
        return PSE_OK;
    }
    PSE_TRY(read_prefix(s, read, ctx));
    *is_split = !pse_hash_is_equal(&s->prefix, &a->root);
    return PSE_OK;
}

pse_rc split_view_compare(bool *is_split, struct pse_buf *evidence, const struct record_pin *pin,
                          struct pse_span one, struct pse_span other, pse_tile_read *read,
                          void *ctx)
{
    struct pse_split *s = calloc(1, sizeof *s);
    pse_rc rc;

    *is_split = false;
    if (s == NULL)
        return PSE_E_MEMORY;
    s->log_text = pin->log_text;
    s->log = pin->log;
    s->note[0] = one;
    s->note[1] = other;
    PSE_REQUIRE(pse_checkpoint_parse(&s->checkpoint[0], one) == PSE_OK);
    PSE_REQUIRE(pse_checkpoint_parse(&s->checkpoint[1], other) == PSE_OK);
    if (s->checkpoint[0].size > s->checkpoint[1].size) {
        struct pse_checkpoint swap = s->checkpoint[0];

        s->checkpoint[0] = s->checkpoint[1];
        s->checkpoint[1] = swap;
        s->note[0] = other;
        s->note[1] = one;
    }
    rc = compare(is_split, s, read, ctx);
    if (rc == PSE_OK && *is_split) {
        pse_split_put(evidence, s);
        rc = evidence->rc;
        PSE_REQUIRE(rc != PSE_OK || pse_split_verify(s) == PSE_OK);
    }
    free(s);
    return rc;
}

pse_rc split_view_write(char path[FILE_PATH_MAX], const char *name, const char *dir,
                        struct pse_span evidence)
{
    char leaf[64] = "split-";
    pse_hash hash;

    pse_sha256(&hash, evidence);
    pse_hex_encode(leaf + 6, hash.b, 8);
    memcpy(leaf + 6 + 16, ".txt", 5);
    PSE_TRY(file_make_dir(name, dir));
    PSE_TRY(file_join(path, name, dir, leaf));
    return file_exists(path) ? PSE_OK : file_write(name, path, evidence, FILE_NEW);
}
