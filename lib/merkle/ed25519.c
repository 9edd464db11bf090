#include "ed25519.h"

#include <sodium.h>

void pse_seed_wipe(pse_seed *seed)
{
    pse_wipe(seed, sizeof *seed);
}

bool pse_edkey_is_equal(const pse_edkey *a, const pse_edkey *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* libsodium's point check says canonical, on the curve and not of small order; its subgroup part
 * looked in some releases only at the x coordinate of L·A, which a component of order 2 passes.
 * So L·A = identity is decided here, as (L-1)·A = -A; -A is A with the other sign bit. */
bool pse_edkey_is_valid(const pse_edkey *key)
{
    static const uint8_t order_less_one[32] = {
        0xec, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,        0xd6,
        0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10,
    };
    pse_edkey minus = *key;
    uint8_t product[32];

    if (crypto_core_ed25519_is_valid_point(key->b) != 1 ||
        crypto_scalarmult_ed25519_noclamp(product, order_less_one, key->b) != 0)
        return false;
    minus.b[31] ^= 0x80;
    return memcmp(product, minus.b, sizeof product) == 0;
}

/* libsodium refuses S >= L, A and R of small order and A not canonical, and compares the encoding
 * of S·B - k·A with R byte by byte: R is canonical, and no cofactor is cleared. The vectors and
 * tests/unit/merkle_ed25519.c hold every one of these to account. */
pse_rc pse_ed25519_verify(const pse_edkey *key, struct pse_span message, const uint8_t sig[64])
{
    static const uint8_t nothing;
    const uint8_t *p = message.n > 0 ? message.p : &nothing;

    return crypto_sign_verify_detached(sig, p, message.n, key->b) == 0 ? PSE_OK : PSE_E_SIGNATURE;
}

/* A device that errs, or is made to, must not get a false signature, or one that tells about its
 * key, out into the world. */
static pse_rc sign_away(uint8_t sig[64], const struct pse_away *away, struct pse_span message)
{
    pse_rc rc = away->sign(away->ctx, sig, message);

    if (rc == PSE_OK)
        rc = pse_ed25519_verify(&away->key, message, sig);
    if (rc != PSE_OK)
        memset(sig, 0, 64);
    return rc;
}

pse_rc pse_ed25519_sign(uint8_t sig[64], const pse_seed *seed, struct pse_span message)
{
    static const uint8_t nothing;
    const uint8_t *p = message.n > 0 ? message.p : &nothing;
    uint8_t public[32];
    uint8_t secret[64];

    if (seed->away != NULL)
        return sign_away(sig, seed->away, message);
    crypto_sign_seed_keypair(public, secret, seed->b);
    crypto_sign_detached(sig, NULL, p, message.n, secret);
    pse_wipe(secret, sizeof secret);
    return PSE_OK;
}

void pse_ed25519_public(pse_edkey *out, const pse_seed *seed)
{
    uint8_t secret[64];

    if (seed->away != NULL) {
        *out = seed->away->key;
        return;
    }
    crypto_sign_seed_keypair(out->b, secret, seed->b);
    pse_wipe(secret, sizeof secret);
}
