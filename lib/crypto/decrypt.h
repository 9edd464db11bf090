/* Threshold decryption of a list (protocol 9) and what results are computed from it (10).
 *
 * A list is M ciphertexts A || B as bytes; shares are M encodings. Both are walked in blocks. The
 * trustee's duties (verify first, one in-hash per list, durable memory) belong to the caller. */
#ifndef PSE_CRYPTO_DECRYPT_H
#define PSE_CRYPTO_DECRYPT_H

#include "crypto/transcript.h"

enum { PSE_DECRYPT_PROOF_SIZE = 96, PSE_DECRYPT_MAX = 1 << 28 };

/** The fields of a decrypt entry that the proof binds. */
struct pse_decrypt {
    uint16_t contest;
    uint16_t group;
    uint8_t trustee; /* i, 1..64 */
    uint32_t m;      /* M */
    pse_enc v;       /* V_i as confirmed */
    pse_hash in_hash;
    pse_hash d_hash; /* SHA-256 of the D blob */
};

/** D_k = x A_k for the whole list into @p d (32 M bytes) and the proof T1 || T2 || z. Sets d_hash;
 * the other fields are inputs. Points of the list may be the identity here (aggregates may).
 * Constant time in x and nonce. PSE_E_LENGTH, PSE_E_ENCODING, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_decrypt_prove(const struct pse_group *g, const pse_hash *eid,
                                  struct pse_decrypt *decrypt, uint8_t *d,
                                  uint8_t proof[PSE_DECRYPT_PROOF_SIZE], struct pse_span list,
                                  const pse_secret *x, const pse_secret *nonce);

struct pse_decrypt_verdict {
    pse_rc blob;  /* V702: PSE_E_LENGTH, PSE_E_ENCODING */
    pse_rc proof; /* V703: PSE_E_PROOF; PSE_E_MISSING when skipped */
};

/** Check one decrypt entry: @p list verified before (a point in it that does not decode fails the
 * proof). Returns the first status that is not PSE_OK; PSE_E_MEMORY: both fields PSE_E_MISSING.
 * Canonicity of T1, T2, z in the body (V906) is checked here too: PSE_E_ENCODING in proof. */
PSE_MUST pse_rc pse_decrypt_verify(const struct pse_group *g, const pse_hash *eid,
                                   struct pse_decrypt_verdict *verdict,
                                   const struct pse_decrypt *decrypt, struct pse_span list,
                                   struct pse_span d, const uint8_t proof[PSE_DECRYPT_PROOF_SIZE]);

/** λ of each of @p t distinct trustee indexes (1..64), for interpolation at 0. */
void pse_lagrange(pse_scalar *lambda, const uint8_t *index, size_t t);

/** X_k = B_k - Σ λ_i D_{i,k} as M encodings (P0) into @p points (32 M bytes). @p d: t share blobs
 * in the order of @p index. PSE_E_LENGTH, PSE_E_ENCODING, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_decrypt_combine(const struct pse_group *g, uint8_t *points,
                                    struct pse_span list, const struct pse_span *d,
                                    const uint8_t *index, size_t t);

/** V803: do @p points (32 M bytes) equal what pse_decrypt_combine would give? A weighted sum, much
 * cheaper than computing them. PSE_E_LENGTH, PSE_E_ENCODING (points not P0), PSE_E_MISMATCH,
 * PSE_E_MEMORY. */
PSE_MUST pse_rc pse_decrypt_check(const struct pse_group *g, struct pse_span points,
                                  struct pse_span list, const struct pse_span *d,
                                  const uint8_t *index, size_t t, struct pse_rng *rng);

enum { PSE_COUNT_BITS_MAX = 40 };

/** V802: is counts[k] G = X_k for every k? PSE_E_LENGTH, PSE_E_ENCODING, PSE_E_MISMATCH,
 * PSE_E_MEMORY. */
PSE_MUST pse_rc pse_count_check(const struct pse_group *g, const uint64_t *counts, size_t n,
                                struct pse_span points, struct pse_rng *rng);
/** The counts in 0..@p bound (< 2^40) with counts[k] G = X_k, by giant and baby steps in at most
 * 64 MiB. PSE_E_RANGE: some X_k has none, or @p bound is too large; PSE_E_LENGTH, PSE_E_ENCODING,
 * PSE_E_MEMORY. Public data, variable time. */
PSE_MUST pse_rc pse_count_find_vt(const struct pse_group *g, uint64_t *counts, size_t n,
                                  struct pse_span points, uint64_t bound);

#endif
