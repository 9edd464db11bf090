/* Proofs of knowledge: the known answer, and nothing but the truth accepted. */
#include "crypto.h"

struct vector {
    json_t *v;
    struct pse_group *g;
    pse_hash eid;
    pse_point key;
    pse_enc key_enc;
    uint8_t *before;
    size_t before_n;
    uint8_t proof[PSE_POK_SIZE];
    struct pse_span x[2];
    struct pse_statement s;
};

static int start(void **state)
{
    struct vector *t = aligned_alloc(64, (sizeof *t + 63) / 64 * 64);

    memset(t, 0, sizeof *t);
    t->g = group_new();
    t->v = vectors_load("psephos1/schnorr.json");
    t->eid = hash_member(t->v, "eid");
    t->key_enc = enc_member(t->v, "D");
    assert_int_equal(pse_point_decode(t->g, &t->key, NULL, &t->key_enc, 1, PSE_IDENTITY_FORBIDDEN),
                     PSE_OK);
    t->before = hex_all(&t->before_n, t->v, "bytes_before_R");
    vectors_hex(t->proof, sizeof t->proof, t->v, "signature");
    t->x[0] = pse_span(t->key_enc.b, 32);
    t->x[1] = pse_span(t->before, t->before_n);
    t->s = (struct pse_statement){"ballot-sign", &t->eid, t->x, 2};
    *state = t;
    return 0;
}

static int stop(void **state)
{
    struct vector *t = *state;

    free(t->before);
    json_decref(t->v);
    pse_group_free(t->g);
    free(t);
    return 0;
}

static pse_rc judge_single(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;

    return pse_pok_verify(t->g, &t->s, &t->key, bytes.p);
}

static pse_rc judge_batch(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;
    struct pse_rng rng = seeded(4);
    struct pse_batch *b;
    pse_rc rc;

    assert_int_equal(pse_batch_new(&b, t->g, NULL, 0, 1, 2, &rng), PSE_OK);
    pse_batch_open(b, 0, 1);
    rc = pse_pok_batch(b, &t->s, t->key_enc.b, bytes.p);
    if (rc == PSE_OK)
        rc = pse_batch_check_one(b);
    pse_batch_free(b);
    return rc;
}

static void known_answer(void **state)
{
    struct vector *t = *state;
    pse_secret d = secret_member(t->v, "d");
    pse_secret nonce = secret_member(t->v, "nonce");
    uint8_t proof[PSE_POK_SIZE];

    pse_pok_prove_with(t->g, proof, &t->s, &d, &nonce);
    assert_memory_equal(proof, t->proof, sizeof proof);
}

static void random_nonces_prove_too(void **state)
{
    struct vector *t = *state;
    struct pse_rng rng = seeded(3);
    pse_secret d = secret_member(t->v, "d");
    uint8_t proof[2][PSE_POK_SIZE];

    for (int i = 0; i < 2; i++) {
        pse_pok_prove(t->g, proof[i], &t->s, &d, &rng);
        assert_int_equal(judge_single(t, pse_span(proof[i], 64)), PSE_OK);
        assert_int_equal(judge_batch(t, pse_span(proof[i], 64)), PSE_OK);
    }
    assert_memory_not_equal(proof[0], proof[1], 32);
}

static void changed_proofs_fail(void **state)
{
    static const uint8_t zero[32];
    struct vector *t = *state;
    judge *judges[] = {judge_single, judge_batch};

    for (int i = 0; i < 2; i++) {
        refuses_every_change(judges[i], t, t->proof, sizeof t->proof, true);
        refuses_field(judges[i], t, t->proof, sizeof t->proof, 0, zero, PSE_E_ENCODING);
        refuses_field(judges[i], t, t->proof, sizeof t->proof, 32, order_bytes, PSE_E_ENCODING);
        refuses_exchange(judges[i], t, t->proof, sizeof t->proof, 0, 32);
    }
}

/* z + L is the same number in another coat. */
static void response_plus_order_fails(void **state)
{
    struct vector *t = *state;
    uint8_t z[32];
    unsigned carry = 0;

    for (int i = 0; i < 32; i++) {
        carry += (unsigned)t->proof[32 + i] + order_bytes[i];
        z[i] = (uint8_t)carry;
        carry >>= 8;
    }
    refuses_field(judge_single, t, t->proof, sizeof t->proof, 32, z, PSE_E_ENCODING);
    refuses_field(judge_batch, t, t->proof, sizeof t->proof, 32, z, PSE_E_ENCODING);
}

static void another_statement_fails(void **state)
{
    struct vector *t = *state;
    struct pse_statement right = t->s;
    pse_hash other = t->eid;
    pse_point twice;

    other.b[31] ^= 1;
    t->s.eid = &other;
    assert_int_equal(judge_single(t, pse_span(t->proof, 64)), PSE_E_PROOF);
    t->s = right;
    t->s.type = "cred-pop";
    assert_int_equal(judge_single(t, pse_span(t->proof, 64)), PSE_E_PROOF);
    t->s = right;
    t->s.n = 1;
    assert_int_equal(judge_single(t, pse_span(t->proof, 64)), PSE_E_PROOF);
    t->s = right;
    for (size_t i = 0; i < t->before_n; i++) {
        t->before[i] ^= 1;
        assert_int_equal(judge_single(t, pse_span(t->proof, 64)), PSE_E_PROOF);
        assert_int_equal(judge_batch(t, pse_span(t->proof, 64)), PSE_E_PROOF);
        t->before[i] ^= 1;
    }
    pse_point_add(t->g, &twice, &t->key, &t->key, 1);
    assert_int_equal(pse_pok_verify(t->g, &t->s, &twice, t->proof), PSE_E_PROOF);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answer),
        cmocka_unit_test(random_nonces_prove_too),
        cmocka_unit_test(changed_proofs_fail),
        cmocka_unit_test(response_plus_order_fails),
        cmocka_unit_test(another_statement_fails),
    };

    if (!backend_choose(argc, argv))
        return 0;
    return cmocka_run_group_tests(tests, start, stop);
}
