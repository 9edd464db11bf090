#include "room.h"

pse_rc pse_count_ballots_init(struct pse_count_ballots *b, struct pse_arena *arena, size_t options,
                              size_t groups_max, size_t marks_max)
{
    memset(b, 0, sizeof *b);
    if (options < 1 || options > PSE_COUNT_OPTIONS_MAX || groups_max > PSE_COUNT_GROUPS_MAX ||
        marks_max > UINT32_MAX)
        return PSE_E_LIMIT;
    b->count = PSE_NEW(arena, uint64_t, groups_max);
    b->at = PSE_NEW(arena, uint32_t, groups_max + 1);
    b->mark = PSE_NEW(arena, struct pse_count_mark, marks_max);
    b->name = PSE_NEW(arena, struct pse_span, options + 1);
    if (b->count == NULL || b->at == NULL || b->mark == NULL || b->name == NULL) {
        memset(b, 0, sizeof *b);
        return PSE_E_MEMORY;
    }
    b->options = (uint16_t)options;
    b->groups_max = (uint32_t)groups_max;
    b->marks_max = (uint32_t)marks_max;
    return PSE_OK;
}

static pse_rc marks_check(const struct pse_count_ballots *b, const struct pse_count_mark *mark,
                          size_t marks)
{
    bool seen[PSE_COUNT_OPTIONS_MAX + 1] = {false};
    unsigned rank = 1;

    for (size_t i = 0; i < marks; i++) {
        if (mark[i].option < 1 || mark[i].option > b->options || mark[i].rank < rank ||
            (b->grades != 0 && mark[i].rank > b->grades))
            return PSE_E_RANGE;
        if (seen[mark[i].option])
            return PSE_E_DUPLICATE;
        seen[mark[i].option] = true;
        rank = mark[i].rank;
    }
    return PSE_OK;
}

pse_rc pse_count_ballots_add(struct pse_count_ballots *b, uint64_t count,
                             const struct pse_count_mark *mark, size_t marks)
{
    uint32_t end = b->at[b->groups];

    if (count == 0)
        return PSE_E_RANGE;
    if (count > PSE_COUNT_BALLOTS_MAX - b->total)
        return PSE_E_LIMIT;
    PSE_TRY(marks_check(b, mark, marks));
    if (marks == 0) {
        b->blank += count;
    } else {
        if (b->groups == b->groups_max || marks > b->marks_max - end)
            return PSE_E_LIMIT;
        memcpy(b->mark + end, mark, marks * sizeof *mark);
        b->count[b->groups++] = count;
        b->at[b->groups] = end + (uint32_t)marks;
    }
    b->total += count;
    return PSE_OK;
}

pse_rc pse_count_ballots_totals(struct pse_count_ballots *b, struct pse_arena *arena,
                                const uint64_t *votes, size_t options)
{
    PSE_TRY(pse_count_ballots_init(b, arena, options, options, options));
    for (size_t o = 1; o <= options; o++) {
        struct pse_count_mark mark = {(uint8_t)o, 1};

        if (votes[o - 1] > 0)
            PSE_TRY(pse_count_ballots_add(b, votes[o - 1], &mark, 1));
    }
    return PSE_OK;
}
