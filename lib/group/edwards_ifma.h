/* Eight points at a time over field_ifma.h. Internal to room group, IFMA back-end. Formulas and
 * names as in edwards51.h; a pse_point holds the same twenty words, so that what takes one point
 * at a time (a chain of doublings, a comparison) is left to the portable functions.
 *
 * An addition reads y + x, y - x, z and t of both summands and a doubling x, y, x + y and z; each
 * formula ends in exactly what the next one reads, sums included, as field_ifma.h explains. */
#ifndef PSE_GROUP_EDWARDS_IFMA_H
#define PSE_GROUP_EDWARDS_IFMA_H

#include "group/edwards51.h"
#include "group/field_ifma.h"

#ifdef PSE_LANES

/* X, Y, Z, T as stored. */
struct ge8 {
    struct fe8 x, y, z, t;
};
/* Ready to be added to: y + x, y - x, z, t. */
struct sum8 {
    struct fe8 sum, diff, z, t;
};
/* Ready to be doubled. */
struct dbl8 {
    struct fe8 x, y, sum, z;
};
/* A second summand, with 2 d t for t; and one with z = 1. */
struct cached8 {
    struct fe8 sum, diff, z, t2d;
};
struct affine8 {
    struct fe8 sum, diff, t2d;
};
/* x = e f, y = g h, z = f g, t = e h. */
struct completed8 {
    struct fe8 e, f, g, h;
};

LANES_INLINE struct sum8 sum8_identity(void)
{
    struct fe8 zero = fe8_all(&fe_zero), one = fe8_all(&fe_one);

    return (struct sum8){.sum = one, .diff = one, .z = one, .t = zero};
}

/* --- ends of a formula ---------------------------------------------------------------------- */

LANES_INLINE struct ge8 complete_ge(const struct completed8 *p)
{
    return (struct ge8){.x = fe8_mul(&p->e, &p->f),
                        .y = fe8_mul(&p->g, &p->h),
                        .z = fe8_mul(&p->f, &p->g),
                        .t = fe8_mul(&p->e, &p->h)};
}

LANES_INLINE struct sum8 complete_sum(const struct completed8 *p)
{
    struct wide8 x = fe8_mul_wide(&p->e, &p->f);
    struct wide8 y = fe8_mul_wide(&p->g, &p->h);
    struct wide8 sum = wide_add(&y, &x), diff = wide_sub(&y, &x);

    return (struct sum8){.sum = wide_carry(&sum),
                         .diff = wide_carry(&diff),
                         .z = fe8_mul(&p->f, &p->g),
                         .t = fe8_mul(&p->e, &p->h)};
}

LANES_INLINE struct dbl8 complete_dbl(const struct completed8 *p)
{
    struct wide8 x = fe8_mul_wide(&p->e, &p->f);
    struct wide8 y = fe8_mul_wide(&p->g, &p->h);
    struct wide8 sum = wide_add(&y, &x);

    return (struct dbl8){.x = wide_carry(&x),
                         .y = wide_carry(&y),
                         .sum = wide_carry(&sum),
                         .z = fe8_mul(&p->f, &p->g)};
}

/* --- formulas ------------------------------------------------------------------------------- */

/* a = (y1 - x1)(y2 - x2), b = (y1 + x1)(y2 + x2), c = 2 d t1 t2, dd = 2 z1 z2. */
LANES_INLINE struct completed8 add_tail(const struct wide8 *a, const struct wide8 *b,
                                        const struct wide8 *c, const struct wide8 *dd)
{
    struct wide8 e = wide_sub(b, a), f = wide_sub(dd, c), g = wide_add(dd, c), h = wide_add(b, a);

    return (struct completed8){
        .e = wide_carry(&e), .f = wide_carry(&f), .g = wide_carry(&g), .h = wide_carry(&h)};
}

LANES_INLINE struct completed8 add_cached(const struct sum8 *p, const struct cached8 *q)
{
    struct wide8 a = fe8_mul_wide(&p->diff, &q->diff);
    struct wide8 b = fe8_mul_wide(&p->sum, &q->sum);
    struct wide8 c = fe8_mul_wide(&p->t, &q->t2d);
    struct wide8 zz = fe8_mul_wide(&p->z, &q->z);
    struct wide8 dd = wide_add(&zz, &zz);

    return add_tail(&a, &b, &c, &dd);
}

LANES_INLINE struct completed8 add_affine(const struct sum8 *p, const struct affine8 *q)
{
    struct wide8 a = fe8_mul_wide(&p->diff, &q->diff);
    struct wide8 b = fe8_mul_wide(&p->sum, &q->sum);
    struct wide8 c = fe8_mul_wide(&p->t, &q->t2d);
    struct wide8 dd = wide_from(&p->z, 1);

    return add_tail(&a, &b, &c, &dd);
}

/* Signs as in ge_double. */
LANES_INLINE struct completed8 double_dbl(const struct dbl8 *p)
{
    struct wide8 xx = fe8_sq_wide(&p->x);
    struct wide8 yy = fe8_sq_wide(&p->y);
    struct wide8 zz = fe8_sq_wide(&p->z);
    struct wide8 ss = fe8_sq_wide(&p->sum);
    struct wide8 h = wide_add(&yy, &xx), g = wide_sub(&yy, &xx), e = wide_sub(&ss, &h);
    struct wide8 f = wide_add(&zz, &zz);

    f = wide_add(&f, &xx);
    f = wide_sub(&f, &yy);
    return (struct completed8){
        .e = wide_carry(&e), .f = wide_carry(&f), .g = wide_carry(&g), .h = wide_carry(&h)};
}

/* --- conversions ---------------------------------------------------------------------------- */

LANES_INLINE struct sum8 sum_from_ge(const struct ge8 *p)
{
    return (struct sum8){
        .sum = fe8_add(&p->y, &p->x), .diff = fe8_sub(&p->y, &p->x), .z = p->z, .t = p->t};
}

LANES_INLINE struct dbl8 dbl_from_ge(const struct ge8 *p)
{
    return (struct dbl8){.x = p->x, .y = p->y, .sum = fe8_add(&p->x, &p->y), .z = p->z};
}

LANES_INLINE struct cached8 cached_from_sum(const struct sum8 *p)
{
    struct fe8 d2 = fe8_all(&fe_2d);

    return (struct cached8){.sum = p->sum, .diff = p->diff, .z = p->z, .t2d = fe8_mul(&p->t, &d2)};
}

LANES_INLINE struct cached8 cached_from_ge(const struct ge8 *p)
{
    struct sum8 s = sum_from_ge(p);

    return cached_from_sum(&s);
}

/* All coordinates twice as large, which saves a division by two. */
LANES_INLINE struct ge8 ge_from_sum(const struct sum8 *p)
{
    return (struct ge8){.x = fe8_sub(&p->sum, &p->diff),
                        .y = fe8_add(&p->sum, &p->diff),
                        .z = fe8_add(&p->z, &p->z),
                        .t = fe8_add(&p->t, &p->t)};
}

/* -P where m is set: the halves change places, and 2p - t2d is below 2^52 limb by limb. */
LANES_INLINE void negate_where(lanes_mask m, struct fe8 *sum, struct fe8 *diff, struct fe8 *t2d)
{
    struct fe8 s = *sum;

    *sum = fe8_select(m, sum, diff);
    *diff = fe8_select(m, diff, &s);
    t2d->v[0] = lanes_select(m, t2d->v[0], 2 * (FE_MASK - 18) - t2d->v[0]);
    for (int i = 1; i < 5; i++)
        t2d->v[i] = lanes_select(m, t2d->v[i], 2 * FE_MASK - t2d->v[i]);
}

/* --- memory --------------------------------------------------------------------------------- */

/* The eight points at from[]. */
LANES_INLINE struct ge8 ge8_load(const pse_point *const from[LANES_N])
{
    union {
        v8 word[20];
        struct ge8 p;
    } u;
    v8 row[8];

    for (int at = 0; at < 16; at += 8) {
        for (int i = 0; i < 8; i++)
            row[i] = lanes_load(from[i]->v + at);
        lanes_transpose(row);
        for (int i = 0; i < 8; i++)
            u.word[at + i] = row[i];
    }
    for (int i = 0; i < 4; i++)
        row[i] = lanes_shuffle(lanes_load4(from[2 * i]->v + 16),
                               lanes_load4(from[2 * i + 1]->v + 16), 0, 1, 2, 3, 4, 5, 6, 7);
    lanes_rows4(&u.word[16], row);
    return u.p;
}

LANES_INLINE void ge8_store(pse_point *const to[LANES_N], const struct ge8 *p)
{
    union {
        struct ge8 p;
        v8 word[20];
    } u = {.p = *p};
    v8 row[8];

    for (int at = 0; at < 16; at += 8) {
        for (int i = 0; i < 8; i++)
            row[i] = u.word[at + i];
        lanes_transpose(row);
        for (int i = 0; i < 8; i++)
            lanes_store(to[i]->v + at, row[i]);
    }
    lanes_words4(row, &u.word[16]);
    for (int i = 0; i < 4; i++) {
        lanes_store4(to[2 * i]->v + 16, lanes_shuffle(row[i], row[i], 0, 1, 2, 3));
        lanes_store4(to[2 * i + 1]->v + 16, lanes_shuffle(row[i], row[i], 4, 5, 6, 7));
    }
}

/* in[0 .. n-1], or the first eight if n is larger; lanes beyond n hold the identity. */
LANES_INLINE struct ge8 ge8_load_n(const pse_point *in, size_t n)
{
    const pse_point *from[LANES_N];
    pse_point identity;

    ge_store(&identity, &ge_identity);
    for (size_t i = 0; i < LANES_N; i++)
        from[i] = i < n ? &in[i] : &identity;
    return ge8_load(from);
}

/* The lanes below n only. */
LANES_INLINE void ge8_store_n(pse_point *out, size_t n, const struct ge8 *p)
{
    pse_point *to[LANES_N];
    pse_point nowhere;

    for (size_t i = 0; i < LANES_N; i++)
        to[i] = i < n ? &out[i] : &nowhere;
    ge8_store(to, p);
}

#endif
#endif
