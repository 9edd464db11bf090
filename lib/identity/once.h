/* Inside room identity: one thing kept for a session, for some time, for one taking.
 *
 * What challenges (challenge.h) and logins under way (oidc_pending.h) have in common. A session is
 * a secret of any length; it is kept as its SHA-256, so that neither a memory dump nor the time a
 * lookup takes tells it. What was taken, or is too old, is remembered for a while without its
 * value, to tell "too late" and "used" from "never", and makes room for others when it is needed.
 * Things are bytes of one size. One set belongs to one thread. No clock: time is an argument. */
#ifndef PSE_IDENTITY_ONCE_H
#define PSE_IDENTITY_ONCE_H

#include "base/base.h"

enum { PSE_ONCE_MAX = 1 << 20, PSE_ONCE_SIZE_MAX = 256 };

enum pse_once_found {
    PSE_ONCE_GOOD = 0,
    PSE_ONCE_NEVER,
    PSE_ONCE_USED,
    PSE_ONCE_OLD, /* given out too long ago, or in the future */
};

struct pse_once;

/** Room for @p max sessions at a time (1 to PSE_ONCE_MAX), @p size bytes each (1 to
 * PSE_ONCE_SIZE_MAX), good for @p seconds, remembered for @p memory seconds. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_once_new(struct pse_once **out, size_t max, size_t size, int64_t seconds,
                             int64_t memory);
/** NULL is fine; wipes. */
void pse_once_free(struct pse_once *o);

/** Keep a copy of @p value for @p session, in place of what it had. PSE_E_LIMIT: as many sessions
 * as there is room for have something that is still good. */
PSE_MUST pse_rc pse_once_put(struct pse_once *o, const void *value, struct pse_span session,
                             int64_t now);
/** Take it away. @p value is zeroed unless PSE_ONCE_GOOD. */
PSE_MUST enum pse_once_found pse_once_take(void *value, struct pse_once *o, struct pse_span session,
                                           int64_t now);

#endif
