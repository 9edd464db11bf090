/* The ceremony: known answers of a run of three, complaints against guilty and innocent. */
#include "crypto.h"

enum { N = 3, T = 2 };

struct vector {
    json_t *v;
    struct pse_group *g;
    pse_hash eid;
    pse_enc share_key[N];
    pse_secret e[N];
    pse_dkg_secret poly[N];
    uint8_t reveal[N][32 * T + 64];
    uint8_t shares[N][128 * (N - 1)];
    struct pse_dkg *d; /* all reveals accepted */
};

static json_t *at(json_t *v, const char *member, size_t i)
{
    return json_array_get(json_object_get(v, member), i);
}

static json_t *pair(json_t *v, const char *member, unsigned i, unsigned j)
{
    char name[16];

    snprintf(name, sizeof name, "%u->%u", i, j);
    return json_object_get(json_object_get(v, member), name);
}

static struct pse_dkg *dkg_new(const struct vector *t)
{
    struct pse_dkg *d;

    assert_int_equal(pse_dkg_new(&d, t->g, &t->eid, N, T, t->share_key), PSE_OK);
    return d;
}

static int start(void **state)
{
    struct vector *t = calloc(1, sizeof *t);

    t->v = vectors_load("psephos1/dkg.json");
    t->g = group_new();
    t->eid = hash_member(t->v, "eid");
    for (unsigned i = 0; i < N; i++) {
        char name[2] = {(char)('1' + i), 0};

        hex_value(t->share_key[i].b, 32, at(t->v, "share_key", i));
        t->e[i] = secret_value(at(t->v, "share_secret", i));
        t->poly[i].t = T;
        secret_list(t->poly[i].a, T, at(t->v, "coefficients", i));
        hex_value(t->reveal[i], sizeof t->reveal[i], at(t->v, "reveal_body", i));
        vectors_hex(t->shares[i], sizeof t->shares[i], json_object_get(t->v, "shares_body"), name);
    }
    t->d = dkg_new(t);
    for (unsigned i = 1; i <= N; i++)
        assert_int_equal(pse_dkg_reveal_accept(t->d, i, pse_span(t->reveal[i - 1], 128)), PSE_OK);
    *state = t;
    return 0;
}

static int stop(void **state)
{
    struct vector *t = *state;

    pse_dkg_free(t->d);
    pse_group_free(t->g);
    json_decref(t->v);
    free(t);
    return 0;
}

static void reveals_known_answers(void **state)
{
    struct vector *t = *state;

    for (unsigned i = 1; i <= N; i++) {
        pse_secret nonce = secret_value(at(t->v, "reveal_nonce", i - 1));
        uint8_t body[128];
        uint8_t digest[64];
        uint8_t want[64];

        assert_int_equal(pse_dkg_reveal_size(t->d), sizeof body);
        pse_dkg_reveal_make(t->d, body, i, &t->poly[i - 1], &nonce);
        assert_memory_equal(body, t->reveal[i - 1], sizeof body);
        pse_dkg_commit(t->d, digest, i, pse_span(body, sizeof body));
        hex_value(want, 64, at(t->v, "commit_body", i - 1));
        assert_memory_equal(digest, want, 64);
    }
}

static void shares_known_answers(void **state)
{
    struct vector *t = *state;

    for (unsigned i = 1; i <= N; i++) {
        pse_secret r[N - 1];
        pse_secret nonce[N - 1];
        uint8_t body[128 * (N - 1)];
        unsigned k = 0;

        for (unsigned j = 1; j <= N; j++) {
            if (j == i)
                continue;
            r[k] = secret_value(pair(t->v, "share_randomness", i, j));
            nonce[k++] = secret_value(pair(t->v, "share_proof_nonce", i, j));
        }
        assert_int_equal(pse_dkg_shares_size(t->d), sizeof body);
        pse_dkg_shares_make(t->d, body, i, &t->poly[i - 1], r, nonce);
        assert_memory_equal(body, t->shares[i - 1], sizeof body);
        assert_int_equal(pse_dkg_shares_check(t->d, i, pse_span(body, sizeof body)), PSE_OK);
    }
}

static void assert_secret(const pse_secret *have, json_t *want)
{
    pse_secret w = secret_value(want);

    assert_memory_equal(have, &w, sizeof w);
}

static pse_secret key_of(const struct vector *t, unsigned j)
{
    pse_secret x;

    pse_dkg_share_own(&x, &t->poly[j - 1], j);
    for (unsigned i = 1; i <= N; i++) {
        pse_secret s;

        if (i == j)
            continue;
        assert_int_equal(
            pse_dkg_share_open(t->d, &s, i, j, &t->e[j - 1], pse_span(t->shares[i - 1], 256)),
            PSE_OK);
        assert_secret(&s, pair(t->v, "plain_shares", i, j));
        pse_secret_add(&x, &x, &s);
    }
    return x;
}

static void keys_known_answers(void **state)
{
    struct vector *t = *state;
    pse_enc y;

    assert_int_equal(pse_dkg_joint(t->d, &y), PSE_OK);
    assert_hex_member(y.b, 32, t->v, "Y");
    for (unsigned j = 1; j <= N; j++) {
        pse_secret x = key_of(t, j);
        pse_secret nonce = secret_value(at(t->v, "confirm_nonce", j - 1));
        pse_point p;
        pse_enc v;
        uint8_t want[128];
        uint8_t body[128];

        assert_secret(&x, at(t->v, "x", j - 1));
        pse_dkg_verification_key(t->d, &p, &v, j);
        hex_value(want, 32, at(t->v, "V", j - 1));
        assert_memory_equal(v.b, want, 32);
        assert_int_equal(pse_dkg_confirm_make(t->d, body, j, &x, &nonce), PSE_OK);
        hex_value(want, 128, at(t->v, "confirm_body", j - 1));
        assert_memory_equal(body, want, 128);
        assert_int_equal(pse_dkg_confirm_check_keys(t->d, j, pse_span(body, 128)), PSE_OK);
        assert_int_equal(pse_dkg_confirm_check_proof(t->d, j, pse_span(body, 128)), PSE_OK);
        assert_int_equal(pse_dkg_confirm_check_keys(t->d, j % N + 1, pse_span(body, 128)),
                         PSE_E_MISMATCH);
        assert_int_equal(pse_dkg_confirm_check_proof(t->d, j % N + 1, pse_span(body, 128)),
                         PSE_E_PROOF);
        pse_secret_add(&x, &x, &nonce);
        assert_int_equal(pse_dkg_confirm_make(t->d, body, j, &x, &nonce), PSE_E_MISMATCH);
    }
}

static void complaint_known_answer(void **state)
{
    struct vector *t = *state;
    json_t *c = json_object_get(t->v, "complaint");
    pse_secret nonce = secret_member(c, "nonce");
    uint8_t body[129];
    enum pse_dkg_fault fault = PSE_FAULT_DEALER;

    pse_dkg_complaint_make(t->d, body, 1, 2, &t->e[1], pse_span(t->shares[0], 256), &nonce);
    assert_hex_member(body, sizeof body, c, "body");
    assert_int_equal(
        pse_dkg_complaint_check(t->d, &fault, 2, pse_span(body, 129), pse_span(t->shares[0], 256)),
        PSE_OK);
    assert_int_equal(fault, PSE_FAULT_COMPLAINANT);
}

/* A dealer who sends a share of another polynomial passes every public check and is convicted. */
static void guilty_dealer_is_named(void **state)
{
    struct vector *t = *state;
    struct pse_rng rng = seeded(40);
    pse_dkg_secret other;
    pse_secret r[2 * (N - 1)];
    pse_secret share;
    uint8_t shares[256];
    uint8_t body[129];
    enum pse_dkg_fault fault = PSE_FAULT_COMPLAINANT;

    pse_dkg_secret_random(&other, T, &rng);
    pse_secret_random_n(r, 4, &rng);
    pse_dkg_shares_make(t->d, shares, 1, &other, r, r + 2);
    assert_int_equal(pse_dkg_shares_check(t->d, 1, pse_span(shares, 256)), PSE_OK);
    assert_int_equal(pse_dkg_share_open(t->d, &share, 1, 3, &t->e[2], pse_span(shares, 256)),
                     PSE_E_MISMATCH);
    pse_dkg_complaint_make(t->d, body, 1, 3, &t->e[2], pse_span(shares, 256), &r[0]);
    assert_int_equal(
        pse_dkg_complaint_check(t->d, &fault, 3, pse_span(body, 129), pse_span(shares, 256)),
        PSE_OK);
    assert_int_equal(fault, PSE_FAULT_DEALER);
    assert_int_equal(
        pse_dkg_complaint_check(t->d, &fault, 2, pse_span(body, 129), pse_span(shares, 256)),
        PSE_E_PROOF);
}

/* A complainant who proves e_j but shows another K: the first equation holds, the second does not.
 */
static void false_complaint_key_is_refused(void **state)
{
    struct vector *t = *state;
    struct pse_rng rng = seeded(41);
    uint8_t body[129] = {1};
    uint8_t pair_bytes[2] = {1, 2};
    uint8_t keys[96];
    struct pse_span x[] = {pse_span(pair_bytes, 2), pse_span(keys, 96), pse_span(body + 33, 64)};
    struct pse_statement s = {"dkg-complaint", &t->eid, x, 3};
    pse_secret k[3]; /* of K, T1, T2 */
    pse_point p[3];
    pse_enc enc[3];
    pse_scalar c;
    pse_scalar z;
    enum pse_dkg_fault fault;

    pse_secret_random_n(k, 3, &rng);
    pse_point_mul_base(t->g, p, k, 3);
    pse_point_encode(t->g, enc, p, 3);
    memcpy(body + 1, enc, sizeof enc);
    memcpy(keys, t->share_key[1].b, 32);
    memcpy(keys + 32, t->shares[0], 32);
    memcpy(keys + 64, body + 1, 32);
    pse_statement_scalar(&c, &s);
    pse_secret_respond(&z, &k[1], &c, &t->e[1]);
    pse_scalar_encode(body + 97, &z);
    assert_int_equal(
        pse_dkg_complaint_check(t->d, &fault, 2, pse_span(body, 129), pse_span(t->shares[0], 256)),
        PSE_E_PROOF);
}

/* --- refusals --------------------------------------------------------------------------------- */

static pse_rc judge_reveal(void *ctx, struct pse_span bytes)
{
    struct pse_dkg *d = dkg_new(ctx);
    pse_rc rc = pse_dkg_reveal_accept(d, 2, bytes);

    pse_dkg_free(d);
    return rc;
}

static pse_rc judge_shares(void *ctx, struct pse_span bytes)
{
    return pse_dkg_shares_check(((struct vector *)ctx)->d, 2, bytes);
}

static pse_rc judge_complaint(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;
    enum pse_dkg_fault fault;

    return pse_dkg_complaint_check(t->d, &fault, 2, bytes, pse_span(t->shares[0], 256));
}

static pse_rc judge_confirm(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;
    pse_rc rc = pse_dkg_confirm_check_keys(t->d, 1, bytes);

    return rc != PSE_OK ? rc : pse_dkg_confirm_check_proof(t->d, 1, bytes);
}

static void every_bit_counts(void **state)
{
    struct vector *t = *state;
    uint8_t complaint[129];
    uint8_t confirm[128];

    vectors_hex(complaint, 129, json_object_get(t->v, "complaint"), "body");
    hex_value(confirm, 128, at(t->v, "confirm_body", 0));
    refuses_every_change(judge_reveal, t, t->reveal[1], 128, false);
    refuses_every_change(judge_shares, t, t->shares[1], 256, false);
    refuses_every_change(judge_complaint, t, complaint, 129, false);
    refuses_every_change(judge_confirm, t, confirm, 128, false);
    for (size_t i = 0; i < 96; i += 32) {
        refuses_exchange(judge_reveal, t, t->reveal[1], 128, i, i + 32);
        refuses_exchange(judge_complaint, t, complaint, 129, 1 + i, 33 + i);
        refuses_exchange(judge_confirm, t, confirm, 128, i, i + 32);
    }
    for (size_t i = 0; i < 224; i += 32)
        refuses_exchange(judge_shares, t, t->shares[1], 256, i, i + 32);
}

static void bad_fields_fail(void **state)
{
    static const uint8_t zero[32];
    struct vector *t = *state;
    uint8_t complaint[129];

    vectors_hex(complaint, 129, json_object_get(t->v, "complaint"), "body");
    for (size_t i = 0; i < 96; i += 32) {
        refuses_field(judge_reveal, t, t->reveal[1], 128, i, zero, PSE_E_ENCODING);
        refuses_field(judge_complaint, t, complaint, 129, 1 + i, zero, PSE_E_ENCODING);
    }
    refuses_field(judge_reveal, t, t->reveal[1], 128, 96, order_bytes, PSE_E_ENCODING);
    refuses_field(judge_complaint, t, complaint, 129, 97, order_bytes, PSE_E_ENCODING);
    refuses_field(judge_shares, t, t->shares[1], 256, 0, zero, PSE_E_ENCODING);
    refuses_field(judge_shares, t, t->shares[1], 256, 32, order_bytes, PSE_E_ENCODING);
    refuses_field(judge_shares, t, t->shares[1], 256, 64, zero, PSE_E_ENCODING);
    refuses_field(judge_shares, t, t->shares[1], 256, 96, order_bytes, PSE_E_ENCODING);
    complaint[0] = 2; /* about oneself */
    assert_int_equal(judge_complaint(t, pse_span(complaint, 129)), PSE_E_RANGE);
    complaint[0] = 4;
    assert_int_equal(judge_complaint(t, pse_span(complaint, 129)), PSE_E_RANGE);
    complaint[0] = 0;
    assert_int_equal(judge_complaint(t, pse_span(complaint, 129)), PSE_E_RANGE);
}

static void another_index_or_election_fails(void **state)
{
    struct vector *t = *state;
    struct pse_dkg *d = dkg_new(t);

    assert_int_equal(pse_dkg_reveal_accept(d, 1, pse_span(t->reveal[1], 128)), PSE_E_PROOF);
    assert_int_equal(pse_dkg_reveal_accept(d, 2, pse_span(t->reveal[1], 128)), PSE_OK);
    assert_int_equal(pse_dkg_reveal_accept(d, 2, pse_span(t->reveal[1], 128)), PSE_E_STATE);
    pse_dkg_free(d);
    assert_int_equal(pse_dkg_shares_check(t->d, 1, pse_span(t->shares[1], 256)), PSE_E_PROOF);

    t->eid.b[0] ^= 1;
    d = dkg_new(t);
    t->eid.b[0] ^= 1;
    assert_int_equal(pse_dkg_reveal_accept(d, 1, pse_span(t->reveal[0], 128)), PSE_E_PROOF);
    assert_int_equal(pse_dkg_shares_check(d, 1, pse_span(t->shares[0], 256)), PSE_E_PROOF);
    pse_dkg_free(d);
}

static void bad_setups_are_refused(void **state)
{
    struct vector *t = *state;
    struct pse_dkg *d;
    pse_enc keys[N];

    memcpy(keys, t->share_key, sizeof keys);
    assert_int_equal(pse_dkg_new(&d, t->g, &t->eid, N, 0, keys), PSE_E_RANGE);
    assert_int_equal(pse_dkg_new(&d, t->g, &t->eid, N, N + 1, keys), PSE_E_RANGE);
    assert_int_equal(pse_dkg_new(&d, t->g, &t->eid, 0, 0, keys), PSE_E_RANGE);
    assert_int_equal(pse_dkg_new(&d, t->g, &t->eid, 65, 2, keys), PSE_E_RANGE);
    keys[2] = keys[0];
    assert_int_equal(pse_dkg_new(&d, t->g, &t->eid, N, T, keys), PSE_E_DUPLICATE);
    memset(&keys[2], 0, sizeof keys[2]);
    assert_int_equal(pse_dkg_new(&d, t->g, &t->eid, N, T, keys), PSE_E_ENCODING);
    assert_null(d);
}

/* Sizes at the edges: one trustee alone, and more than a handful. */
static void ceremony_of(struct vector *t, unsigned n, unsigned threshold)
{
    struct pse_rng rng = seeded((uint8_t)(n + threshold));
    struct pse_dkg *d;
    static pse_dkg_secret poly[PSE_TRUSTEES_MAX];
    static pse_secret e[PSE_TRUSTEES_MAX];
    static pse_secret r[2 * PSE_TRUSTEES_MAX];
    static pse_point p[PSE_TRUSTEES_MAX];
    static pse_enc key[PSE_TRUSTEES_MAX];
    static uint8_t body[PSE_TRUSTEES_MAX][128 * PSE_TRUSTEES_MAX];

    pse_secret_random_n(e, n, &rng);
    pse_point_mul_base(t->g, p, e, n);
    pse_point_encode(t->g, key, p, n);
    assert_int_equal(pse_dkg_new(&d, t->g, &t->eid, n, threshold, key), PSE_OK);
    for (unsigned i = 1; i <= n; i++) {
        pse_dkg_secret_random(&poly[i - 1], threshold, &rng);
        pse_secret_random(r, &rng);
        pse_dkg_reveal_make(d, body[0], i, &poly[i - 1], r);
        assert_int_equal(pse_dkg_reveal_accept(d, i, pse_span(body[0], pse_dkg_reveal_size(d))),
                         PSE_OK);
    }
    for (unsigned i = 1; i <= n; i++) {
        pse_secret_random_n(r, 2 * n, &rng);
        pse_dkg_shares_make(d, body[i - 1], i, &poly[i - 1], r, r + n);
        assert_int_equal(pse_dkg_shares_check(d, i, pse_span(body[i - 1], pse_dkg_shares_size(d))),
                         PSE_OK);
    }
    for (unsigned j = 1; j <= n; j++) {
        uint8_t confirm[128];
        pse_secret x;
        pse_secret s;

        pse_dkg_share_own(&x, &poly[j - 1], j);
        for (unsigned i = 1; i <= n; i++) {
            if (i == j)
                continue;
            assert_int_equal(pse_dkg_share_open(d, &s, i, j, &e[j - 1],
                                                pse_span(body[i - 1], pse_dkg_shares_size(d))),
                             PSE_OK);
            pse_secret_add(&x, &x, &s);
        }
        assert_int_equal(pse_dkg_confirm_make(d, confirm, j, &x, r), PSE_OK);
        assert_int_equal(pse_dkg_confirm_check_keys(d, j, pse_span(confirm, 128)), PSE_OK);
        assert_int_equal(pse_dkg_confirm_check_proof(d, j, pse_span(confirm, 128)), PSE_OK);
    }
    pse_dkg_free(d);
}

static void other_sizes(void **state)
{
    ceremony_of(*state, 1, 1);
    ceremony_of(*state, 2, 1);
    ceremony_of(*state, 5, 5);
    ceremony_of(*state, 7, 4);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reveals_known_answers),
        cmocka_unit_test(shares_known_answers),
        cmocka_unit_test(keys_known_answers),
        cmocka_unit_test(complaint_known_answer),
        cmocka_unit_test(guilty_dealer_is_named),
        cmocka_unit_test(false_complaint_key_is_refused),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(bad_fields_fail),
        cmocka_unit_test(another_index_or_election_fails),
        cmocka_unit_test(bad_setups_are_refused),
        cmocka_unit_test(other_sizes),
    };

    if (!backend_choose(argc, argv))
        return 0;
    return cmocka_run_group_tests(tests, start, stop);
}
