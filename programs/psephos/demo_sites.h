/* The sites that may ask a demo authority who somebody is (OpenID Connect): its file `sites`, a
 * line each: name, address to return to, SHA-256 of the secret or "-", with tabs between.
 *
 * Every failure prints one line under the name and returns a status. */
#ifndef PSE_PSEPHOS_DEMO_SITES_H
#define PSE_PSEPHOS_DEMO_SITES_H

#include "identity/identity.h"
#include "psephos/demo_ca.h"

enum { DEMO_SITES_MAX = 64 };

struct demo_sites {
    struct pse_demo_site site[DEMO_SITES_MAX];
    size_t n;
};

/** Read all; none where there is no such file. */
PSE_MUST pse_rc demo_sites_read(struct demo_sites *out, const char *name, const char *dir);
/** Add one; nothing is checked about who asks for it. @p secret empty: a public client.
 * PSE_E_SYNTAX: no name or address that can be; PSE_E_DUPLICATE; PSE_E_LIMIT. */
PSE_MUST pse_rc demo_sites_add(const char *name, const char *dir, const char *id,
                               const char *redirect_uri, struct pse_span secret);

int identity_demo_site(int argc, char **argv);

#endif
