/* Room net: HTTP, thin.
 *
 * For: a client over libcurl (fetch.h), a server over libmicrohttpd behind limits of our own
 * (http.h), files of a record directory over HTTP (static.h), frames between daemons of one machine
 * (ipc.h). Not for: what is asked and answered
 * (programs), TLS of the server (the edge's), names, addresses or sessions of people.
 * Nothing outside this room includes the headers of either library. */
#ifndef PSE_NET_H
#define PSE_NET_H

#include "fetch.h"
#include "http.h"
#include "ipc.h"
#include "static.h"

#endif
