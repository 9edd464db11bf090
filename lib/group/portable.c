/* The portable back-end's table, and its functions of one line. */
#include "group/ristretto51.h"

static void identity(pse_point *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ge_store(&out[i], &ge_identity);
}

static void add(pse_point *out, const pse_point *a, const pse_point *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ge p, q;

        ge_load(&p, &a[i]);
        ge_load(&q, &b[i]);
        pse_ge51_add_full(&p, &p, &q);
        ge_store(&out[i], &p);
    }
}

static void sub(pse_point *out, const pse_point *a, const pse_point *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ge p, q;

        ge_load(&p, &a[i]);
        ge_load(&q, &b[i]);
        ge_neg(&q, &q);
        pse_ge51_add_full(&p, &p, &q);
        ge_store(&out[i], &p);
    }
}

static void neg(pse_point *out, const pse_point *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ge p;

        ge_load(&p, &in[i]);
        ge_neg(&p, &p);
        ge_store(&out[i], &p);
    }
}

static void sum(pse_point *out, const pse_point *in, size_t n)
{
    struct ge total = ge_identity;

    for (size_t i = 0; i < n; i++) {
        struct ge p;

        ge_load(&p, &in[i]);
        pse_ge51_add_full(&total, &total, &p);
    }
    ge_store(out, &total);
}

const struct pse_backend_ops pse_backend_portable = {
    .name = "portable",
    .decode = pse_p51_decode,
    .encode = pse_p51_encode,
    .encode_double = pse_p51_encode_double,
    .from_uniform = pse_p51_from_uniform,
    .identity = identity,
    .add = add,
    .sub = sub,
    .neg = neg,
    .sum = sum,
    .is_equal = pse_p51_is_equal,
    .mul = pse_p51_mul,
    .mul_one = pse_p51_mul_one,
    .mul_vt = pse_p51_mul_vt,
    .table_size = sizeof(struct pse_p51_table),
    .table_build = pse_p51_table_build,
    .table_mul = pse_p51_table_mul,
    .straus_scratch = PSE_P51_STRAUS_SCRATCH,
    .straus = pse_p51_straus,
    .straus_vt = pse_p51_straus_vt,
    .addend_size = sizeof(struct ge_affine),
    .block_terms = 1 << 16,
    .bits_max = 13, /* buckets of 655 KiB stay in the second cache */
    .windows_step = 1,
    .prepare_vt = pse_p51_prepare_vt,
    .bucket_size = pse_p51_bucket_size,
    .windows_vt = pse_p51_windows_vt,
    .costs = {.bucket_term = 7, .bucket = 12, .straus_term = 72, .straus_add = 9, .doubling = 7},
    .horner_vt = pse_p51_horner_vt,
};
