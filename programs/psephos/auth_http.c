/* The HTTP side of psephos auth serve: logins and sessions. Behind its workers wait at most LANE
 * calls. */
#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "common/http_service.h"
#include "psephos/auth.h"

/* Workers take turns but for waiting on a card's authority. */
enum { LANE = 512, WORKERS = 8, BODY_MAX = 131072, SECRET_TEXT = 44 };

static const char browser_cookie[] = "__Host-psephos-browser";
static const char session_cookie[] = "__Host-psephos-session";

PSE_COUNTER_BY(auth_logins, "psephos_auth_logins", "Steps of logins by their end.", "end", "asked",
               "limit", "done", "refused", "failed");
PSE_COUNTER_BY(auth_mails, "psephos_auth_mails", "Links by what became of them.", "end", "sent",
               "failed", "dropped");
PSE_COUNTER_BY(auth_registrations, "psephos_auth_registrations", "Registrations of credentials.",
               "end", "done", "refused", "failed", "waiting");
static const struct pse_metric *const metrics[] = {&auth_logins, &auth_mails, &auth_registrations};

uint64_t auth_now(void)
{
    return (uint64_t)(pse_clock_wall_ms() / 1000);
}

/* --- answers -----------------------------------------------------------------------------------
 */

static void set_cookie(struct pse_http_answer *a, const char *name, const char *value,
                       uint64_t seconds)
{
    char text[256];

    (void)snprintf(text, sizeof text,
                   "%s=%s; Path=/; Max-Age=%llu; Secure; HttpOnly; SameSite=Strict", name, value,
                   (unsigned long long)seconds);
    pse_http_answer_header(a, "Set-Cookie", text);
    pse_wipe(text, sizeof text);
}

static void set_browser(struct pse_http_answer *a, const uint8_t browser[32])
{
    struct pse_buf secret = PSE_BUF(SECRET_TEXT);
    char value[SECRET_TEXT];

    pse_base64url_put(&secret, browser, 32);
    (void)snprintf(value, sizeof value, "%.*s", (int)secret.n, (const char *)secret.p);
    set_cookie(a, browser_cookie, value, 3600);
    pse_buf_free(&secret);
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

/* The cookie @p name out of "a=b; c=d". */
static bool cookie(struct pse_span *value, const struct pse_http_call *c, const char *name)
{
    size_t n = strlen(name);
    struct pse_span all;

    if (!pse_http_header(&all, c, "Cookie"))
        return false;
    for (size_t at = 0; at < all.n;) {
        const uint8_t *end = memchr(all.p + at, ';', all.n - at);
        size_t to = end == NULL ? all.n : (size_t)(end - all.p);

        while (at < to && all.p[at] == ' ')
            at++;
        if (to - at > n && memcmp(all.p + at, name, n) == 0 && all.p[at + n] == '=') {
            *value = pse_span(all.p + at + n + 1, to - at - n - 1);
            return true;
        }
        at = to + 1;
    }
    return false;
}

/* Zeros stand for a browser without the cookie: nobody may begin a login under them, and have
 * somebody who has no cookie end it. */
static bool browser_of(uint8_t out[32], const struct pse_http_call *c)
{
    static const uint8_t zero[32];
    struct pse_span text;

    return cookie(&text, c, browser_cookie) && pse_base64url_decode(out, 32, text) == PSE_OK &&
           !pse_ct_eq(out, zero, 32);
}

/* The prefix of the voter's network, which the edge tells over its Unix socket. */
static void prefix_of(struct pse_net_prefix *out, const struct pse_http_call *c)
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

static pse_rc string_member(struct pse_span *out, struct pse_arena *arena,
                            const struct pse_http_call *c, const char *name)
{
    const struct pse_json *root;
    struct pse_json_rd r;

    PSE_TRY(pse_json_parse(&root, NULL, arena, pse_http_body(c)));
    PSE_TRY(pse_json_open(&r, root, NULL));
    PSE_TRY(pse_json_take_string(out, &r, name));
    return pse_json_close(&r);
}

/* --- sessions ----------------------------------------------------------------------------------
 */

static bool token_of(struct pse_span *token, const struct pse_http_call *c)
{
    struct pse_span header;

    return (pse_http_header(&header, c, "Authorization") && session_token_bearer(token, header)) ||
           cookie(token, c, session_cookie);
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
    pse_json_wr_bool(w, "registration", s->is_signer || a->set->registration);
    pse_json_wr_bool(w, "signature", s->is_signer);
}

/* --- logging in --------------------------------------------------------------------------------
 */

static void login(struct auth *a, struct pse_http_call *c)
{
    PSE_ARENA(arena, AUTH_BODY_ARENA);
    struct pse_net_prefix prefix;
    struct pse_http_answer answer;
    struct pse_buf text = PSE_BUF(4096);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    uint8_t browser[32];
    struct identity_session s = {.browser = browser, .now = auth_now()};
    struct identity_begun begun;
    enum identity_rc rc;

    if (!auth_has_mail(a)) {
        pse_http_problem(c, 404, "no-links-here");
        return;
    }
    if (string_member(&s.claim, &arena, c, "address") != PSE_OK) {
        pse_http_problem(c, 400, "malformed");
        return;
    }
    if (!browser_of(browser, c))
        pse_rng_fill(&a->rng, browser, sizeof browser);
    prefix_of(&prefix, c);
    s.prefix = pse_span_str(prefix.text);
    rc = a->letter.begin(a->letter.ctx, &begun, &s);
    if (rc != IDENTITY_OK) {
        pse_metric_add(&auth_logins, rc == IDENTITY_LIMIT ? 1 : 4, 1);
        if (rc == IDENTITY_LIMIT)
            auth_event(a, "auth.limit", 5, "refused", "too-many-logins");
        pse_http_problem(c,
                         rc == IDENTITY_LIMIT    ? 429
                         : rc == IDENTITY_FAILED ? 503
                                                 : 400,
                         rc == IDENTITY_LIMIT    ? "too-many-logins"
                         : rc == IDENTITY_FAILED ? "registrar"
                                                 : "malformed");
        return;
    }
    pse_metric_add(&auth_logins, 0, 1);
    answer = auth_answer_json(202);
    set_browser(&answer, browser);
    pse_wipe(browser, sizeof browser);
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "status", "sent-if-known");
    pse_json_wr_end(&w);
    auth_answer_end(c, &answer, &w);
}

static void refuse_link(struct auth *a, struct pse_http_call *c, enum identity_rc rc)
{
    static const struct {
        unsigned status;
        const char *slug;
    } words[] = {
        [IDENTITY_LIMIT] = {429, "too-many-logins"},
        [IDENTITY_UNKNOWN] = {403, "link-unknown"},
        [IDENTITY_BROWSER] = {403, "link-other-browser"},
        [IDENTITY_EXPIRED] = {403, "link-expired"},
        [IDENTITY_MALFORMED] = {400, "malformed"},
        [IDENTITY_FAILED] = {503, "registrar"},
    };

    pse_metric_add(&auth_logins, rc == IDENTITY_FAILED ? 4 : 3, 1);
    auth_event(a, "auth.login", 4, "refused", words[rc].slug);
    pse_http_problem(c, words[rc].status, words[rc].slug);
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

static void welcome(struct auth *a, struct pse_http_call *c, const struct identity_result *who)
{
    struct pse_http_answer answer = auth_answer_json(200);
    struct auth_session *s = place(a);
    struct pse_buf text = PSE_BUF(4096);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    char token[SESSION_TOKEN_TEXT];

    *s = (struct auth_session){.person = who->person,
                               .method = who->method,
                               .is_signer = who->level == IDENTITY_HIGH,
                               .expiry = auth_now() + a->set->session_ms / 1000};
    if (who->expiry != 0 && who->expiry < s->expiry)
        s->expiry = who->expiry;
    session_token_make(token, a->key, &a->election, s->expiry, &a->rng);
    pse_sha256(&s->token, pse_span_str(token));
    pse_rng_fill(&a->rng, s->nonce.b, sizeof s->nonce.b);
    set_cookie(&answer, session_cookie, token, a->set->session_ms / 1000);
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "session", token);
    put_session(&w, a, s);
    put_names(&w, who);
    pse_json_wr_end(&w);
    pse_wipe(token, sizeof token);
    pse_metric_add(&auth_logins, 2, 1);
    auth_event(a, "auth.login", 6, "ok", who->method);
    auth_answer_end(c, &answer, &w);
}

/* --- logging in with a card --------------------------------------------------------------------
 */

static void card_challenge(struct auth *a, struct pse_http_call *c)
{
    struct pse_http_answer answer;
    struct pse_buf text = PSE_BUF(1024);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    uint8_t browser[32];
    struct identity_session s = {.browser = browser, .now = auth_now()};
    struct identity_begun begun = {.retry = 0};

    if (!browser_of(browser, c))
        pse_rng_fill(&a->rng, browser, sizeof browser);
    if (!eid_trust_is_on(&a->trust)) {
        pse_http_problem(c, 404, "no-cards-here");
    } else if (a->card.begin(a->card.ctx, &begun, &s) != IDENTITY_OK) {
        pse_metric_add(&auth_logins, 1, 1);
        pse_http_problem(c, 503, "too-many-logins");
    } else {
        pse_metric_add(&auth_logins, 0, 1);
        answer = auth_answer_json(200);
        set_browser(&answer, browser);
        pse_json_wr_object(&w, NULL);
        pse_json_wr_str(&w, "nonce", begun.challenge);
        pse_json_wr_str(&w, "origin", a->set->origin);
        pse_json_wr_u64(&w, "expires", s.now + PSE_CHALLENGE_SECONDS);
        pse_json_wr_end(&w);
        auth_answer_end(c, &answer, &w);
    }
    pse_wipe(browser, sizeof browser);
}

/* The body is the token itself. Another site cannot send it: its type asks first, and the cookie
 * stays at home (SameSite=Strict). */
static void card_login(struct auth *a, struct pse_http_call *c)
{
    uint8_t browser[32] = {0};
    struct identity_session s = {.browser = browser, .now = auth_now()};
    struct identity_result who = {.why = NULL};
    enum identity_rc rc;

    if (!eid_trust_is_on(&a->trust)) {
        pse_http_problem(c, 404, "no-cards-here");
        return;
    }
    if (!browser_of(browser, c)) {
        pse_metric_add(&auth_logins, 3, 1);
        pse_http_problem(c, 403, "eid-nonce-missing");
        return;
    }
    rc = a->card.complete(a->card.ctx, &who, &s, pse_http_body(c));
    if (rc == IDENTITY_OK) {
        welcome(a, c, &who);
    } else if (who.why != NULL) {
        pse_metric_add(&auth_logins, rc == IDENTITY_FAILED ? 4 : 3, 1);
        auth_event(a, "auth.login", 4, "refused", who.why);
        pse_http_problem(c, rc == IDENTITY_FAILED ? 503 : 403, who.why);
    } else {
        refuse_link(a, c, rc);
    }
    pse_wipe(&who, sizeof who);
}

static void login_token(struct auth *a, struct pse_http_call *c)
{
    PSE_ARENA(arena, AUTH_BODY_ARENA);
    uint8_t browser[32] = {0};
    struct identity_session s = {.browser = browser, .now = auth_now()};
    struct identity_result who;
    struct pse_span token;
    enum identity_rc rc;

    if (!auth_has_mail(a)) {
        pse_http_problem(c, 404, "no-links-here");
        return;
    }
    if (string_member(&token, &arena, c, "token") != PSE_OK) {
        pse_http_problem(c, 400, "malformed");
        return;
    }
    /* Without the cookie it is another browser; the registrar decides, so that nothing is learned
     * about the link before. */
    (void)!browser_of(browser, c);
    rc = a->letter.complete(a->letter.ctx, &who, &s, token);
    if (rc == IDENTITY_OK)
        welcome(a, c, &who);
    else
        refuse_link(a, c, rc);
}

static void get_session(struct auth *a, struct pse_http_call *c)
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

static void end_session(struct auth *a, struct pse_http_call *c)
{
    struct auth_session *s = auth_session_of(a, c);
    struct pse_http_answer answer = auth_answer_json(200);
    struct pse_buf text = PSE_BUF(4096);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    if (s != NULL)
        *s = (struct auth_session){.expiry = 0};
    set_cookie(&answer, session_cookie, "", 0);
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "status", "ended");
    pse_json_wr_end(&w);
    auth_answer_end(c, &answer, &w);
}

/* --- routes ------------------------------------------------------------------------------------
 */

struct route_ctx {
    struct auth *a;
    auth_answer *answer;
};

static void run_route(void *ctx, struct pse_http_call *const *call, size_t n)
{
    const struct route_ctx *r = ctx;

    PSE_REQUIRE(n == 1);
    pthread_mutex_lock(&r->a->lock);
    r->answer(r->a, call[0]);
    pthread_mutex_unlock(&r->a->lock);
}

static void health(void *ctx, struct pse_http_call *const *call, size_t n)
{
    (void)ctx;
    PSE_REQUIRE(n == 1);
    pse_http_answer_text(call[0], 200, "text/plain; charset=utf-8", pse_span_str("ok\n"));
}

static void get_metrics(void *ctx, struct pse_http_call *const *call, size_t n)
{
    (void)ctx;
    PSE_REQUIRE(n == 1);
    service_metrics(call[0], metrics, sizeof metrics / sizeof metrics[0]);
}

pse_rc auth_http_start(struct pse_http **out, struct auth *a, int fd)
{
    static const struct {
        unsigned method;
        const char *path;
        auth_answer *answer;
    } table[] = {
        {PSE_HTTP_POST, "/v1/login", login},
        {PSE_HTTP_POST, "/v1/login/token", login_token},
        {PSE_HTTP_GET, "/v1/login/nonce", card_challenge},
        {PSE_HTTP_POST, "/v1/login/card", card_login},
        {PSE_HTTP_GET, "/v1/session", get_session},
        {PSE_HTTP_POST, "/v1/session/end", end_session},
        {PSE_HTTP_POST, "/v1/registrations", auth_register},
        {PSE_HTTP_GET, "/v1/registrations/", auth_registration},
    };
    enum { OURS = sizeof table / sizeof table[0] };
    static struct route_ctx ctx[OURS];
    static struct pse_http_route route[OURS + 3];
    struct pse_http_options options = {.route = route,
                                       .routes = OURS + 3,
                                       .lane = {{.capacity = LANE, .workers = WORKERS}},
                                       .words = auth_words,
                                       .per_source = UINT_MAX};

    for (size_t i = 0; i < OURS; i++) {
        bool is_post = table[i].method == PSE_HTTP_POST;

        ctx[i] = (struct route_ctx){a, table[i].answer};
        route[i] = (struct pse_http_route){.methods = table[i].method,
                                           .path = table[i].path,
                                           .type = is_post ? "application/json" : NULL,
                                           .body_max = is_post ? BODY_MAX : 0,
                                           .deadline_ms = 15000,
                                           .handle = run_route,
                                           .ctx = &ctx[i]};
    }
    route[OURS] = (struct pse_http_route){
        .methods = PSE_HTTP_GET, .path = "/healthz", .lane = PSE_HTTP_INLINE, .handle = health};
    route[OURS + 1] = (struct pse_http_route){.methods = PSE_HTTP_GET,
                                              .path = "/metrics",
                                              .lane = PSE_HTTP_INLINE,
                                              .handle = get_metrics};
    route[OURS + 2] = service_openapi_route();
    pse_rng_fill(&a->rng, &options.seed, sizeof options.seed);
    return service_start(out, &options, fd, &a->d->log);
}
