/* The service's public keys (JWKS, RFC 7517 and 7518, 6). */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "oidc_room.h"

enum { KEYS_MAX = 64, POINT = 65, HALF = 32, NUMBER_MAX = PSE_RSA_BITS_MAX / 8 };

struct key {
    struct pse_span kid; /* in root; p is NULL when it has none */
    enum pse_key_kind kind;
    bool for_rs256, for_es256; /* by its kind, use, key_ops and alg */
    bool is_weak;
    EVP_PKEY *key; /* NULL: nothing to do with it */
};

struct pse_oidc_keys {
    json_t *root;
    size_t n;
    struct key key[KEYS_MAX];
};

/* --- numbers and points -------------------------------------------------------------------------
 */

static EVP_PKEY *make(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static BIGNUM *number_of(const json_t *jwk, const char *name)
{
    struct pse_buf bytes = PSE_BUF(NUMBER_MAX);
    struct pse_span text;
    BIGNUM *number = NULL;

    if (pse_member_text(&text, jwk, name) && pse_oidc_decode(&bytes, text) == PSE_OK && bytes.n > 0)
        number = BN_bin2bn(bytes.p, (int)bytes.n, NULL);
    pse_buf_free(&bytes);
    return number;
}

/* An exponent of one would make every message its own signature. */
static bool is_exponent(const BIGNUM *e)
{
    return BN_is_odd(e) && !BN_is_one(e);
}

static EVP_PKEY *rsa_of(const json_t *jwk)
{
    BIGNUM *n = number_of(jwk, "n"), *e = number_of(jwk, "e");
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;

    if (n != NULL && e != NULL && build != NULL && BN_is_odd(n) && is_exponent(e) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        params = OSSL_PARAM_BLD_to_param(build);
    if (params != NULL)
        key = make("RSA", params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return key;
}

/* Each coordinate has all its bytes (RFC 7518, 6.2.1.2); OpenSSL sees that the point is on the
 * curve. */
static EVP_PKEY *p256_of(const json_t *jwk)
{
    struct pse_buf point = PSE_BUF(POINT);
    char group[] = "P-256";
    struct pse_span x, y;
    EVP_PKEY *key = NULL;

    pse_buf_put(&point, "\x04", 1);
    if (pse_member_text(&x, jwk, "x") && pse_member_text(&y, jwk, "y") &&
        pse_oidc_decode(&point, x) == PSE_OK && point.n == 1 + HALF &&
        pse_oidc_decode(&point, y) == PSE_OK && point.n == POINT) {
        OSSL_PARAM params[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
            OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n),
            OSSL_PARAM_construct_end(),
        };
        key = make("EC", params);
    }
    pse_buf_free(&point);
    return key;
}

/* --- a key --------------------------------------------------------------------------------------
 */

/* There and another text than this? */
static bool is_other(const json_t *jwk, const char *name, const char *text)
{
    return json_object_get(jwk, name) != NULL && !pse_member_is(jwk, name, text);
}

static bool is_for_checking(const json_t *jwk)
{
    const json_t *ops = json_object_get(jwk, "key_ops");

    if (is_other(jwk, "use", "sig"))
        return false;
    for (size_t i = 0; i < json_array_size(ops); i++) {
        const char *op = json_string_value(json_array_get(ops, i));

        if (op != NULL && strcmp(op, "verify") == 0)
            return true;
    }
    return ops == NULL;
}

/* A key whose private half was published too can be anybody's: it is of no use. */
static void read_key(struct key *k, const json_t *jwk)
{
    if (json_object_get(jwk, "d") != NULL)
        return;
    if (pse_member_is(jwk, "kty", "RSA"))
        k->key = rsa_of(jwk);
    else if (pse_member_is(jwk, "kty", "EC") && pse_member_is(jwk, "crv", "P-256"))
        k->key = p256_of(jwk);
    ERR_clear_error();
    if (k->key == NULL || !is_for_checking(jwk))
        return;
    if (k->kind == PSE_KEY_RSA) {
        unsigned bits = (unsigned)EVP_PKEY_get_bits(k->key);

        k->is_weak = !pse_jwa_fits_key(PSE_JWA_RS256, PSE_KEY_RSA, bits);
        k->for_rs256 = !is_other(jwk, "alg", "RS256");
    } else {
        k->for_es256 = !is_other(jwk, "alg", "ES256");
    }
}

/* --- a set --------------------------------------------------------------------------------------
 */

static enum pse_key_kind kind_of(const json_t *jwk)
{
    if (pse_member_is(jwk, "kty", "RSA"))
        return PSE_KEY_RSA;
    return pse_member_is(jwk, "kty", "EC") ? PSE_KEY_P256 : PSE_KEY_OTHER;
}

/* Two kinds may share a name, as alternatives (RFC 7517, 4.5); two of a kind may not. */
static bool has(const struct pse_oidc_keys *keys, const struct key *k)
{
    for (size_t i = 0; i < keys->n; i++) {
        if (keys->key[i].kid.p != NULL && keys->key[i].kind == k->kind &&
            pse_span_is_equal(keys->key[i].kid, k->kid))
            return true;
    }
    return false;
}

static enum pse_oidc_fault add(struct pse_oidc_keys *keys, const json_t *jwk)
{
    struct key k = {.kind = kind_of(jwk)};

    if (keys->n == KEYS_MAX || !json_is_string(json_object_get(jwk, "kty")))
        return PSE_OIDC_KEYS_PARSE;
    if (json_object_get(jwk, "kid") != NULL && !pse_member_text(&k.kid, jwk, "kid"))
        return PSE_OIDC_KEYS_PARSE;
    if (k.kid.p != NULL && has(keys, &k))
        return PSE_OIDC_KEYS_DUPLICATE;
    read_key(&k, jwk);
    keys->key[keys->n++] = k;
    return PSE_OIDC_GOOD;
}

static enum pse_oidc_fault read_set(struct pse_oidc_keys *keys, struct pse_span body)
{
    enum pse_oidc_fault fault = PSE_OIDC_GOOD;
    const json_t *list;

    keys->root = pse_oidc_object(body);
    list = json_object_get(keys->root, "keys");
    if (!json_is_array(list))
        return PSE_OIDC_KEYS_PARSE;
    for (size_t i = 0; i < json_array_size(list) && fault == PSE_OIDC_GOOD; i++)
        fault = add(keys, json_array_get(list, i));
    return fault;
}

enum pse_oidc_fault pse_oidc_keys_open(struct pse_oidc_keys **out,
                                       const struct pse_oidc_answer *answer)
{
    struct pse_oidc_keys *keys;
    struct pse_span body;
    enum pse_oidc_fault fault = pse_oidc_answer_good(&body, answer);

    *out = NULL;
    if (fault != PSE_OIDC_GOOD)
        return fault;
    keys = calloc(1, sizeof *keys);
    if (keys == NULL)
        return PSE_OIDC_NO_MEMORY;
    fault = read_set(keys, body);
    if (fault != PSE_OIDC_GOOD) {
        pse_oidc_keys_free(keys);
        return fault;
    }
    *out = keys;
    return PSE_OIDC_GOOD;
}

void pse_oidc_keys_free(struct pse_oidc_keys *k)
{
    if (k == NULL)
        return;
    for (size_t i = 0; i < k->n; i++)
        EVP_PKEY_free(k->key[i].key);
    json_decref(k->root);
    free(k);
}

size_t pse_oidc_keys_count(const struct pse_oidc_keys *k)
{
    return k->n;
}

/* --- choosing -----------------------------------------------------------------------------------
 */

static bool is_for(const struct key *k, enum pse_jwa jwa)
{
    return jwa == PSE_JWA_RS256 ? k->for_rs256 : k->for_es256;
}

enum pse_oidc_fault pse_oidc_key_select(EVP_PKEY **out, const struct pse_oidc_keys *keys,
                                        enum pse_jwa jwa, const struct pse_span *kid)
{
    const struct key *chosen = NULL;
    bool is_named = false;

    *out = NULL;
    for (size_t i = 0; i < keys->n; i++) {
        const struct key *k = &keys->key[i];
        bool has_name = kid != NULL && k->kid.p != NULL && pse_span_is_equal(*kid, k->kid);

        is_named = is_named || has_name;
        if ((kid != NULL && !has_name) || !is_for(k, jwa))
            continue;
        if (chosen != NULL)
            return PSE_OIDC_KEY_AMBIGUOUS;
        chosen = k;
    }
    if (chosen == NULL)
        return is_named ? PSE_OIDC_KEY_UNFIT : PSE_OIDC_KEY_UNKNOWN;
    if (chosen->is_weak)
        return PSE_OIDC_KEY_WEAK;
    *out = chosen->key;
    return PSE_OIDC_GOOD;
}

/* --- when to fetch ------------------------------------------------------------------------------
 */

/* A time to come is a large difference too: the clock went back, and that is no reason to wait. */
static bool has_passed(int64_t since, int64_t now, uint64_t seconds)
{
    return (uint64_t)now - (uint64_t)since >= seconds;
}

bool pse_oidc_refresh_is_due(int64_t last, int64_t now)
{
    return has_passed(last, now, PSE_OIDC_REFRESH_SECONDS);
}

bool pse_oidc_keys_are_old(int64_t fetched, int64_t now)
{
    return has_passed(fetched, now, PSE_OIDC_KEYS_SECONDS);
}
