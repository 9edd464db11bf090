/* Tiles of a log that is not trusted: each is checked up to the signed root before any hash of it
 * is used, at every level and at the sizes where levels begin (ledger contract 6, 13). */
#include "merkle_disk.h"

static const uint64_t sizes[] = {1, 2, 255, 256, 257, 65535, 65536, 70000};
enum { SIZES = sizeof sizes / sizeof *sizes };

static pse_rc open_tree(struct pse_tile_auth **a, uint64_t size, const pse_hash *root)
{
    return pse_tile_auth_new(a, size, root, read_file, NULL);
}

/* Read every tile of the tree through the checker; the first failure. */
static pse_rc read_all(uint64_t size, const pse_hash *root, struct pse_tile *last)
{
    struct pse_tile_auth *a;
    const pse_hash *hashes;
    unsigned width;
    pse_rc rc = open_tree(&a, size, root);

    for (unsigned level = 0; rc == PSE_OK && level < 3; level++) {
        uint64_t tiles = ((size >> 8 * level) + 255) / 256;

        for (uint64_t i = 0; i < tiles && rc == PSE_OK; i++)
            rc = pse_tile_auth_tile(a, &hashes, &width, level, i);
    }
    if (a != NULL && last != NULL)
        *last = *pse_tile_auth_last(a);
    pse_tile_auth_free(a);
    return rc;
}

static void every_tile_of_an_honest_log(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        pse_hash root = make_record(sizes[i]);

        assert_int_equal(read_all(sizes[i], &root, NULL), PSE_OK);
    }
}

/* The four places of the contract, and the right edge of every level, at every size. */
static void one_flipped_hash_at_every_level(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        pse_hash root = make_record(sizes[s]);

        for (unsigned level = 0; level < 3; level++) {
            uint64_t full;
            unsigned partial;

            pse_tile_count(&full, &partial, level, sizes[s]);
            uint64_t place[4] = {0, full / 2, full - 1, full};

            for (size_t k = 0; k < 4; k++) {
                struct pse_tile tile = {level, PSE_TILE_WIDTH, place[k]};
                char path[PSE_TILE_PATH_MAX];
                struct pse_tile last = {0};
                size_t at[3];

                if (place[k] == full)
                    tile.width = partial;
                if (place[k] > full || tile.width == 0)
                    continue;
                pse_tile_path(path, &tile);
                struct file *f = find(path);

                assert_non_null(f);
                at[0] = 0;
                at[1] = f->bytes.n / 2;
                at[2] = f->bytes.n - 1;
                for (size_t b = 0; b < 3; b++) {
                    f->bytes.p[at[b]] ^= 1;
                    assert_int_equal(read_all(sizes[s], &root, &last), PSE_E_MISMATCH);
                    if (tile.width == PSE_TILE_WIDTH)
                        assert_true(last.level == level && last.index == tile.index);
                    f->bytes.p[at[b]] ^= 1;
                }
            }
        }
        assert_int_equal(read_all(sizes[s], &root, NULL), PSE_OK);
    }
}

static void tiles_of_wrong_width(void **state)
{
    static const char *const tiles[] = {"tile/0/000", "tile/0/255",      "tile/0/273.p/112",
                                        "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"};
    pse_hash root = make_record(70000);

    (void)state;
    for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++) {
        struct file *f = find(tiles[i]);

        f->bytes.n -= 32;
        assert_int_equal(read_all(70000, &root, NULL), PSE_E_LENGTH);
        f->bytes.n += 32;
        pse_wr_u8(&f->bytes, 0);
        assert_int_equal(read_all(70000, &root, NULL), PSE_E_LENGTH);
        f->bytes.n--;
    }
    drop_file("tile/1/000");
    assert_int_equal(read_all(70000, &root, NULL), PSE_E_MISSING);
    disk.broken = "tile/0/100";
    make_record(70000);
    disk.broken = "tile/0/100";
    assert_int_equal(read_all(70000, &root, NULL), PSE_E_IO);
    disk.broken = NULL;
}

/* --- who checks only the leaf is fooled ---------------------------------------------------------
 *
 * The forger serves entry 1000 with other bytes. Each reader below compares the entry with the leaf
 * hash of the level-0 tile; the forger has adapted that. The second also compares the tile with the
 * level above; the forger has adapted that as well. Only the root is signed. */

enum { VICTIM = 1000, FORGED_SIZE = 70000 };

static void forge(unsigned levels)
{
    struct file *f = find("tile/0/003");
    struct pse_span lie = pse_span_str("another ballot");
    pse_hash hash;

    pse_tree_leaf(&hash, lie);
    memcpy(f->bytes.p + 32 * (VICTIM % 256), hash.b, 32);
    if (levels < 2)
        return;
    pse_tree_root(&hash, (const pse_hash *)f->bytes.p, 256);
    memcpy(find("tile/1/000")->bytes.p + (size_t)32 * 3, hash.b, 32);
}

static pse_hash tile_hash(const char *path, unsigned at)
{
    pse_hash hash;

    memcpy(hash.b, find(path)->bytes.p + (size_t)32 * at, 32);
    return hash;
}

/* A reader as some are: it believes the tile it looks into. */
static bool leaf_reader_accepts(struct pse_span entry)
{
    pse_hash leaf;
    pse_hash tile = tile_hash("tile/0/003", VICTIM % 256);

    pse_tree_leaf(&leaf, entry);
    return pse_hash_is_equal(&leaf, &tile);
}

/* The same with one level more. */
static bool two_level_reader_accepts(struct pse_span entry)
{
    pse_hash root;
    pse_hash above = tile_hash("tile/1/000", 3);

    pse_tree_root(&root, (const pse_hash *)find("tile/0/003")->bytes.p, 256);
    return leaf_reader_accepts(entry) && pse_hash_is_equal(&root, &above);
}

static bool our_reader_accepts(struct pse_span entry, const pse_hash *root)
{
    struct pse_tile_auth *a;
    pse_hash leaf;
    pse_hash node;
    bool accepts = open_tree(&a, FORGED_SIZE, root) == PSE_OK &&
                   pse_tile_auth_node(a, &node, 0, VICTIM) == PSE_OK;

    pse_tree_leaf(&leaf, entry);
    pse_tile_auth_free(a);
    return accepts && pse_hash_is_equal(&leaf, &node);
}

static void a_reader_of_leaves_is_fooled_and_ours_is_not(void **state)
{
    struct pse_span lie = pse_span_str("another ballot");
    uint8_t bytes[16];
    struct pse_span truth = entry_of(bytes, VICTIM);
    pse_hash root = make_record(FORGED_SIZE);

    (void)state;
    assert_true(leaf_reader_accepts(truth) && two_level_reader_accepts(truth));
    assert_true(our_reader_accepts(truth, &root));
    forge(1);
    assert_true(leaf_reader_accepts(lie));
    assert_false(two_level_reader_accepts(lie));
    assert_false(our_reader_accepts(lie, &root));
    make_record(FORGED_SIZE);
    forge(2);
    assert_true(leaf_reader_accepts(lie) && two_level_reader_accepts(lie));
    assert_false(our_reader_accepts(lie, &root));
}

/* --- proofs from checked tiles ------------------------------------------------------------------
 */

static void assert_proofs(struct pse_tile_auth *a, uint64_t size, const pse_hash *root, uint64_t m)
{
    struct pse_tree_proof proof;
    pse_hash old_root;
    pse_hash want = root_of(m);
    pse_hash leaf;

    assert_int_equal(pse_tree_prefix(&old_root, m, pse_tile_auth_node, a), PSE_OK);
    assert_memory_equal(old_root.b, want.b, 32);
    assert_int_equal(pse_tree_consistency(&proof, m, size, pse_tile_auth_node, a), PSE_OK);
    assert_int_equal(pse_tree_consistency_verify(&old_root, m, root, size, proof.hash, proof.n),
                     PSE_OK);
    if (m == size)
        return;
    assert_int_equal(pse_tree_inclusion(&proof, size, m, pse_tile_auth_node, a), PSE_OK);
    assert_int_equal(pse_tile_auth_node(a, &leaf, 0, m), PSE_OK);
    assert_int_equal(pse_tree_inclusion_verify(root, size, m, &leaf, proof.hash, proof.n), PSE_OK);
    /* A surplus hash, or one too few. */
    assert_int_equal(pse_tree_inclusion_verify(root, size, m, &leaf, proof.hash, proof.n + 1),
                     PSE_E_LENGTH);
    if (proof.n > 0)
        assert_int_equal(pse_tree_inclusion_verify(root, size, m, &leaf, proof.hash, proof.n - 1),
                         PSE_E_LENGTH);
}

static void proofs_hold(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        pse_hash root = make_record(sizes[s]);
        uint64_t before[] = {0, 1, sizes[s] / 3, sizes[s] / 256 * 256, sizes[s] - 1, sizes[s]};
        struct pse_tile_auth *a;

        assert_int_equal(open_tree(&a, sizes[s], &root), PSE_OK);
        for (size_t i = 0; i < sizeof before / sizeof *before; i++)
            assert_proofs(a, sizes[s], &root, before[i]);
        pse_tile_auth_free(a);
    }
}

static void beyond_the_tree(void **state)
{
    pse_hash root = make_record(300);
    struct pse_tile_auth *a;
    const pse_hash *hashes;
    unsigned width;
    pse_hash node;

    (void)state;
    assert_int_equal(open_tree(&a, 300, &root), PSE_OK);
    assert_int_equal(pse_tile_auth_tile(a, &hashes, &width, 0, 1), PSE_OK);
    assert_int_equal(width, 44);
    assert_int_equal(pse_tile_auth_tile(a, &hashes, &width, 0, 2), PSE_E_RANGE);
    assert_int_equal(pse_tile_auth_tile(a, &hashes, &width, 1, 1), PSE_E_RANGE);
    assert_int_equal(pse_tile_auth_tile(a, &hashes, &width, 2, 0), PSE_E_RANGE);
    assert_int_equal(pse_tile_auth_node(a, &node, 0, 300), PSE_E_RANGE);
    assert_int_equal(pse_tile_auth_node(a, &node, 8, 1), PSE_E_RANGE);
    assert_int_equal(pse_tile_auth_node(a, &node, 70, 0), PSE_E_RANGE);
    assert_int_equal(pse_tile_auth_node(a, &node, 7, UINT64_MAX), PSE_E_RANGE);
    pse_tile_auth_free(a);
    assert_int_equal(open_tree(&a, UINT64_MAX, &root), PSE_E_RANGE);
    assert_int_equal(open_tree(&a, 299, &root), PSE_E_MISSING);
    assert_null(a);
}

static void the_empty_tree(void **state)
{
    pse_hash empty;
    pse_hash other = {{1}};
    struct pse_tile_auth *a;

    (void)state;
    clear_disk();
    pse_tree_root(&empty, NULL, 0);
    assert_int_equal(open_tree(&a, 0, &empty), PSE_OK);
    pse_tile_auth_free(a);
    assert_int_equal(open_tree(&a, 0, &other), PSE_E_MISMATCH);
}

/* A walk in order reads each tile once. */
static void tiles_are_read_once(void **state)
{
    pse_hash root = make_record(70000);

    (void)state;
    disk.reads = 0;
    assert_int_equal(read_all(70000, &root, NULL), PSE_OK);
    assert_int_equal(disk.reads, 273 + 1 + 1 + 1 + 1); /* 0/…, 1/000, and three partial ones */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tile_of_an_honest_log),
        cmocka_unit_test(one_flipped_hash_at_every_level),
        cmocka_unit_test(tiles_of_wrong_width),
        cmocka_unit_test(a_reader_of_leaves_is_fooled_and_ours_is_not),
        cmocka_unit_test(proofs_hold),
        cmocka_unit_test(beyond_the_tree),
        cmocka_unit_test(the_empty_tree),
        cmocka_unit_test(tiles_are_read_once),
    };

    return cmocka_run_group_tests(tests, NULL, clean);
}
