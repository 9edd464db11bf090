/* HAProxy before the boxes of a demo, on a Unix socket; where it is not installed, that is said and
 * voters try one box after the other. */
#ifndef PSE_PSEPHOS_DEMO_EDGE_H
#define PSE_PSEPHOS_DEMO_EDGE_H

#include <sys/types.h>

#include "common/files.h"

struct demo_edge {
    bool is_up;
    pid_t pid;
    char socket[128];
};

/** @p http: the sockets of @p n boxes; settings go to @p dir, the socket to @p run. PSE_E_STATE: it
 * is installed and does not start (reported). */
PSE_MUST pse_rc demo_edge_start(struct demo_edge *e, const char *name, const char *dir,
                                const char *run, const char *const *http, size_t n);
void demo_edge_end(struct demo_edge *e);

#endif
