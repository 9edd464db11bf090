/* The registrar's socket: what auth asks, answered from the private database. Each of auth's
 * connections has a thread. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/registrar_ipc.h"
#include "common/registration.h"
#include "crypto/binding.h"
#include "net/ipc.h"
#include "psephos/office.h"
#include "store/login.h"

enum { EVIDENCE_MAX = 8192, WAIT_MS = 500 };

struct line {
    struct office_auth *a;
    struct pse_ipc *c; /* NULL: free */
};

struct office_auth {
    struct office *o;
    pthread_t thread;
    int fd;
    atomic_bool stop;
    pthread_mutex_t lock; /* what follows */
    pthread_cond_t ended;
    struct line line[REGISTRAR_CONNECTIONS];
    size_t lines;
};

/* --- links -------------------------------------------------------------------------------------
 */

static uint8_t code_of(pse_rc rc)
{
    switch (rc) {
    case PSE_OK: return REGISTRAR_OK;
    case PSE_E_LIMIT: return REGISTRAR_LIMIT;
    case PSE_E_LENGTH:
    case PSE_E_MISSING: return REGISTRAR_UNKNOWN;
    case PSE_E_PROOF: return REGISTRAR_BROWSER;
    case PSE_E_STATE: return REGISTRAR_EXPIRED;
    default: return REGISTRAR_FAILED;
    }
}

static void begin(struct registrar_message *out, struct pse_buf *hold, struct office *o,
                  const struct registrar_message *m)
{
    PSE_SECRET(pse_login_token, token);
    PSE_SECRET(pse_login_token, browser);
    struct pse_login_request r = {
        .mail = m->mail, .prefix = m->prefix, .browser = &browser, .now = office_now()};
    bool is_known = false;
    uint64_t retry = 0;
    pse_rc rc;

    (void)hold;
    memcpy(browser.b, m->browser, 32);
    rc = pse_login_begin(o->voters, &token, &is_known, &retry, &r);
    out->code = code_of(rc);
    out->known = rc == PSE_OK && is_known;
    out->retry = (uint32_t)(retry > 3600 ? 3600 : retry);
    if (out->known)
        memcpy(out->token, token.b, 32);
}

static void complete(struct registrar_message *out, struct pse_buf *hold, struct office *o,
                     const struct registrar_message *m)
{
    PSE_SECRET(pse_login_token, token);
    PSE_SECRET(pse_login_token, browser);

    (void)hold;
    memcpy(token.b, m->token, 32);
    memcpy(browser.b, m->browser, 32);
    out->code =
        code_of(pse_login_complete(o->voters, &out->person, &token, &browser, office_now()));
}

/* --- registration ------------------------------------------------------------------------------
 */

static pse_rc verify_card(const struct office *o, const struct registrar_message *m)
{
    struct pse_span x = pse_span(m->credential.b, 32);
    struct pse_statement s = {
        .type = "cred-pop", .eid = pse_voters_eid(o->voters), .x = &x, .n = 1};
    pse_point d;

    PSE_TRY(pse_point_decode(o->g, &d, NULL, &m->credential, 1, PSE_IDENTITY_FORBIDDEN));
    return pse_pok_verify(o->g, &s, &d, m->proof);
}

/* For this election, this registrar, this voter, this session. */
static pse_rc verify_statement(const struct office *o, const struct registrar_message *m,
                               const struct pse_listed_person *p)
{
    struct pse_binding b;

    PSE_TRY(pse_binding_verify(o->g, &b, m->statement, m->proof));
    if (!pse_hash_is_equal(&b.eid, pse_voters_eid(o->voters)) ||
        memcmp(b.credential.b, m->credential.b, 32) != 0 || o->registrar == NULL ||
        memcmp(b.registrar.b, o->registrar->sign_public.b, 32) != 0 ||
        !pse_span_is_equal(b.subject, p->voter.id) || !pse_hash_is_equal(&b.nonce, &m->nonce))
        return PSE_E_PROOF;
    return PSE_OK;
}

static pse_rc enter(struct registrar_message *out, struct office *o,
                    const struct registrar_message *m, const struct pse_listed_person *p)
{
    struct pse_buf evidence = PSE_BUF(EVIDENCE_MAX);
    enum pse_register_refusal why = PSE_REGISTER_DONE;
    struct pse_registration r = {.person = m->person,
                                 .credential = m->credential,
                                 .is_replacement = m->replace == 1,
                                 .day = pse_day_of(office_now())};
    uint32_t number;
    pse_hash list;
    pse_rc rc = pse_voters_head(o->voters, &number, &list);

    registration_evidence(&evidence, p->voter.id, &list, &m->credential, m->proof);
    pse_buf_put(&evidence, m->statement.p, m->statement.n);
    if (rc == PSE_OK)
        rc = evidence.rc;
    r.evidence = pse_buf_span(&evidence);
    if (rc == PSE_OK)
        rc = pse_voters_register(o->voters, &why, &r);
    pse_buf_free(&evidence);
    out->refusal = (uint8_t)why;
    return rc;
}

/* The same request again, after an answer was lost, gets the same answer. */
static bool is_registered(struct office *o, const struct registrar_message *m)
{
    struct pse_credential_row row;

    return pse_voters_credential_find(o->voters, &row, &m->credential) == PSE_OK &&
           row.person == m->person && row.state == PSE_CREDENTIAL_ACTIVE;
}

static void enrol(struct registrar_message *out, struct pse_buf *hold, struct office *o,
                  const struct registrar_message *m)
{
    struct pse_listed_person p;
    pse_rc rc = pse_voters_get(o->voters, &p, hold, m->person);

    out->code =
        rc == PSE_E_MISSING || (rc == PSE_OK && p.is_erased) ? REGISTRAR_UNKNOWN : REGISTRAR_FAILED;
    if (rc == PSE_OK && !p.is_erased && eid_trust_is_on(&o->trust)) {
        rc = PSE_E_STATE; /* whoever holds auth could enrol anybody without it */
        out->code = REGISTRAR_SIGNED;
    } else if (rc == PSE_OK && !p.is_erased) {
        rc = m->form == REGISTRAR_CARD ? verify_card(o, m) : verify_statement(o, m, &p);
        out->code = REGISTRAR_PROOF;
        if (rc == PSE_OK && !is_registered(o, m)) {
            rc = enter(out, o, m, &p);
            out->code = rc == PSE_E_STATE && out->refusal != PSE_REGISTER_DONE ? REGISTRAR_REFUSED
                                                                               : REGISTRAR_FAILED;
        }
        if (rc == PSE_OK)
            out->code = REGISTRAR_OK;
    }
    office_event(o, "officer.registration", rc == PSE_OK ? 6 : 4, rc == PSE_OK ? "ok" : "refused",
                 registration_slug((enum pse_register_refusal)out->refusal));
}

/* Its person's alone may ask. */
static void state(struct registrar_message *out, struct pse_buf *hold, struct office *o,
                  const struct registrar_message *m)
{
    struct pse_credential_row row;
    struct pse_credential_view view;
    struct pse_span entry;

    (void)hold;
    out->code = REGISTRAR_UNKNOWN;
    if (pse_voters_credential_find(o->voters, &row, &m->credential) != PSE_OK ||
        row.person != m->person)
        return;
    out->code = REGISTRAR_OK;
    out->state = row.state == PSE_CREDENTIAL_PENDING   ? REGISTRAR_ASKING
                 : row.state == PSE_CREDENTIAL_REFUSED ? REGISTRAR_DENIED
                                                       : REGISTRAR_WAITING;
    if (out->state != REGISTRAR_WAITING)
        return;
    (void)!office_grow(o);
    if (pse_engine_credential(o->record.e, &view, &m->credential) != PSE_OK ||
        record_source_entry(&o->record.source, &entry, view.first_index) != PSE_OK)
        return;
    out->state = REGISTRAR_RECORDED;
    out->index = view.first_index;
    pse_tree_leaves(&out->leaf, &entry, 1, o->pool);
}

/* --- the connection ----------------------------------------------------------------------------
 */

static pse_rc answer(struct office *o, struct pse_ipc *c, uint8_t kind, struct pse_span body)
{
    static office_asked *const handler[] = {
        [REGISTRAR_BEGIN] = begin,
        [REGISTRAR_COMPLETE] = complete,
        [REGISTRAR_REGISTER] = enrol,
        [REGISTRAR_STATE] = state,
        [REGISTRAR_IDENTIFY] = office_bond_identify,
        [REGISTRAR_BOND] = office_bond_enter,
        [REGISTRAR_PENDING] = office_bond_pending,
        [REGISTRAR_QUALIFY] = office_bond_qualify,
    };
    PSE_SECRET(registrar_message, m);
    PSE_SECRET(registrar_message, out);
    struct pse_buf b = PSE_BUF(PSE_IPC_BODY_MAX);
    struct pse_buf hold = PSE_BUF(PSE_IPC_BODY_MAX);
    pse_rc rc;

    if (kind > REGISTRAR_QUALIFY)
        return PSE_E_UNSUPPORTED;
    PSE_TRY(registrar_parse(&m, kind, body));
    pthread_mutex_lock(&o->lock);
    handler[kind](&out, &hold, o, &m);
    pthread_mutex_unlock(&o->lock);
    out.kind = (uint8_t)(kind + REGISTRAR_ANSWER);
    registrar_put(&b, &out);
    rc = b.rc == PSE_OK ? pse_ipc_send(c, out.kind, pse_buf_span(&b)) : b.rc;
    pse_buf_free(&b);
    pse_buf_free(&hold);
    return rc;
}

static void *serve(void *ctx)
{
    struct line *l = ctx;
    struct office_auth *a = l->a;
    struct pse_span body;
    uint8_t kind;
    pse_rc rc = PSE_OK;

    while (rc == PSE_OK) {
        rc = pse_ipc_recv(l->c, &kind, &body, -1);
        if (rc == PSE_OK)
            rc = answer(a->o, l->c, kind, body);
    }
    if (rc != PSE_E_MISSING && !a->stop)
        PSE_LOG(&a->o->d->log, PSE_LOG_WARNING, "officer.auth-dropped",
                PSE_F("status", pse_rc_name(rc)));
    pthread_mutex_lock(&a->lock);
    pse_ipc_free(l->c);
    l->c = NULL;
    a->lines--;
    pthread_cond_broadcast(&a->ended);
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* Under the lock: a thread for the connection @p c, which is taken over. */
static void start(struct office_auth *a, struct pse_ipc *c)
{
    struct line *l = a->line;
    pthread_t thread;

    while (l->c != NULL)
        l++;
    l->a = a;
    l->c = c;
    if (pthread_create(&thread, NULL, serve, l) == 0) {
        (void)pthread_detach(thread);
        a->lines++;
        return;
    }
    pse_ipc_free(c);
    l->c = NULL;
}

static void *run(void *ctx)
{
    struct office_auth *a = ctx;
    struct pse_ipc *c;

    pthread_mutex_lock(&a->lock);
    while (!a->stop) {
        pse_rc rc;

        if (a->lines == REGISTRAR_CONNECTIONS) {
            pthread_cond_wait(&a->ended, &a->lock);
            continue;
        }
        pthread_mutex_unlock(&a->lock);
        rc = pse_ipc_accept(&c, a->fd, WAIT_MS, a->o->users.uid, a->o->users.n);
        pthread_mutex_lock(&a->lock);
        if (rc == PSE_OK)
            start(a, c);
    }
    for (size_t i = 0; i < REGISTRAR_CONNECTIONS; i++) {
        if (a->line[i].c != NULL)
            pse_ipc_shut(a->line[i].c);
    }
    while (a->lines > 0)
        pthread_cond_wait(&a->ended, &a->lock);
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

pse_rc office_auth_start(struct office_auth **out, struct office *o, int fd)
{
    struct office_auth *a = calloc(1, sizeof *a);

    *out = NULL;
    if (a == NULL)
        return PSE_E_MEMORY;
    a->o = o;
    a->fd = fd;
    PSE_REQUIRE(pthread_mutex_init(&a->lock, NULL) == 0 && pthread_cond_init(&a->ended, NULL) == 0);
    if (pthread_create(&a->thread, NULL, run, a) != 0) {
        free(a);
        return PSE_E_MEMORY;
    }
    *out = a;
    return PSE_OK;
}

void office_auth_stop(struct office_auth *a)
{
    if (a == NULL)
        return;
    pthread_mutex_lock(&a->lock);
    a->stop = true;
    pthread_cond_broadcast(&a->ended);
    pthread_mutex_unlock(&a->lock);
    (void)pthread_join(a->thread, NULL);
    (void)close(a->fd);
    free(a);
}
