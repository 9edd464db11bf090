#include "common/retry.h"

#include <time.h>

#include "common/progress.h"

struct retry retry_for(struct pse_rng *rng, unsigned patience)
{
    return (struct retry){
        .rng = rng, .end = progress_now() + (double)patience, .wait_ms = RETRY_FIRST_MS};
}

unsigned retry_next_ms(struct retry *r, unsigned floor)
{
    unsigned half = r->wait_ms / 2;
    uint32_t draw;
    unsigned ms;

    pse_rng_fill(r->rng, &draw, sizeof draw);
    ms = half + draw % (half + 1);
    r->wait_ms = r->wait_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : r->wait_ms * 2;
    if (floor > RETRY_MAX_MS / 1000)
        floor = RETRY_MAX_MS / 1000;
    return ms + floor * 1000;
}

bool retry_wait(struct retry *r, unsigned floor)
{
    unsigned ms = retry_next_ms(r, floor);
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    if (progress_now() + (double)ms / 1000 > r->end)
        return false;
    while (nanosleep(&t, &t) != 0)
        ;
    return true;
}
