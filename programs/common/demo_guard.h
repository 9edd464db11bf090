/* A demo identity authority (identity/demo.h) proves nobody's identity, so it is for elections that
 * their manifest marks as a test. Whoever takes in authorities or serves them asks here. */
#ifndef PSE_PROGRAMS_DEMO_GUARD_H
#define PSE_PROGRAMS_DEMO_GUARD_H

#include "election/manifest.h"
#include "identity/identity.h"

/** PSE_OK: no demo authority among @p anchors, or the election is a test (a line on standard error
 * says which authority this is). PSE_E_UNSUPPORTED, and one line: refused. */
PSE_MUST pse_rc demo_guard(const char *name, const struct pse_anchors *anchors,
                           const struct pse_manifest *m);
/** The same for a demo authority itself. */
PSE_MUST pse_rc demo_guard_test_only(const char *name, const struct pse_manifest *m);

#endif
