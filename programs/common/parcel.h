/* Parcels: entries and the blobs they name, in one file that travels between people.
 *
 * A parcel is `psephos-parcel-1` and a line feed, then items: u8 kind ('E' entry, 'B' blob), u64
 * length, that many bytes. Entries stand in the order in which they are to be sequenced. A parcel
 * is an envelope and proves nothing: entries are signed, blobs are named by their hash in an
 * entry, and who appends them checks both. Not for: deciding whether an entry is valid. */
#ifndef PSE_PROGRAMS_PARCEL_H
#define PSE_PROGRAMS_PARCEL_H

#include "base/base.h"

enum {
    PARCEL_ITEMS_MAX = 65536,
};
/** The largest parcel read: a mixer's work on a million ballots fits. */
#define PARCEL_MAX ((size_t)1 << 30)

struct parcel {
    struct pse_span *entry;
    size_t entries;
    struct pse_span *blob;
    size_t blobs;
};

/** Start a parcel in @p b; then put items. Failure is sticky in b->rc. */
void parcel_begin(struct pse_buf *b);
void parcel_put_entry(struct pse_buf *b, struct pse_span entry);
void parcel_put_blob(struct pse_buf *b, struct pse_span blob);

/** Parse a parcel. The arrays live in @p arena, the spans borrow from @p in. PSE_E_SYNTAX: not a
 * parcel; PSE_E_LENGTH: cut short or with bytes left over; PSE_E_LIMIT: too many items;
 * PSE_E_MEMORY. @p out is zeroed on failure. */
PSE_MUST pse_rc parcel_parse(struct parcel *out, struct pse_arena *arena, struct pse_span in);

#endif
