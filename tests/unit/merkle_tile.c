/* Tiles: names, bundles, the writer, and proofs made from its files. */
#include "merkle_disk.h"

/* --- names
 * -------------------------------------------------------------------------------------------- */

static void paths(void **state)
{
    static const struct {
        struct pse_tile tile;
        const char *path;
    } cases[] = {
        {{0, 256, 0}, "tile/0/000"},
        {{0, 8, 1234067}, "tile/0/x001/x234/067.p/8"},
        {{1, 256, 999}, "tile/1/999"},
        {{63, 255, 1000}, "tile/63/x001/000.p/255"},
        {{PSE_TILE_ENTRIES, 256, 0}, "tile/entries/000"},
        {{PSE_TILE_ENTRIES, 1, 1000000}, "tile/entries/x001/x000/000.p/1"},
        {{0, 256, UINT64_MAX}, "tile/0/x018/x446/x744/x073/x709/x551/615"},
    };
    static const struct {
        const char *path;
        pse_rc rc;
    } bad[] = {
        {"", PSE_E_SYNTAX},
        {"tile", PSE_E_SYNTAX},
        {"tile/0", PSE_E_SYNTAX},
        {"tile/0/", PSE_E_SYNTAX},
        {"tile/00/000", PSE_E_SYNTAX},
        {"tile/64/000", PSE_E_RANGE},
        {"tile/-1/000", PSE_E_SYNTAX},
        {"Tile/0/000", PSE_E_SYNTAX},
        {"/tile/0/000", PSE_E_SYNTAX},
        {"tile//000", PSE_E_SYNTAX},
        {"tile/entry/000", PSE_E_SYNTAX},
        {"tile/0/0", PSE_E_SYNTAX},
        {"tile/0/0000", PSE_E_SYNTAX},
        {"tile/0/00a", PSE_E_SYNTAX},
        {"tile/0/x000/001", PSE_E_SYNTAX},
        {"tile/0/x001", PSE_E_SYNTAX},
        {"tile/0/001/002", PSE_E_SYNTAX},
        {"tile/0/x01/002", PSE_E_SYNTAX},
        {"tile/0/x/002", PSE_E_SYNTAX},
        {"tile/0/X001/002", PSE_E_SYNTAX},
        {"tile/0/000/", PSE_E_SYNTAX},
        {"tile/0/000.p", PSE_E_SYNTAX},
        {"tile/0/000.p/", PSE_E_SYNTAX},
        {"tile/0/000.p/0", PSE_E_RANGE},
        {"tile/0/000.p/256", PSE_E_RANGE},
        {"tile/0/000.p/08", PSE_E_SYNTAX},
        {"tile/0/000.p/8/", PSE_E_SYNTAX},
        {"tile/0/000.P/8", PSE_E_SYNTAX},
        {"tile/0/x018/x446/x744/x073/x709/x551/616", PSE_E_RANGE},
        {"tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999", PSE_E_RANGE},
    };
    struct pse_tile tile;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[PSE_TILE_PATH_MAX];

        pse_tile_path(path, &cases[i].tile);
        assert_string_equal(path, cases[i].path);
        assert_int_equal(pse_tile_path_parse(&tile, pse_span_str(path)), PSE_OK);
        assert_memory_equal(&tile, &cases[i].tile, sizeof tile);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (pse_tile_path_parse(&tile, pse_span_str(bad[i].path)) != bad[i].rc)
            fail_msg("%s: %s", bad[i].path,
                     pse_rc_name(pse_tile_path_parse(&tile, pse_span_str(bad[i].path))));
}

static void bundles(void **state)
{
    struct pse_buf b = PSE_BUF(PSE_BUNDLE_MAX);
    struct pse_span entry[3];
    static uint8_t large[PSE_ENTRY_MAX];

    (void)state;
    pse_bundle_put(&b, pse_span_str("one"));
    pse_bundle_put(&b, pse_span(NULL, 0));
    pse_bundle_put(&b, pse_span(large, PSE_ENTRY_MAX));
    assert_int_equal(pse_bundle_parse(entry, 3, pse_buf_span(&b)), PSE_OK);
    assert_true(pse_span_is_str(entry[0], "one"));
    assert_int_equal(entry[1].n, 0);
    assert_int_equal(entry[2].n, PSE_ENTRY_MAX);
    assert_int_equal(pse_bundle_parse(entry, 2, pse_buf_span(&b)), PSE_E_LENGTH);
    for (size_t n = 0; n < b.n; n += n < 20 ? 1 : 1000)
        assert_int_equal(pse_bundle_parse(entry, 3, pse_span(b.p, n)), PSE_E_LENGTH);
    pse_buf_free(&b);
}

/* The set of files is exactly what C2SP's tlog-tiles gives for 70,000: 273 full and a partial of
 * 112 at level 0, one full and 17 at level 1, 1 at level 2. */
static void files_of_seventy_thousand(void **state)
{
    static const char *const some[] = {
        "tile/0/000",       "tile/0/272",       "tile/0/273.p/112",
        "tile/1/000",       "tile/1/001.p/17",  "tile/2/000.p/1",
        "tile/entries/000", "tile/entries/272", "tile/entries/273.p/112",
    };
    pse_hash root = make_record(70000), want = root_of(70000);
    uint64_t full;
    unsigned partial;

    (void)state;
    assert_true(pse_hash_is_equal(&root, &want));
    assert_int_equal(disk.n, 273 + 1 + 1 + 1 + 1 + 273 + 1);
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        assert_non_null(find(some[i]));
    pse_tile_count(&full, &partial, 1, 70000);
    assert_true(full == 1 && partial == 17);
    pse_tile_count(&full, &partial, 7, UINT64_MAX);
    assert_true(full == 0 && partial == 255);
    pse_tile_count(&full, &partial, 8, UINT64_MAX);
    assert_true(full == 0 && partial == 0);
    assert_good(70000, &root);
}

/* --- honest records
 * --------------------------------------------------------------------------------- */

static void all_contract_sizes(void **state)
{
    static const uint64_t sizes[] = {0, 1, 2, 255, 256, 257, 511, 512, 65535, 65536, 65537};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pse_hash root = make_record(sizes[i]), want = root_of(sizes[i]);

        assert_true(pse_hash_is_equal(&root, &want));
        assert_good(sizes[i], &root);
    }
    make_record(256);
    assert_int_equal(disk.n, 3);
    assert_non_null(find("tile/1/000.p/1"));
    make_record(0);
    assert_int_equal(disk.n, 0);
}

/* A flush at every size, and for every size the record verifies from the files at hand. */
static void every_published_size_stays_readable(void **state)
{
    struct pse_tile_writer *writer;
    enum { LAST = 530 };
    static pse_hash root[LAST + 1];

    (void)state;
    clear_disk();
    assert_int_equal(pse_tile_writer_new(&writer, emit, NULL), PSE_OK);
    pse_tile_writer_head(&root[0], writer);
    for (uint64_t i = 0; i < LAST; i++) {
        append(writer, i, i + 1);
        assert_int_equal(pse_tile_writer_flush(writer), PSE_OK);
        pse_tile_writer_head(&root[i + 1], writer);
    }
    pse_tile_writer_free(writer);
    for (uint64_t size = 0; size <= LAST; size++)
        assert_good(size, &root[size]);
}

/* When partial files have been collected, the full ones serve for all earlier sizes. */
static void full_tiles_serve_for_partial_ones(void **state)
{
    pse_hash r300 = root_of(300), r5 = root_of(5), r255 = root_of(255), r511 = root_of(511);

    (void)state;
    make_record(65536);
    assert_good(300, &r300);
    assert_good(5, &r5);
    assert_good(255, &r255);
    assert_good(511, &r511);
}

static void resume(void **state)
{
    static const uint64_t stops[] = {0, 1, 255, 256, 257, 300, 512, 65536, 65700};

    (void)state;
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        struct pse_tile_writer *writer;
        pse_hash root = make_record(stops[i]), want = root_of(stops[i] + 300);
        pse_hash wrong = root;

        wrong.b[3] ^= 4;
        assert_int_equal(
            pse_tile_writer_resume(&writer, emit, NULL, stops[i], &wrong, read_file, NULL),
            PSE_E_MISMATCH);
        assert_null(writer);
        assert_int_equal(
            pse_tile_writer_resume(&writer, emit, NULL, stops[i], &root, read_file, NULL), PSE_OK);
        append(writer, stops[i], stops[i] + 300);
        assert_int_equal(pse_tile_writer_flush(writer), PSE_OK);
        pse_tile_writer_head(&root, writer);
        assert_true(pse_hash_is_equal(&root, &want));
        pse_tile_writer_free(writer);
        assert_good(stops[i] + 300, &want);
    }
}

static void resume_refuses_bad_files(void **state)
{
    static const char *const files[] = {"tile/0/001.p/44", "tile/1/000.p/1",
                                        "tile/entries/001.p/44"};
    pse_hash root = make_record(300);
    struct pse_tile_writer *writer;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        make_record(300);
        find(files[i])->bytes.p[9] ^= 1;
        assert_int_not_equal(
            pse_tile_writer_resume(&writer, emit, NULL, 300, &root, read_file, NULL), PSE_OK);
        drop_file(files[i]);
        assert_int_equal(pse_tile_writer_resume(&writer, emit, NULL, 300, &root, read_file, NULL),
                         PSE_E_MISSING);
    }
    make_record(300);
    disk.broken = "tile/0/001.p/44";
    assert_int_equal(pse_tile_writer_resume(&writer, emit, NULL, 300, &root, read_file, NULL),
                     PSE_E_IO);
}

static void entries_too_long_are_not_appended(void **state)
{
    struct pse_tile_writer *writer;
    static uint8_t large[PSE_ENTRY_MAX + 1];
    pse_hash leaf, want;

    (void)state;
    clear_disk();
    assert_int_equal(pse_tile_writer_new(&writer, emit, NULL), PSE_OK);
    assert_int_equal(pse_tile_writer_append(writer, NULL, pse_span(large, PSE_ENTRY_MAX + 1)),
                     PSE_E_LENGTH);
    assert_true(pse_tile_writer_size(writer) == 0);
    assert_int_equal(pse_tile_writer_append(writer, &leaf, pse_span(large, PSE_ENTRY_MAX)), PSE_OK);
    pse_tree_leaf(&want, pse_span(large, PSE_ENTRY_MAX));
    assert_true(pse_hash_is_equal(&leaf, &want));
    pse_tile_writer_free(writer);
}

/* Full subtrees out of hash tiles, as a reader that trusts them after a check would. */
static pse_rc tile_source(void *ctx, pse_hash *out, unsigned level, uint64_t index)
{
    uint64_t size = *(const uint64_t *)ctx;
    unsigned row = level / 8;
    uint64_t first = index << level % 8;
    struct pse_tile tile = {row, PSE_TILE_WIDTH, first / PSE_TILE_WIDTH};
    uint64_t full;
    unsigned partial, width;
    struct pse_span bytes;
    pse_hash hash[PSE_TILE_WIDTH];

    pse_tile_count(&full, &partial, row, size);
    if (tile.index >= full)
        tile.width = partial;
    PSE_TRY(pse_tile_fetch(&bytes, &width, &tile, read_file, NULL));
    memcpy(hash, bytes.p, bytes.n);
    pse_tree_root(out, &hash[first % PSE_TILE_WIDTH], (size_t)1 << level % 8);
    return PSE_OK;
}

static void proofs_from_tiles_hold(void **state)
{
    uint8_t seed[32] = {31};
    struct pse_rng rng;
    uint64_t size = 70000;
    pse_hash root = make_record(size);

    (void)state;
    print_message("# proofs_from_tiles_hold: seed %u\n", seed[0]);
    pse_rng_init(&rng, seed);
    for (unsigned i = 0; i < 50; i++) {
        uint64_t index = pse_rng_below(&rng, size), before = pse_rng_below(&rng, 3000);
        struct pse_tree_proof p;
        uint8_t bytes[16];
        pse_hash leaf, old_root = root_of(before);

        pse_tree_leaf(&leaf, entry_of(bytes, index));
        assert_int_equal(pse_tree_inclusion(&p, size, index, tile_source, &size), PSE_OK);
        assert_int_equal(pse_tree_inclusion_verify(&root, size, index, &leaf, p.hash, p.n), PSE_OK);
        assert_int_equal(pse_tree_consistency(&p, before, size, tile_source, &size), PSE_OK);
        assert_int_equal(pse_tree_consistency_verify(&old_root, before, &root, size, p.hash, p.n),
                         PSE_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(bundles),
        cmocka_unit_test(files_of_seventy_thousand),
        cmocka_unit_test(all_contract_sizes),
        cmocka_unit_test(every_published_size_stays_readable),
        cmocka_unit_test(full_tiles_serve_for_partial_ones),
        cmocka_unit_test(resume),
        cmocka_unit_test(resume_refuses_bad_files),
        cmocka_unit_test(entries_too_long_are_not_appended),
        cmocka_unit_test(proofs_from_tiles_hold),
    };

    return cmocka_run_group_tests(tests, NULL, clean);
}
