/* SHA-256 of sixteen messages at once: one 32-bit lane of an AVX-512 register each. */
#include "hash_kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define LANES __attribute__((target("avx512f,avx512bw"), always_inline)) static inline

enum { CHOOSE = 0xca, MAJORITY = 0xe8, PARITY = 0x96 }; /* truth tables of three inputs */

LANES __m512i xor3(__m512i a, __m512i b, __m512i c)
{
    return _mm512_ternarylogic_epi32(a, b, c, PARITY);
}

LANES __m512i add(__m512i a, __m512i b)
{
    return _mm512_add_epi32(a, b);
}

/* Four rows of four words in each 128-bit quarter become four columns. */
LANES void transpose_quarters(__m512i r[4])
{
    const __m512i a = _mm512_unpacklo_epi32(r[0], r[1]);
    const __m512i b = _mm512_unpackhi_epi32(r[0], r[1]);
    const __m512i c = _mm512_unpacklo_epi32(r[2], r[3]);
    const __m512i d = _mm512_unpackhi_epi32(r[2], r[3]);

    r[0] = _mm512_unpacklo_epi64(a, c);
    r[1] = _mm512_unpackhi_epi64(a, c);
    r[2] = _mm512_unpacklo_epi64(b, d);
    r[3] = _mm512_unpackhi_epi64(b, d);
}

/* The next block of every lane, big-endian, transposed: w[i] holds word i of all lanes. */
LANES void load_words(__m512i w[16], const uint8_t *const *at, size_t offset)
{
    const __m512i swap =
        _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
    __m512i r[16];

#pragma GCC unroll 16
    for (int i = 0; i < 16; i++)
        r[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(at[i] + offset), swap);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i += 4)
        transpose_quarters(r + i);
#pragma GCC unroll 16
    for (int i = 0; i < 4; i++) {
        const __m512i a = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        const __m512i b = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        const __m512i c = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        const __m512i d = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);

        w[i] = _mm512_shuffle_i32x4(a, c, 0x88);
        w[i + 4] = _mm512_shuffle_i32x4(b, d, 0x88);
        w[i + 8] = _mm512_shuffle_i32x4(a, c, 0xdd);
        w[i + 12] = _mm512_shuffle_i32x4(b, d, 0xdd);
    }
}

LANES void round_once(__m512i s[8], int i, __m512i w, uint32_t k)
{
    /* Registers change names instead of values: in round i variable x stands at x - i modulo 8. */
    const __m512i a = s[(0 - i) & 7], b = s[(1 - i) & 7], c = s[(2 - i) & 7];
    const __m512i e = s[(4 - i) & 7], f = s[(5 - i) & 7], g = s[(6 - i) & 7];
    __m512i *d = &s[(3 - i) & 7];
    __m512i *h = &s[(7 - i) & 7];
    __m512i t = add(*h, add(w, _mm512_set1_epi32((int)k)));

    t = add(t, xor3(_mm512_ror_epi32(e, 6), _mm512_ror_epi32(e, 11), _mm512_ror_epi32(e, 25)));
    t = add(t, _mm512_ternarylogic_epi32(e, f, g, CHOOSE));
    *d = add(*d, t);
    t = add(t, xor3(_mm512_ror_epi32(a, 2), _mm512_ror_epi32(a, 13), _mm512_ror_epi32(a, 22)));
    *h = add(t, _mm512_ternarylogic_epi32(a, b, c, MAJORITY));
}

/* Word i of the schedule replaces word i - 16. */
LANES void schedule(__m512i w[16], int i)
{
    const __m512i x = w[(i + 1) & 15];
    const __m512i y = w[(i + 14) & 15];
    const __m512i s0 =
        xor3(_mm512_ror_epi32(x, 7), _mm512_ror_epi32(x, 18), _mm512_srli_epi32(x, 3));
    const __m512i s1 =
        xor3(_mm512_ror_epi32(y, 17), _mm512_ror_epi32(y, 19), _mm512_srli_epi32(y, 10));

    w[i & 15] = add(add(w[i & 15], s0), add(w[(i + 9) & 15], s1));
}

LANES void block_once(__m512i s[8], const uint8_t *const *at, size_t offset)
{
    __m512i kept[8], w[16];

    memcpy(kept, s, sizeof kept);
    load_words(w, at, offset);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++)
        round_once(s, i, w[i], sha256_round[i]);
    for (int from = 16; from < 64; from += 16) {
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            schedule(w, i);
            round_once(s, i, w[i], sha256_round[from + i]);
        }
    }
    for (int i = 0; i < 8; i++)
        s[i] = add(s[i], kept[i]);
}

__attribute__((target("avx512f,avx512bw"))) static void compress(void *state,
                                                                 const uint8_t *const *at, size_t n)
{
    __m512i *to = state;
    __m512i s[8];

    for (int i = 0; i < 8; i++)
        s[i] = _mm512_load_si512(to + i);
    for (size_t i = 0; i < n; i++)
        block_once(s, at, 64 * i);
    for (int i = 0; i < 8; i++)
        _mm512_store_si512(to + i, s[i]);
}

static const struct hash_kernel kernel = {16, 64, compress};
const struct hash_kernel *const sha256_avx512 = &kernel;

#else

const struct hash_kernel *const sha256_avx512 = NULL;

#endif
