/* The demo authority's identity service: what sites may ask, codes that are good once, and ID
 * tokens; each refusal differs from what is accepted in one point. */
#include "test.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "identity/identity.h"

enum { NOW = 1800000000, CODES = 4 };

static const char issuer[] = "http://127.0.0.1:8420";
/* The verifier and its challenge are those of RFC 7636, appendix B. */
static const char query[] =
    "response_type=code&client_id=vote&redirect_uri=https%3A%2F%2Fvote.example%2Fback%3Fa%3Db&"
    "scope=openid&state=s+1&nonce=n%2B1&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&"
    "code_challenge_method=S256&acr_values=substantial+high&ui_locales=et";
static const char request[] =
    "grant_type=authorization_code&code=CODE&redirect_uri=https%3A%2F%2Fvote.example%2Fback%3Fa%3Db"
    "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&client_id=vote";

static struct pse_demo_site site[2] = {
    {.id = "vote", .redirect_uri = "https://vote.example/back?a=b"},
    {.id = "safe", .redirect_uri = "https://safe.example/back", .has_secret = true},
};
static struct pse_demo_codes *codes;
static struct pse_rng rng;

/* @p text with the first @p from as @p to. */
static char *changed(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    size_t room = strlen(text) + strlen(to) + 1;
    char *out = calloc(1, room);

    assert_true(at != NULL && out != NULL);
    (void)snprintf(out, room, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

static int setup(void **state)
{
    static const uint8_t seed[32] = {7};

    (void)state;
    pse_rng_init(&rng, seed);
    pse_sha256(&site[1].secret, pse_span_str("a secret: %+"));
    return pse_demo_codes_new(&codes, CODES) == PSE_OK ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    pse_demo_codes_free(codes);
    codes = NULL;
    return 0;
}

/* --- authorize ---------------------------------------------------------------------------------
 */

static char room[PSE_DEMO_FORM_MAX];

static enum pse_demo_oidc_fault asked(struct pse_demo_question *q, const char *text)
{
    return pse_demo_authorize_judge(q, room, pse_span_str(text), site, 2);
}

static void test_question(void **state)
{
    struct pse_demo_question q;

    (void)state;
    assert_int_equal(asked(&q, query), PSE_DEMO_OIDC_GOOD);
    assert_ptr_equal(q.site, &site[0]);
    assert_true(pse_span_is_str(q.state, "s 1"));
    assert_true(pse_span_is_str(q.nonce, "n+1"));
    assert_true(pse_span_is_str(q.levels, "substantial high"));
    assert_int_equal(q.person.n, 0);
}

static void test_questions_refused(void **state)
{
    static const struct {
        const char *from, *to;
        enum pse_demo_oidc_fault fault;
    } row[] = {
        {"state=s+1", "state=%", PSE_DEMO_OIDC_FORM},
        {"&scope=openid", "&scope=openid&scope=openid", PSE_DEMO_OIDC_FORM},
        {"client_id=vote", "client_id=vot", PSE_DEMO_OIDC_SITE},
        {"client_id=vote", "client_id=", PSE_DEMO_OIDC_SITE},
        {"client_id=vote&", "", PSE_DEMO_OIDC_SITE},
        {"%3Fa%3Db", "%3Fa%3Dc", PSE_DEMO_OIDC_REDIRECT},
        {"%3Fa%3Db", "%3Fa%3Db%2F", PSE_DEMO_OIDC_REDIRECT},
        {"vote.example", "VOTE.example", PSE_DEMO_OIDC_REDIRECT},
        {"client_id=vote", "client_id=safe", PSE_DEMO_OIDC_REDIRECT},
        {"response_type=code", "response_type=token", PSE_DEMO_OIDC_RESPONSE_TYPE},
        {"response_type=code", "response_type=code+id_token", PSE_DEMO_OIDC_RESPONSE_TYPE},
        {"scope=openid", "scope=email", PSE_DEMO_OIDC_SCOPE},
        {"scope=openid", "scope=openidd", PSE_DEMO_OIDC_SCOPE},
        {"method=S256", "method=plain", PSE_DEMO_OIDC_PKCE},
        {"&code_challenge_method=S256", "", PSE_DEMO_OIDC_PKCE},
        {"code_challenge=E9M", "code_challenge=E9", PSE_DEMO_OIDC_PKCE},
        {"&code_challenge=E9M", "&no=E9M", PSE_DEMO_OIDC_PKCE},
        {"ui_locales=et", "cancel=", PSE_DEMO_OIDC_DENIED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char *text = changed(query, row[i].from, row[i].to);
        struct pse_demo_question q;

        assert_string_equal(pse_demo_oidc_name(asked(&q, text)), pse_demo_oidc_name(row[i].fault));
        /* Only a registered address is ever answered to. */
        assert_true((q.site != NULL) == (row[i].fault >= PSE_DEMO_OIDC_RESPONSE_TYPE));
        free(text);
    }
}

static void test_long_question(void **state)
{
    struct pse_demo_question q;
    char *text = calloc(1, PSE_DEMO_FORM_MAX + 2);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', PSE_DEMO_FORM_MAX);
    memcpy(text, query, strlen(query));
    assert_int_equal(asked(&q, text), PSE_DEMO_OIDC_GOOD);
    text[PSE_DEMO_FORM_MAX] = 'a';
    assert_int_equal(asked(&q, text), PSE_DEMO_OIDC_FORM);
    free(text);
}

static void test_return(void **state)
{
    struct pse_buf out = PSE_BUF(2048);
    struct pse_demo_question q;
    char *denied = changed(query, "ui_locales=et", "cancel=1");

    (void)state;
    assert_int_equal(asked(&q, query), PSE_DEMO_OIDC_GOOD);
    assert_int_equal(pse_demo_return_put(&out, &q, issuer, "c-_", PSE_DEMO_OIDC_GOOD), PSE_OK);
    assert_string_equal((const char *)out.p,
                        "https://vote.example/back?a=b&code=c-_&state=s%201&iss=http%3A%2F%2F"
                        "127.0.0.1%3A8420");
    pse_buf_free(&out);
    assert_int_equal(asked(&q, denied), PSE_DEMO_OIDC_DENIED);
    assert_int_equal(pse_demo_return_put(&out, &q, issuer, NULL, PSE_DEMO_OIDC_DENIED), PSE_OK);
    assert_string_equal((const char *)out.p,
                        "https://vote.example/back?a=b&error=access_denied&state=s%201&iss=http%3A"
                        "%2F%2F127.0.0.1%3A8420");
    pse_buf_free(&out);
    free(denied);
}

/* --- codes -------------------------------------------------------------------------------------
 */

static char *issued(void)
{
    struct pse_demo_question q;
    char code[PSE_DEMO_SECRET_TEXT];

    assert_int_equal(asked(&q, query), PSE_DEMO_OIDC_GOOD);
    assert_int_equal(pse_demo_codes_issue(code, codes, &q, "PNOEE-49001010001", &rng, NOW), PSE_OK);
    return changed(request, "CODE", code);
}

static enum pse_demo_oidc_fault taken(struct pse_demo_grant *g, const char *form,
                                      const char *header, int64_t now)
{
    return pse_demo_codes_take(g, codes, pse_span_str(form), pse_span_str(header), site, 2, now);
}

static void test_code_is_good_once(void **state)
{
    char *form = issued();
    struct pse_demo_grant g;

    (void)state;
    assert_int_equal(taken(&g, form, "", NOW + PSE_DEMO_CODE_SECONDS), PSE_DEMO_OIDC_GOOD);
    assert_string_equal(g.person, "PNOEE-49001010001");
    assert_string_equal(g.nonce, "n+1");
    assert_string_equal(g.level, "substantial");
    assert_string_equal(g.site, "vote");
    assert_int_equal(taken(&g, form, "", NOW), PSE_DEMO_OIDC_CODE);
    assert_string_equal(g.person, "");
    free(form);
}

static void test_requests_refused(void **state)
{
    static const struct {
        const char *from, *to;
        enum pse_demo_oidc_fault fault;
        bool is_taken; /* a second, right request comes too late */
    } row[] = {
        {"grant_type=authorization_code", "grant_type=password", PSE_DEMO_OIDC_GRANT_TYPE, false},
        {"&client_id=vote", "&client_id=vote&code=x", PSE_DEMO_OIDC_FORM, false},
        {"client_id=vote", "client_id=nobody", PSE_DEMO_OIDC_SITE, false},
        {"&client_id=vote", "", PSE_DEMO_OIDC_SITE, false},
        {"client_id=vote", "client_id=safe", PSE_DEMO_OIDC_SECRET, false},
        {"client_id=vote", "client_id=vote&client_secret=x", PSE_DEMO_OIDC_SECRET, false},
        {"client_id=vote", "client_id=safe&client_secret=a+secret%3A+%25", PSE_DEMO_OIDC_SECRET,
         false},
        {"client_id=vote", "client_id=safe&client_secret=a+secret%3A+%25%2B",
         PSE_DEMO_OIDC_OTHER_SITE, true},
        {"&code=", "&code=x", PSE_DEMO_OIDC_CODE, false},
        {"%3Fa%3Db", "%3Fa%3Dc", PSE_DEMO_OIDC_OTHER_URI, true},
        {"%3Fa%3Db", "", PSE_DEMO_OIDC_OTHER_URI, true},
        {"code_verifier=d", "code_verifier=e", PSE_DEMO_OIDC_VERIFIER, true},
        {"code_verifier=d", "code_verifier=", PSE_DEMO_OIDC_VERIFIER, true},
        {"&code_verifier=", "&verifier=", PSE_DEMO_OIDC_VERIFIER, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char *form = issued();
        char *bad = changed(form, row[i].from, row[i].to);
        struct pse_demo_grant g;

        assert_string_equal(pse_demo_oidc_name(taken(&g, bad, "", NOW)),
                            pse_demo_oidc_name(row[i].fault));
        assert_string_equal(g.person, "");
        assert_int_equal(taken(&g, form, "", NOW),
                         row[i].is_taken ? PSE_DEMO_OIDC_CODE : PSE_DEMO_OIDC_GOOD);
        free(form);
        free(bad);
    }
}

static void test_codes_age(void **state)
{
    char *form = issued();
    struct pse_demo_grant g;

    (void)state;
    assert_int_equal(taken(&g, form, "", NOW + PSE_DEMO_CODE_SECONDS + 1), PSE_DEMO_OIDC_CODE);
    free(form);
    form = issued();
    assert_int_equal(taken(&g, form, "", NOW - 1), PSE_DEMO_OIDC_CODE);
    free(form);
}

static void test_room_of_codes(void **state)
{
    struct pse_demo_question q;
    char code[PSE_DEMO_SECRET_TEXT];

    (void)state;
    assert_int_equal(asked(&q, query), PSE_DEMO_OIDC_GOOD);
    for (size_t i = 0; i < CODES; i++)
        assert_int_equal(pse_demo_codes_issue(code, codes, &q, "PNOEE-1", &rng, NOW), PSE_OK);
    assert_int_equal(pse_demo_codes_issue(code, codes, &q, "PNOEE-1", &rng, NOW), PSE_E_LIMIT);
    assert_string_equal(code, "");
    assert_int_equal(
        pse_demo_codes_issue(code, codes, &q, "PNOEE-1", &rng, NOW + PSE_DEMO_CODE_SECONDS + 1),
        PSE_OK);
    assert_int_equal(strlen(code), PSE_DEMO_SECRET_TEXT - 1);
}

/* --- sites with a secret -----------------------------------------------------------------------
 */

static char *basic(const char *pair)
{
    struct pse_buf text = PSE_BUF(512);
    char *out = calloc(1, 512);

    assert_non_null(out);
    pse_base64_put(&text, pair, strlen(pair));
    (void)snprintf(out, 512, "Basic %.*s", (int)text.n, (const char *)text.p);
    pse_buf_free(&text);
    return out;
}

static enum pse_demo_oidc_fault safe(const char *header, const char *client)
{
    struct pse_demo_question q;
    struct pse_demo_grant g;
    enum pse_demo_oidc_fault fault;
    char code[PSE_DEMO_SECRET_TEXT];
    char *ask =
        changed(query, "client_id=vote&redirect_uri=https%3A%2F%2Fvote.example%2Fback%3Fa%3Db",
                "client_id=safe&redirect_uri=https%3A%2F%2Fsafe.example%2Fback");
    char *with_uri = changed(request, "vote.example%2Fback%3Fa%3Db", "safe.example%2Fback");
    char *with_client = changed(with_uri, "&client_id=vote", client);
    char *form;

    assert_int_equal(asked(&q, ask), PSE_DEMO_OIDC_GOOD);
    assert_int_equal(pse_demo_codes_issue(code, codes, &q, "PNOEE-1", &rng, NOW), PSE_OK);
    form = changed(with_client, "CODE", code);
    fault = taken(&g, form, header, NOW);
    /* so that there is room for the next */
    pse_demo_codes_free(codes);
    assert_int_equal(pse_demo_codes_new(&codes, CODES), PSE_OK);
    free(ask);
    free(with_uri);
    free(with_client);
    free(form);
    return fault;
}

static void test_secrets(void **state)
{
    static const struct {
        const char *pair, *client;
        enum pse_demo_oidc_fault fault;
    } row[] = {
        {"safe:a+secret%3A+%25%2B", "", PSE_DEMO_OIDC_GOOD},
        {"safe:a+secret%3A+%25%2B", "&client_id=safe", PSE_DEMO_OIDC_GOOD},
        {"safe:a+secret%3A+%25%2B", "&client_id=vote", PSE_DEMO_OIDC_SECRET},
        {"safe:a+secret%3A+%25%2B", "&client_secret=a+secret%3A+%25%2B", PSE_DEMO_OIDC_SECRET},
        {"safe:a+secret%3A+%25%2C", "", PSE_DEMO_OIDC_SECRET},
        {"safe:a secret", "", PSE_DEMO_OIDC_SECRET},
        {"safe:", "", PSE_DEMO_OIDC_SECRET},
        {"safe", "", PSE_DEMO_OIDC_SECRET},
        {"nobody:x", "", PSE_DEMO_OIDC_SITE},
        {"vote:x", "", PSE_DEMO_OIDC_SECRET},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char *header = basic(row[i].pair);

        assert_string_equal(pse_demo_oidc_name(safe(header, row[i].client)),
                            pse_demo_oidc_name(row[i].fault));
        free(header);
    }
    assert_int_equal(safe("Basic ?", ""), PSE_DEMO_OIDC_SECRET);
    assert_int_equal(safe("Bearer c2FmZQ==", ""), PSE_DEMO_OIDC_SECRET);
    assert_int_equal(safe("", "&client_id=safe&client_secret=a+secret%3A+%25%2B"),
                     PSE_DEMO_OIDC_GOOD);
    assert_int_equal(safe("", "&client_id=safe"), PSE_DEMO_OIDC_SECRET);
}

/* --- documents and tokens ----------------------------------------------------------------------
 */

static json_t *part_of(struct pse_span *token)
{
    const uint8_t *end = memchr(token->p, '.', token->n);
    struct pse_span text = pse_span(token->p, end == NULL ? token->n : (size_t)(end - token->p));
    char bytes[4096];
    size_t n;
    json_t *out;

    assert_int_equal(pse_base64url_check(&n, text), PSE_OK);
    assert_true(n < sizeof bytes);
    assert_int_equal(pse_base64url_decode(bytes, n, text), PSE_OK);
    out = json_loadb(bytes, n, 0, NULL);
    assert_non_null(out);
    *token = end == NULL ? pse_span(NULL, 0) : pse_span(end + 1, token->n - text.n - 1);
    return out;
}

static const char *text_of(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));

    assert_non_null(text);
    return text;
}

static bool is_signed(const struct pse_demo_provider *p, struct pse_span message,
                      struct pse_span signature)
{
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX), der = PSE_BUF(128);
    uint8_t raw[64];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY *key;
    BIO *bio;
    bool good;

    assert_int_equal(pse_demo_provider_put(&pem, p), PSE_OK);
    bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    assert_non_null(key);
    assert_int_equal(pse_base64url_decode(raw, sizeof raw, signature), PSE_OK);
    assert_int_equal(pse_ecdsa_der_put(&der, pse_span(raw, sizeof raw)), PSE_OK);
    good = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
           EVP_DigestVerify(ctx, der.p, der.n, message.p, message.n) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    BIO_free(bio);
    pse_buf_free(&pem);
    pse_buf_free(&der);
    return good;
}

static void test_tokens(void **state)
{
    struct pse_demo_provider *p, *other;
    struct pse_buf out = PSE_BUF(16384), keys = PSE_BUF(4096);
    char *form = issued();
    struct pse_demo_grant g;
    json_t *answer, *head, *claims, *set;
    struct pse_span token, left, message;

    (void)state;
    assert_int_equal(pse_demo_provider_new(&p), PSE_OK);
    assert_int_equal(pse_demo_provider_new(&other), PSE_OK);
    assert_int_equal(taken(&g, form, "", NOW), PSE_DEMO_OIDC_GOOD);
    assert_int_equal(pse_demo_tokens_put(&out, p, issuer, &g, &rng, NOW + 3), PSE_OK);
    answer = json_loadb((const char *)out.p, out.n, 0, NULL);
    assert_non_null(answer);
    assert_string_equal(text_of(answer, "token_type"), "Bearer");
    token = left = pse_span_str(text_of(answer, "id_token"));
    head = part_of(&left);
    claims = part_of(&left);
    message = pse_span(token.p, token.n - left.n - 1);
    assert_true(is_signed(p, message, left));
    assert_false(is_signed(other, message, left));

    assert_int_equal(pse_demo_keys_put(&keys, p), PSE_OK);
    set = json_loadb((const char *)keys.p, keys.n, 0, NULL);
    assert_string_equal(text_of(head, "kid"),
                        text_of(json_array_get(json_object_get(set, "keys"), 0), "kid"));
    assert_null(json_object_get(json_array_get(json_object_get(set, "keys"), 0), "d"));
    assert_string_equal(text_of(head, "alg"), "ES256");
    assert_string_equal(text_of(claims, "iss"), issuer);
    assert_string_equal(text_of(claims, "aud"), "vote");
    assert_string_equal(text_of(claims, "sub"), "PNOEE-49001010001");
    assert_string_equal(text_of(claims, "nonce"), "n+1");
    assert_string_equal(text_of(claims, "acr"), "substantial");
    assert_string_equal(json_string_value(json_array_get(json_object_get(claims, "amr"), 0)),
                        "demo");
    assert_string_equal(text_of(claims, "demo"), PSE_DEMO_WORDS);
    assert_int_equal(json_integer_value(json_object_get(claims, "iat")), NOW + 3);
    assert_int_equal(json_integer_value(json_object_get(claims, "exp")),
                     NOW + 3 + PSE_DEMO_TOKEN_SECONDS);
    json_decref(answer);
    json_decref(head);
    json_decref(claims);
    json_decref(set);
    pse_buf_free(&out);
    pse_buf_free(&keys);
    pse_demo_provider_free(p);
    pse_demo_provider_free(other);
    free(form);
}

static void test_keys(void **state)
{
    static const char *const bad[] = {"", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n"};
    struct pse_demo_provider *p, *again;
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX), one = PSE_BUF(4096), two = PSE_BUF(4096);
    EVP_PKEY *key;
    char *text;
    BIO *bio;
    long n;

    (void)state;
    assert_int_equal(pse_demo_provider_new(&p), PSE_OK);
    assert_int_equal(pse_demo_provider_put(&pem, p), PSE_OK);
    assert_int_equal(pse_demo_provider_parse(&again, pse_buf_span(&pem)), PSE_OK);
    assert_int_equal(pse_demo_keys_put(&one, p), PSE_OK);
    assert_int_equal(pse_demo_keys_put(&two, again), PSE_OK);
    assert_true(pse_span_is_equal(pse_buf_span(&one), pse_buf_span(&two)));
    pse_demo_provider_free(again);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(pse_demo_provider_parse(&again, pse_span_str(bad[i])), PSE_E_SYNTAX);
        assert_null(again);
    }
    /* cards' keys are on another curve */
    key = EVP_EC_gen("P-384");
    bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    n = BIO_get_mem_data(bio, &text);
    assert_int_equal(pse_demo_provider_parse(&again, pse_span(text, (size_t)n)), PSE_E_SYNTAX);
    EVP_PKEY_free(key);
    BIO_free(bio);
    pse_demo_provider_free(p);
    pse_buf_free(&pem);
    pse_buf_free(&one);
    pse_buf_free(&two);
}

static void test_discovery(void **state)
{
    struct pse_buf out = PSE_BUF(8192);
    json_t *d;

    (void)state;
    assert_int_equal(pse_demo_discovery_put(&out, issuer), PSE_OK);
    d = json_loadb((const char *)out.p, out.n, 0, NULL);
    assert_non_null(d);
    assert_string_equal(text_of(d, "issuer"), issuer);
    assert_string_equal(text_of(d, "token_endpoint"), "http://127.0.0.1:8420/oidc/token");
    assert_string_equal(text_of(d, "jwks_uri"), "http://127.0.0.1:8420/oidc/keys");
    assert_string_equal(text_of(d, "demo"), PSE_DEMO_WORDS);
    json_decref(d);
    pse_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_question),
        cmocka_unit_test(test_questions_refused),
        cmocka_unit_test(test_long_question),
        cmocka_unit_test(test_return),
        cmocka_unit_test_setup_teardown(test_code_is_good_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_requests_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_codes_age, setup, teardown),
        cmocka_unit_test_setup_teardown(test_room_of_codes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_secrets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tokens, setup, teardown),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_discovery),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
