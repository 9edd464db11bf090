/* What a supervised child writes, line by line, inside the room. */
#ifndef PSE_DAEMON_SUPERVISE_OUT_H
#define PSE_DAEMON_SUPERVISE_OUT_H

#include "base/base.h"

enum { PSE_CHILD_LINE_MAX = 4096 };

struct pse_child_out {
    int fd; /* -1: none */
    size_t n;
    char line[PSE_CHILD_LINE_MAX];
};

/** Take over @p fd, the reading end of the child's pipe. */
void pse_child_out_begin(struct pse_child_out *o, int fd);
/** Pass on what is there, each whole line as "NAME: LINE"; a longer line is broken. Does not wait.
 */
void pse_child_out_drain(struct pse_child_out *o, int to, const char *name);
/** Pass on a last line without end, and close. */
void pse_child_out_end(struct pse_child_out *o, int to, const char *name);

#endif
