/* Messages to a service manager, inside the room: datagrams of lines NAME=VALUE (sd_notify(3)). */
#ifndef PSE_DAEMON_NOTIFY_H
#define PSE_DAEMON_NOTIFY_H

#include "base/base.h"

/** A socket connected to NOTIFY_SOCKET's value @p address ("/path" or "@abstract"); -1 on failure.
 */
int pse_notify_open(const char *address);
/** Send; failures are nothing to a daemon. @p fd may be -1. */
void pse_notify_send(int fd, const char *lines);

#endif
