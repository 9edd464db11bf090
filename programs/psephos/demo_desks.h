/* The two officers of a demo's office, Ann and Ben: their keys, and what they agree to from their
 * desks, by psephos officer act like any officer. Every failure prints one line and returns a
 * status. */
#ifndef PSE_PSEPHOS_DEMO_DESKS_H
#define PSE_PSEPHOS_DEMO_DESKS_H

#include "psephos/rehearsal.h"

/** In the private folder @p dir: desk/ with their keys, cards/ for the office to know them by, and
 * the keys of authority and registrar. */
PSE_MUST pse_rc demo_desks_make(const char *name, const char *dir, struct rehearsal *r);
/** Ann proposes that all that waits is released into the record, Ben signs, and it is done. @p
 * office: unix:PATH. */
PSE_MUST pse_rc demo_desks_release(const char *name, const char *dir, const char *office);

#endif
