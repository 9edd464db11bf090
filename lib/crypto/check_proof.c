#include "crypto/check.h"
#include "crypto/plaintext.h"

enum { CIPHERTEXTS_MAX = 65535 / 64 }; /* more do not fit a ballot entry */

size_t pse_check_choices_size(const struct pse_check_part *parts, size_t n)
{
    size_t size = 0;

    for (size_t i = 0; i < n; i++)
        size += parts[i].count * (parts[i].mix ? (size_t)PSE_ELEMENT_BYTES : 1);
    return size;
}

static pse_rc claim_check(const struct pse_check_claim *claim, size_t *m)
{
    size_t count = 0;

    for (size_t i = 0; i < claim->parts_n; i++)
        count += claim->parts[i].count;
    *m = count;
    if (count > CIPHERTEXTS_MAX || claim->ciphertexts.n != PSE_CIPHERTEXT_SIZE * count)
        return PSE_E_LENGTH;
    if (claim->choices.n != pse_check_choices_size(claim->parts, claim->parts_n))
        return PSE_E_LENGTH;
    return PSE_OK;
}

/* τ = T("check-proof"; leaf hash; X; Y; choices) and the weights ρ. */
static void start(pse_transcript *t, pse_scalar *rho, size_t m, const struct pse_joint *joint,
                  const struct pse_check_claim *claim)
{
    struct pse_span x[] = {pse_span(claim->leaf_hash.b, 32), pse_span(claim->x.b, 32),
                           pse_span(joint->enc.b, 32), claim->choices};
    struct pse_statement s = {"check-proof", &joint->eid, x, 4};
    uint8_t h[64];

    pse_statement_begin(t, &s);
    pse_transcript_squeeze(t, h);
    pse_weights(rho, h, 0, m);
}

static void challenge(pse_scalar *c, pse_transcript *t, const uint8_t announced[96])
{
    pse_transcript_absorb(t, announced, 96);
    pse_transcript_challenge(t, c);
}

/* M_k for all ciphertexts, without branching on the choices. */
static pse_rc messages(const struct pse_group *g, pse_point *m, const struct pse_check_claim *claim)
{
    const uint8_t *choice = claim->choices.p;

    for (size_t i = 0; i < claim->parts_n; i++) {
        const struct pse_check_part *part = &claim->parts[i];

        if (part->mix) {
            PSE_TRY(pse_element_encode(g, m, choice, part->count));
            choice += (size_t)PSE_ELEMENT_BYTES * part->count;
        }
        for (unsigned k = 0; !part->mix && k < part->count; k++) {
            PSE_SECRET(pse_secret, v);

            pse_secret_set_u64(&v, *choice++);
            pse_point_mul_base(g, &m[k], &v, 1);
        }
        m += part->count;
    }
    return PSE_OK;
}

/* A* = Σ ρ A, C* = Σ ρ (B - M). */
static pse_rc aggregate(const struct pse_group *g, struct pse_arena *arena, pse_point *a_star,
                        pse_point *c_star, const struct pse_check_claim *claim,
                        const pse_scalar *rho, size_t m)
{
    pse_enc *enc = PSE_NEW(arena, pse_enc, 2 * m);
    pse_point *a = PSE_NEW(arena, pse_point, m);
    pse_point *b = PSE_NEW(arena, pse_point, m);
    pse_point *message = PSE_NEW(arena, pse_point, m);

    if (enc == NULL || a == NULL || b == NULL || message == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < m; i++) {
        memcpy(enc[i].b, claim->ciphertexts.p + 64 * i, 32);
        memcpy(enc[m + i].b, claim->ciphertexts.p + 64 * i + 32, 32);
    }
    PSE_TRY(pse_point_decode(g, a, NULL, enc, m, PSE_IDENTITY_FORBIDDEN));
    PSE_TRY(pse_point_decode(g, b, NULL, enc + m, m, PSE_IDENTITY_FORBIDDEN));
    PSE_TRY(messages(g, message, claim));
    pse_point_sub(g, b, b, message, m);
    PSE_TRY(pse_msm_vt(g, a_star, rho, a, m));
    return pse_msm_vt(g, c_star, rho, b, m);
}

static void announce(const struct pse_group *g, uint8_t *proof, const pse_point t[3])
{
    pse_enc enc[3];

    pse_point_encode(g, enc, t, 3);
    memcpy(proof, enc, sizeof enc);
}

/* e G - k P. */
static void simulate(const struct pse_group *g, pse_point *out, const pse_secret *e,
                     const pse_secret *k, const pse_point *p)
{
    pse_point minus;

    pse_point_mul(g, &minus, k, p, 1);
    pse_point_mul_base(g, out, e, 1);
    pse_point_sub(g, out, out, &minus, 1);
}

static void put(uint8_t *to, const pse_secret *x)
{
    pse_scalar open;

    pse_secret_reveal(&open, x);
    pse_scalar_encode(to, &open);
}

enum { SCRATCH_MAX = 4 << 20 };

pse_rc pse_check_prove(const struct pse_joint *joint, uint8_t proof[PSE_CHECK_PROOF_SIZE],
                       const struct pse_check_claim *claim, const pse_secret *r,
                       const pse_secret random[3])
{
    PSE_ARENA(arena, SCRATCH_MAX);
    const pse_secret *omega = &random[0];
    const pse_secret *c1 = &random[1];
    const pse_secret *z1 = &random[2];
    PSE_SECRET(pse_secret, r_star);
    PSE_SECRET(pse_secret, c0);
    PSE_SECRET(pse_secret, z0);
    PSE_SECRET(pse_transcript, t); /* the choices go in */
    pse_point x;
    pse_point announced[3];
    pse_scalar *rho;
    pse_scalar c;
    size_t m;

    PSE_TRY(claim_check(claim, &m));
    rho = PSE_NEW(&arena, pse_scalar, m);
    if (rho == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(pse_point_decode(joint->g, &x, NULL, &claim->x, 1, PSE_IDENTITY_FORBIDDEN));
    start(&t, rho, m, joint, claim);
    for (size_t i = 0; i < m; i++) {
        PSE_SECRET(pse_secret, weight);

        pse_secret_from_scalar(&weight, &rho[i]);
        pse_secret_muladd(&r_star, &weight, &r[i], &r_star);
    }
    pse_point_mul_base(joint->g, &announced[0], omega, 1);
    pse_table_mul(joint->g, &announced[1], joint->table, omega, 1);
    simulate(joint->g, &announced[2], z1, c1, &x);
    announce(joint->g, proof, announced);
    challenge(&c, &t, proof);
    pse_secret_from_scalar(&c0, &c);
    pse_secret_sub(&c0, &c0, c1);
    pse_secret_muladd(&z0, &c0, &r_star, omega);
    put(proof + 96, &c0);
    put(proof + 128, &z0);
    put(proof + 160, z1);
    return PSE_OK;
}

pse_rc pse_check_forge(const struct pse_joint *joint, uint8_t proof[PSE_CHECK_PROOF_SIZE],
                       const struct pse_check_claim *claim, const pse_secret *x,
                       const pse_secret random[3])
{
    PSE_ARENA(arena, SCRATCH_MAX);
    const pse_secret *c0 = &random[0];
    const pse_secret *z0 = &random[1];
    const pse_secret *omega = &random[2];
    PSE_SECRET(pse_secret, c1);
    PSE_SECRET(pse_secret, z1);
    PSE_SECRET(pse_transcript, t);
    pse_point a_star;
    pse_point c_star;
    pse_point announced[3];
    pse_scalar *rho;
    pse_scalar c;
    size_t m;

    PSE_TRY(claim_check(claim, &m));
    rho = PSE_NEW(&arena, pse_scalar, m);
    if (rho == NULL)
        return PSE_E_MEMORY;
    start(&t, rho, m, joint, claim);
    PSE_TRY(aggregate(joint->g, &arena, &a_star, &c_star, claim, rho, m));
    simulate(joint->g, &announced[0], z0, c0, &a_star);
    pse_point_mul(joint->g, &c_star, c0, &c_star, 1);
    pse_table_mul(joint->g, &announced[1], joint->table, z0, 1);
    pse_point_sub(joint->g, &announced[1], &announced[1], &c_star, 1);
    pse_point_mul_base(joint->g, &announced[2], omega, 1);
    announce(joint->g, proof, announced);
    challenge(&c, &t, proof);
    pse_secret_from_scalar(&c1, &c);
    pse_secret_sub(&c1, &c1, c0);
    pse_secret_muladd(&z1, &c1, x, omega);
    put(proof + 96, c0);
    put(proof + 128, z0);
    put(proof + 160, &z1);
    return PSE_OK;
}

pse_rc pse_check_verify(const struct pse_joint *joint, const struct pse_check_claim *claim,
                        const uint8_t proof[PSE_CHECK_PROOF_SIZE])
{
    PSE_ARENA(arena, SCRATCH_MAX);
    const struct pse_group *g = joint->g;
    PSE_SECRET(pse_transcript, t);
    pse_point a_star;
    pse_point c_star;
    pse_point x;
    pse_point announced[3];
    pse_enc enc[3];
    pse_scalar *rho;
    pse_scalar s[3]; /* c0 z0 z1 */
    pse_scalar c;
    size_t m;

    PSE_TRY(claim_check(claim, &m));
    rho = PSE_NEW(&arena, pse_scalar, m);
    if (rho == NULL)
        return PSE_E_MEMORY;
    memcpy(enc, proof, sizeof enc);
    for (size_t i = 0; i < 3; i++)
        PSE_TRY(pse_scalar_decode(&s[i], proof + 96 + 32 * i));
    PSE_TRY(pse_point_decode(g, announced, NULL, enc, 2, PSE_IDENTITY_ALLOWED));
    PSE_TRY(pse_point_decode(g, &announced[2], NULL, &enc[2], 1, PSE_IDENTITY_FORBIDDEN));
    PSE_TRY(pse_point_decode(g, &x, NULL, &claim->x, 1, PSE_IDENTITY_FORBIDDEN));
    start(&t, rho, m, joint, claim);
    PSE_TRY(aggregate(g, &arena, &a_star, &c_star, claim, rho, m));
    challenge(&c, &t, proof);
    pse_scalar_sub(&c, &c, &s[0]);
    PSE_TRY(pse_sigma_check_vt(g, &s[1], pse_group_base(g), &announced[0], &s[0], &a_star));
    PSE_TRY(pse_sigma_check_vt(g, &s[1], &joint->y, &announced[1], &s[0], &c_star));
    return pse_sigma_check_vt(g, &s[2], pse_group_base(g), &announced[2], &c, &x);
}
