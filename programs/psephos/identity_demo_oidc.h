/* Inside psephos identity demo-ca serve: the identity service (OpenID Connect) over HTTP. All calls
 * come from one worker. */
#ifndef PSE_PSEPHOS_IDENTITY_DEMO_OIDC_H
#define PSE_PSEPHOS_IDENTITY_DEMO_OIDC_H

#include "net/http.h"
#include "psephos/demo_sites.h"

enum { DEMO_OIDC_ROUTES = 4 };

struct demo_oidc {
    const struct demo_ca *ca;
    struct pse_rng *rng;
    struct pse_demo_provider *key;
    struct pse_demo_codes *codes;
    struct demo_sites sites;
    char room[PSE_DEMO_FORM_MAX];
};

/** The key of the folder. To be closed in every case. */
PSE_MUST pse_rc demo_oidc_open(struct demo_oidc *d, const struct demo_ca *ca, struct pse_rng *rng);
void demo_oidc_close(struct demo_oidc *d);
/** Its routes, all of lane 0. */
void demo_oidc_routes(struct pse_http_route route[DEMO_OIDC_ROUTES], struct demo_oidc *d);

#endif
