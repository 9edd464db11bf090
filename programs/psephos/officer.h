/* The verbs of psephos officer that have files of their own. */
#ifndef PSE_PSEPHOS_OFFICER_H
#define PSE_PSEPHOS_OFFICER_H

#include "psephos/session.h"

int officer_create(int argc, char **argv);
int officer_statement(int argc, char **argv);
int officer_incident(int argc, char **argv);
int officer_publish(int argc, char **argv);
int officer_invite(int argc, char **argv);
int officer_audit(int argc, char **argv);

/** The address at which an invitation is taken, on standard output. */
void officer_print_invitation(struct pse_span origin, struct pse_span code);

/** Words of incident classes, for every role that writes incidents. */
extern const struct session_word incident_words[5];

#endif
