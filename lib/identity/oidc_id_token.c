/* The ID token as a signed text: compact JWS (RFC 7515), read strictly, before anything in it is
 * believed. */
#include "codec/codec.h"
#include "oidc_room.h"

/* header . payload . signature, in base64url, which has no dots; what is signed is the first two.
 */
struct parts {
    struct pse_span header, payload, signature, message;
};

static bool split(struct parts *out, struct pse_span token)
{
    const uint8_t *dot[2];
    const uint8_t *end = token.p + token.n;

    if (token.n == 0 || token.n > PSE_OIDC_ANSWER_MAX)
        return false;
    dot[0] = memchr(token.p, '.', token.n);
    if (dot[0] == NULL)
        return false;
    dot[1] = memchr(dot[0] + 1, '.', (size_t)(end - dot[0] - 1));
    if (dot[1] == NULL)
        return false;
    out->header = pse_span(token.p, (size_t)(dot[0] - token.p));
    out->payload = pse_span(dot[0] + 1, (size_t)(dot[1] - dot[0] - 1));
    out->signature = pse_span(dot[1] + 1, (size_t)(end - dot[1] - 1));
    out->message = pse_span(token.p, (size_t)(dot[1] - token.p));
    return true;
}

/* --- header -------------------------------------------------------------------------------------
 */

static bool begins(struct pse_span text, const char *with)
{
    size_t n = strlen(with);

    return text.n >= n && memcmp(text.p, with, n) == 0;
}

static enum pse_oidc_fault judge_algorithm(enum pse_jwa *out, struct pse_span alg,
                                           const struct pse_oidc_rules *r)
{
    *out = pse_jwa_of_name(alg);
    if (pse_oidc_is_any_case(alg, "none"))
        return PSE_OIDC_ALGORITHM_NONE;
    if (begins(alg, "HS"))
        return PSE_OIDC_ALGORITHM_SYMMETRIC;
    if ((*out == PSE_JWA_RS256 && r->with_rs256) || (*out == PSE_JWA_ES256 && r->with_es256))
        return PSE_OIDC_GOOD;
    return PSE_OIDC_ALGORITHM;
}

static bool has_any(const json_t *header, const char *const *name, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (json_object_get(header, name[i]) != NULL)
            return true;
    }
    return false;
}

/* A signed token that is nothing else: not encrypted, not one inside another. */
static bool is_jwt(const json_t *header)
{
    static const char *const other[] = {"cty", "enc", "zip"};
    struct pse_span type;

    if (has_any(header, other, 3))
        return false;
    if (json_object_get(header, "typ") == NULL)
        return true;
    return pse_member_text(&type, header, "typ") && pse_oidc_is_any_case(type, "jwt");
}

static enum pse_oidc_fault judge_header(EVP_PKEY **key, enum pse_jwa *jwa, const json_t *header,
                                        const struct pse_oidc_keys *keys,
                                        const struct pse_oidc_rules *r)
{
    static const char *const critical[] = {"crit", "b64"};
    static const char *const own_key[] = {"jwk", "jku", "x5c", "x5u"};
    struct pse_span alg, kid;
    bool has_kid = json_object_get(header, "kid") != NULL;
    enum pse_oidc_fault fault;

    if (!pse_member_text(&alg, header, "alg") || (has_kid && !pse_member_text(&kid, header, "kid")))
        return PSE_OIDC_ID_PARSE;
    fault = judge_algorithm(jwa, alg, r);
    if (fault != PSE_OIDC_GOOD)
        return fault;
    if (has_any(header, critical, 2))
        return PSE_OIDC_CRITICAL;
    if (has_any(header, own_key, 4))
        return PSE_OIDC_HEADER_KEY;
    if (!is_jwt(header))
        return PSE_OIDC_TYPE;
    return pse_oidc_key_select(key, keys, *jwa, has_kid ? &kid : NULL);
}

/* --- token --------------------------------------------------------------------------------------
 */

static enum pse_oidc_fault judge_signature(struct pse_buf *scratch, const struct parts *parts,
                                           EVP_PKEY *key, enum pse_jwa jwa)
{
    pse_rc rc = pse_jwa_verify_key(jwa, key, parts->message, pse_buf_span(scratch));

    if (rc == PSE_E_MEMORY)
        return PSE_OIDC_NO_MEMORY;
    return rc == PSE_OK ? PSE_OIDC_GOOD : PSE_OIDC_SIGNATURE;
}

struct opened {
    struct pse_buf header, payload, signature;
    json_t *root;
};

static bool open_parts(struct opened *o, const struct parts *parts)
{
    o->header = o->payload = o->signature = PSE_BUF(PSE_OIDC_ANSWER_MAX);
    if (pse_oidc_decode(&o->header, parts->header) != PSE_OK ||
        pse_oidc_decode(&o->payload, parts->payload) != PSE_OK ||
        pse_oidc_decode(&o->signature, parts->signature) != PSE_OK)
        return false;
    o->root = pse_oidc_object(pse_buf_span(&o->header));
    return o->root != NULL;
}

static enum pse_oidc_fault judge(struct pse_oidc_person *out, struct opened *o,
                                 struct pse_span token, const struct pse_oidc_keys *keys,
                                 const struct pse_oidc_rules *r,
                                 const struct pse_oidc_expected *expected)
{
    struct parts parts;
    enum pse_jwa jwa;
    EVP_PKEY *key;
    enum pse_oidc_fault fault;

    if (!split(&parts, token) || !open_parts(o, &parts))
        return PSE_OIDC_ID_PARSE;
    fault = judge_header(&key, &jwa, o->root, keys, r);
    if (fault == PSE_OIDC_GOOD)
        fault = judge_signature(&o->signature, &parts, key, jwa);
    if (fault != PSE_OIDC_GOOD)
        return fault;
    return pse_oidc_claims_judge(out, pse_buf_span(&o->payload), r, expected);
}

enum pse_oidc_fault pse_oidc_id_token_judge(struct pse_oidc_person *out, struct pse_span token,
                                            const struct pse_oidc_keys *keys,
                                            const struct pse_oidc_rules *r,
                                            const struct pse_oidc_expected *expected)
{
    struct opened o = {.root = NULL};
    enum pse_oidc_fault fault;

    memset(out, 0, sizeof *out);
    fault = judge(out, &o, token, keys, r, expected);
    if (fault != PSE_OIDC_GOOD)
        pse_wipe(out, sizeof *out);
    json_decref(o.root);
    pse_buf_free(&o.header);
    pse_buf_free(&o.payload);
    pse_buf_free(&o.signature);
    return fault;
}
