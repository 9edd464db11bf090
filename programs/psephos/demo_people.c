#include "psephos/demo_people.h"

#include <stdlib.h>

#include "common/letter.h"
#include "psephos/demo_town.h"

/* --- people
 * ---------------------------------------------------------------------------------------
 */

/* One voter in ten is a member of the water company, the others live north or south. */
static void settle(struct demo *d, struct rehearsal_voter *v, size_t i)
{
    v->style = i % 10 == 9 ? DEMO_WATER : i % 2 == 0 ? DEMO_NORTH : DEMO_SOUTH;
    v->weight = v->style == DEMO_WATER ? demo_weight(&d->r.rng) : 1;
}

/* A letter for each voter: its code, as it is printed and typed again, is the credential. */
static pse_rc write_letters(struct demo *d, struct rehearsal_voter *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        PSE_SECRET(letter_secret, secret);
        char code[LETTER_TEXT];
        pse_point p;
        pse_rc rc;

        pse_rng_fill(&d->r.rng, secret.b, sizeof secret.b);
        letter_encode(code, &secret);
        rc = letter_decode(&secret, code);
        pse_wipe(code, sizeof code);
        PSE_TRY(rc);
        letter_credential(&v[i].d, pse_engine_eid(d->r.e), &secret);
        pse_point_mul_base(d->r.g, &p, &v[i].d, 1);
        pse_point_encode(d->r.g, &v[i].credential, &p, 1);
    }
    return PSE_OK;
}

static pse_rc enrol_by_letter(struct demo *d, size_t from, size_t n)
{
    pse_rc rc;

    PSE_TRY(rehearsal_roster(&d->r, d->voter + from, n));
    if (d->identity != DEMO_OIDC)
        return PSE_OK;
    rehearsal_phase(&d->r, "logging in", n);
    rc = demo_eid_login(d->eid, d->session + from, from, n);
    rehearsal_phase_end(&d->r);
    return rc;
}

pse_rc demo_enrol(struct demo *d, size_t from, size_t n)
{
    pse_rc rc;

    if (d->identity != DEMO_WEBEID)
        return enrol_by_letter(d, from, n);
    rehearsal_phase(&d->r, "registering with cards", n);
    rc = demo_eid_register(d->eid, d->voter + from, n, NULL, false);
    rehearsal_phase_end(&d->r);
    return rc;
}

static pse_rc start_identity(struct demo *d)
{
    struct demo_eid_options o = {.how = d->identity,
                                 .dir = d->private,
                                 .run = demo_service_run(d->service),
                                 .sequencer = demo_service_sequencer(d->service),
                                 .r = &d->r,
                                 .voter = d->voter,
                                 .voters = d->voters + d->late};

    PSE_TRY(rehearsal_publish(&d->r));
    return demo_eid_start(&d->eid, &o);
}

pse_rc demo_populate(struct demo *d, size_t voters)
{
    size_t all;

    d->voters = voters;
    d->late = 1 + voters / 100;
    d->replaced = 1 + voters / 100;
    all = d->voters + d->late + d->replaced;
    d->voter = calloc(all, sizeof *d->voter);
    d->by = calloc(all, sizeof *d->by);
    d->choices = calloc(all, sizeof *d->choices);
    d->bytes = calloc(all, DEMO_CHOICE_MAX);
    d->session = calloc(d->voters + d->late, sizeof *d->session);
    d->token = calloc(all, sizeof *d->token);
    if (d->voter == NULL || d->by == NULL || d->choices == NULL || d->bytes == NULL ||
        d->session == NULL || d->token == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < d->voters + d->late; i++)
        settle(d, &d->voter[i], i);
    PSE_TRY(write_letters(d, d->voter, all));
    if (d->identity != DEMO_LETTERS)
        PSE_TRY(start_identity(d));
    return demo_enrol(d, 0, d->voters);
}

void demo_people_free(struct demo *d)
{
    size_t all = d->voters + d->late + d->replaced;

    if (d->voter != NULL)
        pse_wipe(d->voter, all * sizeof *d->voter);
    if (d->bytes != NULL)
        pse_wipe(d->bytes, all * DEMO_CHOICE_MAX);
    if (d->session != NULL)
        pse_wipe(d->session, (d->voters + d->late) * sizeof *d->session);
    free(d->session);
    free(d->token);
    free(d->voter);
    free(d->by);
    free(d->choices);
    free(d->bytes);
}

/* --- waves of ballots ----------------------------------------------------------------------------
 */

/* Whose credential is lost: the k-th of them. */
static size_t loser(const struct demo *d, size_t k)
{
    return 5 + k * (d->voters / (d->replaced + 1));
}

/* Of voter @p i, who may be somebody with a new credential. */
static const char *session_of(const struct demo *d, size_t i)
{
    size_t people = d->voters + d->late;

    return d->session[i < people ? i : loser(d, i - people)].token;
}

void demo_come_in(struct demo *d, size_t i)
{
    if (d->identity != DEMO_OIDC)
        return;
    d->token[0] = session_of(d, i);
    demo_service_sessions(d->service, d->token);
}

pse_rc demo_wave(struct demo *d, uint64_t *cast, size_t from, size_t to, size_t step)
{
    const struct pse_manifest *m = pse_engine_manifest(d->r.e);
    size_t n = 0;

    for (size_t i = from; i < to; i += step, n++) {
        uint8_t *choices = d->bytes + n * DEMO_CHOICE_MAX;

        PSE_TRY(demo_choose(choices, &d->r.rng, m, d->voter[i].style));
        d->by[n] = &d->voter[i];
        d->token[n] = session_of(d, i);
        d->choices[n] = choices;
    }
    *cast = n;
    if (d->identity == DEMO_OIDC)
        demo_service_sessions(d->service, d->token);
    rehearsal_phase(&d->r, "sealing ballots", n);
    PSE_TRY(rehearsal_cast(&d->r, d->by, d->choices, n));
    rehearsal_phase_end(&d->r);
    return PSE_OK;
}

pse_rc demo_set_aside(struct demo *d, size_t i, uint8_t action, bool *done)
{
    struct act a = rehearsal_act(&d->r);
    struct pse_credential_view view;
    pse_hash commitment;

    PSE_TRY(pse_engine_credential(d->r.e, &view, &d->voter[i].credential));
    *done = view.ballots > 0 && view.is_active;
    if (!*done)
        return PSE_OK;
    rehearsal_commitment(&commitment, &d->r);
    return act_revoke(&a, &d->r.registrar->sign, view.latest_index, action, PSE_REASON_PAPER,
                      &commitment);
}

pse_rc demo_vote_on_paper(struct demo *d, uint64_t *revoked, uint64_t *restored)
{
    size_t last = 0;
    bool done;

    for (size_t i = 3; i < d->voters; i += 50) {
        PSE_TRY(demo_set_aside(d, i, PSE_REVOKE_REVOKE, &done));
        *revoked += done;
        last = done ? i : last;
    }
    if (*revoked == 0)
        return PSE_OK;
    PSE_TRY(demo_set_aside(d, last, PSE_REVOKE_RESTORE, &done));
    *restored += done;
    return PSE_OK;
}

/* The same person, the same card, another credential. */
static pse_rc replace_by_card(struct demo *d)
{
    size_t *person = calloc(d->replaced, sizeof *person);
    struct rehearsal_voter *fresh = d->voter + d->voters + d->late;
    pse_rc rc;

    if (person == NULL)
        return PSE_E_MEMORY;
    for (size_t k = 0; k < d->replaced; k++) {
        person[k] = loser(d, k);
        fresh[k].style = d->voter[person[k]].style;
        fresh[k].weight = d->voter[person[k]].weight;
    }
    rc = demo_eid_register(d->eid, fresh, d->replaced, person, true);
    free(person);
    return rc;
}

pse_rc demo_replace(struct demo *d)
{
    struct act a = rehearsal_act(&d->r);
    size_t first = d->voters + d->late;
    pse_hash commitment;

    if (d->identity == DEMO_WEBEID)
        return replace_by_card(d);
    for (size_t k = 0; k < d->replaced; k++) {
        struct rehearsal_voter *old = &d->voter[loser(d, k)];
        struct rehearsal_voter *fresh = &d->voter[first + k];

        fresh->style = old->style;
        fresh->weight = old->weight;
        rehearsal_commitment(&commitment, &d->r);
        PSE_TRY(act_change(&a, &d->r.registrar->sign, &old->credential, &fresh->credential,
                           PSE_REASON_COMPROMISED, &commitment));
    }
    return PSE_OK;
}
