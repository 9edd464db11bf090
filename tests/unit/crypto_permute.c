/* The switched network behind shuffles: it sorts, applies what it sorted, and undoes it. */
#include "crypto/permute.h"

#include "crypto.h"

enum { N_MAX = 130, SIZE_MAX_TRIED = 96 };

static struct pse_rng rng;

static void fill(uint8_t *things, size_t n, size_t size)
{
    for (size_t i = 0; i < n * size; i++)
        things[i] = (uint8_t)(i / size + 3 * (i % size));
}

static void network_of(size_t n, size_t size, struct pse_pool *pool)
{
    PSE_ARENA(arena, 1u << 20);
    uint64_t keys[N_MAX];
    uint64_t sorted[N_MAX];
    size_t from[N_MAX];
    uint8_t things[N_MAX * SIZE_MAX_TRIED];
    uint8_t before[N_MAX * SIZE_MAX_TRIED];
    uint8_t column[2 * N_MAX * PERMUTE_COLUMN];
    struct permutation p;

    pse_rng_fill(&rng, keys, n * sizeof *keys);
    memcpy(sorted, keys, n * sizeof *keys);
    assert_int_equal(permutation_from_keys(&p, &arena, sorted, n), PSE_OK);
    for (size_t j = 0; j < n; j++) {
        assert_true(j == 0 || sorted[j - 1] < sorted[j]);
        for (size_t i = 0; i < n; i++)
            if (keys[i] == sorted[j])
                from[j] = i;
    }
    fill(things, n, size);
    memcpy(before, things, n * size);
    permutation_apply(&p, pool, things, size, column, false);
    for (size_t j = 0; j < n; j++)
        assert_memory_equal(things + size * j, before + size * from[j], size);
    permutation_apply(&p, pool, things, size, column, true);
    assert_memory_equal(things, before, n * size);

    assert_int_equal(permutation_from_keys_vt(&p, &arena, keys, n), PSE_OK);
    permutation_apply(&p, pool, things, size, column, false);
    for (size_t j = 0; j < n; j++)
        assert_memory_equal(things + size * j, before + size * from[j], size);
    permutation_apply(&p, pool, things, size, column, true);
    assert_memory_equal(things, before, n * size);
}

/* Beyond one near block, where the recursion begins; things are numbers. */
static void large_sizes(void **state)
{
    static const size_t sizes[] = {511, 512, 513, 1023, 1024, 1025, 1536, 2047, 3000, 4097, 20000};

    (void)state;
    rng = seeded(92);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        PSE_ARENA(arena, 16u << 20);
        size_t n = sizes[k];
        uint64_t *keys = PSE_NEW(&arena, uint64_t, n);
        uint64_t(*things)[2] = pse_arena_alloc(&arena, n, sizeof *things);
        uint8_t *column = pse_arena_alloc(&arena, n, PERMUTE_COLUMN);
        struct permutation p;

        pse_rng_fill(&rng, keys, n * sizeof *keys);
        for (size_t i = 0; i < n; i++) {
            things[i][0] = keys[i];
            things[i][1] = i;
        }
        assert_int_equal(permutation_from_keys(&p, &arena, keys, n), PSE_OK);
        permutation_apply(&p, NULL, (uint8_t *)things, 16, column, false);
        for (size_t j = 0; j < n; j++)
            assert_true(things[j][0] == keys[j] && (j == 0 || keys[j - 1] < keys[j]));
        permutation_apply(&p, NULL, (uint8_t *)things, 16, column, true);
        for (size_t i = 0; i < n; i++)
            assert_true(things[i][1] == i);
    }
}

static void every_size(void **state)
{
    struct pse_pool *pool;

    (void)state;
    rng = seeded(90);
    assert_int_equal(pse_pool_new(&pool, 2), PSE_OK);
    for (size_t n = 1; n <= N_MAX; n++) {
        network_of(n, 16, NULL);
        network_of(n, 32, NULL);
        network_of(n, 96, pool);
    }
    pse_pool_free(pool);
}

/* Zeros and ones: a network of compare-exchanges that sorts all of these sorts everything. */
static void zero_one_principle(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 14; n++)
        for (uint64_t bits = 0; bits >> n == 0; bits++) {
            PSE_ARENA(arena, 1u << 16);
            uint64_t keys[14];
            struct permutation p;

            for (size_t i = 0; i < n; i++)
                keys[i] = (bits >> i & 1) << 63 | i;
            assert_int_equal(permutation_from_keys(&p, &arena, keys, n), PSE_OK);
            for (size_t i = 1; i < n; i++)
                assert_true(keys[i - 1] < keys[i]);
        }
}

static void equal_keys_are_seen(void **state)
{
    (void)state;
    rng = seeded(91);
    for (size_t n = 2; n <= 40; n++)
        for (size_t i = 1; i < n; i++) {
            PSE_ARENA(arena, 1u << 16);
            uint64_t keys[40];
            struct permutation p;

            pse_rng_fill(&rng, keys, sizeof keys);
            keys[i] = keys[(i * 7) % i];
            assert_int_equal(permutation_from_keys_vt(&p, &arena, keys, n), PSE_E_DUPLICATE);
            assert_int_equal(permutation_from_keys(&p, &arena, keys, n), PSE_E_DUPLICATE);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size),
        cmocka_unit_test(large_sizes),
        cmocka_unit_test(zero_one_principle),
        cmocka_unit_test(equal_keys_are_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
