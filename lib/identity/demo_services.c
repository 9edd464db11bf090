/* The services of the demo authority: answers about revocation, and time stamps. */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/ts.h>
#include <string.h>

#include "demo_room.h"

/* --- OCSP --------------------------------------------------------------------------------------
 */

struct answer {
    const struct pse_demo *issuer;
    pse_demo_look *look;
    void *ctx;
    int64_t now;
};

static enum pse_demo_status look_up(const struct answer *a, int64_t *revoked_at,
                                    const ASN1_INTEGER *serial)
{
    const uint8_t *p = ASN1_STRING_get0_data(serial);
    int n = ASN1_STRING_length(serial);

    if (n <= 0 || ASN1_STRING_type(serial) != V_ASN1_INTEGER)
        return PSE_DEMO_NOBODY;
    return a->look(a->ctx, revoked_at, pse_span(p, (size_t)n));
}

/* The question may name the issuer by any hash; another issuer's certificates are not known. */
static bool is_of_issuer(OCSP_CERTID *id, X509 *issuer)
{
    ASN1_OBJECT *algorithm;
    const EVP_MD *md;
    OCSP_CERTID *own;
    bool same;

    if (OCSP_id_get0_info(NULL, &algorithm, NULL, NULL, id) != 1)
        return false;
    md = EVP_get_digestbyobj(algorithm);
    own = md == NULL ? NULL : OCSP_cert_to_id(md, NULL, issuer);
    same = own != NULL && OCSP_id_issuer_cmp(own, id) == 0;
    OCSP_CERTID_free(own);
    return same;
}

static bool add_status(OCSP_BASICRESP *basic, OCSP_CERTID *id, const struct answer *a)
{
    static const int words[] = {[PSE_DEMO_VALID] = V_OCSP_CERTSTATUS_GOOD,
                                [PSE_DEMO_REVOKED] = V_OCSP_CERTSTATUS_REVOKED,
                                [PSE_DEMO_NOBODY] = V_OCSP_CERTSTATUS_UNKNOWN};
    enum pse_demo_status status = PSE_DEMO_NOBODY;
    ASN1_TIME *now = ASN1_GENERALIZEDTIME_set(NULL, (time_t)a->now);
    ASN1_TIME *then = NULL;
    ASN1_INTEGER *serial;
    int64_t revoked_at = 0;
    bool added;

    if (is_of_issuer(id, a->issuer->x) && OCSP_id_get0_info(NULL, NULL, NULL, &serial, id) == 1)
        status = look_up(a, &revoked_at, serial);
    if (status == PSE_DEMO_REVOKED)
        then = ASN1_GENERALIZEDTIME_set(NULL, (time_t)revoked_at);
    added = now != NULL && (status != PSE_DEMO_REVOKED || then != NULL) &&
            OCSP_basic_add1_status(basic, id, words[status], OCSP_REVOKED_STATUS_NOSTATUS, then,
                                   now, NULL) != NULL;
    ASN1_TIME_free(now);
    ASN1_TIME_free(then);
    return added;
}

/* OpenSSL would write its own clock into producedAt; the field is there and has no setter. */
static bool set_produced(OCSP_BASICRESP *basic, int64_t now)
{
    ASN1_GENERALIZEDTIME *at = (ASN1_GENERALIZEDTIME *)(uintptr_t)OCSP_resp_get0_produced_at(basic);

    return at != NULL && ASN1_GENERALIZEDTIME_set(at, (time_t)now) != NULL;
}

static bool fill_answer(OCSP_BASICRESP *basic, OCSP_REQUEST *request,
                        const struct pse_demo *responder, const struct answer *a)
{
    for (int i = 0; i < OCSP_request_onereq_count(request); i++)
        if (!add_status(basic, OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, i)), a))
            return false;
    return OCSP_copy_nonce(basic, request) != 0 && set_produced(basic, a->now) &&
           OCSP_basic_sign(basic, responder->x, responder->key, EVP_sha384(), NULL, OCSP_NOTIME) ==
               1;
}

static pse_rc put_response(struct pse_buf *out, OCSP_RESPONSE *response)
{
    uint8_t *der = NULL;
    pse_rc rc = response == NULL ? PSE_E_MEMORY
                                 : demo_put_der(out, &der, i2d_OCSP_RESPONSE(response, &der));

    OCSP_RESPONSE_free(response);
    ERR_clear_error();
    return rc;
}

pse_rc pse_demo_ocsp_put(struct pse_buf *out, struct pse_span request,
                         const struct pse_demo *responder, const struct pse_demo *issuer,
                         pse_demo_look *look, void *ctx, int64_t now)
{
    const struct answer a = {issuer, look, ctx, now};
    const uint8_t *at = request.p;
    OCSP_REQUEST *asked = request.n == 0 || request.n > PSE_DEMO_PEM_MAX
                              ? NULL
                              : d2i_OCSP_REQUEST(NULL, &at, (long)request.n);
    OCSP_BASICRESP *basic = NULL;
    OCSP_RESPONSE *response = NULL;
    int n = asked == NULL ? 0 : OCSP_request_onereq_count(asked);

    if (n < 1 || n > PSE_DEMO_QUESTIONS_MAX || at != request.p + request.n) {
        response = OCSP_response_create(OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, NULL);
    } else {
        basic = OCSP_BASICRESP_new();
        if (basic != NULL && fill_answer(basic, asked, responder, &a))
            response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    }
    OCSP_BASICRESP_free(basic);
    OCSP_REQUEST_free(asked);
    return put_response(out, response);
}

/* --- time stamps -------------------------------------------------------------------------------
 */

struct stamp {
    const uint8_t *serial;
    int64_t now;
};

static ASN1_INTEGER *stamp_serial(TS_RESP_CTX *ctx, void *data)
{
    (void)ctx;
    return demo_serial(((const struct stamp *)data)->serial);
}

static int stamp_time(TS_RESP_CTX *ctx, void *data, long *seconds, long *microseconds)
{
    (void)ctx;
    *seconds = (long)((const struct stamp *)data)->now;
    *microseconds = 0;
    return 1;
}

static bool set_up(TS_RESP_CTX *ctx, const struct pse_demo *stamper, struct stamp *s,
                   const ASN1_OBJECT *policy)
{
    TS_RESP_CTX_set_serial_cb(ctx, stamp_serial, s);
    TS_RESP_CTX_set_time_cb(ctx, stamp_time, s);
    return policy != NULL && TS_RESP_CTX_set_signer_cert(ctx, stamper->x) == 1 &&
           TS_RESP_CTX_set_signer_key(ctx, stamper->key) == 1 &&
           TS_RESP_CTX_set_signer_digest(ctx, EVP_sha384()) == 1 &&
           TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256()) == 1 &&
           TS_RESP_CTX_set_def_policy(ctx, policy) == 1 &&
           TS_RESP_CTX_add_md(ctx, EVP_sha256()) == 1 &&
           TS_RESP_CTX_add_md(ctx, EVP_sha384()) == 1 &&
           TS_RESP_CTX_add_md(ctx, EVP_sha512()) == 1 &&
           TS_RESP_CTX_set_accuracy(ctx, 1, 0, 0) == 1;
}

pse_rc pse_demo_stamp_put(struct pse_buf *out, struct pse_span query,
                          const struct pse_demo *stamper, const uint8_t serial[PSE_DEMO_SERIAL],
                          int64_t now)
{
    struct stamp s = {serial, now};
    ASN1_OBJECT *policy = OBJ_txt2obj(PSE_DEMO_STAMP_POLICY, 1);
    TS_RESP_CTX *ctx = TS_RESP_CTX_new();
    BIO *bio = BIO_new_mem_buf(query.n == 0 ? (const void *)"" : query.p, (int)query.n);
    TS_RESP *response = NULL;
    uint8_t *der = NULL;
    pse_rc rc = PSE_E_MEMORY;

    PSE_REQUIRE(query.n <= PSE_DEMO_PEM_MAX);
    if (ctx != NULL && bio != NULL && set_up(ctx, stamper, &s, policy))
        response = TS_RESP_create_response(ctx, bio);
    if (response != NULL)
        rc = demo_put_der(out, &der, i2d_TS_RESP(response, &der));
    TS_RESP_free(response);
    BIO_free(bio);
    TS_RESP_CTX_free(ctx);
    ASN1_OBJECT_free(policy);
    ERR_clear_error();
    return rc;
}
