#include "crypto/mixpok.h"

#include "crypto/plaintext.h"
#include "crypto/statements.h"

/* Offsets in a part of width w: ciphertexts, T at 64 w, z at 96 w. */
struct pse_statement pse_mixpok_statement(struct pse_span x[4], const struct pse_joint *joint,
                                          const struct pse_part_context *ctx, unsigned width,
                                          const uint8_t *part)
{
    x[0] = pse_span(ctx->b, sizeof ctx->b);
    x[1] = pse_span(joint->enc.b, sizeof joint->enc.b);
    x[2] = pse_span(part, 64 * (size_t)width);
    x[3] = pse_span(part + 64 * (size_t)width, 32 * (size_t)width);
    return (struct pse_statement){"ballot-mix", &joint->eid, x, 4};
}

/* --- prover -----------------------------------------------------------------------------------
 * All parts' elements stand in one list, so that points are multiplied and encoded together. */

enum {
    MAKER_HASHED = 64,          /* transcripts that scratch has room for */
    MAKER_ARENA = 16 << 20,     /* bound of the arena: what is there once, and unused ends */
    MAKER_ARENA_ELEMENT = 2048, /* and for each element twice what it takes */
};

struct maker {
    const struct pse_joint *joint;
    const struct pse_mixpok_making *making;
    size_t n;
    size_t elements; /* of all parts */
    uint8_t *data;
    pse_secret *r;
    pse_secret *nonce;
    pse_point *m, *a, *t;
    pse_enc *enc;
    struct pse_statement *s; /* of each part */
    struct pse_span (*x)[4];
    uint8_t (*h)[64];
    uint8_t *scratch;
    size_t room;
};

static pse_rc maker_allocate(struct maker *k, struct pse_arena *arena)
{
    /* what a part's transcript has besides the part's own bytes is below 256 bytes */
    size_t most = k->n < MAKER_HASHED ? k->n : MAKER_HASHED;

    k->room = most * (256 + 96 * PSE_MIX_WIDTH_MAX);
    k->data = PSE_NEW(arena, uint8_t, PSE_ELEMENT_BYTES * k->elements);
    k->r = PSE_NEW(arena, pse_secret, 2 * k->elements);
    k->m = PSE_NEW(arena, pse_point, 3 * k->elements);
    k->enc = PSE_NEW(arena, pse_enc, k->elements);
    k->s = PSE_NEW(arena, struct pse_statement, k->n);
    k->x = pse_arena_alloc(arena, k->n, sizeof *k->x);
    k->h = pse_arena_alloc(arena, k->n, sizeof *k->h);
    k->scratch = PSE_NEW(arena, uint8_t, k->room);
    if (k->data == NULL || k->r == NULL || k->m == NULL || k->enc == NULL || k->s == NULL ||
        k->x == NULL || k->h == NULL || k->scratch == NULL)
        return PSE_E_MEMORY;
    k->nonce = k->r + k->elements;
    k->a = k->m + k->elements;
    k->t = k->a + k->elements;
    return PSE_OK;
}

static void gather(struct maker *k)
{
    size_t at = 0;

    for (size_t i = 0; i < k->n; i++) {
        const struct pse_mixpok_making *g = &k->making[i];

        memcpy(k->data + PSE_ELEMENT_BYTES * at, g->plaintext, PSE_ELEMENT_BYTES * g->width);
        memcpy(k->r + at, g->r, g->width * sizeof *k->r);
        memcpy(k->nonce + at, g->nonces, g->width * sizeof *k->nonce);
        at += g->width;
    }
}

enum place { PLACE_A, PLACE_B, PLACE_T };

/* Encode one point of each element into the parts. */
static void scatter(struct maker *k, enum place place, const pse_point *p)
{
    const pse_enc *enc = k->enc;
    size_t step = place == PLACE_T ? 32 : PSE_CIPHERTEXT_SIZE;

    pse_point_encode(k->joint->g, k->enc, p, k->elements);
    for (size_t i = 0; i < k->n; i++) {
        const struct pse_mixpok_making *g = &k->making[i];
        uint8_t *to = g->part;

        if (place == PLACE_T)
            to += PSE_CIPHERTEXT_SIZE * g->width;
        else if (place == PLACE_B)
            to += 32;
        for (unsigned e = 0; e < g->width; e++, enc++)
            memcpy(to + step * e, enc->b, 32);
    }
}

static void respond(struct maker *k)
{
    size_t at = 0;

    for (size_t i = 0; i < k->n; i++) {
        const struct pse_mixpok_making *g = &k->making[i];

        k->s[i] = pse_mixpok_statement(k->x[i], k->joint, g->ctx, g->width, g->part);
    }
    pse_statements_hash(k->h, k->s, k->n, k->scratch, k->room);
    for (size_t i = 0; i < k->n; i++) {
        const struct pse_mixpok_making *g = &k->making[i];
        pse_scalar c;
        pse_scalar z;

        pse_scalar_from_wide(&c, k->h[i]);
        for (unsigned e = 0; e < g->width; e++, at++) {
            pse_secret_respond(&z, &k->nonce[at], &c, &k->r[at]);
            pse_scalar_encode(g->part + 96 * g->width + 32 * e, &z);
        }
    }
}

static pse_rc make(struct maker *k, bool is_open)
{
    const struct pse_group *g = k->joint->g;

    PSE_TRY((is_open ? pse_element_encode_vt : pse_element_encode)(g, k->m, k->data, k->elements));
    pse_elgamal_encrypt(k->joint, k->a, k->m, k->m, k->r, k->elements);
    pse_point_mul_base(g, k->t, k->nonce, k->elements);
    scatter(k, PLACE_A, k->a);
    scatter(k, PLACE_B, k->m);
    scatter(k, PLACE_T, k->t);
    respond(k);
    return PSE_OK;
}

pse_rc pse_mixpok_prove_many(const struct pse_joint *joint, const struct pse_mixpok_making *making,
                             size_t n, bool is_open)
{
    struct maker k = {.joint = joint, .making = making, .n = n};

    if (n == 0)
        return PSE_OK;
    for (size_t i = 0; i < n; i++) {
        PSE_REQUIRE(making[i].width >= 1 && making[i].width <= PSE_MIX_WIDTH_MAX);
        k.elements += making[i].width;
    }
    PSE_ARENA(arena, MAKER_ARENA + k.elements * MAKER_ARENA_ELEMENT);
    PSE_TRY(maker_allocate(&k, &arena));
    gather(&k);
    return make(&k, is_open);
}

pse_rc pse_mixpok_prove(const struct pse_joint *joint, uint8_t *part,
                        const struct pse_part_context *ctx, unsigned width,
                        const uint8_t *plaintext, const pse_secret *r, const pse_secret *nonces)
{
    const struct pse_mixpok_making one = {part, ctx, width, plaintext, r, nonces};

    return pse_mixpok_prove_many(joint, &one, 1, false);
}

/* --- verifier -------------------------------------------------------------------------------- */

static void challenge(pse_scalar *c, const struct pse_joint *joint,
                      const struct pse_part_context *ctx, unsigned width, const uint8_t *part)
{
    struct pse_span x[4];
    const struct pse_statement s = pse_mixpok_statement(x, joint, ctx, width, part);

    pse_statement_scalar(c, &s);
}

pse_rc pse_mixpok_batch(struct pse_batch *b, const struct pse_joint *joint,
                        const struct pse_part_context *ctx, unsigned width, struct pse_span part)
{
    pse_scalar c;

    PSE_REQUIRE(width >= 1 && width <= PSE_MIX_WIDTH_MAX);
    if (part.n != pse_mixpok_size(width))
        return PSE_E_LENGTH;
    challenge(&c, joint, ctx, width, part.p);
    return pse_mixpok_batch_with(b, &c, width, part);
}

pse_rc pse_mixpok_batch_with(struct pse_batch *b, const pse_scalar *c, unsigned width,
                             struct pse_span part)
{
    pse_scalar z[PSE_MIX_WIDTH_MAX];
    size_t slot;

    PSE_REQUIRE(width >= 1 && width <= PSE_MIX_WIDTH_MAX);
    if (part.n != pse_mixpok_size(width))
        return PSE_E_LENGTH;
    for (unsigned k = 0; k < width; k++)
        PSE_TRY(pse_scalar_decode(&z[k], part.p + 96 * width + 32 * k));
    slot = pse_batch_encodings(b, part.p, pse_mixpok_points(width));
    for (unsigned k = 0; k < width; k++) {
        pse_batch_equation(b);
        pse_batch_add_one(b, slot + 2 * width + k);
        pse_batch_add(b, slot + 2 * k, c);
        pse_batch_sub_base(b, 0, &z[k]);
    }
    return PSE_OK;
}

pse_rc pse_mixpok_verify(const struct pse_joint *joint, const struct pse_part_context *ctx,
                         unsigned width, struct pse_span part, struct pse_rng *rng)
{
    struct pse_batch *b;
    pse_rc rc;

    PSE_TRY(pse_batch_new(&b, joint->g, NULL, 0, 1, pse_mixpok_points(width), rng));
    pse_batch_open(b, 0, 1);
    rc = pse_mixpok_batch(b, joint, ctx, width, part);
    if (rc == PSE_OK)
        rc = pse_batch_check_one(b);
    pse_batch_free(b);
    return rc;
}
