/* The trustees' ceremony (protocol 3) and the opening of the vote. */
#include <stdlib.h>

#include "election/engine.h"

static uint64_t all_trustees(const struct pse_engine *e)
{
    return e->m->trustees == 64 ? UINT64_MAX : (UINT64_C(1) << e->m->trustees) - 1;
}

static pse_rc dkg_new(const struct pse_engine *e, struct pse_dkg **dkg)
{
    pse_enc share[PSE_TRUSTEES_MAX];

    for (size_t i = 0; i < e->m->trustees; i++)
        share[i] = e->m->trustee[i].share;
    return pse_dkg_new(dkg, e->o.group, &e->m->eid, e->m->trustees, e->m->threshold, share);
}

pse_rc pse_keys_new(struct pse_engine *e)
{
    struct pse_keys *k = &e->keys;
    size_t n = e->m->trustees;

    PSE_TRY(dkg_new(e, &k->dkg));
    k->reveal_n = pse_dkg_reveal_size(k->dkg);
    k->shares_n = pse_dkg_shares_size(k->dkg);
    k->commit = (uint8_t(*)[PSE_DKG_COMMIT_SIZE])calloc(n, PSE_DKG_COMMIT_SIZE);
    k->reveals = (uint8_t *)calloc(n, k->reveal_n);
    k->shares = (uint8_t *)calloc(n, k->shares_n + 1);
    k->v = (pse_enc *)calloc(n, sizeof *k->v);
    if (k->commit == NULL || k->reveals == NULL || k->shares == NULL || k->v == NULL)
        return PSE_E_MEMORY;
    return PSE_OK;
}

void pse_keys_free(struct pse_keys *k)
{
    pse_dkg_free(k->dkg);
    free(k->commit);
    free(k->reveals);
    free(k->shares);
    free(k->v);
    pse_joint_clear(&k->joint);
    memset(k, 0, sizeof *k);
}

static struct pse_span shares_of(const struct pse_keys *k, uint8_t trustee)
{
    return pse_span(k->shares + (size_t)(trustee - 1) * k->shares_n, k->shares_n);
}

/* --- table 2.1 -------------------------------------------------------------------------------- */

bool pse_commit_allowed(const struct pse_engine *e, const struct pse_entry *in)
{
    return (e->keys.committed & pse_bit(in->index)) == 0;
}

bool pse_reveal_allowed(const struct pse_engine *e, const struct pse_entry *in)
{
    return e->keys.committed == all_trustees(e) && (e->keys.revealed & pse_bit(in->index)) == 0;
}

bool pse_shares_allowed(const struct pse_engine *e, const struct pse_entry *in)
{
    return e->keys.revealed == all_trustees(e) && (e->keys.shared & pse_bit(in->index)) == 0;
}

/* Also of a complaint: its author must not have confirmed. */
bool pse_confirm_allowed(const struct pse_engine *e, const struct pse_entry *in)
{
    return e->keys.shared == all_trustees(e) && (e->keys.confirmed & pse_bit(in->index)) == 0;
}

bool pse_open_allowed(const struct pse_engine *e, const struct pse_entry *in)
{
    (void)in;
    return e->keys.confirmed == all_trustees(e) && e->roll.active > 0;
}

/* --- commit, reveal, shares ------------------------------------------------------------------- */

pse_rc pse_commit_apply(struct pse_engine *e, struct pse_exam *x)
{
    memcpy(e->keys.commit[x->in.index - 1], x->in.u.dkg_commit.digest, PSE_DKG_COMMIT_SIZE);
    e->keys.committed |= pse_bit(x->in.index);
    return PSE_OK;
}

/* The room below remembers what it accepts, so a reveal is tried on a ceremony of its own. */
static pse_rc reveal_try(const struct pse_engine *e, bool *holds, uint8_t trustee,
                         struct pse_span body)
{
    struct pse_dkg *trial = NULL;
    pse_rc rc;

    PSE_TRY(dkg_new(e, &trial));
    rc = pse_dkg_reveal_accept(trial, trustee, body);
    pse_dkg_free(trial);
    *holds = rc == PSE_OK;
    return rc == PSE_E_MEMORY ? rc : PSE_OK;
}

pse_rc pse_reveal_examine(struct pse_engine *e, struct pse_exam *x)
{
    uint8_t digest[PSE_DKG_COMMIT_SIZE];
    struct pse_span body = x->in.u.dkg_reveal.proof;
    uint64_t start = pse_engine_now(e);
    bool holds;

    pse_dkg_commit(e->keys.dkg, digest, x->in.index, body);
    pse_exam_rule(e, x, PSE_V201, 1, start,
                  memcmp(digest, e->keys.commit[x->in.index - 1], sizeof digest) == 0);
    start = pse_engine_now(e);
    PSE_TRY(reveal_try(e, &holds, x->in.index, body));
    pse_exam_rule(e, x, PSE_V202, 1, start, holds);
    return PSE_OK;
}

/* Y and all V_j, once. A joint key that is the identity stays unknown: no confirm can state it. */
static pse_rc derive_keys(struct pse_engine *e)
{
    struct pse_keys *k = &e->keys;
    pse_enc y;
    pse_rc rc = pse_dkg_joint(k->dkg, &y);

    for (uint8_t j = 1; j <= e->m->trustees; j++) {
        pse_point point;

        pse_dkg_verification_key(k->dkg, &point, &k->v[j - 1], j);
    }
    if (rc == PSE_E_RANGE)
        return PSE_OK;
    PSE_TRY(rc);
    PSE_TRY(pse_joint_init(&k->joint, e->o.group, &e->m->eid, y.b));
    k->has_joint = true;
    return PSE_OK;
}

pse_rc pse_reveal_apply(struct pse_engine *e, struct pse_exam *x)
{
    struct pse_keys *k = &e->keys;
    struct pse_span body = x->in.u.dkg_reveal.proof;

    PSE_TRY(pse_dkg_reveal_accept(k->dkg, x->in.index, body));
    memcpy(k->reveals + (size_t)(x->in.index - 1) * k->reveal_n, body.p, body.n);
    k->revealed |= pse_bit(x->in.index);
    return k->revealed == all_trustees(e) ? derive_keys(e) : PSE_OK;
}

pse_rc pse_shares_examine(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);
    pse_rc rc = pse_dkg_shares_check(e->keys.dkg, x->in.index, x->in.u.dkg_shares.records);

    pse_exam_rule(e, x, PSE_V203, e->m->trustees - 1u, start, rc == PSE_OK);
    return rc == PSE_E_MEMORY ? rc : PSE_OK;
}

pse_rc pse_shares_apply(struct pse_engine *e, struct pse_exam *x)
{
    struct pse_span body = x->in.u.dkg_shares.records;

    if (body.n > 0)
        memcpy(e->keys.shares + (size_t)(x->in.index - 1) * e->keys.shares_n, body.p, body.n);
    e->keys.shared |= pse_bit(x->in.index);
    return PSE_OK;
}

/* --- complaint, confirm ----------------------------------------------------------------------- */

pse_rc pse_complaint_examine(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);
    uint8_t dealer = x->in.u.dkg_complaint.dealer;
    enum pse_dkg_fault fault;
    pse_rc rc = pse_dkg_complaint_check(e->keys.dkg, &fault, x->in.index, x->in.body,
                                        shares_of(&e->keys, dealer));

    if (rc == PSE_OK)
        x->party = fault == PSE_FAULT_DEALER ? dealer : x->in.index;
    pse_exam_rule(e, x, PSE_V204, 1, start, rc == PSE_OK);
    return rc == PSE_E_MEMORY ? rc : PSE_OK;
}

pse_rc pse_complaint_apply(struct pse_engine *e, struct pse_exam *x)
{
    e->keys.at_fault = x->party;
    e->state = PSE_STATE_ABORT;
    return PSE_OK;
}

pse_rc pse_confirm_examine(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);
    pse_rc rc = pse_dkg_confirm_check_keys(e->keys.dkg, x->in.index, x->in.body);

    pse_exam_rule(e, x, PSE_V205, 1, start, rc == PSE_OK);
    start = pse_engine_now(e);
    rc = pse_dkg_confirm_check_proof(e->keys.dkg, x->in.index, x->in.body);
    pse_exam_rule(e, x, PSE_V206, 1, start, rc == PSE_OK);
    return rc == PSE_E_MEMORY ? rc : PSE_OK;
}

pse_rc pse_confirm_apply(struct pse_engine *e, struct pse_exam *x)
{
    e->keys.confirmed |= pse_bit(x->in.index);
    return PSE_OK;
}

/* --- open ------------------------------------------------------------------------------------- */

pse_rc pse_open_examine(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);

    pse_exam_rule(e, x, PSE_V207, 1, start,
                  e->keys.has_joint && memcmp(e->keys.joint.enc.b, x->in.u.open.y.b, 32) == 0 &&
                      x->in.u.open.roster_size == e->roll.active);
    return PSE_OK;
}

pse_rc pse_open_apply(struct pse_engine *e, struct pse_exam *x)
{
    (void)x;
    e->state = PSE_STATE_OPEN;
    return PSE_OK;
}
