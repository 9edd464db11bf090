/* The verbs of psephos registrar that have files of their own. */
#ifndef PSE_PSEPHOS_REGISTRAR_H
#define PSE_PSEPHOS_REGISTRAR_H

#include "psephos/session.h"

int registrar_roster(int argc, char **argv);

/** Words of the reasons of credential-change and ballot-revoke. */
extern const struct session_word reason_words[5];

#endif
