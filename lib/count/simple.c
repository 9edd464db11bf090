/* Rules that add up once: plurality, approval, yes/no, Borda. */
#include "room.h"

static pse_rc elect_by_total(const struct pse_count_job *j, const pse_u128 *total)
{
    PSE_TRY(pse_result_rank(j->r, total, j->b->withdrawn));
    return pse_result_elect_ranked(j->r, j->lot, j->seats);
}

pse_rc pse_rule_plurality(const struct pse_count_job *j)
{
    struct pse_count_stage *s;

    PSE_TRY(pse_result_init(j->r, j->arena, j->b->options, 1, 1, j->b->options));
    PSE_TRY(pse_result_stage(&s, j->r, PSE_ACTION_COUNT, 0, true));
    s->rest = pse_prefs_first(s->total, j->b);
    j->r->valid = j->b->total - (uint64_t)s->rest;
    return elect_by_total(j, s->total);
}

/* On rankings every mark is an approval; on grades the first grade is. */
pse_rc pse_rule_approval(const struct pse_count_job *j)
{
    const struct pse_count_ballots *b = j->b;
    struct pse_count_stage *s;

    PSE_TRY(pse_result_init(j->r, j->arena, b->options, 1, 1, b->options));
    PSE_TRY(pse_result_stage(&s, j->r, PSE_ACTION_COUNT, 0, true));
    s->rest = b->blank;
    for (uint32_t g = 0; g < b->groups; g++) {
        bool some = false;

        for (uint32_t i = b->at[g]; i < b->at[g + 1]; i++) {
            const struct pse_count_mark *m = &b->mark[i];

            if (b->withdrawn[m->option] || (b->grades != 0 && m->rank != 1))
                continue;
            s->total[m->option - 1] += b->count[g];
            some = true;
        }
        if (!some)
            s->rest += b->count[g];
    }
    j->r->valid = b->total - (uint64_t)s->rest;
    return elect_by_total(j, s->total);
}

pse_rc pse_rule_yesno(const struct pse_count_job *j)
{
    const struct pse_count_params *p = j->params;
    pse_u128 num = p->majority_den == 0 ? 1 : p->majority_num;
    pse_u128 den = p->majority_den == 0 ? 2 : p->majority_den;
    struct pse_count_stage *s;
    uint32_t yes = 1;
    pse_u128 left;
    pse_u128 right;

    if (j->b->options < 2 || j->b->options > 3 || j->b->withdrawn[1] || j->b->withdrawn[2])
        return PSE_E_RANGE;
    PSE_TRY(pse_result_init(j->r, j->arena, j->b->options, 1, 0, 1));
    PSE_TRY(pse_result_stage(&s, j->r, PSE_ACTION_COUNT, 0, true));
    s->rest = pse_prefs_first(s->total, j->b);
    j->r->valid = j->b->total - (uint64_t)s->rest;
    left = s->total[0] * den;
    right = (s->total[0] + s->total[1]) * num;
    j->r->carried = p->majority_inclusive ? left >= right && s->total[0] > 0 : left > right;
    if (j->r->carried)
        PSE_TRY(pse_result_elect(j->r, &yes, 1));
    return pse_result_rank(j->r, s->total, j->b->withdrawn);
}

/* Points of one group of ballots, doubled so that halves are whole: an option has 2 for each
 * standing option that it beats and 1 for each other that it equals. The options not marked are
 * equal and last. With k standing, an option at a rank shared by e, with a above it, beats
 * k - a - e and equals e - 1. */
static void borda_group(pse_u128 *total, const struct pse_count_ballots *b, uint32_t g,
                        const bool *standing, size_t k)
{
    bool marked[PSE_COUNT_OPTIONS_MAX + 1] = {false};
    uint32_t end = b->at[g + 1];
    size_t above = 0;

    for (uint32_t i = b->at[g]; i < end;) {
        uint32_t start = i;
        size_t equal = 0;

        for (; i < end && b->mark[i].rank == b->mark[start].rank; i++)
            equal += standing[b->mark[i].option];
        for (uint32_t x = start; x < i; x++) {
            uint8_t o = b->mark[x].option;

            marked[o] = true;
            if (standing[o])
                total[o - 1] += (pse_u128)b->count[g] * (2 * (k - above - equal) + equal - 1);
        }
        above += equal;
    }
    if (above == k)
        return;
    for (size_t o = 1; o <= b->options; o++)
        if (standing[o] && !marked[o])
            total[o - 1] += (pse_u128)b->count[g] * (k - above - 1);
}

pse_rc pse_rule_borda(const struct pse_count_job *j)
{
    bool standing[PSE_COUNT_OPTIONS_MAX + 1];
    size_t k = pse_prefs_standing(standing, j->b);
    struct pse_count_stage *s;

    PSE_TRY(pse_result_init(j->r, j->arena, j->b->options, 1, 1, j->b->options));
    j->r->decimals = 1;
    PSE_TRY(pse_result_stage(&s, j->r, PSE_ACTION_COUNT, 0, true));
    for (uint32_t g = 0; g < j->b->groups; g++)
        borda_group(s->total, j->b, g, standing, k);
    for (size_t i = 0; i < j->r->items; i++)
        s->total[i] *= 5; /* half points in tenths */
    j->r->valid = j->b->total - j->b->blank;
    return elect_by_total(j, s->total);
}
