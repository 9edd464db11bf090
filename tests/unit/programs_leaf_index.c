/* Leaf hashes to numbers: what was put in is found, whatever falls together; nothing else is. */
#include "test.h"

#include "codec/codec.h"
#include "common/leaf_index.h"

enum { MANY = 20000 };

static void leaf_of(pse_hash *out, uint32_t i)
{
    uint8_t b[4];

    pse_store_u32(b, i);
    pse_sha256(out, pse_span(b, sizeof b));
}

static size_t candidates(const struct leaf_index *x, const pse_hash *leaf, uint32_t want,
                         bool *is_found)
{
    uint32_t number;
    size_t at = 0;
    size_t n = 0;

    *is_found = false;
    for (; leaf_index_next(&number, &at, x, leaf); n++)
        *is_found = *is_found || number == want;
    return n;
}

static void all_are_found(void **state)
{
    struct leaf_index x;
    struct pse_rng rng;
    size_t seen = 0;
    size_t false_ones = 0;
    bool is_found;

    (void)state;
    pse_rng_init(&rng, (const uint8_t[32]){1});
    leaf_index_init(&x, &rng);
    for (uint32_t i = 0; i < MANY; i++) {
        pse_hash leaf;

        leaf_of(&leaf, i);
        assert_int_equal(leaf_index_add(&x, &leaf), PSE_OK);
    }
    assert_int_equal(x.n, MANY);
    for (uint32_t i = 0; i < 2 * MANY; i++) {
        pse_hash leaf;

        leaf_of(&leaf, i);
        if (i < MANY)
            seen += candidates(&x, &leaf, i, &is_found);
        else
            false_ones += candidates(&x, &leaf, i, &is_found);
        assert_true(i >= MANY || is_found);
    }
    assert_true(seen < MANY + 10 && false_ones < 10);
    leaf_index_free(&x);
}

/* The same leaf more than once, as nobody forbids a file to hold: each place is a candidate. */
static void the_same_again(void **state)
{
    struct leaf_index x;
    struct pse_rng rng;
    pse_hash leaf;
    bool is_found;

    (void)state;
    pse_rng_init(&rng, (const uint8_t[32]){2});
    leaf_index_init(&x, &rng);
    leaf_of(&leaf, 7);
    for (uint32_t i = 0; i < 3000; i++)
        assert_int_equal(leaf_index_add(&x, &leaf), PSE_OK);
    assert_int_equal(candidates(&x, &leaf, 2999, &is_found), 3000);
    assert_true(is_found);
    leaf_index_free(&x);
}

static void nothing_in_nothing(void **state)
{
    struct leaf_index x;
    struct pse_rng rng;
    pse_hash leaf;
    uint32_t number;
    size_t at = 0;

    (void)state;
    pse_rng_init(&rng, (const uint8_t[32]){3});
    leaf_index_init(&x, &rng);
    leaf_of(&leaf, 1);
    assert_false(leaf_index_next(&number, &at, &x, &leaf));
    leaf_index_free(&x);
    leaf_index_free(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_found),
        cmocka_unit_test(the_same_again),
        cmocka_unit_test(nothing_in_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
