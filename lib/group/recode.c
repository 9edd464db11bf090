#include "group/recode.h"

void pse_recode_radix16(int8_t e[PSE_RADIX16_DIGITS], const uint64_t w[4])
{
    int carry = 0;

    for (unsigned i = 0; i < PSE_RADIX16_DIGITS; i++) {
        int digit = (int)(w[i / 16] >> (4 * (i % 16)) & 15) + carry;

        carry = (i + 1 < PSE_RADIX16_DIGITS) * ((digit + 8) >> 4);
        e[i] = (int8_t)(digit - carry * 16);
    }
}

unsigned pse_recode_naf_vt(int8_t naf[PSE_NAF_DIGITS], const pse_scalar *k, unsigned width)
{
    const uint64_t w[5] = {k->w[0], k->w[1], k->w[2], k->w[3], 0};
    const uint64_t window = (1ull << width) - 1;
    uint64_t carry = 0;
    unsigned used = 0;
    unsigned at = 0;

    memset(naf, 0, PSE_NAF_DIGITS);
    while (at < PSE_NAF_DIGITS) {
        unsigned shift = at % 64;
        uint64_t x = w[at / 64] >> shift;
        int digit;

        if (shift > 0)
            x |= w[at / 64 + 1] << (64 - shift);
        x = (x & window) + carry;
        if ((x & 1) == 0) {
            at++;
            continue;
        }
        carry = x >> (width - 1);
        digit = (int)x - (int)(carry << width);
        naf[at] = (int8_t)digit;
        used = at + 1;
        at += width;
    }
    return used;
}

static unsigned bit_length(const uint64_t w[4])
{
    for (unsigned i = 4; i-- > 0;) {
        if (w[i] != 0)
            return 64 * i + 64 - (unsigned)__builtin_clzll(w[i]);
    }
    return 0;
}

unsigned pse_windows_from_scalar_vt(struct pse_windows *r, const pse_scalar *k)
{
    pse_scalar minus;
    unsigned bits = bit_length(k->w);
    unsigned bits_minus;

    _Static_assert(PSE_WINDOWS_BITS_MAX == 251, "where L - k becomes the shorter");
    memcpy(r->w, k->w, sizeof r->w);
    if (bits <= PSE_WINDOWS_BITS_MAX)
        return bits;
    pse_scalar_neg(&minus, k);
    bits_minus = bit_length(minus.w);
    if (bits_minus >= bits)
        return PSE_WINDOWS_BITS_MAX;
    memcpy(r->w, minus.w, sizeof r->w);
    r->w[3] |= PSE_WINDOWS_SIGN;
    return bits_minus;
}

unsigned pse_windows_count(unsigned bits, unsigned c)
{
    return (bits + c) / c;
}

void pse_windows_offset(struct pse_windows *r, size_t n, unsigned count, unsigned c)
{
    uint64_t offset[4] = {0};

    for (unsigned i = 0; i + 1 < count; i++) {
        unsigned at = i * c + c - 1;

        offset[at / 64] |= 1ull << (at % 64);
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t carry = 0;

        for (size_t j = 0; j < 4; j++) {
            uint64_t x = offset[j] + carry; /* no carry: the offset's bits stand apart */

            r[i].w[j] += x;
            carry = r[i].w[j] < x;
        }
    }
}
