#define _GNU_SOURCE
#include "psephos/demo_edge.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/options.h"
#include "common/self_run.h"

enum { START_MS = 10000, STEP_US = 10000, STOP_MS = 5000, TEXT_MAX = 4096 };

static const char program[] = "/usr/sbin/haproxy";

/* A box is in service while its health says so: one that stands by is not. */
static const char head[] =
    "global\n    maxconn 2048\n"
    "defaults\n    mode http\n    timeout connect 2s\n    timeout client 30s\n"
    "    timeout server 30s\n    timeout queue 2s\n    option redispatch\n"
    "frontend voters\n    bind unix@%s mode 600\n    default_backend boxes\n"
    "backend boxes\n    option httpchk GET /healthz\n"
    "    default-server check inter 200ms fall 1 rise 1\n";

static pse_rc write_settings(char path[FILE_PATH_MAX], const struct demo_edge *e, const char *name,
                             const char *dir, const char *const *http, size_t n)
{
    char text[TEXT_MAX];
    int at = snprintf(text, sizeof text, head, e->socket);

    for (size_t i = 0; i < n; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "    server box-%zu unix@%s\n", i + 1,
                       http[i]);
    PSE_REQUIRE(at < TEXT_MAX);
    PSE_TRY(file_join(path, name, dir, "haproxy.cfg"));
    return file_write(name, path, pse_span_str(text), FILE_NEW);
}

/* Between fork and exec only what is safe there. */
static pid_t launch(const char *config, const char *log)
{
    const char *argv[] = {program, "-db", "-f", config, NULL};
    const char *environment[] = {NULL};
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_t pid = out < 0 ? -1 : fork();

    if (pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && setpgid(0, 0) == 0 && dup2(out, 1) >= 0 &&
            dup2(out, 2) >= 0)
            execve(program, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment);
        _exit(127);
    }
    if (out >= 0)
        close(out);
    return pid;
}

pse_rc demo_edge_start(struct demo_edge *e, const char *name, const char *dir, const char *run,
                       const char *const *http, size_t n)
{
    char config[FILE_PATH_MAX];
    char log[FILE_PATH_MAX];

    memset(e, 0, sizeof *e);
    if (access(program, X_OK) != 0) {
        cli_note(name, "%s is not installed: voters try one box after the other", program);
        return PSE_OK;
    }
    (void)snprintf(e->socket, sizeof e->socket, "%s/edge.sock", run);
    PSE_TRY(write_settings(config, e, name, dir, http, n));
    PSE_TRY(file_join(log, name, dir, "haproxy.log"));
    e->pid = launch(config, log);
    for (int us = 0; e->pid > 0 && us < START_MS * 1000; us += STEP_US) {
        if (access(e->socket, F_OK) == 0) {
            e->is_up = true;
            return PSE_OK;
        }
        (void)usleep(STEP_US);
    }
    cli_error(name, "HAProxy does not start; see %s", log);
    return PSE_E_STATE;
}

void demo_edge_end(struct demo_edge *e)
{
    if (e->pid > 0)
        self_end(e->pid, STOP_MS);
    e->pid = 0;
    e->is_up = false;
}
