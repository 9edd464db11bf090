#define _GNU_SOURCE
#include "common/self_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEP_MS = 10 };

/* Between fork and exec only what is safe after a fork of a process with threads. */
__attribute__((noreturn)) static void become(const char *const *argv,
                                             const char *const *environment, const int fd[3],
                                             pid_t parent)
{
    sigset_t none;
    int end = open("/dev/null", O_RDWR);

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent || end < 0)
        _exit(127);
    for (int i = 0; i < 3; i++) {
        if (dup2(fd[i] >= 0 ? fd[i] : end, i) < 0)
            _exit(127);
    }
    execve("/proc/self/exe", (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment);
    _exit(127);
}

pse_rc self_run(pid_t *pid, const char *const *word, size_t words, const int fd[3])
{
    const char *argv[SELF_RUN_WORDS + 2] = {"psephos"};
    const char *environment[2] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
    pid_t parent = getpid();

    PSE_REQUIRE(words <= SELF_RUN_WORDS);
    for (size_t i = 0; i < words; i++)
        argv[i + 1] = word[i];
    for (int i = 0; i < 3; i++)
        PSE_REQUIRE(fd[i] < 0 || fd[i] > 2); /* else one dup2 would cover the next */
    *pid = fork();
    if (*pid == 0)
        become(argv, environment, fd, parent);
    return *pid < 0 ? PSE_E_IO : PSE_OK;
}

pse_rc self_wait(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return PSE_E_STATE;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? PSE_OK : PSE_E_STATE;
}

bool self_has_ended(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) == pid;
}

void self_end(pid_t pid, unsigned ms)
{
    (void)kill(pid, SIGTERM);
    for (unsigned waited = 0; waited < ms; waited += STEP_MS) {
        if (self_has_ended(pid))
            return;
        (void)usleep(1000 * STEP_MS);
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}
