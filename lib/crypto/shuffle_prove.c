#include "crypto/choose.h"
#include "crypto/shuffle_parts.h"

/* Rows that one task handles at a time: arrays of so many points fit the second cache; sums with
 * buckets want longer ones. */
enum { BLOCK = 512, BLOCK_ISOLATED = 4096 };

/* Scratch of one worker, a block each. */
struct bench {
    pse_point *a;
    pse_point *b;
    pse_point *mask;
    pse_secret *s;
    pse_secret *s2;
    pse_scalar *u;
    pse_enc *enc;
};

/* What one block adds to the announcements t3, t4a_k, t4b_k and to r̄, r̃, s̃_k. */
struct portion {
    pse_point t3;
    pse_point t4[2 * PSE_SHUFFLE_WIDTH_MAX];
    pse_secret bar;
    pse_secret tilde;
    pse_secret s[PSE_SHUFFLE_WIDTH_MAX];
    pse_rc rc;
};

struct prover {
    const struct pse_joint *joint;
    const struct pse_group *g;
    const struct pse_shuffle_random *random;
    const struct permutation *psi;
    const struct pse_shuffle_options *options;
    struct shuffle_layout l;
    size_t n;
    size_t prepared;      /* rows, the first ones */
    unsigned ready_width; /* of those */
    unsigned width;
    size_t block;
    size_t blocks;
    uint8_t *out;
    uint8_t *proof;
    struct pse_table *h; /* multiples of H */
    struct bench *bench; /* one a worker */
    struct portion *portion;
    uint8_t *column;     /* scratch of permutation_apply */
    uint8_t *u;          /* u'_j, 16 bytes each */
    pse_secret *chain_r; /* R_j at j, R_0 = 0 */
    pse_secret *chain_u; /* U_j at j, U_0 = 1 */
    uint8_t h1[64];
    pse_scalar c;
};

static size_t block_rows(const struct prover *p, size_t index)
{
    size_t left = p->n - index * p->block;

    return left < p->block ? left : p->block;
}

/* Of n rows from row @p from on, how many are prepared: the first ones. */
static size_t prepared_rows(const struct prover *p, size_t from, size_t n)
{
    size_t left = p->prepared > from ? p->prepared - from : 0;

    return left < n ? left : n;
}

/* Bound of the arena: what is allocated, and what its blocks may leave unused. */
static size_t memory_bound(const struct prover *p, unsigned workers)
{
    size_t row = 3 * sizeof(pse_point) + 3 * sizeof(pse_secret) + sizeof(pse_enc);

    return workers * (p->block * row + 4096) + p->blocks * sizeof(struct portion) +
           workers * p->n * PERMUTE_COLUMN + p->n * 16 + 2 * (p->n + 1) * sizeof(pse_secret) +
           (64u << 20);
}

static pse_rc bench_allocate(struct bench *w, struct pse_arena *arena, size_t rows)
{
    w->a = PSE_NEW(arena, pse_point, rows);
    w->b = PSE_NEW(arena, pse_point, rows);
    w->mask = PSE_NEW(arena, pse_point, rows);
    w->s = PSE_NEW(arena, pse_secret, rows);
    w->s2 = PSE_NEW(arena, pse_secret, rows);
    w->u = PSE_NEW(arena, pse_scalar, rows);
    w->enc = PSE_NEW(arena, pse_enc, rows);
    if (w->a == NULL || w->b == NULL || w->mask == NULL || w->s == NULL || w->s2 == NULL ||
        w->u == NULL || w->enc == NULL)
        return PSE_E_MEMORY;
    return PSE_OK;
}

static pse_rc prover_allocate(struct prover *p, struct pse_arena *arena)
{
    unsigned workers = pse_pool_width(pse_group_pool(p->g));

    p->bench = PSE_NEW(arena, struct bench, workers);
    p->portion = PSE_NEW(arena, struct portion, p->blocks);
    p->column = pse_arena_alloc(arena, p->n * workers, PERMUTE_COLUMN);
    p->u = pse_arena_alloc(arena, p->n, 16);
    p->chain_r = PSE_NEW(arena, pse_secret, p->n + 1);
    p->chain_u = PSE_NEW(arena, pse_secret, p->n + 1);
    if (p->bench == NULL || p->portion == NULL || p->column == NULL || p->u == NULL ||
        p->chain_r == NULL || p->chain_u == NULL)
        return PSE_E_MEMORY;
    for (unsigned i = 0; i < workers; i++)
        PSE_TRY(bench_allocate(&p->bench[i], arena, p->block));
    return pse_table_new(&p->h, p->g, pse_group_h(p->g));
}

/* --- rows: re-encrypted, committed to, and their part of t3 and t4 --------------------------- */

/* k[i] G, or what is prepared as point @p index of rows from..from + n - 1. */
static void times_base(const struct prover *p, pse_point *to, const pse_secret *k, size_t from,
                       size_t n, unsigned index)
{
    size_t ready = prepared_rows(p, from, n);

    prepared_points(to, p->options->prepared, p->ready_width, from, ready, index);
    pse_point_mul_base(p->g, to + ready, k + ready, n - ready);
}

static void times_key(const struct prover *p, pse_point *to, const pse_secret *k, size_t from,
                      size_t n, unsigned index)
{
    size_t ready = prepared_rows(p, from, n);

    prepared_points(to, p->options->prepared, p->ready_width, from, ready, index);
    pse_table_mul(p->g, to + ready, p->joint->table, k + ready, n - ready);
}

/* Σ ω'_j P_j over rows from..from + n - 1. */
static pse_rc nonces_sum(const struct prover *p, struct bench *w, pse_point *sum,
                         const pse_point *of, size_t from, size_t n)
{
    const pse_secret *nonce = p->random->omega_prime + from;

    if (!p->options->isolated)
        return pse_msm(p->g, sum, nonce, of, n);
    for (size_t i = 0; i < n; i++)
        pse_secret_reveal(&w->u[i], &nonce[i]);
    return pse_msm_vt(p->g, sum, w->u, of, n);
}

/* Half @p half (0: A, 1: B) of column @p k of rows from..from + n - 1 of the output. */
static void gather(pse_enc *enc, const struct prover *p, size_t from, size_t n, unsigned k,
                   unsigned half)
{
    for (size_t i = 0; i < n; i++)
        memcpy(enc[i].b, p->out + 64 * ((from + i) * p->width + k) + 32 * half, 32);
}

static void scatter(const struct prover *p, const pse_enc *enc, size_t from, size_t n, unsigned k,
                    unsigned half)
{
    for (size_t i = 0; i < n; i++)
        memcpy(p->out + 64 * ((from + i) * p->width + k) + 32 * half, enc[i].b, 32);
}

static pse_rc rows_column(const struct prover *p, struct bench *w, struct portion *part,
                          size_t from, size_t n, unsigned k)
{
    uint64_t good;

    gather(w->enc, p, from, n, k, 0);
    good = pse_point_decode_each(p->g, w->a, NULL, w->enc, n, PSE_IDENTITY_FORBIDDEN);
    gather(w->enc, p, from, n, k, 1);
    good &= pse_point_decode_each(p->g, w->b, NULL, w->enc, n, PSE_IDENTITY_FORBIDDEN);
    if (!choose_reveal(good))
        return PSE_E_ENCODING;
    for (size_t i = 0; i < n; i++)
        w->s[i] = p->random->s[(from + i) * p->width + k];
    times_base(p, w->mask, w->s, from, n, PREPARED_S + 2 * k);
    pse_point_add(p->g, w->a, w->a, w->mask, n);
    times_key(p, w->mask, w->s, from, n, PREPARED_S + 2 * k + 1);
    pse_point_add(p->g, w->b, w->b, w->mask, n);
    pse_point_encode(p->g, w->enc, w->a, n);
    scatter(p, w->enc, from, n, k, 0);
    pse_point_encode(p->g, w->enc, w->b, n);
    scatter(p, w->enc, from, n, k, 1);
    PSE_TRY(nonces_sum(p, w, &part->t4[2 * k], w->a, from, n));
    return nonces_sum(p, w, &part->t4[2 * k + 1], w->b, from, n);
}

/* c in the order of the output, into the proof's place for c. */
static pse_rc rows_commit(const struct prover *p, struct bench *w, struct portion *part,
                          size_t from, size_t n)
{
    pse_generators(p->g, w->a, (uint32_t)from + 1, n);
    PSE_TRY(nonces_sum(p, w, &part->t3, w->a, from, n));
    times_base(p, w->b, p->random->r + from, from, n, PREPARED_R);
    pse_point_add(p->g, w->b, w->b, w->a, n);
    pse_point_encode(p->g, w->enc, w->b, n);
    memcpy(p->proof + p->l.c + 32 * from, w->enc, 32 * n);
    return PSE_OK;
}

static void rows_task(void *ctx, size_t index, unsigned worker)
{
    const struct prover *p = ctx;
    struct portion *part = &p->portion[index];
    size_t n = block_rows(p, index);

    part->rc = rows_commit(p, &p->bench[worker], part, index * p->block, n);
    for (unsigned k = 0; part->rc == PSE_OK && k < p->width; k++)
        part->rc = rows_column(p, &p->bench[worker], part, index * p->block, n, k);
}

static pse_rc rows_make(struct prover *p)
{
    struct pse_pool *pool = pse_group_pool(p->g);

    permutation_apply(p->psi, pool, p->out, 64 * (size_t)p->width, p->column, false);
    pse_pool_run(pool, rows_task, p, p->blocks);
    for (size_t i = 0; i < p->blocks; i++)
        PSE_TRY(p->portion[i].rc);
    permutation_apply(p->psi, pool, p->proof + p->l.c, 32, p->column, true);
    return PSE_OK;
}

/* --- chain ------------------------------------------------------------------------------------ */

static void weights_task(void *ctx, size_t index, unsigned worker)
{
    const struct prover *p = ctx;
    pse_scalar *u = p->bench[worker].u;
    size_t n = block_rows(p, index);

    pse_weights(u, p->h1, index * p->block, n);
    for (size_t i = 0; i < n; i++) {
        uint8_t bytes[32];

        pse_scalar_encode(bytes, &u[i]);
        memcpy(p->u + 16 * (index * p->block + i), bytes, 16);
    }
}

static void load_u(pse_secret *u, const struct prover *p, size_t j)
{
    pse_scalar open;

    pse_scalar_from_short(&open, p->u + 16 * j);
    pse_secret_from_scalar(u, &open);
    pse_wipe(&open, sizeof open);
}

/* u'_j, R_j, U_j for all j: two products a row, one after the other; R_j may be prepared. */
static pse_rc chain_exponents(struct prover *p)
{
    PSE_SECRET(pse_secret, u);

    pse_pool_run(pse_group_pool(p->g), weights_task, p, p->blocks);
    permutation_apply(p->psi, pse_group_pool(p->g), p->u, 16, p->column, false);
    pse_secret_set_u64(&p->chain_u[0], 1);
    PSE_TRY(prepared_secrets(p->chain_r + 1, p->options->prepared, p->ready_width, 0, p->prepared,
                             PREPARED_CHAIN));
    for (size_t j = 0; j < p->n; j++) {
        load_u(&u, p, j);
        if (j >= p->prepared)
            pse_secret_muladd(&p->chain_r[j + 1], &u, &p->chain_r[j], &p->random->q[j]);
        pse_secret_mul(&p->chain_u[j + 1], &u, &p->chain_u[j]);
    }
    return PSE_OK;
}

/* r G + h H for n rows from row @p from on, encoded at @p to. The exponents are in s and s2,
 * halved: a doubled point is encoded without a square root. */
static void pair_encode(const struct prover *p, struct bench *w, uint8_t *to, size_t from, size_t n,
                        unsigned index)
{
    times_base(p, w->a, w->s, from, n, index);
    pse_table_mul(p->g, w->b, p->h, w->s2, n);
    pse_point_add(p->g, w->a, w->a, w->b, n);
    pse_point_encode_double(p->g, w->enc, w->a, n);
    memcpy(to, w->enc, 32 * n);
}

/* ĉ_j = R_j G + U_j H; t̂_j = ω̂_j G + ω'_j ĉ_{j-1}, which is
 * (ω̂_j + ω'_j R_{j-1}) G + ω'_j U_{j-1} H: fixed bases only. */
static void chain_task(void *ctx, size_t index, unsigned worker)
{
    const struct prover *p = ctx;
    struct bench *w = &p->bench[worker];
    size_t from = index * p->block;
    size_t n = block_rows(p, index);

    for (size_t i = 0; i < n; i++) {
        pse_secret_halve(&w->s[i], &p->chain_r[from + i + 1]);
        pse_secret_halve(&w->s2[i], &p->chain_u[from + i + 1]);
    }
    pair_encode(p, w, p->proof + p->l.chain + 32 * from, from, n, PREPARED_CHAIN);
    for (size_t i = 0; i < n; i++) {
        const pse_secret *nonce = &p->random->omega_prime[from + i];

        pse_secret_muladd(&w->s[i], nonce, &p->chain_r[from + i], &p->random->omega_hat[from + i]);
        pse_secret_mul(&w->s2[i], nonce, &p->chain_u[from + i]);
        pse_secret_halve(&w->s[i], &w->s[i]);
        pse_secret_halve(&w->s2[i], &w->s2[i]);
    }
    pair_encode(p, w, p->proof + p->l.t_hat + 32 * from, from, n, PREPARED_HAT);
}

/* --- announcements and responses -------------------------------------------------------------- */

/* t1 t2 t3 (t4a_k t4b_k)...: the blocks' portions and the own nonces. */
static pse_rc announce(struct prover *p, struct pse_arena *arena)
{
    pse_point *t = PSE_NEW(arena, pse_point, p->l.t_n);
    pse_enc enc[3 + 2 * PSE_SHUFFLE_WIDTH_MAX];
    PSE_SECRET(pse_secret, minus);

    if (t == NULL)
        return PSE_E_MEMORY;
    pse_point_mul_base(p->g, t, p->random->omega, 3);
    for (unsigned k = 0; k < p->width; k++) {
        pse_secret_neg(&minus, &p->random->omega4[k]);
        pse_point_mul_base(p->g, &t[3 + 2 * k], &minus, 1);
        pse_table_mul(p->g, &t[4 + 2 * k], p->joint->table, &minus, 1);
    }
    for (size_t i = 0; i < p->blocks; i++) {
        pse_point_add(p->g, &t[2], &t[2], &p->portion[i].t3, 1);
        pse_point_add(p->g, &t[3], &t[3], p->portion[i].t4, 2 * (size_t)p->width);
    }
    pse_point_encode(p->g, enc, t, p->l.t_n);
    memcpy(p->proof + p->l.t, enc, 32 * p->l.t_n);
    return PSE_OK;
}

static void respond_at(uint8_t *to, const pse_secret *nonce, const pse_scalar *c,
                       const pse_secret *x)
{
    pse_scalar z;

    pse_secret_respond(&z, nonce, c, x);
    pse_scalar_encode(to, &z);
}

/* q_j and ω̂_j of a prepared row: what makes R_j and T_j out of those before. */
static pse_rc chain_open(const struct prover *p, pse_secret *q, pse_secret *omega_hat, size_t j,
                         const pse_secret *u)
{
    PSE_SECRET(pse_secret, minus);

    pse_secret_neg(&minus, &p->chain_r[j]);
    PSE_TRY(prepared_secrets(omega_hat, p->options->prepared, p->ready_width, j, 1, PREPARED_HAT));
    pse_secret_muladd(omega_hat, &p->random->omega_prime[j], &minus, omega_hat);
    pse_secret_muladd(q, u, &minus, &p->chain_r[j + 1]);
    return PSE_OK;
}

/* ŝ_j and s'_j, and the block's part of r̄ = Σ r_i, r̃ = Σ u'_j r_j, s̃_k = Σ u'_j s_{j,k}. */
static void respond_task(void *ctx, size_t index, unsigned worker)
{
    const struct prover *p = ctx;
    struct portion *part = &p->portion[index];
    size_t n = block_rows(p, index);
    PSE_SECRET(pse_secret, u);
    PSE_SECRET(pse_secret, q);
    PSE_SECRET(pse_secret, omega_hat);

    (void)worker;
    for (size_t j = index * p->block; j < index * p->block + n; j++) {
        load_u(&u, p, j);
        q = p->random->q[j];
        omega_hat = p->random->omega_hat[j];
        if (j < p->prepared && part->rc == PSE_OK)
            part->rc = chain_open(p, &q, &omega_hat, j, &u);
        respond_at(p->proof + p->l.s_hat + 32 * j, &omega_hat, &p->c, &q);
        respond_at(p->proof + p->l.s_prime + 32 * j, &p->random->omega_prime[j], &p->c, &u);
        pse_secret_add(&part->bar, &part->bar, &p->random->r[j]);
        pse_secret_muladd(&part->tilde, &u, &p->random->r[j], &part->tilde);
        for (unsigned k = 0; k < p->width; k++)
            pse_secret_muladd(&part->s[k], &u, &p->random->s[j * p->width + k], &part->s[k]);
    }
}

static pse_rc respond(struct prover *p)
{
    struct portion *all = &p->portion[0];
    uint8_t *to = p->proof + p->l.s;

    pse_pool_run(pse_group_pool(p->g), respond_task, p, p->blocks);
    PSE_TRY(all->rc);
    for (size_t i = 1; i < p->blocks; i++) {
        const struct portion *part = &p->portion[i];

        PSE_TRY(part->rc);

        pse_secret_add(&all->bar, &all->bar, &part->bar);
        pse_secret_add(&all->tilde, &all->tilde, &part->tilde);
        for (unsigned k = 0; k < p->width; k++)
            pse_secret_add(&all->s[k], &all->s[k], &part->s[k]);
    }
    respond_at(to, &p->random->omega[0], &p->c, &all->bar);
    respond_at(to + 32, &p->random->omega[1], &p->c, &p->chain_r[p->n]);
    respond_at(to + 64, &p->random->omega[2], &p->c, &all->tilde);
    for (unsigned k = 0; k < p->width; k++)
        respond_at(to + 96 + 32 * k, &p->random->omega4[k], &p->c, &all->s[k]);
    return PSE_OK;
}

static pse_rc prove(struct prover *p, struct pse_arena *arena, struct pse_shuffle *shuffle)
{
    pse_transcript t;

    PSE_TRY(prover_allocate(p, arena));
    PSE_TRY(rows_make(p));
    pse_sha256(&shuffle->out_hash, pse_span(p->out, p->l.list));
    shuffle_transcript(&t, p->h1, p->joint, shuffle, p->proof + p->l.c);
    PSE_TRY(chain_exponents(p));
    pse_pool_run(pse_group_pool(p->g), chain_task, p, p->blocks);
    PSE_TRY(announce(p, arena));
    shuffle_challenge(&p->c, &t, &p->l, p->proof);
    return respond(p);
}

pse_rc shuffle_prove_permuted(const struct pse_joint *joint, struct pse_shuffle *shuffle,
                              uint8_t *out, uint8_t *proof, struct pse_span in,
                              const struct pse_shuffle_random *random,
                              const struct permutation *psi,
                              const struct pse_shuffle_options *options)
{
    struct prover p = {
        .joint = joint, .g = joint->g, .random = random, .psi = psi, .options = options};
    unsigned workers = pse_pool_width(pse_group_pool(joint->g));
    pse_rc rc;

    p.n = shuffle->rows;
    p.width = shuffle->width;
    p.l = shuffle_layout_of(shuffle->rows, shuffle->width);
    p.ready_width = prepared_width(options, p.width);
    p.prepared = options->prepared.n / prepared_layout_of(p.ready_width).size;
    p.block = options->isolated ? BLOCK_ISOLATED : BLOCK;
    p.blocks = (p.n - 1) / p.block + 1;
    p.out = out;
    p.proof = proof;
    PSE_REQUIRE(in.n == p.l.list && psi->n == p.n);

    PSE_ARENA(arena, memory_bound(&p, workers));
    memcpy(out, in.p, in.n);
    rc = prove(&p, &arena, shuffle);
    pse_table_free(p.h);
    if (rc != PSE_OK) {
        pse_wipe(out, p.l.list);
        pse_wipe(proof, p.l.size);
        memset(&shuffle->out_hash, 0, sizeof shuffle->out_hash);
    }
    return rc;
}
