#include "psephos/html_result.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "common/html.h"

enum { BARS_SHOWN = 12, STAGES_MAX = 64, RESULT_ARENA = 64 << 20 };

struct page {
    struct pse_buf *out;
    const struct outcome *o;
    const struct pse_engine *e;
    const struct pse_manifest *m;
    struct pse_arena arena;
    unsigned charts; /* so far: ids of charts */
};

static struct pse_span title_of(const struct pse_text *t)
{
    return pse_text_in(t, pse_span_str("en"));
}

static const struct pse_elected_count *count_of(const struct page *p, uint16_t contest)
{
    return p->o->is_counted ? pse_elected_find(&p->o->elected, contest) : NULL;
}

static void put_u64(struct page *p, uint64_t x)
{
    html_number(p->out, x);
}

/* --- head: verdict and figures -------------------------------------------------------------------
 */

static void put_verdict(struct page *p)
{
    enum verify_exit exit = outcome_exit(p->o);
    const char *class = exit == VERIFY_EXIT_PASSED   ? "ok"
                        : exit == VERIFY_EXIT_PREFIX ? "warn"
                                                     : "bad";

    html_raw(p->out, "<div class=\"verdict ");
    html_raw(p->out, class);
    html_raw(p->out, "\"><p><strong>");
    switch (exit) {
    case VERIFY_EXIT_PASSED:
        html_raw(p->out, pse_audit_verdict(p->o->audit) == PSE_VERDICT_ABORTED
                             ? "Stopped in good order: there is no result."
                             : "Every check passed.");
        break;
    case VERIFY_EXIT_PREFIX: html_raw(p->out, "Everything holds so far; not finished."); break;
    default: html_raw(p->out, "The record was not accepted. This is serious."); break;
    }
    html_raw(p->out, "</strong> The program that made this page checked the public record: ");
    html_str(p->out, outcome_verdict(p->o));
    html_raw(p->out, ", ");
    put_u64(p, pse_audit_size(p->o->audit));
    html_raw(p->out, " entries. You need not believe it: anyone can check the record again.</p>"
                     "</div>\n");
}

static void put_figure(struct page *p, const char *label, uint64_t value)
{
    html_raw(p->out, "<div><dt>");
    html_str(p->out, label);
    html_raw(p->out, "</dt><dd>");
    put_u64(p, value);
    html_raw(p->out, "</dd></div>\n");
}

/* Voters and ballots; what became of the ballots that do not count. */
static void put_figures(struct page *p)
{
    const struct pse_counts *c = pse_engine_counts(p->e);
    uint64_t roster = c->roster_before_open + c->roster_after_open;

    html_raw(p->out, "<dl>\n");
    put_figure(p, "Voters on the roster", roster);
    put_figure(p, "Voters with a ballot", c->voters);
    put_figure(p, "Ballots in the record", c->ballots);
    put_figure(p, "Ballots that count", c->admitted);
    put_figure(p, "Set aside by revocation", c->out);
    html_raw(p->out, "<div><dt>Turnout</dt><dd>");
    html_percent(p->out, c->admitted, roster);
    html_raw(p->out, "</dd></div>\n</dl>\n");
}

/* --- contests -----------------------------------------------------------------------------------
 */

static int by_votes(const void *a, const void *b)
{
    const struct html_bar *x = a;
    const struct html_bar *y = b;

    if (x->value != y->value)
        return x->value < y->value ? 1 : -1;
    return x->label.p < y->label.p ? -1 : 1;
}

static struct pse_span party_of(const struct pse_elected_count *c, uint16_t contest, size_t option)
{
    const struct pse_count_returns *r = c->result.returns;
    uint32_t number = pse_elected_number(c, contest, option);

    for (size_t i = 0; r != NULL && i < r->candidates; i++) {
        if (r->candidate[i].number == number)
            return r->candidate[i].party == PSE_COUNT_INDEPENDENT ? pse_span_str("independent")
                                                                  : r->party[r->candidate[i].party];
    }
    return pse_span(NULL, 0);
}

static bool is_ranking(const struct pse_contest *c)
{
    return c->kind == PSE_KIND_MIX && c->format == PSE_FORMAT_RANKING;
}

static pse_rc put_bars(struct page *p, const struct pse_tally *y)
{
    const struct pse_contest *c = y->contest;
    const struct pse_elected_count *count = count_of(p, c->id);
    struct html_bar *bar = PSE_NEW(&p->arena, struct html_bar, c->options);
    struct html_chart chart = {.id = ++p->charts,
                               .caption =
                                   pse_span_str(is_ranking(c) ? "First preferences" : "Votes"),
                               .label_head = "Option",
                               .value_head = is_ranking(c) ? "First preferences" : "Votes",
                               .whole = c->kind == PSE_KIND_MIX ? y->valid : y->weight,
                               .shown = BARS_SHOWN,
                               .bar = bar,
                               .bars = c->options};

    if (bar == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < c->options; i++) {
        bar[i] = (struct html_bar){.label = title_of(&c->option[i]), .value = y->votes[i]};
        if (count == NULL)
            continue;
        chart.mark = count->result.rule == PSE_RULE_YESNO ? "carried" : "elected";
        bar[i].marked = pse_elected_is(count, c->id, i + 1);
        if (count->by->by_lists) {
            chart.note_head = "List";
            bar[i].note = party_of(count, c->id, i + 1);
        }
    }
    qsort(bar, c->options, sizeof *bar, by_votes);
    html_chart(p->out, &chart);
    return PSE_OK;
}

/* The elected of one contest, in the order of election where the rule has one. */
static bool put_elected(struct page *p, const struct pse_elected_count *count,
                        const struct pse_contest *c)
{
    const struct pse_count_numbers *order = &count->result.elected;
    bool ordered = !count->by->by_lists && count->result.rule != PSE_RULE_YESNO;
    size_t n = ordered ? order->n : c->options;
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        size_t option = ordered ? order->v[i] : i + 1;

        if (option < 1 || option > c->options || !pse_elected_is(count, c->id, option))
            continue;
        html_raw(p->out, any ? ", " : "<strong>");
        html_text(p->out, title_of(&c->option[option - 1]));
        any = true;
    }
    return any;
}

/* A plain sentence: who won, by how much of what. */
static void put_sentence(struct page *p, const struct pse_tally *y)
{
    const struct pse_elected_count *count = count_of(p, y->contest->id);

    html_raw(p->out, "<p class=\"lead\">");
    if (count != NULL && put_elected(p, count, y->contest))
        html_raw(p->out, count->result.rule == PSE_RULE_YESNO ? "</strong>: carried. "
                                                              : "</strong>: elected. ");
    else if (count != NULL && count->result.rule == PSE_RULE_YESNO)
        html_raw(p->out, "<strong>Not carried.</strong> ");
    put_u64(p, y->ballots);
    html_raw(p->out, y->ballots == 1 ? " ballot" : " ballots");
    if (y->contest->kind == PSE_KIND_MIX) {
        html_raw(p->out, ", of these ");
        put_u64(p, y->blank);
        html_raw(p->out, " blank and ");
        put_u64(p, y->invalid);
        html_raw(p->out, " invalid");
    } else if (y->weight != y->ballots) {
        html_raw(p->out, " of weight ");
        put_u64(p, y->weight);
    }
    html_raw(p->out, ".</p>\n");
}

static void put_texts(struct page *p, const struct pse_tally *y)
{
    if (y->text_n == 0)
        return;
    html_raw(p->out, "<details><summary>Written in</summary>\n<table><caption>Names written in, as "
                     "voters wrote them</caption><thead><tr><th scope=\"col\">Text</th>"
                     "<th scope=\"col\" class=\"n\">Ballots</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < y->text_n; i++) {
        html_raw(p->out, "<tr><th scope=\"row\"><bdi>");
        html_text(p->out, y->texts[i].text);
        html_raw(p->out, "</bdi></th><td class=\"n\">");
        put_u64(p, y->texts[i].count);
        html_raw(p->out, "</td></tr>\n");
    }
    html_raw(p->out, "</tbody></table></details>\n");
}

/* --- rounds -------------------------------------------------------------------------------------
 */

static void put_fixed(struct page *p, pse_u128 x, unsigned decimals)
{
    char digits[48];
    size_t at = sizeof digits;
    unsigned shown = 0;

    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + (unsigned)(x % 10));
        x /= 10;
        if (++shown == decimals)
            digits[--at] = '.';
    } while (x > 0 || shown <= decimals);
    html_str(p->out, digits + at);
}

static const char *action_word(enum pse_count_action action)
{
    switch (action) {
    case PSE_ACTION_FIRST: return "first preferences";
    case PSE_ACTION_SURPLUS: return "surplus";
    case PSE_ACTION_EXCLUSION: return "exclusion";
    case PSE_ACTION_LAST: return "last places";
    case PSE_ACTION_ROUND: return "round";
    default: return "stage";
    }
}

static void put_round_heads(struct page *p, const struct pse_contest *c,
                            const struct pse_count_result *r, size_t stages)
{
    char number[32];

    html_raw(p->out, "<thead><tr><th scope=\"col\">Option</th>");
    for (size_t s = 0; s < stages; s++) {
        html_raw(p->out, "<th scope=\"col\" class=\"n\">");
        (void)snprintf(number, sizeof number, "%zu: ", s + 1);
        html_str(p->out, number);
        html_str(p->out, action_word(r->stage[s].action));
        if (r->stage[s].subject > 0 && r->stage[s].subject <= c->options) {
            (void)snprintf(number, sizeof number, " of %u", r->stage[s].subject);
            html_str(p->out, number);
        }
        html_raw(p->out, "</th>");
    }
    html_raw(p->out, "</tr></thead>\n<tbody>\n");
}

static void put_round_rows(struct page *p, const struct pse_contest *c,
                           const struct pse_count_result *r, size_t stages)
{
    char number[16];

    for (size_t i = 0; i < c->options; i++) {
        html_raw(p->out, "<tr><th scope=\"row\">");
        (void)snprintf(number, sizeof number, "%zu ", i + 1);
        html_str(p->out, number);
        html_text(p->out, title_of(&c->option[i]));
        html_raw(p->out, "</th>");
        for (size_t s = 0; s < stages; s++) {
            html_raw(p->out, "<td class=\"n\">");
            if (r->stage[s].total != NULL)
                put_fixed(p, r->stage[s].total[i], r->decimals);
            html_raw(p->out, "</td>");
        }
        html_raw(p->out, "</tr>\n");
    }
    html_raw(p->out, "<tr><th scope=\"row\">not transferable</th>");
    for (size_t s = 0; s < stages; s++) {
        html_raw(p->out, "<td class=\"n\">");
        put_fixed(p, r->stage[s].rest, r->decimals);
        html_raw(p->out, "</td>");
    }
    html_raw(p->out, "</tr>\n");
}

static bool has_rounds(const struct pse_count_result *r)
{
    return r->rule == PSE_RULE_IRV || r->rule == PSE_RULE_STV_SCOTTISH ||
           r->rule == PSE_RULE_STV_MEEK;
}

static void put_rounds(struct page *p, const struct pse_contest *c)
{
    const struct pse_elected_count *count = count_of(p, c->id);
    const struct pse_count_result *r = count == NULL ? NULL : &count->result;
    size_t stages;

    if (r == NULL || !has_rounds(r) || r->stages == 0)
        return;
    stages = r->stages < STAGES_MAX ? r->stages : STAGES_MAX;
    html_raw(p->out, "<h3>The count, round by round</h3>\n<div class=\"scroll rounds\" "
                     "tabindex=\"0\" role=\"region\" aria-label=\"Rounds of the count\"><table>"
                     "<caption>Votes at the end of each round");
    if (r->stage[0].quota > 0) {
        html_raw(p->out, "; needed to be elected: ");
        put_fixed(p, r->stage[0].quota, r->decimals);
    }
    html_raw(p->out, "</caption>\n");
    put_round_heads(p, c, r, stages);
    put_round_rows(p, c, r, stages);
    html_raw(p->out, "</tbody></table></div>\n");
}

static pse_rc put_contest(struct page *p, const struct pse_tally *y)
{
    html_raw(p->out, "<section>\n<h2>");
    html_text(p->out, title_of(&y->contest->title));
    html_raw(p->out, "</h2>\n");
    put_sentence(p, y);
    PSE_TRY(put_bars(p, y));
    put_rounds(p, y->contest);
    put_texts(p, y);
    html_raw(p->out, "</section>\n");
    return PSE_OK;
}

/* --- counts by lists -----------------------------------------------------------------------------
 */

static int by_seats(const void *a, const void *b)
{
    const struct html_party *x = a;
    const struct html_party *y = b;

    if (x->seats != y->seats)
        return x->seats < y->seats ? 1 : -1;
    return x->votes < y->votes ? 1 : x->votes > y->votes ? -1 : 0;
}

static const char *seat_word(enum pse_count_action kind)
{
    switch (kind) {
    case PSE_ACTION_PERSONAL: return "personal";
    case PSE_ACTION_DISTRICT: return "district";
    case PSE_ACTION_COMPENSATION: return "compensation";
    default: return "seat";
    }
}

static void put_members(struct page *p, const struct pse_count_result *r)
{
    html_raw(p->out,
             "<details><summary>Everyone elected</summary>\n<table><caption>The elected, in "
             "the order of their mandates</caption><thead><tr><th scope=\"col\">Candidate"
             "</th><th scope=\"col\">List</th><th scope=\"col\">Constituency</th>"
             "<th scope=\"col\">Mandate</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < r->elected.n; i++) {
        const struct pse_count_seat *s = &r->seat[i];
        char number[16];

        (void)snprintf(number, sizeof number, "%u", s->number);
        html_raw(p->out, "<tr><th scope=\"row\">");
        html_str(p->out, number);
        html_raw(p->out, "</th><td>");
        html_text(p->out, s->party == PSE_COUNT_INDEPENDENT ? pse_span_str("independent")
                                                            : r->returns->party[s->party]);
        html_raw(p->out, "</td><td>");
        html_text(p->out, r->returns->constituency[s->constituency].name);
        html_raw(p->out, "</td><td>");
        html_str(p->out, seat_word(s->kind));
        html_raw(p->out, "</td></tr>\n");
    }
    html_raw(p->out, "</tbody></table></details>\n");
}

static pse_rc put_lists(struct page *p, const struct pse_elected_count *count)
{
    const struct pse_count_result *r = &count->result;
    struct html_party *party = PSE_NEW(&p->arena, struct html_party, r->items);
    uint64_t votes = 0;
    char caption[64];

    if (party == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < r->items; i++)
        party[i] = (struct html_party){.name = r->returns->party[i], .seats = r->party_seats[i]};
    for (size_t i = 0; i < r->returns->candidates; i++) {
        const struct pse_count_candidate *c = &r->returns->candidate[i];

        votes += c->votes;
        if (c->party != PSE_COUNT_INDEPENDENT)
            party[c->party].votes += c->votes;
    }
    qsort(party, r->items, sizeof *party, by_seats);
    (void)snprintf(caption, sizeof caption, "%zu seats", r->elected.n);
    html_raw(p->out, "<section>\n<h2>Seats</h2>\n");
    html_assembly(p->out, ++p->charts, pse_span_str(caption), party, r->items, votes);
    put_members(p, r);
    html_raw(p->out, "</section>\n");
    return PSE_OK;
}

/* --- foot: people and how to check
 * ----------------------------------------------------------------
 */

static void put_people(struct page *p)
{
    html_raw(p->out, "<section>\n<h2>Who took part</h2>\n<ul>\n<li>Trustees (any ");
    put_u64(p, p->m->threshold);
    html_raw(p->out, " could open the ballots): ");
    for (size_t i = 0; i < p->m->trustees; i++) {
        html_raw(p->out, i > 0 ? ", " : "");
        html_text(p->out, p->m->trustee[i].name);
    }
    html_raw(p->out, "</li>\n<li>Mixers: ");
    html_raw(p->out, p->m->mixers == 0 ? "none" : "");
    for (size_t i = 0; i < p->m->mixers; i++) {
        html_raw(p->out, i > 0 ? ", " : "");
        html_text(p->out, p->m->mixer[i].name);
    }
    html_raw(p->out, "</li>\n<li>Witnesses: ");
    for (size_t i = 0; i < pse_audit_witnesses(p->o->audit); i++) {
        bool signed_it;
        struct pse_span name = pse_audit_witness(p->o->audit, &signed_it, i);

        html_raw(p->out, i > 0 ? ", " : "");
        html_text(p->out, name);
        html_raw(p->out, signed_it ? "" : " (did not sign)");
    }
    html_raw(p->out, "</li>\n</ul>\n</section>\n");
}

static void put_hash(struct page *p, const char *label, const pse_hash *hash)
{
    char hex[65];

    pse_hex_encode(hex, hash->b, 32);
    html_raw(p->out, "<li>");
    html_str(p->out, label);
    html_raw(p->out, ": <span class=\"mono\">");
    html_str(p->out, hex);
    html_raw(p->out, "</span></li>\n");
}

static void put_check(struct page *p, const struct html_result_options *options)
{
    html_raw(p->out, "<section>\n<h2>Check it yourself</h2>\n<p>Get the public record and run the "
                     "verifier on your own computer. It recomputes every number on this page.</p>\n"
                     "<p><code>psephos-verify ");
    html_text(p->out, options->record.n > 0 ? options->record : pse_span_str("DIR"));
    html_raw(p->out, "</code></p>\n<details><summary>Technical details</summary>\n<ul>\n");
    if (p->m != NULL)
        put_hash(p, "Election id", pse_engine_eid(p->e));
    put_hash(p, "Root of the record", pse_audit_root(p->o->audit));
    html_raw(p->out, "<li>Entries: ");
    put_u64(p, pse_audit_size(p->o->audit));
    html_raw(p->out, "</li>\n<li>Log: <span class=\"mono\">");
    html_text(p->out, pse_audit_origin(p->o->audit));
    html_raw(p->out, "</span></li>\n");
    if (p->e != NULL) {
        html_raw(p->out, "<li>Dead entries, which change nothing: ");
        put_u64(p, pse_engine_counts(p->e)->dead);
        html_raw(p->out, "</li>\n");
    }
    html_raw(p->out, "</ul></details>\n</section>\n");
}

static pse_rc put_results(struct page *p)
{
    for (size_t i = 0; p->o->is_counted && i < p->o->elected.doc.counts; i++) {
        if (p->o->elected.count[i].by->by_lists)
            PSE_TRY(put_lists(p, &p->o->elected.count[i]));
    }
    for (size_t i = 0; i < p->o->tallies; i++)
        PSE_TRY(put_contest(p, &p->o->tally[i]));
    if (p->o->uncounted != NULL) {
        html_raw(p->out, "<p>");
        html_str(p->out, p->o->uncounted);
        html_raw(p->out, "</p>\n");
    }
    return PSE_OK;
}

pse_rc html_result_put(struct pse_buf *out, const struct outcome *o,
                       const struct html_result_options *options)
{
    struct page p = {.out = out, .o = o, .e = pse_audit_engine(o->audit)};
    pse_rc rc = PSE_OK;

    pse_arena_init(&p.arena, RESULT_ARENA);
    p.m = p.e == NULL ? NULL : pse_engine_manifest(p.e);
    html_begin(out, pse_span_str("en"),
               p.m == NULL ? pse_span_str("Unreadable record") : title_of(&p.m->title), "Result",
               p.m != NULL && p.m->test);
    put_verdict(&p);
    if (p.m != NULL)
        put_figures(&p);
    if (outcome_exit(o) == VERIFY_EXIT_PASSED)
        rc = put_results(&p);
    if (p.m != NULL)
        put_people(&p);
    put_check(&p, options);
    html_end(out);
    pse_arena_free(&p.arena);
    return rc != PSE_OK ? rc : out->rc;
}
