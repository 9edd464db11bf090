/* Permutations that leave no trace of themselves in memory accesses. Private to the room.
 *
 * A permutation of n things is a bitonic sorting network whose switches were set once by sorting
 * random keys. Applying it passes the things through all switches, in an order that depends on n
 * alone: n log² n / 4 exchanges, each done with masks. The recursion works on contiguous halves,
 * so that most of it stays in the near caches.
 *
 * The other kind is a plain list of places, in variable time: for a machine that nobody watches. */
#ifndef PSE_CRYPTO_PERMUTE_H
#define PSE_CRYPTO_PERMUTE_H

#include "base/base.h"

struct permutation {
    size_t n;
    size_t switches;
    uint64_t *set;  /* one bit a switch, in the order they are passed */
    uint32_t *from; /* of the kind in variable time: the thing for place j; else NULL */
};

/* Sort @p keys in place, which sets the switches: forward, place j receives the thing with the j-th
 * smallest key. Bits live in @p arena. PSE_E_DUPLICATE: two keys are equal. PSE_E_MEMORY. */
PSE_MUST pse_rc permutation_from_keys(struct permutation *p, struct pse_arena *arena,
                                      uint64_t *keys, size_t n);
/* The same permutation as a list of places; @p keys are left alone. n < 2^32. */
PSE_MUST pse_rc permutation_from_keys_vt(struct permutation *p, struct pse_arena *arena,
                                         const uint64_t *keys, size_t n);
/* Bytes of arena that either takes at most. */
size_t permutation_memory(size_t n);

enum { PERMUTE_COLUMN = 32 };

/* Permute n things of @p size bytes (16, or a multiple of 32) in place, or undo that. Columns of
 * 32 bytes go through independently, on the pool's threads. @p column: room for n
 * columns for each thread. */
void permutation_apply(const struct permutation *p, struct pse_pool *pool, uint8_t *things,
                       size_t size, uint8_t *column, bool inverse);

#endif
