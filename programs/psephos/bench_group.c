/* Measurements of room group: field, encodings, products, sums of products, hashing. */
#include "bench.h"

#include <sodium.h>

#include "common/options.h"
#include "group/field51.h"
#include "group/field_ifma.h"

enum { PEER_MAX = 64 /* of slow libsodium calls in one run */ };

/* --- field ---------------------------------------------------------------------------------- */

enum { FIELD_CHAINS = 8, FIELD_ROUNDS = 4096 };

struct field {
    struct fe x[FIELD_CHAINS];
#ifdef PSE_LANES
    struct fe8 x8[FIELD_CHAINS];
#endif
};

static void fill_field(const struct bench *b, struct field *s)
{
    for (size_t i = 0; i < FIELD_CHAINS; i++) {
        for (size_t k = 0; k < 5; k++)
            s->x[i].v[k] = pse_rng_below(b->rng, UINT64_C(1) << 51);
    }
}

#ifdef PSE_LANES
LANES static void fill_lanes(struct field *s)
{
    for (size_t i = 0; i < FIELD_CHAINS; i++)
        s->x8[i] = fe8_all(&s->x[i]);
}

LANES static void run_lanes(struct field *s, bool square)
{
    for (size_t round = 0; round < FIELD_ROUNDS; round++) {
        for (size_t i = 0; i < FIELD_CHAINS; i++)
            s->x8[i] =
                square ? fe8_sq(&s->x8[i]) : fe8_mul(&s->x8[i], &s->x8[(i + 1) % FIELD_CHAINS]);
    }
}
#endif

static bool has_lanes(const struct bench *b)
{
    return strcmp(pse_group_backend_name(b->group), "ifma") == 0;
}

/* Independent chains, as the formulas of points have them; on AVX-512 IFMA of eight elements each.
 */
static void *field_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct field *s = PSE_NEW(b->arena, struct field, 1);

    (void)size;
    if (s == NULL)
        return NULL;
    fill_field(b, s);
    *things = (size_t)FIELD_CHAINS * FIELD_ROUNDS;
#ifdef PSE_LANES
    if (has_lanes(b)) {
        fill_lanes(s);
        *things *= LANES_N;
    }
#endif
    return s;
}

static bool field_work(const struct bench *b, struct field *s, bool square)
{
#ifdef PSE_LANES
    if (has_lanes(b)) {
        run_lanes(s, square);
        return true;
    }
#endif
    for (size_t round = 0; round < FIELD_ROUNDS; round++) {
        for (size_t i = 0; i < FIELD_CHAINS; i++) {
            if (square)
                fe_sq(&s->x[i], &s->x[i]);
            else
                fe_mul(&s->x[i], &s->x[i], &s->x[(i + 1) % FIELD_CHAINS]);
        }
    }
    return true;
}

static bool field_mul_run(const struct bench *b, void *state)
{
    return field_work(b, state, false);
}

static bool field_sq_run(const struct bench *b, void *state)
{
    return field_work(b, state, true);
}

/* --- points --------------------------------------------------------------------------------- */

struct points {
    size_t n;
    pse_point *p;
    pse_point *out;
    pse_enc *enc;
    pse_secret *secret;
    pse_scalar *scalar;
    uint8_t (*uniform)[64];
    struct pse_span *message;
    uint8_t (*bytes)[32]; /* of the scalars, for the peer */
    struct pse_table *table;
};

/* n different points for the price of few: each doubling of the list adds one more random point. */
static void fill_points(const struct bench *b, struct points *s)
{
    size_t done = s->n < 256 ? s->n : 256;
    pse_point step;

    pse_point_mul_base(b->group, s->p, s->secret, done);
    while (done < s->n) {
        size_t more = s->n - done < done ? s->n - done : done;
        pse_secret k;

        pse_secret_random(&k, b->rng);
        pse_point_mul_base(b->group, &step, &k, 1);
        for (size_t i = 0; i < more; i++)
            pse_point_add(b->group, &s->p[done + i], &s->p[i], &step, 1);
        done += more;
    }
    pse_point_encode(b->group, s->enc, s->p, s->n);
}

static void *points_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct points *s = PSE_NEW(b->arena, struct points, 1);

    if (s == NULL)
        return NULL;
    s->n = size;
    s->p = PSE_NEW(b->arena, pse_point, size);
    s->out = PSE_NEW(b->arena, pse_point, size);
    s->enc = PSE_NEW(b->arena, pse_enc, size);
    s->secret = PSE_NEW(b->arena, pse_secret, size);
    s->scalar = PSE_NEW(b->arena, pse_scalar, size);
    s->uniform = pse_arena_alloc(b->arena, size, sizeof *s->uniform);
    s->message = PSE_NEW(b->arena, struct pse_span, size);
    s->bytes = pse_arena_alloc(b->arena, size, sizeof *s->bytes);
    if (s->p == NULL || s->out == NULL || s->enc == NULL || s->secret == NULL ||
        s->scalar == NULL || s->uniform == NULL || s->message == NULL || s->bytes == NULL)
        return NULL;
    pse_secret_random_n(s->secret, size, b->rng);
    pse_rng_fill(b->rng, s->uniform, size * sizeof *s->uniform);
    for (size_t i = 0; i < size; i++) {
        pse_scalar_from_wide(&s->scalar[i], s->uniform[i]);
        pse_scalar_encode(s->bytes[i], &s->scalar[i]);
        s->message[i] = pse_span(s->uniform[i], 32);
    }
    fill_points(b, s);
    memcpy(s->out, s->p, size * sizeof *s->out);
    *things = size;
    return s;
}

static bool add_run(const struct bench *b, void *state)
{
    struct points *s = state;

    pse_point_add(b->group, s->out, s->out, s->p, s->n);
    return true;
}

static bool sum_run(const struct bench *b, void *state)
{
    struct points *s = state;

    pse_point_sum(b->group, s->out, s->p, s->n);
    return true;
}

/* libsodium decodes both and encodes the sum. */
static bool add_peer(const struct bench *b, void *state)
{
    struct points *s = state;
    uint8_t out[32];
    int bad = 0;

    (void)b;
    for (size_t i = 0; i + 1 < PEER_MAX; i++)
        bad |= crypto_core_ristretto255_add(out, s->enc[i].b, s->enc[i + 1].b);
    return bad == 0;
}

static bool base_run(const struct bench *b, void *state)
{
    struct points *s = state;

    pse_point_mul_base(b->group, s->out, s->secret, s->n);
    return true;
}

static bool base_peer(const struct bench *b, void *state)
{
    struct points *s = state;
    uint8_t out[32];
    int bad = 0;

    (void)b;
    for (size_t i = 0; i < PEER_MAX; i++)
        bad |= crypto_scalarmult_ristretto255_base(out, s->bytes[i]);
    return bad == 0;
}

static bool variable_run(const struct bench *b, void *state)
{
    struct points *s = state;

    pse_point_mul(b->group, s->out, s->secret, s->p, s->n);
    return true;
}

static bool variable_vt_run(const struct bench *b, void *state)
{
    struct points *s = state;

    pse_point_mul_vt(b->group, s->out, s->scalar, s->p, s->n);
    return true;
}

/* libsodium decodes and encodes within its product; there is no call without. */
static bool variable_peer(const struct bench *b, void *state)
{
    struct points *s = state;
    uint8_t out[32];
    int bad = 0;

    (void)b;
    for (size_t i = 0; i < PEER_MAX; i++)
        bad |= crypto_scalarmult_ristretto255(out, s->bytes[i], s->enc[i].b);
    return bad == 0;
}

static bool decode_run(const struct bench *b, void *state)
{
    struct points *s = state;

    return pse_point_decode_each(b->group, s->out, NULL, s->enc, s->n, PSE_IDENTITY_FORBIDDEN);
}

static bool decode_peer(const struct bench *b, void *state)
{
    struct points *s = state;
    int good = 1;

    (void)b;
    for (size_t i = 0; i < PEER_MAX; i++)
        good &= crypto_core_ristretto255_is_valid_point(s->enc[i].b);
    return good == 1;
}

static bool encode_run(const struct bench *b, void *state)
{
    struct points *s = state;

    pse_point_encode(b->group, s->enc, s->p, s->n);
    return true;
}

static bool map_run(const struct bench *b, void *state)
{
    struct points *s = state;

    pse_point_from_uniform(b->group, s->out, (const uint8_t(*)[64])s->uniform, s->n);
    return true;
}

/* libsodium's map ends with an encoding. */
static bool map_peer(const struct bench *b, void *state)
{
    struct points *s = state;
    uint8_t out[32];
    int bad = 0;

    (void)b;
    for (size_t i = 0; i < PEER_MAX; i++)
        bad |= crypto_core_ristretto255_from_hash(out, s->uniform[i]);
    return bad == 0;
}

static bool h2g_run(const struct bench *b, void *state)
{
    struct points *s = state;

    pse_h2g(b->group, s->out, "bench", s->message, s->n);
    return true;
}

static bool msm_run(const struct bench *b, void *state)
{
    struct points *s = state;

    return pse_msm_vt(b->group, s->out, s->scalar, s->p, s->n) == PSE_OK;
}

static void *short_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct points *s = points_prepare(b, size, things);

    for (size_t i = 0; s != NULL && i < size; i++)
        pse_scalar_from_short(&s->scalar[i], s->uniform[i]);
    return s;
}

static bool msm_secret_run(const struct bench *b, void *state)
{
    struct points *s = state;

    return pse_msm(b->group, s->out, s->secret, s->p, s->n) == PSE_OK;
}

static void *table_prepare(const struct bench *b, size_t size, size_t *things)
{
    struct points *s = points_prepare(b, size, things);

    if (s == NULL || pse_table_new(&s->table, b->group, &s->p[0]) != PSE_OK)
        return NULL;
    return s;
}

static bool table_run(const struct bench *b, void *state)
{
    struct points *s = state;

    pse_table_mul(b->group, s->out, s->table, s->secret, s->n);
    return true;
}

static void table_finish(const struct bench *b, void *state)
{
    struct points *s = state;

    (void)b;
    pse_table_free(s->table);
}

static const struct bench_peer sodium_base =
    BENCH_SODIUM(base_peer, PEER_MAX, "one by one, encoded");
static const struct bench_peer sodium_mul =
    BENCH_SODIUM(variable_peer, PEER_MAX, "one by one, decoded and encoded");
static const struct bench_peer sodium_decode = BENCH_SODIUM(decode_peer, PEER_MAX, "one by one");
static const struct bench_peer sodium_map = BENCH_SODIUM(map_peer, PEER_MAX, "one by one, encoded");
static const struct bench_peer sodium_sum =
    BENCH_SODIUM(add_peer, PEER_MAX - 1, "one by one, decoded and encoded");

#define EXPONENTIATIONS \
    &bench_p256_mul, &bench_p384_mul, &bench_gmp_2048, &bench_gmp_3072, &bench_gmp_4096

#define MSM(log, ...) \
    BENCH_ITEM("msm-2^" #log, BENCH_US, (size_t)1 << (log), points_prepare, msm_run, __VA_ARGS__)

static const struct bench_item items[] = {
    BENCH_ITEM("field-mul", BENCH_NS, 0, field_prepare, field_mul_run),
    BENCH_ITEM("field-square", BENCH_NS, 0, field_prepare, field_sq_run),
    BENCH_ITEM("point-add", BENCH_NS, 2048, points_prepare, add_run, .peer = {&sodium_sum}),
    BENCH_ITEM("point-sum", BENCH_NS, 2048, points_prepare, sum_run),
    BENCH_ITEM("fixed-base", BENCH_US, 2048, points_prepare, base_run, .peer = {&sodium_base}),
    BENCH_ITEM("table-base", BENCH_US, 2048, table_prepare, table_run, .peer = {&sodium_base},
               .finish = table_finish),
    BENCH_ITEM("variable-base", BENCH_US, 512, points_prepare, variable_run,
               .peer = {&sodium_mul, EXPONENTIATIONS}),
    BENCH_ITEM("variable-base-vt", BENCH_US, 512, points_prepare, variable_vt_run,
               .peer = {&sodium_mul}),
    BENCH_ITEM("decode", BENCH_US, 4096, points_prepare, decode_run, .peer = {&sodium_decode}),
    BENCH_ITEM("encode", BENCH_US, 4096, points_prepare, encode_run),
    BENCH_ITEM("map-to-group", BENCH_US, 4096, points_prepare, map_run, .peer = {&sodium_map}),
    BENCH_ITEM("hash-to-group", BENCH_US, 4096, points_prepare, h2g_run),
    MSM(8),
    MSM(9),
    MSM(10),
    MSM(11),
    MSM(12),
    MSM(13),
    MSM(14),
    MSM(15),
    MSM(16),
    MSM(17),
    MSM(18),
    MSM(19, .slow = true),
    MSM(20, .slow = true),
    BENCH_ITEM("msm-short-2^14", BENCH_US, 1 << 14, short_prepare, msm_run),
    BENCH_ITEM("msm-secret-2^10", BENCH_US, 1 << 10, points_prepare, msm_secret_run),
};

const struct bench_table bench_group = {items, CLI_COUNT(items)};
