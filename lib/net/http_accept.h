/* The thread that takes connections in. Inside lib/net only.
 *
 * For: emptying the listener's queue as fast as clients fill it. A queue that runs over drops the
 * first packet of a client, who tries again after one second, three, seven: a loop that takes one
 * connection in each of its rounds makes people wait for seconds while the processor is idle. */
#ifndef PSE_NET_HTTP_ACCEPT_H
#define PSE_NET_HTTP_ACCEPT_H

#include <sys/socket.h>

#include "base/base.h"

/** Called in the thread with each new connection, which it takes over (non-blocking). */
typedef void http_accepted(void *ctx, int fd, const struct sockaddr *from, socklen_t n);

struct http_acceptor;

/** Take connections from the listening socket @p fd, which is taken over also when this fails.
 * PSE_E_MEMORY, PSE_E_IO. */
PSE_MUST pse_rc http_acceptor_start(struct http_acceptor **out, int fd, http_accepted *accepted,
                                    void *ctx);
/** Take no more, join, close the listening socket and free. NULL is fine. */
void http_acceptor_stop(struct http_acceptor *a);

#endif
