/* Every step of a batch, killed, failed, left unknown, cut short and delayed, before and after;
 * then random ones. After each run the log is started again by a fresh process, must recover, and
 * all invariants must hold: no acknowledged entry lost, one root per size, a record that verifies.
 *
 * PSE_TEST_STORE names another store than SQLite (as in store_driver.c), PSE_TEST_RUNS the number
 * of random runs, to which kills from outside come at three in ten, PSE_TEST_SEED their seed. */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/codec.h"
#include "ledger_rig.h"

enum { ENTRIES = 24, BURST = 8, HIT = 60, UNTOUCHED = 61 };

enum fault { KILL, FAIL, UNKNOWN, SHORT, DELAY, FAULTS };

static const char *const fault_names[FAULTS] = {"kill", "fail", "unknown", "short", "delay"};

/* Where a run is hit: at the nth passing of any step (step == PSE_STEPS), or at the first of one.
 */
struct plan {
    enum fault fault;
    enum pse_step step;
    bool done;
    unsigned at;
    volatile unsigned passed;
    volatile bool is_hit;
};

static char url[PSE_STORE_URL_MAX];
static unsigned serial; /* of entries and logs */
static uint64_t day;    /* each run is later than the one before */

static pse_rc at_step(void *ctx, enum pse_step step, bool done, size_t *bytes)
{
    struct plan *plan = ctx;
    unsigned passed = __atomic_add_fetch(&plan->passed, 1, __ATOMIC_SEQ_CST);

    if (plan->step == PSE_STEPS ? passed != plan->at : step != plan->step || done != plan->done)
        return PSE_OK;
    if (__atomic_exchange_n(&plan->is_hit, true, __ATOMIC_SEQ_CST))
        return PSE_OK;
    switch (plan->fault) {
    case KILL: (void)raise(SIGKILL); return PSE_E_IO;
    case FAIL: return PSE_E_IO;
    case UNKNOWN: return PSE_E_UNKNOWN;
    case SHORT:
        if (bytes == NULL)
            return PSE_E_IO;
        *bytes /= 2;
        return PSE_OK;
    default: usleep(2000); return PSE_OK;
    }
}

/* --- one process ------------------------------------------------------------------------------ */

/* Entries in bursts, so that batches overlap with witnessing; a blob after the first, so that the
 * first file that a run writes is a tile. */
static void work(struct rig *rig, unsigned first)
{
    pse_hash digest;

    for (unsigned i = 0; i < ENTRIES && !rig->is_broken; i++) {
        if (i == BURST &&
            pse_sequencer_blob(rig->s, &digest, pse_span(&first, sizeof first)) != PSE_OK)
            return;
        if (rig_submit_text(rig, "entry", first + i, 20 + 40 * (i % 5)) != PSE_OK)
            return;
        if (i % BURST == BURST - 1 && !rig_wait(rig, &rig->receipts, i / 2))
            return;
    }
    (void)rig_wait(rig, &rig->receipts, ENTRIES);
}

/* In a child: start, work, stop. With no plan all must go well. */
static int child(const char *dir, struct plan *plan, unsigned first)
{
    const struct pse_steps steps = {plan, at_step};
    struct rig rig;
    pse_rc rc;

    rig_attach(&rig, dir, url[0] == '\0' ? NULL : url);
    rig.now += 100 * day;
    rc = rig_start(&rig, plan == NULL ? NULL : &steps);
    if (plan == NULL && rc != PSE_OK) {
        fprintf(stderr, "# does not recover: %s %s (%s)\n", pse_stop_name(rig.why.reason),
                rig.why.where, pse_rc_name(rig.why.rc));
        return 1;
    }
    if (rc == PSE_OK) {
        work(&rig, first);
        rig_stop(&rig);
        if (plan == NULL && (rig.receipts != ENTRIES || rig.why.reason != PSE_STOP_NONE)) {
            fprintf(stderr, "# after recovery: %u receipts, %s\n", rig.receipts,
                    pse_stop_name(rig.why.reason));
            return 1;
        }
    }
    return plan == NULL ? 0 : plan->is_hit ? HIT : UNTOUCHED;
}

/* Exit status, or minus the signal. */
static int in_child(const char *dir, struct plan *plan, unsigned first)
{
    int status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(child(dir, plan, first));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* --- runs ------------------------------------------------------------------------------------- */

static void start_log(struct rig *rig)
{
    const char *given = getenv("PSE_TEST_STORE");
    const char *hole = given == NULL ? NULL : strchr(given, '%');

    serial++;
    url[0] = '\0';
    if (given != NULL)
        snprintf(url, sizeof url, "%.*s%u%s",
                 (int)(hole == NULL ? strlen(given) : (size_t)(hole - given)), given, serial,
                 hole == NULL ? "" : hole + 1);
    rig_init(rig, given == NULL ? NULL : url);
    assert_int_equal(rig_create(rig, NULL), PSE_OK);
}

/* What was hit and what was not: fault, then recovery, which also hands in the same entries again.
 */
static int run(struct rig *rig, struct plan *plan)
{
    static unsigned first = 1000;
    int status;

    first += ENTRIES;
    day++;
    status = in_child(rig->dir, plan, first);
    if (in_child(rig->dir, NULL, first) != 0)
        fail_msg("no recovery from %s %s %s %u", fault_names[plan->fault],
                 plan->done ? "after" : "before",
                 plan->step == PSE_STEPS ? "passing" : pse_step_name(plan->step), plan->at);
    return status;
}

static void audit(struct rig *rig)
{
    uint64_t size;
    const char *wrong = rig_audit(rig, &size);

    if (wrong != NULL)
        fail_msg("%s", wrong);
    assert_true(size > 0);
}

static void each_step_once(void **state)
{
    struct rig rig;

    (void)state;
    start_log(&rig);
    for (unsigned i = 0; i < 11; i++) /* so that there are full tiles, and partials to collect */
        assert_int_equal(in_child(rig.dir, NULL, 100 * i), 0);
    for (unsigned step = 0; step < PSE_STEPS; step++) {
        for (unsigned k = 0; k < 2 * FAULTS; k++) {
            struct plan plan = {.fault = k / 2, .step = step, .done = k % 2 == 1};
            bool hit = false;

            /* Steps of rare events (a tile that fills) come within a few runs. */
            for (unsigned again = 0; again < 25 && !hit; again++) {
                int status = run(&rig, &plan);

                hit = status == HIT || status == -SIGKILL;
            }
            if (!hit)
                fail_msg("%s was never passed", pse_step_name(step));
        }
        audit(&rig);
    }
    rig_remove(&rig);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    uint64_t x;

    return text != NULL && pse_decimal_decode(&x, pse_span_str(text)) == PSE_OK ? x : otherwise;
}

static uint64_t random_runs(void)
{
    return number_from("PSE_TEST_RUNS", 200);
}

static void random_ones(void **state)
{
    uint64_t runs = random_runs();
    uint64_t seed = number_from("PSE_TEST_SEED", (uint64_t)getpid());
    uint8_t bytes[32] = {0};
    uint64_t hits = 0;
    struct rig rig;
    PSE_RNG(rng);

    (void)state;
    print_message("# PSE_TEST_SEED=%llu\n", (unsigned long long)seed);
    pse_store_u64(bytes, seed);
    pse_rng_init(&rng, bytes);
    start_log(&rig);
    for (uint64_t i = 0; i < runs; i++) {
        struct plan plan = {.step = PSE_STEPS};
        int status;

        plan.fault = pse_rng_below(&rng, 2) == 0 ? KILL : (enum fault)pse_rng_below(&rng, FAULTS);
        plan.at = 1 + (unsigned)pse_rng_below(&rng, 160);
        status = run(&rig, &plan);
        hits += status == HIT || status == -SIGKILL;
        if (i % 25 == 24 || i + 1 == runs)
            audit(&rig);
        if (i % 100 == 99 && i + 1 < runs) { /* small logs are quick */
            rig_remove(&rig);
            start_log(&rig);
        }
    }
    print_message("# %llu of %llu runs hit\n", (unsigned long long)hits, (unsigned long long)runs);
    assert_true(hits * 2 > runs);
    rig_remove(&rig);
}

/* Killed from outside, at any instruction, inside SQLite and the kernel too. */
static void killed_from_outside(void **state)
{
    struct rig rig;
    PSE_RNG(rng);
    uint8_t seed[32] = {0};
    uint64_t kills = random_runs() * 3 / 10;

    (void)state;
    pse_store_u64(seed, number_from("PSE_TEST_SEED", (uint64_t)getpid()));
    pse_rng_init(&rng, seed);
    start_log(&rig);
    for (unsigned i = 0; i < kills; i++) {
        unsigned first = 500000 + ENTRIES * i;
        int status;
        pid_t pid;

        day++;
        fflush(NULL);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            _exit(child(rig.dir, NULL, first));
        usleep((useconds_t)pse_rng_below(&rng, 60000));
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(in_child(rig.dir, NULL, first), 0);
        if (i % 20 == 19 || i + 1 == kills)
            audit(&rig);
    }
    rig_remove(&rig);
}

/* --- a full disk ------------------------------------------------------------------------------ */

/* In a child: files may not grow beyond a bound that rises from run to run; a write over it fails
 * where it stands, in the middle of SQLite's files too. */
static void a_full_disk(void **state)
{
    struct rig rig;

    (void)state;
    start_log(&rig);
    for (unsigned i = 0; i < 40; i++) {
        unsigned first = 800000 + ENTRIES * i;
        int status;
        pid_t pid;

        day++;
        fflush(NULL);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            struct rlimit limit = {1024U * i, 1024U * i};
            struct plan plan = {.fault = DELAY, .step = PSE_STEPS};

            (void)signal(SIGXFSZ, SIG_IGN);
            (void)setrlimit(RLIMIT_FSIZE, &limit);
            _exit(child(rig.dir, &plan, first));
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(in_child(rig.dir, NULL, first), 0);
    }
    audit(&rig);
    rig_remove(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_once),
        cmocka_unit_test(random_ones),
        cmocka_unit_test(killed_from_outside),
        cmocka_unit_test(a_full_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
