/* What the tests of room crypto share: hexadecimal values of vector files, a group, and the search
 * for bits that may be changed without being noticed. */
#ifndef PSE_TESTS_UNIT_CRYPTO_H
#define PSE_TESTS_UNIT_CRYPTO_H

#include <stdlib.h>

#include "crypto/crypto.h"
#include "vectors.h"

/** Bytes of a hexadecimal string value, exactly @p n. */
static inline void hex_value(void *out, size_t n, const json_t *v)
{
    const char *text = json_string_value(v);

    assert_non_null(text);
    assert_int_equal(strlen(text), 2 * n);
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] =
            (uint8_t)(vectors_hex_digit(text[2 * i]) << 4 | vectors_hex_digit(text[2 * i + 1]));
}

/** All bytes of a hexadecimal member; free() them. */
static inline uint8_t *hex_all(size_t *n, const json_t *object, const char *member)
{
    const json_t *v = json_object_get(object, member);
    uint8_t *out;

    if (!json_is_string(v))
        fail_msg("no string member %s", member);
    *n = json_string_length(v) / 2;
    out = malloc(*n + 1);
    assert_non_null(out);
    hex_value(out, *n, v);
    return out;
}

static inline pse_secret secret_value(const json_t *v)
{
    uint8_t bytes[32];
    pse_secret s;

    hex_value(bytes, 32, v);
    assert_int_equal(pse_secret_decode(&s, bytes), PSE_OK);
    return s;
}

static inline pse_secret secret_member(const json_t *object, const char *member)
{
    return secret_value(json_object_get(object, member));
}

static inline void secret_list(pse_secret *out, size_t n, const json_t *list)
{
    assert_int_equal(json_array_size(list), n);
    for (size_t i = 0; i < n; i++)
        out[i] = secret_value(json_array_get(list, i));
}

static inline pse_hash hash_member(const json_t *object, const char *member)
{
    pse_hash h;

    vectors_hex(h.b, 32, object, member);
    return h;
}

static inline pse_enc enc_member(const json_t *object, const char *member)
{
    pse_enc e;

    vectors_hex(e.b, 32, object, member);
    return e;
}

static inline void assert_hex_member(const void *have, size_t n, const json_t *object,
                                     const char *member)
{
    size_t want_n;
    uint8_t *want = hex_all(&want_n, object, member);

    assert_int_equal(n, want_n);
    assert_memory_equal(have, want, n);
    free(want);
}

/** The back-end of this run: portable, or the one named on the command line. */
static enum pse_backend backend = PSE_BACKEND_PORTABLE;

static inline struct pse_group *group_on(struct pse_pool *pool)
{
    struct pse_group *g;

    assert_int_equal(pse_group_new(&g, backend, pool), PSE_OK);
    return g;
}

/** A group on this thread alone. */
static inline struct pse_group *group_new(void)
{
    return group_on(NULL);
}

/** Take the back-end from the command line. false: this machine does not have it, say so and go. */
static inline bool backend_choose(int argc, char **argv)
{
    struct pse_group *g;

    if (argc < 2)
        return true;
    if (pse_backend_parse(&backend, argv[1]) != PSE_OK ||
        pse_group_new(&g, backend, NULL) != PSE_OK) {
        printf("1..0 # SKIP no back-end %s here\n", argv[1]);
        return false;
    }
    pse_group_free(g);
    return true;
}

static inline struct pse_rng seeded(uint8_t first)
{
    uint8_t seed[32] = {first};
    struct pse_rng rng;

    pse_rng_init(&rng, seed);
    return rng;
}

/** Group order L, a scalar that is not canonical. */
static const uint8_t order_bytes[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                        0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};

/** One scalar up by one and another down by one: errors that cancel in a sum without weights. */
static inline void shift_scalars(uint8_t *up, uint8_t *down)
{
    pse_scalar one;
    pse_scalar s;

    pse_scalar_set_u64(&one, 1);
    assert_int_equal(pse_scalar_decode(&s, up), PSE_OK);
    pse_scalar_add(&s, &s, &one);
    pse_scalar_encode(up, &s);
    assert_int_equal(pse_scalar_decode(&s, down), PSE_OK);
    pse_scalar_sub(&s, &s, &one);
    pse_scalar_encode(down, &s);
}

typedef pse_rc judge(void *ctx, struct pse_span bytes);

/** @p bytes pass; with one bit changed, the last byte missing, or a byte added they do not. Every
 * bit of short proofs is tried; of long ones every third or fifth, which meets each bit of some
 * byte. */
static inline void refuses_every_change(judge *verify, void *ctx, const uint8_t *bytes, size_t n,
                                        bool fixed_length)
{
    uint8_t *copy = calloc(1, n + 1);
    size_t step = n > 600 ? 5 : n > 300 ? 3 : 1;

    assert_non_null(copy);
    memcpy(copy, bytes, n);
    assert_int_equal(verify(ctx, pse_span(copy, n)), PSE_OK);
    for (size_t bit = 0; bit < 8 * n; bit += step) {
        copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        if (verify(ctx, pse_span(copy, n)) == PSE_OK)
            fail_msg("bit %zu may be changed", bit);
        copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    if (!fixed_length) {
        assert_int_equal(verify(ctx, pse_span(copy, n - 1)), PSE_E_LENGTH);
        assert_int_equal(verify(ctx, pse_span(copy, n + 1)), PSE_E_LENGTH);
    }
    assert_int_equal(verify(ctx, pse_span(copy, n)), PSE_OK);
    free(copy);
}

/** With the 32 bytes at @p at replaced by @p with, the verdict is @p want. */
static inline void refuses_field(judge *verify, void *ctx, const uint8_t *bytes, size_t n,
                                 size_t at, const uint8_t with[32], pse_rc want)
{
    uint8_t *copy = malloc(n);

    assert_non_null(copy);
    memcpy(copy, bytes, n);
    memcpy(copy + at, with, 32);
    assert_int_equal(verify(ctx, pse_span(copy, n)), want);
    free(copy);
}

/** With two fields of 32 bytes exchanged it does not pass. */
static inline void refuses_exchange(judge *verify, void *ctx, const uint8_t *bytes, size_t n,
                                    size_t one, size_t two)
{
    uint8_t *copy = malloc(n);

    assert_non_null(copy);
    memcpy(copy, bytes, n);
    memcpy(copy + one, bytes + two, 32);
    memcpy(copy + two, bytes + one, 32);
    assert_int_not_equal(verify(ctx, pse_span(copy, n)), PSE_OK);
    free(copy);
}

#endif
