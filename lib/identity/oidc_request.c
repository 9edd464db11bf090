/* What we send: the browser to the service with a question, and the code for its tokens. */
#include "codec/codec.h"
#include "oidc_room.h"

enum { LANGUAGE_MAX = 35 }; /* RFC 5646, 4.4.1 */

void pse_oidc_code_wipe(pse_oidc_code *c)
{
    pse_wipe(c, sizeof *c);
}

static void add(struct pse_buf *out, const char *name, const char *value)
{
    pse_form_pair(out, name, pse_span_str(value));
}

/* --- question -----------------------------------------------------------------------------------
 */

pse_rc pse_oidc_challenge(char out[PSE_OIDC_SECRET_TEXT], const char *verifier)
{
    struct pse_buf text = PSE_BUF(PSE_OIDC_SECRET_TEXT);
    pse_hash digest;

    pse_sha256(&digest, pse_span_str(verifier));
    pse_base64url_put(&text, digest.b, sizeof digest.b);
    pse_buf_put(&text, "", 1);
    memset(out, 0, PSE_OIDC_SECRET_TEXT);
    if (text.rc == PSE_OK)
        memcpy(out, text.p, text.n);
    pse_buf_free(&text);
    return out[0] == '\0' ? PSE_E_MEMORY : PSE_OK;
}

static bool is_language(const char *tag)
{
    size_t n = strspn(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

    return n > 1 && tag[n] == '\0' && n <= LANGUAGE_MAX;
}

pse_rc pse_oidc_authorize_url(char out[PSE_OIDC_URL_MAX], const struct pse_oidc_rules *r,
                              const struct pse_oidc_discovery *d, const pse_oidc_pending *p,
                              const char *language)
{
    struct pse_buf url = PSE_BUF(PSE_OIDC_URL_MAX);
    char challenge[PSE_OIDC_SECRET_TEXT];
    pse_rc rc;

    out[0] = '\0';
    if (language != NULL && !is_language(language))
        return PSE_E_SYNTAX;
    PSE_TRY(pse_oidc_challenge(challenge, p->verifier));
    pse_buf_put(&url, d->authorization_endpoint, strlen(d->authorization_endpoint));
    if (strchr(d->authorization_endpoint, '?') == NULL)
        pse_buf_put(&url, "?", 1);
    add(&url, "response_type", "code");
    add(&url, "client_id", r->client_id);
    add(&url, "redirect_uri", r->redirect_uri);
    add(&url, "scope", r->scope);
    add(&url, "state", p->state);
    add(&url, "nonce", p->nonce);
    add(&url, "code_challenge", challenge);
    add(&url, "code_challenge_method", "S256");
    if (r->acr_least != NULL)
        add(&url, "acr_values", r->acr_least);
    if (r->prompt != NULL)
        add(&url, "prompt", r->prompt);
    if (language != NULL)
        add(&url, "ui_locales", language);
    pse_buf_put(&url, "", 1);
    rc = url.rc;
    if (rc == PSE_OK)
        memcpy(out, url.p, url.n);
    pse_buf_free(&url);
    return rc;
}

/* --- code for tokens ----------------------------------------------------------------------------
 */

/* Both halves form-encoded, then joined and in base64 (RFC 6749, 2.3.1). */
static pse_rc put_basic(struct pse_buf *header, const char *id, struct pse_span secret)
{
    static const char begin[] = "Authorization: Basic ";
    struct pse_buf pair = PSE_BUF(header->max);
    pse_rc rc;

    pse_form_put(&pair, pse_span_str(id));
    pse_buf_put(&pair, ":", 1);
    pse_form_put(&pair, secret);
    pse_buf_put(header, begin, sizeof begin - 1);
    rc = pair.rc;
    if (rc == PSE_OK)
        pse_base64_put(header, pair.p, pair.n);
    pse_buf_put(header, "", 1);
    pse_buf_free(&pair);
    return rc == PSE_OK ? header->rc : rc;
}

pse_rc pse_oidc_token_request_put(struct pse_buf *body, struct pse_buf *header,
                                  const struct pse_oidc_rules *r, struct pse_span secret,
                                  const pse_oidc_pending *p, const pse_oidc_code *code)
{
    PSE_REQUIRE((secret.n == 0) == (r->client == PSE_OIDC_CLIENT_NONE));
    add(body, "grant_type", "authorization_code");
    add(body, "code", code->text);
    add(body, "redirect_uri", r->redirect_uri);
    add(body, "code_verifier", p->verifier);
    if (r->client == PSE_OIDC_CLIENT_BASIC)
        PSE_TRY(put_basic(header, r->client_id, secret));
    else
        add(body, "client_id", r->client_id);
    if (r->client == PSE_OIDC_CLIENT_POST)
        pse_form_pair(body, "client_secret", secret);
    return body->rc;
}
