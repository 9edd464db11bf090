/* A Unix socket of a daemon for other daemons of the same machine, each of which runs as a user of
 * its own.
 *
 * Any user may try to connect; who is let in is decided by number (SO_PEERCRED, net/ipc.h). The
 * daemons that ask must therefore see the users as they are: no user namespace of their own. */
#ifndef PSE_PROGRAMS_LOCAL_SOCKET_H
#define PSE_PROGRAMS_LOCAL_SOCKET_H

#include "base/base.h"

enum { LOCAL_USERS_MAX = 16 };

struct local_users {
    uint32_t uid[LOCAL_USERS_MAX];
    size_t n;
};

/** Numbers separated by spaces, as the setting @p key ("[listen] users") has them; none is fine.
 * PSE_E_SYNTAX (reported under @p name). */
PSE_MUST pse_rc local_users_parse(struct local_users *u, const char *name, const char *key,
                                  const char *text);
/** Listen at @p path; a socket that nobody listens on any more is replaced. Failures are reported.
 */
PSE_MUST pse_rc local_socket_listen(int *fd, const char *name, const char *path);

#endif
