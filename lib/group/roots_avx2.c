/* Powers of four field elements at once, AVX2. */
#include "group/roots51.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define ROOTS_LANES         4
#define ROOTS_TARGET        __attribute__((target("avx2")))
#define ROOTS_PRODUCT(a, b) _mm256_mul_epu32((__m256i)(a), (__m256i)(b))

typedef uint64_t lanes_u64 __attribute__((vector_size(8 * ROOTS_LANES)));

#include "group/roots_lanes.h"

bool pse_fe51_roots_avx2_found(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2");
}

void pse_fe51_pow_p58_avx2(struct fe *r, const struct fe *a, size_t n)
{
    powers(r, a, n);
}

#else

bool pse_fe51_roots_avx2_found(void)
{
    return false;
}

void pse_fe51_pow_p58_avx2(struct fe *r, const struct fe *a, size_t n)
{
    pse_fe51_pow_p58_scalar(r, a, n);
}

#endif
