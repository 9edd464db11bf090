/* The file in which a voter's session waits for psephos vote: one line, the token that the login
 * service gave, readable by its owner only.
 *
 * For: the client's side of sessions. Not for: making or judging tokens (session_token.h): only a
 * front can, which has the key. Every failure prints one line under @p name and returns a status.
 */
#ifndef PSE_PROGRAMS_SESSION_FILE_H
#define PSE_PROGRAMS_SESSION_FILE_H

#include "base/base.h"

enum { SESSION_FILE_TOKEN = 76 /* 75 characters and a zero */ };

/** Does @p text look like a token? Its length and alphabet alone. */
bool session_file_is_token(struct pse_span text);
/** Write @p token, replacing an older one. PSE_E_IO. */
PSE_MUST pse_rc session_file_write(const char *name, const char *path,
                                   const char token[SESSION_FILE_TOKEN]);
/** Read it; the caller wipes. PSE_E_MISSING, PSE_E_IO; PSE_E_STATE: others may read the file;
 * PSE_E_SYNTAX: there is no token in it. */
PSE_MUST pse_rc session_file_read(char token[SESSION_FILE_TOKEN], const char *name,
                                  const char *path);
/** Write zeros over it and remove it. Where the file system keeps old blocks they stay, which is
 * why sessions also end at the service and by time. PSE_E_IO. */
PSE_MUST pse_rc session_file_wipe(const char *name, const char *path);

#endif
