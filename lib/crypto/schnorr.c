#include "crypto/schnorr.h"

#include "crypto/statements.h"

enum {
    POK_SCRATCH = 1 << 16, /* for transcripts that are hashed together */
    POK_ARENA_EACH = 1024, /* more than twice what one of many proofs takes */
};

pse_rc pse_sigma_check_vt(const struct pse_group *g, const pse_scalar *z, const pse_point *p,
                          const pse_point *t, const pse_scalar *c, const pse_point *q)
{
    pse_point term[3] = {*p, *q, *t};
    pse_scalar k[3];
    pse_point sum;

    pse_scalar_neg(&k[0], z);
    k[1] = *c;
    pse_scalar_set_u64(&k[2], 1);
    PSE_TRY(pse_msm_vt(g, &sum, k, term, 3));
    return pse_point_is_identity(g, &sum) ? PSE_OK : PSE_E_PROOF;
}

void pse_pok_challenge(pse_scalar *c, const struct pse_statement *s, const uint8_t r[32])
{
    PSE_SECRET(pse_transcript, t);

    pse_statement_begin(&t, s);
    pse_transcript_absorb(&t, r, 32);
    pse_transcript_challenge(&t, c);
}

void pse_pok_prove_with(const struct pse_group *g, uint8_t proof[PSE_POK_SIZE],
                        const struct pse_statement *s, const pse_secret *x, const pse_secret *nonce)
{
    pse_point announcement;
    pse_enc r;
    pse_scalar c;
    pse_scalar z;

    pse_point_mul_base(g, &announcement, nonce, 1);
    pse_point_encode(g, &r, &announcement, 1);
    pse_pok_challenge(&c, s, r.b);
    pse_secret_respond(&z, nonce, &c, x);
    memcpy(proof, r.b, 32);
    pse_scalar_encode(proof + 32, &z);
}

void pse_pok_prove(const struct pse_group *g, uint8_t proof[PSE_POK_SIZE],
                   const struct pse_statement *s, const pse_secret *x, struct pse_rng *rng)
{
    PSE_SECRET(pse_secret, nonce);

    pse_secret_random(&nonce, rng);
    pse_pok_prove_with(g, proof, s, x, &nonce);
}

pse_rc pse_pok_prove_many(const struct pse_group *g, uint8_t *const *proof,
                          const struct pse_statement *s, const pse_secret *x,
                          const pse_secret *nonce, size_t n)
{
    PSE_ARENA(arena, (16u << 20) + n * POK_ARENA_EACH);
    pse_point *announcement = PSE_NEW(&arena, pse_point, n);
    pse_enc *r = PSE_NEW(&arena, pse_enc, n);
    uint8_t(*h)[64] = pse_arena_alloc(&arena, n, sizeof *h);
    uint8_t *scratch = PSE_NEW(&arena, uint8_t, POK_SCRATCH);

    if (announcement == NULL || r == NULL || h == NULL || scratch == NULL)
        return PSE_E_MEMORY;
    pse_point_mul_base(g, announcement, nonce, n);
    pse_point_encode(g, r, announcement, n);
    for (size_t i = 0; i < n; i++)
        memcpy(proof[i], r[i].b, 32);
    pse_statements_hash(h, s, n, scratch, POK_SCRATCH);
    for (size_t i = 0; i < n; i++) {
        pse_scalar c;
        pse_scalar z;

        pse_scalar_from_wide(&c, h[i]);
        pse_secret_respond(&z, &nonce[i], &c, &x[i]);
        pse_scalar_encode(proof[i] + 32, &z);
    }
    return PSE_OK;
}

pse_rc pse_pok_verify(const struct pse_group *g, const struct pse_statement *s, const pse_point *x,
                      const uint8_t proof[PSE_POK_SIZE])
{
    pse_point announcement;
    pse_scalar c;
    pse_scalar z;
    pse_enc r;

    memcpy(r.b, proof, 32);
    PSE_TRY(pse_scalar_decode(&z, proof + 32));
    PSE_TRY(pse_point_decode(g, &announcement, NULL, &r, 1, PSE_IDENTITY_FORBIDDEN));
    pse_pok_challenge(&c, s, r.b);
    return pse_sigma_check_vt(g, &z, pse_group_base(g), &announcement, &c, x);
}

pse_rc pse_pok_batch(struct pse_batch *b, const struct pse_statement *s, const uint8_t x[32],
                     const uint8_t proof[PSE_POK_SIZE])
{
    pse_scalar c;

    pse_pok_challenge(&c, s, proof);
    return pse_pok_batch_with(b, &c, x, proof);
}

pse_rc pse_pok_batch_with(struct pse_batch *b, const pse_scalar *c, const uint8_t x[32],
                          const uint8_t proof[PSE_POK_SIZE])
{
    pse_scalar z;
    size_t key;
    size_t announcement;

    PSE_TRY(pse_scalar_decode(&z, proof + 32));
    key = pse_batch_encodings(b, x, 1);
    announcement = pse_batch_encodings(b, proof, 1);
    pse_batch_equation(b);
    pse_batch_add_one(b, announcement);
    pse_batch_add(b, key, c);
    pse_batch_sub_base(b, 0, &z);
    return PSE_OK;
}
