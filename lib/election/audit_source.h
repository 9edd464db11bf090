/* How the auditor reads a record: bundles for the tiles' check, which it keeps while their entries
 * are examined, and single entries again for the engine. Internal to room election. */
#ifndef PSE_ELECTION_AUDIT_SOURCE_H
#define PSE_ELECTION_AUDIT_SOURCE_H

#include "election/audit.h"
#include "merkle/tile_check.h"

enum { PSE_SHELF_BUNDLES = 32, PSE_SHELF_BYTES = 4 << 20 };

/** Reads files of the record; each stays in memory until the shelf is cleared. */
struct pse_shelf {
    const struct pse_reader *reader;
    uint8_t *room;
    size_t size;  /* of the room */
    size_t bytes; /* read into it */
};

/** A pse_tile_read with a struct pse_shelf as context. No more once PSE_SHELF_BYTES are on it
 * (PSE_REQUIRE). */
pse_rc pse_shelf_read(void *ctx, struct pse_span *bytes, const char *path, size_t max);
/** The same for files that are looked at once: the file before is given back. */
pse_rc pse_shelf_read_one(void *ctx, struct pse_span *bytes, const char *path, size_t max);
/** Forget the files; the room stays for others. */
void pse_shelf_clear(struct pse_shelf *s);
void pse_shelf_free(struct pse_shelf *s);

/** Entries by index, a bundle at a time. */
struct pse_reread {
    struct pse_shelf shelf;
    uint64_t size; /* of the record */
    uint64_t at;   /* bundle at hand */
    size_t n;      /* its entries, 0: none at hand */
    struct pse_span entry[PSE_TILE_WIDTH];
};

/** Entry @p index < size, as entry_read of struct pse_source wants it. */
PSE_MUST pse_rc pse_reread_entry(struct pse_reread *r, uint8_t *out, size_t *n, uint64_t index);

#endif
