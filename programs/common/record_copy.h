/* Copying a public record, file by file, each authenticated before it is kept (ledger contract 6).
 *
 * For: mirrors. A round fetches the source's checkpoint, compares it with all that was seen before,
 * and fetches what the signed tree has and the copy lacks: from the root down, each hash tile is
 * checked against the level above, each bundle entry by entry against its tile, each blob against
 * its name. Only then is it written, and only when all of it is on disk does the copy's checkpoint
 * move, so the copy is a good record at any time, also after a kill; what a cut-off round wrote is
 * checked again, not fetched again. Not for: whether the entries are a good election
 * (psephos-verify).
 *
 * Beside the copy there is a private folder: the pinned manifest and policy, the last checkpoint
 * copied (`last`), every checkpoint ever seen (`seen/`), evidence of split views, and the blobs
 * that the source did not have (`absent`).
 *
 * Every failure prints one line under the name and returns a status. */
#ifndef PSE_PROGRAMS_RECORD_COPY_H
#define PSE_PROGRAMS_RECORD_COPY_H

#include "common/files.h"
#include "common/record_pin.h"

enum { RECORD_COPY_WORKERS_MAX = 64 };

struct record_copy_options {
    const char *from;  /* folder or URL */
    const char *to;    /* folder to write */
    const char *state; /* private folder */
    struct record_pin_options pin;
    unsigned workers; /* fetches at once, 1..RECORD_COPY_WORKERS_MAX */
    bool recheck;     /* check every file that is there as if it had just been fetched */
    bool quiet;
};

enum record_copy_verdict {
    RECORD_COPY_SAME,  /* the source shows what we have */
    RECORD_COPY_GROWN, /* copied */
    RECORD_COPY_BACK,  /* the source shows an older state of the same log */
    RECORD_COPY_SPLIT, /* the log signed two histories: evidence was written */
};

struct record_copy_report {
    enum record_copy_verdict verdict;
    uint64_t before; /* entries the copy had */
    uint64_t size;   /* entries the source shows */
    uint64_t files;  /* fetched in this round */
    uint64_t bytes;
    uint64_t absent; /* blobs that entries name and the source lacks */
    double seconds;
    char evidence[FILE_PATH_MAX]; /* RECORD_COPY_SPLIT */
};

struct record_copy;

/** Open and lock the copy, learn or load which log it is. PSE_E_STATE: another copier is at work;
 * PSE_E_MISMATCH: the folder is a copy of another log, or the options name another election; others
 * as record_pin_learn, record_at_open. *c is NULL unless PSE_OK. */
PSE_MUST pse_rc record_copy_open(struct record_copy **c, const char *name,
                                 const struct record_copy_options *options);
/** NULL is fine. */
void record_copy_close(struct record_copy *c);

/** One round; @p now: POSIX seconds. PSE_OK and *report tells. PSE_E_IO, PSE_E_MISSING: the source
 * cannot be read now; PSE_E_PROOF, PSE_E_SIGNATURE: its checkpoint is refused; PSE_E_MISMATCH: it
 * serves files that the signed tree does not have. After any of these another round may be tried.
 */
PSE_MUST pse_rc record_copy_round(struct record_copy *c, struct record_copy_report *report,
                                  uint64_t now);

/** Which log, for messages. */
const struct record_pin *record_copy_pin(const struct record_copy *c);

#endif
