/* psephos mixer prepare, which goes by psephos trustee prepare as well: bodies that hold a share
 * often mix too. */
#ifndef PSE_PSEPHOS_MIXER_H
#define PSE_PSEPHOS_MIXER_H

#include "psephos/session.h"

/** How to mix. */
struct mixer_work {
    const char *prepared; /* file of prepared rows, which is used up; NULL: none */
    bool isolated;        /* not in constant time: nobody watches this machine */
};

/** Draw and write rows (prepared.h). PSE_E_STATE (reported): there is no joint key yet. */
PSE_MUST pse_rc mixer_prepare_rows(struct session *s, uint64_t rows, unsigned width,
                                   const char *path);
/** Shuffle every list that mixer @p index has not mixed, with proofs, into the session's parcel. */
PSE_MUST pse_rc mixer_mix_lists(struct session *s, const struct mixer_work *work, uint8_t index);

int mixer_run(int argc, char **argv);
/** @p name: as typed. Returns the exit status. */
int mixer_prepare(const char *name, int argc, char **argv);

#endif
