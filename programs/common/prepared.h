/* Files of prepared shuffle rows: made by a mixer before the polls close, spent when it mixes.
 *
 * A row used in two mixes, or read by somebody, gives away where ballots went. So a file is for one
 * election, one mixer and one joint key, is readable by its owner only, and serves once: it is gone
 * from the disk, durably, before the first row is handed out. What one command does not use is
 * lost.
 *
 *     magic [32]   eid [32]   mixer's public key [32]   Y [32]   u32 width   u32 rows   zeros [24]
 *     SHA-256 of the above and the rows [32]   rows, of pse_shuffle_prepared_size(width) bytes each
 *
 * Every failure prints one line under @p name and returns a status. */
#ifndef PSE_PROGRAMS_PREPARED_H
#define PSE_PROGRAMS_PREPARED_H

#include "crypto/crypto.h"
#include "merkle/merkle.h"

struct prepared_owner {
    pse_hash eid;
    pse_edkey mixer;
    pse_enc y;
};

struct prepared {
    uint8_t *file; /* as on disk */
    size_t file_n;
    unsigned width;
    size_t rows;
    size_t used; /* from the first on */
};

/** Room for @p rows rows, to be filled at prepared_rows. PSE_E_MEMORY. */
PSE_MUST pse_rc prepared_new(struct prepared *p, const char *name, size_t rows, unsigned width);
uint8_t *prepared_rows(const struct prepared *p);
/** Write a new file of permission 0600. */
PSE_MUST pse_rc prepared_write(struct prepared *p, const char *name, const char *path,
                               const struct prepared_owner *owner);

/** Read @p path and remove it from the disk. When it is refused it is left alone: PSE_E_MISSING: it
 * is not there, or was used; PSE_E_STATE: others can read it, or it has a second name, or another
 * process is using it; PSE_E_SYNTAX: cut short or damaged; PSE_E_MISMATCH: not @p owner's. */
PSE_MUST pse_rc prepared_take(struct prepared *p, const char *name, const char *path,
                              const struct prepared_owner *owner);
/** The next rows, at most @p most, for a list of @p width: into @p options, and taken off. None
 * when they are too narrow. Returns how many. */
size_t prepared_next(struct prepared *p, struct pse_shuffle_options *options, size_t most,
                     unsigned width);
/** Wipe and release. Safe on a zeroed struct. */
void prepared_free(struct prepared *p);

#endif
