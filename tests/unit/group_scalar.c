/* Scalars against libsodium, on borders and at random; refusals of what is not below L. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "group_help.h"

static void decode_refuses_all_from_the_order_on(void **state)
{
    uint8_t bad[6][32];
    uint8_t good[32];
    pse_scalar k;
    pse_secret s;

    (void)state;
    memcpy(bad[0], order_bytes, 32); /* L */
    memcpy(bad[1], order_bytes, 32); /* L + 1 */
    bad[1][0]++;
    memset(bad[2], 0xff, 32);
    memset(bad[3], 0, 32); /* 2^255 */
    bad[3][31] = 0x80;
    memset(bad[4], 0xff, 32); /* 2^255 - 1 */
    bad[4][31] = 0x7f;
    memcpy(bad[5], order_bytes, 32); /* L with one bit more in the middle */
    bad[5][16] = 1;
    for (size_t i = 0; i < 6; i++) {
        memset(&k, 0xaa, sizeof k);
        memset(&s, 0xaa, sizeof s);
        assert_int_equal(pse_scalar_decode(&k, bad[i]), PSE_E_ENCODING);
        assert_true(pse_scalar_is_zero(&k));
        assert_int_equal(pse_secret_decode(&s, bad[i]), PSE_E_ENCODING);
        assert_memory_equal(&s, &k, sizeof s);
    }
    memcpy(good, order_bytes, 32); /* L - 1 */
    good[0]--;
    assert_int_equal(pse_scalar_decode(&k, good), PSE_OK);
    pse_scalar_encode(bad[0], &k);
    assert_memory_equal(bad[0], good, 32);
    assert_int_equal(pse_secret_decode(&s, good), PSE_OK);
    pse_secret_encode(bad[0], &s);
    assert_memory_equal(bad[0], good, 32);
}

static void assert_words(const pse_scalar *ours, const uint8_t theirs[32])
{
    uint8_t bytes[32];

    pse_scalar_encode(bytes, ours);
    assert_memory_equal(bytes, theirs, 32);
}

/* Every operation on one pair, both kinds of scalar. */
static void check_pair(const pse_scalar *a, const pse_scalar *b)
{
    uint8_t x[32], y[32], z[32], product[32];
    pse_secret sa, sb, s;
    pse_scalar r, t;

    pse_scalar_encode(x, a);
    pse_scalar_encode(y, b);
    pse_secret_from_scalar(&sa, a);
    pse_secret_from_scalar(&sb, b);

    crypto_core_ristretto255_scalar_add(z, x, y);
    pse_scalar_add(&r, a, b);
    assert_words(&r, z);
    pse_secret_add(&s, &sa, &sb);
    pse_secret_reveal(&t, &s);
    assert_words(&t, z);

    crypto_core_ristretto255_scalar_sub(z, x, y);
    pse_scalar_sub(&r, a, b);
    assert_words(&r, z);
    pse_secret_sub(&s, &sa, &sb);
    pse_secret_reveal(&t, &s);
    assert_words(&t, z);

    crypto_core_ristretto255_scalar_negate(z, x);
    pse_scalar_neg(&r, a);
    assert_words(&r, z);
    pse_secret_neg(&s, &sa);
    pse_secret_reveal(&t, &s);
    assert_words(&t, z);

    pse_secret_halve(&s, &sa);
    pse_secret_add(&s, &s, &s);
    pse_secret_reveal(&t, &s);
    assert_words(&t, x);

    crypto_core_ristretto255_scalar_mul(product, x, y);
    pse_scalar_mul(&r, a, b);
    assert_words(&r, product);
    pse_secret_mul(&s, &sa, &sb);
    pse_secret_reveal(&t, &s);
    assert_words(&t, product);

    crypto_core_ristretto255_scalar_add(z, product, x);
    pse_scalar_muladd(&r, a, b, a);
    assert_words(&r, z);
    pse_secret_muladd(&s, &sa, &sb, &sa);
    pse_secret_reveal(&t, &s);
    assert_words(&t, z);
    pse_secret_respond(&t, &sa, a, &sb);
    assert_words(&t, z);

    assert_int_equal(pse_scalar_is_equal(a, b), memcmp(x, y, 32) == 0);
}

static void operations_agree_on_borders(void **state)
{
    pse_scalar k[EDGES];

    (void)state;
    edge_scalars(k);
    for (size_t i = 0; i < EDGES; i++) {
        for (size_t j = 0; j < EDGES; j++)
            check_pair(&k[i], &k[j]);
    }
}

static void operations_agree_at_random(void **state)
{
    PSE_RNG(rng);

    (void)state;
    seeded(&rng, __func__);
    for (int i = 0; i < 2000; i++) {
        pse_scalar a, b;

        random_scalar(&a, &rng);
        random_scalar(&b, &rng);
        check_pair(&a, &b);
    }
}

static void inverses_agree(void **state)
{
    pse_scalar k[EDGES], r, one;
    uint8_t x[32], y[32];
    PSE_RNG(rng);

    (void)state;
    seeded(&rng, __func__);
    edge_scalars(k);
    pse_scalar_set_u64(&one, 1);
    for (int i = 1; i < 200; i++) {
        if (i >= EDGES)
            random_scalar(&k[1], &rng);
        pse_scalar_encode(x, &k[i < EDGES ? i : 1]);
        assert_int_equal(crypto_core_ristretto255_scalar_invert(y, x), 0);
        pse_scalar_invert_vt(&r, &k[i < EDGES ? i : 1]);
        assert_words(&r, y);
        pse_scalar_mul(&r, &r, &k[i < EDGES ? i : 1]);
        assert_true(pse_scalar_is_equal(&r, &one));
    }
}

/* Often zeros, ones, a word of L, or ones but for a bit; else what is there. */
static void extreme_word(uint8_t word[8], const uint8_t of_order[8], struct pse_rng *rng)
{
    uint64_t kind = pse_rng_below(rng, 6);

    if (kind < 2)
        memset(word, kind == 0 ? 0 : 0xff, 8);
    else if (kind == 2)
        memcpy(word, of_order, 8);
    else if (kind == 3) {
        memset(word, 0xff, 8);
        word[pse_rng_below(rng, 8)] ^= (uint8_t)(1 << pse_rng_below(rng, 8));
    }
}

/* 64 bytes: multiples of L and their neighbours, long runs of ones and zeros, words that make
 * carries run, and at random. */
static void wide_reduction_agrees(void **state)
{
    uint8_t wide[64], y[32];
    pse_scalar r;
    pse_secret s;
    PSE_RNG(rng);

    (void)state;
    seeded(&rng, __func__);
    for (int i = 0; i < 30000; i++) {
        if (i < 96) { /* L shifted by whole bytes, minus one, exact, plus one */
            memset(wide, 0, sizeof wide);
            memcpy(wide + i / 3, order_bytes, 32);
            for (size_t j = 0; i % 3 == 0 && j < 64; j++) {
                if (wide[j]-- != 0)
                    break;
            }
            if (i % 3 == 2)
                wide[0]++;
        } else if (i < 96 + 512) { /* ones from a bit on; ones up to it */
            int bit = i - 96;

            for (int j = 0; j < 512; j++) {
                if (j % 8 == 0)
                    wide[j / 8] = 0;
                if ((i % 2 == 0) == (j >= bit))
                    wide[j / 8] = (uint8_t)(wide[j / 8] | 1 << j % 8);
            }
        } else {
            pse_rng_fill(&rng, wide, sizeof wide);
            for (size_t j = 0; i % 2 == 0 && j < 64; j += 8)
                extreme_word(wide + j, order_bytes + j % 32, &rng);
        }
        crypto_core_ristretto255_scalar_reduce(y, wide);
        pse_scalar_from_wide(&r, wide);
        assert_words(&r, y);
        pse_secret_from_wide(&s, wide);
        assert_memory_equal(&s, &r, sizeof s);
    }
}

static void short_values_are_sixteen_bytes(void **state)
{
    uint8_t h[32], x[32];
    pse_scalar r;

    (void)state;
    memset(h, 0xff, sizeof h);
    pse_scalar_from_short(&r, h);
    pse_scalar_encode(x, &r);
    memset(h + 16, 0, 16);
    assert_memory_equal(x, h, 32);
}

/* Short factors, the largest among them, and sums of products reduced once. */
static void short_products_agree(void **state)
{
    pse_scalar k[EDGES], top, r, x, sum;
    uint8_t h[16];
    uint8_t all[64] = {0}, y[32];
    pse_wide wide = {{0}};
    PSE_RNG(rng);

    (void)state;
    seeded(&rng, __func__);
    edge_scalars(k);
    memset(h, 0xff, sizeof h);
    pse_scalar_from_short(&top, h);
    pse_scalar_set_u64(&sum, 0);
    for (int i = 0; i < 20000; i++) {
        pse_scalar a, b, s = top;

        random_scalar(&a, &rng);
        random_scalar(&b, &rng);
        pse_rng_fill(&rng, h, sizeof h);
        if (i % 3 > 0)
            pse_scalar_from_short(&s, h);
        if (i % 4 == 0) {
            a = k[i / 4 % EDGES];
            b = k[i / 8 % EDGES];
        }
        pse_scalar_muladd(&x, &s, &a, &b);
        pse_scalar_muladd_short(&r, &s, &a, &b);
        assert_true(pse_scalar_is_equal(&r, &x));
        pse_scalar_muladd(&sum, &s, &a, &sum);
        pse_wide_add(&wide, &s, &a);
        pse_wide_reduce(&r, &wide);
        assert_true(pse_scalar_is_equal(&r, &sum));
    }
    memset(&wide, 0xff, sizeof wide); /* 2^448 - 1 */
    memset(all, 0xff, sizeof wide);
    crypto_core_ristretto255_scalar_reduce(y, all);
    pse_wide_reduce(&r, &wide);
    assert_words(&r, y);
}

static void outputs_may_be_inputs(void **state)
{
    pse_scalar a, b, r;
    pse_secret s, t;
    PSE_RNG(rng);

    (void)state;
    seeded(&rng, __func__);
    random_scalar(&a, &rng);
    b = a;
    pse_scalar_mul(&r, &a, &a);
    pse_scalar_mul(&b, &b, &b);
    assert_true(pse_scalar_is_equal(&r, &b));
    b = a;
    pse_scalar_muladd(&r, &a, &a, &a);
    pse_scalar_muladd(&b, &b, &b, &b);
    assert_true(pse_scalar_is_equal(&r, &b));
    b = a;
    pse_scalar_sub(&b, &b, &b);
    assert_true(pse_scalar_is_zero(&b));
    b = a;
    pse_scalar_invert_vt(&r, &a);
    pse_scalar_invert_vt(&b, &b);
    assert_true(pse_scalar_is_equal(&r, &b));
    pse_secret_from_scalar(&s, &a);
    t = s;
    pse_secret_sub(&t, &t, &t);
    pse_secret_reveal(&b, &t);
    assert_true(pse_scalar_is_zero(&b));
}

static void select_takes_the_named_one(void **state)
{
    pse_secret a, b, r;

    (void)state;
    pse_secret_set_u64(&a, 1);
    pse_secret_set_u64(&b, UINT64_MAX);
    pse_secret_select(&r, &a, &b, 0);
    assert_memory_equal(&r, &a, sizeof r);
    pse_secret_select(&r, &a, &b, 1);
    assert_memory_equal(&r, &b, sizeof r);
    pse_secret_select(&a, &a, &b, 1);
    assert_memory_equal(&a, &b, sizeof r);
}

static void random_secrets_are_reduced_streams(void **state)
{
    uint8_t wide[64];
    enum { N = 70 };
    pse_secret one[N], many[N];
    pse_scalar r;
    PSE_RNG(rng);

    (void)state;
    seeded(&rng, "stream");
    for (int i = 0; i < N; i++)
        pse_secret_random(&one[i], &rng);
    seeded(&rng, "stream");
    pse_secret_random_n(many, 7, &rng);
    pse_secret_random_n(many + 7, 0, &rng);
    pse_secret_random_n(many + 7, N - 7, &rng);
    assert_memory_equal(one, many, sizeof one);
    seeded(&rng, "stream");
    pse_rng_fill(&rng, wide, sizeof wide);
    pse_scalar_from_wide(&r, wide);
    assert_memory_equal(&one[0], &r, sizeof r);
    assert_memory_not_equal(&one[0], &one[1], sizeof r);
    pse_secret_wipe(&one[0]);
    assert_memory_equal(&one[0], (uint8_t[32]){0}, 32);
}

static bool aborts(void (*call)(void))
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        signal(SIGABRT, SIG_DFL);
        call();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void invert_zero(void)
{
    pse_scalar x = {{0}};

    pse_scalar_invert_vt(&x, &x);
}

static void muladd_long(void)
{
    pse_scalar x = {{0, 0, 1, 0}};

    pse_scalar_muladd_short(&x, &x, &x, &x);
}

static void wide_add_long(void)
{
    const pse_scalar x = {{0, 0, 0, 1}};
    pse_wide sum = {{0}};

    pse_wide_add(&sum, &x, &x);
}

static void broken_promises_abort(void **state)
{
    (void)state;
    assert_true(aborts(invert_zero));
    assert_true(aborts(muladd_long));
    assert_true(aborts(wide_add_long));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode_refuses_all_from_the_order_on),
        cmocka_unit_test(operations_agree_on_borders),
        cmocka_unit_test(operations_agree_at_random),
        cmocka_unit_test(inverses_agree),
        cmocka_unit_test(wide_reduction_agrees),
        cmocka_unit_test(short_values_are_sixteen_bytes),
        cmocka_unit_test(short_products_agree),
        cmocka_unit_test(outputs_may_be_inputs),
        cmocka_unit_test(select_takes_the_named_one),
        cmocka_unit_test(random_secrets_are_reduced_streams),
        cmocka_unit_test(broken_promises_abort),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
