/* Authenticators for tests: keys, client data, authenticator data and attestation right or wrong in
 * one point, with CBOR and signatures made by other code than the library's. */
#ifndef PSE_TESTS_UNIT_AUTHENTICATOR_MAKER_H
#define PSE_TESTS_UNIT_AUTHENTICATOR_MAKER_H

#include <openssl/core_names.h>
#include <stdio.h>

#include "codec/codec.h"
#include "person_maker.h"

enum { FLAG_UP = 1, FLAG_UV = 4, FLAG_BE = 8, FLAG_BS = 16, FLAG_AT = 64, FLAG_ED = 128 };

static const char maker_origin[] = "https://officers.example.org";
static const char maker_rp_id[] = "officers.example.org";
static const struct pse_webauthn_site maker_site = {maker_origin, maker_rp_id};
static const uint8_t maker_aaguid[16] = {0xa1, 0xb2, 0xc3, 0xd4, 5,  6,  7,  8,
                                         9,    10,   11,   12,   13, 14, 15, 16};

/** What one ceremony is to look like. */
struct ceremony {
    EVP_PKEY *key; /* P-256 or Ed25519 */
    const char *id;
    const char *rp_id;
    const uint8_t *aaguid;
    uint8_t flags;
    uint8_t flip_flags; /* said otherwise than what is there */
    uint32_t count;
    const char *extensions; /* hexadecimal of a map, with FLAG_ED */
    const char *data_end;   /* hexadecimal behind the authenticator data */
    /* client data */
    const char *type, *origin;
    const pse_hash *challenge;
    const char *members;     /* more of them, each with a comma in front */
    const char *client_data; /* all of it, in place of the above */
    /* a new key */
    const char *cose;       /* hexadecimal, in place of the key's */
    const char *format;     /* "none", "packed", … */
    const char *statement;  /* hexadecimal, in place of what the format asks for */
    const char *object;     /* hexadecimal, in place of the whole object */
    const char *object_end; /* hexadecimal behind it */
    X509 *certificate;      /* in x5c, with its key; NULL: the key attests itself */
    EVP_PKEY *certificate_key;
    int attestation_alg; /* 0: what the key is for */
    bool flip_attestation;
    /* an assertion */
    const char *user_handle;
    bool flip_signature;
    EVP_PKEY *signer; /* another than key */
};

/** What came of it. */
struct made {
    char client_data[4096];
    struct pse_buf data, object, signature;
    struct pse_webauthn_answer answer;
};

static inline EVP_PKEY *maker_p256(void)
{
    return EVP_EC_gen("P-256");
}

static inline EVP_PKEY *maker_ed25519(void)
{
    return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static inline bool maker_is_eddsa(const EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
}

static inline struct ceremony ceremony_new(EVP_PKEY *key, const pse_hash *challenge)
{
    return (struct ceremony){.key = key,
                             .id = "credential 1",
                             .rp_id = maker_rp_id,
                             .aaguid = maker_aaguid,
                             .flags = FLAG_UP | FLAG_UV | FLAG_AT,
                             .count = 7,
                             .type = "webauthn.create",
                             .origin = maker_origin,
                             .challenge = challenge,
                             .members = "",
                             .format = "none"};
}

static inline struct ceremony ceremony_again(EVP_PKEY *key, const pse_hash *challenge)
{
    struct ceremony c = ceremony_new(key, challenge);

    c.flags = FLAG_UP | FLAG_UV;
    c.type = "webauthn.get";
    c.count = 8;
    return c;
}

static inline void maker_hex(struct pse_buf *out, const char *hex)
{
    size_t n = hex == NULL ? 0 : strlen(hex) / 2;
    uint8_t *at = n == 0 ? NULL : pse_buf_extend(out, n);

    if (at != NULL)
        assert_int_equal(pse_hex_decode(at, n, pse_span_str(hex)), PSE_OK);
}

/** Head of a byte or text string (major 2 or 3), an array (4) or a map (5). */
static inline void maker_cbor(struct pse_buf *out, unsigned major, size_t n)
{
    if (n >= 256) {
        pse_wr_u8(out, (uint8_t)(major << 5 | 25));
        pse_wr_u16(out, (uint16_t)n);
    } else if (n >= 24) {
        pse_wr_u8(out, (uint8_t)(major << 5 | 24));
        pse_wr_u8(out, (uint8_t)n);
    } else {
        pse_wr_u8(out, (uint8_t)(major << 5 | n));
    }
}

static inline void maker_cbor_str(struct pse_buf *out, unsigned major, const void *p, size_t n)
{
    maker_cbor(out, major, n);
    pse_buf_put(out, p, n);
}

static inline void maker_cbor_text(struct pse_buf *out, const char *text)
{
    maker_cbor_str(out, 3, text, strlen(text));
}

static inline void authenticator_sign(struct pse_buf *out, EVP_PKEY *key, struct pse_span message)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = 1024;
    uint8_t *at = pse_buf_extend(out, n);

    assert_int_equal(
        EVP_DigestSignInit(ctx, NULL, maker_is_eddsa(key) ? NULL : EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(ctx, at, &n, message.p, message.n), 1);
    out->n = out->n - 1024 + n;
    EVP_MD_CTX_free(ctx);
}

/* Over authenticator data and the digest of the client data. */
static inline void maker_sign_both(struct pse_buf *out, EVP_PKEY *key, const struct made *m,
                                   bool flip)
{
    struct pse_buf message = PSE_BUF(8192);
    pse_hash digest;

    pse_sha256(&digest, pse_span_str(m->client_data));
    pse_buf_put(&message, m->data.p, m->data.n);
    pse_wr_hash(&message, &digest);
    if (flip)
        message.p[0] ^= 1;
    authenticator_sign(out, key, pse_buf_span(&message));
    pse_buf_free(&message);
}

static inline void maker_coordinate(uint8_t out[32], EVP_PKEY *key, const char *name)
{
    BIGNUM *x = NULL;

    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &x), 1);
    assert_int_equal(BN_bn2binpad(x, out, 32), 32);
    BN_free(x);
}

/** The 64 bytes of struct pse_webauthn_key. */
static inline void maker_point(uint8_t out[64], EVP_PKEY *key)
{
    size_t n = 32;

    memset(out, 0, 64);
    if (maker_is_eddsa(key)) {
        assert_int_equal(EVP_PKEY_get_raw_public_key(key, out, &n), 1);
        return;
    }
    maker_coordinate(out, key, OSSL_PKEY_PARAM_EC_PUB_X);
    maker_coordinate(out + 32, key, OSSL_PKEY_PARAM_EC_PUB_Y);
}

static inline void maker_cose(struct pse_buf *out, EVP_PKEY *key)
{
    uint8_t point[64];

    maker_point(point, key);
    maker_hex(out, maker_is_eddsa(key) ? "a40101032720062158"
                                         "20"
                                       : "a50102032620012158"
                                         "20");
    pse_buf_put(out, point, 32);
    if (!maker_is_eddsa(key)) {
        maker_hex(out, "225820");
        pse_buf_put(out, point + 32, 32);
    }
}

static inline void maker_data(struct pse_buf *out, const struct ceremony *c)
{
    pse_hash rp;

    pse_sha256(&rp, pse_span_str(c->rp_id));
    pse_wr_hash(out, &rp);
    pse_wr_u8(out, c->flags);
    pse_wr_u32(out, c->count);
    if ((c->flags & FLAG_AT) != 0) {
        pse_buf_put(out, c->aaguid, 16);
        pse_wr_v16(out, pse_span_str(c->id));
        if (c->cose != NULL)
            maker_hex(out, c->cose);
        else
            maker_cose(out, c->key);
    }
    maker_hex(out, c->extensions);
    maker_hex(out, c->data_end);
    out->p[32] ^= c->flip_flags;
}

static inline void maker_client_data(struct made *m, const struct ceremony *c)
{
    struct pse_buf challenge = PSE_BUF(100);

    pse_base64url_put(&challenge, c->challenge->b, 32);
    if (c->client_data != NULL)
        snprintf(m->client_data, sizeof m->client_data, "%s", c->client_data);
    else
        snprintf(m->client_data, sizeof m->client_data,
                 "{\"type\":\"%s\",\"challenge\":\"%.*s\",\"origin\":\"%s\"%s}", c->type,
                 (int)challenge.n, (const char *)challenge.p, c->origin, c->members);
    pse_buf_free(&challenge);
}

static inline void maker_statement(struct pse_buf *out, const struct ceremony *c,
                                   const struct made *m)
{
    EVP_PKEY *key = c->certificate == NULL ? c->key : c->certificate_key;
    struct pse_buf signature = PSE_BUF(4096), der = PSE_BUF(8192);
    int alg = maker_is_eddsa(key) ? -8 : EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? -257 : -7;

    if (c->attestation_alg != 0)
        alg = c->attestation_alg;
    maker_cbor(out, 5, c->certificate == NULL ? 2 : 3);
    maker_cbor_text(out, "alg");
    if (alg >= -24)
        pse_wr_u8(out, (uint8_t)(0x20 - 1 - alg));
    else {
        pse_wr_u8(out, 0x39);
        pse_wr_u16(out, (uint16_t)(-1 - alg));
    }
    maker_cbor_text(out, "sig");
    maker_sign_both(&signature, key, m, c->flip_attestation);
    maker_cbor_str(out, 2, signature.p, signature.n);
    if (c->certificate != NULL) {
        maker_cbor_text(out, "x5c");
        maker_cbor(out, 4, 1);
        maker_der(&der, c->certificate);
        maker_cbor_str(out, 2, der.p, der.n);
    }
    pse_buf_free(&signature);
    pse_buf_free(&der);
}

static inline void maker_object(struct pse_buf *out, const struct ceremony *c, const struct made *m)
{
    if (c->object != NULL) {
        maker_hex(out, c->object);
        return;
    }
    maker_cbor(out, 5, 3);
    maker_cbor_text(out, "fmt");
    maker_cbor_text(out, c->format);
    maker_cbor_text(out, "attStmt");
    if (c->statement != NULL)
        maker_hex(out, c->statement);
    else if (strcmp(c->format, "packed") == 0)
        maker_statement(out, c, m);
    else
        maker_cbor(out, 5, 0);
    maker_cbor_text(out, "authData");
    maker_cbor_str(out, 2, m->data.p, m->data.n);
    maker_hex(out, c->object_end);
}

/** Perform it. */
static inline void make(struct made *m, const struct ceremony *c)
{
    *m = (struct made){.data = PSE_BUF(8192), .object = PSE_BUF(32768), .signature = PSE_BUF(4096)};
    maker_client_data(m, c);
    maker_data(&m->data, c);
    m->answer.id = pse_span_str(c->id);
    m->answer.client_data = pse_span_str(m->client_data);
    if ((c->flags & FLAG_AT) != 0 && strcmp(c->type, "webauthn.get") != 0) {
        maker_object(&m->object, c, m);
        m->answer.object = pse_buf_span(&m->object);
        return;
    }
    maker_sign_both(&m->signature, c->signer == NULL ? c->key : c->signer, m, c->flip_signature);
    m->answer.data = pse_buf_span(&m->data);
    m->answer.signature = pse_buf_span(&m->signature);
    if (c->user_handle != NULL)
        m->answer.user_handle = pse_span_str(c->user_handle);
}

static inline void made_free(struct made *m)
{
    pse_buf_free(&m->data);
    pse_buf_free(&m->object);
    pse_buf_free(&m->signature);
}

/** The key as it is registered. */
static inline struct pse_webauthn_key maker_key(EVP_PKEY *key, const char *id)
{
    struct pse_webauthn_key k = {.id_n = (uint16_t)strlen(id),
                                 .algorithm =
                                     maker_is_eddsa(key) ? PSE_WEBAUTHN_EDDSA : PSE_WEBAUTHN_ES256,
                                 .sign_count = 7};

    memcpy(k.id, id, strlen(id));
    memcpy(k.aaguid, maker_aaguid, 16);
    maker_point(k.key, key);
    return k;
}

#endif
