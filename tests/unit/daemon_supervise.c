/* The supervisor with children of all kinds (this program itself, told what to be): order, restart,
 * refusal, hanging, and that nothing is left when the supervisor is killed. */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/daemon.h"

#include "test.h"

enum { SAID_MAX = 65536, PATIENCE_MS = 30000 };

static char dir[64];

/* --- children --------------------------------------------------------------------------------- */

static int be_good(const char *name)
{
    struct pse_life life;
    struct pse_fault fault;
    enum pse_life_event e;

    if (getenv("HOME") != NULL || pse_life_begin(&life, &fault) != PSE_OK)
        return 1;
    pse_life_ready(&life, name);
    fprintf(stderr, "is up\n");
    while ((e = pse_life_wait(&life, 20)) != PSE_LIFE_STOP) {
        if (e == PSE_LIFE_RELOAD)
            fprintf(stderr, "reloads\n");
    }
    fprintf(stderr, "goes down");
    pse_life_end(&life);
    return 0;
}

/* READY, and then something other than a good life. */
static int be_bad(const char *how)
{
    struct pse_life life;
    struct pse_fault fault;

    if (pse_life_begin(&life, &fault) != PSE_OK)
        return 1;
    if (strcmp(how, "mute") != 0)
        pse_life_ready(&life, how);
    if (strcmp(how, "crash") == 0)
        abort();
    if (strcmp(how, "refuse") == 0)
        return 4;
    if (strcmp(how, "done") == 0)
        return 0;
    if (strcmp(how, "fail") == 0)
        return 1;
    for (;;) /* hangs: signals are blocked and nobody looks at them */
        pause();
}

/* Holds a lock as long as it lives. */
static int be_holder(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
        return 1;
    return be_good("holder");
}

static int be_child(const char *what, const char *arg)
{
    alarm(120); /* whatever goes wrong, nothing stays behind */
    if (strcmp(what, "good") == 0)
        return be_good(arg);
    if (strcmp(what, "bad") == 0)
        return be_bad(arg);
    if (strcmp(what, "holder") == 0)
        return be_holder(arg);
    return 2;
}

/* --- the supervisor under test ---------------------------------------------------------------- */

struct run {
    pid_t pid;
    int out;
    size_t n;
    char said[SAID_MAX];
};

static void begin(struct run *r, const struct pse_child *children, size_t count,
                  int64_t watchdog_ms)
{
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    r->pid = fork();
    if (r->pid == 0) {
        struct pse_log log;
        struct pse_fault fault;
        struct pse_supervise s = {.children = children,
                                  .count = count,
                                  .dir = dir,
                                  .log = &log,
                                  .out = ends[1],
                                  .start_ms = 2000,
                                  .stop_ms = 500,
                                  .watchdog_ms = watchdog_ms,
                                  .pause_ms = 20};
        int status;

        pse_log_init(&log, ends[1], PSE_LOG_DEBUG);
        _exit(pse_supervise_run(&status, &fault, &s) == PSE_OK ? status : 99);
    }
    close(ends[1]);
    r->out = ends[0];
    r->n = 0;
    r->said[0] = '\0';
}

/* Read on until @p text was said @p times; false at the end of all output or patience. */
static bool hears(struct run *r, const char *text, int times)
{
    int64_t until = pse_clock_steady_ms() + PATIENCE_MS;

    for (;;) {
        struct pollfd p = {.fd = r->out, .events = POLLIN};
        const char *at = r->said;
        int found = 0;
        ssize_t n;

        for (; (at = strstr(at, text)) != NULL; at++)
            found++;
        if (found >= times)
            return true;
        if (pse_clock_steady_ms() > until || poll(&p, 1, PATIENCE_MS) <= 0)
            return false;
        n = read(r->out, r->said + r->n, SAID_MAX - 1 - r->n);
        if (n <= 0)
            return false;
        r->n += (size_t)n;
        r->said[r->n] = '\0';
    }
}

static void wants(int line, struct run *r, const char *text, int times)
{
    if (!hears(r, text, times)) {
        kill(r->pid, SIGKILL);
        fail_msg("line %d: not heard: %s\n%s", line, text, r->said);
    }
}
#define WANTS(r, text, times) wants(__LINE__, (r), (text), (times))

static int end(struct run *r)
{
    int status;

    (void)hears(r, "there is no such line", 1); /* the rest */
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    close(r->out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void in_order(const struct run *r, const char *const *texts, size_t count)
{
    const char *at = r->said;

    for (size_t i = 0; i < count; i++) {
        at = strstr(at, texts[i]);
        if (at == NULL)
            fail_msg("not in its place: %s\n%s", texts[i], r->said);
    }
}

#define CHILD(what, arg) ((const char *const[]){"/proc/self/exe", what, arg, NULL})

static void starts_in_order_and_stops_in_reverse(void **state)
{
    const struct pse_child children[] = {
        {"store", CHILD("good", "a")}, {"box", CHILD("good", "b")}, {"board", CHILD("good", "c")}};
    static const char *const order[] = {"supervisor.started child=store",
                                        "supervisor.child-ready child=store",
                                        "supervisor.started child=box",
                                        "supervisor.child-ready child=box",
                                        "supervisor.started child=board",
                                        "supervisor.ready",
                                        "board: goes down",
                                        "supervisor.ended child=board status=0 restart=no",
                                        "box: goes down",
                                        "supervisor.ended child=box status=0",
                                        "store: goes down",
                                        "supervisor.ended child=store status=0"};
    struct run r;

    (void)state;
    begin(&r, children, 3, 1000);
    WANTS(&r, "supervisor.ready", 1);
    WANTS(&r, ": is up\n", 3);
    kill(r.pid, SIGHUP);
    WANTS(&r, ": reloads\n", 3);
    kill(r.pid, SIGTERM);
    assert_int_equal(end(&r), 0);
    in_order(&r, order, sizeof order / sizeof order[0]);
}

static void restarts_what_crashes(void **state)
{
    const struct pse_child children[] = {{"good", CHILD("good", "a")},
                                         {"crash", CHILD("bad", "crash")}};
    struct run r;

    (void)state;
    begin(&r, children, 2, 0);
    WANTS(&r, "supervisor.ended child=crash signal=6 restart=yes", 4);
    WANTS(&r, "supervisor.started child=crash", 4);
    assert_null(strstr(r.said, "ended child=good"));
    kill(r.pid, SIGINT);
    assert_int_equal(end(&r), 0);
    assert_non_null(strstr(r.said, "ended child=good status=0"));
}

static void leaves_alone_what_refuses_to_sign(void **state)
{
    const struct pse_child children[] = {{"witness", CHILD("bad", "refuse")},
                                         {"good", CHILD("good", "a")}};
    struct run r;

    (void)state;
    begin(&r, children, 2, 0);
    WANTS(&r, "supervisor.ended child=witness status=4 restart=no", 1);
    WANTS(&r, "good: is up", 1);
    kill(r.pid, SIGTERM);
    assert_int_equal(end(&r), 4);
    in_order(&r, (const char *const[]){"started child=witness", "ended child=witness"}, 2);
    assert_null(strstr(strstr(r.said, "started child=witness") + 1, "started child=witness"));
}

static void wrong_settings_stop_all(void **state)
{
    const struct pse_child children[] = {{"good", CHILD("good", "a")},
                                         {"wrong", CHILD("nothing", "x")},
                                         {"never", CHILD("good", "b")}};
    struct run r;

    (void)state;
    begin(&r, children, 3, 0);
    assert_int_equal(end(&r), 2);
    assert_non_null(strstr(r.said, "ended child=wrong status=2 restart=no"));
    assert_non_null(strstr(r.said, "ended child=good status=0"));
    assert_null(strstr(r.said, "started child=never"));
}

static void a_program_that_is_not_there(void **state)
{
    const struct pse_child children[] = {
        {"none", ((const char *const[]){"/nonexistent/psephos", NULL})}};
    struct run r;

    (void)state;
    begin(&r, children, 1, 0);
    assert_int_equal(end(&r), 2);
    assert_non_null(strstr(r.said, "none: cannot be started: /nonexistent/psephos: No such"));
}

static void kills_what_hangs(void **state)
{
    const struct pse_child children[] = {{"hang", CHILD("bad", "hang")}};
    struct run r;

    (void)state;
    begin(&r, children, 1, 200);
    WANTS(&r, "supervisor.killed child=hang why=\"no sign of life\"", 2);
    WANTS(&r, "supervisor.child-ready child=hang", 3);
    kill(r.pid, SIGTERM);
    assert_int_equal(end(&r), 1); /* nor does it stop by itself */
    assert_non_null(strstr(r.said, "supervisor.killed child=hang why=\"does not stop\""));
}

static void a_task_may_end_and_may_be_silent(void **state)
{
    const struct pse_child children[] = {{"busy", CHILD("bad", "hang"), .is_task = true},
                                         {"task", CHILD("bad", "done"), .is_task = true},
                                         {"failing", CHILD("bad", "fail"), .is_task = true},
                                         {"daemon", CHILD("bad", "done")}};
    struct run r;

    (void)state;
    begin(&r, children, 4, 200);
    WANTS(&r, "supervisor.ended child=task status=0 restart=no", 1);
    WANTS(&r, "supervisor.ended child=failing status=1 restart=yes", 3);
    WANTS(&r, "supervisor.ended child=daemon status=0 restart=yes", 4);
    kill(r.pid, SIGTERM);
    assert_int_equal(end(&r), 1); /* the busy one had to be killed */
    assert_null(strstr(strstr(r.said, "started child=task") + 1, "started child=task"));
    assert_null(strstr(r.said, "killed child=busy why=\"no sign of life\""));
}

static void kills_what_is_never_ready(void **state)
{
    const struct pse_child children[] = {{"mute", CHILD("bad", "mute")},
                                         {"never", CHILD("good", "b")}};
    struct run r;

    (void)state;
    begin(&r, children, 2, 0);
    WANTS(&r, "supervisor.killed child=mute why=\"not ready in time\"", 1);
    WANTS(&r, "supervisor.started child=mute", 2);
    assert_null(strstr(r.said, "started child=never"));
    kill(r.pid, SIGTERM);
    assert_in_range(end(&r), 0, 1); /* it may be too young to hold out against SIGTERM */
}

static void nothing_outlives_its_supervisor(void **state)
{
    char path[128];
    struct pse_child children[] = {{"holder", NULL}};
    const char *argv[] = {"/proc/self/exe", "holder", path, NULL};
    int64_t until = pse_clock_steady_ms() + PATIENCE_MS;
    struct run r;
    int fd;
    int status;

    (void)state;
    snprintf(path, sizeof path, "%s/held", dir);
    children[0].argv = argv;
    begin(&r, children, 1, 0);
    WANTS(&r, "holder: is up", 1);
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
    kill(r.pid, SIGKILL);
    assert_int_equal(waitpid(r.pid, &status, 0), r.pid);
    close(r.out);
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        assert_true(pse_clock_steady_ms() < until);
        usleep(10000);
    }
    close(fd);
    unlink(path);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/psephos-serve-XXXXXX");
    return mkdtemp(dir) == NULL;
}

static int tear_down(void **state)
{
    char path[128];

    (void)state;
    snprintf(path, sizeof path, "%s/notify", dir);
    unlink(path); /* of the supervisor that was killed */
    return rmdir(dir);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_in_order_and_stops_in_reverse),
        cmocka_unit_test(restarts_what_crashes),
        cmocka_unit_test(leaves_alone_what_refuses_to_sign),
        cmocka_unit_test(wrong_settings_stop_all),
        cmocka_unit_test(a_program_that_is_not_there),
        cmocka_unit_test(kills_what_hangs),
        cmocka_unit_test(a_task_may_end_and_may_be_silent),
        cmocka_unit_test(kills_what_is_never_ready),
        cmocka_unit_test(nothing_outlives_its_supervisor),
    };

    if (argc == 3)
        return be_child(argv[1], argv[2]);
    setenv("HOME", "/", 1); /* what children must not see */
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
