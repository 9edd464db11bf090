/* Wall-clock time as the logs write it: milliseconds since 1970, and RFC 3339 in UTC. */
#ifndef PSE_DAEMON_CLOCK_H
#define PSE_DAEMON_CLOCK_H

#include "base/base.h"

enum { PSE_TIME_TEXT = 25 /* 2026-01-31T23:59:59.123Z and a zero */ };

/** Milliseconds since 1970-01-01T00:00:00Z, and of a clock that never jumps. */
int64_t pse_clock_wall_ms(void);
int64_t pse_clock_steady_ms(void);

/** @p ms as RFC 3339 with milliseconds. Pure. 0 <= ms < year 10000, else the nearest bound. */
void pse_time_text(char out[PSE_TIME_TEXT], int64_t ms);

#endif
