/* The addresses of identity services: /v1/login/oidc and /v1/login/oidc/callback, and those of
 * oidc-2. Browsers are sent on; who asks for JSON gets JSON.
 *
 * Both are GETs that other sites can cause. A beginning does no more than to send the browser to
 * the service; an end needs the secret that this browser got at the beginning, so nobody can log
 * another's browser in as themselves. */
#include <stdio.h>
#include <string.h>

#include "psephos/auth.h"

enum { WHERE_MAX = PSE_CONF_TEXT + 100 };

static struct auth_oidc *service_of(struct auth *a, const struct pse_http_call *c)
{
    struct pse_span path = pse_http_path(c);

    for (size_t i = AUTH_OIDC_MAX; i-- > 0;) { /* the longer name first */
        char begin[64];
        size_t n = (size_t)snprintf(begin, sizeof begin, "/v1/login/%s", a->oidc[i].section);

        if (path.n >= n && memcmp(path.p, begin, n) == 0)
            return &a->oidc[i];
    }
    PSE_REQUIRE(false);
    return NULL;
}

static bool wants_json(const struct pse_http_call *c)
{
    struct pse_span accept;

    return pse_http_header(&accept, c, "Accept") && pse_span_is_str(accept, "application/json");
}

static bool wants_page(const struct auth_oidc *o, const struct pse_http_call *c)
{
    return o->set->page[0] != '\0' && !wants_json(c);
}

static struct pse_http_answer send_on(const char *where)
{
    struct pse_http_answer a = {.status = 303};

    pse_http_answer_header(&a, "Cache-Control", "no-store");
    pse_http_answer_header(&a, "Referrer-Policy", "no-referrer"); /* codes stand in addresses */
    pse_http_answer_header(&a, "Location", where);
    return a;
}

static void refuse(struct auth_oidc *o, struct pse_http_call *c, unsigned status, const char *slug)
{
    struct pse_http_answer answer;
    char where[WHERE_MAX];

    if (!wants_page(o, c)) {
        pse_http_problem(c, status, slug);
        return;
    }
    (void)snprintf(where, sizeof where, "%s#refused=%s", o->set->page, slug);
    answer = send_on(where);
    pse_http_answer(c, &answer);
}

/* --- the beginning -----------------------------------------------------------------------------
 */

/* Networks that begin much more often than voters do could take all places of logins under way. */
static bool is_frequent(struct auth *a, const struct pse_http_call *c)
{
    const struct pse_bucket_rate rate = {a->set->network_ms * 1000, a->set->network_burst};
    struct pse_net_prefix prefix;
    pse_hash h;

    auth_prefix_of(&prefix, c);
    pse_sha256(&h, pse_span_str(prefix.text));
    return !pse_bucket_take(a->networks, pse_load_u64(h.b), &rate,
                            (uint64_t)pse_clock_steady_ms() * 1000);
}

/* Nothing, or language=TAG. */
static bool language_of(struct pse_span *tag, const struct pse_http_call *c)
{
    static const char name[] = "language=";
    const size_t n = sizeof name - 1;
    struct pse_span query = pse_http_query(c);

    *tag = pse_span(NULL, 0);
    if (query.n == 0)
        return true;
    if (query.n <= n || memcmp(query.p, name, n) != 0)
        return false;
    *tag = pse_span(query.p + n, query.n - n);
    return true;
}

static void answer_begun(struct pse_http_call *c, const char *where, const uint8_t browser[32])
{
    struct pse_buf text = PSE_BUF(8192);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct pse_http_answer answer;

    if (!wants_json(c)) {
        answer = send_on(where);
        auth_set_browser(&answer, AUTH_BROWSER_AWAY, browser);
        pse_http_answer(c, &answer);
        return;
    }
    answer = auth_answer_json(200);
    auth_set_browser(&answer, AUTH_BROWSER_AWAY, browser);
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "location", where);
    pse_json_wr_u64(&w, "expires", auth_now() + PSE_OIDC_PENDING_SECONDS);
    pse_json_wr_end(&w);
    auth_answer_end(c, &answer, &w);
}

static void refuse_begin(struct auth_oidc *o, struct pse_http_call *c, enum identity_rc rc,
                         const char *why)
{
    pse_metric_add(&auth_logins, rc == IDENTITY_LIMIT ? 1 : rc == IDENTITY_MALFORMED ? 3 : 4, 1);
    if (rc == IDENTITY_MALFORMED)
        refuse(o, c, 400, "malformed");
    else if (rc == IDENTITY_LIMIT)
        refuse(o, c, 503, "too-many-logins");
    else
        refuse(o, c, 503, why == NULL ? "oidc-memory" : why);
}

void auth_oidc_begin(struct auth *a, struct pse_http_call *c)
{
    struct auth_oidc *o = service_of(a, c);
    const struct auth_session *old = auth_session_of(a, c);
    uint8_t browser[32] = {0};
    struct identity_session s = {
        .browser = browser, .person = old == NULL ? 0 : old->person, .now = auth_now()};
    struct identity_begun begun;
    enum identity_rc rc;

    if (o->rules.issuer == NULL) {
        pse_http_problem(c, 404, "no-oidc-here");
        return;
    }
    if (!language_of(&s.claim, c)) {
        refuse(o, c, 400, "malformed");
        return;
    }
    if (is_frequent(a, c)) {
        pse_metric_add(&auth_logins, 1, 1);
        auth_event(a, "auth.limit", 5, "refused", "too-many-logins");
        refuse(o, c, 429, "too-many-logins");
        return;
    }
    if (!auth_browser_of(browser, c, AUTH_BROWSER_AWAY))
        pse_rng_fill(&a->rng, browser, sizeof browser);
    rc = o->provider.begin(o, &begun, &s);
    if (rc == IDENTITY_OK) {
        pse_metric_add(&auth_logins, 0, 1);
        answer_begun(c, begun.challenge, browser);
    } else {
        refuse_begin(o, c, rc, begun.why);
    }
    pse_wipe(&begun, sizeof begun);
    pse_wipe(browser, sizeof browser);
}

/* --- the end -----------------------------------------------------------------------------------
 */

static void welcome(struct auth_oidc *o, struct pse_http_call *c, const struct identity_result *who)
{
    struct pse_http_answer answer;
    char token[SESSION_TOKEN_TEXT];
    char where[WHERE_MAX];

    if (!wants_page(o, c)) {
        auth_welcome(o->a, c, who);
        return;
    }
    (void)snprintf(where, sizeof where, "%s#login", o->set->page);
    answer = send_on(where);
    (void)auth_session_open(token, &answer, o->a, who);
    pse_wipe(token, sizeof token);
    pse_http_answer(c, &answer);
}

void auth_oidc_end(struct auth *a, struct pse_http_call *c)
{
    struct auth_oidc *o = service_of(a, c);
    uint8_t browser[32] = {0};
    struct identity_session s = {.browser = browser, .now = auth_now()};
    struct identity_result who = {.why = NULL};
    enum identity_rc rc;

    if (o->rules.issuer == NULL) {
        pse_http_problem(c, 404, "no-oidc-here");
        return;
    }
    /* Without the cookie it is a browser that began nothing, which is what is said then. */
    (void)!auth_browser_of(browser, c, AUTH_BROWSER_AWAY);
    rc = o->provider.complete(o, &who, &s, pse_http_query(c));
    if (rc == IDENTITY_OK) {
        welcome(o, c, &who);
    } else {
        const char *slug = who.why == NULL ? "registrar" : who.why;

        pse_metric_add(&auth_logins, rc == IDENTITY_FAILED ? 4 : 3, 1);
        auth_event(a, "auth.login", 4, rc == IDENTITY_FAILED ? "failed" : "refused", slug);
        refuse(o, c, rc == IDENTITY_FAILED ? 503 : 403, slug);
    }
    pse_wipe(&who, sizeof who);
    pse_wipe(browser, sizeof browser);
}
