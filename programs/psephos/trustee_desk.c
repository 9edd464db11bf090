#include "psephos/trustee_desk.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec/codec.h"
#include "common/http_service.h"
#include "common/options.h"
#include "common/page.h"
#include "common/sysrng.h"
#include "common/webauthn_problem.h"
#include "trustee_page.h"

enum {
    ROUTES = 6,
    BODY_MAX = 64 * 1024,
    ARENA_MAX = 1 << 20,
    VIEW_MAX = 512 * 1024,
};

enum desk_mode { DESK_IDLE, DESK_ACT, DESK_REGISTER };

struct trustee_desk {
    const char *name;
    struct trustee_keys keys;
    struct pse_rng rng;
    struct pse_webauthn_table *table;
    struct pse_http *http;
    int fd; /* until http has it */
    struct pse_http_route route[ROUTES];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under the lock */
    enum desk_mode mode;
    struct pse_span title, statement; /* of the asking thread */
    pse_hash act;
    struct pse_buf evidence; /* of an assertion that was good */
    const char *code;
    size_t wanted;
    const struct pse_webauthn_rules *rules;
    pse_rc rc; /* of what was kept meanwhile */
};

static int64_t now(void)
{
    return (int64_t)time(NULL);
}

/* --- answers ------------------------------------------------------------------------------------
 */

static void answer_json(struct pse_http_call *c, struct pse_json_wr *w)
{
    struct pse_http_answer a = {.status = 200, .type = "application/json"};

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

static void put_view(struct pse_json_wr *w, const struct trustee_desk *d)
{
    static const char *const mode[] = {"idle", "act", "register"};

    pse_json_wr_object(w, NULL);
    pse_json_wr_str(w, "mode", mode[d->mode]);
    pse_json_wr_str(w, "account", d->keys.account);
    pse_json_wr_u64(w, "authenticators", d->keys.n);
    if (d->mode == DESK_REGISTER)
        pse_json_wr_u64(w, "wanted", d->wanted);
    if (d->mode == DESK_ACT) {
        pse_json_wr_string(w, "title", d->title);
        pse_json_wr_string(w, "statement", d->statement);
        pse_json_wr_hex(w, "act", d->act.b, 32);
    }
    pse_json_wr_end(w);
}

static void answer_view(struct trustee_desk *d, struct pse_http_call *c)
{
    struct pse_buf text = PSE_BUF(VIEW_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);

    put_view(&w, d);
    answer_json(c, &w);
}

/* What was refused, also for whoever reads the log. */
static void refuse(struct trustee_desk *d, struct pse_http_call *c, enum pse_webauthn_fault fault)
{
    cli_note(d->name, "an authenticator's answer was refused: %s", webauthn_slug(fault));
    webauthn_problem(c, fault);
}

/* --- requests -----------------------------------------------------------------------------------
 */

struct wish {
    struct pse_span code, answer; /* may be empty */
};

static pse_rc parse_wish(struct wish *out, struct pse_arena *arena, const struct pse_http_call *c)
{
    const struct pse_json *root, *code, *answer;
    struct pse_json_rd r;

    *out = (struct wish){0};
    PSE_TRY(pse_json_parse(&root, NULL, arena, pse_http_body(c)));
    PSE_TRY(pse_json_open(&r, root, NULL));
    pse_json_take_optional(&code, &r, "code");
    pse_json_take_optional(&answer, &r, "answer");
    if (code != NULL)
        PSE_TRY(pse_json_string(&out->code, code));
    if (answer != NULL)
        PSE_TRY(pse_json_string(&out->answer, answer));
    return pse_json_close(&r);
}

static bool is_code(const struct trustee_desk *d, struct pse_span code)
{
    return code.n == strlen(d->code) && pse_ct_eq(code.p, d->code, code.n);
}

/* Is there something to answer to now, and may this one? Else it is answered. */
static bool may_go_on(struct trustee_desk *d, struct pse_http_call *c, const struct wish *w)
{
    if (d->mode == DESK_IDLE) {
        pse_http_problem(c, 409, "nothing-waits");
        return false;
    }
    if (d->mode == DESK_REGISTER && !is_code(d, w->code)) {
        cli_note(d->name, "a registration was refused: wrong code");
        pse_http_problem(c, 403, "wrong-code");
        return false;
    }
    return true;
}

static void answer_request(struct trustee_desk *d, struct pse_http_call *c)
{
    struct pse_buf text = PSE_BUF(VIEW_MAX);
    struct pse_json_wr w = pse_json_wr(&text, 0);
    struct pse_webauthn_site site = trustee_keys_site(&d->keys);
    struct pse_webauthn_challenge challenge;
    enum pse_webauthn_purpose purpose =
        d->mode == DESK_ACT ? PSE_WEBAUTHN_ACT : PSE_WEBAUTHN_REGISTER;

    if (pse_webauthn_table_issue(&challenge, d->table, purpose, d->keys.account, &d->act, &d->rng,
                                 now()) != PSE_OK) {
        pse_http_problem(c, 503, "busy");
        return;
    }
    pse_json_wr_object(&w, NULL);
    pse_json_wr_hex(&w, "nonce", challenge.nonce.b, 32);
    pse_json_wr_u64(&w, "issued", (uint64_t)challenge.issued);
    webauthn_put_request(&w, &challenge, &site, d->keys.key, d->keys.n);
    pse_json_wr_end(&w);
    answer_json(c, &w);
}

static enum pse_webauthn_fault judge_assertion(struct trustee_desk *d,
                                               const struct pse_webauthn_challenge *challenge,
                                               const struct pse_webauthn_answer *answer)
{
    struct pse_webauthn_evidence e = {
        .challenge = *challenge, .answered = now(), .answer = *answer};
    struct pse_webauthn_site site = trustee_keys_site(&d->keys);
    struct pse_webauthn_done done;
    enum pse_webauthn_fault fault;

    if (challenge->purpose != PSE_WEBAUTHN_ACT || !pse_hash_is_equal(&challenge->act, &d->act))
        return PSE_WEBAUTHN_PURPOSE;
    fault =
        pse_webauthn_assert(&done, answer, challenge, &site, d->keys.key, d->keys.n, e.answered);
    if (fault != PSE_WEBAUTHN_GOOD)
        return fault;
    d->keys.key[done.at].sign_count = done.sign_count;
    pse_webauthn_evidence_put(&d->evidence, &e);
    d->rc = d->evidence.rc;
    if (d->rc == PSE_OK)
        d->rc = trustee_keys_write(&d->keys, d->name);
    if (d->rc == PSE_OK)
        d->rc = trustee_assertion_keep(&d->keys, d->name, pse_buf_span(&d->evidence), d->statement);
    return d->rc == PSE_OK ? PSE_WEBAUTHN_GOOD : PSE_WEBAUTHN_NO_MEMORY;
}

static enum pse_webauthn_fault judge_registration(struct trustee_desk *d,
                                                  const struct pse_webauthn_challenge *challenge,
                                                  const struct pse_webauthn_answer *answer)
{
    struct pse_webauthn_site site = trustee_keys_site(&d->keys);
    struct pse_webauthn_key key;
    enum pse_webauthn_fault fault = pse_webauthn_register(&key, answer, challenge, &site, d->rules,
                                                          d->keys.key, d->keys.n, now());

    if (fault != PSE_WEBAUTHN_GOOD)
        return fault;
    PSE_REQUIRE(d->keys.n < TRUSTEE_KEYS_MAX);
    d->keys.key[d->keys.n++] = key;
    d->rc = trustee_keys_write(&d->keys, d->name);
    return d->rc == PSE_OK ? PSE_WEBAUTHN_GOOD : PSE_WEBAUTHN_NO_MEMORY;
}

static void answer_answer(struct trustee_desk *d, struct pse_http_call *c, struct pse_span json)
{
    struct pse_webauthn_answer answer = {.owned = NULL};
    struct pse_webauthn_challenge challenge;
    enum pse_webauthn_fault fault =
        pse_webauthn_table_take(&challenge, d->table, d->keys.account, now());

    if (fault == PSE_WEBAUTHN_GOOD)
        fault = pse_webauthn_answer_read(&answer, json);
    if (fault == PSE_WEBAUTHN_GOOD)
        fault = d->mode == DESK_ACT ? judge_assertion(d, &challenge, &answer)
                                    : judge_registration(d, &challenge, &answer);
    pse_webauthn_answer_free(&answer);
    if (fault != PSE_WEBAUTHN_GOOD) {
        refuse(d, c, fault);
    } else {
        if (d->mode == DESK_ACT || d->keys.n >= d->wanted)
            d->mode = DESK_IDLE;
        answer_view(d, c);
    }
    pthread_cond_broadcast(&d->changed);
}

static void handle_view(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct trustee_desk *d = ctx;

    PSE_REQUIRE(n == 1);
    pthread_mutex_lock(&d->lock);
    answer_view(d, call[0]);
    pthread_mutex_unlock(&d->lock);
}

/* The thread that asks may be at work in between: what it waits for is looked at under the lock. */
static void handle_post(void *ctx, struct pse_http_call *const *call, size_t n)
{
    PSE_ARENA(arena, ARENA_MAX);
    struct trustee_desk *d = ctx;
    struct wish w;

    PSE_REQUIRE(n == 1);
    if (parse_wish(&w, &arena, call[0]) != PSE_OK) {
        pse_http_problem(call[0], 400, "malformed");
        return;
    }
    pthread_mutex_lock(&d->lock);
    if (may_go_on(d, call[0], &w)) {
        if (pse_span_is_str(pse_http_path(call[0]), "/v1/trustee/request"))
            answer_request(d, call[0]);
        else
            answer_answer(d, call[0], w.answer);
    }
    pthread_mutex_unlock(&d->lock);
}

/* Only the page's own address leads here, whatever name somebody gave to this machine; and what is
 * sent comes from the page itself. */
static bool admit(void *ctx, const struct pse_http_call *c, unsigned *status, const char **slug)
{
    const struct trustee_desk *d = ctx;
    const char *host = strstr(d->keys.origin, "://");
    struct pse_span header;

    *status = 403;
    *slug = "other-site";
    if (!pse_http_header(&header, c, "Host") || !pse_span_is_str(header, host + 3))
        return false;
    if (pse_http_method(c) != PSE_HTTP_POST)
        return true;
    return pse_http_header(&header, c, "Origin") && pse_span_is_str(header, d->keys.origin);
}

/* --- life ---------------------------------------------------------------------------------------
 */

static void make_routes(struct trustee_desk *d)
{
    static const struct page_file file[] = {
        {"/", "text/html; charset=utf-8", {trustee_html, sizeof trustee_html}},
        {"/trustee.js", "text/javascript; charset=utf-8", {trustee_js, sizeof trustee_js}},
        {"/trustee.css", "text/css; charset=utf-8", {trustee_css, sizeof trustee_css}},
    };
    static const char *const path[] = {"/v1/trustee", "/v1/trustee/request", "/v1/trustee/answer"};

    for (size_t i = 0; i < 3; i++) {
        d->route[i] = page_route(&file[i]);
        d->route[3 + i] = (struct pse_http_route){
            .methods = i == 0 ? PSE_HTTP_GET : PSE_HTTP_POST,
            .path = path[i],
            .type = i == 0 ? NULL : "application/json",
            .body_max = i == 0 ? 0 : BODY_MAX,
            .handle = i == 0 ? handle_view : handle_post,
            .ctx = d,
        };
    }
    for (size_t i = 0; i < ROUTES; i++) {
        d->route[i].admit = admit;
        d->route[i].admit_ctx = d;
    }
}

pse_rc trustee_desk_open_for(struct trustee_desk **out, const char *name,
                             const struct trustee_keys *k)
{
    struct trustee_desk *d = calloc(1, sizeof *d);
    char address[PSE_HTTP_ADDRESS];
    pse_rc rc;

    *out = NULL;
    if (d == NULL)
        return PSE_E_MEMORY;
    d->name = name;
    d->keys = *k;
    d->fd = -1;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->changed, NULL);
    make_routes(d);
    rc = sysrng_start(&d->rng, name);
    if (rc == PSE_OK)
        rc = pse_webauthn_table_new(&d->table, 1);
    if (rc == PSE_OK)
        rc = service_listen(&d->fd, address, name, "the listener of the page", d->keys.listen);
    if (rc != PSE_OK) {
        trustee_desk_free(d);
        return rc;
    }
    *out = d;
    return PSE_OK;
}

pse_rc trustee_desk_open(struct trustee_desk **out, const char *name, const char *key)
{
    struct trustee_keys k;
    bool found;

    *out = NULL;
    PSE_TRY(trustee_keys_read(&found, &k, name, key));
    if (!found)
        return PSE_OK;
    if (k.n < TRUSTEE_KEYS_WANTED) {
        cli_error(name,
                  "only %zu of %d authenticators are registered; register the others first, "
                  "with psephos trustee authenticators",
                  k.n, TRUSTEE_KEYS_WANTED);
        return PSE_E_STATE;
    }
    return trustee_desk_open_for(out, name, &k);
}

void trustee_desk_free(struct trustee_desk *d)
{
    if (d == NULL)
        return;
    pse_http_stop(d->http);
    pse_webauthn_table_free(d->table);
    pse_buf_free(&d->evidence);
    pse_rng_wipe(&d->rng);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

/* Not before somebody is waited for: a sandbox wants no threads yet. */
static pse_rc start(struct trustee_desk *d)
{
    const struct pse_http_options o = {
        .route = d->route,
        .routes = ROUTES,
        .lane = {{.capacity = 16, .workers = 1}},
        .connections = 64,
        .per_source = UINT_MAX,
        .seed = pse_rng_below(&d->rng, UINT64_MAX),
    };
    pse_rc rc;

    if (d->http != NULL)
        return PSE_OK;
    rc = pse_http_start(&d->http, &o, d->fd);
    if (rc != PSE_OK)
        cli_error(d->name, "the page cannot be served (%s)", pse_rc_name(rc));
    return rc;
}

/* Until the page has brought the mode back to idle, or what it brought could not be kept. */
static pse_rc wait_for_page(struct trustee_desk *d, enum desk_mode mode)
{
    pse_rc rc;

    PSE_TRY(start(d));
    pthread_mutex_lock(&d->lock);
    d->mode = mode;
    d->rc = PSE_OK;
    while (d->mode != DESK_IDLE && d->rc == PSE_OK)
        pthread_cond_wait(&d->changed, &d->lock);
    d->mode = DESK_IDLE;
    rc = d->rc;
    pthread_mutex_unlock(&d->lock);
    return rc;
}

pse_rc trustee_desk_ask(struct trustee_desk *d, struct pse_span title, struct pse_span statement)
{
    pse_rc rc;

    d->title = title;
    d->statement = statement;
    pse_webauthn_act(&d->act, statement);
    d->evidence = PSE_BUF(PSE_WEBAUTHN_EVIDENCE_MAX);
    cli_note(d->name, "waiting for you: open %s and agree with an authenticator", d->keys.origin);
    rc = wait_for_page(d, DESK_ACT);
    pse_buf_free(&d->evidence);
    return rc;
}

pse_rc trustee_desk_register(struct trustee_desk *d, const char *code, size_t wanted,
                             const struct pse_webauthn_rules *rules)
{
    d->code = code;
    d->wanted = wanted;
    d->rules = rules;
    d->act = (pse_hash){{0}};
    return wait_for_page(d, DESK_REGISTER);
}
