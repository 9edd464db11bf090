#include "ocsp.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "room.h"
#include "signature.h"

/* --- asking -------------------------------------------------------------------------------------
 */

static OCSP_CERTID *id_of(const struct pse_certificate *c, const struct pse_certificate *issuer)
{
    return OCSP_cert_to_id(EVP_sha1(), c->x, issuer->x);
}

static pse_rc put(struct pse_buf *out, OCSP_REQUEST *request, struct pse_span nonce)
{
    uint8_t copy[PSE_OCSP_NONCE];
    uint8_t *der = NULL;
    int n;

    PSE_REQUIRE(nonce.n <= sizeof copy);
    if (nonce.n > 0) {
        memcpy(copy, nonce.p, nonce.n);
        if (OCSP_request_add1_nonce(request, copy, (int)nonce.n) != 1)
            return PSE_E_MEMORY;
    }
    n = i2d_OCSP_REQUEST(request, &der);
    if (n <= 0)
        return PSE_E_MEMORY;
    pse_buf_put(out, der, (size_t)n);
    OPENSSL_free(der);
    return out->rc;
}

pse_rc pse_ocsp_request_put(struct pse_buf *out, const struct pse_certificate *c,
                            const struct pse_certificate *issuer, struct pse_span nonce)
{
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    OCSP_CERTID *id = id_of(c, issuer);
    pse_rc rc = PSE_E_MEMORY;

    if (request != NULL && id != NULL && OCSP_request_add0_id(request, id) != NULL) {
        id = NULL; /* request's now */
        rc = put(out, request, nonce);
    }
    OCSP_CERTID_free(id);
    OCSP_REQUEST_free(request);
    ERR_clear_error();
    return rc;
}

/* --- form ---------------------------------------------------------------------------------------
 */

/* An answer taken apart; what is borrowed lives as long as basic. */
struct opened {
    OCSP_RESPONSE *response;
    OCSP_BASICRESP *basic;
    OCSP_SINGLERESP *single;
    X509 *signer;
};

static void opened_close(struct opened *o)
{
    OCSP_BASICRESP_free(o->basic);
    OCSP_RESPONSE_free(o->response);
    ERR_clear_error();
}

static enum pse_eid_fault open_answer(struct opened *o, struct pse_span answer)
{
    const uint8_t *at = answer.p;

    memset(o, 0, sizeof *o);
    ERR_clear_error();
    if (answer.n == 0 || answer.n > PSE_OCSP_MAX)
        return PSE_EID_OCSP_MALFORMED;
    o->response = d2i_OCSP_RESPONSE(NULL, &at, (long)answer.n);
    if (o->response == NULL || at != answer.p + answer.n ||
        OCSP_response_status(o->response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return PSE_EID_OCSP_MALFORMED;
    o->basic = OCSP_response_get1_basic(o->response);
    if (o->basic == NULL || OCSP_resp_count(o->basic) != 1)
        return PSE_EID_OCSP_MALFORMED;
    o->single = OCSP_resp_get0(o->basic, 0);
    return PSE_EID_GOOD;
}

static enum pse_eid_fault check_subject(const struct opened *o, const struct pse_ocsp_rules *rules)
{
    OCSP_CERTID *wanted = id_of(rules->certificate, rules->issuer);
    bool same;

    if (wanted == NULL)
        return PSE_EID_NO_MEMORY;
    same = OCSP_id_cmp(OCSP_SINGLERESP_get0_id(o->single), wanted) == 0;
    OCSP_CERTID_free(wanted);
    if (!same || sk_X509_num(OCSP_resp_get0_certs(o->basic)) < 1)
        return PSE_EID_OCSP_MALFORMED;
    return PSE_EID_GOOD;
}

/* --- who answered -------------------------------------------------------------------------------
 */

/* The signature alone: whose key it is is judged by rules of our own. */
static enum pse_eid_fault check_signature(struct opened *o)
{
    if (OCSP_resp_get0_signer(o->basic, &o->signer, NULL) != 1 ||
        OCSP_basic_verify(o->basic, NULL, NULL, OCSP_NOVERIFY) != 1)
        return PSE_EID_OCSP_UNTRUSTED;
    return PSE_EID_GOOD;
}

static bool is_anchor(const X509 *x, const struct pse_anchors *anchors)
{
    for (int i = 0; i < sk_X509_num(anchors->certificates); i++) {
        if (X509_cmp(sk_X509_value(anchors->certificates, i), x) == 0)
            return true;
    }
    return false;
}

static enum pse_eid_fault check_appointed(const struct pse_certificate *responder,
                                          const struct pse_ocsp_rules *rules)
{
    enum pse_eid_fault fault;

    if (!pse_certificate_is_named_for(responder, PSE_OID_OCSP_SIGNING) ||
        (responder->kind == PSE_KEY_RSA && responder->key_bits < PSE_RSA_BITS_MIN))
        return PSE_EID_OCSP_UNTRUSTED;
    if (is_anchor(responder->x, rules->anchors))
        return PSE_EID_GOOD;
    fault = pse_certificate_issuer(NULL, responder, rules->anchors, rules->now);
    return fault == PSE_EID_UNTRUSTED ? PSE_EID_OCSP_UNTRUSTED : fault;
}

static enum pse_eid_fault check_trust(const struct pse_certificate *responder,
                                      const struct pse_ocsp_rules *rules)
{
    if (pse_certificate_is_alive(responder, rules->now) != PSE_EID_GOOD)
        return PSE_EID_OCSP_UNTRUSTED;
    if (rules->responder == NULL)
        return check_appointed(responder, rules);
    return X509_cmp(responder->x, rules->responder->x) == 0 ? PSE_EID_GOOD : PSE_EID_OCSP_UNTRUSTED;
}

static enum pse_eid_fault check_responder(struct pse_ocsp *out, struct opened *o,
                                          const struct pse_ocsp_rules *rules)
{
    enum pse_eid_fault fault = check_signature(o);
    struct pse_certificate *responder;
    pse_rc rc;

    if (fault != PSE_EID_GOOD)
        return fault;
    if (X509_up_ref(o->signer) != 1)
        return PSE_EID_NO_MEMORY;
    rc = pse_certificate_wrap(&responder, o->signer, pse_span(NULL, 0));
    if (rc != PSE_OK)
        return rc == PSE_E_MEMORY ? PSE_EID_NO_MEMORY : PSE_EID_OCSP_UNTRUSTED;
    fault = check_trust(responder, rules);
    out->responder = pse_certificate_digest(responder);
    pse_certificate_free(responder);
    return fault;
}

/* --- when, and what -----------------------------------------------------------------------------
 */

struct status {
    int value;
    ASN1_GENERALIZEDTIME *revoked, *this_update, *next_update;
};

static enum pse_eid_fault check_time(struct pse_ocsp *out, const struct status *s,
                                     const struct pse_ocsp_rules *rules)
{
    int64_t earliest = rules->is_late ? rules->stamped : rules->now - (int64_t)rules->max_age;

    if (!pse_time_get(&out->this_update, s->this_update) ||
        (s->next_update != NULL && !pse_time_get(&out->next_update, s->next_update)))
        return PSE_EID_OCSP_MALFORMED;
    if (out->this_update > rules->now + (int64_t)rules->skew || out->this_update < earliest)
        return PSE_EID_OCSP_STALE;
    if (s->next_update != NULL && (out->next_update < out->this_update ||
                                   out->next_update < rules->now - (int64_t)rules->skew))
        return PSE_EID_OCSP_STALE;
    return PSE_EID_GOOD;
}

/* The extension holds an OCTET STRING (RFC 8954); older responders repeat the bare bytes. */
static bool is_nonce(const ASN1_OCTET_STRING *value, struct pse_span sent)
{
    struct pse_span said =
        pse_span(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));

    if (pse_span_is_equal(said, sent))
        return true;
    return sent.n < 128 && said.n == sent.n + 2 && said.p[0] == V_ASN1_OCTET_STRING &&
           said.p[1] == sent.n && memcmp(said.p + 2, sent.p, sent.n) == 0;
}

static enum pse_eid_fault check_nonce(const struct opened *o, const struct pse_ocsp_rules *rules)
{
    int at = OCSP_BASICRESP_get_ext_by_NID(o->basic, NID_id_pkix_OCSP_Nonce, -1);

    if (rules->nonce.n == 0)
        return PSE_EID_GOOD;
    if (at < 0 || OCSP_BASICRESP_get_ext_by_NID(o->basic, NID_id_pkix_OCSP_Nonce, at) >= 0 ||
        !is_nonce(X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(o->basic, at)), rules->nonce))
        return PSE_EID_OCSP_NONCE;
    return PSE_EID_GOOD;
}

static enum pse_eid_fault check_status(struct pse_ocsp *out, const struct status *s,
                                       const struct pse_ocsp_rules *rules)
{
    if (s->value == V_OCSP_CERTSTATUS_GOOD)
        return PSE_EID_GOOD;
    if (s->value != V_OCSP_CERTSTATUS_REVOKED)
        return PSE_EID_UNKNOWN;
    if (!pse_time_get(&out->revoked_at, s->revoked))
        return PSE_EID_REVOKED;
    return rules->is_late && out->revoked_at > rules->stamped ? PSE_EID_GOOD : PSE_EID_REVOKED;
}

static enum pse_eid_fault judge(struct pse_ocsp *out, struct opened *o, struct pse_span answer,
                                const struct pse_ocsp_rules *rules)
{
    enum pse_eid_fault fault = open_answer(o, answer);
    struct status s = {.value = -1};

    if (fault == PSE_EID_GOOD)
        fault = check_subject(o, rules);
    if (fault == PSE_EID_GOOD)
        fault = check_responder(out, o, rules);
    if (fault != PSE_EID_GOOD)
        return fault;
    s.value = OCSP_single_get0_status(o->single, NULL, &s.revoked, &s.this_update, &s.next_update);
    fault = check_time(out, &s, rules);
    if (fault == PSE_EID_GOOD)
        fault = check_nonce(o, rules);
    return fault == PSE_EID_GOOD ? check_status(out, &s, rules) : fault;
}

enum pse_eid_fault pse_ocsp_verify(struct pse_ocsp *out, struct pse_span answer,
                                   const struct pse_ocsp_rules *rules)
{
    struct opened o;
    enum pse_eid_fault fault;

    memset(out, 0, sizeof *out);
    fault = judge(out, &o, answer, rules);
    opened_close(&o);
    if (fault != PSE_EID_GOOD && fault != PSE_EID_REVOKED && fault != PSE_EID_UNKNOWN)
        memset(out, 0, sizeof *out);
    return fault;
}
