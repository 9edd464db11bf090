/* Instant run-off: one option is excluded at a time until one has more than half of the votes that
 * still count. */
#include "room.h"

/* The option that wins now: a majority of the votes that still count, or the only one left. */
static uint32_t winner(const struct pse_piles *p, const struct pse_count_result *r)
{
    const pse_u128 *total = r->stage[r->stages - 1].total;
    uint32_t v[PSE_COUNT_OPTIONS_MAX];
    size_t n = pse_piles_by_votes(v, p, r);
    pse_u128 sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += total[v[i] - 1];
    return n == 1 || 2 * total[v[0] - 1] > sum ? v[0] : 0;
}

pse_rc pse_rule_irv(const struct pse_count_job *j)
{
    size_t n = j->b->options;
    struct pse_piles p;
    uint32_t option;

    PSE_TRY(pse_result_init(j->r, j->arena, n, n, n, 1));
    PSE_TRY(pse_piles_start(&p, j->r, j->b, 1));
    while ((option = winner(&p, j->r)) == 0) {
        PSE_TRY(pse_piles_least(&option, &p, j->r, j->lot));
        PSE_TRY(pse_piles_exclude(&p, j->r, option));
    }
    PSE_TRY(pse_result_elect(j->r, &option, 1));
    p.continuing[option] = false;
    return pse_piles_rank(&p, j->r);
}
