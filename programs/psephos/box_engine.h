/* An engine over a record that grows under the sequencer's hands: the log as the first process and
 * the second opinion each read it. One thread at a time. */
#ifndef PSE_PSEPHOS_BOX_ENGINE_H
#define PSE_PSEPHOS_BOX_ENGINE_H

#include "common/record_source.h"
#include "election/state.h"

struct box_engine {
    struct record_source record;
    struct record_source spool; /* blobs that are not in the record yet */
    struct pse_source files;
    struct pse_source waiting;
    struct pse_engine *e;
};

/** Over the folders @p record and @p spool (with blob/ below each). PSE_E_MISSING, PSE_E_IO,
 * PSE_E_MEMORY. */
PSE_MUST pse_rc box_engine_open(struct box_engine *b, const char *record, const char *spool,
                                const struct pse_group *g, struct pse_rng *rng);
/** Safe on a zeroed struct. */
void box_engine_close(struct box_engine *b);
/** Read the first @p size entries, which this log has signed: proofs were verified then. Entries
 * offered afterwards are verified in full. PSE_E_MISMATCH: they do not give @p root. */
PSE_MUST pse_rc box_engine_load(struct box_engine *b, uint64_t size, const pse_hash *root);
/** pse_engine_offer; all earlier live entries stand in the record by now. */
PSE_MUST pse_rc box_engine_offer(struct box_engine *b, uint8_t *live, uint16_t *first,
                                 const struct pse_span *entries, size_t n);

#endif
