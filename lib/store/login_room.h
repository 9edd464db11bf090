/* Inside of login.c that the audit needs. */
#ifndef PSE_STORE_LOGIN_ROOM_H
#define PSE_STORE_LOGIN_ROOM_H

#include "store/sql.h"
#include "store/voters.h"

#define LOGIN_SELECT "SELECT token, person, browser, expires, mark FROM login"
#define RATE_SELECT  "SELECT bucket, due, mark FROM rate"

/** Does the mark of q's row hold? PSE_E_MISMATCH. */
PSE_MUST pse_rc login_is_marked(const struct pse_voters *v, sqlite3_stmt *q);
PSE_MUST pse_rc rate_is_marked(const struct pse_voters *v, sqlite3_stmt *q);

#endif
