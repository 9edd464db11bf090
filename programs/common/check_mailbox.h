/* The client's side of the mailbox (mailbox.h): opaque messages that two devices of one voter leave
 * for one another at a relay.
 *
 * For: both sides of the second-device check. Not for: what the messages hold
 * (election/dialogue.h). Every failure prints one line under the client's name and returns a
 * status. */
#ifndef PSE_PROGRAMS_CHECK_MAILBOX_H
#define PSE_PROGRAMS_CHECK_MAILBOX_H

#include "common/box_client.h"
#include "common/mailbox.h"

/** Leave the message of @p step in mailbox @p name (32 hexadecimal digits). PSE_E_DUPLICATE: there
 * is one already, somebody else's; PSE_E_LIMIT: over MAILBOX_BYTES; PSE_E_STATE: refused;
 * PSE_E_UNKNOWN: no answer. */
PSE_MUST pse_rc check_mailbox_put(struct box_client *b, const char *name, unsigned step,
                                  struct pse_span message);
/** Wait for the message of @p step, at most @p seconds; freed by the caller. PSE_E_MISSING: none
 * came; PSE_E_STATE: refused; PSE_E_UNKNOWN: no answer. */
PSE_MUST pse_rc check_mailbox_get(struct pse_buf *message, struct box_client *b, const char *name,
                                  unsigned step, unsigned seconds);

#endif
