/* The files of a witness's folder, and its service. */
#ifndef PSE_PSEPHOS_WITNESS_H
#define PSE_PSEPHOS_WITNESS_H

#include "common/files.h"
#include "common/keyfile.h"
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

/** Serve until a signal asks to stop (PSE_OK), or the storage fails (PSE_E_IO). */
PSE_MUST pse_rc witness_serve(const char *name, struct pse_witness_book *st, const struct key *key,
                              const char *listen);

#endif
