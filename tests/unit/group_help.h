/* Shared by the tests of room group: every context this machine can make, seeded randomness,
 * libsodium as oracle. */
#ifndef PSE_TESTS_UNIT_GROUP_HELP_H
#define PSE_TESTS_UNIT_GROUP_HELP_H

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "group/group.h"
#include "test.h"

/* Each back-end on one thread, two and three. */
enum { CONTEXTS_MAX = 9 };
struct contexts {
    struct pse_group *g[CONTEXTS_MAX];
    struct pse_pool *pool[CONTEXTS_MAX];
    size_t n;
};

static inline int contexts_open(void **state)
{
    static struct contexts all;

    assert_true(sodium_init() >= 0);
    memset(&all, 0, sizeof all);
    for (enum pse_backend b = PSE_BACKEND_PORTABLE; b <= PSE_BACKEND_WORD32; b++) {
        for (unsigned width = 1; width <= 3; width++) {
            struct pse_pool *pool = NULL;
            pse_rc rc;

            if (width > 1)
                assert_int_equal(pse_pool_new(&pool, width), PSE_OK);
            rc = pse_group_new(&all.g[all.n], b, pool);
            if (rc == PSE_E_UNSUPPORTED) {
                pse_pool_free(pool);
                continue;
            }
            assert_int_equal(rc, PSE_OK);
            all.pool[all.n++] = pool;
        }
    }
    assert_true(all.n >= 3);
    *state = &all;
    return 0;
}

static inline int contexts_close(void **state)
{
    struct contexts *all = *state;

    for (size_t i = 0; i < all->n; i++) {
        pse_group_free(all->g[i]);
        pse_pool_free(all->pool[i]);
    }
    return 0;
}

/* A stream for one test: from PSE_TEST_SEED, or a fixed seed, and the test's name. */
static inline void seeded(struct pse_rng *rng, const char *test)
{
    const char *text = getenv("PSE_TEST_SEED");
    crypto_hash_sha256_state sha;
    uint8_t seed[32];

    if (text == NULL)
        text = "psephos";
    printf("# %s: PSE_TEST_SEED=%s\n", test, text);
    crypto_hash_sha256_init(&sha);
    crypto_hash_sha256_update(&sha, (const uint8_t *)text, strlen(text) + 1);
    crypto_hash_sha256_update(&sha, (const uint8_t *)test, strlen(test));
    crypto_hash_sha256_final(&sha, seed);
    pse_rng_init(rng, seed);
}

/* L, little-endian. */
static const uint8_t order_bytes[32] = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

/* Scalars where carries, windows and the order have their borders. */
enum { EDGES = 26 };
static inline void edge_scalars(pse_scalar k[EDGES])
{
    size_t n = 0;
    pse_scalar one, half;

    memset(k, 0, EDGES * sizeof *k);
    pse_scalar_set_u64(&one, 1);
    for (uint64_t x = 0; x <= 2; x++)
        pse_scalar_set_u64(&k[n++], x);
    for (uint64_t x = 7; x <= 9; x++)
        pse_scalar_set_u64(&k[n++], x);
    pse_scalar_set_u64(&k[n++], UINT64_MAX);
    k[n++].w[1] = 1;                    /* 2^64 */
    k[n].w[0] = k[n].w[1] = UINT64_MAX; /* 2^128 - 1 */
    n++;
    k[n++].w[2] = 1;                                /* 2^128 */
    k[n].w[0] = k[n].w[1] = k[n].w[2] = UINT64_MAX; /* 2^192 - 1 */
    n++;
    k[n++].w[3] = 1ull << 59;               /* 2^251 */
    k[n++].w[3] = 1ull << 60;               /* 2^252 */
    pse_scalar_sub(&k[n], &k[n - 1], &one); /* 2^252 - 1 */
    n++;
    for (int i = 0; i < 4; i++)
        k[n].w[i] = 0x7777777777777777 >> (i == 3 ? 4 : 0); /* largest digits of four bits */
    n++;
    for (int i = 0; i < 4; i++)
        k[n].w[i] = 0x8888888888888888 >> (i == 3 ? 4 : 0); /* a carry at each digit */
    n++;
    k[n].w[0] = 0x8888888888888889;
    n++;
    pse_scalar_set_u64(&half, 2);
    pse_scalar_invert_vt(&half, &half);
    k[n++] = half;                  /* (L + 1) / 2 */
    pse_scalar_neg(&k[n++], &half); /* (L - 1) / 2 */
    for (size_t i = 1; i < 8; i++)
        pse_scalar_neg(&k[n++], &k[i]); /* L - 1, L - 2, L - 7, … */
    assert_int_equal(n, EDGES);
}

static inline void random_scalar(pse_scalar *k, struct pse_rng *rng)
{
    uint8_t wide[64];

    pse_rng_fill(rng, wide, sizeof wide);
    pse_scalar_from_wide(k, wide);
}

/* A point by libsodium's map, and ours decoded from its bytes. */
static inline void random_point(const struct pse_group *g, pse_point *p, pse_enc *e,
                                struct pse_rng *rng)
{
    uint8_t wide[64];

    pse_rng_fill(rng, wide, sizeof wide);
    assert_int_equal(crypto_core_ristretto255_from_hash(e->b, wide), 0);
    assert_int_equal(pse_point_decode(g, p, NULL, e, 1, PSE_IDENTITY_FORBIDDEN), PSE_OK);
}

static inline void assert_encodes(const struct pse_group *g, const pse_point *p,
                                  const uint8_t expected[32])
{
    pse_enc e;

    pse_point_encode(g, &e, p, 1);
    assert_memory_equal(e.b, expected, 32);
}

/* k P by libsodium, which reports a result that is the identity instead of writing it. */
static inline void sodium_mul(uint8_t out[32], const pse_scalar *k, const uint8_t p[32])
{
    uint8_t bytes[32];

    pse_scalar_encode(bytes, k);
    if (crypto_scalarmult_ristretto255(out, bytes, p) != 0)
        memset(out, 0, 32);
}

#endif
