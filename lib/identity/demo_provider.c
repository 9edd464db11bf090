/* The demo authority's identity service: its key, what it says of itself, and ID tokens. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "demo_oidc.h"

enum { HALF = 32, POINT = 1 + 2 * HALF, DOCUMENT_MAX = 8192, TOKEN_MAX = 16384 };

static const char mark[] = PSE_DEMO_WORDS;

struct pse_demo_provider {
    EVP_PKEY *key;
    uint8_t point[POINT];
    char name[PSE_DEMO_SECRET_TEXT]; /* kid: the thumbprint of RFC 7638 */
};

/* --- the key -----------------------------------------------------------------------------------
 */

static pse_rc text_of_hash(char out[PSE_DEMO_SECRET_TEXT], const pse_hash *h)
{
    struct pse_buf text = PSE_BUF(PSE_DEMO_SECRET_TEXT);
    pse_rc rc;

    pse_base64url_put(&text, h->b, sizeof h->b);
    rc = text.rc;
    memset(out, 0, PSE_DEMO_SECRET_TEXT);
    if (rc == PSE_OK)
        memcpy(out, text.p, text.n);
    pse_buf_free(&text);
    return rc;
}

/* crv, kty, x and y, in this order: what a thumbprint is made of. */
static void put_point(struct pse_json_wr *w, const uint8_t point[POINT])
{
    static const char *const name[] = {"x", "y"};

    pse_json_wr_str(w, "crv", "P-256");
    pse_json_wr_str(w, "kty", "EC");
    for (size_t i = 0; i < 2; i++) {
        struct pse_buf text = PSE_BUF(64);

        pse_base64url_put(&text, point + 1 + i * HALF, HALF);
        pse_json_wr_string(w, name[i], pse_buf_span(&text));
        pse_buf_free(&text);
    }
}

static pse_rc name_key(struct pse_demo_provider *p)
{
    struct pse_buf text = PSE_BUF(512);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    pse_hash h;
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    put_point(&w, p->point);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK) {
        pse_sha256(&h, pse_span(text.p, text.n - 1)); /* without the line's end */
        rc = text_of_hash(p->name, &h);
    }
    pse_buf_free(&text);
    return rc;
}

static bool is_p256(EVP_PKEY *key, uint8_t point[POINT])
{
    char group[32] = "";
    size_t n = 0;

    return EVP_PKEY_is_a(key, "EC") == 1 &&
           EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                          NULL) == 1 &&
           strcmp(group, SN_X9_62_prime256v1) == 0 &&
           EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, POINT,
                                           &n) == 1 &&
           n == POINT && point[0] == POINT_CONVERSION_UNCOMPRESSED;
}

static pse_rc wrap(struct pse_demo_provider **out, EVP_PKEY *key)
{
    struct pse_demo_provider *p = calloc(1, sizeof *p);
    pse_rc rc = p == NULL ? PSE_E_MEMORY : PSE_OK;

    if (p == NULL) {
        EVP_PKEY_free(key);
    } else {
        p->key = key;
        rc = is_p256(key, p->point) ? name_key(p) : PSE_E_SYNTAX;
    }
    if (rc != PSE_OK) {
        pse_demo_provider_free(p);
        p = NULL;
    }
    *out = p;
    ERR_clear_error();
    return rc;
}

pse_rc pse_demo_provider_new(struct pse_demo_provider **out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    *out = NULL;
    return key == NULL ? PSE_E_MEMORY : wrap(out, key);
}

static int no_phrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf, (void)size, (void)writing, (void)ctx;
    return -1;
}

pse_rc pse_demo_provider_parse(struct pse_demo_provider **out, struct pse_span pem)
{
    BIO *bio = pem.n == 0 || pem.n > PSE_DEMO_PEM_MAX ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL);

    *out = NULL;
    BIO_free(bio);
    ERR_clear_error();
    return key == NULL ? PSE_E_SYNTAX : wrap(out, key);
}

pse_rc pse_demo_provider_put(struct pse_buf *out, const struct pse_demo_provider *p)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    pse_rc rc = PSE_E_MEMORY;

    if (bio != NULL && PEM_write_bio_PrivateKey(bio, p->key, NULL, NULL, 0, NULL, NULL) == 1) {
        char *text;
        long n = BIO_get_mem_data(bio, &text);

        pse_buf_put(out, text, (size_t)n);
        rc = out->rc;
    }
    BIO_free(bio);
    ERR_clear_error();
    return rc;
}

void pse_demo_provider_free(struct pse_demo_provider *p)
{
    if (p == NULL)
        return;
    EVP_PKEY_free(p->key);
    free(p);
}

/* --- documents ---------------------------------------------------------------------------------
 */

static void put_address(struct pse_json_wr *w, const char *name, const char *issuer,
                        const char *path)
{
    struct pse_buf url = PSE_BUF(1024);

    pse_buf_put(&url, issuer, strlen(issuer));
    pse_buf_put(&url, path, strlen(path));
    pse_json_wr_string(w, name, pse_buf_span(&url));
    pse_buf_free(&url);
}

static void put_words(struct pse_json_wr *w, const char *name, const char *const *word, size_t n)
{
    pse_json_wr_array(w, name);
    for (size_t i = 0; i < n; i++)
        pse_json_wr_str(w, NULL, word[i]);
    pse_json_wr_end(w);
}

pse_rc pse_demo_discovery_put(struct pse_buf *out, const char *issuer)
{
    static const char *const code[] = {"code"}, *const public[] = {"public"};
    static const char *const es256[] = {"ES256"}, *const s256[] = {"S256"};
    static const char *const openid[] = {"openid"};
    static const char *const grant[] = {"authorization_code"}, *const query[] = {"query"};
    static const char *const level[] = {"low", "substantial", "high"};
    static const char *const client[] = {"client_secret_basic", "client_secret_post", "none"};
    struct pse_json_wr w = pse_json_wr(out, 1);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "demo", mark);
    pse_json_wr_str(&w, "issuer", issuer);
    put_address(&w, "authorization_endpoint", issuer, PSE_DEMO_AUTHORIZE_PATH);
    put_address(&w, "token_endpoint", issuer, PSE_DEMO_TOKEN_PATH);
    put_address(&w, "jwks_uri", issuer, PSE_DEMO_KEYS_PATH);
    put_words(&w, "response_types_supported", code, 1);
    put_words(&w, "response_modes_supported", query, 1);
    put_words(&w, "grant_types_supported", grant, 1);
    put_words(&w, "subject_types_supported", public, 1);
    put_words(&w, "scopes_supported", openid, 1);
    put_words(&w, "id_token_signing_alg_values_supported", es256, 1);
    put_words(&w, "token_endpoint_auth_methods_supported", client, 3);
    put_words(&w, "code_challenge_methods_supported", s256, 1);
    put_words(&w, "acr_values_supported", level, 3);
    pse_json_wr_bool(&w, "authorization_response_iss_parameter_supported", true);
    pse_json_wr_end(&w);
    return pse_json_wr_finish(&w);
}

pse_rc pse_demo_keys_put(struct pse_buf *out, const struct pse_demo_provider *p)
{
    struct pse_json_wr w = pse_json_wr(out, 1);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_array(&w, "keys");
    pse_json_wr_object(&w, NULL);
    put_point(&w, p->point);
    pse_json_wr_str(&w, "kid", p->name);
    pse_json_wr_str(&w, "use", "sig");
    pse_json_wr_str(&w, "alg", "ES256");
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    return pse_json_wr_finish(&w);
}

/* --- tokens ------------------------------------------------------------------------------------
 */

/* JSON, ended by a line, as base64url without that. */
static pse_rc put_part(struct pse_buf *out, struct pse_json_wr *w)
{
    pse_rc rc = pse_json_wr_finish(w);

    if (rc == PSE_OK)
        pse_base64url_put(out, w->out->p, w->out->n - 1);
    pse_buf_free(w->out);
    return rc == PSE_OK ? out->rc : rc;
}

static pse_rc put_head(struct pse_buf *out, const struct pse_demo_provider *p)
{
    struct pse_buf text = PSE_BUF(512);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "alg", "ES256");
    pse_json_wr_str(&w, "typ", "JWT");
    pse_json_wr_str(&w, "kid", p->name);
    pse_json_wr_end(&w);
    return put_part(out, &w);
}

static pse_rc put_claims(struct pse_buf *out, const char *issuer, const struct pse_demo_grant *g,
                         const char *access, int64_t now)
{
    static const char *const method[] = {"demo"};
    struct pse_buf text = PSE_BUF(DOCUMENT_MAX), half = PSE_BUF(64);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    pse_hash h;

    pse_sha256(&h, pse_span_str(access));
    pse_base64url_put(&half, h.b, sizeof h.b / 2);
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "demo", mark);
    pse_json_wr_str(&w, "iss", issuer);
    pse_json_wr_str(&w, "sub", g->person);
    pse_json_wr_str(&w, "aud", g->site);
    pse_json_wr_i64(&w, "iat", now);
    pse_json_wr_i64(&w, "exp", now + PSE_DEMO_TOKEN_SECONDS);
    pse_json_wr_i64(&w, "auth_time", g->when);
    if (g->nonce[0] != '\0')
        pse_json_wr_str(&w, "nonce", g->nonce);
    pse_json_wr_str(&w, "acr", g->level);
    put_words(&w, "amr", method, 1);
    pse_json_wr_string(&w, "at_hash", pse_buf_span(&half));
    pse_json_wr_end(&w);
    pse_buf_free(&half);
    return put_part(out, &w);
}

static pse_rc put_signature(struct pse_buf *out, const struct pse_demo_provider *p,
                            struct pse_span message)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct pse_buf raw = PSE_BUF(2 * HALF);
    uint8_t der[PSE_ECDSA_DER_MAX];
    size_t n = sizeof der;
    pse_rc rc = PSE_E_MEMORY;

    if (ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, p->key) == 1 &&
        EVP_DigestSign(ctx, der, &n, message.p, message.n) == 1)
        rc = pse_ecdsa_raw_put(&raw, pse_span(der, n), HALF);
    if (rc == PSE_OK) {
        pse_base64url_put(out, raw.p, raw.n);
        rc = out->rc;
    }
    pse_buf_free(&raw);
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return rc;
}

static pse_rc put_id_token(struct pse_buf *out, const struct pse_demo_provider *p,
                           const char *issuer, const struct pse_demo_grant *grant,
                           const char *access, int64_t now)
{
    struct pse_buf signature = PSE_BUF(128);
    pse_rc rc = put_head(out, p);

    pse_buf_put(out, ".", 1);
    if (rc == PSE_OK)
        rc = put_claims(out, issuer, grant, access, now);
    if (rc == PSE_OK)
        rc = put_signature(&signature, p, pse_buf_span(out));
    pse_buf_put(out, ".", 1);
    pse_wr_span(out, pse_buf_span(&signature));
    pse_buf_free(&signature);
    return rc == PSE_OK ? out->rc : rc;
}

pse_rc pse_demo_tokens_put(struct pse_buf *out, const struct pse_demo_provider *p,
                           const char *issuer, const struct pse_demo_grant *grant,
                           struct pse_rng *rng, int64_t now)
{
    struct pse_buf token = PSE_BUF(TOKEN_MAX);
    struct pse_json_wr w = pse_json_wr(out, 0);
    char access[PSE_DEMO_SECRET_TEXT];
    pse_hash random;
    pse_rc rc;

    pse_rng_fill(rng, random.b, sizeof random.b);
    rc = text_of_hash(access, &random);
    if (rc == PSE_OK)
        rc = put_id_token(&token, p, issuer, grant, access, now);
    if (rc == PSE_OK) {
        pse_json_wr_object(&w, NULL);
        pse_json_wr_str(&w, "access_token", access);
        pse_json_wr_str(&w, "token_type", "Bearer");
        pse_json_wr_u64(&w, "expires_in", PSE_DEMO_TOKEN_SECONDS);
        pse_json_wr_string(&w, "id_token", pse_buf_span(&token));
        pse_json_wr_end(&w);
        rc = pse_json_wr_finish(&w);
    }
    pse_buf_free(&token);
    pse_wipe(access, sizeof access);
    return rc;
}
