/* Whole elections for the bench: one made by the real parts in a process of its own. */
#ifndef PSE_PSEPHOS_BENCH_ELECTION_H
#define PSE_PSEPHOS_BENCH_ELECTION_H

#include "psephos/bench.h"
#include "psephos/rehearsal.h"

/** What an election is made of. */
struct bench_shape {
    uint32_t ballots;
    uint16_t contests; /* on every ballot */
    uint8_t options;   /* in every contest */
    bool homomorphic;  /* zeros and ones of any sum, added up sealed; else one choice, mixed */
    uint8_t threshold;
    uint8_t trustees;
    uint8_t mixers;
};

struct bench_phase {
    char what[48];
    uint64_t items;
    double seconds;
};

/** What its making took. */
struct bench_made {
    double seconds;
    uint64_t record_bytes;
    size_t phases;
    struct bench_phase phase[REHEARSAL_PHASES];
};

/** Hold the election in this process and leave its record in @p dir. Every failure prints a line.
 */
PSE_MUST pse_rc bench_election_make(struct bench_made *made, const struct bench *b,
                                    const struct bench_shape *shape, const char *dir);

#endif
