/* psephos load run: voters who arrive on schedule, in phases: warm-up, steady, slow clients beside
 * them, a flood beside them, recovery. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/files.h"
#include "psephos/load.h"
#include "psephos/load_flood.h"
#include "psephos/load_report.h"
#include "psephos/load_watch.h"
#include "psephos/verbs.h"

enum {
    RATE_MAX = 1000000,
    SECONDS_MAX = 600,
    SOURCES_MAX = 50000,
    FLOOD_BALLOTS = 256, /* of the set, kept for the flood */
    SPARE_DESCRIPTORS = 4096,
    REPORT_MAX = 16 << 20,
};

struct run_options {
    const char *ballots, *box, *html, *flood_kind;
    uint64_t rate, warm, steady, flood_seconds, recovery, flood, over, sources, slow, idle;
    uint64_t patience, seed;
    double cpu, judge, want;
    struct cli_list pids;
    bool no_info, plain, json;
};

/* Counters at the beginning of a phase. */
struct mark {
    double server, own;
    struct load_answers answers, flood;
    uint64_t resent, due, sent, busy, withheld, opened, turned, cut;
};

struct run {
    const struct run_options *o;
    struct load_loop *loop;
    struct load_set set;
    struct load_watch watch;
    struct sockaddr_in to;
    char host[64];
    struct load_crowd crowd;
    struct load_flood flood;
    struct load_slow slow;
    struct load_timer sample;
    struct load_report report;
    struct load_phase *phase; /* the present one */
    struct mark mark;
    double start;
};

static const char name[] = "psephos load run";

/* --- phases ------------------------------------------------------------------------------------
 */

static void take_mark(struct mark *m, const struct run *r)
{
    *m = (struct mark){.server = load_watch_cpu(&r->watch),
                       .own = load_own_cpu(),
                       .answers = r->crowd.answers,
                       .flood = r->flood.answers,
                       .resent = r->crowd.resent,
                       .due = r->flood.scheduled,
                       .sent = r->flood.sent,
                       .busy = r->flood.withheld_busy,
                       .withheld = r->flood.withheld_cpu,
                       .opened = r->slow.opened,
                       .turned = r->slow.turned_away,
                       .cut = r->slow.cut};
}

static struct load_answers since(const struct load_answers *a, const struct load_answers *b)
{
    return (struct load_answers){.good = a->good - b->good,
                                 .recorded = a->recorded - b->recorded,
                                 .limited = a->limited - b->limited,
                                 .busy = a->busy - b->busy,
                                 .other = a->other - b->other,
                                 .broken = a->broken - b->broken,
                                 .last_other = a->last_other};
}

static void end_phase(struct run *r)
{
    struct load_phase *p = r->phase;
    struct mark m;

    take_mark(&m, r);
    p->server_cpu = m.server - r->mark.server;
    p->own_cpu = m.own - r->mark.own;
    p->answers = since(&m.answers, &r->mark.answers);
    p->flood = since(&m.flood, &r->mark.flood);
    p->resent = m.resent - r->mark.resent;
    p->flood_due = m.due - r->mark.due;
    p->flood_sent = m.sent - r->mark.sent;
    p->flood_busy = m.busy - r->mark.busy;
    p->flood_cpu = m.withheld - r->mark.withheld;
    p->slow_opened = m.opened - r->mark.opened;
    p->slow_turned_away = m.turned - r->mark.turned;
    p->slow_cut = m.cut - r->mark.cut;
}

static void on_sample(struct load_timer *t)
{
    struct run *r = (struct run *)((uint8_t *)t - offsetof(struct run, sample));
    uint64_t memory = load_watch_memory(&r->watch);

    if (r->phase != NULL) {
        r->phase->memory = memory > r->phase->memory ? memory : r->phase->memory;
        r->phase->slow_open =
            r->slow.open > r->phase->slow_open ? r->slow.open : r->phase->slow_open;
    }
    load_timer_set(r->loop, t, r->loop->now + 0.25);
}

static void add_phase(struct run *r, const char *what, uint64_t seconds)
{
    struct load_report *report = &r->report;
    double from = report->phases > 0 ? report->phase[report->phases - 1].to : 0;

    if (seconds > 0)
        report->phase[report->phases++] =
            (struct load_phase){.name = what, .from = from, .to = from + (double)seconds};
}

static void plan(struct run *r)
{
    const struct run_options *o = r->o;

    add_phase(r, "warm-up", o->warm);
    add_phase(r, "steady", o->steady);
    if (o->slow + o->idle > 0)
        add_phase(r, "slow", o->steady);
    if (o->flood > 0) {
        add_phase(r, "flood", o->flood_seconds);
        add_phase(r, "recovery", o->recovery);
    }
}

static unsigned kinds_of(const char *word)
{
    static const char *const kind[] = {"replay", "junk", "forged"};

    for (unsigned i = 0; i < LOAD_FLOOD_KINDS; i++)
        if (strcmp(word, kind[i]) == 0)
            return 1u << i;
    return strcmp(word, "all") == 0 ? (1u << LOAD_FLOOD_KINDS) - 1 : 0;
}

static pse_rc start_flood(struct run *r)
{
    const struct load_flood_options o = {.loop = r->loop,
                                         .to = r->to,
                                         .host = r->host,
                                         .set = &r->set,
                                         .first = r->set.n - FLOOD_BALLOTS,
                                         .rate = (double)r->o->flood,
                                         .sources = r->o->sources,
                                         .kinds = kinds_of(r->o->flood_kind),
                                         .share = r->o->cpu};

    return load_flood_start(&r->flood, &o);
}

static pse_rc begin_phase(struct run *r, struct load_phase *p)
{
    r->phase = p;
    if (strcmp(p->name, "slow") == 0)
        PSE_TRY(load_slow_start(&r->slow, r->loop, &r->to, r->host, r->o->slow, r->o->idle));
    if (strcmp(p->name, "flood") == 0)
        PSE_TRY(start_flood(r));
    take_mark(&r->mark, r);
    return PSE_OK;
}

static void leave_phase(struct run *r)
{
    end_phase(r);
    if (strcmp(r->phase->name, "slow") == 0)
        load_slow_stop(&r->slow);
    if (strcmp(r->phase->name, "flood") == 0)
        load_flood_stop(&r->flood);
}

static pse_rc play(struct run *r)
{
    struct load_report *report = &r->report;
    double end;

    for (size_t i = 0; i < report->phases; i++) {
        struct load_phase *p = &report->phase[i];

        PSE_TRY(begin_phase(r, p));
        if (!r->o->json)
            cli_note(name, "%s: %.0f s", p->name, p->to - p->from);
        while (r->loop->now < r->start + p->to)
            load_loop_round(r->loop, r->start + p->to);
        leave_phase(r);
    }
    end = r->loop->now + (double)r->o->patience + 1;
    while (!load_crowd_is_done(&r->crowd) && r->loop->now < end)
        load_loop_round(r->loop, end);
    return PSE_OK;
}

/* --- what came of it ---------------------------------------------------------------------------
 */

static bool is_between(double t, double from, double to)
{
    return t >= from && t < to;
}

/* Latencies of those who were due in a span of the run and have cast. */
static size_t latencies(double *x, size_t *due, const struct run *r, double from, double to)
{
    size_t n = 0;

    *due = 0;
    for (size_t i = 0; i < r->crowd.o.voters; i++) {
        const struct load_voter *v = &r->crowd.voter[i];

        if (!is_between(v->due - r->start, from, to))
            continue;
        ++*due;
        if (v->fate == LOAD_CAST)
            x[n++] = v->done - v->due;
    }
    return n;
}

static void sum_phase(struct load_phase *p, const struct run *r, double *x)
{
    p->cast = latencies(x, &p->voters, r, p->from, p->to);
    p->gave_up = p->voters - p->cast;
    load_latency_of(&p->latency, x, p->cast);
    for (size_t i = 0; i < r->crowd.o.voters; i++) {
        const struct load_voter *v = &r->crowd.voter[i];

        p->receipts += v->fate == LOAD_CAST && is_between(v->done - r->start, p->from, p->to);
    }
}

static const struct load_phase *find_phase(const struct load_report *report, const char *what)
{
    for (size_t i = 0; i < report->phases; i++)
        if (strcmp(report->phase[i].name, what) == 0)
            return &report->phase[i];
    return NULL;
}

/* The first second after the flood from which on p99 stays within 1.2 times that of the steady
 * phase. */
static void find_recovery(struct load_report *report)
{
    const struct load_phase *steady = find_phase(report, "steady");
    const struct load_phase *recovery = find_phase(report, "recovery");
    size_t from, at;

    if (steady == NULL || recovery == NULL)
        return;
    report->has_recovered = true;
    report->recovered = -1;
    from = (size_t)recovery->from;
    for (at = (size_t)recovery->to; at > from && at <= report->seconds; at--)
        if (report->second[at - 1].p99 > 1.2 * steady->latency.p99 ||
            report->second[at - 1].cast < report->second[at - 1].voters)
            break;
    if (at < (size_t)recovery->to)
        report->recovered = (double)(at - from);
}

static pse_rc sum_up(struct run *r)
{
    struct load_report *report = &r->report;
    double *x = calloc(r->crowd.o.voters + 1, sizeof *x);
    double end = report->phase[report->phases - 1].to;

    if (x == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < report->phases; i++)
        sum_phase(&report->phase[i], r, x);
    report->seconds = (size_t)end < LOAD_TIMELINE_MAX ? (size_t)end : LOAD_TIMELINE_MAX;
    for (size_t i = 0; i < report->seconds; i++) {
        struct load_second *s = &report->second[i];
        struct load_latency l;

        s->cast = latencies(x, &s->voters, r, (double)i, (double)i + 1);
        load_latency_of(&l, x, s->cast);
        s->p99 = l.p99;
    }
    free(x);
    find_recovery(report);
    report->slow_longest = r->slow.longest;
    load_crowd_judge(&report->judged_good, &report->judged, &r->crowd);
    return PSE_OK;
}

static pse_rc tell(const struct run *r)
{
    struct pse_buf out = PSE_BUF(REPORT_MAX);
    pse_rc rc = PSE_OK;

    if (r->o->json) {
        rc = load_report_json(&out, &r->report);
        if (rc == PSE_OK)
            (void)fwrite(out.p, 1, out.n, stdout);
    } else {
        load_report_text(&r->report);
    }
    if (rc == PSE_OK && r->o->html != NULL) {
        out.n = 0;
        rc = load_report_html(&out, &r->report);
        if (rc == PSE_OK)
            rc = file_write(name, r->o->html, pse_buf_span(&out), FILE_REPLACE);
    }
    pse_buf_free(&out);
    return rc;
}

static pse_rc judge(const struct run *r)
{
    const struct load_report *report = &r->report;

    if (report->judged_good < report->judged) {
        cli_error(name, "%zu of %zu receipts prove nothing; the service is broken",
                  report->judged - report->judged_good, report->judged);
        return PSE_E_PROOF;
    }
    for (size_t i = 0; i < report->phases; i++) {
        const struct load_phase *p = &report->phase[i];

        if ((double)p->cast >= r->o->want * (double)p->voters)
            continue;
        cli_error(name, "only %zu of %zu voters of the phase '%s' have cast", p->cast, p->voters,
                  p->name);
        return PSE_E_MISMATCH;
    }
    return PSE_OK;
}

/* --- the verb ----------------------------------------------------------------------------------
 */

static pse_rc check(struct run *r)
{
    const struct run_options *o = r->o;

    if (o->ballots == NULL || o->box == NULL) {
        cli_error(name, "say what is to be cast with --ballots DIR, and where with --box URL");
        return PSE_E_SYNTAX;
    }
    if (kinds_of(o->flood_kind) == 0) {
        cli_error(name, "--flood-kind '%s' is none of replay, junk, forged, all", o->flood_kind);
        return PSE_E_SYNTAX;
    }
    switch (load_target(&r->to, r->host, o->box)) {
    case PSE_OK: break;
    case PSE_E_UNSUPPORTED:
        cli_error(name, "--box %s is not on this machine; load is put on loopback addresses only",
                  o->box);
        return PSE_E_SYNTAX;
    default:
        cli_error(name, "--box '%s' is not http://127.0.0.1:PORT", o->box);
        return PSE_E_SYNTAX;
    }
    return load_watch_open(&r->watch, name, &o->pids);
}

static pse_rc load(struct run *r)
{
    const struct run_options *o = r->o;
    struct load_crowd_options crowd = {.host = r->host,
                                       .set = &r->set,
                                       .rate = (double)o->rate,
                                       .patience = (double)o->patience,
                                       .judged = o->judge,
                                       .info = !o->no_info,
                                       .plain = o->plain,
                                       .seed = o->seed};
    double seconds;

    PSE_TRY(check(r));
    PSE_TRY(load_set_open(&r->set, name, o->ballots));
    plan(r);
    seconds = r->report.phase[r->report.phases - 1].to;
    crowd.voters = (size_t)(seconds * (double)o->rate);
    if (crowd.voters + FLOOD_BALLOTS > r->set.n) {
        cli_error(name,
                  "%zu ballots are too few for %zu voters and %d for the flood; prepare more "
                  "--voters, or lower --rate or the seconds",
                  r->set.n, crowd.voters, FLOOD_BALLOTS);
        return PSE_E_LIMIT;
    }
    load_descriptors(name, o->sources + o->slow + o->idle + SPARE_DESCRIPTORS + 4 * o->rate);
    PSE_TRY(load_loop_new(&r->loop));
    r->start = r->loop->now + 0.1;
    crowd.loop = r->loop;
    crowd.to = r->to;
    crowd.start = r->start;
    PSE_TRY(load_crowd_start(&r->crowd, &crowd));
    r->sample.fire = on_sample;
    load_timer_set(r->loop, &r->sample, r->loop->now);
    r->report.url = o->box;
    r->report.rate = (double)o->rate;
    r->report.info = !o->no_info;
    r->report.pids = r->watch.n;
    r->report.ballot_bytes = r->set.bytes;
    PSE_TRY(play(r));
    load_crowd_stop(&r->crowd);
    PSE_TRY(sum_up(r));
    PSE_TRY(tell(r));
    return judge(r);
}

static void release(struct run *r)
{
    load_flood_stop(&r->flood);
    load_slow_stop(&r->slow);
    if (r->loop != NULL)
        load_crowd_stop(&r->crowd);
    load_crowd_free(&r->crowd);
    load_flood_free(&r->flood);
    load_slow_free(&r->slow);
    load_set_close(&r->set);
    load_loop_free(r->loop);
}

int load_run(int argc, char **argv)
{
    static struct run r;
    struct run_options o = {.flood_kind = "all",
                            .rate = 100,
                            .warm = 2,
                            .steady = 10,
                            .flood_seconds = 10,
                            .recovery = 10,
                            .sources = 5000,
                            .patience = 30,
                            .cpu = 0.5,
                            .judge = 0.05,
                            .want = 0.0,
                            .pids = {.n = 0}};
    const struct cli_option options[] = {
        CLI_TEXT("ballots", "DIR", &o.ballots, "what psephos load prepare made"),
        CLI_TEXT("box", "URL", &o.box, "http://127.0.0.1:PORT, the box or an edge before it"),
        CLI_NUMBER("rate", "N", &o.rate, 1, RATE_MAX, "voters a second (default 100)"),
        CLI_NUMBER("warm-up", "S", &o.warm, 0, SECONDS_MAX, "seconds (default 2)"),
        CLI_NUMBER("steady", "S", &o.steady, 1, SECONDS_MAX, "seconds (default 10)"),
        CLI_NUMBER("over", "X", &o.over, 2, 1000,
                   "afterwards a flood beside the voters, X times --rate in all"),
        CLI_NUMBER("flood", "N", &o.flood, 1, RATE_MAX, "the same as requests a second"),
        CLI_NUMBER("flood-seconds", "S", &o.flood_seconds, 1, SECONDS_MAX, "default 10"),
        CLI_TEXT("flood-kind", "KIND", &o.flood_kind,
                 "replay, junk, forged ballots, or all in turn (default)"),
        CLI_NUMBER("sources", "N", &o.sources, 1, SOURCES_MAX,
                   "addresses the flood comes from (default 5000)"),
        CLI_NUMBER("recovery", "S", &o.recovery, 1, SECONDS_MAX,
                   "seconds watched after the flood (default 10)"),
        CLI_NUMBER("slow", "N", &o.slow, 1, SOURCES_MAX,
                   "connections that drip headers or bodies or do not read"),
        CLI_NUMBER("idle", "N", &o.idle, 1, SOURCES_MAX, "connections that say nothing"),
        CLI_NUMBER("patience", "S", &o.patience, 1, SECONDS_MAX,
                   "a voter gives up after so many seconds (default 30)"),
        CLI_PART("cpu", "PART", &o.cpu,
                 "of one processor; beyond it the flood is withheld (default 0.5)"),
        CLI_PART("judge", "PART", &o.judge, "of the receipts, verified whole (default 0.05)"),
        CLI_PART("want-cast", "PART", &o.want, "fail when fewer voters cast in some phase"),
        CLI_LIST("pid", "PID", &o.pids, "a server process to be watched; repeat for each"),
        CLI_NUMBER("seed", "N", &o.seed, 1, UINT32_MAX, "of arrivals and jitter (default 0)"),
        CLI_FLAG("no-info", &o.no_info, "voters cast without asking what the election is"),
        CLI_FLAG("plain", &o.plain, "any 200 is a receipt: the server is psephos load null"),
        CLI_TEXT("html", "FILE", &o.html, "also write a page with charts"),
        CLI_FLAG("json", &o.json, "print one JSON object"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--ballots DIR --box URL [--rate N] [--over X] [--slow N] [--pid PID ...]",
        .about = "Voters who arrive on a schedule that no answer delays, cast, and wait for their\n"
                 "receipts; then slow clients and a flood beside them.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    if (o.over > 0 && o.flood == 0)
        o.flood = (o.over - 1) * o.rate;
    r = (struct run){.o = &o};
    rc = load(&r);
    release(&r);
    if (rc == PSE_E_MEMORY)
        cli_error(name, "out of memory; lower --rate, --sources or the seconds");
    return verb_exit(rc);
}
