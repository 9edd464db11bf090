#define _GNU_SOURCE
#include "store/standby.h"

#include <time.h>

pse_rc pse_standby_open(struct pse_store **out, const char **why, const char *url,
                        struct pse_span origin, const struct pse_steps *steps,
                        bool (*stop)(void *ctx), void *ctx)
{
    const struct timespec pause = {.tv_nsec = PSE_STANDBY_POLL_MS * 1000000L};

    for (;;) {
        pse_rc rc = pse_store_open(out, why, url, origin, 0, steps);

        if ((rc != PSE_E_STATE && rc != PSE_E_IO) || (stop != NULL && stop(ctx)))
            return rc;
        (void)nanosleep(&pause, NULL);
    }
}
