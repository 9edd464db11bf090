/* The beginning of a record, up to the opening of the vote: all that a voter's device must read
 * before it encrypts (protocol 6).
 *
 * For: a voter who does not want to fetch a whole record to cast one ballot. The joint key may come
 * from nowhere but the record: n confirms of the manifest's trustees, one key, repeated by `open`,
 * all under a checkpoint with quorum. So the entries from the first to `open` are fetched, each
 * checked against the signed tree (tile_auth.h), and go through the state engine, which verifies
 * everything in them, the roster included. Ballots are not fetched, nor is anything that could tell
 * the server which voter is asking. Not for: what became of a credential after the opening (the
 * box says, and the receipt proves), whole records (record_load.h).
 *
 * Every failure prints one line under the name and returns a status. One thread. */
#ifndef PSE_PROGRAMS_RECORD_PREFIX_H
#define PSE_PROGRAMS_RECORD_PREFIX_H

#include "common/record_pin.h"
#include "election/state.h"

struct record_prefix {
    const char *name;
    struct record_at *at;
    const struct record_pin *pin;
    struct pse_engine *e; /* after the opening; later entries of the same bundle are in it too */
    struct pse_buf note;
    struct pse_checkpoint cp; /* borrows from note */
    struct pse_buf blob;      /* read last */
    pse_hash blob_hash;
    struct pse_finding failed; /* the first finding against the record; rule 0: none */
};

/** Read it from @p at, the record that @p pin names. @p now: POSIX seconds. PSE_E_STATE: the vote
 * has not been opened, or is over; PSE_E_IO, PSE_E_MISSING: cannot be read now; PSE_E_PROOF,
 * PSE_E_SIGNATURE: it is not as signed, or a rule fails; PSE_E_MEMORY. To be closed in every
 * case; @p at and @p pin must outlive it. */
PSE_MUST pse_rc record_prefix_load(struct record_prefix *p, const char *name, struct record_at *at,
                                   const struct record_pin *pin, const struct pse_group *g,
                                   struct pse_rng *rng, uint64_t now);
void record_prefix_close(struct record_prefix *p);

#endif
