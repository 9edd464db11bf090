/* The IFMA back-end's table, and its functions of a few lines. One or two points are left to the
 * portable functions: a group of eight costs as much as three or four of them. */
#include "group/ifma.h"

#include "group/edwards_ifma.h"
#include "group/ristretto51.h"

#ifdef PSE_LANES

enum { FEW = 2 };

static void identity(pse_point *out, size_t n)
{
    pse_backend_portable.identity(out, n);
}

static void neg(pse_point *out, const pse_point *in, size_t n)
{
    pse_backend_portable.neg(out, in, n);
}

LANES_INLINE void add_or_sub(pse_point *out, const pse_point *a, const pse_point *b, size_t n,
                             lanes_mask negative)
{
    for (size_t at = 0; at < n; at += LANES_N) {
        struct ge8 p = ge8_load_n(a + at, n - at), q = ge8_load_n(b + at, n - at);
        struct sum8 s = sum_from_ge(&p);
        struct cached8 c = cached_from_ge(&q);
        struct completed8 t;

        negate_where(negative, &c.sum, &c.diff, &c.t2d);
        t = add_cached(&s, &c);
        p = complete_ge(&t);
        ge8_store_n(out + at, n - at, &p);
    }
}

LANES static void add(pse_point *out, const pse_point *a, const pse_point *b, size_t n)
{
    if (n <= FEW)
        pse_backend_portable.add(out, a, b, n);
    else
        add_or_sub(out, a, b, n, 0);
}

LANES static void sub(pse_point *out, const pse_point *a, const pse_point *b, size_t n)
{
    if (n <= FEW)
        pse_backend_portable.sub(out, a, b, n);
    else
        add_or_sub(out, a, b, n, 0xff);
}

/* Eight sums side by side, then their sum. */
LANES static void sum(pse_point *out, const pse_point *in, size_t n)
{
    pse_point lane[LANES_N];
    struct sum8 s = sum8_identity();
    struct ge8 p;

    if (n <= LANES_N) {
        pse_backend_portable.sum(out, in, n);
        return;
    }
    for (size_t at = 0; at < n; at += LANES_N) {
        struct cached8 c;
        struct completed8 t;

        p = ge8_load_n(in + at, n - at);
        c = cached_from_ge(&p);
        t = add_cached(&s, &c);
        s = complete_sum(&t);
    }
    p = ge_from_sum(&s);
    ge8_store_n(lane, LANES_N, &p);
    pse_backend_portable.sum(out, lane, LANES_N);
}

static const struct pse_backend_ops ifma = {
    .name = LANES_NAME,
    .decode = pse_ifma_decode,
    .encode = pse_ifma_encode,
    .encode_double = pse_ifma_encode_double,
    .from_uniform = pse_ifma_from_uniform,
    .identity = identity,
    .add = add,
    .sub = sub,
    .neg = neg,
    .sum = sum,
    .is_equal = pse_p51_is_equal,
    .mul = pse_ifma_mul,
    .mul_one = pse_ifma_mul_one,
    .mul_vt = pse_ifma_mul_vt,
    .table_size = sizeof(struct pse_ifma_table),
    .table_build = pse_ifma_table_build,
    .table_mul = pse_ifma_table_mul,
    .straus_scratch = PSE_IFMA_STRAUS_SCRATCH,
    .straus = pse_ifma_straus,
    .straus_vt = pse_ifma_straus_vt,
    .long_sum_min = 48,
    .long_sum = pse_ifma_long_sum,
    .addend_size = sizeof(struct pse_ifma_addend),
    .block_terms = 1 << 15,
    .bits_max = 12,
    .windows_step = 4,
    .prepare_vt = pse_ifma_prepare_vt,
    .bucket_size = pse_ifma_bucket_size,
    .windows_vt = pse_ifma_windows_vt,
    .costs = {.bucket_term = 17,
              .bucket = 40,
              .straus_term = 170,
              .straus_add = 41,
              .doubling = 98}, /* nanoseconds */
    .horner_vt = pse_p51_horner_vt,
};

const struct pse_backend_ops *pse_ifma_find(void)
{
    return lanes_supported() ? &ifma : NULL;
}

#else

const struct pse_backend_ops *pse_ifma_find(void)
{
    return NULL;
}

#endif
