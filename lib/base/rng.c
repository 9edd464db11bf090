#include "rng.h"

#include <sodium.h>

void pse_rng_init(struct pse_rng *rng, const uint8_t seed[32])
{
    memcpy(rng->key, seed, 32);
    rng->left = 0;
}

void pse_rng_wipe(struct pse_rng *rng)
{
    pse_wipe(rng, sizeof *rng);
}

/* One ChaCha20 output of pool + 32 bytes: the first 32 replace the key at once. */
static void rng_refill(struct pse_rng *rng)
{
    static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    uint8_t block[32 + sizeof rng->pool];

    crypto_stream_chacha20(block, sizeof block, nonce, rng->key);
    memcpy(rng->key, block, 32);
    memcpy(rng->pool, block + 32, sizeof rng->pool);
    rng->left = sizeof rng->pool;
    pse_wipe(block, sizeof block);
}

void pse_rng_fill(struct pse_rng *rng, void *out, size_t n)
{
    uint8_t *to = out;

    while (n > 0) {
        size_t take;
        uint8_t *from;

        if (rng->left == 0)
            rng_refill(rng);
        take = n < rng->left ? n : rng->left;
        from = rng->pool + sizeof rng->pool - rng->left;
        memcpy(to, from, take);
        pse_wipe(from, take);
        rng->left -= take;
        to += take;
        n -= take;
    }
}

void pse_rng_fork(struct pse_rng *child, struct pse_rng *rng)
{
    uint8_t seed[32];

    pse_rng_fill(rng, seed, sizeof seed);
    pse_rng_init(child, seed);
    pse_wipe(seed, sizeof seed);
}

uint64_t pse_rng_below(struct pse_rng *rng, uint64_t bound)
{
    uint64_t limit;
    uint64_t x;

    PSE_REQUIRE(bound > 0);
    /* the largest multiple of bound that fits, minus one, so that x % bound is uniform */
    limit = UINT64_MAX - (UINT64_MAX % bound + 1) % bound;
    do {
        pse_rng_fill(rng, &x, sizeof x);
    } while (x > limit);
    x %= bound;
    return x;
}
