#include "common/sysrng.h"

#include <errno.h>
#include <sys/random.h>

pse_rc sysrng_start(struct pse_rng *rng, const char *name)
{
    uint8_t seed[32];
    size_t got = 0;

    while (got < sizeof seed) {
        ssize_t n = getrandom(seed + got, sizeof seed - got, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            cli_error(name, "the system gives no random bytes (getrandom: %s); nothing was made",
                      strerror(errno));
            return PSE_E_IO;
        }
        got += (size_t)n;
    }
    pse_rng_init(rng, seed);
    pse_wipe(seed, sizeof seed);
    return PSE_OK;
}

pse_rc sysrng_start_seeded(struct pse_rng *rng, const char *name, const struct cli_hash *seed)
{
    if (!seed->given)
        return sysrng_start(rng, name);
    cli_note(name, "--seed makes every key and ballot predictable; for rehearsals only");
    pse_rng_init(rng, seed->value.b);
    return PSE_OK;
}
