/* psephos mixer prepare, which goes by psephos trustee prepare as well: bodies that hold a share
 * often mix too. */
#ifndef PSE_PSEPHOS_MIXER_H
#define PSE_PSEPHOS_MIXER_H

/** @p name: as typed. Returns the exit status. */
int mixer_prepare(const char *name, int argc, char **argv);

#endif
