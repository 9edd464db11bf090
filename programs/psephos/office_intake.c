/* Registrations with an eID enter the database together: whoever finds nobody at it writes for all
 * who wait, in one transaction, and the disk is waited for once. Nobody is answered before. */
#include "psephos/office.h"

void office_intake_init(struct office_intake *t)
{
    PSE_REQUIRE(pthread_mutex_init(&t->lock, NULL) == 0 && pthread_cond_init(&t->told, NULL) == 0);
}

/* The list is the registrar's to name: the version that holds when it enters. */
static pse_rc put_bond(struct pse_buf *out, struct pse_voters *v, struct pse_bond *b)
{
    uint32_t number;

    PSE_TRY(pse_voters_head(v, &number, &b->list));
    return pse_bond_write(out, b);
}

static void enter_all(struct office *o, struct office_entrant *const *e, size_t n)
{
    struct pse_registration r[REGISTRAR_CONNECTIONS];
    struct pse_registered end[REGISTRAR_CONNECTIONS];
    struct pse_buf bytes[REGISTRAR_CONNECTIONS];
    uint32_t day = pse_day_of(office_now());
    pse_rc rc = PSE_OK;

    for (size_t i = 0; i < n; i++) {
        bytes[i] = PSE_BUF(PSE_BOND_MAX);
        if (rc == PSE_OK)
            rc = put_bond(&bytes[i], o->voters, e[i]->bond);
        r[i] = (struct pse_registration){.person = e[i]->m->person,
                                         .credential = e[i]->m->credential,
                                         .is_replacement = e[i]->m->replace == 1,
                                         .is_pending = e[i]->bond->form == PSE_BOND_PENDING,
                                         .evidence = pse_buf_span(&bytes[i]),
                                         .day = day};
        end[i] = (struct pse_registered){.rc = rc};
    }
    if (rc == PSE_OK)
        pse_voters_register_each(o->voters, end, r, n);
    for (size_t i = 0; i < n; i++) {
        e[i]->end = rc == PSE_OK ? end[i] : (struct pse_registered){.rc = rc};
        pse_buf_free(&bytes[i]);
    }
}

/* Under the lock of the intake, which is given up meanwhile. */
static void lead(struct office *o)
{
    struct office_intake *t = &o->intake;
    struct office_entrant *all[REGISTRAR_CONNECTIONS];
    size_t n = t->n;

    memcpy(all, t->waiting, n * sizeof all[0]);
    t->n = 0;
    t->is_led = true;
    pthread_mutex_unlock(&t->lock);
    pthread_mutex_lock(&o->lock);
    enter_all(o, all, n);
    pthread_mutex_unlock(&o->lock);
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < n; i++)
        all[i]->is_done = true;
    t->is_led = false;
    pthread_cond_broadcast(&t->told);
}

void office_enter(struct office *o, struct office_entrant *e)
{
    struct office_intake *t = &o->intake;

    pthread_mutex_lock(&t->lock);
    PSE_REQUIRE(t->n < REGISTRAR_CONNECTIONS); /* each connection has one question under way */
    t->waiting[t->n++] = e;
    while (!e->is_done) {
        if (t->is_led)
            pthread_cond_wait(&t->told, &t->lock);
        else
            lead(o);
    }
    pthread_mutex_unlock(&t->lock);
}
