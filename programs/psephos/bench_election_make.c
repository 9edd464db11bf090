#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "common/progress.h"
#include "election/plain.h"
#include "psephos/bench_election.h"

enum { PLAN_MAX = 1 << 20, DAY = 86400, YEAR = 365 * DAY, PATTERNS = 64 };

static const char name[] = "psephos bench";

/* --- the plan --------------------------------------------------------------------------------- */

static void put_title(struct pse_json_wr *w, const char *member, const char *word, unsigned number)
{
    char text[48];

    (void)snprintf(text, sizeof text, "%s %u", word, number);
    pse_json_wr_object(w, member);
    pse_json_wr_str(w, "en", text);
    pse_json_wr_end(w);
}

static void put_contest(struct pse_json_wr *w, const struct bench_shape *s, unsigned id)
{
    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "id", id);
    pse_json_wr_str(w, "kind", s->homomorphic ? "homomorphic" : "mix");
    put_title(w, "title", "Contest", id);
    pse_json_wr_array(w, "options");
    for (unsigned i = 1; i <= s->options; i++)
        put_title(w, NULL, "Option", i);
    pse_json_wr_end(w);
    if (s->homomorphic) {
        pse_json_wr_u64(w, "option_max", 1);
        pse_json_wr_u64(w, "min", 0);
        pse_json_wr_u64(w, "max", s->options);
        pse_json_wr_bool(w, "blank", false);
    } else {
        pse_json_wr_str(w, "format", "choice");
        pse_json_wr_u64(w, "width", 1);
        pse_json_wr_u64(w, "min", 0);
        pse_json_wr_u64(w, "max", 1);
    }
    pse_json_wr_end(w);
}

static void put_frame(struct pse_json_wr *w, const struct bench_shape *s, uint64_t time)
{
    put_title(w, "title", "Measured election of", s->ballots);
    pse_json_wr_bool(w, "test", true);
    pse_json_wr_object(w, "schedule");
    pse_json_wr_u64(w, "opens", time - DAY);
    pse_json_wr_u64(w, "closes", time - 1);
    pse_json_wr_u64(w, "retain_until", time + YEAR);
    pse_json_wr_end(w);
    pse_json_wr_u64(w, "threshold", s->threshold);
    pse_json_wr_u64(w, "mix_min", s->homomorphic ? 0 : s->mixers);
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

static void put_contests(struct pse_json_wr *w, const struct bench_shape *s)
{
    pse_json_wr_array(w, "contests");
    for (unsigned i = 1; i <= s->contests; i++)
        put_contest(w, s, i);
    pse_json_wr_end(w);
    pse_json_wr_array(w, "styles");
    pse_json_wr_object(w, NULL);
    pse_json_wr_u64(w, "id", 1);
    pse_json_wr_u64(w, "group", 1);
    pse_json_wr_array(w, "contests");
    for (unsigned i = 1; i <= s->contests; i++)
        pse_json_wr_u64(w, NULL, i);
    pse_json_wr_end(w);
    pse_json_wr_end(w);
    pse_json_wr_end(w);
}

static void put_counting(struct pse_json_wr *w, const struct bench_shape *s)
{
    pse_json_wr_object(w, "counting");
    pse_json_wr_u64(w, "version", 1);
    pse_json_wr_array(w, "counts");
    for (unsigned i = 1; i <= s->contests; i++) {
        pse_json_wr_object(w, NULL);
        pse_json_wr_str(w, "rule", s->homomorphic ? "approval" : "plurality");
        pse_json_wr_u64(w, "seats", 1);
        pse_json_wr_u64(w, "contest", i);
        pse_json_wr_end(w);
    }
    pse_json_wr_end(w);
    pse_json_wr_end(w);
}

static pse_rc put_plan(struct pse_buf *out, const struct bench_shape *s, uint64_t time)
{
    struct pse_json_wr w = pse_json_wr(out, 0);

    pse_json_wr_object(&w, NULL);
    put_frame(&w, s, time);
    put_contests(&w, s);
    put_counting(&w, s);
    pse_json_wr_end(&w);
    return pse_json_wr_finish(&w);
}

/* --- voters ----------------------------------------------------------------------------------- */

struct voters {
    struct rehearsal_voter *voter;
    const struct rehearsal_voter **by;
    const uint8_t **choices;
    uint8_t *pattern;
    size_t n;
};

static void voters_free(struct voters *v)
{
    if (v->voter != NULL)
        pse_wipe(v->voter, v->n * sizeof *v->voter);
    free(v->voter);
    free(v->by);
    free(v->choices);
    free(v->pattern);
}

/* The choices of one voter in all contests. Every contest of a style takes the same bytes. */
static pse_rc choose(uint8_t *out, const struct pse_manifest *m, struct pse_rng *rng)
{
    const struct pse_style *style = &m->style[0];
    size_t each = style->choice_len / style->contests;

    for (size_t k = 0; k < style->contests; k++) {
        const struct pse_contest *c = &m->contest[style->contest[k]];
        uint8_t *choice = out + k * each;

        if (c->kind == PSE_KIND_MIX) {
            PSE_TRY(pse_plain_choice(choice, c, (uint8_t)(1 + pse_rng_below(rng, c->options))));
            continue;
        }
        for (size_t i = 0; i < each; i++)
            choice[i] = (uint8_t)pse_rng_below(rng, 2);
    }
    return PSE_OK;
}

static pse_rc voters_make(struct voters *v, const struct pse_manifest *m, size_t n,
                          struct pse_rng *rng)
{
    size_t each = m->style[0].choice_len;

    v->n = n;
    v->voter = calloc(n, sizeof *v->voter);
    v->by = calloc(n, sizeof *v->by);
    v->choices = calloc(n, sizeof *v->choices);
    v->pattern = calloc(PATTERNS, each);
    if (v->voter == NULL || v->by == NULL || v->choices == NULL || v->pattern == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < PATTERNS; i++)
        PSE_TRY(choose(v->pattern + i * each, m, rng));
    for (size_t i = 0; i < n; i++) {
        v->voter[i].style = m->style[0].id;
        v->voter[i].weight = 1;
        v->by[i] = &v->voter[i];
        v->choices[i] = v->pattern + (size_t)pse_rng_below(rng, PATTERNS) * each;
    }
    return PSE_OK;
}

/* --- the election ----------------------------------------------------------------------------- */

static pse_rc hold(struct rehearsal *r, struct voters *v, const struct bench_shape *s,
                   struct pse_span plan)
{
    PSE_TRY(rehearsal_create(r, plan));
    rehearsal_phase(r, "trustees' ceremony", 0);
    PSE_TRY(rehearsal_ceremony(r));
    PSE_TRY(voters_make(v, pse_engine_manifest(r->e), s->ballots, &r->rng));
    rehearsal_phase(r, "drawing credentials", v->n);
    PSE_TRY(rehearsal_draw(r, v->voter, v->n));
    rehearsal_phase(r, "writing the roster", 0);
    PSE_TRY(rehearsal_roster(r, v->voter, v->n));
    PSE_TRY(rehearsal_open(r));
    rehearsal_phase(r, "casting ballots", v->n);
    PSE_TRY(rehearsal_cast(r, v->by, v->choices, v->n));
    rehearsal_phase(r, "closing and fixing the box", 0);
    PSE_TRY(rehearsal_close(r));
    PSE_TRY(rehearsal_freeze(r));
    return rehearsal_count(r);
}

static void keep_phases(struct bench_made *made, const struct rehearsal *r)
{
    made->phases = r->phases;
    for (size_t i = 0; i < r->phases; i++) {
        struct bench_phase *p = &made->phase[i];

        (void)snprintf(p->what, sizeof p->what, "%s", r->phase[i].what);
        p->items = r->phase[i].items;
        p->seconds = r->phase[i].seconds;
    }
}

pse_rc bench_election_make(struct bench_made *made, const struct bench *b,
                           const struct bench_shape *shape, const char *dir)
{
    static const struct cli_hash no_seed;
    const struct rehearsal_options options = {.name = name,
                                              .dir = dir,
                                              .origin = "bench.psephos.example",
                                              .trustees = {shape->threshold, shape->trustees},
                                              .mixers = shape->mixers,
                                              .threads = pse_pool_width(b->pool),
                                              .backend = b->backend,
                                              .seed = &no_seed,
                                              .quiet = true};
    struct pse_buf plan = PSE_BUF(PLAN_MAX);
    struct voters voters = {.n = 0};
    struct rehearsal r;
    double start = progress_now();
    pse_rc rc = rehearsal_begin(&r, &options);

    if (rc == PSE_OK)
        rc = put_plan(&plan, shape, r.time);
    if (rc == PSE_OK)
        rc = hold(&r, &voters, shape, pse_buf_span(&plan));
    keep_phases(made, &r);
    made->seconds = progress_now() - start;
    voters_free(&voters);
    pse_buf_free(&plan);
    rehearsal_end(&r);
    return rc;
}
