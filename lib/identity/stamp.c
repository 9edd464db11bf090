#include "stamp.h"

#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "codec/codec.h"
#include "room.h"

/* Security level 2 of OpenSSL: 112 bits, so no SHA-1 and no RSA below 2048 bits in the chain. */
enum { CHAIN_LEVEL = 2 };

/* An answer taken apart; what is borrowed lives as long as resp. */
struct opened {
    TS_RESP *resp;
    PKCS7 *token;
    PKCS7_SIGNER_INFO *signer;
    TS_TST_INFO *info;
    STACK_OF(X509) * signers; /* owned list of borrowed certificates */
    X509 *certificate;        /* the signer's */
};

static void opened_close(struct opened *o)
{
    sk_X509_free(o->signers);
    TS_RESP_free(o->resp);
    ERR_clear_error();
}

/* --- form ---------------------------------------------------------------------------------------
 */

static bool is_granted(TS_RESP *resp)
{
    const ASN1_INTEGER *status = TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(resp));
    int64_t value;

    /* With modifications (1) is fine: every part that was asked for is checked below. */
    return ASN1_INTEGER_get_int64(&value, status) == 1 && (value == 0 || value == 1);
}

/* Inside the token stands one DER value and nothing after. */
static bool info_fills_content(const PKCS7 *token)
{
    const PKCS7 *content = token->d.sign->contents;
    const ASN1_OCTET_STRING *octets = content->d.other->value.octet_string;
    const uint8_t *start = ASN1_STRING_get0_data(octets);
    const uint8_t *at = start;
    TS_TST_INFO *info = d2i_TS_TST_INFO(NULL, &at, ASN1_STRING_length(octets));

    TS_TST_INFO_free(info);
    return info != NULL && at == start + ASN1_STRING_length(octets);
}

/* The signer says what kind of content it signs (RFC 5652, 11.1); OpenSSL does not look. */
static bool signs_info(const PKCS7_SIGNER_INFO *signer)
{
    const ASN1_TYPE *type = PKCS7_get_signed_attribute(signer, NID_pkcs9_contentType);

    return type != NULL && ASN1_TYPE_get(type) == V_ASN1_OBJECT &&
           OBJ_obj2nid(type->value.object) == NID_id_smime_ct_TSTInfo;
}

static enum pse_stamp_fault open_answer(struct opened *o, struct pse_span answer)
{
    const uint8_t *at = answer.p;
    STACK_OF(PKCS7_SIGNER_INFO) * list;

    memset(o, 0, sizeof *o);
    ERR_clear_error();
    if (answer.n == 0 || answer.n > PSE_STAMP_MAX)
        return PSE_STAMP_FORM;
    /* Refuses a token with another status than granted, and granted without a token. */
    o->resp = d2i_TS_RESP(NULL, &at, (long)answer.n);
    if (o->resp == NULL)
        return PSE_STAMP_FORM;
    if (at != answer.p + answer.n)
        return PSE_STAMP_TRAILING;
    if (!is_granted(o->resp))
        return PSE_STAMP_REJECTED;
    o->token = TS_RESP_get_token(o->resp);
    o->info = TS_RESP_get_tst_info(o->resp);
    if (o->token == NULL || o->info == NULL || TS_TST_INFO_get_version(o->info) != 1)
        return PSE_STAMP_FORM;
    if (!info_fills_content(o->token))
        return PSE_STAMP_TRAILING;
    list = PKCS7_get_signer_info(o->token);
    if (list == NULL || sk_PKCS7_SIGNER_INFO_num(list) != 1)
        return PSE_STAMP_FORM;
    o->signer = sk_PKCS7_SIGNER_INFO_value(list, 0);
    return signs_info(o->signer) ? PSE_STAMP_GOOD : PSE_STAMP_FORM;
}

/* --- what is stamped ----------------------------------------------------------------------------
 */

static bool signs_with_sha2(const PKCS7_SIGNER_INFO *signer)
{
    const ASN1_OBJECT *object;

    X509_ALGOR_get0(&object, NULL, NULL, signer->digest_alg);
    switch (OBJ_obj2nid(object)) {
    case NID_sha256:
    case NID_sha384:
    case NID_sha512: return true;
    default: return false;
    }
}

static enum pse_stamp_fault check_imprint(struct pse_stamp *out, const struct opened *o)
{
    if (pse_imprint_get(&out->hash, out->digest, TS_TST_INFO_get_msg_imprint(o->info)) != PSE_OK ||
        !signs_with_sha2(o->signer))
        return PSE_STAMP_ALGORITHM;
    return PSE_STAMP_GOOD;
}

static enum pse_stamp_fault check_nonce(const struct opened *o, const struct pse_stamp_ask *ask)
{
    const ASN1_INTEGER *nonce = TS_TST_INFO_get_nonce(o->info);
    BIGNUM *said, *sent;
    bool same;

    if (ask->nonce_n == 0)
        return PSE_STAMP_GOOD;
    if (nonce == NULL)
        return PSE_STAMP_NONCE;
    said = ASN1_INTEGER_to_BN(nonce, NULL);
    sent = BN_bin2bn(ask->nonce, (int)ask->nonce_n, NULL);
    same = said != NULL && sent != NULL && BN_cmp(said, sent) == 0;
    BN_free(said);
    BN_free(sent);
    return same ? PSE_STAMP_GOOD : PSE_STAMP_NONCE;
}

static enum pse_stamp_fault check_policy(struct pse_stamp *out, const struct opened *o,
                                         const char *wanted)
{
    ASN1_OBJECT *policy = TS_TST_INFO_get_policy_id(o->info);
    ASN1_OBJECT *pinned;
    bool same;
    int n = OBJ_obj2txt(out->policy, sizeof out->policy, policy, 1);

    if (n <= 0 || (size_t)n >= sizeof out->policy)
        return PSE_STAMP_FORM;
    if (wanted == NULL)
        return PSE_STAMP_GOOD;
    pinned = OBJ_txt2obj(wanted, 1);
    same = pinned != NULL && OBJ_cmp(pinned, policy) == 0;
    ASN1_OBJECT_free(pinned);
    return same ? PSE_STAMP_GOOD : PSE_STAMP_POLICY;
}

static enum pse_stamp_fault check_content(struct pse_stamp *out, const struct opened *o,
                                          const struct pse_stamp_ask *ask)
{
    enum pse_stamp_fault fault = check_imprint(out, o);

    if (fault != PSE_STAMP_GOOD)
        return fault;
    if (out->hash != ask->hash ||
        memcmp(out->digest, ask->digest, pse_stamp_digest_n(out->hash)) != 0)
        return PSE_STAMP_IMPRINT;
    fault = check_nonce(o, ask);
    if (fault == PSE_STAMP_GOOD)
        fault = check_policy(out, o, ask->policy);
    if (fault == PSE_STAMP_GOOD && TS_TST_INFO_get_ext_by_critical(o->info, 1, -1) >= 0)
        fault = PSE_STAMP_EXTENSION;
    return fault;
}

/* --- who stamped --------------------------------------------------------------------------------
 */

static enum pse_stamp_fault find_signer(struct opened *o)
{
    o->signers = PKCS7_get0_signers(o->token, NULL, 0);
    if (o->signers == NULL || sk_X509_num(o->signers) != 1)
        return PSE_STAMP_SIGNER;
    o->certificate = sk_X509_value(o->signers, 0);
    return PSE_STAMP_GOOD;
}

/* RFC 3161, 2.3: extendedKeyUsage is there once, critical, and names time stamping alone. The flags
 * that OpenSSL keeps do not count purposes that it has no name for. */
static bool is_for_stamping(X509 *certificate)
{
    int critical;
    EXTENDED_KEY_USAGE *use = X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, NULL);
    bool alone = use != NULL && critical == 1 && sk_ASN1_OBJECT_num(use) == 1 &&
                 OBJ_obj2nid(sk_ASN1_OBJECT_value(use, 0)) == NID_time_stamp;

    EXTENDED_KEY_USAGE_free(use);
    return alone && X509_check_purpose(certificate, X509_PURPOSE_TIMESTAMP_SIGN, 0) == 1;
}

static X509_STORE *store_of(const struct pse_anchors *anchors, int64_t now)
{
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *param;

    if (store == NULL)
        return NULL;
    param = X509_STORE_get0_param(store);
    X509_VERIFY_PARAM_set_time(param, (time_t)now);
    X509_VERIFY_PARAM_set_auth_level(param, CHAIN_LEVEL);
    for (int i = 0; i < sk_X509_num(anchors->certificates); i++) {
        if (X509_STORE_add_cert(store, sk_X509_value(anchors->certificates, i)) != 1) {
            X509_STORE_free(store);
            return NULL;
        }
    }
    if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) != 1) {
        X509_STORE_free(store);
        return NULL;
    }
    return store;
}

static enum pse_stamp_fault chain_fault(int error)
{
    switch (error) {
    case X509_V_OK: return PSE_STAMP_GOOD;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return PSE_STAMP_NOT_VALID;
    case X509_V_ERR_OUT_OF_MEM: return PSE_STAMP_NO_MEMORY;
    default: return PSE_STAMP_UNTRUSTED;
    }
}

static enum pse_stamp_fault check_chain(const struct opened *o, X509_STORE *store)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    enum pse_stamp_fault fault = PSE_STAMP_NO_MEMORY;

    if (ctx != NULL &&
        X509_STORE_CTX_init(ctx, store, o->certificate, o->token->d.sign->cert) == 1 &&
        X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_TIMESTAMP_SIGN) == 1) {
        int done = X509_verify_cert(ctx);

        fault = done == 1 ? PSE_STAMP_GOOD : chain_fault(X509_STORE_CTX_get_error(ctx));
        if (done != 1 && fault == PSE_STAMP_GOOD)
            fault = PSE_STAMP_UNTRUSTED;
    }
    X509_STORE_CTX_free(ctx);
    return fault;
}

/* OpenSSL's own judgement of the token: chain once more, the attribute that binds the certificate,
 * the signature. */
static enum pse_stamp_fault check_signature(const struct opened *o, X509_STORE *store)
{
    unsigned long error;
    bool ess = false;

    ERR_clear_error();
    if (TS_RESP_verify_signature(o->token, NULL, store, NULL) == 1)
        return PSE_STAMP_GOOD;
    while ((error = ERR_get_error()) != 0) {
        if (ERR_GET_LIB(error) == ERR_LIB_ESS)
            ess = true;
    }
    return ess ? PSE_STAMP_ESS : PSE_STAMP_SIGNATURE;
}

static enum pse_stamp_fault check_service(struct opened *o, const struct pse_stamp_rules *rules)
{
    enum pse_stamp_fault fault = find_signer(o);
    X509_STORE *store;

    if (fault != PSE_STAMP_GOOD)
        return fault;
    if (!is_for_stamping(o->certificate))
        return PSE_STAMP_PURPOSE;
    store = store_of(rules->anchors, rules->now);
    if (store == NULL)
        return PSE_STAMP_NO_MEMORY;
    fault = check_chain(o, store);
    if (fault == PSE_STAMP_GOOD)
        fault = check_signature(o, store);
    X509_STORE_free(store);
    return fault;
}

/* --- when ---------------------------------------------------------------------------------------
 */

/* Seconds, thousandths and millionths, each 0 where absent; the last rounds up. */
static uint64_t accuracy_ms(const TS_ACCURACY *accuracy)
{
    int64_t s = 0, ms = 0, us = 0;

    if (accuracy == NULL)
        return 0;
    if (TS_ACCURACY_get_seconds(accuracy) != NULL)
        (void)ASN1_INTEGER_get_int64(&s, TS_ACCURACY_get_seconds(accuracy));
    if (TS_ACCURACY_get_millis(accuracy) != NULL)
        (void)ASN1_INTEGER_get_int64(&ms, TS_ACCURACY_get_millis(accuracy));
    if (TS_ACCURACY_get_micros(accuracy) != NULL)
        (void)ASN1_INTEGER_get_int64(&us, TS_ACCURACY_get_micros(accuracy));
    if (s < 0 || s > INT32_MAX || ms < 0 || ms > 999 || us < 0 || us > 999)
        return 0;
    return (uint64_t)s * 1000 + (uint64_t)ms + (us > 0);
}

static enum pse_stamp_fault check_time(struct pse_stamp *out, const struct opened *o,
                                       const struct pse_stamp_rules *rules)
{
    int64_t from, until;

    if (!pse_time_get(&out->time, TS_TST_INFO_get_time(o->info)))
        return PSE_STAMP_FORM;
    if (out->time < rules->earliest)
        return PSE_STAMP_TOO_EARLY;
    if (out->time > rules->latest)
        return PSE_STAMP_TOO_LATE;
    if (!pse_time_get(&from, X509_get0_notBefore(o->certificate)) ||
        !pse_time_get(&until, X509_get0_notAfter(o->certificate)) || out->time < from ||
        out->time > until)
        return PSE_STAMP_OUTSIDE;
    out->accuracy_ms = accuracy_ms(TS_TST_INFO_get_accuracy(o->info));
    return PSE_STAMP_GOOD;
}

/* --- in words -----------------------------------------------------------------------------------
 */

static enum pse_stamp_fault fill_names(struct pse_stamp *out, const struct opened *o)
{
    const ASN1_INTEGER *serial = TS_TST_INFO_get_serial(o->info);
    BIO *bio = BIO_new(BIO_s_mem());
    unsigned digest_n = 0;
    int n = -1;

    if (bio != NULL &&
        X509_NAME_print_ex(bio, X509_get_subject_name(o->certificate), 0,
                           XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) > 0)
        n = BIO_read(bio, out->service, sizeof out->service - 1);
    BIO_free(bio);
    out->service[n > 0 ? n : 0] = '\0';
    if (X509_digest(o->certificate, EVP_sha256(), out->certificate.b, &digest_n) != 1)
        return PSE_STAMP_NO_MEMORY;
    /* RFC 3161 bounds serial numbers at 160 bits. */
    if (ASN1_STRING_length(serial) > PSE_STAMP_NONCE_MAX)
        return PSE_STAMP_FORM;
    out->serial_n = (size_t)ASN1_STRING_length(serial);
    memcpy(out->serial, ASN1_STRING_get0_data(serial), out->serial_n);
    return PSE_STAMP_GOOD;
}

enum pse_stamp_fault pse_stamp_hash_peek(enum pse_stamp_hash *hash, struct pse_span answer)
{
    struct opened o;
    struct pse_stamp stamp;
    enum pse_stamp_fault fault = open_answer(&o, answer);

    *hash = PSE_STAMP_SHA256;
    if (fault == PSE_STAMP_GOOD)
        fault = check_imprint(&stamp, &o);
    if (fault == PSE_STAMP_GOOD)
        *hash = stamp.hash;
    opened_close(&o);
    return fault;
}

enum pse_stamp_fault pse_stamp_verify(struct pse_stamp *out, struct pse_span answer,
                                      const struct pse_stamp_rules *rules)
{
    struct opened o;
    enum pse_stamp_fault fault;

    memset(out, 0, sizeof *out);
    fault = open_answer(&o, answer);
    if (fault == PSE_STAMP_GOOD)
        fault = check_content(out, &o, rules->ask);
    if (fault == PSE_STAMP_GOOD)
        fault = check_service(&o, rules);
    if (fault == PSE_STAMP_GOOD)
        fault = check_time(out, &o, rules);
    if (fault == PSE_STAMP_GOOD)
        fault = fill_names(out, &o);
    opened_close(&o);
    if (fault != PSE_STAMP_GOOD)
        memset(out, 0, sizeof *out);
    return fault;
}

const char *pse_stamp_fault_name(enum pse_stamp_fault fault)
{
    static const char *const name[] = {
        [PSE_STAMP_GOOD] = "good",           [PSE_STAMP_FORM] = "form",
        [PSE_STAMP_TRAILING] = "trailing",   [PSE_STAMP_REJECTED] = "rejected",
        [PSE_STAMP_ALGORITHM] = "algorithm", [PSE_STAMP_IMPRINT] = "imprint",
        [PSE_STAMP_NONCE] = "nonce",         [PSE_STAMP_POLICY] = "policy",
        [PSE_STAMP_EXTENSION] = "extension", [PSE_STAMP_SIGNER] = "signer",
        [PSE_STAMP_PURPOSE] = "purpose",     [PSE_STAMP_NOT_VALID] = "not-valid",
        [PSE_STAMP_UNTRUSTED] = "untrusted", [PSE_STAMP_ESS] = "ess",
        [PSE_STAMP_SIGNATURE] = "signature", [PSE_STAMP_TOO_EARLY] = "too-early",
        [PSE_STAMP_TOO_LATE] = "too-late",   [PSE_STAMP_OUTSIDE] = "outside",
        [PSE_STAMP_NO_MEMORY] = "memory",
    };

    PSE_REQUIRE((size_t)fault < sizeof name / sizeof *name);
    return name[fault];
}
