/* Questions to stamp services, and sets of anchors. */
#include "codec/codec.h"
#include "stamp_maker.h"

static EVP_PKEY *key;
static X509 *ca, *other;
static struct pse_stamp_ask ask;

static int set_up(void **state)
{
    struct maker_certificate root = {.name = "Root of Test",
                                     .from = MAKER_NOW - MAKER_DAY,
                                     .until = MAKER_NOW + MAKER_DAY,
                                     .is_ca = true};

    (void)state;
    root.key = key = EVP_EC_gen("P-256");
    ca = maker_certificate(&root);
    root.name = "Root of Others";
    other = maker_certificate(&root);
    pse_stamp_digest(&ask, PSE_STAMP_SHA256, pse_span_str("the closing checkpoint"));
    memset(ask.nonce, 0x5a, 16);
    ask.nonce_n = 16;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    X509_free(ca);
    X509_free(other);
    EVP_PKEY_free(key);
    return 0;
}

static void queries(void **state)
{
    struct pse_buf query = PSE_BUF(PSE_STAMP_QUERY_MAX);
    struct pse_stamp_ask back, wide = ask;

    (void)state;
    pse_stamp_digest(&wide, PSE_STAMP_SHA512, pse_span_str("x"));
    wide.policy = "1.2.3.4.1";
    assert_int_equal(pse_stamp_query_put(&query, &wide), PSE_OK);
    assert_int_equal(pse_stamp_query_parse(&back, pse_buf_span(&query)), PSE_OK);
    assert_int_equal(back.hash, PSE_STAMP_SHA512);
    assert_memory_equal(back.digest, wide.digest, 64);
    assert_int_equal(back.nonce_n, 16);
    assert_memory_equal(back.nonce, ask.nonce, 16);
    for (size_t n = 0; n < query.n; n++)
        assert_int_equal(pse_stamp_query_parse(&back, pse_span(query.p, n)), PSE_E_SYNTAX);
    pse_buf_put(&query, "", 1);
    assert_int_equal(pse_stamp_query_parse(&back, pse_buf_span(&query)), PSE_E_SYNTAX);
    query.n = 0;
    wide.policy = "not an oid";
    assert_int_equal(pse_stamp_query_put(&query, &wide), PSE_E_SYNTAX);
    assert_int_equal(query.n, 0);
    pse_buf_free(&query);
}

/* A question as OpenSSL writes it, with such a nonce: a decimal number. */
static pse_rc asked_with(const char *nonce, struct pse_stamp_ask *back)
{
    struct pse_buf query = PSE_BUF(PSE_STAMP_QUERY_MAX);
    const uint8_t *at;
    TS_REQ *req;
    BIGNUM *number = NULL;
    ASN1_INTEGER *integer;
    uint8_t *der = NULL;
    pse_rc rc;
    int n;

    assert_int_equal(pse_stamp_query_put(&query, &ask), PSE_OK);
    at = query.p;
    req = d2i_TS_REQ(NULL, &at, (long)query.n);
    assert_true(BN_dec2bn(&number, nonce) > 0);
    integer = BN_to_ASN1_INTEGER(number, NULL);
    assert_int_equal(TS_REQ_set_nonce(req, integer), 1);
    n = i2d_TS_REQ(req, &der);
    assert_true(n > 0);
    rc = pse_stamp_query_parse(back, pse_span(der, (size_t)n));
    OPENSSL_free(der);
    ASN1_INTEGER_free(integer);
    BN_free(number);
    TS_REQ_free(req);
    pse_buf_free(&query);
    return rc;
}

static void nonces_of_queries(void **state)
{
    struct pse_stamp_ask back;

    (void)state;
    assert_int_equal(asked_with("1", &back), PSE_OK);
    assert_int_equal(back.nonce_n, 1);
    /* 2^160 - 1, and one more */
    assert_int_equal(asked_with("1461501637330902918203684832716283019655932542975", &back),
                     PSE_OK);
    assert_int_equal(back.nonce_n, PSE_STAMP_NONCE_MAX);
    assert_int_equal(asked_with("1461501637330902918203684832716283019655932542976", &back),
                     PSE_E_RANGE);
    assert_int_equal(back.nonce_n, 0);
    assert_int_equal(asked_with("0", &back), PSE_E_RANGE);
    assert_int_equal(asked_with("-1", &back), PSE_E_RANGE);
}

static void anchors_refused(void **state)
{
    struct pse_buf pem = PSE_BUF(1 << 16);
    struct pse_anchors *a;

    (void)state;
    assert_int_equal(pse_anchors_new(&a), PSE_OK);
    assert_int_equal(pse_anchors_add(a, pse_span(NULL, 0)), PSE_E_SYNTAX);
    assert_int_equal(pse_anchors_add(a, pse_span_str("no certificate\n")), PSE_E_SYNTAX);
    maker_pem(&pem, ca);
    assert_int_equal(pse_anchors_add(a, pse_span(pem.p, pem.n / 2)), PSE_E_SYNTAX);
    pem.p[pem.n / 2] = '!';
    assert_int_equal(pse_anchors_add(a, pse_buf_span(&pem)), PSE_E_SYNTAX);
    assert_int_equal(pse_anchors_count(a), 0);
    pem.n = 0;
    maker_pem(&pem, ca);
    pse_wr_str(&pem, "some words between\n");
    maker_pem(&pem, other);
    assert_int_equal(pse_anchors_add(a, pse_buf_span(&pem)), PSE_OK);
    assert_int_equal(pse_anchors_count(a), 2);
    pse_anchors_free(a);
    pse_buf_free(&pem);
}

/* A set has room for so many, and takes so much text at a time. */
static void anchors_are_counted(void **state)
{
    struct pse_buf der = PSE_BUF(1 << 16), text = PSE_BUF(2 * PSE_ANCHORS_TEXT_MAX);
    struct pse_anchors *a;
    uint8_t *made = NULL;
    int n = i2d_X509(ca, &made);

    (void)state;
    assert_true(n > 0);
    pse_buf_put(&der, made, (size_t)n);
    OPENSSL_free(made);
    assert_int_equal(pse_anchors_new(&a), PSE_OK);
    for (unsigned i = 0; i < PSE_ANCHORS_MAX; i++)
        assert_int_equal(pse_anchors_add(a, pse_buf_span(&der)), PSE_OK);
    assert_int_equal(pse_anchors_add(a, pse_buf_span(&der)), PSE_E_LIMIT);
    assert_int_equal(pse_anchors_count(a), PSE_ANCHORS_MAX);
    pse_anchors_free(a);
    assert_int_equal(pse_anchors_new(&a), PSE_OK);
    maker_pem(&text, ca);
    while (text.n < PSE_ANCHORS_TEXT_MAX)
        pse_wr_u8(&text, '\n');
    assert_int_equal(pse_anchors_add(a, pse_buf_span(&text)), PSE_OK);
    pse_wr_u8(&text, '\n');
    assert_int_equal(pse_anchors_add(a, pse_buf_span(&text)), PSE_E_LIMIT);
    assert_int_equal(pse_anchors_count(a), 1);
    pse_anchors_free(a);
    pse_buf_free(&der);
    pse_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries),
        cmocka_unit_test(nonces_of_queries),
        cmocka_unit_test(anchors_refused),
        cmocka_unit_test(anchors_are_counted),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
