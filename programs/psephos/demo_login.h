/* A demo's voter who logs in by the demo authority's identity service, as a browser does it: from
 * the election's site to the service, which believes the number it is told, and back. */
#ifndef PSE_PSEPHOS_DEMO_LOGIN_H
#define PSE_PSEPHOS_DEMO_LOGIN_H

#include "psephos/enrolling.h"

/* What the site calls itself at the service, and the path where browsers return to it. */
#define DEMO_SITE     "pebbleford"
#define DEMO_CALLBACK "/v1/login/oidc/callback"

/** Log in as the person with number @p code; e->session is the token. @p back: the address that
 * the service sends the browser to. PSE_E_STATE: refused (printed); PSE_E_IO. */
PSE_MUST pse_rc demo_login(struct enrolling *e, const char *back, const char *code);

#endif
