#include "psephos/simulate_plan.h"

#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "common/options.h"
#include "election/plain.h"

enum { TITLE_CHARACTERS = 200, PLAN_MAX = 1 << 20, DAY = 86400, YEAR = 365 * DAY };

/* --- words ---------------------------------------------------------------------------------------
 */

/* A text of the manifest: something readable of at most 200 characters, whatever the file holds. */
static void put_title(struct pse_json_wr *w, const char *member, struct pse_span text,
                      const char *otherwise)
{
    struct pse_buf safe = PSE_BUF(65536);
    struct pse_span rest;
    uint32_t c;

    pse_utf8_put_escaped(&safe, text);
    rest = pse_buf_span(&safe);
    for (int i = 0; i < TITLE_CHARACTERS && rest.n > 0; i++) {
        if (pse_utf8_next(&c, &rest) != PSE_OK)
            break;
    }
    pse_json_wr_object(w, member);
    if (safe.n - rest.n == 0)
        pse_json_wr_str(w, "en", otherwise);
    else
        pse_json_wr_string(w, "en", pse_span(safe.p, safe.n - rest.n));
    pse_json_wr_end(w);
    pse_buf_free(&safe);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* --- the frame of a plan
 * --------------------------------------------------------------------------
 */

static void put_frame(struct pse_json_wr *w, const struct simulated_options *o,
                      struct pse_span title)
{
    put_title(w, "title", title, base_name(o->file));
    pse_json_wr_bool(w, "test", true);
    pse_json_wr_object(w, "schedule");
    pse_json_wr_u64(w, "opens", o->time - DAY);
    pse_json_wr_u64(w, "closes", o->time - 1);
    pse_json_wr_u64(w, "retain_until", o->time + YEAR);
    pse_json_wr_end(w);
    pse_json_wr_u64(w, "threshold", o->threshold);
    pse_json_wr_u64(w, "mix_min", o->homomorphic ? 0 : o->mixers);
    pse_json_wr_u64(w, "min_list", 1);
    pse_json_wr_bool(w, "late_roster", false);
    pse_json_wr_u64(w, "ballots_max", 1);
    pse_json_wr_array(w, "groups");
    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "id", 1);
    pse_json_wr_u64(w, "fallback", 0);
    pse_json_wr_end(w);
    pse_json_wr_end(w);
}

/* One style for each contest, of the same number. */
static void put_styles(struct pse_json_wr *w, size_t contests)
{
    pse_json_wr_array(w, "styles");
    for (size_t i = 1; i <= contests; i++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_u64(w, "id", i);
        pse_json_wr_u64(w, "group", 1);
        pse_json_wr_array(w, "contests");
        pse_json_wr_u64(w, NULL, i);
        pse_json_wr_end(w);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
}

/* What follows the options of a contest. */
static void put_kind(struct pse_json_wr *w, bool homomorphic, const char *format, size_t width,
                     size_t max)
{
    if (homomorphic) {
        pse_json_wr_u64(w, "option_max", 1);
        pse_json_wr_u64(w, "min", 0);
        pse_json_wr_u64(w, "max", 1);
        pse_json_wr_bool(w, "blank", false);
    } else {
        pse_json_wr_str(w, "format", format);
        pse_json_wr_u64(w, "width", width);
        pse_json_wr_u64(w, "min", 0);
        pse_json_wr_u64(w, "max", max);
    }
    pse_json_wr_end(w);
}

static void begin_contest(struct pse_json_wr *w, size_t id, bool homomorphic)
{
    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "id", id);
    pse_json_wr_str(w, "kind", homomorphic ? "homomorphic" : "mix");
}

/* --- ballots
 * --------------------------------------------------------------------------------------
 */

/* Elements for a ranking of all options: 30 bytes each, less tag and count. */
static size_t ranking_width(size_t options)
{
    return (options + 2 + 29) / 30;
}

static void put_ballot_contest(struct pse_json_wr *w, const struct pse_count_ballots *b,
                               const struct simulated_options *o)
{
    char number[32];

    pse_json_wr_array(w, "contests");
    begin_contest(w, 1, o->homomorphic);
    put_title(w, "title", b->title, base_name(o->file));
    pse_json_wr_array(w, "options");
    for (size_t i = 1; i <= b->options; i++) {
        (void)snprintf(number, sizeof number, "Candidate %zu", i);
        put_title(w, NULL, b->name[i], number);
    }
    pse_json_wr_end(w);
    put_kind(w, o->homomorphic, "ranking", ranking_width(b->options), b->options);
    pse_json_wr_end(w);
}

static void put_ballot_counting(struct pse_json_wr *w, const struct pse_count_ballots *b,
                                enum pse_count_rule rule, uint64_t seats)
{
    pse_json_wr_object(w, "counting");
    pse_json_wr_u64(w, "version", 1);
    pse_json_wr_array(w, "counts");
    pse_json_wr_object(w, NULL);
    pse_json_wr_str(w, "rule", pse_count_rule_name(rule));
    pse_json_wr_u64(w, "seats", seats);
    pse_json_wr_u64(w, "contest", 1);
    pse_json_wr_array(w, "withdrawn");
    for (size_t i = 1; i <= b->options; i++) {
        if (b->withdrawn[i])
            pse_json_wr_u64(w, NULL, i);
    }
    pse_json_wr_end(w);
    pse_json_wr_end(w);
    pse_json_wr_end(w);
    pse_json_wr_end(w);
}

static bool has_equal_ranks(const struct pse_count_mark *mark, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (mark[i].rank == mark[i - 1].rank)
            return true;
    }
    return false;
}

/* The choice bytes of one group of ballots; NULL: cannot be voted. */
static const uint8_t *ballot_choices(struct pse_arena *arena, const struct pse_count_ballots *b,
                                     const struct simulated_options *o,
                                     const struct pse_count_mark *mark, size_t n)
{
    size_t size = o->homomorphic ? b->options : 30 * ranking_width(b->options);
    uint8_t *out = PSE_NEW(arena, uint8_t, size);

    if (out == NULL || has_equal_ranks(mark, n))
        return NULL;
    if (o->homomorphic) {
        if (n > 0)
            out[mark[0].option - 1] = 1;
        return out;
    }
    out[0] = PSE_PLAIN_RANKING;
    out[1] = (uint8_t)n;
    for (size_t i = 0; i < n; i++)
        out[2 + i] = mark[i].option;
    return out;
}

static bool add_ballots(struct simulated_plan *p, struct pse_arena *arena,
                        const struct pse_count_ballots *b, const struct simulated_options *o)
{
    p->group = PSE_NEW(arena, struct simulated_group, (size_t)b->groups + 1);
    if (p->group == NULL)
        return false;
    for (uint32_t g = 0; g <= b->groups; g++) {
        bool blank = g == b->groups;
        struct simulated_group *group = &p->group[p->groups++];

        group->style = 1;
        group->count = blank ? b->blank : b->count[g];
        group->choices =
            blank ? ballot_choices(arena, b, o, NULL, 0)
                  : ballot_choices(arena, b, o, b->mark + b->at[g], b->at[g + 1] - b->at[g]);
        if (group->choices == NULL) {
            cli_error(o->name,
                      "%s holds ballots with equal ranks, which no contest of psephos/1 can "
                      "carry; use a file of strict rankings",
                      o->file);
            return false;
        }
    }
    return true;
}

/* --- counts
 * ---------------------------------------------------------------------------------------
 */

static void put_candidate_title(struct pse_json_wr *w, const struct pse_count_returns *r,
                                const struct pse_count_candidate *c)
{
    struct pse_buf text = PSE_BUF(4096);

    pse_decimal_put(&text, c->number);
    pse_wr_str(&text, " ");
    pse_wr_span(&text, c->party == PSE_COUNT_INDEPENDENT ? pse_span_str("independent")
                                                         : r->party[c->party]);
    put_title(w, NULL, pse_buf_span(&text), "candidate");
    pse_buf_free(&text);
}

static void put_count_contests(struct pse_json_wr *w, const struct pse_count_returns *r,
                               const struct simulated_options *o)
{
    char title[64];

    pse_json_wr_array(w, "contests");
    for (size_t k = 0; k < r->constituencies; k++) {
        begin_contest(w, k + 1, o->homomorphic);
        (void)snprintf(title, sizeof title, "Constituency %.*s",
                       (int)(r->constituency[k].name.n < 40 ? r->constituency[k].name.n : 40),
                       (const char *)r->constituency[k].name.p);
        put_title(w, "title", pse_span_str(title), title);
        pse_json_wr_array(w, "options");
        for (size_t i = 0; i < r->candidates; i++) {
            if (r->candidate[i].constituency == k)
                put_candidate_title(w, r, &r->candidate[i]);
        }
        pse_json_wr_end(w);
        put_kind(w, o->homomorphic, "choice", 1, 1);
    }
    pse_json_wr_end(w);
}

static void put_constituency(struct pse_json_wr *w, const struct pse_count_returns *r, size_t k)
{
    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "contest", k + 1);
    pse_json_wr_string(w, "name", r->constituency[k].name);
    pse_json_wr_u64(w, "mandates", r->constituency[k].mandates);
    pse_json_wr_array(w, "candidates");
    for (size_t i = 0; i < r->candidates; i++) {
        const struct pse_count_candidate *c = &r->candidate[i];

        if (c->constituency != k)
            continue;
        pse_json_wr_object(w, NULL);
        pse_json_wr_u64(w, "number", c->number);
        pse_json_wr_u64(w, "party", c->party == PSE_COUNT_INDEPENDENT ? 0 : c->party + 1u);
        pse_json_wr_u64(w, "list", r->listed ? c->list : 0);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
    pse_json_wr_end(w);
}

static void put_count_counting(struct pse_json_wr *w, const struct pse_count_returns *r,
                               enum pse_count_rule rule, uint64_t seats)
{
    pse_json_wr_object(w, "counting");
    pse_json_wr_u64(w, "version", 1);
    pse_json_wr_array(w, "counts");
    pse_json_wr_object(w, NULL);
    pse_json_wr_str(w, "rule", pse_count_rule_name(rule));
    pse_json_wr_u64(w, "seats", seats);
    pse_json_wr_array(w, "parties");
    for (size_t i = 0; i < r->parties; i++)
        pse_json_wr_string(w, NULL, r->party[i]);
    pse_json_wr_end(w);
    pse_json_wr_array(w, "constituencies");
    for (size_t k = 0; k < r->constituencies; k++)
        put_constituency(w, r, k);
    pse_json_wr_end(w);
    pse_json_wr_end(w);
    pse_json_wr_end(w);
    pse_json_wr_end(w);
}

/* Candidates of a constituency stand together, so the option is the place among them. */
static bool add_counts(struct simulated_plan *p, struct pse_arena *arena,
                       const struct pse_count_returns *r, const struct simulated_options *o)
{
    size_t option = 0;

    p->group = PSE_NEW(arena, struct simulated_group, r->candidates);
    if (p->group == NULL)
        return false;
    for (size_t i = 0; i < r->candidates; i++) {
        const struct pse_count_candidate *c = &r->candidate[i];
        uint8_t *choices = PSE_NEW(arena, uint8_t, PSE_PLAIN_MAX + PSE_COUNT_OPTIONS_MAX);

        option = i > 0 && c[-1].constituency == c->constituency ? option + 1 : 1;
        if (choices == NULL)
            return false;
        if (option > PSE_COUNT_OPTIONS_MAX) {
            cli_error(o->name,
                      "%s: a constituency has more than 255 candidates, which no contest of "
                      "psephos/1 can carry",
                      o->file);
            return false;
        }
        if (o->homomorphic) {
            choices[option - 1] = 1;
        } else {
            choices[0] = PSE_PLAIN_CHOICE;
            choices[1] = (uint8_t)option;
        }
        p->group[p->groups++] = (struct simulated_group){
            .style = (uint16_t)(c->constituency + 1), .count = c->votes, .choices = choices};
    }
    return true;
}

/* --- all together
 * ---------------------------------------------------------------------------------
 */

/* A part of the voters, spread over the groups by running totals, so that every group keeps its
 * share to within one voter. */
static void take_fraction(struct simulated_plan *p, double fraction)
{
    uint64_t before = 0;
    uint64_t taken = 0;

    for (size_t i = 0; i < p->groups; i++) {
        uint64_t upto;

        before += p->group[i].count;
        upto = fraction >= 1 ? before : (uint64_t)((double)before * fraction + 0.5);
        p->group[i].count = upto - taken;
        taken = upto;
    }
    p->voters = taken;
}

static bool choose_rule(struct simulated_plan *p, const struct count_input *in,
                        const struct simulated_options *o)
{
    bool good = true;

    p->rule = in->is_returns   ? PSE_RULE_ESTONIA
              : o->homomorphic ? PSE_RULE_PLURALITY
                               : PSE_RULE_STV_SCOTTISH;
    if (o->has_rule)
        p->rule = o->rule;
    if (in->is_returns)
        good = p->rule == PSE_RULE_ESTONIA || p->rule == PSE_RULE_DHONDT ||
               p->rule == PSE_RULE_PLURALITY;
    else if (o->homomorphic)
        good = p->rule == PSE_RULE_PLURALITY || p->rule == PSE_RULE_APPROVAL ||
               p->rule == PSE_RULE_YESNO;
    else
        good = p->rule != PSE_RULE_ESTONIA && p->rule != PSE_RULE_MAJORITY_JUDGMENT;
    if (!good)
        cli_error(o->name, "the rule %s does not count such ballots; choose another with --rule",
                  pse_count_rule_name(p->rule));
    return good;
}

static void put_plan(struct simulated_plan *p, const struct count_input *in,
                     const struct simulated_options *o)
{
    struct pse_json_wr w = pse_json_wr(&p->json, 0);
    uint64_t seats = o->seats;

    pse_json_wr_object(&w, NULL);
    if (in->is_returns) {
        put_frame(&w, o, pse_span_str(o->title != NULL ? o->title : ""));
        put_count_contests(&w, &in->returns, o);
        put_styles(&w, in->returns.constituencies);
        put_count_counting(&w, &in->returns, p->rule, seats);
    } else {
        if (seats == 0)
            seats = in->ballots.seats > 0 ? in->ballots.seats : 1;
        put_frame(&w, o, o->title != NULL ? pse_span_str(o->title) : in->ballots.title);
        put_ballot_contest(&w, &in->ballots, o);
        put_styles(&w, 1);
        put_ballot_counting(&w, &in->ballots, p->rule, seats);
    }
    pse_json_wr_end(&w);
    if (pse_json_wr_finish(&w) != PSE_OK)
        cli_error(o->name, "%s has too many candidates for one manifest", o->file);
}

bool simulated_plan_make(struct simulated_plan *p, struct pse_arena *arena,
                         const struct count_input *in, const struct simulated_options *o)
{
    memset(p, 0, sizeof *p);
    p->json = PSE_BUF(PLAN_MAX);
    if (!choose_rule(p, in, o))
        return false;
    if (!in->is_returns && in->ballots.options > 238 && !o->homomorphic) {
        cli_error(o->name, "%s has %u candidates; a ranking can carry 238 at most", o->file,
                  in->ballots.options);
        return false;
    }
    if (in->is_returns ? !add_counts(p, arena, &in->returns, o)
                       : !add_ballots(p, arena, &in->ballots, o))
        return false;
    take_fraction(p, o->fraction);
    if (p->voters == 0) {
        cli_error(o->name, "no voter is left; give a larger --fraction");
        return false;
    }
    put_plan(p, in, o);
    return p->json.rc == PSE_OK;
}

void simulated_plan_free(struct simulated_plan *p)
{
    pse_buf_free(&p->json);
}
