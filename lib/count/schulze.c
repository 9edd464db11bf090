/* Schulze's method with winning votes. Options that a ballot does not mark are equal and last. */
#include "room.h"

struct pairs {
    size_t n;
    uint64_t *d; /* d[a * n + b]: ballots that prefer a to b; options from 0 */
    uint64_t *p; /* strongest path from a to b */
};

static void prefer_group(struct pairs *m, const struct pse_count_ballots *b, uint32_t g,
                         uint8_t rank[PSE_COUNT_OPTIONS_MAX])
{
    uint64_t count = b->count[g];

    memset(rank, 0, PSE_COUNT_OPTIONS_MAX);
    for (uint32_t i = b->at[g]; i < b->at[g + 1]; i++)
        rank[b->mark[i].option - 1] = b->mark[i].rank;
    for (uint32_t i = b->at[g]; i < b->at[g + 1]; i++) {
        size_t a = (size_t)b->mark[i].option - 1;

        for (size_t x = 0; x < m->n; x++)
            if (rank[x] == 0 || rank[x] > rank[a])
                m->d[a * m->n + x] += count;
    }
}

static void strongest_paths(struct pairs *m, const bool *withdrawn)
{
    size_t n = m->n;

    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++)
            if (m->d[a * n + b] > m->d[b * n + a])
                m->p[a * n + b] = m->d[a * n + b];
    for (size_t k = 0; k < n; k++) {
        for (size_t a = 0; a < n; a++) {
            uint64_t ak = m->p[a * n + k];

            if (a == k || ak == 0 || withdrawn[a + 1] || withdrawn[k + 1])
                continue;
            for (size_t b = 0; b < n; b++) {
                uint64_t kb = m->p[k * n + b];
                uint64_t via = ak < kb ? ak : kb;

                if (b != a && via > m->p[a * n + b])
                    m->p[a * n + b] = via;
            }
        }
    }
}

/* The relation "a has a stronger path to b than b to a" is a strict partial order (Schulze 2011,
 * section 4.1). Its layers are the ranking: first those whom nobody beats, and so on among the
 * others. */
static pse_rc rank_layers(struct pse_count_result *r, const struct pairs *m, const bool *withdrawn)
{
    bool left[PSE_COUNT_OPTIONS_MAX] = {false};
    size_t count = 0;

    for (size_t a = 0; a < m->n; a++) {
        left[a] = !withdrawn[a + 1];
        count += left[a];
    }
    while (count > 0) {
        uint32_t layer[PSE_COUNT_OPTIONS_MAX];
        size_t size = 0;

        for (size_t a = 0; a < m->n; a++) {
            bool beaten = !left[a];

            for (size_t b = 0; b < m->n && !beaten; b++)
                beaten = left[b] && m->p[b * m->n + a] > m->p[a * m->n + b];
            if (!beaten)
                layer[size++] = (uint32_t)a + 1;
        }
        PSE_REQUIRE(size > 0);
        for (size_t i = 0; i < size; i++)
            left[layer[i] - 1] = false;
        count -= size;
        PSE_TRY(pse_result_rank_group(r, layer, size));
    }
    return PSE_OK;
}

static pse_rc show(struct pse_count_result *r, enum pse_count_action action, const uint64_t *m,
                   const bool *withdrawn)
{
    for (size_t a = 0; a < r->items; a++) {
        struct pse_count_stage *s;

        if (withdrawn[a + 1])
            continue;
        PSE_TRY(pse_result_stage(&s, r, action, (uint32_t)a + 1, true));
        for (size_t b = 0; b < r->items; b++)
            s->total[b] = withdrawn[b + 1] ? 0 : m[a * r->items + b];
    }
    return PSE_OK;
}

pse_rc pse_rule_schulze(const struct pse_count_job *j)
{
    size_t n = j->b->options;
    struct pairs m = {n, PSE_NEW(j->arena, uint64_t, n * n), PSE_NEW(j->arena, uint64_t, n * n)};
    uint8_t rank[PSE_COUNT_OPTIONS_MAX];

    if (m.d == NULL || m.p == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(pse_result_init(j->r, j->arena, n, 2 * n, 1, n));
    j->r->valid = j->b->total - j->b->blank;
    for (uint32_t g = 0; g < j->b->groups; g++)
        prefer_group(&m, j->b, g, rank);
    strongest_paths(&m, j->b->withdrawn);
    PSE_TRY(show(j->r, PSE_ACTION_PAIRWISE, m.d, j->b->withdrawn));
    PSE_TRY(show(j->r, PSE_ACTION_PATHS, m.p, j->b->withdrawn));
    PSE_TRY(rank_layers(j->r, &m, j->b->withdrawn));
    return pse_result_elect_ranked(j->r, j->lot, j->seats);
}
