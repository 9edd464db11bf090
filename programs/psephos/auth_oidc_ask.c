/* What psephos auth asks identity services: what they are, their keys, and tokens for a code. No
 * redirect is followed, answers are short and late ones are none; nothing here believes one. */
#include <stdio.h>
#include <string.h>

#include "net/fetch.h"
#include "psephos/auth.h"

/* A service that is away is not asked more often. */
enum { AGAIN_SECONDS = 10, REQUEST_MAX = 8192, HEADER_MAX = 2048 };

bool auth_oidc_is_of_service(enum pse_oidc_fault fault)
{
    switch (fault) {
    case PSE_OIDC_UNREACHABLE:
    case PSE_OIDC_REDIRECTED:
    case PSE_OIDC_OVERSIZED:
    case PSE_OIDC_STATUS:
    case PSE_OIDC_DISCOVERY_PARSE:
    case PSE_OIDC_DISCOVERY_ISSUER:
    case PSE_OIDC_DISCOVERY_ENDPOINT:
    case PSE_OIDC_DISCOVERY_FLOW:
    case PSE_OIDC_DISCOVERY_PKCE:
    case PSE_OIDC_DISCOVERY_ALGORITHM:
    case PSE_OIDC_DISCOVERY_CLIENT:
    case PSE_OIDC_SERVICE_BUSY:
    case PSE_OIDC_SERVICE_ERROR:
    case PSE_OIDC_CLIENT_REFUSED:
    case PSE_OIDC_TOKEN_REFUSED:
    case PSE_OIDC_KEYS_PARSE:
    case PSE_OIDC_KEYS_DUPLICATE:
    case PSE_OIDC_NO_MEMORY: return true;
    default: return false;
    }
}

/* --- one request -------------------------------------------------------------------------------
 */

/* Without the lock. A connection that is kept might make the library send a code twice; so none is.
 * The answer may hold secrets; pse_buf_free wipes them. */
static void ask(struct pse_oidc_answer *answer, struct pse_buf *body, const struct auth_oidc *o,
                struct pse_fetch *request)
{
    struct pse_fetched got = {.rc = PSE_E_IO};
    struct pse_fetcher *f;
    pse_rc rc = pse_fetcher_new(&f, 1);

    request->max = PSE_OIDC_ANSWER_MAX;
    request->deadline_ms = (unsigned)o->set->timeout_ms;
    request->ca = o->set->ca[0] == '\0' ? NULL : o->set->ca;
    if (rc == PSE_OK)
        rc = pse_fetch_one(&got, f, request);
    pse_fetcher_free(f);
    if (rc == PSE_OK && got.rc != PSE_OK)
        PSE_LOG(&o->a->d->log, PSE_LOG_WARNING, "auth.oidc-answer", PSE_F("service", o->section),
                PSE_F("why", got.why));
    *answer = (struct pse_oidc_answer){.came = rc == PSE_OK &&
                                               (got.rc == PSE_OK || got.rc == PSE_E_LIMIT),
                                       .is_longer = got.rc == PSE_E_LIMIT,
                                       .status = got.status,
                                       .body = pse_buf_span(&got.body)};
    *body = got.body;
}

static void get(struct pse_oidc_answer *answer, struct pse_buf *body, const struct auth_oidc *o,
                const char *url)
{
    static const char *const header[] = {"Accept: application/json"};
    struct pse_fetch request = {.url = url, .header = header, .headers = 1};

    ask(answer, body, o, &request);
}

/* --- what a service is -------------------------------------------------------------------------
 */

static enum pse_oidc_fault fetch_discovery(struct pse_oidc_discovery *out,
                                           const struct auth_oidc *o)
{
    char url[PSE_OIDC_ENDPOINT_MAX];
    struct pse_oidc_answer answer;
    enum pse_oidc_fault fault;
    struct pse_buf body;

    if (pse_oidc_discovery_url(url, &o->rules) != PSE_OK)
        return PSE_OIDC_DISCOVERY_ENDPOINT;
    get(&answer, &body, o, url);
    fault = pse_oidc_discovery_open(out, &answer, &o->rules);
    pse_buf_free(&body);
    return fault;
}

static enum pse_oidc_fault fetch_keys(struct pse_oidc_keys **out, const struct auth_oidc *o,
                                      const char *url)
{
    struct pse_oidc_answer answer;
    enum pse_oidc_fault fault;
    struct pse_buf body;

    get(&answer, &body, o, url);
    fault = pse_oidc_keys_open(out, &answer);
    pse_buf_free(&body);
    return fault;
}

/* Only one worker asks a service about itself; the others wait for what it brings. */
static void begin_asking(struct auth_oidc *o)
{
    o->is_asking = true;
    pthread_mutex_unlock(&o->a->lock);
}

static void end_asking(struct auth_oidc *o, struct pse_oidc_keys *keys, enum pse_oidc_fault fault)
{
    pthread_mutex_lock(&o->a->lock);
    o->is_asking = false;
    o->trouble = fault;
    if (fault == PSE_OIDC_GOOD) {
        pse_oidc_keys_free(o->keys);
        o->keys = keys;
        o->keys_number++;
    } else {
        PSE_LOG(&o->a->d->log, PSE_LOG_WARNING, "auth.oidc", PSE_F("service", o->section),
                PSE_F("fault", pse_oidc_fault_name(fault)));
        auth_event(o->a, "auth.oidc", 4, "failed", pse_oidc_fault_name(fault));
    }
    pthread_cond_broadcast(&o->answered);
}

static void hear(struct auth_oidc *o)
{
    struct pse_oidc_discovery d;
    struct pse_oidc_keys *keys = NULL;
    enum pse_oidc_fault fault;

    o->asked = (int64_t)auth_now();
    begin_asking(o);
    fault = fetch_discovery(&d, o);
    if (fault == PSE_OIDC_GOOD)
        fault = fetch_keys(&keys, o, d.jwks_uri);
    end_asking(o, keys, fault);
    if (fault != PSE_OIDC_GOOD)
        return;
    o->discovery = d;
    o->heard = (int64_t)auth_now();
    PSE_LOG(&o->a->d->log, PSE_LOG_NOTICE, "auth.oidc-heard", PSE_F("service", o->section),
            PSE_F("keys", (uint64_t)pse_oidc_keys_count(o->keys)),
            PSE_F("unsafe", d.is_unsafe ? "yes" : "no"));
}

enum pse_oidc_fault auth_oidc_hear(struct auth_oidc *o)
{
    for (;;) {
        int64_t now = (int64_t)auth_now();

        if (o->heard != 0 && !pse_oidc_keys_are_old(o->heard, now))
            return PSE_OIDC_GOOD;
        if (o->is_asking)
            pthread_cond_wait(&o->answered, &o->a->lock);
        else if (o->asked != 0 && now >= o->asked && now - o->asked < AGAIN_SECONDS)
            return o->trouble;
        else
            hear(o);
    }
}

bool auth_oidc_has_other_keys(struct auth_oidc *o, uint64_t known)
{
    struct pse_oidc_keys *keys = NULL;
    char url[PSE_OIDC_ENDPOINT_MAX];
    enum pse_oidc_fault fault;

    while (o->is_asking)
        pthread_cond_wait(&o->answered, &o->a->lock);
    if (o->keys_number != known)
        return true;
    if (!pse_oidc_refresh_is_due(o->refreshed, (int64_t)auth_now()))
        return false;
    o->refreshed = (int64_t)auth_now();
    memcpy(url, o->discovery.jwks_uri, sizeof url);
    begin_asking(o);
    fault = fetch_keys(&keys, o, url);
    end_asking(o, keys, fault);
    return o->keys_number != known;
}

/* --- tokens ------------------------------------------------------------------------------------
 */

static enum pse_oidc_fault post(struct pse_oidc_tokens *out, const struct auth_oidc *o,
                                const char *url, const struct pse_buf *question,
                                const struct pse_buf *who)
{
    const char *const header[] = {"Content-Type: application/x-www-form-urlencoded",
                                  "Accept: application/json", (const char *)who->p};
    struct pse_fetch request = {.url = url,
                                .post = true,
                                .body = pse_buf_span(question),
                                .header = header,
                                .headers = who->n > 0 ? 3 : 2};
    struct pse_oidc_answer answer;
    enum pse_oidc_fault fault;
    struct pse_buf body;

    ask(&answer, &body, o, &request);
    fault = pse_oidc_tokens_open(out, &answer);
    pse_buf_free(&body);
    return fault;
}

enum pse_oidc_fault auth_oidc_fetch_tokens(struct pse_oidc_tokens *out, struct auth_oidc *o,
                                           const pse_oidc_pending *p, const pse_oidc_code *code)
{
    struct pse_buf question = PSE_BUF(REQUEST_MAX);
    struct pse_buf who = PSE_BUF(HEADER_MAX);
    enum pse_oidc_fault fault = PSE_OIDC_NO_MEMORY;
    char url[PSE_OIDC_ENDPOINT_MAX];

    memcpy(url, o->discovery.token_endpoint, sizeof url);
    pthread_mutex_unlock(&o->a->lock);
    if (pse_oidc_token_request_put(&question, &who, &o->rules, pse_span(o->secret.p, o->secret.n),
                                   p, code) == PSE_OK)
        fault = post(out, o, url, &question, &who);
    pse_buf_free(&question);
    pse_buf_free(&who);
    pthread_mutex_lock(&o->a->lock);
    return fault;
}
