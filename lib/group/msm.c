/* Sums of products: which method, how wide the windows, which thread. */
#include <stdlib.h>

#include "group/backend.h"

enum { BITS_MIN = 4 };
/* Terms of a short sum under one chain of doublings. */
enum { STRAUS_BLOCK = 64 };
/* Terms of a task of a long sum in constant time. */
enum { LONG_SUM_BLOCK = 2048 };

static void *scratch_new(size_t count, size_t size)
{
    size_t bytes;

    if (pse_size_mul(&bytes, count, size) != PSE_OK || bytes > SIZE_MAX - 64)
        return NULL;
    return pse_tables_alloc(bytes);
}

/* --- constant time -------------------------------------------------------------------------- */

struct straus_job {
    const struct pse_group *g;
    const void *k;
    const pse_point *p;
    size_t n, step;
    uint8_t *scratch; /* a block's worth for each worker */
    pse_point *part;  /* one a block */
    bool vt;
};

/* A vector back-end fills up the last group of eight. */
static size_t straus_scratch(const struct pse_backend_ops *ops, size_t terms)
{
    return (terms + 7) / 8 * 8 * ops->straus_scratch;
}

static void straus_task(void *ctx, size_t index, unsigned worker)
{
    const struct straus_job *job = ctx;
    const struct pse_backend_ops *ops = job->g->ops;
    size_t at = index * job->step;
    size_t n = job->n - at < job->step ? job->n - at : job->step;
    void *scratch = job->scratch + worker * straus_scratch(ops, job->step);

    if (job->vt)
        ops->straus_vt(&job->part[index], (const pse_scalar *)job->k + at, job->p + at, n, scratch);
    else
        ops->straus(&job->part[index], (const pse_secret *)job->k + at, job->p + at, n, scratch);
}

/* n >= 1 terms in blocks of @p step, a multiple of 8. */
static pse_rc straus_run(const struct pse_group *g, pse_point *out, const void *k,
                         const pse_point *p, size_t n, size_t step, bool vt)
{
    unsigned width = pse_pool_width(g->pool);
    size_t blocks = (n - 1) / step + 1;
    size_t scratch_size = straus_scratch(g->ops, step) * width;
    struct straus_job job = {.g = g, .k = k, .p = p, .n = n, .step = step, .vt = vt};
    pse_rc rc = PSE_E_MEMORY;

    job.scratch = scratch_new(scratch_size, 1);
    job.part = scratch_new(blocks, sizeof *job.part);
    if (job.scratch != NULL && job.part != NULL) {
        pse_pool_run(g->pool, straus_task, &job, blocks);
        g->ops->sum(out, job.part, blocks);
        rc = PSE_OK;
    }
    if (!vt && job.scratch != NULL)
        pse_wipe(job.scratch, scratch_size);
    if (!vt && job.part != NULL)
        pse_wipe(job.part, blocks * sizeof *job.part);
    free(job.part);
    free(job.scratch);
    return rc;
}

struct long_sum_job {
    const struct pse_group *g;
    const pse_secret *k;
    const pse_point *p;
    size_t n, step;
    pse_point *part; /* one a block */
};

static void long_sum_task(void *ctx, size_t index, unsigned worker)
{
    const struct long_sum_job *job = ctx;
    size_t at = index * job->step;

    (void)worker;
    job->g->ops->long_sum(&job->part[index], job->k + at, job->p + at,
                          job->n - at < job->step ? job->n - at : job->step);
}

static pse_rc long_sum_run(const struct pse_group *g, pse_point *out, const pse_secret *k,
                           const pse_point *p, size_t n)
{
    struct long_sum_job job = {.g = g, .k = k, .p = p, .n = n, .step = LONG_SUM_BLOCK};
    size_t blocks = (n - 1) / LONG_SUM_BLOCK + 1;

    if (blocks == 1) {
        g->ops->long_sum(out, k, p, n);
        return PSE_OK;
    }
    job.part = scratch_new(blocks, sizeof *job.part);
    if (job.part == NULL)
        return PSE_E_MEMORY;
    pse_pool_run(g->pool, long_sum_task, &job, blocks);
    g->ops->sum(out, job.part, blocks);
    pse_wipe(job.part, blocks * sizeof *job.part);
    free(job.part);
    return PSE_OK;
}

pse_rc pse_msm(const struct pse_group *g, pse_point *out, const pse_secret *k, const pse_point *p,
               size_t n)
{
    if (n == 0) {
        g->ops->identity(out, 1);
        return PSE_OK;
    }
    if (g->ops->long_sum != NULL && n >= g->ops->long_sum_min)
        return long_sum_run(g, out, k, p, n);
    return straus_run(g, out, k, p, n, n < STRAUS_BLOCK ? n : STRAUS_BLOCK, false);
}

/* --- public: buckets ------------------------------------------------------------------------ */

struct plan {
    unsigned bits;  /* of a window */
    unsigned count; /* of windows */
    size_t split;   /* parts the terms are cut into, so that every worker has work */
};

/* Memory that one block leaves to the next. */
struct space {
    uint8_t *p;
    size_t size;
};

struct bucket_job {
    const struct pse_group *g;
    const pse_point *p;
    size_t n;
    struct plan plan;
    struct pse_windows *windows;
    uint8_t *addends;
    pse_point *sums;  /* [split][count] */
    uint8_t *buckets; /* bucket_size bytes for each worker */
    size_t bucket_size;
};

static pse_rc space_grow(struct space *s, size_t size)
{
    if (size <= s->size)
        return PSE_OK;
    free(s->p);
    s->p = pse_tables_alloc(size);
    s->size = s->p == NULL ? 0 : size;
    return s->p == NULL ? PSE_E_MEMORY : PSE_OK;
}

static size_t lines(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

enum { PREPARE_BLOCK = 1024 };

static void prepare_task(void *ctx, size_t index, unsigned worker)
{
    const struct bucket_job *job = ctx;
    size_t at = index * PREPARE_BLOCK;
    size_t n = job->n - at < PREPARE_BLOCK ? job->n - at : PREPARE_BLOCK;

    (void)worker;
    pse_windows_offset(job->windows + at, n, job->plan.count, job->plan.bits);
    job->g->ops->prepare_vt(job->addends + at * job->g->ops->addend_size, job->p + at, n);
}

/* One task: the windows of one step over one part of the terms. */
static void bucket_task(void *ctx, size_t index, unsigned worker)
{
    const struct bucket_job *job = ctx;
    const struct pse_backend_ops *ops = job->g->ops;
    const struct plan *plan = &job->plan;
    unsigned steps = (plan->count - 1) / ops->windows_step + 1;
    size_t part = index / steps;
    unsigned first = (unsigned)(index % steps) * ops->windows_step;
    unsigned windows = plan->count - first;
    size_t from = job->n * part / plan->split;
    size_t to = job->n * (part + 1) / plan->split;

    if (windows > ops->windows_step)
        windows = ops->windows_step;
    ops->windows_vt(&job->sums[part * plan->count + first], job->addends + from * ops->addend_size,
                    job->windows + from, to - from, first, windows, plan->count, plan->bits,
                    job->buckets + worker * job->bucket_size);
}

/* How many scalars, how long together, how long the longest. */
struct lengths {
    size_t n, total;
    unsigned longest;
};

/* Every bit of a scalar brings 1/bits additions, its topmost digit half a one more. */
static size_t bucket_cost(const struct pse_msm_costs *cost, unsigned bits, const struct lengths *k)
{
    size_t windows = pse_windows_count(k->longest, bits);

    return cost->bucket_term * (k->total / bits + k->n / 2) +
           windows * cost->bucket * ((size_t)1 << (bits - 1));
}

static size_t straus_cost(const struct pse_msm_costs *cost, const struct lengths *k)
{
    size_t blocks = (k->n - 1) / STRAUS_BLOCK + 1;

    return blocks * k->longest * cost->doubling + k->n * cost->straus_term +
           k->total / 6 * cost->straus_add;
}

/* The width of windows that costs least. */
static unsigned plan_bits(const struct pse_backend_ops *ops, const struct lengths *k)
{
    const struct pse_msm_costs *cost = &ops->costs;
    unsigned best = BITS_MIN;

    for (unsigned bits = BITS_MIN + 1; bits <= ops->bits_max; bits++) {
        if (bucket_cost(cost, bits, k) < bucket_cost(cost, best, k))
            best = bits;
    }
    return best;
}

static struct plan plan_make(const struct pse_group *g, unsigned bits, const struct lengths *k)
{
    unsigned width = pse_pool_width(g->pool);
    struct plan plan = {.bits = bits, .split = 1};
    size_t steps;

    plan.count = pse_windows_count(k->longest, bits);
    steps = (plan.count - 1) / g->ops->windows_step + 1;
    /* Two tasks a worker even out; a part needs terms enough to pay for its buckets. */
    while (plan.split * steps < 2 * (size_t)width && k->n / (plan.split + 1) > (size_t)1 << bits)
        plan.split++;
    if (width == 1)
        plan.split = 1;
    return plan;
}

static pse_rc bucket_space(struct bucket_job *job, struct space *space)
{
    const struct pse_backend_ops *ops = job->g->ops;
    size_t addends = lines(job->n * ops->addend_size);
    size_t sums = lines(job->plan.split * job->plan.count * sizeof *job->sums);

    job->bucket_size = lines(ops->bucket_size(job->plan.bits, (job->n - 1) / job->plan.split + 1));
    PSE_TRY(space_grow(space, addends + sums + pse_pool_width(job->g->pool) * job->bucket_size));
    job->addends = space->p;
    job->sums = (pse_point *)(space->p + addends);
    job->buckets = space->p + addends + sums;
    return PSE_OK;
}

static pse_rc bucket_run(struct bucket_job *job, struct space *space)
{
    const struct pse_backend_ops *ops = job->g->ops;
    struct pse_pool *pool = job->g->pool;
    size_t steps = (job->plan.count - 1) / ops->windows_step + 1;

    PSE_TRY(bucket_space(job, space));
    pse_pool_run(pool, prepare_task, job, (job->n - 1) / PREPARE_BLOCK + 1);
    pse_pool_run(pool, bucket_task, job, job->plan.split * steps);
    for (size_t part = 1; part < job->plan.split; part++)
        ops->add(job->sums, job->sums, job->sums + part * job->plan.count, job->plan.count);
    return PSE_OK;
}

/* n >= 1 terms, at most a block. */
static pse_rc msm_block_vt(const struct pse_group *g, pse_point *out, const pse_scalar *k,
                           const pse_point *p, size_t n, struct space space[2])
{
    struct bucket_job job = {.g = g, .p = p, .n = n};
    struct lengths lengths = {.n = n};
    unsigned window;

    PSE_TRY(space_grow(&space[0], n * sizeof *job.windows));
    job.windows = (struct pse_windows *)space[0].p;
    for (size_t i = 0; i < n; i++) {
        unsigned bits = pse_windows_from_scalar_vt(&job.windows[i], &k[i]);

        lengths.total += bits;
        lengths.longest = bits > lengths.longest ? bits : lengths.longest;
    }
    window = plan_bits(g->ops, &lengths);
    if (straus_cost(&g->ops->costs, &lengths) <= bucket_cost(&g->ops->costs, window, &lengths))
        return straus_run(g, out, k, p, n, n < STRAUS_BLOCK ? n : STRAUS_BLOCK, true);
    job.plan = plan_make(g, window, &lengths);
    PSE_TRY(bucket_run(&job, &space[1]));
    g->ops->horner_vt(out, job.sums, job.plan.count, job.plan.bits);
    return PSE_OK;
}

pse_rc pse_msm_vt(const struct pse_group *g, pse_point *out, const pse_scalar *k,
                  const pse_point *p, size_t n)
{
    const size_t block = g->ops->block_terms;
    struct space space[2] = {{NULL, 0}, {NULL, 0}};
    pse_point total, part;
    pse_rc rc = PSE_OK;

    g->ops->identity(&total, 1);
    for (size_t at = 0; at < n && rc == PSE_OK; at += block) {
        rc = msm_block_vt(g, &part, k + at, p + at, n - at < block ? n - at : block, space);
        if (rc == PSE_OK)
            g->ops->add(&total, &total, &part, 1);
    }
    free(space[0].p);
    free(space[1].p);
    if (rc != PSE_OK)
        g->ops->identity(&total, 1);
    *out = total;
    return rc;
}
