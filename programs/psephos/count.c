/* psephos count: the counting rules alone. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "common/options.h"
#include "count/count.h"
#include "count_input.h"

static const char self[] = "psephos count";
static const size_t OUTPUT_MAX = (size_t)1 << 30;

struct arguments {
    const char *rule_name;
    enum pse_count_rule rule;
    struct count_input_files files;
    uint64_t seats;
    struct cli_ratio majority, threshold;
    bool json;
};

static bool find_rule(struct arguments *a)
{
    const char *names[PSE_RULES];
    const char *near;

    for (enum pse_count_rule i = 0; i < PSE_RULES; i++)
        names[i] = pse_count_rule_name(i);
    if (a->rule_name == NULL) {
        cli_error(self, "no rule given; add --rule NAME (see psephos count --help)");
        return false;
    }
    if (pse_count_rule_find(&a->rule, pse_span_str(a->rule_name)) == PSE_OK)
        return true;
    near = cli_nearest(a->rule_name, names, PSE_RULES);
    if (near != NULL)
        cli_error(self, "unknown rule '%s'; did you mean --rule %s?", a->rule_name, near);
    else
        cli_error(self, "unknown rule '%s'; psephos count --help lists them", a->rule_name);
    return false;
}

/* Why the rule does not count this input, in words; NULL when it does. */
static const char *obstacle(const struct arguments *a, const struct count_input *in)
{
    uint64_t seats = a->seats > 0 ? a->seats : in->ballots.seats;
    bool single = a->rule == PSE_RULE_IRV || a->rule == PSE_RULE_YESNO ||
                  a->rule == PSE_RULE_MAJORITY_JUDGMENT;

    if (in->is_returns) {
        if (a->rule != PSE_RULE_PLURALITY && a->rule != PSE_RULE_DHONDT &&
            a->rule != PSE_RULE_ESTONIA)
            return "counts ballots; give --blt or --preflib instead of --counts";
        if (a->files.mandates != NULL && a->seats > 0)
            return "takes its seats from --mandates; leave out --seats";
        if (a->rule == PSE_RULE_ESTONIA && a->files.mandates == NULL)
            return "needs the mandates of each constituency; add --mandates CSV";
        if (a->rule == PSE_RULE_DHONDT && a->files.mandates == NULL && a->seats == 0)
            return "needs to know how many seats; add --seats N or --mandates CSV";
        return NULL;
    }
    if (a->rule == PSE_RULE_ESTONIA)
        return "counts votes by candidate; give --counts CSV --mandates CSV";
    if (single && seats > 1)
        return a->rule == PSE_RULE_IRV ? "fills one seat; add --seats 1 or use --rule stv-scottish"
                                       : "fills one seat; add --seats 1";
    if (a->rule == PSE_RULE_MAJORITY_JUDGMENT && in->ballots.grades == 0)
        return "needs graded ballots; give a PrefLib .cat file";
    if (in->ballots.grades != 0 && a->rule != PSE_RULE_MAJORITY_JUDGMENT &&
        a->rule != PSE_RULE_APPROVAL && a->rule != PSE_RULE_BORDA && a->rule != PSE_RULE_SCHULZE)
        return "counts rankings and these are grades; use majority-judgment, approval, borda or "
               "schulze";
    if (a->rule == PSE_RULE_YESNO && (in->ballots.options < 2 || in->ballots.options > 3))
        return "needs two options (yes, no) or three (and abstain)";
    return NULL;
}

static int print_result(const struct arguments *a, const struct pse_count_result *r)
{
    struct pse_buf out = PSE_BUF(OUTPUT_MAX);
    pse_rc rc = a->json ? pse_count_json_write(&out, r, 0) : pse_count_text_write(&out, r);
    int status = CLI_EXIT_OK;

    if (rc != PSE_OK) {
        cli_error(self, "the output does not fit in memory; count fewer ballots at a time");
        status = CLI_EXIT_FAILED;
    } else if (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0) {
        cli_error(self, "cannot write to standard output; is the disk full?");
        status = CLI_EXIT_FAILED;
    }
    pse_buf_free(&out);
    return status;
}

static int run(const struct arguments *a, struct count_input *in)
{
    struct pse_count_params params = {
        .seats = (uint32_t)a->seats,
        .majority_num = (uint32_t)a->majority.t,
        .majority_den = (uint32_t)a->majority.n,
        .majority_inclusive = a->majority.n != 0,
        .threshold_num = (uint32_t)a->threshold.t,
        .threshold_den = (uint32_t)a->threshold.n,
    };
    struct pse_count_result result;
    struct pse_count_lot lot;
    const char *why = obstacle(a, in);
    pse_rc rc;

    if (why != NULL) {
        cli_error(self, "rule %s %s", pse_count_rule_name(a->rule), why);
        return CLI_EXIT_USAGE;
    }
    pse_count_lot_public(&lot);
    rc = in->is_returns
             ? pse_count_run_returns(&result, &in->arena, &lot, a->rule, &in->returns, &params)
             : pse_count_run(&result, &in->arena, &lot, a->rule, &in->ballots, &params);
    if (rc != PSE_OK) {
        cli_error(self, "cannot count this by rule %s (%s); see psephos count --help",
                  pse_count_rule_name(a->rule), pse_rc_name(rc));
        return CLI_EXIT_FAILED;
    }
    return print_result(a, &result);
}

int cmd_count(int argc, char **argv)
{
    struct arguments a = {0};
    const struct cli_option options[] = {
        CLI_TEXT("rule", "NAME", &a.rule_name, "the counting rule"),
        CLI_NUMBER("seats", "N", &a.seats, 1, PSE_COUNT_MANDATES_MAX,
                   "how many are to be elected (default: as the file says, else 1)"),
        CLI_TEXT("blt", "FILE", &a.files.blt, "ballots in BLT form"),
        CLI_TEXT("preflib", "FILE", &a.files.preflib,
                 "ballots in PrefLib form (.soi .soc .toi .toc .cat)"),
        CLI_TEXT("counts", "CSV", &a.files.counts,
                 "votes: constituency,candidate_number,party,votes[,list]"),
        CLI_TEXT("mandates", "CSV", &a.files.mandates, "seats: constituency,mandates"),
        CLI_RATIO("majority", "T/N", &a.majority, 1000000,
                  "yesno: carried from this part of yes and no (default: more than half)"),
        CLI_RATIO("threshold", "T/N", &a.threshold, 1000000,
                  "dhondt, estonia: parties take part from this part of all votes"),
        CLI_FLAG("json", &a.json, "print one JSON object"),
    };
    const struct cli_command command = {
        .name = self,
        .synopsis = "--rule NAME [--seats N] (--blt FILE | --preflib FILE | --counts CSV "
                    "[--mandates CSV])",
        .about = "Count ballots or votes by one rule and print every stage. Rules: plurality,\n"
                 "approval, yesno, dhondt, estonia, irv, stv-scottish, stv-meek, schulze,\n"
                 "borda, majority-judgment. Lots are drawn from a fixed public seed and\n"
                 "reported: whoever holds the election draws the lot that counts.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    struct count_input in;
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    if (!find_rule(&a))
        return CLI_EXIT_USAGE;
    status = count_input_read(&in, self, &a.files) ? run(&a, &in) : CLI_EXIT_USAGE;
    count_input_free(&in);
    return status;
}
