/* What is out is kept by once.h; here it gets its secrets. */
#include "oidc_pending.h"

#include <stdlib.h>

#include "codec/codec.h"
#include "once.h"

struct pse_oidc_pendings {
    struct pse_once *set;
};

_Static_assert(sizeof(pse_oidc_pending) <= PSE_ONCE_SIZE_MAX, "fits a set");

void pse_oidc_pending_wipe(pse_oidc_pending *p)
{
    pse_wipe(p, sizeof *p);
}

pse_rc pse_oidc_pendings_new(struct pse_oidc_pendings **out, size_t max)
{
    struct pse_oidc_pendings *s = calloc(1, sizeof *s);
    pse_rc rc = PSE_E_MEMORY;

    *out = NULL;
    if (s != NULL)
        rc = pse_once_new(&s->set, max, sizeof(pse_oidc_pending), PSE_OIDC_PENDING_SECONDS,
                          PSE_OIDC_PENDING_MEMORY);
    if (rc != PSE_OK) {
        free(s);
        return rc;
    }
    *out = s;
    return PSE_OK;
}

void pse_oidc_pendings_free(struct pse_oidc_pendings *s)
{
    if (s == NULL)
        return;
    pse_once_free(s->set);
    free(s);
}

static pse_rc fresh(char out[PSE_OIDC_SECRET_TEXT], struct pse_rng *rng)
{
    struct pse_buf text = PSE_BUF(PSE_OIDC_SECRET_TEXT);
    uint8_t secret[32];
    pse_rc rc;

    pse_rng_fill(rng, secret, sizeof secret);
    pse_base64url_put(&text, secret, sizeof secret);
    pse_buf_put(&text, "", 1);
    rc = text.rc;
    if (rc == PSE_OK)
        memcpy(out, text.p, PSE_OIDC_SECRET_TEXT);
    pse_wipe(secret, sizeof secret);
    pse_buf_free(&text);
    return rc;
}

pse_rc pse_oidc_pendings_begin(pse_oidc_pending *out, struct pse_oidc_pendings *s,
                               struct pse_span session, uint32_t provider, uint64_t person,
                               struct pse_rng *rng, int64_t now)
{
    PSE_SECRET(pse_oidc_pending, p);

    memset(out, 0, sizeof *out);
    p.provider = provider;
    p.person = person;
    p.begun = now;
    PSE_TRY(fresh(p.state, rng));
    PSE_TRY(fresh(p.nonce, rng));
    PSE_TRY(fresh(p.verifier, rng));
    PSE_TRY(pse_once_put(s->set, &p, session, now));
    *out = p;
    return PSE_OK;
}

enum pse_oidc_fault pse_oidc_pendings_take(pse_oidc_pending *out, struct pse_oidc_pendings *s,
                                           struct pse_span session, int64_t now)
{
    switch (pse_once_take(out, s->set, session, now)) {
    case PSE_ONCE_GOOD: return PSE_OIDC_GOOD;
    case PSE_ONCE_USED: return PSE_OIDC_STATE_USED;
    case PSE_ONCE_OLD: return PSE_OIDC_STATE_EXPIRED;
    default: return PSE_OIDC_STATE_MISSING;
    }
}
