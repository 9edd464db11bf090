/* The sandbox: in a child of its own each forbidden act is stopped, and each that a daemon needs
 * still works. Without the sandbox the same acts succeed, so that a test that cannot fail shows. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/daemon.h"

#include "test.h"

static char base[64];
static char inside[96];
static char outside[96];
static char readable[96];
static bool has_landlock;

enum { WORKED = 0, STOPPED = 10, NO_ENTRY = 11 };

typedef bool act(void);

static bool in_child(act *a, const struct pse_sandbox *s, int *signal)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        struct pse_sandbox_report report;
        struct pse_fault fault;

        if (s != NULL && (pse_sandbox_limits(&fault, 64) != PSE_OK ||
                          pse_sandbox_enter(&report, &fault, s) != PSE_OK || !report.seccomp)) {
            (void)!write(2, fault.text, strlen(fault.text));
            _exit(NO_ENTRY);
        }
        _exit(a() ? WORKED : STOPPED);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_ENTRY)
        fail_msg("the sandbox cannot be entered");
    return WIFEXITED(status) && WEXITSTATUS(status) == WORKED;
}

static struct pse_sandbox sandbox(enum pse_sandbox_profile profile)
{
    static const char *write_dirs[] = {inside, NULL};
    static const char *read_dirs[] = {readable, NULL};

    return (struct pse_sandbox){profile, write_dirs, read_dirs, false};
}

static void expect(int line, act *a, enum pse_sandbox_profile profile, bool works)
{
    struct pse_sandbox s = sandbox(profile);
    int signal;

    if (!in_child(a, NULL, &signal))
        fail_msg("line %d: does not work without the sandbox either", line);
    if (in_child(a, &s, &signal) != works)
        fail_msg("line %d: %s (signal %d)", line, works ? "stopped" : "not stopped", signal);
}
#define STOPS(act, profile) expect(__LINE__, (act), (profile), false)
#define WORKS(act, profile) expect(__LINE__, (act), (profile), true)

static bool new_socket(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && close(fd) == 0;
}
static bool act_inet(void)
{
    return new_socket(AF_INET);
}
static bool act_inet6(void)
{
    return new_socket(AF_INET6) || errno == EAFNOSUPPORT;
}
static bool act_unix(void)
{
    return new_socket(AF_UNIX);
}
static bool act_exec(void)
{
    return execl("/bin/true", "true", (char *)NULL) == 0 || true;
}
static bool act_write_inside(void)
{
    char path[200];
    char other[200];
    int fd;

    snprintf(path, sizeof path, "%s/x", inside);
    snprintf(other, sizeof other, "%s/y", inside);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 && ftruncate(fd, 0) == 0 &&
           close(fd) == 0 && rename(path, other) == 0 && unlink(other) == 0;
}
static bool opens(const char *dir, int flags)
{
    char path[200];
    int fd;

    snprintf(path, sizeof path, "%s/file", dir);
    fd = open(path, flags | O_CLOEXEC, 0600);
    return fd >= 0 && close(fd) == 0;
}
static bool act_read_outside(void)
{
    return opens(outside, O_RDONLY);
}
static bool act_write_outside(void)
{
    return opens(outside, O_WRONLY | O_CREAT);
}
static bool act_read_readable(void)
{
    return opens(readable, O_RDONLY);
}
static bool act_write_readable(void)
{
    return opens(readable, O_WRONLY);
}
static bool act_passwd(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

    return fd >= 0 && close(fd) == 0;
}
static bool act_map_wx(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) != MAP_FAILED;
}
static bool act_make_executable(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}
static bool act_fork(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid > 0 && waitpid(pid, NULL, 0) == pid;
}
static bool act_kill_parent(void)
{
    return kill(getppid(), 0) == 0;
}
static void *nothing(void *arg)
{
    return arg;
}
static bool act_thread(void)
{
    pthread_t t;

    return pthread_create(&t, NULL, nothing, NULL) == 0 && pthread_join(t, NULL) == 0 &&
           malloc(1 << 20) != NULL;
}
static void *stop_from_thread(void *arg)
{
    pse_life_stop();
    return arg;
}
/* How a daemon ends when one of its threads has failed. */
static bool act_stop(void)
{
    sigset_t set;
    pthread_t t;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    return sigprocmask(SIG_BLOCK, &set, NULL) == 0 &&
           pthread_create(&t, NULL, stop_from_thread, NULL) == 0 && pthread_join(t, NULL) == 0 &&
           sigpending(&set) == 0 && sigismember(&set, SIGTERM) == 1;
}
static bool act_clock_and_random(void)
{
    return pse_clock_wall_ms() > 0 && pse_clock_steady_ms() >= 0 && getpid() > 0 &&
           prctl(PR_SET_NAME, "worker", 0, 0, 0) == 0;
}
static bool act_connect(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    a.sin_port = htons(1); /* nobody listens: refused by the peer, not by the sandbox */
    return fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) != 0 && errno == ECONNREFUSED;
}

static void network_is_stopped(void **state)
{
    (void)state;
    STOPS(act_inet, PSE_SANDBOX_COMPUTE);
    STOPS(act_inet, PSE_SANDBOX_UNIX);
    STOPS(act_inet, PSE_SANDBOX_SERVER);
    STOPS(act_inet6, PSE_SANDBOX_SERVER);
    STOPS(act_unix, PSE_SANDBOX_COMPUTE);
    STOPS(act_connect, PSE_SANDBOX_SERVER);
    WORKS(act_unix, PSE_SANDBOX_UNIX);
    WORKS(act_unix, PSE_SANDBOX_SERVER);
    WORKS(act_inet, PSE_SANDBOX_CLIENT);
    WORKS(act_connect, PSE_SANDBOX_CLIENT);
}

static void programs_do_not_start(void **state)
{
    struct pse_sandbox s;
    int signal;

    (void)state;
    for (int p = PSE_SANDBOX_COMPUTE; p <= PSE_SANDBOX_CLIENT; p++) {
        s = sandbox((enum pse_sandbox_profile)p);
        assert_false(in_child(act_exec, &s, &signal));
        assert_int_equal(signal, SIGSYS);
        STOPS(act_fork, (enum pse_sandbox_profile)p);
        STOPS(act_kill_parent, (enum pse_sandbox_profile)p);
    }
}

static void memory_is_data_or_code(void **state)
{
    (void)state;
    STOPS(act_map_wx, PSE_SANDBOX_COMPUTE);
    STOPS(act_map_wx, PSE_SANDBOX_CLIENT);
    STOPS(act_make_executable, PSE_SANDBOX_COMPUTE);
    STOPS(act_make_executable, PSE_SANDBOX_CLIENT);
}

static void files_outside_are_shut(void **state)
{
    (void)state;
    /* Where the kernel confines no files the daemon says so in its log. */
    TEST_NEEDS(has_landlock, "needs a kernel with Landlock");
    STOPS(act_read_outside, PSE_SANDBOX_UNIX);
    STOPS(act_write_outside, PSE_SANDBOX_UNIX);
    STOPS(act_write_readable, PSE_SANDBOX_UNIX);
    STOPS(act_passwd, PSE_SANDBOX_CLIENT);
}

static void duties_go_on(void **state)
{
    (void)state;
    for (int p = PSE_SANDBOX_COMPUTE; p <= PSE_SANDBOX_CLIENT; p++) {
        WORKS(act_write_inside, (enum pse_sandbox_profile)p);
        WORKS(act_read_readable, (enum pse_sandbox_profile)p);
        WORKS(act_thread, (enum pse_sandbox_profile)p);
        WORKS(act_clock_and_random, (enum pse_sandbox_profile)p);
        WORKS(act_stop, (enum pse_sandbox_profile)p);
    }
}

static bool limits_hold(void)
{
    struct pse_fault fault;
    struct rlimit core;
    struct rlimit files;

    return pse_sandbox_limits(&fault, 64) == PSE_OK && getrlimit(RLIMIT_CORE, &core) == 0 &&
           core.rlim_max == 0 && getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max == 64 &&
           prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
           umask(0) == 077;
}

static void limits_are_set(void **state)
{
    int signal;

    (void)state;
    assert_true(in_child(limits_hold, NULL, &signal));
}

static bool missing_folder_is_refused(void)
{
    static const char *const dirs[] = {"/nonexistent/psephos", NULL};
    struct pse_sandbox s = {PSE_SANDBOX_UNIX, dirs, NULL, false};
    struct pse_sandbox_report report;
    struct pse_fault fault;

    return pse_sandbox_limits(&fault, 64) == PSE_OK &&
           pse_sandbox_enter(&report, &fault, &s) == PSE_E_MISSING &&
           strstr(fault.text, "/nonexistent/psephos") != NULL;
}

static void a_missing_folder_is_refused(void **state)
{
    int signal;

    (void)state;
    TEST_NEEDS(has_landlock, "needs a kernel with Landlock");
    assert_true(in_child(missing_folder_is_refused, NULL, &signal));
}

static bool reports(void)
{
    struct pse_sandbox s = sandbox(PSE_SANDBOX_UNIX);
    struct pse_sandbox_report report;
    struct pse_fault fault;

    return pse_sandbox_limits(&fault, 64) == PSE_OK &&
           pse_sandbox_enter(&report, &fault, &s) == PSE_OK && report.seccomp &&
           report.landlock > 0;
}

static void put_file(const char *dir)
{
    char path[200];
    int fd;

    snprintf(path, sizeof path, "%s/file", dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static int set_up(void **state)
{
    int signal;

    (void)state;
    snprintf(base, sizeof base, "/tmp/psephos-sandbox-XXXXXX");
    assert_non_null(mkdtemp(base));
    snprintf(inside, sizeof inside, "%s/in", base);
    snprintf(outside, sizeof outside, "%s/out", base);
    snprintf(readable, sizeof readable, "%s/read", base);
    put_file(inside);
    put_file(outside);
    put_file(readable);
    has_landlock = in_child(reports, NULL, &signal);
    return 0;
}

static int tear_down(void **state)
{
    const char *const dirs[] = {inside, outside, readable};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char path[200];

        snprintf(path, sizeof path, "%s/file", dirs[i]);
        unlink(path);
        rmdir(dirs[i]);
    }
    return rmdir(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_is_stopped),
        cmocka_unit_test(programs_do_not_start),
        cmocka_unit_test(memory_is_data_or_code),
        cmocka_unit_test(files_outside_are_shut),
        cmocka_unit_test(duties_go_on),
        cmocka_unit_test(limits_are_set),
        cmocka_unit_test(a_missing_folder_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
