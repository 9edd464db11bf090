/* The Riigikogu Election Act, section 62: personal mandates by the simple quota of a constituency,
 * district mandates of the parties above the threshold, and compensation mandates by d'Hondt with
 * divisors n^0.9 over the whole country. The quota is votes / mandates, not rounded, so every
 * comparison with it multiplies out: votes * mandates against all votes of the constituency. */
#include "room.h"

/* Section 62: 75 % of the quota as a remainder gives one more district mandate; a district mandate
 * needs 10 % of the quota in person, a compensation mandate 5 % of the quota of the candidate's own
 * constituency. */
enum { REMAINDER_NUM = 75, DISTRICT_NUM = 10, COMPENSATION_NUM = 5, PER_CENT = 100 };

struct count {
    const struct pse_count_job *j;
    const struct pse_count_returns *r;
    bool *elected;                             /* [candidates] */
    const struct pse_count_candidate **choice; /* [candidates] scratch */
    uint64_t *local;                           /* [parties] votes in the constituency at hand */
    uint64_t *local_all;                       /* [constituencies] votes of each */
    uint64_t national[PSE_COUNT_PARTIES_MAX];
    bool admitted[PSE_COUNT_PARTIES_MAX];
};

/* votes >= per cent of the simple quota of the candidate's constituency. */
static bool reaches(const struct count *c, const struct pse_count_candidate *x, uint64_t per_cent)
{
    return x->votes > 0 &&
           (pse_u128)x->votes * c->r->constituency[x->constituency].mandates * PER_CENT >=
               (pse_u128)c->local_all[x->constituency] * per_cent;
}

static pse_rc elect(struct count *c, const struct pse_count_candidate *const *x, size_t n,
                    enum pse_count_action kind)
{
    for (size_t i = 0; i < n; i++)
        c->elected[x[i] - c->r->candidate] = true;
    return pse_lists_elect(c->j, x, n, kind);
}

/* (2) Whoever has the quota in person is elected. */
static pse_rc personal(struct count *c, size_t where)
{
    struct pse_count_stage *s;
    size_t n = 0;

    PSE_TRY(pse_lists_stage(&s, c->j, PSE_ACTION_PERSONAL, where));
    s->decimals = 3;
    for (size_t p = 0; p < c->r->parties; p++)
        s->total[p] *= 1000;
    s->rest *= 1000;
    s->quota = (pse_u128)c->local_all[where] * 1000 / c->r->constituency[where].mandates;
    for (size_t i = 0; i < c->r->candidates; i++) {
        const struct pse_count_candidate *x = &c->r->candidate[i];
        size_t at = n;

        if (x->constituency != where || !reaches(c, x, PER_CENT))
            continue;
        for (; at > 0 && c->choice[at - 1]->votes < x->votes; at--)
            c->choice[at] = c->choice[at - 1];
        c->choice[at] = x;
        n++;
    }
    return elect(c, c->choice, n, PSE_ACTION_PERSONAL);
}

/* (3) One more mandate for each remainder of at least 75 % of the quota. The Act does not say what
 * happens when these are more than the constituency has left; then the larger remainders come
 * first, and of equal ones the party further down the consolidated list. */
static pse_rc add_remainders(struct count *c, size_t where, uint32_t *mandates, uint64_t left)
{
    uint64_t all = c->local_all[where];
    uint64_t m = c->r->constituency[where].mandates;

    for (;;) {
        uint32_t tied[PSE_COUNT_PARTIES_MAX];
        uint64_t most = 0;
        size_t equal = 0;

        for (size_t p = c->r->parties; p-- > 0;) {
            uint64_t rest = c->local[p] * m - all * mandates[p];

            if (!c->admitted[p] || c->local[p] * m < all * mandates[p] ||
                !pse_share_reached(rest, all, REMAINDER_NUM, PER_CENT))
                continue;
            if (rest < most)
                continue;
            if (rest > most)
                equal = 0;
            most = rest;
            tied[equal++] = (uint32_t)p + 1;
        }
        if (equal == 0 || left == 0)
            return PSE_OK;
        if (equal > left) {
            struct pse_count_tie *tie;

            PSE_TRY(pse_result_tie(&tie, c->j->r, PSE_WAY_LIST, tied, equal));
            tie->of_parties = true;
        }
        mandates[tied[0] - 1]++;
        left--;
    }
}

/* The district mandates that one party still has to fill, by votes. */
static pse_rc fill_district(struct count *c, size_t where, size_t party, uint32_t mandates)
{
    struct pse_count_stage *s;
    size_t n = 0;
    size_t taken = 0;

    for (size_t i = 0; i < c->r->candidates; i++) {
        const struct pse_count_candidate *x = &c->r->candidate[i];

        if (x->constituency != where || x->party != party)
            continue;
        if (c->elected[i])
            mandates -= mandates > 0; /* personal mandates are the party's */
        else if (reaches(c, x, DISTRICT_NUM))
            c->choice[n++] = x;
    }
    if (mandates == 0 || n == 0)
        return PSE_OK;
    PSE_TRY(pse_result_stage(&s, c->j->r, PSE_ACTION_DISTRICT, 0, false));
    s->constituency = (uint32_t)where + 1;
    s->party = (uint32_t)party + 1;
    while (taken < n && taken < mandates) {
        PSE_TRY(pse_lists_next(c->j, c->choice + taken, n - taken, false));
        taken++;
    }
    return elect(c, c->choice, taken, PSE_ACTION_DISTRICT);
}

static pse_rc district(struct count *c, size_t where)
{
    uint32_t mandates[PSE_COUNT_PARTIES_MAX] = {0};
    uint64_t all = pse_returns_votes(c->local, c->r, where);
    uint64_t m = c->r->constituency[where].mandates;
    uint64_t left = m;

    if (all == 0)
        return PSE_OK;
    for (size_t p = 0; p < c->r->parties; p++) {
        if (c->admitted[p])
            mandates[p] = (uint32_t)(c->local[p] * m / all);
        left -= mandates[p];
    }
    /* Personal mandates of independents and of parties below the threshold are gone too. */
    for (size_t i = 0; i < c->r->candidates; i++) {
        const struct pse_count_candidate *x = &c->r->candidate[i];

        if (x->constituency == where && c->elected[i] &&
            (x->party == PSE_COUNT_INDEPENDENT || !c->admitted[x->party]))
            left--;
    }
    PSE_TRY(add_remainders(c, where, mandates, left));
    for (size_t p = 0; p < c->r->parties; p++)
        if (mandates[p] > 0)
            PSE_TRY(fill_district(c, where, p, mandates[p]));
    return PSE_OK;
}

/* Candidates of a party who may still get a compensation mandate, into choice. */
static size_t eligible(struct count *c, size_t party)
{
    size_t n = 0;

    for (size_t i = 0; i < c->r->candidates; i++) {
        const struct pse_count_candidate *x = &c->r->candidate[i];

        if (x->party == party && !c->elected[i] && reaches(c, x, COMPENSATION_NUM))
            c->choice[n++] = x;
    }
    return n;
}

/* (4)-(6) One compensation mandate: the largest votes / n^0.9, where the first divisors of a party
 * are used up by the mandates it has; equal figures go to the party further down the consolidated
 * list. *done when no party can take it. */
static pse_rc compensate(struct count *c, const bool *exhausted, size_t *party, bool *done)
{
    const uint32_t *held = c->j->r->party_seats;
    size_t best = SIZE_MAX;
    uint32_t tied[PSE_COUNT_PARTIES_MAX];
    size_t equal = 0;

    for (size_t p = c->r->parties; p-- > 0;) {
        int cmp = 1;

        if (!c->admitted[p] || exhausted[p])
            continue;
        if (best != SIZE_MAX)
            cmp = pse_estonia_cmp(c->national[p], held[p] + 1, c->national[best], held[best] + 1);
        if (cmp > 0) {
            best = p;
            equal = 0;
        }
        if (cmp >= 0)
            tied[equal++] = (uint32_t)p + 1;
    }
    *done = best == SIZE_MAX;
    *party = best;
    if (equal > 1) {
        struct pse_count_tie *tie;

        PSE_TRY(pse_result_tie(&tie, c->j->r, PSE_WAY_LIST, tied, equal));
        tie->of_parties = true;
    }
    return PSE_OK;
}

static pse_rc compensation(struct count *c, uint32_t mandates)
{
    bool exhausted[PSE_COUNT_PARTIES_MAX] = {false};
    struct pse_count_result *out = c->j->r;

    while (out->elected.n < mandates) {
        struct pse_count_stage *s;
        uint32_t held;
        size_t party;
        size_t n;
        bool done;

        PSE_TRY(compensate(c, exhausted, &party, &done));
        if (done)
            break;
        n = eligible(c, party);
        if (n == 0) {
            exhausted[party] = true;
            continue;
        }
        held = out->party_seats[party];
        PSE_TRY(pse_result_stage(&s, out, PSE_ACTION_COMPENSATION, 0, false));
        s->party = (uint32_t)party + 1;
        s->decimals = 3;
        s->quota = pse_estonia_figure(c->national[party], held + 1);
        PSE_TRY(pse_lists_next(c->j, c->choice, n, c->r->listed));
        PSE_TRY(elect(c, c->choice, 1, PSE_ACTION_COMPENSATION));
    }
    return PSE_OK;
}

static pse_rc count_init(struct count *c, const struct pse_count_job *j)
{
    const struct pse_count_params *p = j->params;
    uint32_t num = p->threshold_den == 0 ? 5 : p->threshold_num;
    uint32_t den = p->threshold_den == 0 ? PER_CENT : p->threshold_den;
    uint64_t total;

    memset(c, 0, sizeof *c);
    c->j = j;
    c->r = j->returns;
    c->elected = PSE_NEW(j->arena, bool, c->r->candidates);
    c->choice = PSE_NEW(j->arena, const struct pse_count_candidate *, c->r->candidates);
    c->local = PSE_NEW(j->arena, uint64_t, c->r->parties);
    c->local_all = PSE_NEW(j->arena, uint64_t, c->r->constituencies);
    if (c->elected == NULL || c->choice == NULL || c->local == NULL || c->local_all == NULL)
        return PSE_E_MEMORY;
    total = pse_returns_votes(c->national, c->r, PSE_EVERYWHERE);
    for (size_t i = 0; i < c->r->parties; i++)
        c->admitted[i] = pse_share_reached(c->national[i], total, num, den);
    for (size_t i = 0; i < c->r->candidates; i++)
        c->local_all[c->r->candidate[i].constituency] += c->r->candidate[i].votes;
    return PSE_OK;
}

pse_rc pse_rule_estonia(const struct pse_count_job *j)
{
    const struct pse_count_returns *r = j->returns;
    struct count c;
    uint32_t mandates;

    PSE_REQUIRE(pse_returns_mandates(&mandates, r));
    for (size_t i = 0; i < r->constituencies; i++)
        if (r->constituency[i].mandates == 0)
            return PSE_E_MISSING;
    PSE_TRY(pse_lists_init(j, mandates, r->constituencies + 2 * (size_t)mandates));
    j->r->seats = mandates;
    PSE_TRY(count_init(&c, j));
    for (size_t i = 0; i < r->constituencies; i++)
        PSE_TRY(personal(&c, i));
    for (size_t i = 0; i < r->constituencies; i++)
        PSE_TRY(district(&c, i));
    return compensation(&c, mandates);
}
