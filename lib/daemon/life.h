/* The life of a daemon: signals, its service manager, its state folder, its health.
 *
 *     struct pse_life life;
 *     PSE_TRY(pse_life_begin(&life, &fault));        // before any thread is started
 *     …open everything, enter the sandbox, start threads…
 *     pse_life_ready(&life, "listening on …");
 *     while ((what = pse_life_wait(&life, 1000)) != PSE_LIFE_STOP)
 *         …PSE_LIFE_RELOAD: read settings again; PSE_LIFE_TICK: once a second…
 *     pse_life_stopping(&life);
 *     …drain, then leave…
 *
 * SIGTERM and SIGINT ask for a clean stop, SIGHUP for a reload, SIGPIPE is ignored; no code runs in
 * a signal handler. NOTIFY_SOCKET, WATCHDOG_USEC and LISTEN_FDS are read once here and taken out of
 * the environment: they are how a service manager hands over sockets and listens for signs of
 * life, and change nothing a daemon does. */
#ifndef PSE_DAEMON_LIFE_H
#define PSE_DAEMON_LIFE_H

#include "daemon/fault.h"

enum { PSE_LIFE_LISTEN_MAX = 16, PSE_LIFE_NAME_MAX = 32, PSE_LIFE_FIRST_FD = 3 };

/** Exit status of a daemon that refuses to sign; never started again by itself. */
enum { PSE_EXIT_REFUSES = 4 };

struct pse_life {
    int signals;         /* signalfd; may be polled by the daemon's own loop */
    int notify;          /* to the service manager, -1: there is none */
    int64_t watchdog_ms; /* it wants a sign of life so often; 0: never */
    int64_t next_sign_ms;
    size_t listen_count; /* sockets handed over */
    char listen_name[PSE_LIFE_LISTEN_MAX][PSE_LIFE_NAME_MAX];
};

enum pse_life_event { PSE_LIFE_TICK, PSE_LIFE_RELOAD, PSE_LIFE_STOP };

/** One thread, before all others: they inherit the blocked signals. PSE_E_IO. */
PSE_MUST pse_rc pse_life_begin(struct pse_life *life, struct pse_fault *fault);
/** The socket that was handed over under @p name (FDNAME= of the unit), or -1. It stays open. */
int pse_life_listen(const struct pse_life *life, const char *name);
/** Tell the service manager: ready, with a status line for people; stopping; both are nothing
 * where there is no manager. */
void pse_life_ready(struct pse_life *life, const char *status);
void pse_life_stopping(struct pse_life *life);
/** Wait for a signal, at most @p ms. Sends signs of life when they are due, also from a loop that
 * calls it with 0: a daemon that hangs sends none. */
enum pse_life_event pse_life_wait(struct pse_life *life, int ms);
/** From any thread: the main thread's next pse_life_wait says PSE_LIFE_STOP. Inside the sandbox
 * kill() is forbidden, also towards oneself; this is not. */
void pse_life_stop(void);
void pse_life_end(struct pse_life *life);

/* --- state folder ----------------------------------------------------------------------------- */

/** Open the state folder @p path, making it (0700) if need be, and take its lock: the file `lock`
 * inside, which holds our process id as text. *dir and *lock are descriptors to keep until the
 * end. PSE_E_STATE: another process has it, or the folder is not ours alone (owner, mode 0700);
 * PSE_E_IO. */
PSE_MUST pse_rc pse_state_open(int *dir, int *lock, struct pse_fault *fault, const char *path);

/* --- health ----------------------------------------------------------------------------------- */

enum { PSE_HEALTH_MAX = 16 };

/** One thing that must go on happening: a checkpoint is signed, the store answers. */
struct pse_health_item {
    const char *name; /* "checkpoint" */
    int64_t max_ms;   /* how old its last success may be */
    int64_t seen_ms;  /* steady clock; 0: never yet */
};

/** Any thread; the records are a caller's array under the caller's lock. Healthy: every item was
 * seen within its time. */
bool pse_health_is_good(const struct pse_health_item *items, size_t count, int64_t now_ms);
/** {"status":"ok"|"failing","checks":{"checkpoint":{"status":…,"age_ms":…}}} and a line end. */
PSE_MUST pse_rc pse_health_put(struct pse_buf *b, const struct pse_health_item *items, size_t count,
                               int64_t now_ms);

#endif
