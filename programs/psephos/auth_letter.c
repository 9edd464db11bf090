/* Identity by voting letter: the voter shows with a one-time link that a mail address is theirs,
 * and votes with the secret of the letter. Whoever reads the mail alone cannot vote. */
#include "psephos/auth.h"

static enum identity_rc verdict(uint8_t code)
{
    switch (code) {
    case REGISTRAR_OK: return IDENTITY_OK;
    case REGISTRAR_LIMIT: return IDENTITY_LIMIT;
    case REGISTRAR_UNKNOWN: return IDENTITY_UNKNOWN;
    case REGISTRAR_BROWSER: return IDENTITY_BROWSER;
    case REGISTRAR_EXPIRED: return IDENTITY_EXPIRED;
    default: return IDENTITY_FAILED;
    }
}

static enum identity_rc begin(void *ctx, struct identity_begun *begun,
                              const struct identity_session *s)
{
    struct auth *a = ctx;
    PSE_SECRET(registrar_message, m);
    PSE_SECRET(registrar_message, out);
    pse_rc rc;

    *begun = (struct identity_begun){.retry = 0};
    if (s->claim.n == 0 || s->claim.n > REGISTRAR_MAIL_MAX)
        return IDENTITY_MALFORMED;
    m.kind = REGISTRAR_BEGIN;
    m.mail = s->claim;
    m.prefix = s->prefix;
    memcpy(m.browser, s->browser, 32);
    rc = auth_ask(&out, NULL, a, &m);
    if (rc != PSE_OK)
        return IDENTITY_FAILED;
    begun->retry = out.retry;
    if (out.code == REGISTRAR_OK && out.known)
        auth_mail_put(a, s->claim, out.token);
    /* An address of an impossible length is answered as an unknown one is. */
    return out.code == REGISTRAR_UNKNOWN ? IDENTITY_OK : verdict(out.code);
}

static enum identity_rc complete(void *ctx, struct identity_result *out,
                                 const struct identity_session *s, struct pse_span response)
{
    struct auth *a = ctx;
    PSE_SECRET(registrar_message, m);
    PSE_SECRET(registrar_message, got);

    m.kind = REGISTRAR_COMPLETE;
    if (pse_base64url_decode(m.token, 32, response) != PSE_OK)
        return IDENTITY_MALFORMED;
    memcpy(m.browser, s->browser, 32);
    if (auth_ask(&got, NULL, a, &m) != PSE_OK)
        return IDENTITY_FAILED;
    if (got.code == REGISTRAR_OK)
        *out = (struct identity_result){
            .person = got.person, .level = IDENTITY_LOW, .method = a->letter.name};
    return verdict(got.code);
}

struct identity_provider auth_letter(struct auth *a)
{
    return (struct identity_provider){"letter", a, begin, complete};
}
