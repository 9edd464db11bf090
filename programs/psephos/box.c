/* psephos box: the ballot box. */
#include "psephos/box.h"

#include "psephos/commands.h"
#include "psephos/verbs.h"

int cmd_box(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"create", "make the log of an election", box_create},
        {"level", "show or set the level of brown-out", box_level},
        {"post", "send parcels to the sequencer of this machine", box_post},
        {"sequence", "the daemon that orders entries and signs the log", box_sequence},
        {"serve", "the daemon that takes ballots over HTTP", box_serve},
    };

    return verbs_run("box", "The ballot box: takes ballots, keeps the log.", verb, CLI_COUNT(verb),
                     argc, argv);
}
