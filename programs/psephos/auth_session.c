/* Sessions of psephos auth serve, and what browsers carry: cookies, and answers that nobody keeps.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/cookie.h"
#include "psephos/auth.h"

enum { SECRET_TEXT = 44 };

static const char session_cookie[] = "__Host-psephos-session";
/* Strict: never sent when another site leads here. Who comes back from an identity service does
 * come from another site. */
static const struct {
    const char *name;
    uint64_t seconds;
    enum cookie_site site;
} browser_cookie[] = {
    [AUTH_BROWSER] = {"__Host-psephos-browser", 3600, COOKIE_STRICT},
    [AUTH_BROWSER_AWAY] = {"__Host-psephos-oidc", PSE_OIDC_PENDING_SECONDS, COOKIE_LAX},
};

uint64_t auth_now(void)
{
    return (uint64_t)(pse_clock_wall_ms() / 1000);
}

/* --- answers -----------------------------------------------------------------------------------
 */

void auth_set_browser(struct pse_http_answer *a, enum auth_browser which, const uint8_t secret[32])
{
    struct pse_buf b = PSE_BUF(SECRET_TEXT);
    char value[SECRET_TEXT];

    pse_base64url_put(&b, secret, 32);
    (void)snprintf(value, sizeof value, "%.*s", (int)b.n, (const char *)b.p);
    cookie_set(a, browser_cookie[which].name, value, browser_cookie[which].seconds,
               browser_cookie[which].site);
    pse_buf_free(&b);
    pse_wipe(value, sizeof value);
}

struct pse_http_answer auth_answer_json(unsigned status)
{
    struct pse_http_answer a = {.status = status, .type = "application/json"};

    pse_http_answer_header(&a, "Cache-Control", "no-store");
    return a;
}

void auth_answer_end(struct pse_http_call *c, struct pse_http_answer *a, struct pse_json_wr *w)
{
    PSE_REQUIRE(pse_json_wr_finish(w) == PSE_OK);
    a->own = *w->out;
    pse_http_answer(c, a);
}

/* --- what a request carries --------------------------------------------------------------------
 */

/* Zeros stand for a browser without the cookie: nobody may begin a login under them, and have
 * somebody who has no cookie end it. */
bool auth_browser_of(uint8_t secret[32], const struct pse_http_call *c, enum auth_browser which)
{
    static const uint8_t zero[32];
    struct pse_span text;

    return cookie_of(&text, c, browser_cookie[which].name) &&
           pse_base64url_decode(secret, 32, text) == PSE_OK && !pse_ct_eq(secret, zero, 32);
}

void auth_prefix_of(struct pse_net_prefix *out, const struct pse_http_call *c)
{
    struct sockaddr_in six_or_four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct pse_span peer;
    char text[64];
    uint32_t uid;

    (void)snprintf(out->text, sizeof out->text, "local");
    if (!pse_http_peer_uid(&uid, c) || !pse_http_header(&peer, c, "X-Psephos-Peer") ||
        peer.n >= sizeof text)
        return;
    memcpy(text, peer.p, peer.n);
    text[peer.n] = '\0';
    if (inet_pton(AF_INET, text, &six_or_four.sin_addr) == 1)
        pse_net_prefix(out, (const struct sockaddr *)&six_or_four);
    else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
        pse_net_prefix(out, (const struct sockaddr *)&six);
}

/* --- sessions ----------------------------------------------------------------------------------
 */

static bool token_of(struct pse_span *token, const struct pse_http_call *c)
{
    struct pse_span header;

    return (pse_http_header(&header, c, "Authorization") && session_token_bearer(token, header)) ||
           cookie_of(token, c, session_cookie);
}

struct auth_session *auth_session_of(struct auth *a, const struct pse_http_call *c)
{
    struct pse_span token;
    pse_hash hash;

    if (!token_of(&token, c) ||
        session_token_check(NULL, token, a->key, &a->election, auth_now()) != PSE_OK)
        return NULL;
    pse_sha256(&hash, token);
    for (size_t i = 0; i < a->sessions; i++) {
        if (a->session[i].expiry > auth_now() && pse_ct_eq(a->session[i].token.b, hash.b, 32))
            return &a->session[i];
    }
    return NULL;
}

/* A free place, or that of the session that ends first. */
static struct auth_session *place(struct auth *a)
{
    struct auth_session *first = &a->session[0];

    for (size_t i = 0; i < a->sessions; i++) {
        if (a->session[i].expiry <= auth_now())
            return &a->session[i];
        if (a->session[i].expiry < first->expiry)
            first = &a->session[i];
    }
    return a->sessions < AUTH_SESSIONS_MAX ? &a->session[a->sessions++] : first;
}

static void put_session(struct pse_json_wr *w, const struct auth *a, const struct auth_session *s)
{
    pse_json_wr_u64(w, "expires", s->expiry);
    pse_json_wr_str(w, "method", s->method);
    pse_json_wr_hex(w, "election", a->election.b, 32);
    pse_json_wr_hex(w, "nonce", s->nonce.b, 32);
    pse_json_wr_bool(w, "registration", s->may_register);
    pse_json_wr_bool(w, "signature", s->is_signer);
}

/* To the page that logged in, once: they are kept nowhere. */
static void put_names(struct pse_json_wr *w, const struct identity_result *who)
{
    if (who->subject[0] == '\0')
        return;
    pse_json_wr_str(w, "subject", who->subject);
    pse_json_wr_str(w, "given_name", who->given);
    pse_json_wr_str(w, "surname", who->surname);
}

struct auth_session *auth_session_open(char token[SESSION_TOKEN_TEXT], struct pse_http_answer *out,
                                       struct auth *a, const struct identity_result *who)
{
    struct auth_session *s = place(a);

    *s = (struct auth_session){
        .person = who->person,
        .method = who->method,
        .is_signer = who->is_signer,
        .may_register = who->is_signer || (a->set->registration && who->method == a->letter.name),
        .expiry = auth_now() + a->set->session_ms / 1000};
    if (who->expiry != 0 && who->expiry < s->expiry)
        s->expiry = who->expiry;
    session_token_make(token, a->key, &a->election, s->expiry, &a->rng);
    pse_sha256(&s->token, pse_span_str(token));
    pse_rng_fill(&a->rng, s->nonce.b, sizeof s->nonce.b);
    cookie_set(out, session_cookie, token, a->set->session_ms / 1000, COOKIE_STRICT);
    pse_metric_add(&auth_logins, 2, 1);
    auth_event(a, "auth.login", 6, "ok", who->method);
    return s;
}

void auth_welcome(struct auth *a, struct pse_http_call *c, const struct identity_result *who)
{
    struct pse_http_answer answer = auth_answer_json(200);
    struct pse_buf text = PSE_BUF(4096);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    char token[SESSION_TOKEN_TEXT];
    const struct auth_session *s = auth_session_open(token, &answer, a, who);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "session", token);
    put_session(&w, a, s);
    put_names(&w, who);
    pse_json_wr_end(&w);
    pse_wipe(token, sizeof token);
    auth_answer_end(c, &answer, &w);
}

void auth_get_session(struct auth *a, struct pse_http_call *c)
{
    const struct auth_session *s = auth_session_of(a, c);
    struct pse_http_answer answer;
    struct pse_buf text = PSE_BUF(4096);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    if (s == NULL) {
        pse_http_problem(c, 401, "no-session");
        return;
    }
    answer = auth_answer_json(200);
    pse_json_wr_object(&w, NULL);
    put_session(&w, a, s);
    pse_json_wr_end(&w);
    auth_answer_end(c, &answer, &w);
}

void auth_end_session(struct auth *a, struct pse_http_call *c)
{
    struct auth_session *s = auth_session_of(a, c);
    struct pse_http_answer answer = auth_answer_json(200);
    struct pse_buf text = PSE_BUF(4096);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    if (s != NULL)
        *s = (struct auth_session){.expiry = 0};
    cookie_set(&answer, session_cookie, "", 0, COOKIE_STRICT);
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "status", "ended");
    pse_json_wr_end(&w);
    auth_answer_end(c, &answer, &w);
}
