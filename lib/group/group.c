#include "group/group.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "group/backend.h"
#include "group/ifma.h"

/* --- context -------------------------------------------------------------------------------- */

const struct pse_backend_ops *pse_backend_find(enum pse_backend backend)
{
    const struct pse_backend_ops *ifma = pse_ifma_find();

    switch (backend) {
    case PSE_BACKEND_AUTO: return ifma != NULL ? ifma : &pse_backend_portable;
    case PSE_BACKEND_PORTABLE: return &pse_backend_portable;
    case PSE_BACKEND_IFMA: return ifma;
    case PSE_BACKEND_WORD32: return NULL;
    }
    return NULL;
}

pse_rc pse_backend_parse(enum pse_backend *backend, const char *name)
{
    static const struct {
        const char *name;
        enum pse_backend backend;
    } words[] = {
        {"auto", PSE_BACKEND_AUTO},
        {"portable", PSE_BACKEND_PORTABLE},
        {"ifma", PSE_BACKEND_IFMA},
        {"word32", PSE_BACKEND_WORD32},
    };

    *backend = PSE_BACKEND_AUTO;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(name, words[i].name) == 0) {
            *backend = words[i].backend;
            return PSE_OK;
        }
    }
    return PSE_E_SYNTAX;
}

static void generators_make(struct pse_group *g)
{
    /* G of RFC 9496, the first of its appendix A.1. */
    static const pse_enc base = {{0xe2, 0xf2, 0xae, 0x0a, 0x6a, 0xbc, 0x4e, 0x71, 0xa8, 0x84, 0xa9,
                                  0x61, 0xc5, 0x00, 0x51, 0x5f, 0x58, 0xe3, 0x0b, 0x6a, 0xa5, 0x82,
                                  0xdd, 0x8d, 0xb6, 0xa6, 0x59, 0x45, 0xe0, 0x8d, 0x2d, 0x76}};
    const struct pse_span h = pse_span_str("H");
    uint8_t ok;

    g->ops->decode(&g->base, &ok, &base, 1, PSE_IDENTITY_FORBIDDEN);
    PSE_REQUIRE(ok == 1);
    g->ops->table_build(g->base_table, &g->base);
    pse_h2g(g, &g->h, "generator", &h, 1);
}

pse_rc pse_group_new(struct pse_group **out, enum pse_backend backend, struct pse_pool *pool)
{
    const struct pse_backend_ops *ops = pse_backend_find(backend);
    struct pse_group *g;

    *out = NULL;
    if (ops == NULL)
        return PSE_E_UNSUPPORTED;
    g = aligned_alloc(64, (sizeof *g + 63) / 64 * 64);
    if (g == NULL)
        return PSE_E_MEMORY;
    g->ops = ops;
    g->pool = pool;
    g->base_table = aligned_alloc(64, (ops->table_size + 63) / 64 * 64);
    if (g->base_table == NULL) {
        free(g);
        return PSE_E_MEMORY;
    }
    generators_make(g);
    *out = g;
    return PSE_OK;
}

void pse_group_free(struct pse_group *g)
{
    if (g == NULL)
        return;
    free(g->base_table);
    free(g);
}

const char *pse_group_backend_name(const struct pse_group *g)
{
    return g->ops->name;
}

struct pse_pool *pse_group_pool(const struct pse_group *g)
{
    return g->pool;
}

const pse_point *pse_group_base(const struct pse_group *g)
{
    return &g->base;
}

const pse_point *pse_group_h(const struct pse_group *g)
{
    return &g->h;
}

/* --- arrays on threads ---------------------------------------------------------------------- */

/* One array operation: what a block of it needs. Unused members are NULL. */
struct job {
    const struct pse_group *g;
    void (*block)(const struct job *job, size_t at, size_t n);
    size_t n, step;
    void *out;
    const void *a, *b;
    const void *table;
    uint8_t *ok;
    enum pse_identity identity;
    atomic_uint *bad;
};

/* Blocks are multiples of eight, so that a vector back-end has no ragged ends but the last. */
enum { BLOCK_HEAVY = 64, BLOCK_LIGHT = 1024 };

static void job_task(void *ctx, size_t index, unsigned worker)
{
    const struct job *job = ctx;
    size_t at = index * job->step;

    (void)worker;
    job->block(job, at, job->n - at < job->step ? job->n - at : job->step);
}

static void job_run(struct job *job)
{
    struct pse_pool *pool = job->g->pool;

    if (job->n == 0)
        return;
    if (job->n <= job->step || pse_pool_width(pool) == 1)
        job->block(job, 0, job->n);
    else
        pse_pool_run(pool, job_task, job, (job->n - 1) / job->step + 1);
}

static void decode_block(const struct job *job, size_t at, size_t n)
{
    pse_point *out = (pse_point *)job->out + at;
    const pse_enc *in = (const pse_enc *)job->a + at;
    uint8_t local[BLOCK_HEAVY];
    unsigned all = 1;

    for (size_t i = 0; i < n; i += BLOCK_HEAVY) {
        size_t m = n - i < BLOCK_HEAVY ? n - i : BLOCK_HEAVY;
        uint8_t *ok = job->ok == NULL ? local : job->ok + at + i;

        job->g->ops->decode(out + i, ok, in + i, m, job->identity);
        for (size_t j = 0; j < m; j++)
            all &= ok[j];
    }
    atomic_fetch_or(job->bad, all ^ 1);
}

bool pse_point_decode_each(const struct pse_group *g, pse_point *out, uint8_t *ok,
                           const pse_enc *in, size_t n, enum pse_identity identity)
{
    atomic_uint bad = 0;
    struct job job = {.g = g,
                      .block = decode_block,
                      .n = n,
                      .step = BLOCK_HEAVY,
                      .out = out,
                      .a = in,
                      .ok = ok,
                      .identity = identity,
                      .bad = &bad};

    job_run(&job);
    return atomic_load(&bad) == 0;
}

pse_rc pse_point_decode(const struct pse_group *g, pse_point *out, size_t *bad, const pse_enc *in,
                        size_t n, enum pse_identity identity)
{
    uint8_t ok = 1;
    size_t first = 0;

    if (pse_point_decode_each(g, out, NULL, in, n, identity))
        return PSE_OK;
    while (first < n) {
        g->ops->decode(&out[first], &ok, &in[first], 1, identity);
        if (ok == 0)
            break;
        first++;
    }
    if (bad != NULL)
        *bad = first;
    g->ops->identity(out, n);
    return PSE_E_ENCODING;
}

static void encode_block(const struct job *job, size_t at, size_t n)
{
    job->g->ops->encode((pse_enc *)job->out + at, (const pse_point *)job->a + at, n);
}

void pse_point_encode(const struct pse_group *g, pse_enc *out, const pse_point *in, size_t n)
{
    struct job job = {
        .g = g, .block = encode_block, .n = n, .step = BLOCK_HEAVY, .out = out, .a = in};

    job_run(&job);
}

static void encode_double_block(const struct job *job, size_t at, size_t n)
{
    job->g->ops->encode_double((pse_enc *)job->out + at, (const pse_point *)job->a + at, n);
}

void pse_point_encode_double(const struct pse_group *g, pse_enc *out, const pse_point *in, size_t n)
{
    struct job job = {
        .g = g, .block = encode_double_block, .n = n, .step = BLOCK_HEAVY, .out = out, .a = in};

    job_run(&job);
}

static void from_uniform_block(const struct job *job, size_t at, size_t n)
{
    job->g->ops->from_uniform((pse_point *)job->out + at, (const uint8_t(*)[64])job->a + at, n);
}

void pse_point_from_uniform(const struct pse_group *g, pse_point *out, const uint8_t (*uniform)[64],
                            size_t n)
{
    struct job job = {
        .g = g, .block = from_uniform_block, .n = n, .step = BLOCK_HEAVY, .out = out, .a = uniform};

    job_run(&job);
}

/* --- adding and comparing ------------------------------------------------------------------- */

void pse_point_identity(const struct pse_group *g, pse_point *out, size_t n)
{
    g->ops->identity(out, n);
}

static void add_block(const struct job *job, size_t at, size_t n)
{
    job->g->ops->add((pse_point *)job->out + at, (const pse_point *)job->a + at,
                     (const pse_point *)job->b + at, n);
}

void pse_point_add(const struct pse_group *g, pse_point *out, const pse_point *a,
                   const pse_point *b, size_t n)
{
    struct job job = {
        .g = g, .block = add_block, .n = n, .step = BLOCK_LIGHT, .out = out, .a = a, .b = b};

    job_run(&job);
}

static void sub_block(const struct job *job, size_t at, size_t n)
{
    job->g->ops->sub((pse_point *)job->out + at, (const pse_point *)job->a + at,
                     (const pse_point *)job->b + at, n);
}

void pse_point_sub(const struct pse_group *g, pse_point *out, const pse_point *a,
                   const pse_point *b, size_t n)
{
    struct job job = {
        .g = g, .block = sub_block, .n = n, .step = BLOCK_LIGHT, .out = out, .a = a, .b = b};

    job_run(&job);
}

void pse_point_neg(const struct pse_group *g, pse_point *out, const pse_point *in, size_t n)
{
    g->ops->neg(out, in, n);
}

void pse_point_sum(const struct pse_group *g, pse_point *out, const pse_point *in, size_t n)
{
    g->ops->sum(out, in, n);
}

bool pse_point_is_equal(const struct pse_group *g, const pse_point *a, const pse_point *b)
{
    return g->ops->is_equal(a, b);
}

bool pse_point_is_identity(const struct pse_group *g, const pse_point *a)
{
    pse_point identity;

    g->ops->identity(&identity, 1);
    return g->ops->is_equal(a, &identity);
}

/* --- multiplying ---------------------------------------------------------------------------- */

static void mul_block(const struct job *job, size_t at, size_t n)
{
    job->g->ops->mul((pse_point *)job->out + at, (const pse_secret *)job->b + at,
                     (const pse_point *)job->a + at, n);
}

void pse_point_mul(const struct pse_group *g, pse_point *out, const pse_secret *k,
                   const pse_point *p, size_t n)
{
    struct job job = {
        .g = g, .block = mul_block, .n = n, .step = BLOCK_HEAVY, .out = out, .a = p, .b = k};

    job_run(&job);
}

static void mul_one_block(const struct job *job, size_t at, size_t n)
{
    job->g->ops->mul_one((pse_point *)job->out + at, job->b, (const pse_point *)job->a + at, n);
}

void pse_point_mul_one(const struct pse_group *g, pse_point *out, const pse_secret *k,
                       const pse_point *p, size_t n)
{
    struct job job = {
        .g = g, .block = mul_one_block, .n = n, .step = BLOCK_HEAVY, .out = out, .a = p, .b = k};

    job_run(&job);
}

static void mul_vt_block(const struct job *job, size_t at, size_t n)
{
    job->g->ops->mul_vt((pse_point *)job->out + at, (const pse_scalar *)job->b + at,
                        (const pse_point *)job->a + at, n);
}

void pse_point_mul_vt(const struct pse_group *g, pse_point *out, const pse_scalar *k,
                      const pse_point *p, size_t n)
{
    struct job job = {
        .g = g, .block = mul_vt_block, .n = n, .step = BLOCK_HEAVY, .out = out, .a = p, .b = k};

    job_run(&job);
}

/* --- fixed bases ---------------------------------------------------------------------------- */

static void table_block(const struct job *job, size_t at, size_t n)
{
    job->g->ops->table_mul((pse_point *)job->out + at, job->table, (const pse_secret *)job->b + at,
                           n);
}

static void table_run(const struct pse_group *g, pse_point *out, const void *table,
                      const pse_secret *k, size_t n)
{
    struct job job = {.g = g,
                      .block = table_block,
                      .n = n,
                      .step = BLOCK_HEAVY,
                      .out = out,
                      .b = k,
                      .table = table};

    job_run(&job);
}

void pse_point_mul_base(const struct pse_group *g, pse_point *out, const pse_secret *k, size_t n)
{
    table_run(g, out, g->base_table, k, n);
}

/* The back-end's table itself. */
struct pse_table {
    _Alignas(64) uint8_t bytes[64];
};

pse_rc pse_table_new(struct pse_table **t, const struct pse_group *g, const pse_point *base)
{
    *t = aligned_alloc(64, (g->ops->table_size + 63) / 64 * 64);
    if (*t == NULL)
        return PSE_E_MEMORY;
    g->ops->table_build(*t, base);
    return PSE_OK;
}

void pse_table_free(struct pse_table *t)
{
    free(t);
}

void pse_table_mul(const struct pse_group *g, pse_point *out, const struct pse_table *t,
                   const pse_secret *k, size_t n)
{
    table_run(g, out, t, k, n);
}
