/* The HTTP side of psephos auth serve: logins and sessions. Behind its workers wait at most LANE
 * calls. */
#include <limits.h>

#include "codec/codec.h"
#include "common/http_service.h"
#include "psephos/auth.h"

/* Workers take turns but for waiting on a card's authority, or on an identity service: for that
 * there are others, so that one that is slow holds up nobody else. */
enum { LANE = 512, LANE_AWAY = 256, WORKERS = 8, BODY_MAX = 131072 };

PSE_COUNTER_BY(auth_logins, "psephos_auth_logins", "Steps of logins by their end.", "end", "asked",
               "limit", "done", "refused", "failed");
PSE_COUNTER_BY(auth_mails, "psephos_auth_mails", "Links by what became of them.", "end", "sent",
               "failed", "dropped");
PSE_COUNTER_BY(auth_registrations, "psephos_auth_registrations", "Registrations of credentials.",
               "end", "done", "refused", "failed", "waiting");
static const struct pse_metric *const metrics[] = {&auth_logins, &auth_mails, &auth_registrations};

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
    if (!auth_browser_of(browser, c, AUTH_BROWSER))
        pse_rng_fill(&a->rng, browser, sizeof browser);
    auth_prefix_of(&prefix, c);
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
    auth_set_browser(&answer, AUTH_BROWSER, browser);
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

    if (!auth_browser_of(browser, c, AUTH_BROWSER))
        pse_rng_fill(&a->rng, browser, sizeof browser);
    if (!eid_trust_is_on(&a->trust)) {
        pse_http_problem(c, 404, "no-cards-here");
    } else if (a->card.begin(a->card.ctx, &begun, &s) != IDENTITY_OK) {
        pse_metric_add(&auth_logins, 1, 1);
        pse_http_problem(c, 503, "too-many-logins");
    } else {
        pse_metric_add(&auth_logins, 0, 1);
        answer = auth_answer_json(200);
        auth_set_browser(&answer, AUTH_BROWSER, browser);
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
    if (!auth_browser_of(browser, c, AUTH_BROWSER)) {
        pse_metric_add(&auth_logins, 3, 1);
        pse_http_problem(c, 403, "eid-nonce-missing");
        return;
    }
    rc = a->card.complete(a->card.ctx, &who, &s, pse_http_body(c));
    if (rc == IDENTITY_OK) {
        auth_welcome(a, c, &who);
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
    (void)!auth_browser_of(browser, c, AUTH_BROWSER);
    rc = a->letter.complete(a->letter.ctx, &who, &s, token);
    if (rc == IDENTITY_OK)
        auth_welcome(a, c, &who);
    else
        refuse_link(a, c, rc);
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
        int lane;
        bool query;
    } table[] = {
        {PSE_HTTP_POST, "/v1/login", login, 0, false},
        {PSE_HTTP_POST, "/v1/login/token", login_token, 0, false},
        {PSE_HTTP_GET, "/v1/login/nonce", card_challenge, 0, false},
        {PSE_HTTP_POST, "/v1/login/card", card_login, 0, false},
        {PSE_HTTP_GET, "/v1/login/oidc", auth_oidc_begin, 1, true},
        {PSE_HTTP_GET, "/v1/login/oidc/callback", auth_oidc_end, 1, true},
        {PSE_HTTP_GET, "/v1/login/oidc-2", auth_oidc_begin, 1, true},
        {PSE_HTTP_GET, "/v1/login/oidc-2/callback", auth_oidc_end, 1, true},
        {PSE_HTTP_GET, "/v1/session", auth_get_session, 0, false},
        {PSE_HTTP_POST, "/v1/session/end", auth_end_session, 0, false},
        {PSE_HTTP_POST, "/v1/registrations", auth_register, 0, false},
        {PSE_HTTP_GET, "/v1/registrations/", auth_registration, 0, false},
    };
    enum { OURS = sizeof table / sizeof table[0] };
    static struct route_ctx ctx[OURS];
    static struct pse_http_route route[OURS + 3];
    struct pse_http_options options = {.route = route,
                                       .routes = OURS + 3,
                                       .lane = {{.capacity = LANE, .workers = WORKERS},
                                                {.capacity = LANE_AWAY, .workers = WORKERS}},
                                       .words = auth_words,
                                       .per_source = UINT_MAX};

    for (size_t i = 0; i < OURS; i++) {
        bool is_post = table[i].method == PSE_HTTP_POST;

        ctx[i] = (struct route_ctx){a, table[i].answer};
        route[i] = (struct pse_http_route){.methods = table[i].method,
                                           .path = table[i].path,
                                           .type = is_post ? "application/json" : NULL,
                                           .body_max = is_post ? BODY_MAX : 0,
                                           .query = table[i].query,
                                           .lane = table[i].lane,
                                           .deadline_ms = table[i].lane == 0 ? 15000 : 40000,
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
