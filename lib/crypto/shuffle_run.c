#include "crypto/shuffle_parts.h"

/* Randomness of a shuffle: drawn here, or given. */

/* Rows whose randomness one task draws. */
enum { BLOCK = 1024 };

static pse_rc allocate(struct pse_shuffle_random *random, struct pse_arena *arena, size_t n,
                       unsigned width)
{
    memset(random, 0, sizeof *random);
    random->keys = PSE_NEW(arena, uint64_t, n);
    random->s = PSE_NEW(arena, pse_secret, n * width);
    random->r = PSE_NEW(arena, pse_secret, n);
    random->q = PSE_NEW(arena, pse_secret, n);
    random->omega_hat = PSE_NEW(arena, pse_secret, n);
    random->omega_prime = PSE_NEW(arena, pse_secret, n);
    if (random->keys == NULL || random->s == NULL || random->r == NULL || random->q == NULL ||
        random->omega_hat == NULL || random->omega_prime == NULL)
        return PSE_E_MEMORY;
    return PSE_OK;
}

static void draw_rows(struct pse_shuffle_random *random, size_t from, size_t n, unsigned width,
                      struct pse_rng *rng)
{
    pse_secret_random_n(random->s + from * width, n * width, rng);
    pse_secret_random_n(random->r + from, n, rng);
    pse_secret_random_n(random->q + from, n, rng);
    pse_secret_random_n(random->omega_hat + from, n, rng);
    pse_secret_random_n(random->omega_prime + from, n, rng);
}

static void draw_ends(struct pse_shuffle_random *random, unsigned width, struct pse_rng *rng)
{
    pse_secret_random_n(random->omega, 3, rng);
    pse_secret_random_n(random->omega4, width, rng);
}

pse_rc pse_shuffle_random_draw(struct pse_shuffle_random *random, struct pse_arena *arena,
                               uint32_t rows, unsigned width, struct pse_rng *rng)
{
    PSE_TRY(allocate(random, arena, rows, width));
    pse_rng_fill(rng, random->keys, (size_t)rows * sizeof *random->keys);
    draw_rows(random, 0, rows, width, rng);
    draw_ends(random, width, rng);
    return PSE_OK;
}

void pse_shuffle_random_wipe(struct pse_shuffle_random *random)
{
    pse_wipe(random, sizeof *random);
}

/* --- drawing and proving in one --------------------------------------------------------------- */

/* Task 0 sorts the keys, task i draws block i - 1 from a stream of its own. */
struct draw_job {
    const struct pse_shuffle_options *options;
    struct pse_shuffle_random *random;
    struct permutation *psi;
    struct pse_arena *arena;
    uint8_t (*seed)[32];
    size_t n;
    unsigned width;
    pse_rc sorted;
};

static pse_rc permute(struct permutation *psi, struct pse_arena *arena, uint64_t *keys, size_t n,
                      bool isolated)
{
    return isolated ? permutation_from_keys_vt(psi, arena, keys, n)
                    : permutation_from_keys(psi, arena, keys, n);
}

static void draw_task(void *ctx, size_t index, unsigned worker)
{
    struct draw_job *job = ctx;
    size_t from = (index - 1) * BLOCK;
    PSE_RNG(rng);

    (void)worker;
    if (index == 0) {
        job->sorted =
            permute(job->psi, job->arena, job->random->keys, job->n, job->options->isolated);
        return;
    }
    pse_rng_init(&rng, job->seed[index - 1]);
    draw_rows(job->random, from, job->n - from < BLOCK ? job->n - from : BLOCK, job->width, &rng);
}

/* The r and s of prepared rows in the place of those drawn. */
static pse_rc take_prepared(struct pse_shuffle_random *random, const struct draw_job *job)
{
    struct pse_span rows = job->options->prepared;
    unsigned width = prepared_width(job->options, job->width);
    size_t n, size;

    if (width < job->width || width > PSE_SHUFFLE_WIDTH_MAX)
        return PSE_E_RANGE;
    size = prepared_layout_of(width).size;
    n = rows.n / size;
    if (rows.n % size != 0 || n > job->n)
        return PSE_E_RANGE;
    PSE_TRY(prepared_secrets(random->r, rows, width, 0, n, PREPARED_R));
    for (size_t j = 0; j < n; j++) {
        for (unsigned k = 0; k < job->width; k++) {
            pse_secret *s = &random->s[j * job->width + k];

            PSE_TRY(prepared_secrets(s, rows, width, j, 1, PREPARED_S + k));
        }
    }
    return PSE_OK;
}

static pse_rc draw(struct pse_shuffle_random *random, struct permutation *psi,
                   struct pse_arena *arena, const struct pse_shuffle *shuffle,
                   struct pse_pool *pool, struct pse_rng *rng,
                   const struct pse_shuffle_options *options)
{
    size_t blocks = (shuffle->rows - 1) / BLOCK + 1;
    struct draw_job job = {
        .options = options, .random = random, .psi = psi, .arena = arena, .n = shuffle->rows};

    job.width = shuffle->width;
    job.seed = pse_arena_alloc(arena, blocks, sizeof *job.seed);
    if (job.seed == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(allocate(random, arena, job.n, job.width));
    pse_rng_fill(rng, random->keys, job.n * sizeof *random->keys);
    pse_rng_fill(rng, job.seed, blocks * sizeof *job.seed);
    draw_ends(random, job.width, rng);
    pse_pool_run(pool, draw_task, &job, blocks + 1);
    PSE_TRY(job.sorted);
    return take_prepared(random, &job);
}

/* Bound of an arena for the randomness and the switches. */
static size_t memory_bound(size_t n, unsigned width)
{
    return n * (sizeof(uint64_t) + (4 + width) * sizeof(pse_secret)) + permutation_memory(n) +
           n / 32 + (64u << 20);
}

static pse_rc run_once(const struct pse_joint *joint, struct pse_shuffle *shuffle, uint8_t *out,
                       uint8_t *proof, struct pse_span in, struct pse_rng *rng,
                       const struct pse_shuffle_options *options)
{
    PSE_ARENA(arena, memory_bound(shuffle->rows, shuffle->width));
    PSE_SECRET(pse_shuffle_random, random);
    struct permutation psi;

    PSE_TRY(draw(&random, &psi, &arena, shuffle, pse_group_pool(joint->g), rng, options));
    return shuffle_prove_permuted(joint, shuffle, out, proof, in, &random, &psi, options);
}

/* Keys of 64 bits: two of a million are equal once in 10^7 draws. */
enum { TRIES = 8 };

static const struct pse_shuffle_options usual = {.isolated = false};

pse_rc pse_shuffle_run(const struct pse_joint *joint, struct pse_shuffle *shuffle, uint8_t *out,
                       uint8_t *proof, struct pse_span in, struct pse_rng *rng,
                       const struct pse_shuffle_options *options)
{
    struct shuffle_layout l = shuffle_layout_of(shuffle->rows, shuffle->width);
    pse_rc rc = PSE_E_DUPLICATE;

    if (in.n != l.list)
        return PSE_E_LENGTH;
    for (int i = 0; i < TRIES && rc == PSE_E_DUPLICATE; i++)
        rc = run_once(joint, shuffle, out, proof, in, rng, options == NULL ? &usual : options);
    if (rc != PSE_OK) {
        pse_wipe(out, l.list);
        pse_wipe(proof, l.size);
    }
    return rc;
}

pse_rc pse_shuffle_prove(const struct pse_joint *joint, struct pse_shuffle *shuffle, uint8_t *out,
                         uint8_t *proof, struct pse_span in,
                         const struct pse_shuffle_random *random,
                         const struct pse_shuffle_options *options)
{
    size_t n = shuffle->rows;
    struct permutation psi;
    uint64_t *keys;
    PSE_ARENA(arena, memory_bound(n, 0));

    if (options == NULL)
        options = &usual;
    PSE_REQUIRE(options->prepared.n == 0);
    if (in.n != shuffle_layout_of(shuffle->rows, shuffle->width).list)
        return PSE_E_LENGTH;
    keys = PSE_NEW(&arena, uint64_t, n);
    if (keys == NULL)
        return PSE_E_MEMORY;
    memcpy(keys, random->keys, n * sizeof *keys);
    PSE_TRY(permute(&psi, &arena, keys, n, options->isolated));
    return shuffle_prove_permuted(joint, shuffle, out, proof, in, random, &psi, options);
}
