/* Randomness for programs: from the system, or from a seed for rehearsals. */
#ifndef PSE_PROGRAMS_SYSRNG_H
#define PSE_PROGRAMS_SYSRNG_H

#include "common/options.h"

/** A stream seeded with 32 bytes of getrandom(2). On failure one line on standard error under
 * @p name, and PSE_E_IO. */
PSE_MUST pse_rc sysrng_start(struct pse_rng *rng, const char *name);

/** The same, but when @p seed was given it is the seed, and a line on standard error says that
 * nothing made with it is secret. */
PSE_MUST pse_rc sysrng_start_seeded(struct pse_rng *rng, const char *name,
                                    const struct cli_hash *seed);

/** The table entry of --seed, the same words everywhere. */
#define SYSRNG_OPTION(at) \
    CLI_HASH("seed", "HEX", (at), "UNSAFE, for rehearsals: draw every secret from these 32 bytes")

#endif
