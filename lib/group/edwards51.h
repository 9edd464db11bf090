/* Points of -x^2 + y^2 = 1 + d x^2 y^2 over field51. Internal to room group, portable back-end.
 *
 * Extended coordinates (X : Y : Z : T), x = X/Z, y = Y/Z, xy = T/Z; formulas of Hisil, Wong, Carter
 * and Dawson (2008), complete on this curve, so there are no exceptional cases. Every stored
 * coordinate is tight; every operand of a product below is loose, as the bounds beside it say. */
#ifndef PSE_GROUP_EDWARDS51_H
#define PSE_GROUP_EDWARDS51_H

#include "group/field51.h"
#include "group/group.h"

/* What this back-end keeps in a pse_point. */
struct ge {
    struct fe x, y, z, t;
};

_Static_assert(sizeof(struct ge) == sizeof(pse_point), "a pse_point holds a ge");

/* The result of a formula before its last products: (E G : F... ) as x = e f, y = g h, z = f g,
 * t = e h. Keeping it apart saves the product t where a doubling follows. */
struct ge_completed {
    struct fe e, f, g, h;
};

/* A point prepared as second summand: y + x, y - x, 2dxy for Z = 1, and the same times Z with 2Z.
 */
struct ge_affine {
    struct fe sum, diff, t2d;
};
struct ge_cached {
    struct fe sum, diff, t2d, z2;
};

static inline void ge_load(struct ge *r, const pse_point *p)
{
    memcpy(r, p, sizeof *r);
}

static inline void ge_store(pse_point *r, const struct ge *p)
{
    memcpy(r, p, sizeof *r);
}

static const struct ge ge_identity = {
    {{0, 0, 0, 0, 0}}, {{1, 0, 0, 0, 0}}, {{1, 0, 0, 0, 0}}, {{0, 0, 0, 0, 0}}};
static const struct ge_affine ge_affine_identity = {
    {{1, 0, 0, 0, 0}}, {{1, 0, 0, 0, 0}}, {{0, 0, 0, 0, 0}}};
static const struct ge_cached ge_cached_identity = {
    {{1, 0, 0, 0, 0}}, {{1, 0, 0, 0, 0}}, {{0, 0, 0, 0, 0}}, {{2, 0, 0, 0, 0}}};

static inline void ge_complete(struct ge *r, const struct ge_completed *p)
{
    fe_mul(&r->x, &p->e, &p->f);
    fe_mul(&r->y, &p->g, &p->h);
    fe_mul(&r->z, &p->f, &p->g);
    fe_mul(&r->t, &p->e, &p->h);
}

/* Without t: good for doubling only. */
static inline void ge_complete_xyz(struct ge *r, const struct ge_completed *p)
{
    fe_mul(&r->x, &p->e, &p->f);
    fe_mul(&r->y, &p->g, &p->h);
    fe_mul(&r->z, &p->f, &p->g);
}

/* Prepared: sum < 2^53, diff < 2^53, t2d tight, z2 < 2^53. */
static inline void ge_to_cached(struct ge_cached *r, const struct ge *p)
{
    fe_add(&r->sum, &p->y, &p->x);
    fe_sub(&r->diff, &p->y, &p->x);
    fe_mul(&r->t2d, &p->t, &fe_2d);
    fe_add(&r->z2, &p->z, &p->z);
}

/* -P as summand: the halves change places, t2d its sign (< 2^53). */
static inline void ge_cached_neg(struct ge_cached *r, const struct ge_cached *p)
{
    r->sum = p->diff;
    r->diff = p->sum;
    r->z2 = p->z2;
    fe_sub(&r->t2d, &fe_zero, &p->t2d);
}

/* a = (Y1-X1) diff, b = (Y1+X1) sum, c = T1 t2d, dd = 2 Z1 Z2, all tight or a sum of two tight. */
static inline void ge_add_tail(struct ge_completed *r, const struct fe *a, const struct fe *b,
                               const struct fe *c, const struct fe *dd)
{
    fe_sub(&r->e, b, a);  /* < 2^53 */
    fe_sub(&r->f, dd, c); /* < 2^53.4 */
    fe_add(&r->g, dd, c); /* < 2^53 */
    fe_add(&r->h, b, a);  /* < 2^53 */
}

static inline void ge_add(struct ge_completed *r, const struct ge *p, const struct ge_cached *q)
{
    struct fe a, b, c, dd;

    fe_sub(&a, &p->y, &p->x);
    fe_mul(&a, &a, &q->diff);
    fe_add(&b, &p->y, &p->x);
    fe_mul(&b, &b, &q->sum);
    fe_mul(&c, &p->t, &q->t2d);
    fe_mul(&dd, &p->z, &q->z2);
    ge_add_tail(r, &a, &b, &c, &dd);
}

static inline void ge_add_affine(struct ge_completed *r, const struct ge *p,
                                 const struct ge_affine *q)
{
    struct fe a, b, c, dd;

    fe_sub(&a, &p->y, &p->x);
    fe_mul(&a, &a, &q->diff);
    fe_add(&b, &p->y, &p->x);
    fe_mul(&b, &b, &q->sum);
    fe_mul(&c, &p->t, &q->t2d);
    fe_add(&dd, &p->z, &p->z);
    ge_add_tail(r, &a, &b, &c, &dd);
}

/* 2p; p's t is not read. Signs of e and h, f and g are turned against the textbook's, which leaves
 * the products as they are. */
static inline void ge_double(struct ge_completed *r, const struct ge *p)
{
    struct fe xx, yy, zz, s;

    fe_sq(&xx, &p->x);
    fe_sq(&yy, &p->y);
    fe_sq(&zz, &p->z);
    fe_add(&zz, &zz, &zz);
    fe_add(&s, &p->x, &p->y);
    fe_sq(&s, &s);
    fe_add(&r->h, &yy, &xx);    /* < 2^53 */
    fe_sub(&r->g, &yy, &xx);    /* < 2^51 + 2^52 + 2^15 */
    fe_sub2(&r->e, &s, &r->h);  /* < 2^54 */
    fe_sub2(&r->f, &zz, &r->g); /* < 2^52 + 2^53 + 2^16 */
}

/* r = p + q in full. */
static inline void ge_add_full(struct ge *r, const struct ge *p, const struct ge *q)
{
    struct ge_cached c;
    struct ge_completed t;

    ge_to_cached(&c, q);
    ge_add(&t, p, &c);
    ge_complete(r, &t);
}

/* p = 2^n p, n >= 1. */
static inline void ge_double_n(struct ge *p, int n)
{
    struct ge_completed t;

    while (n-- > 1) {
        ge_double(&t, p);
        ge_complete_xyz(p, &t);
    }
    ge_double(&t, p);
    ge_complete(p, &t);
}

static inline void ge_neg(struct ge *r, const struct ge *p)
{
    fe_neg(&r->x, &p->x);
    r->y = p->y;
    r->z = p->z;
    fe_neg(&r->t, &p->t);
}

#endif
