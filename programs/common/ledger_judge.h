/* The engine as the judge of a sequencer, reading the record that the sequencer writes.
 *
 * For: whoever runs the sequencer of an election (psephos demo, box). Blobs that entries name have
 * to be below the record's blob/ before (pse_sequencer_blob). Not for: records of others
 * (record_load.h verifies tiles too; here the sequencer has hashed them up to its head). All calls
 * come from the sequencer's thread, and no other may use the engine, its group or their threads
 * meanwhile. */
#ifndef PSE_PROGRAMS_LEDGER_JUDGE_H
#define PSE_PROGRAMS_LEDGER_JUDGE_H

#include "common/record_source.h"
#include "election/state.h"
#include "store/judge.h"

struct ledger_judge {
    struct record_source source;
    struct pse_engine *e;
    struct pse_judge engine; /* as the room has it */
    struct pse_judge judge;  /* for the sequencer */
};

/** Over the record @p dir, which must exist; group and rng are borrowed. Every proof is verified.
 * Statuses of record_source_open, PSE_E_MEMORY. Close in every case. */
PSE_MUST pse_rc ledger_judge_open(struct ledger_judge *j, const char *dir,
                                  const struct pse_group *g, struct pse_rng *rng);
void ledger_judge_close(struct ledger_judge *j);

#endif
