/* Messages between the daemons of one machine (service contract 1).
 *
 * For: frames `u32 length || u8 kind || body` over a Unix stream socket, length = 1 + body, at most
 * 1 MiB; who may connect is decided by the user at the other end (SO_PEERCRED). Not for: what the
 * kinds mean (the daemons'), other machines, queues.
 *
 * A connection has one reading thread; any thread may send, frames are never mixed. A peer that
 * does not take what is sent within PSE_IPC_SEND_MS is given up. After any failure but PSE_E_STATE
 * of a receive with a time-out, only pse_ipc_shut and pse_ipc_free are of use. */
#ifndef PSE_NET_IPC_H
#define PSE_NET_IPC_H

#include "base/base.h"

enum {
    PSE_IPC_FRAME_MAX = 1 << 20, /* kind and body */
    PSE_IPC_BODY_MAX = PSE_IPC_FRAME_MAX - 1,
    PSE_IPC_SEND_MS = 5000,
};

struct pse_ipc;

/** Connect to the listening socket @p path. PSE_E_SYNTAX: no possible path; PSE_E_IO (errno
 * tells); PSE_E_MEMORY. */
PSE_MUST pse_rc pse_ipc_connect(struct pse_ipc **out, const char *path);
/** Take the next connection on the listening Unix socket @p fd (pse_http_listen, "unix:PATH"),
 * waiting at most @p ms (negative: for ever). Peers run by another user than this process's, root
 * or one of @p uid[0..n-1] are closed: PSE_E_UNSUPPORTED. PSE_E_STATE: nobody came, or the socket
 * was shut down; PSE_E_IO; PSE_E_MEMORY. */
PSE_MUST pse_rc pse_ipc_accept(struct pse_ipc **out, int fd, int ms, const uint32_t *uid, size_t n);
/** Over one end of a connected socket pair, which is taken over. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_ipc_adopt(struct pse_ipc **out, int fd);

/** The user at the other end. */
uint32_t pse_ipc_peer(const struct pse_ipc *c);

/** Send one frame whole; body.n <= PSE_IPC_BODY_MAX (PSE_REQUIRE). PSE_E_IO: the peer is gone or
 * does not read; how much it got is not known. */
PSE_MUST pse_rc pse_ipc_send(struct pse_ipc *c, uint8_t kind, struct pse_span body);

/** The next frame; @p body lives until the next call. Waits at most @p ms (negative: for ever) for
 * its first byte, and PSE_IPC_SEND_MS for the rest. PSE_E_STATE: nothing came; PSE_E_MISSING: the
 * peer has closed between frames; PSE_E_LENGTH: a frame of length 0 or above the maximum, or cut
 * short; PSE_E_IO; PSE_E_MEMORY. */
PSE_MUST pse_rc pse_ipc_recv(struct pse_ipc *c, uint8_t *kind, struct pse_span *body, int ms);

/** Wake the reader and end the connection; from any thread, any number of times. */
void pse_ipc_shut(struct pse_ipc *c);
/** Close. No thread may be in any other call. NULL is fine. */
void pse_ipc_free(struct pse_ipc *c);

#endif
