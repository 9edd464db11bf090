#include "common/daemon.h"

#include <stdio.h>
#include <unistd.h>

#include "common/files.h"

static int leave(const struct pse_fault *fault, const char *name, int status)
{
    cli_error(name, "%s", fault->text);
    return status;
}

static int print(struct pse_buf *b, const char *name)
{
    bool good = b->rc == PSE_OK && fwrite(b->p, 1, b->n, stdout) == b->n && fflush(stdout) == 0;

    pse_buf_free(b);
    if (good)
        return CLI_EXIT_OK;
    cli_error(name, "standard output takes nothing; is the disk full?");
    return CLI_EXIT_FAILED;
}

/* The settings, or what was asked about them instead. */
static bool read_settings(int *status, struct daemon *d, const struct daemon_options *o)
{
    struct pse_buf b = PSE_BUF(1 << 20);
    struct pse_fault fault;

    if (o->describe) {
        pse_conf_put_manual(&b, d->conf);
        *status = print(&b, d->name);
        return false;
    }
    *status = CLI_EXIT_USAGE;
    if (o->config == NULL) {
        cli_error(d->name, "no settings: name a file with --config; its keys are in the manual");
        return false;
    }
    if (pse_conf_load(d->settings, &fault, d->conf, o->config) != PSE_OK) {
        (void)leave(&fault, d->name, *status);
        return false;
    }
    if (!o->dump && !o->check)
        return true;
    if (o->dump)
        pse_conf_put_dump(&b, d->conf, d->settings);
    else
        pse_buf_put(&b, "the settings are good\n", strlen("the settings are good\n"));
    *status = print(&b, d->name);
    return false;
}

/* "witness@host" */
static void name_source(char *out, size_t size, const struct daemon *d)
{
    char host[65] = "";

    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
        snprintf(host, sizeof host, "localhost");
    snprintf(out, size, "%.32s@%.64s", d->conf->daemon, host);
}

static pse_rc open_state(struct daemon *d, struct pse_fault *fault)
{
    char source[PSE_EVENT_SOURCE_MAX];
    char path[FILE_PATH_MAX];

    PSE_TRY(pse_state_open(&d->state, &d->lock, fault, d->common->state));
    if (file_join(path, d->name, d->common->state, "events") != PSE_OK)
        return pse_fault(fault, PSE_E_LIMIT, "the path of the state folder is too long");
    name_source(source, sizeof source, d);
    return pse_events_open(&d->events, fault, path, source, d->common->events_size,
                           (unsigned)d->common->events_keep);
}

bool daemon_begin(int *status, struct daemon *d, const char *name, const struct pse_conf *conf,
                  void *settings, struct daemon_common *common, const struct daemon_options *o)
{
    struct pse_fault fault;

    *d = (struct daemon){.name = name,
                         .conf = conf,
                         .config = o->config,
                         .credentials = o->credentials,
                         .settings = settings,
                         .common = common,
                         .state = -1,
                         .lock = -1,
                         .events.fd = -1};
    if (!read_settings(status, d, o))
        return false;
    pse_log_init(&d->log, STDERR_FILENO, (enum pse_log_level)common->level);
    *status = CLI_EXIT_FAILED;
    if (pse_sandbox_limits(&fault, common->files) == PSE_OK &&
        pse_life_begin(&d->life, &fault) == PSE_OK && open_state(d, &fault) == PSE_OK) {
        *status = CLI_EXIT_OK;
        return true;
    }
    (void)leave(&fault, name, *status);
    return false;
}

bool daemon_secret(int *status, struct pse_hidden *out, const struct daemon *d, const char *where,
                   size_t max)
{
    struct pse_fault fault;

    if (pse_hidden_read(out, &fault, where, d->credentials, max) == PSE_OK)
        return true;
    *status = leave(&fault, d->name, CLI_EXIT_USAGE);
    return false;
}

static void append_dirs(const char **all, size_t *n, const char *const *dirs)
{
    for (; dirs != NULL && *dirs != NULL; dirs++) {
        PSE_REQUIRE(*n < DAEMON_DIRS_MAX);
        all[(*n)++] = *dirs;
    }
}

static void tell_sandbox(struct daemon *d, const struct pse_sandbox_report *r)
{
    enum pse_log_level level = r->landlock > 0 && r->seccomp ? PSE_LOG_INFO : PSE_LOG_WARNING;

    PSE_LOG(&d->log, level, "daemon.sandbox", PSE_F("landlock", r->landlock),
            PSE_F("tcp", r->landlock_net), PSE_F("seccomp", r->seccomp),
            PSE_F("locked", r->locked));
}

bool daemon_confine(int *status, struct daemon *d, enum pse_sandbox_profile profile,
                    const char *const *write_dirs, const char *const *read_dirs)
{
    const char *write_all[DAEMON_DIRS_MAX + 1] = {d->common->state};
    const char *read_all[DAEMON_DIRS_MAX + 1] = {NULL};
    char folder[FILE_PATH_MAX];
    const char *slash = strrchr(d->config, '/');
    size_t writes = 1;
    size_t reads = 1;
    struct pse_sandbox s = {profile, write_all, read_all, d->common->required};
    struct pse_sandbox_report report;
    struct pse_fault fault;

    /* The folder, not the file: an editor puts a new file in its place. */
    snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - d->config + 1),
             slash == NULL ? "." : d->config);
    read_all[0] = folder;
    append_dirs(write_all, &writes, write_dirs);
    append_dirs(read_all, &reads, read_dirs);
    if (pse_sandbox_enter(&report, &fault, &s) != PSE_OK) {
        *status = leave(&fault, d->name, CLI_EXIT_FAILED);
        return false;
    }
    tell_sandbox(d, &report);
    return true;
}

static void put_event(struct daemon *d, const char *type, unsigned sev)
{
    if (pse_events_put(&d->events,
                       &(struct pse_event){.type = type, .sev = sev, .outcome = "ok"}) != PSE_OK)
        PSE_LOG(&d->log, PSE_LOG_ERROR, "daemon.event-lost", PSE_F("type", type));
}

void daemon_ready(struct daemon *d, const char *where)
{
    pse_hash settings;

    pse_conf_hash(&settings, d->conf, d->settings);
    d->beat_ms = pse_clock_steady_ms();
    put_event(d, "daemon.start", 5);
    PSE_LOG(&d->log, PSE_LOG_NOTICE, "daemon.ready", PSE_F("daemon", d->conf->daemon),
            PSE_F("where", where), PSE_F("settings", settings));
    pse_life_ready(&d->life, where);
}

static bool reload(struct daemon *d)
{
    struct pse_fault fault;
    pse_hash settings;
    size_t changed;

    if (pse_conf_reload(d->settings, &changed, &fault, d->conf, d->config) != PSE_OK) {
        PSE_LOG(&d->log, PSE_LOG_ERROR, "daemon.reload-refused",
                PSE_F("why", (const char *)fault.text));
        return false;
    }
    pse_log_set_level(&d->log, (enum pse_log_level)d->common->level);
    pse_conf_hash(&settings, d->conf, d->settings);
    PSE_LOG(&d->log, PSE_LOG_NOTICE, "daemon.reloaded", PSE_F("changed", (unsigned long)changed),
            PSE_F("settings", settings));
    put_event(d, "daemon.reload", 5);
    return changed > 0;
}

enum pse_life_event daemon_wait(struct daemon *d, int ms)
{
    enum pse_life_event e = pse_life_wait(&d->life, ms);
    int64_t now = pse_clock_steady_ms();

    if (now - d->beat_ms >= DAEMON_BEAT_MS) {
        put_event(d, "beat", 7);
        d->beat_ms = now;
    }
    return e == PSE_LIFE_RELOAD && !reload(d) ? PSE_LIFE_TICK : e;
}

int daemon_end(struct daemon *d, int status)
{
    pse_life_stopping(&d->life);
    put_event(d, "daemon.stop", 5);
    if (pse_events_sync(&d->events) != PSE_OK)
        PSE_LOG(&d->log, PSE_LOG_ERROR, "daemon.event-lost", PSE_F("type", "daemon.stop"));
    PSE_LOG(&d->log, PSE_LOG_NOTICE, "daemon.stopped", PSE_F("status", status));
    pse_events_close(&d->events);
    pse_life_end(&d->life);
    if (d->lock >= 0)
        close(d->lock);
    if (d->state >= 0)
        close(d->state);
    return status;
}
