/* Cards for tests: an authority, persons' keys of every kind, tokens right or wrong in one point,
 * and a responder. Signs and assembles by other code than the library's. */
#ifndef PSE_TESTS_UNIT_CARD_MAKER_H
#define PSE_TESTS_UNIT_CARD_MAKER_H

#include <openssl/ecdsa.h>
#include <openssl/ocsp.h>
#include <stdio.h>

#include "person_maker.h"

enum { CARD_TEXT = 16384 };

static const char card_origin[] = "https://vote.example.org";
static const char card_nonce[] = "MTIzNDU2NzgxMjM0NTY3ODEyMzQ1Njc4MTIzNDU2Nzg=";

/** A person's certificate as it should be. */
static inline struct person_plan card_plan(EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key)
{
    return (struct person_plan){.given = "MÄRTA-LIIS",
                                .surname = "JÕEORG",
                                .serial = "PNOEE-48001085718",
                                .key = key,
                                .issuer = ca,
                                .issuer_key = ca_key,
                                .from = MAKER_NOW - 100 * MAKER_DAY,
                                .until = MAKER_NOW + 100 * MAKER_DAY,
                                .usage = "critical,digitalSignature,keyAgreement",
                                .extended = "clientAuth,emailProtection",
                                .policies = "1.2.3.4.5",
                                .address = "OCSP;URI:http://ocsp.example.org/"};
}

static inline X509 *card_authority(const char *name, EVP_PKEY *key, int64_t from, int64_t until)
{
    struct maker_certificate root = {
        .name = name, .key = key, .from = from, .until = until, .is_ca = true};

    return maker_certificate(&root);
}

/* --- tokens -------------------------------------------------------------------------------------
 */

/** A login to be made. Members that are NULL are left out; text goes into the JSON as it is. */
struct login {
    const char *algorithm; /* as stated */
    const char *hash;      /* as signed: "SHA256", … */
    bool pss;
    EVP_PKEY *key;
    X509 *card;
    const char *origin, *nonce;
    const char *format, *version;
    const char *extra;       /* more members, with a comma at the end */
    const char *certificate; /* in place of the card's, with its quotes */
    const char *signature;   /* likewise */
    const char *end;         /* behind the token */
};

static inline struct login card_login(const char *algorithm, EVP_PKEY *key, X509 *card)
{
    const char *digits = algorithm + 2;

    return (struct login){.algorithm = algorithm,
                          .hash = strcmp(digits, "256") == 0   ? "SHA256"
                                  : strcmp(digits, "384") == 0 ? "SHA384"
                                                               : "SHA512",
                          .pss = algorithm[0] == 'P',
                          .key = key,
                          .card = card,
                          .origin = card_origin,
                          .nonce = card_nonce,
                          .format = "\"web-eid:1.0\"",
                          .version = "\"https://web-eid.eu/web-eid-app/releases/2.5.0+0\"",
                          .extra = "",
                          .end = ""};
}

/** Into raw r || s, each of @p half bytes. */
static inline size_t card_raw(uint8_t *out, const uint8_t *der, size_t n, size_t half)
{
    const uint8_t *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)n);

    assert_non_null(sig);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int)half), (int)half);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, (int)half), (int)half);
    ECDSA_SIG_free(sig);
    return 2 * half;
}

/** What the card signs, signed: raw for ECDSA. Returns the length. */
static inline size_t card_sign(uint8_t out[2048], const struct login *l)
{
    const EVP_MD *md = EVP_get_digestbyname(l->hash);
    struct container_recipe by = {.key = l->key, .hash = l->hash, .pss = l->pss};
    uint8_t message[128], der[2048];
    unsigned n = (unsigned)EVP_MD_get_size(md);
    size_t made;

    EVP_Digest(l->origin, strlen(l->origin), message, NULL, md, NULL);
    EVP_Digest(l->nonce, strlen(l->nonce), message + n, NULL, md, NULL);
    made = recipe_sign(der, sizeof der, &by, pse_span(message, 2 * n));
    if (EVP_PKEY_get_base_id(l->key) == EVP_PKEY_EC)
        return card_raw(out, der, made, (size_t)(EVP_PKEY_get_bits(l->key) + 7) / 8);
    memcpy(out, der, made);
    return made;
}

/** "base64" with its quotes. */
static inline void card_quoted(char *out, const uint8_t *in, size_t n)
{
    out[0] = '"';
    n = (size_t)EVP_EncodeBlock((unsigned char *)out + 1, in, (int)n);
    memcpy(out + n + 1, "\"", 2);
}

static inline void card_token(char out[CARD_TEXT], const struct login *l)
{
    char certificate[CARD_TEXT], signature[CARD_TEXT], version[256] = "";
    struct pse_buf der = PSE_BUF(8192);
    uint8_t raw[2048];

    maker_der(&der, l->card);
    card_quoted(certificate, der.p, der.n);
    card_quoted(signature, raw, card_sign(raw, l));
    pse_buf_free(&der);
    if (l->version != NULL)
        snprintf(version, sizeof version, "\"appVersion\":%s,", l->version);
    snprintf(out, CARD_TEXT,
             "{%s%s\"unverifiedCertificate\":%s,\"algorithm\":\"%s\",\"signature\":%s,"
             "\"format\":%s}%s",
             l->extra, version, l->certificate != NULL ? l->certificate : certificate, l->algorithm,
             l->signature != NULL ? l->signature : signature, l->format, l->end);
}

/* --- responder ----------------------------------------------------------------------------------
 */

/** An answer to be made. */
struct answer {
    int response_status;
    unsigned count; /* of SingleResponses */
    X509 *about, *issuer;
    const EVP_MD *id_hash;
    int status;
    int64_t revoked, this_update, next_update; /* 0: none */
    const uint8_t *nonce;
    int nonce_n;
    const uint8_t *extension; /* one more nonce: the bytes in its extension as they are */
    int extension_n;
    X509 *responder;
    EVP_PKEY *key;
    unsigned long flags; /* of OCSP_basic_sign */
    X509 *beside;        /* one more certificate in it */
    int flip;            /* this byte from the end is changed; 0: none */
    bool trailing;
};

static inline ASN1_GENERALIZEDTIME *answer_time(int64_t t)
{
    return t == 0 ? NULL : ASN1_GENERALIZEDTIME_set(NULL, (time_t)t);
}

static inline OCSP_BASICRESP *answer_basic(const struct answer *a)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    ASN1_GENERALIZEDTIME *revoked = answer_time(a->revoked), *this = answer_time(a->this_update),
                         *next = answer_time(a->next_update);
    STACK_OF(X509) *more = sk_X509_new_null();

    for (unsigned i = 0; i < a->count; i++) {
        OCSP_CERTID *id = OCSP_cert_to_id(a->id_hash, a->about, a->issuer);

        assert_non_null(OCSP_basic_add1_status(basic, id, a->status, OCSP_REVOKED_STATUS_NOSTATUS,
                                               revoked, this, next));
        OCSP_CERTID_free(id);
    }
    if (a->nonce != NULL) {
        uint8_t nonce[256];

        memcpy(nonce, a->nonce, (size_t)a->nonce_n);
        assert_int_equal(OCSP_basic_add1_nonce(basic, nonce, a->nonce_n), 1);
    }
    if (a->extension != NULL) {
        ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
        X509_EXTENSION *e;

        ASN1_OCTET_STRING_set(octets, a->extension, a->extension_n);
        e = X509_EXTENSION_create_by_NID(NULL, NID_id_pkix_OCSP_Nonce, 0, octets);
        assert_int_equal(OCSP_BASICRESP_add_ext(basic, e, -1), 1);
        X509_EXTENSION_free(e);
        ASN1_OCTET_STRING_free(octets);
    }
    if (a->beside != NULL)
        sk_X509_push(more, a->beside);
    assert_int_equal(OCSP_basic_sign(basic, a->responder, a->key, EVP_sha256(), more, a->flags), 1);
    sk_X509_free(more);
    ASN1_GENERALIZEDTIME_free(revoked);
    ASN1_GENERALIZEDTIME_free(this);
    ASN1_GENERALIZEDTIME_free(next);
    return basic;
}

/** Append the answer that @p a describes. */
static inline void answer_make(struct pse_buf *out, const struct answer *a)
{
    OCSP_BASICRESP *basic =
        a->response_status == OCSP_RESPONSE_STATUS_SUCCESSFUL ? answer_basic(a) : NULL;
    OCSP_RESPONSE *response = OCSP_response_create(a->response_status, basic);
    uint8_t *der = NULL;
    int n = i2d_OCSP_RESPONSE(response, &der);

    assert_true(n > 0);
    pse_buf_put(out, der, (size_t)n);
    if (a->flip != 0)
        out->p[out->n - (size_t)a->flip] ^= 1;
    if (a->trailing)
        pse_buf_put(out, "", 1);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
}

#endif
