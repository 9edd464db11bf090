/* Answers of the service, and the document that says where it is and what it can. */
#include "codec/codec.h"
#include "oidc_room.h"

static const char well_known[] = "/.well-known/openid-configuration";

/* --- answers ------------------------------------------------------------------------------------
 */

enum pse_oidc_fault pse_oidc_answer_body(struct pse_span *out, const struct pse_oidc_answer *answer)
{
    *out = pse_span(NULL, 0);
    if (answer->is_longer || answer->body.n > PSE_OIDC_ANSWER_MAX)
        return PSE_OIDC_OVERSIZED;
    if (!answer->came)
        return PSE_OIDC_UNREACHABLE;
    if (answer->status >= 300 && answer->status < 400)
        return PSE_OIDC_REDIRECTED;
    *out = answer->body;
    return PSE_OIDC_GOOD;
}

enum pse_oidc_fault pse_oidc_answer_good(struct pse_span *out, const struct pse_oidc_answer *answer)
{
    enum pse_oidc_fault fault = pse_oidc_answer_body(out, answer);

    if (fault == PSE_OIDC_GOOD && answer->status != 200)
        return PSE_OIDC_STATUS;
    return fault;
}

json_t *pse_oidc_object(struct pse_span text)
{
    json_t *root = json_loadb((const char *)text.p, text.n,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);

    if (json_is_object(root))
        return root;
    json_decref(root);
    return NULL;
}

pse_rc pse_oidc_decode(struct pse_buf *out, struct pse_span base64url)
{
    uint8_t *at;
    size_t n;

    PSE_TRY(pse_base64url_check(&n, base64url));
    at = pse_buf_extend(out, n);
    return at == NULL ? out->rc : pse_base64url_decode(at, n, base64url);
}

bool pse_oidc_is_any_case(struct pse_span text, const char *lower)
{
    if (text.n != strlen(lower))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];

        if ((c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c) != lower[i])
            return false;
    }
    return true;
}

/* --- document -----------------------------------------------------------------------------------
 */

pse_rc pse_oidc_discovery_url(char out[PSE_OIDC_ENDPOINT_MAX], const struct pse_oidc_rules *r)
{
    size_t n = strlen(r->issuer);

    if (n > 0 && r->issuer[n - 1] == '/')
        n--;
    out[0] = '\0';
    if (n + sizeof well_known > PSE_OIDC_ENDPOINT_MAX)
        return PSE_E_LIMIT;
    memcpy(out, r->issuer, n);
    memcpy(out + n, well_known, sizeof well_known);
    return PSE_OK;
}

static bool get_endpoint(char out[PSE_OIDC_ENDPOINT_MAX], const json_t *root, const char *name,
                         const struct pse_oidc_rules *r)
{
    const char *url = json_string_value(json_object_get(root, name));

    if (url == NULL || !pse_oidc_url_is_valid(url, r) || !pse_oidc_url_is_listed(url, r))
        return false;
    memcpy(out, url, strlen(url) + 1);
    return true;
}

/* Is @p text in the array? @p otherwise: what holds when the service leaves the member out. */
static bool offers(const json_t *root, const char *name, const char *text, bool otherwise)
{
    const json_t *list = json_object_get(root, name);

    if (list == NULL)
        return otherwise;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *value = json_string_value(json_array_get(list, i));

        if (value != NULL && strcmp(value, text) == 0)
            return true;
    }
    return false;
}

static bool offers_flow(const json_t *root)
{
    return offers(root, "response_types_supported", "code", false) &&
           offers(root, "response_modes_supported", "query", true) &&
           offers(root, "grant_types_supported", "authorization_code", true);
}

static bool offers_algorithm(const json_t *root, const struct pse_oidc_rules *r)
{
    static const char name[] = "id_token_signing_alg_values_supported";

    return (r->with_rs256 && offers(root, name, "RS256", false)) ||
           (r->with_es256 && offers(root, name, "ES256", false));
}

static bool takes_client(const json_t *root, const struct pse_oidc_rules *r)
{
    static const char *const way[] = {
        [PSE_OIDC_CLIENT_BASIC] = "client_secret_basic",
        [PSE_OIDC_CLIENT_POST] = "client_secret_post",
        [PSE_OIDC_CLIENT_NONE] = "none",
    };

    return offers(root, "token_endpoint_auth_methods_supported", way[r->client],
                  r->client == PSE_OIDC_CLIENT_BASIC);
}

static enum pse_oidc_fault read(struct pse_oidc_discovery *out, const json_t *root,
                                const struct pse_oidc_rules *r)
{
    const json_t *promise = json_object_get(root, "authorization_response_iss_parameter_supported");
    struct pse_span issuer;

    if (promise != NULL && !json_is_boolean(promise))
        return PSE_OIDC_DISCOVERY_PARSE;
    if (!pse_member_text(&issuer, root, "issuer") || !pse_span_is_str(issuer, r->issuer))
        return PSE_OIDC_DISCOVERY_ISSUER;
    if (!get_endpoint(out->authorization_endpoint, root, "authorization_endpoint", r) ||
        !get_endpoint(out->token_endpoint, root, "token_endpoint", r) ||
        !get_endpoint(out->jwks_uri, root, "jwks_uri", r))
        return PSE_OIDC_DISCOVERY_ENDPOINT;
    if (!offers_flow(root))
        return PSE_OIDC_DISCOVERY_FLOW;
    if (!offers(root, "code_challenge_methods_supported", "S256", r->is_pkce_unlisted))
        return PSE_OIDC_DISCOVERY_PKCE;
    if (!offers_algorithm(root, r))
        return PSE_OIDC_DISCOVERY_ALGORITHM;
    if (!takes_client(root, r))
        return PSE_OIDC_DISCOVERY_CLIENT;
    out->has_iss = json_is_true(promise);
    out->is_unsafe = pse_oidc_url_is_plain(out->authorization_endpoint) ||
                     pse_oidc_url_is_plain(out->token_endpoint) ||
                     pse_oidc_url_is_plain(out->jwks_uri);
    return PSE_OIDC_GOOD;
}

enum pse_oidc_fault pse_oidc_discovery_open(struct pse_oidc_discovery *out,
                                            const struct pse_oidc_answer *answer,
                                            const struct pse_oidc_rules *r)
{
    struct pse_span body;
    json_t *root;
    enum pse_oidc_fault fault = pse_oidc_answer_good(&body, answer);

    memset(out, 0, sizeof *out);
    if (fault != PSE_OIDC_GOOD)
        return fault;
    root = pse_oidc_object(body);
    fault = root == NULL ? PSE_OIDC_DISCOVERY_PARSE : read(out, root, r);
    json_decref(root);
    if (fault != PSE_OIDC_GOOD)
        memset(out, 0, sizeof *out);
    return fault;
}
