/* The order in which a long sum adds its terms, IFMA back-end: plain C, no vectors. Internal to
 * room group. Variable time: public data only.
 *
 * Eight buckets are filled at a time, one a lane. Terms are sorted by bucket, so that a bucket's
 * terms are a run in the order, and runs by length, so that the lanes of a group end together: over
 * all groups no more than one run of the greatest length is lost. A run that is longer is cut, and
 * its pieces go to different lanes, so no choice of scalars makes one lane work alone. */
#ifndef PSE_GROUP_RUNS_IFMA_H
#define PSE_GROUP_RUNS_IFMA_H

#include <stddef.h>
#include <stdint.h>

enum {
    RUNS_WINDOWS = 4,     /* windows sorted together, at most */
    RUNS_LENGTH_MIN = 16, /* of the greatest length of a run */
    RUNS_AHEAD = 32,      /* entries of the order that may be read beyond its end */
};

/* Terms order[at] .. order[at + length - 1] add up to point number @p sum. */
struct run {
    uint32_t at, length, sum;
};

/* A bucket in @p pieces > 1 pieces: point number @p bucket and, one after another, those from
 * @p more. */
struct split {
    uint32_t bucket, more, pieces;
};

struct runs {
    size_t n; /* terms */
    unsigned windows;
    uint32_t buckets; /* of a window; bucket b of window w is point number w * buckets + b */

    uint16_t *digit; /* [windows][n, rounded up to a multiple of 8]: magnitude * 2 + sign */
    uint32_t *order; /* [windows][n] of term * 2 + sign, and RUNS_AHEAD entries of zero */
    uint32_t *count; /* [windows][buckets]: terms of a bucket */
    uint32_t *next;  /* [buckets + 1]; of the greatest length of a run + 1 */
    uint32_t *next_length;

    struct run *run; /* longest first */
    struct run *unsorted;
    size_t runs;
    struct split *split;
    size_t splits;
    uint32_t points; /* buckets and further pieces */
};

/* Bytes for all arrays. */
size_t pse_runs_size(size_t n, uint32_t buckets);
/* Digits' places to begin with; r->n, windows and buckets are set. @p space: aligned to 64. */
void pse_runs_place(struct runs *r, void *space);
/* From the digits everything else. */
void pse_runs_sort_vt(struct runs *r);

/* The greatest number of points. */
size_t pse_runs_points(size_t n, uint32_t buckets);

#endif
