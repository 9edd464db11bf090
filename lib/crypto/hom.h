/* The homomorphic part of a ballot (protocol 6.1): encrypted values 0..m for K options, a proof
 * that each is in range, and a proof that their sum is allowed.
 *
 * Cost. Prover: 3 multiplications of fixed bases a branch and 3 an option. Verifier: one decoding a
 * point; in the batch's sum 2 K terms with full scalars (A_k, B_k) and one with a 128-bit scalar
 * for every T and U, so a proof of 0 or 1 costs 6 decodings and 6 terms, 4 of them short.
 *
 * Bytes here are the part *without* its leading u16 contest id. */
#ifndef PSE_CRYPTO_HOM_H
#define PSE_CRYPTO_HOM_H

#include "crypto/batch.h"
#include "crypto/elgamal.h"
#include "crypto/transcript.h"

enum { PSE_HOM_OPTIONS_MAX = 255, PSE_HOM_VALUE_MAX = 8, PSE_HOM_SUMS_MAX = 64 };

/** What the manifest says of a homomorphic contest. */
struct pse_hom_rule {
    unsigned options;    /* K, 1..255 */
    unsigned option_max; /* m, 1..8 */
    unsigned min;
    unsigned max; /* min <= max <= K m */
    bool blank;   /* the sum may be 0 too; only if min > 0 */
};

/** ctx = D || u16 style || u16 contest: what binds a part to its place. */
struct pse_part_context {
    uint8_t b[36];
};

struct pse_part_context pse_part_context_make(const uint8_t credential[32], uint16_t style,
                                              uint16_t contest);

/** Ranges as above and at most 64 branches in the sum proof (part of V103). All functions below
 * require a valid rule. */
bool pse_hom_rule_is_valid(const struct pse_hom_rule *rule);
/** The allowed sums, ascending, if a sum proof is needed; the number of them, 0 if none is. */
unsigned pse_hom_sums(const struct pse_hom_rule *rule, uint16_t sums[PSE_HOM_SUMS_MAX]);
/** Length of the part in bytes: K (160 + 128 m) + (128 s - 32 if s > 0). */
size_t pse_hom_size(const struct pse_hom_rule *rule);
/** Number of points in the part: slots that pse_hom_batch takes. */
size_t pse_hom_points(const struct pse_hom_rule *rule);

/** Randomness of a part. r: K encryption secrets (kept for the second-device check). proof: for
 * each disjunction (options in order, then the sum if any) the true branch's nonce, then
 * (challenge, response) of the false branches ascending. */
struct pse_hom_random {
    pse_secret *r;
    pse_secret *proof;
    size_t proof_n;
};

/** Number of secrets in `proof`. */
size_t pse_hom_random_size(const struct pse_hom_rule *rule);
/** Allocate in @p arena (which wipes) and draw. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_hom_random_draw(struct pse_hom_random *random, struct pse_arena *arena,
                                    const struct pse_hom_rule *rule, struct pse_rng *rng);

/** Write the part, pse_hom_size bytes. @p values: K secret values. PSE_E_RANGE: a value above m or
 * a sum that is not allowed (only that fact shows); PSE_E_MEMORY. Otherwise constant time in
 * values and randomness. */
PSE_MUST pse_rc pse_hom_prove(const struct pse_joint *joint, uint8_t *part,
                              const struct pse_part_context *ctx, const struct pse_hom_rule *rule,
                              const uint8_t *values, const struct pse_hom_random *random);

/** Add the part's equations to the open unit of @p b, whose base 1 is Y; takes pse_hom_points
 * slots. PSE_E_LENGTH, PSE_E_ENCODING (a scalar is not canonical): nothing is added. Points are
 * judged by the batch. */
PSE_MUST pse_rc pse_hom_batch(struct pse_batch *b, const struct pse_joint *joint,
                              const struct pse_part_context *ctx, const struct pse_hom_rule *rule,
                              struct pse_span part);

/** In two steps, for many parts at once: what the challenge c is the hash of (@p x is room for its
 * pieces, @p part a whole part), and the equations with that c. */
struct pse_statement pse_hom_statement(struct pse_span x[4], const struct pse_joint *joint,
                                       const struct pse_part_context *ctx,
                                       const struct pse_hom_rule *rule, const uint8_t *part);
PSE_MUST pse_rc pse_hom_batch_with(struct pse_batch *b, const pse_scalar *c,
                                   const struct pse_hom_rule *rule, struct pse_span part);

/** One part alone. PSE_E_LENGTH, PSE_E_ENCODING, PSE_E_PROOF, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_hom_verify(const struct pse_joint *joint, const struct pse_part_context *ctx,
                               const struct pse_hom_rule *rule, struct pse_span part,
                               struct pse_rng *rng);

#endif
