/* Several daemons on one machine under one command (`psephos serve`).
 *
 * Each child is a process of its own, started in the order of the list once those before it are
 * READY (by the same messages that a service manager gets), stopped in reverse order. One that ends
 * is started again after a pause that doubles from 250 ms to 30 s and begins anew after a minute of
 * good life; one that ends with status 4 (refuses to sign) or, before it was ever ready, 2 (wrong
 * settings) is not: no restart mends these. Nor is a task that ends with status 0: its work is
 * done. A child that promised signs of life and sends none for its time is killed and started
 * again. Children die with their supervisor (PR_SET_PDEATHSIG), so nothing stays behind; each is in
 * a process group of its own, so that a Ctrl-C reaches the supervisor alone and the order of the
 * stop holds.
 *
 * What a child writes is passed on line by line as "NAME: LINE". Its environment has nothing but
 * PATH and the supervisor's messages. One thread, and no other threads in the process. */
#ifndef PSE_DAEMON_SUPERVISE_H
#define PSE_DAEMON_SUPERVISE_H

#include "daemon/fault.h"
#include "daemon/log.h"

enum { PSE_SUPERVISE_MAX = 32, PSE_SUPERVISE_ARGS_MAX = 32 };

struct pse_child {
    const char *name;
    const char *const *argv; /* NULL-ended; argv[0] is the file to start, absolute */
    /* A piece of work and no daemon: it may end, and it may compute for long, so that no signs of
     * life are asked of it. */
    bool is_task;
};

struct pse_supervise {
    const struct pse_child *children; /* in the order of dependency */
    size_t count;
    const char *dir;          /* a folder of ours alone for the socket `notify` */
    struct pse_log *log;      /* supervisor.* events */
    int out;                  /* where the children's lines go; 2 */
    int64_t start_ms;         /* how long until READY before a child counts as failed; 0: 30 s */
    int64_t stop_ms;          /* how long a child may take to stop before it is killed; 0: 10 s */
    int64_t watchdog_ms;      /* signs of life that each child must send; 0: none */
    int64_t pause_ms;         /* first pause before a restart; 0: 250 ms */
    void (*ready)(void *ctx); /* called once when all are ready; may be NULL */
    void *ctx;
};

/** Run until SIGTERM or SIGINT, then stop all. SIGHUP goes on to every child. *status is the exit
 * status: 0 after a clean stop, 1 when a child had to be killed, 2 when one has wrong settings (all
 * are stopped), 4 when one refuses to sign (the others go on until the stop). PSE_E_IO. */
PSE_MUST pse_rc pse_supervise_run(int *status, struct pse_fault *fault,
                                  const struct pse_supervise *s);

#endif
