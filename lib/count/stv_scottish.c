/* Single transferable vote of the Scottish Local Government Elections Orders (SSI 2007/42 and
 * 2011/399, Schedule 1): Weighted Inclusive Gregory at five decimals. Rule numbers below are those
 * of the 2007 Order; the 2011 Order has the same rules one number higher up to the filling of last
 * vacancies. */
#include "room.h"

#define UNIT UINT32_C(100000) /* rule 48(3): five decimal places, remainder ignored */

struct count {
    const struct pse_count_job *j;
    struct pse_count_result *r;
    struct pse_piles p;
    pse_u128 quota;
    size_t vacancies;
    uint32_t pending[PSE_COUNT_OPTIONS_MAX]; /* elected, surplus not yet transferred */
    size_t pendings;
};

/* Elect v[0..n) at the latest stage. Those above the quota wait with their surplus. */
static pse_rc elect(struct count *c, const uint32_t *v, size_t n)
{
    const pse_u128 *total = c->r->stage[c->r->stages - 1].total;

    for (size_t i = 0; i < n; i++) {
        c->p.continuing[v[i]] = false;
        c->p.continuings--;
        if (total[v[i] - 1] > c->quota)
            c->pending[c->pendings++] = v[i];
    }
    c->vacancies -= n;
    return pse_result_elect(c->r, v, n);
}

/* Rule 47: at the end of every stage those with the quota are elected, most votes first. */
static pse_rc elect_quota(struct count *c)
{
    const pse_u128 *total = c->r->stage[c->r->stages - 1].total;
    uint32_t v[PSE_COUNT_OPTIONS_MAX];
    size_t n = pse_piles_by_votes(v, &c->p, c->r);
    size_t reached = 0;

    while (reached < n && total[v[reached] - 1] >= c->quota)
        reached++;
    PSE_REQUIRE(reached <= c->vacancies); /* (vacancies + 1) quotas exceed the votes */
    return elect(c, v, reached);
}

/* Rule 49: the largest surplus first; equal ones by the most recent stage that differs, or lot. */
static pse_rc next_surplus(struct count *c, uint32_t *option)
{
    const pse_u128 *total = c->r->stage[c->r->stages - 1].total;
    size_t equal = 1;

    pse_sort_scored(c->pending, c->pendings, total);
    while (equal < c->pendings && total[c->pending[equal] - 1] == total[c->pending[0] - 1])
        equal++;
    PSE_TRY(pse_result_settle(c->r, c->j->lot, c->pending, equal, false, false));
    *option = c->pending[0];
    c->pendings--;
    memmove(c->pending, c->pending + 1, c->pendings * sizeof *c->pending);
    return PSE_OK;
}

/* Rule 48: a paper goes on at surplus * (value when received) / (total of the candidate). */
static pse_rc transfer_surplus(struct count *c)
{
    struct pse_count_stage *s;
    uint32_t option;
    pse_u128 held;
    pse_u128 surplus;

    PSE_TRY(next_surplus(c, &option));
    PSE_TRY(pse_piles_stage(&s, c->r, PSE_ACTION_SURPLUS, option));
    held = s->total[option - 1];
    surplus = held - c->quota;
    s->total[option - 1] = c->quota;
    s->rest += surplus - pse_piles_move(&c->p, s->total, option, surplus, held);
    return PSE_OK;
}

/* Rule 50 and 51: nobody has a surplus, so the least is excluded. */
static pse_rc exclude_least(struct count *c)
{
    uint32_t option;

    PSE_TRY(pse_piles_least(&option, &c->p, c->r, c->j->lot));
    return pse_piles_exclude(&c->p, c->r, option);
}

/* Rule 52: as many continue as there are vacancies: all are elected, nothing more is moved. */
static pse_rc fill_last(struct count *c)
{
    uint32_t v[PSE_COUNT_OPTIONS_MAX];
    size_t n = pse_piles_by_votes(v, &c->p, c->r);
    struct pse_count_stage *s;

    if (n == 0)
        return PSE_OK;
    PSE_TRY(pse_piles_stage(&s, c->r, PSE_ACTION_LAST, 0));
    return elect(c, v, n);
}

pse_rc pse_rule_stv_scottish(const struct pse_count_job *j)
{
    struct count c = {.j = j, .r = j->r, .vacancies = j->seats};
    size_t n = j->b->options;

    PSE_TRY(pse_result_init(j->r, j->arena, n, 2 * n + 2, 2 * n, n));
    j->r->decimals = 5;
    PSE_TRY(pse_piles_start(&c.p, j->r, j->b, UNIT));
    c.quota = ((pse_u128)j->r->valid / ((pse_u128)j->seats + 1) + 1) * UNIT;
    j->r->stage[0].quota = c.quota;

    PSE_TRY(elect_quota(&c));
    while (c.vacancies > 0 && c.p.continuings > c.vacancies) {
        if (c.pendings > 0)
            PSE_TRY(transfer_surplus(&c));
        else
            PSE_TRY(exclude_least(&c));
        PSE_TRY(elect_quota(&c));
    }
    if (c.vacancies > 0)
        PSE_TRY(fill_last(&c));
    return pse_piles_rank(&c.p, j->r);
}
