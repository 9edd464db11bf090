#include "room.h"

uint8_t pse_prefs_next(const struct pse_count_ballots *b, uint32_t g, uint32_t *pos,
                       const bool standing[PSE_COUNT_OPTIONS_MAX + 1])
{
    uint32_t end = b->at[g + 1];
    uint32_t i = *pos;

    while (i < end) {
        uint32_t start = i;
        uint8_t rank = b->mark[i].rank;
        uint8_t found = 0;
        unsigned several = 0;

        for (; i < end && b->mark[i].rank == rank; i++) {
            if (standing[b->mark[i].option]) {
                found = b->mark[i].option;
                several++;
            }
        }
        if (several == 1) {
            *pos = start;
            return found;
        }
        if (several > 1)
            break;
    }
    *pos = end;
    return 0;
}

size_t pse_prefs_standing(bool standing[PSE_COUNT_OPTIONS_MAX + 1],
                          const struct pse_count_ballots *b)
{
    size_t n = 0;

    memset(standing, 0, PSE_COUNT_OPTIONS_MAX + 1);
    for (size_t o = 1; o <= b->options; o++) {
        standing[o] = !b->withdrawn[o];
        n += standing[o];
    }
    return n;
}

uint64_t pse_prefs_first(pse_u128 *total, const struct pse_count_ballots *b)
{
    bool standing[PSE_COUNT_OPTIONS_MAX + 1];
    uint64_t rest = b->blank;

    (void)pse_prefs_standing(standing, b);
    for (uint32_t g = 0; g < b->groups; g++) {
        uint32_t pos = b->at[g];
        uint8_t o = pse_prefs_next(b, g, &pos, standing);

        if (o == 0)
            rest += b->count[g];
        else
            total[o - 1] += b->count[g];
    }
    return rest;
}
