/* Encodings of doubled points, eight at a time: the method and the names of double51.c. */
#include "group/chain_ifma.h"
#include "group/edwards_ifma.h"
#include "group/ifma.h"
#include "group/ristretto51.h"

#ifdef PSE_LANES

enum { GROUPS = 8 };

struct doubled8 {
    struct fe8 e, f, g, h;
    struct fe8 eg, fh;
    struct fe8 inverse;
    lanes_mask neutral;
};

LANES_INLINE void doubled_begin(struct doubled8 *r, const struct ge8 *p)
{
    struct fe8 d = fe8_all(&fe_d), one = fe8_all(&fe_one);
    struct fe8 xy = fe8_mul(&p->x, &p->y), tt = fe8_sq(&p->t), zz = fe8_sq(&p->z);
    struct fe8 xx = fe8_sq(&p->x), yy = fe8_sq(&p->y);

    tt = fe8_mul(&tt, &d);
    r->e = fe8_add(&xy, &xy);
    r->f = fe8_add(&zz, &tt);
    r->g = fe8_add(&yy, &xx);
    r->h = fe8_sub(&zz, &tt);
    r->eg = fe8_mul(&r->e, &r->g);
    r->fh = fe8_mul(&r->f, &r->h);
    r->inverse = fe8_mul(&r->eg, &r->fh);
    r->neutral = fe8_is_zero(&r->inverse);
    r->inverse = fe8_select(r->neutral, &r->inverse, &one);
}

LANES_INLINE struct fe8 doubled_end(const struct doubled8 *p)
{
    struct fe8 i = fe8_all(&fe_sqrt_m1), isad = fe8_all(&pse_fe51_invsqrt_a_minus_d);
    struct fe8 zero = fe8_all(&fe_zero);
    struct fe8 z_inv = fe8_mul(&p->eg, &p->inverse), t_inv = fe8_mul(&p->fh, &p->inverse);
    struct fe8 t = fe8_mul(&p->eg, &z_inv), minus = fe8_neg(&p->e), turned = fe8_mul(&p->f, &i);
    lanes_mask rotate = fe8_is_negative(&t);
    struct fe8 e = fe8_select(rotate, &p->e, &p->g), g = fe8_select(rotate, &p->g, &minus);
    struct fe8 h = fe8_select(rotate, &p->h, &turned), root = fe8_select(rotate, &isad, &i);

    t = fe8_mul(&h, &e);
    t = fe8_mul(&t, &z_inv);
    minus = fe8_neg(&g);
    g = fe8_select(fe8_is_negative(&t), &g, &minus);
    t = fe8_sub(&h, &g);
    g = fe8_mul(&g, &t_inv);
    g = fe8_mul(&g, &root);
    t = fe8_mul(&t, &g);
    t = fe8_abs(&t);
    t = fe8_freeze(&t);
    return fe8_select(p->neutral, &t, &zero);
}

LANES static void encode_groups(pse_enc *out, const pse_point *in, size_t n)
{
    struct doubled8 p[GROUPS];
    struct fe8 before[GROUPS];
    struct fe8 product = fe8_all(&fe_one), inverse;
    size_t groups = (n - 1) / LANES_N + 1;

    for (size_t i = 0; i < groups; i++) {
        struct ge8 q = ge8_load_n(in + i * LANES_N, n - i * LANES_N);

        doubled_begin(&p[i], &q);
        before[i] = product;
        product = fe8_mul(&product, &p[i].inverse);
    }
    fe8_invert(&inverse, &product, 1);
    for (size_t i = groups; i-- > 0;) {
        struct fe8 t = fe8_mul(&inverse, &p[i].inverse);
        size_t left = n - i * LANES_N;
        v8 w[4], row[4];

        p[i].inverse = fe8_mul(&inverse, &before[i]);
        inverse = t;
        t = doubled_end(&p[i]);
        fe8_frozen_to_words(w, &t);
        lanes_words4(row, w);
        memcpy(out + i * LANES_N, row, (left < LANES_N ? left : LANES_N) * sizeof *out);
    }
}

void pse_ifma_encode_double(pse_enc *out, const pse_point *in, size_t n)
{
    const size_t most = (size_t)GROUPS * LANES_N;

    for (size_t at = 0; at < n; at += most)
        encode_groups(out + at, in + at, n - at < most ? n - at : most);
}

#endif
