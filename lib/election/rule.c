#include "election/rule.h"

struct rule_text {
    uint16_t rule;
    const char *name;
    const char *title;
};

/* Ascending; protocol 12. */
static const struct rule_text rules[PSE_RULE_COUNT] = {
    {PSE_V101, "V101", "entry 0 is setup and the manifest is there"},
    {PSE_V102, "V102", "manifest: syntax, members and values"},
    {PSE_V103, "V103", "manifest: constraints"},
    {PSE_V104, "V104", "witness policy"},
    {PSE_V201, "V201", "reveal hashes to its commit"},
    {PSE_V202, "V202", "reveal: points and proof of possession"},
    {PSE_V203, "V203", "shares: records and proofs"},
    {PSE_V204, "V204", "complaint: proof"},
    {PSE_V205, "V205", "confirm: joint key and verification key"},
    {PSE_V206, "V206", "confirm: proof"},
    {PSE_V207, "V207", "open: joint key and roster size"},
    {PSE_V301, "V301", "roster: sorted, credentials new"},
    {PSE_V302, "V302", "roster: styles and weights"},
    {PSE_V303, "V303", "credential change: old active, new unseen"},
    {PSE_V401, "V401", "ballot: form"},
    {PSE_V402, "V402", "ballot: credential is active"},
    {PSE_V403, "V403", "ballot: style is the credential's"},
    {PSE_V404, "V404", "ballot: signature"},
    {PSE_V405, "V405", "ballot: homomorphic proofs"},
    {PSE_V406, "V406", "ballot: mix proofs of knowledge"},
    {PSE_V408, "V408", "ballot: tracker is new"},
    {PSE_V409, "V409", "revocation or restoration is allowed"},
    {PSE_V410, "V410", "ballot: follows the credential's latest"},
    {PSE_V411, "V411", "ballot: not too many of one credential"},
    {PSE_V501, "V501", "close: size and root"},
    {PSE_V502, "V502", "freeze: the admitted set"},
    {PSE_V503, "V503", "end: size and root"},
    {PSE_V601, "V601", "mix: list, order, size, input"},
    {PSE_V602, "V602", "mix: output"},
    {PSE_V603, "V603", "mix: form of the proof"},
    {PSE_V604, "V604", "mix: proof of shuffle"},
    {PSE_V701, "V701", "decrypt: list, size, input"},
    {PSE_V702, "V702", "decrypt: shares"},
    {PSE_V703, "V703", "decrypt: proof"},
    {PSE_V801, "V801", "result: layout and lists"},
    {PSE_V802, "V802", "result: homomorphic counts"},
    {PSE_V803, "V803", "result: plaintexts"},
    {PSE_V804, "V804", "result: statuses"},
    {PSE_V901, "V901", "checkpoint: form, origin, log signature"},
    {PSE_V902, "V902", "witness quorum"},
    {PSE_V903, "V903", "entry bundles and hash tiles"},
    {PSE_V904, "V904", "recomputed root"},
    {PSE_V905, "V905", "blobs named by entries"},
    {PSE_V906, "V906", "entry: frame and fields"},
    {PSE_V907, "V907", "entry: signature"},
    {PSE_V908, "V908", "entry: allowed in this state"},
    {PSE_V909, "V909", "record is complete"},
    {PSE_W001, "W001", "list smaller than min_list"},
    {PSE_W002, "W002", "one mixer may be enough"},
    {PSE_W003, "W003", "statement is not at hand"},
    {PSE_W004, "W004", "a mixer has not acted on a list"},
    {PSE_W005, "W005", "closed before the scheduled time"},
};

enum pse_rule pse_rule_at(size_t slot)
{
    PSE_REQUIRE(slot < PSE_RULE_COUNT);
    return (enum pse_rule)rules[slot].rule;
}

size_t pse_rule_slot(enum pse_rule rule)
{
    size_t low = 0;
    size_t high = PSE_RULE_COUNT;

    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;

        if (rules[mid].rule <= (unsigned)rule)
            low = mid;
        else
            high = mid;
    }
    PSE_REQUIRE(rules[low].rule == (unsigned)rule);
    return low;
}

const char *pse_rule_name(enum pse_rule rule)
{
    return rules[pse_rule_slot(rule)].name;
}

const char *pse_rule_title(enum pse_rule rule)
{
    return rules[pse_rule_slot(rule)].title;
}

bool pse_rule_is_record(enum pse_rule rule)
{
    return (rule >= PSE_V101 && rule <= PSE_V104) || (rule >= PSE_V901 && rule <= PSE_V905) ||
           rule == PSE_V909;
}

/* V901-V904 stand before entry 0, V909 after the last entry. */
static int stage(const struct pse_finding *f)
{
    if (f->rule >= PSE_V901 && f->rule <= PSE_V904)
        return 0;
    return f->rule == PSE_V909 ? 2 : 1;
}

int pse_finding_compare(const void *a, const void *b)
{
    const struct pse_finding *x = (const struct pse_finding *)a;
    const struct pse_finding *y = (const struct pse_finding *)b;

    if (stage(x) != stage(y))
        return stage(x) < stage(y) ? -1 : 1;
    if (x->entry != y->entry)
        return x->entry < y->entry ? -1 : 1;
    if (x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1;
    if (x->contest != y->contest)
        return x->contest < y->contest ? -1 : 1;
    return (x->pot > y->pot) - (x->pot < y->pot);
}
