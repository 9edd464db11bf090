/* A stamp service for tests, right or wrong in one point: certificates and answers made by hand
 * with OpenSSL, whose own service refuses to be wrong. */
#ifndef PSE_TESTS_UNIT_STAMP_MAKER_H
#define PSE_TESTS_UNIT_STAMP_MAKER_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include "identity/identity.h"
#include "test.h"

enum { MAKER_NOW = 1780000000, MAKER_DAY = 86400 };

/** A certificate to be made; issuer NULL: signed by itself. */
struct maker_certificate {
    const char *name;
    EVP_PKEY *key;
    X509 *issuer;
    EVP_PKEY *issuer_key;
    int64_t from, until;
    const char *use;   /* extendedKeyUsage as OpenSSL's configuration has it; NULL: none */
    const char *usage; /* keyUsage; NULL: none */
    bool is_ca;
    const EVP_MD *hash; /* NULL: SHA-256 */
};

static inline void maker_extension(X509 *x, int nid, const char *value)
{
    CONF *none = NCONF_new(NULL);
    X509V3_CTX ctx = {.flags = 0};
    X509_EXTENSION *e;

    X509V3_set_nconf(&ctx, none); /* policies are looked up in it */
    e = X509V3_EXT_nconf_nid(none, &ctx, nid, value);
    NCONF_free(none);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
}

static inline X509 *maker_certificate(const struct maker_certificate *c)
{
    static long serial = 1;
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);

    assert_int_equal(X509_set_version(x, 2), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)c->name, -1, -1,
                               0);
    X509_set_issuer_name(x, c->issuer == NULL ? name : X509_get_subject_name(c->issuer));
    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)c->from);
    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)c->until);
    X509_set_pubkey(x, c->key);
    maker_extension(x, NID_basic_constraints, c->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (c->use != NULL)
        maker_extension(x, NID_ext_key_usage, c->use);
    if (c->usage != NULL)
        maker_extension(x, NID_key_usage, c->usage);
    assert_int_not_equal(X509_sign(x, c->issuer == NULL ? c->key : c->issuer_key,
                                   c->hash == NULL ? EVP_sha256() : c->hash),
                         0);
    return x;
}

/** An answer to be made. */
struct recipe {
    long status;
    bool without_token, without_certificate, trailing_in_info, critical_extension;
    const struct pse_stamp_ask *ask;
    const char *policy;
    int64_t time;
    const int64_t *accuracy; /* seconds, thousandths, millionths, each -1: not stated; NULL: none */
    long version;            /* of the TSTInfo; 0: 1, as it must be */
    bool is_negative;        /* the nonce, with its sign turned */
    int signed_type;         /* of content, as the signer has it; 0: TSTInfo, -1: none */
    bool with_parameters;    /* behind the name of the imprint's hash */
    int serial_bits;         /* of the serial number; 0: 77 */
    int imprint_nid;         /* 0: what ask says */
    const EVP_MD *hash;      /* of the signature */
    X509 *certificate;
    EVP_PKEY *key;
    X509 *named;   /* in the signed attribute; NULL: no attribute */
    unsigned ways; /* signers: 1, or 2 for one too many */
};

static inline void maker_imprint(TS_TST_INFO *info, const struct recipe *r)
{
    TS_MSG_IMPRINT *m = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    uint8_t digest[64];
    bool small = r->ask->hash == PSE_STAMP_SHA256;
    int nid = small ? NID_sha256 : NID_sha512;

    memcpy(digest, r->ask->digest, sizeof digest);
    X509_ALGOR_set0(algorithm, OBJ_nid2obj(r->imprint_nid != 0 ? r->imprint_nid : nid), V_ASN1_NULL,
                    NULL);
    if (r->with_parameters)
        X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid), V_ASN1_OCTET_STRING, ASN1_OCTET_STRING_new());
    TS_MSG_IMPRINT_set_algo(m, algorithm);
    TS_MSG_IMPRINT_set_msg(m, digest, r->imprint_nid == NID_sha1 ? 20 : small ? 32 : 64);
    TS_TST_INFO_set_msg_imprint(info, m);
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(m);
}

static inline void maker_accuracy(TS_TST_INFO *info, const int64_t part[3])
{
    TS_ACCURACY *accuracy = TS_ACCURACY_new();
    ASN1_INTEGER *n[3] = {NULL};

    for (unsigned i = 0; i < 3; i++) {
        if (part[i] < 0)
            continue;
        n[i] = ASN1_INTEGER_new();
        ASN1_INTEGER_set_int64(n[i], part[i]);
    }
    TS_ACCURACY_set_seconds(accuracy, n[0]);
    TS_ACCURACY_set_millis(accuracy, n[1]);
    TS_ACCURACY_set_micros(accuracy, n[2]);
    TS_TST_INFO_set_accuracy(info, accuracy);
    for (unsigned i = 0; i < 3; i++)
        ASN1_INTEGER_free(n[i]);
    TS_ACCURACY_free(accuracy);
}

static inline TS_TST_INFO *maker_info(const struct recipe *r)
{
    TS_TST_INFO *info = TS_TST_INFO_new();
    ASN1_OBJECT *policy = OBJ_txt2obj(r->policy, 1);
    BIGNUM *number = BN_new();
    ASN1_INTEGER *serial;
    ASN1_GENERALIZEDTIME *time = ASN1_GENERALIZEDTIME_set(NULL, (time_t)r->time);

    TS_TST_INFO_set_version(info, r->version == 0 ? 1 : r->version);
    TS_TST_INFO_set_policy_id(info, policy);
    maker_imprint(info, r);
    BN_set_word(number, 77);
    if (r->serial_bits > 0)
        BN_set_bit(number, r->serial_bits - 1);
    serial = BN_to_ASN1_INTEGER(number, NULL);
    TS_TST_INFO_set_serial(info, serial);
    TS_TST_INFO_set_time(info, time);
    if (r->accuracy != NULL)
        maker_accuracy(info, r->accuracy);
    if (r->ask->nonce_n > 0) {
        BIGNUM *n = BN_bin2bn(r->ask->nonce, (int)r->ask->nonce_n, NULL);
        ASN1_INTEGER *nonce;

        BN_set_negative(n, r->is_negative);
        nonce = BN_to_ASN1_INTEGER(n, NULL);

        TS_TST_INFO_set_nonce(info, nonce);
        ASN1_INTEGER_free(nonce);
        BN_free(n);
    }
    if (r->critical_extension) {
        X509_EXTENSION *e =
            X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:FALSE");
        TS_TST_INFO_add_ext(info, e, -1);
        X509_EXTENSION_free(e);
    }
    ASN1_OBJECT_free(policy);
    ASN1_INTEGER_free(serial);
    BN_free(number);
    ASN1_GENERALIZEDTIME_free(time);
    return info;
}

/* SigningCertificateV2 of one ESSCertIDv2 with the default hash, SHA-256. */
static inline void maker_name_certificate(PKCS7_SIGNER_INFO *si, const X509 *named)
{
    static const uint8_t head[8] = {0x30, 38, 0x30, 36, 0x30, 34, 0x04, 32};
    ASN1_STRING *value = ASN1_STRING_new();
    uint8_t der[sizeof head + 32];
    unsigned n = 0;

    memcpy(der, head, sizeof head);
    X509_digest(named, EVP_sha256(), der + sizeof head, &n);
    ASN1_STRING_set(value, der, sizeof der);
    PKCS7_add_signed_attribute(si, NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE, value);
}

static inline void maker_sign(PKCS7 *p7, const struct recipe *r)
{
    for (unsigned i = 0; i < r->ways; i++) {
        PKCS7_SIGNER_INFO *si = PKCS7_add_signature(p7, r->certificate, r->key, r->hash);

        assert_non_null(si);
        if (r->signed_type >= 0)
            PKCS7_add_signed_attribute(
                si, NID_pkcs9_contentType, V_ASN1_OBJECT,
                OBJ_nid2obj(r->signed_type > 0 ? r->signed_type : NID_id_smime_ct_TSTInfo));
        if (r->named != NULL)
            maker_name_certificate(si, r->named);
    }
}

static inline PKCS7 *maker_token(const struct recipe *r, TS_TST_INFO *info)
{
    PKCS7 *p7 = PKCS7_new();
    PKCS7 *content = PKCS7_new();
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    BIO *bio;

    PKCS7_set_type(p7, NID_pkcs7_signed);
    ASN1_INTEGER_set(p7->d.sign->version, 3);
    if (!r->without_certificate)
        PKCS7_add_certificate(p7, r->certificate);
    maker_sign(p7, r);
    content->d.other = ASN1_TYPE_new();
    content->type = OBJ_nid2obj(NID_id_smime_ct_TSTInfo);
    ASN1_TYPE_set(content->d.other, V_ASN1_OCTET_STRING, octets);
    PKCS7_set_content(p7, content);
    bio = PKCS7_dataInit(p7, NULL);
    assert_non_null(bio);
    i2d_TS_TST_INFO_bio(bio, info);
    if (r->trailing_in_info)
        BIO_write(bio, "\0", 1);
    assert_int_equal(PKCS7_dataFinal(p7, bio), 1);
    BIO_free_all(bio);
    return p7;
}

/** Append the answer that @p r describes. */
static inline void maker_answer(struct pse_buf *out, const struct recipe *r)
{
    TS_RESP *resp = TS_RESP_new();
    TS_STATUS_INFO *status = TS_STATUS_INFO_new();
    uint8_t *der = NULL;
    int n;

    TS_STATUS_INFO_set_status(status, (int)r->status);
    TS_RESP_set_status_info(resp, status);
    if (!r->without_token) {
        TS_TST_INFO *info = maker_info(r);
        PKCS7 *token = maker_token(r, info);

        TS_RESP_set_tst_info(resp, token, info);
    }
    n = i2d_TS_RESP(resp, &der);
    assert_true(n > 0);
    pse_buf_put(out, der, (size_t)n);
    OPENSSL_free(der);
    TS_STATUS_INFO_free(status);
    TS_RESP_free(resp);
}

/** Append a certificate as PEM. */
static inline void maker_pem(struct pse_buf *out, X509 *x)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *p;
    long n;

    PEM_write_bio_X509(bio, x);
    n = BIO_get_mem_data(bio, &p);
    pse_buf_put(out, p, (size_t)n);
    BIO_free(bio);
}

#endif
