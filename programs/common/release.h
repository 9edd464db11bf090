/* Registered credentials into the record: what waits, and the entries for it.
 *
 * What is in the record already is left out, so a lost parcel is made again. The batch of rows up
 * to a given one has a hash, so that officers can agree to exactly it while others keep
 * registering.
 */
#ifndef PSE_PROGRAMS_RELEASE_H
#define PSE_PROGRAMS_RELEASE_H

#include "common/act.h"
#include "store/voters.h"

struct release {
    struct pse_credential_row *row; /* all, by number */
    bool *is_covered;               /* a pending replacement leads here */
    size_t n, room;
    struct pse_roster_record *record;
    const struct pse_engine *e;
    uint64_t through;        /* the last row that is looked at */
    uint64_t last;           /* when there was a release */
    pse_hash batch;          /* of all pending rows up to there */
    size_t pending;          /* credentials that wait */
    size_t voids;            /* and credentials to be made void */
    size_t records, changes; /* entries' content, after release_make */
};

/** Read the rows up to @p through (or all there are, and through becomes the last of them). To be
 * freed in every case. Statuses of pse_voters_credentials. */
PSE_MUST pse_rc release_read(struct release *r, struct pse_voters *v, const struct pse_engine *e,
                             uint64_t through);
void release_free(struct release *r);
/** May they go public now? Few at a time would tell who is new while voting is open. */
bool release_is_due(const struct release *r, uint64_t now);
/** Make the entries. The caller notes the time (pse_voters_set_released). */
PSE_MUST pse_rc release_make(struct release *r, const struct act *a, const pse_seed *seed);

#endif
