/* Staged bundles: the entries of one batch in one run of bytes, before they are in tiles.
 *
 * "psephos bundle 1\n" || u64 index of the first entry || u32 count || (u16 length || entry)…,
 * nothing after. */
#ifndef PSE_STORE_BUNDLE_H
#define PSE_STORE_BUNDLE_H

#include "base/base.h"

enum { PSE_BATCH_ENTRIES_MAX = 4096, PSE_BATCH_BYTES_MAX = 8 * 1024 * 1024 };

/** Borrows from the bytes it was parsed from. */
struct pse_staged {
    uint64_t from;
    size_t n;
    struct pse_span entry[PSE_BATCH_ENTRIES_MAX];
};

/** Append a bundle of @p n <= PSE_BATCH_ENTRIES_MAX entries (PSE_REQUIRE), each at most
 * PSE_ENTRY_MAX bytes. */
void pse_staged_put(struct pse_buf *out, uint64_t from, const struct pse_span *entries, size_t n);
/** PSE_E_SYNTAX: not one of these; PSE_E_LIMIT: too many entries; PSE_E_LENGTH: cut off, or bytes
 * left over; PSE_E_RANGE: indices beyond 2^63. */
PSE_MUST pse_rc pse_staged_parse(struct pse_staged *out, struct pse_span in);

#endif
