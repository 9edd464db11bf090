/* Tiles: names, the writer, the whole-record check, and every single file that can be wrong. */
#include "codec/codec.h"
#include "merkle/merkle.h"

#include "test.h"

/* --- a record in memory
 * --------------------------------------------------------------------------- */

struct file {
    char path[PSE_TILE_PATH_MAX];
    struct pse_buf bytes;
};

enum { FILES_MAX = 2000 };

struct disk {
    struct file file[FILES_MAX];
    size_t n;
    size_t reads;
    const char *broken; /* reading this path is an input/output error */
};

static struct disk disk;

static struct file *find(const char *path)
{
    for (size_t i = disk.n; i-- > 0;)
        if (strcmp(disk.file[i].path, path) == 0)
            return &disk.file[i];
    return NULL;
}

static void put_file(const char *path, struct pse_span bytes)
{
    struct file *f = find(path);

    if (f == NULL) {
        assert_true(disk.n < FILES_MAX);
        f = &disk.file[disk.n++];
        memcpy(f->path, path, strlen(path) + 1);
        f->bytes = PSE_BUF(PSE_BUNDLE_MAX);
    }
    f->bytes.n = 0;
    pse_wr_span(&f->bytes, bytes);
}

static void drop_file(const char *path)
{
    struct file *f = find(path);

    assert_non_null(f);
    pse_buf_free(&f->bytes);
    *f = disk.file[--disk.n];
}

static void clear_disk(void)
{
    while (disk.n > 0)
        pse_buf_free(&disk.file[--disk.n].bytes);
    disk.broken = NULL;
}

static pse_rc emit(void *ctx, const char *path, struct pse_span bytes)
{
    (void)ctx;
    put_file(path, bytes);
    return PSE_OK;
}

static pse_rc read_file(void *ctx, struct pse_span *bytes, const char *path, size_t max)
{
    const struct file *f = find(path);

    (void)ctx;
    disk.reads++;
    if (disk.broken != NULL && strcmp(path, disk.broken) == 0)
        return PSE_E_IO;
    if (f == NULL)
        return PSE_E_MISSING;
    if (f->bytes.n > max)
        return PSE_E_LIMIT;
    *bytes = pse_buf_span(&f->bytes);
    return PSE_OK;
}

/* Entry number i: its bytes and length depend on i; some are empty. */
static struct pse_span entry_of(uint8_t bytes[16], uint64_t i)
{
    pse_store_u64(bytes, i);
    pse_store_u64(bytes + 8, i * i);
    return pse_span(bytes, (size_t)(i % 17));
}

static void append(struct pse_tile_writer *writer, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        uint8_t bytes[16];

        assert_int_equal(pse_tile_writer_append(writer, NULL, entry_of(bytes, i)), PSE_OK);
    }
}

/* A fresh record of @p size entries on the disk. */
static pse_hash make_record(uint64_t size)
{
    struct pse_tile_writer *writer;
    pse_hash root;

    clear_disk();
    assert_int_equal(pse_tile_writer_new(&writer, emit, NULL), PSE_OK);
    append(writer, 0, size);
    assert_int_equal(pse_tile_writer_flush(writer), PSE_OK);
    assert_true(pse_tile_writer_size(writer) == size);
    pse_tile_writer_head(&root, writer);
    pse_tile_writer_free(writer);
    return root;
}

static pse_hash root_of(uint64_t size)
{
    struct pse_tree t;
    pse_hash root;

    pse_tree_init(&t);
    for (uint64_t i = 0; i < size; i++) {
        uint8_t bytes[16];
        pse_hash leaf;

        pse_tree_leaf(&leaf, entry_of(bytes, i));
        assert_int_equal(pse_tree_append(&t, &leaf), PSE_OK);
    }
    pse_tree_head(&root, &t);
    return root;
}

/* --- checking it
 * ------------------------------------------------------------------------------------ */

struct outcome {
    pse_rc rc;
    struct pse_tile_finding bundle, tile, root;
    uint64_t faults;
    uint64_t entries;
};

static pse_rc run_check(struct pse_tile_check *c, struct outcome *o)
{
    struct pse_span entry[PSE_TILE_WIDTH];
    pse_hash leaf[PSE_TILE_WIDTH];
    size_t n;

    for (;;) {
        PSE_TRY(pse_tile_check_bundle(c, entry, &n));
        if (n == 0)
            return pse_tile_check_end(c, NULL);
        o->entries += n;
        pse_tree_leaves(leaf, entry, n, NULL);
        PSE_TRY(pse_tile_check_leaves(c, leaf, n / 2));
        PSE_TRY(pse_tile_check_leaves(c, leaf + n / 2, n - n / 2));
    }
}

static struct outcome check(uint64_t size, const pse_hash *root)
{
    static const struct pse_tile_finding none;
    const struct pse_tile_finding *f;
    struct outcome o = {.rc = PSE_OK};
    struct pse_tile_check *c;

    assert_int_equal(pse_tile_check_new(&c, size, root, read_file, NULL), PSE_OK);
    o.rc = run_check(c, &o);
    f = pse_tile_check_finding(c, PSE_TILE_FAULT_BUNDLE);
    o.bundle = f == NULL ? none : *f;
    f = pse_tile_check_finding(c, PSE_TILE_FAULT_TILE);
    o.tile = f == NULL ? none : *f;
    f = pse_tile_check_finding(c, PSE_TILE_FAULT_ROOT);
    o.root = f == NULL ? none : *f;
    o.faults = pse_tile_check_faults(c);
    pse_tile_check_free(c);
    return o;
}

static void assert_good(uint64_t size, const pse_hash *root)
{
    struct outcome o = check(size, root);

    assert_int_equal(o.rc, PSE_OK);
    assert_true(o.faults == 0 && o.entries == size);
}

static void assert_tile_path(const struct pse_tile_finding *f, const char *path)
{
    char found[PSE_TILE_PATH_MAX];

    pse_tile_path(found, &f->tile);
    assert_string_equal(found, path);
}

/* Returns which hash of the tile is wrong. */
static unsigned assert_bad_tile(uint64_t size, const pse_hash *root, const char *path, pse_rc rc)
{
    struct outcome o = check(size, root);

    assert_int_equal(o.rc, PSE_OK);
    assert_int_equal(o.tile.fault, PSE_TILE_FAULT_TILE);
    assert_int_equal(o.tile.rc, rc);
    assert_tile_path(&o.tile, path);
    assert_true(o.faults == 1);
    return o.tile.at;
}

static void assert_bad_bundle(uint64_t size, const pse_hash *root, const char *path, pse_rc rc)
{
    struct outcome o = check(size, root);

    assert_int_equal(o.rc, rc);
    assert_int_equal(o.bundle.fault, PSE_TILE_FAULT_BUNDLE);
    assert_int_equal(o.bundle.rc, rc);
    assert_tile_path(&o.bundle, path);
}

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

static int clean(void **state)
{
    (void)state;
    clear_disk();
    return 0;
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
        cmocka_unit_test(one_flipped_hash_at_every_level),
        cmocka_unit_test(tiles_of_wrong_length),
        cmocka_unit_test(a_bad_partial_is_not_replaced_by_the_full_one),
        cmocka_unit_test(malformed_bundles),
        cmocka_unit_test(a_changed_entry),
        cmocka_unit_test(a_wrong_root_alone),
        cmocka_unit_test(the_world_fails),
        cmocka_unit_test(proofs_from_tiles_hold),
    };

    return cmocka_run_group_tests(tests, NULL, clean);
}
