/* P-256 and P-384 by OpenSSL: point products, signatures, and what a shuffle of Terelius and
 * Wikström needs on such a curve. Here only to be measured. */
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <stdlib.h>

#include "psephos/bench.h"

enum {
    PRODUCTS = 16,
    SIGNATURES = 16,
    DIGEST_BYTES = 32,
    SIGNATURE_MAX = 128,
    /* Products of a point for one ciphertext: two to re-encrypt and seven to prove, nine to verify,
     * counted from the equations with one product after the other, as libraries offer them. */
    SHUFFLE_MADE = 9,
    SHUFFLE_VERIFIED = 9,
};

static const char *version(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

/* --- products --------------------------------------------------------------------------------- */

struct products {
    EC_GROUP *group;
    EC_POINT *p;
    EC_POINT *out;
    BIGNUM *k;
    BN_CTX *ctx;
};

static void products_finish(void *state)
{
    struct products *s = state;

    EC_POINT_free(s->p);
    EC_POINT_free(s->out);
    EC_GROUP_free(s->group);
    BN_free(s->k);
    BN_CTX_free(s->ctx);
    free(s);
}

static void *products_prepare(int curve)
{
    struct products *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->group = EC_GROUP_new_by_curve_name(curve);
    s->p = s->group != NULL ? EC_POINT_new(s->group) : NULL;
    s->out = s->group != NULL ? EC_POINT_new(s->group) : NULL;
    s->k = BN_new();
    s->ctx = BN_CTX_new();
    if (s->p != NULL && s->out != NULL && s->k != NULL && s->ctx != NULL &&
        BN_rand_range(s->k, EC_GROUP_get0_order(s->group)) == 1 &&
        EC_POINT_mul(s->group, s->p, s->k, NULL, NULL, s->ctx) == 1 &&
        BN_rand_range(s->k, EC_GROUP_get0_order(s->group)) == 1)
        return s;
    products_finish(s);
    return NULL;
}

static void *prepare_mul_p256(const struct bench *b, void *item)
{
    (void)b;
    (void)item;
    return products_prepare(NID_X9_62_prime256v1);
}

static void *prepare_mul_p384(const struct bench *b, void *item)
{
    (void)b;
    (void)item;
    return products_prepare(NID_secp384r1);
}

/* The product of a point and a secret, as in ECDH. */
static bool multiply(struct products *s, size_t n)
{
    int good = 1;

    for (size_t i = 0; i < n; i++)
        good &= EC_POINT_mul(s->group, s->out, NULL, s->p, s->k, s->ctx);
    return good == 1;
}

static bool products_run(const struct bench *b, void *state)
{
    (void)b;
    return multiply(state, PRODUCTS);
}

static bool shuffle_made_run(const struct bench *b, void *state)
{
    (void)b;
    return multiply(state, SHUFFLE_MADE);
}

static bool shuffle_verified_run(const struct bench *b, void *state)
{
    (void)b;
    return multiply(state, SHUFFLE_VERIFIED);
}

/* --- signatures ------------------------------------------------------------------------------- */

struct signatures {
    EVP_PKEY *key;
    EVP_PKEY_CTX *ctx;
    uint8_t digest[DIGEST_BYTES];
    uint8_t sig[SIGNATURE_MAX];
    size_t sig_n;
};

static void signatures_finish(void *state)
{
    struct signatures *s = state;

    EVP_PKEY_CTX_free(s->ctx);
    EVP_PKEY_free(s->key);
    free(s);
}

static bool sign(struct signatures *s)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(s->key, NULL);
    bool good;

    s->sig_n = sizeof s->sig;
    good = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 &&
           EVP_PKEY_sign(ctx, s->sig, &s->sig_n, s->digest, sizeof s->digest) == 1;
    EVP_PKEY_CTX_free(ctx);
    return good;
}

static void *signatures_prepare(const struct bench *b, const char *curve)
{
    struct signatures *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    pse_rng_fill(b->rng, s->digest, sizeof s->digest);
    s->key = EVP_EC_gen(curve);
    if (s->key != NULL && sign(s)) {
        s->ctx = EVP_PKEY_CTX_new(s->key, NULL);
        if (s->ctx != NULL && EVP_PKEY_verify_init(s->ctx) == 1)
            return s;
    }
    signatures_finish(s);
    return NULL;
}

static void *prepare_verify_p256(const struct bench *b, void *item)
{
    (void)item;
    return signatures_prepare(b, "P-256");
}

static void *prepare_verify_p384(const struct bench *b, void *item)
{
    (void)item;
    return signatures_prepare(b, "P-384");
}

static bool signatures_run(const struct bench *b, void *state)
{
    struct signatures *s = state;
    int good = 1;

    (void)b;
    for (size_t i = 0; i < SIGNATURES; i++)
        good &= EVP_PKEY_verify(s->ctx, s->sig, s->sig_n, s->digest, sizeof s->digest) == 1;
    return good == 1;
}

#define PEER(prepare_, run_, finish_, things_, work_)                                   \
    {                                                                                   \
        .library = "OpenSSL", .work = (work_), .version = version, .prepare = prepare_, \
        .run = run_, .finish = finish_, .things = (things_)                             \
    }

const struct bench_peer bench_p256_mul =
    PEER(prepare_mul_p256, products_run, products_finish, PRODUCTS, "P-256 point product (ECDH)");
const struct bench_peer bench_p384_mul =
    PEER(prepare_mul_p384, products_run, products_finish, PRODUCTS, "P-384 point product (ECDH)");
const struct bench_peer bench_p256_verify =
    PEER(prepare_verify_p256, signatures_run, signatures_finish, SIGNATURES, "ECDSA P-256");
const struct bench_peer bench_p384_verify =
    PEER(prepare_verify_p384, signatures_run, signatures_finish, SIGNATURES, "ECDSA P-384");
const struct bench_peer bench_p256_shuffle_made =
    PEER(prepare_mul_p256, shuffle_made_run, products_finish, 1, "nine P-256 point products");
const struct bench_peer bench_p256_shuffle_verified =
    PEER(prepare_mul_p256, shuffle_verified_run, products_finish, 1, "nine P-256 point products");
