/* The board's private folder: log key, board key, witness keys, and the head.
 *
 *     log.key  board.key  witness-1.key …  policy  board.pub  head (the last checkpoint signed)
 *
 * Every failure prints one line and returns a status. */
#ifndef PSE_PSEPHOS_BOARD_KEYS_H
#define PSE_PSEPHOS_BOARD_KEYS_H

#include "common/files.h"
#include "common/keyfile.h"
#include "common/record_dir.h"

struct board_keys {
    struct key *log;
    struct key *board;
    struct key *witness[RECORD_WITNESSES_MAX];
    char head[FILE_PATH_MAX];
    struct record_signer signer;
};

/** Make all keys with @p witnesses witnesses, for a log named @p origin, in memory. @p log: the URI
 * of the log's key, which is made on its token and whose label is to be @p origin (NULL: here). */
PSE_MUST pse_rc board_keys_make(struct board_keys *k, const char *name, const char *origin,
                                const char *log, size_t witnesses, const struct pse_group *g,
                                struct pse_rng *rng);
/** Write them into the new folder @p dir, with card and, where it holds witnesses, policy (a
 * quorum of @p quorum). */
PSE_MUST pse_rc board_keys_write(const struct board_keys *k, const char *name, const char *dir,
                                 unsigned quorum, const struct pse_group *g);
/** Read the keys that sign checkpoints: the log's, and witnesses 1, 2, … as far as there are any.
 */
PSE_MUST pse_rc board_keys_read(struct board_keys *k, const char *name, const char *dir,
                                const struct pse_group *g);
/** Wipe and release. */
void board_keys_free(struct board_keys *k);

#endif
