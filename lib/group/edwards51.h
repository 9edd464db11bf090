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

static inline void ge_neg(struct ge *r, const struct ge *p)
{
    fe_neg(&r->x, &p->x);
    r->y = p->y;
    r->z = p->z;
    fe_neg(&r->t, &p->t);
}

/* The formulas are functions of their own, not inlined: inside larger functions the compiler runs
 * out of registers for the 128-bit columns and keeps carries in memory (a quarter slower). */

/* r = p + q; r may be p. The second leaves t unset, which is good before a doubling. */
void pse_ge51_add(struct ge *r, const struct ge *p, const struct ge_cached *q);
void pse_ge51_add_xyz(struct ge *r, const struct ge *p, const struct ge_cached *q);
void pse_ge51_add_affine(struct ge *r, const struct ge *p, const struct ge_affine *q);
/* r = p + q for two points as stored. */
void pse_ge51_add_full(struct ge *r, const struct ge *p, const struct ge *q);
/* p = 2^n p, n >= 1; t is set, and not read. */
void pse_ge51_double_n(struct ge *p, int n);

#endif
