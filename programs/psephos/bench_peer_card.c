/* Cards, and the bare checks of their signatures by OpenSSL, as peers of psephos identity. */
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "psephos/bench_card.h"

enum { TOKEN_MAX = 10000, PART_MAX = 4096, LIFE = 86400, CHECKS = 4 };

/* Something signed, and by which key. */
struct signed_part {
    EVP_PKEY *key;
    const EVP_MD *hash;
    bool pss;
    uint8_t message[PART_MAX], signature[PART_MAX];
    size_t message_n, signature_n;
};

struct bench_card {
    struct signed_part card, authority; /* the token's, and the certificate's */
    X509 *ca, *certificate;
    uint8_t *ca_der, *der; /* of both */
    size_t ca_der_n, der_n;
    char token[TOKEN_MAX];
    size_t token_n;
};

/* --- certificates ----------------------------------------------------------------------------- */

static bool put_extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool good = e != NULL && X509_add_ext(x, e, -1) == 1;

    X509_EXTENSION_free(e);
    return good;
}

static X509 *certificate_new(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
    X509 *x = X509_new();
    X509_NAME *subject;
    bool good;

    if (x == NULL)
        return NULL;
    subject = X509_get_subject_name(x);
    good =
        X509_set_version(x, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x), 7) == 1 &&
        X509_NAME_add_entry_by_txt(subject, "C", MBSTRING_ASC, (const uint8_t *)"EE", -1, -1, 0) ==
            1 &&
        X509_NAME_add_entry_by_txt(subject, "serialNumber", MBSTRING_ASC, (const uint8_t *)name, -1,
                                   -1, 0) == 1 &&
        X509_set_issuer_name(x, issuer == NULL ? subject : X509_get_subject_name(issuer)) == 1 &&
        ASN1_TIME_set(X509_getm_notBefore(x), BENCH_CARD_NOW - LIFE) != NULL &&
        ASN1_TIME_set(X509_getm_notAfter(x), BENCH_CARD_NOW + LIFE) != NULL &&
        X509_set_pubkey(x, key) == 1 &&
        put_extension(x, NID_basic_constraints, issuer == NULL ? "critical,CA:TRUE" : "CA:FALSE") &&
        put_extension(x, NID_key_usage,
                      issuer == NULL ? "critical,keyCertSign" : "critical,digitalSignature") &&
        (issuer == NULL || put_extension(x, NID_ext_key_usage, "clientAuth")) &&
        X509_sign(x, issuer_key, EVP_sha384()) > 0;
    if (good)
        return x;
    X509_free(x);
    return NULL;
}

/* What the authority signed: the certificate's own part and the signature on it. */
static bool keep_authority(struct bench_card *c)
{
    const ASN1_BIT_STRING *signature;
    uint8_t *tbs = NULL;
    int n = i2d_re_X509_tbs(c->certificate, &tbs);
    bool good = n > 0 && n <= PART_MAX;

    X509_get0_signature(&signature, NULL, c->certificate);
    if (good) {
        memcpy(c->authority.message, tbs, (size_t)n);
        c->authority.message_n = (size_t)n;
        c->authority.signature_n = (size_t)ASN1_STRING_length(signature);
        memcpy(c->authority.signature, ASN1_STRING_get0_data(signature), c->authority.signature_n);
        c->authority.hash = EVP_sha384();
    }
    OPENSSL_free(tbs);
    return good;
}

/* --- tokens ----------------------------------------------------------------------------------- */

static EVP_PKEY *key_for(const char *algorithm)
{
    if (algorithm[0] != 'E')
        return EVP_RSA_gen(2048);
    return EVP_EC_gen(strcmp(algorithm, "ES256") == 0   ? "P-256"
                      : strcmp(algorithm, "ES384") == 0 ? "P-384"
                                                        : "P-521");
}

static bool init(EVP_MD_CTX *ctx, const struct signed_part *p, bool to_sign)
{
    EVP_PKEY_CTX *how = NULL;
    int done = to_sign ? EVP_DigestSignInit(ctx, &how, p->hash, NULL, p->key)
                       : EVP_DigestVerifyInit(ctx, &how, p->hash, NULL, p->key);

    return done == 1 &&
           (!p->pss || (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
                        EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1));
}

static bool sign(struct signed_part *p)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good;

    p->signature_n = sizeof p->signature;
    good = ctx != NULL && init(ctx, p, true) &&
           EVP_DigestSign(ctx, p->signature, &p->signature_n, p->message, p->message_n) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

static bool sign_login(struct bench_card *c, const char *algorithm)
{
    struct signed_part *p = &c->card;
    size_t n;

    p->hash = strcmp(algorithm + 2, "256") == 0   ? EVP_sha256()
              : strcmp(algorithm + 2, "384") == 0 ? EVP_sha384()
                                                  : EVP_sha512();
    p->pss = algorithm[0] == 'P';
    n = (size_t)EVP_MD_get_size(p->hash);
    p->message_n = 2 * n;
    return EVP_Digest(BENCH_CARD_ORIGIN, strlen(BENCH_CARD_ORIGIN), p->message, NULL, p->hash,
                      NULL) == 1 &&
           EVP_Digest(BENCH_CARD_NONCE, strlen(BENCH_CARD_NONCE), p->message + n, NULL, p->hash,
                      NULL) == 1 &&
           sign(p);
}

/* As cards give it: r and s one after the other. */
static size_t raw_of(uint8_t *out, const struct signed_part *p)
{
    const uint8_t *at = p->signature;
    int half = (EVP_PKEY_get_bits(p->key) + 7) / 8;
    ECDSA_SIG *sig;

    if (EVP_PKEY_get_base_id(p->key) != EVP_PKEY_EC) {
        memcpy(out, p->signature, p->signature_n);
        return p->signature_n;
    }
    sig = d2i_ECDSA_SIG(NULL, &at, (long)p->signature_n);
    if (sig == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, half) != half ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, half) != half)
        half = 0;
    ECDSA_SIG_free(sig);
    return 2 * (size_t)half;
}

static bool write_token(struct bench_card *c, const char *algorithm)
{
    char certificate[2 * PART_MAX], signature[2 * PART_MAX];
    uint8_t raw[PART_MAX];
    int n = i2d_X509(c->certificate, &c->der);
    size_t raw_n = raw_of(raw, &c->card);

    c->der_n = n > 0 ? (size_t)n : 0;
    if (n <= 0 || n > PART_MAX || raw_n == 0)
        return false;
    EVP_EncodeBlock((uint8_t *)certificate, c->der, n);
    EVP_EncodeBlock((uint8_t *)signature, raw, (int)raw_n);
    n = snprintf(c->token, sizeof c->token,
                 "{\"unverifiedCertificate\":\"%s\",\"algorithm\":\"%s\",\"signature\":\"%s\","
                 "\"format\":\"web-eid:1.0\",\"appVersion\":\"bench\"}",
                 certificate, algorithm, signature);
    c->token_n = n > 0 && n < TOKEN_MAX ? (size_t)n : 0;
    return c->token_n > 0;
}

static bool make(struct bench_card *c, const char *algorithm)
{
    int n;

    c->authority.key = EVP_EC_gen("P-384");
    c->card.key = key_for(algorithm);
    if (c->authority.key == NULL || c->card.key == NULL)
        return false;
    c->ca = certificate_new("authority", c->authority.key, NULL, c->authority.key);
    if (c->ca == NULL)
        return false;
    c->certificate = certificate_new("PNOEE-48001085718", c->card.key, c->ca, c->authority.key);
    if (c->certificate == NULL || !keep_authority(c))
        return false;
    n = i2d_X509(c->ca, &c->ca_der);
    c->ca_der_n = n > 0 ? (size_t)n : 0;
    return n > 0 && sign_login(c, algorithm) && write_token(c, algorithm);
}

struct bench_card *bench_card_new(const char *algorithm)
{
    struct bench_card *c = calloc(1, sizeof *c);

    if (c == NULL || make(c, algorithm))
        return c;
    bench_card_free(c);
    return NULL;
}

void bench_card_free(struct bench_card *c)
{
    if (c == NULL)
        return;
    EVP_PKEY_free(c->card.key);
    EVP_PKEY_free(c->authority.key);
    X509_free(c->ca);
    X509_free(c->certificate);
    OPENSSL_free(c->ca_der);
    OPENSSL_free(c->der);
    free(c);
}

struct pse_span bench_card_token(const struct bench_card *c)
{
    return pse_span(c->token, c->token_n);
}

struct pse_span bench_card_authority(const struct bench_card *c)
{
    return pse_span(c->ca_der, c->ca_der_n);
}

/* --- peers ------------------------------------------------------------------------------------ */

static bool verify(const struct signed_part *p)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx != NULL && init(ctx, p, false) &&
                EVP_DigestVerify(ctx, p->signature, p->signature_n, p->message, p->message_n) == 1;

    EVP_MD_CTX_free(ctx);
    return good;
}

/* The least that OpenSSL can do with a card that it has not met: read the certificate, which reads
 * the key, and check the signature on it and the one by it. */
static bool read_and_verify(const struct bench_card *c)
{
    struct signed_part login = c->card;
    const uint8_t *at = c->der;
    X509 *x = d2i_X509(NULL, &at, (long)c->der_n);
    bool good = x != NULL && X509_verify(x, c->authority.key) == 1;

    login.key = good ? X509_get0_pubkey(x) : NULL;
    good = good && verify(&login);
    X509_free(x);
    return good;
}

static bool run_read(const struct bench *b, void *state)
{
    const struct bench_card *c = ((struct bench_card_state *)state)->card;
    bool good = true;

    (void)b;
    for (unsigned i = 0; i < CHECKS; i++)
        good = good && read_and_verify(c);
    return good;
}

static bool run_both(const struct bench *b, void *state)
{
    const struct bench_card *c = ((struct bench_card_state *)state)->card;
    bool good = true;

    (void)b;
    for (unsigned i = 0; i < CHECKS; i++)
        good = good && verify(&c->authority) && verify(&c->card);
    return good;
}

static bool run_own(const struct bench *b, void *state)
{
    const struct bench_card *c = ((struct bench_card_state *)state)->card;
    bool good = true;

    (void)b;
    for (unsigned i = 0; i < CHECKS; i++)
        good = good && verify(&c->card);
    return good;
}

static const char *version(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

const struct bench_peer bench_card_read = {
    .library = "OpenSSL",
    .work = "certificate read, both signatures",
    .version = version,
    .run = run_read,
    .things = CHECKS,
};
const struct bench_peer bench_card_both = {
    .library = "OpenSSL",
    .work = "both signatures alone",
    .version = version,
    .run = run_both,
    .things = CHECKS,
};
const struct bench_peer bench_card_own = {
    .library = "OpenSSL",
    .work = "the card's signature alone",
    .version = version,
    .run = run_own,
    .things = CHECKS,
};
