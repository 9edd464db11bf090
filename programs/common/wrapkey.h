/* The wrapping key of a private database, in a file that its owner alone can read (0400).
 *
 * A systemd service gets the same file as a credential (LoadCredential=, path below
 * $CREDENTIALS_DIRECTORY, put into the command line by the unit's %d). Kept in guarded memory while
 * it is used. Whoever has this key and the database reads every name; whoever loses it has lost
 * them all.
 *
 * Every failure prints one line under @p name and returns a status. */
#ifndef PSE_PROGRAMS_WRAPKEY_H
#define PSE_PROGRAMS_WRAPKEY_H

#include "store/seal.h"

/** A fresh key in the new file @p path, mode 0400. */
PSE_MUST pse_rc wrapkey_make(const char *name, const char *path, struct pse_rng *rng);
/** Read it into guarded memory; give back with wrapkey_free. PSE_E_STATE: others may read the
 * file, or it can be written; PSE_E_SYNTAX: no such file. */
PSE_MUST pse_rc wrapkey_read(pse_seal_key **out, const char *name, const char *path);
/** Wipe and release; NULL is fine. */
void wrapkey_free(pse_seal_key *k);

#endif
