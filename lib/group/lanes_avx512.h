/* lanes.h on a processor with AVX-512 F, DQ and IFMA. Included by lanes.h only. */
#ifndef PSE_GROUP_LANES_AVX512_H
#define PSE_GROUP_LANES_AVX512_H

#include <immintrin.h>
#include <stdbool.h>

#define PSE_LANES      1
#define LANES_NAME     "ifma"
#define LANES_REGISTER "+v"
#define LANES          __attribute__((target("avx512f,avx512dq,avx512ifma")))

/* Debug builds keep each helper a function: inlined and with sanitizers on, one file took minutes
 * to compile (clang 14, ristretto_ifma.c: 115 s against 3 s). */
#ifdef PSE_CHECK_BOUNDS
#define LANES_INLINE LANES static __attribute__((noinline, unused))
#else
#define LANES_INLINE LANES static inline __attribute__((always_inline))
#endif

/* The processor has the instructions and the system saves the registers. */
static inline bool lanes_supported(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512ifma");
}

LANES_INLINE v8 lanes_madlo(v8 c, v8 a, v8 b)
{
    return (v8)_mm512_madd52lo_epu64((__m512i)c, (__m512i)a, (__m512i)b);
}

LANES_INLINE v8 lanes_madhi(v8 c, v8 a, v8 b)
{
    return (v8)_mm512_madd52hi_epu64((__m512i)c, (__m512i)a, (__m512i)b);
}

LANES_INLINE lanes_mask lanes_equal(v8 a, v8 b)
{
    return _mm512_cmpeq_epi64_mask((__m512i)a, (__m512i)b);
}

LANES_INLINE lanes_mask lanes_below(v8 a, v8 b)
{
    return _mm512_cmplt_epu64_mask((__m512i)a, (__m512i)b);
}

LANES_INLINE v8 lanes_select(lanes_mask m, v8 a, v8 b)
{
    return (v8)_mm512_mask_blend_epi64(m, (__m512i)a, (__m512i)b);
}

LANES_INLINE v8 lanes_keep(lanes_mask m, v8 a)
{
    return (v8)_mm512_maskz_mov_epi64(m, (__m512i)a);
}

LANES_INLINE v8 lanes_pick(lanes_mask m, v8 lo, v8 hi, v8 i)
{
    return (v8)_mm512_maskz_permutex2var_epi64(m, (__m512i)lo, (__m512i)i, (__m512i)hi);
}

#endif
