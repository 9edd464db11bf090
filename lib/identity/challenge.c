/* What is out is kept by once.h; here it gets its bytes and its text. */
#include "challenge.h"

#include <stdlib.h>

#include "codec/codec.h"
#include "once.h"

enum { NONCE = 32 };

struct pse_challenges {
    struct pse_once *set;
};

pse_rc pse_challenges_new(struct pse_challenges **out, size_t max)
{
    struct pse_challenges *c = calloc(1, sizeof *c);
    pse_rc rc = PSE_E_MEMORY;

    *out = NULL;
    if (c != NULL)
        rc = pse_once_new(&c->set, max, NONCE, PSE_CHALLENGE_SECONDS, PSE_CHALLENGE_MEMORY);
    if (rc != PSE_OK) {
        free(c);
        return rc;
    }
    *out = c;
    return PSE_OK;
}

void pse_challenges_free(struct pse_challenges *c)
{
    if (c == NULL)
        return;
    pse_once_free(c->set);
    free(c);
}

static void write_text(char out[PSE_CHALLENGE_TEXT], const uint8_t nonce[32])
{
    struct pse_buf text = PSE_BUF(PSE_CHALLENGE_TEXT);

    out[0] = '\0';
    pse_base64_put(&text, nonce, 32);
    if (text.rc == PSE_OK) {
        memcpy(out, text.p, text.n);
        out[text.n] = '\0';
    }
    pse_buf_free(&text);
}

pse_rc pse_challenges_issue(char out[PSE_CHALLENGE_TEXT], struct pse_challenges *c,
                            struct pse_span session, struct pse_rng *rng, int64_t now)
{
    uint8_t nonce[NONCE];

    out[0] = '\0';
    pse_rng_fill(rng, nonce, NONCE);
    PSE_TRY(pse_once_put(c->set, nonce, session, now));
    write_text(out, nonce);
    return out[0] == '\0' ? PSE_E_MEMORY : PSE_OK;
}

enum pse_eid_fault pse_challenges_take(char out[PSE_CHALLENGE_TEXT], struct pse_challenges *c,
                                       struct pse_span session, int64_t now)
{
    uint8_t nonce[NONCE];

    out[0] = '\0';
    switch (pse_once_take(nonce, c->set, session, now)) {
    case PSE_ONCE_GOOD: break;
    case PSE_ONCE_OLD: return PSE_EID_NONCE_EXPIRED;
    default: return PSE_EID_NONCE_MISSING;
    }
    write_text(out, nonce);
    return out[0] == '\0' ? PSE_EID_NO_MEMORY : PSE_EID_GOOD;
}
