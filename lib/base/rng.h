/* Randomness as an argument.
 *
 * The pure rooms never ask the system for randomness; they are handed a pse_rng. Programs make one
 * from the system generator (getrandom); tests make one from a printed seed. The stream is
 * ChaCha20 with fast key erasure: after each refill the key that made earlier output is gone. */
#ifndef PSE_BASE_RNG_H
#define PSE_BASE_RNG_H

#include "mem.h"

struct pse_rng {
    uint8_t key[32];
    uint8_t pool[512];
    size_t left; /* unread bytes at the end of pool */
};

/** Start a stream from a 32-byte seed. Whoever knows the seed knows the stream. Wipe with
 * pse_rng_wipe; `PSE_RNG(name)` declares one that wipes itself. */
void pse_rng_init(struct pse_rng *rng, const uint8_t seed[32]);
void pse_rng_wipe(struct pse_rng *rng);
#define PSE_RNG(name) struct pse_rng name __attribute__((cleanup(pse_rng_wipe))) = {{0}, {0}, 0}

/** @p n fresh bytes. Constant time in the key. One stream belongs to one thread. */
void pse_rng_fill(struct pse_rng *rng, void *out, size_t n);

/** An independent stream, seeded from the next 32 bytes of @p rng: one for each parallel task. */
void pse_rng_fork(struct pse_rng *child, struct pse_rng *rng);

/** Uniform integer in [0, bound), bound > 0, by rejection (variable time in the rejected draws
 * only, which are independent of the result). */
uint64_t pse_rng_below(struct pse_rng *rng, uint64_t bound);

#endif
