/* Memory: wiping, constant-time comparison, checked sizes, arenas.
 *
 * Core functions write into what they are given; results of variable size come from an arena that
 * the caller owns. Every arena is created with its maximum, so hostile input cannot grow a process
 * without bound. */
#ifndef PSE_BASE_MEM_H
#define PSE_BASE_MEM_H

#include "span.h"

/** Overwrite @p n bytes with zeros in a way the compiler keeps. */
void pse_wipe(void *p, size_t n);

/** Constant-time equality of @p n bytes. */
bool pse_ct_eq(const void *a, const void *b, size_t n);

/** Declare a local secret that is wiped on every way out; needs `void TYPE_wipe(TYPE *)`. */
#define PSE_SECRET(type, name) type name __attribute__((cleanup(type##_wipe))) = {0}

/** count * size, or PSE_E_LIMIT when that does not fit a size_t. */
PSE_MUST pse_rc pse_size_mul(size_t *r, size_t count, size_t size);

/** Memory for large tables: @p bytes bytes (0 is fine), aligned to 64, not initialised, in large
 * pages where the system has them; NULL when out of memory. free() releases it. */
PSE_MUST void *pse_tables_alloc(size_t bytes);

/** A bump allocator with a maximum. Zero-initialised memory, freed all at once. Not thread-safe. */
struct pse_arena {
    struct pse_arena_block *last;
    size_t used; /* bytes handed out, alignment included */
    size_t held; /* bytes obtained from the system */
    size_t max;  /* bound on held */
};

/** An empty arena that may hold at most @p max bytes. */
void pse_arena_init(struct pse_arena *a, size_t max);

/** @p count objects of @p size bytes, zeroed, aligned to 64; NULL when over the maximum or out of
 * memory. count * size may be 0: the pointer is then valid and must not be read. */
PSE_MUST void *pse_arena_alloc(struct pse_arena *a, size_t count, size_t size);

/** Wipe and release everything; the arena stays usable. Safe on a zeroed struct. */
void pse_arena_free(struct pse_arena *a);

/** `T *x = PSE_NEW(arena, T, n);` */
#define PSE_NEW(arena, type, count) ((type *)pse_arena_alloc((arena), (count), sizeof(type)))

/** A local arena released (and wiped) on every way out. */
#define PSE_ARENA(name, maximum)                                    \
    struct pse_arena name __attribute__((cleanup(pse_arena_free))); \
    pse_arena_init(&name, (maximum))

/** A growing byte buffer with a maximum. Zero-initialise with PSE_BUF(max). */
struct pse_buf {
    uint8_t *p;
    size_t n;
    size_t cap;
    size_t max;
    pse_rc rc; /* sticky: first failure; later puts do nothing */
};

#define PSE_BUF(maximum) ((struct pse_buf){NULL, 0, 0, (maximum), PSE_OK})

/** Room for @p n more bytes at the end, counted as used; NULL (and sticky rc) on failure. */
uint8_t *pse_buf_extend(struct pse_buf *b, size_t n);
/** Append bytes. Failure is sticky in b->rc; check once at the end. */
void pse_buf_put(struct pse_buf *b, const void *p, size_t n);
/** Wipe and release. Safe on a zeroed struct. */
void pse_buf_free(struct pse_buf *b);

static inline struct pse_span pse_buf_span(const struct pse_buf *b)
{
    return pse_span(b->p, b->n);
}

#endif
