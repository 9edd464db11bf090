/* Powers of eight field elements at once, AVX-512. */
#include "group/roots51.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define ROOTS_LANES         8
#define ROOTS_TARGET        __attribute__((target("avx512f")))
#define ROOTS_PRODUCT(a, b) _mm512_mul_epu32((__m512i)(a), (__m512i)(b))

typedef uint64_t lanes_u64 __attribute__((vector_size(8 * ROOTS_LANES)));

#include "group/roots_lanes.h"

bool pse_fe51_roots_avx512_found(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f");
}

void pse_fe51_pow_p58_avx512(struct fe *r, const struct fe *a, size_t n)
{
    powers(r, a, n);
}

#else

bool pse_fe51_roots_avx512_found(void)
{
    return false;
}

void pse_fe51_pow_p58_avx512(struct fe *r, const struct fe *a, size_t n)
{
    pse_fe51_pow_p58_scalar(r, a, n);
}

#endif
