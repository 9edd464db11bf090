/* Why a sequencer does not start or has stopped, as a sentence: what, where, how to mend it. */
#ifndef PSE_PROGRAMS_STOP_WORDS_H
#define PSE_PROGRAMS_STOP_WORDS_H

#include "store/sequencer.h"

/** One line on standard error under @p name. @p store: its URL or folder;
 * @p record: the public folder; @p policy names the witness at fault, NULL: by its number. */
void stop_say(const char *name, const struct pse_stop *why, const char *store, const char *record,
              const struct pse_policy *policy);
/** The same into @p out, without name and line end. */
void stop_words(struct pse_buf *out, const struct pse_stop *why, const char *store,
                const char *record, const struct pse_policy *policy);
/** What may be said of a store's URL: a server's may hold a password. */
const char *stop_place(const char *url);
/** The exit status of a daemon: 4 when it refuses to sign, else 1. */
int stop_exit(const struct pse_stop *why);

#endif
