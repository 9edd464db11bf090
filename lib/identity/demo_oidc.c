/* The demo authority's identity service: what sites ask, and codes. */
#include "demo_oidc.h"

#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"

enum { BASIC_MAX = 4096, VERIFIER_MIN = 43, VERIFIER_MAX = 128 };

/* --- words -------------------------------------------------------------------------------------
 */

static const struct {
    const char *name, *error;
} words[PSE_DEMO_OIDC_FAULTS] = {
    [PSE_DEMO_OIDC_GOOD] = {"good", ""},
    [PSE_DEMO_OIDC_FORM] = {"form", "invalid_request"},
    [PSE_DEMO_OIDC_SITE] = {"site", "invalid_client"},
    [PSE_DEMO_OIDC_REDIRECT] = {"redirect", "invalid_request"},
    [PSE_DEMO_OIDC_RESPONSE_TYPE] = {"response_type", "unsupported_response_type"},
    [PSE_DEMO_OIDC_SCOPE] = {"scope", "invalid_scope"},
    [PSE_DEMO_OIDC_PKCE] = {"pkce", "invalid_request"},
    [PSE_DEMO_OIDC_DENIED] = {"denied", "access_denied"},
    [PSE_DEMO_OIDC_GRANT_TYPE] = {"grant_type", "unsupported_grant_type"},
    [PSE_DEMO_OIDC_SECRET] = {"secret", "invalid_client"},
    [PSE_DEMO_OIDC_CODE] = {"code", "invalid_grant"},
    [PSE_DEMO_OIDC_OTHER_SITE] = {"other_site", "invalid_grant"},
    [PSE_DEMO_OIDC_OTHER_URI] = {"other_uri", "invalid_grant"},
    [PSE_DEMO_OIDC_VERIFIER] = {"verifier", "invalid_grant"},
    [PSE_DEMO_OIDC_NO_MEMORY] = {"no_memory", "server_error"},
};

const char *pse_demo_oidc_name(enum pse_demo_oidc_fault fault)
{
    PSE_REQUIRE((unsigned)fault < PSE_DEMO_OIDC_FAULTS);
    return words[fault].name;
}

const char *pse_demo_oidc_error(enum pse_demo_oidc_fault fault)
{
    PSE_REQUIRE((unsigned)fault < PSE_DEMO_OIDC_FAULTS);
    return words[fault].error;
}

/* --- forms -------------------------------------------------------------------------------------
 */

/* A parameter that is looked for; the others are passed over. */
struct parameter {
    const char *name;
    bool is_there;
    struct pse_span value;
};

static enum pse_demo_oidc_fault read_form(struct parameter *p, size_t n,
                                          char room[PSE_DEMO_FORM_MAX], struct pse_span form)
{
    struct pse_form f = pse_form(form, room);
    struct pse_span name, value;
    pse_rc rc = PSE_E_SYNTAX;

    while (form.n <= PSE_DEMO_FORM_MAX && (rc = pse_form_next(&name, &value, &f)) == PSE_OK) {
        for (size_t i = 0; i < n; i++) {
            if (!pse_span_is_str(name, p[i].name))
                continue;
            if (p[i].is_there)
                return PSE_DEMO_OIDC_FORM;
            p[i].is_there = true;
            p[i].value = value;
        }
    }
    return rc == PSE_E_MISSING ? PSE_DEMO_OIDC_GOOD : PSE_DEMO_OIDC_FORM;
}

static const struct pse_demo_site *find_site(const struct pse_demo_site *site, size_t sites,
                                             struct pse_span id)
{
    for (size_t i = 0; i < sites; i++) {
        if (pse_span_is_str(id, site[i].id))
            return &site[i];
    }
    return NULL;
}

/* Is it one of the words with spaces between? */
static bool has_word(struct pse_span text, const char *word)
{
    while (text.n > 0) {
        const uint8_t *end = memchr(text.p, ' ', text.n);
        size_t n = end == NULL ? text.n : (size_t)(end - text.p);

        if (pse_span_is_str(pse_span(text.p, n), word))
            return true;
        n += end != NULL;
        text = pse_span(text.p + n, text.n - n);
    }
    return false;
}

/* --- authorize ---------------------------------------------------------------------------------
 */

enum authorize {
    CLIENT_ID,
    REDIRECT_URI,
    RESPONSE_TYPE,
    SCOPE,
    STATE,
    NONCE,
    CHALLENGE,
    METHOD,
    LEVELS,
    PERSON,
    CANCEL,
    AUTHORIZE_PARAMETERS,
};

static bool is_challenge(struct pse_span text)
{
    pse_hash h;

    return text.n == PSE_DEMO_SECRET_TEXT - 1 &&
           pse_base64url_decode(h.b, sizeof h.b, text) == PSE_OK;
}

enum pse_demo_oidc_fault pse_demo_authorize_judge(struct pse_demo_question *out,
                                                  char room[PSE_DEMO_FORM_MAX],
                                                  struct pse_span form,
                                                  const struct pse_demo_site *site, size_t sites)
{
    struct parameter p[AUTHORIZE_PARAMETERS] = {
        [CLIENT_ID] = {"client_id"},
        [REDIRECT_URI] = {"redirect_uri"},
        [RESPONSE_TYPE] = {"response_type"},
        [SCOPE] = {"scope"},
        [STATE] = {"state"},
        [NONCE] = {"nonce"},
        [CHALLENGE] = {"code_challenge"},
        [METHOD] = {"code_challenge_method"},
        [LEVELS] = {"acr_values"},
        [PERSON] = {"person"},
        [CANCEL] = {"cancel"},
    };

    memset(out, 0, sizeof *out);
    if (read_form(p, AUTHORIZE_PARAMETERS, room, form) != PSE_DEMO_OIDC_GOOD ||
        p[STATE].value.n >= PSE_DEMO_TEXT_MAX || p[NONCE].value.n >= PSE_DEMO_TEXT_MAX)
        return PSE_DEMO_OIDC_FORM;
    out->site = find_site(site, sites, p[CLIENT_ID].value);
    if (out->site == NULL)
        return PSE_DEMO_OIDC_SITE;
    if (!pse_span_is_str(p[REDIRECT_URI].value, out->site->redirect_uri)) {
        out->site = NULL;
        return PSE_DEMO_OIDC_REDIRECT;
    }
    out->state = p[STATE].value;
    out->nonce = p[NONCE].value;
    out->challenge = p[CHALLENGE].value;
    out->levels = p[LEVELS].value;
    out->person = p[PERSON].value;
    out->is_cancelled = p[CANCEL].is_there;
    if (!pse_span_is_str(p[RESPONSE_TYPE].value, "code"))
        return PSE_DEMO_OIDC_RESPONSE_TYPE;
    if (!has_word(p[SCOPE].value, "openid"))
        return PSE_DEMO_OIDC_SCOPE;
    if (!is_challenge(out->challenge) || !pse_span_is_str(p[METHOD].value, "S256"))
        return PSE_DEMO_OIDC_PKCE;
    return out->is_cancelled ? PSE_DEMO_OIDC_DENIED : PSE_DEMO_OIDC_GOOD;
}

pse_rc pse_demo_return_put(struct pse_buf *out, const struct pse_demo_question *q,
                           const char *issuer, const char *code, enum pse_demo_oidc_fault fault)
{
    const char *uri = q->site->redirect_uri;

    pse_buf_put(out, uri, strlen(uri));
    if (strchr(uri, '?') == NULL)
        pse_buf_put(out, "?", 1);
    if (code != NULL)
        pse_form_pair(out, "code", pse_span_str(code));
    else
        pse_form_pair(out, "error", pse_span_str(pse_demo_oidc_error(fault)));
    if (q->state.n > 0)
        pse_form_pair(out, "state", q->state);
    pse_form_pair(out, "iss", pse_span_str(issuer));
    pse_buf_put(out, "", 1);
    return out->rc;
}

/* --- codes -------------------------------------------------------------------------------------
 */

struct row {
    pse_hash code; /* its SHA-256 */
    bool is_taken; /* the row is in use */
    struct pse_demo_grant grant;
};

struct pse_demo_codes {
    size_t max;
    struct row *row;
};

pse_rc pse_demo_codes_new(struct pse_demo_codes **out, size_t max)
{
    struct pse_demo_codes *c = calloc(1, sizeof *c);

    *out = NULL;
    if (c == NULL)
        return PSE_E_MEMORY;
    c->max = max;
    c->row = calloc(max, sizeof *c->row);
    if (c->row == NULL) {
        free(c);
        return PSE_E_MEMORY;
    }
    *out = c;
    return PSE_OK;
}

void pse_demo_codes_free(struct pse_demo_codes *c)
{
    if (c == NULL)
        return;
    pse_wipe(c->row, c->max * sizeof *c->row);
    free(c->row);
    free(c);
}

static bool is_good(const struct row *r, int64_t now)
{
    return r->is_taken && now >= r->grant.when && now - r->grant.when <= PSE_DEMO_CODE_SECONDS;
}

static void copy(char *out, size_t room, struct pse_span text)
{
    memset(out, 0, room);
    memcpy(out, text.p == NULL ? (const void *)"" : text.p, text.n);
}

/* The lowest level that is asked for: nobody is asked for proof of any. */
static const char *level_of(struct pse_span levels)
{
    static const char *const level[] = {"low", "substantial", "high"};

    for (size_t i = 0; i < sizeof level / sizeof *level; i++) {
        if (has_word(levels, level[i]))
            return level[i];
    }
    return level[0];
}

static struct row *free_row(struct pse_demo_codes *c, int64_t now)
{
    for (size_t i = 0; i < c->max; i++) {
        if (!is_good(&c->row[i], now))
            return &c->row[i];
    }
    return NULL;
}

pse_rc pse_demo_codes_issue(char code[PSE_DEMO_SECRET_TEXT], struct pse_demo_codes *c,
                            const struct pse_demo_question *q, const char *person,
                            struct pse_rng *rng, int64_t now)
{
    struct pse_buf text = PSE_BUF(PSE_DEMO_SECRET_TEXT);
    struct row *r = free_row(c, now);
    uint8_t random[32];
    pse_rc rc;

    memset(code, 0, PSE_DEMO_SECRET_TEXT);
    if (r == NULL)
        return PSE_E_LIMIT;
    if (strlen(person) >= sizeof r->grant.person || q->nonce.n >= sizeof r->grant.nonce)
        return PSE_E_LENGTH;
    pse_rng_fill(rng, random, sizeof random);
    pse_base64url_put(&text, random, sizeof random);
    pse_wipe(random, sizeof random);
    rc = text.rc;
    if (rc == PSE_OK) {
        memcpy(code, text.p, text.n);
        memset(r, 0, sizeof *r);
        pse_sha256(&r->code, pse_buf_span(&text));
        r->is_taken = true;
        r->grant.when = now;
        copy(r->grant.site, sizeof r->grant.site, pse_span_str(q->site->id));
        copy(r->grant.redirect_uri, sizeof r->grant.redirect_uri,
             pse_span_str(q->site->redirect_uri));
        copy(r->grant.challenge, sizeof r->grant.challenge, q->challenge);
        copy(r->grant.nonce, sizeof r->grant.nonce, q->nonce);
        copy(r->grant.person, sizeof r->grant.person, pse_span_str(person));
        copy(r->grant.level, sizeof r->grant.level, pse_span_str(level_of(q->levels)));
    }
    pse_buf_free(&text);
    return rc;
}

/* --- token -------------------------------------------------------------------------------------
 */

enum token { T_GRANT, T_CODE, T_URI, T_CLIENT, T_SECRET, T_VERIFIER, TOKEN_PARAMETERS };

/* Who asks, and by which secret. */
struct caller {
    struct pse_span id, secret;
    bool has_secret;
    char text[BASIC_MAX], room[2 * BASIC_MAX];
};

/* "Basic " and the base64 of id:secret, both form-encoded (RFC 6749, 2.3.1). */
static bool read_basic(struct caller *c, struct pse_span header)
{
    static const char begin[] = "Basic ";
    const size_t at = sizeof begin - 1;
    struct pse_span id, secret, empty;
    struct pse_form f;
    const char *colon;
    size_t n;

    if (header.n <= at || memcmp(header.p, begin, at) != 0)
        return false;
    header = pse_span(header.p + at, header.n - at);
    if (pse_base64_check(&n, header) != PSE_OK || n >= sizeof c->text ||
        pse_base64_decode(c->text, n, header) != PSE_OK)
        return false;
    colon = memchr(c->text, ':', n);
    if (colon == NULL || memchr(c->text, '&', n) != NULL || memchr(c->text, '=', n) != NULL)
        return false;
    id = pse_span(c->text, (size_t)(colon - c->text));
    secret = pse_span(colon + 1, n - id.n - 1);
    f = pse_form(id, c->room);
    if (pse_form_next(&c->id, &empty, &f) != PSE_OK)
        return false;
    f = pse_form(secret, f.room);
    c->has_secret = pse_form_next(&c->secret, &empty, &f) == PSE_OK;
    return c->has_secret;
}

static bool may_ask(const struct caller *c, const struct pse_demo_site *s)
{
    pse_hash h;

    if (c->has_secret != s->has_secret)
        return false;
    pse_sha256(&h, c->secret);
    return !c->has_secret || pse_ct_eq(h.b, s->secret.b, sizeof h.b);
}

/* A site shows who it is in one way only. */
static enum pse_demo_oidc_fault identify(const struct pse_demo_site **out, struct caller *c,
                                         const struct parameter *p, struct pse_span header,
                                         const struct pse_demo_site *site, size_t sites)
{
    if (header.n > 0) {
        if (p[T_SECRET].is_there || !read_basic(c, header))
            return PSE_DEMO_OIDC_SECRET;
        if (p[T_CLIENT].is_there && !pse_span_is_equal(p[T_CLIENT].value, c->id))
            return PSE_DEMO_OIDC_SECRET;
    } else {
        c->id = p[T_CLIENT].value;
        c->secret = p[T_SECRET].value;
        c->has_secret = p[T_SECRET].is_there;
    }
    *out = find_site(site, sites, c->id);
    if (*out == NULL)
        return PSE_DEMO_OIDC_SITE;
    return may_ask(c, *out) ? PSE_DEMO_OIDC_GOOD : PSE_DEMO_OIDC_SECRET;
}

/* Taken away, whatever becomes of it. */
static bool take(struct pse_demo_grant *out, struct pse_demo_codes *c, struct pse_span code,
                 int64_t now)
{
    bool found = false;
    pse_hash h;

    pse_sha256(&h, code);
    for (size_t i = 0; i < c->max; i++) {
        if (!is_good(&c->row[i], now) || !pse_hash_is_equal(&c->row[i].code, &h))
            continue;
        found = true;
        *out = c->row[i].grant;
        pse_wipe(&c->row[i], sizeof c->row[i]);
    }
    return found;
}

static bool is_verifier(struct pse_span verifier, const char *challenge)
{
    struct pse_buf text = PSE_BUF(PSE_DEMO_SECRET_TEXT);
    pse_hash h;
    bool same;

    if (verifier.n < VERIFIER_MIN || verifier.n > VERIFIER_MAX)
        return false;
    pse_sha256(&h, verifier);
    pse_base64url_put(&text, h.b, sizeof h.b);
    same = text.rc == PSE_OK && pse_span_is_str(pse_buf_span(&text), challenge);
    pse_buf_free(&text);
    return same;
}

static enum pse_demo_oidc_fault judge(struct pse_demo_grant *out, struct pse_demo_codes *c,
                                      const struct parameter *p, const struct pse_demo_site *site,
                                      int64_t now)
{
    if (!pse_span_is_str(p[T_GRANT].value, "authorization_code"))
        return PSE_DEMO_OIDC_GRANT_TYPE;
    if (!take(out, c, p[T_CODE].value, now))
        return PSE_DEMO_OIDC_CODE;
    if (strcmp(out->site, site->id) != 0)
        return PSE_DEMO_OIDC_OTHER_SITE;
    if (!pse_span_is_str(p[T_URI].value, out->redirect_uri))
        return PSE_DEMO_OIDC_OTHER_URI;
    return is_verifier(p[T_VERIFIER].value, out->challenge) ? PSE_DEMO_OIDC_GOOD
                                                            : PSE_DEMO_OIDC_VERIFIER;
}

enum pse_demo_oidc_fault pse_demo_codes_take(struct pse_demo_grant *out, struct pse_demo_codes *c,
                                             struct pse_span form, struct pse_span header,
                                             const struct pse_demo_site *site, size_t sites,
                                             int64_t now)
{
    struct parameter p[TOKEN_PARAMETERS] = {
        [T_GRANT] = {"grant_type"},     [T_CODE] = {"code"},
        [T_URI] = {"redirect_uri"},     [T_CLIENT] = {"client_id"},
        [T_SECRET] = {"client_secret"}, [T_VERIFIER] = {"code_verifier"},
    };
    char room[PSE_DEMO_FORM_MAX];
    struct caller caller = {.has_secret = false};
    const struct pse_demo_site *who = NULL;
    enum pse_demo_oidc_fault fault = read_form(p, TOKEN_PARAMETERS, room, form);

    memset(out, 0, sizeof *out);
    if (fault == PSE_DEMO_OIDC_GOOD)
        fault = identify(&who, &caller, p, header, site, sites);
    if (fault == PSE_DEMO_OIDC_GOOD)
        fault = judge(out, c, p, who, now);
    if (fault != PSE_DEMO_OIDC_GOOD)
        pse_wipe(out, sizeof *out);
    pse_wipe(room, sizeof room);
    pse_wipe(&caller, sizeof caller);
    return fault;
}
