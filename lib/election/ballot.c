/* Ballot entries: layout, building, trackers. */
#include "election/ballot.h"

#include "codec/cursor.h"
#include "election/ballot_layout.h"

struct pse_statement pse_tracker_statement(struct pse_span x[2], const pse_hash *eid,
                                           const pse_enc *credential, const pse_hash *leaf)
{
    x[0] = pse_span(credential->b, 32);
    x[1] = pse_span(leaf->b, 32);
    return (struct pse_statement){"tracker", eid, x, 2};
}

void pse_tracker(uint8_t tracker[PSE_TRACKER_BYTES], const pse_hash *eid, const pse_enc *credential,
                 const pse_hash *leaf)
{
    struct pse_span x[2];
    const struct pse_statement s = pse_tracker_statement(x, eid, credential, leaf);
    uint8_t h[64];

    pse_statement_hash(h, &s);
    memcpy(tracker, h, PSE_TRACKER_BYTES);
}

void pse_credential_public(pse_enc *credential, const struct pse_group *g, const pse_secret *d)
{
    pse_point p;

    pse_point_mul_base(g, &p, d, 1);
    pse_point_encode(g, credential, &p, 1);
}

/* ---- layout ---- */

static pse_rc parts_check(const struct pse_manifest *m, const struct pse_ballot *b)
{
    for (size_t k = 0; k < b->style->contests; k++) {
        struct pse_rd rd = pse_rd(pse_span(b->raw.p + b->style->part_at[k] - 2, 2));
        uint16_t id;

        PSE_TRY(pse_rd_u16(&id, &rd));
        if (id != m->contest[b->style->contest[k]].id)
            return PSE_E_RANGE;
    }
    return PSE_OK;
}

static pse_rc parse(struct pse_ballot *out, const struct pse_manifest *m, struct pse_span raw)
{
    struct pse_rd rd = pse_rd(raw);
    uint8_t type, version;
    uint16_t style;
    pse_hash eid;

    PSE_TRY(pse_rd_u8(&type, &rd));
    PSE_TRY(pse_rd_u8(&version, &rd));
    PSE_TRY(pse_rd_hash(&eid, &rd));
    if (type != PSE_BALLOT_TYPE || version != PSE_BALLOT_VERSION)
        return PSE_E_UNSUPPORTED;
    if (!pse_hash_is_equal(&eid, &m->eid))
        return PSE_E_MISMATCH;
    PSE_TRY(pse_rd_copy(&out->credential, &rd, 32));
    PSE_TRY(pse_rd_u16(&style, &rd));
    PSE_TRY(pse_rd_hash(&out->prev, &rd));
    out->raw = raw;
    out->style = pse_manifest_style(m, style);
    if (out->style == NULL)
        return PSE_E_RANGE;
    if (raw.n != out->style->ballot_len)
        return PSE_E_LENGTH;
    return parts_check(m, out);
}

pse_rc pse_ballot_parse(struct pse_ballot *out, const struct pse_manifest *m, struct pse_span raw)
{
    pse_rc rc;

    memset(out, 0, sizeof *out);
    rc = parse(out, m, raw);
    if (rc != PSE_OK)
        memset(out, 0, sizeof *out);
    return rc;
}

const uint8_t *pse_ballot_part(const struct pse_ballot *b, size_t k)
{
    PSE_REQUIRE(k < b->style->contests);
    return b->raw.p + b->style->part_at[k];
}

struct pse_statement pse_ballot_statement(struct pse_span x[2], const struct pse_manifest *m,
                                          const uint8_t *entry, const struct pse_style *style)
{
    x[0] = pse_span(entry + PSE_BALLOT_CREDENTIAL_AT, 32);
    x[1] = pse_span(entry, style->ballot_len - PSE_POK_SIZE);
    return (struct pse_statement){"ballot-sign", &m->eid, x, 2};
}

/* ---- building ---- */

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

/* What is left of a ballot's randomness and choices as part after part consumes them. */
struct supply {
    pse_secret *r;
    pse_secret *proof;
    const uint8_t *choice;
};

static pse_rc build_part(uint8_t *part, const struct pse_ballot_plan *plan,
                         const struct pse_contest *c, const pse_enc *credential, struct supply *s)
{
    const struct pse_part_context ctx =
        pse_part_context_make(credential->b, plan->style->id, c->id);

    if (c->kind == PSE_KIND_HOMOMORPHIC) {
        const struct pse_hom_rule rule = pse_contest_rule(c);
        const struct pse_hom_random random = {s->r, s->proof, pse_hom_random_size(&rule)};

        PSE_TRY(pse_hom_prove(plan->joint, part, &ctx, &rule, s->choice, &random));
    } else {
        PSE_TRY(pse_mixpok_prove(plan->joint, part, &ctx, c->width, s->choice, s->r, s->proof));
    }
    s->r += c->ciphertexts;
    s->proof += proof_secrets(c);
    s->choice += c->choice_len;
    return PSE_OK;
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

static pse_rc build(uint8_t *out, const struct pse_ballot_plan *plan,
                    const struct pse_ballot_random *random)
{
    const struct pse_manifest *m = plan->m;
    const struct pse_style *style = plan->style;
    struct supply s = {random->r, random->proof, plan->choices};
    struct pse_statement statement;
    struct pse_span x[2];
    pse_enc credential;

    pse_credential_public(&credential, plan->joint->g, plan->d);
    put_head(out, plan, &credential);
    for (size_t k = 0; k < style->contests; k++) {
        const struct pse_contest *c = &m->contest[style->contest[k]];

        pse_store_u16(out + style->part_at[k] - 2, c->id);
        PSE_TRY(build_part(out + style->part_at[k], plan, c, &credential, &s));
    }
    statement = pse_ballot_statement(x, m, out, style);
    pse_pok_prove_with(plan->joint->g, out + style->ballot_len - PSE_POK_SIZE, &statement, plan->d,
                       &random->sign);
    return PSE_OK;
}

pse_rc pse_ballot_build(uint8_t *out, const struct pse_ballot_plan *plan,
                        const struct pse_ballot_random *random)
{
    pse_rc rc;

    PSE_REQUIRE(pse_hash_is_equal(&plan->joint->eid, &plan->m->eid));
    rc = build(out, plan, random);
    if (rc != PSE_OK)
        pse_wipe(out, plan->style->ballot_len);
    return rc;
}

/* ---- many at once ---- */

enum { BUILD_BLOCK = 64, BUILD_ARENA_MAX = 4 << 20 };

struct build_worker {
    struct pse_rng rng;
    pse_rc rc;
};

struct build_job {
    uint8_t *const *out;
    const struct pse_ballot_plan *plan;
    size_t n;
    struct build_worker *worker;
};

static pse_rc build_one(uint8_t *out, struct pse_rng *rng, const struct pse_ballot_plan *plan)
{
    PSE_ARENA(arena, BUILD_ARENA_MAX);
    struct pse_ballot_random random;
    pse_rc rc = pse_ballot_random_draw(&random, &arena, rng, plan->m, plan->style);

    if (rc == PSE_OK)
        rc = pse_ballot_build(out, plan, &random);
    pse_secret_wipe(&random.sign);
    return rc;
}

static void build_block(void *ctx, size_t index, unsigned worker)
{
    const struct build_job *job = ctx;
    struct build_worker *w = &job->worker[worker];
    size_t end = (index + 1) * BUILD_BLOCK < job->n ? (index + 1) * BUILD_BLOCK : job->n;

    for (size_t i = index * BUILD_BLOCK; i < end && w->rc == PSE_OK; i++)
        w->rc = build_one(job->out[i], &w->rng, &job->plan[i]);
}

pse_rc pse_ballots_build(uint8_t *const *out, struct pse_rng *rng,
                         const struct pse_ballot_plan *plan, size_t n)
{
    PSE_ARENA(arena, BUILD_ARENA_MAX);
    struct pse_pool *pool;
    struct build_job job = {.out = out, .plan = plan, .n = n};
    unsigned width;
    pse_rc rc = PSE_OK;

    if (n == 0)
        return PSE_OK;
    pool = pse_group_pool(plan->joint->g);
    width = pse_pool_width(pool);
    job.worker = PSE_NEW(&arena, struct build_worker, width);
    if (job.worker == NULL)
        return PSE_E_MEMORY;
    for (unsigned w = 0; w < width; w++)
        pse_rng_fork(&job.worker[w].rng, rng);
    pse_pool_run(pool, build_block, &job, (n + BUILD_BLOCK - 1) / BUILD_BLOCK);
    for (unsigned w = 0; w < width && rc == PSE_OK; w++)
        rc = job.worker[w].rc;
    return rc;
}
