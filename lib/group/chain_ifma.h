/* Powers of eight or sixteen field elements: the long chains of squarings. Internal to room group,
 * IFMA back-end.
 *
 * One chain waits for its own results; two chains in turn keep the multiplier busy (a squaring of
 * eight takes 53 cycles alone and 41 in company, Zen 4). Hence `sets`, 1 or 2, a constant at every
 * call. */
#ifndef PSE_GROUP_CHAIN_IFMA_H
#define PSE_GROUP_CHAIN_IFMA_H

#include "group/field_ifma.h"

#ifdef PSE_LANES

/* a = a^(2^n), n >= 1. */
LANES_INLINE void chain_sq(struct fe8 *a, int sets, int n)
{
    while (n-- > 0) {
        for (int s = 0; s < sets; s++)
            a[s] = fe8_sq(&a[s]);
    }
}

LANES_INLINE void chain_mul(struct fe8 *r, const struct fe8 *a, const struct fe8 *b, int sets)
{
    for (int s = 0; s < sets; s++)
        r[s] = fe8_mul(&a[s], &b[s]);
}

LANES_INLINE void chain_copy(struct fe8 *r, const struct fe8 *a, int sets)
{
    memcpy(r, a, (size_t)sets * sizeof *r);
}

/* r = a^(2^250 - 1), and a^11 on the way, as in field51.c. */
LANES_INLINE void chain_2_250_1(struct fe8 *r, struct fe8 *a11, const struct fe8 *a, int sets)
{
    struct fe8 t[2], a9[2], x10[2], x50[2];

    chain_copy(t, a, sets);
    chain_sq(t, sets, 1);
    chain_copy(a9, t, sets);
    chain_sq(a9, sets, 2);
    chain_mul(a9, a9, a, sets);
    chain_mul(a11, a9, t, sets);
    chain_copy(t, a11, sets);
    chain_sq(t, sets, 1);
    chain_mul(a9, t, a9, sets); /* a^(2^5 - 1) */
    chain_copy(t, a9, sets);
    chain_sq(t, sets, 5);
    chain_mul(x10, t, a9, sets);
    chain_copy(t, x10, sets);
    chain_sq(t, sets, 10);
    chain_mul(a9, t, x10, sets); /* a^(2^20 - 1) */
    chain_copy(t, a9, sets);
    chain_sq(t, sets, 20);
    chain_mul(t, t, a9, sets);
    chain_sq(t, sets, 10);
    chain_mul(x50, t, x10, sets);
    chain_copy(t, x50, sets);
    chain_sq(t, sets, 50);
    chain_mul(a9, t, x50, sets); /* a^(2^100 - 1) */
    chain_copy(t, a9, sets);
    chain_sq(t, sets, 100);
    chain_mul(t, t, a9, sets);
    chain_sq(t, sets, 50);
    chain_mul(r, t, x50, sets);
}

/* r = 1/a, and 0 for 0. */
LANES_INLINE void fe8_invert(struct fe8 *r, const struct fe8 *a, int sets)
{
    struct fe8 a11[2];

    chain_2_250_1(r, a11, a, sets);
    chain_sq(r, sets, 5);
    chain_mul(r, r, a11, sets);
}

/* r = a^((p - 5)/8). */
LANES_INLINE void fe8_pow_p58(struct fe8 *r, const struct fe8 *a, int sets)
{
    struct fe8 a11[2];

    chain_2_250_1(r, a11, a, sets);
    chain_sq(r, sets, 2);
    chain_mul(r, r, a, sets);
}

#endif
#endif
