/* Majority judgment (Balinski and Laraki): the best median grade wins; equal medians are parted by
 * removing one median grade from each, again and again.
 *
 * With the grades of an option sorted from best to worst, the medians removed one after another
 * are those at positions q, q + 1, ... towards the worse end and q - 1, q - 2, ... towards the
 * better end in a fixed alternation that depends on the number of ballots only. All options have
 * the same number of grades (an option without one has the worst), so two options compare by the
 * first difference in that alternating sequence: no step for each ballot is needed. */
#include <stdlib.h>

#include "room.h"

struct profile {
    uint32_t option;
    uint16_t grades;
    uint64_t n;
    uint64_t count[PSE_COUNT_OPTIONS_MAX]; /* by grade, from the best */
};

/* How many steps outwards from the middle both profiles agree. @p skip grades lie on the inner
 * side; *grade_a and *grade_b are those at the first difference. UINT64_MAX: they never differ. */
static uint64_t agree(const struct profile *a, const struct profile *b, uint64_t skip, bool upwards,
                      unsigned *grade_a, unsigned *grade_b)
{
    const struct profile *p[2] = {a, b};
    unsigned g[2];
    uint64_t end[2]; /* grades up to and including grade g, counted from the outer start */
    uint64_t pos = skip;
    unsigned top = a->grades;

    for (unsigned i = 0; i < 2; i++) {
        g[i] = 0;
        end[i] = p[i]->count[upwards ? top - 1 : 0];
    }
    while (pos < a->n) {
        uint64_t stop;

        for (unsigned i = 0; i < 2; i++)
            while (end[i] <= pos) {
                g[i]++;
                end[i] += p[i]->count[upwards ? top - 1 - g[i] : g[i]];
            }
        if (g[0] != g[1]) {
            *grade_a = upwards ? top - 1 - g[0] : g[0];
            *grade_b = upwards ? top - 1 - g[1] : g[1];
            return pos - skip;
        }
        stop = end[0] < end[1] ? end[0] : end[1];
        pos = stop;
    }
    return UINT64_MAX;
}

/* Steps of the sequence before the @p k-th (from 0) on the worse or the better side. The middle
 * comes first, on the worse side; an odd number of grades takes its second step there too. */
static uint64_t step_of(uint64_t n, uint64_t k, bool better)
{
    if (n % 2 == 0)
        return 2 * k + better;
    return better ? 2 * k + 2 : (k == 0 ? 0 : 2 * k - 1);
}

static int profile_cmp(const void *pa, const void *pb)
{
    const struct profile *a = (const struct profile *)pa;
    const struct profile *b = (const struct profile *)pb;
    uint64_t q = a->n / 2; /* the (lower) median is at position q, from 0, from the best */
    unsigned worse[2] = {0, 0};
    unsigned better[2] = {0, 0};
    uint64_t down;
    uint64_t up;

    if (a->n == 0)
        return 0;
    down = agree(a, b, q, false, &worse[0], &worse[1]);
    up = agree(a, b, a->n - q, true, &better[0], &better[1]);
    if (down == UINT64_MAX && up == UINT64_MAX)
        return 0;
    if (up == UINT64_MAX ||
        (down != UINT64_MAX && step_of(a->n, down, false) < step_of(a->n, up, true)))
        return worse[0] < worse[1] ? -1 : 1;
    return better[0] < better[1] ? -1 : 1;
}

/* Profiles of the standing options; one pass over the marks. */
static size_t profiles_fill(struct profile *p, const struct pse_count_ballots *b)
{
    struct profile *of[PSE_COUNT_OPTIONS_MAX + 1] = {NULL};
    uint64_t voted = b->total - b->blank;
    size_t n = 0;

    for (uint32_t o = 1; o <= b->options; o++) {
        if (b->withdrawn[o])
            continue;
        p[n].option = o;
        p[n].grades = b->grades;
        p[n].n = voted;
        p[n].count[b->grades - 1] = voted;
        of[o] = &p[n++];
    }
    for (uint32_t g = 0; g < b->groups; g++) {
        for (uint32_t i = b->at[g]; i < b->at[g + 1]; i++) {
            struct profile *x = of[b->mark[i].option];

            if (x == NULL)
                continue;
            x->count[b->grades - 1] -= b->count[g];
            x->count[b->mark[i].rank - 1] += b->count[g];
        }
    }
    return n;
}

static uint64_t median(const struct profile *p)
{
    uint64_t seen = 0;

    if (p->n == 0)
        return 0;
    for (unsigned g = 0; g < p->grades; g++) {
        seen += p->count[g];
        if (seen > p->n / 2)
            return (uint64_t)g + 1;
    }
    return p->grades;
}

static pse_rc show(struct pse_count_result *r, const struct profile *p, size_t n, unsigned grades)
{
    struct pse_count_stage *s;

    for (unsigned g = 0; g < grades; g++) {
        PSE_TRY(pse_result_stage(&s, r, PSE_ACTION_GRADE, g + 1, true));
        for (size_t i = 0; i < n; i++)
            s->total[p[i].option - 1] = p[i].count[g];
    }
    PSE_TRY(pse_result_stage(&s, r, PSE_ACTION_MEDIAN, 0, true));
    for (size_t i = 0; i < n; i++)
        s->total[p[i].option - 1] = median(&p[i]);
    return PSE_OK;
}

pse_rc pse_rule_judgment(const struct pse_count_job *j)
{
    const struct pse_count_ballots *b = j->b;
    struct profile *p = PSE_NEW(j->arena, struct profile, b->options);
    size_t n;

    if (p == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(pse_result_init(j->r, j->arena, b->options, (size_t)b->grades + 1, 1, 1));
    j->r->valid = b->total - b->blank;
    n = profiles_fill(p, b);
    PSE_TRY(show(j->r, p, n, b->grades));
    qsort(p, n, sizeof *p, profile_cmp);
    for (size_t i = 0; i < n;) {
        uint32_t group[PSE_COUNT_OPTIONS_MAX];
        size_t size = 0;

        do
            group[size++] = p[i++].option;
        while (i < n && profile_cmp(&p[i - 1], &p[i]) == 0);
        PSE_TRY(pse_result_rank_group(j->r, group, size));
    }
    return pse_result_elect_ranked(j->r, j->lot, j->seats);
}
