/* Landlock by its system calls, inside the room. The constants are the kernel's (landlock(7)); they
 * stand here because the headers of a build may be older than the kernel it runs on. */
#ifndef PSE_DAEMON_LANDLOCK_H
#define PSE_DAEMON_LANDLOCK_H

#include "daemon/sandbox.h"

/** Confine this thread and all it starts. *abi is 0 where the kernel has no Landlock. */
PSE_MUST pse_rc pse_landlock_enter(int *abi, bool *net, struct pse_fault *fault,
                                   const struct pse_sandbox *s);

#endif
