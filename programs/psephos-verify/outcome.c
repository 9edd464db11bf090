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

static pse_rc tally_all(struct outcome *o, struct pse_arena *arena, const struct pse_manifest *m,
                        struct pse_span result)
{
    o->tally = PSE_NEW(arena, struct pse_tally, m->contests);
    if (o->tally == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < m->contests; i++) {
        pse_rc rc =
            pse_tally_make(&o->tally[o->tallies], arena, o->group, m, result, &m->contest[i], 0);

        if (rc == PSE_E_MISSING) /* no style reaches it */
            continue;
        PSE_TRY(rc);
        o->tallies++;
    }
    return PSE_OK;
}

static pse_rc elect(struct outcome *o, struct pse_arena *arena, const struct pse_engine *e,
                    struct pse_span document)
{
    uint8_t seed[64];
    pse_rc rc = pse_engine_lot_seed(e, seed);

    if (rc == PSE_OK)
        rc = pse_elected_make(&o->elected, NULL, arena, pse_engine_manifest(e), document, o->tally,
                              o->tallies, seed);
    if (rc == PSE_E_MEMORY)
        return rc;
    o->is_counted = rc == PSE_OK;
    if (!o->is_counted)
        o->uncounted = "the document 'counting' does not fit the election; nobody is named elected";
    return PSE_OK;
}

pse_rc outcome_count(struct outcome *o, struct pse_arena *arena)
{
    const struct pse_engine *e = pse_audit_engine(o->audit);
    struct pse_span document;
    pse_rc rc;

    if (pse_audit_verdict(o->audit) != PSE_VERDICT_ACCEPTED || e == NULL)
        return PSE_OK;
    PSE_TRY(tally_all(o, arena, pse_engine_manifest(e), pse_engine_result(e)));
    rc = pse_audit_document(o->audit, &document, arena, PSE_COUNTING_DOCUMENT, PSE_COUNTING_MAX);
    if (rc == PSE_OK)
        return elect(o, arena, e, document);
    if (rc == PSE_E_MEMORY)
        return rc;
    o->uncounted = rc == PSE_E_MISSING
                       ? "the record holds no document 'counting'; nobody is named elected"
                       : "the document 'counting' is not the one the manifest names";
    return PSE_OK;
}
