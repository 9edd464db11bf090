/* Keys of an identity service, and which of them a token is judged by. */
#include "oidc_bench.h"

static enum pse_oidc_fault judge_keys(const char *header, EVP_PKEY *signer, EVP_PKEY *a,
                                      const char *more_a, EVP_PKEY *b, const char *more_b)
{
    struct pse_oidc_keys *set = oidc_keys(a, more_a, b, more_b);
    enum pse_oidc_fault fault = judge_header(header, signer, set);

    pse_oidc_keys_free(set);
    return fault;
}

static const char one[] = ",\"kid\":\"one\"", next[] = ",\"kid\":\"next\"";
static const char nameless[] = "{\"alg\":\"RS256\"}";

static void a_key_is_found_by_its_name(void **state)
{
    (void)state;
    assert_fault(judge_keys(rs256, rsa, other, next, rsa, one), PSE_OIDC_GOOD);
    assert_fault(judge_keys(rs256, rsa, rsa, next, other, one), PSE_OIDC_SIGNATURE);
    assert_fault(judge_keys(rs256, rsa, rsa, next, NULL, NULL), PSE_OIDC_KEY_UNKNOWN);
    assert_fault(judge_keys(rs256, rsa, rsa, "", NULL, NULL), PSE_OIDC_KEY_UNKNOWN);
    assert_fault(judge_keys(rs256, rsa, rsa, ",\"kid\":\"One\"", NULL, NULL), PSE_OIDC_KEY_UNKNOWN);
    assert_fault(judge_keys(rs256, rsa, rsa, ",\"kid\":\"one \"", NULL, NULL),
                 PSE_OIDC_KEY_UNKNOWN);
    assert_fault(judge_keys("{\"alg\":\"RS256\",\"kid\":\"\"}", rsa, rsa, "", other, next),
                 PSE_OIDC_KEY_UNKNOWN);
    assert_fault(
        judge_keys("{\"alg\":\"RS256\",\"kid\":\"\"}", rsa, rsa, ",\"kid\":\"\"", other, next),
        PSE_OIDC_GOOD);
}

/* One that would do is taken; of two, none: the first that fits would be a guess. */
static void a_token_without_a_name(void **state)
{
    (void)state;
    assert_fault(judge_keys(nameless, rsa, rsa, one, NULL, NULL), PSE_OIDC_GOOD);
    assert_fault(judge_keys(nameless, rsa, rsa, "", NULL, NULL), PSE_OIDC_GOOD);
    assert_fault(judge_keys(nameless, rsa, rsa, one, other, next), PSE_OIDC_KEY_AMBIGUOUS);
    assert_fault(judge_keys(nameless, rsa, rsa, "", other, ""), PSE_OIDC_KEY_AMBIGUOUS);
    assert_fault(judge_keys(nameless, rsa, rsa, one, p256, next), PSE_OIDC_GOOD);
    assert_fault(judge_keys(nameless, rsa, rsa, one, other, ",\"use\":\"enc\""), PSE_OIDC_GOOD);
    assert_fault(judge_keys(nameless, rsa, rsa, one, other, ",\"alg\":\"RS512\""), PSE_OIDC_GOOD);
    assert_fault(judge_keys(nameless, rsa, p256, one, NULL, NULL), PSE_OIDC_KEY_UNKNOWN);
}

static void keys_are_for_one_purpose(void **state)
{
    static const struct {
        const char *more;
        enum pse_oidc_fault fault;
    } row[] = {
        {",\"kid\":\"one\"", PSE_OIDC_GOOD},
        {",\"kid\":\"one\",\"use\":\"sig\"", PSE_OIDC_GOOD},
        {",\"kid\":\"one\",\"alg\":\"RS256\"", PSE_OIDC_GOOD},
        {",\"kid\":\"one\",\"key_ops\":[\"verify\"]", PSE_OIDC_GOOD},
        {",\"kid\":\"one\",\"x5c\":[\"AAAA\"],\"x5t\":\"x\"", PSE_OIDC_GOOD},
        {",\"kid\":\"one\",\"use\":\"enc\"", PSE_OIDC_KEY_UNFIT},
        {",\"kid\":\"one\",\"use\":null", PSE_OIDC_KEY_UNFIT},
        {",\"kid\":\"one\",\"alg\":\"RS512\"", PSE_OIDC_KEY_UNFIT},
        {",\"kid\":\"one\",\"alg\":\"PS256\"", PSE_OIDC_KEY_UNFIT},
        {",\"kid\":\"one\",\"alg\":\"HS256\"", PSE_OIDC_KEY_UNFIT},
        {",\"kid\":\"one\",\"key_ops\":[\"encrypt\"]", PSE_OIDC_KEY_UNFIT},
        {",\"kid\":\"one\",\"key_ops\":[]", PSE_OIDC_KEY_UNFIT},
        {",\"kid\":\"one\",\"key_ops\":\"verify\"", PSE_OIDC_KEY_UNFIT},
        {",\"kid\":\"one\",\"d\":\"AQAB\"", PSE_OIDC_KEY_UNFIT}, /* the private half is out */
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        assert_fault(judge_keys(rs256, rsa, rsa, row[i].more, NULL, NULL), row[i].fault);
}

static void keys_fit_their_algorithm(void **state)
{
    EVP_PKEY *weak = EVP_RSA_gen(2047), *p384 = EVP_EC_gen("P-384");

    (void)state;
    assert_fault(judge_keys(rs256, p256, p256, one, NULL, NULL), PSE_OIDC_KEY_UNFIT);
    assert_fault(judge_keys("{\"alg\":\"ES256\",\"kid\":\"one\"}", rsa, rsa, one, NULL, NULL),
                 PSE_OIDC_KEY_UNFIT);
    assert_fault(judge_keys("{\"alg\":\"ES256\",\"kid\":\"one\"}", p384, p384, one, NULL, NULL),
                 PSE_OIDC_KEY_UNFIT);
    assert_fault(judge_keys("{\"alg\":\"ES256\",\"kid\":\"one\"}", p256, p256, one, NULL, NULL),
                 PSE_OIDC_GOOD);
    assert_fault(judge_keys(rs256, weak, weak, one, NULL, NULL), PSE_OIDC_KEY_WEAK);
    /* Two kinds of one name are alternatives. */
    assert_fault(judge_keys(rs256, rsa, p256, one, rsa, one), PSE_OIDC_GOOD);
    assert_fault(judge_keys("{\"alg\":\"ES256\",\"kid\":\"one\"}", p256, p256, one, rsa, one),
                 PSE_OIDC_GOOD);
    EVP_PKEY_free(weak);
    EVP_PKEY_free(p384);
}

static enum pse_oidc_fault open_keys(const char *text)
{
    struct pse_oidc_answer answer = oidc_answer(text);
    struct pse_oidc_keys *set;
    enum pse_oidc_fault fault = pse_oidc_keys_open(&set, &answer);

    assert_true((set != NULL) == (fault == PSE_OIDC_GOOD));
    pse_oidc_keys_free(set);
    return fault;
}

static void sets_that_are_read(void **state)
{
    struct pse_oidc_keys *set;

    (void)state;
    assert_fault(open_keys("{\"keys\":[]}"), PSE_OIDC_GOOD);
    assert_fault(open_keys("{\"keys\":[],\"more\":-1.5}"), PSE_OIDC_GOOD);
    set = oidc_keys_of("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"},"
                       "{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"one\"},{\"kty\":\"RSA\"},"
                       "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}");
    assert_int_equal(pse_oidc_keys_count(set), 4);
    assert_fault(judge_header(rs256, rsa, set), PSE_OIDC_KEY_UNFIT);
    pse_oidc_keys_free(set);
    pse_oidc_keys_free(NULL);
}

static void sets_that_are_not(void **state)
{
    static const char *const text[] = {
        "",
        "[]",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":null}",
        "{\"keys\":[1]}",
        "{\"keys\":[{}]}",
        "{\"keys\":[{\"kty\":1}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"kid\":1}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"kty\":\"RSA\"}]}",
        "{\"keys\":[],\"keys\":[]}",
        "{\"keys\":[]",
        "{\"keys\":[]}x",
    };
    static const char *const twice[] = {
        "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\"},{\"kty\":\"RSA\",\"kid\":\"a\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"use\":\"enc\"},"
        "{\"kty\":\"RSA\",\"kid\":\"\\u0061\",\"use\":\"sig\"}]}",
    };
    char many[8192] = "{\"keys\":[{\"kty\":\"oct\"}";

    (void)state;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        assert_fault(open_keys(text[i]), PSE_OIDC_KEYS_PARSE);
    for (size_t i = 0; i < sizeof twice / sizeof *twice; i++)
        assert_fault(open_keys(twice[i]), PSE_OIDC_KEYS_DUPLICATE);
    assert_fault(
        open_keys("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\"},{\"kty\":\"RSA\",\"kid\":\"b\"},"
                  "{\"kty\":\"RSA\"},{\"kty\":\"RSA\"}]}"),
        PSE_OIDC_GOOD);
    for (size_t i = 1; i < 64; i++)
        strcat(many, ",{\"kty\":\"oct\"}");
    strcat(many, "]}");
    assert_fault(open_keys(many), PSE_OIDC_GOOD);
    many[strlen(many) - 2] = '\0';
    strcat(many, ",{\"kty\":\"oct\"}]}");
    assert_fault(open_keys(many), PSE_OIDC_KEYS_PARSE);
}

/* Numbers that make no key, or one that signs by itself. */
static void keys_that_are_none(void **state)
{
    static const char *const exponent[] = {"AQ",    "AA",  "Ag", "",
                                           "AQAB=", "AQA", "_",  "AQAB\",\"f\":\""};
    char jwk[1024], text[2048], *e;

    (void)state;
    oidc_jwk(jwk, rsa, one);
    e = strstr(jwk, "\"e\":\"AQAB\"");
    assert_non_null(e);
    for (size_t i = 0; i < sizeof exponent / sizeof *exponent; i++) {
        struct pse_oidc_keys *set;

        snprintf(text, sizeof text, "{\"keys\":[%.*s\"e\":\"%s\"%s]}", (int)(e - jwk), jwk,
                 exponent[i], e + 10);
        set = oidc_keys_of(text);
        assert_fault(judge_header(rs256, rsa, set), i == sizeof exponent / sizeof *exponent - 1
                                                        ? PSE_OIDC_GOOD
                                                        : PSE_OIDC_KEY_UNFIT);
        pse_oidc_keys_free(set);
    }
}

static enum pse_oidc_fault judge_point(const char *x, const char *y)
{
    char text[1024];
    struct pse_oidc_keys *set;
    enum pse_oidc_fault fault;

    snprintf(
        text, sizeof text,
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"two\",\"x\":\"%s\",\"y\":\"%s\"}]}",
        x, y);
    set = oidc_keys_of(text);
    fault = judge_header(es256, p256, set);
    pse_oidc_keys_free(set);
    return fault;
}

static void put64(char out[64], const uint8_t *in, size_t n)
{
    out[0] = '\0';
    oidc_add64(out, in, n);
}

/* Off the curve; coordinates too long, too short, and parted at another place. */
static void points_that_are_none(void **state)
{
    uint8_t point[65];
    char x[64], y[64];
    size_t n;

    (void)state;
    assert_int_equal(
        EVP_PKEY_get_octet_string_param(p256, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n), 1);
    assert_int_equal(n, 65);
    put64(x, point + 1, 32);
    put64(y, point + 33, 32);
    assert_fault(judge_point(x, y), PSE_OIDC_GOOD);
    assert_fault(judge_point(y, x), PSE_OIDC_KEY_UNFIT);
    assert_fault(judge_point(x, ""), PSE_OIDC_KEY_UNFIT);
    put64(x, point + 1, 33);
    assert_fault(judge_point(x, y), PSE_OIDC_KEY_UNFIT);
    put64(y, point + 34, 31);
    assert_fault(judge_point(x, y), PSE_OIDC_KEY_UNFIT);
    put64(x, point + 1, 32);
    assert_fault(judge_point(x, y), PSE_OIDC_KEY_UNFIT);
    point[10] ^= 1;
    put64(x, point + 1, 32);
    put64(y, point + 33, 32);
    assert_fault(judge_point(x, y), PSE_OIDC_KEY_UNFIT);
}

/* A key that the service has changed to: unknown, fetched once, good. */
static void a_rotated_key_is_good_after_a_refresh(void **state)
{
    static const char header[] = "{\"alg\":\"RS256\",\"kid\":\"next\"}";
    struct pse_oidc_keys *before = oidc_keys(rsa, one, NULL, NULL);
    struct pse_oidc_keys *after = oidc_keys(rsa, one, other, next);
    int64_t last = OIDC_NOW;

    (void)state;
    assert_fault(judge_header(header, other, before), PSE_OIDC_KEY_UNKNOWN);
    assert_false(pse_oidc_refresh_is_due(last, OIDC_NOW + 59));
    assert_true(pse_oidc_refresh_is_due(last, OIDC_NOW + 60));
    assert_fault(judge_header(header, other, after), PSE_OIDC_GOOD);
    assert_fault(judge_header(header, rsa, after), PSE_OIDC_SIGNATURE);
    pse_oidc_keys_free(before);
    pse_oidc_keys_free(after);
    assert_true(pse_oidc_refresh_is_due(INT64_MIN, OIDC_NOW)); /* never yet */
    assert_true(pse_oidc_refresh_is_due(OIDC_NOW + 1, OIDC_NOW));
    assert_false(pse_oidc_keys_are_old(OIDC_NOW, OIDC_NOW));
    assert_false(pse_oidc_keys_are_old(OIDC_NOW, OIDC_NOW + 3599));
    assert_true(pse_oidc_keys_are_old(OIDC_NOW, OIDC_NOW + 3600));
    assert_true(pse_oidc_keys_are_old(OIDC_NOW + 1, OIDC_NOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_found_by_its_name),
        cmocka_unit_test(a_token_without_a_name),
        cmocka_unit_test(keys_are_for_one_purpose),
        cmocka_unit_test(keys_fit_their_algorithm),
        cmocka_unit_test(sets_that_are_read),
        cmocka_unit_test(sets_that_are_not),
        cmocka_unit_test(keys_that_are_none),
        cmocka_unit_test(points_that_are_none),
        cmocka_unit_test(a_rotated_key_is_good_after_a_refresh),
    };

    return cmocka_run_group_tests(tests, bench_set_up, bench_tear_down);
}
