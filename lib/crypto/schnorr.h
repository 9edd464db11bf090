/* Proofs of knowledge of a discrete logarithm, PoK(type; x1; …) of protocol 1.1.
 *
 * One interface for all of them: "ballot-sign", "cred-pop", "report-sign", "check-pok", "dkg-pop",
 * "dkg-share-pok", "dkg-confirm". The proof is R || z, 64 bytes; the transcript is that of the
 * statement followed by R. */
#ifndef PSE_CRYPTO_SCHNORR_H
#define PSE_CRYPTO_SCHNORR_H

#include "crypto/batch.h"
#include "crypto/transcript.h"

enum { PSE_POK_SIZE = 64 };

/** Is z P = T + c Q? The equation that every sigma protocol here ends in. Public data, variable
 * time. PSE_E_PROOF, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_sigma_check_vt(const struct pse_group *g, const pse_scalar *z,
                                   const pse_point *p, const pse_point *t, const pse_scalar *c,
                                   const pse_point *q);

/** c = C(type; x…; R). */
void pse_pok_challenge(pse_scalar *c, const struct pse_statement *s, const uint8_t r[32]);

/** Prove knowledge of @p x with the given @p nonce, which must be fresh, uniform and used once.
 * Constant time in both. */
void pse_pok_prove_with(const struct pse_group *g, uint8_t proof[PSE_POK_SIZE],
                        const struct pse_statement *s, const pse_secret *x,
                        const pse_secret *nonce);
/** The same with a nonce from @p rng. */
void pse_pok_prove(const struct pse_group *g, uint8_t proof[PSE_POK_SIZE],
                   const struct pse_statement *s, const pse_secret *x, struct pse_rng *rng);

/** @p n proofs at once: proof[i] of x[i] with nonce[i], as pse_pok_prove_with. s[i] has R as its
 * last piece, a span of the first 32 bytes of proof[i]. PSE_E_MEMORY: proofs are incomplete. */
PSE_MUST pse_rc pse_pok_prove_many(const struct pse_group *g, uint8_t *const *proof,
                                   const struct pse_statement *s, const pse_secret *x,
                                   const pse_secret *nonce, size_t n);

/** Check zG = R + cX. PSE_E_ENCODING: R or z not canonical, R the identity; PSE_E_PROOF. */
PSE_MUST pse_rc pse_pok_verify(const struct pse_group *g, const struct pse_statement *s,
                               const pse_point *x, const uint8_t proof[PSE_POK_SIZE]);

/** Add the check to the open unit of @p b; @p x is the encoding of X, decoded there with R.
 * PSE_E_ENCODING: z not canonical (nothing is added). */
PSE_MUST pse_rc pse_pok_batch(struct pse_batch *b, const struct pse_statement *s,
                              const uint8_t x[32], const uint8_t proof[PSE_POK_SIZE]);
/** The same with the challenge at hand: that of the statement with R as its last piece. */
PSE_MUST pse_rc pse_pok_batch_with(struct pse_batch *b, const pse_scalar *c, const uint8_t x[32],
                                   const uint8_t proof[PSE_POK_SIZE]);

#endif
