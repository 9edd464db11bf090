/* Attestation: who says which authenticator it is (Web Authentication 8.2, format "packed").
 *
 * Other formats than "packed" and "none" are not judged: without configured makers they count as
 * none, with them they are refused. */
#include <fido.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "certificate.h"
#include "room.h"
#include "signature.h"
#include "webauthn_room.h"

#define OID_FIDO_AAGUID "1.3.6.1.4.1.45724.1.1.4"

/* A packed statement. */
struct statement {
    int64_t algorithm;
    struct pse_span signature;
    struct pse_span certificate; /* the first of x5c; empty without x5c */
};

static pse_rc parse_certificates(struct pse_span *first, struct pse_rd *r)
{
    struct pse_span more;
    size_t n;

    PSE_TRY(pse_cbor_array(&n, r));
    if (n == 0)
        return PSE_E_LENGTH;
    PSE_TRY(pse_cbor_bytes(first, r));
    for (size_t i = 1; i < n; i++)
        PSE_TRY(pse_cbor_bytes(&more, r));
    return PSE_OK;
}

static pse_rc parse_statement(struct statement *out, struct pse_span in)
{
    struct pse_rd r = pse_rd(in);
    struct pse_cbor_map m;
    struct pse_span key;

    *out = (struct statement){0};
    PSE_TRY(pse_cbor_map(&m, &r));
    PSE_TRY(pse_cbor_key(&key, &m, &r));
    if (!pse_cbor_key_is(key, "alg"))
        return PSE_E_SYNTAX;
    PSE_TRY(pse_cbor_int(&out->algorithm, &r));
    PSE_TRY(pse_cbor_key(&key, &m, &r));
    if (!pse_cbor_key_is(key, "sig"))
        return PSE_E_SYNTAX;
    PSE_TRY(pse_cbor_bytes(&out->signature, &r));
    if (m.left > 0) {
        PSE_TRY(pse_cbor_key(&key, &m, &r));
        if (!pse_cbor_key_is(key, "x5c"))
            return PSE_E_SYNTAX;
        PSE_TRY(parse_certificates(&out->certificate, &r));
    }
    return m.left == 0 ? pse_rd_end(&r) : PSE_E_SYNTAX;
}

/* --- the certificate ----------------------------------------------------------------------------
 */

static bool is_unit(X509 *x, const char *unit)
{
    char text[64];
    int n =
        X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_organizationalUnitName, text, 64);

    return n > 0 && (size_t)n == strlen(unit) && memcmp(text, unit, (size_t)n) == 0;
}

/* The extension that names the model, if it is there, names this one: an octet string inside. */
static bool is_model(X509 *x, const uint8_t aaguid[16])
{
    ASN1_OBJECT *oid = OBJ_txt2obj(OID_FIDO_AAGUID, 1);
    int at = oid == NULL ? -1 : X509_get_ext_by_OBJ(x, oid, -1);
    bool is_good = oid != NULL;

    if (at >= 0) {
        X509_EXTENSION *e = X509_get_ext(x, at);
        const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(e);
        const uint8_t *p = ASN1_STRING_get0_data(value);

        is_good = X509_EXTENSION_get_critical(e) == 0 && ASN1_STRING_length(value) == 18 &&
                  p[0] == V_ASN1_OCTET_STRING && p[1] == 16 && memcmp(p + 2, aaguid, 16) == 0;
    }
    ASN1_OBJECT_free(oid);
    return is_good;
}

/* By its name alone: the room's library need not know the keys that persons do not have, and
 * libfido2 has read this one. */
static bool is_ed25519(X509 *x)
{
    ASN1_OBJECT *algorithm = NULL;

    return X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, X509_get_X509_PUBKEY(x)) == 1 &&
           OBJ_obj2nid(algorithm) == NID_ED25519;
}

/* libfido2 takes any elliptic curve for ES256 and any length for RS256. */
static bool is_key_for(const struct pse_certificate *c, int64_t algorithm)
{
    switch (algorithm) {
    case COSE_ES256: return pse_jwa_fits(PSE_JWA_ES256, c);
    case COSE_RS256: return pse_jwa_fits(PSE_JWA_RS256, c);
    case COSE_EDDSA: return is_ed25519(c->x);
    default: return false;
    }
}

/* Web Authentication 8.2.1, as far as it can be told by a program. */
static bool is_attestation_certificate(X509 *x, const uint8_t aaguid[16])
{
    return X509_get_version(x) == X509_VERSION_3 && is_unit(x, "Authenticator Attestation") &&
           X509_get_ext_by_NID(x, NID_basic_constraints, -1) >= 0 && X509_check_ca(x) == 0 &&
           is_model(x, aaguid);
}

static enum pse_webauthn_fault check_maker(const struct pse_certificate *c,
                                           const struct pse_anchors *anchors, int64_t now)
{
    enum pse_eid_fault fault = pse_certificate_is_alive(c, now);

    if (fault == PSE_EID_GOOD)
        fault = pse_certificate_issuer(NULL, c, anchors, now);
    if (fault == PSE_EID_NO_MEMORY)
        return PSE_WEBAUTHN_NO_MEMORY;
    return fault == PSE_EID_GOOD ? PSE_WEBAUTHN_GOOD : PSE_WEBAUTHN_ATTESTATION_UNTRUSTED;
}

static enum pse_webauthn_fault check_certificate(enum pse_webauthn_attestation *out,
                                                 const struct statement *s,
                                                 const uint8_t aaguid[16],
                                                 const struct pse_anchors *anchors, int64_t now)
{
    enum pse_webauthn_fault fault = PSE_WEBAUTHN_ATTESTATION;
    struct pse_certificate *c;
    pse_rc rc = pse_certificate_parse_der(&c, s->certificate);

    if (rc != PSE_OK)
        return rc == PSE_E_MEMORY ? PSE_WEBAUTHN_NO_MEMORY : PSE_WEBAUTHN_ATTESTATION;
    *out = PSE_WEBAUTHN_SIGNED;
    if (is_key_for(c, s->algorithm) && is_attestation_certificate(c->x, aaguid))
        fault = PSE_WEBAUTHN_GOOD;
    if (fault == PSE_WEBAUTHN_GOOD && anchors != NULL) {
        *out = PSE_WEBAUTHN_CERTIFIED;
        fault = check_maker(c, anchors, now);
    }
    pse_certificate_free(c);
    ERR_clear_error();
    return fault;
}

/* --- the signature ------------------------------------------------------------------------------
 */

static bool set_extensions(fido_cred_t *cred, const struct pse_webauthn_data *d)
{
    int plain = d->extensions & (FIDO_EXT_HMAC_SECRET | FIDO_EXT_CRED_BLOB);

    return fido_cred_set_extensions(cred, plain) == FIDO_OK &&
           fido_cred_set_prot(cred, d->protection) == FIDO_OK &&
           ((d->extensions & FIDO_EXT_MINPINLEN) == 0 ||
            fido_cred_set_pin_minlen(cred, d->min_pin) == FIDO_OK);
}

static bool verify(fido_cred_t *cred, const struct pse_webauthn_object *object,
                   const struct pse_webauthn_data *d, const struct pse_webauthn_key *key,
                   const pse_hash *client_data, const char *rp_id, bool is_self)
{
    int type = key->algorithm == PSE_WEBAUTHN_ES256 ? COSE_ES256 : COSE_EDDSA;

    if (fido_cred_set_type(cred, type) != FIDO_OK ||
        fido_cred_set_authdata_raw(cred, d->whole.p, d->whole.n) != FIDO_OK ||
        fido_cred_set_clientdata_hash(cred, client_data->b, sizeof client_data->b) != FIDO_OK ||
        fido_cred_set_rp(cred, rp_id, NULL) != FIDO_OK ||
        fido_cred_set_uv(cred, FIDO_OPT_TRUE) != FIDO_OK || !set_extensions(cred, d) ||
        fido_cred_set_fmt(cred, "packed") != FIDO_OK ||
        fido_cred_set_attstmt(cred, object->statement.p, object->statement.n) != FIDO_OK)
        return false;
    return (is_self ? fido_cred_verify_self(cred) : fido_cred_verify(cred)) == FIDO_OK;
}

static enum pse_webauthn_fault check_packed(enum pse_webauthn_attestation *out,
                                            const struct pse_webauthn_object *object,
                                            const struct pse_webauthn_data *d,
                                            const struct pse_webauthn_key *key,
                                            struct pse_span client_data, const char *rp_id,
                                            const struct pse_anchors *anchors, int64_t now)
{
    struct statement s;
    fido_cred_t *cred;
    pse_hash hash;
    bool is_self, holds;

    if (parse_statement(&s, object->statement) != PSE_OK)
        return PSE_WEBAUTHN_ATTESTATION;
    is_self = s.certificate.n == 0;
    if (is_self && s.algorithm != (key->algorithm == PSE_WEBAUTHN_ES256 ? COSE_ES256 : COSE_EDDSA))
        return PSE_WEBAUTHN_ATTESTATION;
    cred = fido_cred_new();
    if (cred == NULL)
        return PSE_WEBAUTHN_NO_MEMORY;
    pse_sha256(&hash, client_data);
    holds = verify(cred, object, d, key, &hash, rp_id, is_self);
    fido_cred_free(&cred);
    ERR_clear_error();
    if (!holds)
        return PSE_WEBAUTHN_ATTESTATION;
    if (!is_self)
        return check_certificate(out, &s, d->aaguid, anchors, now);
    *out = PSE_WEBAUTHN_SELF;
    return PSE_WEBAUTHN_GOOD;
}

/* --- all formats --------------------------------------------------------------------------------
 */

enum pse_webauthn_fault pse_webauthn_attest(enum pse_webauthn_attestation *out,
                                            const struct pse_webauthn_object *object,
                                            const struct pse_webauthn_data *d,
                                            const struct pse_webauthn_key *key,
                                            struct pse_span client_data, const char *rp_id,
                                            const struct pse_anchors *anchors, int64_t now)
{
    static const uint8_t empty_map = 0xa0;
    enum pse_webauthn_fault fault = PSE_WEBAUTHN_GOOD;

    *out = PSE_WEBAUTHN_NONE;
    if (pse_span_is_str(object->format, "packed"))
        fault = check_packed(out, object, d, key, client_data, rp_id, anchors, now);
    else if (pse_span_is_str(object->format, "none") &&
             !pse_span_is_equal(object->statement, pse_span(&empty_map, 1)))
        fault = PSE_WEBAUTHN_ATTESTATION;
    if (fault == PSE_WEBAUTHN_GOOD && anchors != NULL && *out != PSE_WEBAUTHN_CERTIFIED)
        fault = PSE_WEBAUTHN_ATTESTATION_UNTRUSTED;
    return fault;
}
