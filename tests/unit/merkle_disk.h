/* A record's tiles in memory, one at a time, and the whole check run over them. */
#ifndef PSE_TESTS_UNIT_MERKLE_DISK_H
#define PSE_TESTS_UNIT_MERKLE_DISK_H

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

static inline struct file *find(const char *path)
{
    for (size_t i = disk.n; i-- > 0;)
        if (strcmp(disk.file[i].path, path) == 0)
            return &disk.file[i];
    return NULL;
}

static inline void put_file(const char *path, struct pse_span bytes)
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

static inline void drop_file(const char *path)
{
    struct file *f = find(path);

    assert_non_null(f);
    pse_buf_free(&f->bytes);
    *f = disk.file[--disk.n];
}

static inline void clear_disk(void)
{
    while (disk.n > 0)
        pse_buf_free(&disk.file[--disk.n].bytes);
    disk.broken = NULL;
}

static inline pse_rc emit(void *ctx, const char *path, struct pse_span bytes)
{
    (void)ctx;
    put_file(path, bytes);
    return PSE_OK;
}

static inline pse_rc read_file(void *ctx, struct pse_span *bytes, const char *path, size_t max)
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
static inline struct pse_span entry_of(uint8_t bytes[16], uint64_t i)
{
    pse_store_u64(bytes, i);
    pse_store_u64(bytes + 8, i * i);
    return pse_span(bytes, (size_t)(i % 17));
}

static inline void append(struct pse_tile_writer *writer, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        uint8_t bytes[16];

        assert_int_equal(pse_tile_writer_append(writer, NULL, entry_of(bytes, i)), PSE_OK);
    }
}

/* A fresh record of @p size entries on the disk. */
static inline pse_hash make_record(uint64_t size)
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

static inline pse_hash root_of(uint64_t size)
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

static inline pse_rc run_check(struct pse_tile_check *c, struct outcome *o)
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

static inline struct outcome check(uint64_t size, const pse_hash *root)
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

static inline void assert_good(uint64_t size, const pse_hash *root)
{
    struct outcome o = check(size, root);

    assert_int_equal(o.rc, PSE_OK);
    assert_true(o.faults == 0 && o.entries == size);
}

static inline void assert_tile_path(const struct pse_tile_finding *f, const char *path)
{
    char found[PSE_TILE_PATH_MAX];

    pse_tile_path(found, &f->tile);
    assert_string_equal(found, path);
}

/* Returns which hash of the tile is wrong. */
static inline unsigned assert_bad_tile(uint64_t size, const pse_hash *root, const char *path,
                                       pse_rc rc)
{
    struct outcome o = check(size, root);

    assert_int_equal(o.rc, PSE_OK);
    assert_int_equal(o.tile.fault, PSE_TILE_FAULT_TILE);
    assert_int_equal(o.tile.rc, rc);
    assert_tile_path(&o.tile, path);
    assert_true(o.faults == 1);
    return o.tile.at;
}

static inline void assert_bad_bundle(uint64_t size, const pse_hash *root, const char *path,
                                     pse_rc rc)
{
    struct outcome o = check(size, root);

    assert_int_equal(o.rc, rc);
    assert_int_equal(o.bundle.fault, PSE_TILE_FAULT_BUNDLE);
    assert_int_equal(o.bundle.rc, rc);
    assert_tile_path(&o.bundle, path);
}

/** The last fixture of a group: nothing stays. */
static inline int clean(void **state)
{
    (void)state;
    clear_disk();
    return 0;
}

#endif
