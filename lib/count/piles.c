#include "room.h"

pse_rc pse_piles_start(struct pse_piles *p, struct pse_count_result *r,
                       const struct pse_count_ballots *b, uint32_t unit)
{
    struct pse_count_stage *s;

    memset(p, 0, sizeof *p);
    p->b = b;
    p->owner = PSE_NEW(r->arena, uint8_t, b->groups);
    p->pos = PSE_NEW(r->arena, uint32_t, b->groups);
    p->value = PSE_NEW(r->arena, uint32_t, b->groups);
    if (p->owner == NULL || p->pos == NULL || p->value == NULL)
        return PSE_E_MEMORY;
    p->continuings = pse_prefs_standing(p->continuing, b);

    PSE_TRY(pse_result_stage(&s, r, PSE_ACTION_FIRST, 0, true));
    s->rest = (pse_u128)b->blank * unit;
    for (uint32_t g = 0; g < b->groups; g++) {
        p->pos[g] = b->at[g];
        p->value[g] = unit;
        p->owner[g] = pse_prefs_next(b, g, &p->pos[g], p->continuing);
        if (p->owner[g] == 0)
            s->rest += (pse_u128)b->count[g] * unit;
        else
            s->total[p->owner[g] - 1] += (pse_u128)b->count[g] * unit;
    }
    r->valid = b->total - (uint64_t)(s->rest / unit);
    return PSE_OK;
}

pse_rc pse_piles_stage(struct pse_count_stage **stage, struct pse_count_result *r,
                       enum pse_count_action action, uint32_t subject)
{
    const struct pse_count_stage *before = &r->stage[r->stages - 1];

    PSE_TRY(pse_result_stage(stage, r, action, subject, true));
    memcpy((*stage)->total, before->total, r->items * sizeof *before->total);
    (*stage)->rest = before->rest;
    (*stage)->quota = before->quota;
    return PSE_OK;
}

pse_u128 pse_piles_move(struct pse_piles *p, pse_u128 *total, uint32_t from, pse_u128 num,
                        pse_u128 den)
{
    pse_u128 moved = 0;

    for (uint32_t g = 0; g < p->b->groups; g++) {
        pse_u128 votes;

        if (p->owner[g] != from)
            continue;
        p->owner[g] = pse_prefs_next(p->b, g, &p->pos[g], p->continuing);
        if (p->owner[g] == 0)
            continue;
        p->value[g] = (uint32_t)(p->value[g] * num / den);
        votes = (pse_u128)p->b->count[g] * p->value[g];
        total[p->owner[g] - 1] += votes;
        moved += votes;
    }
    return moved;
}

pse_rc pse_piles_least(uint32_t *option, const struct pse_piles *p, struct pse_count_result *r,
                       struct pse_count_lot *lot)
{
    uint32_t v[PSE_COUNT_OPTIONS_MAX];
    const pse_u128 *total = r->stage[r->stages - 1].total;
    size_t n = pse_piles_by_votes(v, p, r);
    size_t first = n - 1;

    PSE_REQUIRE(n > 0);
    while (first > 0 && total[v[first - 1] - 1] == total[v[n - 1] - 1])
        first--;
    PSE_TRY(pse_result_settle(r, lot, v + first, n - first, true, false));
    *option = v[n - 1];
    return PSE_OK;
}

pse_rc pse_piles_drop(struct pse_piles *p, struct pse_count_result *r, uint32_t option)
{
    PSE_REQUIRE(p->continuing[option]);
    p->continuing[option] = false;
    p->continuings--;
    p->excluded[p->exclusions++] = option;
    return pse_numbers_copy(&r->stage[r->stages - 1].excluded, r->arena, &option, 1);
}

pse_rc pse_piles_exclude(struct pse_piles *p, struct pse_count_result *r, uint32_t option)
{
    struct pse_count_stage *s;
    pse_u128 held;

    PSE_TRY(pse_piles_stage(&s, r, PSE_ACTION_EXCLUSION, option));
    PSE_TRY(pse_piles_drop(p, r, option));
    held = s->total[option - 1];
    s->total[option - 1] = 0;
    s->rest += held - pse_piles_move(p, s->total, option, 1, 1);
    return PSE_OK;
}

size_t pse_piles_by_votes(uint32_t v[PSE_COUNT_OPTIONS_MAX], const struct pse_piles *p,
                          const struct pse_count_result *r)
{
    size_t n = 0;

    for (uint32_t o = 1; o <= r->items; o++)
        if (p->continuing[o])
            v[n++] = o;
    pse_sort_scored(v, n, r->stage[r->stages - 1].total);
    return n;
}

pse_rc pse_piles_rank(const struct pse_piles *p, struct pse_count_result *r)
{
    bool skip[PSE_COUNT_OPTIONS_MAX + 1];

    for (size_t i = 0; i < r->elected.n; i++)
        PSE_TRY(pse_result_rank_group(r, &r->elected.v[i], 1));
    for (size_t o = 0; o <= PSE_COUNT_OPTIONS_MAX; o++)
        skip[o] = !p->continuing[o];
    PSE_TRY(pse_result_rank(r, r->stage[r->stages - 1].total, skip));
    for (size_t i = p->exclusions; i-- > 0;)
        PSE_TRY(pse_result_rank_group(r, &p->excluded[i], 1));
    return PSE_OK;
}
