/* Arenas, buffers, constant-time comparison, thread pool: bounds are kept and nothing is lost. */
#include "test.h"
#include <stdatomic.h>

static void arena_keeps_its_maximum(void **state)
{
    PSE_ARENA(a, 100000);
    size_t blocks = 0;

    (void)state;
    while (pse_arena_alloc(&a, 1, 1000) != NULL)
        blocks++;
    assert_in_range(blocks, 50, 97);
    assert_true(a.held <= 100000);
    assert_null(pse_arena_alloc(&a, SIZE_MAX / 2, 3));
    pse_arena_free(&a);
    assert_non_null(pse_arena_alloc(&a, 1, 1000));
}

static void arena_is_aligned_and_zero(void **state)
{
    PSE_ARENA(a, 1 << 20);

    (void)state;
    for (size_t n = 0; n < 200; n++) {
        uint8_t *p = PSE_NEW(&a, uint8_t, n);

        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 64, 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, n);
    }
}

static void buffer_failure_is_sticky(void **state)
{
    struct pse_buf b = PSE_BUF(10);

    (void)state;
    pse_buf_put(&b, "12345678", 8);
    pse_buf_put(&b, "901", 3);
    assert_int_equal(b.rc, PSE_E_LIMIT);
    assert_int_equal(b.n, 8);
    pse_buf_put(&b, "9", 1);
    assert_int_equal(b.n, 8);
    assert_memory_equal(b.p, "12345678", 8);
    pse_buf_free(&b);
}

static void size_mul_refuses_overflow(void **state)
{
    size_t r;

    (void)state;
    assert_int_equal(pse_size_mul(&r, SIZE_MAX / 2 + 1, 2), PSE_E_LIMIT);
    assert_int_equal(pse_size_mul(&r, SIZE_MAX, 1), PSE_OK);
    assert_true(r == SIZE_MAX);
}

static void ct_eq_sees_every_bit(void **state)
{
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};

    (void)state;
    assert_true(pse_ct_eq(a, b, 32));
    for (size_t bit = 0; bit < 256; bit++) {
        b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_false(pse_ct_eq(a, b, 32));
        b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

struct counts {
    struct pse_pool *pool;
    atomic_uint hits[1000];
    atomic_uint inner;
};

static void inner_task(void *ctx, size_t i, unsigned worker)
{
    struct counts *c = ctx;

    (void)i;
    assert_true(worker < pse_pool_width(c->pool));
    atomic_fetch_add(&c->inner, 1);
}

static void outer_task(void *ctx, size_t i, unsigned worker)
{
    struct counts *c = ctx;

    assert_true(worker < pse_pool_width(c->pool));
    atomic_fetch_add(&c->hits[i], 1);
    pse_pool_run(c->pool, inner_task, c, 3);
}

static void pool_runs_each_task_once(void **state)
{
    static struct counts c;

    (void)state;
    for (unsigned width = 1; width <= 5; width++) {
        memset(&c, 0, sizeof c);
        assert_int_equal(pse_pool_new(&c.pool, width), PSE_OK);
        for (unsigned round = 1; round <= 20; round++) {
            pse_pool_run(c.pool, outer_task, &c, 1000);
            for (size_t i = 0; i < 1000; i++)
                assert_int_equal(atomic_load(&c.hits[i]), round);
            assert_int_equal(atomic_load(&c.inner), 3000 * round);
        }
        pse_pool_free(c.pool);
    }
}

static void pool_refuses_silly_widths(void **state)
{
    struct pse_pool *pool;

    (void)state;
    assert_int_equal(pse_pool_new(&pool, 0), PSE_E_RANGE);
    assert_int_equal(pse_pool_new(&pool, 257), PSE_E_RANGE);
    assert_null(pool);
    pse_pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_keeps_its_maximum),   cmocka_unit_test(arena_is_aligned_and_zero),
        cmocka_unit_test(buffer_failure_is_sticky),  cmocka_unit_test(size_mul_refuses_overflow),
        cmocka_unit_test(ct_eq_sees_every_bit),      cmocka_unit_test(pool_runs_each_task_once),
        cmocka_unit_test(pool_refuses_silly_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
