/* Keys on tokens, as people name them: 'pkcs11:token=office;object=log?pin-source=file:/run/pin'.
 *
 * Wherever a key file is taken, such a URI (RFC 7512) may stand instead. The PIN comes from the
 * file of pin-source and from nowhere else: file:PATH, a path, or credential:NAME in the folder
 * that the service manager hands over; the file is the user's own, mode 0400 or 0600. So one text
 * says all in a command line as in a daemon's settings, and neither shows the PIN.
 *
 * What the public record shows as a key's name is the object's label. A token does not say which
 * role a key is of; the election's manifest does.
 *
 * Every failure prints one line under @p name and returns a status. */
#ifndef PSE_PROGRAMS_TOKENS_H
#define PSE_PROGRAMS_TOKENS_H

#include "token/token.h"

/** Open the key that @p uri names. @p credentials: the folder for credential:NAME; NULL: the one
 * in the environment ($CREDENTIALS_DIRECTORY). PSE_E_SYNTAX: the URI or its pin-source;
 * PSE_E_MISSING: no such token, object or PIN; PSE_E_STATE: the PIN, or an object that is not as
 * safe as it must be; PSE_E_MISMATCH: another kind; PSE_E_IO: the device. */
PSE_MUST pse_rc token_open(struct pse_token **out, const char *name, const char *uri,
                           enum pse_token_kind kind, const char *credentials);
/** Make it there and open it. PSE_E_DUPLICATE when it is there. */
PSE_MUST pse_rc token_make(struct pse_token **out, const char *name, const char *uri,
                           enum pse_token_kind kind, const char *credentials);
/** The same, a pair that wants its PIN for each signature, as cards have for signing. */
PSE_MUST pse_rc token_make_asking(struct pse_token **out, const char *name, const char *uri,
                                  enum pse_token_kind kind, const char *credentials);
/** Open it, and make it before when the token has none. */
PSE_MUST pse_rc token_ensure(struct pse_token **out, const char *name, const char *uri,
                             enum pse_token_kind kind, const char *credentials);
/** Say what is the matter with @p uri, and how to mend it. PSE_OK for GOOD, which says nothing. */
PSE_MUST pse_rc token_say(const char *name, const char *uri, enum pse_token_fault fault);

#endif
