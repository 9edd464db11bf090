/* RFC 9496 section 4.3 for eight or sixteen encodings at a time. Names follow its text and
 * ristretto51.c. */
#include "group/chain_ifma.h"
#include "group/edwards_ifma.h"
#include "group/ifma.h"
#include "group/ristretto51.h"

#ifdef PSE_LANES

/* p - a for a canonical constant a, canonical. */
LANES_INLINE struct fe8 constant_minus(const struct fe *a)
{
    struct fe8 r;

    r.v[0] = lanes_all(FE_MASK - 18 - a->v[0]);
    for (int i = 1; i < 5; i++)
        r.v[i] = lanes_all(FE_MASK - a->v[i]);
    return r;
}

/* SQRT_RATIO_M1(1, w) as far as decoding and encoding read it: |1/sqrt(w)| and set, or clear.
 *
 * r = w^((p-5)/8) is a fourth root of unity short of it, as r^2 w = w^((p-1)/4); RFC 9496
 * multiplies by further powers of w, which changes the root by another such unit. The signs vanish
 * in the absolute value. */
LANES_INLINE lanes_mask inverse_sqrt_end(struct fe8 *r, const struct fe8 *w)
{
    struct fe8 i = fe8_all(&fe_sqrt_m1);
    struct fe8 one = fe8_all(&fe_one);
    struct fe8 minus_one = constant_minus(&fe_one);
    struct fe8 check = fe8_sq(r), turned = fe8_mul(r, &i);
    lanes_mask correct, flipped;

    check = fe8_mul(&check, w);
    check = fe8_freeze(&check);
    correct = fe8_frozen_equal(&check, &one);
    flipped = fe8_frozen_equal(&check, &minus_one);
    *r = fe8_select(flipped, r, &turned);
    *r = fe8_abs(r);
    return correct | flipped;
}

/* SQRT_RATIO_M1(u, v) around its power: before, r = u v^7 and uv3 = u v^3. */
LANES_INLINE void sqrt_ratio_begin(struct fe8 *r, struct fe8 *uv3, const struct fe8 *u,
                                   const struct fe8 *v)
{
    struct fe8 v2 = fe8_sq(v), t;

    *uv3 = fe8_mul(&v2, v);
    *uv3 = fe8_mul(uv3, u);
    t = fe8_sq(&v2);
    *r = fe8_mul(uv3, &t);
}

LANES_INLINE lanes_mask sqrt_ratio_end(struct fe8 *r, const struct fe8 *uv3, const struct fe8 *u,
                                       const struct fe8 *v)
{
    struct fe8 i = fe8_all(&fe_sqrt_m1);
    struct fe8 plus, minus, minus_i, check, turned;
    lanes_mask correct, flipped, flipped_i;

    *r = fe8_mul(r, uv3);
    check = fe8_sq(r);
    check = fe8_mul(&check, v);
    check = fe8_freeze(&check);
    plus = fe8_freeze(u);
    minus = fe8_neg(u);
    minus_i = fe8_mul(&minus, &i);
    minus = fe8_freeze(&minus);
    minus_i = fe8_freeze(&minus_i);
    correct = fe8_frozen_equal(&check, &plus);
    flipped = fe8_frozen_equal(&check, &minus);
    flipped_i = fe8_frozen_equal(&check, &minus_i);
    turned = fe8_mul(r, &i);
    *r = fe8_select(flipped | flipped_i, r, &turned);
    *r = fe8_abs(r);
    return correct | flipped;
}

/* --- decode, 4.3.1 -------------------------------------------------------------------------- */

struct decoding {
    struct fe8 s, u1, u2, v;
    lanes_mask ok;
};

/* Below p, and even. */
LANES_INLINE lanes_mask words_canonical(const v8 w[4])
{
    v8 high = w[1] & w[2];
    lanes_mask below_top = lanes_below(w[3], lanes_all(INT64_MAX));
    lanes_mask at_top = lanes_equal(w[3], lanes_all(INT64_MAX));
    lanes_mask all_ones = lanes_equal(high, lanes_all(UINT64_MAX));
    lanes_mask low_below = lanes_below(w[0], lanes_all(UINT64_MAX - 18));
    lanes_mask even = lanes_equal(w[0] & 1, lanes_zero);

    return (lanes_mask)(even & (below_top | (at_top & (low_below | ~all_ones))));
}

/* What is to be raised to (p-5)/8: v u2^2. */
LANES_INLINE struct fe8 decode_begin(struct decoding *d, const v8 w[4], lanes_mask identity_allowed)
{
    struct fe8 one = fe8_all(&fe_one), minus_d = constant_minus(&fe_d);
    struct fe8 ss, u2_sqr;
    struct wide8 x, y;
    v8 any = w[0] | w[1] | w[2] | w[3];

    d->ok = words_canonical(w) & (lanes_mask)(identity_allowed | ~lanes_equal(any, lanes_zero));
    d->s = fe8_from_words(w);
    ss = fe8_sq(&d->s);
    d->u1 = fe8_sub(&one, &ss);
    d->u2 = fe8_add(&one, &ss);
    u2_sqr = fe8_sq(&d->u2);
    d->v = fe8_sq(&d->u1);
    x = fe8_mul_wide(&d->v, &minus_d);
    y = wide_from(&u2_sqr, 0);
    x = wide_sub(&x, &y);
    d->v = wide_carry(&x); /* -d u1^2 - u2^2 */
    return fe8_mul(&d->v, &u2_sqr);
}

/* r = w^((p-5)/8). The point, or the identity where it is refused. */
LANES_INLINE struct ge8 decode_end(struct decoding *d, const struct fe8 *w, struct fe8 *r)
{
    struct fe8 zero = fe8_all(&fe_zero), one = fe8_all(&fe_one);
    struct fe8 den_x, den_y, x, y, t;
    struct wide8 x2;

    d->ok &= inverse_sqrt_end(r, w);
    den_x = fe8_mul(r, &d->u2);
    den_y = fe8_mul(r, &den_x);
    den_y = fe8_mul(&den_y, &d->v);
    x2 = fe8_mul_wide(&d->s, &den_x);
    x2 = wide_add(&x2, &x2);
    x = wide_carry(&x2);
    x = fe8_abs(&x);
    y = fe8_mul(&d->u1, &den_y);
    t = fe8_mul(&x, &y);
    d->ok &= (lanes_mask) ~(fe8_is_negative(&t) | fe8_is_zero(&y));
    return (struct ge8){.x = fe8_select(d->ok, &zero, &x),
                        .y = fe8_select(d->ok, &one, &y),
                        .z = one,
                        .t = fe8_select(d->ok, &zero, &t)};
}

LANES_INLINE void decode_words(v8 w[4], const pse_enc *in, size_t n)
{
    pse_enc padded[LANES_N];
    uint64_t word[4 * LANES_N];
    v8 row[4];

    if (n < LANES_N) {
        memset(padded, 0, sizeof padded);
        memcpy(padded, in, n * sizeof *in);
        in = padded;
    }
    memcpy(word, in, sizeof word);
    for (int i = 0; i < 4; i++)
        row[i] = lanes_load(word + 8 * i);
    lanes_rows4(w, row);
}

LANES_INLINE void decode_sets(pse_point *out, uint8_t *ok, const pse_enc *in, size_t n,
                              lanes_mask allowed, int sets)
{
    struct decoding d[2];
    struct fe8 w[2], r[2];
    v8 words[4];

    for (int s = 0; s < sets; s++) {
        size_t at = (size_t)s * LANES_N;

        decode_words(words, in + at, n - at);
        w[s] = decode_begin(&d[s], words, allowed);
    }
    fe8_pow_p58(r, w, sets);
    for (int s = 0; s < sets; s++) {
        size_t at = (size_t)s * LANES_N;
        struct ge8 p = decode_end(&d[s], &w[s], &r[s]);

        ge8_store_n(out + at, n - at, &p);
        for (size_t i = 0; i < LANES_N && at + i < n; i++)
            ok[at + i] = d[s].ok >> i & 1;
    }
}

LANES static void decode_sixteen(pse_point *out, uint8_t *ok, const pse_enc *in, size_t n,
                                 lanes_mask allowed)
{
    decode_sets(out, ok, in, n, allowed, 2);
}

LANES static void decode_eight(pse_point *out, uint8_t *ok, const pse_enc *in, size_t n,
                               lanes_mask allowed)
{
    decode_sets(out, ok, in, n, allowed, 1);
}

LANES void pse_ifma_decode(pse_point *out, uint8_t *ok, const pse_enc *in, size_t n,
                           enum pse_identity identity)
{
    lanes_mask allowed = identity == PSE_IDENTITY_ALLOWED ? 0xff : 0;
    size_t at = 0;

    if (n == 1) {
        pse_p51_decode(out, ok, in, n, identity);
        return;
    }
    for (; n - at > LANES_N; at += at + 2 * LANES_N < n ? 2 * LANES_N : n - at)
        decode_sixteen(out + at, ok + at, in + at, n - at, allowed);
    if (at < n)
        decode_eight(out + at, ok + at, in + at, n - at, allowed);
}

/* --- encode, 4.3.2 -------------------------------------------------------------------------- */

struct encoding {
    struct ge8 p;
    struct fe8 u1, u2;
};

LANES_INLINE struct fe8 encode_begin(struct encoding *e)
{
    struct fe8 sum = fe8_add(&e->p.z, &e->p.y), diff = fe8_sub(&e->p.z, &e->p.y);
    struct fe8 w;

    e->u1 = fe8_mul(&sum, &diff);
    e->u2 = fe8_mul(&e->p.x, &e->p.y);
    w = fe8_sq(&e->u2);
    return fe8_mul(&w, &e->u1);
}

LANES_INLINE struct fe8 encode_end(const struct encoding *e, const struct fe8 *w, struct fe8 *r)
{
    /* 1/sqrt(a - d) of RFC 9496 4.1. */
    static const struct fe invsqrt_a_minus_d = {
        {0x0fdaa805d40ea, 0x2eb482e57d339, 0x007610274bc58, 0x6510b613dc8ff, 0x786c8905cfaff}};
    struct fe8 i = fe8_all(&fe_sqrt_m1), isad = fe8_all(&invsqrt_a_minus_d);
    struct fe8 den1, den2, z_inv, x, y, turned, t, den_inv;
    lanes_mask rotate;

    (void)inverse_sqrt_end(r, w);
    den1 = fe8_mul(r, &e->u1);
    den2 = fe8_mul(r, &e->u2);
    z_inv = fe8_mul(&den1, &den2);
    z_inv = fe8_mul(&z_inv, &e->p.t);

    t = fe8_mul(&e->p.t, &z_inv);
    rotate = fe8_is_negative(&t);
    turned = fe8_mul(&e->p.y, &i);
    x = fe8_select(rotate, &e->p.x, &turned);
    turned = fe8_mul(&e->p.x, &i);
    y = fe8_select(rotate, &e->p.y, &turned);
    turned = fe8_mul(&den1, &isad);
    den_inv = fe8_select(rotate, &den2, &turned);

    t = fe8_mul(&x, &z_inv);
    turned = fe8_neg(&y);
    y = fe8_select(fe8_is_negative(&t), &y, &turned);
    t = fe8_sub(&e->p.z, &y);
    t = fe8_mul(&t, &den_inv);
    t = fe8_abs(&t);
    return fe8_freeze(&t);
}

LANES_INLINE void encode_bytes(pse_enc *out, size_t n, const struct fe8 *s)
{
    v8 w[4], row[4];

    fe8_frozen_to_words(w, s);
    lanes_words4(row, w);
    memcpy(out, row, (n < LANES_N ? n : LANES_N) * sizeof *out);
}

LANES_INLINE void encode_sets(pse_enc *out, const pse_point *in, size_t n, int sets)
{
    struct encoding e[2];
    struct fe8 w[2], r[2];

    for (int s = 0; s < sets; s++) {
        size_t at = (size_t)s * LANES_N;

        e[s].p = ge8_load_n(in + at, n - at);
        w[s] = encode_begin(&e[s]);
    }
    fe8_pow_p58(r, w, sets);
    for (int s = 0; s < sets; s++) {
        size_t at = (size_t)s * LANES_N;
        struct fe8 t = encode_end(&e[s], &w[s], &r[s]);

        encode_bytes(out + at, n - at, &t);
    }
}

LANES static void encode_sixteen(pse_enc *out, const pse_point *in, size_t n)
{
    encode_sets(out, in, n, 2);
}

LANES static void encode_eight(pse_enc *out, const pse_point *in, size_t n)
{
    encode_sets(out, in, n, 1);
}

LANES void pse_ifma_encode(pse_enc *out, const pse_point *in, size_t n)
{
    size_t at = 0;

    if (n == 1) {
        pse_p51_encode(out, in, n);
        return;
    }
    for (; n - at > LANES_N; at += at + 2 * LANES_N < n ? 2 * LANES_N : n - at)
        encode_sixteen(out + at, in + at, n - at);
    if (at < n)
        encode_eight(out + at, in + at, n - at);
}

/* --- the one-way map, 4.3.4 ----------------------------------------------------------------- */

struct mapping {
    struct fe8 t, r, u, v, uv3;
};

/* Constants of RFC 9496 4.1. */
static const struct fe sqrt_ad_minus_one = {
    {0x7f6a0497b2e1b, 0x1836f0a97afd2, 0x7d747f6be7638, 0x456079e7e6498, 0x376931bf2b834}};
static const struct fe one_minus_d_sq = {
    {0x409c1945fc176, 0x719abc6a1fc4f, 0x1c37f90b20684, 0x06bccca55eedf, 0x029072a8b2b3e}};
static const struct fe d_minus_one_sq = {
    {0x55aaa44ed4d20, 0x59603c3332635, 0x26d3baf4a7928, 0x120a66e6997a9, 0x5968b37af66c2}};

LANES_INLINE struct fe8 map_begin(struct mapping *m, const v8 w[4])
{
    struct fe8 one = fe8_all(&fe_one), d = fe8_all(&fe_d), i = fe8_all(&fe_sqrt_m1);
    struct fe8 omd = fe8_all(&one_minus_d_sq), minus_d = constant_minus(&fe_d);
    struct fe8 x, y, power;

    m->t = fe8_from_words(w);
    m->r = fe8_sq(&m->t);
    m->r = fe8_mul(&m->r, &i);
    x = fe8_add(&m->r, &one);
    m->u = fe8_mul(&x, &omd);
    x = fe8_mul(&m->r, &minus_d);
    x = fe8_sub(&x, &one);
    y = fe8_add(&m->r, &d);
    m->v = fe8_mul(&x, &y);
    sqrt_ratio_begin(&power, &m->uv3, &m->u, &m->v);
    return power;
}

LANES_INLINE struct ge8 map_end(const struct mapping *m, struct fe8 *s)
{
    struct fe8 one = fe8_all(&fe_one), minus_one = constant_minus(&fe_one);
    struct fe8 dmo = fe8_all(&d_minus_one_sq), root = fe8_all(&sqrt_ad_minus_one);
    lanes_mask was_square = sqrt_ratio_end(s, &m->uv3, &m->u, &m->v);
    struct fe8 c = fe8_select(was_square, &m->r, &minus_one);
    struct fe8 n, w0, w1, w2, w3, ss, other;
    struct wide8 x, y;

    other = fe8_mul(s, &m->t);
    other = fe8_abs(&other);
    other = fe8_neg(&other);
    *s = fe8_select(was_square, &other, s);

    n = fe8_sub(&m->r, &one);
    n = fe8_mul(&n, &c);
    x = fe8_mul_wide(&n, &dmo);
    y = wide_from(&m->v, 0);
    x = wide_sub(&x, &y);
    n = wide_carry(&x);

    x = fe8_mul_wide(s, &m->v);
    x = wide_add(&x, &x);
    w0 = wide_carry(&x);
    w1 = fe8_mul(&n, &root);
    ss = fe8_sq(s);
    w2 = fe8_sub(&one, &ss);
    w3 = fe8_add(&one, &ss);
    return (struct ge8){.x = fe8_mul(&w0, &w3),
                        .y = fe8_mul(&w2, &w1),
                        .z = fe8_mul(&w1, &w3),
                        .t = fe8_mul(&w0, &w2)};
}

/* n <= 8. The two halves of the input are the two sets of the power. */
LANES static void map_eight(pse_point *out, const uint8_t (*uniform)[64], size_t n)
{
    uint64_t word[LANES_N][8] = {0};
    struct mapping m[2];
    struct fe8 power[2], s[2];
    struct cached8 c;
    struct completed8 both;
    struct sum8 q;
    struct ge8 p;
    v8 row[8];

    memcpy(word, uniform, n * sizeof *uniform);
    for (int i = 0; i < 8; i++)
        row[i] = lanes_load(word[i]);
    lanes_transpose(row);
    power[0] = map_begin(&m[0], row);
    power[1] = map_begin(&m[1], row + 4);
    fe8_pow_p58(s, power, 2);
    p = map_end(&m[0], &s[0]);
    q = sum_from_ge(&p);
    p = map_end(&m[1], &s[1]);
    c = cached_from_ge(&p);
    both = add_cached(&q, &c);
    p = complete_ge(&both);
    ge8_store_n(out, n, &p);
}

LANES void pse_ifma_from_uniform(pse_point *out, const uint8_t (*uniform)[64], size_t n)
{
    for (size_t at = 0; at < n; at += LANES_N)
        map_eight(out + at, uniform + at, n - at < LANES_N ? n - at : LANES_N);
}

#endif
