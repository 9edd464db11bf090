/* The part of a shuffle that can be made before there is a list. */
#include "crypto/shuffle_parts.h"

struct prepared_layout prepared_layout_of(unsigned width)
{
    struct prepared_layout l;

    PSE_REQUIRE(width >= 1 && width <= PSE_SHUFFLE_WIDTH_MAX);
    l.secrets = PREPARED_S + (size_t)width;
    l.points = PREPARED_S + 2 * (size_t)width;
    l.size = 32 * l.secrets + PSE_AFFINE_SIZE * l.points;
    return l;
}

size_t pse_shuffle_prepared_size(unsigned width)
{
    return prepared_layout_of(width).size;
}

/* --- reading ---------------------------------------------------------------------------------- */

pse_rc prepared_secrets(pse_secret *to, struct pse_span rows, unsigned width, size_t from, size_t n,
                        unsigned index)
{
    struct prepared_layout l = prepared_layout_of(width);

    for (size_t i = 0; i < n; i++) {
        if (pse_secret_decode(&to[i], rows.p + (from + i) * l.size + 32 * index) != PSE_OK)
            return PSE_E_RANGE;
    }
    return PSE_OK;
}

void prepared_points(pse_point *to, struct pse_span rows, unsigned width, size_t from, size_t n,
                     unsigned index)
{
    struct prepared_layout l = prepared_layout_of(width);
    size_t at = 32 * l.secrets + PSE_AFFINE_SIZE * index;
    uint8_t affine[1][PSE_AFFINE_SIZE];

    for (size_t i = 0; i < n; i++) {
        memcpy(affine[0], rows.p + at + (from + i) * l.size, PSE_AFFINE_SIZE);
        pse_point_from_affine(&to[i], affine, 1);
    }
    pse_wipe(affine, sizeof affine);
}

/* --- making ----------------------------------------------------------------------------------- */

enum { BLOCK = 256 };

struct bench {
    pse_secret k[BLOCK];
    pse_point p[BLOCK];
    uint8_t affine[BLOCK][PSE_AFFINE_SIZE];
};

struct prepare_job {
    const struct pse_joint *joint;
    struct prepared_layout l;
    unsigned width;
    uint8_t *rows;
    size_t n;
    uint8_t (*seed)[32];
    struct bench *bench; /* one a worker */
};

static void points_put(const struct prepare_job *job, struct bench *w, size_t from, size_t n,
                       size_t index)
{
    uint8_t *at = job->rows + from * job->l.size + 32 * job->l.secrets + PSE_AFFINE_SIZE * index;

    pse_point_to_affine(w->affine, w->p, n);
    for (size_t i = 0; i < n; i++)
        memcpy(at + i * job->l.size, w->affine[i], PSE_AFFINE_SIZE);
}

/* Draw secret @p index of n rows and put its products in their places. */
static void secret_make(const struct prepare_job *job, struct bench *w, size_t from, size_t n,
                        unsigned index, struct pse_rng *rng)
{
    const struct pse_joint *joint = job->joint;
    size_t point = index < PREPARED_S ? index : PREPARED_S + 2 * (size_t)(index - PREPARED_S);

    pse_secret_random_n(w->k, n, rng);
    for (size_t i = 0; i < n; i++)
        pse_secret_encode(job->rows + (from + i) * job->l.size + 32 * index, &w->k[i]);
    for (size_t i = 0; i < n && (index == PREPARED_CHAIN || index == PREPARED_HAT); i++)
        pse_secret_halve(&w->k[i], &w->k[i]);
    pse_point_mul_base(joint->g, w->p, w->k, n);
    points_put(job, w, from, n, point);
    if (index < PREPARED_S)
        return;
    pse_table_mul(joint->g, w->p, joint->table, w->k, n);
    points_put(job, w, from, n, point + 1);
}

static void prepare_task(void *ctx, size_t block, unsigned worker)
{
    const struct prepare_job *job = ctx;
    size_t from = block * BLOCK;
    size_t n = job->n - from < BLOCK ? job->n - from : BLOCK;
    PSE_RNG(rng);

    pse_rng_init(&rng, job->seed[block]);
    for (unsigned index = 0; index < job->l.secrets; index++)
        secret_make(job, &job->bench[worker], from, n, index, &rng);
}

pse_rc pse_shuffle_prepare(const struct pse_joint *joint, uint8_t *rows, size_t n, unsigned width,
                           struct pse_rng *rng)
{
    struct pse_pool *pool = pse_group_pool(joint->g);
    unsigned workers = pse_pool_width(pool);
    struct prepare_job job = {.joint = joint, .width = width, .rows = rows, .n = n};
    size_t blocks = (n + BLOCK - 1) / BLOCK;
    PSE_ARENA(arena, workers * sizeof(struct bench) + 32 * blocks + (4u << 20));

    job.l = prepared_layout_of(width);
    job.seed = pse_arena_alloc(&arena, blocks, sizeof *job.seed);
    job.bench = PSE_NEW(&arena, struct bench, workers);
    if (job.seed == NULL || job.bench == NULL)
        return PSE_E_MEMORY;
    pse_rng_fill(rng, job.seed, blocks * sizeof *job.seed);
    pse_pool_run(pool, prepare_task, &job, blocks);
    return PSE_OK;
}
