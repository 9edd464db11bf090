/* Encodings of doubled points, portable back-end. The square root that an encoding needs exists in
 * closed form where the point is given as twice another one (Hamburg, "Decaf", and the batched
 * encoding of the ristretto group): what is left is one inversion, shared by many. */
#include "group/ristretto51.h"

enum { BLOCK = 64 };

/* 2P = (e h : g f : f h : e g) with f, h != 0. */
struct doubled {
    struct fe e, f, g, h;
    struct fe eg, fh;
    struct fe inverse; /* of eg fh, or of 1 where that is 0 */
    uint64_t neutral;  /* all ones where eg = 0: an encoding of zeros */
};

static void doubled_begin(struct doubled *r, const struct ge *p)
{
    struct fe a, b;

    fe_mul(&a, &p->x, &p->y);
    fe_add(&a, &a, &a);
    fe_carry(&r->e, &a);
    fe_sq(&a, &p->t);
    fe_mul(&b, &a, &fe_d);
    fe_sq(&a, &p->z);
    fe_sub(&r->h, &a, &b);
    fe_carry(&r->h, &r->h);
    fe_add(&r->f, &a, &b);
    fe_carry(&r->f, &r->f);
    fe_sq(&a, &p->x);
    fe_sq(&b, &p->y);
    fe_add(&r->g, &a, &b);
    fe_carry(&r->g, &r->g);
    fe_mul(&r->eg, &r->e, &r->g);
    fe_mul(&r->fh, &r->f, &r->h);
    fe_mul(&r->inverse, &r->eg, &r->fh);
    r->neutral = pse_fe51_mask_zero(&r->inverse);
    fe_select(&r->inverse, &r->inverse, &fe_one, r->neutral);
}

static void doubled_end(uint8_t out[32], const struct doubled *p)
{
    struct fe z_inv, t_inv, t, u, e, g, h, root;
    uint64_t rotate;

    fe_mul(&z_inv, &p->eg, &p->inverse);
    fe_mul(&t_inv, &p->fh, &p->inverse);
    fe_mul(&t, &p->eg, &z_inv);
    rotate = pse_fe51_mask_negative(&t);
    fe_neg(&t, &p->e);
    fe_mul(&u, &p->f, &fe_sqrt_m1);
    fe_select(&e, &p->e, &p->g, rotate);
    fe_select(&g, &p->g, &t, rotate);
    fe_select(&h, &p->h, &u, rotate);
    fe_select(&root, &pse_fe51_invsqrt_a_minus_d, &fe_sqrt_m1, rotate);

    fe_mul(&t, &h, &e);
    fe_mul(&t, &t, &z_inv);
    fe_neg(&u, &g);
    fe_select(&g, &g, &u, pse_fe51_mask_negative(&t));
    fe_sub(&t, &h, &g);
    fe_mul(&u, &g, &t_inv);
    fe_mul(&u, &u, &root);
    fe_mul(&t, &t, &u);
    pse_fe51_abs(&t, &t);
    fe_select(&t, &t, &fe_zero, p->neutral);
    pse_fe51_to_bytes(out, &t);
}

static void encode_block(pse_enc *out, const pse_point *in, size_t n)
{
    struct doubled p[BLOCK];
    struct fe before[BLOCK]; /* product of the values before this one */
    struct fe inverse, t;
    struct fe product = fe_one;

    for (size_t i = 0; i < n; i++) {
        struct ge q;

        ge_load(&q, &in[i]);
        doubled_begin(&p[i], &q);
        before[i] = product;
        fe_mul(&product, &product, &p[i].inverse);
    }
    pse_fe51_invert(&inverse, &product);
    for (size_t i = n; i-- > 0;) {
        fe_mul(&t, &inverse, &p[i].inverse);
        fe_mul(&p[i].inverse, &inverse, &before[i]);
        inverse = t;
        doubled_end(out[i].b, &p[i]);
    }
}

void pse_p51_encode_double(pse_enc *out, const pse_point *in, size_t n)
{
    for (size_t at = 0; at < n; at += BLOCK)
        encode_block(out + at, in + at, n - at < BLOCK ? n - at : BLOCK);
}
