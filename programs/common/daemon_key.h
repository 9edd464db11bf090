/* The key of a role, as a daemon's settings name it: a path, credential:NAME in the folder that
 * the service manager hands over, or a key on a token. */
#ifndef PSE_PROGRAMS_DAEMON_KEY_H
#define PSE_PROGRAMS_DAEMON_KEY_H

#include "common/daemon.h"
#include "common/keyfile.h"

/** The key that the setting @p where points to, given back by key_free. @p g as in key_read.
 * False: leave with *status (the reason was printed). */
bool daemon_key(int *status, struct key **out, const struct daemon *d, const char *where,
                enum key_role role, const struct pse_group *g);

#endif
