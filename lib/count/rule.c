#include "room.h"

static const struct {
    const char *name;
    pse_count_rule_run *ballots;
    pse_count_rule_run *returns;
    bool single; /* fills one seat only */
    bool graded; /* understands grades */
} rules[PSE_RULES] = {
    [PSE_RULE_PLURALITY] = {"plurality", pse_rule_plurality, pse_rule_plurality_returns, false,
                            false},
    [PSE_RULE_APPROVAL] = {"approval", pse_rule_approval, NULL, false, true},
    [PSE_RULE_YESNO] = {"yesno", pse_rule_yesno, NULL, true, false},
    [PSE_RULE_DHONDT] = {"dhondt", pse_rule_dhondt, pse_rule_dhondt_returns, false, false},
    [PSE_RULE_ESTONIA] = {"estonia", NULL, pse_rule_estonia, false, false},
    [PSE_RULE_IRV] = {"irv", pse_rule_irv, NULL, true, false},
    [PSE_RULE_STV_SCOTTISH] = {"stv-scottish", pse_rule_stv_scottish, NULL, false, false},
    [PSE_RULE_STV_MEEK] = {"stv-meek", pse_rule_stv_meek, NULL, false, false},
    [PSE_RULE_SCHULZE] = {"schulze", pse_rule_schulze, NULL, false, true},
    [PSE_RULE_BORDA] = {"borda", pse_rule_borda, NULL, false, true},
    [PSE_RULE_MAJORITY_JUDGMENT] = {"majority-judgment", pse_rule_judgment, NULL, true, true},
};

const char *pse_count_rule_name(enum pse_count_rule rule)
{
    PSE_REQUIRE(rule < PSE_RULES);
    return rules[rule].name;
}

pse_rc pse_count_rule_find(enum pse_count_rule *rule, struct pse_span name)
{
    for (enum pse_count_rule i = 0; i < PSE_RULES; i++) {
        if (pse_span_is_str(name, rules[i].name)) {
            *rule = i;
            return PSE_OK;
        }
    }
    *rule = PSE_RULES;
    return PSE_E_UNSUPPORTED;
}

static bool is_fraction(uint32_t num, uint32_t den)
{
    return (num == 0 && den == 0) || (den > 0 && num <= den);
}

static pse_rc params_check(const struct pse_count_params *p)
{
    if (p->seats > PSE_COUNT_MANDATES_MAX || !is_fraction(p->majority_num, p->majority_den) ||
        !is_fraction(p->threshold_num, p->threshold_den))
        return PSE_E_RANGE;
    return PSE_OK;
}

static pse_rc finish(struct pse_count_result *out, const struct pse_count_job *job,
                     enum pse_count_rule rule, pse_rc rc)
{
    if (rc != PSE_OK) {
        memset(out, 0, sizeof *out);
        return rc;
    }
    out->rule = rule;
    if (out->seats == 0)
        out->seats = job->seats;
    out->source = job->b;
    out->returns = job->returns;
    return PSE_OK;
}

pse_rc pse_count_run(struct pse_count_result *out, struct pse_arena *arena,
                     struct pse_count_lot *lot, enum pse_count_rule rule,
                     const struct pse_count_ballots *ballots, const struct pse_count_params *params)
{
    struct pse_count_job job = {out, arena, lot, ballots, NULL, params, params->seats};
    bool standing[PSE_COUNT_OPTIONS_MAX + 1];

    PSE_REQUIRE(rule < PSE_RULES);
    memset(out, 0, sizeof *out);
    if (job.seats == 0)
        job.seats = ballots->seats > 0 ? ballots->seats : 1;
    if (rules[rule].ballots == NULL || (rules[rule].single && job.seats != 1) ||
        (ballots->grades != 0 && !rules[rule].graded) ||
        (rule == PSE_RULE_MAJORITY_JUDGMENT && ballots->grades == 0))
        return PSE_E_UNSUPPORTED;
    PSE_TRY(params_check(params));
    if (pse_prefs_standing(standing, ballots) == 0)
        return PSE_E_RANGE;
    pse_rc rc = rules[rule].ballots(&job);
    if (rc == PSE_OK)
        out->ballots = ballots->total;
    return finish(out, &job, rule, rc);
}

pse_rc pse_count_run_returns(struct pse_count_result *out, struct pse_arena *arena,
                             struct pse_count_lot *lot, enum pse_count_rule rule,
                             const struct pse_count_returns *returns,
                             const struct pse_count_params *params)
{
    struct pse_count_job job = {out, arena, lot, NULL, returns, params, params->seats};

    PSE_REQUIRE(rule < PSE_RULES);
    memset(out, 0, sizeof *out);
    if (rules[rule].returns == NULL)
        return PSE_E_UNSUPPORTED;
    PSE_TRY(params_check(params));
    PSE_TRY(pse_count_returns_check(returns));
    return finish(out, &job, rule, rules[rule].returns(&job));
}
