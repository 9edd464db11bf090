/* RFC 9496 section 4.3: decode, encode, equality and the one-way map. Names follow its text. */
#include "group/ristretto51.h"

/* Constants of RFC 9496 4.1. */
static const struct fe sqrt_ad_minus_one = {
    {0x7f6a0497b2e1b, 0x1836f0a97afd2, 0x7d747f6be7638, 0x456079e7e6498, 0x376931bf2b834}};
const struct fe pse_fe51_invsqrt_a_minus_d = {
    {0x0fdaa805d40ea, 0x2eb482e57d339, 0x007610274bc58, 0x6510b613dc8ff, 0x786c8905cfaff}};
static const struct fe one_minus_d_sq = {
    {0x409c1945fc176, 0x719abc6a1fc4f, 0x1c37f90b20684, 0x06bccca55eedf, 0x029072a8b2b3e}};
static const struct fe d_minus_one_sq = {
    {0x55aaa44ed4d20, 0x59603c3332635, 0x26d3baf4a7928, 0x120a66e6997a9, 0x5968b37af66c2}};

/* All ones iff the bytes are those that s encodes to, and even. */
static uint64_t mask_canonical(const uint8_t in[32], const struct fe *s)
{
    uint8_t again[32];
    uint64_t differ = 0;

    pse_fe51_to_bytes(again, s);
    for (size_t i = 0; i < 32; i++)
        differ |= (uint64_t)(in[i] ^ again[i]);
    return ct_mask_equal(differ | (in[0] & 1), 0);
}

/* What decoding keeps while its root is found. */
struct decoding {
    struct fe s, u1, u2, v;
    uint64_t ok;
};

/* 4.3.1 up to the root: of 1/t. */
static void decode_begin(struct decoding *d, struct fe *t, const uint8_t in[32],
                         uint64_t identity_allowed)
{
    struct fe ss, u2_sqr;

    pse_fe51_from_bytes(&d->s, in);
    d->ok = mask_canonical(in, &d->s);
    d->ok &= identity_allowed | ~pse_fe51_mask_zero(&d->s);

    fe_sq(&ss, &d->s);
    fe_sub(&d->u1, &fe_one, &ss);
    fe_carry(&d->u1, &d->u1);
    fe_add(&d->u2, &fe_one, &ss);
    fe_sq(&u2_sqr, &d->u2);
    fe_sq(&d->v, &d->u1);
    fe_mul(&d->v, &d->v, &fe_d);
    fe_add(&d->v, &d->v, &u2_sqr);
    fe_sub2(&d->v, &fe_zero, &d->v);
    fe_carry(&d->v, &d->v);
    fe_mul(t, &d->v, &u2_sqr);
}

/* The rest; all ones iff valid, else r is the identity. */
static uint64_t decode_end(struct ge *r, const struct decoding *d, const struct fe *invsqrt,
                           uint64_t was_square)
{
    uint64_t ok = d->ok & was_square;
    struct fe den_x, den_y;
    struct ge p;

    fe_mul(&den_x, invsqrt, &d->u2);
    fe_mul(&den_y, invsqrt, &den_x);
    fe_mul(&den_y, &den_y, &d->v);

    fe_mul(&p.x, &d->s, &den_x);
    fe_add(&p.x, &p.x, &p.x);
    fe_carry(&p.x, &p.x);
    pse_fe51_abs(&p.x, &p.x);
    fe_mul(&p.y, &d->u1, &den_y);
    p.z = fe_one;
    fe_mul(&p.t, &p.x, &p.y);
    ok &= ~pse_fe51_mask_negative(&p.t) & ~pse_fe51_mask_zero(&p.y);

    fe_select(&r->x, &ge_identity.x, &p.x, ok);
    fe_select(&r->y, &ge_identity.y, &p.y, ok);
    fe_select(&r->z, &ge_identity.z, &p.z, ok);
    fe_select(&r->t, &ge_identity.t, &p.t, ok);
    return ok;
}

static const struct fe ones[FE_ROOTS] = {
    [0 ... FE_ROOTS - 1] = {{1, 0, 0, 0, 0}},
};

/* n <= FE_ROOTS. */
static void decode_block(pse_point *out, uint8_t *ok, const pse_enc *in, size_t n, uint64_t allowed)
{
    struct decoding d[FE_ROOTS];
    struct fe t[FE_ROOTS];
    uint64_t was_square[FE_ROOTS];
    struct ge p;

    for (size_t i = 0; i < n; i++)
        decode_begin(&d[i], &t[i], in[i].b, allowed);
    pse_fe51_sqrt_ratio(t, was_square, ones, t, n);
    for (size_t i = 0; i < n; i++) {
        ok[i] = (uint8_t)(decode_end(&p, &d[i], &t[i], was_square[i]) & 1);
        ge_store(&out[i], &p);
    }
}

void pse_p51_decode(pse_point *out, uint8_t *ok, const pse_enc *in, size_t n,
                    enum pse_identity identity)
{
    uint64_t allowed = ct_mask(identity == PSE_IDENTITY_ALLOWED);

    for (size_t at = 0; at < n; at += FE_ROOTS)
        decode_block(out + at, ok + at, in + at, n - at < FE_ROOTS ? n - at : FE_ROOTS, allowed);
}

/* 4.3.2 up to the root: of 1/t. */
static void encode_begin(struct fe *u1, struct fe *u2, struct fe *t, const struct ge *p)
{
    struct fe minus;

    fe_add(u1, &p->z, &p->y);
    fe_sub(&minus, &p->z, &p->y);
    fe_mul(u1, u1, &minus);
    fe_mul(u2, &p->x, &p->y);
    fe_sq(t, u2);
    fe_mul(t, t, u1);
}

static void encode_end(uint8_t out[32], const struct ge *p, const struct fe *u1,
                       const struct fe *u2, const struct fe *invsqrt)
{
    struct fe t, den1, den2, z_inv, x, y, turned, den_inv;
    uint64_t rotate;

    fe_mul(&den1, invsqrt, u1);
    fe_mul(&den2, invsqrt, u2);
    fe_mul(&z_inv, &den1, &den2);
    fe_mul(&z_inv, &z_inv, &p->t);

    fe_mul(&t, &p->t, &z_inv);
    rotate = pse_fe51_mask_negative(&t);
    fe_mul(&turned, &p->y, &fe_sqrt_m1);
    fe_select(&x, &p->x, &turned, rotate);
    fe_mul(&turned, &p->x, &fe_sqrt_m1);
    fe_select(&y, &p->y, &turned, rotate);
    fe_mul(&turned, &den1, &pse_fe51_invsqrt_a_minus_d);
    fe_select(&den_inv, &den2, &turned, rotate);

    fe_mul(&t, &x, &z_inv);
    fe_neg(&turned, &y);
    fe_select(&y, &y, &turned, pse_fe51_mask_negative(&t));
    fe_sub(&t, &p->z, &y);
    fe_mul(&t, &t, &den_inv);
    pse_fe51_abs(&t, &t);
    pse_fe51_to_bytes(out, &t);
}

/* n <= FE_ROOTS. */
static void encode_block(pse_enc *out, const pse_point *in, size_t n)
{
    struct ge p[FE_ROOTS];
    struct fe u1[FE_ROOTS], u2[FE_ROOTS], t[FE_ROOTS];
    uint64_t was_square[FE_ROOTS]; /* of no interest */

    for (size_t i = 0; i < n; i++) {
        ge_load(&p[i], &in[i]);
        encode_begin(&u1[i], &u2[i], &t[i], &p[i]);
    }
    pse_fe51_sqrt_ratio(t, was_square, ones, t, n);
    for (size_t i = 0; i < n; i++)
        encode_end(out[i].b, &p[i], &u1[i], &u2[i], &t[i]);
}

void pse_p51_encode(pse_enc *out, const pse_point *in, size_t n)
{
    for (size_t at = 0; at < n; at += FE_ROOTS)
        encode_block(out + at, in + at, n - at < FE_ROOTS ? n - at : FE_ROOTS);
}

/* 4.3.3. */
bool pse_p51_is_equal(const pse_point *a, const pse_point *b)
{
    struct ge p, q;
    struct fe t, u;
    uint64_t equal;

    ge_load(&p, a);
    ge_load(&q, b);
    fe_mul(&t, &p.x, &q.y);
    fe_mul(&u, &p.y, &q.x);
    equal = pse_fe51_mask_equal(&t, &u);
    fe_mul(&t, &p.y, &q.y);
    fe_mul(&u, &p.x, &q.x);
    equal |= pse_fe51_mask_equal(&t, &u);
    return (equal & 1) != 0;
}

/* MAP of 4.3.4 on the low 255 bits, up to the root: of u/v. */
struct mapping {
    struct fe t, r;
};

static void map_begin(struct mapping *m, struct fe *u, struct fe *v, const uint8_t in[32])
{
    struct fe w;

    pse_fe51_from_bytes(&m->t, in);
    fe_sq(&m->r, &m->t);
    fe_mul(&m->r, &m->r, &fe_sqrt_m1);
    fe_add(u, &m->r, &fe_one);
    fe_mul(u, u, &one_minus_d_sq);
    fe_mul(v, &m->r, &fe_d);
    fe_add(v, v, &fe_one);
    fe_sub2(v, &fe_zero, v);
    fe_add(&w, &m->r, &fe_d);
    fe_mul(v, v, &w);
}

static void map_end(struct ge *out, const struct mapping *m, const struct fe *root,
                    uint64_t was_square, const struct fe *v)
{
    struct fe t, c, s, s_prime, w0, w1, w2, w3;

    fe_mul(&s_prime, root, &m->t);
    pse_fe51_abs(&s_prime, &s_prime);
    fe_neg(&s_prime, &s_prime);
    fe_select(&s, &s_prime, root, was_square);
    fe_neg(&c, &fe_one);
    fe_select(&c, &m->r, &c, was_square);

    fe_sub(&t, &m->r, &fe_one);
    fe_mul(&t, &t, &c);
    fe_mul(&t, &t, &d_minus_one_sq);
    fe_sub(&t, &t, v); /* N */

    fe_mul(&w0, &s, v);
    fe_add(&w0, &w0, &w0);
    fe_mul(&w1, &t, &sqrt_ad_minus_one);
    fe_sq(&t, &s);
    fe_sub(&w2, &fe_one, &t);
    fe_add(&w3, &fe_one, &t);
    fe_mul(&out->x, &w0, &w3);
    fe_mul(&out->y, &w2, &w1);
    fe_mul(&out->z, &w1, &w3);
    fe_mul(&out->t, &w0, &w2);
}

/* n <= FE_ROOTS / 2: two roots a point. */
static void from_uniform_block(pse_point *out, const uint8_t (*uniform)[64], size_t n)
{
    struct mapping m[FE_ROOTS];
    struct fe u[FE_ROOTS], v[FE_ROOTS], root[FE_ROOTS];
    uint64_t was_square[FE_ROOTS];
    struct ge p, q;

    for (size_t i = 0; i < 2 * n; i++)
        map_begin(&m[i], &u[i], &v[i], uniform[i / 2] + i % 2 * 32);
    pse_fe51_sqrt_ratio(root, was_square, u, v, 2 * n);
    for (size_t i = 0; i < n; i++) {
        map_end(&p, &m[2 * i], &root[2 * i], was_square[2 * i], &v[2 * i]);
        map_end(&q, &m[2 * i + 1], &root[2 * i + 1], was_square[2 * i + 1], &v[2 * i + 1]);
        pse_ge51_add_full(&p, &p, &q);
        ge_store(&out[i], &p);
    }
}

void pse_p51_from_uniform(pse_point *out, const uint8_t (*uniform)[64], size_t n)
{
    const size_t step = FE_ROOTS / 2;

    for (size_t at = 0; at < n; at += step)
        from_uniform_block(out + at, uniform + at, n - at < step ? n - at : step);
}
