/* The cross-check of the private database with the record, again and again. */
#include <stdio.h>

#include "psephos/office.h"

static void on_finding(void *ctx, const struct pse_audit_finding *f)
{
    struct office *o = ctx;

    if (o->running.kept < OFFICE_FINDINGS_MAX)
        o->running.finding[o->running.kept++] = *f;
    PSE_LOG(&o->d->log, PSE_LOG_ERROR, "officer.audit",
            PSE_F("finding", pse_audit_kind_name(f->kind)), PSE_F("table", f->table),
            PSE_F("row", f->row), PSE_F("why", f->why));
}

/* The roll first, the rows after it: whatever is in the record was in the database before. */
static pse_rc look(struct office *o, struct pse_voters_auditor *a)
{
    pse_rc rc;

    pthread_mutex_lock(&o->lock);
    rc = office_grow(o);
    if (rc == PSE_E_STATE)
        rc = PSE_OK;
    if (rc == PSE_OK)
        rc = roll_read(&o->roll, &o->record, o->g);
    o->running.size = pse_engine_size(o->record.e);
    pthread_mutex_unlock(&o->lock);
    PSE_TRY(rc);
    a->line = o->roll.line;
    a->lines = o->roll.n;
    PSE_TRY(pse_voters_open(&o->reader, o->set->voters, &o->wrapper, true, &o->check_rng));
    rc = pse_voters_audit(a, o->reader);
    pse_voters_close(o->reader);
    o->reader = NULL;
    return rc;
}

void office_check(struct office *o)
{
    struct pse_voters_auditor a = {.ctx = o, .finding = on_finding};
    uint64_t before = o->audit.findings;
    pse_rc rc;

    if (o->voters == NULL || pse_clock_steady_ms() < o->next_check_ms)
        return;
    o->running.kept = 0;
    rc = look(o, &a);
    o->next_check_ms = pse_clock_steady_ms() + (int64_t)o->set->check_ms;
    if (rc != PSE_OK) {
        PSE_LOG(&o->d->log, PSE_LOG_WARNING, "officer.audit-failed",
                PSE_F("status", pse_rc_name(rc)));
        return;
    }
    o->running.time = office_now();
    o->running.rows = a.rows;
    o->running.findings = a.findings;
    o->running.staged = a.staged;
    pthread_mutex_lock(&o->lock);
    o->audit = o->running;
    pthread_mutex_unlock(&o->lock);
    if (a.findings > 0)
        office_event(o, "officer.audit", 2, "failed", "rows-differ");
    else if (before > 0)
        office_event(o, "officer.audit", 5, "ok", "rows-agree");
}
