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

void office_json(struct pse_http_call *c, unsigned status, struct pse_json_wr *w)
{
    struct pse_http_answer a = {.status = status, .type = "application/json"};

    if (pse_json_wr_finish(w) != PSE_OK) {
        pse_buf_free(w->out);
        pse_http_problem(c, 500, "too-large");
        return;
    }
    a.own = *w->out;
    *w->out = PSE_BUF(0);
    pse_http_answer_header(&a, "Cache-Control", "no-store");
    pse_http_answer(c, &a);
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

static bool is_officer(const struct office *o, const pse_edkey *key)
{
    for (size_t i = 0; i < o->officers; i++) {
        if (pse_edkey_is_equal(&o->officer[i].key, key))
            return true;
    }
    return false;
}

/* The one place that knows how officers prove who they are. */
static const char *who_fault(const struct office *o, const struct pse_http_call *c)
{
    struct pse_span header;
    pse_edkey key;
    pse_rc rc;

    if (!pse_http_header(&header, c, "Authorization"))
        return "no-officer";
    rc = officer_request_check(&key, header, method_name(c), pse_http_path(c), pse_http_body(c),
                               office_now());
    if (rc == PSE_E_STATE)
        return "request-too-old";
    return rc == PSE_OK && is_officer(o, &key) ? NULL : "not-an-officer";
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

/* The act that is named by the 64 digits after /v1/acts/; NULL, and 404 is answered. */
static struct office_act *named(struct office *o, struct pse_http_call *c, const char *more)
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
    struct office_act *a = named(o, c, "");

    if (a != NULL)
        put_act(o, c, a, 200);
}

static void post_signature(struct office *o, struct pse_http_call *c)
{
    struct office_act *a = named(o, c, "/signatures");

    if (a != NULL)
        sign_act(o, c, a);
}

/* --- routes ------------------------------------------------------------------------------------
 */

struct route_ctx {
    struct office *o;
    office_answer *answer;
};

static void guarded(void *ctx, struct pse_http_call *const *call, size_t n)
{
    const struct route_ctx *r = ctx;
    const char *fault = who_fault(r->o, call[0]);

    PSE_REQUIRE(n == 1);
    if (fault != NULL) {
        pse_metric_add(&office_requests, 1, 1);
        office_event(r->o, "officer.request", 4, "refused", fault);
        pse_http_problem(call[0], 401, fault);
        return;
    }
    pthread_mutex_lock(&r->o->lock);
    r->answer(r->o, call[0]);
    pthread_mutex_unlock(&r->o->lock);
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

static struct pse_http_route guard(struct route_ctx *ctx, struct office *o, office_answer *answer,
                                   unsigned methods, const char *path, const char *type,
                                   size_t body_max)
{
    *ctx = (struct route_ctx){o, answer};
    return (struct pse_http_route){.methods = methods,
                                   .path = path,
                                   .type = type,
                                   .body_max = body_max,
                                   .deadline_ms = 60000,
                                   .handle = guarded,
                                   .ctx = ctx};
}

pse_rc office_http_start(struct pse_http **out, struct office *o, int fd)
{
    static const char json[] = "application/json";
    static struct route_ctx ctx[10];
    static struct pse_http_route route[13];
    struct pse_http_options options = {.route = route,
                                       .routes = 13,
                                       .lane = {{.capacity = LANE, .workers = 1}},
                                       .per_source = UINT_MAX,
                                       .stale_ms = 30000};

    route[0] = guard(&ctx[0], o, get_acts, PSE_HTTP_GET, "/v1/acts", NULL, 0);
    route[1] = guard(&ctx[1], o, post_act, PSE_HTTP_POST, "/v1/acts", json, ACT_BODY_MAX);
    route[10] = guard(&ctx[8], o, get_act, PSE_HTTP_GET, "/v1/acts/", NULL, 0);
    route[11] = guard(&ctx[9], o, post_signature, PSE_HTTP_POST, "/v1/acts/", json, ACT_BODY_MAX);
    route[2] = guard(&ctx[2], o, office_post_list, PSE_HTTP_POST, "/v1/lists", "text/csv",
                     OFFICE_DOCUMENT_MAX);
    route[3] = guard(&ctx[3], o, office_post_document, PSE_HTTP_POST, "/v1/documents",
                     "application/octet-stream", OFFICE_DOCUMENT_MAX);
    route[4] = guard(&ctx[4], o, office_post_credentials, PSE_HTTP_POST, "/v1/credentials",
                     "text/plain", OFFICE_DOCUMENT_MAX);
    route[5] = guard(&ctx[5], o, office_post_person, PSE_HTTP_POST, "/v1/persons", json, 4096);
    route[6] = guard(&ctx[6], o, office_get_pending, PSE_HTTP_GET, "/v1/roster/pending", NULL, 0);
    route[7] = guard(&ctx[7], o, office_get_audit, PSE_HTTP_GET, "/v1/audit", NULL, 0);
    route[8] = (struct pse_http_route){.methods = PSE_HTTP_GET,
                                       .path = "/healthz",
                                       .lane = PSE_HTTP_INLINE,
                                       .handle = health,
                                       .ctx = o};
    route[9] = (struct pse_http_route){
        .methods = PSE_HTTP_GET, .path = "/metrics", .handle = get_metrics, .ctx = o};
    route[12] = service_openapi_route();
    pse_rng_fill(&o->rng, &options.seed, sizeof options.seed);
    return service_start(out, &options, fd, &o->d->log);
}
