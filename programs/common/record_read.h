/* The thin file reader: a record's folder as struct pse_reader (election/audit.h).
 *
 * For: handing the bytes of a record to the auditor and the state engine. Reads with pread in the
 * sizes asked for and never maps a file, so one that shrinks meanwhile gives PSE_E_IO and kills
 * nobody. Opens regular files below the folder only, read-only. Prints nothing. Not for: checking
 * anything, finding out what is in the folder, writing.
 *
 * One reader belongs to one thread. It keeps the blob read last open. */
#ifndef PSE_PROGRAMS_RECORD_READ_H
#define PSE_PROGRAMS_RECORD_READ_H

#include "election/audit.h"

struct record_reader {
    int dir;       /* -1: closed */
    int blob;      /* open blob, -1: none */
    pse_hash hash; /* of the open blob */
    uint64_t size; /* of the open blob when it was opened */
};

/** Open the folder. PSE_E_MISSING: there is none; PSE_E_IO: no folder, or not to be read (errno
 * tells). */
PSE_MUST pse_rc record_reader_open(struct record_reader *r, const char *dir);
/** Safe on a reader that was not opened, if it was set up by a failed open. */
void record_reader_close(struct record_reader *r);

/** The callbacks over @p r, which must outlive them. */
struct pse_reader record_reader_callbacks(struct record_reader *r);

#endif
