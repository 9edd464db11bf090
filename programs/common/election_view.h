/* The election as a box and the board show it: GET /v1/election.
 *
 * For: the members that come from the manifest. Not for: a result, or anything a verifier believes:
 * the record alone is signed. */
#ifndef PSE_PROGRAMS_ELECTION_VIEW_H
#define PSE_PROGRAMS_ELECTION_VIEW_H

#include "codec/json_write.h"
#include "election/manifest.h"

enum { ELECTION_VIEW_MAX = 8 << 20 };

/** Members of the object that @p w stands in: eid, title, schedule, styles, contests. */
void election_view_put(struct pse_json_wr *w, const struct pse_manifest *m);

#endif
