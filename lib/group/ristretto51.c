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

/* 4.3.1; all ones iff valid, else r is the identity. */
static uint64_t decode_one(struct ge *r, const uint8_t in[32], uint64_t identity_allowed)
{
    struct fe s, ss, u1, u2, u2_sqr, v, t, invsqrt, den_x, den_y;
    struct ge p;
    uint64_t ok;

    pse_fe51_from_bytes(&s, in);
    ok = mask_canonical(in, &s);
    ok &= identity_allowed | ~pse_fe51_mask_zero(&s);

    fe_sq(&ss, &s);
    fe_sub(&u1, &fe_one, &ss);
    fe_carry(&u1, &u1);
    fe_add(&u2, &fe_one, &ss);
    fe_sq(&u2_sqr, &u2);
    fe_sq(&v, &u1);
    fe_mul(&v, &v, &fe_d);
    fe_add(&v, &v, &u2_sqr);
    fe_sub2(&v, &fe_zero, &v);
    fe_carry(&v, &v);

    fe_mul(&t, &v, &u2_sqr);
    ok &= pse_fe51_sqrt_ratio(&invsqrt, &fe_one, &t);
    fe_mul(&den_x, &invsqrt, &u2);
    fe_mul(&den_y, &invsqrt, &den_x);
    fe_mul(&den_y, &den_y, &v);

    fe_mul(&p.x, &s, &den_x);
    fe_add(&p.x, &p.x, &p.x);
    fe_carry(&p.x, &p.x);
    pse_fe51_abs(&p.x, &p.x);
    fe_mul(&p.y, &u1, &den_y);
    p.z = fe_one;
    fe_mul(&p.t, &p.x, &p.y);
    ok &= ~pse_fe51_mask_negative(&p.t) & ~pse_fe51_mask_zero(&p.y);

    fe_select(&r->x, &ge_identity.x, &p.x, ok);
    fe_select(&r->y, &ge_identity.y, &p.y, ok);
    fe_select(&r->z, &ge_identity.z, &p.z, ok);
    fe_select(&r->t, &ge_identity.t, &p.t, ok);
    return ok;
}

void pse_p51_decode(pse_point *out, uint8_t *ok, const pse_enc *in, size_t n,
                    enum pse_identity identity)
{
    uint64_t allowed = ct_mask(identity == PSE_IDENTITY_ALLOWED);

    for (size_t i = 0; i < n; i++) {
        struct ge p;

        ok[i] = (uint8_t)(decode_one(&p, in[i].b, allowed) & 1);
        ge_store(&out[i], &p);
    }
}

/* 4.3.2. */
static void encode_one(uint8_t out[32], const struct ge *p)
{
    struct fe u1, u2, t, invsqrt, den1, den2, z_inv, x, y, turned, den_inv;
    uint64_t rotate;

    fe_add(&u1, &p->z, &p->y);
    fe_sub(&t, &p->z, &p->y);
    fe_mul(&u1, &u1, &t);
    fe_mul(&u2, &p->x, &p->y);
    fe_sq(&t, &u2);
    fe_mul(&t, &t, &u1);
    (void)pse_fe51_sqrt_ratio(&invsqrt, &fe_one, &t);
    fe_mul(&den1, &invsqrt, &u1);
    fe_mul(&den2, &invsqrt, &u2);
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

void pse_p51_encode(pse_enc *out, const pse_point *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ge p;

        ge_load(&p, &in[i]);
        encode_one(out[i].b, &p);
    }
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

/* MAP of 4.3.4 on the low 255 bits. */
static void map_one(struct ge *out, const uint8_t in[32])
{
    struct fe t, r, u, v, c, s, s_prime, w0, w1, w2, w3;
    uint64_t was_square;

    pse_fe51_from_bytes(&t, in);
    fe_sq(&r, &t);
    fe_mul(&r, &r, &fe_sqrt_m1);
    fe_add(&u, &r, &fe_one);
    fe_mul(&u, &u, &one_minus_d_sq);
    fe_mul(&v, &r, &fe_d);
    fe_add(&v, &v, &fe_one);
    fe_sub2(&v, &fe_zero, &v);
    fe_add(&w0, &r, &fe_d);
    fe_mul(&v, &v, &w0);

    was_square = pse_fe51_sqrt_ratio(&s, &u, &v);
    fe_mul(&s_prime, &s, &t);
    pse_fe51_abs(&s_prime, &s_prime);
    fe_neg(&s_prime, &s_prime);
    fe_select(&s, &s_prime, &s, was_square);
    fe_neg(&c, &fe_one);
    fe_select(&c, &r, &c, was_square);

    fe_sub(&t, &r, &fe_one);
    fe_mul(&t, &t, &c);
    fe_mul(&t, &t, &d_minus_one_sq);
    fe_sub(&t, &t, &v); /* N */

    fe_mul(&w0, &s, &v);
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

void pse_p51_from_uniform(pse_point *out, const uint8_t (*uniform)[64], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ge p, q;

        map_one(&p, uniform[i]);
        map_one(&q, uniform[i] + 32);
        pse_ge51_add_full(&p, &p, &q);
        ge_store(&out[i], &p);
    }
}
