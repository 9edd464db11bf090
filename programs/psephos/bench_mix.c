/* Measurements of lists: shuffles and decryption, made and verified. */
#include "bench.h"

#include "codec/hash.h"
#include "common/options.h"
#include "crypto/crypto.h"

struct list {
    struct pse_joint joint;
    pse_secret x;
    uint32_t n;
    struct pse_span in;
    struct pse_shuffle shuffle;
    struct pse_span prepared;
    uint8_t *out;
    uint8_t *proof;
    size_t proof_n;
    struct pse_decrypt decrypt;
    uint8_t *d;
    uint8_t *points;
    uint8_t share[PSE_DECRYPT_PROOF_SIZE];
};

/* n ciphertexts under a random key, whose secret the single trustee holds. */
static bool make_list(const struct bench *b, struct list *s)
{
    pse_point *points = PSE_NEW(b->arena, pse_point, 2 * (size_t)s->n);
    pse_secret *k = PSE_NEW(b->arena, pse_secret, 2 * (size_t)s->n);
    uint8_t *rows = PSE_NEW(b->arena, uint8_t, (size_t)s->n * PSE_CIPHERTEXT_SIZE);
    pse_hash eid = {{1}};
    pse_point y;
    pse_enc enc;

    if (points == NULL || k == NULL || rows == NULL)
        return false;
    pse_secret_random(&s->x, b->rng);
    pse_point_mul_base(b->group, &y, &s->x, 1);
    pse_point_encode(b->group, &enc, &y, 1);
    if (pse_joint_init(&s->joint, b->group, &eid, enc.b) != PSE_OK)
        return false;
    pse_secret_random_n(k, 2 * (size_t)s->n, b->rng);
    pse_elgamal_encrypt_values(&s->joint, points, points + s->n, k, k + s->n, s->n);
    pse_elgamal_encode(b->group, rows, points, points + s->n, s->n);
    s->in = pse_span(rows, (size_t)s->n * PSE_CIPHERTEXT_SIZE);
    s->decrypt = (struct pse_decrypt){.contest = 1, .group = 1, .trustee = 1, .m = s->n, .v = enc};
    pse_sha256(&s->decrypt.in_hash, s->in);
    return true;
}

static bool prove(const struct bench *b, struct list *s, const struct pse_shuffle_options *options)
{
    return pse_shuffle_run(&s->joint, &s->shuffle, s->out, s->proof, s->in, b->rng, options) ==
           PSE_OK;
}

static bool decrypt(const struct bench *b, struct list *s)
{
    pse_secret nonce;

    pse_secret_random(&nonce, b->rng);
    return pse_decrypt_prove(b->group, &s->joint.eid, &s->decrypt, s->d, s->share, s->in, &s->x,
                             &nonce) == PSE_OK;
}

static void *list_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct list *s = PSE_NEW(b->arena, struct list, 1);
    size_t list_n;

    if (s == NULL || pse_shuffle_sizes(&list_n, &s->proof_n, (uint32_t)size, 1) != PSE_OK)
        return NULL;
    s->n = (uint32_t)size;
    s->out = PSE_NEW(b->arena, uint8_t, list_n);
    s->proof = PSE_NEW(b->arena, uint8_t, s->proof_n);
    s->d = PSE_NEW(b->arena, uint8_t, 32 * size);
    s->points = PSE_NEW(b->arena, uint8_t, 32 * size);
    if (s->out == NULL || s->proof == NULL || s->d == NULL || s->points == NULL || !make_list(b, s))
        return NULL;
    s->shuffle = (struct pse_shuffle){.contest = 1,
                                      .group = 1,
                                      .seq = 1,
                                      .mixer = 1,
                                      .width = 1,
                                      .rows = s->n,
                                      .in_hash = s->decrypt.in_hash};
    *things = size;
    return prove(b, s, NULL) && decrypt(b, s) ? s : NULL;
}

static bool shuffle_run(const struct bench *b, void *state)
{
    return prove(b, state, NULL);
}

static bool isolated_run(const struct bench *b, void *state)
{
    static const struct pse_shuffle_options isolated = {.isolated = true};

    return prove(b, state, &isolated);
}

/* Rows must not serve twice where they hide something; here they hide nothing. */
static bool prepared_run(const struct bench *b, void *state)
{
    struct list *s = state;
    const struct pse_shuffle_options options = {.prepared = s->prepared};

    return prove(b, state, &options);
}

static void *prepared_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct list *s = list_prepare(b, size, things);
    uint8_t *rows = PSE_NEW(b->arena, uint8_t, size * pse_shuffle_prepared_size(1));

    if (s == NULL || rows == NULL ||
        pse_shuffle_prepare(&s->joint, rows, size, 1, b->rng) != PSE_OK)
        return NULL;
    s->prepared = pse_span(rows, size * pse_shuffle_prepared_size(1));
    return s;
}

static bool rows_run(const struct bench *b, void *state)
{
    struct list *s = state;

    return pse_shuffle_prepare(&s->joint, (uint8_t *)s->prepared.p, s->n, 1, b->rng) == PSE_OK;
}

static bool shuffle_verify_run(const struct bench *b, void *state)
{
    struct list *s = state;
    struct pse_shuffle_verdict verdict;

    return pse_shuffle_verify(&s->joint, &verdict, &s->shuffle, s->in, pse_span(s->out, s->in.n),
                              pse_span(s->proof, s->proof_n), b->rng, NULL) == PSE_OK;
}

/* One mixer's whole work and the check of it. */
static bool mix_run(const struct bench *b, void *state)
{
    return shuffle_run(b, state) && shuffle_verify_run(b, state);
}

static bool isolated_mix_run(const struct bench *b, void *state)
{
    return isolated_run(b, state) && shuffle_verify_run(b, state);
}

static bool share_run(const struct bench *b, void *state)
{
    return decrypt(b, state);
}

static bool share_verify_run(const struct bench *b, void *state)
{
    struct list *s = state;
    struct pse_decrypt_verdict verdict;

    return pse_decrypt_verify(b->group, &s->joint.eid, &verdict, &s->decrypt, s->in,
                              pse_span(s->d, 32 * (size_t)s->n), s->share) == PSE_OK;
}

static bool combine_run(const struct bench *b, void *state)
{
    struct list *s = state;
    const struct pse_span d = pse_span(s->d, 32 * (size_t)s->n);
    const uint8_t index = 1;

    return pse_decrypt_combine(b->group, s->points, s->in, &d, &index, 1) == PSE_OK;
}

static bool combine_check_run(const struct bench *b, void *state)
{
    struct list *s = state;
    const struct pse_span d = pse_span(s->d, 32 * (size_t)s->n);
    const uint8_t index = 1;

    return pse_decrypt_check(b->group, pse_span(s->points, 32 * (size_t)s->n), s->in, &d, &index, 1,
                             b->rng) == PSE_OK;
}

static void *combined_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct list *s = list_prepare(b, size, things);

    return s != NULL && combine_run(b, s) ? s : NULL;
}

/* The list as one thing. */
static void *whole_prepare(const struct bench *b, size_t size, size_t *things)
{
    void *s = list_prepare(b, size, things);

    *things = 1;
    return s;
}

static void list_finish(const struct bench *b, void *state)
{
    struct list *s = state;

    (void)b;
    pse_joint_clear(&s->joint);
    pse_secret_wipe(&s->x);
}

enum { ROWS = 8192, ESTONIA_2023 = 312181 };

static const struct bench_item items[] = {
    BENCH_ITEM("shuffle-made", BENCH_US, ROWS, list_prepare, shuffle_run, .finish = list_finish,
               .peer = {&bench_p256_shuffle_made}),
    BENCH_ITEM("shuffle-made-isolated", BENCH_US, ROWS, list_prepare, isolated_run,
               .finish = list_finish),
    BENCH_ITEM("shuffle-made-prepared", BENCH_US, ROWS, prepared_prepare, prepared_run,
               .finish = list_finish),
    BENCH_ITEM("shuffle-rows-prepared", BENCH_US, ROWS, prepared_prepare, rows_run,
               .finish = list_finish),
    BENCH_ITEM("shuffle-verified", BENCH_US, ROWS, list_prepare, shuffle_verify_run,
               .finish = list_finish, .peer = {&bench_p256_shuffle_verified}),
    BENCH_ITEM("mix-312181", BENCH_S, ESTONIA_2023, whole_prepare, mix_run, .finish = list_finish,
               .slow = true),
    BENCH_ITEM("mix-312181-isolated", BENCH_S, ESTONIA_2023, whole_prepare, isolated_mix_run,
               .finish = list_finish, .slow = true),
    BENCH_ITEM("share-made", BENCH_US, ROWS, list_prepare, share_run, .finish = list_finish),
    BENCH_ITEM("share-verified", BENCH_US, ROWS, list_prepare, share_verify_run,
               .finish = list_finish),
    BENCH_ITEM("combine", BENCH_US, ROWS, list_prepare, combine_run, .finish = list_finish),
    BENCH_ITEM("combine-checked", BENCH_US, ROWS, combined_prepare, combine_check_run,
               .finish = list_finish),
};

const struct bench_table bench_mix = {items, CLI_COUNT(items)};
