/* Inside codec: compression functions that take a block of several messages at a time, and the
 * constants they share. A kernel is called only where its processor features are (hash_many.c). */
#ifndef PSE_CODEC_HASH_KERNEL_H
#define PSE_CODEC_HASH_KERNEL_H

#include "base/base.h"

enum { HASH_LANES_MAX = 16 };

struct hash_kernel {
    unsigned lanes;
    unsigned block; /* bytes: 64 for SHA-256, 128 for SHA-512 */
    /** Take @p n blocks of each lane in, lane i from at[i] on. @p state: eight rows of one word a
     * lane (uint32_t for SHA-256, uint64_t for SHA-512), aligned to 64 bytes. */
    void (*compress)(void *state, const uint8_t *const *at, size_t n);
};

/* NULL where the target has no such instructions at all. */
extern const struct hash_kernel *const sha512_avx512;
extern const struct hash_kernel *const sha256_avx512;
extern const struct hash_kernel *const sha256_ni;

/** One stream by the SHA extensions; only where sha256_ni runs. @p state is eight words. */
void sha256_ni_stream(uint32_t state[8], const uint8_t *at, size_t n);

/* What the processor (and the operating system) allow. Cheap: the C library looked once. */
#if defined(__x86_64__)
static inline bool hash_has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}

static inline bool hash_has_sha_ni(void)
{
#if defined(__clang__) /* knows no such feature before version 19 */
    return false;
#else
    return __builtin_cpu_supports("sha") && __builtin_cpu_supports("sse4.1");
#endif
}
#else
static inline bool hash_has_avx512(void)
{
    return false;
}

static inline bool hash_has_sha_ni(void)
{
    return false;
}
#endif

extern const uint32_t sha256_start[8];
extern const uint64_t sha512_start[8];
extern const uint32_t sha256_round[64];
extern const uint64_t sha512_round[80];

#endif
