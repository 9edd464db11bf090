/* ID tokens, their headers, signatures and keys: each rule accepted once and refused with one field
 * changed. */
#include "oidc_maker.h"

static EVP_PKEY *rsa, *other, *weak, *p256, *p384;
static struct pse_oidc_keys *keys;
static char *token, *payload;

static int set_up(void **state)
{
    (void)state;
    rsa = EVP_RSA_gen(2048);
    other = EVP_RSA_gen(2048);
    weak = EVP_RSA_gen(2047);
    p256 = EVP_EC_gen("P-256");
    p384 = EVP_EC_gen("P-384");
    keys = oidc_keys(rsa, ",\"kid\":\"one\",\"use\":\"sig\",\"alg\":\"RS256\"", p256,
                     ",\"kid\":\"two\"");
    token = malloc(OIDC_TEXT);
    payload = malloc(OIDC_TEXT);
    return 0;
}

static int tear_down(void **state)
{
    EVP_PKEY *const key[] = {rsa, other, weak, p256, p384};

    (void)state;
    for (size_t i = 0; i < sizeof key / sizeof *key; i++)
        EVP_PKEY_free(key[i]);
    pse_oidc_keys_free(keys);
    free(token);
    free(payload);
    return 0;
}

static const char rs256[] = "{\"alg\":\"RS256\",\"kid\":\"one\",\"typ\":\"JWT\"}";
static const char es256[] = "{\"alg\":\"ES256\",\"kid\":\"two\"}";

static struct pse_oidc_person who;

/* By the usual rules. */
static enum pse_oidc_fault judge(const char *text, const struct pse_oidc_keys *by)
{
    struct pse_oidc_rules r = oidc_rules();
    struct pse_oidc_expected e = oidc_expected();

    return oidc_judge(&who, text, by, &r, &e);
}

static enum pse_oidc_fault judge_plan(const char *header, const struct claims_plan *c,
                                      EVP_PKEY *key, const struct pse_oidc_keys *by)
{
    oidc_payload(payload, c);
    oidc_token(token, header, payload, key);
    return judge(token, by);
}

static enum pse_oidc_fault judge_header(const char *header, EVP_PKEY *key,
                                        const struct pse_oidc_keys *by)
{
    struct claims_plan c = oidc_claims();

    return judge_plan(header, &c, key, by);
}

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

/* --- keys ---------------------------------------------------------------------------------------
 */

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

/* Off the curve, a coordinate too short, one too long. */
static void points_that_are_none(void **state)
{
    char jwk[1024], text[2048];
    struct pse_oidc_keys *set;
    char *x;

    (void)state;
    oidc_jwk(jwk, p256, ",\"kid\":\"two\"");
    x = strstr(jwk, "\"x\":\"") + 5;
    x[3] = x[3] == 'A' ? 'B' : 'A';
    snprintf(text, sizeof text, "{\"keys\":[%s]}", jwk);
    set = oidc_keys_of(text);
    assert_fault(judge_header(es256, p256, set), PSE_OIDC_KEY_UNFIT);
    pse_oidc_keys_free(set);
    oidc_jwk(jwk, p256, ",\"kid\":\"two\"");
    x = strstr(jwk, "\"x\":\"") + 5;
    snprintf(text, sizeof text, "{\"keys\":[%.*sAAAA%s]}", (int)(x - jwk), jwk, x);
    set = oidc_keys_of(text);
    assert_fault(judge_header(es256, p256, set), PSE_OIDC_KEY_UNFIT);
    pse_oidc_keys_free(set);
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
        cmocka_unit_test(a_key_is_found_by_its_name),
        cmocka_unit_test(a_token_without_a_name),
        cmocka_unit_test(keys_are_for_one_purpose),
        cmocka_unit_test(keys_fit_their_algorithm),
        cmocka_unit_test(sets_that_are_read),
        cmocka_unit_test(sets_that_are_not),
        cmocka_unit_test(keys_that_are_none),
        cmocka_unit_test(points_that_are_none),
        cmocka_unit_test(a_rotated_key_is_good_after_a_refresh),
        cmocka_unit_test(signatures_have_one_form),
        cmocka_unit_test(no_character_can_be_changed),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
