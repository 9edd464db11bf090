/* The record that a command works on: a folder as it is, or an address, copied first.
 *
 * For: every role and voter who names a record with --record DIR|URL and other places that must
 * show the same with --mirror. An address is copied into a folder that is kept and followed
 * (record_copy.h): each call fetches what is new, checked against the signed tree, and a log that
 * goes back or shows another history is refused. Then the checkpoint of every mirror is compared
 * with ours; two histories give a file of evidence. Not for: verifying entries (record_load.h),
 * copies that follow for ever by themselves (psephos mirror).
 *
 * Every failure prints one line under the name and returns a status. */
#ifndef PSE_PROGRAMS_RECORD_FOLLOW_H
#define PSE_PROGRAMS_RECORD_FOLLOW_H

#include "common/files.h"
#include "common/options.h"
#include "common/record_pin.h"

struct record_follow_options {
    const char *from;              /* folder or URL */
    const char *cache;             /* folder of the copy; NULL: beside the key, KEY.record */
    const char *key;               /* file, for the default of cache and for evidence; NULL: none */
    const struct cli_list *mirror; /* other places of the same record; NULL: none */
    const pse_hash *eid;           /* NULL: not known; then the record itself says */
    const struct pse_group *g;
    bool quiet;
};

/** Bring the copy up to date, compare, and say in @p dir where the record stands: the folder given
 * or the copy. @p now: POSIX seconds. PSE_E_IO, PSE_E_MISSING: a place cannot be read now, try
 * again; PSE_E_PROOF, PSE_E_SIGNATURE: a place shows something else (evidence was written where
 * there is any); PSE_E_MISMATCH: another election; PSE_E_STATE: another program is copying into
 * the same folder; PSE_E_SYNTAX: the options do not make sense. */
PSE_MUST pse_rc record_follow(char dir[FILE_PATH_MAX], const char *name,
                              const struct record_follow_options *o, uint64_t now);

/** Compare the mirrors' checkpoints with the one of @p at, which @p pin admits; evidence goes to
 * the folder @p evidence. Statuses of record_follow. */
PSE_MUST pse_rc record_follow_compare(const struct record_pin *pin, const char *name,
                                      struct record_at *at, const struct cli_list *mirror,
                                      const char *evidence, uint64_t now);

#endif
