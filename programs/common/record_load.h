/* Reading a record for work on it: verified up to the signed root, with the engine left ready.
 *
 * For: every command that goes on from a record. It does all that the auditor does and keeps the
 * engine, so that entries may be offered to it. Not for: verdicts in words (psephos-verify),
 * records that are to be shown although they fail.
 *
 * Every failure prints one line under the name and returns a status. */
#ifndef PSE_PROGRAMS_RECORD_LOAD_H
#define PSE_PROGRAMS_RECORD_LOAD_H

#include "common/progress.h"
#include "common/record_source.h"
#include "election/state.h"

struct record_load {
    const char *name;
    const char *dir;
    struct record_source source;
    struct pse_engine *e;
    struct pse_arena arena; /* holds the policy */
    struct pse_buf checkpoint;
    struct pse_policy policy;
    bool has_policy;
    struct pse_finding failed; /* first finding that is the record's; rule 0: none */
    struct pse_finding dead;   /* lowest finding of a dead entry; rule 0: none */
    bool is_loading;           /* findings belong to the record, not to entries offered later */
};

struct record_load_options {
    const struct pse_group *g;
    struct pse_rng *rng;
    const pse_hash *eid; /* NULL: any election */
    bool quiet;          /* no progress */
    /* The tree, its signatures, the states and the entries of roles are verified; signatures and
     * proofs in ballots, mixes and shares are taken on trust: for who only shows what stands. */
    bool trust_proofs;
    /* For who only carries entries on: proofs are taken on trust, and once the election is open the
     * engine is fed no further; the tree is checked to its end all the same. */
    bool until_open;
};

/** Read and verify the record @p dir. PSE_E_MISSING, PSE_E_IO: cannot be read; PSE_E_MISMATCH: not
 * the election of options->eid; PSE_E_PROOF: a rule of the record fails. @p l is to be closed in
 * every case. */
PSE_MUST pse_rc record_load(struct record_load *l, const char *name, const char *dir,
                            const struct record_load_options *options);
/** Over no folder: an engine before its first entry, for starting a record. */
PSE_MUST pse_rc record_load_empty(struct record_load *l, const char *name,
                                  const struct record_load_options *options);
/** Read what has been published since: the new entries are verified and fed, and must give the
 * root that the log and its quorum signed. PSE_OK also when nothing is new. PSE_E_STATE: the
 * checkpoint is older than what was read; PSE_E_IO, PSE_E_MISSING, PSE_E_SYNTAX …: it cannot be
 * read now, try again. PSE_E_PROOF, PSE_E_SIGNATURE: another history, or one that fails its rules;
 * nothing may be built on @p l any more. All printed. */
PSE_MUST pse_rc record_load_grow(struct record_load *l);
void record_load_close(struct record_load *l);

#endif
