/* Scalars cut into signed digits. Internal to room group, shared by the back-ends. */
#ifndef PSE_GROUP_RECODE_H
#define PSE_GROUP_RECODE_H

#include "group/scalar.h"

/* Σ e[i] 16^i = w, digits -8..7 and the last 0..8. Constant time. w below 2^255. */
enum { PSE_RADIX16_DIGITS = 64 };
void pse_recode_radix16(int8_t e[PSE_RADIX16_DIGITS], const uint64_t w[4]);

/* Non-adjacent form: Σ naf[i] 2^i = w, digits zero or odd, |digit| < 2^(width-1), any @p width
 * successive ones hold at most one that is not zero. Returns the number of digits in use. 2 <=
 * width <= 8. Variable time. */
enum { PSE_NAF_DIGITS = 254 };
unsigned pse_recode_naf_vt(int8_t naf[PSE_NAF_DIGITS], const pse_scalar *k, unsigned width);

/* A scalar ready to be read in signed windows of any one size, in any order.
 *
 * The value is k or, where that is smaller, L - k, then with the sign bit (the highest) set: so
 * small negative scalars are as cheap as small ones, and all are at most (L-1)/2. To the value is
 * added the number whose digits are all 2^(c-1) but the topmost, which is 0; subtracting 2^(c-1)
 * from a digit of the sum then gives a signed digit, and no carry runs from window to window. */
struct pse_windows {
    uint64_t w[4];
};

#define PSE_WINDOWS_SIGN (1ull << 63)

/* |k| and sign as above, without the offset; returns the length of |k| in bits, but 251 for the
 * values from 2^251 to (L-1)/2 (less than 2^251 + 2^125): their topmost digit is 2^(c-1) at most
 * even so, as nothing below it can carry. Variable time. */
enum { PSE_WINDOWS_BITS_MAX = 251 };
unsigned pse_windows_from_scalar_vt(struct pse_windows *r, const pse_scalar *k);

/* The number of @p c-bit windows for values of at most @p bits bits. */
unsigned pse_windows_count(unsigned bits, unsigned c);

/* Add the offset for @p count windows of @p c bits. */
void pse_windows_offset(struct pse_windows *r, size_t n, unsigned count, unsigned c);

/* Digit number i of @p count, in -2^(c-1) .. 2^(c-1). c <= 16. */
static inline int32_t windows_digit_vt(const struct pse_windows *a, unsigned i, unsigned count,
                                       unsigned c)
{
    unsigned at = i * c;
    unsigned shift = at % 64;
    uint64_t top = a->w[3] & ~PSE_WINDOWS_SIGN;
    uint64_t low = at / 64 == 3 ? top : a->w[at / 64];
    uint64_t x = low >> shift;
    int32_t digit;

    if (shift + c > 64 && at / 64 < 3)
        x |= (at / 64 == 2 ? top : a->w[at / 64 + 1]) << (64 - shift);
    digit = (int32_t)(x & ((1u << c) - 1));
    if (i + 1 < count)
        digit -= 1 << (c - 1);
    return (a->w[3] & PSE_WINDOWS_SIGN) != 0 ? -digit : digit;
}

#endif
