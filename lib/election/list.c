#include "election/list.h"

enum {
    BLOCK_POINTS = 4096, /* points decoded by one task */
    ARENA_MAX = 512 << 20,
};

struct worker {
    pse_enc *enc;     /* [2 K block], column after column */
    pse_point *point; /* as enc */
    pse_scalar *weight;
    pse_point *sum; /* [2 K] */
    pse_rc rc;
};

struct job {
    const struct pse_group *g;
    const struct pse_list_row *row;
    size_t n;
    size_t block;   /* rows a task */
    size_t columns; /* 2 K: A_1, B_1, A_2, … */
    struct worker *worker;
};

uint64_t pse_list_len(const struct pse_contest *c, uint32_t n)
{
    uint64_t rows = c->kind == PSE_KIND_MIX ? n : 1;

    return PSE_CIPHERTEXT_SIZE * rows * c->ciphertexts;
}

void pse_list_mix(uint8_t *out, const struct pse_contest *c, const struct pse_list_row *row,
                  size_t n)
{
    const size_t each = PSE_CIPHERTEXT_SIZE * (size_t)c->ciphertexts;

    PSE_REQUIRE(c->kind == PSE_KIND_MIX);
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * each, row[i].part, each);
}

static bool gather(struct worker *w, const struct job *j, size_t first, size_t rows)
{
    bool weighted = false;

    for (size_t i = 0; i < rows; i++) {
        const struct pse_list_row *row = &j->row[first + i];

        for (size_t col = 0; col < j->columns; col++)
            memcpy(&w->enc[col * rows + i], row->part + 32 * col, 32);
        pse_scalar_set_u64(&w->weight[i], row->weight);
        weighted |= row->weight != 1;
    }
    return weighted;
}

static pse_rc add_block(struct worker *w, const struct job *j, size_t first, size_t rows)
{
    bool weighted = gather(w, j, first, rows);

    PSE_TRY(
        pse_point_decode(j->g, w->point, NULL, w->enc, rows * j->columns, PSE_IDENTITY_FORBIDDEN));
    for (size_t col = 0; col < j->columns; col++) {
        const pse_point *column = w->point + col * rows;
        pse_point part;

        if (weighted)
            PSE_TRY(pse_msm_vt(j->g, &part, w->weight, column, rows));
        else
            pse_point_sum(j->g, &part, column, rows);
        pse_point_add(j->g, &w->sum[col], &w->sum[col], &part, 1);
    }
    return PSE_OK;
}

static void run_block(void *ctx, size_t index, unsigned worker)
{
    const struct job *j = ctx;
    struct worker *w = &j->worker[worker];
    size_t first = index * j->block;
    size_t rows = j->n - first < j->block ? j->n - first : j->block;

    if (w->rc == PSE_OK)
        w->rc = add_block(w, j, first, rows);
}

static pse_rc start_workers(struct job *j, struct pse_arena *arena, unsigned width)
{
    j->worker = PSE_NEW(arena, struct worker, width);
    if (j->worker == NULL)
        return PSE_E_MEMORY;
    for (unsigned i = 0; i < width; i++) {
        struct worker *w = &j->worker[i];

        w->enc = PSE_NEW(arena, pse_enc, j->columns * j->block);
        w->point = PSE_NEW(arena, pse_point, j->columns * j->block);
        w->weight = PSE_NEW(arena, pse_scalar, j->block);
        w->sum = PSE_NEW(arena, pse_point, j->columns);
        if (w->enc == NULL || w->point == NULL || w->weight == NULL || w->sum == NULL)
            return PSE_E_MEMORY;
        pse_point_identity(j->g, w->sum, j->columns);
    }
    return PSE_OK;
}

/* The sums of all workers, encoded: columns stand in the order of the list's bytes. */
static pse_rc finish(uint8_t *out, const struct job *j, unsigned width)
{
    pse_point *sum = j->worker[0].sum;

    for (unsigned i = 0; i < width; i++)
        PSE_TRY(j->worker[i].rc);
    for (unsigned i = 1; i < width; i++)
        pse_point_add(j->g, sum, sum, j->worker[i].sum, j->columns);
    pse_point_encode(j->g, j->worker[0].enc, sum, j->columns);
    memcpy(out, j->worker[0].enc, 32 * j->columns);
    return PSE_OK;
}

pse_rc pse_list_homomorphic(uint8_t *out, const struct pse_group *g, const struct pse_contest *c,
                            const struct pse_list_row *row, size_t n)
{
    PSE_ARENA(arena, ARENA_MAX);
    struct pse_pool *pool = pse_group_pool(g);
    unsigned width = pse_pool_width(pool);
    struct job j = {.g = g, .row = row, .n = n, .columns = 2 * (size_t)c->options};

    PSE_REQUIRE(c->kind == PSE_KIND_HOMOMORPHIC);
    j.block = BLOCK_POINTS / j.columns;
    if (n < j.block)
        j.block = n > 0 ? n : 1;
    if (n <= j.block) {
        pool = NULL;
        width = 1;
    }
    PSE_TRY(start_workers(&j, &arena, width));
    pse_pool_run(pool, run_block, &j, (n + j.block - 1) / j.block);
    return finish(out, &j, width);
}
