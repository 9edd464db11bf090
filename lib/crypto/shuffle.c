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

pse_rc pse_shuffle_random_draw(struct pse_shuffle_random *random, struct pse_arena *arena,
                               uint32_t rows, unsigned width, struct pse_rng *rng)
{
    random->keys = PSE_NEW(arena, uint64_t, rows);
    random->s = PSE_NEW(arena, pse_secret, (size_t)rows * width);
    random->r = PSE_NEW(arena, pse_secret, rows);
    random->q = PSE_NEW(arena, pse_secret, rows);
    random->omega_hat = PSE_NEW(arena, pse_secret, rows);
    random->omega_prime = PSE_NEW(arena, pse_secret, rows);
    if (random->keys == NULL || random->s == NULL || random->r == NULL || random->q == NULL ||
        random->omega_hat == NULL || random->omega_prime == NULL)
        return PSE_E_MEMORY;
    pse_rng_fill(rng, random->keys, (size_t)rows * sizeof *random->keys);
    pse_secret_random_n(random->s, (size_t)rows * width, rng);
    pse_secret_random_n(random->r, rows, rng);
    pse_secret_random_n(random->q, rows, rng);
    pse_secret_random_n(random->omega_hat, rows, rng);
    pse_secret_random_n(random->omega_prime, rows, rng);
    pse_secret_random_n(random->omega, 3, rng);
    pse_secret_random_n(random->omega4, width, rng);
    return PSE_OK;
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
