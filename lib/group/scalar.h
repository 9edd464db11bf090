/* Scalars: integers modulo L = 2^252 + 27742317777372353535851937790883648493.
 *
 * Two types of one shape, so that they cannot be confused: pse_scalar is public and may be read,
 * compared and branched on; pse_secret is not, is handled in constant time, and is wiped. Both are
 * always canonical (< L). Part of room group. Constant time unless a name ends in _vt. */
#ifndef PSE_GROUP_SCALAR_H
#define PSE_GROUP_SCALAR_H

#include "base/base.h"

typedef struct pse_scalar {
    uint64_t w[4]; /* little-endian words, < L */
} pse_scalar;

typedef struct pse_secret {
    uint64_t w[4];
} pse_secret;

void pse_secret_wipe(pse_secret *x);

/* --- public scalars ------------------------------------------------------------------------- */

/** The protocol's S: 32 bytes little-endian, canonical. PSE_E_ENCODING if >= L (r is then zero). */
PSE_MUST pse_rc pse_scalar_decode(pse_scalar *r, const uint8_t in[32]);
void pse_scalar_encode(uint8_t out[32], const pse_scalar *a);
void pse_scalar_set_u64(pse_scalar *r, uint64_t x);
/** scalar(h): the 64 bytes as a little-endian integer, modulo L. */
void pse_scalar_from_wide(pse_scalar *r, const uint8_t h[64]);
/** short(h) and weights: 16 bytes little-endian, below 2^128. */
void pse_scalar_from_short(pse_scalar *r, const uint8_t h[16]);
void pse_scalar_add(pse_scalar *r, const pse_scalar *a, const pse_scalar *b);
void pse_scalar_sub(pse_scalar *r, const pse_scalar *a, const pse_scalar *b);
void pse_scalar_neg(pse_scalar *r, const pse_scalar *a);
void pse_scalar_mul(pse_scalar *r, const pse_scalar *a, const pse_scalar *b);
/** r = a b + c. */
void pse_scalar_muladd(pse_scalar *r, const pse_scalar *a, const pse_scalar *b,
                       const pse_scalar *c);
/** r = k a + c for k below 2^128 (PSE_REQUIRE): at half the price. */
void pse_scalar_muladd_short(pse_scalar *r, const pse_scalar *k, const pse_scalar *a,
                             const pse_scalar *c);

/** A sum of products that is reduced once, at the end; zero to begin with. Public, as the products
 * of short weights and scalars are that batches add up. */
typedef struct pse_wide {
    uint64_t w[7];
} pse_wide;

/** sum += k a for k below 2^128 (PSE_REQUIRE); at most 2^60 times. */
void pse_wide_add(pse_wide *sum, const pse_scalar *k, const pse_scalar *a);
void pse_wide_reduce(pse_scalar *r, const pse_wide *sum);

/** r = 1/a, a != 0 (PSE_REQUIRE). */
void pse_scalar_invert_vt(pse_scalar *r, const pse_scalar *a);
bool pse_scalar_is_zero(const pse_scalar *a);
bool pse_scalar_is_equal(const pse_scalar *a, const pse_scalar *b);

/* --- secret scalars ------------------------------------------------------------------------- */

/** Uniform modulo L from 64 bytes of @p rng. */
void pse_secret_random(pse_secret *r, struct pse_rng *rng);
/** n of them. */
void pse_secret_random_n(pse_secret *r, size_t n, struct pse_rng *rng);
PSE_MUST pse_rc pse_secret_decode(pse_secret *r, const uint8_t in[32]);
void pse_secret_encode(uint8_t out[32], const pse_secret *a);
void pse_secret_set_u64(pse_secret *r, uint64_t x);
void pse_secret_from_wide(pse_secret *r, const uint8_t h[64]);
void pse_secret_add(pse_secret *r, const pse_secret *a, const pse_secret *b);
void pse_secret_sub(pse_secret *r, const pse_secret *a, const pse_secret *b);
void pse_secret_neg(pse_secret *r, const pse_secret *a);
/** r = a / 2 modulo L. */
void pse_secret_halve(pse_secret *r, const pse_secret *a);
void pse_secret_mul(pse_secret *r, const pse_secret *a, const pse_secret *b);
/** r = a b + c. */
void pse_secret_muladd(pse_secret *r, const pse_secret *a, const pse_secret *b,
                       const pse_secret *c);
/** A public value among secrets. */
void pse_secret_from_scalar(pse_secret *r, const pse_scalar *a);
/** Declare a computed value public: the response of a proof, never a key or a nonce. */
void pse_secret_reveal(pse_scalar *r, const pse_secret *a);
/** The response of a sigma protocol: z = omega + c x, public. */
void pse_secret_respond(pse_scalar *z, const pse_secret *omega, const pse_scalar *c,
                        const pse_secret *x);
/** r = take ? b : a, take in {0,1} secret. */
void pse_secret_select(pse_secret *r, const pse_secret *a, const pse_secret *b, uint64_t take);

#endif
