/* Persons with certificates for tests, and containers of their signatures, right or wrong in one
 * point: written here a second time, by other code than the library's. */
#ifndef PSE_TESTS_UNIT_PERSON_MAKER_H
#define PSE_TESTS_UNIT_PERSON_MAKER_H

#include <openssl/rsa.h>

#include "stamp_maker.h"

/** A certificate of a person; what is NULL is left out. */
struct person_plan {
    const char *given, *surname, *serial;
    EVP_PKEY *key;
    X509 *issuer;
    EVP_PKEY *issuer_key;
    int64_t from, until;
    const char *usage;    /* keyUsage */
    const char *extended; /* extendedKeyUsage */
    const char *policies; /* certificatePolicies */
    const char *address;  /* authorityInfoAccess */
};

static inline X509 *person_certificate(const struct person_plan *p)
{
    static long serial = 1000;
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    const char *part[][2] = {
        {"C", "EE"}, {"SN", p->surname}, {"GN", p->given}, {"serialNumber", p->serial}};
    const struct {
        int nid;
        const char *value;
    } extension[] = {{NID_key_usage, p->usage},
                     {NID_ext_key_usage, p->extended},
                     {NID_certificate_policies, p->policies},
                     {NID_info_access, p->address}};

    assert_int_equal(X509_set_version(x, 2), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
    for (unsigned i = 0; i < 4; i++) {
        if (part[i][1] != NULL)
            X509_NAME_add_entry_by_txt(name, part[i][0], MBSTRING_UTF8,
                                       (const unsigned char *)part[i][1], -1, -1, 0);
    }
    X509_set_issuer_name(x, X509_get_subject_name(p->issuer));
    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)p->from);
    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)p->until);
    X509_set_pubkey(x, p->key);
    for (unsigned i = 0; i < 4; i++) {
        if (extension[i].value != NULL)
            maker_extension(x, extension[i].nid, extension[i].value);
    }
    assert_int_not_equal(X509_sign(x, p->issuer_key, EVP_sha256()), 0);
    return x;
}

/** A key of RSA that its certificate keeps for PSS. */
static inline EVP_PKEY *person_pss_key(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY *key = NULL;

    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    assert_int_equal(EVP_PKEY_keygen(ctx, &key), 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/** Append a certificate as DER. */
static inline void maker_der(struct pse_buf *out, X509 *x)
{
    uint8_t *der = NULL;
    int n = i2d_X509(x, &der);

    assert_true(n > 0);
    pse_buf_put(out, der, (size_t)n);
    OPENSSL_free(der);
}

static inline struct pse_certificate *maker_parsed(X509 *x)
{
    struct pse_buf der = PSE_BUF(1 << 16);
    struct pse_certificate *c;

    maker_der(&der, x);
    assert_int_equal(pse_certificate_parse_der(&c, pse_buf_span(&der)), PSE_OK);
    pse_buf_free(&der);
    return c;
}

/** A set of one anchor. */
static inline struct pse_anchors *maker_anchors(X509 *x)
{
    struct pse_anchors *a;
    struct pse_buf pem = PSE_BUF(1 << 16);

    maker_pem(&pem, x);
    assert_int_equal(pse_anchors_new(&a), PSE_OK);
    assert_int_equal(pse_anchors_add(a, pse_buf_span(&pem)), PSE_OK);
    pse_buf_free(&pem);
    return a;
}

/* --- DER by hand -------------------------------------------------------------------------------
 */

enum { DER_SEQUENCE = 0x30, DER_SET = 0x31, DER_OCTETS = 0x04, DER_OID = 0x06, DER_FIRST = 0xa0 };

/** One value of up to four parts. */
struct der {
    uint8_t b[8192];
    size_t n;
};

static inline void der_add(struct der *out, const void *p, size_t n)
{
    assert_true(out->n + n <= sizeof out->b);
    memcpy(out->b + out->n, p, n);
    out->n += n;
}

static inline void der_value(struct der *out, uint8_t tag, const void *p, size_t n)
{
    uint8_t head[4] = {tag, (uint8_t)n};
    size_t head_n = 2;

    if (n > 127) {
        head[1] = 0x82;
        head[2] = (uint8_t)(n >> 8);
        head[3] = (uint8_t)n;
        head_n = 4;
        if (n < 256) {
            head[1] = 0x81;
            head[2] = (uint8_t)n;
            head_n = 3;
        }
    }
    der_add(out, head, head_n);
    der_add(out, p, n);
}

static inline void der_in(struct der *out, uint8_t tag, const struct der *inside)
{
    der_value(out, tag, inside->b, inside->n);
}

static inline void der_oid(struct der *out, const char *dotted)
{
    ASN1_OBJECT *o = OBJ_txt2obj(dotted, 1);

    assert_non_null(o);
    der_value(out, DER_OID, OBJ_get0_data(o), OBJ_length(o));
    ASN1_OBJECT_free(o);
}

/* --- containers --------------------------------------------------------------------------------
 */

enum attribute_ways {
    WITHOUT_TYPE = 1 << 0,
    OTHER_TYPE = 1 << 1,
    WITHOUT_DIGEST = 1 << 2,
    SHORT_DIGEST = 1 << 3,
    WITH_TIME = 1 << 4,
    TYPE_TWICE = 1 << 5,
    UNSORTED = 1 << 6,
    ATTACHED = 1 << 7,
    TWO_SIGNERS = 1 << 8,
    NO_SIGNER = 1 << 9,
    WITHOUT_CERTIFICATE = 1 << 10,
    TWO_CERTIFICATES = 1 << 11,
    WITH_UNSIGNED = 1 << 12,
    TRAILING = 1 << 13,
    OTHER_CONTENT = 1 << 14,
    DIGEST_NULL = 1 << 15, /* parameters NULL behind the hash */
    BAD_SIGNATURE = 1 << 16,
    ESS_SHA1 = 1 << 17,       /* the old signingCertificate */
    ESS_NAMES_HASH = 1 << 18, /* says SHA-256, which strict DER leaves unsaid */
    TWO_DIGESTS = 1 << 19,    /* as values of one attribute */
    WITH_REVOCATIONS = 1 << 20,
};

struct container_recipe {
    const char *message; /* NULL: */
    struct pse_span bytes;
    X509 *certificate; /* in the container */
    X509 *named;       /* as the signer */
    X509 *ess;         /* NULL: no signingCertificateV2 */
    EVP_PKEY *key;
    const char *hash; /* "SHA256", … */
    bool pss;
    const char *signature_oid; /* NULL: what fits */
    unsigned ways;             /* enum attribute_ways */
};

static inline void recipe_attribute(struct der *list, size_t *n, const char *oid,
                                    const struct der *value)
{
    struct der inside = {.n = 0};

    der_oid(&inside, oid);
    der_in(&inside, DER_SET, value);
    list[*n].n = 0;
    der_in(&list[(*n)++], DER_SEQUENCE, &inside);
}

static inline void recipe_hash_id(struct der *out, const char *hash, bool null)
{
    struct der x = {.n = 0};

    der_oid(&x, strcmp(hash, "SHA256") == 0   ? "2.16.840.1.101.3.4.2.1"
                : strcmp(hash, "SHA384") == 0 ? "2.16.840.1.101.3.4.2.2"
                : strcmp(hash, "SHA512") == 0 ? "2.16.840.1.101.3.4.2.3"
                                              : "1.3.14.3.2.26");
    if (null)
        der_value(&x, 5, "", 0);
    der_in(out, DER_SEQUENCE, &x);
}

static inline void recipe_ess(struct der *list, size_t *n, const struct container_recipe *r)
{
    bool old = (r->ways & ESS_SHA1) != 0;
    struct der a = {.n = 0}, b = {.n = 0}, c = {.n = 0}, d = {.n = 0};
    uint8_t digest[32];

    X509_digest(r->ess, old ? EVP_sha1() : EVP_sha256(), digest, NULL);
    if ((r->ways & ESS_NAMES_HASH) != 0)
        recipe_hash_id(&a, "SHA256", false);
    der_value(&a, DER_OCTETS, digest, old ? 20 : 32);
    der_in(&b, DER_SEQUENCE, &a);
    der_in(&c, DER_SEQUENCE, &b);
    der_in(&d, DER_SEQUENCE, &c);
    recipe_attribute(list, n, old ? "1.2.840.113549.1.9.16.2.12" : "1.2.840.113549.1.9.16.2.47",
                     &d);
}

static inline int recipe_order(const void *a, const void *b)
{
    const struct der *x = a, *y = b;
    int c = memcmp(x->b, y->b, x->n < y->n ? x->n : y->n);

    return c != 0 ? c : x->n < y->n ? -1 : x->n > y->n;
}

/* The attributes as the content of the SET. */
static inline void recipe_attributes(struct der *out, const struct container_recipe *r)
{
    struct pse_span message = r->message != NULL ? pse_span_str(r->message) : r->bytes;
    struct der list[6];
    struct der value = {.n = 0};
    uint8_t digest[64];
    unsigned digest_n;
    size_t n = 0;

    der_oid(&value,
            (r->ways & OTHER_TYPE) != 0 ? "1.2.840.113549.1.9.16.1.4" : "1.2.840.113549.1.7.1");
    if ((r->ways & WITHOUT_TYPE) == 0)
        recipe_attribute(list, &n, "1.2.840.113549.1.9.3", &value);
    if ((r->ways & TYPE_TWICE) != 0)
        recipe_attribute(list, &n, "1.2.840.113549.1.9.3", &value);
    assert_int_equal(
        EVP_Digest(message.p, message.n, digest, &digest_n, EVP_get_digestbyname(r->hash), NULL),
        1);
    value.n = 0;
    der_value(&value, DER_OCTETS, digest, (r->ways & SHORT_DIGEST) != 0 ? 16 : digest_n);
    if ((r->ways & TWO_DIGESTS) != 0)
        der_value(&value, DER_OCTETS, digest, digest_n - 1);
    if ((r->ways & WITHOUT_DIGEST) == 0)
        recipe_attribute(list, &n, "1.2.840.113549.1.9.4", &value);
    value.n = 0;
    der_value(&value, 0x17, "260527120000Z", 13);
    if ((r->ways & WITH_TIME) != 0)
        recipe_attribute(list, &n, "1.2.840.113549.1.9.5", &value);
    if (r->ess != NULL)
        recipe_ess(list, &n, r);
    qsort(list, n, sizeof *list, recipe_order);
    for (size_t i = 0; i < n; i++)
        der_add(out, list[(r->ways & UNSORTED) != 0 ? n - 1 - i : i].b,
                list[(r->ways & UNSORTED) != 0 ? n - 1 - i : i].n);
}

static inline void recipe_pss_id(struct der *out, const char *hash)
{
    struct der x = {.n = 0}, hash_id = {.n = 0}, mgf = {.n = 0}, mgf_id = {.n = 0},
               parameters = {.n = 0}, salt = {.n = 0};
    uint8_t n = (uint8_t)EVP_MD_get_size(EVP_get_digestbyname(hash));

    recipe_hash_id(&hash_id, hash, true);
    der_in(&parameters, 0xa0, &hash_id);
    der_oid(&mgf, "1.2.840.113549.1.1.8");
    der_add(&mgf, hash_id.b, hash_id.n);
    der_in(&mgf_id, DER_SEQUENCE, &mgf);
    der_in(&parameters, 0xa1, &mgf_id);
    der_value(&salt, 2, &n, 1);
    der_in(&parameters, 0xa2, &salt);
    der_oid(&x, "1.2.840.113549.1.1.10");
    der_in(&x, DER_SEQUENCE, &parameters);
    der_in(out, DER_SEQUENCE, &x);
}

static inline void recipe_signature_id(struct der *out, const struct container_recipe *r)
{
    static const char *const oid[2][3] = {
        {"1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4"},
        {"1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13"}};
    bool is_rsa = EVP_PKEY_get_base_id(r->key) == EVP_PKEY_RSA;
    unsigned by = strcmp(r->hash, "SHA256") == 0 ? 0 : strcmp(r->hash, "SHA384") == 0 ? 1 : 2;
    struct der x = {.n = 0};

    if (r->pss) {
        recipe_pss_id(out, r->hash);
        return;
    }
    der_oid(&x, r->signature_oid != NULL ? r->signature_oid : oid[is_rsa][by]);
    if (is_rsa)
        der_value(&x, 5, "", 0);
    der_in(out, DER_SEQUENCE, &x);
}

/** As a card: the signature of @p in, ECDSA in DER. */
static inline size_t recipe_sign(uint8_t *out, size_t max, const struct container_recipe *r,
                                 struct pse_span in)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key;
    size_t n = max;

    assert_int_equal(EVP_DigestSignInit(ctx, &key, EVP_get_digestbyname(r->hash), NULL, r->key), 1);
    if (r->pss) {
        EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(key, RSA_PSS_SALTLEN_DIGEST);
    }
    assert_int_equal(EVP_DigestSign(ctx, out, &n, in.p, in.n), 1);
    EVP_MD_CTX_free(ctx);
    return n;
}

static inline void recipe_signer(struct der *out, const struct container_recipe *r)
{
    struct der x = {.n = 0}, id = {.n = 0}, attributes = {.n = 0}, set = {.n = 0}, u = {.n = 0};
    uint8_t signature[1024];
    uint8_t *der = NULL;
    size_t n;
    int der_n;

    der_value(&x, 2, "\1", 1);
    der_n = i2d_X509_NAME(X509_get_issuer_name(r->named), &der);
    der_add(&id, der, (size_t)der_n);
    OPENSSL_free(der);
    der = NULL;
    der_n = i2d_ASN1_INTEGER(X509_get0_serialNumber(r->named), &der);
    der_add(&id, der, (size_t)der_n);
    OPENSSL_free(der);
    der_in(&x, DER_SEQUENCE, &id);
    recipe_hash_id(&x, r->hash, (r->ways & DIGEST_NULL) != 0);
    recipe_attributes(&attributes, r);
    der_in(&x, DER_FIRST, &attributes);
    recipe_signature_id(&x, r);
    der_in(&set, DER_SET, &attributes);
    n = recipe_sign(signature, sizeof signature, r, pse_span(set.b, set.n));
    if ((r->ways & BAD_SIGNATURE) != 0)
        signature[n - 1] ^= 1;
    der_value(&x, DER_OCTETS, signature, n);
    if ((r->ways & WITH_UNSIGNED) != 0) {
        struct der attribute[1];
        size_t k = 0;

        der_value(&u, DER_OCTETS, "note", 4);
        recipe_attribute(attribute, &k, "1.2.3.4.5", &u);
        der_in(&x, 0xa1, &attribute[0]);
    }
    der_in(out, DER_SEQUENCE, &x);
}

static inline void recipe_revocations(struct der *out, const struct container_recipe *r)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)MAKER_NOW);
    uint8_t *der = NULL;
    int n;

    X509_CRL_set_issuer_name(crl, X509_get_issuer_name(r->certificate));
    X509_CRL_set1_lastUpdate(crl, now);
    assert_int_not_equal(X509_CRL_sign(crl, r->key, EVP_sha256()), 0);
    n = i2d_X509_CRL(crl, &der);
    assert_true(n > 0);
    der_value(out, 0xa1, der, (size_t)n);
    OPENSSL_free(der);
    ASN1_TIME_free(now);
    X509_CRL_free(crl);
}

/** Append the container that @p r describes. */
static inline void recipe_container(struct pse_buf *out, const struct container_recipe *r)
{
    struct der data = {.n = 0}, x = {.n = 0}, y = {.n = 0}, info = {.n = 0}, whole = {.n = 0};
    struct pse_buf certificate = PSE_BUF(8192);

    der_value(&data, 2, "\1", 1);
    recipe_hash_id(&x, r->hash, (r->ways & DIGEST_NULL) != 0);
    der_in(&data, DER_SET, &x);
    x.n = 0;
    der_oid(&x,
            (r->ways & OTHER_CONTENT) != 0 ? "1.2.840.113549.1.9.16.1.4" : "1.2.840.113549.1.7.1");
    if ((r->ways & ATTACHED) != 0) {
        der_value(&y, DER_OCTETS, r->message, strlen(r->message));
        der_in(&x, DER_FIRST, &y);
    }
    der_in(&data, DER_SEQUENCE, &x);
    x.n = 0;
    maker_der(&certificate, r->certificate);
    der_add(&x, certificate.p, certificate.n);
    if ((r->ways & TWO_CERTIFICATES) != 0)
        der_add(&x, certificate.p, certificate.n);
    if ((r->ways & WITHOUT_CERTIFICATE) == 0)
        der_in(&data, DER_FIRST, &x);
    pse_buf_free(&certificate);
    if ((r->ways & WITH_REVOCATIONS) != 0)
        recipe_revocations(&data, r);
    x.n = 0;
    if ((r->ways & NO_SIGNER) == 0)
        recipe_signer(&x, r);
    if ((r->ways & TWO_SIGNERS) != 0)
        recipe_signer(&x, r);
    der_in(&data, DER_SET, &x);
    der_oid(&info, "1.2.840.113549.1.7.2");
    y.n = 0;
    der_in(&y, DER_SEQUENCE, &data);
    der_in(&info, DER_FIRST, &y);
    der_in(&whole, DER_SEQUENCE, &info);
    pse_buf_put(out, whole.b, whole.n);
    if ((r->ways & TRAILING) != 0)
        pse_buf_put(out, "", 1);
}

#endif
