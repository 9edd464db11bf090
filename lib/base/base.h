/* Room base: what every other room stands on.
 *
 * For: status values, spans, wiping, arenas, buffers, random streams, threads. Not for: bytes on
 * the wire (codec), mathematics (group), anything that touches files, clocks or the environment. */
#ifndef PSE_BASE_H
#define PSE_BASE_H

#include "mem.h"
#include "pool.h"
#include "rng.h"
#include "span.h"
#include "status.h"

/* Assumptions of the whole code, stated once. */
_Static_assert(sizeof(size_t) >= 4 && sizeof(uint8_t) == 1 && __CHAR_BIT__ == 8, "octets");
_Static_assert((-1 & 3) == 3, "two's complement");

#endif
