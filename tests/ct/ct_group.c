/* Room group in constant time: every function that may be given a secret scalar or point. Built for
 * each back-end, which BACKEND and BACKEND_NAME state; IFMA on emulated instructions, as valgrind
 * does not know the real ones. */
#include "ct.h"
#include "group/group.h"

enum { N = 9 };

static struct pse_group *group;
static pse_secret secret[N], other[N];
static pse_scalar value[N]; /* what secret[] holds, known */
static pse_point point[N], hidden[N], expected[N], result[N];

static void values_make(void)
{
    uint8_t seed[32] = {7};
    PSE_RNG(rng);

    pse_rng_init(&rng, seed);
    pse_secret_random_n(secret, N, &rng);
    pse_secret_random_n(other, N, &rng);
    pse_secret_set_u64(&secret[0], 0);
    pse_secret_set_u64(&secret[1], 1);
    pse_secret_neg(&secret[2], &secret[1]);
    for (size_t i = 0; i < N; i++)
        pse_secret_reveal(&value[i], &secret[i]);
    pse_generators(group, point, 1, N);
    CT_SECRET(secret);
    CT_SECRET(other);
}

static void hide_points(void)
{
    memcpy(hidden, point, sizeof hidden);
    CT_SECRET(hidden);
    CT_SECRET(result);
}

static void check_result(void)
{
    CT_PUBLIC(result);
    for (size_t i = 0; i < N; i++)
        CT_CHECK(pse_point_is_equal(group, &result[i], &expected[i]));
}

static void scalars(void)
{
    PSE_SECRET(pse_secret, a);
    PSE_SECRET(pse_secret, b);
    uint8_t wide[64] = {1, 2, 3}, bytes[32];
    uint64_t take = 1;
    pse_scalar z;
    pse_rc rc;

    CT_SECRET(wide);
    CT_SECRET(take);
    pse_secret_from_wide(&a, wide);
    for (size_t i = 0; i < N; i++) {
        pse_secret_add(&b, &secret[i], &other[i]);
        pse_secret_sub(&b, &b, &other[i]);
        pse_secret_neg(&b, &b);
        pse_secret_mul(&b, &b, &a);
        pse_secret_muladd(&b, &b, &secret[i], &a);
        pse_secret_respond(&z, &b, &value[3], &secret[i]);
        pse_secret_select(&b, &a, &secret[i], take);
        pse_secret_encode(bytes, &b);
        rc = pse_secret_decode(&a, bytes);
        CT_PUBLIC(rc);
        CT_CHECK(rc == PSE_OK);
        CT_PUBLIC(bytes);
        pse_scalar_encode(wide, &value[i]);
        CT_CHECK(memcmp(wide, bytes, 32) == 0);
        CT_SECRET(wide);
    }
    CT_PUBLIC(z);
    CT_CHECK(!pse_scalar_is_zero(&z));
}

static void random_secrets(void)
{
    uint8_t seed[32] = {3};
    PSE_SECRET(pse_secret, r);
    PSE_RNG(rng);

    CT_SECRET(seed);
    pse_rng_init(&rng, seed);
    pse_secret_random(&r, &rng);
    pse_secret_random_n(&r, 1, &rng);
    CT_PUBLIC(r);
    CT_CHECK((r.w[0] | r.w[1]) != 0);
}

static void fixed_bases(void)
{
    struct pse_table *t;
    pse_point base;

    for (size_t i = 0; i < N; i++)
        pse_point_mul_vt(group, &expected[i], &value[i], pse_group_base(group), 1);
    pse_point_mul_base(group, result, secret, N);
    check_result();

    base = point[0];
    CT_SECRET(base);
    CT_CHECK(pse_table_new(&t, group, &base) == PSE_OK);
    for (size_t i = 0; i < N; i++)
        pse_point_mul_vt(group, &expected[i], &value[i], &point[0], 1);
    pse_table_mul(group, result, t, secret, N);
    check_result();
    pse_table_free(t);
}

static void variable_bases(void)
{
    pse_secret last = secret[N - 1];

    hide_points();
    pse_point_mul_vt(group, expected, value, point, N);
    pse_point_mul(group, result, secret, hidden, N);
    check_result();

    hide_points();
    for (size_t i = 0; i < N; i++)
        pse_point_mul_vt(group, &expected[i], &value[N - 1], &point[i], 1);
    pse_point_mul_one(group, result, &last, hidden, N);
    check_result();
}

static void sums_of_products(void)
{
    hide_points();
    memset(expected, 0, sizeof expected);
    CT_CHECK(pse_msm_vt(group, &expected[0], value, point, N) == PSE_OK);
    CT_CHECK(pse_msm(group, &result[0], secret, hidden, N) == PSE_OK);
    CT_PUBLIC(result[0]);
    CT_CHECK(pse_point_is_equal(group, &result[0], &expected[0]));
}

/* Enough terms that a back-end takes another way. */
static void long_sums_of_products(void)
{
    enum { TERMS = 66 };
    static pse_point terms[TERMS], product[TERMS];
    static pse_secret k[TERMS];
    pse_point sum, total;

    for (size_t i = 0; i < TERMS; i++) {
        terms[i] = point[i % N];
        k[i] = secret[(i + i / N) % N];
    }
    CT_SECRET(terms);
    CT_CHECK(pse_msm(group, &sum, k, terms, TERMS) == PSE_OK);
    CT_PUBLIC(sum);
    CT_PUBLIC(terms);
    CT_PUBLIC(k);
    for (size_t i = 0; i < TERMS; i++)
        pse_point_mul(group, &product[i], &k[i], &terms[i], 1);
    pse_point_sum(group, &total, product, TERMS);
    CT_CHECK(pse_point_is_equal(group, &sum, &total));
}

static void sums(void)
{
    bool equal, identity;

    hide_points();
    pse_point_add(group, result, hidden, hidden, N);
    pse_point_sub(group, result, result, hidden, N);
    pse_point_neg(group, result, result, N);
    pse_point_neg(group, expected, point, N);
    equal = pse_point_is_equal(group, &result[1], &hidden[1]);
    identity = pse_point_is_identity(group, &result[1]);
    CT_PUBLIC(equal);
    CT_PUBLIC(identity);
    CT_CHECK(!equal && !identity);
    check_result();

    pse_point_sum(group, &result[0], hidden, N);
    pse_point_sum(group, &expected[0], point, N);
    CT_PUBLIC(result[0]);
    CT_CHECK(pse_point_is_equal(group, &result[0], &expected[0]));
}

static void coding(void)
{
    pse_enc enc[N];
    uint8_t ok[N];
    bool all;

    hide_points();
    pse_point_encode_double(group, enc, hidden, N);
    pse_point_add(group, expected, point, point, N);
    all = pse_point_decode_each(group, result, ok, enc, N, PSE_IDENTITY_FORBIDDEN);
    CT_PUBLIC(all);
    CT_CHECK(all);
    check_result();

    hide_points();
    pse_point_encode(group, enc, hidden, N);
    memcpy(expected, point, sizeof expected);
    all = pse_point_decode_each(group, result, ok, enc, N, PSE_IDENTITY_FORBIDDEN);
    CT_PUBLIC(all);
    CT_PUBLIC(ok);
    CT_CHECK(all && ok[N - 1] == 1);
    check_result();

    memset(enc[2].b, 0, 32); /* the identity, and bytes that are no point */
    memset(enc[5].b, 0xff, 32);
    CT_SECRET(enc);
    all = pse_point_decode_each(group, result, ok, enc, N, PSE_IDENTITY_FORBIDDEN);
    CT_PUBLIC(all);
    CT_PUBLIC(ok);
    CT_CHECK(!all && ok[1] == 1 && ok[2] == 0 && ok[5] == 0);
    pse_point_identity(group, &expected[2], 1);
    pse_point_identity(group, &expected[5], 1);
    check_result();
}

static void mapping(void)
{
    uint8_t uniform[N][64], text[5] = "text";
    struct pse_span span = pse_span(text, sizeof text);

    for (size_t i = 0; i < N; i++)
        memset(uniform[i], (int)i + 1, sizeof uniform[i]);
    pse_point_from_uniform(group, expected, (const uint8_t(*)[64])uniform, N);
    CT_SECRET(uniform);
    pse_point_from_uniform(group, result, (const uint8_t(*)[64])uniform, N);
    check_result();

    pse_h2g(group, &expected[0], "test", &span, 1);
    CT_SECRET(text);
    pse_h2g(group, &result[0], "test", &span, 1);
    check_result();
}

int main(int argc, char **argv)
{
    if (ct_leaks_on_purpose(argc, argv))
        return 0;
    CT_CHECK(pse_group_new(&group, BACKEND, NULL) == PSE_OK);
    CT_CHECK(strcmp(pse_group_backend_name(group), BACKEND_NAME) == 0);
    values_make();
    scalars();
    random_secrets();
    fixed_bases();
    variable_bases();
    sums_of_products();
    long_sums_of_products();
    sums();
    coding();
    mapping();
    pse_group_free(group);
    return 0;
}
