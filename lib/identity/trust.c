/* Whether a configured authority stands behind a certificate. */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "certificate.h"
#include "room.h"

/* Security level 2 of OpenSSL: 112 bits, so no SHA-1 and no RSA below 2048 bits in the chain. */
enum { CHAIN_LEVEL = 2 };

enum pse_eid_fault pse_certificate_is_alive(const struct pse_certificate *c, int64_t now)
{
    if (now < c->from)
        return PSE_EID_NOT_YET_VALID;
    return now > c->until ? PSE_EID_EXPIRED : PSE_EID_GOOD;
}

static bool is_alive(const X509 *x, int64_t now)
{
    int64_t from, until;

    return pse_time_get(&from, X509_get0_notBefore(x)) && from <= now &&
           pse_time_get(&until, X509_get0_notAfter(x)) && until >= now;
}

/* How strong the person's own key must be is told by the algorithm that is used with it
 * (pse_jwa_fits); the chain is about those who vouch for it. */
static int own_key_may_be_small(int is_good, X509_STORE_CTX *ctx)
{
    return is_good == 1 || X509_STORE_CTX_get_error(ctx) == X509_V_ERR_EE_KEY_TOO_SMALL;
}

/* Has this one anchor issued it? Lives are judged by is_alive: OpenSSL takes the last second of a
 * certificate to be outside its life. */
static enum pse_eid_fault judge(X509_STORE_CTX *ctx, X509_STORE *store, X509 *x)
{
    X509_VERIFY_PARAM *param;

    if (X509_STORE_CTX_init(ctx, store, x, NULL) != 1)
        return PSE_EID_NO_MEMORY;
    param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_auth_level(param, CHAIN_LEVEL);
    if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) !=
        1)
        return PSE_EID_NO_MEMORY;
    X509_STORE_CTX_set_verify_cb(ctx, own_key_may_be_small);
    if (X509_verify_cert(ctx) == 1)
        return PSE_EID_GOOD;
    return X509_STORE_CTX_get_error(ctx) == X509_V_ERR_OUT_OF_MEM ? PSE_EID_NO_MEMORY
                                                                  : PSE_EID_UNTRUSTED;
}

static enum pse_eid_fault issued_by(X509 *anchor, X509 *x)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    enum pse_eid_fault fault = PSE_EID_NO_MEMORY;

    if (store != NULL && ctx != NULL && X509_STORE_add_cert(store, anchor) == 1)
        fault = judge(ctx, store, x);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    ERR_clear_error();
    return fault;
}

static enum pse_eid_fault give(struct pse_certificate **issuer, X509 *anchor)
{
    pse_rc rc;

    if (issuer == NULL)
        return PSE_EID_GOOD;
    if (X509_up_ref(anchor) != 1)
        return PSE_EID_NO_MEMORY;
    rc = pse_certificate_wrap(issuer, anchor, pse_span(NULL, 0));
    if (rc == PSE_OK)
        return PSE_EID_GOOD;
    return rc == PSE_E_MEMORY ? PSE_EID_NO_MEMORY : PSE_EID_UNTRUSTED;
}

/* Authorities renew their certificates: several may have the name of the issuer, so each is tried
 * by itself. */
enum pse_eid_fault pse_certificate_issuer(struct pse_certificate **issuer,
                                          const struct pse_certificate *c,
                                          const struct pse_anchors *anchors, int64_t now)
{
    const X509_NAME *wanted = X509_get_issuer_name(c->x);

    if (issuer != NULL)
        *issuer = NULL;
    for (int i = 0; i < sk_X509_num(anchors->certificates); i++) {
        X509 *anchor = sk_X509_value(anchors->certificates, i);
        enum pse_eid_fault fault;

        if (X509_NAME_cmp(X509_get_subject_name(anchor), wanted) != 0 || !is_alive(anchor, now))
            continue;
        fault = issued_by(anchor, c->x);
        if (fault == PSE_EID_GOOD)
            return give(issuer, anchor);
        if (fault != PSE_EID_UNTRUSTED)
            return fault;
    }
    return PSE_EID_UNTRUSTED;
}
