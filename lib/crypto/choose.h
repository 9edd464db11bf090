/* Choosing and exchanging bytes without branching on the choice. Private to the room. */
#ifndef PSE_CRYPTO_CHOOSE_H
#define PSE_CRYPTO_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Make one bit public, on purpose: the only way in this room from a secret to a branch. Each caller
 * says in its header what shows. The look-up through memory is what the constant-time tests know
 * this place by (tests/ct/declassified.supp); its result counts as public there. */
bool choose_reveal(uint64_t bit);

/* All ones for 1, zero for 0; the compiler cannot see through it. */
static inline uint64_t choose_mask(uint64_t take)
{
    uint64_t m = 0 - take;

    __asm__("" : "+r"(m));
    return m;
}

/* 1 iff a == b, for values below 2^63. */
static inline uint64_t choose_is_equal(uint64_t a, uint64_t b)
{
    uint64_t x = a ^ b;

    return 1 ^ ((x | (0 - x)) >> 63);
}

/* 1 iff a < b, for values below 2^63. */
static inline uint64_t choose_is_below(uint64_t a, uint64_t b)
{
    return (a - b) >> 63;
}

/* to = take ? from : to; n is a multiple of 8. */
static inline void choose_move(void *to, const void *from, size_t n, uint64_t take)
{
    uint64_t m = choose_mask(take);

    for (size_t i = 0; i < n; i += 8) {
        uint64_t a;
        uint64_t b;

        memcpy(&a, (const uint8_t *)to + i, 8);
        memcpy(&b, (const uint8_t *)from + i, 8);
        a ^= (a ^ b) & m;
        memcpy((uint8_t *)to + i, &a, 8);
    }
}

/* Exchange a and b iff take = 1; n is a multiple of 8. */
static inline void choose_swap(void *a, void *b, size_t n, uint64_t take)
{
    uint64_t m = choose_mask(take);

    for (size_t i = 0; i < n; i += 8) {
        uint64_t x;
        uint64_t y;
        uint64_t d;

        memcpy(&x, (uint8_t *)a + i, 8);
        memcpy(&y, (uint8_t *)b + i, 8);
        d = (x ^ y) & m;
        x ^= d;
        y ^= d;
        memcpy((uint8_t *)a + i, &x, 8);
        memcpy((uint8_t *)b + i, &y, 8);
    }
}

#endif
