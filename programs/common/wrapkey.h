/* The wrapping key of a private database or of files with secrets: in a file that its owner alone
 * can read (0400), or on a token.
 *
 * A systemd service gets the file as a credential (LoadCredential=, path below
 * $CREDENTIALS_DIRECTORY, put into the command line by the unit's %d). Kept in guarded memory while
 * it is used. A key on a token (tokens.h; AES-256, made here) never leaves it: each row's data key
 * goes there to be wrapped (RFC 3394) or unwrapped, which takes the token's time for each row.
 * Whoever has this key and the database reads every name; whoever loses it has lost them all.
 *
 * Every failure prints one line under @p name and returns a status. */
#ifndef PSE_PROGRAMS_WRAPKEY_H
#define PSE_PROGRAMS_WRAPKEY_H

#include "store/seal.h"

struct wrapkey;

/** Unless it is there, a fresh key in the new file @p where, mode 0400, or on the token. */
PSE_MUST pse_rc wrapkey_ensure(const char *name, const char *where, struct pse_rng *rng);
/** Read it into guarded memory, or open it; give back with wrapkey_free. @p credentials and the
 * statuses for a token: as in token_open. PSE_E_STATE: others may read the file, or it can be
 * written; PSE_E_SYNTAX: no such file. @p name must outlive it. */
PSE_MUST pse_rc wrapkey_open(struct wrapkey **out, const char *name, const char *where,
                             const char *credentials);
/** What seals and opens rows with it; lives no longer than the key. Any thread. */
struct pse_wrapper wrapkey_wrapper(struct wrapkey *k);
/** Append the bytes of a file, sealed; @p what says of which kind it is, so that one does not pass
 * for another. Statuses of the wrapper; PSE_E_MEMORY. */
PSE_MUST pse_rc wrapkey_seal(struct pse_buf *out, struct wrapkey *k, const char *what,
                             struct pse_span in, struct pse_rng *rng);
/** Back again. PSE_E_PROOF (not printed): altered, of another kind, or sealed by another key. */
PSE_MUST pse_rc wrapkey_unseal(struct pse_buf *out, struct wrapkey *k, const char *what,
                               struct pse_span in);
/** Wipe and release; NULL is fine. */
void wrapkey_free(struct wrapkey *k);

#endif
