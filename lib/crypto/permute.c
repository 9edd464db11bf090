#include "crypto/permute.h"

#include <stdlib.h>

#include "crypto/choose.h"

/* The network, walked with one visitor for all three uses. A run is a set of switches between
 * place lo + i and lo + i + gap, i < count, which touch disjoint places. */
struct walk {
    const struct permutation *p;
    size_t at; /* next switch; counts down when inverse */
    uint64_t *keys;
    uint8_t *column;
    size_t size; /* of a thing in the column: 16 or 32 */
};

static bool bit_get(const uint64_t *set, size_t i)
{
    return (set[i / 64] >> (i % 64)) & 1;
}

/* 1 iff a < b, all 64 bits. */
static uint64_t is_below(uint64_t a, uint64_t b)
{
    return ((~a & b) | ((~a | b) & (a - b))) >> 63;
}

static void run_keys(struct walk *w, size_t lo, size_t gap, size_t count, bool up)
{
    uint64_t *a = w->keys + lo;
    uint64_t *b = a + gap;

    for (size_t i = 0; i < count; i++, w->at++) {
        uint64_t swap = up ? is_below(b[i], a[i]) : is_below(a[i], b[i]);

        choose_swap(&a[i], &b[i], sizeof *a, swap);
        w->p->set[w->at / 64] |= swap << (w->at % 64);
    }
}

/* Two words at once; the compiler makes what the processor has of it. */
typedef uint64_t pair __attribute__((vector_size(16), aligned(8), may_alias));

/* @p size is a constant where this is used, so that an exchange is a few wide moves. */
static inline void exchange_all(const struct walk *w, size_t lo, size_t gap, size_t count,
                                size_t size)
{
    pair *a = (pair *)(w->column + size * lo);
    pair *b = (pair *)(w->column + size * (lo + gap));
    size_t pairs = size / sizeof(pair);

    for (size_t i = 0; i < count; i++, a += pairs, b += pairs) {
        uint64_t m = choose_mask(bit_get(w->p->set, w->at + i));
        pair mask = {m, m};

        for (size_t j = 0; j < pairs; j++) {
            pair d = (a[j] ^ b[j]) & mask;

            a[j] ^= d;
            b[j] ^= d;
        }
    }
}

static void run_column(const struct walk *w, size_t lo, size_t gap, size_t count)
{
    if (w->size == 16)
        exchange_all(w, lo, gap, count, 16);
    else
        exchange_all(w, lo, gap, count, 32);
}

static void run(struct walk *w, size_t lo, size_t gap, size_t count, bool up, bool inverse)
{
    if (w->keys != NULL) {
        run_keys(w, lo, gap, count, up);
        return;
    }
    if (inverse)
        w->at -= count;
    run_column(w, lo, gap, count);
    if (!inverse)
        w->at += count;
}

/* The largest power of two below n, n >= 2. */
static size_t power_below(size_t n)
{
    return (size_t)1 << (63 - __builtin_clzll((unsigned long long)n - 1));
}

/* Make a bitonic run of n places ascend (or descend). Recursion: log2 n deep, as in walk_sort. */
static void walk_merge(struct walk *w, size_t lo, size_t n, bool up, bool inverse)
{
    size_t m;

    if (n < 2)
        return;
    m = power_below(n);
    if (!inverse)
        run(w, lo, m, n - m, up, inverse);
    if (inverse)
        walk_merge(w, lo + m, n - m, up, inverse);
    walk_merge(w, lo, m, up, inverse);
    if (!inverse)
        walk_merge(w, lo + m, n - m, up, inverse);
    if (inverse)
        run(w, lo, m, n - m, up, inverse);
}

static void walk_sort(struct walk *w, size_t lo, size_t n, bool up, bool inverse)
{
    size_t m = n / 2;

    if (n < 2)
        return;
    if (inverse)
        walk_merge(w, lo, n, up, inverse);
    if (inverse)
        walk_sort(w, lo + m, n - m, up, inverse);
    walk_sort(w, lo, m, !up, inverse);
    if (!inverse)
        walk_sort(w, lo + m, n - m, up, inverse);
    if (!inverse)
        walk_merge(w, lo, n, up, inverse);
}

/* Merging n places takes at most n/2 switches a level, and there are t levels in the merge of the
 * whole, t - 1 in those of the halves, …: n t (t + 1) / 4. */
static size_t switches_max(size_t n)
{
    size_t t = 1;

    while (((size_t)1 << t) < n)
        t++;
    return n * t * (t + 1) / 4 + 1;
}

struct place {
    uint64_t key;
    uint32_t at;
};

size_t permutation_memory(size_t n)
{
    size_t network = (switches_max(n) / 64 + 1) * sizeof(uint64_t);
    size_t places = n * (sizeof(struct place) + sizeof(uint32_t));

    return network > places ? network : places;
}

pse_rc permutation_from_keys(struct permutation *p, struct pse_arena *arena, uint64_t *keys,
                             size_t n)
{
    struct walk w = {.p = p, .keys = keys};
    uint64_t twice = 0;

    p->n = n;
    p->from = NULL;
    p->set = PSE_NEW(arena, uint64_t, switches_max(n) / 64 + 1);
    if (p->set == NULL)
        return PSE_E_MEMORY;
    walk_sort(&w, 0, n, true, false);
    p->switches = w.at;
    PSE_REQUIRE(p->switches <= switches_max(n));
    for (size_t i = 1; i < n; i++)
        twice |= 1 ^ (is_below(keys[i - 1], keys[i]) | is_below(keys[i], keys[i - 1]));
    return choose_reveal(twice) ? PSE_E_DUPLICATE : PSE_OK;
}

static int place_compare(const void *a, const void *b)
{
    uint64_t x = ((const struct place *)a)->key;
    uint64_t y = ((const struct place *)b)->key;

    return (x > y) - (x < y);
}

pse_rc permutation_from_keys_vt(struct permutation *p, struct pse_arena *arena,
                                const uint64_t *keys, size_t n)
{
    struct place *place = PSE_NEW(arena, struct place, n);

    *p = (struct permutation){.n = n, .from = PSE_NEW(arena, uint32_t, n)};
    if (place == NULL || p->from == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < n; i++)
        place[i] = (struct place){keys[i], (uint32_t)i};
    qsort(place, n, sizeof *place, place_compare);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && place[i].key == place[i - 1].key)
            return PSE_E_DUPLICATE;
        p->from[i] = place[i].at;
    }
    return PSE_OK;
}

struct apply_job {
    const struct permutation *p;
    uint8_t *things;
    size_t size;
    uint8_t *column;
    bool inverse;
};

static void apply_places(const struct apply_job *job, uint8_t *things, uint8_t *column, size_t size)
{
    const struct permutation *p = job->p;

    for (size_t i = 0; i < p->n; i++) {
        size_t from = job->inverse ? i : p->from[i];
        size_t to = job->inverse ? p->from[i] : i;

        memcpy(column + size * to, things + job->size * from, size);
    }
    for (size_t i = 0; i < p->n; i++)
        memcpy(things + job->size * i, column + size * i, size);
}

static void apply_task(void *ctx, size_t index, unsigned worker)
{
    const struct apply_job *job = ctx;
    size_t n = job->p->n;
    struct walk w = {.p = job->p, .at = job->inverse ? job->p->switches : 0};
    uint8_t *things;

    w.size = job->size < PERMUTE_COLUMN ? job->size : PERMUTE_COLUMN;
    w.column = job->column + PERMUTE_COLUMN * n * worker;
    things = job->things + w.size * index;
    if (job->p->from != NULL) {
        apply_places(job, things, w.column, w.size);
        return;
    }
    for (size_t i = 0; i < n; i++)
        memcpy(w.column + w.size * i, things + job->size * i, w.size);
    walk_sort(&w, 0, n, true, job->inverse);
    for (size_t i = 0; i < n; i++)
        memcpy(things + job->size * i, w.column + w.size * i, w.size);
}

void permutation_apply(const struct permutation *p, struct pse_pool *pool, uint8_t *things,
                       size_t size, uint8_t *column, bool inverse)
{
    struct apply_job job = {p, things, size, column, inverse};

    PSE_REQUIRE(size == 16 || size % PERMUTE_COLUMN == 0);
    pse_pool_run(pool, apply_task, &job, size == 16 ? 1 : size / PERMUTE_COLUMN);
}
