/* The mix part of a ballot (protocol 6.2): w ciphertexts of a plaintext of 30 w bytes and a proof
 * that their maker knows what is inside.
 *
 * Cost of a ciphertext. Prover: 64 decodings and 3 multiplications of fixed bases. Verifier: 3
 * decodings and 2 terms of the batch's sum, one of them short.
 *
 * Bytes here are the part *without* its leading u16 contest id: 128 w bytes. */
#ifndef PSE_CRYPTO_MIXPOK_H
#define PSE_CRYPTO_MIXPOK_H

#include "crypto/hom.h"

enum { PSE_MIX_WIDTH_MAX = 8 };

static inline size_t pse_mixpok_size(unsigned width)
{
    return 128 * (size_t)width;
}

/** Number of points in the part: slots that pse_mixpok_batch takes. */
static inline size_t pse_mixpok_points(unsigned width)
{
    return 3 * (size_t)width;
}

/** Write the part. @p plaintext: 30 w bytes, any content; @p r: w encryption secrets; @p nonces: w.
 * Constant time. PSE_E_RANGE, PSE_E_MEMORY as pse_element_encode. 1 <= width <= 8. */
PSE_MUST pse_rc pse_mixpok_prove(const struct pse_joint *joint, uint8_t *part,
                                 const struct pse_part_context *ctx, unsigned width,
                                 const uint8_t *plaintext, const pse_secret *r,
                                 const pse_secret *nonces);

/** What one of many parts is made of, as above. Borrowed. */
struct pse_mixpok_making {
    uint8_t *part;
    const struct pse_part_context *ctx;
    unsigned width;
    const uint8_t *plaintext;
    const pse_secret *r;
    const pse_secret *nonces;
};

/** Write @p n parts, all points worked out together. @p is_open: the plaintexts are nobody's secret
 * (simulated ballots), so encoding them need not be constant time (pse_element_encode_vt); all else
 * is. PSE_E_RANGE, PSE_E_MEMORY: parts are then incomplete. */
PSE_MUST pse_rc pse_mixpok_prove_many(const struct pse_joint *joint,
                                      const struct pse_mixpok_making *making, size_t n,
                                      bool is_open);

/** Add the part's equations to the open unit of @p b; takes pse_mixpok_points slots. PSE_E_LENGTH,
 * PSE_E_ENCODING (a scalar is not canonical): nothing is added. */
PSE_MUST pse_rc pse_mixpok_batch(struct pse_batch *b, const struct pse_joint *joint,
                                 const struct pse_part_context *ctx, unsigned width,
                                 struct pse_span part);

/** In two steps, for many parts at once: what the challenge c is the hash of (@p x is room for its
 * pieces, @p part at least 96 w bytes), and the equations with that c. */
struct pse_statement pse_mixpok_statement(struct pse_span x[4], const struct pse_joint *joint,
                                          const struct pse_part_context *ctx, unsigned width,
                                          const uint8_t *part);
PSE_MUST pse_rc pse_mixpok_batch_with(struct pse_batch *b, const pse_scalar *c, unsigned width,
                                      struct pse_span part);

/** One part alone. PSE_E_LENGTH, PSE_E_ENCODING, PSE_E_PROOF, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_mixpok_verify(const struct pse_joint *joint, const struct pse_part_context *ctx,
                                  unsigned width, struct pse_span part, struct pse_rng *rng);

#endif
