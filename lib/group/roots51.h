/* The long power of a square root for many elements. Internal to room group, portable back-end.
 *
 * Nearly half of a verification on this back-end is squarings one after the other: each root is a
 * chain of 252 of them. Processors with AVX2 do four such chains at once, those with AVX-512 eight
 * (no IFMA needed), in ten limbs of 25 or 26 bits whose products fit their 32-bit multipliers; all
 * others do one chain after the other. */
#ifndef PSE_GROUP_ROOTS51_H
#define PSE_GROUP_ROOTS51_H

#include <stdbool.h>
#include <stddef.h>

#include "group/field51.h"

/* r[i] = a[i]^((p-5)/8), a loose, r tight; r may be a. Constant time. The first takes what the
 * processor has. */
void pse_fe51_pow_p58_each(struct fe *r, const struct fe *a, size_t n);
void pse_fe51_pow_p58_scalar(struct fe *r, const struct fe *a, size_t n);

/* Four by four and eight by eight, to be called only where the processor has it; n a multiple of
 * that. a tight. */
bool pse_fe51_roots_avx2_found(void);
void pse_fe51_pow_p58_avx2(struct fe *r, const struct fe *a, size_t n);
bool pse_fe51_roots_avx512_found(void);
void pse_fe51_pow_p58_avx512(struct fe *r, const struct fe *a, size_t n);

#endif
