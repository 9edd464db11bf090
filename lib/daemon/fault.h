/* One sentence for a person: what is wrong, where, and how to mend it.
 *
 * Functions of this room that fail for a reason an operator can mend fill one of these and return
 * a status; the program prints the sentence as its one line on standard error. Plain text, not
 * escaped: whoever prints it escapes it. Never a secret. */
#ifndef PSE_DAEMON_FAULT_H
#define PSE_DAEMON_FAULT_H

#include "base/base.h"

enum { PSE_FAULT_MAX = 1024 };

struct pse_fault {
    char text[PSE_FAULT_MAX]; /* empty when nothing failed */
};

/** Fill @p f (cut to fit, at a whole character) and return @p rc. */
PSE_MUST __attribute__((format(printf, 3, 4))) pse_rc pse_fault(struct pse_fault *f, pse_rc rc,
                                                                const char *format, ...);

#endif
