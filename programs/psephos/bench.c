/* psephos bench: speed of this machine, peers measured in the same run. */
#define _GNU_SOURCE
#include "bench.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands.h"
#include "common/options.h"
#include "common/progress.h"
#include "common/screen.h"
#include "common/sysrng.h"
#include "psephos/bench_report.h"

static const size_t BENCH_MEMORY = (size_t)3 << 30;
enum { BENCH_LINE_MAX = 1 << 16, BENCH_REMARKS_MAX = 1 << 16, SECONDS_MIN = 3, SECONDS_MAX = 900 };

static const struct bench_table *const tables[] = {
    &bench_group,    &bench_ballot, &bench_mix,      &bench_record,
    &bench_election, &bench_ledger, &bench_identity, &bench_registration,
};

struct bench_request {
    const char *filter;
    const char *record;
    const char *backend;
    const char *scratch;
    const char *report;
    uint64_t threads;
    uint64_t seconds;
    bool all;
    bool json;
    bool list;
};

/* --- what is measured ------------------------------------------------------------------------- */

/* A slow item is wanted with --all, or when the filter is its whole name. */
static bool is_wanted(const struct bench_request *r, const struct bench_item *item)
{
    if (r->filter != NULL && strcmp(r->filter, item->name) == 0)
        return true;
    if (item->slow && !r->all)
        return false;
    return r->filter == NULL || strstr(item->name, r->filter) != NULL;
}

typedef bool bench_visit(void *ctx, const struct bench_item *item);

/* Every wanted item in order, until one visit says no. */
static bool each_wanted(const struct bench_request *r, bench_visit *visit, void *ctx)
{
    for (size_t i = 0; i < CLI_COUNT(tables); i++) {
        for (size_t j = 0; j < tables[i]->count; j++) {
            const struct bench_item *item = &tables[i]->items[j];

            if (is_wanted(r, item) && !visit(ctx, item))
                return false;
        }
    }
    return r->record == NULL || !is_wanted(r, &bench_audit) || visit(ctx, &bench_audit);
}

static bool count_one(void *ctx, const struct bench_item *item)
{
    size_t *n = ctx;

    (void)item;
    (*n)++;
    return true;
}

static size_t count_wanted(const struct bench_request *r)
{
    size_t n = 0;

    (void)each_wanted(r, count_one, &n);
    return n;
}

/* What all items share while they run. */
struct bench_session {
    const struct bench *b;
    const struct bench_request *r;
    struct progress progress;
    struct screen_table table;
    struct pse_buf remarks; /* below it */
    struct bench_machine machine;
    size_t done;
};

static void print_row(struct screen_table *t, const struct bench_item *item,
                      const struct bench_figures *f)
{
    double own = bench_in_unit(item->unit, bench_median(&f->own));
    int decimals = own < 100 ? 2 : 0;

    screen_cellf(t, "%s", item->name);
    screen_cellf(t, "%.*f", decimals, own);
    screen_cellf(t, "%.*f", decimals, bench_in_unit(item->unit, f->own.wall[0]));
    screen_cellf(t, "%s", bench_unit_name(item->unit));
    screen_cellf(t, "%.2f", f->own.cpu / bench_median(&f->own));
    for (size_t i = 0; i < BENCH_PEERS_MAX && item->peer[i] != NULL; i++) {
        double peer = bench_median(&f->peer[i]);

        if (i > 0)
            for (int k = 0; k < 5; k++)
                screen_cellf(t, "%s", "");
        screen_cellf(t, "%.*f", bench_in_unit(item->unit, peer) < 100 ? 2 : 0,
                     bench_in_unit(item->unit, peer));
        screen_cellf(t, "%.2f", peer / bench_median(&f->own));
        screen_cellf(t, "%s: %s", item->peer[i]->library, item->peer[i]->work);
    }
    for (int k = 0; item->peer[0] == NULL && k < 3; k++)
        screen_cellf(t, "%s", k == 2 ? "" : "-");
}

static bool show_item(struct bench_session *s, const struct bench_item *item, const void *state,
                      const struct bench_figures *f)
{
    struct pse_buf out = PSE_BUF(BENCH_LINE_MAX);
    bool good = true;

    if (s->r->json) {
        good = bench_put_json(&out, s->b, item, state, f, &s->machine) == PSE_OK &&
               fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0;
        if (!good)
            cli_error("psephos bench", "standard output failed");
    } else {
        print_row(&s->table, item, f);
        if (item->remark != NULL)
            item->remark(&s->remarks, state);
    }
    pse_buf_free(&out);
    return good;
}

/* One item from inputs to figures; the arena is its own. */
static bool run_item(void *ctx, const struct bench_item *item)
{
    PSE_ARENA(arena, BENCH_MEMORY);
    struct bench_session *s = ctx;
    struct bench b = *s->b;
    struct bench_figures f = {.things = 0};
    void *state;
    bool good;

    b.arena = &arena;
    state = item->prepare(&b, item->size, &f.things);
    if (state == NULL) {
        if (!item->tells)
            cli_error(
                "psephos bench", "%s: its inputs cannot be made; free some memory%s", item->name,
                item == &bench_audit ? ", or see what psephos-verify says of the record" : "");
        return false;
    }
    good =
        item->measure != NULL ? item->measure(&f, &b, state) : bench_measure(&f, &b, item, state);
    if (!good && item->measure == NULL)
        cli_error("psephos bench", "%s gave a wrong result; do not trust this build", item->name);
    good = good && show_item(s, item, state, &f);
    if (item->finish != NULL)
        item->finish(&b, state);
    progress_set(&s->progress, ++s->done);
    return good;
}

static bool bench_all(const struct bench *b, const struct bench_request *r)
{
    static const char *const heads[] = {"name",     "median", "best",  "unit",
                                        "cpu/wall", "peer",   "times", "which"};
    struct bench_session s = {.b = b, .r = r, .remarks = PSE_BUF(BENCH_REMARKS_MAX)};
    const struct bench_machine *m = &s.machine;
    bool good;

    bench_read_machine(&s.machine);
    screen_table_init(&s.table, "lrrlrrrl");
    for (size_t i = 0; i < CLI_COUNT(heads); i++)
        screen_cellf(&s.table, "%s", heads[i]);
    progress_init(&s.progress, "psephos bench", r->json);
    progress_step(&s.progress, "measuring", count_wanted(r));
    good = each_wanted(r, run_item, &s);
    progress_end(&s.progress);
    if (r->json) {
        pse_buf_free(&s.table.text);
        return good;
    }
    printf("%s, %u processors at about %.1f GHz (%s), back-end %s, %u thread%s; peers on one; "
           "%s\n\n",
           m->cpu, m->processors, m->ghz, m->features, pse_group_backend_name(b->group),
           pse_pool_width(b->pool), pse_pool_width(b->pool) == 1 ? "" : "s", m->compiler);
    good = screen_table_print(&s.table, stdout, 0, true) == PSE_OK && good;
    printf("%.*s", (int)s.remarks.n, (const char *)s.remarks.p);
    pse_buf_free(&s.remarks);
    return good;
}

static bool list_one(void *ctx, const struct bench_item *item)
{
    (void)ctx;
    puts(item->name);
    return true;
}

/* --- the command ------------------------------------------------------------------------------ */

static int bench_run_request(const struct bench_request *r)
{
    PSE_RNG(rng);
    struct bench b = {.rng = &rng,
                      .record = r->record,
                      .scratch = r->scratch,
                      .seconds = r->seconds,
                      .quiet = r->json};
    struct pse_group *group = NULL;
    int status = CLI_EXIT_FAILED;

    if (pse_backend_parse(&b.backend, r->backend) != PSE_OK) {
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
    else if (pse_group_new(&group, b.backend, b.pool) != PSE_OK)
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
    const char *tmp = getenv("TMPDIR");
    const char *lines[BENCH_REPORT_FILES] = {NULL};
    struct bench_request r = {.backend = "auto",
                              .threads = 1,
                              .seconds = 30,
                              .scratch = tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp"};
    const struct cli_option options[] = {
        CLI_TEXT("filter", "NAME", &r.filter, "only items whose name contains NAME"),
        CLI_FLAG("all", &r.all, "the slow items as well: whole elections, long lists"),
        CLI_NUMBER("threads", "K", &r.threads, 1, 256, "threads to compute on (default 1)"),
        CLI_TEXT("backend", "B", &r.backend, "auto, portable, ifma or word32"),
        CLI_TEXT("record", "DIR", &r.record, "also verify the record in DIR, over and over"),
        CLI_TEXT("scratch", "DIR", &r.scratch,
                 "where elections are made (default: TMPDIR or /tmp)"),
        CLI_NUMBER("seconds", "S", &r.seconds, SECONDS_MIN, SECONDS_MAX,
                   "how long a service is under load (default 30)"),
        CLI_TEXT("report", "DIR", &r.report, "measure nothing: draw FILES of --json into DIR"),
        CLI_FLAG("list", &r.list, "print the names of the items and leave"),
        CLI_FLAG("json", &r.json, "print one JSON object a line"),
    };
    const struct cli_command command = {
        .name = "psephos bench",
        .synopsis = "[OPTIONS] | --report DIR FILE...",
        .about = "Measure the building blocks on this machine, and the libraries of others beside\n"
                 "them in the same run: libsodium, OpenSSL, GMP. Each figure is the median of at\n"
                 "least 9 runs. Leave the machine idle.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_max = BENCH_REPORT_FILES,
        .words = lines,
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    if (r.report != NULL)
        return bench_report("psephos bench", r.report, lines);
    if (lines[0] != NULL) {
        cli_error("psephos bench", "unexpected word '%s'; files of figures need --report DIR",
                  lines[0]);
        return CLI_EXIT_USAGE;
    }
    if (r.list) {
        r.all = true;
        (void)each_wanted(&r, list_one, NULL);
        return CLI_EXIT_OK;
    }
    if (count_wanted(&r) == 0) {
        cli_error("psephos bench", "--filter: no item is called like '%s'; see --list%s", r.filter,
                  r.all ? "" : ", and --all for slow ones");
        return CLI_EXIT_USAGE;
    }
    return bench_run_request(&r);
}
