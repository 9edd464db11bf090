/* The four witnesses of a demo: four processes of `psephos witness run`, each with a folder of its
 * own, on loopback addresses.
 *
 *     FOLDER/witness-1/  witness.key, witness.db, witness.mark, address (what it printed), log
 *
 * They die with the demo. Every failure prints one line and returns a status. */
#ifndef PSE_PSEPHOS_DEMO_WITNESSES_H
#define PSE_PSEPHOS_DEMO_WITNESSES_H

#include <sys/types.h>

#include "common/files.h"
#include "psephos/board_keys.h"

struct demo_witnesses {
    const char *name;
    size_t n;
    struct demo_witness {
        pid_t pid; /* 0: none */
        char dir[FILE_PATH_MAX];
        char address[128];
    } w[RECORD_WITNESSES_MAX];
};

/** Make them below the folder @p dir and start them: those of @p keys, for its log. To be ended in
 * every case. */
PSE_MUST pse_rc demo_witnesses_start(struct demo_witnesses *all, const char *name, const char *dir,
                                     const struct board_keys *keys);
/** Say of each that has ended how it is started again. */
void demo_witnesses_say(struct demo_witnesses *all);
void demo_witnesses_end(struct demo_witnesses *all);

#endif
