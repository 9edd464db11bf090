/* Single transferable vote by Meek's method, in the form that New Zealand's Local Electoral
 * Regulations 2001 (Schedule 1A) made law: every elected option keeps the share of each ballot that
 * leaves it with the quota, and the quota falls as ballots exhaust. Fixed point at nine decimals;
 * docs/counting.md states each rounding. */
#include "room.h"

#define UNIT       UINT64_C(1000000000) /* nine decimals */
#define OMEGA      1000                 /* 0.000001: a total surplus below it has settled */
#define ITERATIONS 1000                 /* bound on one round; far above what settling takes */

struct count {
    const struct pse_count_job *j;
    struct pse_count_result *r;
    const struct pse_count_ballots *b;
    struct pse_piles p;                       /* only who continues and who was excluded */
    bool standing[PSE_COUNT_OPTIONS_MAX + 1]; /* continuing or elected */
    uint64_t keep[PSE_COUNT_OPTIONS_MAX + 1];
    pse_u128 vote[PSE_COUNT_OPTIONS_MAX];
    pse_u128 quota;
    pse_u128 surplus;
};

static pse_u128 div_up(pse_u128 a, pse_u128 b)
{
    return a / b + (a % b != 0);
}

/* Each ballot has weight 1. Every option on it keeps weight * keep value, rounded up, and hands
 * the rest on. */
static void distribute(struct count *c)
{
    memset(c->vote, 0, sizeof c->vote);
    for (uint32_t g = 0; g < c->b->groups; g++) {
        uint64_t weight = UNIT;
        uint32_t pos = c->b->at[g];

        while (weight > 0) {
            uint8_t o = pse_prefs_next(c->b, g, &pos, c->standing);
            uint64_t kept;

            if (o == 0)
                break;
            kept = (uint64_t)div_up((pse_u128)weight * c->keep[o], UNIT);
            c->vote[o - 1] += (pse_u128)kept * c->b->count[g];
            weight -= kept;
            /* On to the next rank: this one holds o alone among the standing. */
            for (uint8_t rank = c->b->mark[pos].rank;
                 pos < c->b->at[g + 1] && c->b->mark[pos].rank == rank;)
                pos++;
        }
    }
}

static void measure(struct count *c)
{
    pse_u128 sum = 0;

    for (size_t i = 0; i < c->r->items; i++)
        sum += c->vote[i];
    c->quota = sum / ((pse_u128)c->j->seats + 1) + 1;
    c->surplus = 0;
    for (size_t o = 1; o <= c->r->items; o++)
        if (c->standing[o] && !c->p.continuing[o] && c->vote[o - 1] > c->quota)
            c->surplus += c->vote[o - 1] - c->quota;
}

static bool somebody_reaches(const struct count *c)
{
    for (size_t o = 1; o <= c->r->items; o++)
        if (c->p.continuing[o] && c->vote[o - 1] >= c->quota)
            return true;
    return false;
}

/* New keep value: keep * quota / vote, each step rounded up to nine decimals. */
static void tighten(struct count *c)
{
    for (size_t o = 1; o <= c->r->items; o++) {
        pse_u128 k;

        if (!c->standing[o] || c->p.continuing[o] || c->vote[o - 1] == 0)
            continue;
        k = div_up((pse_u128)c->keep[o] * c->quota, UNIT);
        k = div_up(k * UNIT, c->vote[o - 1]);
        c->keep[o] = k > UNIT ? UNIT : (uint64_t)k;
    }
}

/* One round: settle the keep values, stopping as soon as somebody reaches the quota. */
static pse_rc settle_round(struct count *c)
{
    struct pse_count_stage *s;
    pse_u128 before = 0;
    pse_u128 sum = 0;

    for (unsigned i = 0; i < ITERATIONS; i++) {
        distribute(c);
        measure(c);
        if (somebody_reaches(c) || c->surplus < OMEGA || (i > 0 && c->surplus >= before))
            break;
        before = c->surplus;
        tighten(c);
    }
    PSE_TRY(pse_result_stage(&s, c->r, PSE_ACTION_ROUND, 0, true));
    for (size_t i = 0; i < c->r->items; i++) {
        s->total[i] = c->vote[i];
        sum += c->vote[i];
    }
    s->quota = c->quota;
    s->rest = (pse_u128)c->b->total * UNIT - sum;
    return PSE_OK;
}

static pse_rc elect(struct count *c, const uint32_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        c->p.continuing[v[i]] = false;
        c->p.continuings--;
    }
    return pse_result_elect(c->r, v, n);
}

static pse_rc elect_quota(struct count *c, size_t *elected)
{
    uint32_t v[PSE_COUNT_OPTIONS_MAX];
    size_t n = pse_piles_by_votes(v, &c->p, c->r);
    size_t reached = 0;

    while (reached < n && c->vote[v[reached] - 1] >= c->quota)
        reached++;
    *elected = reached;
    return elect(c, v, reached);
}

/* Those whose distance from the least is within the surplus left over count as equal to it: the
 * surplus could still part them either way. */
static pse_rc exclude_least(struct count *c)
{
    uint32_t v[PSE_COUNT_OPTIONS_MAX];
    size_t n = pse_piles_by_votes(v, &c->p, c->r);
    size_t first = n - 1;

    while (first > 0 && c->vote[v[first - 1] - 1] <= c->vote[v[n - 1] - 1] + c->surplus)
        first--;
    PSE_TRY(pse_result_settle(c->r, c->j->lot, v + first, n - first, true, true));
    c->standing[v[n - 1]] = false;
    c->keep[v[n - 1]] = 0;
    return pse_piles_drop(&c->p, c->r, v[n - 1]);
}

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

pse_rc pse_rule_stv_meek(const struct pse_count_job *j)
{
    struct count c = {.j = j, .r = j->r, .b = j->b};
    pse_u128 first[PSE_COUNT_OPTIONS_MAX] = {0};
    size_t n = j->b->options;
    size_t elected = 0;

    PSE_TRY(pse_result_init(j->r, j->arena, n, 2 * n + 2, 2 * n, n));
    j->r->decimals = 9;
    j->r->valid = j->b->total - pse_prefs_first(first, j->b);
    c.p.b = j->b;
    c.p.continuings = pse_prefs_standing(c.p.continuing, j->b);
    memcpy(c.standing, c.p.continuing, sizeof c.standing);
    for (size_t o = 1; o <= n; o++)
        c.keep[o] = c.standing[o] ? UNIT : 0;

    do {
        size_t now;

        PSE_TRY(settle_round(&c));
        PSE_TRY(elect_quota(&c, &now));
        elected += now;
        if (now == 0 && c.p.continuings + elected > j->seats)
            PSE_TRY(exclude_least(&c));
    } while (elected < j->seats && c.p.continuings + elected > j->seats);
    if (elected < j->seats)
        PSE_TRY(fill_last(&c));
    return pse_piles_rank(&c.p, j->r);
}
