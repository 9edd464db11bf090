#include "election/elected.h"

static const struct pse_tally *tally_of(const struct pse_tally *tally, size_t tallies, uint16_t id)
{
    for (size_t i = 0; i < tallies; i++) {
        if (tally[i].contest->id == id)
            return &tally[i];
    }
    return NULL;
}

/* The contest is there, has the options the document speaks of, and has been counted. */
static pse_rc find_tally(const struct pse_tally **out, const struct pse_counting *doc,
                         const struct pse_manifest *m, const struct pse_tally *tally,
                         size_t tallies, uint16_t id)
{
    const struct pse_contest *c = pse_manifest_contest(m, id);
    bool exactly;
    size_t options = pse_counting_options(&exactly, doc, id);

    if (c == NULL || c->options < options || (exactly && c->options != options))
        return PSE_E_MISMATCH;
    *out = tally_of(tally, tallies, id);
    return *out == NULL ? PSE_E_MISSING : PSE_OK;
}

struct work {
    const struct pse_manifest *m;
    const struct pse_tally *tally;
    size_t tallies;
    struct pse_arena *arena;
    struct pse_count_lot lot;
};

static pse_rc count_contest(struct pse_elected_count *out, const struct pse_counting *doc,
                            struct work *w, const struct pse_counting_count *by)
{
    const struct pse_tally *t;
    struct pse_count_ballots *ballots = PSE_NEW(w->arena, struct pse_count_ballots, 1);

    PSE_TRY(find_tally(&t, doc, w->m, w->tally, w->tallies, by->contest));
    if (ballots == NULL)
        return PSE_E_MEMORY;
    *ballots = *t->rankings;
    memcpy(ballots->withdrawn, by->withdrawn, sizeof ballots->withdrawn);
    return pse_count_run(&out->result, w->arena, &w->lot, by->rule, ballots, &by->params);
}

static pse_rc count_lists(struct pse_elected_count *out, const struct pse_counting *doc,
                          struct work *w, struct pse_counting_count *by)
{
    for (size_t i = 0; i < by->returns.constituencies; i++) {
        const struct pse_tally *t;

        PSE_TRY(find_tally(&t, doc, w->m, w->tally, w->tallies, by->contest_of[i]));
        by->returns.blank += t->rankings->blank;
        for (size_t k = 0; k < t->contest->options; k++)
            PSE_TRY(pse_counting_add(by, by->contest_of[i], k + 1, t->votes[k]));
    }
    return pse_count_run_returns(&out->result, w->arena, &w->lot, by->rule, &by->returns,
                                 &by->params);
}

static pse_rc make(struct pse_elected *out, struct pse_json_fault *fault, struct work *w,
                   struct pse_span document, const uint8_t lot_seed[64])
{
    PSE_TRY(pse_counting_parse(&out->doc, fault, w->arena, document));
    out->count = PSE_NEW(w->arena, struct pse_elected_count, out->doc.counts);
    if (out->count == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < out->doc.counts; i++) {
        struct pse_counting_count *by = &out->doc.count[i];

        out->count[i].by = by;
        pse_count_lot_seed(&w->lot, lot_seed);
        PSE_TRY(by->by_lists ? count_lists(&out->count[i], &out->doc, w, by)
                             : count_contest(&out->count[i], &out->doc, w, by));
    }
    return PSE_OK;
}

pse_rc pse_elected_make(struct pse_elected *out, struct pse_json_fault *fault,
                        struct pse_arena *arena, const struct pse_manifest *m,
                        struct pse_span document, const struct pse_tally *tally, size_t tallies,
                        const uint8_t lot_seed[64])
{
    struct work w = {.m = m, .tally = tally, .tallies = tallies, .arena = arena};
    pse_rc rc;

    memset(out, 0, sizeof *out);
    rc = make(out, fault, &w, document, lot_seed);
    if (rc != PSE_OK)
        memset(out, 0, sizeof *out);
    return rc;
}

const struct pse_elected_count *pse_elected_find(const struct pse_elected *e, uint16_t contest)
{
    const struct pse_counting_count *by = pse_counting_find(&e->doc, contest);

    return by == NULL ? NULL : &e->count[by - e->doc.count];
}

uint32_t pse_elected_number(const struct pse_elected_count *c, uint16_t contest, size_t option)
{
    const struct pse_counting_count *by = c->by;

    if (!by->by_lists)
        return by->contest == contest ? (uint32_t)option : 0;
    for (size_t i = 0; i < by->returns.constituencies; i++) {
        if (by->contest_of[i] == contest && option >= 1 &&
            option <= by->first[i + 1] - by->first[i])
            return by->returns.candidate[by->first[i] + option - 1].number;
    }
    return 0;
}

bool pse_elected_is(const struct pse_elected_count *c, uint16_t contest, size_t option)
{
    uint32_t number = pse_elected_number(c, contest, option);

    for (size_t i = 0; number != 0 && i < c->result.elected.n; i++) {
        if (c->result.elected.v[i] == number)
            return true;
    }
    return false;
}
