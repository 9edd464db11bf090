/* The roster of a record as the cross-check of the private database wants it.
 *
 * Grows with the record: only new entries are read again; whether a credential is active is asked
 * anew each time. Not for: judging (store/voters_audit.h). */
#ifndef PSE_PROGRAMS_ROLL_H
#define PSE_PROGRAMS_ROLL_H

#include "common/record_load.h"
#include "store/voters_audit.h"

struct roll {
    struct pse_roll_line *line; /* ascending by credential */
    size_t n, room;
    uint64_t next; /* the first entry not read yet */
};

/** Bring @p r up to the engine of @p l. PSE_E_IO, PSE_E_MISSING: an entry cannot be read any more
 * (printed); PSE_E_MEMORY. */
PSE_MUST pse_rc roll_read(struct roll *r, struct record_load *l, const struct pse_group *g);
void roll_free(struct roll *r);

#endif
