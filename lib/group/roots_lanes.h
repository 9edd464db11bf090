/* The chains of roots51.h in lanes: what their two widths have in common. Included once by the file
 * of each width, which says before how many elements go at once (ROOTS_LANES), by which function
 * attribute the compiler may use the instructions (ROOTS_TARGET), what multiplies the low 32 bits
 * of each word (ROOTS_PRODUCT), and the vector of so many 64-bit words (lanes_u64).
 *
 * Ten limbs of 26 and 25 bits in turn, limb i of all elements in one register: limb i stands at bit
 * ceil(25.5 i). */
#include "base/base.h"

/* Debug builds keep each helper a function, as in lanes_avx512.h. */
#ifdef PSE_CHECK_BOUNDS
#define ROOTS_INLINE ROOTS_TARGET static __attribute__((noinline, unused))
#else
#define ROOTS_INLINE ROOTS_TARGET static inline __attribute__((always_inline))
#endif

enum { LIMBS = 10 };

ROOTS_INLINE lanes_u64 product(lanes_u64 a, lanes_u64 b)
{
    return (lanes_u64)ROOTS_PRODUCT(a, b);
}

/* Limbs below 2^26 + 2^14 between any two operations. */
struct fe_lanes {
    lanes_u64 v[LIMBS];
};

#define MASK_26 ((1ull << 26) - 1)
#define MASK_25 ((1ull << 25) - 1)

ROOTS_INLINE lanes_u64 all(uint64_t x)
{
    return (lanes_u64){0} + x;
}

ROOTS_INLINE lanes_u64 times_19(lanes_u64 a)
{
    return (a << 4) + (a << 1) + a;
}

/* One limb's excess goes to the next. */
#define CARRY(from, to, bits)        \
    do {                             \
        c[to] += c[from] >> (bits);  \
        c[from] &= all(MASK_##bits); \
    } while (0)

/* Columns to limbs: two chains side by side, as each alone would wait for itself. A column is below
 * 2^62: five products of twice a limb and 38 times another, 2^27.1 and 2^31.3. What comes out of
 * the last column is below 2^37, and times 19 below 2^42, so that limb 1 ends below 2^25 + 2^16,
 * limb 5 likewise, all others within their bits. */
ROOTS_INLINE void fold(struct fe_lanes *r, lanes_u64 c[LIMBS])
{
    CARRY(0, 1, 26);
    CARRY(5, 6, 25);
    CARRY(1, 2, 25);
    CARRY(6, 7, 26);
    CARRY(2, 3, 26);
    CARRY(7, 8, 25);
    CARRY(3, 4, 25);
    CARRY(8, 9, 26);
    CARRY(4, 5, 26);
    c[0] += times_19(c[9] >> 25);
    c[9] &= all(MASK_25);
    CARRY(5, 6, 25);
    CARRY(0, 1, 26);
    for (int i = 0; i < LIMBS; i++)
        r->v[i] = c[i];
}

/* Column k holds f_i f_j with i + j = k, and 19 times that with i + j = k + 10; twice where i and j
 * are odd, as limb i + j then stands half a bit higher than the sum of both places. */
ROOTS_INLINE void square(struct fe_lanes *r, const struct fe_lanes *a)
{
    const lanes_u64 *f = a->v;
    lanes_u64 d[LIMBS], n[LIMBS], m[LIMBS]; /* 2 f, 19 f, 38 f */
    lanes_u64 c[LIMBS];

    for (int i = 0; i < LIMBS; i++) {
        d[i] = f[i] + f[i];
        n[i] = product(f[i], all(19));
        m[i] = n[i] + n[i];
    }
    c[0] = product(f[0], f[0]) + product(d[1], m[9]) + product(d[2], n[8]) + product(d[3], m[7]) +
           product(d[4], n[6]) + product(f[5], m[5]);
    c[1] = product(d[0], f[1]) + product(d[2], n[9]) + product(d[3], n[8]) + product(d[4], n[7]) +
           product(d[5], n[6]);
    c[2] = product(d[0], f[2]) + product(f[1], d[1]) + product(d[3], m[9]) + product(d[4], n[8]) +
           product(d[5], m[7]) + product(f[6], n[6]);
    c[3] = product(d[0], f[3]) + product(d[1], f[2]) + product(d[4], n[9]) + product(d[5], n[8]) +
           product(d[6], n[7]);
    c[4] = product(d[0], f[4]) + product(d[1], d[3]) + product(f[2], f[2]) + product(d[5], m[9]) +
           product(d[6], n[8]) + product(f[7], m[7]);
    c[5] = product(d[0], f[5]) + product(d[1], f[4]) + product(d[2], f[3]) + product(d[6], n[9]) +
           product(d[7], n[8]);
    c[6] = product(d[0], f[6]) + product(d[1], d[5]) + product(d[2], f[4]) + product(f[3], d[3]) +
           product(d[7], m[9]) + product(f[8], n[8]);
    c[7] = product(d[0], f[7]) + product(d[1], f[6]) + product(d[2], f[5]) + product(d[3], f[4]) +
           product(d[8], n[9]);
    c[8] = product(d[0], f[8]) + product(d[1], d[7]) + product(d[2], f[6]) + product(d[3], d[5]) +
           product(f[4], f[4]) + product(f[9], m[9]);
    c[9] = product(d[0], f[9]) + product(d[1], f[8]) + product(d[2], f[7]) + product(d[3], f[6]) +
           product(d[4], f[5]);
    fold(r, c);
}

ROOTS_INLINE void multiply(struct fe_lanes *r, const struct fe_lanes *a, const struct fe_lanes *b)
{
    lanes_u64 c[LIMBS] = {{0, 0, 0, 0}};

    for (int i = 0; i < LIMBS; i++) {
        lanes_u64 twice = a->v[i] + a->v[i];

        for (int j = 0; j < LIMBS; j++) {
            lanes_u64 left = i % 2 == 1 && j % 2 == 1 ? twice : a->v[i];

            c[(i + j) % LIMBS] +=
                product(left, i + j < LIMBS ? b->v[j] : product(b->v[j], all(19)));
        }
    }
    fold(r, c);
}

/* r = a^(2^n) b. A function of its own: eleven of them make the power. */
ROOTS_TARGET static __attribute__((noinline)) void square_n_multiply(struct fe_lanes *r,
                                                                     const struct fe_lanes *a,
                                                                     int n,
                                                                     const struct fe_lanes *b)
{
    struct fe_lanes t = *a;

    while (n-- > 0)
        square(&t, &t);
    multiply(r, &t, b);
}

/* The chain of field51.c. */
ROOTS_TARGET static void pow_p58(struct fe_lanes *r, const struct fe_lanes *a)
{
    struct fe_lanes a2, a9, x5, x10, x20, x50, t;

    square(&a2, a);
    square_n_multiply(&a9, &a2, 2, a);
    multiply(&t, &a9, &a2);
    square_n_multiply(&x5, &t, 1, &a9);
    square_n_multiply(&x10, &x5, 5, &x5);
    square_n_multiply(&x20, &x10, 10, &x10);
    square_n_multiply(&t, &x20, 20, &x20);
    square_n_multiply(&x50, &t, 10, &x10);
    square_n_multiply(&t, &x50, 50, &x50);
    square_n_multiply(&t, &t, 100, &t);
    square_n_multiply(&t, &t, 50, &x50);
    square_n_multiply(r, &t, 2, a);
}

/* n a multiple of ROOTS_LANES. */
ROOTS_TARGET static void powers(struct fe *r, const struct fe *a, size_t n)
{
    struct fe_lanes x;

    for (size_t at = 0; at < n; at += ROOTS_LANES) {
        for (int i = 0; i < 5; i++) {
            lanes_u64 limb;

            for (size_t lane = 0; lane < ROOTS_LANES; lane++)
                limb[lane] = a[at + lane].v[i];
            x.v[2 * i] = limb & all(MASK_26);
            x.v[2 * i + 1] = limb >> 26;
        }
        pow_p58(&x, &x);
        for (int i = 0; i < 5; i++) {
            lanes_u64 limb = x.v[2 * i] + (x.v[2 * i + 1] << 26);

            for (size_t lane = 0; lane < ROOTS_LANES; lane++)
                r[at + lane].v[i] = limb[lane];
        }
        for (size_t lane = 0; lane < ROOTS_LANES; lane++)
            fe_carry(&r[at + lane], &r[at + lane]);
    }
    pse_wipe(&x, sizeof x);
}
