/* Decryption: known answers, every bit counts, combining, counts by giant steps. */
#include "crypto.h"

enum { M = 6 };

struct vector {
    json_t *v;
    struct pse_group *g;
    pse_hash eid;
    uint8_t list[64 * M];
    struct pse_decrypt d[2];
    uint8_t index[2];
    uint8_t blob[2][32 * M];
    uint8_t proof[2][PSE_DECRYPT_PROOF_SIZE];
    uint8_t points[32 * M];
};

static json_t *share_of(const struct vector *t, size_t i)
{
    return json_array_get(json_object_get(t->v, "shares"), i);
}

static int start(void **state)
{
    struct vector *t = calloc(1, sizeof *t);

    t->v = vectors_load("psephos1/decrypt.json");
    t->g = group_new();
    t->eid = hash_member(t->v, "eid");
    vectors_hex(t->list, sizeof t->list, t->v, "list");
    for (size_t i = 0; i < 2; i++) {
        json_t *s = share_of(t, i);

        t->index[i] = (uint8_t)json_integer_value(json_object_get(s, "trustee"));
        t->d[i].contest = (uint16_t)json_integer_value(json_object_get(t->v, "contest"));
        t->d[i].group = (uint16_t)json_integer_value(json_object_get(t->v, "group"));
        t->d[i].trustee = t->index[i];
        t->d[i].m = M;
        t->d[i].v = enc_member(s, "V");
        t->d[i].in_hash = hash_member(t->v, "in_hash");
        t->d[i].d_hash = hash_member(s, "D_hash");
        vectors_hex(t->blob[i], sizeof t->blob[i], s, "D_blob");
        vectors_hex(t->proof[i], sizeof t->proof[i], s, "T1_T2_z");
    }
    for (size_t k = 0; k < M; k++)
        hex_value(t->points + 32 * k, 32, json_array_get(json_object_get(t->v, "points"), k));
    *state = t;
    return 0;
}

static int stop(void **state)
{
    struct vector *t = *state;

    json_decref(t->v);
    pse_group_free(t->g);
    free(t);
    return 0;
}

static void shares_known_answers(void **state)
{
    struct vector *t = *state;

    for (size_t i = 0; i < 2; i++) {
        struct pse_decrypt d = t->d[i];
        pse_secret x = secret_member(share_of(t, i), "x");
        pse_secret nonce = secret_member(share_of(t, i), "nonce");
        uint8_t blob[32 * M];
        uint8_t proof[PSE_DECRYPT_PROOF_SIZE];

        memset(&d.d_hash, 0, sizeof d.d_hash);
        assert_int_equal(pse_decrypt_prove(t->g, &t->eid, &d, blob, proof,
                                           pse_span(t->list, sizeof t->list), &x, &nonce),
                         PSE_OK);
        assert_memory_equal(blob, t->blob[i], sizeof blob);
        assert_memory_equal(proof, t->proof[i], sizeof proof);
        assert_memory_equal(&d.d_hash, &t->d[i].d_hash, 32);
    }
}

static void points_known_answers(void **state)
{
    struct vector *t = *state;
    struct pse_rng rng = seeded(50);
    struct pse_span d[2] = {pse_span(t->blob[0], sizeof t->blob[0]),
                            pse_span(t->blob[1], sizeof t->blob[1])};
    struct pse_span list = pse_span(t->list, sizeof t->list);
    pse_scalar lambda[2];
    uint8_t bytes[32];
    uint8_t points[32 * M];

    pse_lagrange(lambda, t->index, 2);
    for (size_t i = 0; i < 2; i++) {
        pse_scalar_encode(bytes, &lambda[i]);
        assert_hex_member(bytes, 32, share_of(t, i), "lambda");
    }
    assert_int_equal(pse_decrypt_combine(t->g, points, list, d, t->index, 2), PSE_OK);
    assert_memory_equal(points, t->points, sizeof points);
    assert_int_equal(
        pse_decrypt_check(t->g, pse_span(points, sizeof points), list, d, t->index, 2, &rng),
        PSE_OK);
}

/* --- refusals --------------------------------------------------------------------------------- */

static pse_rc judge_blob(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;
    struct pse_decrypt_verdict v;
    pse_rc rc = pse_decrypt_verify(t->g, &t->eid, &v, &t->d[0], pse_span(t->list, sizeof t->list),
                                   bytes, t->proof[0]);

    assert_int_equal(rc, v.blob != PSE_OK ? v.blob : v.proof);
    assert_true(v.blob == PSE_OK || v.proof == PSE_E_MISSING);
    return rc;
}

static pse_rc judge_proof(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;
    struct pse_decrypt_verdict v;
    pse_rc rc = pse_decrypt_verify(t->g, &t->eid, &v, &t->d[0], pse_span(t->list, sizeof t->list),
                                   pse_span(t->blob[0], sizeof t->blob[0]), bytes.p);

    assert_int_equal(v.blob, PSE_OK);
    return rc;
}

static pse_rc judge_list(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;
    struct pse_decrypt_verdict v;

    return pse_decrypt_verify(t->g, &t->eid, &v, &t->d[0], bytes,
                              pse_span(t->blob[0], sizeof t->blob[0]), t->proof[0]);
}

static pse_rc judge_points(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;
    struct pse_rng rng = seeded(51);
    struct pse_span d[2] = {pse_span(t->blob[0], sizeof t->blob[0]),
                            pse_span(t->blob[1], sizeof t->blob[1])};

    return pse_decrypt_check(t->g, bytes, pse_span(t->list, sizeof t->list), d, t->index, 2, &rng);
}

static void every_bit_counts(void **state)
{
    struct vector *t = *state;

    refuses_every_change(judge_blob, t, t->blob[0], sizeof t->blob[0], false);
    refuses_every_change(judge_proof, t, t->proof[0], sizeof t->proof[0], true);
    refuses_every_change(judge_points, t, t->points, sizeof t->points, false);
    for (size_t at = 0; at + 32 < sizeof t->blob[0]; at += 32) {
        refuses_exchange(judge_blob, t, t->blob[0], sizeof t->blob[0], at, at + 32);
        refuses_exchange(judge_points, t, t->points, sizeof t->points, at, at + 32);
    }
    refuses_exchange(judge_proof, t, t->proof[0], sizeof t->proof[0], 0, 32);
}

/* Only the A halves matter to a share. */
static void another_list_fails(void **state)
{
    struct vector *t = *state;

    for (size_t k = 0; k < M; k++) {
        for (unsigned bit = 0; bit < 256; bit += 5) {
            t->list[64 * k + bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(judge_list(t, pse_span(t->list, sizeof t->list)), PSE_E_PROOF);
            t->list[64 * k + bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    refuses_exchange(judge_list, t, t->list, sizeof t->list, 0, 64);
}

static void bad_fields_fail(void **state)
{
    static const uint8_t zero[32];
    static const uint8_t ones[32] = {[0 ... 31] = 0xff};
    struct vector *t = *state;

    for (size_t k = 0; k < M; k++) {
        refuses_field(judge_blob, t, t->blob[0], sizeof t->blob[0], 32 * k, ones, PSE_E_ENCODING);
        refuses_field(judge_blob, t, t->blob[0], sizeof t->blob[0], 32 * k, zero, PSE_E_PROOF);
        refuses_field(judge_points, t, t->points, sizeof t->points, 32 * k, ones, PSE_E_ENCODING);
        refuses_field(judge_points, t, t->points, sizeof t->points, 32 * k, zero, PSE_E_MISMATCH);
    }
    refuses_field(judge_proof, t, t->proof[0], sizeof t->proof[0], 0, zero, PSE_E_ENCODING);
    refuses_field(judge_proof, t, t->proof[0], sizeof t->proof[0], 32, zero, PSE_E_PROOF);
    refuses_field(judge_proof, t, t->proof[0], sizeof t->proof[0], 64, order_bytes, PSE_E_ENCODING);
}

static pse_rc judge_as_is(struct vector *t)
{
    return judge_proof(t, pse_span(t->proof[0], sizeof t->proof[0]));
}

static void another_place_fails(void **state)
{
    struct vector *t = *state;
    struct pse_decrypt right = t->d[0];

    t->d[0].contest++;
    assert_int_equal(judge_as_is(t), PSE_E_PROOF);
    t->d[0] = right;
    t->d[0].group++;
    assert_int_equal(judge_as_is(t), PSE_E_PROOF);
    t->d[0] = right;
    t->d[0].trustee++;
    assert_int_equal(judge_as_is(t), PSE_E_PROOF);
    t->d[0] = right;
    t->d[0].v = t->d[1].v;
    assert_int_equal(judge_as_is(t), PSE_E_PROOF);
    t->d[0] = right;
    t->d[0].in_hash.b[9] ^= 1;
    assert_int_equal(judge_as_is(t), PSE_E_PROOF);
    t->d[0] = right;
    t->d[0].d_hash.b[9] ^= 1;
    assert_int_equal(judge_as_is(t), PSE_E_PROOF);
    t->d[0] = right;
    t->eid.b[9] ^= 1;
    assert_int_equal(judge_as_is(t), PSE_E_PROOF);
    t->eid.b[9] ^= 1;
    assert_int_equal(judge_as_is(t), PSE_OK);
}

/* Shares made with a key that is not behind V: consistent with one another, but of nobody. */
static void another_key_fails(void **state)
{
    struct vector *t = *state;
    struct pse_decrypt d = t->d[0];
    struct pse_decrypt_verdict v;
    pse_secret x = secret_member(share_of(t, 1), "x");
    pse_secret nonce = secret_member(share_of(t, 0), "nonce");
    uint8_t blob[32 * M];
    uint8_t proof[PSE_DECRYPT_PROOF_SIZE];
    struct pse_span list = pse_span(t->list, sizeof t->list);

    assert_int_equal(pse_decrypt_prove(t->g, &t->eid, &d, blob, proof, list, &x, &nonce), PSE_OK);
    assert_int_equal(
        pse_decrypt_verify(t->g, &t->eid, &v, &d, list, pse_span(blob, sizeof blob), proof),
        PSE_E_PROOF);
    assert_int_equal(v.blob, PSE_OK);
}

/* Shares of another list by the right key: only the second equation can tell. */
static void shares_of_another_list_fail(void **state)
{
    struct vector *t = *state;
    struct pse_decrypt d = t->d[0];
    struct pse_decrypt_verdict v;
    pse_secret x = secret_member(share_of(t, 0), "x");
    pse_secret nonce = secret_member(share_of(t, 0), "nonce");
    uint8_t blob[32 * M];
    uint8_t proof[PSE_DECRYPT_PROOF_SIZE];
    uint8_t other[64 * M];

    memcpy(other, t->list, sizeof other);
    memcpy(other, t->list + 64, 64);
    assert_int_equal(pse_decrypt_prove(t->g, &t->eid, &d, blob, proof,
                                       pse_span(other, sizeof other), &x, &nonce),
                     PSE_OK);
    assert_int_equal(pse_decrypt_verify(t->g, &t->eid, &v, &d, pse_span(t->list, sizeof t->list),
                                        pse_span(blob, sizeof blob), proof),
                     PSE_E_PROOF);
}

/* --- combining -------------------------------------------------------------------------------- */

static void swap(uint8_t *a, uint8_t *b)
{
    for (size_t i = 0; i < 32; i++) {
        uint8_t kept = a[i];

        a[i] = b[i];
        b[i] = kept;
    }
}

/* Sums are made in blocks of so many rows. */
enum { BLOCK = 4096 };

/* Two rows far apart, two of the last block, and two of one place in two blocks. Returns how many
 * pairs a list of @p m rows has. */
static size_t pairs(uint32_t pair[3][2], uint32_t m)
{
    memcpy(pair, (uint32_t[3][2]){{0, m - 1}, {m - 2, m - 1}, {1, 1 + BLOCK}}, 3 * sizeof pair[0]);
    return m > 1 + BLOCK ? 3 : 2;
}

/* Shares made of a list in which two rows changed places fail for the true list, whatever blocks
 * they stand in. */
static void swapped_rows_fail(struct pse_group *g, const pse_hash *eid,
                              const struct pse_decrypt *good, uint8_t *list, const pse_secret *x,
                              const pse_secret *nonce)
{
    struct pse_span all = pse_span(list, 64 * (size_t)good->m);
    struct pse_decrypt dec = *good;
    struct pse_decrypt_verdict v;
    uint8_t *blob = malloc(32 * (size_t)good->m);
    uint8_t proof[PSE_DECRYPT_PROOF_SIZE];
    uint32_t pair[3][2];

    for (size_t i = pairs(pair, good->m); i-- > 0;) {
        swap(list + 64 * (size_t)pair[i][0], list + 64 * (size_t)pair[i][1]);
        assert_int_equal(pse_decrypt_prove(g, eid, &dec, blob, proof, all, x, nonce), PSE_OK);
        swap(list + 64 * (size_t)pair[i][0], list + 64 * (size_t)pair[i][1]);
        assert_int_equal(
            pse_decrypt_verify(g, eid, &v, &dec, all, pse_span(blob, 32 * (size_t)good->m), proof),
            PSE_E_PROOF);
    }
    free(blob);
}

/* And points of which two changed places are not what the shares open. */
static void swapped_points_fail(struct pse_group *g, pse_enc *points, uint32_t m,
                                struct pse_span list, const struct pse_span *d,
                                const uint8_t *index, size_t t, struct pse_rng *rng)
{
    uint32_t pair[3][2];

    for (size_t i = pairs(pair, m); i-- > 0;) {
        swap(points[pair[i][0]].b, points[pair[i][1]].b);
        assert_int_equal(
            pse_decrypt_check(g, pse_span(points, 32 * (size_t)m), list, d, index, t, rng),
            PSE_E_MISMATCH);
        swap(points[pair[i][0]].b, points[pair[i][1]].b);
    }
}

/* Shares of a random polynomial for trustees 1..n; any t of them open a list of many blocks. */
static void sets_of_trustees(struct pse_group *g, const uint8_t *index, size_t t, uint32_t m)
{
    struct pse_rng rng = seeded((uint8_t)(60 + t));
    pse_secret poly[8];
    pse_secret nonce;
    pse_secret *k = calloc(2 * m, sizeof *k);
    pse_point *p = aligned_alloc(_Alignof(pse_point), (m + 1) * sizeof *p);
    pse_enc *want = calloc(m, sizeof *want);
    pse_enc *enc = calloc(m, sizeof *enc);
    pse_point *b = aligned_alloc(_Alignof(pse_point), (m + 1) * sizeof *b);
    uint8_t *list = malloc(64 * (size_t)m);
    uint8_t *blob = malloc(32 * (size_t)m * t);
    struct pse_span d[8];
    pse_hash eid = {{0}};

    pse_secret_random_n(poly, t, &rng);
    pse_secret_random_n(k, 2 * m, &rng);
    pse_secret_random(&nonce, &rng);
    pse_point_mul_base(g, p, k, m);
    pse_point_encode(g, want, p, m); /* the messages */
    for (uint32_t i = 0; i < m; i++)
        pse_secret_muladd(&k[i], &k[m + i], &poly[0], &k[i]); /* message + r x */
    pse_point_mul_base(g, b, k, m);
    pse_point_encode(g, enc, b, m);
    for (uint32_t i = 0; i < m; i++)
        memcpy(list + 64 * (size_t)i + 32, enc[i].b, 32);
    pse_point_mul_base(g, p, k + m, m);
    pse_point_encode(g, enc, p, m);
    for (uint32_t i = 0; i < m; i++)
        memcpy(list + 64 * (size_t)i, enc[i].b, 32);

    for (size_t i = 0; i < t; i++) {
        struct pse_decrypt dec = {.trustee = index[i], .m = m};
        struct pse_decrypt_verdict v;
        uint8_t proof[PSE_DECRYPT_PROOF_SIZE];
        pse_secret x = poly[t - 1];
        pse_secret at;

        pse_secret_set_u64(&at, index[i]);
        for (size_t c = t - 1; c > 0; c--)
            pse_secret_muladd(&x, &x, &at, &poly[c - 1]);
        pse_point_mul_base(g, p, &x, 1);
        pse_point_encode(g, &dec.v, p, 1);
        d[i] = pse_span(blob + 32 * (size_t)m * i, 32 * (size_t)m);
        assert_int_equal(pse_decrypt_prove(g, &eid, &dec, blob + 32 * (size_t)m * i, proof,
                                           pse_span(list, 64 * (size_t)m), &x, &nonce),
                         PSE_OK);
        assert_int_equal(
            pse_decrypt_verify(g, &eid, &v, &dec, pse_span(list, 64 * (size_t)m), d[i], proof),
            PSE_OK);
        swapped_rows_fail(g, &eid, &dec, list, &x, &nonce);
    }
    assert_int_equal(pse_decrypt_combine(g, enc[0].b, pse_span(list, 64 * (size_t)m), d, index, t),
                     PSE_OK);
    assert_memory_equal(enc, want, m * sizeof *enc);
    assert_int_equal(pse_decrypt_check(g, pse_span(want, 32 * (size_t)m),
                                       pse_span(list, 64 * (size_t)m), d, index, t, &rng),
                     PSE_OK);
    swapped_points_fail(g, want, m, pse_span(list, 64 * (size_t)m), d, index, t, &rng);
    d[0].n -= 32;
    assert_int_equal(pse_decrypt_combine(g, enc[0].b, pse_span(list, 64 * (size_t)m), d, index, t),
                     PSE_E_LENGTH);
    free(k);
    free(p);
    free(want);
    free(enc);
    free(b);
    free(list);
    free(blob);
}

static void any_trustees_open(void **state)
{
    struct vector *t = *state;

    sets_of_trustees(t->g, (const uint8_t[]){1}, 1, 3);
    sets_of_trustees(t->g, (const uint8_t[]){1, 2, 3}, 3, 5000);
    sets_of_trustees(t->g, (const uint8_t[]){2, 3}, 2, 1025);
    sets_of_trustees(t->g, (const uint8_t[]){3, 17, 41, 60, 64}, 5, 40);
}

/* --- counts ----------------------------------------------------------------------------------- */

static void counts_are_found(void **state)
{
    enum { K = 8 };
    static const uint64_t counts[K] = {0, 1, 2, 999, 1024, 65537, 999999, 1000000};
    struct vector *t = *state;
    struct pse_rng rng = seeded(70);
    pse_secret k[K];
    pse_point p[K];
    pse_enc enc[K];
    uint64_t found[K];
    uint64_t wrong[K];
    struct pse_span points = pse_span(enc, sizeof enc);

    for (size_t i = 0; i < K; i++)
        pse_secret_set_u64(&k[i], counts[i]);
    pse_point_mul_base(t->g, p, k, K);
    pse_point_encode(t->g, enc, p, K);
    assert_int_equal(pse_count_find_vt(t->g, found, K, points, 1000000), PSE_OK);
    assert_memory_equal(found, counts, sizeof found);
    assert_int_equal(pse_count_find_vt(t->g, found, K, points, 999999), PSE_E_RANGE);
    assert_int_equal(pse_count_find_vt(t->g, found, K, points, UINT64_C(1) << 40), PSE_E_RANGE);
    assert_int_equal(pse_count_find_vt(t->g, found, K - 1, points, 5), PSE_E_LENGTH);
    assert_int_equal(pse_count_check(t->g, counts, K, points, &rng), PSE_OK);
    for (size_t i = 0; i < K; i++) {
        memcpy(wrong, counts, sizeof wrong);
        wrong[i] += 1;
        assert_int_equal(pse_count_check(t->g, wrong, K, points, &rng), PSE_E_MISMATCH);
    }
    memcpy(wrong, counts, sizeof wrong);
    wrong[1]++;
    wrong[2]--;
    assert_int_equal(pse_count_check(t->g, wrong, K, points, &rng), PSE_E_MISMATCH);
    assert_int_equal(pse_count_check(t->g, counts, K - 1, points, &rng), PSE_E_LENGTH);
    enc[3].b[31] = 0xff;
    assert_int_equal(pse_count_check(t->g, counts, K, points, &rng), PSE_E_ENCODING);
}

static void negative_counts_are_not_found(void **state)
{
    struct vector *t = *state;
    pse_secret k;
    pse_point p;
    pse_enc enc;
    uint64_t found;

    pse_secret_set_u64(&k, 1);
    pse_secret_neg(&k, &k);
    pse_point_mul_base(t->g, &p, &k, 1);
    pse_point_encode(t->g, &enc, &p, 1);
    assert_int_equal(pse_count_find_vt(t->g, &found, 1, pse_span(enc.b, 32), 100000), PSE_E_RANGE);
    assert_int_equal(found, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_known_answers),
        cmocka_unit_test(points_known_answers),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(another_list_fails),
        cmocka_unit_test(bad_fields_fail),
        cmocka_unit_test(another_place_fails),
        cmocka_unit_test(another_key_fails),
        cmocka_unit_test(shares_of_another_list_fail),
        cmocka_unit_test(any_trustees_open),
        cmocka_unit_test(counts_are_found),
        cmocka_unit_test(negative_counts_are_not_found),
    };

    if (!backend_choose(argc, argv))
        return 0;
    return cmocka_run_group_tests(tests, start, stop);
}
