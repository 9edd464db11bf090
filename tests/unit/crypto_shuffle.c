/* Shuffles: known answers, any size and width, every change refused with the right rule. */
#include "crypto.h"

struct vector {
    json_t *v;
    struct pse_group *g;
    struct pse_joint joint;
    struct pse_shuffle shuffle;
    struct pse_shuffle_random random;
    uint8_t *in;
    uint8_t *out;
    uint8_t *proof;
    size_t list_n;
    size_t proof_n;
};

static void random_read(struct vector *t)
{
    struct pse_shuffle_random *r = &t->random;
    size_t n = t->shuffle.rows;
    unsigned w = t->shuffle.width;
    json_t *psi = json_object_get(t->v, "psi");
    json_t *by_input = json_object_get(t->v, "r_by_input_index");
    json_t *s = json_object_get(t->v, "s");

    r->keys = calloc(n, sizeof *r->keys);
    r->s = calloc(n * w, sizeof *r->s);
    r->r = calloc(n, sizeof *r->r);
    r->q = calloc(n, sizeof *r->q);
    r->omega_hat = calloc(n, sizeof *r->omega_hat);
    r->omega_prime = calloc(n, sizeof *r->omega_prime);
    for (size_t j = 0; j < n; j++) {
        size_t from = (size_t)json_integer_value(json_array_get(psi, j)) - 1;

        r->keys[from] = j;
        r->r[j] = secret_value(json_array_get(by_input, from));
        secret_list(&r->s[j * w], w, json_array_get(s, j));
    }
    secret_list(r->q, n, json_object_get(t->v, "q"));
    secret_list(r->omega_hat, n, json_object_get(t->v, "omega_hat"));
    secret_list(r->omega_prime, n, json_object_get(t->v, "omega_prime"));
    secret_list(r->omega4, w, json_object_get(t->v, "omega4"));
    r->omega[0] = secret_member(t->v, "omega1");
    r->omega[1] = secret_member(t->v, "omega2");
    r->omega[2] = secret_member(t->v, "omega3");
}

static void vector_load(struct vector *t, const char *name)
{
    pse_hash eid;
    pse_enc y;

    memset(t, 0, sizeof *t);
    t->v = vectors_load(name);
    t->g = group_new();
    eid = hash_member(t->v, "eid");
    y = enc_member(t->v, "Y");
    assert_int_equal(pse_joint_init(&t->joint, t->g, &eid, y.b), PSE_OK);
    t->shuffle.contest = (uint16_t)json_integer_value(json_object_get(t->v, "contest"));
    t->shuffle.group = (uint16_t)json_integer_value(json_object_get(t->v, "group"));
    t->shuffle.seq = (uint8_t)json_integer_value(json_object_get(t->v, "seq"));
    t->shuffle.mixer = (uint8_t)json_integer_value(json_object_get(t->v, "mixer"));
    t->shuffle.rows = (uint32_t)json_integer_value(json_object_get(t->v, "N"));
    t->shuffle.width = (uint8_t)json_integer_value(json_object_get(t->v, "w"));
    t->shuffle.in_hash = hash_member(t->v, "in_hash");
    t->shuffle.out_hash = hash_member(t->v, "out_hash");
    t->in = hex_all(&t->list_n, t->v, "input");
    t->out = hex_all(&t->list_n, t->v, "output");
    t->proof = hex_all(&t->proof_n, t->v, "proof");
    random_read(t);
}

static void vector_free(struct vector *t)
{
    free(t->random.keys);
    free(t->random.s);
    free(t->random.r);
    free(t->random.q);
    free(t->random.omega_hat);
    free(t->random.omega_prime);
    free(t->in);
    free(t->out);
    free(t->proof);
    json_decref(t->v);
    pse_joint_clear(&t->joint);
    pse_group_free(t->g);
}

static void known_answer(const char *name, const struct pse_shuffle_options *options)
{
    struct vector t;
    size_t list_n;
    size_t proof_n;
    uint8_t *out;
    uint8_t *proof;

    vector_load(&t, name);
    t.shuffle.out_hash = (pse_hash){{0}};
    assert_int_equal(pse_shuffle_sizes(&list_n, &proof_n, t.shuffle.rows, t.shuffle.width), PSE_OK);
    assert_int_equal(list_n, t.list_n);
    assert_int_equal(proof_n, t.proof_n);
    out = malloc(list_n);
    proof = malloc(proof_n);
    assert_int_equal(pse_shuffle_prove(&t.joint, &t.shuffle, out, proof, pse_span(t.in, t.list_n),
                                       &t.random, options),
                     PSE_OK);
    assert_memory_equal(out, t.out, list_n);
    assert_memory_equal(proof, t.proof, proof_n);
    assert_hex_member(t.shuffle.out_hash.b, 32, t.v, "out_hash");
    free(out);
    free(proof);
    vector_free(&t);
}

static void known_answers(void **state)
{
    static const struct pse_shuffle_options isolated = {.isolated = true};

    (void)state;
    known_answer("psephos1/shuffle-n4-w1.json", NULL);
    known_answer("psephos1/shuffle-n3-w2.json", NULL);
    known_answer("psephos1/shuffle-n4-w1.json", &isolated);
    known_answer("psephos1/shuffle-n3-w2.json", &isolated);
}

static pse_rc judge_proof(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;
    struct pse_rng rng = seeded(9);
    struct pse_shuffle_verdict v;

    return pse_shuffle_verify(&t->joint, &v, &t->shuffle, pse_span(t->in, t->list_n),
                              pse_span(t->out, t->list_n), bytes, &rng, NULL);
}

/* The out-hash is bound separately; here it stays, so the equations have to notice. */
static pse_rc judge_list(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;
    struct pse_rng rng = seeded(10);
    struct pse_shuffle_verdict v;

    return pse_shuffle_verify(&t->joint, &v, &t->shuffle, pse_span(t->in, t->list_n), bytes,
                              pse_span(t->proof, t->proof_n), &rng, NULL);
}

static pse_rc judge_in(void *ctx, struct pse_span bytes)
{
    struct vector *t = ctx;
    struct pse_rng rng = seeded(11);
    struct pse_shuffle_verdict v;

    return pse_shuffle_verify(&t->joint, &v, &t->shuffle, bytes, pse_span(t->out, t->list_n),
                              pse_span(t->proof, t->proof_n), &rng, NULL);
}

/* One list of generators through shuffles of several lengths: the same verdicts with it, and the
 * same points in it, as without. */
static void generators_are_kept(void **state)
{
    const char *names[] = {"psephos1/shuffle-n3-w2.json", "psephos1/shuffle-n4-w1.json",
                           "psephos1/shuffle-n3-w2.json"};
    enum { MANY = 600, FROM = 250 };
    static pse_point kept[MANY], made[MANY];
    static pse_enc a[MANY], b[MANY];
    struct pse_generator_list h = {NULL, 0};
    struct pse_shuffle_verdict v;
    struct pse_rng rng = seeded(13);

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct vector t;

        vector_load(&t, names[i]);
        for (int bad = 0; bad < 2; bad++) {
            t.proof[t.proof_n - 32] ^= (uint8_t)bad;
            assert_int_equal(pse_shuffle_verify(&t.joint, &v, &t.shuffle, pse_span(t.in, t.list_n),
                                                pse_span(t.out, t.list_n),
                                                pse_span(t.proof, t.proof_n), &rng, &h),
                             bad ? PSE_E_PROOF : PSE_OK);
        }
        assert_int_equal(h.n, i == 0 ? 3 : 4);
        if (i == 1) {
            assert_int_equal(pse_generator_list_reach(&h, t.joint.g, 2), PSE_OK);
            assert_int_equal(h.n, 4);
        }
        if (i == 2) {
            assert_int_equal(pse_generator_list_reach(&h, t.joint.g, MANY), PSE_OK);
            pse_generator_list_take(kept, &h, 1, FROM);
            pse_generator_list_take(kept + FROM, &h, FROM + 1, MANY - FROM);
            pse_generators(t.joint.g, made, 1, MANY);
            pse_point_encode(t.joint.g, a, kept, MANY);
            pse_point_encode(t.joint.g, b, made, MANY);
            assert_memory_equal(a, b, sizeof a);
        }
        vector_free(&t);
    }
    pse_generator_list_free(&h);
    assert_true(h.n == 0 && h.affine == NULL);
    pse_generator_list_free(&h);
}

static void every_bit_counts(void **state)
{
    const char *names[] = {"psephos1/shuffle-n4-w1.json", "psephos1/shuffle-n3-w2.json"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct vector t;

        vector_load(&t, names[i]);
        refuses_every_change(judge_proof, &t, t.proof, t.proof_n, false);
        refuses_every_change(judge_list, &t, t.out, t.list_n, false);
        refuses_every_change(judge_in, &t, t.in, t.list_n, true);
        vector_free(&t);
    }
}

static void fields_are_not_exchangeable(void **state)
{
    struct vector t;

    (void)state;
    vector_load(&t, "psephos1/shuffle-n3-w2.json");
    for (size_t i = 0; i + 32 < t.proof_n; i += 32)
        refuses_exchange(judge_proof, &t, t.proof, t.proof_n, i, i + 32);
    for (size_t i = 0; i + 32 < t.list_n; i += 32)
        refuses_exchange(judge_list, &t, t.out, t.list_n, i, i + 32);
    vector_free(&t);
}

/* Every field of the proof: a point may not be the identity, a scalar not be >= L: V603. */
static void bad_fields_are_v603(void **state)
{
    static const uint8_t zero[32];
    struct vector t;
    size_t n;
    size_t points;

    (void)state;
    vector_load(&t, "psephos1/shuffle-n3-w2.json");
    n = t.shuffle.rows;
    points = 32 * (3 * n + 3 + 2 * (size_t)t.shuffle.width);
    for (size_t at = 0; at < t.proof_n; at += 32)
        refuses_field(judge_proof, &t, t.proof, t.proof_n, at, at < points ? zero : order_bytes,
                      PSE_E_ENCODING);
    for (size_t at = 0; at < t.list_n; at += 32)
        refuses_field(judge_list, &t, t.out, t.list_n, at, zero, PSE_E_ENCODING);
    vector_free(&t);
}

static void verdicts_name_the_rule(void **state)
{
    struct vector t;
    struct pse_shuffle_verdict v;
    struct pse_rng rng = seeded(12);
    struct pse_span in;
    struct pse_span out;
    struct pse_span proof;

    (void)state;
    vector_load(&t, "psephos1/shuffle-n3-w2.json");
    in = pse_span(t.in, t.list_n);
    out = pse_span(t.out, t.list_n);
    proof = pse_span(t.proof, t.proof_n);

    assert_int_equal(pse_shuffle_verify(&t.joint, &v, &t.shuffle, in, out, proof, &rng, NULL),
                     PSE_OK);
    assert_true(v.list == PSE_OK && v.proof == PSE_OK && v.equations == PSE_OK);

    out.n--;
    assert_int_equal(pse_shuffle_verify(&t.joint, &v, &t.shuffle, in, out, proof, &rng, NULL),
                     PSE_E_LENGTH);
    assert_true(v.list == PSE_E_LENGTH && v.proof == PSE_OK && v.equations == PSE_E_MISSING);
    proof.n--;
    assert_int_equal(pse_shuffle_verify(&t.joint, &v, &t.shuffle, in, out, proof, &rng, NULL),
                     PSE_E_LENGTH);
    assert_true(v.list == PSE_E_LENGTH && v.proof == PSE_E_LENGTH && v.equations == PSE_E_MISSING);
    out.n++;
    assert_int_equal(pse_shuffle_verify(&t.joint, &v, &t.shuffle, in, out, proof, &rng, NULL),
                     PSE_E_LENGTH);
    assert_true(v.list == PSE_OK && v.proof == PSE_E_LENGTH && v.equations == PSE_E_MISSING);
    proof.n++;

    memset(t.out + 64, 0, 32);
    t.proof[t.proof_n - 1] = 0xff;
    assert_int_equal(pse_shuffle_verify(&t.joint, &v, &t.shuffle, in, out, proof, &rng, NULL),
                     PSE_E_ENCODING);
    assert_true(v.list == PSE_E_ENCODING && v.proof == PSE_E_ENCODING &&
                v.equations == PSE_E_MISSING);
    vector_free(&t);
}

/* Pairs of responses of different equations, shifted so that plain sums would not change. */
static void errors_do_not_cancel(void **state)
{
    struct vector t;
    size_t first;

    (void)state;
    vector_load(&t, "psephos1/shuffle-n3-w2.json");
    first = 32 * (3 * 3 + 3 + 2 * 2);
    for (size_t a = first; a < t.proof_n; a += 32)
        for (size_t b = first; b < t.proof_n; b += 32) {
            if (a == b)
                continue;
            shift_scalars(t.proof + a, t.proof + b);
            assert_int_equal(judge_proof(&t, pse_span(t.proof, t.proof_n)), PSE_E_PROOF);
            shift_scalars(t.proof + b, t.proof + a);
        }
    assert_int_equal(judge_proof(&t, pse_span(t.proof, t.proof_n)), PSE_OK);
    vector_free(&t);
}

/* Honest proofs about something else: of a list with other A, with other B, with another key. Each
 * fails one equation alone. */
static void proofs_of_something_else_fail(void **state)
{
    struct vector t;
    struct pse_joint other;
    pse_enc key;
    uint8_t *in;

    (void)state;
    vector_load(&t, "psephos1/shuffle-n3-w2.json");
    in = malloc(t.list_n);
    for (size_t at = 0; at < t.list_n; at += 32) {
        memcpy(in, t.in, t.list_n);
        memcpy(in + at, t.in + (at + 32) % t.list_n, 32);
        assert_int_equal(pse_shuffle_prove(&t.joint, &t.shuffle, t.out, t.proof,
                                           pse_span(in, t.list_n), &t.random, NULL),
                         PSE_OK);
        assert_int_equal(judge_proof(&t, pse_span(t.proof, t.proof_n)), PSE_E_PROOF);
    }
    memcpy(key.b, t.in, 32);
    assert_int_equal(pse_joint_init(&other, t.g, &t.joint.eid, key.b), PSE_OK);
    other.enc = t.joint.enc;
    assert_int_equal(pse_shuffle_prove(&other, &t.shuffle, t.out, t.proof, pse_span(t.in, t.list_n),
                                       &t.random, NULL),
                     PSE_OK);
    assert_int_equal(judge_proof(&t, pse_span(t.proof, t.proof_n)), PSE_E_PROOF);
    assert_int_equal(pse_shuffle_prove(&t.joint, &t.shuffle, t.out, t.proof,
                                       pse_span(t.in, t.list_n), &t.random, NULL),
                     PSE_OK);
    assert_int_equal(judge_proof(&t, pse_span(t.proof, t.proof_n)), PSE_OK);
    pse_joint_clear(&other);
    free(in);
    vector_free(&t);
}

static void another_place_fails(void **state)
{
    struct vector t;
    struct pse_shuffle right;

    (void)state;
    vector_load(&t, "psephos1/shuffle-n4-w1.json");
    right = t.shuffle;
    t.shuffle.contest ^= 1;
    assert_int_equal(judge_proof(&t, pse_span(t.proof, t.proof_n)), PSE_E_PROOF);
    t.shuffle = right;
    t.shuffle.group ^= 1;
    assert_int_equal(judge_proof(&t, pse_span(t.proof, t.proof_n)), PSE_E_PROOF);
    t.shuffle = right;
    t.shuffle.seq ^= 1;
    assert_int_equal(judge_proof(&t, pse_span(t.proof, t.proof_n)), PSE_E_PROOF);
    t.shuffle = right;
    t.shuffle.mixer ^= 1;
    assert_int_equal(judge_proof(&t, pse_span(t.proof, t.proof_n)), PSE_E_PROOF);
    t.shuffle = right;
    t.shuffle.in_hash.b[0] ^= 1;
    assert_int_equal(judge_proof(&t, pse_span(t.proof, t.proof_n)), PSE_E_PROOF);
    t.shuffle = right;
    t.shuffle.out_hash.b[31] ^= 1;
    assert_int_equal(judge_proof(&t, pse_span(t.proof, t.proof_n)), PSE_E_PROOF);
    t.shuffle = right;
    t.joint.eid.b[3] ^= 1;
    assert_int_equal(judge_proof(&t, pse_span(t.proof, t.proof_n)), PSE_E_PROOF);
    vector_free(&t);
}

/* --- random lists ----------------------------------------------------------------------------- */

struct trial {
    struct pse_group *g;
    struct pse_joint joint;
    struct pse_shuffle shuffle;
    struct pse_shuffle_options options;
    uint8_t *in;
    uint8_t *out;
    uint8_t *proof;
    size_t list_n;
    size_t proof_n;
};

static void trial_start(struct trial *t, struct pse_group *g, uint32_t rows, uint8_t width,
                        struct pse_rng *rng)
{
    pse_hash eid = {{1, 2, 3}};
    pse_secret *k;
    pse_point *p;
    pse_enc *enc;

    memset(t, 0, sizeof *t);
    t->g = g;
    t->shuffle.rows = rows;
    t->shuffle.width = width;
    t->shuffle.contest = 7;
    t->shuffle.seq = 1;
    assert_int_equal(pse_shuffle_sizes(&t->list_n, &t->proof_n, rows, width), PSE_OK);
    t->in = malloc(t->list_n);
    t->out = malloc(t->list_n);
    t->proof = malloc(t->proof_n);
    k = calloc(t->list_n / 32, sizeof *k);
    p = aligned_alloc(_Alignof(pse_point), t->list_n / 32 * sizeof *p);
    enc = (pse_enc *)t->in;
    pse_secret_random_n(k, t->list_n / 32, rng);
    pse_point_mul_base(g, p, k, t->list_n / 32);
    pse_point_encode(g, enc, p, t->list_n / 32);
    assert_int_equal(pse_joint_init(&t->joint, g, &eid, enc[0].b), PSE_OK);
    pse_sha256(&t->shuffle.in_hash, pse_span(t->in, t->list_n));
    free(k);
    free(p);
}

static pse_rc trial_prove(struct trial *t, struct pse_rng *rng)
{
    return pse_shuffle_run(&t->joint, &t->shuffle, t->out, t->proof, pse_span(t->in, t->list_n),
                           rng, &t->options);
}

static pse_rc trial_verify(struct trial *t, struct pse_rng *rng)
{
    struct pse_shuffle_verdict v;

    return pse_shuffle_verify(&t->joint, &v, &t->shuffle, pse_span(t->in, t->list_n),
                              pse_span(t->out, t->list_n), pse_span(t->proof, t->proof_n), rng,
                              NULL);
}

static void trial_stop(struct trial *t)
{
    free(t->in);
    free(t->out);
    free(t->proof);
    pse_joint_clear(&t->joint);
}

static void all_sizes_work(struct pse_group *g, const uint32_t *rows, size_t n, unsigned width_max)
{
    struct pse_rng rng = seeded(20);

    for (size_t i = 0; i < n; i++)
        for (unsigned w = 1; w <= width_max; w += 3) {
            struct trial t;

            trial_start(&t, g, rows[i], (uint8_t)w, &rng);
            t.options.isolated = i % 2 == 1;
            assert_int_equal(trial_prove(&t, &rng), PSE_OK);
            assert_int_equal(trial_verify(&t, &rng), PSE_OK);
            t.out[rows[i] / 2 * 64 * w] ^= 2;
            assert_int_not_equal(trial_verify(&t, &rng), PSE_OK);
            t.out[rows[i] / 2 * 64 * w] ^= 2;
            t.proof[t.proof_n / 2] ^= 1;
            assert_int_not_equal(trial_verify(&t, &rng), PSE_OK);
            trial_stop(&t);
        }
}

static void sizes_and_widths(void **state)
{
    static const uint32_t rows[] = {1, 2, 3, 5, 8, 13, 31, 64, 100};
    struct pse_group *g = group_new();

    (void)state;
    all_sizes_work(g, rows, sizeof rows / sizeof *rows, 8);
    pse_group_free(g);
}

/* More rows than one block of prover or verifier, on two threads. */
static void blocks_and_threads(void **state)
{
    static const uint32_t rows[] = {511, 512, 513, 4097};
    struct pse_pool *pool;
    struct pse_group *g;

    (void)state;
    assert_int_equal(pse_pool_new(&pool, 2), PSE_OK);
    g = group_on(pool);
    all_sizes_work(g, rows, sizeof rows / sizeof *rows, 1);
    pse_group_free(g);
    pse_pool_free(pool);
}

/* --- prepared rows ---------------------------------------------------------------------------- */

static uint8_t *prepared_make(struct pse_span *rows, const struct trial *t, size_t n,
                              struct pse_rng *rng)
{
    uint8_t *p = malloc(n * pse_shuffle_prepared_size(t->shuffle.width) + 1);

    *rows = pse_span(p, n * pse_shuffle_prepared_size(t->shuffle.width));
    assert_int_equal(pse_shuffle_prepare(&t->joint, p, n, t->shuffle.width, rng), PSE_OK);
    return p;
}

/* None, some, all of the rows: the proof holds, and no two of them look alike. */
static void prepared_rows_work(void **state)
{
    static const size_t ready[] = {0, 1, 511, 512, 700};
    struct pse_group *g = group_new();
    struct pse_rng rng = seeded(30);
    struct trial t;

    (void)state;
    trial_start(&t, g, 700, 2, &rng);
    for (size_t i = 0; i < 2 * sizeof ready / sizeof *ready; i++) {
        uint8_t *rows = prepared_make(&t.options.prepared, &t, ready[i / 2], &rng);

        t.options.isolated = i % 2 == 1;
        assert_int_equal(trial_prove(&t, &rng), PSE_OK);
        assert_int_equal(trial_verify(&t, &rng), PSE_OK);
        free(rows);
    }
    trial_stop(&t);
    pse_group_free(g);
}

/* A point that is not the product of its secret spoils the proof: it did go in. */
static void prepared_rows_are_used(void **state)
{
    struct pse_group *g = group_new();
    struct pse_rng rng = seeded(31);
    struct trial t;
    uint8_t *rows;
    size_t size;

    (void)state;
    trial_start(&t, g, 9, 1, &rng);
    rows = prepared_make(&t.options.prepared, &t, 9, &rng);
    size = pse_shuffle_prepared_size(1);
    for (size_t point = 0; point < 5; point++) {
        uint8_t saved[PSE_AFFINE_SIZE];
        uint8_t *at = rows + 3 * size + 32 * 4 + PSE_AFFINE_SIZE * point;

        memcpy(saved, at, sizeof saved);
        memcpy(at, at + size, sizeof saved);
        assert_int_equal(trial_prove(&t, &rng), PSE_OK);
        assert_int_not_equal(trial_verify(&t, &rng), PSE_OK);
        memcpy(at, saved, sizeof saved);
    }
    assert_int_equal(trial_prove(&t, &rng), PSE_OK);
    assert_int_equal(trial_verify(&t, &rng), PSE_OK);
    free(rows);
    trial_stop(&t);
    pse_group_free(g);
}

static void bad_prepared_rows_are_refused(void **state)
{
    static const uint8_t zero[64];
    struct pse_group *g = group_new();
    struct pse_rng rng = seeded(33);
    struct trial t;
    uint8_t *rows;

    (void)state;
    trial_start(&t, g, 5, 2, &rng);
    rows = prepared_make(&t.options.prepared, &t, 6, &rng);
    assert_int_equal(trial_prove(&t, &rng), PSE_E_RANGE); /* more than the list has */
    assert_memory_equal(t.out, zero, 64);
    assert_memory_equal(t.proof, zero, 64);
    t.options.prepared.n = t.options.prepared.n / 6 * 3 - 1;
    assert_int_equal(trial_prove(&t, &rng), PSE_E_RANGE); /* not whole rows */
    t.options.prepared.n++;
    assert_int_equal(trial_prove(&t, &rng), PSE_OK);
    for (unsigned k = 0; k < 5; k++) {
        uint8_t *secret = rows + pse_shuffle_prepared_size(2) + 32 * k;
        uint8_t saved[32];

        memcpy(saved, secret, 32);
        memcpy(secret, order_bytes, 32);
        assert_int_equal(trial_prove(&t, &rng), PSE_E_RANGE);
        memcpy(secret, saved, 32);
    }
    assert_int_equal(trial_prove(&t, &rng), PSE_OK);
    assert_int_equal(trial_verify(&t, &rng), PSE_OK);
    free(rows);
    trial_stop(&t);
    pse_group_free(g);
}

static void equal_keys_are_refused(void **state)
{
    PSE_ARENA(arena, 16u << 20);
    struct pse_group *g = group_new();
    struct pse_rng rng = seeded(21);
    struct pse_shuffle_random random;
    struct trial t;

    (void)state;
    trial_start(&t, g, 20, 1, &rng);
    assert_int_equal(pse_shuffle_random_draw(&random, &arena, 20, 1, &rng), PSE_OK);
    random.keys[3] = random.keys[17];
    assert_int_equal(pse_shuffle_prove(&t.joint, &t.shuffle, t.out, t.proof,
                                       pse_span(t.in, t.list_n), &random, NULL),
                     PSE_E_DUPLICATE);
    trial_stop(&t);
    pse_group_free(g);
}

static void bad_input_is_refused(void **state)
{
    PSE_ARENA(arena, 16u << 20);
    struct pse_group *g = group_new();
    struct pse_rng rng = seeded(22);
    struct pse_shuffle_random random;
    struct trial t;
    size_t n;

    (void)state;
    trial_start(&t, g, 6, 2, &rng);
    assert_int_equal(pse_shuffle_random_draw(&random, &arena, 6, 2, &rng), PSE_OK);
    assert_int_equal(pse_shuffle_prove(&t.joint, &t.shuffle, t.out, t.proof,
                                       pse_span(t.in, t.list_n - 32), &random, NULL),
                     PSE_E_LENGTH);
    memset(t.in + 64 * 5, 0, 32);
    assert_int_equal(pse_shuffle_prove(&t.joint, &t.shuffle, t.out, t.proof,
                                       pse_span(t.in, t.list_n), &random, NULL),
                     PSE_E_ENCODING);
    assert_int_equal(pse_shuffle_sizes(&n, &n, 0, 1), PSE_E_RANGE);
    assert_int_equal(pse_shuffle_sizes(&n, &n, 1, 0), PSE_E_RANGE);
    assert_int_equal(pse_shuffle_sizes(&n, &n, 1, 9), PSE_E_RANGE);
    assert_int_equal(pse_shuffle_sizes(&n, &n, PSE_SHUFFLE_ROWS_MAX + 1u, 1), PSE_E_RANGE);
    trial_stop(&t);
    pse_group_free(g);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),          cmocka_unit_test(generators_are_kept),
        cmocka_unit_test(every_bit_counts),       cmocka_unit_test(fields_are_not_exchangeable),
        cmocka_unit_test(bad_fields_are_v603),    cmocka_unit_test(verdicts_name_the_rule),
        cmocka_unit_test(another_place_fails),    cmocka_unit_test(proofs_of_something_else_fail),
        cmocka_unit_test(errors_do_not_cancel),   cmocka_unit_test(sizes_and_widths),
        cmocka_unit_test(blocks_and_threads),     cmocka_unit_test(prepared_rows_work),
        cmocka_unit_test(prepared_rows_are_used), cmocka_unit_test(bad_prepared_rows_are_refused),
        cmocka_unit_test(equal_keys_are_refused), cmocka_unit_test(bad_input_is_refused),
    };

    if (!backend_choose(argc, argv))
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
