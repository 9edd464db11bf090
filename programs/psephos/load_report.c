#include "psephos/load_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "common/html.h"
#include "psephos/load_watch.h"

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The smallest value that a share of all does not exceed. */
static double quantile(const double *x, size_t n, double share)
{
    size_t i = (size_t)(share * (double)n);

    return 1000 * x[i < n ? i : n - 1];
}

void load_latency_of(struct load_latency *out, double *x, size_t n)
{
    *out = (struct load_latency){.n = n};
    if (n == 0)
        return;
    qsort(x, n, sizeof *x, by_size);
    out->p50 = quantile(x, n, 0.5);
    out->p90 = quantile(x, n, 0.9);
    out->p99 = quantile(x, n, 0.99);
    out->most = 1000 * x[n - 1];
}

static double per_second(const struct load_phase *p)
{
    return p->to > p->from ? (double)p->receipts / (p->to - p->from) : 0;
}

static double cpu_us(const struct load_phase *p)
{
    return p->receipts > 0 ? 1e6 * p->server_cpu / (double)p->receipts : 0;
}

static double own_share(const struct load_phase *p)
{
    return p->to > p->from ? p->own_cpu / (p->to - p->from) : 0;
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static void put_fixed(struct pse_json_wr *w, const char *name, double x, unsigned decimals)
{
    double scale = 1;

    for (unsigned i = 0; i < decimals; i++)
        scale *= 10;
    pse_json_wr_fixed(w, name, (int64_t)(x * scale + (x < 0 ? -0.5 : 0.5)), decimals);
}

static void put_answers(struct pse_json_wr *w, const char *name, const struct load_answers *a)
{
    pse_json_wr_object(w, name);
    pse_json_wr_u64(w, "good", a->good);
    pse_json_wr_u64(w, "recorded", a->recorded);
    pse_json_wr_u64(w, "limited", a->limited);
    pse_json_wr_u64(w, "busy", a->busy);
    pse_json_wr_u64(w, "other", a->other);
    if (a->other > 0)
        pse_json_wr_u64(w, "last_other", a->last_other);
    pse_json_wr_u64(w, "broken", a->broken);
    pse_json_wr_end(w);
}

static void put_flood(struct pse_json_wr *w, const struct load_phase *p)
{
    pse_json_wr_object(w, "flood");
    pse_json_wr_u64(w, "offered", p->flood_due);
    pse_json_wr_u64(w, "sent", p->flood_sent);
    pse_json_wr_u64(w, "withheld_no_connection", p->flood_busy);
    pse_json_wr_u64(w, "withheld_cpu", p->flood_cpu);
    put_answers(w, "answers", &p->flood);
    pse_json_wr_end(w);
}

static void put_phase(struct pse_json_wr *w, const struct load_report *r,
                      const struct load_phase *p)
{
    pse_json_wr_object(w, NULL);
    pse_json_wr_str(w, "phase", p->name);
    put_fixed(w, "seconds", p->to - p->from, 1);
    pse_json_wr_u64(w, "voters", p->voters);
    pse_json_wr_u64(w, "cast", p->cast);
    pse_json_wr_u64(w, "gave_up", p->gave_up);
    put_fixed(w, "receipts_per_second", per_second(p), 1);
    put_fixed(w, "p50_ms", p->latency.p50, 1);
    put_fixed(w, "p90_ms", p->latency.p90, 1);
    put_fixed(w, "p99_ms", p->latency.p99, 1);
    put_fixed(w, "max_ms", p->latency.most, 1);
    pse_json_wr_u64(w, "sent_again", p->resent);
    put_answers(w, "answers", &p->answers);
    if (r->pids > 0) {
        put_fixed(w, "server_cpu_seconds", p->server_cpu, 2);
        put_fixed(w, "server_cpu_us_per_receipt", cpu_us(p), 1);
        pse_json_wr_u64(w, "server_memory_bytes", p->memory);
    }
    put_fixed(w, "generator_cpu_share", own_share(p), 3);
    if (p->flood_due > 0)
        put_flood(w, p);
    if (p->slow_opened > 0) {
        pse_json_wr_object(w, "slow");
        pse_json_wr_u64(w, "open_most", p->slow_open);
        pse_json_wr_u64(w, "opened", p->slow_opened);
        pse_json_wr_u64(w, "turned_away", p->slow_turned_away);
        pse_json_wr_u64(w, "cut", p->slow_cut);
        put_fixed(w, "longest_seconds", r->slow_longest, 1);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

pse_rc load_report_json(struct pse_buf *out, const struct load_report *r)
{
    struct pse_json_wr w = pse_json_wr(out, 0);
    char model[96];
    long processors;

    load_machine(model, &processors);
    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "name", "load run");
    pse_json_wr_str(&w, "box", r->url);
    pse_json_wr_str(&w, "cpu", model);
    pse_json_wr_i64(&w, "processors", processors);
    pse_json_wr_u64(&w, "ballot_bytes", r->ballot_bytes);
    put_fixed(&w, "rate", r->rate, 1);
    pse_json_wr_bool(&w, "asks_for_election", r->info);
    pse_json_wr_array(&w, "phases");
    for (size_t i = 0; i < r->phases; i++)
        put_phase(&w, r, &r->phase[i]);
    pse_json_wr_end(&w);
    pse_json_wr_u64(&w, "receipts_judged", r->judged);
    pse_json_wr_u64(&w, "receipts_good", r->judged_good);
    if (r->has_recovered)
        put_fixed(&w, "recovered_seconds", r->recovered, 0);
    pse_json_wr_array(&w, "timeline");
    for (size_t i = 0; i < r->seconds; i++) {
        pse_json_wr_object(&w, NULL);
        pse_json_wr_u64(&w, "voters", r->second[i].voters);
        pse_json_wr_u64(&w, "cast", r->second[i].cast);
        put_fixed(&w, "p99_ms", r->second[i].p99, 1);
        pse_json_wr_end(&w);
    }
    pse_json_wr_end(&w);
    pse_json_wr_end(&w);
    PSE_TRY(pse_json_wr_finish(&w));
    pse_buf_put(out, "\n", 1);
    return out->rc;
}

/* --- text --------------------------------------------------------------------------------------
 */

void load_report_text(const struct load_report *r)
{
    printf("%-9s %8s %8s %8s %9s %8s %8s %8s %9s %7s\n", "phase", "voters", "cast", "gave up",
           "a second", "p50 ms", "p99 ms", "max ms", "cpu us", "own cpu");
    for (size_t i = 0; i < r->phases; i++) {
        const struct load_phase *p = &r->phase[i];

        printf("%-9s %8zu %8zu %8zu %9.1f %8.1f %8.1f %8.1f %9.1f %7.2f\n", p->name, p->voters,
               p->cast, p->gave_up, per_second(p), p->latency.p50, p->latency.p99, p->latency.most,
               cpu_us(p), own_share(p));
    }
    for (size_t i = 0; i < r->phases; i++) {
        const struct load_phase *p = &r->phase[i];

        if (p->flood_due > 0)
            printf("flood     %" PRIu64 " offered, %" PRIu64 " sent; answered 200: %" PRIu64
                   ", 429: %" PRIu64 ", 503: %" PRIu64 ", else: %" PRIu64 ", cut off: %" PRIu64
                   "\n",
                   p->flood_due, p->flood_sent, p->flood.good, p->flood.limited, p->flood.busy,
                   p->flood.other, p->flood.broken);
        if (p->slow_opened > 0)
            printf("slow      at most %zu open at once; of %" PRIu64 " opened, %" PRIu64
                   " were turned away and %" PRIu64 " cut, the last after %.1f s\n",
                   p->slow_open, p->slow_opened, p->slow_turned_away, p->slow_cut, r->slow_longest);
        if (r->pids > 0 && p->memory > 0)
            printf("memory    %s: at most %.1f MiB in the servers\n", p->name,
                   (double)p->memory / (1 << 20));
    }
    if (r->has_recovered && r->recovered >= 0)
        printf("recovered within %.0f s after the flood\n", r->recovered);
    else if (r->has_recovered)
        printf("not recovered by the end of the run\n");
    printf("receipts  %zu judged, %zu hold\n", r->judged, r->judged_good);
}

/* --- page --------------------------------------------------------------------------------------
 */

static void put_bars(struct pse_buf *out, unsigned id, const char *caption, const char *head,
                     const char *value, const char (*label)[32], const uint64_t *x, size_t n)
{
    static struct html_bar bar[LOAD_TIMELINE_MAX];
    struct html_chart chart = {.id = id,
                               .caption = pse_span_str(caption),
                               .label_head = head,
                               .value_head = value,
                               .bar = bar,
                               .bars = n};

    for (size_t i = 0; i < n; i++)
        bar[i] = (struct html_bar){.label = pse_span_str(label[i]), .value = x[i]};
    html_chart(out, &chart);
}

pse_rc load_report_html(struct pse_buf *out, const struct load_report *r)
{
    static char label[LOAD_TIMELINE_MAX][32];
    static uint64_t value[LOAD_TIMELINE_MAX];
    char model[96];
    long processors;

    load_machine(model, &processors);
    html_begin(out, pse_span_str("en"), pse_span_str("The service under load"), "psephos load",
               true);
    html_raw(out, "<p>");
    html_str(out, model);
    html_format(out,
                ", %ld processors, the generator among them. %.0f voters a second, ballots of ",
                processors, r->rate);
    html_number(out, r->ballot_bytes);
    html_raw(out, " bytes. Latency counts from the arrival that was planned to the witnessed "
                  "receipt.</p>\n");
    for (size_t i = 0; i < r->phases; i++) {
        (void)snprintf(label[i], sizeof label[i], "%s", r->phase[i].name);
        value[i] = (uint64_t)(r->phase[i].latency.p99 + 0.5);
    }
    put_bars(out, 1, "p99 in each phase", "phase", "ms", label, value, r->phases);
    for (size_t i = 0; i < r->phases; i++)
        value[i] = (uint64_t)(per_second(&r->phase[i]) + 0.5);
    put_bars(out, 2, "Witnessed receipts a second", "phase", "a second", label, value, r->phases);
    for (size_t i = 0; i < r->seconds; i++) {
        (void)snprintf(label[i], sizeof label[i], "%zu", i);
        value[i] = (uint64_t)(r->second[i].p99 + 0.5);
    }
    put_bars(out, 3, "p99 of those who arrived in each second", "second", "ms", label, value,
             r->seconds);
    html_end(out);
    return out->rc;
}
