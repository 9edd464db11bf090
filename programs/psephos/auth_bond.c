/* Registrations with an eID on their way: each gets its time stamp and the word of the card's
 * authority, and goes to the registrar, who judges it anew. A few workers do this, for most of it
 * is waiting; what is queued and what became of it is under auth's lock, and forgotten with the
 * process: the voter asks again.
 *
 * One of them at a time asks later for what the registrar took in without the authority's word. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/registration.h"
#include "psephos/auth.h"

enum { JOBS = 4096, STAMP_NONCE = 16 };

enum job_state { JOB_FREE, JOB_WAITS, JOB_RUNS, JOB_DONE };

struct job {
    enum job_state state;
    uint64_t number; /* in the order they came */
    uint64_t person, received;
    bool replace;
    pse_hash nonce; /* the session's */
    pse_enc credential;
    uint8_t proof[PSE_POK_SIZE];
    struct pse_buf statement, cms;
    unsigned status; /* HTTP; 0: the registrar has it */
    char why[PSE_BOND_NAME_MAX];
};

struct worker {
    struct auth_bonds *q;
    pthread_t thread;
    struct pse_rng rng;
};

struct auth_bonds {
    struct auth *a;
    struct worker worker[AUTH_WORKERS_MAX];
    size_t workers; /* that run */
    pthread_cond_t come;
    bool stop;
    bool is_asking; /* one goes through what waits with the registrar */
    int64_t ask_ms; /* when that is due again */
    uint64_t number;
    struct job job[JOBS];
};

/* --- before it is queued ------------------------------------------------------------------------
 */

static struct pse_bond_rules rules_of(const struct auth *a, const struct job *j)
{
    struct pse_bond_rules rules = {
        .g = a->g, .eid = &a->election, .credential = &j->credential, .nonce = &j->nonce};

    eid_trust_rules(&rules, &a->trust);
    return rules;
}

/* The certificate and its issuer, named; NULL where the judge will not come so far. */
static void name_certificates(struct pse_bond *b, struct pse_certificate **c,
                              struct pse_certificate **issuer, const struct auth *a)
{
    *c = *issuer = NULL;
    if (pse_cms_certificate(c, b->cms) != PSE_OK)
        return;
    b->certificate = pse_certificate_digest(*c);
    if (pse_certificate_issuer(issuer, *c, a->trust.people, (int64_t)b->received) == PSE_EID_GOOD)
        b->issuer = pse_certificate_digest(*issuer);
}

static struct pse_bond bond_of(const struct job *j)
{
    struct pse_bond b = {.form = PSE_BOND_PENDING,
                         .statement = pse_buf_span(&j->statement),
                         .cms = pse_buf_span(&j->cms),
                         .received = j->received};

    memcpy(b.proof, j->proof, sizeof b.proof);
    return b;
}

/* What needs nobody else, at once: most of what is wrong is told in the first answer. */
static bool is_signed(char why[PSE_BOND_NAME_MAX], struct auth *a, const struct job *j)
{
    struct pse_bond b = bond_of(j);
    struct pse_bond_rules rules = rules_of(a, j);
    struct pse_certificate *c, *issuer;
    struct pse_bond_verdict v;
    struct pse_span signature;

    name_certificates(&b, &c, &issuer, a);
    pse_bond_judge_signature(&v, &signature, &b, &rules);
    pse_certificate_free(c);
    pse_certificate_free(issuer);
    pse_bond_verdict_name(why, &v);
    return v.fault == PSE_BOND_GOOD;
}

static void job_clear(struct job *j)
{
    pse_buf_free(&j->statement);
    pse_buf_free(&j->cms);
    memset(j, 0, sizeof *j);
}

/* A free place, or that of the oldest that is done. */
static struct job *place(struct auth_bonds *q)
{
    struct job *best = NULL;

    for (size_t i = 0; i < JOBS; i++) {
        struct job *j = &q->job[i];

        if (j->state == JOB_FREE)
            return j;
        if (j->state == JOB_DONE && (best == NULL || j->number < best->number))
            best = j;
    }
    if (best != NULL)
        job_clear(best);
    return best;
}

static struct job *find(struct auth_bonds *q, uint64_t person, const pse_enc *credential)
{
    struct job *best = NULL;

    for (size_t i = 0; i < JOBS; i++) {
        struct job *j = &q->job[i];

        if (j->state != JOB_FREE && j->person == person &&
            memcmp(j->credential.b, credential->b, 32) == 0 &&
            (best == NULL || j->number > best->number))
            best = j;
    }
    return best;
}

/* The same again, after an answer was lost. */
static bool is_queued(struct auth_bonds *q, const registrar_message *m)
{
    const struct job *j = find(q, m->person, &m->credential);

    return j != NULL && (j->state != JOB_DONE || j->status == 0);
}

unsigned auth_bond_put(char why[PSE_BOND_NAME_MAX], struct auth *a, const registrar_message *m,
                       struct pse_span cms)
{
    struct auth_bonds *q = a->bonds;
    struct job fresh = {.state = JOB_WAITS,
                        .person = m->person,
                        .received = auth_now(),
                        .replace = m->replace != 0,
                        .nonce = m->nonce,
                        .credential = m->credential,
                        .statement = PSE_BUF(PSE_BINDING_MAX),
                        .cms = PSE_BUF(PSE_CMS_MAX)};
    struct job *j;
    bool is_good;

    why[0] = '\0';
    if (is_queued(q, m))
        return 202;
    memcpy(fresh.proof, m->proof, sizeof fresh.proof);
    pse_wr_span(&fresh.statement, m->statement);
    pse_wr_span(&fresh.cms, cms);
    pthread_mutex_unlock(&a->lock);
    is_good = fresh.statement.rc == PSE_OK && fresh.cms.rc == PSE_OK && is_signed(why, a, &fresh);
    pthread_mutex_lock(&a->lock);
    if (!is_good || is_queued(q, m)) {
        job_clear(&fresh);
        return is_good ? 202 : 422;
    }
    j = place(q);
    if (j == NULL) {
        job_clear(&fresh);
        (void)snprintf(why, PSE_BOND_NAME_MAX, "busy");
        return 503;
    }
    fresh.number = ++q->number;
    *j = fresh;
    pthread_cond_signal(&q->come);
    return 202;
}

bool auth_bond_state(unsigned *status, char why[PSE_BOND_NAME_MAX], struct auth *a, uint64_t person,
                     const pse_enc *credential)
{
    const struct job *j = a->bonds == NULL ? NULL : find(a->bonds, person, credential);

    if (j == NULL || (j->state == JOB_DONE && j->status == 0))
        return false;
    *status = j->state == JOB_DONE ? j->status : 202;
    memcpy(why, j->why, PSE_BOND_NAME_MAX);
    return true;
}

/* --- stamp and answer ---------------------------------------------------------------------------
 */

/* What a bond borrows while it is made. */
struct parts {
    struct pse_certificate *certificate, *issuer;
    struct pse_buf stamp, answer;
    uint8_t stamp_nonce[STAMP_NONCE], ocsp_nonce[PSE_OCSP_NONCE];
};

static void parts_free(struct parts *p)
{
    pse_certificate_free(p->certificate);
    pse_certificate_free(p->issuer);
    pse_buf_free(&p->stamp);
    pse_buf_free(&p->answer);
}

static pse_rc stamp(struct pse_bond *b, struct parts *p, struct worker *w,
                    struct pse_span signature)
{
    struct pse_stamp_ask ask;
    struct auth *a = w->q->a;
    struct eid_trust *t = &a->trust;

    pse_rng_fill(&w->rng, p->stamp_nonce, STAMP_NONCE);
    p->stamp_nonce[0] |= 1; /* read as a number, it is not zero */
    b->stamp_nonce = pse_span(p->stamp_nonce, STAMP_NONCE);
    pse_bond_ask(&ask, b, signature, t->policy[0] == '\0' ? NULL : t->policy);
    PSE_TRY(auth_fetch_stamp(&p->stamp, a, &ask));
    b->stamp = pse_buf_span(&p->stamp);
    return PSE_OK;
}

static pse_rc ask_authority(struct pse_bond *b, struct parts *p, struct worker *w,
                            enum pse_bond_form form)
{
    size_t nonce_n;

    PSE_TRY(auth_fetch_ocsp(&p->answer, p->ocsp_nonce, &nonce_n, w->q->a, &w->rng, p->certificate,
                            p->issuer));
    b->form = form;
    b->judged = auth_now();
    b->ocsp_nonce = pse_span(p->ocsp_nonce, nonce_n);
    b->ocsp = pse_buf_span(&p->answer);
    return PSE_OK;
}

static void without_answer(struct pse_bond *b)
{
    b->form = PSE_BOND_PENDING;
    b->judged = 0;
    b->ocsp_nonce = b->ocsp = pse_span(NULL, 0);
}

static bool is_final(const struct pse_bond_verdict *v)
{
    return v->fault != PSE_BOND_OCSP || v->ocsp == PSE_EID_REVOKED || v->ocsp == PSE_EID_UNKNOWN;
}

/* 0, or the status of a refusal. An answer that does not hold is no answer: whoever can spoil it on
 * its way must not be able to refuse a voter. */
static unsigned complete(struct pse_bond *b, struct parts *p, char why[PSE_BOND_NAME_MAX],
                         struct worker *w, const struct job *j)
{
    struct pse_bond_rules rules = rules_of(w->q->a, j);
    struct pse_bond_verdict v;
    struct pse_span signature;

    name_certificates(b, &p->certificate, &p->issuer, w->q->a);
    /* The signature was judged before it was queued, and is again with all the rest. */
    if (pse_cms_value(&signature, b->cms) != PSE_OK || stamp(b, p, w, signature) != PSE_OK) {
        (void)snprintf(why, PSE_BOND_NAME_MAX, "stamp-unreachable");
        return 503;
    }
    if (ask_authority(b, p, w, PSE_BOND_PROMPT) != PSE_OK)
        without_answer(b);
    pse_bond_judge(&v, b, &rules);
    if (!is_final(&v)) {
        without_answer(b);
        pse_bond_judge(&v, b, &rules);
    }
    pse_bond_verdict_name(why, &v);
    if (v.fault == PSE_BOND_GOOD)
        return 0;
    if (v.fault != PSE_BOND_PENDING_YET)
        return v.fault == PSE_BOND_OCSP ? 422 : 503; /* the stamp service's fault, or ours */
    if (w->q->a->set->eid.down == EID_DOWN_QUEUE)
        return 0;
    (void)snprintf(why, PSE_BOND_NAME_MAX, "ocsp-unreachable");
    return 503;
}

/* --- the registrar ------------------------------------------------------------------------------
 */

static unsigned verdict(char why[PSE_BOND_NAME_MAX], const registrar_message *got)
{
    switch (got->code) {
    case REGISTRAR_OK:
    case REGISTRAR_WAIT: return 0;
    case REGISTRAR_PROOF:
        (void)snprintf(why, PSE_BOND_NAME_MAX, "%.*s", (int)got->why.n, (const char *)got->why.p);
        return 422;
    case REGISTRAR_UNKNOWN: (void)snprintf(why, PSE_BOND_NAME_MAX, "not-listed"); return 409;
    case REGISTRAR_REFUSED:
        (void)snprintf(why, PSE_BOND_NAME_MAX, "%s",
                       got->refusal <= PSE_REGISTER_WAITS
                           ? registration_slug((enum pse_register_refusal)got->refusal)
                           : "refused");
        return 409;
    default: (void)snprintf(why, PSE_BOND_NAME_MAX, "registrar"); return 503;
    }
}

/* Under the lock. */
static unsigned hand_over(char why[PSE_BOND_NAME_MAX], struct auth *a, const struct job *j,
                          const struct pse_bond *b)
{
    struct pse_buf bytes = PSE_BUF(PSE_BOND_MAX), hold = PSE_BUF(PSE_IPC_BODY_MAX);
    registrar_message m = {.kind = REGISTRAR_BOND,
                           .person = j->person,
                           .replace = j->replace,
                           .nonce = j->nonce,
                           .credential = j->credential};
    registrar_message got = {.code = REGISTRAR_FAILED};
    pse_rc rc = pse_bond_write(&bytes, b);
    unsigned status;

    m.bond = pse_buf_span(&bytes);
    if (rc == PSE_OK && auth_ask(&got, &hold, a, &m) != PSE_OK)
        got.code = REGISTRAR_FAILED;
    status = verdict(why, &got);
    pse_buf_free(&bytes);
    pse_buf_free(&hold);
    return status;
}

static void tell(struct auth *a, const struct job *j)
{
    pse_metric_add(&auth_registrations, j->status == 0 ? 0 : j->status == 503 ? 2 : 1, 1);
    if (j->status != 0)
        auth_event(a, "auth.registration", 4, "refused", j->why);
}

/* The lock is held when this is called and when it returns. */
static void run_job(struct worker *w, struct job *j)
{
    struct auth *a = w->q->a;
    struct parts p = {.stamp = PSE_BUF(0), .answer = PSE_BUF(0)};
    struct pse_bond b = bond_of(j);
    char why[PSE_BOND_NAME_MAX] = "";
    unsigned status;

    j->state = JOB_RUNS;
    pthread_mutex_unlock(&a->lock);
    status = complete(&b, &p, why, w, j);
    pthread_mutex_lock(&a->lock);
    if (status == 0)
        status = hand_over(why, a, j, &b);
    parts_free(&p);
    memcpy(j->why, why, sizeof why);
    j->status = status;
    j->state = JOB_DONE;
    pse_buf_free(&j->statement);
    pse_buf_free(&j->cms);
    tell(a, j);
}

/* --- what waits with the registrar --------------------------------------------------------------
 */

/* The bond of the next row after *row, borrowed from @p hold. */
static bool next_pending(struct pse_span *bond, struct pse_buf *hold, uint64_t *row, struct auth *a)
{
    registrar_message m = {.kind = REGISTRAR_PENDING, .after = *row};
    registrar_message got;

    if (auth_ask(&got, hold, a, &m) != PSE_OK || got.code != REGISTRAR_OK)
        return false;
    *bond = got.bond;
    *row = got.row;
    return true;
}

/* False: the authority is still away, and others need not be asked about. */
static bool qualify(struct worker *w, uint64_t row, struct pse_span bytes)
{
    struct auth *a = w->q->a;
    struct parts p = {.stamp = PSE_BUF(0), .answer = PSE_BUF(0)};
    registrar_message m = {.kind = REGISTRAR_QUALIFY, .row = row};
    registrar_message got;
    struct pse_bond b;
    pse_rc rc = pse_bond_parse(&b, bytes);

    if (rc != PSE_OK)
        return true;
    pthread_mutex_unlock(&a->lock);
    name_certificates(&b, &p.certificate, &p.issuer, a);
    rc = p.issuer == NULL ? PSE_E_MISSING : ask_authority(&b, &p, w, PSE_BOND_LATE);
    pthread_mutex_lock(&a->lock);
    m.judged = b.judged;
    m.answer_nonce = b.ocsp_nonce;
    m.answer = b.ocsp;
    if (rc == PSE_OK && auth_ask(&got, NULL, a, &m) == PSE_OK)
        auth_event(a, "auth.qualification", got.code == REGISTRAR_OK ? 6 : 4,
                   got.code == REGISTRAR_OK ? "ok" : "refused", NULL);
    parts_free(&p);
    return rc == PSE_OK;
}

static void qualify_all(struct worker *w)
{
    struct pse_buf hold = PSE_BUF(PSE_IPC_BODY_MAX);
    struct pse_span bond;
    uint64_t row = 0;

    while (!w->q->stop && next_pending(&bond, &hold, &row, w->q->a)) {
        if (!qualify(w, row, bond))
            break;
    }
    pse_buf_free(&hold);
}

/* --- the workers --------------------------------------------------------------------------------
 */

static struct job *oldest(struct auth_bonds *q)
{
    struct job *best = NULL;

    for (size_t i = 0; i < JOBS; i++) {
        struct job *j = &q->job[i];

        if (j->state == JOB_WAITS && (best == NULL || j->number < best->number))
            best = j;
    }
    return best;
}

static void wait_until(struct auth_bonds *q, int64_t steady_ms)
{
    struct timespec until;
    int64_t ms = steady_ms - pse_clock_steady_ms();

    (void)clock_gettime(CLOCK_REALTIME, &until);
    ms = ms < 0 ? 0 : ms;
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_cond_timedwait(&q->come, &q->a->lock, &until);
}

static void *run(void *ctx)
{
    struct worker *w = ctx;
    struct auth_bonds *q = w->q;

    pthread_mutex_lock(&q->a->lock);
    while (!q->stop) {
        struct job *j = oldest(q);

        if (j != NULL) {
            run_job(w, j);
        } else if (!q->is_asking && pse_clock_steady_ms() >= q->ask_ms) {
            q->is_asking = true;
            qualify_all(w);
            q->is_asking = false;
            q->ask_ms = pse_clock_steady_ms() + (int64_t)q->a->set->retry_ms;
        } else {
            wait_until(q, q->is_asking ? pse_clock_steady_ms() + (int64_t)q->a->set->retry_ms
                                       : q->ask_ms);
        }
    }
    pthread_mutex_unlock(&q->a->lock);
    return NULL;
}

static bool start(struct auth_bonds *q)
{
    struct worker *w = &q->worker[q->workers];

    w->q = q;
    pse_rng_fork(&w->rng, &q->a->rng);
    if (pthread_create(&w->thread, NULL, run, w) != 0) {
        pse_rng_wipe(&w->rng);
        return false;
    }
    q->workers++;
    return true;
}

pse_rc auth_bonds_start(struct auth *a)
{
    struct auth_bonds *q = calloc(1, sizeof *q);

    if (q == NULL)
        return PSE_E_MEMORY;
    q->a = a;
    q->ask_ms = pse_clock_steady_ms();
    PSE_REQUIRE(pthread_cond_init(&q->come, NULL) == 0);
    a->bonds = q;
    for (uint64_t i = 0; i < a->set->workers; i++) {
        if (!start(q))
            return PSE_E_MEMORY;
    }
    return PSE_OK;
}

void auth_bonds_stop(struct auth *a)
{
    struct auth_bonds *q = a->bonds;

    if (q == NULL)
        return;
    pthread_mutex_lock(&a->lock);
    q->stop = true;
    pthread_cond_broadcast(&q->come);
    pthread_mutex_unlock(&a->lock);
    for (size_t i = 0; i < q->workers; i++) {
        (void)pthread_join(q->worker[i].thread, NULL);
        pse_rng_wipe(&q->worker[i].rng);
    }
    for (size_t i = 0; i < JOBS; i++)
        job_clear(&q->job[i]);
    free(q);
    a->bonds = NULL;
}
