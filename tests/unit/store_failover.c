/* Two boxes on one store: one sequences, the other stands by; the first is killed, the second goes
 * on, in turn. No receipt is lost, no size has two roots. PSE_TEST_STORE as in store_driver.c. */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger_rig.h"
#include "store/standby.h"

enum { TURNS = 6 };

static char url[PSE_STORE_URL_MAX];

/* The dying box may leave the store a moment before the record. */
static void take_over(struct rig *rig)
{
    const char *why;

    for (;;) {
        if (pse_standby_open(&rig->store, &why, rig->url, rig->key[0].name, NULL, NULL, NULL) !=
            PSE_OK)
            _exit(1);
        rig_mend(rig);
        rig->o.store = rig->store;
        if (pse_sequencer_start(&rig->s, &rig->why, &rig->o) == PSE_OK)
            return;
        if (rig->why.reason != PSE_STOP_LOCKED) {
            fprintf(stderr, "# %s %s\n", pse_stop_name(rig->why.reason), rig->why.where);
            _exit(2);
        }
        pse_store_close(rig->store);
        usleep(20000);
    }
}

/* A box: waits for its turn, says so, and works until it is killed. */
static pid_t box(const char *dir, unsigned turn, int said)
{
    pid_t pid;

    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct rig rig;

        rig_attach(&rig, dir, url[0] == '\0' ? NULL : url);
        rig.now += 1000 * (uint64_t)turn;
        take_over(&rig);
        for (unsigned i = 0;; i++) {
            if (rig_submit_text(&rig, "turn", turn * 1000000 + i, 60) != PSE_OK)
                _exit(3);
            if (!rig_wait(&rig, &rig.receipts, i / 2))
                _exit(4);
            if (i == 40 && write(said, "x", 1) != 1)
                _exit(5);
        }
    }
    return pid;
}

static void the_other_goes_on(void **state)
{
    const char *given = getenv("PSE_TEST_STORE");
    const char *hole = given == NULL ? NULL : strchr(given, '%');
    const char *wrong;
    uint64_t size;
    struct rig rig;
    pid_t now, next;
    int pipes[2];

    (void)state;
    if (hole != NULL)
        snprintf(url, sizeof url, "%.*s1%s", (int)(hole - given), given, hole + 1);
    rig_init(&rig, hole == NULL ? NULL : url);
    assert_int_equal(rig_create(&rig, NULL), PSE_OK);
    assert_int_equal(pipe(pipes), 0);
    now = box(rig.dir, 1, pipes[1]);
    for (unsigned turn = 2; turn < 2 + TURNS; turn++) {
        char x;
        int status;

        assert_int_equal(read(pipes[0], &x, 1), 1); /* it has handed out receipts */
        next = box(rig.dir, turn, pipes[1]);
        usleep(300000);
        assert_int_equal(waitpid(next, &status, WNOHANG), 0); /* stands by */
        assert_int_equal(kill(now, SIGKILL), 0);
        assert_int_equal(waitpid(now, &status, 0), now);
        assert_true(WIFSIGNALED(status));
        now = next;
    }
    kill(now, SIGKILL);
    waitpid(now, NULL, 0);
    /* While a box works, witnesses see a checkpoint before it is published, so the audit comes
     * after a last start and stop; each box that said so has added its receipts to what it checks.
     */
    rig.now += 1000 * (uint64_t)(2 + TURNS);
    take_over(&rig);
    rig_stop(&rig);
    wrong = rig_audit(&rig, &size);
    if (wrong != NULL)
        fail_msg("%s", wrong);
    assert_true(size > 40 * TURNS);
    rig_remove(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_other_goes_on)};

    (void)alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
