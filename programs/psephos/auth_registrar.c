/* Talking to the registrar: one question at a time, under the lock. */
#include <errno.h>

#include "psephos/auth.h"

enum { ANSWER_MS = 5000 };

pse_rc auth_ask(registrar_message *out, struct auth *a, const registrar_message *m)
{
    struct pse_buf b = PSE_BUF(PSE_IPC_BODY_MAX);
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
