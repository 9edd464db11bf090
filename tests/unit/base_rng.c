/* The random stream: reproducible from its seed, forked streams differ, bounded draws stay bounded.
 */
#include "test.h"

static void start(struct pse_rng *rng, uint8_t first)
{
    uint8_t seed[32] = {first};

    pse_rng_init(rng, seed);
}

static void same_seed_same_stream_however_cut(void **state)
{
    PSE_RNG(a);
    PSE_RNG(b);
    uint8_t whole[3000];
    uint8_t parts[3000];
    size_t at = 0;

    (void)state;
    start(&a, 1);
    start(&b, 1);
    pse_rng_fill(&a, whole, sizeof whole);
    for (size_t step = 1; at < sizeof parts; step = step * 3 % 101 + 1) {
        size_t n = step < sizeof parts - at ? step : sizeof parts - at;

        pse_rng_fill(&b, parts + at, n);
        at += n;
    }
    assert_memory_equal(whole, parts, sizeof whole);
}

static void forks_are_unlike_parent_and_each_other(void **state)
{
    PSE_RNG(parent);
    PSE_RNG(one);
    PSE_RNG(two);
    uint8_t x[3][64];

    (void)state;
    start(&parent, 2);
    pse_rng_fork(&one, &parent);
    pse_rng_fork(&two, &parent);
    pse_rng_fill(&parent, x[0], 64);
    pse_rng_fill(&one, x[1], 64);
    pse_rng_fill(&two, x[2], 64);
    assert_memory_not_equal(x[0], x[1], 64);
    assert_memory_not_equal(x[0], x[2], 64);
    assert_memory_not_equal(x[1], x[2], 64);
}

static void below_is_bounded_and_reaches_all(void **state)
{
    PSE_RNG(rng);
    unsigned seen[7] = {0};

    (void)state;
    start(&rng, 3);
    for (int i = 0; i < 7000; i++)
        seen[pse_rng_below(&rng, 7)]++;
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 850, 1150);
    assert_true(pse_rng_below(&rng, 1) == 0);
    for (int i = 0; i < 100; i++)
        assert_true(pse_rng_below(&rng, (1ull << 63) + 1) <= 1ull << 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_stream_however_cut),
        cmocka_unit_test(forks_are_unlike_parent_and_each_other),
        cmocka_unit_test(below_is_bounded_and_reaches_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
