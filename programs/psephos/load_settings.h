/* What lets the box serve an election that was made in one process: its ledger, and settings of
 * the daemons, with absolute paths. */
#ifndef PSE_PSEPHOS_LOAD_SETTINGS_H
#define PSE_PSEPHOS_LOAD_SETTINGS_H

#include "psephos/rehearsal.h"

/** Make the ledger at @p store (NULL: DIR/ledger) with the record as it stands for its head,
 * DIR/sequence.ini and DIR/box.ini (listening on @p listen). The record has been published.
 * Failures are reported. */
PSE_MUST pse_rc load_settings_write(struct rehearsal *r, const char *dir, const char *store,
                                    const char *listen);

#endif
