/* Life of a daemon: signals become events, the service manager hears of it, the state folder and
 * secrets are refused when they are open to others, health goes bad with age. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/daemon.h"

#include "test.h"

static char dir[64];

static const char *in_dir(const char *leaf)
{
    static char path[4][128];
    static size_t turn;
    char *p = path[turn++ % 4];

    snprintf(p, sizeof path[0], "%s/%s", dir, leaf);
    return p;
}

static int manager(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct timeval wait = {.tv_sec = 20};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(at.sun_path, sizeof at.sun_path, "%s", in_dir("notify"));
    unlink(at.sun_path);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    return fd;
}

static void hears(int fd, const char *want)
{
    char said[256];
    ssize_t n;

    do { /* signs of life may stand between */
        n = recv(fd, said, sizeof said - 1, 0);
        assert_true(n > 0);
        said[n] = '\0';
    } while (strcmp(said, want) != 0 && strcmp(said, "WATCHDOG=1\n") == 0);
    assert_string_equal(said, want);
}

static void child_life(void)
{
    struct pse_life life;
    struct pse_fault fault;
    enum pse_life_event e;
    int reloads = 0;

    if (pse_life_begin(&life, &fault) != PSE_OK || getenv("NOTIFY_SOCKET") != NULL ||
        life.watchdog_ms != 30)
        _exit(1);
    pse_life_ready(&life, "here");
    while ((e = pse_life_wait(&life, 10)) != PSE_LIFE_STOP) {
        if (e == PSE_LIFE_RELOAD) {
            reloads++;
            pse_life_ready(&life, "again");
        }
    }
    pse_life_stopping(&life);
    pse_life_end(&life);
    _exit(40 + reloads);
}

static void signals_become_events(void **state)
{
    int fd = manager();
    int status;
    pid_t pid;

    (void)state;
    setenv("NOTIFY_SOCKET", in_dir("notify"), 1);
    setenv("WATCHDOG_USEC", "30000", 1);
    pid = fork();
    if (pid == 0)
        child_life();
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    hears(fd, "READY=1\nSTATUS=here\n");
    hears(fd, "WATCHDOG=1\n");
    assert_int_equal(kill(pid, SIGHUP), 0);
    hears(fd, "READY=1\nSTATUS=again\n");
    assert_int_equal(kill(pid, SIGTERM), 0);
    hears(fd, "STOPPING=1\n");
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 41);
    close(fd);
}

/* Sockets meant for another process are not taken; ours are found by name. */
static void listens_only_to_its_own(void **state)
{
    char pid[24];
    struct pse_life life;
    struct pse_fault fault;

    (void)state;
    setenv("LISTEN_FDS", "2", 1);
    setenv("LISTEN_FDNAMES", "http:admin", 1);
    setenv("LISTEN_PID", "1", 1);
    assert_int_equal(pse_life_begin(&life, &fault), PSE_OK);
    assert_int_equal(life.listen_count, 0);
    assert_int_equal(pse_life_listen(&life, "http"), -1);
    assert_null(getenv("LISTEN_FDS"));
    pse_life_end(&life);

    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    setenv("LISTEN_FDS", "2", 1);
    setenv("LISTEN_FDNAMES", "http:admin", 1);
    setenv("LISTEN_PID", pid, 1);
    assert_int_equal(pse_life_begin(&life, &fault), PSE_OK);
    assert_int_equal(pse_life_listen(&life, "http"), 3);
    assert_int_equal(pse_life_listen(&life, "admin"), 4);
    assert_int_equal(pse_life_listen(&life, "other"), -1);
    pse_life_end(&life);
    setenv("LISTEN_FDS", "17", 1);
    setenv("LISTEN_PID", pid, 1);
    assert_int_equal(pse_life_begin(&life, &fault), PSE_OK);
    assert_int_equal(life.listen_count, 0);
    pse_life_end(&life);
}

static void the_state_folder_is_ours_alone(void **state)
{
    struct pse_fault fault;
    const char *path = in_dir("state");
    char keep[128];
    char text[32] = "";
    int d;
    int lock;
    int d2;
    int lock2;
    int fd;

    (void)state;
    snprintf(keep, sizeof keep, "%s", path);
    assert_int_equal(pse_state_open(&d, &lock, &fault, keep), PSE_OK);
    fd = openat(d, "lock", O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    assert_int_equal(atol(text), getpid());
    close(fd);
    assert_int_equal(pse_state_open(&d2, &lock2, &fault, keep), PSE_E_STATE);
    assert_non_null(strstr(fault.text, "in use by another process"));
    close(lock);
    close(d);
    assert_int_equal(pse_state_open(&d, &lock, &fault, keep), PSE_OK);
    close(lock);
    close(d);
    assert_int_equal(chmod(keep, 0750), 0);
    assert_int_equal(pse_state_open(&d, &lock, &fault, keep), PSE_E_STATE);
    assert_non_null(strstr(fault.text, "chmod it to 0700"));
    assert_int_equal(d, -1);
    assert_int_equal(chmod(keep, 0700), 0);
    unlink(in_dir("state/lock"));
    assert_int_equal(symlink("/etc/passwd", in_dir("state/lock")), 0);
    assert_int_equal(pse_state_open(&d, &lock, &fault, keep), PSE_E_IO);
    unlink(in_dir("state/lock"));
    assert_int_equal(symlink(keep, in_dir("link")), 0);
    assert_int_equal(pse_state_open(&d, &lock, &fault, in_dir("link")), PSE_E_IO);
    unlink(in_dir("link"));
    assert_int_equal(pse_state_open(&d, &lock, &fault, in_dir("no/such")), PSE_E_IO);
    rmdir(keep);
}

static void put_secret(const char *leaf, const char *text, mode_t mode)
{
    int fd = open(in_dir(leaf), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void refuses_secret(int line, const char *where, const char *credentials, pse_rc want)
{
    struct pse_hidden h;
    struct pse_fault fault;
    pse_rc rc = pse_hidden_read(&h, &fault, where, credentials, 16);

    if (rc != want)
        fail_msg("line %d: %s %s", line, pse_rc_name(rc), fault.text);
    assert_null(h.p);
    assert_null(strstr(fault.text, "canary"));
}

static void secrets_are_read_only_when_kept(void **state)
{
    struct pse_hidden h;
    struct pse_fault fault;

    (void)state;
    put_secret("key", "canary", 0400);
    assert_int_equal(pse_hidden_read(&h, &fault, in_dir("key"), NULL, 16), PSE_OK);
    assert_int_equal(h.n, 6);
    assert_memory_equal(h.p, "canary", 6);
    pse_hidden_free(&h);
    pse_hidden_free(&h);
    assert_int_equal(pse_hidden_read(&h, &fault, "credential:key", dir, 16), PSE_OK);
    pse_hidden_free(&h);
    refuses_secret(__LINE__, "credential:key", NULL, PSE_E_MISSING);
    refuses_secret(__LINE__, in_dir("none"), NULL, PSE_E_MISSING);
    put_secret("wide", "canary", 0440);
    refuses_secret(__LINE__, in_dir("wide"), NULL, PSE_E_STATE);
    if (geteuid() == 0) /* as root's own credential */
        assert_int_equal(pse_hidden_read(&h, &fault, "credential:wide", dir, 16), PSE_OK);
    pse_hidden_free(&h);
    put_secret("world", "canary", 0644);
    refuses_secret(__LINE__, in_dir("world"), NULL, PSE_E_STATE);
    refuses_secret(__LINE__, "credential:world", dir, PSE_E_STATE);
    put_secret("run", "canary", 0700);
    refuses_secret(__LINE__, in_dir("run"), NULL, PSE_E_STATE);
    put_secret("empty", "", 0600);
    refuses_secret(__LINE__, in_dir("empty"), NULL, PSE_E_LENGTH);
    put_secret("long", "canary-canary-canary", 0600);
    refuses_secret(__LINE__, in_dir("long"), NULL, PSE_E_LENGTH);
    assert_int_equal(symlink(in_dir("key"), in_dir("alias")), 0);
    refuses_secret(__LINE__, in_dir("alias"), NULL, PSE_E_IO);
    refuses_secret(__LINE__, dir, NULL, PSE_E_STATE);
    if (geteuid() == 0) {
        assert_int_equal(chown(in_dir("key"), 12345, 0), 0);
        refuses_secret(__LINE__, in_dir("key"), NULL, PSE_E_STATE);
    }
}

static void health_goes_bad_with_age(void **state)
{
    struct pse_health_item items[] = {{"checkpoint", 5000, 0}, {"store", 1000, 0}};
    struct pse_buf b = PSE_BUF(4096);

    (void)state;
    assert_false(pse_health_is_good(items, 2, 10000));
    items[0].seen_ms = 6000;
    items[1].seen_ms = 9500;
    assert_true(pse_health_is_good(items, 2, 10000));
    assert_int_equal(pse_health_put(&b, items, 2, 11001), PSE_OK);
    assert_true(pse_span_is_str(pse_buf_span(&b),
                                "{\"status\":\"failing\",\"checks\":{\"checkpoint\":{\"status\":"
                                "\"failing\",\"age_ms\":5001},\"store\":{\"status\":\"failing\","
                                "\"age_ms\":1501}}}\n"));
    pse_buf_free(&b);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/psephos-life-XXXXXX");
    return sodium_init() < 0 || mkdtemp(dir) == NULL;
}

static int tear_down(void **state)
{
    static const char *const leaves[] = {"notify", "key",   "wide", "world",
                                         "run",    "empty", "long", "alias"};

    (void)state;
    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++)
        unlink(in_dir(leaves[i]));
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_become_events),
        cmocka_unit_test(listens_only_to_its_own),
        cmocka_unit_test(the_state_folder_is_ours_alone),
        cmocka_unit_test(secrets_are_read_only_when_kept),
        cmocka_unit_test(health_goes_bad_with_age),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
