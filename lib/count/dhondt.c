/* D'Hondt, and plurality by constituency: each constituency fills its own mandates. */
#include <stdlib.h>

#include "room.h"

/* One list in one constituency; an independent candidate is a list of one. */
struct list {
    const struct pse_count_candidate **c; /* not yet elected: c[taken .. n) */
    size_t n, taken;
    uint64_t votes;
    uint32_t party; /* index + 1, 0 = independent */
    uint32_t seats;
};

/* v1 / d1 against v2 / d2: -1, 0, 1. */
static int quotient_cmp(uint64_t v1, uint64_t d1, uint64_t v2, uint64_t d2)
{
    pse_u128 a = (pse_u128)v1 * d2;
    pse_u128 b = (pse_u128)v2 * d1;

    return a < b ? -1 : a > b;
}

static int list_cmp(const struct list *a, const struct list *b)
{
    int q = quotient_cmp(a->votes, (uint64_t)a->seats + 1, b->votes, (uint64_t)b->seats + 1);

    if (q != 0)
        return q;
    return a->votes < b->votes ? -1 : a->votes > b->votes;
}

/* The number by which a tie names a list: its party, or the candidate who stands alone. */
static uint32_t list_number(const struct list *l, bool parties)
{
    return parties ? l->party : l->c[0]->number;
}

/* The list with the largest quotient. Equal quotients: more votes, then by lot. A lot names
 * parties, or the candidates on top of each list where an independent is among the tied. */
static pse_rc largest(struct list **out, const struct pse_count_job *j, struct list *l, size_t n)
{
    struct list *best = NULL;
    struct pse_count_tie *tie;
    bool parties = true;
    size_t equal = 0;
    uint32_t *v;

    for (size_t i = 0; i < n; i++)
        if (l[i].taken < l[i].n && l[i].votes > 0 && (best == NULL || list_cmp(&l[i], best) > 0))
            best = &l[i];
    *out = best;
    if (best == NULL)
        return PSE_OK;
    PSE_ARENA(arena, n * sizeof *v + 65536);
    v = PSE_NEW(&arena, uint32_t, n);
    if (v == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < n; i++)
        if (l[i].taken < l[i].n && list_cmp(&l[i], best) == 0 && l[i].party == 0)
            parties = false;
    for (size_t i = 0; i < n; i++)
        if (l[i].taken < l[i].n && list_cmp(&l[i], best) == 0)
            v[equal++] = list_number(&l[i], parties);
    if (equal < 2)
        return PSE_OK;
    PSE_TRY(pse_result_lot(&tie, j->r, j->lot, v, equal));
    tie->of_parties = parties;
    for (size_t i = 0; i < n; i++)
        if (l[i].taken < l[i].n && list_cmp(&l[i], best) == 0 &&
            list_number(&l[i], parties) == v[0])
            *out = &l[i];
    return PSE_OK;
}

static pse_rc lists_build(struct list **out, size_t *lists, const struct pse_count_job *j,
                          struct pse_arena *arena, size_t where, const bool *admitted)
{
    const struct pse_count_returns *r = j->returns;
    struct list *l = PSE_NEW(arena, struct list, r->parties + r->candidates);
    const struct pse_count_candidate **all =
        PSE_NEW(arena, const struct pse_count_candidate *, r->candidates);
    size_t n = r->parties;
    size_t used = 0;

    if (l == NULL || all == NULL)
        return PSE_E_MEMORY;
    for (size_t p = 0; p <= r->parties; p++) {
        for (size_t i = 0; i < r->candidates; i++) {
            const struct pse_count_candidate *c = &r->candidate[i];
            size_t party = c->party == PSE_COUNT_INDEPENDENT ? r->parties : c->party;
            struct list *to;

            if (party != p || (where != PSE_EVERYWHERE && c->constituency != where))
                continue;
            if (p < r->parties && !admitted[p])
                continue;
            to = &l[p < r->parties ? p : n++];
            if (to->n == 0)
                to->c = all + used;
            to->party = p < r->parties ? (uint32_t)p + 1 : 0;
            to->c[to->n++] = c;
            to->votes += c->votes;
            used++;
        }
    }
    *out = l;
    *lists = n;
    return PSE_OK;
}

static pse_rc fill(const struct pse_count_job *j, size_t where, uint32_t seats,
                   const bool *admitted)
{
    struct pse_count_stage *s;
    struct list *l;
    size_t n;

    PSE_ARENA(arena, (j->returns->parties + j->returns->candidates) * sizeof *l +
                         j->returns->candidates * sizeof(void *) + 65536);
    PSE_TRY(lists_build(&l, &n, j, &arena, where, admitted));
    PSE_TRY(pse_lists_stage(&s, j, PSE_ACTION_COUNT, where));
    for (uint32_t i = 0; i < seats; i++) {
        struct list *best;

        PSE_TRY(largest(&best, j, l, n));
        if (best == NULL)
            break;
        PSE_TRY(pse_result_stage(&s, j->r, PSE_ACTION_SEAT, 0, false));
        PSE_TRY(pse_lists_next(j, best->c + best->taken, best->n - best->taken, false));
        s->constituency = where == PSE_EVERYWHERE ? 0 : (uint32_t)where + 1;
        s->party = best->party;
        s->decimals = 3;
        s->quota = (pse_u128)best->votes * 1000 / ((pse_u128)best->seats + 1);
        best->seats++;
        PSE_TRY(pse_lists_elect(j, best->c + best->taken++, 1, PSE_ACTION_SEAT));
    }
    return PSE_OK;
}

/* Plurality in one constituency: the candidates with most votes. */
static pse_rc fill_plurality(const struct pse_count_job *j, size_t where, uint32_t seats,
                             const bool *admitted)
{
    const struct pse_count_returns *r = j->returns;
    const struct pse_count_candidate **c;
    struct pse_count_stage *s;
    size_t n = 0;
    size_t taken = 0;

    (void)admitted;
    PSE_ARENA(arena, r->candidates * sizeof(void *) + 65536);
    c = PSE_NEW(&arena, const struct pse_count_candidate *, r->candidates);
    if (c == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < r->candidates; i++)
        if (where == PSE_EVERYWHERE || r->candidate[i].constituency == where)
            c[n++] = &r->candidate[i];
    PSE_TRY(pse_lists_stage(&s, j, PSE_ACTION_COUNT, where));
    while (taken < n && taken < seats) {
        PSE_TRY(pse_lists_next(j, c + taken, n - taken, false));
        taken++;
    }
    return pse_lists_elect(j, c, taken, PSE_ACTION_SEAT);
}

typedef pse_rc fill_one(const struct pse_count_job *j, size_t where, uint32_t seats,
                        const bool *admitted);

static pse_rc fill_all(const struct pse_count_job *j, fill_one *one, uint32_t seats_default)
{
    const struct pse_count_returns *r = j->returns;
    const struct pse_count_params *p = j->params;
    uint64_t votes[PSE_COUNT_PARTIES_MAX];
    bool admitted[PSE_COUNT_PARTIES_MAX];
    uint64_t total = pse_returns_votes(votes, r, PSE_EVERYWHERE);
    uint32_t seats;
    bool everywhere;

    PSE_REQUIRE(pse_returns_mandates(&seats, r));
    everywhere = seats == 0;
    if (everywhere)
        seats = p->seats > 0 ? p->seats : seats_default;
    if (seats == 0)
        return PSE_E_MISSING;
    PSE_TRY(pse_lists_init(j, seats, r->constituencies + seats));
    for (size_t i = 0; i < r->parties; i++)
        admitted[i] = p->threshold_den == 0 ||
                      pse_share_reached(votes[i], total, p->threshold_num, p->threshold_den);
    j->r->seats = seats;
    if (everywhere)
        return one(j, PSE_EVERYWHERE, seats, admitted);
    for (size_t i = 0; i < r->constituencies; i++) {
        if (r->constituency[i].mandates == 0)
            return PSE_E_MISSING;
        PSE_TRY(one(j, i, r->constituency[i].mandates, admitted));
    }
    return PSE_OK;
}

pse_rc pse_rule_dhondt_returns(const struct pse_count_job *j)
{
    return fill_all(j, fill, 0);
}

pse_rc pse_rule_plurality_returns(const struct pse_count_job *j)
{
    return fill_all(j, fill_plurality, 1);
}

/* On ballots the options are the lists, and a list may win any number of seats. */
pse_rc pse_rule_dhondt(const struct pse_count_job *j)
{
    const struct pse_count_params *p = j->params;
    uint32_t taken[PSE_COUNT_OPTIONS_MAX] = {0};
    struct pse_count_stage *s;
    struct pse_count_stage *first;

    if (j->seats > PSE_COUNT_MANDATES_MAX)
        return PSE_E_RANGE;
    PSE_TRY(
        pse_result_init(j->r, j->arena, j->b->options, (size_t)j->seats + 1, j->seats, j->seats));
    PSE_TRY(pse_result_stage(&first, j->r, PSE_ACTION_COUNT, 0, true));
    first->rest = pse_prefs_first(first->total, j->b);
    j->r->valid = j->b->total - (uint64_t)first->rest;
    PSE_TRY(pse_result_rank(j->r, first->total, j->b->withdrawn));
    for (uint32_t i = 0; i < j->seats; i++) {
        uint32_t tied[PSE_COUNT_OPTIONS_MAX];
        struct pse_count_tie *tie;
        size_t n = 0;

        for (uint32_t o = 1; o <= j->b->options; o++) {
            uint64_t votes = (uint64_t)first->total[o - 1];
            int cmp = 1;

            if (!pse_share_reached(votes, j->r->valid, p->threshold_num,
                                   p->threshold_den == 0 ? 1 : p->threshold_den))
                continue;
            if (n > 0) {
                uint64_t best = (uint64_t)first->total[tied[0] - 1];

                cmp = quotient_cmp(votes, (uint64_t)taken[o - 1] + 1, best,
                                   (uint64_t)taken[tied[0] - 1] + 1);
                if (cmp == 0)
                    cmp = votes < best ? -1 : votes > best;
            }
            if (cmp > 0)
                n = 0;
            if (cmp >= 0)
                tied[n++] = o;
        }
        if (n == 0)
            break;
        if (n > 1)
            PSE_TRY(pse_result_lot(&tie, j->r, j->lot, tied, n));
        PSE_TRY(pse_result_stage(&s, j->r, PSE_ACTION_SEAT, 0, false));
        s->subject = tied[0];
        s->decimals = 3;
        taken[tied[0] - 1]++;
        s->quota = first->total[tied[0] - 1] * 1000 / taken[tied[0] - 1];
        PSE_TRY(pse_result_elect(j->r, tied, 1));
    }
    return PSE_OK;
}
