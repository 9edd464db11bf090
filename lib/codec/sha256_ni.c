/* SHA-256 by the SHA extensions of x86: one stream, and two that fill each other's waiting. */
#include "hash_kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define INLINE __attribute__((target("sha,sse4.1"), always_inline)) static inline

/* The instructions want the state as (a b e f) and (c d g h), highest word first. */
struct halves {
    __m128i abef;
    __m128i cdgh;
};

INLINE struct halves halves_of(const uint32_t s[8])
{
    const __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)s), 0x1b);
    const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(s + 4)), 0x1b);

    return (struct halves){_mm_unpackhi_epi64(efgh, abcd), _mm_unpacklo_epi64(efgh, abcd)};
}

INLINE void halves_store(uint32_t s[8], struct halves h)
{
    const __m128i abcd = _mm_unpackhi_epi64(h.cdgh, h.abef);
    const __m128i efgh = _mm_unpacklo_epi64(h.cdgh, h.abef);

    _mm_storeu_si128((__m128i *)s, _mm_shuffle_epi32(abcd, 0x1b));
    _mm_storeu_si128((__m128i *)(s + 4), _mm_shuffle_epi32(efgh, 0x1b));
}

INLINE void load_words(__m128i w[4], const uint8_t *at)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

    for (int i = 0; i < 4; i++)
        w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(at + 16 * i)), swap);
}

/* Four rounds with words w. */
INLINE void rounds(struct halves *h, __m128i w, int i)
{
    const __m128i wk = _mm_add_epi32(w, _mm_loadu_si128((const __m128i *)(sha256_round + 4 * i)));

    h->cdgh = _mm_sha256rnds2_epu32(h->cdgh, h->abef, wk);
    h->abef = _mm_sha256rnds2_epu32(h->abef, h->cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

/* The next four words of the schedule replace the oldest four. */
INLINE void schedule(__m128i w[4], int i)
{
    const __m128i x = w[(i + 3) & 3];
    __m128i t = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]);

    t = _mm_add_epi32(t, _mm_alignr_epi8(x, w[(i + 2) & 3], 4));
    w[i & 3] = _mm_sha256msg2_epu32(t, x);
}

/* One block each of @p streams streams, step by step in turn. */
INLINE void block_once(struct halves *h, const uint8_t *const *at, size_t offset, int streams)
{
    __m128i w[2][4];
    struct halves kept[2];

    for (int k = 0; k < streams; k++) {
        kept[k] = h[k];
        load_words(w[k], at[k] + offset);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        for (int k = 0; k < streams; k++) {
            if (i >= 4)
                schedule(w[k], i);
            rounds(&h[k], w[k][i & 3], i);
        }
    }
    for (int k = 0; k < streams; k++) {
        h[k].abef = _mm_add_epi32(h[k].abef, kept[k].abef);
        h[k].cdgh = _mm_add_epi32(h[k].cdgh, kept[k].cdgh);
    }
}

__attribute__((target("sha,sse4.1"))) void sha256_ni_stream(uint32_t state[8], const uint8_t *at,
                                                            size_t n)
{
    struct halves h[1] = {halves_of(state)};

    for (size_t i = 0; i < n; i++)
        block_once(h, &at, 64 * i, 1);
    halves_store(state, h[0]);
}

__attribute__((target("sha,sse4.1"))) static void compress(void *state, const uint8_t *const *at,
                                                           size_t n)
{
    uint32_t(*row)[2] = state;
    uint32_t s[2][8];
    struct halves h[2];

    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 8; i++)
            s[k][i] = row[i][k];
        h[k] = halves_of(s[k]);
    }
    for (size_t i = 0; i < n; i++)
        block_once(h, at, 64 * i, 2);
    for (int k = 0; k < 2; k++) {
        halves_store(s[k], h[k]);
        for (int i = 0; i < 8; i++)
            row[i][k] = s[k][i];
    }
}

static const struct hash_kernel kernel = {2, 64, compress};
const struct hash_kernel *const sha256_ni = &kernel;

#else

const struct hash_kernel *const sha256_ni = NULL;

void sha256_ni_stream(uint32_t state[8], const uint8_t *at, size_t n)
{
    (void)state;
    (void)at;
    (void)n;
    PSE_REQUIRE(false);
}

#endif
