/* Files: whole or not at all, bounded, and refusals that leave what was there. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/hash.h"
#include "common/files.h"
#include "common/record_read.h"

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/psephos-files-XXXXXX");
    return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

static const char *at(const char *leaf)
{
    static char path[FILE_PATH_MAX];

    assert_int_equal(file_join(path, "test", dir, leaf), PSE_OK);
    return path;
}

static void holds(const char *leaf, const char *text)
{
    struct pse_buf b;

    assert_int_equal(file_read(&b, "test", at(leaf), 100), PSE_OK);
    assert_true(pse_span_is_str(pse_buf_span(&b), text));
    pse_buf_free(&b);
}

static void writes_replace_or_refuse(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(file_write("test", at("a"), pse_span_str("one"), FILE_NEW), PSE_OK);
    assert_int_equal(file_write("test", at("a"), pse_span_str("two"), FILE_NEW), PSE_E_DUPLICATE);
    holds("a", "one");
    assert_int_equal(file_write("test", at("a"), pse_span_str("three"), FILE_REPLACE), PSE_OK);
    holds("a", "three");
    assert_int_equal(file_write("test", at("k"), pse_span_str("key"), FILE_NEW | FILE_SECRET),
                     PSE_OK);
    assert_int_equal(stat(at("k"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_secret_stays_one_when_replaced(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(file_write("test", at("s"), pse_span_str("open"), FILE_REPLACE), PSE_OK);
    assert_int_equal(file_write("test", at("s"), pse_span_str("shut"), FILE_SECRET), PSE_OK);
    assert_int_equal(stat(at("s"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void refuses_what_cannot_be_written(void **state)
{
    (void)state;
    assert_int_equal(file_write("test", at("no/such/folder"), pse_span_str("x"), 0), PSE_E_IO);
    assert_int_equal(file_write("test", dir, pse_span_str("x"), 0), PSE_E_IO);
    assert_int_equal(file_make_dir("test", at("d/e/f")), PSE_OK);
    assert_int_equal(file_make_dir("test", at("d/e/f")), PSE_OK);
    assert_int_equal(file_write("test", at("plain"), pse_span_str("x"), 0), PSE_OK);
    assert_int_equal(file_make_dir("test", at("plain")), PSE_E_IO);
    assert_int_equal(file_make_dir("test", at("plain/below")), PSE_E_IO);
    assert_int_equal(file_make_dir("test", ""), PSE_E_IO);
}

static void reads_are_bounded(void **state)
{
    struct pse_buf b;

    (void)state;
    assert_int_equal(file_write("test", at("ten"), pse_span_str("0123456789"), 0), PSE_OK);
    assert_int_equal(file_read(&b, "test", at("ten"), 10), PSE_OK);
    assert_int_equal(b.n, 10);
    pse_buf_free(&b);
    assert_int_equal(file_read(&b, "test", at("ten"), 9), PSE_E_LIMIT);
    assert_null(b.p);
    assert_int_equal(file_read(&b, "test", at("ten"), 0), PSE_E_LIMIT);
    assert_int_equal(file_read(&b, "test", at("nothing"), 10), PSE_E_MISSING);
    assert_int_equal(file_read(&b, "test", dir, 10), PSE_E_IO);
    assert_int_equal(file_write("test", at("empty"), pse_span(NULL, 0), 0), PSE_OK);
    assert_int_equal(file_read(&b, "test", at("empty"), 0), PSE_OK);
    assert_int_equal(b.n, 0);
    pse_buf_free(&b);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    char leaf[FILE_PATH_MAX];
    char out[FILE_PATH_MAX];

    (void)state;
    memset(leaf, 'x', sizeof leaf - 1);
    leaf[sizeof leaf - 1] = '\0';
    assert_int_equal(file_join(out, "test", dir, leaf), PSE_E_LIMIT);
    assert_string_equal(out, "");
}

static void a_blob_is_what_its_name_says(void **state)
{
    pse_hash digest;
    struct pse_buf b;
    char leaf[FILE_BLOB_NAME];

    (void)state;
    assert_int_equal(file_blob_write(&digest, "test", dir, pse_span_str("blob"), 0), PSE_OK);
    assert_int_equal(file_blob_write(&digest, "test", dir, pse_span_str("blob"), FILE_NEW), PSE_OK);
    assert_int_equal(file_blob_read(&b, "test", dir, &digest, 4), PSE_OK);
    pse_buf_free(&b);
    assert_int_equal(file_blob_read(&b, "test", dir, &digest, 3), PSE_E_LIMIT);
    file_blob_name(leaf, &digest);
    assert_int_equal(file_write("test", at(leaf), pse_span_str("bloB"), 0), PSE_OK);
    assert_int_equal(file_blob_read(&b, "test", dir, &digest, 4), PSE_E_MISMATCH);
    assert_null(b.p);
}

static void the_record_reader_refuses(void **state)
{
    struct record_reader r;
    struct pse_reader read;
    uint8_t out[16];
    uint64_t size;
    size_t n;
    pse_hash digest;

    (void)state;
    assert_int_equal(record_reader_open(&r, at("no-record")), PSE_E_MISSING);
    record_reader_close(&r);
    assert_int_equal(file_write("test", at("file"), pse_span_str("12345678"), 0), PSE_OK);
    assert_int_equal(record_reader_open(&r, at("file")), PSE_E_IO);
    assert_int_equal(record_reader_open(&r, dir), PSE_OK);
    read = record_reader_callbacks(&r);
    assert_int_equal(read.file(read.ctx, out, &n, sizeof out, "file"), PSE_OK);
    assert_int_equal(n, 8);
    assert_int_equal(read.file(read.ctx, out, &n, 8, "file"), PSE_OK);
    assert_int_equal(read.file(read.ctx, out, &n, 7, "file"), PSE_E_LIMIT);
    assert_int_equal(read.file(read.ctx, out, &n, 8, "none"), PSE_E_MISSING);
    assert_int_equal(read.file(read.ctx, out, &n, 8, "file/below"), PSE_E_MISSING);
    assert_int_equal(mkfifo(at("pipe"), 0600), 0);
    assert_int_equal(read.file(read.ctx, out, &n, 8, "pipe"), PSE_E_IO);
    assert_int_equal(read.file(read.ctx, out, &n, 8, "."), PSE_E_IO);
    memset(&digest, 7, sizeof digest);
    assert_int_equal(read.blob_size(read.ctx, &size, &digest), PSE_E_MISSING);
    assert_int_equal(read.blob_read(read.ctx, out, 0, 1, &digest), PSE_E_IO);
    record_reader_close(&r);
}

/* The open blob loses its tail between two reads. */
static void a_blob_that_shrinks_is_an_error(void **state)
{
    struct record_reader r;
    struct pse_reader read;
    pse_hash digest;
    char leaf[FILE_BLOB_NAME];
    uint8_t out[8];
    uint64_t size;

    (void)state;
    assert_int_equal(file_blob_write(&digest, "test", dir, pse_span_str("shrinking"), 0), PSE_OK);
    assert_int_equal(record_reader_open(&r, dir), PSE_OK);
    read = record_reader_callbacks(&r);
    assert_int_equal(read.blob_size(read.ctx, &size, &digest), PSE_OK);
    assert_int_equal(size, 9);
    assert_int_equal(read.blob_read(read.ctx, out, 1, 8, &digest), PSE_OK);
    assert_memory_equal(out, "hrinking", 8);
    file_blob_name(leaf, &digest);
    assert_int_equal(truncate(at(leaf), 5), 0);
    assert_int_equal(read.blob_read(read.ctx, out, 1, 8, &digest), PSE_E_IO);
    assert_int_equal(read.blob_read(read.ctx, out, UINT64_MAX - 2, 8, &digest), PSE_E_IO);
    assert_int_equal(read.blob_read(read.ctx, out, 0, 5, &digest), PSE_OK);
    record_reader_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_replace_or_refuse),
        cmocka_unit_test(a_secret_stays_one_when_replaced),
        cmocka_unit_test(refuses_what_cannot_be_written),
        cmocka_unit_test(reads_are_bounded),
        cmocka_unit_test(a_path_that_is_too_long_is_refused),
        cmocka_unit_test(a_blob_is_what_its_name_says),
        cmocka_unit_test(the_record_reader_refuses),
        cmocka_unit_test(a_blob_that_shrinks_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
