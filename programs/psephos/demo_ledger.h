/* The log of a demo: a sequencer over an SQLite store, which judges every entry in full, and four
 * witnesses in processes of their own (demo_witnesses.h).
 *
 *     FOLDER/  store/, witness-1/ … witness-4/
 *
 * Entries of roles are handed over without waiting, ballots in blocks; whoever publishes waits for
 * all receipts. When fewer than a quorum of witnesses answer, that is said, and waited for. Every
 * failure prints one line and returns a status. */
#ifndef PSE_PSEPHOS_DEMO_LEDGER_H
#define PSE_PSEPHOS_DEMO_LEDGER_H

#include "psephos/rehearsal.h"

struct demo_ledger;

/** For a rehearsal's options; @p dir is the private folder, absent before. *log borrows from
 * @p out. PSE_E_MEMORY. */
PSE_MUST pse_rc demo_ledger_new(struct demo_ledger **out, struct rehearsal_log *log,
                                const char *dir);
/** Stop the log, then its witnesses; with @p keep, leave the private folder. NULL is fine.
 * PSE_E_STATE: the log did not end in good order. */
PSE_MUST pse_rc demo_ledger_end(struct demo_ledger *l, bool keep);

#endif
