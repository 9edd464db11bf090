/* Spans: bytes somebody else owns. A span never frees and never outlives its owner. */
#ifndef PSE_BASE_SPAN_H
#define PSE_BASE_SPAN_H

#include <string.h>

#include "status.h"

/** Read-only bytes, borrowed. n may be 0, then p may be NULL. */
struct pse_span {
    const uint8_t *p;
    size_t n;
};

/** A 32-byte identifier or digest (SHA-256, eid, leaf hash, credential bytes). Plain public data.
 */
typedef struct pse_hash {
    uint8_t b[32];
} pse_hash;

static inline struct pse_span pse_span(const void *p, size_t n)
{
    struct pse_span s = {(const uint8_t *)p, n};
    return s;
}

/** The bytes of a C string, without its final zero. */
static inline struct pse_span pse_span_str(const char *s)
{
    return pse_span(s, strlen(s));
}

/** Equality of public bytes (variable time). Secrets are compared with pse_ct_eq. */
static inline bool pse_span_is_equal(struct pse_span a, struct pse_span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool pse_span_is_str(struct pse_span a, const char *s)
{
    return pse_span_is_equal(a, pse_span_str(s));
}

static inline bool pse_hash_is_equal(const pse_hash *a, const pse_hash *b)
{
    return memcmp(a->b, b->b, 32) == 0;
}

static inline bool pse_hash_is_zero(const pse_hash *a)
{
    static const pse_hash zero;
    return memcmp(a->b, zero.b, 32) == 0;
}

#endif
