/* Every function of the IFMA back-end against the portable one, byte for byte. Built twice: with
 * the processor's instructions, and with their emulation in plain C (BACKEND_NAME says which), so
 * that a machine without them tests the source all the same. */
#include "group/backend.h"
#include "group/edwards51.h"
#include "group_help.h"
#include "vectors.h"

enum { POINTS = 4104, BAD = 29 };

static const struct pse_backend_ops *portable = &pse_backend_portable;
static const struct pse_backend_ops *ifma;

/* A few of each kind first, see points_make; the rest at random. */
static pse_point points[POINTS], have[POINTS], want[POINTS];
static pse_scalar scalars[POINTS];
static pse_secret secrets[POINTS];

static const size_t sizes[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 63, 64, 65};
enum { SIZES = sizeof sizes / sizeof sizes[0], MOST = 65 };

/* P + each point of order 4 or less, the coordinates times a random number: other words, the same
 * element. */
static void twin_make(pse_point *out, const pse_point *p, unsigned which, struct pse_rng *rng)
{
    struct fe scale, minus_one;
    struct ge a, t;

    ge_load(&a, p);
    t = a;
    fe_neg(&minus_one, &fe_one);
    if ((which & 1) != 0) {
        fe_mul(&t.x, &a.y, &fe_sqrt_m1);
        fe_mul(&t.y, &a.x, &fe_sqrt_m1);
        fe_mul(&t.t, &a.t, &minus_one);
    }
    if ((which & 2) != 0) {
        fe_mul(&t.x, &t.x, &minus_one);
        fe_mul(&t.y, &t.y, &minus_one);
    }
    for (int i = 0; i < 5; i++)
        scale.v[i] = pse_rng_below(rng, 1ull << 51);
    fe_mul(&t.x, &t.x, &scale);
    fe_mul(&t.y, &t.y, &scale);
    fe_mul(&t.z, &t.z, &scale);
    fe_mul(&t.t, &t.t, &scale);
    ge_store(out, &t);
}

/* The identity in words that are p, p + 1 and -1 instead of 0 and 1. */
static void identity_make(pse_point *out, bool negative)
{
    static const struct fe p = {{FE_MASK - 18, FE_MASK, FE_MASK, FE_MASK, FE_MASK}};
    struct ge a = {.x = p, .y = p, .z = p, .t = p};

    a.y.v[0] += negative ? -1ull : 1ull;
    a.z.v[0] += negative ? -1ull : 1ull;
    ge_store(out, &a);
}

static int points_make(void **state)
{
    static uint8_t uniform[POINTS][64];
    PSE_RNG(rng);

    (void)state;
    assert_true(sodium_init() >= 0);
    ifma = pse_backend_find(PSE_BACKEND_IFMA);
    if (ifma == NULL) {
        printf("# this processor has no AVX-512 IFMA: the back-end is not tested here\n");
        return 0;
    }
    seeded(&rng, __func__);
    pse_rng_fill(&rng, uniform, sizeof uniform);
    portable->from_uniform(points, (const uint8_t(*)[64])uniform, POINTS);
    portable->identity(points, 1);
    identity_make(&points[1], false);
    identity_make(&points[2], true);
    for (unsigned i = 0; i < 4; i++) {
        twin_make(&points[3 + i], &points[0], i, &rng);
        twin_make(&points[7 + i], &points[20], i, &rng);
    }
    portable->neg(&points[11], &points[20], 1);
    points[12] = points[20];
    return 0;
}

/* Makes sure that the right thing is tested. */
static void begin(void)
{
    assert_string_equal(ifma->name, BACKEND_NAME);
    assert_string_equal(portable->name, "portable");
}

static void assert_same(const pse_point *a, const pse_point *b, size_t n)
{
    static pse_enc x[POINTS], y[POINTS];

    portable->encode(x, a, n);
    portable->encode(y, b, n);
    for (size_t i = 0; i < n; i++) {
        if (memcmp(&x[i], &y[i], sizeof x[i]) != 0)
            fail_msg("element %zu of %zu differs", i, n);
    }
}

/* Edge scalars in turn, from number @p first on, then random ones. */
static void scalars_make(size_t n, size_t first, struct pse_rng *rng)
{
    pse_scalar edge[EDGES + 1];

    edge_scalars(edge);
    pse_scalar_set_u64(&edge[EDGES], 1);
    edge[EDGES].w[2] = 1; /* 2^128 + 1 */
    for (size_t i = 0; i < n; i++) {
        if (i < 2 * (size_t)EDGES)
            scalars[i] = edge[(first + i) % (EDGES + 1)];
        else
            random_scalar(&scalars[i], rng);
        pse_secret_from_scalar(&secrets[i], &scalars[i]);
    }
}

/* --- encodings ------------------------------------------------------------------------------ */

/* s + p of a small s, p - s, s with the top bit: none canonical, and the border itself. */
static size_t encodings_of_borders(pse_enc *out)
{
    static const uint8_t p[32] = {0xed, [1 ... 30] = 0xff, [31] = 0x7f};
    size_t n = 0;

    for (unsigned i = 0; i < 19; i++) {
        memcpy(out[n].b, p, 32);
        out[n++].b[0] = (uint8_t)(p[0] + i); /* p .. 2^255 - 1 */
    }
    for (unsigned i = 1; i <= 8; i++) {
        memcpy(out[n].b, p, 32);
        out[n++].b[0] = (uint8_t)(p[0] - i);
        memset(out[n].b, 0, 32);
        out[n].b[0] = (uint8_t)(2 * i);
        out[n++].b[31] = 0x80;
        memset(out[n].b, 0, 32);
        out[n++].b[0] = (uint8_t)i;
    }
    for (unsigned word = 0; word < 4; word++) { /* one word short of the border */
        memcpy(out[n].b, p, 32);
        out[n].b[0] = 0xf0;
        out[n++].b[8 * word + 7] -= 1;
    }
    return n;
}

static size_t encodings_make(pse_enc *out, struct pse_rng *rng)
{
    json_t *root = vectors_load("rfc9496.json");
    json_t *list = json_object_get(root, "bad");
    size_t n = encodings_of_borders(out);

    assert_int_equal(json_array_size(list), BAD);
    for (size_t i = 0; i < BAD; i++) {
        json_t *item = json_pack("{s:O}", "e", json_array_get(list, i));

        vectors_hex(out[n++].b, 32, item, "e");
        json_decref(item);
    }
    json_decref(root);
    memset(&out[n++], 0, sizeof *out);
    portable->encode(out + n, points, 40);
    n += 40;
    for (size_t i = 0; i < 40; i++, n++) {
        pse_rng_fill(rng, out[n].b, 32);
        out[n].b[0] &= 0xfe;
        out[n].b[31] &= 0x7f;
    }
    return n;
}

static void decoding(void **state)
{
    static pse_enc e[256];
    uint8_t ok[256], expected[256];
    size_t all;
    PSE_RNG(rng);

    (void)state;
    TEST_NEEDS(ifma != NULL, "needs the vector back-end");
    begin();
    seeded(&rng, __func__);
    all = encodings_make(e, &rng);
    assert_true(all > MOST && all <= 256);
    for (unsigned identity = 0; identity < 2; identity++) {
        portable->decode(want, expected, e, all, identity);
        ifma->decode(have, ok, e, all, identity);
        assert_memory_equal(ok, expected, all);
        assert_same(have, want, all);
        for (size_t s = 0; s < SIZES; s++) {
            size_t n = sizes[s];

            for (size_t at = 0; at + n <= all; at += n + 1) { /* each value meets many lanes */
                memset(ok, 7, sizeof ok);
                ifma->decode(have, ok, e + at, n, identity);
                assert_memory_equal(ok, expected + at, n);
                assert_int_equal(ok[n], 7);
                assert_same(have, want + at, n);
            }
        }
    }
}

static void encoding(void **state)
{
    static pse_enc e[MOST + 1], expected[200], doubled[200];

    (void)state;
    TEST_NEEDS(ifma != NULL, "needs the vector back-end");
    begin();
    portable->encode(expected, points, 200);
    portable->add(want, points, points, 200);
    portable->encode(doubled, want, 200);
    for (size_t s = 0; s < SIZES; s++) {
        size_t n = sizes[s];

        for (size_t at = 0; at < 40; at++) {
            memset(e, 7, sizeof e);
            ifma->encode(e, points + at, n);
            assert_memory_equal(e, expected + at, n * sizeof *e);
            assert_int_equal(e[n].b[0], 7);
            ifma->encode_double(e, points + at, n);
            assert_memory_equal(e, doubled + at, n * sizeof *e);
            assert_int_equal(e[n].b[0], 7);
        }
    }
}

static void mapping(void **state)
{
    static uint8_t uniform[MOST][64];
    PSE_RNG(rng);

    (void)state;
    TEST_NEEDS(ifma != NULL, "needs the vector back-end");
    begin();
    seeded(&rng, __func__);
    for (size_t s = 0; s < SIZES; s++) {
        size_t n = sizes[s];

        pse_rng_fill(&rng, uniform, sizeof uniform);
        memset(uniform[0], 0, 64);
        memset(uniform[1], 0xff, 64);
        memset(uniform[2], 0, 32);
        memset(uniform[3] + 32, 0xff, 32);
        uniform[4][31] |= 0x80;
        portable->from_uniform(want, (const uint8_t(*)[64])uniform, n);
        ifma->from_uniform(have, (const uint8_t(*)[64])uniform, n);
        assert_same(have, want, n);
    }
}

/* --- sums ----------------------------------------------------------------------------------- */

static void adding(void **state)
{
    (void)state;
    TEST_NEEDS(ifma != NULL, "needs the vector back-end");
    begin();
    for (size_t s = 0; s < SIZES; s++) {
        size_t n = sizes[s];

        for (size_t at = 0; at < 24; at++) {
            const pse_point *a = points + at, *b = points + 20 - at % 21;

            portable->add(want, a, b, n);
            ifma->add(have, a, b, n);
            assert_same(have, want, n);
            memcpy(have, a, n * sizeof *a); /* the output may be either input */
            ifma->add(have, have, b, n);
            assert_same(have, want, n);
            memcpy(have, b, n * sizeof *b);
            ifma->add(have, a, have, n);
            assert_same(have, want, n);

            portable->sub(want, a, b, n);
            ifma->sub(have, a, b, n);
            assert_same(have, want, n);
            memcpy(have, b, n * sizeof *b);
            ifma->sub(have, a, have, n);
            assert_same(have, want, n);

            portable->neg(want, a, n);
            ifma->neg(have, a, n);
            assert_same(have, want, n);
            portable->sum(want, a, n);
            ifma->sum(have, a, n);
            assert_same(have, want, 1);
        }
    }
    portable->identity(want, MOST);
    ifma->identity(have, MOST);
    assert_same(have, want, MOST);
}

static void comparing(void **state)
{
    (void)state;
    TEST_NEEDS(ifma != NULL, "needs the vector back-end");
    begin();
    for (size_t i = 0; i < 24; i++) {
        for (size_t j = 0; j < 24; j++)
            assert_int_equal(ifma->is_equal(&points[i], &points[j]),
                             portable->is_equal(&points[i], &points[j]));
    }
}

/* --- products ------------------------------------------------------------------------------- */

static void variable_bases(void **state)
{
    PSE_RNG(rng);

    (void)state;
    TEST_NEEDS(ifma != NULL, "needs the vector back-end");
    begin();
    seeded(&rng, __func__);
    for (size_t s = 0; s < SIZES; s++) {
        size_t n = sizes[s];

        const pse_point *p = points + n % 13;

        scalars_make(n, 3 * n, &rng);
        portable->mul(want, secrets, p, n);
        ifma->mul(have, secrets, p, n);
        assert_same(have, want, n);
        memcpy(have, p, n * sizeof *p);
        ifma->mul(have, secrets, have, n);
        assert_same(have, want, n);
        ifma->mul_vt(have, scalars, p, n);
        assert_same(have, want, n);
        memcpy(have, p, n * sizeof *p);
        ifma->mul_vt(have, scalars, have, n);
        assert_same(have, want, n);
    }
    scalars_make(2 * EDGES, 0, &rng);
    for (size_t i = 0; i <= EDGES; i++) {
        portable->mul_one(want, &secrets[i], points, 13);
        ifma->mul_one(have, &secrets[i], points, 13);
        assert_same(have, want, 13);
    }
}

static void fixed_bases(void **state)
{
    void *a = aligned_alloc(64, (portable->table_size + 63) / 64 * 64);
    void *b = ifma == NULL ? NULL : aligned_alloc(64, (ifma->table_size + 63) / 64 * 64);
    PSE_RNG(rng);

    (void)state;
    if (ifma == NULL)
        free(a);
    TEST_NEEDS(ifma != NULL, "needs the vector back-end");
    begin();
    seeded(&rng, __func__);
    assert_true(a != NULL && b != NULL);
    for (size_t base = 0; base < 12; base++) {
        portable->table_build(a, &points[2 * base]);
        ifma->table_build(b, &points[2 * base]);
        for (size_t s = 0; s < SIZES; s++) {
            size_t n = sizes[s];

            scalars_make(n, n, &rng);
            portable->table_mul(want, a, secrets, n);
            ifma->table_mul(have, b, secrets, n);
            assert_same(have, want, n);
        }
    }
    free(a);
    free(b);
}

static void short_sums(void **state)
{
    void *a = aligned_alloc(64, portable->straus_scratch * 128);
    void *b = ifma == NULL ? NULL : aligned_alloc(64, ifma->straus_scratch * 128);
    PSE_RNG(rng);

    (void)state;
    if (ifma == NULL)
        free(a);
    TEST_NEEDS(ifma != NULL, "needs the vector back-end");
    begin();
    seeded(&rng, __func__);
    assert_true(a != NULL && b != NULL);
    for (unsigned kind = 0; kind < 4; kind++) {
        for (size_t s = 0; s < SIZES; s++) {
            size_t n = sizes[s];

            if (n == 0)
                continue;
            scalars_make(n, n, &rng);
            for (size_t i = 0; i < n; i++) {
                if (kind == 1)
                    scalars[i] = scalars[n - 1]; /* all equal */
                if (kind >= 2)
                    scalars[i].w[2] = scalars[i].w[3] = 0; /* short */
                if (kind == 3)
                    scalars[i].w[0] = scalars[i].w[1] = 0; /* zero */
                pse_secret_from_scalar(&secrets[i], &scalars[i]);
            }
            portable->straus(want, secrets, points + 2, n, a);
            ifma->straus(have, secrets, points + 2, n, b);
            assert_same(have, want, 1);
            ifma->straus_vt(have, scalars, points + 2, n, b);
            assert_same(have, want, 1);
            ifma->long_sum(have, secrets, points + 2, n);
            assert_same(have, want, 1);
        }
    }
    free(a);
    free(b);
}

/* --- long sums ------------------------------------------------------------------------------ */

static struct pse_windows windows[POINTS];

/* The windows first .. of both, and what they add up to. */
static void check_windows(const pse_point *p, size_t n, unsigned bits, unsigned count,
                          unsigned first, unsigned step)
{
    size_t room = portable->bucket_size(bits, n), more = ifma->bucket_size(bits, n);
    void *a = aligned_alloc(64, (portable->addend_size * n + 127) / 64 * 64);
    void *b = aligned_alloc(64, (ifma->addend_size * n + 127) / 64 * 64);
    void *space = aligned_alloc(64, ((room > more ? room : more) + 63) / 64 * 64);
    unsigned last = count - first < step ? count - first : step;

    assert_true(a != NULL && b != NULL && space != NULL);
    portable->prepare_vt(a, p, n);
    ifma->prepare_vt(b, p, n);
    portable->windows_vt(want, a, windows, n, first, last, count, bits, space);
    ifma->windows_vt(have, b, windows, n, first, last, count, bits, space);
    assert_same(have, want, last);
    ifma->horner_vt(have, want, last, bits);
    portable->horner_vt(want, want, last, bits);
    assert_same(have, want, 1);
    free(space);
    free(b);
    free(a);
}

enum kind { RANDOM, SHORT, EQUAL, ONE, ZERO, FEW, EDGE, KINDS };

static void windows_make(enum kind kind, size_t n, unsigned bits, unsigned count,
                         struct pse_rng *rng)
{
    scalars_make(n, 0, rng);
    for (size_t i = 0; i < n; i++) {
        if (kind != EDGE)
            random_scalar(&scalars[i], rng);
        if (kind == SHORT)
            scalars[i].w[2] = scalars[i].w[3] = 0;
        if (kind == EQUAL)
            scalars[i] = scalars[0];
        if (kind == ONE || kind == ZERO) /* one bucket of one window; none */
            pse_scalar_set_u64(&scalars[i], kind == ONE);
        if (kind == FEW && i >= 3) /* three buckets, of very different lengths */
            scalars[i] = scalars[i % 17 == 0 ? i % 2 : 2];
        (void)pse_windows_from_scalar_vt(&windows[i], &scalars[i]);
    }
    pse_windows_offset(windows, n, count, bits);
}

static void long_sums(void **state)
{
    static const size_t lengths[] = {1,   7,   8,    9,    15,   16,   17,   63,   64,
                                     65,  127, 128,  129,  255,  256,  257,  511,  512,
                                     513, 900, 1023, 1024, 1025, 2047, 2049, 4095, 4097};
    PSE_RNG(rng);

    (void)state;
    TEST_NEEDS(ifma != NULL, "needs the vector back-end");
    begin();
    seeded(&rng, __func__);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (enum kind kind = 0; kind < KINDS; kind++) {
            unsigned bits = 4 + (unsigned)(i + kind) % 9; /* 4 .. 12 */
            unsigned count = pse_windows_count(PSE_WINDOWS_BITS_MAX, bits);
            unsigned step = 1 + (unsigned)i % ifma->windows_step;

            windows_make(kind, lengths[i], bits, count, &rng);
            check_windows(points, lengths[i], bits, count, 0, step);
            check_windows(points + 3, lengths[i], bits, count, count - step, step);
            check_windows(points, lengths[i], bits, count, (unsigned)i % count, ifma->windows_step);
        }
    }
}

/* Points with z = 1, as decoding leaves them, take another way to addends. */
static void long_sums_of_decoded_points(void **state)
{
    static pse_enc e[POINTS];
    uint8_t ok[POINTS];
    PSE_RNG(rng);

    (void)state;
    TEST_NEEDS(ifma != NULL, "needs the vector back-end");
    begin();
    seeded(&rng, __func__);
    portable->encode(e, points, 600);
    ifma->decode(have, ok, e, 600, PSE_IDENTITY_ALLOWED);
    for (size_t n = 500; n < 520; n++) {
        static pse_point decoded[600];

        ifma->decode(decoded, ok, e, n, PSE_IDENTITY_ALLOWED);
        windows_make(EDGE, n, 7, 36, &rng);
        check_windows(decoded, n, 7, 36, 0, 4);
        decoded[n - 1] = points[n - 1]; /* one that is not */
        check_windows(decoded, n, 7, 36, 32, 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoding),    cmocka_unit_test(encoding),
        cmocka_unit_test(mapping),     cmocka_unit_test(adding),
        cmocka_unit_test(comparing),   cmocka_unit_test(variable_bases),
        cmocka_unit_test(fixed_bases), cmocka_unit_test(short_sums),
        cmocka_unit_test(long_sums),   cmocka_unit_test(long_sums_of_decoded_points),
    };

    return cmocka_run_group_tests(tests, points_make, NULL);
}
