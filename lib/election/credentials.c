/* The roll and the ballots: roster, credential-change, ballot, ballot-revoke (protocol 4, 6.3, 7).
 */
#include "election/engine.h"

#define WEIGHT_MAX     (UINT32_C(1) << 20)
#define WEIGHT_SUM_END (UINT64_C(1) << 40)

/* 1..4 at their own place, 255 = other at 0. */
static size_t reason_slot(uint8_t reason)
{
    return reason < PSE_REASONS ? reason : 0;
}

/* --- roster ----------------------------------------------------------------------------------- */

bool pse_roster_allowed(const struct pse_engine *e, const struct pse_entry *in)
{
    (void)in;
    return e->state == PSE_STATE_KEYS || e->m->late_roster;
}

static bool record_is_valid(const struct pse_manifest *m, const struct pse_roster_record *r)
{
    const struct pse_style *style = pse_manifest_style(m, r->style);

    return style != NULL && r->weight >= 1 && r->weight <= WEIGHT_MAX &&
           (r->weight == 1 || !style->has_mix);
}

static void expect_record(const struct pse_engine *e, const struct pse_exam *x, size_t at)
{
    struct pse_roster_record r;

    if (at >= x->in.u.roster.count)
        return;
    r = pse_roster_record_at(&x->in, at);
    pse_roll_expect(&e->roll, &r.credential);
}

pse_rc pse_roster_examine(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);
    uint64_t sum = e->roll.weight;
    bool fresh = true;
    bool valid = true;
    pse_enc last = {{0}};

    for (size_t i = 0; i < x->in.u.roster.count; i++) {
        struct pse_roster_record r = pse_roster_record_at(&x->in, i);

        expect_record(e, x, i + PSE_ROLL_AHEAD);
        fresh = fresh && (i == 0 || memcmp(last.b, r.credential.b, 32) < 0) &&
                pse_roll_find(&e->roll, &r.credential) == PSE_ROLL_NONE;
        valid = valid && record_is_valid(e->m, &r);
        sum += r.weight;
        last = r.credential;
    }
    pse_exam_rule(e, x, PSE_V301, x->in.u.roster.count, start, fresh);
    pse_exam_rule(e, x, PSE_V302, x->in.u.roster.count, pse_engine_now(e),
                  valid && sum < WEIGHT_SUM_END);
    return PSE_OK;
}

static uint16_t style_index(const struct pse_manifest *m, uint16_t id)
{
    return (uint16_t)(pse_manifest_style(m, id) - m->style);
}

pse_rc pse_roster_apply(struct pse_engine *e, struct pse_exam *x)
{
    size_t count = x->in.u.roster.count;

    for (size_t i = 0; i < count; i++) {
        struct pse_roster_record r = pse_roster_record_at(&x->in, i);

        PSE_TRY(pse_roll_enrol(&e->roll, &r.credential, style_index(e->m, r.style), r.weight,
                               (uint32_t)x->index));
        e->roll.weight += r.weight;
    }
    if (e->state == PSE_STATE_KEYS)
        e->counts.roster_before_open += count;
    else
        e->counts.roster_after_open += count;
    return PSE_OK;
}

/* --- credential-change ------------------------------------------------------------------------ */

pse_rc pse_change_examine(struct pse_engine *e, struct pse_exam *x)
{
    static const pse_enc zero;
    uint64_t start = pse_engine_now(e);
    const pse_enc *fresh = &x->in.u.credential_change.new_;
    bool is_zero = memcmp(fresh->b, zero.b, 32) == 0;
    bool holds;

    x->credential = pse_roll_find(&e->roll, &x->in.u.credential_change.old);
    holds =
        x->credential != PSE_ROLL_NONE && pse_roll_credential(&e->roll, x->credential)->is_active;
    if (x->in.u.credential_change.action == PSE_CHANGE_REPLACE)
        holds = holds && !is_zero && pse_roll_find(&e->roll, fresh) == PSE_ROLL_NONE;
    else
        holds = holds && is_zero;
    pse_exam_rule(e, x, PSE_V303, 1, start, holds);
    return PSE_OK;
}

pse_rc pse_change_apply(struct pse_engine *e, struct pse_exam *x)
{
    const struct pse_credential *old = pse_roll_credential(&e->roll, x->credential);
    size_t reason = reason_slot(x->in.u.credential_change.reason);

    pse_roll_retire(&e->roll, x->credential);
    if (x->in.u.credential_change.action == PSE_CHANGE_REVOKE) {
        e->counts.revoked[reason]++;
        return PSE_OK;
    }
    e->counts.replaced[reason]++;
    return pse_roll_enrol(&e->roll, &x->in.u.credential_change.new_, old->style, old->weight,
                          (uint32_t)x->index);
}

/* --- ballot ----------------------------------------------------------------------------------- */

/* The rules that need no log have been applied to the whole block (x->ballot); these need it. */
static void examine_in_order(struct pse_engine *e, struct pse_exam *x)
{
    static const pse_hash none;
    const struct pse_ballot_check *b = x->ballot;
    const struct pse_credential *c = NULL;

    x->credential = pse_roll_find(&e->roll, &b->credential);
    if (x->credential != PSE_ROLL_NONE)
        c = pse_roll_credential(&e->roll, x->credential);
    pse_exam_rule(e, x, PSE_V402, 1, 0, c != NULL && c->is_active);
    pse_exam_rule(e, x, PSE_V408, 1, 0, !pse_roll_has_tracker(&e->roll, b->tracker));
    if (c == NULL)
        return;
    pse_exam_rule(e, x, PSE_V403, 1, 0, c->style == b->style);
    pse_exam_rule(e, x, PSE_V410, 1, 0,
                  pse_hash_is_equal(&b->prev, c->ballots == 0 ? &none : &c->leaf));
    pse_exam_rule(e, x, PSE_V411, 1, 0, c->ballots < e->m->ballots_max);
}

pse_rc pse_ballot_examine(struct pse_engine *e, struct pse_exam *x)
{
    const struct pse_ballot_check *b = x->ballot;

    if (!pse_exam_rule(e, x, PSE_V401, 1, 0, (b->faults & PSE_BALLOT_V401) == 0))
        return PSE_OK;
    examine_in_order(e, x);
    if (e->o.trust_proofs)
        return PSE_OK;
    pse_exam_rule(e, x, PSE_V404, 1, 0, (b->faults & PSE_BALLOT_V404) == 0);
    pse_exam_rule(e, x, PSE_V405, 1, 0, (b->faults & PSE_BALLOT_V405) == 0);
    pse_exam_rule(e, x, PSE_V406, 1, 0, (b->faults & PSE_BALLOT_V406) == 0);
    return PSE_OK;
}

pse_rc pse_ballot_apply(struct pse_engine *e, struct pse_exam *x)
{
    if (pse_roll_credential(&e->roll, x->credential)->ballots == 0)
        e->counts.voters++;
    e->counts.ballots++;
    PSE_TRY(pse_roll_add_tracker(&e->roll, x->ballot->tracker));
    return pse_roll_ballot(&e->roll, x->credential, (uint32_t)x->index, &x->leaf);
}

/* --- ballot-revoke ---------------------------------------------------------------------------- */

static bool revoke_is_allowed(const struct pse_engine *e, const struct pse_entry *in,
                              const struct pse_credential *c)
{
    int64_t rev = pse_roll_rev(&e->roll, c);
    uint64_t ballot = in->u.ballot_revoke.ballot;
    uint8_t reason = in->u.ballot_revoke.reason;

    if (in->u.ballot_revoke.action == PSE_REVOKE_RESTORE)
        return rev >= 0 && (uint64_t)rev == ballot && pse_roll_rev_reason(&e->roll, c) == reason;
    if (e->state == PSE_STATE_CLOSED && reason != PSE_REASON_PAPER &&
        reason != PSE_REASON_COMPROMISED)
        return false;
    return rev < 0 || ballot > (uint64_t)rev;
}

pse_rc pse_revoke_examine(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);

    x->credential = pse_roll_ballot_owner(&e->roll, x->in.u.ballot_revoke.ballot);
    pse_exam_rule(e, x, PSE_V409, 1, start,
                  x->credential != PSE_ROLL_NONE &&
                      revoke_is_allowed(e, &x->in, pse_roll_credential(&e->roll, x->credential)));
    return PSE_OK;
}

pse_rc pse_revoke_apply(struct pse_engine *e, struct pse_exam *x)
{
    struct pse_credential *c = pse_roll_credential(&e->roll, x->credential);
    size_t reason = reason_slot(x->in.u.ballot_revoke.reason);
    bool is_open = e->state == PSE_STATE_OPEN;

    if (x->in.u.ballot_revoke.action == PSE_REVOKE_RESTORE) {
        (is_open ? e->counts.restored_open : e->counts.restored_closed)[reason]++;
        pse_roll_pop(&e->roll, c);
        return PSE_OK;
    }
    (is_open ? e->counts.revoked_open : e->counts.revoked_closed)[reason]++;
    return pse_roll_push(&e->roll, c, (uint32_t)x->in.u.ballot_revoke.ballot,
                         x->in.u.ballot_revoke.reason);
}
