/* Encrypted copies of a running database, and getting them back.
 *
 * SQLite's backup interface copies a consistent state while others write. The copy leaves as a
 * sealed stream (libsodium's secretstream, XChaCha20-Poly1305): label, wrapped stream key, header,
 * then chunks; the last one is marked, so a cut-off stream is refused. Only the wrapping key opens
 * it.
 *
 * A restored database carries the mark of it: the table `restored` with a row per restoration. A
 * sequencer that finds the table must never sign with the head in that file (ledger.md 9); see
 * pse_backup_is_restored. A restored voter database works at once. */
#ifndef PSE_STORE_BACKUP_H
#define PSE_STORE_BACKUP_H

#include "store/seal.h"

/** Copy the database at @p from into the new file @p to (0600). PSE_E_DUPLICATE: @p to exists;
 * PSE_E_MISSING: no @p from; PSE_E_IO. */
PSE_MUST pse_rc pse_backup_make(const char *to, const char *from, const struct pse_wrapper *w,
                                struct pse_rng *rng);
/** Open the backup @p from into the new database @p to. PSE_E_DUPLICATE, PSE_E_MISSING as above;
 * PSE_E_PROOF: another key, altered, or cut off; PSE_E_SYNTAX: no backup, or the database in it is
 * damaged. On failure there is no file @p to. @p time: POSIX seconds for the mark. */
PSE_MUST pse_rc pse_backup_restore(const char *to, const char *from, const struct pse_wrapper *w,
                                   uint64_t time);
/** Was the database at @p path ever restored from a backup? PSE_E_MISSING, PSE_E_IO. */
PSE_MUST pse_rc pse_backup_is_restored(bool *out, const char *path);

#endif
