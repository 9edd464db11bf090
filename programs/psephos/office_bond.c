/* Registering with an eID: the registrar judges each bond itself, so that whoever holds auth enrols
 * nobody (identity contract 6). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/registration.h"
#include "psephos/office.h"

/* How far the instants that auth writes may be from the registrar's clock: a queue, a slow service
 * and two clocks. */
enum { CLOCKS = 300 };

static bool is_near(uint64_t instant)
{
    uint64_t now = office_now();

    return instant <= now + CLOCKS && instant + CLOCKS >= now;
}

static void say_why(struct registrar_message *out, struct pse_buf *hold, const char *why)
{
    size_t at = hold->n;

    pse_buf_put(hold, why, strlen(why));
    if (hold->rc == PSE_OK)
        out->why = pse_span(hold->p + at, hold->n - at);
}

static void tell(struct office *o, const struct registrar_message *out, const char *why)
{
    bool good = out->code == REGISTRAR_OK || out->code == REGISTRAR_WAIT;

    office_event(o, "officer.registration", good ? 6 : 4, good ? "ok" : "refused",
                 out->refusal != PSE_REGISTER_DONE
                     ? registration_slug((enum pse_register_refusal)out->refusal)
                     : why);
}

void office_bond_identify(struct registrar_message *out, struct pse_buf *hold, struct office *o,
                          const struct registrar_message *m)
{
    struct pse_listed_person p;
    pse_rc rc = pse_voters_find(o->voters, &out->person, m->subject);

    if (rc == PSE_OK)
        rc = pse_voters_get(o->voters, &p, hold, out->person);
    out->code = rc == PSE_OK && p.is_listed                                 ? REGISTRAR_OK
                : rc == PSE_OK || rc == PSE_E_MISSING || rc == PSE_E_LENGTH ? REGISTRAR_UNKNOWN
                                                                            : REGISTRAR_FAILED;
    if (out->code != REGISTRAR_OK)
        out->person = 0;
}

/* --- judging ------------------------------------------------------------------------------------
 */

static void judge(struct pse_bond_verdict *v, const struct office *o, const struct pse_bond *b,
                  const struct registrar_message *m, struct pse_span subject)
{
    pse_hash registrar;
    struct pse_bond_rules rules = {
        .g = o->g, .eid = pse_voters_eid(o->voters), .registrar = &registrar, .subject = subject};

    memcpy(registrar.b, o->registrar->sign_public.b, 32);
    if (m != NULL) {
        rules.credential = &m->credential;
        rules.nonce = &m->nonce;
    }
    eid_trust_rules(&rules, &o->trust);
    pse_bond_judge(v, b, &rules);
}

/* The same request again, after an answer was lost, gets the same answer. */
static bool is_known(struct registrar_message *out, struct office *o,
                     const struct registrar_message *m)
{
    struct pse_credential_row row;

    if (pse_voters_credential_find(o->voters, &row, &m->credential) != PSE_OK ||
        row.person != m->person ||
        (row.state != PSE_CREDENTIAL_PENDING && row.state != PSE_CREDENTIAL_ACTIVE))
        return false;
    out->code = row.state == PSE_CREDENTIAL_PENDING ? REGISTRAR_WAIT : REGISTRAR_OK;
    return true;
}

/* --- entering -----------------------------------------------------------------------------------
 */

static void enter(struct registrar_message *out, struct office *o, struct pse_bond *b,
                  const struct registrar_message *m)
{
    struct office_entrant e = {.m = m, .bond = b};

    office_enter(o, &e);
    out->refusal = (uint8_t)e.end.why;
    out->code = e.end.rc == PSE_OK ? (b->form == PSE_BOND_PENDING ? REGISTRAR_WAIT : REGISTRAR_OK)
                : e.end.rc == PSE_E_STATE && e.end.why != PSE_REGISTER_DONE ? REGISTRAR_REFUSED
                                                                            : REGISTRAR_FAILED;
}

static bool is_acceptable(char name[PSE_BOND_NAME_MAX], const struct office *o,
                          const struct pse_bond *b, const struct pse_bond_verdict *v)
{
    pse_bond_verdict_name(name, v);
    if (v->fault == PSE_BOND_PENDING_YET && o->set->eid.down == EID_DOWN_REFUSE) {
        (void)snprintf(name, PSE_BOND_NAME_MAX, "ocsp-unreachable");
        return false;
    }
    if (v->fault != PSE_BOND_GOOD && v->fault != PSE_BOND_PENDING_YET)
        return false;
    if (b->form == PSE_BOND_LATE || !is_near(b->received)) {
        (void)snprintf(name, PSE_BOND_NAME_MAX, "time");
        return false;
    }
    return true;
}

/* Without the lock. */
static void judge_and_enter(struct registrar_message *out, char name[PSE_BOND_NAME_MAX],
                            struct office *o, const struct registrar_message *m,
                            struct pse_span subject)
{
    struct pse_bond_verdict v;
    struct pse_bond b;

    out->code = REGISTRAR_PROOF;
    if (pse_bond_parse(&b, m->bond) != PSE_OK)
        return;
    judge(&v, o, &b, m, subject);
    if (v.fault == PSE_BOND_NO_MEMORY)
        out->code = REGISTRAR_FAILED;
    else if (is_acceptable(name, o, &b, &v))
        enter(out, o, &b, m);
}

void office_bond_enter(struct registrar_message *out, struct pse_buf *hold, struct office *o,
                       const struct registrar_message *m)
{
    char name[PSE_BOND_NAME_MAX] = "form";
    struct pse_listed_person p;
    pse_rc rc = pse_voters_get(o->voters, &p, hold, m->person);

    out->code =
        rc == PSE_E_MISSING || (rc == PSE_OK && p.is_erased) ? REGISTRAR_UNKNOWN : REGISTRAR_FAILED;
    if (rc == PSE_OK && !p.is_erased && eid_trust_is_on(&o->trust) && !is_known(out, o, m)) {
        pthread_mutex_unlock(&o->lock);
        judge_and_enter(out, name, o, m, p.voter.id);
        pthread_mutex_lock(&o->lock);
        /* The same request may have entered meanwhile. */
        if (out->refusal == PSE_REGISTER_TAKEN && is_known(out, o, m))
            out->refusal = PSE_REGISTER_DONE;
    }
    say_why(out, hold, name);
    tell(o, out, name);
}

/* --- qualifying ---------------------------------------------------------------------------------
 */

void office_bond_pending(struct registrar_message *out, struct pse_buf *hold, struct office *o,
                         const struct registrar_message *m)
{
    struct pse_credential_row row;
    uint8_t salt[32];
    pse_rc rc = pse_voters_pending(o->voters, &row, m->after);

    if (rc == PSE_OK)
        rc = pse_voters_evidence(o->voters, salt, hold, row.row);
    pse_wipe(salt, sizeof salt);
    out->code = rc == PSE_OK          ? REGISTRAR_OK
                : rc == PSE_E_MISSING ? REGISTRAR_UNKNOWN
                                      : REGISTRAR_FAILED;
    if (rc == PSE_OK) {
        out->row = row.row;
        out->bond = pse_buf_span(hold);
    }
}

/* The stored bond with the answer in it. */
static pse_rc complete(struct pse_bond *b, struct pse_buf *hold, struct office *o,
                       const struct registrar_message *m)
{
    uint8_t salt[32];
    pse_rc rc = pse_voters_evidence(o->voters, salt, hold, m->row);

    pse_wipe(salt, sizeof salt);
    PSE_TRY(rc);
    PSE_TRY(pse_bond_parse(b, pse_buf_span(hold)));
    b->form = PSE_BOND_LATE;
    b->judged = m->judged;
    b->ocsp_nonce = m->answer_nonce;
    b->ocsp = m->answer;
    return PSE_OK;
}

static pse_rc qualify(struct registrar_message *out, struct office *o, const struct pse_bond *b,
                      const struct registrar_message *m, bool is_good)
{
    struct pse_buf bytes = PSE_BUF(PSE_BOND_MAX);
    enum pse_register_refusal why = PSE_REGISTER_DONE;
    pse_rc rc = is_good ? pse_bond_write(&bytes, b) : PSE_OK;

    if (rc == PSE_OK)
        rc = pse_voters_qualify(o->voters, &why, m->row, pse_buf_span(&bytes),
                                pse_day_of(office_now()));
    /* Who has no right any more, or nothing left to replace, waits for nothing. */
    if (rc == PSE_E_STATE && why != PSE_REGISTER_DONE) {
        enum pse_register_refusal ignored;

        if (pse_voters_qualify(o->voters, &ignored, m->row, pse_span(NULL, 0), 0) != PSE_OK)
            rc = PSE_E_IO;
    }
    pse_buf_free(&bytes);
    out->refusal = (uint8_t)why;
    return rc;
}

/* Only what the authority itself says ends a wait; an answer that does not hold is no answer. */
void office_bond_qualify(struct registrar_message *out, struct pse_buf *hold, struct office *o,
                         const struct registrar_message *m)
{
    struct pse_bond_verdict v = {.fault = PSE_BOND_FORM};
    char name[PSE_BOND_NAME_MAX] = "form";
    struct pse_bond b;
    bool is_good, is_denied;
    pse_rc rc = complete(&b, hold, o, m);

    out->code = rc == PSE_E_MISSING ? REGISTRAR_UNKNOWN : REGISTRAR_PROOF;
    if (rc == PSE_OK && is_near(b.judged)) {
        judge(&v, o, &b, NULL, pse_span(NULL, 0));
        pse_bond_verdict_name(name, &v);
        is_good = v.fault == PSE_BOND_GOOD;
        is_denied =
            v.fault == PSE_BOND_OCSP && (v.ocsp == PSE_EID_REVOKED || v.ocsp == PSE_EID_UNKNOWN);
        if (is_good || is_denied) {
            rc = qualify(out, o, &b, m, is_good);
            out->code = rc == PSE_OK          ? (is_good ? REGISTRAR_OK : REGISTRAR_PROOF)
                        : rc == PSE_E_STATE   ? REGISTRAR_REFUSED
                        : rc == PSE_E_MISSING ? REGISTRAR_UNKNOWN
                                              : REGISTRAR_FAILED;
        }
    }
    say_why(out, hold, name);
    tell(o, out, name);
}
