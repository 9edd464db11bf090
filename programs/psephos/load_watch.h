/* What processes have used: CPU seconds and memory, from /proc, and the machine's name. */
#ifndef PSE_PSEPHOS_LOAD_WATCH_H
#define PSE_PSEPHOS_LOAD_WATCH_H

#include "common/options.h"

enum { LOAD_PIDS_MAX = 32 };

struct load_watch {
    int pid[LOAD_PIDS_MAX];
    size_t n;
};

/** The processes of --pid. PSE_E_SYNTAX (reported), PSE_E_MISSING (reported): no such process. */
PSE_MUST pse_rc load_watch_open(struct load_watch *w, const char *name,
                                const struct cli_list *pids);
/** User and system time of all of them together, seconds. One that has ended counts no more. */
double load_watch_cpu(const struct load_watch *w);
/** Resident bytes of all of them together, now. */
uint64_t load_watch_memory(const struct load_watch *w);
/** This process's own time. */
double load_own_cpu(void);
/** The processor's name and how many there are. */
void load_machine(char model[96], long *processors);

#endif
