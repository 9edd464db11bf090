/* Parts of psephos trustee that its files share. */
#ifndef PSE_PSEPHOS_TRUSTEE_H
#define PSE_PSEPHOS_TRUSTEE_H

#include "psephos/trustee_dir.h"

/** Record, key and folder of a trustee. Close @p d in every case. */
PSE_MUST pse_rc trustee_begin(struct trustee_dir *d, struct session *s,
                              const struct session_options *o);

int trustee_decrypt(int argc, char **argv);

#endif
