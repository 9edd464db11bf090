/* Talking to the registrar: each question has a connection to itself, so that one which waits for
 * the disk holds nobody up. */
#include <errno.h>
#include <string.h>

#include "psephos/auth.h"

enum { ANSWER_MS = 5000 };

void auth_lines_init(struct auth_lines *l)
{
    PSE_REQUIRE(pthread_mutex_init(&l->lock, NULL) == 0 && pthread_cond_init(&l->room, NULL) == 0);
}

static void close_idle(struct auth_lines *l)
{
    while (l->idle_n > 0) {
        pse_ipc_free(l->idle[--l->idle_n]);
        l->open--;
    }
}

void auth_lines_free(struct auth_lines *l)
{
    close_idle(l);
}

/* One that is there, or a new one. */
static pse_rc take(struct pse_ipc **out, struct auth *a)
{
    struct auth_lines *l = &a->lines;
    pse_rc rc = PSE_OK;

    *out = NULL;
    pthread_mutex_lock(&l->lock);
    while (l->idle_n == 0 && l->open == REGISTRAR_CONNECTIONS)
        pthread_cond_wait(&l->room, &l->lock);
    if (l->idle_n > 0)
        *out = l->idle[--l->idle_n];
    else
        l->open++;
    pthread_mutex_unlock(&l->lock);
    if (*out == NULL)
        rc = pse_ipc_connect(out, a->set->registrar);
    return rc;
}

/* After a failure it is closed, since an answer that comes later must not be taken for that of the
 * next question; and with it the idle ones, for the registrar may be another by now. */
static void give(struct auth_lines *l, struct pse_ipc *c, pse_rc rc)
{
    pthread_mutex_lock(&l->lock);
    if (rc == PSE_OK) {
        l->idle[l->idle_n++] = c;
    } else {
        pse_ipc_free(c);
        l->open--;
        close_idle(l);
    }
    pthread_cond_broadcast(&l->room);
    pthread_mutex_unlock(&l->lock);
}

/* What the answer borrows is the connection's no longer once that is given back. */
static pse_rc read_answer(registrar_message *out, struct pse_buf *hold, struct pse_ipc *c,
                          uint8_t asked)
{
    struct pse_span body;
    uint8_t kind = 0;

    PSE_TRY(pse_ipc_recv(c, &kind, &body, ANSWER_MS));
    if (kind != asked + REGISTRAR_ANSWER)
        return PSE_E_RANGE;
    if (hold != NULL) {
        hold->n = 0;
        pse_wr_span(hold, body);
        PSE_TRY(hold->rc);
        body = pse_buf_span(hold);
    }
    PSE_TRY(registrar_parse(out, kind, body));
    if (hold == NULL)
        out->why = out->bond = pse_span(NULL, 0);
    return PSE_OK;
}

pse_rc auth_ask(registrar_message *out, struct pse_buf *hold, struct auth *a,
                const registrar_message *m)
{
    struct pse_buf b = PSE_BUF(PSE_IPC_BODY_MAX);
    struct pse_ipc *c;
    pse_rc rc;

    registrar_put(&b, m);
    pthread_mutex_unlock(&a->lock);
    rc = take(&c, a);
    if (rc == PSE_OK)
        rc = b.rc;
    if (rc == PSE_OK)
        rc = pse_ipc_send(c, m->kind, pse_buf_span(&b));
    if (rc == PSE_OK)
        rc = read_answer(out, hold, c, m->kind);
    give(&a->lines, c, rc);
    pse_buf_free(&b);
    if (rc != PSE_OK)
        PSE_LOG(&a->d->log, PSE_LOG_WARNING, "auth.registrar", PSE_F("status", pse_rc_name(rc)));
    pthread_mutex_lock(&a->lock);
    return rc == PSE_OK ? PSE_OK : PSE_E_IO;
}

enum identity_rc auth_identify(struct identity_result *out, struct auth *a, const char *subject)
{
    PSE_SECRET(registrar_message, m);
    PSE_SECRET(registrar_message, got);

    PSE_REQUIRE(strlen(subject) < sizeof out->subject);
    m.kind = REGISTRAR_IDENTIFY;
    m.subject = pse_span_str(subject);
    if (auth_ask(&got, NULL, a, &m) != PSE_OK || got.code == REGISTRAR_FAILED)
        return IDENTITY_FAILED;
    if (got.code != REGISTRAR_OK) {
        out->why = "not-listed";
        return IDENTITY_REFUSED;
    }
    out->person = got.person;
    memcpy(out->subject, subject, strlen(subject) + 1);
    return IDENTITY_OK;
}
