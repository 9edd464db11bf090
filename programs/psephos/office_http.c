/* The HTTP side of psephos officer serve: who asks, and what about acts. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "common/http_service.h"
#include "common/officer_request.h"
#include "psephos/office.h"

enum { ACT_BODY_MAX = 16 * 1024, JSON_OUT_MAX = 8 << 20, LANE = 64, SIGNATURE_ARENA = 1 << 16 };

PSE_COUNTER_BY(office_requests, "psephos_officer_requests", "Requests answered.", "outcome", "ok",
               "refused", "failed");
PSE_GAUGE_BY(office_acts_gauge, "psephos_officer_acts", "Acts by where they stand.", "state",
             "proposed", "agreed", "begun", "done", "refused", "expired");
PSE_GAUGE(
    office_findings, "psephos_officer_audit_findings",
    "Rows of the private database that the last cross-check found altered, missing or surplus.");
PSE_GAUGE(office_audit_time, "psephos_officer_audit_time_seconds",
          "When the last cross-check ended, in POSIX seconds.");
PSE_GAUGE(office_broken, "psephos_officer_record_differs",
          "1 when the record showed two histories or failed its rules.");
static const struct pse_metric *const metrics[] = {
    &office_requests, &office_acts_gauge, &office_findings, &office_audit_time, &office_broken};

/* --- answers -----------------------------------------------------------------------------------
 */

void office_json_answer(struct pse_http_call *c, struct pse_http_answer *a, struct pse_json_wr *w)
{
    if (pse_json_wr_finish(w) != PSE_OK) {
        pse_buf_free(w->out);
        pse_http_problem(c, 500, "too-large");
        return;
    }
    a->type = "application/json";
    a->own = *w->out;
    *w->out = PSE_BUF(0);
    pse_http_answer_header(a, "Cache-Control", "no-store");
    pse_http_answer(c, a);
}

void office_json(struct pse_http_call *c, unsigned status, struct pse_json_wr *w)
{
    struct pse_http_answer a = {.status = status};

    office_json_answer(c, &a, w);
}

void office_json_problem(struct pse_http_call *c, unsigned status, const char *slug, size_t line)
{
    pse_http_problem_with(
        c, status, slug,
        &(struct pse_http_detail){.name = line == 0 ? NULL : "line", .number = line});
}

/* --- who asks ----------------------------------------------------------------------------------
 */

static const char *method_name(const struct pse_http_call *c)
{
    return pse_http_method(c) == PSE_HTTP_POST ? "POST" : "GET";
}

static bool find_officer(struct office *o, const pse_edkey *key)
{
    for (size_t i = 0; i < o->officers; i++) {
        if (!pse_edkey_is_equal(&o->officer[i].key, key))
            continue;
        o->asker = o->officer[i].name;
        return true;
    }
    return false;
}

static const char *key_fault(struct office *o, const struct pse_http_call *c,
                             struct pse_span header)
{
    pse_edkey key;
    pse_rc rc = officer_request_check(&key, header, method_name(c), pse_http_path(c),
                                      pse_http_body(c), office_now());

    o->asked_by_key = true;
    if (rc == PSE_E_STATE)
        return "request-too-old";
    return rc == PSE_OK && find_officer(o, &key) ? NULL : "not-an-officer";
}

static const char *session_fault(struct office *o, const struct pse_http_call *c, unsigned needs)
{
    const struct consent_account *account = office_session_of(o, c);

    o->asked_by_key = false;
    if (account == NULL)
        return "no-officer";
    o->asker = account->name;
    if (pse_http_method(c) != PSE_HTTP_GET && pse_http_method(c) != PSE_HTTP_HEAD &&
        !office_is_own_origin(o, c))
        return "other-origin";
    return account->keys < needs ? "second-authenticator-needed" : NULL;
}

/* The one place that knows how officers prove who they are. */
static const char *who_fault(struct office *o, const struct pse_http_call *c, unsigned needs)
{
    struct pse_span header;

    return pse_http_header(&header, c, "Authorization") ? key_fault(o, c, header)
                                                        : session_fault(o, c, needs);
}

/* --- acts --------------------------------------------------------------------------------------
 */

static void put_act(struct office *o, struct pse_http_call *c, const struct office_act *a,
                    unsigned status)
{
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    office_act_put(&w, NULL, o, a, true);
    office_json(c, status, &w);
}

static void get_acts(struct office *o, struct pse_http_call *c)
{
    struct pse_buf text = PSE_BUF(JSON_OUT_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    pse_json_wr_object(&w, NULL);
    pse_json_wr_hex(&w, "election", pse_engine_eid(o->record.e)->b, 32);
    pse_json_wr_str(&w, "state", pse_state_name(pse_engine_state(o->record.e)));
    pse_json_wr_u64(&w, "size", pse_engine_size(o->record.e));
    pse_json_wr_array(&w, "acts");
    for (size_t i = 0; i < o->acts; i++)
        office_act_put(&w, NULL, o, o->act[i], false);
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    office_json(c, 200, &w);
}

static void post_act(struct office *o, struct pse_http_call *c)
{
    unsigned status = 400;
    const char *slug = NULL;
    struct office_act *a = office_act_new(o, &status, &slug, pse_http_body(c));

    if (a != NULL) {
        put_act(o, c, a, status);
        return;
    }
    office_event(o, "officer.proposal", 4, "refused", slug);
    pse_http_problem(c, status, slug);
}

static void sign_act(struct office *o, struct pse_http_call *c, struct office_act *a)
{
    PSE_ARENA(arena, SIGNATURE_ARENA);
    const struct pse_json *root;
    struct pse_json_rd r;
    pse_edkey key;
    uint8_t sig[64];
    const char *slug;
    unsigned status;

    if (pse_json_parse(&root, NULL, &arena, pse_http_body(c)) != PSE_OK ||
        pse_json_open(&r, root, NULL) != PSE_OK ||
        pse_json_take_hex(key.b, 32, &r, "officer") != PSE_OK ||
        pse_json_take_hex(sig, 64, &r, "signature") != PSE_OK || pse_json_close(&r) != PSE_OK) {
        pse_http_problem(c, 400, "malformed");
        return;
    }
    status = office_act_sign(o, &slug, a, &key, sig);
    if (status == 0) {
        put_act(o, c, a, 200);
        return;
    }
    office_event(o, "officer.signature", 4, "refused", slug);
    pse_http_problem(c, status, slug);
}

struct office_act *office_named(struct office *o, struct pse_http_call *c, const char *more)
{
    struct pse_span tail = pse_http_tail(c);
    struct office_act *a = NULL;
    pse_hash hash;

    if (tail.n >= 64 && pse_span_is_str(pse_span(tail.p + 64, tail.n - 64), more) &&
        pse_hex_decode(hash.b, 32, pse_span(tail.p, 64)) == PSE_OK)
        a = office_act_find(o, &hash);
    if (a == NULL)
        pse_http_problem(c, 404, "no-such-act");
    return a;
}

static void get_act(struct office *o, struct pse_http_call *c)
{
    struct office_act *a = office_named(o, c, "");

    if (a != NULL)
        put_act(o, c, a, 200);
}

static bool tail_ends(const struct pse_http_call *c, const char *end)
{
    struct pse_span tail = pse_http_tail(c);
    size_t n = strlen(end);

    return tail.n > n && memcmp(tail.p + tail.n - n, end, n) == 0;
}

/* What is posted below an act: a key's signature, the wish to assert it, an assertion. */
static void post_to_act(struct office *o, struct pse_http_call *c)
{
    struct office_act *a;

    if (tail_ends(c, "/request")) {
        office_post_request(o, c);
    } else if (tail_ends(c, "/assertions")) {
        office_post_assertion(o, c);
    } else {
        a = office_named(o, c, "/signatures");
        if (a != NULL)
            sign_act(o, c, a);
    }
}

/* --- routes ------------------------------------------------------------------------------------
 */

struct route_ctx {
    struct office *o;
    office_answer *answer;
    unsigned needs; /* authenticators of an account that asks by session; OPEN: nobody is asked */
};
enum { OPEN = CONSENT_AUTHENTICATORS + 1 };

static void refuse_asker(struct office *o, struct pse_http_call *c, const char *fault)
{
    pse_metric_add(&office_requests, 1, 1);
    office_event(o, "officer.request", 4, "refused", fault);
    pse_http_problem(c,
                     strcmp(fault, "other-origin") == 0 ||
                             strcmp(fault, "second-authenticator-needed") == 0
                         ? 403
                         : 401,
                     fault);
}

static void guarded(void *ctx, struct pse_http_call *const *call, size_t n)
{
    const struct route_ctx *r = ctx;
    struct office *o = r->o;
    const char *fault;

    PSE_REQUIRE(n == 1);
    pthread_mutex_lock(&o->lock);
    o->asker = NULL;
    fault = r->needs == OPEN ? NULL : who_fault(o, call[0], r->needs);
    if (fault == NULL)
        r->answer(o, call[0]);
    else
        refuse_asker(o, call[0], fault);
    o->asker = NULL;
    pthread_mutex_unlock(&o->lock);
    if (fault == NULL)
        pse_metric_add(&office_requests, 0, 1);
}

static void health(void *ctx, struct pse_http_call *const *call, size_t n)
{
    const struct office *o = ctx;

    PSE_REQUIRE(n == 1);
    if (o->is_broken)
        pse_http_problem(call[0], 503, "record-differs");
    else
        pse_http_answer_text(call[0], 200, "text/plain; charset=utf-8", pse_span_str("ok\n"));
}

static void get_metrics(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct office *o = ctx;
    uint64_t by[OFFICE_EXPIRED + 1] = {0};

    PSE_REQUIRE(n == 1);
    pthread_mutex_lock(&o->lock);
    for (size_t i = 0; i < o->acts; i++)
        by[o->act[i]->state]++;
    pse_metric_set(&office_findings, 0, (int64_t)o->audit.findings);
    pse_metric_set(&office_audit_time, 0, (int64_t)o->audit.time);
    pse_metric_set(&office_broken, 0, o->is_broken);
    pthread_mutex_unlock(&o->lock);
    for (size_t i = 0; i <= OFFICE_EXPIRED; i++)
        pse_metric_set(&office_acts_gauge, i, (int64_t)by[i]);
    service_metrics(call[0], metrics, sizeof metrics / sizeof metrics[0]);
}

enum { ALL = CONSENT_AUTHENTICATORS, GET = PSE_HTTP_GET, POST = PSE_HTTP_POST };

static const struct {
    office_answer *answer;
    unsigned needs, methods;
    const char *path, *type;
    size_t body_max;
} table[] = {
    {get_acts, ALL, GET, "/v1/acts", NULL, 0},
    {post_act, ALL, POST, "/v1/acts", "application/json", ACT_BODY_MAX},
    {get_act, ALL, GET, "/v1/acts/", NULL, 0},
    {post_to_act, ALL, POST, "/v1/acts/", "application/json", ACT_BODY_MAX},
    {office_post_list, ALL, POST, "/v1/lists", "text/csv", OFFICE_DOCUMENT_MAX},
    {office_post_document, ALL, POST, "/v1/documents", "application/octet-stream",
     OFFICE_DOCUMENT_MAX},
    {office_post_credentials, ALL, POST, "/v1/credentials", "text/plain", OFFICE_DOCUMENT_MAX},
    {office_post_person, ALL, POST, "/v1/persons", "application/json", 4096},
    {office_get_pending, ALL, GET, "/v1/roster/pending", NULL, 0},
    {office_get_audit, ALL, GET, "/v1/audit", NULL, 0},
    {office_get_accounts, ALL, GET, "/v1/officer/accounts", NULL, 0},
    {office_post_proposal, ALL, POST, "/v1/officer/proposals", "application/json", ACT_BODY_MAX},
    {office_post_code, ALL, POST, "/v1/officer/invitations", "application/json", 4096},
    {office_get_session, 0, GET, "/v1/officer/session", NULL, 0},
    {office_end_session, 0, PSE_HTTP_DELETE, "/v1/officer/session", NULL, 0},
    {office_post_session, OPEN, POST, "/v1/officer/session", "application/json", ACT_BODY_MAX},
    {office_post_login, OPEN, POST, "/v1/officer/login", "application/json", 4096},
    {office_post_enrolment, OPEN, POST, "/v1/officer/enrolment", "application/json", 4096},
    {office_post_authenticator, OPEN, POST, "/v1/officer/authenticators", "application/json",
     PSE_WEBAUTHN_ANSWER_MAX + 4096},
};
enum { TABLE = sizeof table / sizeof table[0], OTHERS = 3 };

pse_rc office_http_start(struct pse_http **out, struct office *o, int fd)
{
    static struct route_ctx ctx[TABLE];
    static struct pse_http_route route[TABLE + OTHERS + OFFICE_PAGE_ROUTES];
    struct pse_http_options options = {.route = route,
                                       .routes = TABLE + OTHERS,
                                       .lane = {{.capacity = LANE, .workers = 1}},
                                       .per_source = UINT_MAX,
                                       .stale_ms = 30000};

    for (size_t i = 0; i < TABLE; i++) {
        ctx[i] = (struct route_ctx){o, table[i].answer, table[i].needs};
        route[i] = (struct pse_http_route){.methods = table[i].methods,
                                           .path = table[i].path,
                                           .type = table[i].type,
                                           .body_max = table[i].body_max,
                                           .deadline_ms = 60000,
                                           .handle = guarded,
                                           .ctx = &ctx[i]};
    }
    route[TABLE] = (struct pse_http_route){.methods = PSE_HTTP_GET,
                                           .path = "/healthz",
                                           .lane = PSE_HTTP_INLINE,
                                           .handle = health,
                                           .ctx = o};
    route[TABLE + 1] = (struct pse_http_route){
        .methods = PSE_HTTP_GET, .path = "/metrics", .handle = get_metrics, .ctx = o};
    route[TABLE + 2] = service_openapi_route();
    if (o->desk.set->origin[0] != '\0') {
        office_page_routes(&route[TABLE + OTHERS]);
        options.routes += OFFICE_PAGE_ROUTES;
    }
    pse_rng_fill(&o->rng, &options.seed, sizeof options.seed);
    return service_start(out, &options, fd, &o->d->log);
}
