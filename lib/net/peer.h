/* A number for the address of a client, as text or as a socket has it: what pse_http_peer gives. An
 * IPv6 client owns its whole /64, so that is one number. Not for: finding the address again. */
#ifndef PSE_NET_PEER_H
#define PSE_NET_PEER_H

#include <sys/socket.h>

#include "base/base.h"

enum { PSE_PEER_TEXT_MAX = 45 };

/** Never 0 but for other families, 127.0.0.1 and ::1. An IPv4 address in IPv6 dress is an IPv4
 * address. */
uint64_t pse_peer_number(const struct sockaddr *a);
/** The same of the text "192.0.2.1" or "2001:db8::1". False: it is no address. */
bool pse_peer_parse(uint64_t *number, struct pse_span text);

#endif
