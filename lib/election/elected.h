/* Who is elected: the counting document of a manifest applied to an accepted result (protocol 10).
 *
 * A view, computed from result blob, manifest, counting document and the seed of lots; it is no
 * part of the protocol's verdict. For: every program that names the elected. Not for: fetching the
 * document, deciding whether the result holds (audit). Public data, variable time. */
#ifndef PSE_ELECTION_ELECTED_H
#define PSE_ELECTION_ELECTED_H

#include "count/counting.h"
#include "election/result.h"

/** One count of the document, done. */
struct pse_elected_count {
    const struct pse_counting_count *by; /* its rule and contests */
    struct pse_count_result result;
};

struct pse_elected {
    struct pse_counting doc;
    struct pse_elected_count *count; /* [doc.counts], in the order of the document */
};

/** The name of the document in the manifest, and the longest that programs read. */
#define PSE_COUNTING_DOCUMENT "counting"
enum { PSE_COUNTING_MAX = 4 * 1024 * 1024 };

/** Apply @p document to @p tally, the tallies over all lists (pse_tally_make with pot 0) of the
 * contests that have any. Every count draws its own lots from @p lot_seed, beginning with the
 * first. The result borrows from all of them. @p fault (may be NULL) is set as by
 * pse_counting_parse.
 *
 * Statuses of pse_counting_parse; PSE_E_MISMATCH: the document names a contest that the manifest
 * has not, or another number of options; PSE_E_MISSING: no list holds a contest it names; those of
 * pse_count_run. On failure @p out is zero. */
PSE_MUST pse_rc pse_elected_make(struct pse_elected *out, struct pse_json_fault *fault,
                                 struct pse_arena *arena, const struct pse_manifest *m,
                                 struct pse_span document, const struct pse_tally *tally,
                                 size_t tallies, const uint8_t lot_seed[64]);

/** The count that @p contest takes part in; NULL if none. */
const struct pse_elected_count *pse_elected_find(const struct pse_elected *e, uint16_t contest);

/** The candidate number that option @p option of @p contest has in the count's result: the option
 * itself, or in a count by lists the candidate's number there. 0: no such option. */
uint32_t pse_elected_number(const struct pse_elected_count *c, uint16_t contest, size_t option);

/** Is option @p option of @p contest elected? (Of yes and no: was the question carried, by yes?) */
bool pse_elected_is(const struct pse_elected_count *c, uint16_t contest, size_t option);

#endif
