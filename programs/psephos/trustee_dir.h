/* What a trustee keeps between steps, in a folder beside the key (`FILE.state`, for its owner
 * only).
 *
 * For: the polynomial of the ceremony, every parcel that was released (so that the same bytes are
 * released again), and the guards of protocol 9: the in-hash of every list that was ever opened,
 * on disk before any share of it leaves. Not for: backups. A folder restored from an older copy
 * has forgotten its guards; the record itself is then the only one to remember.
 *
 * Every failure prints one line and returns a status. */
#ifndef PSE_PSEPHOS_TRUSTEE_DIR_H
#define PSE_PSEPHOS_TRUSTEE_DIR_H

#include "common/files.h"
#include "psephos/session.h"

struct trustee_dir {
    char path[FILE_PATH_MAX];
    struct trustee *t;         /* guarded memory */
    struct trustee_desk *desk; /* where the trustee is asked; NULL: nobody is */
};

/** Find or make the folder of @p s's key, and load the ceremony if one was begun. PSE_E_MISMATCH:
 * the key was used for another election, or is none of this one's trustees. */
PSE_MUST pse_rc trustee_dir_open(struct trustee_dir *d, struct session *s);
/** Safe after a failed open; frees the desk. */
void trustee_dir_close(struct trustee_dir *d);
/** Keep the polynomial and reveal of d->t, once; wrapped where the key is. */
PSE_MUST pse_rc trustee_dir_save_ceremony(const struct trustee_dir *d, struct session *s);

/** The parcel of @p step ("commit", "decrypt-1-1") if it was released before: appended to the
 * session's parcel, *found set. */
PSE_MUST pse_rc trustee_dir_again(bool *found, const struct trustee_dir *d, struct session *s,
                                  const char *step);
/** Was the parcel of @p step released before? */
bool trustee_dir_has(const struct trustee_dir *d, const char *step);
/** Keep @p parcel as that of @p step, durably, before it is released. */
PSE_MUST pse_rc trustee_dir_keep(const struct trustee_dir *d, const struct session *s,
                                 const char *step, struct pse_span parcel);

/** The guard of a list: remember that @p in_hash is the one to be opened, durably, or refuse
 * (PSE_E_STATE) because another one was. */
PSE_MUST pse_rc trustee_dir_guard(const struct trustee_dir *d, const struct session *s,
                                  uint16_t contest, uint16_t group, const pse_hash *in_hash);

#endif
