#include <stdlib.h>

#include "room.h"

static int number_cmp(const void *pa, const void *pb)
{
    uint32_t a = *(const uint32_t *)pa;
    uint32_t b = *(const uint32_t *)pb;

    return a < b ? -1 : a > b;
}

static pse_rc numbers_unique(const struct pse_count_returns *r)
{
    uint32_t *v;

    PSE_ARENA(arena, r->candidates * sizeof *v + 65536);
    v = PSE_NEW(&arena, uint32_t, r->candidates);
    if (v == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < r->candidates; i++)
        v[i] = r->candidate[i].number;
    if (r->candidates > 0)
        qsort(v, r->candidates, sizeof *v, number_cmp);
    for (size_t i = 1; i < r->candidates; i++)
        if (v[i] == v[i - 1])
            return PSE_E_DUPLICATE;
    return PSE_OK;
}

pse_rc pse_count_returns_check(const struct pse_count_returns *r)
{
    uint64_t left = PSE_COUNT_BALLOTS_MAX;
    uint32_t sum;

    if (r->candidates < 1 || r->candidates > PSE_COUNT_CANDIDATES_MAX ||
        r->parties > PSE_COUNT_PARTIES_MAX || r->constituencies < 1 ||
        r->constituencies > PSE_COUNT_CONSTITUENCIES_MAX || !pse_returns_mandates(&sum, r))
        return PSE_E_LIMIT;
    for (size_t i = 0; i < r->candidates; i++) {
        const struct pse_count_candidate *c = &r->candidate[i];

        if (c->number == 0 || c->constituency >= r->constituencies ||
            (c->party >= r->parties && c->party != PSE_COUNT_INDEPENDENT))
            return PSE_E_RANGE;
        if (i > 0 && c->constituency < c[-1].constituency)
            return PSE_E_RANGE;
        if (i > 0 && c->constituency == c[-1].constituency && c->number < c[-1].number)
            return PSE_E_RANGE;
        if (c->votes > left)
            return PSE_E_LIMIT;
        left -= c->votes;
    }
    if (r->blank > left)
        return PSE_E_LIMIT;
    return numbers_unique(r);
}

bool pse_share_reached(uint64_t votes, uint64_t total, uint64_t num, uint64_t den)
{
    return votes > 0 && (pse_u128)votes * den >= (pse_u128)total * num;
}

uint64_t pse_returns_votes(uint64_t *party, const struct pse_count_returns *r, size_t c)
{
    uint64_t sum = 0;

    if (party != NULL)
        memset(party, 0, r->parties * sizeof *party);
    for (size_t i = 0; i < r->candidates; i++) {
        const struct pse_count_candidate *x = &r->candidate[i];

        if (c != PSE_EVERYWHERE && x->constituency != c)
            continue;
        sum += x->votes;
        if (party != NULL && x->party != PSE_COUNT_INDEPENDENT)
            party[x->party] += x->votes;
    }
    return sum;
}

bool pse_returns_mandates(uint32_t *sum, const struct pse_count_returns *r)
{
    *sum = 0;
    for (size_t i = 0; i < r->constituencies; i++) {
        if (r->constituency[i].mandates > PSE_COUNT_MANDATES_MAX - *sum)
            return false;
        *sum += r->constituency[i].mandates;
    }
    return true;
}

pse_rc pse_lists_init(const struct pse_count_job *j, uint32_t mandates, size_t stages)
{
    struct pse_count_result *r = j->r;

    PSE_TRY(pse_result_init(r, j->arena, j->returns->parties, stages,
                            3 * (size_t)mandates + j->returns->parties, mandates));
    r->valid = pse_returns_votes(NULL, j->returns, PSE_EVERYWHERE);
    r->ballots = r->valid + j->returns->blank;
    r->seat = PSE_NEW(j->arena, struct pse_count_seat, mandates);
    r->party_seats = PSE_NEW(j->arena, uint32_t, r->items);
    return r->seat == NULL || r->party_seats == NULL ? PSE_E_MEMORY : PSE_OK;
}

pse_rc pse_lists_stage(struct pse_count_stage **stage, const struct pse_count_job *j,
                       enum pse_count_action action, size_t c)
{
    PSE_TRY(pse_result_stage(stage, j->r, action, 0, true));
    for (size_t i = 0; i < j->returns->candidates; i++) {
        const struct pse_count_candidate *x = &j->returns->candidate[i];

        if (c != PSE_EVERYWHERE && x->constituency != c)
            continue;
        if (x->party == PSE_COUNT_INDEPENDENT)
            (*stage)->rest += x->votes;
        else
            (*stage)->total[x->party] += x->votes;
    }
    (*stage)->constituency = c == PSE_EVERYWHERE ? 0 : (uint32_t)c + 1;
    return PSE_OK;
}

pse_rc pse_lists_elect(const struct pse_count_job *j, const struct pse_count_candidate *const *c,
                       size_t n, enum pse_count_action kind)
{
    struct pse_count_result *r = j->r;
    uint32_t *v;

    PSE_ARENA(arena, n * sizeof *v + 65536);
    v = PSE_NEW(&arena, uint32_t, n);
    if (v == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < n; i++) {
        v[i] = c[i]->number;
        r->seat[r->elected.n + i] =
            (struct pse_count_seat){c[i]->number, c[i]->constituency, c[i]->party, kind};
        if (c[i]->party != PSE_COUNT_INDEPENDENT)
            r->party_seats[c[i]->party]++;
    }
    return pse_result_elect(r, v, n);
}

static bool is_better(const struct pse_count_candidate *a, const struct pse_count_candidate *b,
                      bool by_place)
{
    uint32_t place_a = a->list == 0 ? UINT32_MAX : a->list;
    uint32_t place_b = b->list == 0 ? UINT32_MAX : b->list;

    if (by_place && place_a != place_b)
        return place_a < place_b;
    if (a->votes != b->votes)
        return a->votes > b->votes;
    return place_a < place_b;
}

/* Record what parted the front candidate from others with the same votes. */
static pse_rc part(const struct pse_count_job *j, const struct pse_count_candidate **c, size_t n,
                   size_t equal)
{
    struct pse_count_tie *tie;
    uint32_t *v;

    PSE_ARENA(arena, n * sizeof *v + 65536);
    v = PSE_NEW(&arena, uint32_t, n);
    if (v == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < n; i++)
        v[i] = c[i]->number;
    if (equal == 1)
        return pse_result_tie(&tie, j->r, PSE_WAY_LIST, v, n);
    PSE_TRY(pse_result_lot(&tie, j->r, j->lot, v, equal));
    for (size_t i = 0; i < equal; i++) {
        if (c[i]->number == v[0]) {
            const struct pse_count_candidate *t = c[0];

            c[0] = c[i];
            c[i] = t;
            break;
        }
    }
    return PSE_OK;
}

pse_rc pse_lists_next(const struct pse_count_job *j, const struct pse_count_candidate **c, size_t n,
                      bool by_place)
{
    size_t best = 0;
    size_t same = 1;  /* equal votes (or places), now at the front */
    size_t equal = 1; /* not parted by the list either */
    const struct pse_count_candidate *t;

    PSE_REQUIRE(n > 0);
    for (size_t i = 1; i < n; i++)
        if (is_better(c[i], c[best], by_place))
            best = i;
    t = c[0];
    c[0] = c[best];
    c[best] = t;
    if (by_place && c[0]->list != 0)
        return PSE_OK;
    for (size_t i = 1; i < n; i++) {
        if (c[i]->votes != c[0]->votes)
            continue;
        t = c[i];
        c[i] = c[same];
        c[same++] = t;
        if (t->list == c[0]->list) {
            c[same - 1] = c[equal];
            c[equal++] = t;
        }
    }
    return same == 1 ? PSE_OK : part(j, c, same, equal);
}
