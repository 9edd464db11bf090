/* A voter of the demo who checks on a second device what the record holds: this process is the
 * voting device, `psephos check` in a process of its own the second one, and they talk through the
 * box's mailbox. */
#ifndef PSE_PSEPHOS_DEMO_CHECK_H
#define PSE_PSEPHOS_DEMO_CHECK_H

#include "psephos/rehearsal.h"

/** Cast a ballot of @p v with @p choices, then check it. @p socket: of the box's front; @p keep: a
 * folder for what the second device keeps. PSE_E_PROOF (reported): the check failed. */
PSE_MUST pse_rc demo_check(struct rehearsal *r, const struct rehearsal_voter *v,
                           const uint8_t *choices, const char *socket, const char *keep);

#endif
