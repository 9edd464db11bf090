/* Trees and proofs against the definitions of RFC 6962 section 2.1, written once more here as the
 * recursions that stand there. */
#include "codec/codec.h"
#include "merkle/tree.h"

#include "test.h"

enum { LEAVES_MAX = 70000 };

static pse_hash leaves[LEAVES_MAX];

static int make_leaves(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LEAVES_MAX; i++) {
        uint8_t entry[4];

        pse_store_u32(entry, i);
        pse_tree_leaf(&leaves[i], pse_span(entry, 4));
    }
    return 0;
}

/* --- the recursions of the RFC -----------------------------------------------------------------
 */

static size_t split(size_t n)
{
    size_t k = 1;

    while (2 * k < n)
        k *= 2;
    return k;
}

static pse_hash mth(size_t lo, size_t hi)
{
    pse_hash left, right, out;
    size_t k;

    if (hi - lo == 0) {
        pse_sha256(&out, pse_span(NULL, 0));
        return out;
    }
    if (hi - lo == 1)
        return leaves[lo];
    k = split(hi - lo);
    left = mth(lo, lo + k);
    right = mth(lo + k, hi);
    pse_tree_node(&out, &left, &right);
    return out;
}

static void path(struct pse_tree_proof *p, size_t m, size_t lo, size_t hi)
{
    size_t k;

    if (hi - lo == 1)
        return;
    k = split(hi - lo);
    if (m < k) {
        path(p, m, lo, lo + k);
        p->hash[p->n++] = mth(lo + k, hi);
    } else {
        path(p, m - k, lo + k, hi);
        p->hash[p->n++] = mth(lo, lo + k);
    }
}

static void subproof(struct pse_tree_proof *p, size_t m, size_t lo, size_t hi, bool whole)
{
    size_t k;

    if (m == hi - lo) {
        if (!whole)
            p->hash[p->n++] = mth(lo, hi);
        return;
    }
    k = split(hi - lo);
    if (m <= k) {
        subproof(p, m, lo, lo + k, whole);
        p->hash[p->n++] = mth(lo + k, hi);
    } else {
        subproof(p, m - k, lo + k, hi, false);
        p->hash[p->n++] = mth(lo, lo + k);
    }
}

static uint64_t source_size;

static pse_rc source(void *ctx, pse_hash *out, unsigned level, uint64_t index)
{
    (void)ctx;
    assert_true((index + 1) << level <= source_size);
    *out = mth((size_t)(index << level), (size_t)((index + 1) << level));
    return PSE_OK;
}

/* --- known answers ------------------------------------------------------------------------------
 */

/* The eight leaves and roots that Certificate Transparency implementations share
 * (google/certificate-transparency, merkle tree tests). */
static void certificate_transparency_example(void **state)
{
    static const char *const entry[] = {"",
                                        "00",
                                        "10",
                                        "2021",
                                        "3031",
                                        "40414243",
                                        "5051525354555657",
                                        "606162636465666768696a6b6c6d6e6f"};
    static const char *const root[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    };
    struct pse_tree t;
    pse_hash leaf[8];

    (void)state;
    pse_tree_init(&t);
    for (size_t n = 0; n <= 8; n++) {
        char hex[65];
        pse_hash head, again;

        pse_tree_head(&head, &t);
        pse_hex_encode(hex, head.b, 32);
        assert_string_equal(hex, root[n]);
        pse_tree_root(&again, leaf, n);
        assert_true(pse_hash_is_equal(&head, &again));
        if (n < 8) {
            uint8_t bytes[16];
            size_t k = strlen(entry[n]) / 2;

            assert_int_equal(pse_hex_decode(bytes, k, pse_span_str(entry[n])), PSE_OK);
            pse_tree_leaf(&leaf[n], pse_span(bytes, k));
            assert_int_equal(pse_tree_append(&t, &leaf[n]), PSE_OK);
        }
    }
}

static void roots_of_the_contract_sizes(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 255, 256, 257, 65535, 65536, 70000};
    struct pse_tree t;
    size_t k = 0;

    (void)state;
    pse_tree_init(&t);
    for (size_t n = 0; k < sizeof sizes / sizeof *sizes; n++) {
        if (n == sizes[k]) {
            pse_hash head, all, want = mth(0, n);

            pse_tree_head(&head, &t);
            pse_tree_root(&all, leaves, n);
            assert_true(pse_hash_is_equal(&head, &want));
            assert_true(pse_hash_is_equal(&all, &want));
            assert_true(t.size == n);
            k++;
        }
        if (n < LEAVES_MAX)
            assert_int_equal(pse_tree_append(&t, &leaves[n]), PSE_OK);
    }
}

static void roots_of_all_small_sizes(void **state)
{
    struct pse_tree t;

    (void)state;
    pse_tree_init(&t);
    for (size_t n = 0; n < 1100; n++) {
        pse_hash head, all;

        pse_tree_head(&head, &t);
        pse_tree_root(&all, leaves, n);
        assert_true(pse_hash_is_equal(&head, &all));
        assert_int_equal(pse_tree_append(&t, &leaves[n]), PSE_OK);
    }
}

static void leaves_on_threads_are_the_same(void **state)
{
    struct pse_span entry[1000];
    uint8_t bytes[1000][4];
    pse_hash out[1000];
    struct pse_pool *pool;

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        pse_store_u32(bytes[i], i);
        entry[i] = pse_span(bytes[i], 4);
    }
    assert_int_equal(pse_pool_new(&pool, 3), PSE_OK);
    for (size_t n = 0; n <= 1000; n += n < 130 ? 1 : 145) {
        memset(out, 0, sizeof out);
        pse_tree_leaves(out, entry, n, pool);
        assert_memory_equal(out, leaves, n * sizeof *out);
        assert_true(n == 1000 || pse_hash_is_zero(&out[n]));
        pse_tree_leaves(out, entry, n, NULL);
        assert_memory_equal(out, leaves, n * sizeof *out);
    }
    pse_pool_free(pool);
}

/* --- proofs -------------------------------------------------------------------------------------
 */

static void check_inclusion(size_t size, size_t index)
{
    struct pse_tree_proof want = {0}, got;
    pse_hash root = mth(0, size);
    pse_hash bad;

    source_size = size;
    path(&want, index, 0, size);
    assert_int_equal(pse_tree_inclusion(&got, size, index, source, NULL), PSE_OK);
    assert_int_equal(got.n, want.n);
    assert_memory_equal(got.hash, want.hash, want.n * sizeof *want.hash);
    assert_int_equal(pse_tree_inclusion_verify(&root, size, index, &leaves[index], got.hash, got.n),
                     PSE_OK);

    got.hash[got.n] = leaves[0];
    assert_int_equal(
        pse_tree_inclusion_verify(&root, size, index, &leaves[index], got.hash, got.n + 1),
        PSE_E_LENGTH);
    if (got.n > 0)
        assert_int_equal(
            pse_tree_inclusion_verify(&root, size, index, &leaves[index], got.hash, got.n - 1),
            PSE_E_LENGTH);
    bad = leaves[index];
    bad.b[5] ^= 1;
    assert_int_equal(pse_tree_inclusion_verify(&root, size, index, &bad, got.hash, got.n),
                     PSE_E_PROOF);
    assert_int_equal(pse_tree_inclusion_verify(&root, size, size, &leaves[index], got.hash, got.n),
                     PSE_E_RANGE);
    for (size_t other = 0; other < size && size <= 40; other++)
        if (other != index)
            assert_int_not_equal(
                pse_tree_inclusion_verify(&root, size, other, &leaves[index], got.hash, got.n),
                PSE_OK);
}

static void check_consistency(size_t before, size_t size)
{
    struct pse_tree_proof want = {0}, got;
    pse_hash old_root = mth(0, before);
    pse_hash root = mth(0, size);
    pse_hash bad = root;

    source_size = size;
    if (before > 0)
        subproof(&want, before, 0, size, true);
    assert_int_equal(pse_tree_consistency(&got, before, size, source, NULL), PSE_OK);
    assert_int_equal(got.n, want.n);
    assert_memory_equal(got.hash, want.hash, want.n * sizeof *want.hash);
    assert_int_equal(pse_tree_consistency_verify(&old_root, before, &root, size, got.hash, got.n),
                     PSE_OK);

    got.hash[got.n] = leaves[0];
    assert_int_equal(
        pse_tree_consistency_verify(&old_root, before, &root, size, got.hash, got.n + 1),
        PSE_E_LENGTH);
    if (got.n > 0)
        assert_int_equal(
            pse_tree_consistency_verify(&old_root, before, &root, size, got.hash, got.n - 1),
            PSE_E_LENGTH);
    bad.b[31] ^= 0x80;
    if (before > 0)
        assert_int_equal(
            pse_tree_consistency_verify(&old_root, before, &bad, size, got.hash, got.n),
            PSE_E_PROOF);
    bad = old_root;
    bad.b[0] ^= 1;
    assert_int_equal(pse_tree_consistency_verify(&bad, before, &root, size, got.hash, got.n),
                     PSE_E_PROOF);
}

static void all_small_proofs(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 40; size++) {
        for (size_t index = 0; index < size; index++)
            check_inclusion(size, index);
        for (size_t before = 0; before <= size; before++)
            check_consistency(before, size);
    }
}

static void random_proofs(void **state)
{
    static const size_t sizes[] = {255, 256, 257, 4096, 5000};
    uint8_t seed[32] = {21};
    struct pse_rng rng;

    (void)state;
    print_message("# random_proofs: seed %u\n", seed[0]);
    pse_rng_init(&rng, seed);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        for (unsigned i = 0; i < 10; i++) {
            check_inclusion(sizes[k], (size_t)pse_rng_below(&rng, sizes[k]));
            check_consistency((size_t)pse_rng_below(&rng, sizes[k] + 1), sizes[k]);
        }
        check_inclusion(sizes[k], sizes[k] - 1);
        check_consistency(sizes[k] - 1, sizes[k]);
    }
    check_inclusion(65536, 65535);
    check_inclusion(70000, 65536);
    check_consistency(65536, 70000);
}

/* Every bit of every hash of a proof counts. */
static void any_flipped_bit_is_refused(void **state)
{
    uint8_t seed[32] = {22};
    struct pse_rng rng;

    (void)state;
    print_message("# any_flipped_bit_is_refused: seed %u\n", seed[0]);
    pse_rng_init(&rng, seed);
    for (unsigned round = 0; round < 20; round++) {
        size_t size = 2 + (size_t)pse_rng_below(&rng, 300);
        size_t index = (size_t)pse_rng_below(&rng, size);
        size_t before = 1 + (size_t)pse_rng_below(&rng, size - 1);
        pse_hash root = mth(0, size), old_root = mth(0, before);
        struct pse_tree_proof p;

        source_size = size;
        assert_int_equal(pse_tree_inclusion(&p, size, index, source, NULL), PSE_OK);
        for (size_t bit = 0; bit < 256 * p.n; bit++) {
            p.hash[bit / 256].b[bit / 8 % 32] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(
                pse_tree_inclusion_verify(&root, size, index, &leaves[index], p.hash, p.n),
                PSE_E_PROOF);
            p.hash[bit / 256].b[bit / 8 % 32] ^= (uint8_t)(1 << bit % 8);
        }
        assert_int_equal(pse_tree_consistency(&p, before, size, source, NULL), PSE_OK);
        for (size_t bit = 0; bit < 256 * p.n; bit++) {
            p.hash[bit / 256].b[bit / 8 % 32] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(
                pse_tree_consistency_verify(&old_root, before, &root, size, p.hash, p.n),
                PSE_E_PROOF);
            p.hash[bit / 256].b[bit / 8 % 32] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

/* --- sizes at the end of u64 --------------------------------------------------------------------
 */

static pse_rc constant_source(void *ctx, pse_hash *out, unsigned level, uint64_t index)
{
    (void)index;
    assert_true(level < 64);
    *out = ((const pse_hash *)ctx)[level];
    return PSE_OK;
}

/* Trees of 2^63 and more leaves, all equal, so that every full subtree of a level is the same. */
static void huge_sizes(void **state)
{
    static pse_hash level[64];
    const uint64_t half = UINT64_C(1) << 63;
    struct pse_tree_proof p;
    pse_hash root;
    pse_hash proof[64] = {0};

    (void)state;
    level[0] = leaves[0];
    for (unsigned i = 1; i < 64; i++)
        pse_tree_node(&level[i], &level[i - 1], &level[i - 1]);
    assert_int_equal(pse_tree_inclusion(&p, half, 12345, constant_source, level), PSE_OK);
    assert_int_equal(p.n, 63);
    assert_int_equal(pse_tree_inclusion_verify(&level[63], half, 12345, &level[0], p.hash, p.n),
                     PSE_OK);
    assert_int_equal(pse_tree_inclusion_verify(&level[63], half, half - 1, &level[0], p.hash, p.n),
                     PSE_OK);
    assert_int_equal(pse_tree_inclusion(&p, half + 1, 0, constant_source, level), PSE_E_LIMIT);
    assert_int_equal(pse_tree_inclusion(&p, UINT64_MAX, 0, constant_source, level), PSE_E_LIMIT);

    assert_int_equal(pse_tree_inclusion(&p, half + 1, half, constant_source, level), PSE_OK);
    assert_int_equal(p.n, 1);
    pse_tree_node(&root, &level[63], &level[0]);
    assert_int_equal(pse_tree_inclusion_verify(&root, half + 1, half, &level[0], p.hash, 1),
                     PSE_OK);
    assert_int_equal(pse_tree_consistency(&p, half, half + 1, constant_source, level), PSE_OK);
    assert_int_equal(pse_tree_consistency_verify(&level[63], half, &root, half + 1, p.hash, p.n),
                     PSE_OK);

    assert_int_equal(pse_tree_inclusion_verify(&root, UINT64_MAX, 5, &level[0], proof, 64),
                     PSE_E_LIMIT);
    assert_int_equal(pse_tree_inclusion_verify(&root, UINT64_MAX, 5, &level[0], proof, 63),
                     PSE_E_LENGTH);
    assert_int_equal(pse_tree_inclusion_verify(&root, UINT64_MAX, UINT64_MAX, &level[0], proof, 1),
                     PSE_E_RANGE);
    assert_int_equal(pse_tree_consistency_verify(&root, 5, &root, UINT64_MAX, proof, 64),
                     PSE_E_LIMIT);
    assert_int_equal(pse_tree_consistency_verify(&root, 7, &root, UINT64_MAX, proof, 63),
                     PSE_E_LENGTH);
}

static void growth_that_is_none(void **state)
{
    pse_hash empty = mth(0, 0), one = mth(0, 1), two = mth(0, 2);

    (void)state;
    assert_int_equal(pse_tree_consistency_verify(&two, 2, &one, 1, NULL, 0), PSE_E_RANGE);
    assert_int_equal(pse_tree_consistency_verify(&one, 1, &two, 1, NULL, 0), PSE_E_PROOF);
    assert_int_equal(pse_tree_consistency_verify(&one, 0, &two, 2, NULL, 0), PSE_E_PROOF);
    assert_int_equal(pse_tree_consistency_verify(&empty, 0, &two, 2, &one, 1), PSE_E_LENGTH);
    assert_int_equal(pse_tree_consistency_verify(&one, 1, &one, 1, &one, 1), PSE_E_LENGTH);
    assert_int_equal(pse_tree_consistency_verify(&one, 0, &one, 0, NULL, 0), PSE_E_PROOF);
    assert_int_equal(pse_tree_consistency_verify(&empty, 0, &empty, 0, NULL, 0), PSE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate_transparency_example),
        cmocka_unit_test(roots_of_the_contract_sizes),
        cmocka_unit_test(roots_of_all_small_sizes),
        cmocka_unit_test(leaves_on_threads_are_the_same),
        cmocka_unit_test(all_small_proofs),
        cmocka_unit_test(random_proofs),
        cmocka_unit_test(any_flipped_bit_is_refused),
        cmocka_unit_test(huge_sizes),
        cmocka_unit_test(growth_that_is_none),
    };

    return cmocka_run_group_tests(tests, make_leaves, NULL);
}
