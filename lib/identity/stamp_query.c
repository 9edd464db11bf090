#include <openssl/err.h>
#include <openssl/objects.h>

#include "codec/codec.h"
#include "room.h"

static int nid_of(enum pse_stamp_hash hash)
{
    return hash == PSE_STAMP_SHA256 ? NID_sha256 : NID_sha512;
}

void pse_stamp_digest(struct pse_stamp_ask *ask, enum pse_stamp_hash hash, struct pse_span data)
{
    pse_hash short_digest;

    ask->hash = hash;
    memset(ask->digest, 0, sizeof ask->digest);
    if (hash == PSE_STAMP_SHA512) {
        pse_sha512(ask->digest, data);
        return;
    }
    pse_sha256(&short_digest, data);
    memcpy(ask->digest, short_digest.b, sizeof short_digest.b);
}

pse_rc pse_imprint_get(enum pse_stamp_hash *hash, uint8_t digest[64], TS_MSG_IMPRINT *m)
{
    const X509_ALGOR *algorithm = TS_MSG_IMPRINT_get_algo(m);
    const ASN1_OCTET_STRING *msg = TS_MSG_IMPRINT_get_msg(m);
    const ASN1_OBJECT *object;
    int parameters;

    X509_ALGOR_get0(&object, &parameters, NULL, algorithm);
    if (parameters != V_ASN1_NULL && parameters != V_ASN1_UNDEF)
        return PSE_E_UNSUPPORTED;
    switch (OBJ_obj2nid(object)) {
    case NID_sha256: *hash = PSE_STAMP_SHA256; break;
    case NID_sha512: *hash = PSE_STAMP_SHA512; break;
    default: return PSE_E_UNSUPPORTED;
    }
    if ((size_t)ASN1_STRING_length(msg) != pse_stamp_digest_n(*hash))
        return PSE_E_UNSUPPORTED;
    memset(digest, 0, 64);
    memcpy(digest, ASN1_STRING_get0_data(msg), pse_stamp_digest_n(*hash));
    return PSE_OK;
}

/* --- making -------------------------------------------------------------------------------------
 */

static pse_rc set_imprint(TS_REQ *req, const struct pse_stamp_ask *ask)
{
    TS_MSG_IMPRINT *m = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    uint8_t digest[64];
    pse_rc rc = PSE_E_MEMORY;

    memcpy(digest, ask->digest, sizeof digest);
    if (m != NULL && algorithm != NULL &&
        X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid_of(ask->hash)), V_ASN1_NULL, NULL) == 1 &&
        TS_MSG_IMPRINT_set_algo(m, algorithm) == 1 &&
        TS_MSG_IMPRINT_set_msg(m, digest, (int)pse_stamp_digest_n(ask->hash)) == 1 &&
        TS_REQ_set_msg_imprint(req, m) == 1)
        rc = PSE_OK;
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(m);
    return rc;
}

static pse_rc set_nonce(TS_REQ *req, const struct pse_stamp_ask *ask)
{
    BIGNUM *number;
    ASN1_INTEGER *nonce = NULL;
    pse_rc rc = PSE_E_MEMORY;

    if (ask->nonce_n == 0)
        return PSE_OK;
    PSE_REQUIRE(ask->nonce_n <= PSE_STAMP_NONCE_MAX);
    number = BN_bin2bn(ask->nonce, (int)ask->nonce_n, NULL);
    PSE_REQUIRE(number == NULL || !BN_is_zero(number));
    if (number != NULL)
        nonce = BN_to_ASN1_INTEGER(number, NULL);
    if (nonce != NULL && TS_REQ_set_nonce(req, nonce) == 1)
        rc = PSE_OK;
    ASN1_INTEGER_free(nonce);
    BN_free(number);
    return rc;
}

static pse_rc set_policy(TS_REQ *req, const char *policy)
{
    ASN1_OBJECT *oid;
    int done;

    if (policy == NULL)
        return PSE_OK;
    oid = OBJ_txt2obj(policy, 1);
    if (oid == NULL)
        return PSE_E_SYNTAX;
    done = TS_REQ_set_policy_id(req, oid);
    ASN1_OBJECT_free(oid);
    return done == 1 ? PSE_OK : PSE_E_MEMORY;
}

static pse_rc put(struct pse_buf *out, TS_REQ *req, const struct pse_stamp_ask *ask)
{
    uint8_t *der = NULL;
    int n;

    if (TS_REQ_set_version(req, 1) != 1 || TS_REQ_set_cert_req(req, 1) != 1)
        return PSE_E_MEMORY;
    PSE_TRY(set_imprint(req, ask));
    PSE_TRY(set_nonce(req, ask));
    PSE_TRY(set_policy(req, ask->policy));
    n = i2d_TS_REQ(req, &der);
    if (n <= 0)
        return PSE_E_MEMORY;
    pse_buf_put(out, der, (size_t)n);
    OPENSSL_free(der);
    return out->rc;
}

pse_rc pse_stamp_query_put(struct pse_buf *out, const struct pse_stamp_ask *ask)
{
    TS_REQ *req = TS_REQ_new();
    pse_rc rc = req == NULL ? PSE_E_MEMORY : put(out, req, ask);

    TS_REQ_free(req);
    ERR_clear_error();
    return rc;
}

/* --- reading back -------------------------------------------------------------------------------
 */

static pse_rc get_nonce(struct pse_stamp_ask *ask, const ASN1_INTEGER *nonce)
{
    BIGNUM *number;
    pse_rc rc = PSE_E_RANGE;

    if (nonce == NULL)
        return PSE_OK;
    number = ASN1_INTEGER_to_BN(nonce, NULL);
    if (number == NULL)
        return PSE_E_MEMORY;
    if (!BN_is_negative(number) && !BN_is_zero(number) &&
        BN_num_bytes(number) <= PSE_STAMP_NONCE_MAX) {
        ask->nonce_n = (size_t)BN_bn2bin(number, ask->nonce);
        rc = PSE_OK;
    }
    BN_free(number);
    return rc;
}

pse_rc pse_stamp_query_parse(struct pse_stamp_ask *ask, struct pse_span query)
{
    const uint8_t *at = query.p;
    TS_REQ *req = NULL;
    pse_rc rc = PSE_E_SYNTAX;

    memset(ask, 0, sizeof *ask);
    if (query.n > 0 && query.n <= PSE_STAMP_MAX)
        req = d2i_TS_REQ(NULL, &at, (long)query.n);
    if (req != NULL && at == query.p + query.n)
        rc = pse_imprint_get(&ask->hash, ask->digest, TS_REQ_get_msg_imprint(req));
    if (rc == PSE_OK)
        rc = get_nonce(ask, TS_REQ_get_nonce(req));
    if (rc != PSE_OK)
        memset(ask, 0, sizeof *ask);
    TS_REQ_free(req);
    ERR_clear_error();
    return rc;
}
