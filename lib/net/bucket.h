/* How often somebody may ask: leaky buckets (GCRA) in a table of fixed size (service contract 4).
 *
 * For: peers, sessions, credentials, by a 64-bit number each. Each number has two places that
 * nobody can foresee; the one used longest ago makes room for a new one, so memory is bounded
 * whatever addresses a flood comes from, and a number that was forgotten begins anew. Not for:
 * exact counts. Pure: time is an argument. Not thread-safe. */
#ifndef PSE_NET_BUCKET_H
#define PSE_NET_BUCKET_H

#include "base/base.h"

enum { PSE_BUCKET_SLOTS = 1 << 16 };

struct pse_bucket_rate {
    uint64_t each_us; /* between two, on the long run; 0: no bound */
    uint64_t burst;   /* so many at once, at least 1 */
};

struct pse_buckets;

/** @p seed: any random number. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_buckets_new(struct pse_buckets **out, uint64_t seed);
/** NULL is fine. */
void pse_buckets_free(struct pse_buckets *b);

/** One more of @p key at @p now_us of any clock that never goes back: is it within @p rate? One
 * that is not costs nothing: who asks too often is let in again as soon as the rate allows it. */
bool pse_bucket_take(struct pse_buckets *b, uint64_t key, const struct pse_bucket_rate *rate,
                     uint64_t now_us);

#endif
