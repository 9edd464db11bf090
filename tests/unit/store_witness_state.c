/* What a witness remembers: compare and store, times, evidence, restored and damaged states, and
 * kills between the store and the answer. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "codec/codec.h"
#include "store/witness_state.h"

#include "merkle_signers.h"

enum { LEAVES = 256 };

static const char log_name[] = "log.example/s";
static struct signer log_key;
static struct signer witness;
static pse_hash leaf[LEAVES];
static pse_hash fork_leaf[LEAVES];
static char dir[] = "/tmp/pse-witness-XXXXXX";
static char db[300];
static char mark[300];

static void shell(const char *format, const char *a, const char *b)
{
    char command[1000];

    (void)snprintf(command, sizeof command, format, a, b);
    assert_int_equal(system(command), 0);
}

/* A fresh state that trusts the log. */
static int fresh(void **state)
{
    static const uint8_t id[16] = "sixteen octets..";
    struct pse_witness_book *st;
    struct pse_witness_age age;

    (void)state;
    shell("rm -rf %s/*", dir, NULL);
    assert_int_equal(pse_witness_book_create(db, mark, &witness.key, id), PSE_OK);
    assert_int_equal(pse_witness_book_open(&st, &age, db, PSE_WITNESS_WRITE, NULL), PSE_OK);
    assert_int_equal(pse_witness_book_trust(st, &log_key.key), PSE_OK);
    pse_witness_book_close(st);
    return 0;
}

static struct pse_witness_book *opened(void)
{
    struct pse_witness_book *st;
    struct pse_witness_age age;

    assert_int_equal(pse_witness_book_open(&st, &age, db, PSE_WITNESS_WRITE, NULL), PSE_OK);
    return st;
}

static int start(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(db, sizeof db, "%s/witness.db", dir);
    (void)snprintf(mark, sizeof mark, "%s/witness.mark", dir);
    log_key = signer(log_name, PSE_SIG_ED25519, 1);
    witness = signer("w.example", PSE_SIG_COSIGN, 2);
    for (unsigned i = 0; i < LEAVES; i++) {
        uint8_t x = (uint8_t)i;
        uint8_t y = i == 1 ? 77 : (uint8_t)i;

        pse_tree_leaf(&leaf[i], pse_span(&x, 1));
        pse_tree_leaf(&fork_leaf[i], pse_span(&y, 1));
    }
    return 0;
}

static int stop(void **state)
{
    (void)state;
    shell("rm -rf %s", dir, NULL);
    return 0;
}

static pse_rc source(void *ctx, pse_hash *out, unsigned level, uint64_t index)
{
    pse_tree_root(out, (const pse_hash *)ctx + (index << level), (size_t)1 << level);
    return PSE_OK;
}

/* A request and the bytes it borrows from. */
struct ask {
    struct pse_add_checkpoint add;
    struct pse_buf bytes;
};

static void ask_make(struct ask *a, pse_hash *leaves, uint64_t old, uint64_t size)
{
    struct pse_tree_proof proof = {.n = 0};
    struct pse_buf note = PSE_BUF(PSE_NOTE_MAX);
    pse_hash root;

    if (old <= size)
        assert_int_equal(pse_tree_consistency(&proof, old, size, source, leaves), PSE_OK);
    pse_tree_root(&root, leaves, (size_t)size);
    pse_checkpoint_put(&note, size, &root, &log_key.key, &log_key.seed);
    a->bytes = PSE_BUF(PSE_ADD_CHECKPOINT_MAX);
    pse_add_checkpoint_put(&a->bytes, old, &proof, pse_buf_span(&note));
    assert_int_equal(pse_add_checkpoint_parse(&a->add, pse_buf_span(&a->bytes)), PSE_OK);
    pse_buf_free(&note);
}

/* One request alone; *size is what was cosigned before. */
static enum pse_witness_verdict commit_one(struct pse_witness_book *st, pse_hash *leaves,
                                           uint64_t old, uint64_t size, uint64_t now,
                                           uint64_t *before, uint64_t *time)
{
    struct ask *a = malloc(sizeof *a);
    struct pse_witness_item item = {.add = &a->add};
    struct pse_buf line = PSE_BUF(1000);

    ask_make(a, leaves, old, size);
    assert_int_equal(pse_witness_book_commit(st, &item, 1, &witness.seed, now), PSE_OK);
    if (before != NULL)
        *before = item.size;
    if (item.verdict == PSE_WITNESS_GOOD) {
        uint64_t at;

        assert_int_equal(pse_cosigned_read(&line, &at, a->add.note.text, &witness.key,
                                           pse_buf_span(&item.lines)),
                         PSE_OK);
        if (time != NULL)
            *time = at;
    } else {
        assert_int_equal(item.lines.n, 0);
    }
    pse_buf_free(&line);
    pse_buf_free(&item.lines);
    pse_buf_free(&a->bytes);
    free(a);
    return item.verdict;
}

static uint64_t remembered(void)
{
    struct pse_witness_book *st;
    struct pse_witness_age age;
    struct pse_witness_log log;

    assert_int_equal(pse_witness_book_open(&st, &age, db, PSE_WITNESS_READ, NULL), PSE_OK);
    assert_int_equal(pse_witness_book_logs(st), 1);
    assert_int_equal(pse_witness_book_log(&log, st, 0), PSE_OK);
    pse_witness_book_close(st);
    return log.size;
}

/* --- cases ---------------------------------------------------------------------------------------
 */

static void grows_and_never_shrinks(void **state)
{
    struct pse_witness_book *st = opened();
    uint64_t before;
    uint64_t time;

    (void)state;
    assert_int_equal(commit_one(st, leaf, 0, 5, 1000, &before, &time), PSE_WITNESS_GOOD);
    assert_true(before == 0 && time == 1000);
    assert_int_equal(commit_one(st, leaf, 5, 200, 1001, NULL, &time), PSE_WITNESS_GOOD);
    assert_int_equal(commit_one(st, leaf, 5, 201, 1002, &before, NULL), PSE_WITNESS_CONFLICT);
    assert_true(before == 200);
    assert_int_equal(commit_one(st, leaf, 5, 6, 1002, &before, NULL), PSE_WITNESS_CONFLICT);
    /* the clock went back: the time does not */
    assert_int_equal(commit_one(st, leaf, 200, 200, 500, NULL, &time), PSE_WITNESS_GOOD);
    assert_true(time == 1001);
    assert_int_equal(commit_one(st, leaf, 200, 201, 900, NULL, &time), PSE_WITNESS_GOOD);
    assert_true(time == 1001);
    pse_witness_book_close(st);
    assert_true(remembered() == 201);
    st = opened();
    assert_int_equal(commit_one(st, leaf, 201, 202, 1, NULL, &time), PSE_WITNESS_GOOD);
    assert_true(time == 1001);
    pse_witness_book_close(st);
}

/* Requests in one transaction see what those before them did. */
static void one_transaction(void **state)
{
    static const struct {
        uint64_t old;
        uint64_t size;
        enum pse_witness_verdict want;
    } row[] = {
        {0, 3, PSE_WITNESS_GOOD},           {0, 4, PSE_WITNESS_CONFLICT}, {3, 9, PSE_WITNESS_GOOD},
        {3, 10, PSE_WITNESS_CONFLICT},      {9, 9, PSE_WITNESS_GOOD},     {9, 20, PSE_WITNESS_GOOD},
        {20, 19, PSE_WITNESS_INCONSISTENT}, /* which _signed refuses before */
    };
    enum { N = sizeof row / sizeof row[0] };
    struct pse_witness_book *st = opened();
    struct ask *a = calloc(N, sizeof *a);
    struct pse_witness_item item[N];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        ask_make(&a[i], leaf, row[i].old, row[i].size);
        item[i] = (struct pse_witness_item){.add = &a[i].add};
    }
    assert_int_equal(pse_witness_book_commit(st, item, N, &witness.seed, 5), PSE_OK);
    for (size_t i = 0; i < N; i++) {
        if (item[i].verdict != row[i].want)
            fail_msg("%zu: %d", i, (int)item[i].verdict);
        pse_buf_free(&item[i].lines);
        pse_buf_free(&a[i].bytes);
    }
    free(a);
    pse_witness_book_close(st);
    assert_true(remembered() == 20);
}

static void evidence(void **state)
{
    struct pse_witness_book *st = opened();
    struct pse_witness_log log;
    struct pse_buf refused = PSE_BUF(PSE_NOTE_MAX);
    struct pse_buf ours = PSE_BUF(PSE_NOTE_MAX);
    struct pse_checkpoint cp;
    pse_hash mine;

    (void)state;
    assert_int_equal(commit_one(st, leaf, 0, 100, 9, NULL, NULL), PSE_WITNESS_GOOD);
    assert_int_equal(commit_one(st, fork_leaf, 100, 100, 9, NULL, NULL), PSE_WITNESS_INCONSISTENT);
    assert_int_equal(commit_one(st, fork_leaf, 0, 100, 9, NULL, NULL), PSE_WITNESS_CONFLICT);
    assert_int_equal(commit_one(st, leaf, 0, 50, 9, NULL, NULL), PSE_WITNESS_CONFLICT);
    assert_int_equal(pse_witness_book_log(&log, st, 0), PSE_OK);
    assert_int_equal(log.evidence, 1); /* the same note once; a stale one is none */
    assert_int_equal(pse_witness_book_evidence(&refused, &ours, st, pse_span_str(log_name), 0),
                     PSE_OK);
    assert_int_equal(pse_checkpoint_parse(&cp, pse_buf_span(&refused)), PSE_OK);
    assert_int_equal(pse_checkpoint_log_verify(&cp, &log_key.key), PSE_OK);
    mine = cp.root;
    assert_int_equal(pse_checkpoint_parse(&cp, pse_buf_span(&ours)), PSE_OK);
    assert_int_equal(pse_checkpoint_log_verify(&cp, &log_key.key), PSE_OK);
    assert_true(cp.size == 100 && !pse_hash_is_equal(&mine, &cp.root));
    assert_int_equal(pse_witness_book_evidence(&refused, &ours, st, pse_span_str(log_name), 1),
                     PSE_E_MISSING);
    for (uint64_t i = 101; i < 101 + PSE_WITNESS_EVIDENCE_MAX + 10; i++)
        assert_int_equal(commit_one(st, fork_leaf, 100, i, 9, NULL, NULL),
                         PSE_WITNESS_INCONSISTENT);
    assert_int_equal(pse_witness_book_log(&log, st, 0), PSE_OK);
    assert_int_equal(log.evidence, PSE_WITNESS_EVIDENCE_MAX);
    assert_true(log.size == 100);
    pse_buf_free(&refused);
    pse_buf_free(&ours);
    pse_witness_book_close(st);
}

static void keys(void **state)
{
    struct signer second = signer(log_name, PSE_SIG_ED25519, 9);
    struct signer other = signer("other.example", PSE_SIG_ED25519, 9);
    struct pse_witness_book *st = opened();
    struct pse_vkey invalid = log_key.key;
    size_t n;

    (void)state;
    memset(invalid.key.b, 0, sizeof invalid.key.b);
    invalid.key.b[0] = 1; /* the identity */
    invalid.name = pse_span_str("third.example");
    assert_int_equal(pse_witness_book_trust(st, &log_key.key), PSE_E_DUPLICATE);
    assert_int_equal(pse_witness_book_trust(st, &witness.key), PSE_E_UNSUPPORTED);
    assert_int_equal(pse_witness_book_trust(st, &invalid), PSE_E_ENCODING);
    assert_int_equal(pse_witness_book_trust(st, &second.key), PSE_OK);
    assert_int_equal(pse_witness_book_trust(st, &second.key), PSE_E_DUPLICATE);
    assert_int_equal(pse_witness_book_trust(st, &other.key), PSE_OK);
    pse_witness_book_close(st);
    st = opened();
    assert_int_equal(pse_witness_book_logs(st), 2);
    assert_non_null(pse_witness_book_keys(&n, st, pse_span_str(log_name)));
    assert_int_equal(n, 2);
    assert_non_null(pse_witness_book_keys(&n, st, pse_span_str("other.example")));
    assert_int_equal(n, 1);
    assert_null(pse_witness_book_keys(&n, st, pse_span_str("log.example")));
    assert_null(pse_witness_book_keys(&n, st, pse_span_str("zzz")));
    assert_null(pse_witness_book_keys(&n, st, pse_span_str("")));
    assert_int_equal(n, 0);
    pse_witness_book_close(st);
}

static pse_rc try_open(const struct pse_witness_age *confirm, struct pse_witness_age *age)
{
    struct pse_witness_book *st;
    pse_rc rc = pse_witness_book_open(&st, age, db, PSE_WITNESS_WRITE, confirm);

    pse_witness_book_close(st);
    return rc;
}

static void restored(void **state)
{
    struct pse_witness_book *st = opened();
    struct pse_witness_age age;
    struct pse_witness_age wrong;

    (void)state;
    assert_int_equal(commit_one(st, leaf, 0, 5, 9, NULL, NULL), PSE_WITNESS_GOOD);
    pse_witness_book_close(st);
    shell("cp %s %s.old", db, db);
    st = opened();
    assert_int_equal(commit_one(st, leaf, 5, 50, 9, NULL, NULL), PSE_WITNESS_GOOD);
    pse_witness_book_close(st);
    shell("rm -f %s-wal %s-shm", db, db);
    shell("cp %s.old %s", db, db);

    assert_int_equal(try_open(NULL, &age), PSE_E_MISMATCH);
    assert_true(age.mark > age.commit);
    assert_true(remembered() == 5); /* readers may look */
    wrong = age;
    wrong.mark++;
    assert_int_equal(try_open(&wrong, &age), PSE_E_MISMATCH);
    wrong = age;
    assert_int_equal(try_open(&wrong, &age), PSE_OK);
    assert_int_equal(try_open(NULL, &age), PSE_OK);
    shell("cp %s.old %s", db, db); /* again: the old confirmation is worth nothing */
    assert_int_equal(try_open(&wrong, &age), PSE_E_MISMATCH);
}

static void damaged_marks(void **state)
{
    struct pse_witness_age age;
    struct pse_witness_age confirm;
    static const char *const damage[] = {
        "rm %s", "truncate -s 0 %s", "truncate -s 30 %s",
        "printf x | dd of=%s bs=1 seek=20 conv=notrunc status=none",
        "printf x | dd of=%s bs=1 seek=3 conv=notrunc status=none"};

    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        (void)fresh(state);
        shell(damage[i], mark, NULL);
        assert_int_equal(try_open(NULL, &age), PSE_E_MISMATCH);
        assert_true(age.mark == 0);
        confirm = age;
        assert_int_equal(try_open(&confirm, &age), PSE_OK);
        assert_int_equal(try_open(NULL, &age), PSE_OK);
    }
}

static void not_a_state(void **state)
{
    struct pse_witness_age age;
    struct pse_witness_book *st;
    static const uint8_t id[16] = {0};

    (void)state;
    assert_int_equal(pse_witness_book_create(db, mark, &witness.key, id), PSE_E_DUPLICATE);
    st = opened();
    assert_int_equal(try_open(NULL, &age), PSE_E_STATE); /* one writer */
    pse_witness_book_close(st);
    shell("rm -f %s %s-wal", db, db);
    assert_int_equal(try_open(NULL, &age), PSE_E_MISSING);
    shell("echo 'this is not a database, whatever it is named' >%s", db, NULL);
    assert_int_equal(try_open(NULL, &age), PSE_E_SYNTAX);
    shell(": >%s", db, NULL);
    assert_int_equal(try_open(NULL, &age), PSE_E_SYNTAX);
}

/* A child cosigns and tells each size through a pipe; it is killed at a random moment. Whatever it
 * told must be remembered, and the next start must need no confirmation. */
static void killed(void **state)
{
    struct timespec nap = {0, 0};

    for (unsigned round = 0; round < 25; round++) {
        uint8_t told = 0;
        uint8_t size;
        int pipes[2];
        pid_t child;
        struct pse_witness_age age;

        (void)fresh(state);
        assert_int_equal(pipe(pipes), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct pse_witness_book *st = opened();

            for (uint8_t at = 0; at < 250; at++) {
                size = (uint8_t)(at + 1);
                if (commit_one(st, leaf, at, size, 9, NULL, NULL) != PSE_WITNESS_GOOD)
                    _exit(1);
                if (round == 0 && at == 5)
                    (void)kill(getpid(), SIGKILL); /* stored, not told */
                if (write(pipes[1], &size, 1) != 1)
                    _exit(1);
            }
            _exit(0);
        }
        close(pipes[1]);
        nap.tv_nsec = (long)(round * 7919 % 60) * 1000000 + 1000000;
        if (round > 0) {
            (void)nanosleep(&nap, NULL);
            (void)kill(child, SIGKILL);
        }
        while (read(pipes[0], &size, 1) == 1)
            told = size;
        close(pipes[0]);
        assert_int_equal(waitpid(child, NULL, 0), child);
        assert_int_equal(try_open(NULL, &age), PSE_OK);
        assert_true(remembered() >= told);
        if (round == 0)
            assert_true(told == 5 && remembered() == 6);
    }
}

/* In a child whose files may not grow beyond a bound that rises from round to round, so that a
 * write fails anywhere in SQLite's files: a commit that fails is final, what was told before it is
 * remembered, and with room again the next start needs nobody's confirmation. */
static void a_full_disk(void **state)
{
    unsigned failed = 0;

    for (unsigned round = 0; round < 20; round++) {
        uint8_t told = 0;
        uint8_t size;
        int pipes[2];
        int status;
        pid_t child;
        struct pse_witness_age age;

        (void)fresh(state);
        assert_int_equal(pipe(pipes), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct rlimit limit = {(48 + 8 * round) << 10, (48 + 8 * round) << 10};
            struct pse_witness_book *st = opened();
            struct ask *a = malloc(sizeof *a);

            (void)signal(SIGXFSZ, SIG_IGN);
            (void)setrlimit(RLIMIT_FSIZE, &limit);
            for (uint8_t at = 0; at < 200; at++) {
                struct pse_witness_item item = {.add = &a->add};

                ask_make(a, leaf, at, at + 1U);
                if (pse_witness_book_commit(st, &item, 1, &witness.seed, 9) != PSE_OK)
                    _exit(item.lines.p == NULL ? 7 : 8); /* nothing to answer with */
                size = (uint8_t)(at + 1);
                if (write(pipes[1], &size, 1) != 1)
                    _exit(1);
            }
            _exit(0);
        }
        close(pipes[1]);
        while (read(pipes[0], &size, 1) == 1)
            told = size;
        close(pipes[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 7 || WEXITSTATUS(status) == 0));
        failed += WEXITSTATUS(status) == 7;
        assert_int_equal(try_open(NULL, &age), PSE_OK);
        assert_true(remembered() >= told);
    }
    assert_true(failed > 0);
}

/* A state that could not be made leaves nothing behind that stands in the way of the next try. */
static void no_room_to_begin(void **state)
{
    static const uint8_t id[16] = "sixteen octets..";
    pid_t child;
    int status;

    (void)state;
    shell("rm -rf %s/*", dir, NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit = {4096, 4096};

        (void)signal(SIGXFSZ, SIG_IGN);
        (void)setrlimit(RLIMIT_FSIZE, &limit);
        _exit(pse_witness_book_create(db, mark, &witness.key, id) == PSE_E_IO ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(pse_witness_book_create(db, mark, &witness.key, id), PSE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(grows_and_never_shrinks, fresh),
        cmocka_unit_test_setup(one_transaction, fresh),
        cmocka_unit_test_setup(evidence, fresh),
        cmocka_unit_test_setup(keys, fresh),
        cmocka_unit_test_setup(restored, fresh),
        cmocka_unit_test_setup(damaged_marks, fresh),
        cmocka_unit_test_setup(not_a_state, fresh),
        cmocka_unit_test_setup(killed, fresh),
        cmocka_unit_test_setup(a_full_disk, fresh),
        cmocka_unit_test(no_room_to_begin),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
