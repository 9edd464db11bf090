/* Ed25519 for role, log and witness signatures (protocol 1), stricter than RFC 8032 demands, so
 * that every conforming verifier gives the same answer. Ballots are signed otherwise (section 6).
 * Signatures are verified singly: in a sum, low-order parts could cancel (protocol 1.2). */
#ifndef PSE_MERKLE_ED25519_H
#define PSE_MERKLE_ED25519_H

#include "base/base.h"

/** A public key as it stands in manifests and policies. Not checked by its type. */
typedef struct pse_edkey {
    uint8_t b[32];
} pse_edkey;

/** Whoever holds a private key where nobody can read it: a token. */
struct pse_away {
    void *ctx;
    /** RFC 8032 signature by the key of @c key. May fail, and may take its time. */
    pse_rc (*sign)(void *ctx, uint8_t sig[64], struct pse_span message);
    pse_edkey key;
};

/** A secret signing seed (RFC 8032 private key, 32 bytes), or, where @c away is set, the key that
 * somebody holds for us (b is nothing then). */
typedef struct pse_seed {
    uint8_t b[32];
    const struct pse_away *away;
} pse_seed;

void pse_seed_wipe(pse_seed *seed);

/** Key rule for manifest and policy: canonical encoding, not the identity, L·A = identity. */
bool pse_edkey_is_valid(const pse_edkey *key);
bool pse_edkey_is_equal(const pse_edkey *a, const pse_edkey *b);

/** PSE_OK iff A and R are canonical and not of small order, S < L, and S·B = R + k·A without
 * cofactor. PSE_E_SIGNATURE otherwise. */
PSE_MUST pse_rc pse_ed25519_verify(const pse_edkey *key, struct pse_span message,
                                   const uint8_t sig[64]);

/** RFC 8032 signature, constant time in the seed. Fails only for a key that is away: with its
 * holder's status, or PSE_E_SIGNATURE when what came back is no signature by that key; *sig is
 * zeroed then. */
PSE_MUST pse_rc pse_ed25519_sign(uint8_t sig[64], const pse_seed *seed, struct pse_span message);
void pse_ed25519_public(pse_edkey *out, const pse_seed *seed);

#endif
