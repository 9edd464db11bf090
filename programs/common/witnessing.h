/* The witnesses of a policy over HTTP: the log's side of C2SP tlog-witness (ledger contract
 * 8, 9.7).
 *
 * All are asked at once over kept connections. A round is over at quorum, when all have answered,
 * or when its budget is spent; a straggler's request goes on behind it and teaches only which size
 * that witness has by then. Answers are hostile input: bounded, and a cosignature counts only when
 * it holds. What a witness ahead of the log means is the sequencer's to judge. */
#ifndef PSE_PROGRAMS_WITNESSING_H
#define PSE_PROGRAMS_WITNESSING_H

#include "store/witnessing.h"

struct witnessing_options {
    const struct pse_policy *policy; /* lives as long as the collector */
    struct pse_span origin;          /* the log's; likewise */
    /* Where witness i is reached: its submission and its monitoring prefix. NULL, or a NULL entry,
     * stands for the policy's URL; one that is not reached over HTTP stays silent. */
    const char *const *submit;
    const char *const *monitor;
    const char *ca; /* file of trusted roots; NULL: the system's */
};

/** A collector for the sequencer. PSE_E_LIMIT: more than PSE_WITNESSES_MAX witnesses; PSE_E_SYNTAX:
 * a URL is not one; PSE_E_MEMORY. *at (may be NULL) gets the witness at fault. */
PSE_MUST pse_rc witnessing_new(struct pse_witnessing *out, size_t *at,
                               const struct witnessing_options *o);
/** Drop what is under way. Safe on a zeroed struct. */
void witnessing_free(struct pse_witnessing *w);

#endif
