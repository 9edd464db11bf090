/* CMS on the server's side. */
#include "cms.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/x509_vfy.h>

#include "cms_room.h"
#include "room.h"

/* A container taken apart; what is borrowed lives as long as info. */
struct opened {
    CMS_ContentInfo *info;
    CMS_SignerInfo *signer;
    enum pse_cms_algorithm algorithm;
};

static void opened_close(struct opened *o)
{
    CMS_ContentInfo_free(o->info);
    ERR_clear_error();
}

/* --- form ---------------------------------------------------------------------------------------
 */

static enum pse_cms_fault read_info(CMS_ContentInfo **out, struct pse_span container)
{
    const uint8_t *at = container.p;

    *out = NULL;
    ERR_clear_error();
    if (container.n == 0 || container.n > PSE_CMS_MAX)
        return PSE_CMS_FORM;
    *out = d2i_CMS_ContentInfo(NULL, &at, (long)container.n);
    if (*out == NULL || OBJ_obj2nid(CMS_get0_type(*out)) != NID_pkcs7_signed)
        return PSE_CMS_FORM;
    return at == container.p + container.n ? PSE_CMS_GOOD : PSE_CMS_TRAILING;
}

static enum pse_cms_fault open_container(struct opened *o, struct pse_span container)
{
    enum pse_cms_fault fault = read_info(&o->info, container);
    STACK_OF(CMS_SignerInfo) * signers;

    if (fault != PSE_CMS_GOOD)
        return fault;
    if (OBJ_obj2nid(CMS_get0_eContentType(o->info)) != NID_pkcs7_data)
        return PSE_CMS_CONTENT_TYPE;
    if (CMS_is_detached(o->info) != 1)
        return PSE_CMS_ATTACHED;
    signers = CMS_get0_SignerInfos(o->info);
    if (signers == NULL || sk_CMS_SignerInfo_num(signers) != 1)
        return PSE_CMS_SIGNERS;
    o->signer = sk_CMS_SignerInfo_value(signers, 0);
    return PSE_CMS_GOOD;
}

/* --- whose --------------------------------------------------------------------------------------
 */

static bool has_no_revocations(CMS_ContentInfo *info)
{
    STACK_OF(X509_CRL) *crls = CMS_get1_crls(info);
    bool none = sk_X509_CRL_num(crls) <= 0;

    sk_X509_CRL_pop_free(crls, X509_CRL_free);
    return none;
}

static enum pse_cms_fault check_certificates(const struct opened *o, X509 *signer)
{
    STACK_OF(X509) *list = CMS_get1_certs(o->info);
    bool good = sk_X509_num(list) == 1 && X509_cmp(sk_X509_value(list, 0), signer) == 0;

    sk_X509_pop_free(list, X509_free);
    if (!good || !has_no_revocations(o->info))
        return PSE_CMS_CERTIFICATES;
    return CMS_SignerInfo_cert_cmp(o->signer, signer) == 0 ? PSE_CMS_GOOD : PSE_CMS_SIGNER;
}

/* --- algorithms: their identifiers byte by byte -------------------------------------------------
 */

static bool is_identifier(const X509_ALGOR *got, struct pse_span wanted)
{
    uint8_t *der = NULL;
    int n = i2d_X509_ALGOR(got, &der);
    bool same = n > 0 && pse_span_is_equal(pse_span(der, (size_t)n), wanted);

    OPENSSL_free(der);
    return same;
}

static enum pse_cms_fault find_algorithm(struct opened *o, const struct pse_certificate *signer)
{
    X509_ALGOR *digest, *signature;

    CMS_SignerInfo_get0_algs(o->signer, NULL, NULL, &digest, &signature);
    for (enum pse_cms_algorithm a = PSE_CMS_NONE + 1; a < PSE_CMS_ALGORITHMS; a++) {
        const struct pse_cms_row *row = pse_cms_row(a);

        if (is_identifier(digest, row->digest_id) && is_identifier(signature, row->signature_id)) {
            o->algorithm = a;
            return pse_cms_algorithm_fits(a, signer) ? PSE_CMS_GOOD : PSE_CMS_ALGORITHM;
        }
    }
    return PSE_CMS_ALGORITHM;
}

/* --- signed attributes --------------------------------------------------------------------------
 */

/* The known ones, each at most once. */
static enum pse_cms_fault check_names(const CMS_SignerInfo *signer)
{
    static const int known[] = {NID_pkcs9_contentType, NID_pkcs9_messageDigest,
                                NID_id_smime_aa_signingCertificateV2};
    unsigned seen = 0;

    for (int i = 0; i < CMS_signed_get_attr_count(signer); i++) {
        X509_ATTRIBUTE *attribute = CMS_signed_get_attr(signer, i);
        int nid = OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attribute));
        unsigned bit = 0;

        for (unsigned k = 0; k < sizeof known / sizeof *known; k++)
            bit |= nid == known[k] ? 1u << k : 0;
        if (bit == 0 || (seen & bit) != 0)
            return PSE_CMS_ATTRIBUTE;
        seen |= bit;
    }
    return PSE_CMS_GOOD;
}

/* The one value of an attribute; NULL: the attribute is missing, or has none or several. */
static const ASN1_TYPE *value_of(const CMS_SignerInfo *signer, int nid, int type)
{
    X509_ATTRIBUTE *attribute =
        CMS_signed_get_attr(signer, CMS_signed_get_attr_by_NID(signer, nid, -1));
    const ASN1_TYPE *value;

    if (attribute == NULL || X509_ATTRIBUTE_count(attribute) != 1)
        return NULL;
    value = X509_ATTRIBUTE_get0_type(attribute, 0);
    return value != NULL && ASN1_TYPE_get(value) == type ? value : NULL;
}

static enum pse_cms_fault check_type(const CMS_SignerInfo *signer)
{
    const ASN1_TYPE *value = value_of(signer, NID_pkcs9_contentType, V_ASN1_OBJECT);

    return value != NULL && OBJ_obj2nid(value->value.object) == NID_pkcs7_data ? PSE_CMS_GOOD
                                                                               : PSE_CMS_NO_TYPE;
}

static enum pse_cms_fault check_digest(const struct opened *o, struct pse_span message)
{
    const ASN1_TYPE *value = value_of(o->signer, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING);
    size_t n = pse_cms_digest_length(o->algorithm);
    const ASN1_OCTET_STRING *octets;
    uint8_t digest[64];

    if (value == NULL)
        return PSE_CMS_NO_DIGEST;
    octets = value->value.octet_string;
    if ((size_t)ASN1_STRING_length(octets) != n)
        return PSE_CMS_NO_DIGEST;
    if (pse_cms_digest(digest, o->algorithm, message) != PSE_OK)
        return PSE_CMS_NO_MEMORY;
    return memcmp(ASN1_STRING_get0_data(octets), digest, n) == 0 ? PSE_CMS_GOOD : PSE_CMS_DIGEST;
}

/* With the default hash and no issuer: RFC 5035, 3. OpenSSL's verification holds the name against
 * the whole chain once more. */
static enum pse_cms_fault check_ess(const CMS_SignerInfo *signer,
                                    const struct pse_certificate *certificate)
{
    const ASN1_TYPE *value =
        value_of(signer, NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE);
    static const uint8_t head[] = {0x30, 38, 0x30, 36, 0x30, 34, 0x04, 32};
    pse_hash digest = pse_certificate_digest(certificate);
    struct pse_span der;

    if (value == NULL)
        return PSE_CMS_NO_ESS;
    der = pse_span(ASN1_STRING_get0_data(value->value.sequence),
                   (size_t)ASN1_STRING_length(value->value.sequence));
    if (der.n != sizeof head + 32 || memcmp(der.p, head, sizeof head) != 0)
        return PSE_CMS_NO_ESS;
    return memcmp(der.p + sizeof head, digest.b, 32) == 0 ? PSE_CMS_GOOD : PSE_CMS_ESS;
}

static enum pse_cms_fault check_attributes(const struct opened *o, struct pse_span message,
                                           const struct pse_certificate *signer)
{
    enum pse_cms_fault fault = check_names(o->signer);

    if (fault == PSE_CMS_GOOD)
        fault = check_type(o->signer);
    if (fault == PSE_CMS_GOOD)
        fault = check_digest(o, message);
    if (fault == PSE_CMS_GOOD)
        fault = check_ess(o->signer, signer);
    return fault;
}

/* --- the certificate ----------------------------------------------------------------------------
 */

static enum pse_cms_fault of_eid(enum pse_eid_fault fault)
{
    switch (fault) {
    case PSE_EID_GOOD: return PSE_CMS_GOOD;
    case PSE_EID_NOT_YET_VALID: return PSE_CMS_NOT_YET_VALID;
    case PSE_EID_EXPIRED: return PSE_CMS_EXPIRED;
    case PSE_EID_NO_MEMORY: return PSE_CMS_NO_MEMORY;
    default: return PSE_CMS_UNTRUSTED;
    }
}

static enum pse_cms_fault check_signer(struct pse_certificate **issuer,
                                       const struct pse_cms_rules *rules)
{
    const struct pse_certificate *c = rules->signer;
    enum pse_eid_fault fault;

    if (!pse_certificate_is_for(c, PSE_USE_NON_REPUDIATION))
        return PSE_CMS_PURPOSE;
    if (pse_certificate_is_under(c, rules->forbidden, rules->forbidden_n))
        return PSE_CMS_POLICY;
    fault = pse_certificate_is_alive(c, rules->now);
    if (fault == PSE_EID_GOOD)
        fault = pse_certificate_issuer(issuer, c, rules->anchors, rules->now);
    return of_eid(fault);
}

/* --- the signature ------------------------------------------------------------------------------
 */

/* The issuer that was found, and nobody else. Purposes and lives were judged before; the profile of
 * mail that OpenSSL has in mind is not ours. */
static X509_STORE *store_of(X509 *issuer)
{
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *param;

    if (store == NULL)
        return NULL;
    param = X509_STORE_get0_param(store);
    if (X509_STORE_add_cert(store, issuer) == 1 &&
        X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY) == 1 &&
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) ==
            1)
        return store;
    X509_STORE_free(store);
    return NULL;
}

/* OpenSSL 3.0 makes a reader of its own for content that is in memory, and loses it when a
 * container lists a digest that it does not know; behind a filter it takes the one it is given. */
static BIO *reader_of(struct pse_span message)
{
    BIO *filter = BIO_new(BIO_f_null());
    BIO *memory = BIO_new_mem_buf(message.n == 0 ? (const void *)"" : message.p, (int)message.n);

    if (filter != NULL && memory != NULL)
        return BIO_push(filter, memory);
    BIO_free(filter);
    BIO_free(memory);
    return NULL;
}

static enum pse_cms_fault check_signature(const struct opened *o, struct pse_span message,
                                          X509 *signer, X509 *issuer)
{
    STACK_OF(X509) *list = sk_X509_new_null();
    X509_STORE *store = store_of(issuer);
    BIO *content = reader_of(message);
    enum pse_cms_fault fault = PSE_CMS_NO_MEMORY;

    if (list != NULL && store != NULL && content != NULL && sk_X509_push(list, signer) > 0)
        fault = CMS_verify(o->info, list, store, content, NULL,
                           CMS_CADES | CMS_BINARY | CMS_NOINTERN) == 1
                    ? PSE_CMS_GOOD
                    : PSE_CMS_SIGNATURE;
    BIO_free_all(content);
    X509_STORE_free(store);
    sk_X509_free(list);
    return fault;
}

/* The signature's octets end the one container there is for them. */
static enum pse_cms_fault check_encoding(struct pse_cms *out, const struct opened *o,
                                         struct pse_span container, struct pse_span message,
                                         const struct pse_certificate *signer)
{
    const ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(o->signer);
    size_t n = (size_t)ASN1_STRING_length(value);
    struct pse_buf again = PSE_BUF(PSE_CMS_MAX);
    pse_rc rc = pse_cms_assemble(&again, o->algorithm, message, signer,
                                 pse_span(ASN1_STRING_get0_data(value), n));
    bool same = rc == PSE_OK && pse_span_is_equal(pse_buf_span(&again), container);

    pse_buf_free(&again);
    if (rc == PSE_E_MEMORY)
        return PSE_CMS_NO_MEMORY;
    if (!same)
        return PSE_CMS_ENCODING;
    out->algorithm = o->algorithm;
    out->signature = pse_span(container.p + container.n - n, n);
    return PSE_CMS_GOOD;
}

static enum pse_cms_fault judge(struct pse_cms *out, struct opened *o, struct pse_span container,
                                struct pse_span message, const struct pse_cms_rules *rules)
{
    struct pse_certificate *issuer = NULL;
    X509 *signer = rules->signer->x;
    enum pse_cms_fault fault = open_container(o, container);

    if (fault == PSE_CMS_GOOD)
        fault = check_certificates(o, signer);
    if (fault == PSE_CMS_GOOD && CMS_unsigned_get_attr_count(o->signer) > 0)
        fault = PSE_CMS_UNSIGNED;
    if (fault == PSE_CMS_GOOD)
        fault = find_algorithm(o, rules->signer);
    if (fault == PSE_CMS_GOOD)
        fault = check_attributes(o, message, rules->signer);
    if (fault == PSE_CMS_GOOD)
        fault = check_signer(&issuer, rules);
    if (fault == PSE_CMS_GOOD)
        fault = check_signature(o, message, signer, issuer->x);
    if (fault == PSE_CMS_GOOD)
        fault = check_encoding(out, o, container, message, rules->signer);
    pse_certificate_free(issuer);
    return fault;
}

enum pse_cms_fault pse_cms_verify(struct pse_cms *out, struct pse_span container,
                                  struct pse_span message, const struct pse_cms_rules *rules)
{
    struct opened o = {.info = NULL};
    enum pse_cms_fault fault;

    memset(out, 0, sizeof *out);
    PSE_REQUIRE(message.n <= INT32_MAX);
    fault = judge(out, &o, container, message, rules);
    opened_close(&o);
    return fault;
}

/* --- reading ------------------------------------------------------------------------------------
 */

/* The value of @p tag at the start of @p in, whole, and what is in it and behind it. */
static bool take(struct pse_span *whole, struct pse_span *inside, struct pse_span *in, uint8_t tag)
{
    const uint8_t *at = in->p;
    int kind, class;
    long n;

    if (in->n == 0 || in->p[0] != tag ||
        ASN1_get_object(&at, &n, &kind, &class, (long)in->n) != V_ASN1_CONSTRUCTED)
        return false; /* also for lengths that are not stated, which no good container has */
    *inside = pse_span(at, (size_t)n);
    *whole = pse_span(in->p, (size_t)(at - in->p) + (size_t)n);
    *in = pse_span(in->p + whole->n, in->n - whole->n);
    return true;
}

/* In the bytes that came: OpenSSL would write some certificates in others. */
static bool find_certificate(struct pse_span *der, struct pse_span container)
{
    enum { SEQUENCE = 0x30, SET = 0x31, FIRST = 0xa0, TYPE = 11, VERSION = 3 };
    struct pse_span whole, info, content, data, certificates, inside;

    if (!take(&whole, &info, &container, SEQUENCE) || info.n < TYPE)
        return false;
    info = pse_span(info.p + TYPE, info.n - TYPE);
    if (!take(&whole, &content, &info, FIRST) || !take(&whole, &data, &content, SEQUENCE) ||
        data.n < VERSION)
        return false;
    data = pse_span(data.p + VERSION, data.n - VERSION);
    return take(&whole, &inside, &data, SET) && take(&whole, &inside, &data, SEQUENCE) &&
           take(&whole, &certificates, &data, FIRST) &&
           take(der, &inside, &certificates, SEQUENCE) && certificates.n == 0;
}

pse_rc pse_cms_certificate(struct pse_certificate **out, struct pse_span container)
{
    struct pse_span der;
    pse_rc rc;

    *out = NULL;
    if (container.n > PSE_CMS_MAX || !find_certificate(&der, container)) {
        ERR_clear_error();
        return PSE_E_SYNTAX;
    }
    rc = pse_certificate_parse_der(out, der);
    return rc == PSE_E_LIMIT ? PSE_E_SYNTAX : rc;
}

pse_rc pse_cms_value(struct pse_span *out, struct pse_span container)
{
    struct opened o = {.info = NULL};
    enum pse_cms_fault fault = open_container(&o, container);
    const ASN1_OCTET_STRING *value =
        fault == PSE_CMS_GOOD ? CMS_SignerInfo_get0_signature(o.signer) : NULL;
    size_t n = value == NULL ? 0 : (size_t)ASN1_STRING_length(value);
    bool same = n > 0 && n < container.n &&
                memcmp(container.p + container.n - n, ASN1_STRING_get0_data(value), n) == 0;

    *out = same ? pse_span(container.p + container.n - n, n) : pse_span(NULL, 0);
    opened_close(&o);
    return same ? PSE_OK : PSE_E_SYNTAX;
}

const char *pse_cms_fault_name(enum pse_cms_fault fault)
{
    static const char *const name[PSE_CMS_FAULTS] = {
        [PSE_CMS_GOOD] = "good",
        [PSE_CMS_FORM] = "form",
        [PSE_CMS_TRAILING] = "trailing",
        [PSE_CMS_CONTENT_TYPE] = "content-type",
        [PSE_CMS_ATTACHED] = "attached",
        [PSE_CMS_SIGNERS] = "signers",
        [PSE_CMS_CERTIFICATES] = "certificates",
        [PSE_CMS_SIGNER] = "signer",
        [PSE_CMS_UNSIGNED] = "unsigned",
        [PSE_CMS_ALGORITHM] = "algorithm",
        [PSE_CMS_ATTRIBUTE] = "attribute",
        [PSE_CMS_NO_TYPE] = "no-type",
        [PSE_CMS_NO_DIGEST] = "no-digest",
        [PSE_CMS_DIGEST] = "digest",
        [PSE_CMS_NO_ESS] = "no-ess",
        [PSE_CMS_ESS] = "ess",
        [PSE_CMS_PURPOSE] = "purpose",
        [PSE_CMS_POLICY] = "policy",
        [PSE_CMS_NOT_YET_VALID] = "not-yet-valid",
        [PSE_CMS_EXPIRED] = "expired",
        [PSE_CMS_UNTRUSTED] = "untrusted",
        [PSE_CMS_SIGNATURE] = "signature",
        [PSE_CMS_ENCODING] = "encoding",
        [PSE_CMS_NO_MEMORY] = "memory",
    };

    PSE_REQUIRE(fault < PSE_CMS_FAULTS);
    return name[fault];
}
