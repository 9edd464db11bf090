#include "crypto/mixpok.h"

#include "crypto/plaintext.h"

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

static void challenge(pse_scalar *c, const struct pse_joint *joint,
                      const struct pse_part_context *ctx, unsigned width, const uint8_t *part)
{
    struct pse_span x[4];
    const struct pse_statement s = pse_mixpok_statement(x, joint, ctx, width, part);

    pse_statement_scalar(c, &s);
}

pse_rc pse_mixpok_prove_elements(const struct pse_joint *joint, uint8_t *part,
                                 const struct pse_part_context *ctx, unsigned width,
                                 const pse_point *elements, const pse_secret *r,
                                 const pse_secret *nonces)
{
    PSE_ARENA(arena, 64 * 1024);
    pse_point *a = PSE_NEW(&arena, pse_point, width);
    pse_point *b = PSE_NEW(&arena, pse_point, width);
    pse_enc t[PSE_MIX_WIDTH_MAX];
    pse_scalar c;
    pse_scalar z;

    PSE_REQUIRE(width >= 1 && width <= PSE_MIX_WIDTH_MAX);
    if (a == NULL || b == NULL)
        return PSE_E_MEMORY;
    pse_elgamal_encrypt(joint, a, b, elements, r, width);
    pse_elgamal_encode(joint->g, part, a, b, width);
    pse_point_mul_base(joint->g, a, nonces, width);
    pse_point_encode(joint->g, t, a, width);
    memcpy(part + 64 * width, t, 32 * width);
    challenge(&c, joint, ctx, width, part);
    for (unsigned k = 0; k < width; k++) {
        pse_secret_respond(&z, &nonces[k], &c, &r[k]);
        pse_scalar_encode(part + 96 * width + 32 * k, &z);
    }
    return PSE_OK;
}

pse_rc pse_mixpok_prove(const struct pse_joint *joint, uint8_t *part,
                        const struct pse_part_context *ctx, unsigned width,
                        const uint8_t *plaintext, const pse_secret *r, const pse_secret *nonces)
{
    pse_point elements[PSE_MIX_WIDTH_MAX];
    pse_rc rc;

    PSE_REQUIRE(width >= 1 && width <= PSE_MIX_WIDTH_MAX);
    rc = pse_element_encode(joint->g, elements, plaintext, width);
    if (rc == PSE_OK)
        rc = pse_mixpok_prove_elements(joint, part, ctx, width, elements, r, nonces);
    pse_wipe(elements, sizeof elements);
    return rc;
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
