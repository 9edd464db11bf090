/* The verbs of psephos credential that have files of their own. */
#ifndef PSE_PSEPHOS_CREDENTIAL_H
#define PSE_PSEPHOS_CREDENTIAL_H

#include "psephos/session.h"

int credential_enrol(int argc, char **argv);
int credential_letters(int argc, char **argv);

#endif
