/* Binding statements: bytes, the proof with them, and what is refused. */
#include "crypto/binding.h"
#include "election/ballot.h"
#include "test.h"

static struct pse_pool *pool;
static struct pse_group *g;
static struct pse_rng rng;
static pse_secret d;

static int setup(void **state)
{
    static const uint8_t seed[32] = "binding";

    (void)state;
    pse_rng_init(&rng, seed);
    assert_int_equal(pse_pool_new(&pool, 1), PSE_OK);
    assert_int_equal(pse_group_new(&g, PSE_BACKEND_AUTO, pool), PSE_OK);
    pse_secret_random(&d, &rng);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pse_group_free(g);
    pse_pool_free(pool);
    return 0;
}

static struct pse_binding example(void)
{
    struct pse_binding b = {.eid = {{1}},
                            .registrar = {{2}},
                            .subject = pse_span_str("PNOEE-38001085718"),
                            .nonce = {{3}},
                            .language = pse_span_str("en"),
                            .purpose = pse_span_str("I register my credential for this election.")};

    pse_credential_public(&b.credential, g, &d);
    return b;
}

static void the_proof_binds_every_byte(void **state)
{
    struct pse_buf out = PSE_BUF(PSE_BINDING_MAX);
    struct pse_binding b = example();
    struct pse_binding back;
    uint8_t proof[PSE_POK_SIZE];
    pse_secret other;

    (void)state;
    assert_int_equal(pse_binding_write(&out, &b), PSE_OK);
    assert_int_equal(pse_binding_prove(g, proof, pse_buf_span(&out), &d, &rng), PSE_OK);
    assert_int_equal(pse_binding_verify(g, &back, pse_buf_span(&out), proof), PSE_OK);
    assert_true(pse_span_is_str(back.subject, "PNOEE-38001085718"));
    for (size_t i = 0; i < out.n; i++) {
        out.p[i] ^= 1;
        assert_int_not_equal(pse_binding_verify(g, &back, pse_buf_span(&out), proof), PSE_OK);
        out.p[i] ^= 1;
    }
    for (size_t i = 0; i < PSE_POK_SIZE; i++) {
        proof[i] ^= 1;
        assert_int_not_equal(pse_binding_verify(g, &back, pse_buf_span(&out), proof), PSE_OK);
        proof[i] ^= 1;
    }
    for (size_t n = 0; n < out.n; n++)
        assert_int_not_equal(pse_binding_parse(&back, pse_span(out.p, n)), PSE_OK);
    pse_secret_random(&other, &rng); /* somebody else's credential */
    assert_int_equal(pse_binding_prove(g, proof, pse_buf_span(&out), &other, &rng), PSE_OK);
    assert_int_equal(pse_binding_verify(g, &back, pse_buf_span(&out), proof), PSE_E_PROOF);
    pse_buf_free(&out);
}

static void empty_and_long_fields_are_refused(void **state)
{
    struct pse_buf out = PSE_BUF(PSE_BINDING_MAX);
    static const uint8_t many[PSE_BINDING_PURPOSE_MAX + 1] = {0};
    struct pse_binding b = example();

    (void)state;
    b.subject = pse_span(NULL, 0);
    assert_int_equal(pse_binding_write(&out, &b), PSE_E_RANGE);
    b = example();
    b.subject = pse_span("\xFF", 1);
    assert_int_equal(pse_binding_write(&out, &b), PSE_E_RANGE);
    b = example();
    b.language = pse_span_str("e n");
    assert_int_equal(pse_binding_write(&out, &b), PSE_E_RANGE);
    b = example();
    b.purpose = pse_span(many, sizeof many);
    assert_int_equal(pse_binding_write(&out, &b), PSE_E_RANGE);
    assert_int_equal(out.n, 0);
    pse_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_proof_binds_every_byte),
        cmocka_unit_test(empty_and_long_fields_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
