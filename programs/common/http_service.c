#include "common/http_service.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/openapi.h"
#include "common/options.h"

enum { METRICS_MAX = 1 << 20, HEALTH_MAX = 4096, FIGURES_CONNECTIONS = 16, FAILURE_MS = 1000 };

pse_rc service_listen(int *fd, char address[PSE_HTTP_ADDRESS], const char *name, const char *key,
                      const char *where)
{
    pse_rc rc = pse_http_listen(fd, address, where);

    if (rc == PSE_E_IO)
        cli_error(name, "[listen] %s: cannot listen on %s: %s", key, where, strerror(errno));
    else if (rc == PSE_E_MISSING)
        cli_error(name, "[listen] %s: the service manager passed no socket for %s", key, where);
    else if (rc != PSE_OK)
        cli_error(name,
                  "[listen] %s: '%s' is no address of this machine; say unix:PATH, 127.0.0.1:PORT "
                  "or [::1]:PORT",
                  key, where);
    return rc;
}

/* --- the table in the log ----------------------------------------------------------------------
 */

static void log_route(struct pse_log *log, const struct pse_http_route *r)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};
    char methods[64] = "";
    size_t n = 0;

    for (size_t i = 0; i < CLI_COUNT(names); i++) {
        if ((r->methods & 1U << i) != 0)
            n += (size_t)snprintf(methods + n, sizeof methods - n, "%s%s", n > 0 ? "," : "",
                                  names[i]);
    }
    PSE_LOG(log, PSE_LOG_DEBUG, "http.route", PSE_F("methods", (const char *)methods),
            PSE_F("path", r->path), PSE_F("type", r->type == NULL ? "" : r->type),
            PSE_F("body", (uint64_t)r->body_max));
}

/* Lack of room is what admission is for, and answers of it come by the thousand. */
static bool is_lack_of_room(const char *slug)
{
    return strcmp(slug, "busy") == 0 || strcmp(slug, "reduced") == 0 ||
           strcmp(slug, "stopping") == 0;
}

static void log_failure(void *ctx, unsigned status, const char *slug, const char *reference)
{
    static atomic_int_fast64_t last_ms;
    int64_t now = pse_clock_steady_ms();
    int_fast64_t last = atomic_load(&last_ms);

    if (is_lack_of_room(slug) || (last != 0 && now - last < FAILURE_MS) ||
        !atomic_compare_exchange_strong(&last_ms, &last, now))
        return;
    PSE_LOG((struct pse_log *)ctx, PSE_LOG_WARNING, "http.failed", PSE_F("status", status),
            PSE_F("problem", slug), PSE_F("reference", reference));
}

pse_rc service_start(struct pse_http **out, const struct pse_http_options *o, int fd,
                     struct pse_log *log)
{
    struct pse_http_options mine = *o;

    for (size_t i = 0; i < o->routes; i++)
        log_route(log, &o->route[i]);
    mine.failed = log_failure;
    mine.failed_ctx = log;
    return pse_http_start(out, &mine, fd);
}

/* --- the interface described -------------------------------------------------------------------
 */

static void answer_openapi(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct pse_http_answer a = {
        .status = 200, .type = "application/json", .body = {openapi_json, sizeof openapi_json}};

    (void)ctx;
    PSE_REQUIRE(n == 1);
    pse_http_answer_header(&a, "Cache-Control", "public, max-age=300");
    pse_http_answer_header(&a, "Access-Control-Allow-Origin", "*");
    pse_http_answer(call[0], &a);
}

struct pse_http_route service_openapi_route(void)
{
    return (struct pse_http_route){.methods = PSE_HTTP_GET,
                                   .path = "/v1/openapi.json",
                                   .lane = PSE_HTTP_INLINE,
                                   .handle = answer_openapi};
}

/* --- figures and health ------------------------------------------------------------------------
 */

pse_rc service_figures_start(struct pse_http **out, struct service_figures *f, int fd,
                             struct pse_log *log)
{
    struct pse_http_options o = {
        .route = f->route, .routes = CLI_COUNT(f->route), .connections = FIGURES_CONNECTIONS};

    *out = NULL;
    if (fd < 0)
        return PSE_OK;
    f->route[0] = (struct pse_http_route){.methods = PSE_HTTP_GET,
                                          .path = "/metrics",
                                          .lane = PSE_HTTP_INLINE,
                                          .handle = f->metrics,
                                          .ctx = f->ctx};
    f->route[1] = (struct pse_http_route){.methods = PSE_HTTP_GET,
                                          .path = "/healthz",
                                          .lane = PSE_HTTP_INLINE,
                                          .handle = f->health,
                                          .ctx = f->ctx};
    return service_start(out, &o, fd, log);
}

void service_metrics(struct pse_http_call *c, const struct pse_metric *const *metrics, size_t n)
{
    struct pse_http_answer a = {
        .status = 200, .type = PSE_METRICS_TYPE, .own = PSE_BUF(METRICS_MAX)};

    pse_metrics_put(&a.own, metrics, n);
    pse_http_answer(c, &a);
}

void service_health(struct pse_http_call *c, const struct pse_health_item *item, size_t n,
                    int64_t now)
{
    struct pse_http_answer a = {.type = "application/json", .own = PSE_BUF(HEALTH_MAX)};

    a.status = pse_health_is_good(item, n, now) ? 200 : 503;
    if (pse_health_put(&a.own, item, n, now) != PSE_OK) {
        pse_buf_free(&a.own);
        pse_http_problem(c, 503, "busy");
        return;
    }
    pse_http_answer_header(&a, "Cache-Control", "no-store");
    pse_http_answer(c, &a);
}
