/* The counting document: which rule counts which contests of an election.
 *
 * The blob `counting` among a manifest's documents (strict JSON, schema in docs/counting.md). It
 * says for each contest, or for the contests that are counted together, the rule and what the rule
 * needs: seats, thresholds, parties, mandates, which candidate each option is. Not for: the
 * manifest itself; that the contests named here exist and have as many options is for the caller to
 * check against it (pse_counting_options). */
#ifndef PSE_COUNT_COUNTING_H
#define PSE_COUNT_COUNTING_H

#include "codec/json.h"
#include "count.h"

#define PSE_COUNTING_COUNTS_MAX 4096

/** One count: one contest by a rule on ballots, or several by a rule by lists. */
struct pse_counting_count {
    enum pse_count_rule rule;
    struct pse_count_params params;
    bool by_lists;
    uint16_t contest; /* not by_lists: its id */
    bool withdrawn[PSE_COUNT_OPTIONS_MAX + 1];
    uint16_t withdrawn_last; /* the largest option withdrawn, 0 = none */
    /* by_lists: constituency i is contest contest_of[i]; its options 1, 2, ... are the candidates
     * first[i], first[i] + 1, ... first[i + 1] - 1 of the returns, whose votes start at 0. */
    struct pse_count_returns returns;
    uint16_t *contest_of;
    uint32_t *first;
};

struct pse_counting {
    struct pse_counting_count *count;
    size_t counts;
};

/** Parse the document @p in. Strings borrow from @p in or the arena. @p fault may be NULL.
 *
 * Besides the statuses of pse_json_parse: PSE_E_SYNTAX (a member of the wrong type, or unknown),
 * PSE_E_MISSING (a member), PSE_E_UNSUPPORTED (another version; a rule that no contest of an
 * election can be counted by: majority-judgment), PSE_E_RANGE (a number, an option, a party),
 * PSE_E_DUPLICATE (a contest in two counts, a candidate's number twice), PSE_E_LIMIT. */
PSE_MUST pse_rc pse_counting_parse(struct pse_counting *out, struct pse_json_fault *fault,
                                   struct pse_arena *arena, struct pse_span in);

/** The count that @p contest takes part in; NULL if none. */
const struct pse_counting_count *pse_counting_find(const struct pse_counting *c, uint16_t contest);

/** How many options @p contest must have: exactly (by lists), or at least (the result's second
 * value is false). 0 and false if the document does not mention it. */
size_t pse_counting_options(bool *exactly, const struct pse_counting *c, uint16_t contest);

/** Add votes for an option of a contest of a count by lists. PSE_E_RANGE: not one of its contests
 * or options; PSE_E_LIMIT: more than 2^40 votes for one candidate. */
PSE_MUST pse_rc pse_counting_add(struct pse_counting_count *c, uint16_t contest, size_t option,
                                 uint64_t votes);

#endif
