#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/progress.h"
#include "psephos/bench.h"

static const double RUN_SECONDS = 0.004; /* a run shorter than this is repeated */
static const double ITEM_SECONDS = 0.4;  /* measure this long beyond the least runs */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(const struct bench_times *t)
{
    return t->wall[t->runs / 2];
}

const char *bench_sodium_version(void)
{
    return sodium_version_string();
}

/* --- runs ------------------------------------------------------------------------------------- */

typedef bool bench_run(const struct bench *b, void *state);

/* One runner: the item itself or a peer of it. */
struct runner {
    bench_run *run;
    void *state;
    size_t things;
    size_t repeat;
    struct bench_times *t;
};

static bool run_once(struct runner *r, const struct bench *b)
{
    double cpu = progress_cpu();
    double wall = progress_now();
    double each = 1 / ((double)r->repeat * (double)r->things);

    for (size_t i = 0; i < r->repeat; i++) {
        if (!r->run(b, r->state))
            return false;
    }
    wall = progress_now() - wall;
    cpu = progress_cpu() - cpu;
    r->t->wall[r->t->runs++] = wall * each;
    r->t->cpu += cpu * each;
    return true;
}

/* One untimed run warms caches and tells how often a run must be repeated to be measurable. */
static bool calibrate(struct runner *r, const struct bench *b)
{
    double start = progress_now();
    double spent;

    if (!r->run(b, r->state))
        return false;
    spent = progress_now() - start;
    r->repeat = spent >= RUN_SECONDS ? 1
                : spent <= 1e-7      ? 100000
                                     : (size_t)(RUN_SECONDS / spent) + 1;
    return true;
}

static void settle(struct bench_times *t)
{
    qsort(t->wall, t->runs, sizeof t->wall[0], by_size);
    t->cpu /= t->runs > 0 ? (double)t->runs : 1;
}

static bool run_all(struct runner *runner, size_t runners, const struct bench *b)
{
    double start;
    size_t runs = 0;

    for (size_t i = 0; i < runners; i++) {
        if (!calibrate(&runner[i], b))
            return false;
    }
    start = progress_now();
    while (runs < BENCH_RUNS_MIN ||
           (runs < BENCH_RUNS_MAX && progress_now() - start < ITEM_SECONDS)) {
        for (size_t i = 0; i < runners; i++) {
            if (!run_once(&runner[i], b))
                return false;
        }
        runs++;
    }
    for (size_t i = 0; i < runners; i++)
        settle(runner[i].t);
    return true;
}

bool bench_measure(struct bench_figures *f, const struct bench *b, const struct bench_item *item,
                   void *state)
{
    struct runner runner[1 + BENCH_PEERS_MAX] = {
        {.run = item->run, .state = state, .things = f->things, .t = &f->own}};
    size_t runners = 1;
    bool good = true;

    for (size_t i = 0; i < BENCH_PEERS_MAX && item->peer[i] != NULL && good; i++) {
        const struct bench_peer *peer = item->peer[i];
        struct runner *r = &runner[runners++];

        *r = (struct runner){.run = peer->run,
                             .state = peer->prepare != NULL ? peer->prepare(b, state) : state,
                             .things = peer->things,
                             .t = &f->peer[i]};
        good = r->state != NULL;
    }
    good = good && run_all(runner, runners, b);
    for (size_t i = 1; i < runners; i++) {
        if (item->peer[i - 1]->finish != NULL && runner[i].state != NULL)
            item->peer[i - 1]->finish(runner[i].state);
    }
    return good;
}

/* --- units ------------------------------------------------------------------------------------ */

double bench_in_unit(enum bench_unit unit, double seconds)
{
    switch (unit) {
    case BENCH_NS: return seconds * 1e9;
    case BENCH_US: return seconds * 1e6;
    case BENCH_MS: return seconds * 1e3;
    case BENCH_S: return seconds;
    case BENCH_PER_SECOND: return 1 / seconds;
    case BENCH_MIB_PER_SECOND: return 1 / (seconds * 1024 * 1024);
    }
    return 0;
}

const char *bench_unit_name(enum bench_unit unit)
{
    switch (unit) {
    case BENCH_NS: return "ns";
    case BENCH_US: return "us";
    case BENCH_MS: return "ms";
    case BENCH_S: return "s";
    case BENCH_PER_SECOND: return "per s";
    case BENCH_MIB_PER_SECOND: return "MiB/s";
    }
    return "";
}

bool bench_is_rate(enum bench_unit unit)
{
    return unit == BENCH_PER_SECOND || unit == BENCH_MIB_PER_SECOND;
}

/* --- the machine ------------------------------------------------------------------------------ */

static void read_cpu_line(struct bench_machine *m, const char *line)
{
    static const char *const known[] = {"avx2",   "bmi2",       "adx",   "avx512f",
                                        "sha_ni", "avx512ifma", "asimd", "sha2"};
    const char *value = strchr(line, ':');

    if (strncmp(line, "processor", 9) == 0)
        m->processors++;
    if (value == NULL)
        return;
    value += value[1] == ' ' ? 2 : 1;
    if (strncmp(line, "model name", 10) == 0 && m->cpu[0] == '\0')
        snprintf(m->cpu, sizeof m->cpu, "%.*s", (int)strcspn(value, "\n"), value);
    if ((strncmp(line, "flags", 5) != 0 && strncmp(line, "Features", 8) != 0) ||
        m->features[0] != '\0')
        return;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char word[32];
        size_t used = strlen(m->features);

        snprintf(word, sizeof word, " %s", known[i]);
        for (const char *at = strstr(line, word); at != NULL; at = strstr(at + 1, word)) {
            char after = at[strlen(word)];

            if (after == ' ' || after == '\n') {
                snprintf(m->features + used, sizeof m->features - used, "%s%s", used > 0 ? " " : "",
                         known[i]);
                break;
            }
        }
    }
}

/* A chain of exclusive ors, each waiting for the one before, takes one cycle each on every
 * processor this runs on; the compiler may not fold it. The fastest of a few runs is the clock's
 * rate. */
static double estimate_ghz(void)
{
    enum { ROUNDS = 200000, STEPS = 8, TRIES = 15 };
    double best = 1;
    uint64_t x = 1;
    uint64_t y = (uint64_t)(uintptr_t)&best | 1;

    for (int i = 0; i < TRIES; i++) {
        double start = progress_now();
        double spent;

        for (int k = 0; k < ROUNDS; k++) {
            for (int step = 0; step < STEPS; step++) {
                x ^= y;
                __asm__ volatile("" : "+r"(x), "+r"(y));
            }
        }
        spent = progress_now() - start;
        best = spent < best ? spent : best;
    }
    return best > 0 ? (double)ROUNDS * STEPS / best * 1e-9 : 0;
}

void bench_read_machine(struct bench_machine *m)
{
    FILE *f = fopen("/proc/cpuinfo", "r");
    char line[8192];

    memset(m, 0, sizeof *m);
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        read_cpu_line(m, line);
    if (f != NULL)
        fclose(f);
    if (m->cpu[0] == '\0')
        snprintf(m->cpu, sizeof m->cpu, "unknown");
    /* clang says its name in __VERSION__, gcc does not. */
    snprintf(m->compiler, sizeof m->compiler, "%s%s",
             strchr(__VERSION__, ' ') == NULL ? "gcc " : "", __VERSION__);
    m->ghz = estimate_ghz();
}
