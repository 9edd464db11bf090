#include "demo.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo_room.h"

/* --- keys --------------------------------------------------------------------------------------
 */

static pse_rc wrap(struct pse_demo **out, EVP_PKEY *key, X509 *x)
{
    struct pse_demo *d = key == NULL ? NULL : calloc(1, sizeof *d);

    *out = d;
    if (d == NULL) {
        EVP_PKEY_free(key);
        X509_free(x);
        return PSE_E_MEMORY;
    }
    d->key = key;
    d->x = x;
    return PSE_OK;
}

pse_rc pse_demo_new(struct pse_demo **out)
{
    pse_rc rc = wrap(out, EVP_EC_gen("P-384"), NULL);

    ERR_clear_error();
    return rc;
}

pse_rc pse_demo_of_point(struct pse_demo **out, const uint8_t point[PSE_DEMO_POINT])
{
    char curve[] = "P-384";
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve - 1),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point, PSE_DEMO_POINT),
        OSSL_PARAM_END};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;
    bool made = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
                EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1;

    *out = NULL;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return made ? wrap(out, key, NULL) : PSE_E_ENCODING;
}

void pse_demo_free(struct pse_demo *d)
{
    if (d == NULL)
        return;
    EVP_PKEY_free(d->key);
    X509_free(d->x);
    free(d);
}

pse_rc demo_put_der(struct pse_buf *out, uint8_t **der, int n)
{
    if (n <= 0)
        return PSE_E_MEMORY;
    pse_buf_put(out, *der, (size_t)n);
    OPENSSL_free(*der);
    return out->rc;
}

/* --- PEM ---------------------------------------------------------------------------------------
 */

static int no_phrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf, (void)size, (void)writing, (void)ctx;
    return -1;
}

pse_rc pse_demo_parse(struct pse_demo **out, struct pse_span *rest, struct pse_span pem)
{
    BIO *bio = NULL;
    X509 *x = NULL;
    EVP_PKEY *key = NULL;
    pse_rc rc = PSE_E_SYNTAX;

    *out = NULL;
    if (pem.n > 0 && pem.n <= PSE_DEMO_PEM_MAX)
        bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    if (bio != NULL)
        x = PEM_read_bio_X509(bio, NULL, no_phrase, NULL);
    if (x != NULL)
        key = PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL);
    if (key != NULL) {
        size_t left = BIO_ctrl_pending(bio);

        *rest = pse_span(pem.p + pem.n - left, left);
        rc = X509_check_private_key(x, key) == 1 ? PSE_OK : PSE_E_MISMATCH;
    }
    BIO_free(bio);
    ERR_clear_error();
    if (rc == PSE_OK)
        return wrap(out, key, x);
    EVP_PKEY_free(key);
    X509_free(x);
    return rc;
}

static pse_rc put_pem(struct pse_buf *out, const struct pse_demo *d, bool with_key)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    pse_rc rc = PSE_E_MEMORY;

    if (bio != NULL && PEM_write_bio_X509(bio, d->x) == 1 &&
        (!with_key || PEM_write_bio_PrivateKey(bio, d->key, NULL, NULL, 0, NULL, NULL) == 1)) {
        char *p;
        long n = BIO_get_mem_data(bio, &p);

        pse_buf_put(out, p, (size_t)n);
        rc = out->rc;
    }
    BIO_free(bio);
    ERR_clear_error();
    return rc;
}

pse_rc pse_demo_put(struct pse_buf *out, const struct pse_demo *d)
{
    return d->x == NULL ? PSE_E_STATE : put_pem(out, d, true);
}

pse_rc pse_demo_put_certificate(struct pse_buf *out, const struct pse_demo *d)
{
    return d->x == NULL ? PSE_E_STATE : put_pem(out, d, false);
}

pse_rc pse_demo_certificate(struct pse_certificate **out, const struct pse_demo *d)
{
    X509 *copy;

    *out = NULL;
    if (d->x == NULL)
        return PSE_E_STATE;
    copy = X509_dup(d->x);
    return copy == NULL ? PSE_E_MEMORY : pse_certificate_wrap(out, copy, pse_span(NULL, 0));
}

pse_rc pse_demo_subject_put(struct pse_buf *out, const struct pse_demo *d)
{
    uint8_t *der = NULL;

    return d->x == NULL ? PSE_E_STATE
                        : demo_put_der(out, &der, i2d_X509_NAME(X509_get_subject_name(d->x), &der));
}

/* --- certificates ------------------------------------------------------------------------------
 */

ASN1_INTEGER *demo_serial(const uint8_t serial[PSE_DEMO_SERIAL])
{
    uint8_t bytes[PSE_DEMO_SERIAL];
    BIGNUM *number;
    ASN1_INTEGER *out = NULL;

    memcpy(bytes, serial, sizeof bytes);
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, and always 16 bytes */
    number = BN_bin2bn(bytes, sizeof bytes, NULL);
    if (number != NULL)
        out = BN_to_ASN1_INTEGER(number, NULL);
    BN_free(number);
    return out;
}

static bool add_name(X509_NAME *name, const char *field, const char *text)
{
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)text, -1,
                                      -1, 0) == 1;
}

/* CN as national cards have it: SURNAME,GIVEN,NUMBER; without it when that is too long. */
static bool name_person(X509_NAME *name, const struct pse_person *p)
{
    const char *number = strchr(p->serial_number, '-');
    char common[65];
    int n = snprintf(common, sizeof common, "%s,%s,%s", p->surname, p->given_name,
                     number == NULL ? p->serial_number : number + 1);

    return add_name(name, "C", p->country) && add_name(name, "O", PSE_DEMO_WORDS) &&
           (n >= (int)sizeof common || add_name(name, "CN", common)) &&
           add_name(name, "SN", p->surname) && add_name(name, "GN", p->given_name) &&
           add_name(name, "serialNumber", p->serial_number);
}

static bool name_service(X509_NAME *name, enum pse_demo_use use)
{
    static const char *const common[] = {
        [PSE_DEMO_ROOT] = "psephos " PSE_DEMO_WORDS " root",
        [PSE_DEMO_ISSUER] = "psephos " PSE_DEMO_WORDS " issuer",
        [PSE_DEMO_RESPONDER] = "psephos " PSE_DEMO_WORDS " OCSP",
        [PSE_DEMO_STAMPER] = "psephos " PSE_DEMO_WORDS " stamps",
    };

    return add_name(name, "O", PSE_DEMO_WORDS) && add_name(name, "CN", common[use]);
}

static bool add_extension(X509 *x, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
    bool added = e != NULL && X509_add_ext(x, e, -1) == 1;

    X509_EXTENSION_free(e);
    return added;
}

/* The mark, and beside it what a card's certificate is for. */
static bool add_policies(X509 *x, const char *own)
{
    const char *const oid[] = {PSE_OID_DEMO, own};
    CERTIFICATEPOLICIES *policies = CERTIFICATEPOLICIES_new();
    bool good = policies != NULL;

    for (size_t i = 0; good && i < 2 && oid[i] != NULL; i++) {
        POLICYINFO *info = POLICYINFO_new();

        good = info != NULL && sk_POLICYINFO_push(policies, info) > 0;
        if (!good) {
            POLICYINFO_free(info);
            break;
        }
        ASN1_OBJECT_free(info->policyid);
        info->policyid = OBJ_txt2obj(oid[i], 1);
        good = info->policyid != NULL;
    }
    good = good && X509_add1_ext_i2d(x, NID_certificate_policies, policies, 0, 0) == 1;
    CERTIFICATEPOLICIES_free(policies);
    return good;
}

/* As OpenSSL's configuration writes them; NULL: none. */
struct profile {
    const char *basic, *usage, *extended, *policy;
};

static const struct profile *profile_of(enum pse_demo_use use)
{
    static const struct profile profile[] = {
        [PSE_DEMO_ROOT] = {"critical,CA:TRUE", "critical,keyCertSign,cRLSign", NULL, NULL},
        [PSE_DEMO_ISSUER] = {"critical,CA:TRUE,pathlen:0", "critical,keyCertSign,cRLSign", NULL,
                             NULL},
        [PSE_DEMO_RESPONDER] = {"critical,CA:FALSE", "critical,digitalSignature", "OCSPSigning",
                                NULL},
        [PSE_DEMO_STAMPER] = {"critical,CA:FALSE", "critical,digitalSignature",
                              "critical,timeStamping", NULL},
        [PSE_DEMO_AUTHENTICATION] = {"CA:FALSE", "critical,digitalSignature", "clientAuth",
                                     PSE_OID_DEMO ".1"},
        [PSE_DEMO_SIGNING] = {"CA:FALSE", "critical,nonRepudiation", NULL, PSE_OID_DEMO ".2"},
    };

    return &profile[use];
}

static bool add_extensions(X509 *x, const struct pse_demo_plan *plan)
{
    const struct profile *p = profile_of(plan->use);
    char url[PSE_CERTIFICATE_URL_MAX + 16];
    X509V3_CTX ctx;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, plan->issuer == NULL ? x : plan->issuer->x, x, NULL, NULL, 0);
    (void)snprintf(url, sizeof url, "OCSP;URI:%s", plan->ocsp_url == NULL ? "" : plan->ocsp_url);
    return add_extension(x, &ctx, NID_basic_constraints, p->basic) &&
           add_extension(x, &ctx, NID_key_usage, p->usage) && add_policies(x, p->policy) &&
           add_extension(x, &ctx, NID_subject_key_identifier, "hash") &&
           (plan->issuer == NULL ||
            add_extension(x, &ctx, NID_authority_key_identifier, "keyid:always")) &&
           (p->extended == NULL || add_extension(x, &ctx, NID_ext_key_usage, p->extended)) &&
           (plan->use != PSE_DEMO_RESPONDER ||
            add_extension(x, &ctx, NID_id_pkix_OCSP_noCheck, "")) &&
           (plan->ocsp_url == NULL || add_extension(x, &ctx, NID_info_access, url));
}

static bool fill(X509 *x, const struct pse_demo *d, const struct pse_demo_plan *plan)
{
    const X509 *issuer = plan->issuer == NULL ? x : plan->issuer->x;
    EVP_PKEY *key = plan->issuer == NULL ? d->key : plan->issuer->key;
    ASN1_INTEGER *serial = demo_serial(plan->serial);
    X509_NAME *name = X509_get_subject_name(x);
    bool good =
        serial != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
        X509_set_serialNumber(x, serial) == 1 &&
        ASN1_TIME_set(X509_getm_notBefore(x), (time_t)plan->from) != NULL &&
        ASN1_TIME_set(X509_getm_notAfter(x), (time_t)plan->until) != NULL &&
        X509_set_pubkey(x, d->key) == 1 &&
        (plan->person != NULL ? name_person(name, plan->person) : name_service(name, plan->use)) &&
        X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1 && add_extensions(x, plan) &&
        X509_sign(x, key, EVP_sha384()) > 0;

    ASN1_INTEGER_free(serial);
    return good;
}

pse_rc pse_demo_certify(struct pse_demo *d, const struct pse_demo_plan *plan)
{
    bool is_card = plan->use == PSE_DEMO_AUTHENTICATION || plan->use == PSE_DEMO_SIGNING;
    X509 *x;

    PSE_REQUIRE(is_card == (plan->person != NULL) && is_card == (plan->ocsp_url != NULL));
    PSE_REQUIRE((plan->use == PSE_DEMO_ROOT) == (plan->issuer == NULL));
    PSE_REQUIRE(plan->issuer == NULL || plan->issuer->x != NULL);
    if (d->x != NULL)
        return PSE_E_STATE;
    x = X509_new();
    if (x == NULL)
        return PSE_E_MEMORY;
    if (!fill(x, d, plan)) {
        X509_free(x);
        ERR_clear_error();
        return PSE_E_RANGE;
    }
    d->x = x;
    ERR_clear_error();
    return PSE_OK;
}

void pse_demo_serial_text(char out[2 * PSE_DEMO_SERIAL + 1], const struct pse_demo *d)
{
    static const char digit[] = "0123456789ABCDEF";
    const ASN1_INTEGER *serial = d->x == NULL ? NULL : X509_get0_serialNumber(d->x);
    const uint8_t *p = ASN1_STRING_get0_data(serial);

    PSE_REQUIRE(serial != NULL && ASN1_STRING_length(serial) == PSE_DEMO_SERIAL);
    for (size_t i = 0; i < PSE_DEMO_SERIAL; i++) {
        out[2 * i] = digit[p[i] >> 4];
        out[2 * i + 1] = digit[p[i] & 15];
    }
    out[2 * PSE_DEMO_SERIAL] = '\0';
}

/* --- cards -------------------------------------------------------------------------------------
 */

pse_rc pse_demo_sign(uint8_t sig[PSE_DEMO_RAW], const struct pse_demo *d, const uint8_t digest[48])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(d->key, NULL);
    struct pse_buf raw = PSE_BUF(PSE_DEMO_RAW);
    uint8_t der[PSE_ECDSA_DER_MAX];
    size_t n = sizeof der;
    pse_rc rc = PSE_E_MEMORY;

    if (ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_sign(ctx, der, &n, digest, 48) == 1)
        rc = pse_ecdsa_raw_put(&raw, pse_span(der, n), PSE_DEMO_RAW / 2);
    if (rc == PSE_OK)
        memcpy(sig, raw.p, PSE_DEMO_RAW);
    pse_buf_free(&raw);
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return rc;
}

/* --- telling them apart ------------------------------------------------------------------------
 */

static bool is_demo(X509 *x)
{
    CERTIFICATEPOLICIES *policies = X509_get_ext_d2i(x, NID_certificate_policies, NULL, NULL);
    ASN1_OBJECT *mark = OBJ_txt2obj(PSE_OID_DEMO, 1);
    bool found = false;

    for (int i = 0; mark != NULL && i < sk_POLICYINFO_num(policies); i++)
        found = found || OBJ_cmp(sk_POLICYINFO_value(policies, i)->policyid, mark) == 0;
    ASN1_OBJECT_free(mark);
    CERTIFICATEPOLICIES_free(policies);
    ERR_clear_error();
    return found;
}

bool pse_certificate_is_demo(const struct pse_certificate *c)
{
    return is_demo(c->x);
}

bool pse_anchors_are_demo(const struct pse_anchors *a)
{
    for (int i = 0; i < sk_X509_num(a->certificates); i++)
        if (is_demo(sk_X509_value(a->certificates, i)))
            return true;
    return false;
}
