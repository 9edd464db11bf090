#include "crypto/decrypt.h"

#include "crypto/columns.h"
#include "crypto/schnorr.h"

/* Ciphertexts decrypted by one task. */
enum { BLOCK = 1024 };

static void start(pse_transcript *t, uint8_t h[64], const pse_hash *eid,
                  const struct pse_decrypt *d)
{
    uint8_t place[9];
    uint8_t hashes[64];

    pse_store_u16(place, d->contest);
    pse_store_u16(place + 2, d->group);
    place[4] = d->trustee;
    pse_store_u32(place + 5, d->m);
    memcpy(hashes, d->in_hash.b, 32);
    memcpy(hashes + 32, d->d_hash.b, 32);
    pse_transcript_init(t, "decrypt", eid);
    pse_transcript_absorb(t, place, sizeof place);
    pse_transcript_absorb(t, d->v.b, sizeof d->v.b);
    pse_transcript_absorb(t, hashes, sizeof hashes);
    pse_transcript_squeeze(t, h);
}

static void challenge(pse_scalar *c, pse_transcript *t, const uint8_t t1_t2[64])
{
    pse_transcript_absorb(t, t1_t2, 64);
    pse_transcript_challenge(t, c);
}

/* --- prover ---------------------------------------------------------------------------------- */

/* One worker's room, for a block or for the whole list where that is shorter. */
struct share_bench {
    pse_point *p;
    pse_enc *enc;
};

struct share_job {
    const struct pse_group *g;
    const uint8_t *list;
    uint8_t *d;
    size_t m;
    const pse_secret *x;
    struct share_bench *bench;
    pse_rc *rc;
};

static void share_task(void *ctx, size_t index, unsigned worker)
{
    const struct share_job *job = ctx;
    struct share_bench *b = &job->bench[worker];
    size_t from = index * BLOCK;
    size_t n = job->m - from < BLOCK ? job->m - from : BLOCK;

    for (size_t i = 0; i < n; i++)
        memcpy(b->enc[i].b, job->list + 64 * (from + i), 32);
    job->rc[index] = pse_point_decode(job->g, b->p, NULL, b->enc, n, PSE_IDENTITY_ALLOWED);
    if (job->rc[index] != PSE_OK)
        return;
    pse_point_mul_one(job->g, b->p, job->x, b->p, n);
    pse_point_encode(job->g, b->enc, b->p, n);
    memcpy(job->d + 32 * from, b->enc, 32 * n);
}

static bool benches_make(struct share_bench *bench, unsigned workers, size_t rows,
                         struct pse_arena *arena)
{
    for (unsigned i = 0; i < workers; i++) {
        bench[i].p = PSE_NEW(arena, pse_point, rows);
        bench[i].enc = PSE_NEW(arena, pse_enc, rows);
        if (bench[i].p == NULL || bench[i].enc == NULL)
            return false;
    }
    return true;
}

static pse_rc shares_make(const struct pse_group *g, uint8_t *d, struct pse_span list, size_t m,
                          const pse_secret *x)
{
    struct share_job job = {.g = g, .list = list.p, .d = d, .m = m, .x = x};
    size_t blocks = (m + BLOCK - 1) / BLOCK;
    size_t rows = m < BLOCK ? m : BLOCK;
    unsigned workers = pse_pool_width(pse_group_pool(g));
    PSE_ARENA(arena, workers * rows * (sizeof(pse_point) + sizeof(pse_enc)) +
                         blocks * sizeof *job.rc + (8u << 20));

    job.bench = PSE_NEW(&arena, struct share_bench, workers);
    job.rc = PSE_NEW(&arena, pse_rc, blocks);
    if (job.bench == NULL || job.rc == NULL || !benches_make(job.bench, workers, rows, &arena))
        return PSE_E_MEMORY;
    pse_pool_run(pse_group_pool(g), share_task, &job, blocks);
    for (size_t i = 0; i < blocks; i++)
        PSE_TRY(job.rc[i]);
    return PSE_OK;
}

pse_rc pse_decrypt_prove(const struct pse_group *g, const pse_hash *eid,
                         struct pse_decrypt *decrypt, uint8_t *d,
                         uint8_t proof[PSE_DECRYPT_PROOF_SIZE], struct pse_span list,
                         const pse_secret *x, const pse_secret *nonce)
{
    struct column a = {.at = list.p, .stride = 64};
    pse_transcript t;
    uint8_t h[64];
    pse_point announced[2];
    pse_enc enc[2];
    pse_scalar c;
    pse_scalar z;

    if (decrypt->m > PSE_DECRYPT_MAX || list.n != 64 * (size_t)decrypt->m)
        return PSE_E_LENGTH;
    PSE_TRY(shares_make(g, d, list, decrypt->m, x));
    pse_sha256(&decrypt->d_hash, pse_span(d, 32 * (size_t)decrypt->m));
    start(&t, h, eid, decrypt);
    PSE_TRY(columns_sum(g, &a, 1, decrypt->m, h));
    pse_point_mul_base(g, &announced[0], nonce, 1);
    pse_point_mul(g, &announced[1], nonce, &a.sum, 1);
    pse_point_encode(g, enc, announced, 2);
    memcpy(proof, enc, sizeof enc);
    challenge(&c, &t, proof);
    pse_secret_respond(&z, nonce, &c, x);
    pse_scalar_encode(proof + 64, &z);
    return PSE_OK;
}

/* --- verifier -------------------------------------------------------------------------------- */

static pse_rc proof_check(const struct pse_group *g, const struct pse_decrypt *decrypt,
                          pse_transcript *t, const struct column *list, const struct column *d,
                          const uint8_t *proof)
{
    pse_point v;
    pse_point t1;
    pse_point t2;
    pse_enc enc[2];
    pse_scalar c;
    pse_scalar z;

    memcpy(enc, proof, sizeof enc);
    PSE_TRY(pse_scalar_decode(&z, proof + 64));
    PSE_TRY(pse_point_decode(g, &t1, NULL, &enc[0], 1, PSE_IDENTITY_FORBIDDEN));
    PSE_TRY(pse_point_decode(g, &t2, NULL, &enc[1], 1, PSE_IDENTITY_ALLOWED));
    PSE_TRY(pse_point_decode(g, &v, NULL, &decrypt->v, 1, PSE_IDENTITY_FORBIDDEN));
    if (!list->ok)
        return PSE_E_PROOF;
    challenge(&c, t, proof);
    PSE_TRY(pse_sigma_check_vt(g, &z, pse_group_base(g), &t1, &c, &v));
    return pse_sigma_check_vt(g, &z, &list->sum, &t2, &c, &d->sum);
}

pse_rc pse_decrypt_verify(const struct pse_group *g, const pse_hash *eid,
                          struct pse_decrypt_verdict *verdict, const struct pse_decrypt *decrypt,
                          struct pse_span list, struct pse_span d,
                          const uint8_t proof[PSE_DECRYPT_PROOF_SIZE])
{
    struct column column[2] = {{.at = list.p, .stride = 64}, {.at = d.p, .stride = 32}};
    pse_transcript t;
    uint8_t h[64];

    PSE_REQUIRE(decrypt->m <= PSE_DECRYPT_MAX && list.n == 64 * (size_t)decrypt->m);
    *verdict = (struct pse_decrypt_verdict){PSE_E_MISSING, PSE_E_MISSING};
    if (d.n != 32 * (size_t)decrypt->m) {
        verdict->blob = PSE_E_LENGTH;
        return PSE_E_LENGTH;
    }
    start(&t, h, eid, decrypt);
    PSE_TRY(columns_sum(g, column, 2, decrypt->m, h));
    verdict->blob = column[1].ok ? PSE_OK : PSE_E_ENCODING;
    if (verdict->blob != PSE_OK)
        return verdict->blob;
    verdict->proof = proof_check(g, decrypt, &t, &column[0], &column[1], proof);
    if (verdict->proof == PSE_E_MEMORY) {
        *verdict = (struct pse_decrypt_verdict){PSE_E_MISSING, PSE_E_MISSING};
        return PSE_E_MEMORY;
    }
    return verdict->proof;
}
