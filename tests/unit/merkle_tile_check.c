/* The whole-record check: every single file that can be wrong, and what the finding says. */
#include "merkle_disk.h"

/* --- tampered records
 * ------------------------------------------------------------------------------- */

/* At every level, flip one bit of the first, a middle and the last hash of the first, a middle, the
 * last full and the partial tile (ledger contract 6). */
static void one_flipped_hash_at_every_level(void **state)
{
    static const char *const tiles[] = {
        "tile/0/000", "tile/0/100",      "tile/0/272",     "tile/0/273.p/112",
        "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1",
    };
    pse_hash root = make_record(70000);

    (void)state;
    for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++) {
        struct file *f = find(tiles[i]);
        size_t n = f->bytes.n;
        size_t at[3] = {0, n / 2, n - 1};

        for (size_t k = 0; k < 3; k++) {
            f->bytes.p[at[k]] ^= 0x10;
            assert_int_equal(assert_bad_tile(70000, &root, tiles[i], PSE_E_MISMATCH), at[k] / 32);
            f->bytes.p[at[k]] ^= 0x10;
        }
    }
    assert_good(70000, &root);
}

static void tiles_of_wrong_length(void **state)
{
    static const char *const tiles[] = {"tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"};
    pse_hash root = make_record(300);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct file *f = find(tiles[i]);

        f->bytes.n--;
        assert_bad_tile(300, &root, tiles[i], PSE_E_LENGTH);
        f->bytes.n++;
        pse_wr_u8(&f->bytes, 0);
        assert_bad_tile(300, &root, tiles[i], PSE_E_LENGTH);
        f->bytes.n--;
    }
    assert_good(300, &root);
    for (size_t i = 0; i < 3; i++) {
        make_record(300);
        drop_file(tiles[i]);
        assert_bad_tile(300, &root, tiles[i], PSE_E_MISSING);
    }
}

/* A present partial file is the one that counts, good or bad; the full one then does not help. */
static void a_bad_partial_is_not_replaced_by_the_full_one(void **state)
{
    pse_hash root = root_of(300);

    (void)state;
    make_record(65536);
    assert_good(300, &root);
    put_file("tile/0/001.p/44", pse_span("x", 1));
    assert_bad_tile(300, &root, "tile/0/001.p/44", PSE_E_LENGTH);
    drop_file("tile/0/001.p/44");
    put_file("tile/entries/001.p/44", pse_span("x", 1));
    assert_bad_bundle(300, &root, "tile/entries/001.p/44", PSE_E_LENGTH);
    drop_file("tile/entries/001.p/44");
    assert_good(300, &root);

    /* Of a full file that stands in, only the first items count, but all must be well-formed. */
    find("tile/0/001")->bytes.p[32 * 44] ^= 1;
    assert_good(300, &root);
    find("tile/0/001")->bytes.p[32 * 44 - 1] ^= 1;
    assert_bad_tile(300, &root, "tile/0/001.p/44", PSE_E_MISMATCH);
    find("tile/0/001")->bytes.p[32 * 44 - 1] ^= 1;
    find("tile/0/001")->bytes.n -= 32;
    assert_bad_tile(300, &root, "tile/0/001.p/44", PSE_E_LENGTH);
    find("tile/0/001")->bytes.n += 32;
    find("tile/entries/001")->bytes.n--;
    assert_bad_bundle(300, &root, "tile/entries/001.p/44", PSE_E_LENGTH);
}

static void malformed_bundles(void **state)
{
    pse_hash root = make_record(300);
    struct file *f = find("tile/entries/000");

    (void)state;
    f->bytes.n--;
    assert_bad_bundle(300, &root, "tile/entries/000", PSE_E_LENGTH);
    f->bytes.n++;
    pse_wr_u8(&f->bytes, 0);
    assert_bad_bundle(300, &root, "tile/entries/000", PSE_E_LENGTH);
    f->bytes.n--;
    f = find("tile/entries/001.p/44");
    f->bytes.p[0] = 0xff;
    assert_bad_bundle(300, &root, "tile/entries/001.p/44", PSE_E_LENGTH);
    drop_file("tile/entries/001.p/44");
    assert_bad_bundle(300, &root, "tile/entries/001.p/44", PSE_E_MISSING);
    put_file("tile/entries/000", pse_span(NULL, 0));
    assert_bad_bundle(300, &root, "tile/entries/000", PSE_E_LENGTH);
    drop_file("tile/entries/000");
    assert_bad_bundle(300, &root, "tile/entries/000", PSE_E_MISSING);
}

/* A changed entry makes its level-0 tile wrong, the tiles above, and the root. */
static void a_changed_entry(void **state)
{
    pse_hash root = make_record(70000);
    struct file *f = find("tile/entries/100");
    struct outcome o;

    (void)state;
    f->bytes.p[f->bytes.n - 1] ^= 1;
    o = check(70000, &root);
    assert_int_equal(o.rc, PSE_OK);
    assert_tile_path(&o.tile, "tile/0/100");
    assert_int_equal(o.root.fault, PSE_TILE_FAULT_ROOT);
    assert_true(o.faults == 4);
}

static void a_wrong_root_alone(void **state)
{
    pse_hash root = make_record(257);
    struct outcome o;

    (void)state;
    root.b[0] ^= 1;
    o = check(257, &root);
    assert_int_equal(o.rc, PSE_OK);
    assert_int_equal(o.root.fault, PSE_TILE_FAULT_ROOT);
    assert_int_equal(o.tile.fault, PSE_TILE_FAULT_NONE);
    assert_true(o.faults == 1);
    make_record(0);
    o = check(0, &root);
    assert_int_equal(o.root.fault, PSE_TILE_FAULT_ROOT);
}

/* An input/output error is no finding about the record. */
static void the_world_fails(void **state)
{
    static const char *const files[] = {"tile/entries/000", "tile/0/000", "tile/0/001.p/44",
                                        "tile/1/000.p/1", "tile/entries/001.p/44"};
    pse_hash root = make_record(300);

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct outcome o;

        disk.broken = files[i];
        o = check(300, &root);
        assert_int_equal(o.rc, PSE_E_IO);
        assert_true(o.faults == 0);
    }
    disk.broken = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_flipped_hash_at_every_level),
        cmocka_unit_test(tiles_of_wrong_length),
        cmocka_unit_test(a_bad_partial_is_not_replaced_by_the_full_one),
        cmocka_unit_test(malformed_bundles),
        cmocka_unit_test(a_changed_entry),
        cmocka_unit_test(a_wrong_root_alone),
        cmocka_unit_test(the_world_fails),
    };

    return cmocka_run_group_tests(tests, NULL, clean);
}
