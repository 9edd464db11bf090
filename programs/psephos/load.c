#include "psephos/load.h"

#include "commands.h"
#include "common/options.h"
#include "psephos/verbs.h"

int cmd_load(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"prepare", "a test election and a sealed ballot for each voter", load_prepare},
        {"run", "voters who arrive on schedule, and attackers beside them", load_run},
        {"peak", "as many requests as are answered", load_peak},
        {"null", "a server that does nothing, to compare with", load_null},
    };

    return verbs_run("load", "The service under load, on this machine.", verb, CLI_COUNT(verb),
                     argc, argv);
}
