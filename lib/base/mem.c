#include "mem.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

/* Blocks start small so that a short-lived arena costs little, and double up to this. */
enum { PSE_ARENA_FIRST = 16 * 1024, PSE_ARENA_STEP = 4 * 1024 * 1024, PSE_ARENA_ALIGN = 64 };

struct pse_arena_block {
    struct pse_arena_block *before;
    size_t size; /* usable bytes */
    size_t used;
    uint8_t *data;
};

void pse_require_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "psephos: broken promise in %s:%d: %s\n", file, line, cond);
    abort();
}

void pse_wipe(void *p, size_t n)
{
    if (n > 0)
        sodium_memzero(p, n);
}

bool pse_ct_eq(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

pse_rc pse_size_mul(size_t *r, size_t count, size_t size)
{
    *r = 0;
    return __builtin_mul_overflow(count, size, r) ? PSE_E_LIMIT : PSE_OK;
}

/* Tables are read at random: in small pages most reads would also wait for a page's address, and
 * touching new pages takes a tenth of a long sum of products. */
void *pse_tables_alloc(size_t bytes)
{
    const size_t large = (size_t)2 << 20;
    size_t align = bytes >= large / 2 ? large : 64;
    size_t size;
    void *p;

    if (__builtin_add_overflow(bytes, align, &size))
        return NULL;
    size = size / align * align;
    p = aligned_alloc(align, size);
#ifdef MADV_HUGEPAGE
    if (p != NULL && align == large)
        (void)madvise(p, size, MADV_HUGEPAGE); /* a wish; small pages do as well */
#endif
    return p;
}

void pse_arena_init(struct pse_arena *a, size_t max)
{
    memset(a, 0, sizeof *a);
    a->max = max;
}

static struct pse_arena_block *arena_grow(struct pse_arena *a, size_t need)
{
    size_t size = a->last == NULL ? PSE_ARENA_FIRST : a->last->size * 2;
    struct pse_arena_block *b;

    if (size > PSE_ARENA_STEP)
        size = PSE_ARENA_STEP;
    if (size > a->max - a->held)
        size = a->max - a->held;
    if (size < need)
        size = need;
    if (size > a->max - a->held)
        return NULL;
    b = malloc(sizeof *b);
    if (b == NULL)
        return NULL;
    b->data = (uint8_t *)pse_tables_alloc(size);
    if (b->data == NULL) {
        free(b);
        return NULL;
    }
    b->before = a->last;
    b->size = size;
    b->used = 0;
    a->last = b;
    a->held += size;
    return b;
}

void *pse_arena_alloc(struct pse_arena *a, size_t count, size_t size)
{
    size_t bytes;
    size_t padded;
    struct pse_arena_block *b = a->last;
    void *p;

    if (pse_size_mul(&bytes, count, size) != PSE_OK || bytes > SIZE_MAX - PSE_ARENA_ALIGN)
        return NULL;
    padded = (bytes + PSE_ARENA_ALIGN - 1) / PSE_ARENA_ALIGN * PSE_ARENA_ALIGN;
    if (padded == 0)
        padded = PSE_ARENA_ALIGN;
    if (b == NULL || padded > b->size - b->used) {
        b = arena_grow(a, padded);
        if (b == NULL)
            return NULL;
    }
    p = b->data + b->used;
    b->used += padded;
    a->used += padded;
    memset(p, 0, padded);
    return p;
}

void pse_arena_free(struct pse_arena *a)
{
    while (a->last != NULL) {
        struct pse_arena_block *b = a->last;

        a->last = b->before;
        pse_wipe(b->data, b->used);
        free(b->data);
        free(b);
    }
    a->used = 0;
    a->held = 0;
}

uint8_t *pse_buf_extend(struct pse_buf *b, size_t n)
{
    uint8_t *at;

    if (b->rc != PSE_OK)
        return NULL;
    if (n > b->max - b->n) {
        b->rc = PSE_E_LIMIT;
        return NULL;
    }
    if (b->p == NULL || n > b->cap - b->n) {
        size_t cap = b->cap < 256 ? 256 : b->cap * 2;
        uint8_t *p;

        if (cap < b->n + n)
            cap = b->n + n;
        if (cap > b->max)
            cap = b->max;
        p = malloc(cap > 0 ? cap : 1);
        if (p == NULL) {
            b->rc = PSE_E_MEMORY;
            return NULL;
        }
        if (b->n > 0) {
            memcpy(p, b->p, b->n);
            pse_wipe(b->p, b->n);
        }
        free(b->p);
        b->p = p;
        b->cap = cap;
    }
    at = b->p + b->n;
    b->n += n;
    return at;
}

void pse_buf_put(struct pse_buf *b, const void *p, size_t n)
{
    uint8_t *at = pse_buf_extend(b, n);

    if (at != NULL && n > 0)
        memcpy(at, p, n);
}

void pse_buf_free(struct pse_buf *b)
{
    if (b->p != NULL)
        pse_wipe(b->p, b->n);
    free(b->p);
    b->p = NULL;
    b->n = 0;
    b->cap = 0;
}

const char *pse_rc_name(pse_rc rc)
{
    switch (rc) {
    case PSE_OK: return "ok";
    case PSE_E_ENCODING: return "encoding";
    case PSE_E_RANGE: return "range";
    case PSE_E_LENGTH: return "length";
    case PSE_E_LIMIT: return "limit";
    case PSE_E_SYNTAX: return "syntax";
    case PSE_E_DUPLICATE: return "duplicate";
    case PSE_E_UNSUPPORTED: return "unsupported";
    case PSE_E_PROOF: return "proof";
    case PSE_E_SIGNATURE: return "signature";
    case PSE_E_MISMATCH: return "mismatch";
    case PSE_E_STATE: return "state";
    case PSE_E_MISSING: return "missing";
    case PSE_E_MEMORY: return "memory";
    case PSE_E_IO: return "input/output";
    case PSE_E_UNKNOWN: return "outcome unknown";
    }
    return "unknown";
}
