#include "daemon/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/supervise_out.h"

enum { TICK_MS = 50, PAUSE_MAX_MS = 30000, GOOD_LIFE_MS = 60000 };

enum child_state {
    CHILD_IDLE,     /* not started yet, or waiting for due_ms */
    CHILD_STARTING, /* runs, not ready */
    CHILD_READY,
    CHILD_STOPPING, /* was asked to stop */
    CHILD_GONE,     /* ended for good */
};

struct running {
    enum child_state state;
    pid_t pid;
    bool was_ready; /* in any of its lives */
    bool killed;    /* by us, because it hung */
    int64_t since_ms;
    int64_t due_ms;
    int64_t sign_ms; /* last sign of life */
    int64_t pause_ms;
    struct pse_child_out out;
};

struct supervisor {
    const struct pse_supervise *s;
    struct running child[PSE_SUPERVISE_MAX];
    int signals;
    int notify;
    char address[sizeof((struct sockaddr_un *)0)->sun_path + 32];
    bool stopping;
    bool told_ready;
    int status;
};

static int64_t or_default(int64_t x, int64_t otherwise)
{
    return x > 0 ? x : otherwise;
}

/* --- starting --------------------------------------------------------------------------------- */

/* Between fork and exec, with one thread: everything that the child must not inherit. */
static __attribute__((noreturn)) void become_child(const struct supervisor *v, size_t i, int out,
                                                   pid_t parent)
{
    const struct pse_child *c = &v->s->children[i];
    char watchdog[64];
    char *env[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin", (char *)(uintptr_t)v->address, NULL,
                   NULL};
    sigset_t none;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (v->s->watchdog_ms > 0 && !c->is_task) {
        snprintf(watchdog, sizeof watchdog, "WATCHDOG_USEC=%lld",
                 (long long)v->s->watchdog_ms * 1000);
        env[2] = watchdog;
    }
    sigemptyset(&none);
    if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0 ||
        getppid() != parent || sigprocmask(SIG_SETMASK, &none, NULL) != 0 || null < 0 ||
        dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(1);
    execve(c->argv[0], (char *const *)(uintptr_t)c->argv, env);
    dprintf(2, "cannot be started: %s: %s\n", c->argv[0], strerror(errno));
    _exit(2);
}

static void set_back(struct supervisor *v, size_t i)
{
    struct running *r = &v->child[i];
    int64_t now = pse_clock_steady_ms();
    int64_t first = or_default(v->s->pause_ms, 250);

    if (r->pause_ms == 0 || now - r->since_ms >= GOOD_LIFE_MS)
        r->pause_ms = first;
    else
        r->pause_ms = r->pause_ms * 2 < PAUSE_MAX_MS ? r->pause_ms * 2 : PAUSE_MAX_MS;
    r->state = CHILD_IDLE;
    r->due_ms = now + r->pause_ms;
}

static void start_child(struct supervisor *v, size_t i)
{
    struct running *r = &v->child[i];
    const char *name = v->s->children[i].name;
    pid_t parent = getpid();
    int ends[2];

    r->since_ms = r->sign_ms = pse_clock_steady_ms();
    r->killed = false;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        PSE_LOG(v->s->log, PSE_LOG_ERROR, "supervisor.no-pipe", PSE_F("child", name),
                PSE_F("why", (const char *)strerror(errno)));
        set_back(v, i);
        return;
    }
    r->pid = fork();
    if (r->pid == 0)
        become_child(v, i, ends[1], parent);
    close(ends[1]);
    if (r->pid < 0) {
        PSE_LOG(v->s->log, PSE_LOG_ERROR, "supervisor.no-process", PSE_F("child", name),
                PSE_F("why", (const char *)strerror(errno)));
        close(ends[0]);
        set_back(v, i);
        return;
    }
    pse_child_out_begin(&r->out, ends[0]);
    r->state = CHILD_STARTING;
    PSE_LOG(v->s->log, PSE_LOG_INFO, "supervisor.started", PSE_F("child", name),
            PSE_F("pid", (int)r->pid));
}

/* A child's first start waits for those before it; a restart does not wait: they were ready once.
 */
static void start_due(struct supervisor *v)
{
    int64_t now = pse_clock_steady_ms();

    for (size_t i = 0; i < v->s->count; i++) {
        struct running *r = &v->child[i];

        if (r->state == CHILD_IDLE && now >= r->due_ms)
            start_child(v, i);
        if (!r->was_ready && r->state != CHILD_GONE)
            return;
    }
    if (!v->told_ready) {
        v->told_ready = true;
        PSE_LOG(v->s->log, PSE_LOG_NOTICE, "supervisor.ready");
        if (v->s->ready != NULL)
            v->s->ready(v->s->ctx);
    }
}

/* --- ending ----------------------------------------------------------------------------------- */

static void signal_child(struct running *r, int signal)
{
    if (r->pid > 0 && r->state != CHILD_IDLE && r->state != CHILD_GONE)
        (void)kill(r->pid, signal);
}

static bool is_for_good(struct supervisor *v, size_t i, int wait_status)
{
    const struct running *r = &v->child[i];
    int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;

    if (v->stopping || r->state == CHILD_STOPPING)
        return true;
    if (code == 4 && v->status == 0)
        v->status = 4;
    if (code == 2 && !r->was_ready) {
        v->status = 2;
        v->stopping = true;
    }
    return code == 4 || v->stopping || (code == 0 && v->s->children[i].is_task);
}

static void child_ended(struct supervisor *v, size_t i, int wait_status)
{
    struct running *r = &v->child[i];
    bool for_good = is_for_good(v, i, wait_status);
    bool clean = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
    enum pse_log_level level = !clean                      ? PSE_LOG_WARNING
                               : v->s->children[i].is_task ? PSE_LOG_NOTICE
                                                           : PSE_LOG_INFO;

    pse_child_out_drain(&r->out, v->s->out, v->s->children[i].name);
    pse_child_out_end(&r->out, v->s->out, v->s->children[i].name);
    if (WIFSIGNALED(wait_status))
        PSE_LOG(v->s->log, PSE_LOG_WARNING, "supervisor.ended",
                PSE_F("child", v->s->children[i].name), PSE_F("signal", WTERMSIG(wait_status)),
                PSE_F("restart", (bool)!for_good));
    else
        PSE_LOG(v->s->log, level, "supervisor.ended", PSE_F("child", v->s->children[i].name),
                PSE_F("status", WEXITSTATUS(wait_status)), PSE_F("restart", (bool)!for_good));
    if (v->stopping && r->killed && v->status == 0)
        v->status = 1;
    r->pid = 0;
    if (for_good)
        r->state = CHILD_GONE;
    else
        set_back(v, i);
}

static void reap(struct supervisor *v)
{
    int wait_status;
    pid_t pid;

    while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
        for (size_t i = 0; i < v->s->count; i++) {
            if (v->child[i].pid == pid)
                child_ended(v, i, wait_status);
        }
    }
}

/* In reverse order, one at a time: the last that still runs. True when all have ended. */
static bool stop_next(struct supervisor *v)
{
    int64_t now = pse_clock_steady_ms();

    for (size_t i = v->s->count; i-- > 0;) {
        struct running *r = &v->child[i];

        if (r->state == CHILD_GONE)
            continue;
        if (r->state == CHILD_IDLE) {
            r->state = CHILD_GONE;
            continue;
        }
        if (r->state != CHILD_STOPPING) {
            signal_child(r, SIGTERM);
            r->state = CHILD_STOPPING;
            r->since_ms = now;
        } else if (!r->killed && now - r->since_ms > or_default(v->s->stop_ms, 10000)) {
            PSE_LOG(v->s->log, PSE_LOG_ERROR, "supervisor.killed",
                    PSE_F("child", v->s->children[i].name), PSE_F("why", "does not stop"));
            r->killed = true;
            signal_child(r, SIGKILL);
        }
        return false;
    }
    return true;
}

static void kill_hung(struct supervisor *v)
{
    int64_t now = pse_clock_steady_ms();

    for (size_t i = 0; i < v->s->count; i++) {
        struct running *r = &v->child[i];
        bool late =
            r->state == CHILD_STARTING && now - r->since_ms > or_default(v->s->start_ms, 30000);
        bool silent = r->state == CHILD_READY && v->s->watchdog_ms > 0 &&
                      !v->s->children[i].is_task && now - r->sign_ms > v->s->watchdog_ms;

        if (r->killed || (!late && !silent))
            continue;
        PSE_LOG(v->s->log, PSE_LOG_ERROR, "supervisor.killed",
                PSE_F("child", v->s->children[i].name),
                PSE_F("why", late ? "not ready in time" : "no sign of life"));
        r->killed = true;
        signal_child(r, SIGKILL);
    }
}

/* --- messages --------------------------------------------------------------------------------- */

static bool has_line(const char *lines, const char *line)
{
    size_t n = strlen(line);

    for (const char *p = lines; p != NULL; p = strchr(p, '\n')) {
        p += *p == '\n';
        if (strncmp(p, line, n) == 0 && (p[n] == '\n' || p[n] == '\0'))
            return true;
    }
    return false;
}

static void take_message(struct supervisor *v, pid_t from, const char *lines)
{
    for (size_t i = 0; i < v->s->count; i++) {
        struct running *r = &v->child[i];

        if (r->pid != from || from <= 0)
            continue;
        r->sign_ms = pse_clock_steady_ms();
        if (has_line(lines, "READY=1") && r->state == CHILD_STARTING) {
            r->state = CHILD_READY;
            r->was_ready = true;
            PSE_LOG(v->s->log, PSE_LOG_INFO, "supervisor.child-ready",
                    PSE_F("child", v->s->children[i].name),
                    PSE_F("ms", (long)(r->sign_ms - r->since_ms)));
        }
    }
}

/* The kernel says who wrote: no child can speak for another. */
static void take_messages(struct supervisor *v)
{
    union {
        char space[CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr align;
    } control;
    char lines[1024];

    for (;;) {
        struct iovec io = {lines, sizeof lines - 1};
        struct msghdr m = {.msg_iov = &io,
                           .msg_iovlen = 1,
                           .msg_control = control.space,
                           .msg_controllen = sizeof control.space};
        ssize_t n = recvmsg(v->notify, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
        struct ucred who;

        if (n <= 0)
            return;
        if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
            continue;
        memcpy(&who, CMSG_DATA(c), sizeof who);
        lines[n] = '\0';
        take_message(v, who.pid, lines);
    }
}

static void take_signals(struct supervisor *v)
{
    struct signalfd_siginfo info;

    while (read(v->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            continue;
        for (size_t i = 0; info.ssi_signo == SIGHUP && i < v->s->count; i++)
            signal_child(&v->child[i], SIGHUP);
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            v->stopping = true;
    }
}

/* --- the loop --------------------------------------------------------------------------------- */

static void wait_for_something(struct supervisor *v)
{
    struct pollfd p[PSE_SUPERVISE_MAX + 2];
    nfds_t n = 0;

    p[n++] = (struct pollfd){.fd = v->signals, .events = POLLIN};
    p[n++] = (struct pollfd){.fd = v->notify, .events = POLLIN};
    for (size_t i = 0; i < v->s->count; i++)
        p[n++] = (struct pollfd){.fd = v->child[i].out.fd, .events = POLLIN};
    (void)poll(p, n, TICK_MS);
}

static void run(struct supervisor *v)
{
    for (;;) {
        wait_for_something(v);
        take_signals(v);
        take_messages(v); /* before the ends: who was ready and then ended, was ready */
        for (size_t i = 0; i < v->s->count; i++)
            pse_child_out_drain(&v->child[i].out, v->s->out, v->s->children[i].name);
        reap(v);
        if (v->stopping) {
            if (stop_next(v))
                return;
        } else {
            kill_hung(v);
            start_due(v);
        }
    }
}

static pse_rc open_notify(struct supervisor *v, struct pse_fault *fault)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int on = 1;
    int n = snprintf(at.sun_path, sizeof at.sun_path, "%s/notify", v->s->dir);

    if (n < 0 || n >= (int)sizeof at.sun_path)
        return pse_fault(fault, PSE_E_LIMIT, "%s is too long for a socket; use a shorter folder",
                         v->s->dir);
    snprintf(v->address, sizeof v->address, "NOTIFY_SOCKET=%s", at.sun_path);
    v->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)unlink(at.sun_path);
    if (v->notify < 0 || bind(v->notify, (const struct sockaddr *)&at, sizeof at) != 0 ||
        setsockopt(v->notify, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
        return pse_fault(fault, PSE_E_IO, "%s cannot be made: %s", at.sun_path, strerror(errno));
    return PSE_OK;
}

static pse_rc open_signals(struct supervisor *v, struct pse_fault *fault, sigset_t *before)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, before) != 0)
        return pse_fault(fault, PSE_E_IO, "signals cannot be set up: %s", strerror(errno));
    v->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (v->signals < 0)
        return pse_fault(fault, PSE_E_IO, "signals cannot be read: %s", strerror(errno));
    return PSE_OK;
}

pse_rc pse_supervise_run(int *status, struct pse_fault *fault, const struct pse_supervise *s)
{
    struct supervisor v = {.s = s, .signals = -1, .notify = -1};
    sigset_t before;
    pse_rc rc;

    PSE_REQUIRE(s->count >= 1 && s->count <= PSE_SUPERVISE_MAX);
    for (size_t i = 0; i < s->count; i++)
        v.child[i].out.fd = -1;
    rc = open_signals(&v, fault, &before);
    if (rc == PSE_OK)
        rc = open_notify(&v, fault);
    if (rc == PSE_OK)
        run(&v);
    if (v.notify >= 0) {
        close(v.notify);
        (void)unlink(v.address + strlen("NOTIFY_SOCKET="));
    }
    if (v.signals >= 0)
        close(v.signals);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    *status = v.status;
    return rc;
}
