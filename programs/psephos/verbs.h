/* Commands with verbs: `psephos officer open …`. */
#ifndef PSE_PSEPHOS_VERBS_H
#define PSE_PSEPHOS_VERBS_H

#include "base/base.h"

struct verb {
    const char *name;
    const char *about; /* one line of --help */
    /** argv[0] is the verb. Returns the exit status. */
    int (*run)(int argc, char **argv);
};

/** Find argv[1] among the verbs of "psephos COMMAND" and run it; --help and mistakes are answered
 * here. */
int verbs_run(const char *command, const char *about, const struct verb *verb, size_t verbs,
              int argc, char **argv);

/** The exit status for a failure that has been reported: 2 when something could not be read or the
 * command line was at fault, else 1. */
int verb_exit(pse_rc rc);

#endif
