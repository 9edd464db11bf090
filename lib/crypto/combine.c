#include "crypto/columns.h"
#include "crypto/decrypt.h"

/* Ciphertexts combined by one task. */
enum { BLOCK = 1024, SHARES_MAX = 64 };

void pse_lagrange(pse_scalar *lambda, const uint8_t *index, size_t t)
{
    for (size_t i = 0; i < t; i++) {
        pse_scalar above;
        pse_scalar below;

        pse_scalar_set_u64(&above, 1);
        pse_scalar_set_u64(&below, 1);
        for (size_t j = 0; j < t; j++) {
            pse_scalar x;
            pse_scalar y;

            if (j == i)
                continue;
            PSE_REQUIRE(index[i] != index[j]);
            pse_scalar_set_u64(&x, index[j]);
            pse_scalar_mul(&above, &above, &x);
            pse_scalar_set_u64(&y, index[i]);
            pse_scalar_sub(&x, &x, &y);
            pse_scalar_mul(&below, &below, &x);
        }
        pse_scalar_invert_vt(&below, &below);
        pse_scalar_mul(&lambda[i], &above, &below);
    }
}

/* --- combining -------------------------------------------------------------------------------- */

/* λ as a small integer with its sign, if it is one: for trustees 1..t, and most other sets, these
 * are binomial coefficients, and a few doublings replace a whole multiplication. */
struct coefficient {
    pse_scalar k;   /* -λ */
    uint32_t small; /* |λ| if below 2^16, else 0 */
    bool minus;     /* λ < 0 */
};

static uint32_t small_value(const pse_scalar *k)
{
    return (k->w[1] | k->w[2] | k->w[3]) == 0 && k->w[0] < 65536 ? (uint32_t)k->w[0] : 0;
}

static void coefficients_set(struct coefficient *c, const uint8_t *index, size_t t)
{
    pse_scalar lambda[SHARES_MAX];

    pse_lagrange(lambda, index, t);
    for (size_t i = 0; i < t; i++) {
        pse_scalar_neg(&c[i].k, &lambda[i]);
        c[i].small = small_value(&lambda[i]);
        c[i].minus = c[i].small == 0;
        if (c[i].minus)
            c[i].small = small_value(&c[i].k);
    }
}

/* One worker's room, for a block or for the whole list where that is shorter. */
struct combine_bench {
    pse_point *x;
    pse_point *d;
    pse_point *multiple;
    pse_scalar *k;
    pse_enc *enc;
};

struct combine_job {
    const struct pse_group *g;
    uint8_t *points;
    const uint8_t *list;
    const struct pse_span *d;
    const struct coefficient *c;
    size_t t;
    size_t m;
    struct combine_bench *bench;
    pse_rc *rc;
};

/* x -= λ d for one share. */
static void subtract_share(const struct pse_group *g, struct combine_bench *b,
                           const struct coefficient *c, size_t n)
{
    if (c->small == 0) {
        for (size_t i = 0; i < n; i++)
            b->k[i] = c->k;
        pse_point_mul_vt(g, b->d, b->k, b->d, n);
        pse_point_add(g, b->x, b->x, b->d, n);
        return;
    }
    memcpy(b->multiple, b->d, n * sizeof *b->d);
    for (uint32_t bit = 1u << (31 - __builtin_clz(c->small)); bit > 1; bit >>= 1) {
        pse_point_add(g, b->multiple, b->multiple, b->multiple, n);
        if ((c->small & (bit >> 1)) != 0)
            pse_point_add(g, b->multiple, b->multiple, b->d, n);
    }
    if (c->minus)
        pse_point_add(g, b->x, b->x, b->multiple, n);
    else
        pse_point_sub(g, b->x, b->x, b->multiple, n);
}

static pse_rc combine_block(const struct combine_job *job, struct combine_bench *b, size_t from,
                            size_t n)
{
    for (size_t i = 0; i < n; i++)
        memcpy(b->enc[i].b, job->list + 64 * (from + i) + 32, 32);
    PSE_TRY(pse_point_decode(job->g, b->x, NULL, b->enc, n, PSE_IDENTITY_ALLOWED));
    for (size_t s = 0; s < job->t; s++) {
        memcpy(b->enc, job->d[s].p + 32 * from, 32 * n);
        PSE_TRY(pse_point_decode(job->g, b->d, NULL, b->enc, n, PSE_IDENTITY_ALLOWED));
        subtract_share(job->g, b, &job->c[s], n);
    }
    pse_point_encode(job->g, b->enc, b->x, n);
    memcpy(job->points + 32 * from, b->enc, 32 * n);
    return PSE_OK;
}

static void combine_task(void *ctx, size_t index, unsigned worker)
{
    const struct combine_job *job = ctx;
    size_t from = index * BLOCK;
    size_t n = job->m - from < BLOCK ? job->m - from : BLOCK;

    job->rc[index] = combine_block(job, &job->bench[worker], from, n);
}

static bool benches_make(struct combine_bench *bench, unsigned workers, size_t rows,
                         struct pse_arena *arena)
{
    for (unsigned i = 0; i < workers; i++) {
        struct combine_bench *b = &bench[i];

        b->x = PSE_NEW(arena, pse_point, rows);
        b->d = PSE_NEW(arena, pse_point, rows);
        b->multiple = PSE_NEW(arena, pse_point, rows);
        b->k = PSE_NEW(arena, pse_scalar, rows);
        b->enc = PSE_NEW(arena, pse_enc, rows);
        if (b->x == NULL || b->d == NULL || b->multiple == NULL || b->k == NULL || b->enc == NULL)
            return false;
    }
    return true;
}

static pse_rc lengths_check(struct pse_span list, const struct pse_span *d, size_t t)
{
    PSE_REQUIRE(t >= 1 && t <= SHARES_MAX);
    if (list.n % 64 != 0 || list.n / 64 > PSE_DECRYPT_MAX)
        return PSE_E_LENGTH;
    for (size_t i = 0; i < t; i++)
        if (d[i].n != list.n / 2)
            return PSE_E_LENGTH;
    return PSE_OK;
}

pse_rc pse_decrypt_combine(const struct pse_group *g, uint8_t *points, struct pse_span list,
                           const struct pse_span *d, const uint8_t *index, size_t t)
{
    struct coefficient c[SHARES_MAX];
    struct combine_job job = {.g = g, .points = points, .list = list.p, .d = d, .c = c, .t = t};
    unsigned workers = pse_pool_width(pse_group_pool(g));
    size_t blocks;
    size_t rows;

    PSE_TRY(lengths_check(list, d, t));
    coefficients_set(c, index, t);
    job.m = list.n / 64;
    blocks = (job.m + BLOCK - 1) / BLOCK;
    rows = job.m < BLOCK ? job.m : BLOCK;

    PSE_ARENA(arena,
              workers * rows * (3 * sizeof(pse_point) + sizeof(pse_scalar) + sizeof(pse_enc)) +
                  blocks * sizeof *job.rc + (16u << 20));
    job.bench = PSE_NEW(&arena, struct combine_bench, workers);
    job.rc = PSE_NEW(&arena, pse_rc, blocks);
    if (job.bench == NULL || job.rc == NULL || !benches_make(job.bench, workers, rows, &arena))
        return PSE_E_MEMORY;
    pse_pool_run(pse_group_pool(g), combine_task, &job, blocks);
    for (size_t i = 0; i < blocks; i++)
        PSE_TRY(job.rc[i]);
    return PSE_OK;
}

/* --- checking --------------------------------------------------------------------------------- */

pse_rc pse_decrypt_check(const struct pse_group *g, struct pse_span points, struct pse_span list,
                         const struct pse_span *d, const uint8_t *index, size_t t,
                         struct pse_rng *rng)
{
    struct column column[SHARES_MAX + 2];
    pse_scalar lambda[SHARES_MAX];
    pse_point p[SHARES_MAX];
    uint8_t h[64];
    pse_point sum;

    PSE_TRY(lengths_check(list, d, t));
    if (points.n != list.n / 2)
        return PSE_E_LENGTH;
    column[0] = (struct column){.at = points.p, .stride = 32};
    column[1] = (struct column){.at = list.p + 32, .stride = 64};
    for (size_t i = 0; i < t; i++)
        column[2 + i] = (struct column){.at = d[i].p, .stride = 32};
    pse_rng_fill(rng, h, sizeof h);
    PSE_TRY(columns_sum(g, column, 2 + t, list.n / 64, h));
    for (size_t i = 0; i < 2 + t; i++)
        if (!column[i].ok)
            return PSE_E_ENCODING;
    for (size_t i = 0; i < t; i++)
        p[i] = column[2 + i].sum;
    pse_lagrange(lambda, index, t);
    PSE_TRY(pse_msm_vt(g, &sum, lambda, p, t));
    pse_point_add(g, &sum, &sum, &column[0].sum, 1);
    return pse_point_is_equal(g, &sum, &column[1].sum) ? PSE_OK : PSE_E_MISMATCH;
}
