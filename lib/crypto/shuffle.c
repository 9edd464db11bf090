#include "crypto/shuffle_parts.h"

pse_rc pse_shuffle_sizes(size_t *list, size_t *proof, uint32_t rows, unsigned width)
{
    struct shuffle_layout l;

    *list = 0;
    *proof = 0;
    if (rows < 1 || rows > PSE_SHUFFLE_ROWS_MAX || width < 1 || width > PSE_SHUFFLE_WIDTH_MAX)
        return PSE_E_RANGE;
    l = shuffle_layout_of(rows, width);
    *list = l.list;
    *proof = l.size;
    return PSE_OK;
}

struct shuffle_layout shuffle_layout_of(uint32_t rows, unsigned width)
{
    struct shuffle_layout l = {0};
    size_t column = 32 * (size_t)rows;

    PSE_REQUIRE(rows >= 1 && rows <= PSE_SHUFFLE_ROWS_MAX);
    PSE_REQUIRE(width >= 1 && width <= PSE_SHUFFLE_WIDTH_MAX);
    l.t_n = 3 + 2 * (size_t)width;
    l.s_n = 3 + (size_t)width;
    l.list = 2 * column * width;
    l.chain = l.c + column;
    l.t_hat = l.chain + column;
    l.t = l.t_hat + column;
    l.s_hat = l.t + 32 * l.t_n;
    l.s_prime = l.s_hat + column;
    l.s = l.s_prime + column;
    l.size = l.s + 32 * l.s_n;
    return l;
}

void shuffle_transcript(pse_transcript *t, uint8_t h1[64], const struct pse_joint *joint,
                        const struct pse_shuffle *shuffle, const uint8_t *c)
{
    uint8_t place[11];
    uint8_t hashes[64];

    pse_store_u16(place, shuffle->contest);
    pse_store_u16(place + 2, shuffle->group);
    place[4] = shuffle->seq;
    pse_store_u32(place + 5, shuffle->rows);
    place[9] = shuffle->width;
    place[10] = shuffle->mixer;
    memcpy(hashes, shuffle->in_hash.b, 32);
    memcpy(hashes + 32, shuffle->out_hash.b, 32);
    pse_transcript_init(t, "shuffle", &joint->eid);
    pse_transcript_absorb(t, place, sizeof place);
    pse_transcript_absorb(t, joint->enc.b, sizeof joint->enc.b);
    pse_transcript_absorb(t, hashes, sizeof hashes);
    pse_transcript_absorb(t, c, 32 * (size_t)shuffle->rows);
    pse_transcript_squeeze(t, h1);
}

void shuffle_challenge(pse_scalar *c, pse_transcript *t, const struct shuffle_layout *l,
                       const uint8_t *proof)
{
    pse_transcript_absorb(t, proof + l->chain, l->t_hat - l->chain);
    pse_transcript_absorb(t, proof + l->t_hat, l->t - l->t_hat);
    pse_transcript_absorb(t, proof + l->t, l->s_hat - l->t);
    pse_transcript_challenge_short(t, c);
}
