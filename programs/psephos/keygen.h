/* `keygen` of every role: a private key file and its card. */
#ifndef PSE_PSEPHOS_KEYGEN_H
#define PSE_PSEPHOS_KEYGEN_H

#include "common/keyfile.h"

/** Parse --name, --key and make both files. Returns the exit status. @p command is "psephos ROLE
 * keygen". */
int keygen_run(enum key_role role, const char *command, int argc, char **argv);

#endif
