/* Inside room election: what the two passes over a manifest share. Not for other rooms. */
#ifndef PSE_ELECTION_MANIFEST_PARSE_H
#define PSE_ELECTION_MANIFEST_PARSE_H

#include "codec/json.h"
#include "codec/json_write.h"
#include "election/manifest.h"

/** The reading of one manifest. Syntax (V102) ends the reading at once; the first broken constraint
 * (V103) is only noted, because a syntax fault further on takes precedence. */
struct pse_manifest_reader {
    struct pse_arena *arena;
    const struct pse_group *g;
    struct pse_manifest *m;
    struct pse_json_fault json;
    struct pse_manifest_fault syntax;
    struct pse_manifest_fault range;
    const char *array; /* where we are: array[index], NULL at the top */
    size_t index;
};

/** Note a broken constraint at @p member of the present place; only the first is kept. */
void pse_manifest_note(struct pse_manifest_reader *r, const char *slug, const char *member);

/** Pass two: the constraints of protocol 2.3 that pass one has not yet noted, and the derived
 * members. PSE_E_MEMORY only. */
PSE_MUST pse_rc pse_manifest_constrain(struct pse_manifest_reader *r);

/** A text as the object language -> string of protocol 2.3. */
void pse_text_write(struct pse_json_wr *w, const char *name, const struct pse_text *t);

#endif
