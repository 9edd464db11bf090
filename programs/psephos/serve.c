/* psephos serve: all roles of an election as daemons on this machine, under one command. */
#include "psephos/serve.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "daemon/daemon.h"
#include "daemon/supervise.h"
#include "psephos/commands.h"
#include "psephos/verbs.h"

enum { PORT_DEFAULT = 7300, DAEMON_WORDS = 6, STOP_MS = 20000, WATCHDOG_MS = 30000 };

struct options {
    const char *dir, *listen, *store;
};

/* --- options -----------------------------------------------------------------------------------
 */

/* The port of 127.0.0.1:PORT. */
static pse_rc parse_listen(uint64_t *port, const struct serve *s, const char *text)
{
    static const char host[] = "127.0.0.1:";

    *port = PORT_DEFAULT;
    if (text == NULL)
        return PSE_OK;
    if (strncmp(text, host, sizeof host - 1) == 0 &&
        pse_decimal_decode(port, pse_span_str(text + sizeof host - 1)) == PSE_OK &&
        *port <= 65535 - SERVE_PORTS)
        return PSE_OK;
    cli_error(s->name, "--listen '%s' is not 127.0.0.1:PORT with a port up to %d (0: free ones)",
              text, 65535 - SERVE_PORTS);
    return PSE_E_SYNTAX;
}

static pse_rc set_store(struct serve *s, const char *store)
{
    int n = store != NULL ? snprintf(s->set.store, sizeof s->set.store, "%s", store)
                          : snprintf(s->set.store, sizeof s->set.store, "%s/store", s->dir);

    if (n > 0 && n < (int)sizeof s->set.store &&
        (store == NULL || strncmp(store, "postgresql://", 13) == 0))
        return PSE_OK;
    cli_error(s->name,
              "--store '%s' is not postgresql://…; without it the store is a folder below "
              "--dir",
              store == NULL ? "" : store);
    return PSE_E_SYNTAX;
}

/* --- beginning, or going on --------------------------------------------------------------------
 */

static bool is_empty(const struct serve *s)
{
    return rmdir(s->dir) == 0 || !file_exists(s->dir);
}

static pse_rc begin_anew(struct serve *s, const struct options *o)
{
    uint64_t port;

    if (!is_empty(s)) {
        cli_error(s->name,
                  "%s is neither empty nor complete: it is something else, or its first start was "
                  "cut off; remove it or choose another --dir",
                  s->dir);
        return PSE_E_STATE;
    }
    PSE_TRY(parse_listen(&port, s, o->listen));
    PSE_TRY(set_store(s, o->store));
    s->set.test = s->plan == NULL;
    s->set.trustees = s->trustee.n == 0 ? SERVE_TRUSTEES : 0;
    s->set.mixers = s->mixer.n == 0 ? SERVE_MIXERS : 0;
    s->set.desk = s->officer.n == 0;
    if (s->officer.n == 1) {
        cli_error(s->name, "an act takes two officers; give --officer CARD at least twice");
        return PSE_E_SYNTAX;
    }
    PSE_TRY(serve_find_ports(s, port));
    cli_note(s->name, "first start: making keys, manifest and ledger in %s", s->dir);
    return serve_set_up(s);
}

/* What is fixed stays fixed: the witnesses' addresses stand in the policy that the manifest names.
 */
static pse_rc go_on(struct serve *s, const struct options *o)
{
    if (o->listen != NULL || o->store != NULL || s->plan != NULL || s->trustee.n > 0 ||
        s->mixer.n > 0 || s->officer.n > 0 || s->origin != NULL) {
        cli_error(s->name,
                  "%s holds an election already; its plan, cards, addresses and store stay: give "
                  "--dir alone",
                  s->dir);
        return PSE_E_SYNTAX;
    }
    PSE_TRY(serve_read_mark(s));
    return serve_write_settings(s);
}

static pse_rc prepare(struct serve *s, const struct options *o)
{
    char mark[FILE_PATH_MAX];

    if (!cli_want(s->name, o->dir, "dir DIR"))
        return PSE_E_MISSING;
    (void)umask(022);
    PSE_TRY(serve_dir(s, o->dir));
    PSE_TRY(serve_path(mark, s, "serve.ini"));
    if (file_exists(mark))
        return go_on(s, o);
    if (s->origin == NULL)
        s->origin = "psephos.localhost/test";
    return begin_anew(s, o);
}

/* --- the daemons -------------------------------------------------------------------------------
 */

struct family {
    char self[FILE_PATH_MAX];
    char name[PSE_SUPERVISE_MAX][32];
    char config[PSE_SUPERVISE_MAX][FILE_PATH_MAX];
    const char *argv[PSE_SUPERVISE_MAX][DAEMON_WORDS];
    struct pse_child child[PSE_SUPERVISE_MAX];
    size_t n;
};

static pse_rc add(struct family *f, const struct serve *s, const char *command, const char *verb,
                  const char *name)
{
    char leaf[64];
    size_t i = f->n;

    PSE_REQUIRE(i < PSE_SUPERVISE_MAX);
    (void)snprintf(f->name[i], sizeof f->name[i], "%s", name);
    (void)snprintf(leaf, sizeof leaf, "etc/%s.ini", name);
    PSE_TRY(serve_path(f->config[i], s, leaf));
    f->argv[i][0] = f->self;
    f->argv[i][1] = command;
    f->argv[i][2] = verb;
    f->argv[i][3] = "--config";
    f->argv[i][4] = f->config[i];
    f->argv[i][5] = NULL;
    f->child[i] = (struct pse_child){
        .name = f->name[i], .argv = f->argv[i], .is_task = strcmp(verb, "run") == 0};
    f->n++;
    return PSE_OK;
}

static pse_rc add_numbered(struct family *f, const struct serve *s, const char *command,
                           const char *verb, uint64_t n)
{
    char name[32];

    for (uint64_t i = 1; i <= n; i++) {
        (void)snprintf(name, sizeof name, "%s-%" PRIu64, command, i);
        PSE_TRY(add(f, s, command, verb, name));
    }
    return PSE_OK;
}

static pse_rc gather(struct family *f, const struct serve *s)
{
    ssize_t n = readlink("/proc/self/exe", f->self, sizeof f->self - 1);

    if (n <= 0) {
        cli_error(s->name, "the program cannot find itself; is /proc mounted?");
        return PSE_E_IO;
    }
    f->self[n] = '\0';
    PSE_TRY(add_numbered(f, s, "witness", "serve", SERVE_WITNESSES));
    PSE_TRY(add(f, s, "box", "sequence", "sequence"));
    PSE_TRY(add(f, s, "box", "serve", "box"));
    PSE_TRY(add(f, s, "board", "serve", "board"));
    PSE_TRY(add(f, s, "officer", "serve", "officer"));
    PSE_TRY(add(f, s, "auth", "serve", "auth"));
    PSE_TRY(add_numbered(f, s, "trustee", "run", s->set.trustees));
    return add_numbered(f, s, "mixer", "run", s->set.mixers);
}

static void on_ready(void *ctx)
{
    serve_say_ready(ctx);
}

static int supervise(struct serve *s)
{
    static struct family f;
    struct pse_log log;
    struct pse_fault fault;
    char run[FILE_PATH_MAX];
    struct pse_supervise v = {.dir = run,
                              .log = &log,
                              .out = STDERR_FILENO,
                              .stop_ms = STOP_MS,
                              .watchdog_ms = WATCHDOG_MS,
                              .ready = on_ready,
                              .ctx = s};
    int status = CLI_EXIT_FAILED;

    pse_log_init(&log, STDERR_FILENO, s->quiet ? PSE_LOG_WARNING : PSE_LOG_NOTICE);
    if (serve_path(run, s, "run") != PSE_OK || gather(&f, s) != PSE_OK)
        return CLI_EXIT_FAILED;
    v.children = f.child;
    v.count = f.n;
    if (pse_supervise_run(&status, &fault, &v) != PSE_OK) {
        cli_error(s->name, "%s", fault.text);
        return CLI_EXIT_FAILED;
    }
    return status;
}

/* One at a time in a folder: two would fight over ports and state. */
static int hold(struct serve *s)
{
    struct pse_fault fault;
    char state[FILE_PATH_MAX];
    int dir;
    int lock;
    int status;

    if (serve_path(state, s, "state") != PSE_OK)
        return CLI_EXIT_FAILED;
    if (pse_state_open(&dir, &lock, &fault, state) != PSE_OK) {
        cli_error(s->name, "%s", fault.text);
        return CLI_EXIT_FAILED;
    }
    status = serve_check_ports(s) == PSE_OK ? supervise(s) : CLI_EXIT_FAILED;
    (void)close(lock);
    (void)close(dir);
    return status;
}

int cmd_serve(int argc, char **argv)
{
    static struct serve s = {.name = "psephos serve"};
    struct options o = {0};
    const struct cli_option options[] = {
        CLI_TEXT("dir", "DIR", &o.dir, "the folder of the election; made on the first start"),
        CLI_TEXT("plan", "FILE", &s.plan, "first start: what people decide (default: a test)"),
        CLI_TEXT("origin", "NAME", &s.origin, "first start: name of the log"),
        CLI_LIST("trustee", "CARD", &s.trustee,
                 "first start: a trustee whose key is elsewhere; repeat for each"),
        CLI_LIST("mixer", "CARD", &s.mixer,
                 "first start: a mixer whose key is elsewhere; repeat for each"),
        CLI_LIST("officer", "CARD", &s.officer,
                 "first start: an officer who may sign acts, whose key is elsewhere; repeat"),
        CLI_TEXT("listen", "127.0.0.1:PORT", &o.listen,
                 "first start: the first of 16 ports (default 7300; 0: free ones)"),
        CLI_TEXT("store", "URL", &o.store, "first start: postgresql://… for the ledger"),
        CLI_FLAG("quiet", &s.quiet, "log warnings and errors only"),
    };
    const struct cli_command command = {
        .name = s.name,
        .synopsis = "--dir DIR [--plan FILE] [--listen 127.0.0.1:PORT] [--store URL]",
        .about =
            "Run all daemons of an election on this machine: witnesses, sequencer, box,\n"
            "board, office, logins, trustees and mixers. The first start makes keys, manifest and\n"
            "ledger; later ones go on.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    rc = prepare(&s, &o);
    return rc == PSE_OK ? hold(&s) : verb_exit(rc);
}
