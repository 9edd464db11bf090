#include "net/pace.h"

bool pse_pace_add(size_t *capacity, struct pse_pace *p, uint64_t n, uint64_t us, uint64_t now_us)
{
    uint64_t fit;

    if (p->since_us == 0)
        p->since_us = now_us == 0 ? 1 : now_us;
    p->n += n;
    p->us += us;
    if (now_us < p->since_us + PSE_PACE_EVERY_US || p->n == 0)
        return false;
    fit = p->us == 0 ? PSE_PACE_MAX : PSE_PACE_WORK_US * p->n / p->us;
    *capacity = fit < PSE_PACE_MIN ? PSE_PACE_MIN : fit > PSE_PACE_MAX ? PSE_PACE_MAX : (size_t)fit;
    *p = (struct pse_pace){.since_us = now_us};
    return true;
}
