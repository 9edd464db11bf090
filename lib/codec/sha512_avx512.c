/* SHA-512 of eight messages at once: one 64-bit lane of an AVX-512 register each. */
#include "hash_kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define LANES __attribute__((target("avx512f,avx512bw"), always_inline)) static inline

enum { CHOOSE = 0xca, MAJORITY = 0xe8, PARITY = 0x96 }; /* truth tables of three inputs */

LANES __m512i xor3(__m512i a, __m512i b, __m512i c)
{
    return _mm512_ternarylogic_epi64(a, b, c, PARITY);
}

LANES __m512i add(__m512i a, __m512i b)
{
    return _mm512_add_epi64(a, b);
}

/* Words 8 half .. 8 half + 7 of the next block of every lane, big-endian, transposed: w[i] holds
 * that word of all lanes. */
LANES void load_words(__m512i w[8], const uint8_t *const *at, size_t offset)
{
    const __m512i swap =
        _mm512_broadcast_i32x4(_mm_set_epi64x(0x08090a0b0c0d0e0f, 0x0001020304050607));
    __m512i a[8], b[8];

#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        a[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(at[i] + offset), swap);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i += 2) { /* pairs of lanes: words 0 2 4 6, words 1 3 5 7 */
        b[i] = _mm512_unpacklo_epi64(a[i], a[i + 1]);
        b[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 1]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 2; i++) { /* four lanes: words i and i + 4, words i + 2 and i + 6 */
        a[i] = _mm512_shuffle_i64x2(b[i], b[i + 2], 0x88);
        a[i + 2] = _mm512_shuffle_i64x2(b[i], b[i + 2], 0xdd);
        a[i + 4] = _mm512_shuffle_i64x2(b[i + 4], b[i + 6], 0x88);
        a[i + 6] = _mm512_shuffle_i64x2(b[i + 4], b[i + 6], 0xdd);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 4; i++) {
        w[i] = _mm512_shuffle_i64x2(a[i], a[i + 4], 0x88);
        w[i + 4] = _mm512_shuffle_i64x2(a[i], a[i + 4], 0xdd);
    }
}

LANES void round_once(__m512i s[8], int i, __m512i w, uint64_t k)
{
    /* Registers change names instead of values: in round i variable x stands at x - i modulo 8. */
    const __m512i a = s[(0 - i) & 7], b = s[(1 - i) & 7], c = s[(2 - i) & 7];
    const __m512i e = s[(4 - i) & 7], f = s[(5 - i) & 7], g = s[(6 - i) & 7];
    __m512i *d = &s[(3 - i) & 7];
    __m512i *h = &s[(7 - i) & 7];
    __m512i t = add(*h, add(w, _mm512_set1_epi64((long long)k)));

    t = add(t, xor3(_mm512_ror_epi64(e, 14), _mm512_ror_epi64(e, 18), _mm512_ror_epi64(e, 41)));
    t = add(t, _mm512_ternarylogic_epi64(e, f, g, CHOOSE));
    *d = add(*d, t);
    t = add(t, xor3(_mm512_ror_epi64(a, 28), _mm512_ror_epi64(a, 34), _mm512_ror_epi64(a, 39)));
    *h = add(t, _mm512_ternarylogic_epi64(a, b, c, MAJORITY));
}

/* Word i of the schedule replaces word i - 16. */
LANES void schedule(__m512i w[16], int i)
{
    const __m512i x = w[(i + 1) & 15];
    const __m512i y = w[(i + 14) & 15];
    const __m512i s0 =
        xor3(_mm512_ror_epi64(x, 1), _mm512_ror_epi64(x, 8), _mm512_srli_epi64(x, 7));
    const __m512i s1 =
        xor3(_mm512_ror_epi64(y, 19), _mm512_ror_epi64(y, 61), _mm512_srli_epi64(y, 6));

    w[i & 15] = add(add(w[i & 15], s0), add(w[(i + 9) & 15], s1));
}

LANES void block_once(__m512i s[8], const uint8_t *const *at, size_t offset)
{
    __m512i kept[8], w[16];

    memcpy(kept, s, sizeof kept);
    load_words(w, at, offset);
    load_words(w + 8, at, offset + 64);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++)
        round_once(s, i, w[i], sha512_round[i]);
    for (int from = 16; from < 80; from += 16) {
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            schedule(w, i);
            round_once(s, i, w[i], sha512_round[from + i]);
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
        block_once(s, at, 128 * i);
    for (int i = 0; i < 8; i++)
        _mm512_store_si512(to + i, s[i]);
}

static const struct hash_kernel kernel = {8, 128, compress};
const struct hash_kernel *const sha512_avx512 = &kernel;

#else

const struct hash_kernel *const sha512_avx512 = NULL;

#endif
