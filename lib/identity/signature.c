#include "signature.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "room.h"

enum family { FAMILY_NONE, FAMILY_ES, FAMILY_PS, FAMILY_RS };

struct algorithm {
    const char *name;
    enum family family;
    size_t digest;
    const EVP_MD *(*hash)(void);
    enum pse_key_kind curve; /* of FAMILY_ES */
    size_t half;             /* bytes of r, and of s */
};

static const struct algorithm algorithms[PSE_JWA_COUNT] = {
    [PSE_JWA_NONE] = {"none", FAMILY_NONE, 0, NULL, PSE_KEY_OTHER, 0},
    [PSE_JWA_ES256] = {"ES256", FAMILY_ES, 32, EVP_sha256, PSE_KEY_P256, 32},
    [PSE_JWA_ES384] = {"ES384", FAMILY_ES, 48, EVP_sha384, PSE_KEY_P384, 48},
    [PSE_JWA_ES512] = {"ES512", FAMILY_ES, 64, EVP_sha512, PSE_KEY_P521, 66},
    [PSE_JWA_PS256] = {"PS256", FAMILY_PS, 32, EVP_sha256, PSE_KEY_OTHER, 0},
    [PSE_JWA_PS384] = {"PS384", FAMILY_PS, 48, EVP_sha384, PSE_KEY_OTHER, 0},
    [PSE_JWA_PS512] = {"PS512", FAMILY_PS, 64, EVP_sha512, PSE_KEY_OTHER, 0},
    [PSE_JWA_RS256] = {"RS256", FAMILY_RS, 32, EVP_sha256, PSE_KEY_OTHER, 0},
    [PSE_JWA_RS384] = {"RS384", FAMILY_RS, 48, EVP_sha384, PSE_KEY_OTHER, 0},
    [PSE_JWA_RS512] = {"RS512", FAMILY_RS, 64, EVP_sha512, PSE_KEY_OTHER, 0},
};

static const struct algorithm *row_of(enum pse_jwa jwa)
{
    PSE_REQUIRE(jwa < PSE_JWA_COUNT);
    return &algorithms[jwa];
}

enum pse_jwa pse_jwa_of_name(struct pse_span name)
{
    for (enum pse_jwa i = PSE_JWA_NONE + 1; i < PSE_JWA_COUNT; i++) {
        if (pse_span_is_str(name, algorithms[i].name))
            return i;
    }
    return PSE_JWA_NONE;
}

const char *pse_jwa_name(enum pse_jwa jwa)
{
    return row_of(jwa)->name;
}

size_t pse_jwa_digest_length(enum pse_jwa jwa)
{
    return row_of(jwa)->digest;
}

bool pse_jwa_fits_key(enum pse_jwa jwa, enum pse_key_kind kind, unsigned bits)
{
    const struct algorithm *a = row_of(jwa);

    if (a->family == FAMILY_NONE)
        return false;
    if (a->family == FAMILY_ES)
        return kind == a->curve;
    if (kind != PSE_KEY_RSA && (kind != PSE_KEY_RSA_PSS || a->family != FAMILY_PS))
        return false;
    return bits >= PSE_RSA_BITS_MIN && bits <= PSE_RSA_BITS_MAX;
}

bool pse_jwa_fits(enum pse_jwa jwa, const struct pse_certificate *c)
{
    return pse_jwa_fits_key(jwa, pse_certificate_key(c), c->key_bits);
}

pse_rc pse_jwa_digest(uint8_t out[64], enum pse_jwa jwa, struct pse_span in)
{
    const struct algorithm *a = row_of(jwa);

    PSE_REQUIRE(a->hash != NULL);
    memset(out, 0, 64);
    return EVP_Digest(in.n == 0 ? (const uint8_t *)"" : in.p, in.n, out, NULL, a->hash(), NULL) == 1
               ? PSE_OK
               : PSE_E_MEMORY;
}

/* --- two forms of ECDSA -------------------------------------------------------------------------
 */

static pse_rc put_der(struct pse_buf *out, const ECDSA_SIG *sig)
{
    uint8_t *der = NULL;
    int n = i2d_ECDSA_SIG(sig, &der);

    if (n <= 0)
        return PSE_E_MEMORY;
    pse_buf_put(out, der, (size_t)n);
    OPENSSL_free(der);
    return out->rc;
}

pse_rc pse_ecdsa_der_put(struct pse_buf *out, struct pse_span raw)
{
    size_t half = raw.n / 2;
    ECDSA_SIG *sig;
    BIGNUM *r, *s;
    pse_rc rc = PSE_E_MEMORY;

    if (raw.n == 0 || raw.n % 2 != 0 || raw.n > PSE_ECDSA_RAW_MAX)
        return PSE_E_LENGTH;
    sig = ECDSA_SIG_new();
    r = BN_bin2bn(raw.p, (int)half, NULL);
    s = BN_bin2bn(raw.p + half, (int)half, NULL);
    if (r != NULL && s != NULL && (BN_is_zero(r) || BN_is_zero(s)))
        rc = PSE_E_RANGE;
    else if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
        r = s = NULL; /* sig's now */
        rc = put_der(out, sig);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    ERR_clear_error();
    return rc;
}

static pse_rc put_raw(struct pse_buf *out, const ECDSA_SIG *sig, size_t half)
{
    const BIGNUM *part[2];

    ECDSA_SIG_get0(sig, &part[0], &part[1]);
    for (unsigned i = 0; i < 2; i++) {
        if (BN_is_negative(part[i]) || BN_is_zero(part[i]) || (size_t)BN_num_bytes(part[i]) > half)
            return PSE_E_RANGE;
    }
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *at = pse_buf_extend(out, half);

        if (at == NULL)
            return out->rc;
        PSE_REQUIRE(BN_bn2binpad(part[i], at, (int)half) == (int)half);
    }
    return PSE_OK;
}

pse_rc pse_ecdsa_raw_put(struct pse_buf *out, struct pse_span der, size_t half)
{
    const uint8_t *at = der.p;
    ECDSA_SIG *sig = NULL;
    pse_rc rc = PSE_E_SYNTAX;

    PSE_REQUIRE(half > 0 && half <= PSE_ECDSA_RAW_MAX / 2);
    if (der.n > 0 && der.n <= PSE_ECDSA_DER_MAX)
        sig = d2i_ECDSA_SIG(NULL, &at, (long)der.n);
    if (sig != NULL && at == der.p + der.n)
        rc = put_raw(out, sig, half);
    ECDSA_SIG_free(sig);
    ERR_clear_error();
    return rc;
}

/* --- checking -----------------------------------------------------------------------------------
 */

static bool set_pss(EVP_PKEY_CTX *key)
{
    return EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(key, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static pse_rc verify(EVP_MD_CTX *ctx, const struct algorithm *a, EVP_PKEY *by,
                     struct pse_span message, struct pse_span signature)
{
    EVP_PKEY_CTX *key = NULL;

    if (EVP_DigestVerifyInit(ctx, &key, a->hash(), NULL, by) != 1)
        return PSE_E_SIGNATURE; /* a key that its certificate restricts to another hash */
    if (a->family == FAMILY_PS && !set_pss(key))
        return PSE_E_SIGNATURE; /* likewise, or to a longer salt */
    return EVP_DigestVerify(ctx, signature.p, signature.n, message.p, message.n) == 1
               ? PSE_OK
               : PSE_E_SIGNATURE;
}

pse_rc pse_jwa_verify_key(enum pse_jwa jwa, EVP_PKEY *by, struct pse_span message,
                          struct pse_span signature)
{
    const struct algorithm *a = row_of(jwa);
    struct pse_buf der = PSE_BUF(PSE_ECDSA_DER_MAX);
    EVP_MD_CTX *ctx;
    pse_rc rc = PSE_OK;

    if (signature.n != (a->family == FAMILY_ES ? 2 * a->half : (size_t)EVP_PKEY_get_size(by)))
        return PSE_E_SIGNATURE;
    if (a->family == FAMILY_ES) {
        rc = pse_ecdsa_der_put(&der, signature);
        signature = pse_buf_span(&der);
    }
    ctx = EVP_MD_CTX_new();
    if (rc == PSE_OK)
        rc = ctx == NULL ? PSE_E_MEMORY : verify(ctx, a, by, message, signature);
    EVP_MD_CTX_free(ctx);
    pse_buf_free(&der);
    ERR_clear_error();
    return rc == PSE_E_RANGE ? PSE_E_SIGNATURE : rc;
}

pse_rc pse_jwa_verify(enum pse_jwa jwa, const struct pse_certificate *c, struct pse_span message,
                      struct pse_span signature)
{
    PSE_REQUIRE(pse_jwa_fits(jwa, c));
    return pse_jwa_verify_key(jwa, X509_get0_pubkey(c->x), message, signature);
}
