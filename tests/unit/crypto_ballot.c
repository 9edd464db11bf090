/* Ballot parts: elements, homomorphic and mix parts, batches that name the failing rule. */
#include "crypto.h"

struct fixture {
    struct pse_group *g;
    struct pse_joint joint;
};

static int start(void **state)
{
    struct fixture *f = aligned_alloc(64, (sizeof *f + 63) / 64 * 64);
    json_t *v = vectors_load("psephos1/dkg.json");
    pse_hash eid = hash_member(v, "eid");
    pse_enc y = enc_member(v, "Y");

    f->g = group_new();
    assert_int_equal(pse_joint_init(&f->joint, f->g, &eid, y.b), PSE_OK);
    json_decref(v);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    pse_joint_clear(&f->joint);
    pse_group_free(f->g);
    free(f);
    return 0;
}

/* --- elements --------------------------------------------------------------------------------- */

static void elements_known_answers(void **state)
{
    struct fixture *f = *state;
    json_t *v = vectors_load("psephos1/plaintext.json");
    json_t *list = json_object_get(v, "elements");
    json_t *bad = json_object_get(v, "not_well_formed");
    uint8_t data[30];
    uint8_t back[30];
    uint8_t ok;
    pse_enc enc;

    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *e = json_array_get(list, i);
        pse_point p;

        vectors_hex(data, 30, e, "data");
        assert_int_equal(pse_element_encode(f->g, &p, data, 1), PSE_OK);
        pse_point_encode(f->g, &enc, &p, 1);
        assert_hex_member(enc.b, 32, e, "point");
        pse_element_decode_vt(f->g, back, &ok, enc.b, 1);
        assert_true(ok);
        assert_memory_equal(data, back, 30);
    }
    vectors_hex(data, 30, bad, "data");
    enc = enc_member(bad, "smallest");
    pse_element_decode_vt(f->g, back, &ok, enc.b, 1);
    assert_true(ok);
    assert_memory_equal(data, back, 30);
    enc = enc_member(bad, "other_counter");
    pse_element_decode_vt(f->g, back, &ok, enc.b, 1);
    assert_false(ok);
    json_decref(v);
}

static void many_elements_go_round(void **state)
{
    enum { N = 300 };
    struct fixture *f = *state;
    struct pse_rng rng = seeded(30);
    static uint8_t data[30 * N];
    static uint8_t back[30 * N];
    static pse_point p[N];
    static pse_point q[N];
    static pse_enc enc[N];
    static uint8_t ok[N];
    static const pse_enc identity;

    pse_rng_fill(&rng, data, sizeof data);
    assert_int_equal(pse_element_encode(f->g, p, data, N), PSE_OK);
    assert_int_equal(pse_element_encode_vt(f->g, q, data, N), PSE_OK);
    for (size_t i = 0; i < N; i++)
        assert_true(pse_point_is_equal(f->g, &p[i], &q[i]));
    pse_point_encode(f->g, enc, p, N);
    enc[7] = identity;
    pse_element_decode_vt(f->g, back, ok, enc[0].b, N);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(ok[i], i != 7);
        if (i != 7)
            assert_memory_equal(back + 30 * i, data + 30 * i, 30);
    }
}

static void random_points_are_seldom_elements(void **state)
{
    enum { N = 200 };
    struct fixture *f = *state;
    struct pse_rng rng = seeded(31);
    static pse_secret k[N];
    static pse_point p[N];
    static pse_enc enc[N];
    static uint8_t back[30 * N];
    static uint8_t ok[N];
    unsigned good = 0;

    pse_secret_random_n(k, N, &rng);
    pse_point_mul_base(f->g, p, k, N);
    pse_point_encode(f->g, enc, p, N);
    pse_element_decode_vt(f->g, back, ok, enc[0].b, N);
    for (size_t i = 0; i < N; i++)
        good += ok[i];
    assert_true(good < 3); /* the counter is the smallest for one point in some thousand */
}

/* --- keys ------------------------------------------------------------------------------------- */

static void bad_joint_keys_are_refused(void **state)
{
    struct fixture *f = *state;
    struct pse_joint j;
    uint8_t y[32] = {0};

    assert_int_equal(pse_joint_init(&j, f->g, &f->joint.eid, y), PSE_E_ENCODING);
    assert_null(j.table);
    memset(y, 0xff, sizeof y);
    assert_int_equal(pse_joint_init(&j, f->g, &f->joint.eid, y), PSE_E_ENCODING);
    memcpy(y, f->joint.enc.b, 32);
    y[0] ^= 1; /* odd: a negative field element */
    assert_int_equal(pse_joint_init(&j, f->g, &f->joint.eid, y), PSE_E_ENCODING);
    pse_joint_clear(&j);
    pse_joint_clear(&j);
}

/* What was encrypted comes out again with the key, before and after re-encryption. */
static void encryption_goes_round(void **state)
{
    enum { N = 20 };
    struct fixture *f = *state;
    struct pse_rng rng = seeded(29);
    static pse_point a[N], b[N], mask[N];
    static pse_secret r[N], v[N];
    static uint64_t counts[N];
    static uint8_t list[PSE_CIPHERTEXT_SIZE * N];
    static uint8_t points[32 * N];
    struct pse_joint j;
    pse_secret x;
    pse_enc enc;

    pse_secret_random(&x, &rng);
    pse_point_mul_base(f->g, a, &x, 1);
    pse_point_encode(f->g, &enc, a, 1);
    assert_int_equal(pse_joint_init(&j, f->g, &f->joint.eid, enc.b), PSE_OK);
    pse_secret_random_n(r, N, &rng);
    for (size_t i = 0; i < N; i++)
        pse_secret_set_u64(&v[i], 3 * i);
    pse_elgamal_encrypt_values(&j, a, b, v, r, N);
    pse_secret_random_n(r, N, &rng);
    for (int round = 0; round < 2; round++) {
        struct pse_decrypt d = {.trustee = 1, .m = N, .v = enc};
        uint8_t proof[PSE_DECRYPT_PROOF_SIZE];
        uint8_t blob[32 * N];
        struct pse_span shares = pse_span(blob, sizeof blob);
        const uint8_t index = 1;

        pse_elgamal_encode(f->g, list, a, b, N);
        assert_int_equal(pse_decrypt_prove(f->g, &j.eid, &d, blob, proof,
                                           pse_span(list, sizeof list), &x, &r[0]),
                         PSE_OK);
        assert_int_equal(
            pse_decrypt_combine(f->g, points, pse_span(list, sizeof list), &shares, &index, 1),
            PSE_OK);
        assert_int_equal(pse_count_find_vt(f->g, counts, N, pse_span(points, sizeof points), 3 * N),
                         PSE_OK);
        for (size_t i = 0; i < N; i++)
            assert_int_equal(counts[i], 3 * i);
        pse_elgamal_reencrypt(&j, a, b, mask, r, N);
    }
    pse_joint_clear(&j);
}

/* --- parts of the vectors --------------------------------------------------------------------- */

struct part {
    const struct pse_joint *joint;
    struct pse_part_context ctx;
    struct pse_hom_rule rule; /* options 0: a mix part */
    unsigned width;
    uint8_t *bytes;
    size_t n;
};

static json_t *contest_of(json_t *manifest, json_int_t id)
{
    json_t *contests = json_object_get(manifest, "contests");

    for (size_t i = 0; i < json_array_size(contests); i++)
        if (json_integer_value(json_object_get(json_array_get(contests, i), "id")) == id)
            return json_array_get(contests, i);
    fail_msg("no contest");
    return NULL;
}

static unsigned number(json_t *object, const char *member)
{
    return (unsigned)json_integer_value(json_object_get(object, member));
}

static struct part part_load(const struct fixture *f, json_t *ballot, json_t *part,
                             json_t *manifest)
{
    json_t *contest = contest_of(manifest, number(part, "contest"));
    pse_enc d = enc_member(ballot, "D");
    struct part p = {.joint = &f->joint};

    p.ctx = pse_part_context_make(d.b, (uint16_t)number(ballot, "style"),
                                  (uint16_t)number(part, "contest"));
    p.bytes = hex_all(&p.n, part, "part_without_id");
    if (strcmp(json_string_value(json_object_get(part, "kind")), "mix") == 0) {
        p.width = number(contest, "width");
        return p;
    }
    p.rule.options = (unsigned)json_array_size(json_object_get(contest, "options"));
    p.rule.option_max = number(contest, "option_max");
    p.rule.min = number(contest, "min");
    p.rule.max = number(contest, "max");
    p.rule.blank = json_is_true(json_object_get(contest, "blank"));
    return p;
}

static pse_rc judge_part(void *ctx, struct pse_span bytes)
{
    const struct part *p = ctx;
    struct pse_rng rng = seeded(32);

    if (p->width > 0)
        return pse_mixpok_verify(p->joint, &p->ctx, p->width, bytes, &rng);
    return pse_hom_verify(p->joint, &p->ctx, &p->rule, bytes, &rng);
}

static void prove_again(const struct part *p, json_t *part)
{
    json_t *choice = json_object_get(part, "choice");
    json_t *r = json_object_get(part, "r");
    json_t *list = json_object_get(part, "randomness");
    pse_secret *secrets = calloc(json_array_size(r) + json_array_size(list), sizeof *secrets);
    pse_secret *proof = secrets + json_array_size(r);
    uint8_t *out = calloc(1, p->n);
    uint8_t values[240];

    secret_list(secrets, json_array_size(r), r);
    secret_list(proof, json_array_size(list), list);
    if (p->width > 0) {
        hex_value(values, 30 * (size_t)p->width, choice);
        assert_int_equal(p->n, pse_mixpok_size(p->width));
        assert_int_equal(pse_mixpok_prove(p->joint, out, &p->ctx, p->width, values, secrets, proof),
                         PSE_OK);
    } else {
        struct pse_hom_random random = {secrets, proof, json_array_size(list)};

        for (size_t i = 0; i < json_array_size(choice); i++)
            values[i] = (uint8_t)json_integer_value(json_array_get(choice, i));
        assert_int_equal(p->n, pse_hom_size(&p->rule));
        assert_int_equal(pse_hom_random_size(&p->rule), random.proof_n);
        assert_int_equal(pse_hom_prove(p->joint, out, &p->ctx, &p->rule, values, &random), PSE_OK);
    }
    assert_memory_equal(out, p->bytes, p->n);
    free(out);
    free(secrets);
}

typedef void each_part(const struct part *p, json_t *part);

static void for_all_parts(struct fixture *f, each_part *visit)
{
    static const char *const names[] = {"psephos1/ballot-ranking.json", "psephos1/ballot-wide.json",
                                        "psephos1/ballot-blank.json"};
    json_t *frame = vectors_load("psephos1/frame.json");
    struct pse_span text = vectors_text(frame, "manifest");
    json_t *manifest = json_loadb((const char *)text.p, text.n, 0, NULL);

    assert_non_null(manifest);
    for (int i = 0; i < 3; i++) {
        json_t *ballot = vectors_load(names[i]);
        json_t *parts = json_object_get(ballot, "parts");

        for (size_t k = 0; k < json_array_size(parts); k++) {
            struct part p = part_load(f, ballot, json_array_get(parts, k), manifest);

            visit(&p, json_array_get(parts, k));
            free(p.bytes);
        }
        json_decref(ballot);
    }
    json_decref(manifest);
    json_decref(frame);
}

static void parts_known_answers(void **state)
{
    for_all_parts(*state, prove_again);
}

static void every_bit(const struct part *p, json_t *part)
{
    struct part copy = *p;

    (void)part;
    refuses_every_change(judge_part, &copy, p->bytes, p->n, false);
}

static void every_bit_counts(void **state)
{
    for_all_parts(*state, every_bit);
}

static void fields(const struct part *p, json_t *part)
{
    static const uint8_t zero[32];
    struct part copy = *p;
    size_t points = p->width > 0 ? pse_mixpok_points(p->width) : pse_hom_points(&p->rule);

    (void)part;
    for (size_t at = 0; at < p->n; at += 32) {
        refuses_field(judge_part, &copy, p->bytes, p->n, at, at < 32 * points ? zero : order_bytes,
                      PSE_E_ENCODING);
        if (at + 32 < p->n)
            refuses_exchange(judge_part, &copy, p->bytes, p->n, at, at + 32);
    }
}

static void bad_fields_fail(void **state)
{
    for_all_parts(*state, fields);
}

static void contexts(const struct part *p, json_t *part)
{
    struct part copy = *p;
    struct pse_joint other = *p->joint;
    struct pse_span bytes = pse_span(p->bytes, p->n);

    (void)part;
    for (size_t i = 0; i < sizeof copy.ctx.b; i++) {
        copy.ctx.b[i] ^= 0x40;
        assert_int_equal(judge_part(&copy, bytes), PSE_E_PROOF);
        copy.ctx.b[i] ^= 0x40;
    }
    other.eid.b[0] ^= 1;
    copy.joint = &other;
    assert_int_equal(judge_part(&copy, bytes), PSE_E_PROOF);
    other = *p->joint;
    other.enc.b[1] ^= 1;
    assert_int_equal(judge_part(&copy, bytes), PSE_E_PROOF);
}

static void another_context_fails(void **state)
{
    for_all_parts(*state, contexts);
}

/* --- other rules ------------------------------------------------------------------------------ */

/* Every choice of a small contest: proved iff allowed, and then verified. */
static void choices_of_a_rule(struct fixture *f, const struct pse_hom_rule *rule)
{
    PSE_ARENA(arena, 1u << 20);
    struct pse_rng rng = seeded(33);
    struct pse_hom_random random;
    struct part p = {.joint = &f->joint, .rule = *rule};
    uint8_t bytes[4096];
    uint8_t values[3] = {0};

    p.n = pse_hom_size(rule);
    assert_true(p.n <= sizeof bytes);
    assert_int_equal(pse_hom_random_draw(&random, &arena, rule, &rng), PSE_OK);
    for (unsigned code = 0; code < 64; code++) {
        unsigned sum = 0;
        bool allowed = true;
        pse_rc rc;

        for (unsigned k = 0; k < rule->options; k++) {
            values[k] = (uint8_t)(code >> (2 * k) & 3);
            sum += values[k];
            allowed = allowed && values[k] <= rule->option_max;
        }
        allowed = allowed && ((sum >= rule->min && sum <= rule->max) || (rule->blank && sum == 0));
        rc = pse_hom_prove(&f->joint, bytes, &p.ctx, rule, values, &random);
        assert_int_equal(rc, allowed ? PSE_OK : PSE_E_RANGE);
        if (allowed)
            assert_int_equal(judge_part(&p, pse_span(bytes, p.n)), PSE_OK);
    }
}

static void all_choices_of_small_rules(void **state)
{
    static const struct pse_hom_rule rules[] = {
        {1, 1, 0, 1, false}, {1, 1, 1, 1, false}, {2, 1, 1, 1, false}, {3, 1, 1, 2, true},
        {2, 3, 3, 5, true},  {2, 2, 4, 4, false}, {3, 3, 0, 9, false}, {3, 2, 0, 0, false},
    };

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        assert_true(pse_hom_rule_is_valid(&rules[i]));
        choices_of_a_rule(*state, &rules[i]);
    }
}

static void bad_rules_are_seen(void **state)
{
    static const struct pse_hom_rule rules[] = {
        {0, 1, 0, 0, false},      {256, 1, 0, 256, false}, {2, 0, 0, 0, false},
        {2, 9, 0, 18, false},     {2, 1, 2, 1, false},     {2, 1, 0, 3, false},
        {2, 1, 0, 1, true},       {255, 1, 0, 64, false},  {255, 1, 1, 64, true},
        {255, 8, 1, 2040, false},
    };
    static const struct pse_hom_rule good[] = {
        {255, 1, 0, 63, false}, {255, 1, 1, 63, true}, {255, 8, 0, 2040, false}};

    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        assert_false(pse_hom_rule_is_valid(&rules[i]));
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(pse_hom_rule_is_valid(&good[i]));
}

/* The widest part there is: 255 options of 0..8 do not fit a ballot, but the code has no seam. */
static void widest_part(void **state)
{
    PSE_ARENA(arena, 4u << 20);
    static const struct pse_hom_rule rule = {255, 1, 1, 63, true};
    struct fixture *f = *state;
    struct pse_rng rng = seeded(34);
    struct pse_hom_random random;
    struct part p = {.joint = &f->joint, .rule = rule};
    uint8_t values[255] = {[3] = 1, [200] = 1, [254] = 1};

    p.n = pse_hom_size(&rule);
    p.bytes = malloc(p.n);
    assert_int_equal(pse_hom_random_draw(&random, &arena, &rule, &rng), PSE_OK);
    assert_int_equal(pse_hom_prove(&f->joint, p.bytes, &p.ctx, &rule, values, &random), PSE_OK);
    assert_int_equal(judge_part(&p, pse_span(p.bytes, p.n)), PSE_OK);
    p.bytes[p.n / 2] ^= 1;
    assert_int_not_equal(judge_part(&p, pse_span(p.bytes, p.n)), PSE_OK);
    free(p.bytes);
}

/* A proof made under another key with this key's name: A and every T are right, B and U are not. */
static void proofs_under_another_key_fail(void **state)
{
    PSE_ARENA(arena, 1u << 20);
    static const struct pse_hom_rule rule = {2, 2, 1, 3, false};
    struct fixture *f = *state;
    struct pse_rng rng = seeded(38);
    struct pse_joint other;
    struct pse_hom_random random;
    struct part p = {.joint = &f->joint, .rule = rule};
    uint8_t values[2] = {2, 1};
    uint8_t bytes[2048];
    pse_point y;
    pse_enc enc;

    p.n = pse_hom_size(&rule);
    pse_generators(f->g, &y, 5, 1);
    pse_point_encode(f->g, &enc, &y, 1);
    assert_int_equal(pse_joint_init(&other, f->g, &f->joint.eid, enc.b), PSE_OK);
    other.enc = f->joint.enc;
    assert_int_equal(pse_hom_random_draw(&random, &arena, &rule, &rng), PSE_OK);
    assert_int_equal(pse_hom_prove(&other, bytes, &p.ctx, &rule, values, &random), PSE_OK);
    assert_int_equal(judge_part(&p, pse_span(bytes, p.n)), PSE_E_PROOF);
    assert_int_equal(pse_hom_prove(&f->joint, bytes, &p.ctx, &rule, values, &random), PSE_OK);
    assert_int_equal(judge_part(&p, pse_span(bytes, p.n)), PSE_OK);
    pse_joint_clear(&other);
}

/* out = k P as a secret product. */
static void times(struct fixture *f, pse_point *out, const pse_scalar *k, const pse_point *p)
{
    pse_point_mul_vt(f->g, out, k, p, 1);
}

/* A proof of 0 or 1 whose second halves hold and whose first do not: B = G + r Y is sound, but A is
 * not r G, so nobody could decrypt what was proved. Layout of K = m = 1: A B, T0 U0 T1 U1, c0 z0
 * z1.
 */
static void proofs_about_another_a_fail(void **state)
{
    static const struct pse_hom_rule rule = {1, 1, 0, 1, false};
    struct fixture *f = *state;
    struct pse_rng rng = seeded(39);
    struct part p = {.joint = &f->joint, .rule = rule};
    uint8_t part[288];
    struct pse_span x[] = {pse_span(p.ctx.b, 36), pse_span(f->joint.enc.b, 32), pse_span(part, 64),
                           pse_span(part + 64, 128)};
    struct pse_statement s = {"ballot-hom", &f->joint.eid, x, 4};
    pse_secret k[8];
    pse_scalar r, w, c0, z0, c, z1;
    pse_point point[6]; /* A B T0 U0 T1 U1 */
    pse_point q;
    pse_enc enc[6];

    pse_secret_random_n(k, 8, &rng);
    pse_secret_reveal(&r, &k[0]);
    pse_secret_reveal(&w, &k[1]);
    pse_secret_reveal(&c0, &k[2]);
    pse_secret_reveal(&z0, &k[3]);
    pse_point_mul_base(f->g, &point[0], &k[4], 1);
    times(f, &point[1], &r, &f->joint.y);
    pse_point_add(f->g, &point[1], &point[1], pse_group_base(f->g), 1);
    pse_point_mul_base(f->g, &point[2], &k[5], 1);
    times(f, &point[3], &z0, &f->joint.y);
    times(f, &q, &c0, &point[1]);
    pse_point_sub(f->g, &point[3], &point[3], &q, 1);
    pse_point_mul_base(f->g, &point[4], &k[6], 1);
    times(f, &point[5], &w, &f->joint.y);
    pse_point_encode(f->g, enc, point, 6);
    memcpy(part, enc, sizeof enc);
    pse_statement_scalar(&c, &s);
    pse_scalar_sub(&c, &c, &c0);
    pse_scalar_muladd(&z1, &c, &r, &w);
    pse_scalar_encode(part + 192, &c0);
    pse_scalar_encode(part + 224, &z0);
    pse_scalar_encode(part + 256, &z1);
    assert_int_equal(judge_part(&p, pse_span(part, sizeof part)), PSE_E_PROOF);
}

/* --- batches ---------------------------------------------------------------------------------- */

enum { ITEMS = 40, TAG_SIGN = 1, TAG_MIX = 2, TAG_HOM = 4, MIX_SIZE = 128 };

static const struct pse_hom_rule batch_rule = {1, 1, 0, 1, false};

struct batch_item {
    uint8_t key[32];
    uint8_t sign[PSE_POK_SIZE];
    uint8_t mix[MIX_SIZE];
    uint8_t hom[288];
    struct pse_part_context ctx;
};

static void item_make(struct fixture *f, struct batch_item *it, struct pse_rng *rng)
{
    PSE_ARENA(arena, 1u << 20);
    struct pse_span x[] = {pse_span(it->key, 32)};
    struct pse_statement s = {"cred-pop", &f->joint.eid, x, 1};
    uint8_t plain[30] = {1, 1};
    uint8_t value = 1;
    pse_secret k[3];
    pse_point p;
    pse_enc enc;
    struct pse_hom_random random;

    pse_secret_random_n(k, 3, rng);
    pse_point_mul_base(f->g, &p, k, 1);
    pse_point_encode(f->g, &enc, &p, 1);
    memcpy(it->key, enc.b, 32);
    pse_pok_prove(f->g, it->sign, &s, k, rng);
    it->ctx = pse_part_context_make(it->key, 1, 2);
    assert_int_equal(pse_mixpok_prove(&f->joint, it->mix, &it->ctx, 1, plain, &k[1], &k[2]),
                     PSE_OK);
    assert_int_equal(pse_hom_size(&batch_rule), sizeof it->hom);
    assert_int_equal(pse_hom_random_draw(&random, &arena, &batch_rule, rng), PSE_OK);
    assert_int_equal(pse_hom_prove(&f->joint, it->hom, &it->ctx, &batch_rule, &value, &random),
                     PSE_OK);
}

static void item_add(struct fixture *f, struct pse_batch *b, uint32_t i,
                     const struct batch_item *it)
{
    struct pse_span x[] = {pse_span(it->key, 32)};
    struct pse_statement s = {"cred-pop", &f->joint.eid, x, 1};

    pse_batch_open(b, i, TAG_SIGN);
    assert_int_equal(pse_pok_batch(b, &s, it->key, it->sign), PSE_OK);
    pse_batch_open(b, i, TAG_MIX);
    assert_int_equal(pse_mixpok_batch(b, &f->joint, &it->ctx, 1, pse_span(it->mix, sizeof it->mix)),
                     PSE_OK);
    pse_batch_open(b, i, TAG_HOM);
    assert_int_equal(
        pse_hom_batch(b, &f->joint, &it->ctx, &batch_rule, pse_span(it->hom, sizeof it->hom)),
        PSE_OK);
}

static void check_items(struct fixture *f, struct pse_batch *b, const struct batch_item *items,
                        const uint32_t *want)
{
    uint32_t tags[ITEMS];
    bool any = false;

    pse_batch_reset(b);
    for (uint32_t i = 0; i < ITEMS; i++) {
        assert_true(pse_batch_has_room(b, 3, 11));
        item_add(f, b, i, &items[i]);
        any = any || want[i] != 0;
    }
    assert_int_equal(pse_batch_check(b, tags, ITEMS), any ? PSE_E_PROOF : PSE_OK);
    assert_memory_equal(tags, want, sizeof tags);
}

/* Break some items in some ways, and the batch must name exactly those. */
static void batches_name_the_guilty(void **state)
{
    struct fixture *f = *state;
    struct pse_rng rng = seeded(35);
    static struct batch_item items[ITEMS];
    static struct batch_item broken[ITEMS];
    struct pse_batch *b;

    for (uint32_t i = 0; i < ITEMS; i++)
        item_make(f, &items[i], &rng);
    assert_int_equal(pse_batch_new(&b, f->g, &f->joint.y, 1, 3 * ITEMS, 11 * ITEMS, &rng), PSE_OK);
    for (int round = 0; round < 60; round++) {
        uint32_t want[ITEMS] = {0};
        uint64_t faults = round < 3 ? (uint64_t)round : pse_rng_below(&rng, 12);

        memcpy(broken, items, sizeof items);
        for (uint64_t k = 0; k < faults; k++) {
            uint32_t i = (uint32_t)pse_rng_below(&rng, ITEMS);
            uint32_t tag = 1u << pse_rng_below(&rng, 4);

            if (want[i] != 0)
                continue;
            want[i] = tag == 8 ? PSE_BATCH_ENCODING : tag;
            if (tag == TAG_SIGN)
                broken[i].sign[32] ^= 1;
            else if (tag == TAG_MIX)
                memcpy(broken[i].mix + 64, items[(i + 1) % ITEMS].mix + 64, 32);
            else if (tag == TAG_HOM)
                memcpy(broken[i].hom, items[(i + 1) % ITEMS].hom, 32);
            else
                memset(broken[i].mix + 32, 0, 32); /* B, which no equation uses */
        }
        check_items(f, b, broken, want);
    }
    pse_batch_free(b);
}

/* Errors that cancel out in an unweighted sum, between items and inside one. */
static void errors_do_not_cancel(void **state)
{
    struct fixture *f = *state;
    struct pse_rng rng = seeded(37);
    static struct batch_item items[ITEMS];
    struct pse_batch *b;
    uint32_t want[ITEMS] = {0};

    for (uint32_t i = 0; i < ITEMS; i++)
        item_make(f, &items[i], &rng);
    assert_int_equal(pse_batch_new(&b, f->g, &f->joint.y, 1, 3 * ITEMS, 11 * ITEMS, &rng), PSE_OK);
    shift_scalars(items[3].sign + 32, items[30].sign + 32);
    want[3] = want[30] = TAG_SIGN;
    check_items(f, b, items, want);
    shift_scalars(items[30].sign + 32, items[3].sign + 32);
    shift_scalars(items[5].mix + 96, items[5].sign + 32);
    want[3] = want[30] = 0;
    want[5] = TAG_MIX | TAG_SIGN;
    check_items(f, b, items, want);
    shift_scalars(items[5].sign + 32, items[5].mix + 96);
    shift_scalars(items[7].hom + 224, items[7].hom + 256); /* z_0 and z_1 */
    want[5] = 0;
    want[7] = TAG_HOM;
    check_items(f, b, items, want);
    pse_batch_free(b);
}

static void empty_batches_hold(void **state)
{
    struct fixture *f = *state;
    struct pse_rng rng = seeded(36);
    struct pse_batch *b;
    uint32_t tag = 7;

    assert_int_equal(pse_batch_new(&b, f->g, NULL, 0, 1, 0, &rng), PSE_OK);
    assert_int_equal(pse_batch_check(b, &tag, 1), PSE_OK);
    assert_int_equal(tag, 0);
    pse_batch_reset(b);
    pse_batch_open(b, 0, 1);
    assert_int_equal(pse_batch_check(b, &tag, 1), PSE_OK);
    assert_false(pse_batch_has_room(b, 1, 0));
    assert_false(pse_batch_has_room(b, 0, 1));
    pse_batch_free(b);
    pse_batch_free(NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_joint_keys_are_refused),
        cmocka_unit_test(encryption_goes_round),
        cmocka_unit_test(elements_known_answers),
        cmocka_unit_test(many_elements_go_round),
        cmocka_unit_test(random_points_are_seldom_elements),
        cmocka_unit_test(parts_known_answers),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(bad_fields_fail),
        cmocka_unit_test(another_context_fails),
        cmocka_unit_test(proofs_under_another_key_fail),
        cmocka_unit_test(proofs_about_another_a_fail),
        cmocka_unit_test(all_choices_of_small_rules),
        cmocka_unit_test(bad_rules_are_seen),
        cmocka_unit_test(widest_part),
        cmocka_unit_test(batches_name_the_guilty),
        cmocka_unit_test(errors_do_not_cancel),
        cmocka_unit_test(empty_batches_hold),
    };

    if (!backend_choose(argc, argv))
        return 0;
    return cmocka_run_group_tests(tests, start, stop);
}
