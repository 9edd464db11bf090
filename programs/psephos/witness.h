/* The files of a witness's folder, and its service. */
#ifndef PSE_PSEPHOS_WITNESS_H
#define PSE_PSEPHOS_WITNESS_H

#include "common/files.h"
#include "common/keyfile.h"
#include "daemon/log.h"
#include "net/http.h"
#include "store/witness_state.h"

struct witness_paths {
    char state[FILE_PATH_MAX];
    char mark[FILE_PATH_MAX];
    char key[FILE_PATH_MAX];
};

/** witness.db, witness.mark and witness.key of the folder. */
PSE_MUST pse_rc witness_paths(struct witness_paths *out, const char *name, const char *dir);
/** Open the state; failures are told with what mends them. @p restored: "COMMIT/MARK" of a restored
 * state that the operator confirms, or NULL. */
PSE_MUST pse_rc witness_open(struct pse_witness_book **out, const char *name, const char *path,
                             enum pse_witness_open mode, const char *restored);

/** The key must be the state's own. PSE_E_MISMATCH (reported). */
PSE_MUST pse_rc witness_check_key(const char *name, const struct pse_witness_book *st,
                                  const struct key *key);

/* --- the service -------------------------------------------------------------------------------
 */

struct witness_service;

/** Listen on @p where (net/http.h); *address is what clients connect to. What fails is told. */
PSE_MUST pse_rc witness_listen(int *fd, char address[PSE_HTTP_ADDRESS], const char *name,
                               const char *where);
/** Serve @p fd, which is taken over, from threads of its own. When the storage fails, the process
 * gets SIGTERM: it cannot go on. The log and the rest are borrowed. */
PSE_MUST pse_rc witness_service_start(struct witness_service **out, const char *name,
                                      struct pse_witness_book *st, const struct key *key,
                                      struct pse_log *log, int fd);
/** PSE_E_IO: it ended because the storage failed (reported). */
PSE_MUST pse_rc witness_service_stop(struct witness_service *w);

/** psephos witness serve: as a daemon with settings. */
int witness_serve(int argc, char **argv);

#endif
