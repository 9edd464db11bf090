#include "crypto/shuffle_parts.h"

/* Rows that one task handles at a time. A sum of (3 + 2 w) terms a row is long enough for buckets
 * to pay, and the points of all workers together stay at some megabytes, whatever N is. Short lists
 * are cut finer, so that every worker has two blocks. */
enum { BLOCK_MAX = 4096, BLOCK_MIN = 256 };

/* Scratch of one worker: (3 + 2 w) terms a row and one more of the main sum, and one column. */
struct bench {
    pse_point *p;
    pse_scalar *k;
    pse_point *column;
    pse_scalar *u;
    pse_scalar *s_hat;
    pse_scalar *s_prime;
    pse_enc *enc;
    uint8_t *ok;
};

/* What one block contributes. The equations' weights are in the main sum already; short sums with
 * the weights u_i stay apart, because 128-bit scalars cost half. */
struct portion {
    uint8_t seed[32]; /* of the weights of its E5 equations */
    pse_point main;
    pse_point c;                             /* Σ c_i */
    pse_point cu;                            /* Σ u_i c_i */
    pse_point in[2 * PSE_SHUFFLE_WIDTH_MAX]; /* Σ u_i a_{i,k}, Σ u_i b_{i,k} */
    pse_scalar on_g;
    pse_scalar product; /* of the u_i */
    bool list_ok;
    bool proof_ok;
    bool in_ok;
    pse_rc rc;
};

struct verifier {
    const struct pse_joint *joint;
    const struct pse_group *g;
    const struct pse_generator_list *h; /* NULL: none are kept */
    const uint8_t *in;
    const uint8_t *out;   /* NULL: of a wrong length, not looked at */
    const uint8_t *proof; /* likewise */
    struct shuffle_layout l;
    size_t n;
    unsigned width;
    size_t block; /* rows, a multiple of 4 */
    size_t blocks;
    uint8_t h1[64];
    pse_scalar c;
    pse_scalar alpha[3];                        /* weights of E1, E2, E3 */
    pse_scalar beta[2 * PSE_SHUFFLE_WIDTH_MAX]; /* of E4a_k, E4b_k */
    struct bench *bench;
    struct portion *portion;
};

/* Bound of the arena: what is allocated, and what its blocks may leave unused. */
static size_t memory_bound(const struct verifier *v)
{
    size_t row = (4 + 2 * (size_t)v->width) * (sizeof(pse_point) + sizeof(pse_scalar)) + 256;

    return pse_pool_width(pse_group_pool(v->g)) * row * v->block +
           v->blocks * sizeof(struct portion) + (64u << 20);
}

static pse_rc bench_allocate(struct verifier *v, struct pse_arena *arena)
{
    unsigned workers = pse_pool_width(pse_group_pool(v->g));
    size_t rows = v->n < v->block ? v->n : v->block;
    size_t terms = (3 + 2 * (size_t)v->width) * rows + 1;

    v->portion = PSE_NEW(arena, struct portion, v->blocks);
    v->bench = PSE_NEW(arena, struct bench, workers);
    if (v->portion == NULL || v->bench == NULL)
        return PSE_E_MEMORY;
    for (unsigned i = 0; i < workers; i++) {
        struct bench *w = &v->bench[i];

        w->p = PSE_NEW(arena, pse_point, terms);
        w->k = PSE_NEW(arena, pse_scalar, terms);
        w->column = PSE_NEW(arena, pse_point, rows);
        w->u = PSE_NEW(arena, pse_scalar, 3 * rows);
        w->enc = PSE_NEW(arena, pse_enc, rows + 1);
        w->ok = PSE_NEW(arena, uint8_t, rows + 1);
        if (w->p == NULL || w->k == NULL || w->column == NULL || w->u == NULL || w->enc == NULL ||
            w->ok == NULL)
            return PSE_E_MEMORY;
        w->s_hat = w->u + rows;
        w->s_prime = w->s_hat + rows;
    }
    return PSE_OK;
}

/* Decode n encodings that stand @p stride bytes apart from @p at on. */
static bool decode(const struct verifier *v, struct bench *w, pse_point *p, const uint8_t *at,
                   size_t stride, size_t n)
{
    const pse_enc *enc = (const pse_enc *)(const void *)at;

    if (stride != sizeof *enc) {
        for (size_t i = 0; i < n; i++)
            memcpy(w->enc[i].b, at + stride * i, 32);
        enc = w->enc;
    }
    return pse_point_decode_each(v->g, p, w->ok, enc, n, PSE_IDENTITY_FORBIDDEN);
}

static void short_weight(pse_scalar *w, struct pse_rng *rng)
{
    uint8_t bytes[16];

    pse_rng_fill(rng, bytes, sizeof bytes);
    pse_scalar_from_short(w, bytes);
}

/* --- one block -------------------------------------------------------------------------------- */

enum { WEIGHTS = 32 }; /* drawn by one request for random bytes */

static const pse_scalar zero;

struct block {
    const struct verifier *v;
    struct bench *w;
    struct portion *part;
    size_t from;
    size_t n;
    size_t terms; /* of the main sum so far */
    bool sums;    /* equations are wanted, not only encodings */
};

static void block_scalars(const struct block *b)
{
    const struct verifier *v = b->v;

    for (size_t i = 0; i < b->n; i++) {
        const uint8_t *hat = v->proof + v->l.s_hat + 32 * (b->from + i);
        const uint8_t *prime = v->proof + v->l.s_prime + 32 * (b->from + i);

        if (pse_scalar_decode(&b->w->s_hat[i], hat) != PSE_OK)
            b->part->proof_ok = false;
        if (pse_scalar_decode(&b->w->s_prime[i], prime) != PSE_OK)
            b->part->proof_ok = false;
    }
}

static void block_weights(const struct block *b)
{
    pse_weights(b->w->u, b->v->h1, b->from, b->n);
    pse_scalar_set_u64(&b->part->product, 1);
    for (size_t i = 0; i < b->n; i++)
        pse_scalar_muladd_short(&b->part->product, &b->w->u[i], &b->part->product, &zero);
}

/* c_i, for E1 and E3. */
static pse_rc block_commitments(const struct block *b)
{
    const struct verifier *v = b->v;

    if (!decode(v, b->w, b->w->column, v->proof + v->l.c + 32 * b->from, 32, b->n))
        b->part->proof_ok = false;
    if (!b->sums)
        return PSE_OK;
    pse_point_sum(v->g, &b->part->c, b->w->column, b->n);
    return pse_msm_vt(v->g, &b->part->cu, b->w->u, b->w->column, b->n);
}

/* E5, negated so that t̂_j has its short weight: w (t̂_j + c ĉ_j - s'_j ĉ_{j-1} - ŝ_j G) = 0. Each
 * ĉ_j stands in two of the equations: its two products are added up before they are reduced. */
static void chain_scalars(const struct block *b, pse_scalar *k)
{
    uint8_t draw[WEIGHTS][16];
    pse_wide on_chain = {{0}};
    pse_wide on_g = {{0}};
    PSE_RNG(rng);

    pse_rng_init(&rng, b->part->seed);
    for (size_t i = 0; i < b->n; i++) {
        pse_scalar *w = &k[1 + b->n + i];
        pse_scalar minus;

        if (i % WEIGHTS == 0)
            pse_rng_fill(&rng, draw, sizeof draw);
        pse_scalar_from_short(w, draw[i % WEIGHTS]);
        pse_scalar_neg(&minus, &b->w->s_prime[i]);
        pse_wide_add(&on_chain, w, &minus);
        pse_wide_reduce(&k[i], &on_chain);
        on_chain = (pse_wide){{0}};
        pse_wide_add(&on_chain, w, &b->v->c);
        pse_wide_add(&on_g, w, &b->w->s_hat[i]);
    }
    pse_wide_reduce(&k[b->n], &on_chain);
    pse_wide_reduce(&b->part->on_g, &on_g);
    pse_scalar_neg(&b->part->on_g, &b->part->on_g);
}

static void block_chain(struct block *b)
{
    const struct verifier *v = b->v;
    const uint8_t *chain = v->proof + v->l.chain + 32 * b->from;
    pse_point *p = b->w->p + b->terms; /* ĉ_{from-1} .. ĉ_{from+n-1}, then t̂ */
    bool ok;

    p[0] = *pse_group_h(v->g);
    ok = b->from == 0 || decode(v, b->w, p, chain - 32, 32, 1);
    ok = decode(v, b->w, p + 1, chain, 32, b->n) && ok;
    ok = decode(v, b->w, p + 1 + b->n, v->proof + v->l.t_hat + 32 * b->from, 32, b->n) && ok;
    if (!ok)
        b->part->proof_ok = false;
    chain_scalars(b, b->w->k + b->terms);
    b->terms += 2 * b->n + 1;
}

/* H_j with α1 c of E1 and α3 s'_j of E3. */
static void block_generators(struct block *b)
{
    const struct verifier *v = b->v;
    pse_scalar all;

    pse_scalar_mul(&all, &v->alpha[0], &v->c);
    if (v->h != NULL)
        pse_generator_list_take(b->w->p + b->terms, v->h, (uint32_t)b->from + 1, b->n);
    else
        pse_generators(v->g, b->w->p + b->terms, (uint32_t)b->from + 1, b->n);
    for (size_t i = 0; i < b->n; i++)
        pse_scalar_muladd_short(&b->w->k[b->terms + i], &v->alpha[2], &b->w->s_prime[i], &all);
    b->terms += b->n;
}

/* a'_{j,k}, b'_{j,k} with β s'_j of E4. */
static void block_out(struct block *b)
{
    const struct verifier *v = b->v;
    size_t columns = 2 * (size_t)v->width;

    for (size_t col = 0; col < columns; col++) {
        const uint8_t *at = v->out + 32 * (columns * b->from + col);
        pse_point *p = b->sums ? b->w->p + b->terms : b->w->column;

        if (!decode(v, b->w, p, at, 32 * columns, b->n))
            b->part->list_ok = false;
        if (!b->sums)
            continue;
        for (size_t i = 0; i < b->n; i++)
            pse_scalar_muladd_short(&b->w->k[b->terms + i], &v->beta[col], &b->w->s_prime[i],
                                    &zero);
        b->terms += b->n;
    }
}

/* Σ u_i a_{i,k}, Σ u_i b_{i,k}, for E4. */
static pse_rc block_in(const struct block *b)
{
    const struct verifier *v = b->v;
    size_t columns = 2 * (size_t)v->width;

    for (size_t col = 0; col < columns; col++) {
        const uint8_t *at = v->in + 32 * (columns * b->from + col);

        if (!decode(v, b->w, b->w->column, at, 32 * columns, b->n))
            b->part->in_ok = false;
        PSE_TRY(pse_msm_vt(v->g, &b->part->in[col], b->w->u, b->w->column, b->n));
    }
    return PSE_OK;
}

static pse_rc block_run(struct block *b)
{
    const struct verifier *v = b->v;

    if (v->proof != NULL) {
        block_scalars(b);
        block_weights(b);
        PSE_TRY(block_commitments(b));
        block_chain(b);
    }
    if (v->out != NULL)
        block_out(b);
    if (!b->sums)
        return PSE_OK;
    block_generators(b);
    PSE_TRY(pse_msm_vt(v->g, &b->part->main, b->w->k, b->w->p, b->terms));
    return block_in(b);
}

static void block_task(void *ctx, size_t index, unsigned worker)
{
    const struct verifier *v = ctx;
    struct block b = {.v = v, .w = &v->bench[worker], .part = &v->portion[index]};

    b.from = index * v->block;
    b.n = v->n - b.from < v->block ? v->n - b.from : v->block;
    b.sums = v->proof != NULL && v->out != NULL;
    b.part->list_ok = b.part->proof_ok = b.part->in_ok = true;
    b.part->rc = block_run(&b);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Points and scalars behind t_hat and s_prime: t1.. and s1... */
struct tail {
    pse_point t[3 + 2 * PSE_SHUFFLE_WIDTH_MAX];
    pse_scalar s[3 + PSE_SHUFFLE_WIDTH_MAX];
    pse_point chain_last; /* ĉ_N */
};

static bool tail_decode(const struct verifier *v, struct tail *tail)
{
    pse_enc enc[3 + 2 * PSE_SHUFFLE_WIDTH_MAX];
    bool ok;

    memcpy(enc, v->proof + v->l.t, 32 * v->l.t_n);
    ok = pse_point_decode_each(v->g, tail->t, NULL, enc, v->l.t_n, PSE_IDENTITY_FORBIDDEN);
    memcpy(enc, v->proof + v->l.t_hat - 32, 32);
    ok = pse_point_decode_each(v->g, &tail->chain_last, NULL, enc, 1, PSE_IDENTITY_FORBIDDEN) && ok;
    for (size_t i = 0; i < v->l.s_n; i++)
        ok = pse_scalar_decode(&tail->s[i], v->proof + v->l.s + 32 * i) == PSE_OK && ok;
    return ok;
}

/* A sum in the making. */
struct sum {
    pse_point p[12 + 6 * PSE_SHUFFLE_WIDTH_MAX];
    pse_scalar k[12 + 6 * PSE_SHUFFLE_WIDTH_MAX];
    size_t n;
};

/* + sign k weight P, sign 1 or -1. */
static void sum_add(struct sum *s, const pse_point *p, const pse_scalar *weight,
                    const pse_scalar *k, int sign)
{
    PSE_REQUIRE(s->n < sizeof s->p / sizeof *s->p);
    s->p[s->n] = *p;
    pse_scalar_mul(&s->k[s->n], weight, k);
    if (sign < 0)
        pse_scalar_neg(&s->k[s->n], &s->k[s->n]);
    s->n++;
}

/* Add up the blocks' portions into the first. */
static void portions_join(const struct verifier *v)
{
    struct portion *all = &v->portion[0];

    for (size_t i = 1; i < v->blocks; i++) {
        const struct portion *part = &v->portion[i];

        pse_point_add(v->g, &all->main, &all->main, &part->main, 1);
        pse_point_add(v->g, &all->c, &all->c, &part->c, 1);
        pse_point_add(v->g, &all->cu, &all->cu, &part->cu, 1);
        pse_point_add(v->g, all->in, all->in, part->in, 2 * (size_t)v->width);
        pse_scalar_add(&all->on_g, &all->on_g, &part->on_g);
        pse_scalar_mul(&all->product, &all->product, &part->product);
    }
}

/* E1..E4 less what the blocks hold already, weighted, as one sum with it. */
static pse_rc equations_hold(const struct verifier *v, const struct tail *tail)
{
    const struct portion *all = &v->portion[0];
    const pse_point *g = pse_group_base(v->g);
    const pse_scalar *c = &v->c;
    struct sum s;
    pse_point total;
    pse_scalar one;
    pse_scalar cp;

    s.n = 0;
    pse_scalar_set_u64(&one, 1);
    pse_scalar_mul(&cp, c, &all->product);
    for (unsigned i = 0; i < 3; i++) {
        sum_add(&s, g, &v->alpha[i], &tail->s[i], 1);
        sum_add(&s, &tail->t[i], &v->alpha[i], &one, -1);
    }
    sum_add(&s, &all->c, &v->alpha[0], c, -1);
    sum_add(&s, &tail->chain_last, &v->alpha[1], c, -1);
    sum_add(&s, pse_group_h(v->g), &v->alpha[1], &cp, 1);
    sum_add(&s, &all->cu, &v->alpha[2], c, -1);
    sum_add(&s, g, &one, &all->on_g, 1);
    for (unsigned col = 0; col < 2 * v->width; col++) {
        sum_add(&s, col % 2 == 0 ? g : &v->joint->y, &v->beta[col], &tail->s[3 + col / 2], -1);
        sum_add(&s, &tail->t[3 + col], &v->beta[col], &one, -1);
        sum_add(&s, &all->in[col], &v->beta[col], c, -1);
    }
    PSE_TRY(pse_msm_vt(v->g, &total, s.k, s.p, s.n));
    pse_point_add(v->g, &total, &total, &all->main, 1);
    return pse_point_is_identity(v->g, &total) ? PSE_OK : PSE_E_PROOF;
}

static void draw_weights(struct verifier *v, struct pse_rng *rng)
{
    for (unsigned i = 0; i < 3; i++)
        short_weight(&v->alpha[i], rng);
    for (unsigned i = 0; i < 2 * v->width; i++)
        short_weight(&v->beta[i], rng);
    for (size_t i = 0; i < v->blocks; i++)
        pse_rng_fill(rng, v->portion[i].seed, sizeof v->portion[i].seed);
}

static pse_rc verify(struct verifier *v, struct pse_shuffle_verdict *verdict,
                     const struct pse_shuffle *shuffle, struct pse_rng *rng)
{
    pse_transcript t;
    struct tail tail;
    bool list_ok = true;
    bool proof_ok = true;
    bool in_ok = true;

    draw_weights(v, rng);
    if (v->proof != NULL) {
        shuffle_transcript(&t, v->h1, v->joint, shuffle, v->proof + v->l.c);
        shuffle_challenge(&v->c, &t, &v->l, v->proof);
        proof_ok = tail_decode(v, &tail);
    }
    pse_pool_run(pse_group_pool(v->g), block_task, v, v->blocks);
    for (size_t i = 0; i < v->blocks; i++) {
        PSE_TRY(v->portion[i].rc);
        list_ok = list_ok && v->portion[i].list_ok;
        proof_ok = proof_ok && v->portion[i].proof_ok;
        in_ok = in_ok && v->portion[i].in_ok;
    }
    if (v->out != NULL)
        verdict->list = list_ok ? PSE_OK : PSE_E_ENCODING;
    if (v->proof != NULL)
        verdict->proof = proof_ok ? PSE_OK : PSE_E_ENCODING;
    if (verdict->list != PSE_OK || verdict->proof != PSE_OK)
        return PSE_OK;
    if (!in_ok) {
        verdict->equations = PSE_E_PROOF;
        return PSE_OK;
    }
    portions_join(v);
    verdict->equations = equations_hold(v, &tail);
    return verdict->equations == PSE_E_MEMORY ? PSE_E_MEMORY : PSE_OK;
}

static size_t block_rows(size_t n, unsigned workers)
{
    size_t rows = (n / (2 * workers) + 4) / 4 * 4;

    if (rows > BLOCK_MAX)
        return BLOCK_MAX;
    return rows < BLOCK_MIN ? BLOCK_MIN : rows;
}

static const struct pse_shuffle_verdict undecided = {PSE_E_MISSING, PSE_E_MISSING, PSE_E_MISSING};

pse_rc pse_shuffle_verify(const struct pse_joint *joint, struct pse_shuffle_verdict *verdict,
                          const struct pse_shuffle *shuffle, struct pse_span in,
                          struct pse_span out, struct pse_span proof, struct pse_rng *rng,
                          struct pse_generator_list *h)
{
    struct verifier v = {.joint = joint, .g = joint->g, .in = in.p, .h = h};
    pse_rc rc;

    *verdict = undecided;
    v.n = shuffle->rows;
    v.width = shuffle->width;
    v.l = shuffle_layout_of(shuffle->rows, shuffle->width);
    v.block = block_rows(v.n, pse_pool_width(pse_group_pool(v.g)));
    v.blocks = (v.n - 1) / v.block + 1;
    PSE_REQUIRE(in.n == v.l.list);
    v.out = out.n == v.l.list ? out.p : NULL;
    v.proof = proof.n == v.l.size ? proof.p : NULL;
    verdict->list = v.out == NULL ? PSE_E_LENGTH : PSE_E_MISSING;
    verdict->proof = v.proof == NULL ? PSE_E_LENGTH : PSE_E_MISSING;

    PSE_ARENA(arena, memory_bound(&v));
    rc = bench_allocate(&v, &arena);
    if (rc == PSE_OK && h != NULL && v.out != NULL && v.proof != NULL)
        rc = pse_generator_list_reach(h, v.g, v.n);
    if (rc == PSE_OK)
        rc = verify(&v, verdict, shuffle, rng);
    if (rc != PSE_OK) {
        *verdict = undecided;
        return rc;
    }
    if (verdict->list != PSE_OK)
        return verdict->list;
    return verdict->proof != PSE_OK ? verdict->proof : verdict->equations;
}
