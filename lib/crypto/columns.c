#include "crypto/columns.h"

#include "crypto/transcript.h"

/* One worker's room, for a block or for all rows where they are fewer: most lists of an election
 * with many small districts are. */
struct bench {
    pse_point *p;
    pse_scalar *w;
    pse_enc *enc;
};

struct portion {
    pse_point sum;
    bool ok;
    pse_rc rc;
};

struct job {
    const struct pse_group *g;
    const struct column *column;
    size_t columns;
    size_t m;
    const uint8_t *h;
    struct bench *bench;
    struct portion *portion; /* [block][column] */
};

static void columns_task(void *ctx, size_t index, unsigned worker)
{
    const struct job *job = ctx;
    struct bench *b = &job->bench[worker];
    size_t from = index * COLUMNS_BLOCK;
    size_t n = job->m - from < COLUMNS_BLOCK ? job->m - from : COLUMNS_BLOCK;

    pse_weights(b->w, job->h, from, n);
    for (size_t c = 0; c < job->columns; c++) {
        const struct column *col = &job->column[c];
        struct portion *part = &job->portion[index * job->columns + c];

        for (size_t i = 0; i < n; i++)
            memcpy(b->enc[i].b, col->at + col->stride * (from + i), 32);
        part->ok = pse_point_decode_each(job->g, b->p, NULL, b->enc, n, PSE_IDENTITY_ALLOWED);
        part->rc = pse_msm_vt(job->g, &part->sum, b->w, b->p, n);
    }
}

static bool benches_make(struct bench *bench, unsigned workers, size_t rows,
                         struct pse_arena *arena)
{
    for (unsigned i = 0; i < workers; i++) {
        bench[i].p = PSE_NEW(arena, pse_point, rows);
        bench[i].w = PSE_NEW(arena, pse_scalar, rows);
        bench[i].enc = PSE_NEW(arena, pse_enc, rows);
        if (bench[i].p == NULL || bench[i].w == NULL || bench[i].enc == NULL)
            return false;
    }
    return true;
}

pse_rc columns_sum(const struct pse_group *g, struct column *column, size_t columns, size_t m,
                   const uint8_t h[64])
{
    unsigned workers = pse_pool_width(pse_group_pool(g));
    size_t blocks = (m + COLUMNS_BLOCK - 1) / COLUMNS_BLOCK;
    struct job job = {g, column, columns, m, h, NULL, NULL};
    size_t rows = m < COLUMNS_BLOCK ? m : COLUMNS_BLOCK;
    PSE_ARENA(arena, workers * rows * (sizeof(pse_point) + sizeof(pse_scalar) + sizeof(pse_enc)) +
                         (blocks * columns + 1) * sizeof(struct portion) + (16u << 20));

    job.bench = PSE_NEW(&arena, struct bench, workers);
    job.portion = PSE_NEW(&arena, struct portion, blocks * columns);
    if (job.bench == NULL || job.portion == NULL || !benches_make(job.bench, workers, rows, &arena))
        return PSE_E_MEMORY;
    pse_pool_run(pse_group_pool(g), columns_task, &job, blocks);
    for (size_t c = 0; c < columns; c++) {
        pse_point_identity(g, &column[c].sum, 1);
        column[c].ok = true;
    }
    for (size_t i = 0; i < blocks * columns; i++) {
        struct column *col = &column[i % columns];

        PSE_TRY(job.portion[i].rc);
        col->ok = col->ok && job.portion[i].ok;
        pse_point_add(g, &col->sum, &col->sum, &job.portion[i].sum, 1);
    }
    return PSE_OK;
}
