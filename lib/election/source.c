/* Blobs: fetched with their length known beforehand, believed only by their hash. */
#include <stdlib.h>

#include "election/engine.h"

enum { PIECE = 65536 };

/* Hash @p size bytes of the source in pieces; *same tells whether they are what was asked for. A
 * read that fails counts as other bytes: what is at hand is not the blob. */
static pse_rc hash_pieces(const struct pse_engine *e, bool *same, const pse_hash *hash,
                          uint64_t size)
{
    uint8_t *piece = (uint8_t *)malloc(PIECE);
    pse_sha256_stream h;
    pse_hash got;
    uint64_t at = 0;
    pse_rc rc = PSE_OK;

    *same = false;
    if (piece == NULL)
        return PSE_E_MEMORY;
    pse_sha256_init(&h);
    while (at < size && rc == PSE_OK) {
        size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;

        rc = e->o.source.blob_read(e->o.source.ctx, piece, at, n, hash);
        if (rc == PSE_OK)
            pse_sha256_add(&h, piece, n);
        at += n;
    }
    free(piece);
    if (rc == PSE_E_MEMORY)
        return rc;
    pse_sha256_final(&got, &h);
    *same = rc == PSE_OK && pse_hash_is_equal(&got, hash);
    return PSE_OK;
}

/* *there = false: absent, or its size cannot be told. */
static pse_rc blob_size(const struct pse_engine *e, bool *there, uint64_t *size,
                        const pse_hash *hash)
{
    pse_rc rc = e->o.source.blob_size(e->o.source.ctx, size, hash);

    *there = rc == PSE_OK;
    return rc == PSE_E_MEMORY ? rc : PSE_OK;
}

pse_rc pse_blob_look(const struct pse_engine *e, enum pse_blob_state *state, const pse_hash *hash,
                     uint64_t most)
{
    uint64_t size = 0;
    bool same = false;
    bool there;

    *state = PSE_BLOB_ABSENT;
    PSE_TRY(blob_size(e, &there, &size, hash));
    if (!there)
        return PSE_OK;
    *state = PSE_BLOB_LENGTH;
    if (size > most)
        return PSE_OK;
    PSE_TRY(hash_pieces(e, &same, hash, size));
    *state = same ? PSE_BLOB_GOOD : PSE_BLOB_OTHER;
    return PSE_OK;
}

pse_rc pse_blob_fetch(const struct pse_engine *e, enum pse_blob_state *state, uint8_t **out,
                      size_t *n, const pse_hash *hash, uint64_t least, uint64_t most)
{
    uint64_t size = 0;
    uint8_t *bytes;
    pse_hash got;
    bool there;
    bool same;
    pse_rc rc;

    *out = NULL;
    *n = 0;
    *state = PSE_BLOB_ABSENT;
    PSE_TRY(blob_size(e, &there, &size, hash));
    if (!there)
        return PSE_OK;
    if (size < least || size > most) {
        PSE_TRY(hash_pieces(e, &same, hash, size));
        *state = same ? PSE_BLOB_LENGTH : PSE_BLOB_OTHER;
        return PSE_OK;
    }
    if (size > SIZE_MAX - 1)
        return PSE_E_MEMORY;
    bytes = (uint8_t *)pse_tables_alloc((size_t)size + 1);
    if (bytes == NULL)
        return PSE_E_MEMORY;
    rc = size == 0 ? PSE_OK : e->o.source.blob_read(e->o.source.ctx, bytes, 0, (size_t)size, hash);
    if (rc == PSE_OK)
        pse_sha256(&got, pse_span(bytes, (size_t)size));
    if (rc == PSE_OK && pse_hash_is_equal(&got, hash)) {
        *out = bytes;
        *n = (size_t)size;
        *state = PSE_BLOB_GOOD;
        return PSE_OK;
    }
    free(bytes);
    *state = PSE_BLOB_OTHER;
    return rc == PSE_E_MEMORY ? rc : PSE_OK;
}
