/* lib/group/lanes.h in plain C: what the IFMA back-end's source does, for valgrind, which does not
 * know AVX-512, and for processors without it. Constant time like the instructions, so that a
 * test of it says something about the source. */
#ifndef PSE_TESTS_LANES_EMULATED_H
#define PSE_TESTS_LANES_EMULATED_H

#include <stdbool.h>

#define PSE_LANES      1
#define LANES_NAME     "ifma-emulated"
#define LANES_REGISTER "+m"
#define LANES

/* Left to the compiler: all in one function take it minutes. */
#define LANES_INLINE static inline

static inline bool lanes_supported(void)
{
    return true;
}

__extension__ typedef unsigned __int128 lanes_u128;

static inline lanes_u128 lanes_product52(uint64_t a, uint64_t b)
{
    const uint64_t low = (1ull << 52) - 1;

    return (lanes_u128)(a & low) * (b & low);
}

LANES_INLINE v8 lanes_madlo(v8 c, v8 a, v8 b)
{
    for (int i = 0; i < 8; i++)
        c[i] += (uint64_t)lanes_product52(a[i], b[i]) & ((1ull << 52) - 1);
    return c;
}

LANES_INLINE v8 lanes_madhi(v8 c, v8 a, v8 b)
{
    for (int i = 0; i < 8; i++)
        c[i] += (uint64_t)(lanes_product52(a[i], b[i]) >> 52);
    return c;
}

LANES_INLINE lanes_mask lanes_equal(v8 a, v8 b)
{
    unsigned m = 0;

    for (int i = 0; i < 8; i++) {
        uint64_t x = a[i] ^ b[i];

        m |= (unsigned)(((x | (0 - x)) >> 63) ^ 1) << i;
    }
    return (lanes_mask)m;
}

LANES_INLINE lanes_mask lanes_below(v8 a, v8 b)
{
    unsigned m = 0;

    for (int i = 0; i < 8; i++)
        m |= (unsigned)((((lanes_u128)a[i] - b[i]) >> 64) & 1) << i;
    return (lanes_mask)m;
}

LANES_INLINE v8 lanes_select(lanes_mask m, v8 a, v8 b)
{
    for (int i = 0; i < 8; i++)
        a[i] ^= (a[i] ^ b[i]) & (0 - (uint64_t)((m >> i) & 1));
    return a;
}

LANES_INLINE v8 lanes_keep(lanes_mask m, v8 a)
{
    return lanes_select(m, a ^ a, a);
}

LANES_INLINE v8 lanes_pick(lanes_mask m, v8 lo, v8 hi, v8 at)
{
    v8 r = lo ^ lo;

    for (unsigned i = 0; i < 8; i++) {
        for (uint64_t j = 0; j < 16; j++) {
            uint64_t x = (at[i] & 15) ^ j;
            uint64_t same = 0 - (((x | (0 - x)) >> 63) ^ 1);

            r[i] |= (j < 8 ? lo[j] : hi[j - 8]) & same;
        }
    }
    return lanes_keep(m, r);
}

#endif
