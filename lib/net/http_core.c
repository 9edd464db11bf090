/* Lanes, workers and deadlines; knows no back-end. */
#include "http_core.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "codec/codec.h"

uint64_t http_now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- waiting -----------------------------------------------------------------------------------
 */

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

void http_wait_leave(struct pse_http_call *c)
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

/* --- turns -------------------------------------------------------------------------------------
 * All locked. */

/* Lanes with a call and a worker for it. */
static unsigned waiting_lanes(const struct pse_http *s)
{
    unsigned set = 0;

    for (unsigned i = 0; i < PSE_HTTP_LANES; i++)
        if (s->lane[i].first != NULL && s->lane[i].idle > 0)
            set |= 1U << i;
    return set;
}

static bool is_turn(const struct pse_http *s, unsigned lane)
{
    if (s->o.at_once == 0)
        return true;
    return s->at_work < s->o.at_once && pse_turns_next(&s->turns, waiting_lanes(s)) == (int)lane;
}

/* Something has changed: a call more, a worker less at work. Whose turn it is now is woken; one
 * that was woken before and finds that it is another's sleeps on. */
static void wake_next(struct pse_http *s)
{
    int next = pse_turns_next(&s->turns, waiting_lanes(s));

    if (next >= 0 && is_turn(s, (unsigned)next))
        pthread_cond_signal(&s->lane[next].work);
}

void http_call_run(struct pse_http_call *c)
{
    struct pse_http *s = c->server;
    struct http_lane *lane;
    bool full;

    if (c->body_n != c->body_want) {
        http_call_refuse(c, 400, "bad-request");
        return;
    }
    if (!http_call_complete(c)) {
        http_call_refuse(c, 503, "busy");
        return;
    }
    c->close_after = false;
    http_call_hold(c); /* the job's */
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
        if (++lane->n > lane->most)
            lane->most = lane->n;
        if (s->o.at_once == 0)
            pthread_cond_signal(&lane->work);
        else
            wake_next(s);
    }
    pthread_mutex_unlock(&s->lock);
    if (full) {
        http_call_drop(c);
        http_call_refuse(c, 503, "busy");
    }
}
/* --- workers -----------------------------------------------------------------------------------
 */

struct worker {
    struct pse_http *server;
    unsigned lane;
    bool has_turn;
    uint64_t began_us;
};

/* The worker whose thread this is, for what a handler asks for. */
static _Thread_local struct worker *own;

static uint64_t now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Locked. */
static void begin_turn(struct worker *w)
{
    w->has_turn = true;
    w->began_us = now_us();
    w->server->at_work++;
    wake_next(w->server); /* more than one may be at work */
}

/* Locked. */
static void end_turn(struct worker *w)
{
    struct pse_http *s = w->server;

    if (!w->has_turn)
        return;
    w->has_turn = false;
    s->at_work--;
    pse_turns_spent(&s->turns, w->lane, now_us() - w->began_us, waiting_lanes(s));
    wake_next(s);
}

void pse_http_yield(void)
{
    PSE_REQUIRE(own != NULL);
    pthread_mutex_lock(&own->server->lock);
    end_turn(own);
    pthread_mutex_unlock(&own->server->lock);
}

void pse_http_lane_capacity(const struct pse_http_call *c, size_t capacity)
{
    struct pse_http *s = c->server;

    PSE_REQUIRE(c->route->lane != PSE_HTTP_INLINE && capacity > 0);
    pthread_mutex_lock(&s->lock);
    s->o.lane[c->route->lane].capacity = capacity;
    pthread_mutex_unlock(&s->lock);
}

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
    struct worker w = *(const struct worker *)arg;
    struct pse_http *s = w.server;
    struct http_lane *lane = &s->lane[w.lane];
    struct pse_http_call *call[PSE_HTTP_BATCH_MAX];

    free(arg);
    own = &w;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        size_t n;

        lane->idle++;
        wake_next(s); /* a call may have waited for a worker */
        while ((lane->first == NULL || !is_turn(s, w.lane)) && !s->ending)
            pthread_cond_wait(&lane->work, &s->lock);
        lane->idle--;
        if (lane->first == NULL)
            break;
        n = take(call, lane);
        begin_turn(&w);
        pthread_mutex_unlock(&s->lock);
        work(call, n);
        pthread_mutex_lock(&s->lock);
        end_turn(&w);
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
        http_call_hold(c);
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
    *w = (struct worker){.server = s, .lane = lane};
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
    s->refs = 1;
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
    free(s->thread);
    http_core_drop(s);
}

void http_core_drop(struct pse_http *s)
{
    bool last;

    pthread_mutex_lock(&s->lock);
    last = --s->refs == 0;
    pthread_mutex_unlock(&s->lock);
    if (!last)
        return;
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

void http_core_counters(struct pse_http_counters *out, struct pse_http *s)
{
    pthread_mutex_lock(&s->lock);
    *out = s->count;
    for (size_t i = 0; i < PSE_HTTP_LANES; i++) {
        struct http_lane *lane = &s->lane[i];
        size_t full = s->o.lane[i].capacity == 0 ? 0 : 1000 * lane->most / s->o.lane[i].capacity;

        out->fullest = full > out->fullest ? (unsigned)full : out->fullest;
        lane->most = lane->n;
    }
    pthread_mutex_unlock(&s->lock);
}
