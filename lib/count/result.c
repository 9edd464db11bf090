#include <stdlib.h>

#include "room.h"

pse_rc pse_result_init(struct pse_count_result *r, struct pse_arena *arena, size_t items,
                       size_t stages, size_t ties, size_t elected)
{
    memset(r, 0, sizeof *r);
    r->arena = arena;
    r->items = items;
    r->stages_max = stages;
    r->ties_max = ties;
    r->stage = PSE_NEW(arena, struct pse_count_stage, stages);
    r->tie = PSE_NEW(arena, struct pse_count_tie, ties);
    r->ranking = PSE_NEW(arena, struct pse_count_numbers, items);
    r->elected.v = PSE_NEW(arena, uint32_t, elected);
    if (r->stage == NULL || r->tie == NULL || r->ranking == NULL || r->elected.v == NULL)
        return PSE_E_MEMORY;
    return PSE_OK;
}

pse_rc pse_result_stage(struct pse_count_stage **stage, struct pse_count_result *r,
                        enum pse_count_action action, uint32_t subject, bool totals)
{
    struct pse_count_stage *s;

    PSE_REQUIRE(r->stages < r->stages_max);
    s = &r->stage[r->stages];
    s->action = action;
    s->subject = subject;
    s->decimals = r->decimals;
    if (totals) {
        s->total = PSE_NEW(r->arena, pse_u128, r->items);
        if (s->total == NULL)
            return PSE_E_MEMORY;
    }
    r->stages++;
    *stage = s;
    return PSE_OK;
}

pse_rc pse_numbers_copy(struct pse_count_numbers *out, struct pse_arena *arena, const uint32_t *v,
                        size_t n)
{
    out->v = PSE_NEW(arena, uint32_t, n);
    if (out->v == NULL)
        return PSE_E_MEMORY;
    if (n > 0)
        memcpy(out->v, v, n * sizeof *v);
    out->n = n;
    return PSE_OK;
}

pse_rc pse_result_elect(struct pse_count_result *r, const uint32_t *v, size_t n)
{
    struct pse_count_stage *s;
    struct pse_count_numbers all;

    PSE_REQUIRE(r->stages > 0);
    s = &r->stage[r->stages - 1];
    all.n = s->elected.n + n;
    all.v = PSE_NEW(r->arena, uint32_t, all.n);
    if (all.v == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < s->elected.n; i++)
        all.v[i] = s->elected.v[i];
    for (size_t i = 0; i < n; i++) {
        all.v[s->elected.n + i] = v[i];
        r->elected.v[r->elected.n++] = v[i];
    }
    s->elected = all;
    return PSE_OK;
}

pse_rc pse_result_tie(struct pse_count_tie **tie, struct pse_count_result *r,
                      enum pse_count_way way, const uint32_t *order, size_t n)
{
    struct pse_count_tie *t;

    PSE_REQUIRE(r->ties < r->ties_max);
    t = &r->tie[r->ties];
    t->stage = (uint32_t)r->stages;
    t->way = way;
    PSE_TRY(pse_numbers_copy(&t->order, r->arena, order, n));
    r->ties++;
    *tie = t;
    return PSE_OK;
}

pse_rc pse_result_lot(struct pse_count_tie **tie, struct pse_count_result *r,
                      struct pse_count_lot *lot, uint32_t *number, size_t n)
{
    PSE_TRY(pse_count_lot_draw(lot, number, n));
    PSE_TRY(pse_result_tie(tie, r, PSE_WAY_LOT, number, n));
    (*tie)->lot = lot->drawn;
    if (!lot->is_drawn)
        r->lots_public = true;
    return PSE_OK;
}

/* Move the options with the extreme total of stage @p s to the front of v[0..n); how many. */
static size_t keep_extreme(uint32_t *v, size_t n, const struct pse_count_stage *s, bool least)
{
    pse_u128 best = s->total[v[0] - 1];
    size_t kept = 0;

    for (size_t i = 1; i < n; i++) {
        pse_u128 x = s->total[v[i] - 1];

        if (least ? x < best : x > best)
            best = x;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t o = v[i];

        if (s->total[o - 1] == best) {
            v[i] = v[kept];
            v[kept++] = o;
        }
    }
    return kept;
}

pse_rc pse_result_settle(struct pse_count_result *r, struct pse_count_lot *lot, uint32_t *v,
                         size_t n, bool last, bool first_difference)
{
    struct pse_count_tie *tie;
    uint32_t told = 0;
    size_t left = n;
    size_t before = r->stages - 1;

    PSE_REQUIRE(r->stages > 0 && n >= 1);
    if (n == 1)
        return PSE_OK;
    for (size_t i = 0; i < before && left > 1; i++) {
        size_t s = first_difference ? i : before - 1 - i;
        size_t kept = r->stage[s].total == NULL ? left : keep_extreme(v, left, &r->stage[s], last);

        if (kept < left)
            told = (uint32_t)s + 1;
        left = kept;
    }
    if (left > 1) {
        PSE_TRY(pse_result_lot(&tie, r, lot, v, left));
    } else {
        PSE_TRY(pse_result_tie(&tie, r, PSE_WAY_EARLIER, v, left));
        tie->earlier = told;
    }
    if (last) {
        for (size_t i = 0, j = n - 1; i < left && i < j; i++, j--) {
            uint32_t t = v[i];

            v[i] = v[j];
            v[j] = t;
        }
        /* The swaps reversed the group of the least: put the drawn order back. */
        for (size_t i = 0; i < left; i++)
            v[n - left + i] = tie->order.v[i];
    }
    return pse_numbers_copy(&tie->order, r->arena, v, n);
}

struct scored {
    pse_u128 score;
    uint32_t number;
};

static int scored_cmp(const void *pa, const void *pb)
{
    const struct scored *a = (const struct scored *)pa;
    const struct scored *b = (const struct scored *)pb;

    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

void pse_sort_scored(uint32_t *v, size_t n, const pse_u128 *score)
{
    struct scored s[PSE_COUNT_OPTIONS_MAX];

    PSE_REQUIRE(n <= PSE_COUNT_OPTIONS_MAX);
    for (size_t i = 0; i < n; i++)
        s[i] = (struct scored){score[v[i] - 1], v[i]};
    qsort(s, n, sizeof *s, scored_cmp);
    for (size_t i = 0; i < n; i++)
        v[i] = s[i].number;
}

pse_rc pse_result_rank_group(struct pse_count_result *r, const uint32_t *v, size_t n)
{
    PSE_REQUIRE(r->ranks < r->items);
    PSE_TRY(pse_numbers_copy(&r->ranking[r->ranks], r->arena, v, n));
    r->ranks++;
    return PSE_OK;
}

pse_rc pse_result_rank(struct pse_count_result *r, const pse_u128 *score, const bool *skip)
{
    uint32_t v[PSE_COUNT_OPTIONS_MAX];
    size_t n = 0;

    PSE_REQUIRE(r->items <= PSE_COUNT_OPTIONS_MAX);
    for (uint32_t o = 1; o <= r->items; o++)
        if (skip == NULL || !skip[o])
            v[n++] = o;
    pse_sort_scored(v, n, score);
    for (size_t i = 0; i < n;) {
        size_t j = i;

        while (j < n && score[v[j] - 1] == score[v[i] - 1])
            j++;
        PSE_TRY(pse_result_rank_group(r, v + i, j - i));
        i = j;
    }
    return PSE_OK;
}

pse_rc pse_result_elect_ranked(struct pse_count_result *r, struct pse_count_lot *lot, size_t seats)
{
    uint32_t v[PSE_COUNT_OPTIONS_MAX];
    struct pse_count_tie *tie;

    for (size_t i = 0; i < r->ranks && seats > 0; i++) {
        size_t n = r->ranking[i].n;

        memcpy(v, r->ranking[i].v, n * sizeof *v);
        if (n > seats) {
            PSE_TRY(pse_result_lot(&tie, r, lot, v, n));
            n = seats;
        }
        PSE_TRY(pse_result_elect(r, v, n));
        seats -= n;
    }
    return PSE_OK;
}
