/* What a field back-end gives to room group: a table of functions over arrays. Internal.
 *
 * group.c, table.c, msm.c and h2g.c hold everything that does not depend on the representation of
 * a point (threads, window sizes, refusals, the two generators) and call these. A back-end runs on
 * the calling thread, keeps nothing between calls, and writes points in a representation of its
 * own; n may be 0 anywhere. A vector back-end works through its arrays eight at a time and serves
 * the rest with padding. Outputs may be the inputs of the same index. Everything is constant time
 * in values unless its name ends in _vt. */
#ifndef PSE_GROUP_BACKEND_H
#define PSE_GROUP_BACKEND_H

#include "group/group.h"
#include "group/recode.h"

/* What sums cost, in one unit (a field multiplication, a nanosecond): measured once for a back-end,
 * used to choose method and windows. */
struct pse_msm_costs {
    unsigned bucket_term; /* one addend into one bucket */
    unsigned bucket;      /* one bucket into the sum of its window */
    unsigned straus_term; /* a term's table */
    unsigned straus_add;  /* one addition out of it, one in six bits */
    unsigned doubling;
};

struct pse_backend_ops {
    const char *name;

    /* As pse_point_decode_each, with @p ok never NULL. */
    void (*decode)(pse_point *out, uint8_t *ok, const pse_enc *in, size_t n,
                   enum pse_identity identity);
    void (*encode)(pse_enc *out, const pse_point *in, size_t n);
    void (*encode_double)(pse_enc *out, const pse_point *in, size_t n);
    void (*from_uniform)(pse_point *out, const uint8_t (*uniform)[64], size_t n);

    void (*identity)(pse_point *out, size_t n);
    void (*add)(pse_point *out, const pse_point *a, const pse_point *b, size_t n);
    void (*sub)(pse_point *out, const pse_point *a, const pse_point *b, size_t n);
    void (*neg)(pse_point *out, const pse_point *in, size_t n);
    void (*sum)(pse_point *out, const pse_point *in, size_t n);
    bool (*is_equal)(const pse_point *a, const pse_point *b);

    void (*mul)(pse_point *out, const pse_secret *k, const pse_point *p, size_t n);
    void (*mul_one)(pse_point *out, const pse_secret *k, const pse_point *p, size_t n);
    void (*mul_vt)(pse_point *out, const pse_scalar *k, const pse_point *p, size_t n);

    /* A fixed base: table_size bytes, aligned to 64, filled by table_build. */
    size_t table_size;
    void (*table_build)(void *table, const pse_point *base);
    void (*table_mul)(pse_point *out, const void *table, const pse_secret *k, size_t n);

    /* Short sums, all terms under one chain of doublings. @p scratch: straus_scratch bytes a term,
     * n rounded up to a multiple of eight, aligned to 64; after the constant-time one the caller
     * wipes it. n >= 1. */
    size_t straus_scratch;
    void (*straus)(pse_point *out, const pse_secret *k, const pse_point *p, size_t n,
                   void *scratch);
    void (*straus_vt)(pse_point *out, const pse_scalar *k, const pse_point *p, size_t n,
                      void *scratch);

    /* A sum in constant time without scratch, the cheaper from long_sum_min terms on. NULL: short
     * sums one after the other. */
    size_t long_sum_min;
    void (*long_sum)(pse_point *out, const pse_secret *k, const pse_point *p, size_t n);

    /* Long sums. The points become addends of addend_size bytes once; then for each window i of
     * first .. first + windows - 1 of @p count windows of @p bits bits,
     * out[i - first] = Σ digit_i(k[j]) P[j]. @p scratch: bucket_size(bits, n) bytes, aligned to 64.
     * windows_step is the number of windows this back-end takes at a time for best, block_terms and
     * bits_max the terms and the width of windows beyond which its caches do not serve it. */
    size_t addend_size;
    size_t block_terms;
    unsigned bits_max;
    unsigned windows_step;
    void (*prepare_vt)(void *addends, const pse_point *in, size_t n);
    size_t (*bucket_size)(unsigned bits, size_t n);
    void (*windows_vt)(pse_point *out, const void *addends, const struct pse_windows *k, size_t n,
                       unsigned first, unsigned windows, unsigned count, unsigned bits,
                       void *scratch);
    struct pse_msm_costs costs;
    /* out = Σ 2^(bits i) window[i]. */
    void (*horner_vt)(pse_point *out, const pse_point *window, unsigned count, unsigned bits);
};

/** The back-end, or NULL when this build or processor does not have it. */
const struct pse_backend_ops *pse_backend_find(enum pse_backend backend);

extern const struct pse_backend_ops pse_backend_portable;

struct pse_group {
    const struct pse_backend_ops *ops;
    struct pse_pool *pool;
    void *base_table;
    pse_point base;
    pse_point h;
};

#endif
