/* Calls, lanes, workers and deadlines; knows no back-end. */
#define _GNU_SOURCE /* O_TMPFILE */
#include "http_core.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "codec/codec.h"

uint64_t http_now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- calls -------------------------------------------------------------------------------------
 */

static void call_free(struct pse_http_call *c)
{
    http_answer_free(&c->answer);
    if (c->spool >= 0) {
        if (c->body != NULL)
            (void)munmap(c->body, c->body_want);
        (void)close(c->spool);
    } else {
        free(c->body);
    }
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

void http_call_drop(struct pse_http_call *c)
{
    bool last;

    pthread_mutex_lock(&c->lock);
    last = --c->refs == 0;
    pthread_mutex_unlock(&c->lock);
    if (last)
        call_free(c);
}

static void call_hold(struct pse_http_call *c)
{
    pthread_mutex_lock(&c->lock);
    c->refs++;
    pthread_mutex_unlock(&c->lock);
}

bool http_call_is_answered(struct pse_http_call *c)
{
    bool answered;

    pthread_mutex_lock(&c->lock);
    answered = c->state == HTTP_ANSWERED;
    pthread_mutex_unlock(&c->lock);
    return answered;
}

/* The list of calls whose connection is held still. */
static void wait_enter(struct pse_http_call *c)
{
    struct pse_http *s = c->server;

    c->waits = true;
    c->wait_before = NULL;
    c->wait_next = s->waiting;
    if (s->waiting != NULL)
        s->waiting->wait_before = c;
    s->waiting = c;
    s->count.waiting++;
}

static void wait_leave(struct pse_http_call *c)
{
    struct pse_http *s = c->server;

    pthread_mutex_lock(&s->lock);
    if (c->waits) {
        c->waits = false;
        if (c->wait_next != NULL)
            c->wait_next->wait_before = c->wait_before;
        if (c->wait_before != NULL)
            c->wait_before->wait_next = c->wait_next;
        else
            s->waiting = c->wait_next;
        s->count.waiting--;
    }
    pthread_mutex_unlock(&s->lock);
}

/* The one place where a call becomes answered: the first answer counts, the connection is resumed
 * with the answer in place, once. The caller still holds a reference. */
static bool settle(struct pse_http_call *c, struct pse_http_answer *a)
{
    bool first;

    wait_leave(c);
    pthread_mutex_lock(&c->lock);
    first = c->state == HTTP_OPEN;
    if (first) {
        c->answer = *a;
        c->state = HTTP_ANSWERED;
        if (c->suspended)
            c->server->ops->resume(c->conn);
    }
    pthread_mutex_unlock(&c->lock);
    if (!first)
        http_answer_free(a);
    memset(a, 0, sizeof *a);
    return first;
}

void pse_http_answer(struct pse_http_call *c, struct pse_http_answer *a)
{
    PSE_REQUIRE(a->status >= 200 && a->status < 600);
    (void)settle(c, a);
    http_call_drop(c); /* the job's */
}

/* Refuse in the server's own name. */
static void refuse(struct pse_http_call *c, unsigned status, const char *slug)
{
    struct pse_http *s = c->server;

    pthread_mutex_lock(&s->lock);
    s->count.refused++;
    pthread_mutex_unlock(&s->lock);
    call_hold(c); /* which pse_http_problem drops */
    pse_http_problem(c, status, slug);
}

static void put_text(struct pse_span *s, char **at)
{
    if (s->n > 0)
        memcpy(*at, s->p, s->n);
    s->p = (const uint8_t *)*at;
    *at += s->n;
}

/* The call's own copy of what it must know of the head. */
static struct pse_http_call *call_copy(struct http_head *own, const struct http_head *head)
{
    size_t n = head->fields_n < PSE_HTTP_HEADERS_MAX ? head->fields_n : PSE_HTTP_HEADERS_MAX;
    size_t bytes = head->method.n + head->target.n + head->version.n;
    struct pse_http_call *c;
    char *at;

    for (size_t i = 0; i < n; i++)
        bytes += head->field[i].name.n + head->field[i].value.n;
    c = calloc(1, sizeof *c + bytes);
    if (c == NULL)
        return NULL;
    at = c->text;
    *own = *head;
    put_text(&own->method, &at);
    put_text(&own->target, &at);
    put_text(&own->version, &at);
    for (size_t i = 0; i < n; i++) {
        put_text(&own->field[i].name, &at);
        put_text(&own->field[i].value, &at);
        c->field[i] = own->field[i];
    }
    c->fields_n = n;
    return c;
}

static bool announces_body(const struct http_head *head)
{
    static const char *const name[] = {"content-length", "transfer-encoding"};

    for (size_t i = 0; i < head->fields_n && i < PSE_HTTP_HEADERS_MAX; i++)
        for (size_t k = 0; k < 2; k++)
            if (head->field[i].name.n == strlen(name[k]) &&
                strncasecmp((const char *)head->field[i].name.p, name[k], strlen(name[k])) == 0)
                return true;
    return false;
}

struct pse_http_call *http_call_new(struct pse_http *s, void *conn, const struct http_peer *peer,
                                    const struct http_head *head)
{
    struct http_head own;
    struct pse_http_call *c = call_copy(&own, head);
    const char *slug = NULL;
    unsigned status = 0;
    bool stopping;
    bool full;

    if (c == NULL)
        return NULL;
    if (pthread_mutex_init(&c->lock, NULL) != 0) {
        free(c);
        return NULL;
    }
    c->server = s;
    c->conn = conn;
    c->peer = *peer;
    c->spool = -1;
    c->refs = 1;
    c->method = PSE_HTTP_GET;
    c->close_after = announces_body(&own); /* until the body has been read */
    pthread_mutex_lock(&s->lock);
    s->count.requests++;
    stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    if (stopping) {
        refuse(c, 503, "stopping");
    } else if (http_head_judge(c, &own, &status, &slug) != PSE_OK) {
        c->close_after |= status != 404 && status != 405;
        refuse(c, status, slug);
    } else if (c->route->lane != PSE_HTTP_INLINE) {
        pthread_mutex_lock(&s->lock);
        full = s->lane[c->route->lane].n >= s->o.lane[c->route->lane].capacity;
        pthread_mutex_unlock(&s->lock);
        if (full) /* known before the body is read */
            refuse(c, 503, "busy");
    }
    return c;
}

/* A long body goes to a file without a name. */
static bool spool_body(struct pse_http_call *c, const uint8_t *p, size_t n)
{
    if (c->spool < 0)
        c->spool = open(c->server->o.spool, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    while (c->spool >= 0 && n > 0) {
        ssize_t done = pwrite(c->spool, p, n, (off_t)c->body_n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
        c->body_n += (size_t)done;
    }
    return n == 0;
}

bool http_call_body(struct pse_http_call *c, const void *p, size_t n)
{
    if (n > c->body_want - c->body_n)
        return false;
    if (c->server->o.spool != NULL && c->body_want > PSE_HTTP_SPOOL_ABOVE)
        return spool_body(c, p, n);
    if (c->body == NULL)
        c->body = malloc(c->body_want);
    if (c->body == NULL)
        return false;
    memcpy(c->body + c->body_n, p, n);
    c->body_n += n;
    return true;
}

/* All of it is there: the handler sees it as memory. */
static bool map_spooled(struct pse_http_call *c)
{
    void *at;

    if (c->spool < 0)
        return true;
    at = mmap(NULL, c->body_want, PROT_READ, MAP_SHARED, c->spool, 0);
    c->body = at == MAP_FAILED ? NULL : at;
    return c->body != NULL;
}

void http_call_run(struct pse_http_call *c)
{
    struct pse_http *s = c->server;
    struct http_lane *lane;
    bool full;

    if (c->body_n != c->body_want) {
        refuse(c, 400, "bad-request");
        return;
    }
    if (!map_spooled(c)) {
        refuse(c, 503, "busy");
        return;
    }
    c->close_after = false;
    call_hold(c); /* the job's */
    if (c->route->lane == PSE_HTTP_INLINE) {
        c->route->handle(c->route->ctx, &c, 1);
        PSE_REQUIRE(http_call_is_answered(c));
        return;
    }
    lane = &s->lane[c->route->lane];
    c->queued_at = http_now_ms();
    c->deadline =
        c->queued_at + (c->route->deadline_ms > 0 ? c->route->deadline_ms : PSE_HTTP_WAIT_MS);
    pthread_mutex_lock(&s->lock);
    full = lane->n >= s->o.lane[c->route->lane].capacity || s->stopping;
    if (!full) {
        /* Held still before any worker can see it; a worker that answers at once resumes it. */
        c->suspended = true;
        s->ops->suspend(c->conn);
        wait_enter(c);
        c->next = NULL;
        *lane->last = c;
        lane->last = &c->next;
        lane->n++;
        pthread_cond_signal(&lane->work);
    }
    pthread_mutex_unlock(&s->lock);
    if (full) {
        http_call_drop(c);
        refuse(c, 503, "busy");
    }
}

/* --- workers -----------------------------------------------------------------------------------
 */

struct worker {
    struct pse_http *server;
    unsigned lane;
};

/* Calls of one route from the head of the lane. Locked. */
static size_t take(struct pse_http_call **call, struct http_lane *lane)
{
    const struct pse_http_route *route = lane->first->route;
    size_t max = route->batch > 0 ? route->batch : 1;
    size_t n = 0;

    while (n < max && lane->first != NULL && lane->first->route == route) {
        struct pse_http_call *c = lane->first;

        lane->first = c->next;
        if (lane->first == NULL)
            lane->last = &lane->first;
        lane->n--;
        call[n++] = c;
    }
    return n;
}

/* Too old to begin, given up, or nobody is there to hear the answer. */
static bool is_stale(struct pse_http_call *c, uint64_t now)
{
    bool gone = false;

    if (now - c->queued_at > c->server->o.stale_ms)
        return true;
    pthread_mutex_lock(&c->lock);
    if (c->state == HTTP_OPEN)
        gone = c->server->ops->is_gone(c->conn);
    else
        gone = true;
    pthread_mutex_unlock(&c->lock);
    return gone;
}

static void work(struct pse_http_call **call, size_t n)
{
    const struct pse_http_route *route = call[0]->route;
    uint64_t now = http_now_ms();
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (is_stale(call[i], now))
            pse_http_problem(call[i], 503, "busy");
        else
            call[kept++] = call[i];
    }
    if (kept > 0)
        route->handle(route->ctx, call, kept);
}

static void *worker_main(void *arg)
{
    struct worker w = *(struct worker *)arg;
    struct pse_http *s = w.server;
    struct http_lane *lane = &s->lane[w.lane];
    struct pse_http_call *call[PSE_HTTP_BATCH_MAX];

    free(arg);
    pthread_mutex_lock(&s->lock);
    for (;;) {
        size_t n;

        while (lane->first == NULL && !s->ending)
            pthread_cond_wait(&lane->work, &s->lock);
        if (lane->first == NULL)
            break;
        n = take(call, lane);
        pthread_mutex_unlock(&s->lock);
        work(call, n);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* --- deadlines ---------------------------------------------------------------------------------
 */

enum { GIVE_UP_AT_ONCE = 256 };

/* Up to so many waiting calls past their deadline (all of them when @p now is the end of time),
 * each with a reference. */
static size_t take_overdue(struct pse_http_call **call, struct pse_http *s, uint64_t now)
{
    size_t n = 0;

    pthread_mutex_lock(&s->lock);
    for (struct pse_http_call *c = s->waiting; c != NULL && n < GIVE_UP_AT_ONCE; c = c->wait_next) {
        if (c->deadline > now)
            continue;
        call_hold(c);
        call[n++] = c;
    }
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* The references just taken are used up by the answers. */
static void give_up(struct pse_http *s, uint64_t now, const char *slug)
{
    struct pse_http_call *call[GIVE_UP_AT_ONCE];
    size_t n;

    do {
        n = take_overdue(call, s, now);
        pthread_mutex_lock(&s->lock);
        s->count.overdue += now == UINT64_MAX ? 0 : n;
        pthread_mutex_unlock(&s->lock);
        for (size_t i = 0; i < n; i++)
            pse_http_problem(call[i], 503, slug);
    } while (n == GIVE_UP_AT_ONCE);
}

static struct timespec in_a_second(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec++;
    return t;
}

static void *ticker_main(void *arg)
{
    struct pse_http *s = arg;

    for (;;) {
        struct timespec until = in_a_second();
        bool ending;
        int rc = 0;

        pthread_mutex_lock(&s->lock);
        while (!s->ending && rc != ETIMEDOUT)
            rc = pthread_cond_timedwait(&s->tick, &s->lock, &until);
        ending = s->ending;
        pthread_mutex_unlock(&s->lock);
        if (ending)
            return NULL;
        give_up(s, http_now_ms(), "overdue");
        if (s->ops->tick != NULL)
            s->ops->tick(s->backend, http_now_ms());
    }
}

/* --- life --------------------------------------------------------------------------------------
 */

void http_options_check(const struct pse_http_options *o)
{
    PSE_REQUIRE(o->routes > 0 && o->routes <= PSE_HTTP_ROUTES_MAX);
    for (size_t i = 0; i < o->routes; i++) {
        const struct pse_http_route *r = &o->route[i];

        PSE_REQUIRE(r->path[0] == '/' && r->handle != NULL && r->batch <= PSE_HTTP_BATCH_MAX);
        PSE_REQUIRE(r->methods != 0 && r->methods < 2 * PSE_HTTP_DELETE);
        PSE_REQUIRE(r->lane == PSE_HTTP_INLINE || (r->lane >= 0 && r->lane < PSE_HTTP_LANES));
        PSE_REQUIRE(r->lane == PSE_HTTP_INLINE ||
                    (o->lane[r->lane].workers > 0 && o->lane[r->lane].capacity > 0));
    }
}

static void set_default(unsigned *x, unsigned value)
{
    if (*x == 0)
        *x = value;
}

void http_options_defaults(struct pse_http_options *o)
{
    set_default(&o->connections, PSE_HTTP_CONNECTIONS);
    set_default(&o->per_source, PSE_HTTP_PER_SOURCE);
    set_default(&o->header_ms, PSE_HTTP_HEADER_MS);
    set_default(&o->body_ms, PSE_HTTP_BODY_MS);
    set_default(&o->idle_ms, PSE_HTTP_IDLE_MS);
    set_default(&o->requests, PSE_HTTP_REQUESTS);
    set_default(&o->stale_ms, PSE_HTTP_STALE_MS);
}

static bool init_locks(struct pse_http *s)
{
    pthread_condattr_t attr;
    bool good = pthread_mutex_init(&s->lock, NULL) == 0 && pthread_condattr_init(&attr) == 0 &&
                pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
                pthread_cond_init(&s->tick, &attr) == 0;

    for (size_t i = 0; i < PSE_HTTP_LANES; i++) {
        s->lane[i].last = &s->lane[i].first;
        good = good && pthread_cond_init(&s->lane[i].work, NULL) == 0;
    }
    return good;
}

static pse_rc start_worker(struct pse_http *s, unsigned lane)
{
    struct worker *w = malloc(sizeof *w);

    if (w == NULL)
        return PSE_E_MEMORY;
    *w = (struct worker){s, lane};
    if (pthread_create(&s->thread[s->threads], NULL, worker_main, w) != 0) {
        free(w);
        return PSE_E_MEMORY;
    }
    s->threads++;
    return PSE_OK;
}

static pse_rc start_threads(struct pse_http *s)
{
    size_t n = 1;

    for (size_t i = 0; i < PSE_HTTP_LANES; i++)
        n += s->o.lane[i].workers;
    s->thread = calloc(n, sizeof *s->thread);
    if (s->thread == NULL || pthread_create(&s->thread[0], NULL, ticker_main, s) != 0)
        return PSE_E_MEMORY;
    s->threads = 1;
    for (unsigned i = 0; i < PSE_HTTP_LANES; i++)
        for (unsigned k = 0; k < s->o.lane[i].workers; k++)
            PSE_TRY(start_worker(s, i));
    return PSE_OK;
}

pse_rc http_core_new(struct pse_http **out, const struct pse_http_options *o,
                     const struct http_ops *ops, void *backend)
{
    struct pse_http *s = calloc(1, sizeof *s);
    uint8_t seed[32] = {0};
    pse_rc rc;

    *out = NULL;
    http_options_check(o);
    if (s == NULL)
        return PSE_E_MEMORY;
    s->o = *o;
    http_options_defaults(&s->o);
    s->ops = ops;
    s->backend = backend;
    pse_store_u64(seed, o->seed);
    pse_rng_init(&s->jitter, seed);
    PSE_REQUIRE(init_locks(s)); /* fails for wrong arguments only */
    rc = start_threads(s);
    if (rc != PSE_OK) {
        http_core_free(s);
        return rc;
    }
    *out = s;
    return PSE_OK;
}

void http_core_drain(struct pse_http *s)
{
    uint64_t end = http_now_ms() + PSE_HTTP_DRAIN_MS;
    const struct timespec nap = {0, 5 * 1000 * 1000};
    size_t left;

    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_mutex_unlock(&s->lock);
    do {
        pthread_mutex_lock(&s->lock);
        left = s->count.waiting;
        pthread_mutex_unlock(&s->lock);
        if (left > 0)
            (void)nanosleep(&nap, NULL);
    } while (left > 0 && http_now_ms() < end);
    give_up(s, UINT64_MAX, "stopping");
}

void http_core_free(struct pse_http *s)
{
    pthread_mutex_lock(&s->lock);
    s->ending = true;
    for (size_t i = 0; i < PSE_HTTP_LANES; i++)
        pthread_cond_broadcast(&s->lane[i].work);
    pthread_cond_broadcast(&s->tick);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->threads; i++)
        (void)pthread_join(s->thread[i], NULL);
    for (size_t i = 0; i < PSE_HTTP_LANES; i++)
        (void)pthread_cond_destroy(&s->lane[i].work);
    (void)pthread_cond_destroy(&s->tick);
    (void)pthread_mutex_destroy(&s->lock);
    free(s->thread);
    free(s);
}

void http_core_counters(struct pse_http_counters *out, struct pse_http *s)
{
    pthread_mutex_lock(&s->lock);
    *out = s->count;
    pthread_mutex_unlock(&s->lock);
}

/* --- what handlers see --------------------------------------------------------------------------
 */

enum pse_http_method pse_http_method(const struct pse_http_call *c)
{
    return c->method;
}

struct pse_span pse_http_path(const struct pse_http_call *c)
{
    return c->path;
}

struct pse_span pse_http_tail(const struct pse_http_call *c)
{
    return c->tail;
}

struct pse_span pse_http_query(const struct pse_http_call *c)
{
    return c->query;
}

struct pse_span pse_http_body(const struct pse_http_call *c)
{
    return pse_span(c->body, c->body_n);
}

bool pse_http_header(struct pse_span *value, const struct pse_http_call *c, const char *name)
{
    size_t name_n = strlen(name);
    size_t seen = 0;

    *value = pse_span(NULL, 0);
    for (size_t i = 0; i < c->fields_n; i++) {
        if (c->field[i].name.n != name_n ||
            strncasecmp((const char *)c->field[i].name.p, name, name_n) != 0)
            continue;
        *value = c->field[i].value;
        seen++;
    }
    return seen == 1;
}

uint64_t pse_http_peer(const struct pse_http_call *c)
{
    return c->peer.address;
}

bool pse_http_peer_uid(uint32_t *uid, const struct pse_http_call *c)
{
    *uid = c->peer.uid;
    return c->peer.has_uid;
}
