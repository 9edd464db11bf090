/* Secrets from files: what a configuration key of type secret points to.
 *
 * The bytes live in guarded, locked memory (libsodium) and are wiped when given back. There is no
 * field of a log and no function that prints them. Not for: keys on tokens. */
#ifndef PSE_DAEMON_SECRET_H
#define PSE_DAEMON_SECRET_H

#include "daemon/fault.h"

struct pse_hidden {
    uint8_t *p; /* guarded; NULL when there is none */
    size_t n;
};

/** Read @p where: an absolute path, or credential:NAME in the folder @p credentials (NULL: none
 * was given). A path must be a plain file of this user or root, mode 0400 or 0600; a credential
 * may also be root's and readable through its group entry (0440), which is how systemd hands it
 * over. At most @p max bytes, at least one. PSE_E_MISSING, PSE_E_STATE (owner or mode),
 * PSE_E_LENGTH, PSE_E_IO, PSE_E_MEMORY; the sentence names the place, never the content. */
PSE_MUST pse_rc pse_hidden_read(struct pse_hidden *out, struct pse_fault *fault, const char *where,
                                const char *credentials, size_t max);
/** Wipe and release; a zeroed struct is fine. */
void pse_hidden_free(struct pse_hidden *h);

#endif
