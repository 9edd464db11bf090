/* Private evidence behind public commitments: an append-only file of one JSON object a line, with
 * the salt that opens each commitment. It never leaves its owner; erasing a line makes the
 * commitment noise (protocol 2.1).
 *
 * Every failure prints one line under @p name and returns a status. */
#ifndef PSE_PROGRAMS_EVIDENCE_H
#define PSE_PROGRAMS_EVIDENCE_H

#include "base/base.h"

/** Commit to @p text with a fresh salt. When @p path is not NULL the opening is appended there and
 * forced to disk first (the file is made with permission 0600); @p about says what it belongs to
 * ("roster", "revoke", …). */
PSE_MUST pse_rc evidence_commit(pse_hash *commitment, const char *name, const char *path,
                                const char *about, const pse_hash *eid, struct pse_span text,
                                struct pse_rng *rng);

#endif
