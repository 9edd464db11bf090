/* What every store driver promises, on the one that PSE_TEST_STORE names (a URL of an empty store;
 * the word "%" in it becomes a new number for each test), else on SQLite in a temporary folder. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "store/bundle.h"
#include "store/steps.h"
#include "store/store.h"

static char dir[64];
static char url[PSE_STORE_URL_MAX];
static const char *given;
static unsigned number;
static struct pse_head head; /* what start leaves in the store */

static struct pse_store *open_as(const char *origin, unsigned flags, pse_rc expected)
{
    struct pse_store *s;
    const char *why;
    pse_rc rc = pse_store_open(&s, &why, url, pse_span_str(origin), flags, NULL);

    if (rc != expected)
        print_message("%s: %s\n", url, why);
    assert_int_equal(rc, expected);
    if (rc != PSE_OK)
        assert_null(s);
    return s;
}

static struct pse_store *reopen(struct pse_store *s)
{
    pse_store_close(s);
    return open_as("log.example/1", 0, PSE_OK);
}

static void make_head(struct pse_head *h, uint64_t epoch, uint64_t size, const char *note)
{
    memset(h, 0, sizeof *h);
    h->epoch = epoch;
    h->size = size;
    h->time = 1000 + size;
    memset(h->root.b, (int)(size + 1), 32);
    h->note_n = strlen(note);
    memcpy(h->note, note, h->note_n);
}

/* The bundle that leads from one head to the next. */
static struct pse_span batch(struct pse_buf *out, const struct pse_head *old,
                             const struct pse_head *next)
{
    struct pse_span entry[8];

    for (size_t i = 0; i < 8; i++)
        entry[i] = pse_span("an entry", i + 1);
    pse_staged_put(out, old->size, entry, (size_t)(next->size - old->size));
    assert_int_equal(out->rc, PSE_OK);
    return pse_buf_span(out);
}

/* A new store of its own for each test. */
static struct pse_store *start(void)
{
    struct pse_store *s;
    const char *hole = given == NULL ? NULL : strchr(given, '%');

    number++;
    if (given == NULL)
        snprintf(url, sizeof url, "sqlite:%s/%u", dir, number);
    else
        snprintf(url, sizeof url, "%.*s%u%s",
                 hole == NULL ? (int)strlen(given) : (int)(hole - given), given, number,
                 hole == NULL ? "" : hole + 1);
    s = open_as("log.example/1", PSE_STORE_CREATE, PSE_OK);
    make_head(&head, 1, 0, "first\n");
    assert_int_equal(pse_store_head_create(s, &head), PSE_OK);
    return s;
}

static void assert_head(struct pse_store *s, const struct pse_head *want)
{
    struct pse_head got;

    assert_int_equal(pse_store_head_read(s, &got), PSE_OK);
    assert_int_equal(got.epoch, want->epoch);
    assert_int_equal(got.size, want->size);
    assert_int_equal(got.time, want->time);
    assert_memory_equal(got.root.b, want->root.b, 32);
    assert_memory_equal(got.before.b, want->before.b, 32);
    assert_int_equal(got.note_n, want->note_n);
    assert_memory_equal(got.note, want->note, want->note_n);
}

static void there_is_one_first_head(void **state)
{
    struct pse_store *s = start();
    struct pse_head other;

    (void)state;
    assert_head(s, &head);
    make_head(&other, 1, 0, "another\n");
    assert_int_equal(pse_store_head_create(s, &other), PSE_E_DUPLICATE);
    s = reopen(s);
    assert_int_equal(pse_store_head_create(s, &other), PSE_E_DUPLICATE);
    assert_head(s, &head);
    pse_store_close(s);
    s = open_as("log.example/2", 0, PSE_OK);
    assert_int_equal(pse_store_head_read(s, &other), PSE_E_MISSING);
    pse_store_close(s);
}

static void a_swap_wants_the_old_head_whole(void **state)
{
    struct pse_store *s = start();
    struct pse_buf bundle = PSE_BUF(1000), out = PSE_BUF(1000);
    struct pse_stage_name name;
    struct pse_head next, wrong;

    (void)state;
    make_head(&next, 1, 5, "second\n");
    (void)batch(&bundle, &head, &next);
    name = (struct pse_stage_name){next.epoch, next.size, next.root};
    pse_head_hash(&next.before, &head);
    for (unsigned i = 0; i < 3; i++) {
        wrong = head;
        if (i == 0)
            wrong.note[0] ^= 1;
        if (i == 1)
            wrong.root.b[31] ^= 1;
        if (i == 2)
            wrong.size = 1;
        assert_int_equal(pse_store_head_cas(s, &wrong, &next, pse_span(NULL, 0)), PSE_E_STATE);
    }
    assert_head(s, &head);
    assert_int_equal(pse_store_head_cas(s, &head, &next, pse_buf_span(&bundle)), PSE_OK);
    assert_int_equal(pse_store_head_cas(s, &head, &next, pse_span(NULL, 0)), PSE_E_STATE);
    s = reopen(s);
    assert_head(s, &next);
    assert_int_equal(pse_store_stage_get(s, &out, &name), PSE_OK);
    assert_true(pse_span_is_equal(pse_buf_span(&out), pse_buf_span(&bundle)));
    pse_buf_free(&bundle);
    pse_buf_free(&out);
    pse_store_close(s);
}

static void a_lost_swap_leaves_no_bundle(void **state)
{
    struct pse_store *s = start();
    struct pse_buf bundle = PSE_BUF(1000);
    struct pse_stage_name name[4];
    struct pse_head next, wrong = head;
    size_t n;

    (void)state;
    make_head(&next, 1, 5, "second\n");
    wrong.root.b[0] ^= 1;
    assert_int_equal(pse_store_head_cas(s, &wrong, &next, batch(&bundle, &head, &next)),
                     PSE_E_STATE);
    assert_int_equal(pse_store_stage_list(s, name, &n, 4), PSE_OK);
    assert_int_equal(n, 0);
    pse_buf_free(&bundle);
    pse_store_close(s);
}

static void a_fence_stops_the_older_writer(void **state)
{
    struct pse_store *s = start();
    struct pse_head mine = head, next;

    (void)state;
    assert_int_equal(pse_store_fence(s, &mine), PSE_OK);
    assert_int_equal(mine.epoch, 2);
    assert_head(s, &mine);
    make_head(&next, 1, 1, "old writer\n");
    assert_int_equal(pse_store_head_cas(s, &head, &next, pse_span(NULL, 0)), PSE_E_STATE);
    next.epoch = 2;
    assert_int_equal(pse_store_head_cas(s, &mine, &next, pse_span(NULL, 0)), PSE_OK);
    assert_int_equal(pse_store_fence(s, &mine), PSE_E_STATE);
    pse_store_close(s);
}

static void bundles_stay_until_dropped(void **state)
{
    struct pse_store *s = start();
    struct pse_stage_name name[3] = {{1, 9, {{9}}}, {2, 9, {{9}}}, {1, 4, {{4}}}};
    struct pse_stage_name list[8];
    struct pse_buf out = PSE_BUF(PSE_STAGE_MAX);
    size_t n;

    (void)state;
    assert_int_equal(pse_store_stage_put(s, &name[0], pse_span_str("nine")), PSE_OK);
    assert_int_equal(pse_store_stage_put(s, &name[1], pse_span_str("nine of two")), PSE_OK);
    assert_int_equal(pse_store_stage_put(s, &name[2], pse_span_str("four")), PSE_OK);
    assert_int_equal(pse_store_stage_put(s, &name[2], pse_span_str("four")), PSE_OK);
    assert_int_equal(pse_store_stage_put(s, &name[2], pse_span_str("5")), PSE_E_DUPLICATE);
    s = reopen(s);
    assert_int_equal(pse_store_stage_list(s, list, &n, 8), PSE_OK);
    assert_int_equal(n, 3);
    assert_memory_equal(&list[0], &name[2], sizeof list[0]);
    assert_memory_equal(&list[1], &name[0], sizeof list[1]);
    assert_memory_equal(&list[2], &name[1], sizeof list[2]);
    assert_int_equal(pse_store_stage_get(s, &out, &name[1]), PSE_OK);
    assert_true(pse_span_is_str(pse_buf_span(&out), "nine of two"));
    assert_int_equal(pse_store_stage_drop(s, &name[1]), PSE_OK);
    assert_int_equal(pse_store_stage_drop(s, &name[1]), PSE_OK);
    assert_int_equal(pse_store_stage_get(s, &out, &name[1]), PSE_E_MISSING);
    assert_int_equal(pse_store_stage_list(s, list, &n, 1), PSE_OK);
    assert_int_equal(n, 1);
    pse_buf_free(&out);
    pse_store_close(s);
}

static void a_bundle_has_a_bound(void **state)
{
    struct pse_store *s = start();
    struct pse_stage_name name = {1, 1, {{1}}};
    uint8_t *big = calloc(1, PSE_STAGE_MAX + 1);
    struct pse_buf out = PSE_BUF(PSE_STAGE_MAX);

    (void)state;
    assert_non_null(big);
    assert_int_equal(pse_store_stage_put(s, &name, pse_span(big, PSE_STAGE_MAX + 1)), PSE_E_LIMIT);
    assert_int_equal(pse_store_stage_put(s, &name, pse_span(big, PSE_STAGE_MAX)), PSE_OK);
    assert_int_equal(pse_store_stage_get(s, &out, &name), PSE_OK);
    assert_int_equal(out.n, PSE_STAGE_MAX);
    pse_buf_free(&out);
    free(big);
    pse_store_close(s);
}

static void blobs_go_by_their_hash(void **state)
{
    struct pse_store *s = start();
    struct pse_buf out = PSE_BUF(1 << 20);
    pse_hash digest[9], again, list[9];
    char text[8];
    size_t n;

    (void)state;
    for (unsigned i = 0; i < 9; i++) {
        snprintf(text, sizeof text, "blob %u", i);
        assert_int_equal(pse_store_blob_put_new(s, &digest[i], pse_span_str(text)), PSE_OK);
        assert_int_equal(pse_store_blob_put_new(s, &again, pse_span_str(text)), PSE_OK);
        assert_memory_equal(again.b, digest[i].b, 32);
    }
    s = reopen(s);
    assert_int_equal(pse_store_blob_get(s, &out, &digest[7]), PSE_OK);
    assert_true(pse_span_is_str(pse_buf_span(&out), "blob 7"));
    memset(again.b, 7, 32);
    assert_int_equal(pse_store_blob_get(s, &out, &again), PSE_E_MISSING);
    assert_int_equal(pse_store_blob_list(s, list, &n, 4, NULL), PSE_OK);
    assert_int_equal(n, 4);
    assert_int_equal(pse_store_blob_list(s, list + 4, &n, 5, &list[3]), PSE_OK);
    assert_int_equal(n, 5);
    for (unsigned i = 1; i < 9; i++)
        assert_true(memcmp(list[i - 1].b, list[i].b, 32) < 0);
    assert_int_equal(pse_store_blob_list(s, list, &n, 5, &list[8]), PSE_OK);
    assert_int_equal(n, 0);
    pse_buf_free(&out);
    pse_store_close(s);
}

/* --- SQLite alone ----------------------------------------------------------------------------- */

static void a_second_writer_waits(void **state)
{
    TEST_NEEDS(given == NULL, "of SQLite alone");
    struct pse_store *s = start();

    (void)state;
    open_as("log.example/1", 0, PSE_E_STATE);
    pse_store_close(open_as("log.example/1", PSE_STORE_READ, PSE_OK));
    pse_store_close(s);
    pse_store_close(open_as("log.example/1", 0, PSE_OK));
}

static void what_is_no_store_is_refused(void **state)
{
    TEST_NEEDS(given == NULL, "of SQLite alone");
    char path[PSE_STORE_URL_MAX + 16];
    FILE *f;

    (void)state;
    snprintf(url, sizeof url, "%s/nowhere", dir);
    open_as("log.example/1", 0, PSE_E_MISSING);
    open_as("log.example/1", PSE_STORE_READ, PSE_E_MISSING);
    assert_int_equal(mkdir(url, 0700), 0);
    open_as("log.example/1", 0, PSE_E_MISSING);
    snprintf(path, sizeof path, "%s/ledger.db", url);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs("this is no database, whatever it may say of itself, and long enough to be read as one",
          f);
    fclose(f);
    open_as("log.example/1", 0, PSE_E_IO);
    snprintf(url, sizeof url, "mysql://host/db");
    open_as("log.example/1", 0, PSE_E_UNSUPPORTED);
}

/* One bit in each place of the database: start refuses, or nothing that is read has changed. */
static void a_flipped_bit_is_noticed(void **state)
{
    TEST_NEEDS(given == NULL, "of SQLite alone");
    struct pse_store *s = start();
    struct pse_stage_name name = {1, 5, {{5}}};
    struct pse_buf bundle = PSE_BUF(1 << 16);
    struct pse_buf out = PSE_BUF(1 << 16);
    struct pse_head got;
    char path[PSE_STORE_URL_MAX + 16];
    long bytes, noticed = 0;
    const char *why;
    FILE *f;

    (void)state;
    memset(pse_buf_extend(&bundle, 9000), 'b', 9000);
    assert_int_equal(pse_store_stage_put(s, &name, pse_buf_span(&bundle)), PSE_OK);
    pse_store_close(s);
    snprintf(path, sizeof path, "%s/ledger.db", url + strlen("sqlite:"));
    f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    bytes = ftell(f);
    for (long at = 100; at < bytes; at += 97) {
        int byte;
        pse_rc rc;

        fseek(f, at, SEEK_SET);
        byte = fgetc(f);
        fseek(f, at, SEEK_SET);
        fputc(byte ^ 4, f);
        fflush(f);
        rc = pse_store_open(&s, &why, url, pse_span_str("log.example/1"), 0, NULL);
        out.n = 0;
        if (rc == PSE_OK)
            rc = pse_store_head_read(s, &got);
        if (rc == PSE_OK)
            assert_memory_equal(&got, &head, sizeof got);
        if (rc == PSE_OK)
            rc = pse_store_stage_get(s, &out, &name);
        if (rc == PSE_OK)
            assert_true(pse_span_is_equal(pse_buf_span(&out), pse_buf_span(&bundle)));
        noticed += rc != PSE_OK;
        pse_store_close(s);
        fseek(f, at, SEEK_SET);
        fputc(byte, f);
        fflush(f);
    }
    fclose(f);
    print_message("# %ld of %ld flipped bits refused\n", noticed, bytes / 97);
    assert_true(noticed > 60);
    pse_buf_free(&bundle);
    pse_buf_free(&out);
}

static void a_copy_holds_what_there_was(void **state)
{
    TEST_NEEDS(given == NULL, "of SQLite alone");
    struct pse_store *s = start();
    struct pse_head next;
    struct stat st;
    char copy[128];

    (void)state;
    snprintf(copy, sizeof copy, "%s/copy", dir);
    assert_int_equal(mkdir(copy, 0700), 0);
    strcat(copy, "/ledger.db");
    (void)umask(022);
    assert_int_equal(pse_store_backup(s, copy), PSE_OK);
    assert_int_equal(stat(copy, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600); /* whatever the umask */
    assert_int_equal(pse_store_backup(s, copy), PSE_E_DUPLICATE);
    make_head(&next, 1, 3, "later\n");
    assert_int_equal(pse_store_head_cas(s, &head, &next, pse_span_str("x")), PSE_OK);
    pse_store_close(s);
    snprintf(url, sizeof url, "%s/copy", dir);
    s = open_as("log.example/1", 0, PSE_OK);
    assert_head(s, &head);
    pse_store_close(s);
}

/* --- */

static int setup(void **state)
{
    (void)state;
    given = getenv("PSE_TEST_STORE");
    snprintf(dir, sizeof dir, "/tmp/psephos-store-XXXXXX");
    return mkdtemp(dir) == NULL;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_one_first_head),
        cmocka_unit_test(a_swap_wants_the_old_head_whole),
        cmocka_unit_test(a_lost_swap_leaves_no_bundle),
        cmocka_unit_test(a_fence_stops_the_older_writer),
        cmocka_unit_test(bundles_stay_until_dropped),
        cmocka_unit_test(a_bundle_has_a_bound),
        cmocka_unit_test(blobs_go_by_their_hash),
        cmocka_unit_test(a_second_writer_waits),
        cmocka_unit_test(what_is_no_store_is_refused),
        cmocka_unit_test(a_flipped_bit_is_noticed),
        cmocka_unit_test(a_copy_holds_what_there_was),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
