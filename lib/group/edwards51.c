#include "group/edwards51.h"

/* The result of a formula before its last products: x = e f, y = g h, z = f g, t = e h. */
struct completed {
    struct fe e, f, g, h;
};

static inline void complete_xyz(struct ge *r, const struct completed *p)
{
    fe_mul(&r->x, &p->e, &p->f);
    fe_mul(&r->y, &p->g, &p->h);
    fe_mul(&r->z, &p->f, &p->g);
}

static inline void complete(struct ge *r, const struct completed *p)
{
    complete_xyz(r, p);
    fe_mul(&r->t, &p->e, &p->h);
}

/* dd = 2 Z1 Z2, tight or a sum of two tight. */
static inline void add_start(struct completed *r, const struct ge *p, const struct fe *sum,
                             const struct fe *diff, const struct fe *t2d, const struct fe *dd)
{
    struct fe a, b, c;

    fe_sub(&a, &p->y, &p->x);
    fe_mul(&a, &a, diff);
    fe_add(&b, &p->y, &p->x);
    fe_mul(&b, &b, sum);
    fe_mul(&c, &p->t, t2d);
    fe_sub(&r->e, &b, &a); /* < 2^53 */
    fe_sub(&r->f, dd, &c); /* < 2^53 + 2^16 */
    fe_add(&r->g, dd, &c); /* < 2^53 */
    fe_add(&r->h, &b, &a); /* < 2^53 */
}

void pse_ge51_add(struct ge *r, const struct ge *p, const struct ge_cached *q)
{
    struct completed c;
    struct fe dd;

    fe_mul(&dd, &p->z, &q->z2);
    add_start(&c, p, &q->sum, &q->diff, &q->t2d, &dd);
    complete(r, &c);
}

void pse_ge51_add_xyz(struct ge *r, const struct ge *p, const struct ge_cached *q)
{
    struct completed c;
    struct fe dd;

    fe_mul(&dd, &p->z, &q->z2);
    add_start(&c, p, &q->sum, &q->diff, &q->t2d, &dd);
    complete_xyz(r, &c);
}

void pse_ge51_add_affine(struct ge *r, const struct ge *p, const struct ge_affine *q)
{
    struct completed c;
    struct fe dd;

    fe_add(&dd, &p->z, &p->z);
    add_start(&c, p, &q->sum, &q->diff, &q->t2d, &dd);
    complete(r, &c);
}

void pse_ge51_add_full(struct ge *r, const struct ge *p, const struct ge *q)
{
    struct ge_cached c;

    ge_to_cached(&c, q);
    pse_ge51_add(r, p, &c);
}

/* Signs of e and h, f and g are turned against the textbook's, which leaves the products as they
 * are. */
static inline void double_start(struct completed *r, const struct ge *p)
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

void pse_ge51_double_n(struct ge *p, int n)
{
    struct completed c;

    do {
        double_start(&c, p);
        complete_xyz(p, &c);
    } while (--n > 0);
    fe_mul(&p->t, &c.e, &c.h);
}
