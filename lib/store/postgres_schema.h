/* Inside store: the tables and roles of a PostgreSQL store.
 *
 * Schema `psephos`: head (one row a log, swapped forward only), stage (bundles), entry and blob
 * (written once). The sequencer acts as role `psephos_box`, which may add entries and blobs and
 * neither change nor remove one; readers act as `psephos_board`. Both are group roles: grant them
 * to the users that log in. */
#ifndef PSE_STORE_POSTGRES_SCHEMA_H
#define PSE_STORE_POSTGRES_SCHEMA_H

#include "store/postgres_link.h"

/** Make what is missing, as an administrator. The same again is fine. PSE_E_MISMATCH: a schema of
 * another version stands there; else statuses of pse_pg_change. */
PSE_MUST pse_rc pse_pg_install(struct pse_pg *s);
/** Settings, version and rights that the store relies on; takes the role. PSE_E_MISSING: no schema;
 * PSE_E_MISMATCH: another version; PSE_E_STATE: a stand-by server, or rights too few or too many;
 * PSE_E_UNSUPPORTED: the server does not sync. */
PSE_MUST pse_rc pse_pg_check(struct pse_pg *s);

#endif
