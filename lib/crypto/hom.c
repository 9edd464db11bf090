#include "crypto/hom.h"

#include "crypto/choose.h"

struct pse_part_context pse_part_context_make(const uint8_t credential[32], uint16_t style,
                                              uint16_t contest)
{
    struct pse_part_context ctx;

    memcpy(ctx.b, credential, 32);
    pse_store_u16(ctx.b + 32, style);
    pse_store_u16(ctx.b + 34, contest);
    return ctx;
}

bool pse_hom_rule_is_valid(const struct pse_hom_rule *rule)
{
    unsigned top = rule->options * rule->option_max;

    if (rule->options < 1 || rule->options > PSE_HOM_OPTIONS_MAX)
        return false;
    if (rule->option_max < 1 || rule->option_max > PSE_HOM_VALUE_MAX)
        return false;
    if (rule->min > rule->max || rule->max > top || (rule->blank && rule->min == 0))
        return false;
    if (rule->min == 0 && rule->max == top)
        return true;
    return rule->max - rule->min + 1 + rule->blank <= PSE_HOM_SUMS_MAX;
}

unsigned pse_hom_sums(const struct pse_hom_rule *rule, uint16_t sums[PSE_HOM_SUMS_MAX])
{
    unsigned n = 0;

    PSE_REQUIRE(pse_hom_rule_is_valid(rule));
    if (rule->min == 0 && rule->max == rule->options * rule->option_max)
        return 0;
    if (rule->blank)
        sums[n++] = 0;
    for (unsigned s = rule->min; s <= rule->max; s++)
        sums[n++] = (uint16_t)s;
    return n;
}

/* Where things stand in a part. */
struct layout {
    unsigned options;
    unsigned branches; /* of each option: m + 1 */
    unsigned sums;
    uint16_t sum[PSE_HOM_SUMS_MAX];
    size_t announcements; /* offsets */
    size_t scalars;
    size_t size;
};

static struct layout layout_of(const struct pse_hom_rule *rule)
{
    struct layout l = {.options = rule->options, .branches = rule->option_max + 1};

    l.sums = pse_hom_sums(rule, l.sum);
    l.announcements = 64 * (size_t)l.options;
    l.scalars = l.announcements + 64 * ((size_t)l.options * l.branches + l.sums);
    l.size = l.scalars + 32 * (size_t)l.options * (2 * l.branches - 1);
    if (l.sums > 0)
        l.size += 32 * (2 * (size_t)l.sums - 1);
    return l;
}

size_t pse_hom_size(const struct pse_hom_rule *rule)
{
    return layout_of(rule).size;
}

size_t pse_hom_points(const struct pse_hom_rule *rule)
{
    return layout_of(rule).scalars / 32;
}

size_t pse_hom_random_size(const struct pse_hom_rule *rule)
{
    struct layout l = layout_of(rule);
    size_t n = (size_t)l.options * (2 * l.branches - 1);

    return l.sums == 0 ? n : n + 2 * l.sums - 1;
}

pse_rc pse_hom_random_draw(struct pse_hom_random *random, struct pse_arena *arena,
                           const struct pse_hom_rule *rule, struct pse_rng *rng)
{
    random->proof_n = pse_hom_random_size(rule);
    random->r = PSE_NEW(arena, pse_secret, rule->options);
    random->proof = PSE_NEW(arena, pse_secret, random->proof_n);
    if (random->r == NULL || random->proof == NULL)
        return PSE_E_MEMORY;
    pse_secret_random_n(random->r, rule->options, rng);
    pse_secret_random_n(random->proof, random->proof_n, rng);
    return PSE_OK;
}

static struct pse_statement statement(struct pse_span x[4], const struct pse_joint *joint,
                                      const struct pse_part_context *ctx, const struct layout *l,
                                      const uint8_t *part)
{
    x[0] = pse_span(ctx->b, sizeof ctx->b);
    x[1] = pse_span(joint->enc.b, sizeof joint->enc.b);
    x[2] = pse_span(part, l->announcements);
    x[3] = pse_span(part + l->announcements, l->scalars - l->announcements);
    return (struct pse_statement){"ballot-hom", &joint->eid, x, 4};
}

static void challenge(pse_scalar *c, const struct pse_joint *joint,
                      const struct pse_part_context *ctx, const struct layout *l,
                      const uint8_t *part)
{
    struct pse_span x[4];
    const struct pse_statement s = statement(x, joint, ctx, l, part);

    pse_statement_scalar(c, &s);
}

struct pse_statement pse_hom_statement(struct pse_span x[4], const struct pse_joint *joint,
                                       const struct pse_part_context *ctx,
                                       const struct pse_hom_rule *rule, const uint8_t *part)
{
    const struct layout l = layout_of(rule);

    return statement(x, joint, ctx, &l, part);
}

/* --- prover ---------------------------------------------------------------------------------- */

/* One disjunction "(A, B) holds one of these values", and the room for its branches. The prover
 * knows r and v, so every announcement, also of a false branch, is
 * T = e G, U = e Y + d G with e = z - c r, d = c (value - v); a true branch has e = nonce, d = 0.
 * So all branches cost the same three fixed-base multiplications. */
struct disjunction {
    const pse_secret *r;
    unsigned branches;
    const uint16_t *value;
    uint64_t v; /* secret */
    const pse_secret *random;
    pse_secret *c; /* of each branch; the true one's is filled in at the end */
    pse_secret *z;
    pse_secret *e;
    pse_secret *d;
};

/* Deal the randomness out: the nonce to the true branch, pairs to the others in order. A false
 * branch before the true one takes the pair of its own number, one after it the pair before. */
static void disjunction_start(struct disjunction *q)
{
    PSE_SECRET(pse_secret, minus_cr);
    PSE_SECRET(pse_secret, gap);
    uint64_t passed = 0; /* the true branch lies before this one */

    if (q->branches == 1) {
        q->e[0] = q->random[0];
        return;
    }
    for (unsigned j = 0; j < q->branches; j++) {
        uint64_t here = choose_is_equal(q->value[j], q->v);
        const pse_secret *before = &q->random[j > 0 ? 2 * j - 1 : 1];
        const pse_secret *own = j + 1 < q->branches ? &q->random[2 * j + 1] : before;

        pse_secret_select(&q->c[j], &own[0], &before[0], passed);
        pse_secret_select(&q->z[j], &own[1], &before[1], passed);
        pse_secret_mul(&minus_cr, &q->c[j], q->r);
        pse_secret_sub(&q->e[j], &q->z[j], &minus_cr);
        pse_secret_select(&q->e[j], &q->e[j], &q->random[0], here);
        pse_secret_set_u64(&gap, q->value[j]);
        pse_secret_set_u64(&q->d[j], q->v);
        pse_secret_sub(&gap, &gap, &q->d[j]);
        pse_secret_mul(&q->d[j], &q->c[j], &gap);
        passed |= here;
    }
}

/* The true branch gets what is left of @p c and its response; everything is then public. */
static void disjunction_finish(struct disjunction *q, uint8_t *challenges, uint8_t *responses,
                               const pse_scalar *c)
{
    PSE_SECRET(pse_secret, rest);
    PSE_SECRET(pse_secret, z);
    PSE_SECRET(pse_secret, zero);

    pse_secret_from_scalar(&rest, c);
    for (unsigned j = 0; j < q->branches; j++) {
        PSE_SECRET(pse_secret, other);

        pse_secret_select(&other, &q->c[j], &zero, choose_is_equal(q->value[j], q->v));
        pse_secret_sub(&rest, &rest, &other);
    }
    pse_secret_muladd(&z, &rest, q->r, &q->random[0]);
    for (unsigned j = 0; j < q->branches; j++) {
        uint64_t here = choose_is_equal(q->value[j], q->v);
        pse_scalar open;

        pse_secret_select(&q->c[j], &q->c[j], &rest, here);
        pse_secret_select(&q->z[j], &q->z[j], &z, here);
        pse_secret_reveal(&open, &q->c[j]);
        if (j + 1 < q->branches)
            pse_scalar_encode(challenges + 32 * j, &open);
        pse_secret_reveal(&open, &q->z[j]);
        pse_scalar_encode(responses + 32 * j, &open);
    }
}

struct prover {
    struct layout l;
    struct disjunction *q; /* options, then the sum if any */
    size_t q_n;
    size_t branches; /* in all */
    uint16_t value[PSE_HOM_VALUE_MAX + 1];
    pse_secret *c, *z, *e, *d; /* of all branches */
    pse_secret *v;             /* K values */
    pse_secret sum_r;
    pse_point *a, *b, *t; /* room for all branches, and for K ciphertexts */
};

static pse_rc prover_allocate(struct prover *p, struct pse_arena *arena)
{
    size_t room;

    p->branches = (size_t)p->l.options * p->l.branches + p->l.sums;
    room = p->branches; /* at least 2 K */
    p->q_n = p->l.options + (p->l.sums > 0);
    p->q = PSE_NEW(arena, struct disjunction, p->q_n);
    p->c = PSE_NEW(arena, pse_secret, 4 * p->branches);
    p->v = PSE_NEW(arena, pse_secret, p->l.options);
    p->a = PSE_NEW(arena, pse_point, 3 * room);
    if (p->q == NULL || p->c == NULL || p->v == NULL || p->a == NULL)
        return PSE_E_MEMORY;
    p->z = p->c + p->branches;
    p->e = p->z + p->branches;
    p->d = p->e + p->branches;
    p->b = p->a + room;
    p->t = p->b + room;
    return PSE_OK;
}

/* Are all values at most m and is the sum allowed? One bit, and the only one that shows. */
static bool values_are_allowed(const struct prover *p, const uint8_t *values, uint64_t *sum)
{
    uint64_t bad = 0;
    uint64_t hit = p->l.sums == 0;

    *sum = 0;
    for (unsigned k = 0; k < p->l.options; k++) {
        bad |= choose_is_below(p->l.branches - 1, values[k]);
        *sum += values[k];
    }
    for (unsigned s = 0; s < p->l.sums; s++)
        hit |= choose_is_equal(*sum, p->l.sum[s]);
    return choose_reveal(hit & (bad ^ 1));
}

static void prover_start(struct prover *p, const uint8_t *values, uint64_t sum,
                         const struct pse_hom_random *random)
{
    size_t at = 0;
    const pse_secret *rnd = random->proof;

    for (unsigned j = 0; j < p->l.branches; j++)
        p->value[j] = (uint16_t)j;
    for (size_t i = 0; i < p->q_n; i++) {
        bool is_sum = i == p->l.options;
        struct disjunction *q = &p->q[i];

        q->branches = is_sum ? p->l.sums : p->l.branches;
        q->value = is_sum ? p->l.sum : p->value;
        q->r = is_sum ? &p->sum_r : &random->r[i];
        q->v = is_sum ? sum : values[i];
        q->random = rnd;
        q->c = p->c + at;
        q->z = p->z + at;
        q->e = p->e + at;
        q->d = p->d + at;
        if (!is_sum) {
            pse_secret_set_u64(&p->v[i], values[i]);
            pse_secret_add(&p->sum_r, &p->sum_r, &random->r[i]);
        }
        disjunction_start(q);
        at += q->branches;
        rnd += 2 * q->branches - 1;
    }
}

pse_rc pse_hom_prove(const struct pse_joint *joint, uint8_t *part,
                     const struct pse_part_context *ctx, const struct pse_hom_rule *rule,
                     const uint8_t *values, const struct pse_hom_random *random)
{
    PSE_ARENA(arena, 16u << 20);
    struct prover *p = PSE_NEW(&arena, struct prover, 1);
    uint64_t sum;
    pse_scalar c;
    uint8_t *at;

    if (p == NULL)
        return PSE_E_MEMORY;
    p->l = layout_of(rule);
    PSE_REQUIRE(random->proof_n == pse_hom_random_size(rule));
    PSE_TRY(prover_allocate(p, &arena));
    if (!values_are_allowed(p, values, &sum))
        return PSE_E_RANGE;
    prover_start(p, values, sum, random);

    pse_elgamal_encrypt_values(joint, p->a, p->b, p->v, random->r, p->l.options);
    pse_elgamal_encode(joint->g, part, p->a, p->b, p->l.options);
    pse_point_mul_base(joint->g, p->t, p->d, p->branches);
    pse_elgamal_encrypt(joint, p->a, p->b, p->t, p->e, p->branches);
    pse_elgamal_encode(joint->g, part + p->l.announcements, p->a, p->b, p->branches);
    challenge(&c, joint, ctx, &p->l, part);

    at = part + p->l.scalars;
    for (size_t i = 0; i < p->q_n; i++) {
        struct disjunction *q = &p->q[i];
        uint8_t *responses = at + 32 * (size_t)(q->branches - 1);

        disjunction_finish(q, at, responses, &c);
        at = responses + 32 * (size_t)q->branches;
    }
    return PSE_OK;
}

/* --- verifier -------------------------------------------------------------------------------- */

/* Take the next scalar of the part: judged before, so it decodes. */
static pse_scalar next_scalar(const uint8_t **at)
{
    pse_scalar k;

    PSE_REQUIRE(pse_scalar_decode(&k, *at) == PSE_OK);
    *at += 32;
    return k;
}

/* The branches of one disjunction: T + c' A - z G = 0 and U + c' B - (c' v) G - z Y = 0. What falls
 * on A and on B, weights included, is collected for the caller, who knows which ciphertexts they
 * are the sum of. @p slot: of the first T. */
static void branches_add(struct pse_batch *b, pse_scalar *on_a, pse_scalar *on_b, size_t slot,
                         unsigned branches, const uint16_t *value, const uint8_t **scalars,
                         const pse_scalar *c)
{
    const uint8_t *responses = *scalars + 32 * (size_t)(branches - 1);
    pse_scalar rest = *c;
    pse_wide sum_a = {{0}};
    pse_wide sum_b = {{0}};

    for (unsigned j = 0; j < branches; j++) {
        pse_scalar cj = rest;
        pse_scalar z = next_scalar(&responses);
        pse_scalar v;

        if (j + 1 < branches) {
            cj = next_scalar(scalars);
            pse_scalar_sub(&rest, &rest, &cj);
        }
        pse_batch_equation(b);
        pse_batch_add_one(b, slot + 2 * j);
        pse_wide_add(&sum_a, pse_batch_weight(b), &cj);
        pse_batch_sub_base(b, 0, &z);

        pse_batch_equation(b);
        pse_batch_add_one(b, slot + 2 * j + 1);
        pse_wide_add(&sum_b, pse_batch_weight(b), &cj);
        pse_batch_sub_base(b, 1, &z);
        if (value[j] == 1) {
            pse_batch_sub_base(b, 0, &cj);
        } else if (value[j] > 1) {
            pse_scalar_set_u64(&v, value[j]);
            pse_scalar_mul(&v, &v, &cj);
            pse_batch_sub_base(b, 0, &v);
        }
    }
    pse_wide_reduce(on_a, &sum_a);
    pse_wide_reduce(on_b, &sum_b);
    *scalars = responses;
}

pse_rc pse_hom_batch(struct pse_batch *b, const struct pse_joint *joint,
                     const struct pse_part_context *ctx, const struct pse_hom_rule *rule,
                     struct pse_span part)
{
    const struct layout l = layout_of(rule);
    pse_scalar c;

    if (part.n != l.size)
        return PSE_E_LENGTH;
    challenge(&c, joint, ctx, &l, part.p);
    return pse_hom_batch_with(b, &c, rule, part);
}

pse_rc pse_hom_batch_with(struct pse_batch *b, const pse_scalar *c, const struct pse_hom_rule *rule,
                          struct pse_span part)
{
    struct layout l = layout_of(rule);
    uint16_t value[PSE_HOM_VALUE_MAX + 1];
    const uint8_t *scalars = part.p + l.scalars;
    pse_scalar canonical;
    pse_scalar on_a;
    pse_scalar on_b;
    size_t slot;

    if (part.n != l.size)
        return PSE_E_LENGTH;
    for (size_t at = l.scalars; at < l.size; at += 32)
        PSE_TRY(pse_scalar_decode(&canonical, part.p + at));
    for (unsigned j = 0; j < l.branches; j++)
        value[j] = (uint16_t)j;
    slot = pse_batch_encodings(b, part.p, l.scalars / 32);
    for (unsigned k = 0; k < l.options; k++) {
        size_t first = slot + 2 * (size_t)l.options + 2 * (size_t)k * l.branches;

        branches_add(b, &on_a, &on_b, first, l.branches, value, &scalars, c);
        pse_batch_add_weighted(b, slot + 2 * k, &on_a);
        pse_batch_add_weighted(b, slot + 2 * k + 1, &on_b);
    }
    if (l.sums == 0)
        return PSE_OK;
    branches_add(b, &on_a, &on_b, slot + 2 * (size_t)l.options * (1 + l.branches), l.sums, l.sum,
                 &scalars, c);
    for (unsigned k = 0; k < l.options; k++) {
        pse_batch_add_weighted(b, slot + 2 * k, &on_a);
        pse_batch_add_weighted(b, slot + 2 * k + 1, &on_b);
    }
    return PSE_OK;
}

pse_rc pse_hom_verify(const struct pse_joint *joint, const struct pse_part_context *ctx,
                      const struct pse_hom_rule *rule, struct pse_span part, struct pse_rng *rng)
{
    struct pse_batch *b;
    pse_rc rc;

    PSE_TRY(pse_batch_new(&b, joint->g, &joint->y, 1, 1, pse_hom_points(rule), rng));
    pse_batch_open(b, 0, 1);
    rc = pse_hom_batch(b, joint, ctx, rule, part);
    if (rc == PSE_OK)
        rc = pse_batch_check_one(b);
    pse_batch_free(b);
    return rc;
}
