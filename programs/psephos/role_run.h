/* The loop of a role that follows an election from home: psephos trustee run, psephos mixer run.
 *
 * For: following the record and its mirrors, noticing when something has happened that may concern
 * the role, verifying the whole record then, letting the role take its step, and posting what it
 * made. The loop itself remembers nothing but the pinned election: whoever kills it at any point
 * loses nothing, since each step begins from the record and the role's own folder. Not for: what a
 * step is, settings (role_daemon.h). */
#ifndef PSE_PSEPHOS_ROLE_RUN_H
#define PSE_PSEPHOS_ROLE_RUN_H

#include "psephos/session.h"

struct daemon;

enum { ROLE_RUN_INTERVAL = 5 };

/** What a step has come to when it returns PSE_OK. */
enum role_step {
    ROLE_WAITS,    /* nothing to do before the record grows */
    ROLE_MADE,     /* something is in the session's parcel */
    ROLE_PATIENT,  /* nothing to do yet, but time alone may change that: look again */
    ROLE_FINISHED, /* nothing will ever be left to do */
};

struct role_run {
    const char *name;
    struct session_options *options;
    enum key_role role;
    bool once;
    uint64_t interval; /* seconds between rounds */
    void *ctx;
    struct daemon *daemon;   /* NULL: in a terminal */
    void (*take)(void *ctx); /* called when the daemon's settings were read again; may be NULL */
    /** One step over the session's record and key. Any failure ends the run: it needs a person. */
    pse_rc (*step)(void *ctx, struct session *s, enum role_step *step);
};

#define ROLE_RUN_OPTIONS(run)                                                                      \
    CLI_FLAG("once", &(run)->once, "do what can be done now, then end (status 3: to be gone on)"), \
        CLI_NUMBER("interval", "S", &(run)->interval, 1, 3600,                                     \
                   "seconds between two looks at the record (default 5)")

/** Run until the role is finished (exit status 0), a step fails, a daemon is told to stop, or, with
 * once, there is nothing to do for now (CLI_EXIT_UNFINISHED). Without --eid the election is pinned
 * on the first run: a person types its id or fingerprint on the terminal; it is kept in
 * KEY.state/election. */
int role_run(struct role_run *run);

/** Ask on the terminal and read one line into @p line (without its end). False: there is no
 * terminal, or no answer. */
bool role_run_ask(char *line, size_t size, const char *question);

#endif
