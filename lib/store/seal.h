/* Sealing of private rows: each record under a data key of its own, the data key under a wrapping
 * key that is not in the database (identity.md 6).
 *
 * XChaCha20-Poly1305 (libsodium) with random nonces, both times with the place of the row (table
 * and number) as associated data, so that no row can be put in another's place. Erasing a record is
 * deleting its wrapped key: what is left, here and in every later backup, is noise.
 * The wrapping key is reached through an interface: in memory, from a file or a service credential
 * (pse_wrap_key), or on a token (programs/common/wrapkey.h). Constant time in keys and content. */
#ifndef PSE_STORE_SEAL_H
#define PSE_STORE_SEAL_H

#include "base/base.h"

enum {
    PSE_SEAL_KEY = 32,
    PSE_SEAL_OVERHEAD = 24 + 16,
    PSE_SEAL_WRAPPED = PSE_SEAL_KEY + PSE_SEAL_OVERHEAD,
};

typedef struct pse_seal_key {
    uint8_t b[PSE_SEAL_KEY];
} pse_seal_key;
void pse_seal_key_wipe(pse_seal_key *k);

/** Where a sealed record stands; both are authenticated. */
struct pse_seal_place {
    const char *table;
    uint64_t row;
};

/** Whoever holds the wrapping key. wrap may draw from @p rng; unwrap gives PSE_E_PROOF when the
 * bytes were not wrapped by this key for this place. */
struct pse_wrapper {
    void *ctx;
    pse_rc (*wrap)(void *ctx, uint8_t out[PSE_SEAL_WRAPPED], const pse_seal_key *key,
                   const struct pse_seal_place *place, struct pse_rng *rng);
    pse_rc (*unwrap)(void *ctx, pse_seal_key *key, const uint8_t in[PSE_SEAL_WRAPPED],
                     const struct pse_seal_place *place);
};

/** The wrapper over a key in memory, which must outlive it (guarded memory is the caller's). */
struct pse_wrapper pse_wrap_key(pse_seal_key *key);

/** Seal @p in under a fresh data key: ciphertext appended to @p out, the wrapped key to @p
 * wrapped. */
PSE_MUST pse_rc pse_seal(struct pse_buf *out, uint8_t wrapped[PSE_SEAL_WRAPPED],
                         const struct pse_wrapper *w, const struct pse_seal_place *place,
                         struct pse_span in, struct pse_rng *rng);
/** Open into @p out (appended; wiped by pse_buf_free). PSE_E_PROOF: altered, moved from another
 * place, or another key. */
PSE_MUST pse_rc pse_unseal(struct pse_buf *out, const struct pse_wrapper *w,
                           const struct pse_seal_place *place, struct pse_span wrapped,
                           struct pse_span sealed);

/** BLAKE2b-256 of (label, text) under @p key: lookups of what must not stand in clear, and marks of
 * rows that nobody else can make. */
void pse_seal_mark(pse_hash *out, const pse_seal_key *key, const char *label, struct pse_span text);

#endif
