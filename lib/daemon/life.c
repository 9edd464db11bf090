#include "daemon/life.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "codec/text.h"
#include "daemon/clock.h"
#include "daemon/notify.h"

/* A whole number from the environment, which is then taken out of it. */
static bool take_number(uint64_t *out, const char *name)
{
    const char *text = getenv(name);
    bool good = text != NULL && pse_decimal_decode(out, pse_span_str(text)) == PSE_OK;

    unsetenv(name);
    return good;
}

static void name_sockets(struct pse_life *life, const char *names)
{
    for (size_t i = 0; i < life->listen_count && names != NULL; i++) {
        size_t n = strcspn(names, ":");

        snprintf(life->listen_name[i], PSE_LIFE_NAME_MAX, "%.*s", (int)n, names);
        names = names[n] == ':' ? names + n + 1 : NULL;
    }
}

/* Only when they are meant for this very process; a child of ours must not take them again. */
static void take_sockets(struct pse_life *life)
{
    uint64_t pid;
    uint64_t count = 0;
    bool ours = take_number(&pid, "LISTEN_PID") && pid == (uint64_t)getpid();

    if (take_number(&count, "LISTEN_FDS") && ours && count <= PSE_LIFE_LISTEN_MAX)
        life->listen_count = (size_t)count;
    name_sockets(life, getenv("LISTEN_FDNAMES"));
    unsetenv("LISTEN_FDNAMES");
    for (size_t i = 0; i < life->listen_count; i++)
        (void)fcntl(PSE_LIFE_FIRST_FD + (int)i, F_SETFD, FD_CLOEXEC);
}

static void take_manager(struct pse_life *life)
{
    const char *address = getenv("NOTIFY_SOCKET");
    uint64_t us = 0;
    uint64_t pid = (uint64_t)getpid();

    life->notify = address == NULL ? -1 : pse_notify_open(address);
    unsetenv("NOTIFY_SOCKET");
    (void)take_number(&pid, "WATCHDOG_PID");
    if (take_number(&us, "WATCHDOG_USEC") && pid == (uint64_t)getpid() && us < UINT64_C(1) << 40)
        life->watchdog_ms = (int64_t)(us / 1000);
}

pse_rc pse_life_begin(struct pse_life *life, struct pse_fault *fault)
{
    sigset_t set;

    *life = (struct pse_life){.signals = -1, .notify = -1};
    take_sockets(life);
    take_manager(life);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return pse_fault(fault, PSE_E_IO, "signals cannot be set up: %s", strerror(errno));
    life->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (life->signals < 0)
        return pse_fault(fault, PSE_E_IO, "signals cannot be read: %s", strerror(errno));
    return PSE_OK;
}

int pse_life_listen(const struct pse_life *life, const char *name)
{
    for (size_t i = 0; i < life->listen_count; i++) {
        if (strcmp(life->listen_name[i], name) == 0)
            return PSE_LIFE_FIRST_FD + (int)i;
    }
    return -1;
}

void pse_life_ready(struct pse_life *life, const char *status)
{
    char lines[512];

    snprintf(lines, sizeof lines, "READY=1\nSTATUS=%.400s\n", status);
    pse_notify_send(life->notify, lines);
}

void pse_life_stopping(struct pse_life *life)
{
    pse_notify_send(life->notify, "STOPPING=1\n");
}

static void show_life(struct pse_life *life, int64_t now)
{
    if (life->watchdog_ms == 0 || now < life->next_sign_ms)
        return;
    pse_notify_send(life->notify, "WATCHDOG=1\n");
    life->next_sign_ms = now + life->watchdog_ms / 3; /* two may be lost */
}

enum pse_life_event pse_life_wait(struct pse_life *life, int ms)
{
    struct pollfd p = {.fd = life->signals, .events = POLLIN};
    int64_t until = pse_clock_steady_ms() + ms;

    for (;;) {
        int64_t now = pse_clock_steady_ms();
        int64_t left = until > now ? until - now : 0;
        struct signalfd_siginfo info;

        show_life(life, now);
        if (life->watchdog_ms > 0 && life->next_sign_ms - now < left)
            left = life->next_sign_ms - now;
        if (poll(&p, 1, (int)left) > 0 && read(life->signals, &info, sizeof info) == sizeof info)
            return info.ssi_signo == SIGHUP ? PSE_LIFE_RELOAD : PSE_LIFE_STOP;
        if (pse_clock_steady_ms() >= until)
            return PSE_LIFE_TICK;
    }
}

void pse_life_stop(void)
{
    /* The main thread's number is the process's. */
    PSE_REQUIRE(tgkill(getpid(), getpid(), SIGTERM) == 0);
}

void pse_life_end(struct pse_life *life)
{
    if (life->signals >= 0)
        close(life->signals);
    if (life->notify >= 0)
        close(life->notify);
    life->signals = life->notify = -1;
}
