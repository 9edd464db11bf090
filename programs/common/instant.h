/* Instants as people write them: RFC 3339 in UTC, whole seconds ("2026-11-30T20:00:00Z").
 *
 * For: options and output of programs. One form only, so that what is printed can be given back;
 * where other programs' instants are given, instant_read takes every form of RFC 3339.
 * Not for: asking a clock. */
#ifndef PSE_PROGRAMS_INSTANT_H
#define PSE_PROGRAMS_INSTANT_H

#include "base/base.h"

enum { INSTANT_TEXT = 21 /* and its final zero */ };

/** POSIX seconds to text. Years 1970 to 9999; others give the nearer end. */
void instant_text(char out[INSTANT_TEXT], int64_t seconds);

/** Text to POSIX seconds. PSE_E_SYNTAX for another form, PSE_E_RANGE for a day or time that is not
 * in the calendar (60 seconds neither), or before 1970. */
PSE_MUST pse_rc instant_parse(int64_t *out, const char *text);

/** The same from any date-time of RFC 3339: parts of a second, which are cut off, and an offset
 * from UTC ("2026-11-30T22:00:00.5+02:00"). Statuses as above. */
PSE_MUST pse_rc instant_read(int64_t *out, const char *text);

#endif
