/* Inside room election: where the fields of a ballot entry stand (protocol 6). */
#ifndef PSE_ELECTION_BALLOT_LAYOUT_H
#define PSE_ELECTION_BALLOT_LAYOUT_H

#include "election/ballot.h"

enum {
    PSE_BALLOT_TYPE = 0x31,
    PSE_BALLOT_VERSION = 1,
    PSE_BALLOT_CREDENTIAL_AT = 34,
    PSE_BALLOT_STYLE_AT = 66,
    PSE_BALLOT_PREV_AT = 68,
    PSE_BALLOT_HEAD = 100, /* parts begin here; R and z end the entry */
};

/** What the ballot's signature is about: D, and all bytes before R. @p x is room for the parts. */
struct pse_statement pse_ballot_statement(struct pse_span x[2], const struct pse_manifest *m,
                                          const uint8_t *entry, const struct pse_style *style);

/** What a tracker is the hash of, likewise. */
struct pse_statement pse_tracker_statement(struct pse_span x[2], const pse_hash *eid,
                                           const pse_enc *credential, const pse_hash *leaf);

#endif
