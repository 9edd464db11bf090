/* Starting this program again as a process of its own, with other words.
 *
 * For: `psephos demo`, which starts its witnesses, and the second opinion of a sequencer. The child
 * has nothing but what is handed over: standard input, output and error as told, an environment
 * with PATH alone, a process group of its own (a Ctrl-C reaches the parent only), and it dies with
 * the thread that started it. Not for: daemons that are to be kept alive (daemon/supervise.h). */
#ifndef PSE_PROGRAMS_SELF_RUN_H
#define PSE_PROGRAMS_SELF_RUN_H

#include <sys/types.h>

#include "base/base.h"

enum { SELF_RUN_WORDS = 96 };

/** Start it with @p word[] (at most SELF_RUN_WORDS, the command first). fd[0..2] become its
 * standard input, output and error; -1: none. They stay open here. PSE_E_IO. */
PSE_MUST pse_rc self_run(pid_t *pid, const char *const *word, size_t words, const int fd[3]);
/** Wait until it has ended. PSE_E_STATE: with another status than 0, or by a signal. */
PSE_MUST pse_rc self_wait(pid_t pid);
/** Has it ended? Then it is waited for, and the number is no longer its. */
bool self_has_ended(pid_t pid);
/** Ask it to end (SIGTERM), wait for @p ms, then kill. */
void self_end(pid_t pid, unsigned ms);

#endif
