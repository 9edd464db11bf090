/* Plaintext elements (protocol 5): 30 bytes in a group element and back.
 *
 * Not for: the grammar of plaintexts (tags, rankings, texts, statuses), which is room election's.
 */
#ifndef PSE_CRYPTO_PLAINTEXT_H
#define PSE_CRYPTO_PLAINTEXT_H

#include "group/group.h"

enum { PSE_ELEMENT_BYTES = 30, PSE_ELEMENT_COUNTERS = 16384 };

/** The encoding of each of @p n strings of 30 bytes (30 n bytes at @p data). Secret: 64 counters
 * are tried for every element without branching; that more are needed (once in 10^8 elements) may
 * show. PSE_E_RANGE: no counter works (does not occur); PSE_E_MEMORY. Failure: @p out is identity.
 */
PSE_MUST pse_rc pse_element_encode(const struct pse_group *g, pse_point *out, const uint8_t *data,
                                   size_t n);

/** The same for strings that are nobody's secret (simulated ballots, tests): counters are tried
 * only until one works, some thirteen times less work. PSE_E_RANGE. */
PSE_MUST pse_rc pse_element_encode_vt(const struct pse_group *g, pse_point *out,
                                      const uint8_t *data, size_t n);

/** The 30 bytes of each of @p n published points, given by canonical encodings (P0), into @p data
 * (30 n bytes), and whether re-encoding gives the same point. Public data: variable time. */
void pse_element_decode_vt(const struct pse_group *g, uint8_t *data, uint8_t *well_formed,
                           const uint8_t *points, size_t n);

#endif
