/* Masks for choosing without branching. Internal to room group.
 *
 * Every mask passes through an empty assembly statement, so the compiler cannot learn that it is
 * all zeros or all ones and turn the choice back into a branch. */
#ifndef PSE_GROUP_CT_H
#define PSE_GROUP_CT_H

#include <stdint.h>

/* bit in {0,1}: all zeros or all ones. */
static inline uint64_t ct_mask(uint64_t bit)
{
    uint64_t m = 0 - bit;

    __asm__("" : "+r"(m));
    return m;
}

/* All ones iff a = b. */
static inline uint64_t ct_mask_equal(uint64_t a, uint64_t b)
{
    uint64_t x = a ^ b;

    return ct_mask(((x | (0 - x)) >> 63) ^ 1);
}

#endif
