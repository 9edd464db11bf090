/* A record, wherever it is: a folder here, or the same paths under a web address.
 *
 * For: programs that read a public record of others: one file at a time, whole, with a maximum.
 * Nothing that is read is trusted (see record_pin.h, merkle/tile_auth.h). Not for: writing, lists
 * of files (a record is read by computed names only), verification of a folder (record_load.h).
 *
 * One of these belongs to one thread; a copier opens one a worker. It keeps connections open. */
#ifndef PSE_PROGRAMS_RECORD_AT_H
#define PSE_PROGRAMS_RECORD_AT_H

#include "common/record_read.h"
#include "net/fetch.h"

struct record_at {
    const char *where; /* as given, without slashes at its end (kept in `base`) */
    char base[PSE_FETCH_URL_MAX];
    struct pse_fetcher *web; /* NULL: a folder */
    struct record_reader folder;
    struct pse_buf tile; /* what record_at_tile handed out last */
    char trouble[160];   /* why the last read failed, in words; empty: it did not */
    uint64_t files;      /* read so far */
    uint64_t bytes;
};

/** Is this a web address, not a folder? */
bool record_at_is_url(const char *where);

/** Open @p where: a folder, or a URL that begins with http:// or https://. Nothing is asked for
 * yet. PSE_E_SYNTAX: no usable address; PSE_E_MISSING, PSE_E_IO: no such folder; PSE_E_MEMORY
 * (all reported under @p name). To be closed in every case. */
PSE_MUST pse_rc record_at_open(struct record_at *at, const char *name, const char *where);
void record_at_close(struct record_at *at);

/** The whole file at @p path below it into @p out (emptied first, good for the next call, freed by
 * the caller). PSE_E_MISSING: there is none (404, 410);
 * PSE_E_LIMIT: longer than @p max; PSE_E_IO: not reachable, or the server failed; PSE_E_MEMORY.
 * Prints nothing: record_at_trouble has the words. */
PSE_MUST pse_rc record_at_get(struct record_at *at, struct pse_buf *out, const char *path,
                              size_t max);

/** The same as a pse_tile_read; the context is the struct record_at. */
pse_rc record_at_tile(void *ctx, struct pse_span *bytes, const char *path, size_t max);
/** A blob, its bytes checked against its name: PSE_E_MISMATCH when they are others. */
PSE_MUST pse_rc record_at_blob(struct record_at *at, struct pse_buf *out, const pse_hash *hash,
                               size_t max);

/** For messages: where it is; why the last read failed ("" when it did not). */
const char *record_at_where(const struct record_at *at);
const char *record_at_trouble(const struct record_at *at);

#endif
