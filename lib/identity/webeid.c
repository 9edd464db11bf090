/* The ten rows, in their order. */
#include "webeid.h"

#include <stdlib.h>

#include "codec/codec.h"
#include "member.h"
#include "room.h"

/* Estonian mobile-ID: its key is with the operator, so it proves no presence of a card. */
static const char *const forbidden_always[] = {
    "1.3.6.1.4.1.10015.1.3",
    "1.3.6.1.4.1.10015.1.3.1",
    "1.3.6.1.4.1.10015.1.3.2",
    "1.3.6.1.4.1.10015.1.3.3",
};

struct pse_webeid {
    json_t *root;
    struct pse_span algorithm, signature; /* in root */
    struct pse_certificate *certificate, *issuer;
};

/* --- rows 1 and 2 -------------------------------------------------------------------------------
 */

static bool is_format(struct pse_span format)
{
    static const char base[] = "web-eid:1";
    size_t n = sizeof base - 1;

    if (format.n < n || memcmp(format.p, base, n) != 0)
        return false;
    if (format.n == n)
        return true;
    if (format.p[n] != '.' || format.n == n + 1)
        return false;
    for (size_t i = n + 1; i < format.n; i++) {
        if (format.p[i] < '0' || format.p[i] > '9')
            return false;
    }
    return true;
}

/* Numbers in members that are ignored are read as reals, or large ones would be refused; a zero
 * inside a text is let through, as the text is then wrong by its own row. */
static enum pse_eid_fault parse(struct pse_webeid *w, struct pse_span *certificate,
                                struct pse_span token)
{
    struct pse_span format, version;

    if (token.n < PSE_WEBEID_TOKEN_MIN || token.n > PSE_WEBEID_TOKEN_MAX)
        return PSE_EID_PARSE;
    w->root = json_loadb((const char *)token.p, token.n,
                         JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
    if (!json_is_object(w->root) || !pse_member_text(&w->algorithm, w->root, "algorithm") ||
        !pse_member_text(&w->signature, w->root, "signature") ||
        !pse_member_text(&format, w->root, "format") ||
        !pse_member_text(certificate, w->root, "unverifiedCertificate"))
        return PSE_EID_PARSE;
    if (json_object_get(w->root, "appVersion") != NULL &&
        !pse_member_text(&version, w->root, "appVersion"))
        return PSE_EID_PARSE;
    return is_format(format) ? PSE_EID_GOOD : PSE_EID_PARSE;
}

static enum pse_eid_fault decode(struct pse_certificate **out, struct pse_span base64)
{
    uint8_t der[PSE_WEBEID_TOKEN_MAX];
    size_t n;
    pse_rc rc;

    if (pse_base64_check(&n, base64) != PSE_OK || n == 0 ||
        pse_base64_decode(der, n, base64) != PSE_OK)
        return PSE_EID_PARSE;
    rc = pse_certificate_parse_der(out, pse_span(der, n));
    if (rc == PSE_E_MEMORY)
        return PSE_EID_NO_MEMORY;
    return rc == PSE_OK ? PSE_EID_GOOD : PSE_EID_PARSE;
}

/* --- rows 3 to 6 --------------------------------------------------------------------------------
 */

static bool is_forbidden(const struct pse_certificate *c, const struct pse_webeid_rules *rules)
{
    return pse_certificate_is_under(c, forbidden_always,
                                    sizeof forbidden_always / sizeof *forbidden_always) ||
           pse_certificate_is_under(c, rules->forbidden, rules->forbidden_n);
}

static enum pse_eid_fault check_certificate(struct pse_certificate **issuer,
                                            const struct pse_certificate *c,
                                            const struct pse_webeid_rules *rules)
{
    enum pse_eid_fault fault;

    if (is_forbidden(c, rules))
        return PSE_EID_POLICY;
    fault = pse_certificate_is_alive(c, rules->now);
    if (fault != PSE_EID_GOOD)
        return fault;
    return pse_certificate_issuer(issuer, c, rules->anchors, rules->now);
}

static enum pse_eid_fault open_token(struct pse_webeid *w, struct pse_span token,
                                     const struct pse_webeid_rules *rules)
{
    struct pse_span base64;
    enum pse_eid_fault fault = parse(w, &base64, token);

    if (fault == PSE_EID_GOOD)
        fault = decode(&w->certificate, base64);
    if (fault != PSE_EID_GOOD)
        return fault;
    if (!pse_certificate_is_for(w->certificate, PSE_USE_DIGITAL_SIGNATURE) ||
        !pse_certificate_may(w->certificate, PSE_OID_CLIENT_AUTH))
        return PSE_EID_PURPOSE;
    return check_certificate(&w->issuer, w->certificate, rules);
}

enum pse_eid_fault pse_webeid_open(struct pse_webeid **out, struct pse_span token,
                                   const struct pse_webeid_rules *rules)
{
    struct pse_webeid *w = calloc(1, sizeof *w);
    enum pse_eid_fault fault;

    *out = NULL;
    if (w == NULL)
        return PSE_EID_NO_MEMORY;
    fault = open_token(w, token, rules);
    if (fault != PSE_EID_GOOD) {
        pse_webeid_free(w);
        return fault;
    }
    *out = w;
    return PSE_EID_GOOD;
}

void pse_webeid_free(struct pse_webeid *w)
{
    if (w == NULL)
        return;
    json_decref(w->root);
    pse_certificate_free(w->certificate);
    pse_certificate_free(w->issuer);
    free(w);
}

const struct pse_certificate *pse_webeid_certificate(const struct pse_webeid *w)
{
    return w->certificate;
}

const struct pse_certificate *pse_webeid_issuer(const struct pse_webeid *w)
{
    return w->issuer;
}

/* --- rows 7 to 10 -------------------------------------------------------------------------------
 */

static enum pse_eid_fault check_revocation(const struct pse_webeid *w,
                                           const struct pse_webeid_revocation *r,
                                           const struct pse_webeid_rules *rules)
{
    const struct pse_ocsp_rules how = {
        .certificate = w->certificate,
        .issuer = w->issuer,
        .anchors = rules->anchors,
        .responder = r->responder,
        .nonce = r->nonce,
        .now = rules->now,
        .max_age = r->max_age,
        .skew = r->skew,
    };
    struct pse_ocsp said;

    if (r->is_off)
        return PSE_EID_GOOD;
    return r->came ? pse_ocsp_verify(&said, r->answer, &how) : PSE_EID_OCSP_UNREACHABLE;
}

pse_rc pse_webeid_message(uint8_t out[128], enum pse_jwa jwa, const char *origin,
                          struct pse_span nonce)
{
    uint8_t digest[64];
    size_t n = pse_jwa_digest_length(jwa);

    PSE_TRY(pse_jwa_digest(digest, jwa, pse_span_str(origin)));
    memcpy(out, digest, n);
    PSE_TRY(pse_jwa_digest(digest, jwa, nonce));
    memcpy(out + n, digest, n);
    return PSE_OK;
}

static enum pse_eid_fault check_signature(const struct pse_webeid *w, enum pse_jwa jwa,
                                          struct pse_span nonce,
                                          const struct pse_webeid_rules *rules)
{
    uint8_t signature[PSE_SIGNATURE_MAX], message[128];
    size_t n;
    pse_rc rc;

    if (pse_base64_check(&n, w->signature) != PSE_OK || n == 0 || n > sizeof signature ||
        pse_base64_decode(signature, n, w->signature) != PSE_OK)
        return PSE_EID_SIGNATURE;
    rc = pse_webeid_message(message, jwa, rules->origin, nonce);
    if (rc == PSE_OK)
        rc = pse_jwa_verify(jwa, w->certificate, pse_span(message, 2 * pse_jwa_digest_length(jwa)),
                            pse_span(signature, n));
    if (rc == PSE_E_MEMORY)
        return PSE_EID_NO_MEMORY;
    return rc == PSE_OK ? PSE_EID_GOOD : PSE_EID_SIGNATURE;
}

enum pse_eid_fault pse_webeid_finish(const struct pse_webeid *w,
                                     const struct pse_webeid_revocation *revocation,
                                     struct pse_span nonce, const struct pse_webeid_rules *rules)
{
    enum pse_eid_fault fault = check_revocation(w, revocation, rules);
    enum pse_jwa jwa = pse_jwa_of_name(w->algorithm);

    if (fault != PSE_EID_GOOD)
        return fault;
    if (nonce.n == 0)
        return PSE_EID_NONCE_MISSING;
    if (!pse_jwa_fits(jwa, w->certificate))
        return PSE_EID_ALGORITHM;
    return check_signature(w, jwa, nonce, rules);
}

/* --- origin -------------------------------------------------------------------------------------
 */

static bool is_host_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static bool is_port(const char *text)
{
    uint64_t port;

    return pse_decimal_decode(&port, pse_span_str(text)) == PSE_OK && port > 0 && port < 65536;
}

bool pse_webeid_origin_is_valid(const char *origin)
{
    static const char scheme[] = "https://";
    const char *at = origin + sizeof scheme - 1;
    const char *host = at;

    if (strncmp(origin, scheme, sizeof scheme - 1) != 0 || strlen(origin) > PSE_WEBEID_ORIGIN_MAX)
        return false;
    if (*at == '[') {
        at += 1 + strspn(at + 1, "0123456789abcdef:.");
        if (*at++ != ']')
            return false;
    } else {
        while (is_host_character(*at))
            at++;
    }
    if (at == host)
        return false;
    return *at == '\0' || (*at == ':' && is_port(at + 1));
}

/* --- who may sign -------------------------------------------------------------------------------
 */

enum pse_eid_fault pse_webeid_signer_check(const struct pse_certificate *signer,
                                           const struct pse_person *login,
                                           const struct pse_webeid_rules *rules)
{
    char one[PSE_SUBJECT_MAX], other[PSE_SUBJECT_MAX];
    enum pse_eid_fault fault;

    if (!pse_certificate_is_for(signer, PSE_USE_NON_REPUDIATION))
        return PSE_EID_PURPOSE;
    fault = check_certificate(NULL, signer, rules);
    if (fault != PSE_EID_GOOD)
        return fault;
    if (pse_person_subject(one, pse_certificate_person(signer)) != PSE_OK ||
        pse_person_subject(other, login) != PSE_OK || strcmp(one, other) != 0)
        return PSE_EID_PERSON;
    return PSE_EID_GOOD;
}
