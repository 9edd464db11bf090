/* A letter box between two devices of one voter (protocol 11): short opaque messages, each read by
 * whoever knows its name, gone after ten minutes.
 *
 * For: the second-device check, whose messages mean nothing to the box. A message stands under 16
 * random bytes and a step; the first one stays, so that nobody can put another in its place. Not
 * for: keeping anything. Pure: time is an argument; bounded: MAILBOX_MAX messages, the oldest makes
 * room only once it is a minute old. Not thread-safe. */
#ifndef PSE_PROGRAMS_MAILBOX_H
#define PSE_PROGRAMS_MAILBOX_H

#include "base/base.h"

enum {
    MAILBOX_MAX = 8192,
    MAILBOX_BYTES = 4096,
    MAILBOX_NAME = 16,
    MAILBOX_STEPS = 3,
    MAILBOX_SECONDS = 600,
    MAILBOX_SAFE_SECONDS = 60,
};

struct mailbox;

PSE_MUST pse_rc mailbox_new(struct mailbox **out);
/** NULL is fine. */
void mailbox_free(struct mailbox *m);

/** Leave @p bytes (1..MAILBOX_BYTES) under @p name and @p step (1..MAILBOX_STEPS) at @p now
 * seconds. The same again is fine. PSE_E_DUPLICATE: something else is there; PSE_E_LENGTH;
 * PSE_E_RANGE (step); PSE_E_LIMIT: full of fresh ones; PSE_E_MEMORY. */
PSE_MUST pse_rc mailbox_put(struct mailbox *m, const uint8_t name[MAILBOX_NAME], unsigned step,
                            struct pse_span bytes, uint64_t now);
/** Append what is there to @p out. PSE_E_MISSING. */
PSE_MUST pse_rc mailbox_get(struct mailbox *m, struct pse_buf *out,
                            const uint8_t name[MAILBOX_NAME], unsigned step, uint64_t now);

#endif
