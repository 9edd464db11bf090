/* What the HTTP sides of all daemons have in common: where they listen, figures and health on a
 * listener of their own, and answers that look the same everywhere.
 *
 * For: `psephos … serve`. Not for: what a route means (the daemon's), limits (net/http.h), the life
 * of a daemon (daemon.h). Handlers may be called from any thread. */
#ifndef PSE_PROGRAMS_HTTP_SERVICE_H
#define PSE_PROGRAMS_HTTP_SERVICE_H

#include "daemon/daemon.h"
#include "net/http.h"

/** pse_http_listen with its failure printed under @p name; @p key is the setting it came from.
 * Statuses of pse_http_listen. */
PSE_MUST pse_rc service_listen(int *fd, char address[PSE_HTTP_ADDRESS], const char *name,
                               const char *key, const char *where);

/** pse_http_start, with two things in @p log, which outlives the server: the closed table of routes
 * at level debug, a line each (`http.route methods=GET,POST path=/v1/x type=application/json
 * body=4096`), and the references of answers of status 500 and above, at most one a second and
 * never of mere lack of room. */
PSE_MUST pse_rc service_start(struct pse_http **out, const struct pse_http_options *o, int fd,
                              struct pse_log *log);

/** /metrics and /healthz on a listener and a thread of their own, which answer also while all else
 * is busy. Lives as long as the server. */
struct service_figures {
    pse_http_handler *metrics, *health;
    void *ctx; /* of both */
    struct pse_http_route route[2];
};
/** Serve them on @p fd, which is taken over; -1: nowhere, and *out is NULL. Statuses of
 * pse_http_start. */
PSE_MUST pse_rc service_figures_start(struct pse_http **out, struct service_figures *f, int fd,
                                      struct pse_log *log);

/** GET /v1/openapi.json: docs/openapi.json, the interface of all daemons, as it was built in. */
struct pse_http_route service_openapi_route(void);

/** Answer with all of @p metrics as OpenMetrics text. */
void service_metrics(struct pse_http_call *c, const struct pse_metric *const *metrics, size_t n);
/** Answer 200 when every item was seen within its time, else 503; the body says which was not.
 * @p now: of the clock that the items were seen by. */
void service_health(struct pse_http_call *c, const struct pse_health_item *item, size_t n,
                    int64_t now);

#endif
