#include "net/turns.h"

int pse_turns_next(const struct pse_turns *t, unsigned waiting)
{
    int next = -1;
    int owed = -1;

    for (int i = PSE_TURNS_LANES - 1; i >= 0; i--) {
        if ((waiting >> i & 1) == 0)
            continue;
        next = i;
        if (t->owed_us[i] >= PSE_TURNS_WORTH_US && (owed < 0 || t->owed_us[i] > t->owed_us[owed]))
            owed = i;
    }
    return owed >= 0 ? owed : next;
}

static int64_t within(int64_t x)
{
    if (x > PSE_TURNS_MOST_US)
        return PSE_TURNS_MOST_US;
    return x < -PSE_TURNS_MOST_US ? -PSE_TURNS_MOST_US : x;
}

void pse_turns_spent(struct pse_turns *t, unsigned lane, uint64_t us, unsigned waiting)
{
    int64_t time = us > PSE_TURNS_MOST_US ? PSE_TURNS_MOST_US : (int64_t)us;

    PSE_REQUIRE(lane < PSE_TURNS_LANES);
    for (unsigned i = 0; i < PSE_TURNS_LANES; i++) {
        if (i == lane)
            /* What it had is taken off what it was owed; its own floor is in its time, too. */
            t->owed_us[i] = within(t->owed_us[i] - time + time / PSE_TURNS_FLOOR);
        else if ((waiting >> i & 1) != 0)
            t->owed_us[i] = within(t->owed_us[i] + time / PSE_TURNS_FLOOR);
        else
            t->owed_us[i] = 0; /* who does not ask saves nothing up */
    }
    /* The first lane needs no floor, and must not be made to pay for what it had. */
    t->owed_us[0] = 0;
}
