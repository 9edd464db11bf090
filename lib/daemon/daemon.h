/* Room daemon: what every daemon does apart from its duty.
 *
 * For: configuration from one typed table, logs and security events without secrets, metrics,
 * the sandbox a daemon puts itself into, its life from READY to a clean stop, and the supervisor
 * that runs several daemons on one machine. Not for: HTTP and messages between daemons (net),
 * storage (store), anything about elections. This room does input and output; it knows only base
 * and codec. Nothing here reads the environment but the three variables by which a service manager
 * passes sockets (life.h), and those change no behaviour. */
#ifndef PSE_DAEMON_H
#define PSE_DAEMON_H

#include "clock.h"
#include "config.h"
#include "event.h"
#include "fault.h"
#include "life.h"
#include "log.h"
#include "metrics.h"
#include "sandbox.h"
#include "secret.h"
#include "supervise.h"

#endif
