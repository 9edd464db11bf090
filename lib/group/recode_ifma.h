/* Eight scalars cut into signed digits side by side, in constant time. Internal to room group, IFMA
 * back-end.
 *
 * The method of recode.h: the number whose digits are all 2^(bits-1), the topmost excepted, is
 * added, and taken off each digit again, so that no carry runs from digit to digit. */
#ifndef PSE_GROUP_RECODE_IFMA_H
#define PSE_GROUP_RECODE_IFMA_H

#include "base/base.h"
#include "group/lanes.h"

#ifdef PSE_LANES

struct digit8 {
    v8 magnitude;
    lanes_mask negative;
};

/* How a digit is kept: its magnitude, and this bit if it is below zero. */
enum { DIGIT_NEGATIVE = 0x80 };

/* min(n, 8) scalars of four words; the other lanes are zero. */
LANES_INLINE void scalars_load(v8 w[4], const uint64_t *k, size_t n)
{
    uint64_t padded[4 * LANES_N];
    v8 row[4];

    if (n < LANES_N) {
        memset(padded, 0, sizeof padded);
        memcpy(padded, k, n * 4 * sizeof *k);
        k = padded;
    }
    for (int i = 0; i < 4; i++)
        row[i] = lanes_load(k + 8 * i);
    lanes_rows4(w, row);
    if (k == padded)
        pse_wipe(padded, sizeof padded);
}

/* Add the offset for @p count digits. */
LANES_INLINE void digits_offset(v8 r[4], const v8 w[4], unsigned bits, unsigned count)
{
    uint64_t offset[4] = {0};
    v8 carry = lanes_zero;

    for (unsigned i = 0; i + 1 < count; i++) {
        unsigned at = i * bits + bits - 1;

        offset[at / 64] |= 1ull << (at % 64);
    }
    for (int i = 0; i < 4; i++) {
        v8 x = carry + offset[i]; /* no carry: the offset's bits stand apart */

        r[i] = w[i] + x;
        carry = lanes_keep(lanes_below(r[i], x), lanes_all(1));
    }
}

/* digit[0 .. count-1] of values that fit them; 2 <= bits <= 7. */
LANES_INLINE void digits_cut(uint8_t digit[][LANES_N], const v8 w[4], unsigned bits, unsigned count)
{
    const uint64_t mask = (1u << bits) - 1, middle = 1u << (bits - 1);
    v8 r[4];

    digits_offset(r, w, bits, count);
    for (unsigned i = 0; i < count; i++) {
        unsigned at = i * bits, word = at / 64, shift = at % 64;
        v8 x = r[word] >> shift, half = lanes_zero;
        v8u8 bytes;
        lanes_mask negative;

        if (shift + bits > 64 && word < 3)
            x |= r[word + 1] << (64 - shift);
        x &= mask;
        if (i + 1 < count)
            half += middle;
        negative = lanes_below(x, half);
        x = lanes_select(negative, x - half, half - x + DIGIT_NEGATIVE);
        bytes = __builtin_convertvector(x, v8u8);
        memcpy(digit[i], &bytes, LANES_N);
    }
    pse_wipe(r, sizeof r);
}

LANES_INLINE struct digit8 digit_load(const uint8_t digit[LANES_N])
{
    v8u8 bytes;
    v8 x;

    memcpy(&bytes, digit, LANES_N);
    x = __builtin_convertvector(bytes, v8);
    return (struct digit8){.magnitude = x & (DIGIT_NEGATIVE - 1),
                           .negative = (lanes_mask)~lanes_below(x, lanes_all(DIGIT_NEGATIVE))};
}

#endif
#endif
