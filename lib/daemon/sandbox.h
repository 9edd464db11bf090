/* The sandbox a daemon puts itself into (contracts: service, section 6), with or without systemd.
 *
 * First pse_sandbox_limits, before any secret is read: no core dumps, not traceable, no new
 * privileges, private files only, bounded descriptors. Then, once all files, sockets and locks are
 * open and before the first thread is started, pse_sandbox_enter: Landlock confines files (and
 * TCP, where the kernel can) and a seccomp list confines system calls. Neither can be undone, and
 * later threads inherit both.
 *
 * A call that is not on the list fails with EPERM, so that a library that tries something optional
 * goes on; starting a program, tracing or loading code ends the process at once (SIGSYS), since no
 * honest path leads there. Memory is never writable and executable. */
#ifndef PSE_DAEMON_SANDBOX_H
#define PSE_DAEMON_SANDBOX_H

#include "daemon/fault.h"

enum pse_sandbox_profile {
    PSE_SANDBOX_COMPUTE, /* files and open descriptors; no new socket of any kind */
    PSE_SANDBOX_UNIX,    /* and Unix sockets */
    PSE_SANDBOX_SERVER,  /* and accepting on TCP sockets that are already listening */
    PSE_SANDBOX_CLIENT,  /* and connecting over TCP, with look-up of names */
};

struct pse_sandbox {
    enum pse_sandbox_profile profile;
    const char *const *write_dirs; /* NULL-ended: folders (or files) to read and write below */
    const char *const *read_dirs;  /* NULL-ended: folders (or files) to read below */
    bool required;                 /* refuse (PSE_E_UNSUPPORTED) where the kernel lacks a part */
};

/** What was put in place, for the log and for tests. */
struct pse_sandbox_report {
    int landlock;      /* ABI of the kernel, 0: it has none and files are not confined */
    bool landlock_net; /* TCP is confined by Landlock as well */
    bool seccomp;
    bool locked; /* all memory is kept from swap; else only secrets are (guarded memory) */
};

/** Limits that need no list: umask 077, RLIMIT_CORE 0, not dumpable, no new privileges, at most
 * @p files descriptors (or the hard limit). PSE_E_IO. */
PSE_MUST pse_rc pse_sandbox_limits(struct pse_fault *fault, uint64_t files);

/** Enter. One thread only. A part that the kernel lacks is left out and missing in @p report,
 * unless s->required. PSE_E_IO, PSE_E_MISSING (a folder is not there), PSE_E_UNSUPPORTED: the
 * caller must not go on. */
PSE_MUST pse_rc pse_sandbox_enter(struct pse_sandbox_report *report, struct pse_fault *fault,
                                  const struct pse_sandbox *s);

#endif
