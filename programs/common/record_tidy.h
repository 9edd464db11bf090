/* Housekeeping in a record's folder that is served to the public: partial tiles that nobody needs
 * any more, and compressed twins for web servers (ledger contract 5).
 *
 * For: operators of logs and mirrors. Neither changes what a verifier sees. Not for: deciding what
 * a good record is.
 *
 * Every failure prints one line under @p name and returns a status. */
#ifndef PSE_PROGRAMS_RECORD_TIDY_H
#define PSE_PROGRAMS_RECORD_TIDY_H

#include "base/base.h"

/** A full tile must have stood for so many seconds before the partial ones of it may go: readers
 * may be at work with the checkpoint before. */
enum { RECORD_TIDY_AGE = 60 };

struct record_tidy_report {
    uint64_t removed; /* files; with dry: that would be */
    uint64_t bytes;
    uint64_t kept; /* partial files that stay */
};

/** Remove each partial tile and bundle of the record @p dir whose full file is on disk and at least
 * RECORD_TIDY_AGE old at @p now (POSIX seconds), but none of the published checkpoint; and
 * temporary files of writers that ended an hour ago. @p dry: count only. PSE_E_MISSING: no record;
 * PSE_E_IO. */
PSE_MUST pse_rc record_tidy(struct record_tidy_report *report, const char *name, const char *dir,
                            uint64_t now, bool dry);

struct record_compress_report {
    uint64_t made;    /* twins written */
    uint64_t present; /* were there before */
    uint64_t vain;    /* files that gzip does not make smaller */
    uint64_t bytes;   /* of the files with twins that were made now */
    uint64_t gzip;    /* of these twins */
};

/** Make FILE.gz beside each full entry bundle and each blob of the record @p dir that gzip makes
 * smaller: for servers that send a twin to whoever accepts it. The same bytes whenever and wherever
 * the same zlib makes them: no name, no time. PSE_E_MISSING, PSE_E_IO, PSE_E_MEMORY. */
PSE_MUST pse_rc record_compress(struct record_compress_report *report, const char *name,
                                const char *dir);

#endif
