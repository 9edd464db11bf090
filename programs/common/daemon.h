/* The beginning, the middle and the end that all daemons of psephos have in common.
 *
 * A daemon's settings struct begins with a struct daemon_common, its key table with DAEMON_KEYS,
 * its options with DAEMON_OPTIONS. docs/operations shows a whole main. What fails prints one line
 * under the daemon's name; afterwards the log speaks. */
#ifndef PSE_PROGRAMS_DAEMON_H
#define PSE_PROGRAMS_DAEMON_H

#include "common/options.h"
#include "daemon/daemon.h"

/** Settings that every daemon has. */
struct daemon_common {
    char state[PSE_CONF_TEXT];
    uint64_t level;
    uint64_t events_size;
    uint64_t events_keep;
    uint64_t files;
    bool required;
};

/** The rows of the key table for the struct daemon_common called @p field in @p type. */
#define DAEMON_KEYS(type, field)                                                                  \
    PSE_CONF_PATH(type, field.state, "daemon", "state", NULL, PSE_CONF_FIXED,                     \
                  "The state folder: the daemon's alone, mode 0700, made if it is not there."),   \
        PSE_CONF_CHOICE(type, field.level, "log", "level", PSE_LOG_LEVELS, "notice",              \
                        PSE_CONF_RELOAD, "Down to which level lines are written."),               \
        PSE_CONF_SIZE(type, field.events_size, "log", "events-size", 64 << 10, 1 << 30, "16 MiB", \
                      PSE_CONF_FIXED,                                                             \
                      "How large the file of security events grows before a new one is begun."),  \
        PSE_CONF_NUMBER(type, field.events_keep, "log", "events-keep", 0, 64, "8", "full files",  \
                        PSE_CONF_FIXED, "How many of them are kept; older ones are removed."),    \
        PSE_CONF_NUMBER(type, field.files, "sandbox", "files", 64, 65536, "16384", "descriptors", \
                        PSE_CONF_FIXED, "How many files and connections at once."),               \
        PSE_CONF_SWITCH(type, field.required, "sandbox", "required", "no", PSE_CONF_FIXED,        \
                        "Refuse to start where the kernel lacks a part of the sandbox.")

struct daemon_options {
    const char *config;
    const char *credentials;
    bool check;
    bool dump;
    bool describe;
};

/** No option sets a key of the file, so that the file is the whole truth. */
#define DAEMON_OPTIONS(o)                                                                \
    CLI_TEXT("config", "FILE", &(o)->config, "the settings"),                            \
        CLI_TEXT("credentials", "DIR", &(o)->credentials,                                \
                 "where credential:NAME is looked up (%d of a systemd unit)"),           \
        CLI_FLAG("check-config", &(o)->check,                                            \
                 "read the settings, say whether they are good, leave"),                 \
        CLI_FLAG("dump-config", &(o)->dump, "print all settings and their hash, leave"), \
        CLI_FLAG("describe-config", &(o)->describe,                                      \
                 "print the keys as a section of a manual, leave")

enum { DAEMON_DIRS_MAX = 12, DAEMON_BEAT_MS = 5000 };

struct daemon {
    const char *name; /* "psephos witness": before lines on standard error */
    const struct pse_conf *conf;
    const char *config;
    const char *credentials;
    void *settings;
    struct daemon_common *common; /* inside settings */
    int state;                    /* the state folder */
    int lock;
    int64_t beat_ms;
    struct pse_life life;
    struct pse_log log;
    struct pse_events events; /* the file `events` of the state folder */
};

/** Answer --check-config, --dump-config, --describe-config; else read the settings, take signals,
 * limits, state folder, log and event stream. True: go on (and daemon_end in the end). False: leave
 * with *status. @p settings has conf->size bytes, @p common lies inside. */
bool daemon_begin(int *status, struct daemon *d, const char *name, const struct pse_conf *conf,
                  void *settings, struct daemon_common *common, const struct daemon_options *o);
/** The secret that the setting @p where points to. False: leave with *status. */
bool daemon_secret(int *status, struct pse_hidden *out, const struct daemon *d, const char *where,
                   size_t max);
/** Enter the sandbox: the state folder is writable, the folder of the settings file readable, and
 * what @p write_dirs and @p read_dirs (NULL-ended, NULL: none) name besides. Before any thread. */
bool daemon_confine(int *status, struct daemon *d, enum pse_sandbox_profile profile,
                    const char *const *write_dirs, const char *const *read_dirs);
/** Everything is open: tell the service manager and the log. */
void daemon_ready(struct daemon *d, const char *where);
/** Wait up to @p ms. A reload is done here, all or nothing, and PSE_LIFE_RELOAD returned when it
 * changed settings; every 5 s a heartbeat goes into the event stream. */
enum pse_life_event daemon_wait(struct daemon *d, int ms);
/** Say good-bye and give back what daemon_begin took. Returns @p status. */
int daemon_end(struct daemon *d, int status);

#endif
