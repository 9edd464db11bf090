/* Identity by voting letter: the voter shows with a one-time link that a mail address is theirs,
 * and votes with the secret of the letter. Whoever reads the mail alone cannot vote. */
#include <errno.h>

#include "psephos/auth.h"

enum { ANSWER_MS = 5000 };

pse_rc auth_ask(registrar_message *out, struct auth *a, const registrar_message *m)
{
    struct pse_buf b = PSE_BUF(16384);
    struct pse_span body;
    uint8_t kind = 0;
    pse_rc rc = PSE_OK;

    if (a->registrar == NULL)
        rc = pse_ipc_connect(&a->registrar, a->set->registrar);
    registrar_put(&b, m);
    if (rc == PSE_OK)
        rc = b.rc;
    if (rc == PSE_OK)
        rc = pse_ipc_send(a->registrar, m->kind, pse_buf_span(&b));
    if (rc == PSE_OK)
        rc = pse_ipc_recv(a->registrar, &kind, &body, ANSWER_MS);
    if (rc == PSE_OK)
        rc = kind == m->kind + REGISTRAR_ANSWER ? registrar_parse(out, kind, body) : PSE_E_RANGE;
    pse_buf_free(&b);
    if (rc == PSE_OK)
        return rc;
    /* An answer that comes later must not be taken for that of the next question. */
    pse_ipc_free(a->registrar);
    a->registrar = NULL;
    PSE_LOG(&a->d->log, PSE_LOG_WARNING, "auth.registrar", PSE_F("status", pse_rc_name(rc)));
    return PSE_E_IO;
}

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

static enum identity_rc begin(void *ctx, uint32_t *retry, const struct identity_session *s)
{
    struct auth *a = ctx;
    PSE_SECRET(registrar_message, m);
    PSE_SECRET(registrar_message, out);
    pse_rc rc;

    *retry = 0;
    if (s->claim.n == 0 || s->claim.n > REGISTRAR_MAIL_MAX)
        return IDENTITY_MALFORMED;
    m.kind = REGISTRAR_BEGIN;
    m.mail = s->claim;
    m.prefix = s->prefix;
    memcpy(m.browser, s->browser, 32);
    rc = auth_ask(&out, a, &m);
    if (rc != PSE_OK)
        return IDENTITY_FAILED;
    *retry = out.retry;
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
    if (auth_ask(&got, a, &m) != PSE_OK)
        return IDENTITY_FAILED;
    if (got.code == REGISTRAR_OK)
        *out = (struct identity_result){got.person, IDENTITY_LOW, "letter"};
    return verdict(got.code);
}

struct identity_provider auth_letter(struct auth *a)
{
    return (struct identity_provider){"letter", a, begin, complete};
}
