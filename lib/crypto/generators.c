#include "crypto/generators.h"

#include <stdlib.h>

enum { BLOCK = 256 };

struct job {
    const struct pse_generator_list *h;
    const struct pse_group *g;
    size_t n;
};

static void make_task(void *ctx, size_t index, unsigned worker)
{
    const struct job *job = (const struct job *)ctx;
    size_t at = job->h->n + index * BLOCK;
    size_t n = job->n - at < BLOCK ? job->n - at : BLOCK;
    pse_point p[BLOCK];

    (void)worker;
    pse_generators(job->g, p, (uint32_t)at + 1, n);
    pse_point_to_affine(job->h->affine + at, p, n);
}

pse_rc pse_generator_list_reach(struct pse_generator_list *h, const struct pse_group *g, size_t n)
{
    struct job job = {h, g, n};
    size_t bytes;
    void *more;

    PSE_REQUIRE(n < UINT32_MAX);
    if (n <= h->n)
        return PSE_OK;
    PSE_TRY(pse_size_mul(&bytes, n, PSE_AFFINE_SIZE));
    more = realloc(h->affine, bytes);
    if (more == NULL)
        return PSE_E_MEMORY;
    h->affine = more;
    pse_pool_run(pse_group_pool(g), make_task, &job, (n - h->n + BLOCK - 1) / BLOCK);
    h->n = n;
    return PSE_OK;
}

void pse_generator_list_take(pse_point *out, const struct pse_generator_list *h, uint32_t first,
                             size_t n)
{
    PSE_REQUIRE(first >= 1 && first - 1 <= h->n && n <= h->n - (first - 1));
    pse_point_from_affine(out, (const uint8_t(*)[PSE_AFFINE_SIZE])h->affine + (first - 1), n);
}

void pse_generator_list_free(struct pse_generator_list *h)
{
    free(h->affine);
    *h = (struct pse_generator_list){NULL, 0};
}
