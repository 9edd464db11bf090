/* Eight 64-bit words in one register: the few operations of AVX-512 the IFMA back-end is written
 * with. Internal to room group.
 *
 * Sums, shifts and masks of v8 are the compiler's own vector operators. What those cannot say is
 * named below, and comes from one of two headers, chosen here and nowhere else: lanes_avx512.h for
 * the processor, or lanes_emulated.h (tests/support), the same in plain C for tools and processors
 * that do not know AVX-512. A build has PSE_LANES when it has either.
 *
 *   lanes_madlo(c, a, b)   c + the low 52 bits of the product of the low 52 bits of a and b
 *   lanes_madhi(c, a, b)   c + its bits 52 to 103
 *   lanes_equal(a, b)      bit l of the result is set where a and b agree in lane l
 *   lanes_below(a, b)      where a < b, unsigned
 *   lanes_select(m, a, b)  b where m is set, else a
 *   lanes_keep(m, a)       a where m is set, else 0
 *   lanes_pick(m, l, h, i) where m is set, word i (modulo 16) of the sixteen words of l and h, i
 * being another one in each lane; else 0 lanes_shuffle(a, b, …) eight words by number, from a (0 to
 * 7) and b (8 to 15)
 *
 * All are constant time. LANES marks a function that uses vectors, LANES_INLINE one that is part of
 * its caller. */
#ifndef PSE_GROUP_LANES_H
#define PSE_GROUP_LANES_H

#include <stdint.h>
#include <string.h>

enum { LANES_N = 8 };

typedef uint64_t v8 __attribute__((vector_size(64)));
typedef uint64_t v4 __attribute__((vector_size(32)));
typedef uint16_t v8u16 __attribute__((vector_size(16)));
typedef uint8_t v8u8 __attribute__((vector_size(8)));
/* One bit a lane, lane 0 the lowest. */
typedef uint8_t lanes_mask;

#if defined(PSE_LANES_EMULATED)
#include "lanes_emulated.h"
#elif defined(__x86_64__) && defined(__GNUC__) && defined(__has_include)
#if __has_include(<avx512ifmaintrin.h>)
#include "group/lanes_avx512.h"
#endif
#endif

#ifdef PSE_LANES

#define lanes_shuffle __builtin_shufflevector

static const v8 lanes_zero;

LANES_INLINE v8 lanes_all(uint64_t x)
{
    return lanes_zero + x;
}

/* A small constant as one factor of a product. The compiler must not see that it is one: it would
 * turn the product into shifts and sums, which makes a field multiplication 8 % slower and a
 * squaring 17 % (gcc 12, Zen 4). */
LANES_INLINE v8 lanes_factor(uint64_t x)
{
    v8 r = lanes_all(x);

    __asm__("" : LANES_REGISTER(r));
    return r;
}

/* p need not be aligned. */
LANES_INLINE v8 lanes_load(const uint64_t *p)
{
    v8 r;

    memcpy(&r, p, sizeof r);
    return r;
}

LANES_INLINE void lanes_store(uint64_t *p, v8 a)
{
    memcpy(p, &a, sizeof a);
}

/* Pairs of words 0 and 2 of a, then of b; and pairs 1 and 3. */
LANES_INLINE v8 lanes_even_pairs(v8 a, v8 b)
{
    return lanes_shuffle(a, b, 0, 1, 4, 5, 8, 9, 12, 13);
}

LANES_INLINE v8 lanes_odd_pairs(v8 a, v8 b)
{
    return lanes_shuffle(a, b, 2, 3, 6, 7, 10, 11, 14, 15);
}

/* Word i of row j becomes word j of row i. */
LANES_INLINE void lanes_transpose(v8 r[8])
{
    v8 low[4], high[4];

    for (int i = 0; i < 4; i++) {
        low[i] = lanes_shuffle(r[2 * i], r[2 * i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        high[i] = lanes_shuffle(r[2 * i], r[2 * i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    for (int i = 0; i < 2; i++) {
        const v8 *x = i == 0 ? low : high;
        v8 a = lanes_even_pairs(x[0], x[1]), b = lanes_even_pairs(x[2], x[3]);
        v8 c = lanes_odd_pairs(x[0], x[1]), d = lanes_odd_pairs(x[2], x[3]);

        r[i] = lanes_even_pairs(a, b);
        r[i + 4] = lanes_odd_pairs(a, b);
        r[i + 2] = lanes_even_pairs(c, d);
        r[i + 6] = lanes_odd_pairs(c, d);
    }
}

LANES_INLINE v4 lanes_load4(const uint64_t *p)
{
    v4 r;

    memcpy(&r, p, sizeof r);
    return r;
}

LANES_INLINE void lanes_store4(uint64_t *p, v4 a)
{
    memcpy(p, &a, sizeof a);
}

/* Eight rows of four words, two rows a register: word i of row j becomes word j of r[i]. */
LANES_INLINE void lanes_rows4(v8 r[4], const v8 row[4])
{
    v8 ab01 = lanes_shuffle(row[0], row[1], 0, 4, 8, 12, 1, 5, 9, 13);
    v8 ab23 = lanes_shuffle(row[0], row[1], 2, 6, 10, 14, 3, 7, 11, 15);
    v8 cd01 = lanes_shuffle(row[2], row[3], 0, 4, 8, 12, 1, 5, 9, 13);
    v8 cd23 = lanes_shuffle(row[2], row[3], 2, 6, 10, 14, 3, 7, 11, 15);

    r[0] = lanes_shuffle(ab01, cd01, 0, 1, 2, 3, 8, 9, 10, 11);
    r[1] = lanes_shuffle(ab01, cd01, 4, 5, 6, 7, 12, 13, 14, 15);
    r[2] = lanes_shuffle(ab23, cd23, 0, 1, 2, 3, 8, 9, 10, 11);
    r[3] = lanes_shuffle(ab23, cd23, 4, 5, 6, 7, 12, 13, 14, 15);
}

/* The reverse. */
LANES_INLINE void lanes_words4(v8 row[4], const v8 r[4])
{
    v8 a = lanes_shuffle(r[0], r[1], 0, 8, 2, 10, 4, 12, 6, 14);
    v8 b = lanes_shuffle(r[0], r[1], 1, 9, 3, 11, 5, 13, 7, 15);
    v8 c = lanes_shuffle(r[2], r[3], 0, 8, 2, 10, 4, 12, 6, 14);
    v8 d = lanes_shuffle(r[2], r[3], 1, 9, 3, 11, 5, 13, 7, 15);
    v8 row04 = lanes_shuffle(a, c, 0, 1, 8, 9, 4, 5, 12, 13);
    v8 row26 = lanes_shuffle(a, c, 2, 3, 10, 11, 6, 7, 14, 15);
    v8 row15 = lanes_shuffle(b, d, 0, 1, 8, 9, 4, 5, 12, 13);
    v8 row37 = lanes_shuffle(b, d, 2, 3, 10, 11, 6, 7, 14, 15);

    row[0] = lanes_shuffle(row04, row15, 0, 1, 2, 3, 8, 9, 10, 11);
    row[1] = lanes_shuffle(row26, row37, 0, 1, 2, 3, 8, 9, 10, 11);
    row[2] = lanes_shuffle(row04, row15, 4, 5, 6, 7, 12, 13, 14, 15);
    row[3] = lanes_shuffle(row26, row37, 4, 5, 6, 7, 12, 13, 14, 15);
}

#endif
#endif
