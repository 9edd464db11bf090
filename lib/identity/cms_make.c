/* CMS on the voter's side. The structures are written by hand: they are few and fixed, and their
 * bytes are what a card signs. */
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "cms.h"
#include "cms_room.h"
#include "codec/codec.h"
#include "room.h"

/* --- the list -----------------------------------------------------------------------------------
 */

/* AlgorithmIdentifiers: SHA-2 without parameters (RFC 5754, 2), ECDSA likewise, RSA with NULL. */
#define SHA2(n)      0x30, 11, 0x06, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, n
#define SHA2_NULL(n) 0x30, 13, 0x06, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, n, 5, 0
#define PKCS1(n)     0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, n
#define ECDSA(n)                                                       \
    {                                                                  \
        0x30, 10, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, n \
    }
#define RSA_(n)                  \
    {                            \
        0x30, 13, PKCS1(n), 5, 0 \
    }
/* RSASSA-PSS-params (RFC 4055, 3.1): hash, MGF1 with the same, length of the salt. */
#define PSS(n, salt)                                                                         \
    {                                                                                        \
        0x30, 65, PKCS1(10), 0x30, 52, 0xa0, 15, SHA2_NULL(n), 0xa1, 28, 0x30, 26, PKCS1(8), \
            SHA2_NULL(n), 0xa2, 3, 0x02, 1, salt                                             \
    }

static const uint8_t sha256[] = {SHA2(1)}, sha384[] = {SHA2(2)}, sha512[] = {SHA2(3)};
static const uint8_t ecdsa256[] = ECDSA(2), ecdsa384[] = ECDSA(3), ecdsa512[] = ECDSA(4);
static const uint8_t rsa256[] = RSA_(11), rsa384[] = RSA_(12), rsa512[] = RSA_(13);
static const uint8_t pss256[] = PSS(1, 32), pss384[] = PSS(2, 48), pss512[] = PSS(3, 64);

#define ROW(name, hash, n, family, d, s)      \
    {                                         \
        name, hash, n, family, {d, sizeof d}, \
        {                                     \
            s, sizeof s                       \
        }                                     \
    }
static const struct pse_cms_row rows[PSE_CMS_ALGORITHMS] = {
    [PSE_CMS_ECDSA_SHA256] =
        ROW("ecdsa-sha256", EVP_sha256, 32, PSE_CMS_BY_ECDSA, sha256, ecdsa256),
    [PSE_CMS_ECDSA_SHA384] =
        ROW("ecdsa-sha384", EVP_sha384, 48, PSE_CMS_BY_ECDSA, sha384, ecdsa384),
    [PSE_CMS_ECDSA_SHA512] =
        ROW("ecdsa-sha512", EVP_sha512, 64, PSE_CMS_BY_ECDSA, sha512, ecdsa512),
    [PSE_CMS_RSA_SHA256] = ROW("rsa-sha256", EVP_sha256, 32, PSE_CMS_BY_RSA, sha256, rsa256),
    [PSE_CMS_RSA_SHA384] = ROW("rsa-sha384", EVP_sha384, 48, PSE_CMS_BY_RSA, sha384, rsa384),
    [PSE_CMS_RSA_SHA512] = ROW("rsa-sha512", EVP_sha512, 64, PSE_CMS_BY_RSA, sha512, rsa512),
    [PSE_CMS_PSS_SHA256] = ROW("pss-sha256", EVP_sha256, 32, PSE_CMS_BY_PSS, sha256, pss256),
    [PSE_CMS_PSS_SHA384] = ROW("pss-sha384", EVP_sha384, 48, PSE_CMS_BY_PSS, sha384, pss384),
    [PSE_CMS_PSS_SHA512] = ROW("pss-sha512", EVP_sha512, 64, PSE_CMS_BY_PSS, sha512, pss512),
};

const struct pse_cms_row *pse_cms_row(enum pse_cms_algorithm a)
{
    PSE_REQUIRE(a > PSE_CMS_NONE && a < PSE_CMS_ALGORITHMS);
    return &rows[a];
}

const char *pse_cms_algorithm_name(enum pse_cms_algorithm a)
{
    return a == PSE_CMS_NONE ? "none" : pse_cms_row(a)->name;
}

enum pse_cms_algorithm pse_cms_algorithm_of_name(struct pse_span name)
{
    for (enum pse_cms_algorithm a = PSE_CMS_NONE + 1; a < PSE_CMS_ALGORITHMS; a++) {
        if (pse_span_is_str(name, rows[a].name))
            return a;
    }
    return PSE_CMS_NONE;
}

bool pse_cms_algorithm_fits(enum pse_cms_algorithm a, const struct pse_certificate *c)
{
    enum pse_key_kind kind = pse_certificate_key(c);

    if (a == PSE_CMS_NONE)
        return false;
    switch (pse_cms_row(a)->family) {
    case PSE_CMS_BY_ECDSA: return kind == PSE_KEY_P256 || kind == PSE_KEY_P384;
    case PSE_CMS_BY_RSA: return pse_jwa_fits(PSE_JWA_RS256, c);
    case PSE_CMS_BY_PSS: return pse_jwa_fits(PSE_JWA_PS256, c);
    }
    return false;
}

enum pse_cms_algorithm pse_cms_algorithm_for(const struct pse_certificate *c)
{
    static const enum pse_cms_algorithm usual[] = {
        [PSE_KEY_RSA] = PSE_CMS_RSA_SHA256,    [PSE_KEY_RSA_PSS] = PSE_CMS_PSS_SHA256,
        [PSE_KEY_P256] = PSE_CMS_ECDSA_SHA256, [PSE_KEY_P384] = PSE_CMS_ECDSA_SHA384,
        [PSE_KEY_P521] = PSE_CMS_NONE,
    };
    enum pse_cms_algorithm a = usual[pse_certificate_key(c)];

    return pse_cms_algorithm_fits(a, c) ? a : PSE_CMS_NONE;
}

size_t pse_cms_digest_length(enum pse_cms_algorithm a)
{
    return pse_cms_row(a)->digest;
}

pse_rc pse_cms_digest(uint8_t out[64], enum pse_cms_algorithm a, struct pse_span attributes)
{
    memset(out, 0, 64);
    return EVP_Digest(attributes.n == 0 ? (const uint8_t *)"" : attributes.p, attributes.n, out,
                      NULL, pse_cms_row(a)->hash(), NULL) == 1
               ? PSE_OK
               : PSE_E_MEMORY;
}

/* --- DER ----------------------------------------------------------------------------------------
 */

enum { SEQUENCE = 0x30, SET = 0x31, OCTETS = 0x04, FIRST = 0xa0 };

static void put_head(struct pse_buf *out, uint8_t tag, size_t n)
{
    uint8_t octets[sizeof n];
    unsigned k = 0;

    pse_wr_u8(out, tag);
    if (n < 0x80) {
        pse_wr_u8(out, (uint8_t)n);
        return;
    }
    for (size_t x = n; x > 0; x >>= 8)
        octets[k++] = (uint8_t)x;
    pse_wr_u8(out, (uint8_t)(0x80 | k));
    while (k > 0)
        pse_wr_u8(out, octets[--k]);
}

static void put(struct pse_buf *out, uint8_t tag, struct pse_span content)
{
    put_head(out, tag, content.n);
    pse_wr_span(out, content);
}

/* What was appended behind @p from becomes the content of one value. */
static void wrap(struct pse_buf *out, size_t from, uint8_t tag)
{
    struct pse_buf head = PSE_BUF(16);

    if (out->rc == PSE_OK)
        put_head(&head, tag, out->n - from);
    if (out->rc == PSE_OK && pse_buf_extend(out, head.n) != NULL) {
        memmove(out->p + from + head.n, out->p + from, out->n - head.n - from);
        memcpy(out->p + from, head.p, head.n);
    }
    pse_buf_free(&head);
}

/* --- signed attributes --------------------------------------------------------------------------
 */

static const uint8_t id_data[] = {0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
static const uint8_t id_signed_data[] = {0x06, 9,    0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x07, 0x02};
static const uint8_t id_type[] = {0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03};
static const uint8_t id_digest[] = {0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04};
static const uint8_t id_certificate[] = {0x06, 11,   0x2a, 0x86, 0x48, 0x86, 0xf7,
                                         0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f};

/* Attribute ::= SEQUENCE { type, values SET OF one }; @p value is that one, in DER. */
static void put_attribute(struct pse_buf *out, struct pse_span type, struct pse_span value)
{
    size_t start = out->n;
    size_t values;

    pse_wr_span(out, type);
    values = out->n;
    pse_wr_span(out, value);
    wrap(out, values, SET);
    wrap(out, start, SEQUENCE);
}

/* SigningCertificateV2 with one ESSCertIDv2: the default hash SHA-256 stays unsaid, and issuer and
 * serial number stand in the signer's identifier already. */
static void put_certificate_id(struct pse_buf *out, const struct pse_certificate *c)
{
    pse_hash digest = pse_certificate_digest(c);

    put(out, OCTETS, pse_span(digest.b, sizeof digest.b));
    wrap(out, 0, SEQUENCE);
    wrap(out, 0, SEQUENCE);
    wrap(out, 0, SEQUENCE);
}

/* X.690, 11.6: the elements of a SET OF ascend as strings of octets. */
static bool is_before(const struct pse_buf *a, const struct pse_buf *b)
{
    size_t n = a->n < b->n ? a->n : b->n;
    int c = memcmp(a->p, b->p, n);

    return c < 0 || (c == 0 && a->n < b->n);
}

static void put_sorted(struct pse_buf *out, struct pse_buf part[3])
{
    for (unsigned i = 1; i < 3; i++) {
        for (unsigned k = i; k > 0 && is_before(&part[k], &part[k - 1]); k--) {
            struct pse_buf other = part[k];

            part[k] = part[k - 1];
            part[k - 1] = other;
        }
    }
    for (unsigned i = 0; i < 3; i++)
        pse_wr_span(out, pse_buf_span(&part[i]));
}

static pse_rc put_attributes(struct pse_buf *out, enum pse_cms_algorithm a, struct pse_span message,
                             const struct pse_certificate *c, uint8_t tag)
{
    struct pse_buf part[3] = {PSE_BUF(PSE_CMS_ATTRIBUTES_MAX), PSE_BUF(PSE_CMS_ATTRIBUTES_MAX),
                              PSE_BUF(PSE_CMS_ATTRIBUTES_MAX)};
    struct pse_buf value = PSE_BUF(PSE_CMS_ATTRIBUTES_MAX);
    size_t start = out->n;
    uint8_t digest[64];
    pse_rc rc = pse_cms_digest(digest, a, message);

    put_attribute(&part[0], pse_span(id_type, sizeof id_type), pse_span(id_data, sizeof id_data));
    put(&value, OCTETS, pse_span(digest, pse_cms_digest_length(a)));
    put_attribute(&part[1], pse_span(id_digest, sizeof id_digest), pse_buf_span(&value));
    value.n = 0;
    put_certificate_id(&value, c);
    put_attribute(&part[2], pse_span(id_certificate, sizeof id_certificate), pse_buf_span(&value));
    for (unsigned i = 0; rc == PSE_OK && i < 3; i++)
        rc = part[i].rc;
    if (rc == PSE_OK)
        put_sorted(out, part);
    wrap(out, start, tag);
    for (unsigned i = 0; i < 3; i++)
        pse_buf_free(&part[i]);
    pse_buf_free(&value);
    return rc == PSE_OK ? out->rc : rc;
}

pse_rc pse_cms_attributes_put(struct pse_buf *out, enum pse_cms_algorithm a,
                              struct pse_span message, const struct pse_certificate *c)
{
    return pse_cms_algorithm_fits(a, c) ? put_attributes(out, a, message, c, SET)
                                        : PSE_E_UNSUPPORTED;
}

/* --- the container ------------------------------------------------------------------------------
 */

/* IssuerAndSerialNumber, in the bytes that the certificate has. */
static pse_rc put_signer_id(struct pse_buf *out, const struct pse_certificate *c)
{
    size_t start = out->n;
    uint8_t *der = NULL;
    int n = i2d_X509_NAME(X509_get_issuer_name(c->x), &der);

    if (n <= 0)
        return PSE_E_MEMORY;
    pse_buf_put(out, der, (size_t)n);
    OPENSSL_free(der);
    der = NULL;
    n = i2d_ASN1_INTEGER(X509_get0_serialNumber(c->x), &der);
    if (n <= 0)
        return PSE_E_MEMORY;
    pse_buf_put(out, der, (size_t)n);
    OPENSSL_free(der);
    wrap(out, start, SEQUENCE);
    return out->rc;
}

static pse_rc put_signer(struct pse_buf *out, enum pse_cms_algorithm a, struct pse_span message,
                         const struct pse_certificate *c, struct pse_span value)
{
    static const uint8_t version[] = {0x02, 1, 1};
    size_t start = out->n;

    pse_buf_put(out, version, sizeof version);
    PSE_TRY(put_signer_id(out, c));
    pse_wr_span(out, pse_cms_row(a)->digest_id);
    PSE_TRY(put_attributes(out, a, message, c, FIRST));
    pse_wr_span(out, pse_cms_row(a)->signature_id);
    put(out, OCTETS, value);
    wrap(out, start, SEQUENCE);
    return out->rc;
}

pse_rc pse_cms_assemble(struct pse_buf *out, enum pse_cms_algorithm a, struct pse_span message,
                        const struct pse_certificate *c, struct pse_span value)
{
    static const uint8_t version[] = {0x02, 1, 1};
    size_t start = out->n;
    size_t body, infos;

    pse_buf_put(out, id_signed_data, sizeof id_signed_data);
    body = out->n;
    pse_buf_put(out, version, sizeof version);
    put(out, SET, pse_cms_row(a)->digest_id);
    put(out, SEQUENCE, pse_span(id_data, sizeof id_data));
    put(out, FIRST, pse_certificate_der(c));
    infos = out->n;
    PSE_TRY(put_signer(out, a, message, c, value));
    wrap(out, infos, SET);
    wrap(out, body, SEQUENCE);
    wrap(out, body, FIRST);
    wrap(out, start, SEQUENCE);
    return out->rc;
}

/* --- the raw signature --------------------------------------------------------------------------
 */

static bool set_padding(EVP_PKEY_CTX *key, enum pse_cms_algorithm a)
{
    return pse_cms_row(a)->family != PSE_CMS_BY_PSS ||
           (EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(key, RSA_PSS_SALTLEN_DIGEST) == 1);
}

/* @p value: as it stands in a container. */
static pse_rc check_value(enum pse_cms_algorithm a, const struct pse_certificate *c,
                          struct pse_span attributes, struct pse_span value)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key = NULL;
    pse_rc rc = ctx == NULL ? PSE_E_MEMORY : PSE_E_SIGNATURE;

    if (ctx != NULL &&
        EVP_DigestVerifyInit(ctx, &key, pse_cms_row(a)->hash(), NULL, X509_get0_pubkey(c->x)) ==
            1 &&
        set_padding(key, a) &&
        EVP_DigestVerify(ctx, value.p, value.n, attributes.p, attributes.n) == 1)
        rc = PSE_OK;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return rc;
}

/* r || s becomes DER, RSA stays. */
static pse_rc put_value(struct pse_buf *out, enum pse_cms_algorithm a,
                        const struct pse_certificate *c, struct pse_span raw)
{
    size_t bytes = (pse_certificate_key_bits(c) + 7) / 8;
    pse_rc rc;

    if (pse_cms_row(a)->family != PSE_CMS_BY_ECDSA) {
        pse_wr_span(out, raw);
        return raw.n == bytes ? out->rc : PSE_E_SIGNATURE;
    }
    if (raw.n != 2 * bytes)
        return PSE_E_SIGNATURE;
    rc = pse_ecdsa_der_put(out, raw);
    return rc == PSE_E_RANGE ? PSE_E_SIGNATURE : rc;
}

pse_rc pse_cms_put(struct pse_buf *out, enum pse_cms_algorithm a, struct pse_span message,
                   const struct pse_certificate *c, struct pse_span raw)
{
    struct pse_buf attributes = PSE_BUF(PSE_CMS_ATTRIBUTES_MAX);
    struct pse_buf value = PSE_BUF(PSE_SIGNATURE_MAX);
    pse_rc rc = pse_cms_attributes_put(&attributes, a, message, c);

    if (rc == PSE_OK)
        rc = put_value(&value, a, c, raw);
    if (rc == PSE_OK)
        rc = check_value(a, c, pse_buf_span(&attributes), pse_buf_span(&value));
    if (rc == PSE_OK)
        rc = pse_cms_assemble(out, a, message, c, pse_buf_span(&value));
    pse_buf_free(&attributes);
    pse_buf_free(&value);
    return rc;
}
