/* Progress on standard error: a bar with rate and time left on a terminal, plain lines elsewhere.
 *
 * A plain line appears only every few seconds, so that short work stays silent in logs. Reports
 * nothing when quiet. One progress belongs to one thread. */
#ifndef PSE_PROGRAMS_PROGRESS_H
#define PSE_PROGRAMS_PROGRESS_H

#include "base/base.h"

struct progress {
    const char *name; /* of the command, before plain lines */
    const char *what; /* the step under way, NULL between steps */
    uint64_t total;   /* 0: unknown */
    uint64_t done;
    double started; /* seconds of the monotonic clock */
    double shown;
    bool quiet;
    bool terminal;
    bool visible; /* something of this step was printed */
};

/** Make ready; nothing is printed. */
void progress_init(struct progress *p, const char *name, bool quiet);
/** Begin the step @p what of @p total items (0: unknown), ending the one before. @p what is
 * borrowed until the step ends. */
void progress_step(struct progress *p, const char *what, uint64_t total);
/** @p done items of the step are finished. Cheap: prints a few times a second at most. */
void progress_set(struct progress *p, uint64_t done);
/** End the last step. */
void progress_end(struct progress *p);

/** Seconds of a monotonic clock, and of this process's processor time over all threads. */
double progress_now(void);
double progress_cpu(void);

#endif
