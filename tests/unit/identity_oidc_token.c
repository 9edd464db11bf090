/* ID tokens, their headers and signatures: each rule accepted once and refused with one field
 * changed.
 */
#include "oidc_bench.h"

/* --- form ---------------------------------------------------------------------------------------
 */

static void a_token_says_who(void **state)
{
    (void)state;
    assert_fault(judge_header(rs256, rsa, keys), PSE_OIDC_GOOD);
    assert_string_equal(who.subject, "PNOEE-38001085718");
    assert_string_equal(who.given_name, "JAAK-KRISTJAN");
    assert_string_equal(who.family_name, "JÕEORG");
    assert_string_equal(who.level, "high");
    assert_string_equal(who.method, "idcard");
    assert_int_equal(who.issued, OIDC_NOW);
    assert_int_equal(who.expiry, OIDC_NOW + 300);
    assert_fault(judge_header(es256, p256, keys), PSE_OIDC_GOOD);
    assert_string_equal(who.subject, "PNOEE-38001085718");
}

static void forms_that_are_not(void **state)
{
    static const char *const header[] = {
        "",
        "[]",
        "\"RS256\"",
        "{}",
        "{\"alg\":\"RS256\",\"kid\":\"one\"",
        "{\"alg\":\"RS256\",\"kid\":\"one\"}x",
        "{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"one\"}",
        "{\"alg\":\"RS256\",\"kid\":\"one\",\"\\u006bid\":\"two\"}",
        "{\"alg\":256,\"kid\":\"one\"}",
        "{\"alg\":[\"RS256\"],\"kid\":\"one\"}",
        "{\"alg\":null,\"kid\":\"one\"}",
        "{\"alg\":\"RS256\",\"kid\":1}",
        "{\"alg\":\"RS256\",\"kid\":null}",
        "{\"alg\":\"RS256\\u0000\",\"kid\":\"one\"}",
        "{\"kid\":\"one\",\"typ\":\"JWT\"}",
    };
    static const char *const text[] = {"", ".", "..", "...", "a", "a.b", "e30.e30", "e30.e30."};

    (void)state;
    for (size_t i = 0; i < sizeof header / sizeof *header; i++)
        assert_fault(judge_header(header[i], rsa, keys), PSE_OIDC_ID_PARSE);
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        assert_fault(judge(text[i], keys), PSE_OIDC_ID_PARSE);
}

/* The last character of each part has bits to spare: those must be zero. */
static void base64url_has_one_form(void **state)
{
    char spoilt[OIDC_TEXT];
    size_t n;

    (void)state;
    assert_fault(judge_header(rs256, rsa, keys), PSE_OIDC_GOOD);
    n = strlen(token);
    strcpy(spoilt, token);
    assert_true(spoilt[n - 1] == 'A' || spoilt[n - 1] == 'Q' || spoilt[n - 1] == 'g' ||
                spoilt[n - 1] == 'w'); /* 256 bytes leave four bits */
    spoilt[n - 1]++;
    assert_fault(judge(spoilt, keys), PSE_OIDC_ID_PARSE);
    strcpy(spoilt, token);
    strcat(spoilt, "==");
    assert_fault(judge(spoilt, keys), PSE_OIDC_ID_PARSE);
    strcpy(spoilt, token);
    strcat(spoilt, "\n");
    assert_fault(judge(spoilt, keys), PSE_OIDC_ID_PARSE);
    strcpy(spoilt, " ");
    strcat(spoilt, token);
    assert_fault(judge(spoilt, keys), PSE_OIDC_ID_PARSE);
    strcpy(spoilt, token);
    strcat(spoilt, ".e30"); /* a fourth part */
    assert_fault(judge(spoilt, keys), PSE_OIDC_ID_PARSE);
    strcpy(spoilt, token);
    strcat(spoilt, ".e30.e30"); /* five, as when encrypted */
    assert_fault(judge(spoilt, keys), PSE_OIDC_ID_PARSE);
    strcpy(spoilt, token);
    *strrchr(spoilt, '.') = '\0'; /* no signature at all */
    assert_fault(judge(spoilt, keys), PSE_OIDC_ID_PARSE);
    assert_fault(judge(token, keys), PSE_OIDC_GOOD);
}

static void a_token_has_a_greatest_length(void **state)
{
    struct claims_plan c = oidc_claims();
    char *more = calloc(1, OIDC_TEXT);
    size_t n;

    (void)state;
    c.more = more;
    strcpy(more, ",\"x\":\"");
    memset(more + 6, 'x', 48000);
    strcpy(more + 48006, "\"");
    assert_fault(judge_plan(rs256, &c, rsa, keys), PSE_OIDC_GOOD);
    n = strlen(token);
    assert_true(n < PSE_OIDC_ANSWER_MAX);
    memset(more + 6, 'x', 48000 + PSE_OIDC_ANSWER_MAX - n);
    strcpy(more + 6 + 48000 + PSE_OIDC_ANSWER_MAX - n, "\"");
    assert_fault(judge_plan(rs256, &c, rsa, keys), PSE_OIDC_ID_PARSE);
    free(more);
}

/* --- header -------------------------------------------------------------------------------------
 */

static void algorithms(void **state)
{
    static const struct {
        const char *alg;
        enum pse_oidc_fault fault;
    } row[] = {
        {"RS256", PSE_OIDC_GOOD},
        {"none", PSE_OIDC_ALGORITHM_NONE},
        {"None", PSE_OIDC_ALGORITHM_NONE},
        {"nOnE", PSE_OIDC_ALGORITHM_NONE},
        {"NONE", PSE_OIDC_ALGORITHM_NONE},
        {"HS256", PSE_OIDC_ALGORITHM_SYMMETRIC},
        {"HS384", PSE_OIDC_ALGORITHM_SYMMETRIC},
        {"HS512", PSE_OIDC_ALGORITHM_SYMMETRIC},
        {"RS384", PSE_OIDC_ALGORITHM},
        {"RS512", PSE_OIDC_ALGORITHM},
        {"PS256", PSE_OIDC_ALGORITHM},
        {"ES384", PSE_OIDC_ALGORITHM},
        {"ES512", PSE_OIDC_ALGORITHM},
        {"ES256K", PSE_OIDC_ALGORITHM},
        {"EdDSA", PSE_OIDC_ALGORITHM},
        {"RS1", PSE_OIDC_ALGORITHM},
        {"rs256", PSE_OIDC_ALGORITHM},
        {"RS256 ", PSE_OIDC_ALGORITHM},
        {"RSA-OAEP", PSE_OIDC_ALGORITHM},
        {"dir", PSE_OIDC_ALGORITHM},
        {"", PSE_OIDC_ALGORITHM},
    };
    char header[128];

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"one\"}", row[i].alg);
        assert_fault(judge_header(header, rsa, keys), row[i].fault);
    }
}

/* No signature, in the three ways it is written. */
static void unsigned_tokens(void **state)
{
    struct claims_plan c = oidc_claims();

    (void)state;
    oidc_payload(payload, &c);
    token[0] = '\0';
    oidc_add64(token, "{\"alg\":\"none\"}", 14);
    strcat(token, ".");
    oidc_add64(token, payload, strlen(payload));
    strcat(token, ".");
    assert_fault(judge(token, keys), PSE_OIDC_ALGORITHM_NONE);
    token[0] = '\0';
    oidc_add64(token, rs256, strlen(rs256));
    strcat(token, ".");
    oidc_add64(token, payload, strlen(payload));
    strcat(token, ".");
    assert_fault(judge(token, keys), PSE_OIDC_SIGNATURE);
    strcat(token, "AA");
    assert_fault(judge(token, keys), PSE_OIDC_SIGNATURE);
}

/* The classic: the public key, which everybody knows, taken as the secret of an HMAC; in PEM, and
 * as its modulus. */
static void a_public_key_is_no_secret(void **state)
{
    static const char *const header[] = {"{\"alg\":\"HS256\",\"kid\":\"one\",\"typ\":\"JWT\"}",
                                         "{\"alg\":\"RS256\",\"kid\":\"one\",\"typ\":\"JWT\"}"};
    static const enum pse_oidc_fault fault[] = {PSE_OIDC_ALGORITHM_SYMMETRIC, PSE_OIDC_SIGNATURE};
    struct claims_plan c = oidc_claims();
    BIO *pem = BIO_new(BIO_s_mem());
    uint8_t tag[32];
    unsigned tag_n = 32;
    char *secret;
    long secret_n;

    (void)state;
    assert_int_equal(PEM_write_bio_PUBKEY(pem, rsa), 1);
    secret_n = BIO_get_mem_data(pem, &secret);
    oidc_payload(payload, &c);
    for (size_t i = 0; i < 2; i++) {
        token[0] = '\0';
        oidc_add64(token, header[i], strlen(header[i]));
        strcat(token, ".");
        oidc_add64(token, payload, strlen(payload));
        assert_non_null(HMAC(EVP_sha256(), secret, (int)secret_n, (const unsigned char *)token,
                             strlen(token), tag, &tag_n));
        strcat(token, ".");
        oidc_add64(token, tag, tag_n);
        assert_fault(judge(token, keys), fault[i]);
    }
    BIO_free(pem);
}

static void only_the_configured_algorithms(void **state)
{
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_expected e = oidc_expected();

    (void)state;
    r.with_rs256 = false;
    assert_fault(judge_header(rs256, rsa, keys), PSE_OIDC_GOOD);
    assert_fault(oidc_judge(&who, token, keys, &r, &e), PSE_OIDC_ALGORITHM);
    r.with_rs256 = true;
    r.with_es256 = false;
    assert_fault(oidc_judge(&who, token, keys, &r, &e), PSE_OIDC_GOOD);
    assert_fault(judge_header(es256, p256, keys), PSE_OIDC_GOOD);
    assert_fault(oidc_judge(&who, token, keys, &r, &e), PSE_OIDC_ALGORITHM);
}

static void headers(void **state)
{
    static const struct {
        const char *more;
        enum pse_oidc_fault fault;
    } row[] = {
        {"", PSE_OIDC_GOOD},
        {",\"typ\":\"jwt\"", PSE_OIDC_GOOD},
        {",\"x5t\":\"abc\",\"x5t#S256\":\"abc\",\"custom\":{\"a\":[1]}", PSE_OIDC_GOOD},
        {",\"crit\":[\"exp\"],\"exp\":1", PSE_OIDC_CRITICAL},
        {",\"crit\":[\"b64\"],\"b64\":false", PSE_OIDC_CRITICAL},
        {",\"crit\":[]", PSE_OIDC_CRITICAL},
        {",\"crit\":null", PSE_OIDC_CRITICAL},
        {",\"b64\":false", PSE_OIDC_CRITICAL},
        {",\"b64\":true", PSE_OIDC_CRITICAL},
        {",\"jwk\":{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", PSE_OIDC_HEADER_KEY},
        {",\"jku\":\"https://id.example.org/keys\"", PSE_OIDC_HEADER_KEY},
        {",\"x5c\":[\"AAAA\"]", PSE_OIDC_HEADER_KEY},
        {",\"x5u\":\"https://id.example.org/cert\"", PSE_OIDC_HEADER_KEY},
        {",\"typ\":\"at+jwt\"", PSE_OIDC_TYPE},
        {",\"typ\":\"logout+jwt\"", PSE_OIDC_TYPE},
        {",\"typ\":\"\"", PSE_OIDC_TYPE},
        {",\"typ\":null", PSE_OIDC_TYPE},
        {",\"typ\":7", PSE_OIDC_TYPE},
        {",\"cty\":\"JWT\"", PSE_OIDC_TYPE},
        {",\"enc\":\"A128GCM\"", PSE_OIDC_TYPE},
        {",\"zip\":\"DEF\"", PSE_OIDC_TYPE},
    };
    char header[256];

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        snprintf(header, sizeof header, "{\"alg\":\"RS256\",\"kid\":\"one\"%s}", row[i].more);
        assert_fault(judge_header(header, rsa, keys), row[i].fault);
    }
}

/* A token that brings the key it was signed with. */
static void a_key_in_the_header_is_not_believed(void **state)
{
    char header[2048], jwk[1024];

    (void)state;
    oidc_jwk(jwk, other, "");
    snprintf(header, sizeof header, "{\"alg\":\"RS256\",\"kid\":\"one\",\"jwk\":%s}", jwk);
    assert_fault(judge_header(header, other, keys), PSE_OIDC_HEADER_KEY);
}

/* --- signature ----------------------------------------------------------------------------------
 */

static enum pse_oidc_fault judge_signed(const char *header, EVP_PKEY *key, const char *hash,
                                        enum oidc_signing how)
{
    struct claims_plan c = oidc_claims();
    uint8_t signature[4096];
    size_t n;

    oidc_payload(payload, &c);
    token[0] = '\0';
    oidc_add64(token, header, strlen(header));
    strcat(token, ".");
    oidc_add64(token, payload, strlen(payload));
    n = oidc_sign(signature, key, hash, how, token);
    strcat(token, ".");
    oidc_add64(token, signature, n);
    return judge(token, keys);
}

static void signatures_have_one_form(void **state)
{
    (void)state;
    assert_fault(judge_signed(rs256, rsa, "SHA256", OIDC_PKCS1), PSE_OIDC_GOOD);
    assert_fault(judge_signed(rs256, rsa, "SHA384", OIDC_PKCS1), PSE_OIDC_SIGNATURE);
    assert_fault(judge_signed(rs256, rsa, "SHA256", OIDC_PSS), PSE_OIDC_SIGNATURE);
    assert_fault(judge_signed(rs256, other, "SHA256", OIDC_PKCS1), PSE_OIDC_SIGNATURE);
    assert_fault(judge_signed(es256, p256, "SHA256", OIDC_RAW), PSE_OIDC_GOOD);
    assert_fault(judge_signed(es256, p256, "SHA384", OIDC_RAW), PSE_OIDC_SIGNATURE);
    assert_fault(judge_signed(es256, p256, "SHA256", OIDC_DER), PSE_OIDC_SIGNATURE);
}

/* r and s have each their 32 bytes, none is zero, and they are below the order. */
static void raw_signatures_have_one_form(void **state)
{
    uint8_t raw[66] = {0}, signature[4096];
    char *end;
    size_t n;

    (void)state;
    assert_fault(judge_header(es256, p256, keys), PSE_OIDC_GOOD);
    end = strrchr(token, '.');
    *end = '\0';
    n = oidc_sign(signature, p256, "SHA256", OIDC_RAW, token);
    assert_int_equal(n, 64);
#define SIGNED(bytes, length, wanted)             \
    do {                                          \
        strcpy(end, ".");                         \
        oidc_add64(token, bytes, length);         \
        assert_fault(judge(token, keys), wanted); \
    } while (0)
    SIGNED(signature, 64, PSE_OIDC_GOOD);
    SIGNED(signature, 63, PSE_OIDC_SIGNATURE);
    SIGNED(signature, 62, PSE_OIDC_SIGNATURE);
    memcpy(raw + 1, signature, 32);
    memcpy(raw + 34, signature + 32, 32);
    SIGNED(raw, 66, PSE_OIDC_SIGNATURE);
    memset(raw, 0, 32);
    memcpy(raw + 32, signature + 32, 32);
    SIGNED(raw, 64, PSE_OIDC_SIGNATURE);
    memcpy(raw, signature, 32);
    memset(raw + 32, 0, 32);
    SIGNED(raw, 64, PSE_OIDC_SIGNATURE);
    memset(raw, 0xff, 64);
    SIGNED(raw, 64, PSE_OIDC_SIGNATURE);
#undef SIGNED
}

/* Any character of the token changed to another of the alphabet is refused, wherever it stands. */
static void no_character_can_be_changed(void **state)
{
    struct pse_oidc_keys *set = oidc_keys(p256, ",\"kid\":\"two\"", NULL, NULL);
    char spoilt[OIDC_TEXT];
    size_t n;

    (void)state;
    assert_fault(judge_header(es256, p256, set), PSE_OIDC_GOOD);
    n = strlen(token);
    strcpy(spoilt, token);
    for (size_t i = 0; i < n; i++) {
        spoilt[i] = token[i] == 'A' ? 'B' : 'A';
        assert_true(judge(spoilt, set) != PSE_OIDC_GOOD);
        spoilt[i] = '\0';
        assert_true(judge(spoilt, set) != PSE_OIDC_GOOD);
        spoilt[i] = token[i];
    }
    pse_oidc_keys_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_says_who),
        cmocka_unit_test(forms_that_are_not),
        cmocka_unit_test(base64url_has_one_form),
        cmocka_unit_test(a_token_has_a_greatest_length),
        cmocka_unit_test(algorithms),
        cmocka_unit_test(unsigned_tokens),
        cmocka_unit_test(a_public_key_is_no_secret),
        cmocka_unit_test(only_the_configured_algorithms),
        cmocka_unit_test(headers),
        cmocka_unit_test(a_key_in_the_header_is_not_believed),
        cmocka_unit_test(signatures_have_one_form),
        cmocka_unit_test(raw_signatures_have_one_form),
        cmocka_unit_test(no_character_can_be_changed),
    };

    return cmocka_run_group_tests(tests, bench_set_up, bench_tear_down);
}
