/* psephos simulate: every real ballot becomes one encrypted ballot of a complete public record. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../psephos-verify/report.h"
#include "codec/codec.h"
#include "commands.h"
#include "psephos/inspect.h"
#include "psephos/rehearsal.h"
#include "psephos/simulate_plan.h"
#include "psephos/verbs.h"

enum { CHOICES_ARENA = 512 << 20, VOTERS_MAX = 1 << 24 };

struct simulate_options {
    struct count_input_files files;
    struct rehearsal_options rehearsal;
    struct cli_hash seed;
    const char *kind, *rule, *backend, *html;
    uint64_t seats;
    double fraction;
    bool json;
};

/* --- voters
 * ---------------------------------------------------------------------------------------
 */

struct electorate {
    struct rehearsal_voter *voter;
    const struct rehearsal_voter **by; /* the order of casting */
    const uint8_t **choices;
    size_t n;
};

static void electorate_free(struct electorate *e)
{
    if (e->voter != NULL)
        pse_wipe(e->voter, e->n * sizeof *e->voter);
    free(e->voter);
    free(e->by);
    free(e->choices);
}

/* Who votes what, in an order that chance decides. */
static pse_rc electorate_make(struct electorate *e, const struct simulated_plan *p,
                              struct pse_rng *rng)
{
    size_t at = 0;

    e->n = p->voters;
    e->voter = calloc(e->n, sizeof *e->voter);
    e->by = calloc(e->n, sizeof *e->by);
    e->choices = calloc(e->n, sizeof *e->choices);
    if (e->voter == NULL || e->by == NULL || e->choices == NULL)
        return PSE_E_MEMORY;
    for (size_t g = 0; g < p->groups; g++) {
        for (uint64_t k = 0; k < p->group[g].count; k++, at++) {
            e->voter[at].style = p->group[g].style;
            e->voter[at].weight = 1;
            e->by[at] = &e->voter[at];
            e->choices[at] = p->group[g].choices;
        }
    }
    for (size_t i = e->n - 1; i > 0; i--) {
        size_t k = (size_t)pse_rng_below(rng, i + 1);
        const struct rehearsal_voter *v = e->by[i];
        const uint8_t *c = e->choices[i];

        e->by[i] = e->by[k];
        e->choices[i] = e->choices[k];
        e->by[k] = v;
        e->choices[k] = c;
    }
    return PSE_OK;
}

static pse_rc hold(struct rehearsal *r, const struct simulated_plan *p, struct electorate *e)
{
    PSE_TRY(rehearsal_create(r, pse_buf_span(&p->json)));
    rehearsal_phase(r, "trustees' ceremony", 0);
    PSE_TRY(rehearsal_ceremony(r));
    PSE_TRY(electorate_make(e, p, &r->rng));
    rehearsal_phase(r, "drawing credentials", e->n);
    PSE_TRY(rehearsal_draw(r, e->voter, e->n));
    rehearsal_phase(r, "writing the roster", 0);
    PSE_TRY(rehearsal_roster(r, e->voter, e->n));
    PSE_TRY(rehearsal_open(r));
    rehearsal_phase(r, "casting ballots", e->n);
    PSE_TRY(rehearsal_cast(r, e->by, e->choices, e->n));
    rehearsal_phase(r, "closing and fixing the box", 0);
    PSE_TRY(rehearsal_close(r));
    PSE_TRY(rehearsal_freeze(r));
    return rehearsal_count(r);
}

/* --- report
 * ---------------------------------------------------------------------------------------
 */

static void json_count(struct pse_json_wr *w, const struct pse_elected_count *c)
{
    const struct pse_count_result *r = &c->result;

    pse_json_wr_object(w, NULL);
    pse_json_wr_str(w, "rule", pse_count_rule_name(r->rule));
    pse_json_wr_array(w, "elected");
    for (size_t i = 0; i < r->elected.n; i++)
        pse_json_wr_u64(w, NULL, r->elected.v[i]);
    pse_json_wr_end(w);
    if (c->by->by_lists) {
        pse_json_wr_array(w, "parties");
        for (size_t i = 0; i < r->items; i++) {
            pse_json_wr_object(w, NULL);
            pse_json_wr_string(w, "name", r->returns->party[i]);
            pse_json_wr_u64(w, "seats", r->party_seats[i]);
            pse_json_wr_end(w);
        }
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static void json_phases(struct pse_json_wr *w, const struct rehearsal *r)
{
    pse_json_wr_array(w, "phases");
    for (size_t i = 0; i < r->phases; i++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_str(w, "name", r->phase[i].what);
        pse_json_wr_u64(w, "items", r->phase[i].items);
        pse_json_wr_fixed(w, "seconds", (int64_t)(r->phase[i].seconds * 1000), 3);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

static pse_rc report_as_json(const struct rehearsal *r, const struct inspect *i, const char *html,
                             uint64_t voters)
{
    struct pse_buf out = PSE_BUF((size_t)16 << 20);
    struct pse_json_wr w = pse_json_wr(&out, 0);
    const struct outcome *o = &i->outcome;
    pse_rc rc;

    pse_json_wr_object(&w, NULL);
    pse_json_wr_str(&w, "record", r->o->dir);
    pse_json_wr_str(&w, "html", html);
    pse_json_wr_hex(&w, "election", pse_engine_eid(r->e)->b, 32);
    pse_json_wr_u64(&w, "voters", voters);
    pse_json_wr_u64(&w, "ballots", pse_engine_counts(r->e)->ballots);
    pse_json_wr_str(&w, "backend", pse_group_backend_name(r->g));
    pse_json_wr_u64(&w, "threads", pse_pool_width(r->pool));
    pse_json_wr_str(&w, "verdict", outcome_verdict(o));
    pse_json_wr_fixed(&w, "verify_seconds", (int64_t)(o->seconds * 1000), 3);
    pse_json_wr_array(&w, "counts");
    for (size_t k = 0; o->is_counted && k < o->elected.doc.counts; k++)
        json_count(&w, &o->elected.count[k]);
    pse_json_wr_end(&w);
    json_phases(&w, r);
    pse_json_wr_end(&w);
    rc = pse_json_wr_finish(&w);
    if (rc == PSE_OK)
        printf("%.*s", (int)out.n, (const char *)out.p);
    pse_buf_free(&out);
    return rc;
}

static void say_phases(const struct rehearsal *r)
{
    puts("\nhow long it took");
    for (size_t i = 0; i < r->phases; i++) {
        const struct rehearsal_phase *p = &r->phase[i];

        if (p->seconds < 0.05)
            continue;
        printf("  %-28s %8.1f s", p->what, p->seconds);
        if (p->items > 0)
            printf("  %" PRIu64 ", %.0f a second", p->items, (double)p->items / p->seconds);
        puts("");
    }
}

static pse_rc report_as_text(const struct rehearsal *r, const struct inspect *i, const char *html)
{
    const struct pse_counts *c = pse_engine_counts(r->e);
    uint64_t roster = c->roster_before_open + c->roster_after_open;

    PSE_TRY(report_text(&i->outcome, false));
    say_phases(r);
    printf("\nturnout     %.1f %% (%" PRIu64 " of %" PRIu64 ")\n",
           100.0 * (double)c->admitted / (double)roster, c->admitted, roster);
    printf("the record  %s\nthe page    %s\nverify it   psephos-verify %s\n", r->o->dir, html,
           r->o->dir);
    return PSE_OK;
}

static pse_rc finish(struct rehearsal *r, const struct simulate_options *o, uint64_t voters)
{
    char default_html[FILE_PATH_MAX];
    const char *html = o->html;
    struct html_result_options page = {.record = pse_span_str(r->o->dir)};
    struct inspect inspect;
    pse_rc rc;

    if (html == NULL) {
        PSE_TRY(file_join(default_html, r->name, r->o->dir, "result.html"));
        html = default_html;
    }
    rc = inspect_record(&inspect, r->name, r->o->dir, r->g, &r->rng, pse_engine_eid(r->e),
                        r->o->quiet);
    if (rc == PSE_OK)
        rc = inspect_write_html(&inspect, r->name, html, &page);
    if (rc == PSE_OK)
        rc =
            o->json ? report_as_json(r, &inspect, html, voters) : report_as_text(r, &inspect, html);
    if (rc == PSE_OK && outcome_exit(&inspect.outcome) != VERIFY_EXIT_PASSED) {
        cli_error(r->name, "the record made here was not accepted; this is a fault of psephos, "
                           "please report");
        rc = PSE_E_PROOF;
    }
    inspect_free(&inspect);
    return rc;
}

/* --- the command
 * ----------------------------------------------------------------------------------
 */

static bool read_words(struct simulated_options *s, struct simulate_options *o)
{
    if (o->kind != NULL && strcmp(o->kind, "mix") != 0 && strcmp(o->kind, "homomorphic") != 0) {
        cli_error(s->name, "--kind wants mix or homomorphic");
        return false;
    }
    s->homomorphic = o->kind != NULL && strcmp(o->kind, "homomorphic") == 0;
    s->has_rule = o->rule != NULL;
    if (o->rule != NULL && pse_count_rule_find(&s->rule, pse_span_str(o->rule)) != PSE_OK) {
        cli_error(s->name, "'%s' is no counting rule; see psephos count --help", o->rule);
        return false;
    }
    if (pse_backend_parse(&o->rehearsal.backend, o->backend) != PSE_OK) {
        cli_error(s->name, "--backend wants auto, portable, ifma or word32");
        return false;
    }
    if ((o->files.blt == NULL) == (o->files.counts == NULL)) {
        cli_error(s->name, "give the ballots with --blt FILE or the votes with --counts CSV");
        return false;
    }
    if (o->rehearsal.dir == NULL) {
        cli_error(s->name, "--dir DIR is missing: where the record is to be made");
        return false;
    }
    if (o->rehearsal.trustees.n > PSE_TRUSTEES_MAX) {
        cli_error(s->name, "--trustees: at most %u", PSE_TRUSTEES_MAX);
        return false;
    }
    return true;
}

static pse_rc simulate(struct simulate_options *o, const struct count_input *in,
                       const struct simulated_options *plan_options)
{
    PSE_ARENA(arena, CHOICES_ARENA);
    struct simulated_options s = *plan_options;
    struct simulated_plan plan = {.voters = 0};
    struct electorate electorate = {.n = 0};
    struct rehearsal r;
    pse_rc rc = rehearsal_begin(&r, &o->rehearsal);

    s.time = r.time;
    if (rc == PSE_OK && !simulated_plan_make(&plan, &arena, in, &s))
        rc = PSE_E_SYNTAX;
    if (rc == PSE_OK && plan.voters > VOTERS_MAX) {
        cli_error(s.name, "%" PRIu64 " voters are too many; give a --fraction", plan.voters);
        rc = PSE_E_LIMIT;
    }
    if (rc == PSE_OK)
        rc = hold(&r, &plan, &electorate);
    electorate_free(&electorate);
    if (rc == PSE_OK)
        rc = finish(&r, o, plan.voters);
    simulated_plan_free(&plan);
    if (rc == PSE_E_MEMORY)
        cli_error(s.name, "out of memory; give a smaller --fraction");
    rehearsal_end(&r);
    return rc;
}

int cmd_simulate(int argc, char **argv)
{
    static const char name[] = "psephos simulate";
    struct simulate_options o = {
        .rehearsal = {.name = name,
                      .origin = "simulation.psephos.example",
                      .trustees = {0, 0},
                      .mixers = 2},
        .backend = "auto",
        .fraction = 1,
    };
    struct simulated_options s = {.name = name};
    struct count_input in = {.is_returns = false};
    const struct cli_option options[] = {
        CLI_TEXT("blt", "FILE", &o.files.blt, "ranked ballots in BLT form"),
        CLI_TEXT("counts", "CSV", &o.files.counts, "votes of candidates by constituency"),
        CLI_TEXT("mandates", "CSV", &o.files.mandates, "mandates of the constituencies"),
        CLI_TEXT("dir", "DIR", &o.rehearsal.dir, "the record to make"),
        CLI_TEXT("kind", "WORD", &o.kind, "mix (default) or homomorphic (first preferences)"),
        CLI_TEXT("rule", "NAME", &o.rule,
                 "default: stv-scottish, estonia, or plurality if homomorphic"),
        CLI_NUMBER("seats", "N", &o.seats, 1, PSE_COUNT_MANDATES_MAX, "default: as the file says"),
        CLI_RATIO("trustees", "T/N", &o.rehearsal.trustees, PSE_TRUSTEES_MAX,
                  "default 5/9 for --counts, 3/5 for --blt"),
        CLI_NUMBER("mixers", "M", &o.rehearsal.mixers, 1, PSE_MIXERS_MAX, "default 2"),
        CLI_PART("fraction", "P", &o.fraction, "a proportional part of the votes, as in 0.05"),
        CLI_TEXT("title", "TEXT", &s.title, "name of the election (default: from the file)"),
        CLI_TEXT("html", "FILE", &o.html, "the result page (default: result.html in DIR)"),
        CLI_NUMBER("threads", "K", &o.rehearsal.threads, 1, 256, "default: one a processor"),
        CLI_TEXT("backend", "NAME", &o.backend, "auto, portable, ifma or word32"),
        SYSRNG_OPTION(&o.seed),
        CLI_FLAG("json", &o.json, "print one JSON object"),
        CLI_FLAG("quiet", &o.rehearsal.quiet, "no progress"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "(--blt FILE | --counts CSV [--mandates CSV]) --dir DIR [OPTIONS]",
        .about = "Turn every real ballot into one encrypted ballot of a complete public record:\n"
                 "ceremony, roster, ballots, mixing, decryption, result; then verify it.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    o.rehearsal.seed = &o.seed;
    if (!cli_parse(&status, &command, argc, argv))
        return status;
    if (!read_words(&s, &o))
        return CLI_EXIT_USAGE;
    if (o.rehearsal.trustees.n == 0)
        o.rehearsal.trustees =
            o.files.counts != NULL ? (struct cli_ratio){5, 9} : (struct cli_ratio){3, 5};
    s.seats = o.seats;
    s.fraction = o.fraction;
    s.file = o.files.blt != NULL ? o.files.blt : o.files.counts;
    s.threshold = o.rehearsal.trustees.t;
    s.mixers = o.rehearsal.mixers;
    rc = count_input_read(&in, name, &o.files) ? simulate(&o, &in, &s) : PSE_E_SYNTAX;
    count_input_free(&in);
    return verb_exit(rc);
}
