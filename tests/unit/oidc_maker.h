/* An identity service for tests: keys, tokens and documents, right or wrong in one point. Writes
 * and signs by other code than the library's. */
#ifndef PSE_TESTS_UNIT_OIDC_MAKER_H
#define PSE_TESTS_UNIT_OIDC_MAKER_H

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

#include "identity/identity.h"
#include "test.h"

enum { OIDC_NOW = 1780000000, OIDC_TEXT = 1 << 17 };

static const char oidc_nonce[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

#define assert_fault(got, wanted) \
    assert_string_equal(pse_oidc_fault_name(got), pse_oidc_fault_name(wanted))

/* --- rules and answers --------------------------------------------------------------------------
 */

static const char *const oidc_hosts[] = {"id.example.org", "keys.example.org:8443"};
static const char *const oidc_levels[] = {"low", "substantial", "high"};
static const char *const oidc_methods[] = {"idcard", "mID"};

static inline struct pse_oidc_rules oidc_rules(void)
{
    struct pse_oidc_rules r;

    pse_oidc_rules_default(&r);
    r.issuer = "https://id.example.org";
    r.client_id = "psephos";
    r.redirect_uri = "https://vote.example.org/login/return";
    r.hosts = (struct pse_oidc_list){oidc_hosts, 2};
    r.acr = (struct pse_oidc_list){oidc_levels, 3};
    r.acr_least = "substantial";
    r.amr = (struct pse_oidc_list){oidc_methods, 2};
    r.subject_begin = "EE";
    r.subject_kind = "PNOEE-";
    return r;
}

static inline struct pse_oidc_answer oidc_answer(const char *text)
{
    return (struct pse_oidc_answer){.came = true, .status = 200, .body = pse_span_str(text)};
}

/* --- base64url ----------------------------------------------------------------------------------
 */

/** Append to the text in @p out. */
static inline void oidc_add64(char *out, const void *in, size_t n)
{
    char *at = out + strlen(out);
    size_t made = (size_t)EVP_EncodeBlock((unsigned char *)at, in, (int)n);

    while (made > 0 && at[made - 1] == '=')
        made--;
    at[made] = '\0';
    for (; *at != '\0'; at++) {
        if (*at == '+')
            *at = '-';
        if (*at == '/')
            *at = '_';
    }
}

/* --- keys ---------------------------------------------------------------------------------------
 */

static inline void oidc_add_number(char *out, EVP_PKEY *key, const char *name, int bytes)
{
    uint8_t raw[2048];
    BIGNUM *number = NULL;

    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
    if (bytes == 0)
        bytes = BN_num_bytes(number);
    assert_int_equal(BN_bn2binpad(number, raw, bytes), bytes);
    oidc_add64(out, raw, (size_t)bytes);
    BN_free(number);
}

/** A JWK; @p more: members with a comma in front. */
static inline void oidc_jwk(char *out, EVP_PKEY *key, const char *more)
{
    out[0] = '\0';
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
        strcat(out, "{\"kty\":\"RSA\",\"n\":\"");
        oidc_add_number(out, key, OSSL_PKEY_PARAM_RSA_N, 0);
        strcat(out, "\",\"e\":\"");
        oidc_add_number(out, key, OSSL_PKEY_PARAM_RSA_E, 0);
    } else {
        int bytes = (EVP_PKEY_get_bits(key) + 7) / 8;

        strcat(out, bytes == 32 ? "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\""
                                : "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"");
        oidc_add_number(out, key, OSSL_PKEY_PARAM_EC_PUB_X, bytes);
        strcat(out, "\",\"y\":\"");
        oidc_add_number(out, key, OSSL_PKEY_PARAM_EC_PUB_Y, bytes);
    }
    strcat(out, "\"");
    strcat(out, more);
    strcat(out, "}");
}

static inline struct pse_oidc_keys *oidc_keys_of(const char *jwks)
{
    struct pse_oidc_answer answer = oidc_answer(jwks);
    struct pse_oidc_keys *keys;

    assert_fault(pse_oidc_keys_open(&keys, &answer), PSE_OIDC_GOOD);
    return keys;
}

/** A set of up to three keys: each with its further members; NULL ends it. */
static inline struct pse_oidc_keys *oidc_keys(EVP_PKEY *a, const char *more_a, EVP_PKEY *b,
                                              const char *more_b)
{
    char *text = malloc(OIDC_TEXT), *one = malloc(OIDC_TEXT);
    struct pse_oidc_keys *keys;

    strcpy(text, "{\"keys\":[");
    oidc_jwk(one, a, more_a);
    strcat(text, one);
    if (b != NULL) {
        oidc_jwk(one, b, more_b);
        strcat(strcat(text, ","), one);
    }
    strcat(text, "]}");
    keys = oidc_keys_of(text);
    free(text);
    free(one);
    return keys;
}

/* --- tokens -------------------------------------------------------------------------------------
 */

/** Claims as JSON values; NULL leaves one out. */
struct claims_plan {
    const char *iss, *aud, *azp, *exp, *iat, *nbf, *nonce, *at_hash, *acr, *amr, *sub, *given_name,
        *family_name;
    const char *more; /* members with a comma in front */
};

static inline struct claims_plan oidc_claims(void)
{
    return (struct claims_plan){
        .iss = "\"https://id.example.org\"",
        .aud = "\"psephos\"",
        .exp = "1780000300",
        .iat = "1780000000",
        .nonce = "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"",
        .acr = "\"high\"",
        .amr = "[\"idcard\"]",
        .sub = "\"EE38001085718\"",
        .given_name = "\"JAAK-KRISTJAN\"",
        .family_name = "\"JÕEORG\"",
        .more = "",
    };
}

static inline void oidc_payload(char *out, const struct claims_plan *c)
{
    const char *const member[][2] = {{"iss", c->iss},
                                     {"aud", c->aud},
                                     {"azp", c->azp},
                                     {"exp", c->exp},
                                     {"iat", c->iat},
                                     {"nbf", c->nbf},
                                     {"nonce", c->nonce},
                                     {"at_hash", c->at_hash},
                                     {"acr", c->acr},
                                     {"amr", c->amr},
                                     {"sub", c->sub},
                                     {"given_name", c->given_name},
                                     {"family_name", c->family_name}};

    strcpy(out, "{\"jti\":\"0c597356-3771-4315-a129-c7bc1f02a1b2\",\"auth_time\":1779999999.5");
    for (size_t i = 0; i < sizeof member / sizeof *member; i++) {
        if (member[i][1] != NULL)
            sprintf(out + strlen(out), ",\"%s\":%s", member[i][0], member[i][1]);
    }
    strcat(strcat(out, c->more), "}");
}

/** How a token is signed. */
enum oidc_signing { OIDC_PKCS1, OIDC_PSS, OIDC_RAW, OIDC_DER };

static inline size_t oidc_sign(uint8_t out[4096], EVP_PKEY *key, const char *hash,
                               enum oidc_signing how, const char *message)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *with;
    const uint8_t *at = out;
    size_t n = 4096, half = (size_t)(EVP_PKEY_get_bits(key) + 7) / 8;
    ECDSA_SIG *sig;

    assert_int_equal(EVP_DigestSignInit_ex(ctx, &with, hash, NULL, NULL, key, NULL), 1);
    if (how == OIDC_PSS) {
        EVP_PKEY_CTX_set_rsa_padding(with, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(with, RSA_PSS_SALTLEN_DIGEST);
    }
    assert_int_equal(EVP_DigestSign(ctx, out, &n, (const unsigned char *)message, strlen(message)),
                     1);
    EVP_MD_CTX_free(ctx);
    if (how != OIDC_RAW)
        return n;
    sig = d2i_ECDSA_SIG(NULL, &at, (long)n);
    assert_non_null(sig);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int)half);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, (int)half);
    ECDSA_SIG_free(sig);
    return 2 * half;
}

/** A compact JWS of two texts by @p key: RS256, or ES256 and its like by the curve. */
static inline void oidc_token(char out[OIDC_TEXT], const char *header, const char *payload,
                              EVP_PKEY *key)
{
    bool is_rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    uint8_t signature[4096];
    size_t n;

    out[0] = '\0';
    oidc_add64(out, header, strlen(header));
    strcat(out, ".");
    oidc_add64(out, payload, strlen(payload));
    n = oidc_sign(signature, key, "SHA256", is_rsa ? OIDC_PKCS1 : OIDC_RAW, out);
    strcat(out, ".");
    oidc_add64(out, signature, n);
}

/* --- judging ------------------------------------------------------------------------------------
 */

static inline struct pse_oidc_expected oidc_expected(void)
{
    return (struct pse_oidc_expected){.nonce = oidc_nonce, .now = OIDC_NOW};
}

/** The verdict; @p who is nobody unless it is good. */
static inline enum pse_oidc_fault oidc_judge(struct pse_oidc_person *who, const char *text,
                                             const struct pse_oidc_keys *keys,
                                             const struct pse_oidc_rules *r,
                                             const struct pse_oidc_expected *e)
{
    static const struct pse_oidc_person nobody;
    enum pse_oidc_fault fault = pse_oidc_id_token_judge(who, pse_span_str(text), keys, r, e);

    if (fault != PSE_OIDC_GOOD)
        assert_memory_equal(who, &nobody, sizeof *who);
    return fault;
}

#endif
