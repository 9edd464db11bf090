#include <stdlib.h>

#include "crypto/columns.h"
#include "crypto/decrypt.h"
#include "crypto/transcript.h"

pse_rc pse_count_check(const struct pse_group *g, const uint64_t *counts, size_t n,
                       struct pse_span points, struct pse_rng *rng)
{
    struct column column = {.at = points.p, .stride = 32};
    uint8_t h[64];
    pse_scalar total;
    pse_point sum;

    if (points.n / 32 != n || points.n % 32 != 0)
        return PSE_E_LENGTH;
    pse_rng_fill(rng, h, sizeof h);
    PSE_TRY(columns_sum(g, &column, 1, n, h));
    if (!column.ok)
        return PSE_E_ENCODING;
    pse_scalar_set_u64(&total, 0);
    for (size_t i = 0; i < n; i++) {
        pse_scalar w;
        pse_scalar x;

        pse_weights(&w, h, i, 1);
        pse_scalar_set_u64(&x, counts[i]);
        pse_scalar_muladd(&total, &w, &x, &total);
    }
    pse_point_mul_vt(g, &sum, &total, pse_group_base(g), 1);
    return pse_point_is_equal(g, &sum, &column.sum) ? PSE_OK : PSE_E_MISMATCH;
}

/* --- finding ---------------------------------------------------------------------------------- */

enum {
    BABY_BITS_MIN = 10,
    BABY_BITS_MAX = 21, /* 2^22 places of 16 bytes: 64 MiB */
    STEP_BLOCK = 256,   /* points of one addition and encoding */
};

/* Baby steps j G, j < size, by the first eight bytes of their encodings: open addressing at a load
 * of one half. A place with key zero is empty; the only such encoding worth finding is the
 * identity, j = 0, which is known without the table. */
struct baby {
    uint64_t *key;
    uint64_t *value;
    size_t size;
    size_t mask;
};

static uint64_t key_of(const pse_enc *e)
{
    uint64_t key;

    memcpy(&key, e->b, sizeof key);
    return key;
}

static size_t place_of(const struct baby *b, uint64_t key)
{
    size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & b->mask;

    while (b->key[at] != 0 && b->key[at] != key)
        at = (at + 1) & b->mask;
    return at;
}

static bool baby_find(const struct baby *b, uint64_t *j, const pse_enc *e)
{
    static const pse_enc identity;
    uint64_t key = key_of(e);
    size_t at = place_of(b, key);

    *j = 0;
    if (memcmp(e, &identity, sizeof identity) == 0)
        return true;
    if (key == 0 || b->key[at] != key)
        return false;
    *j = b->value[at];
    return true;
}

/* k G for a small public k. */
static void multiple(const struct pse_group *g, pse_point *out, uint64_t k)
{
    pse_scalar x;

    pse_scalar_set_u64(&x, k);
    pse_point_mul_vt(g, out, &x, pse_group_base(g), 1);
}

/* p[i] += step for @p n points. */
static void advance(const struct pse_group *g, pse_point *p, pse_point *steps,
                    const pse_point *step, size_t n)
{
    for (size_t i = 0; i < n; i++)
        steps[i] = *step;
    pse_point_add(g, p, p, steps, n);
}

static void baby_fill(const struct pse_group *g, struct baby *b)
{
    pse_point p[STEP_BLOCK];
    pse_point steps[STEP_BLOCK];
    pse_enc enc[STEP_BLOCK];
    pse_point step;

    for (size_t i = 0; i < STEP_BLOCK; i++)
        multiple(g, &p[i], i);
    multiple(g, &step, STEP_BLOCK);
    for (size_t at = 0; at < b->size; at += STEP_BLOCK) {
        pse_point_encode(g, enc, p, STEP_BLOCK);
        for (size_t i = 0; i < STEP_BLOCK; i++) {
            size_t place = place_of(b, key_of(&enc[i]));

            b->key[place] = key_of(&enc[i]);
            b->value[place] = at + i;
        }
        advance(g, p, steps, &step, STEP_BLOCK);
    }
}

/* Giant steps for one point: X - i m G in blocks, until one is a baby step. */
static pse_rc giant(const struct pse_group *g, uint64_t *count, const struct baby *b,
                    const pse_point *x, uint64_t bound)
{
    pse_point p[STEP_BLOCK];
    pse_point steps[STEP_BLOCK];
    pse_enc enc[STEP_BLOCK];
    pse_point stride;
    pse_point step;

    multiple(g, &stride, b->size);
    pse_point_neg(g, &stride, &stride, 1);
    p[0] = *x;
    for (size_t i = 1; i < STEP_BLOCK; i++)
        pse_point_add(g, &p[i], &p[i - 1], &stride, 1);
    multiple(g, &step, b->size * STEP_BLOCK);
    pse_point_neg(g, &step, &step, 1);
    for (uint64_t at = 0; at * b->size <= bound; at += STEP_BLOCK) {
        pse_point_encode(g, enc, p, STEP_BLOCK);
        for (size_t i = 0; i < STEP_BLOCK; i++) {
            uint64_t j;

            if (!baby_find(b, &j, &enc[i]))
                continue;
            *count = (at + i) * b->size + j;
            return *count <= bound ? PSE_OK : PSE_E_RANGE;
        }
        advance(g, p, steps, &step, STEP_BLOCK);
    }
    return PSE_E_RANGE;
}

static pse_rc find_all(const struct pse_group *g, uint64_t *counts, size_t n, struct baby *b,
                       struct pse_span points, uint64_t bound)
{
    for (size_t k = 0; k < n; k++) {
        pse_enc enc;
        pse_point x;
        pse_point again;

        memcpy(enc.b, points.p + 32 * k, 32);
        PSE_TRY(pse_point_decode(g, &x, NULL, &enc, 1, PSE_IDENTITY_ALLOWED));
        PSE_TRY(giant(g, &counts[k], b, &x, bound));
        multiple(g, &again, counts[k]);
        if (!pse_point_is_equal(g, &x, &again))
            return PSE_E_RANGE;
    }
    return PSE_OK;
}

pse_rc pse_count_find_vt(const struct pse_group *g, uint64_t *counts, size_t n,
                         struct pse_span points, uint64_t bound)
{
    struct baby b = {0};
    unsigned bits = BABY_BITS_MIN;
    pse_rc rc = PSE_E_MEMORY;

    memset(counts, 0, n * sizeof *counts);
    if (points.n / 32 != n || points.n % 32 != 0)
        return PSE_E_LENGTH;
    if (bound >> PSE_COUNT_BITS_MAX != 0)
        return PSE_E_RANGE;
    while (bits < BABY_BITS_MAX && (UINT64_C(1) << (2 * bits)) < bound)
        bits++;
    b.size = (size_t)1 << bits;
    b.mask = 2 * b.size - 1;
    b.key = calloc(2 * b.size, sizeof *b.key);
    b.value = calloc(2 * b.size, sizeof *b.value);
    if (b.key != NULL && b.value != NULL) {
        baby_fill(g, &b);
        rc = find_all(g, counts, n, &b, points, bound);
    }
    free(b.key);
    free(b.value);
    if (rc != PSE_OK)
        memset(counts, 0, n * sizeof *counts);
    return rc;
}
