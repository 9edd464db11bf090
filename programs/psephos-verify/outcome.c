#include "outcome.h"

static bool pins_hold(const struct outcome *o)
{
    return !pse_audit_is_eid_unpinned(o->audit) && !pse_audit_is_policy_unpinned(o->audit);
}

static bool is_too_strict(const struct outcome *o)
{
    const struct pse_engine *e = pse_audit_engine(o->audit);

    return o->strict && e != NULL && pse_engine_counts(e)->dead > 0;
}

enum verify_exit outcome_exit(const struct outcome *o)
{
    if (pse_audit_is_passed(o->audit, o->strict))
        return VERIFY_EXIT_PASSED;
    if (pse_audit_verdict(o->audit) == PSE_VERDICT_PREFIX && pins_hold(o) && !is_too_strict(o))
        return VERIFY_EXIT_PREFIX;
    return VERIFY_EXIT_REFUSED;
}

const char *outcome_verdict(const struct outcome *o)
{
    return outcome_exit(o) == VERIFY_EXIT_REFUSED ? pse_verdict_name(PSE_VERDICT_NOT_ACCEPTED)
                                                  : pse_verdict_name(pse_audit_verdict(o->audit));
}

const char *outcome_reason(size_t slot)
{
    static const char *const name[PSE_REASONS] = {"other", "voted on paper", "not entitled",
                                                  "credential compromised", "voter's request"};

    PSE_REQUIRE(slot < PSE_REASONS);
    return name[slot];
}

pse_rc outcome_count(struct outcome *o, struct pse_arena *arena)
{
    const struct pse_engine *e = pse_audit_engine(o->audit);
    const struct pse_manifest *m;

    if (pse_audit_verdict(o->audit) != PSE_VERDICT_ACCEPTED || e == NULL)
        return PSE_OK;
    m = pse_engine_manifest(e);
    o->contest = PSE_NEW(arena, struct outcome_contest, m->contests);
    if (o->contest == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < m->contests; i++) {
        pse_rc rc = pse_tally_make(&o->contest[o->contests].tally, arena, o->group, m,
                                   pse_engine_result(e), &m->contest[i], 0);

        if (rc == PSE_E_MISSING) /* no style reaches it */
            continue;
        PSE_TRY(rc);
        o->contests++;
    }
    return PSE_OK;
}
