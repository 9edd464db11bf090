/* Two checkpoints of one log compared, and the evidence when they contradict each other.
 *
 * For: mirror, monitor and receipts. Not for: judging an evidence file (merkle/split.h). */
#ifndef PSE_PROGRAMS_SPLIT_VIEW_H
#define PSE_PROGRAMS_SPLIT_VIEW_H

#include "common/files.h"
#include "common/record_pin.h"

/** Compare two notes that @p pin admits as the log's own (RECORD_PIN_QUORUM is enough). For two
 * sizes the larger tree's tiles are read through @p read, each checked up to its root first. PSE_OK
 * and *is_split tells; then @p evidence holds the file. Otherwise they could not be compared:
 * statuses of pse_tile_auth_new and pse_tile_auth_node. Prints nothing. */
PSE_MUST pse_rc split_view_compare(bool *is_split, struct pse_buf *evidence,
                                   const struct record_pin *pin, struct pse_span one,
                                   struct pse_span other, pse_tile_read *read, void *ctx);

/** Write evidence into folder @p dir under a name of its own, given back in @p path; the same
 * evidence is written once. Reports failures under @p name. */
PSE_MUST pse_rc split_view_write(char path[FILE_PATH_MAX], const char *name, const char *dir,
                                 struct pse_span evidence);

#endif
