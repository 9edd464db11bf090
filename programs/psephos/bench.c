/* psephos bench: speed of this machine, a peer measured in the same run. */
#include "bench.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/json_write.h"
#include "commands.h"
#include "common/options.h"
#include "common/progress.h"
#include "common/screen.h"
#include "common/sysrng.h"

enum {
    BENCH_RUNS_MIN = 9,
    BENCH_RUNS_MAX = 101,
    BENCH_CPU_TEXT = 128,
};
static const double BENCH_RUN_SECONDS = 0.004; /* a run shorter than this is repeated */
static const double BENCH_ITEM_SECONDS = 0.4;  /* measure this long beyond the least runs */
static const size_t BENCH_MEMORY = (size_t)3 << 30;

static const struct bench_table *const tables[] = {&bench_group, &bench_ballot, &bench_mix,
                                                   &bench_record};

struct times {
    double wall[BENCH_RUNS_MAX]; /* seconds a thing, sorted at the end */
    double cpu;                  /* processor seconds a thing, over all runs */
    size_t runs;
};

struct figures {
    struct times own;
    struct times peer;
    size_t things;
};

struct machine {
    char cpu[BENCH_CPU_TEXT];
    char vector[BENCH_CPU_TEXT]; /* instruction sets that matter here */
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(const struct times *t)
{
    return t->wall[t->runs / 2];
}

typedef bool bench_run(const struct bench *b, void *state);

static bool measure_once(struct times *t, const struct bench *b, bench_run *run, void *state,
                         size_t repeat, size_t things)
{
    double cpu = progress_cpu();
    double wall = progress_now();
    double each = 1 / ((double)repeat * (double)things);

    for (size_t i = 0; i < repeat; i++) {
        if (!run(b, state))
            return false;
    }
    wall = progress_now() - wall;
    cpu = progress_cpu() - cpu;
    t->wall[t->runs++] = wall * each;
    t->cpu += cpu * each;
    return true;
}

/* One untimed run warms caches and tells how often a run must be repeated to be measurable. */
static bool calibrate(size_t *repeat, const struct bench *b, bench_run *run, void *state)
{
    double start = progress_now();
    double spent;

    if (!run(b, state))
        return false;
    spent = progress_now() - start;
    *repeat = spent >= BENCH_RUN_SECONDS ? 1
              : spent <= 1e-7            ? 100000
                                         : (size_t)(BENCH_RUN_SECONDS / spent) + 1;
    return true;
}

static void settle(struct times *t)
{
    qsort(t->wall, t->runs, sizeof t->wall[0], by_size);
    t->cpu /= t->runs > 0 ? (double)t->runs : 1;
}

/* Own and peer runs alternate, so that both meet the same disturbances. */
static bool measure(struct figures *f, const struct bench *b, const struct bench_item *item,
                    void *state)
{
    double start;
    size_t own_repeat;
    size_t peer_repeat = 0;

    if (!calibrate(&own_repeat, b, item->run, state) ||
        (item->peer != NULL && !calibrate(&peer_repeat, b, item->peer, state)))
        return false;
    start = progress_now();
    while (f->own.runs < BENCH_RUNS_MIN ||
           (f->own.runs < BENCH_RUNS_MAX && progress_now() - start < BENCH_ITEM_SECONDS)) {
        if (!measure_once(&f->own, b, item->run, state, own_repeat, f->things))
            return false;
        if (item->peer != NULL &&
            !measure_once(&f->peer, b, item->peer, state, peer_repeat, item->peer_things))
            return false;
    }
    settle(&f->own);
    settle(&f->peer);
    return true;
}

static double in_unit(enum bench_unit unit, double seconds)
{
    switch (unit) {
    case BENCH_NS: return seconds * 1e9;
    case BENCH_US: return seconds * 1e6;
    case BENCH_PER_SECOND: return 1 / seconds;
    case BENCH_MIB_PER_SECOND: return 1 / (seconds * 1024 * 1024);
    }
    return 0;
}

static const char *unit_name(enum bench_unit unit)
{
    switch (unit) {
    case BENCH_NS: return "ns";
    case BENCH_US: return "us";
    case BENCH_PER_SECOND: return "per s";
    case BENCH_MIB_PER_SECOND: return "MiB/s";
    }
    return "";
}

static void read_cpu_line(struct machine *m, const char *line)
{
    static const char *const known[] = {"avx2",   "bmi2",       "adx",   "avx512f",
                                        "sha_ni", "avx512ifma", "asimd", "sha2"};
    const char *value = strchr(line, ':');

    if (value == NULL)
        return;
    value += value[1] == ' ' ? 2 : 1;
    if (strncmp(line, "model name", 10) == 0 && m->cpu[0] == '\0')
        snprintf(m->cpu, sizeof m->cpu, "%.*s", (int)strcspn(value, "\n"), value);
    if ((strncmp(line, "flags", 5) != 0 && strncmp(line, "Features", 8) != 0) ||
        m->vector[0] != '\0')
        return;
    for (size_t i = 0; i < CLI_COUNT(known); i++) {
        char word[32];
        size_t used = strlen(m->vector);

        snprintf(word, sizeof word, " %s", known[i]);
        for (const char *at = strstr(line, word); at != NULL; at = strstr(at + 1, word)) {
            char after = at[strlen(word)];

            if (after == ' ' || after == '\n') {
                snprintf(m->vector + used, sizeof m->vector - used, "%s%s", used > 0 ? " " : "",
                         known[i]);
                break;
            }
        }
    }
}

static void read_machine(struct machine *m)
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
}

static void put_figure(struct pse_json_wr *w, const char *name, double x)
{
    pse_json_wr_fixed(w, name, (int64_t)(x * 1000 + 0.5), 3);
}

static void put_times(struct pse_json_wr *w, enum bench_unit unit, const struct times *t)
{
    put_figure(w, "min", in_unit(unit, t->wall[0]));
    put_figure(w, "median", in_unit(unit, median(t)));
    pse_json_wr_u64(w, "runs", t->runs);
    put_figure(w, "wall_ns", in_unit(BENCH_NS, median(t)));
    put_figure(w, "cpu_ns", in_unit(BENCH_NS, t->cpu));
}

static bool print_json(const struct bench *b, const struct bench_item *item,
                       const struct figures *f, const struct machine *m)
{
    struct pse_buf out = PSE_BUF(1 << 16);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    bool good;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "name", item->name);
    pse_json_wr_str(&w, "unit", unit_name(item->unit));
    put_figure(&w, "value", in_unit(item->unit, median(&f->own)));
    pse_json_wr_u64(&w, "threads", pse_pool_width(b->pool));
    pse_json_wr_str(&w, "backend", pse_group_backend_name(b->group));
    pse_json_wr_u64(&w, "things", f->things);
    put_times(&w, item->unit, &f->own);
    if (item->peer != NULL) {
        pse_json_wr_object(&w, "peer");
        pse_json_wr_str(&w, "name", "libsodium");
        pse_json_wr_str(&w, "version", sodium_version_string());
        put_figure(&w, "value", in_unit(item->unit, median(&f->peer)));
        pse_json_wr_u64(&w, "threads", 1);
        pse_json_wr_u64(&w, "things", item->peer_things);
        put_times(&w, item->unit, &f->peer);
        pse_json_wr_end(&w);
    }
    pse_json_wr_str(&w, "cpu", m->cpu);
    pse_json_wr_str(&w, "features", m->vector);
    pse_json_wr_str(&w, "compiler", __VERSION__);
    pse_json_wr_end(&w);
    good = pse_json_wr_finish(&w) == PSE_OK;
    if (good)
        fwrite(out.p, 1, out.n, stdout);
    fflush(stdout);
    pse_buf_free(&out);
    return good;
}

static void print_row(struct screen_table *t, const struct bench_item *item,
                      const struct figures *f)
{
    double own = in_unit(item->unit, median(&f->own));

    screen_cellf(t, "%s", item->name);
    screen_cellf(t, "%.*f", own < 100 ? 2 : 0, own);
    screen_cellf(t, "%.*f", own < 100 ? 2 : 0, in_unit(item->unit, f->own.wall[0]));
    screen_cellf(t, "%s", unit_name(item->unit));
    screen_cellf(t, "%.2f", f->own.cpu / median(&f->own));
    if (item->peer == NULL) {
        screen_cellf(t, "-");
        screen_cellf(t, "-");
        return;
    }
    screen_cellf(t, "%.*f", own < 100 ? 2 : 0, in_unit(item->unit, median(&f->peer)));
    screen_cellf(t, "%.2f", median(&f->peer) / median(&f->own));
}

struct bench_request {
    const char *filter;
    const char *record;
    const char *backend;
    uint64_t threads;
    bool json;
    bool list;
};

/* One item from inputs to figures; the arena is its own. */
static bool bench_one(struct figures *f, const struct bench *whole, const struct bench_item *item)
{
    PSE_ARENA(arena, BENCH_MEMORY);
    struct bench b = *whole;
    void *state;
    bool good;

    b.arena = &arena;
    memset(f, 0, sizeof *f);
    state = item->prepare(&b, item->size, &f->things);
    if (state == NULL) {
        cli_error("psephos bench", "%s: its inputs cannot be made; free some memory%s", item->name,
                  item == &bench_audit ? ", or see what psephos-verify says of the record" : "");
        return false;
    }
    good = measure(f, &b, item, state);
    if (item->finish != NULL)
        item->finish(&b, state);
    if (!good)
        cli_error("psephos bench", "%s gave a wrong result; do not trust this build", item->name);
    return good;
}

static bool is_wanted(const struct bench_request *r, const struct bench_item *item)
{
    return r->filter == NULL || strstr(item->name, r->filter) != NULL;
}

static size_t count_wanted(const struct bench_request *r)
{
    size_t n = 0;

    for (size_t i = 0; i < CLI_COUNT(tables); i++) {
        for (size_t j = 0; j < tables[i]->count; j++)
            n += is_wanted(r, &tables[i]->items[j]);
    }
    return n + (r->record != NULL && is_wanted(r, &bench_audit));
}

/* What all items share while they run. */
struct bench_session {
    const struct bench *b;
    const struct bench_request *r;
    struct progress progress;
    struct screen_table table;
    struct machine machine;
    size_t done;
};

static bool bench_item_run(struct bench_session *s, const struct bench_item *item)
{
    struct figures f;

    if (!is_wanted(s->r, item))
        return true;
    if (!bench_one(&f, s->b, item))
        return false;
    progress_set(&s->progress, ++s->done);
    if (s->r->json)
        return print_json(s->b, item, &f, &s->machine);
    print_row(&s->table, item, &f);
    return true;
}

static bool bench_items(struct bench_session *s)
{
    for (size_t i = 0; i < CLI_COUNT(tables); i++) {
        for (size_t j = 0; j < tables[i]->count; j++) {
            if (!bench_item_run(s, &tables[i]->items[j]))
                return false;
        }
    }
    return s->r->record == NULL || bench_item_run(s, &bench_audit);
}

static bool bench_all(const struct bench *b, const struct bench_request *r)
{
    static const char *const heads[] = {"name",     "median",    "best", "unit",
                                        "cpu/wall", "libsodium", "times"};
    struct bench_session s = {.b = b, .r = r};
    bool good;

    read_machine(&s.machine);
    screen_table_init(&s.table, "lrrlrrr");
    for (size_t i = 0; i < CLI_COUNT(heads); i++)
        screen_cellf(&s.table, "%s", heads[i]);
    progress_init(&s.progress, "psephos bench", r->json);
    progress_step(&s.progress, "measuring", count_wanted(r));
    good = bench_items(&s);
    progress_end(&s.progress);
    if (r->json) {
        pse_buf_free(&s.table.text);
        return good;
    }
    printf("%s (%s), back-end %s, %u thread%s; libsodium %s on one; %s\n\n", s.machine.cpu,
           s.machine.vector, pse_group_backend_name(b->group), pse_pool_width(b->pool),
           pse_pool_width(b->pool) == 1 ? "" : "s", sodium_version_string(), __VERSION__);
    return screen_table_print(&s.table, stdout, 0, true) == PSE_OK && good;
}

static int list_items(const struct bench_request *r)
{
    for (size_t i = 0; i < CLI_COUNT(tables); i++) {
        for (size_t j = 0; j < tables[i]->count; j++) {
            if (is_wanted(r, &tables[i]->items[j]))
                puts(tables[i]->items[j].name);
        }
    }
    return CLI_EXIT_OK;
}

static int bench_run_request(const struct bench_request *r)
{
    PSE_RNG(rng);
    struct bench b = {.rng = &rng, .record = r->record};
    struct pse_group *group = NULL;
    enum pse_backend backend;
    int status = CLI_EXIT_FAILED;

    if (pse_backend_parse(&backend, r->backend) != PSE_OK) {
        cli_error("psephos bench",
                  "--backend: no back-end is called '%s'; say auto, portable, "
                  "ifma or word32",
                  r->backend);
        return CLI_EXIT_USAGE;
    }
    if (sysrng_start(&rng, "psephos bench") != PSE_OK)
        return CLI_EXIT_FAILED;
    if (pse_pool_new(&b.pool, (unsigned)r->threads) != PSE_OK)
        cli_error("psephos bench", "cannot start %" PRIu64 " threads; use fewer", r->threads);
    else if (pse_group_new(&group, backend, b.pool) != PSE_OK)
        cli_error("psephos bench", "this build or processor has no back-end %s; use --backend auto",
                  r->backend);
    else {
        b.group = group;
        status = bench_all(&b, r) ? CLI_EXIT_OK : CLI_EXIT_FAILED;
    }
    pse_group_free(group);
    pse_pool_free(b.pool);
    return status;
}

int cmd_bench(int argc, char **argv)
{
    struct bench_request r = {.backend = "auto", .threads = 1};
    const struct cli_option options[] = {
        CLI_TEXT("filter", "NAME", &r.filter, "only items whose name contains NAME"),
        CLI_NUMBER("threads", "K", &r.threads, 1, 256, "threads to compute on (default 1)"),
        CLI_TEXT("backend", "B", &r.backend, "auto, portable, ifma or word32"),
        CLI_TEXT("record", "DIR", &r.record, "also verify the record in DIR, over and over"),
        CLI_FLAG("list", &r.list, "print the names of the items and leave"),
        CLI_FLAG("json", &r.json, "print one JSON object a line"),
    };
    const struct cli_command command = {
        .name = "psephos bench",
        .synopsis = "[--filter NAME] [--threads K] [--backend B] [--record DIR] [--json]",
        .about = "Measure the building blocks on this machine, and libsodium beside them in the\n"
                 "same run. Each figure is the median of at least 9 runs. Leave the machine idle.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    if (r.list)
        return list_items(&r);
    if (count_wanted(&r) == 0) {
        cli_error("psephos bench", "--filter: no item is called like '%s'; see --list", r.filter);
        return CLI_EXIT_USAGE;
    }
    return bench_run_request(&r);
}
