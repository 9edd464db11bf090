/* Making ballot entries, a block of them at a time: what can be multiplied, encoded and hashed
 * together is. */
#include "codec/cursor.h"
#include "election/ballot_layout.h"

/* Secrets that the proof of one part consumes. */
static size_t proof_secrets(const struct pse_contest *c)
{
    struct pse_hom_rule rule;

    if (c->kind == PSE_KIND_MIX)
        return c->width;
    rule = pse_contest_rule(c);
    return pse_hom_random_size(&rule);
}

pse_rc pse_ballot_random_draw(struct pse_ballot_random *random, struct pse_arena *arena,
                              struct pse_rng *rng, const struct pse_manifest *m,
                              const struct pse_style *style)
{
    size_t n = 0;

    memset(random, 0, sizeof *random);
    for (size_t k = 0; k < style->contests; k++)
        n += proof_secrets(&m->contest[style->contest[k]]);
    random->r = PSE_NEW(arena, pse_secret, style->ciphertexts);
    random->proof = PSE_NEW(arena, pse_secret, n);
    if (random->r == NULL || random->proof == NULL)
        return PSE_E_MEMORY;
    random->proof_n = n;
    pse_secret_random_n(random->r, style->ciphertexts, rng);
    pse_secret_random_n(random->proof, n, rng);
    pse_secret_random(&random->sign, rng);
    return PSE_OK;
}

/* A block of ballots in the making. */
struct making {
    uint8_t *const *out;
    const struct pse_ballot_plan *plan;
    const struct pse_ballot_random *random;
    size_t n;
    const struct pse_group *g;
    pse_secret *d; /* [2 n]: the voters' secrets, then the nonces of the signatures */
    pse_point *point;
    pse_enc *credential;
    size_t parts; /* mix parts of all ballots */
    struct pse_mixpok_making *part;
    struct pse_part_context *ctx; /* of each */
    struct pse_statement *s;      /* of the signatures */
    struct pse_span (*x)[4];
    uint8_t **sign;
};

static size_t mix_parts(const struct pse_ballot_plan *plan)
{
    size_t n = 0;

    for (size_t k = 0; k < plan->style->contests; k++)
        n += plan->m->contest[plan->style->contest[k]].kind == PSE_KIND_MIX;
    return n;
}

static pse_rc making_allocate(struct making *b, struct pse_arena *arena)
{
    size_t parts = 0;

    for (size_t i = 0; i < b->n; i++)
        parts += mix_parts(&b->plan[i]);
    b->d = PSE_NEW(arena, pse_secret, 2 * b->n);
    b->point = PSE_NEW(arena, pse_point, b->n);
    b->credential = PSE_NEW(arena, pse_enc, b->n);
    b->part = PSE_NEW(arena, struct pse_mixpok_making, parts);
    b->ctx = PSE_NEW(arena, struct pse_part_context, parts);
    b->s = PSE_NEW(arena, struct pse_statement, b->n);
    b->x = pse_arena_alloc(arena, b->n, sizeof *b->x);
    b->sign = PSE_NEW(arena, uint8_t *, b->n);
    if (b->d == NULL || b->point == NULL || b->credential == NULL || b->part == NULL ||
        b->ctx == NULL || b->s == NULL || b->x == NULL || b->sign == NULL)
        return PSE_E_MEMORY;
    return PSE_OK;
}

static void make_credentials(struct making *b)
{
    for (size_t i = 0; i < b->n; i++) {
        b->d[i] = *b->plan[i].d;
        b->d[b->n + i] = b->random[i].sign;
    }
    pse_point_mul_base(b->g, b->point, b->d, b->n);
    pse_point_encode(b->g, b->credential, b->point, b->n);
}

static void put_head(uint8_t *out, const struct pse_ballot_plan *plan, const pse_enc *credential)
{
    out[0] = PSE_BALLOT_TYPE;
    out[1] = PSE_BALLOT_VERSION;
    memcpy(out + 2, plan->m->eid.b, 32);
    memcpy(out + PSE_BALLOT_CREDENTIAL_AT, credential->b, 32);
    pse_store_u16(out + PSE_BALLOT_STYLE_AT, plan->style->id);
    memcpy(out + PSE_BALLOT_PREV_AT, plan->prev.b, 32);
}

/* One homomorphic part, whose own list is long enough; a mix part is noted down for later. */
static pse_rc make_part(struct making *b, size_t i, size_t k, const pse_secret *r,
                        pse_secret *proof, const uint8_t *choice)
{
    const struct pse_ballot_plan *plan = &b->plan[i];
    const struct pse_contest *c = &plan->m->contest[plan->style->contest[k]];
    uint8_t *part = b->out[i] + plan->style->part_at[k];
    const struct pse_part_context ctx =
        pse_part_context_make(b->credential[i].b, plan->style->id, c->id);

    pse_store_u16(part - 2, c->id);
    if (c->kind == PSE_KIND_HOMOMORPHIC) {
        const struct pse_hom_rule rule = pse_contest_rule(c);
        const struct pse_hom_random random = {(pse_secret *)r, proof, proof_secrets(c)};

        return pse_hom_prove(plan->joint, part, &ctx, &rule, choice, &random);
    }
    b->ctx[b->parts] = ctx;
    b->part[b->parts] =
        (struct pse_mixpok_making){part, &b->ctx[b->parts], c->width, choice, r, proof};
    b->parts++;
    return PSE_OK;
}

static pse_rc make_parts(struct making *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct pse_ballot_plan *plan = &b->plan[i];
        pse_secret *r = b->random[i].r;
        pse_secret *proof = b->random[i].proof;
        const uint8_t *choice = plan->choices;

        put_head(b->out[i], plan, &b->credential[i]);
        for (size_t k = 0; k < plan->style->contests; k++) {
            const struct pse_contest *c = &plan->m->contest[plan->style->contest[k]];

            PSE_TRY(make_part(b, i, k, r, proof, choice));
            r += c->ciphertexts;
            proof += proof_secrets(c);
            choice += c->choice_len;
        }
    }
    return PSE_OK;
}

static pse_rc make_signatures(struct making *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct pse_ballot_plan *plan = &b->plan[i];

        b->sign[i] = b->out[i] + plan->style->ballot_len - PSE_POK_SIZE;
        b->s[i] = pse_ballot_statement(b->x[i], plan->m, b->out[i], plan->style);
        b->x[i][b->s[i].n++] = pse_span(b->sign[i], 32);
    }
    return pse_pok_prove_many(b->g, b->sign, b->s, b->d, b->d + b->n, b->n);
}

static pse_rc make(struct making *b, struct pse_arena *arena)
{
    bool is_open = true;

    for (size_t i = 0; i < b->n; i++) {
        PSE_REQUIRE(b->plan[i].joint == b->plan[0].joint);
        PSE_REQUIRE(pse_hash_is_equal(&b->plan[i].joint->eid, &b->plan[i].m->eid));
        is_open = is_open && b->plan[i].is_simulated;
    }
    PSE_TRY(making_allocate(b, arena));
    make_credentials(b);
    PSE_TRY(make_parts(b));
    PSE_TRY(pse_mixpok_prove_many(b->plan[0].joint, b->part, b->parts, is_open));
    return make_signatures(b);
}

/* Bound of the arena for a block: a ballot takes below 1 KiB and its randomness, which is shorter
 * than twice the entry; and what arena blocks may leave unused. */
static size_t memory_bound(const struct pse_ballot_plan *plan, size_t n)
{
    size_t bound = 16u << 20;

    for (size_t i = 0; i < n; i++)
        bound += 2 * (1024 * (1 + (size_t)plan[i].style->contests) + 2 * plan[i].style->ballot_len);
    return bound;
}

static pse_rc build_some(uint8_t *const *out, const struct pse_ballot_plan *plan,
                         const struct pse_ballot_random *random, size_t n)
{
    PSE_ARENA(arena, memory_bound(plan, n));
    struct making b = {.out = out, .plan = plan, .random = random, .n = n, .g = plan->joint->g};
    pse_rc rc = make(&b, &arena);

    for (size_t i = 0; i < n && rc != PSE_OK; i++)
        pse_wipe(out[i], plan[i].style->ballot_len);
    return rc;
}

pse_rc pse_ballot_build(uint8_t *out, const struct pse_ballot_plan *plan,
                        const struct pse_ballot_random *random)
{
    return build_some(&out, plan, random, 1);
}

/* ---- many at once ---- */

/* Randomness belongs to a block, not to the worker that happens to take it: the same stream makes
 * the same ballots, on any number of threads. */
struct build_block {
    struct pse_rng rng;
    pse_rc rc;
};

struct build_job {
    uint8_t *const *out;
    const struct pse_ballot_plan *plan;
    size_t n;
    struct build_block *block;
};

static pse_rc draw_and_build(uint8_t *const *out, struct pse_rng *rng,
                             const struct pse_ballot_plan *plan, size_t n)
{
    PSE_ARENA(arena, memory_bound(plan, n));
    struct pse_ballot_random random[PSE_BALLOTS_BLOCK];
    pse_rc rc = PSE_OK;

    for (size_t i = 0; i < n && rc == PSE_OK; i++)
        rc = pse_ballot_random_draw(&random[i], &arena, rng, plan[i].m, plan[i].style);
    if (rc == PSE_OK)
        rc = build_some(out, plan, random, n);
    pse_wipe(random, sizeof random);
    return rc;
}

static void build_block(void *ctx, size_t index, unsigned worker)
{
    const struct build_job *job = ctx;
    struct build_block *b = &job->block[index];
    size_t at = index * PSE_BALLOTS_BLOCK;
    size_t n = job->n - at < PSE_BALLOTS_BLOCK ? job->n - at : PSE_BALLOTS_BLOCK;

    (void)worker;
    b->rc = draw_and_build(job->out + at, &b->rng, job->plan + at, n);
    pse_rng_wipe(&b->rng);
}

pse_rc pse_ballots_build(uint8_t *const *out, struct pse_rng *rng,
                         const struct pse_ballot_plan *plan, size_t n)
{
    PSE_ARENA(arena, SIZE_MAX);
    struct build_job job = {.out = out, .plan = plan, .n = n};
    size_t blocks = n / PSE_BALLOTS_BLOCK + (n % PSE_BALLOTS_BLOCK != 0);
    pse_rc rc = PSE_OK;

    if (n == 0)
        return PSE_OK;
    job.block = PSE_NEW(&arena, struct build_block, blocks);
    if (job.block == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < blocks; i++)
        pse_rng_fork(&job.block[i].rng, rng);
    pse_pool_run(pse_group_pool(plan->joint->g), build_block, &job, blocks);
    for (size_t i = 0; i < blocks && rc == PSE_OK; i++)
        rc = job.block[i].rc;
    return rc;
}
