/* Measurements of registering with an eID: a service under load, voters with cards beside voters
 * who cast.
 *
 * First they come on a schedule that no answer delays, 12,000 in an hour; then a dozen devices
 * register one after the other as fast as they are answered. Whenever the rule lets it, the office
 * releases what waits. Everything runs on this machine, cards and devices of the voters too. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "psephos/bench_town.h"
#include "psephos/load_crowd.h"
#include "psephos/load_report.h"
#include "psephos/load_watch.h"
#include "store/voters.h"

enum {
    AN_HOUR = 12000, /* registrations offered; 10,000 are to be borne */
    BALLOTS = 60,    /* a second, beside them */
    MOST = 100,      /* cards for each second of the second part: more than are registered */
    DEVICES = 12,
    PATIENCE_S = 60,
    CAST_PATIENCE_S = 30,
    LOOK_MS = 100, /* between two looks at the record */
    DESCRIPTORS = 8192,
};

static const char name[] = "psephos bench";

/* One voter's registration, on the clock of progress_now; 0: it did not come so far. */
struct way {
    double due, decided, recorded;
    double answer; /* seconds that POST /v1/registrations took */
    bool has_failed;
    struct enrolling e;
};

struct device {
    struct registering *g;
    pthread_t thread;
    struct pse_fetcher *web;
    struct pse_rng rng;
};

struct registering {
    struct bench_town town;
    uint64_t seconds, most_seconds;
    size_t steady, most; /* who comes in which part */
    struct way *way;
    double start, most_start, most_end;
    struct load_watch auth, office, authority;
    double cpu[3]; /* seconds of these, in the first part */
    struct device device[DEVICES];
    pthread_t officers, looker, caster;

    atomic_size_t next;       /* who comes next */
    atomic_bool all_came;     /* nobody registers any more */
    atomic_bool all_released; /* nor is anything released */
    atomic_bool has_failed;   /* office or record */
    pthread_mutex_t lock;     /* what follows */
    size_t *decided;          /* in that order */
    size_t decided_n, recorded_n;

    struct load_loop *loop; /* of those who cast */
    char host[64];
    struct load_crowd crowd;

    struct load_latency accepted, whole, roster, cast;
    size_t failed, most_n, cast_failed;
};

static void sleep_until(double t)
{
    double left = t - progress_now();
    struct timespec nap;

    if (left <= 0)
        return;
    nap.tv_sec = (time_t)left;
    nap.tv_nsec = (long)((left - floor(left)) * 1e9);
    (void)nanosleep(&nap, NULL);
}

static void nap(void)
{
    sleep_until(progress_now() + LOOK_MS / 1000.0);
}

/* --- voters with cards -------------------------------------------------------------------------
 */

static pse_rc enrol(struct way *w, const struct rehearsal_voter *voter)
{
    struct pse_buf statement = PSE_BUF(PSE_BINDING_MAX), cms = PSE_BUF(PSE_CMS_MAX);
    char state[ENROLLING_WHY];
    struct key *k = NULL;
    pse_rc rc = key_make_voter(&k, name, w->e.eid, w->e.g, &voter->d);

    if (rc == PSE_OK)
        rc = enrolling_login(&w->e);
    if (rc == PSE_OK)
        rc = enrolling_send(&statement, &cms, &w->e, k, false);
    w->answer = w->e.seconds;
    if (rc == PSE_OK)
        rc = enrolling_wait(state, &w->e, &voter->credential, PATIENCE_S);
    if (rc == PSE_OK && strcmp(state, "pending") == 0) {
        cli_error(name, "a registration waits for the demo authority, which should answer");
        rc = PSE_E_STATE;
    }
    key_free(k);
    pse_buf_free(&statement);
    pse_buf_free(&cms);
    return rc;
}

static void register_one(struct registering *g, size_t i, struct device *d)
{
    struct way *w = &g->way[i];

    w->e = demo_eid_enrolling(g->town.eid, i, &d->rng, d->web);
    w->has_failed = enrol(w, &g->town.voter[i]) != PSE_OK;
    if (w->has_failed)
        return;
    w->decided = progress_now();
    pthread_mutex_lock(&g->lock);
    g->decided[g->decided_n++] = i;
    pthread_mutex_unlock(&g->lock);
}

static size_t decided_so_far(struct registering *g)
{
    size_t n;

    pthread_mutex_lock(&g->lock);
    n = g->decided_n;
    pthread_mutex_unlock(&g->lock);
    return n;
}

/* The second part lasts longer where it must, so that there is something to release. */
static void *be_device(void *ctx)
{
    struct device *d = ctx;
    struct registering *g = d->g;

    for (;;) {
        size_t i = atomic_fetch_add(&g->next, 1);

        if (i >= g->steady + g->most)
            return NULL;
        sleep_until(i < g->steady ? g->way[i].due : g->most_start);
        if (i >= g->steady) {
            g->way[i].due = progress_now();
            if (g->way[i].due >= g->most_end && decided_so_far(g) >= PSE_RELEASE_BATCH)
                return NULL;
        }
        register_one(g, i, d);
    }
}

/* --- the office and the record -----------------------------------------------------------------
 */

/* How many wait for a release, and who does longest. */
static size_t waiting(struct registering *g, size_t *first)
{
    size_t n;

    pthread_mutex_lock(&g->lock);
    n = g->decided_n - g->recorded_n;
    *first = n > 0 ? g->decided[g->recorded_n] : 0;
    pthread_mutex_unlock(&g->lock);
    return n;
}

static bool see_recorded(struct registering *g, size_t n)
{
    double end = progress_now() + PATIENCE_S;
    bool is_there = false;

    while (!is_there && progress_now() < end && !atomic_load(&g->has_failed)) {
        nap();
        pthread_mutex_lock(&g->lock);
        is_there = g->recorded_n >= n;
        pthread_mutex_unlock(&g->lock);
    }
    return is_there;
}

static bool release(struct registering *g)
{
    size_t mark = decided_so_far(g);

    if (demo_eid_release(g->town.eid) != PSE_OK)
        return false;
    if (see_recorded(g, mark))
        return true;
    cli_error(name, "what was released is not in the record after %d seconds", PATIENCE_S);
    return false;
}

static void *be_officers(void *ctx)
{
    struct registering *g = ctx;

    while (!atomic_load(&g->has_failed)) {
        bool is_last = atomic_load(&g->all_came);
        size_t first;

        if (waiting(g, &first) < PSE_RELEASE_BATCH) {
            if (is_last)
                break;
            nap();
        } else if (!release(g)) {
            atomic_store(&g->has_failed, true);
        }
    }
    return NULL;
}

static bool is_recorded(struct registering *g, size_t i, struct pse_fetcher *web)
{
    char state[ENROLLING_WHY];

    g->way[i].e.fetcher = web;
    if (enrolling_wait(state, &g->way[i].e, &g->town.voter[i].credential, 1) != PSE_OK)
        atomic_store(&g->has_failed, true);
    return !atomic_load(&g->has_failed) && strcmp(state, "recorded") == 0;
}

/* Who waits longest asks, and once that one is there, the next. */
static void *be_looker(void *ctx)
{
    struct registering *g = ctx;
    struct pse_fetcher *web = NULL;

    if (pse_fetcher_new(&web, 1) != PSE_OK)
        atomic_store(&g->has_failed, true);
    while (!atomic_load(&g->has_failed)) {
        bool is_last = atomic_load(&g->all_released);
        size_t i;

        if (waiting(g, &i) > 0 && is_recorded(g, i, web)) {
            g->way[i].recorded = progress_now();
            pthread_mutex_lock(&g->lock);
            g->recorded_n++;
            pthread_mutex_unlock(&g->lock);
        } else if (is_last) {
            break;
        } else {
            nap();
        }
    }
    pse_fetcher_free(web);
    return NULL;
}

/* --- voters who cast ---------------------------------------------------------------------------
 */

static pse_rc start_crowd(struct registering *g)
{
    char url[PSE_HTTP_ADDRESS + 16];
    struct load_crowd_options o = {.host = g->host,
                                   .set = &g->town.set,
                                   .rate = BALLOTS,
                                   .voters = g->town.casters,
                                   .patience = CAST_PATIENCE_S,
                                   .info = true};

    (void)snprintf(url, sizeof url, "http://%s", g->town.box);
    PSE_TRY(load_target(&o.to, g->host, url));
    PSE_TRY(load_loop_new(&g->loop));
    o.loop = g->loop;
    o.start = g->loop->now;
    return load_crowd_start(&g->crowd, &o);
}

static void *be_crowd(void *ctx)
{
    struct registering *g = ctx;
    double end = load_now() + (double)(g->seconds + g->most_seconds) + 2 * CAST_PATIENCE_S;

    while (!load_crowd_is_done(&g->crowd) && load_now() < end)
        load_loop_round(g->loop, end);
    return NULL;
}

/* --- the run -----------------------------------------------------------------------------------
 */

static void finish(const struct bench *b, void *state)
{
    struct registering *g = state;

    (void)b;
    for (size_t i = 0; i < DEVICES; i++) {
        pse_fetcher_free(g->device[i].web);
        pse_rng_wipe(&g->device[i].rng);
    }
    if (g->loop != NULL) {
        load_crowd_stop(&g->crowd);
        load_crowd_free(&g->crowd);
        load_loop_free(g->loop);
    }
    bench_town_close(&g->town);
    if (g->way != NULL)
        pse_wipe(g->way, (g->steady + g->most) * sizeof *g->way);
    free(g->way);
    free(g->decided);
}

static void *prepare(const struct bench *b, size_t size, size_t *things)
{
    struct registering *g = PSE_NEW(b->arena, struct registering, 1);
    pse_rc rc = PSE_E_MEMORY;
    pid_t pid[3];

    (void)size;
    *things = 1;
    if (g == NULL)
        return NULL;
    PSE_REQUIRE(pthread_mutex_init(&g->lock, NULL) == 0);
    g->seconds = b->seconds;
    g->most_seconds = b->seconds / 3;
    g->steady = (size_t)(g->seconds * AN_HOUR / 3600);
    g->most = (size_t)g->most_seconds * MOST + 2 * PSE_RELEASE_BATCH;
    g->way = calloc(g->steady + g->most, sizeof *g->way);
    g->decided = calloc(g->steady + g->most, sizeof *g->decided);
    load_descriptors(name, DESCRIPTORS);
    if (g->way != NULL && g->decided != NULL)
        rc = bench_town_open(&g->town, b, g->steady + g->most,
                             (size_t)(g->seconds + g->most_seconds) * BALLOTS);
    for (size_t i = 0; rc == PSE_OK && i < DEVICES; i++) {
        g->device[i].g = g;
        pse_rng_fork(&g->device[i].rng, b->rng);
        rc = pse_fetcher_new(&g->device[i].web, 1);
    }
    if (rc == PSE_OK) {
        demo_eid_processes(pid, g->town.eid);
        g->auth = (struct load_watch){{pid[0]}, 1};
        g->office = (struct load_watch){{pid[1]}, 1};
        g->authority = (struct load_watch){{pid[2]}, 1};
        return g;
    }
    cli_error(name, "the service cannot be set up (%s)", pse_rc_name(rc));
    finish(b, g);
    return NULL;
}

static void read_cpu(double cpu[3], const struct registering *g)
{
    cpu[0] = load_watch_cpu(&g->auth);
    cpu[1] = load_watch_cpu(&g->office);
    cpu[2] = load_watch_cpu(&g->authority);
}

static bool start(pthread_t *t, void *(*what)(void *), void *ctx)
{
    if (pthread_create(t, NULL, what, ctx) == 0)
        return true;
    cli_error(name, "no thread can be started; free some memory");
    return false;
}

/* All of it, to the last release. A thread that cannot be started leaves others alone to end. */
static bool play(struct registering *g)
{
    double before[3];
    size_t devices = 0;
    bool good;

    g->start = progress_now() + 0.2;
    g->most_start = g->start + (double)g->seconds;
    g->most_end = g->most_start + (double)g->most_seconds;
    for (size_t i = 0; i < g->steady; i++)
        g->way[i].due = g->start + (double)i * 3600 / AN_HOUR;
    read_cpu(before, g);
    good = start_crowd(g) == PSE_OK && start(&g->caster, be_crowd, g);
    if (!good)
        return false;
    good = start(&g->looker, be_looker, g);
    if (good && start(&g->officers, be_officers, g)) {
        while (devices < DEVICES &&
               start(&g->device[devices].thread, be_device, &g->device[devices]))
            devices++;
        sleep_until(g->most_start);
        read_cpu(g->cpu, g);
        for (size_t i = 0; i < 3; i++)
            g->cpu[i] -= before[i];
        for (size_t i = 0; i < devices; i++)
            (void)pthread_join(g->device[i].thread, NULL);
        atomic_store(&g->all_came, true);
        (void)pthread_join(g->officers, NULL);
    }
    atomic_store(&g->all_released, true);
    if (good)
        (void)pthread_join(g->looker, NULL);
    (void)pthread_join(g->caster, NULL);
    return devices == DEVICES && !atomic_load(&g->has_failed);
}

/* --- figures ------------------------------------------------------------------------------------
 */

static bool sum_registrations(struct bench_times *t, struct registering *g)
{
    double *x = calloc(3 * g->steady + 1, sizeof *x);
    double *y = x + g->steady, *z = y + g->steady;
    size_t answered = 0, decided = 0, recorded = 0;

    if (x == NULL)
        return false;
    for (size_t i = 0; i < g->steady + g->most; i++) {
        const struct way *w = &g->way[i];

        g->failed += w->has_failed;
        g->most_n += i >= g->steady && w->decided > 0 && w->decided <= g->most_end;
        if (i >= g->steady || w->decided == 0)
            continue;
        x[answered++] = w->answer;
        y[decided++] = w->decided - w->due;
        if (w->recorded > 0)
            z[recorded++] = w->recorded - w->due;
    }
    load_latency_of(&g->accepted, x, answered);
    load_latency_of(&g->whole, y, decided);
    load_latency_of(&g->roster, z, recorded);
    for (size_t i = 0; recorded > 0 && i < BENCH_RUNS_MAX; i++)
        t->wall[i] = z[(recorded - 1) * i / (BENCH_RUNS_MAX - 1)];
    t->runs = BENCH_RUNS_MAX;
    t->cpu = decided == 0 ? 0 : (g->cpu[0] + g->cpu[1]) / (double)decided;
    free(x);
    return recorded > 0;
}

static bool sum_ballots(struct registering *g)
{
    double *x = calloc(g->town.casters, sizeof *x);
    size_t n = 0;

    if (x == NULL)
        return false;
    for (size_t i = 0; i < g->town.casters; i++) {
        const struct load_voter *v = &g->crowd.voter[i];

        if (v->fate == LOAD_CAST)
            x[n++] = v->done - v->due;
        else
            g->cast_failed++;
    }
    load_latency_of(&g->cast, x, n);
    free(x);
    return true;
}

static bool measure(struct bench_figures *f, const struct bench *b, void *state)
{
    struct registering *g = state;

    (void)b;
    if (!play(g) || !sum_ballots(g))
        return false;
    if (!sum_registrations(&f->own, g)) {
        cli_error(name,
                  "nobody came into the record; see whether the machine has anything to spare");
        return false;
    }
    if (g->failed == 0 && g->cast_failed == 0)
        return true;
    cli_error(name, "%zu registrations and %zu ballots failed", g->failed, g->cast_failed);
    return false;
}

static double an_hour(size_t n, uint64_t seconds)
{
    return (double)n * 3600 / (double)seconds;
}

static double cpu_ms(const struct registering *g, size_t i)
{
    return 1000 * g->cpu[i] / (double)g->whole.n;
}

static void remark(struct pse_buf *out, const void *state)
{
    const struct registering *g = state;
    char text[1024];
    int n = snprintf(
        text, sizeof text,
        "\nregistration-to-roster: %zu registrations in %d s (%.0f an hour offered), %zu failed;\n"
        "  accepted (POST) after %.0f ms, p99 %.0f; login, signature and registrar's word %.0f ms, "
        "p99 %.0f;\n  in the record after %.1f s, p99 %.1f, released %d at a time at least.\n"
        "  Beside them %d ballots a second: receipt after %.0f ms, p99 %.0f, %zu failed.\n"
        "  Processor time of one: auth %.1f ms, registrar %.1f ms, demo authority %.1f ms.\n"
        "  At most %.0f an hour: %d devices, one after the other.\n",
        g->whole.n, (int)g->seconds, (double)AN_HOUR, g->failed, g->accepted.p50, g->accepted.p99,
        g->whole.p50, g->whole.p99, g->roster.p50 / 1000, g->roster.p99 / 1000, PSE_RELEASE_BATCH,
        BALLOTS, g->cast.p50, g->cast.p99, g->cast_failed, cpu_ms(g, 0), cpu_ms(g, 1), cpu_ms(g, 2),
        an_hour(g->most_n, g->most_seconds), DEVICES);

    PSE_REQUIRE(n > 0 && n < (int)sizeof text);
    pse_buf_put(out, text, (size_t)n);
}

static void put(struct pse_json_wr *w, const char *member, double x)
{
    pse_json_wr_fixed(w, member, (int64_t)(x * 1000 + 0.5), 3);
}

static void describe(struct pse_json_wr *w, const void *state)
{
    const struct registering *g = state;

    pse_json_wr_u64(w, "seconds", g->seconds);
    pse_json_wr_u64(w, "offered_per_hour", AN_HOUR);
    pse_json_wr_u64(w, "registered", g->whole.n);
    pse_json_wr_u64(w, "failed", g->failed);
    put(w, "accepted_p50_ms", g->accepted.p50);
    put(w, "accepted_p99_ms", g->accepted.p99);
    put(w, "registered_p50_ms", g->whole.p50);
    put(w, "registered_p99_ms", g->whole.p99);
    put(w, "roster_p50_ms", g->roster.p50);
    put(w, "roster_p99_ms", g->roster.p99);
    pse_json_wr_u64(w, "batch_least", PSE_RELEASE_BATCH);
    pse_json_wr_u64(w, "ballots_per_second", BALLOTS);
    pse_json_wr_u64(w, "ballots_cast", g->cast.n);
    pse_json_wr_u64(w, "ballots_failed", g->cast_failed);
    put(w, "cast_p50_ms", g->cast.p50);
    put(w, "cast_p99_ms", g->cast.p99);
    put(w, "auth_cpu_ms", cpu_ms(g, 0));
    put(w, "registrar_cpu_ms", cpu_ms(g, 1));
    put(w, "authority_cpu_ms", cpu_ms(g, 2));
    put(w, "most_per_hour", an_hour(g->most_n, g->most_seconds));
}

static const struct bench_item items[] = {
    BENCH_ITEM("registration-to-roster", BENCH_S, 0, prepare, NULL, .finish = finish,
               .measure = measure, .remark = remark, .describe = describe, .slow = true,
               .tells = true),
};

const struct bench_table bench_registration = {items, CLI_COUNT(items)};
