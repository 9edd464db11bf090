/* psephos board: the public side of an election. */
#include "psephos/board.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "commands.h"
#include "common/http_service.h"
#include "common/sysrng.h"
#include "psephos/verbs.h"

#define SET struct board_settings
static const struct pse_conf_key keys[] = {
    DAEMON_KEYS(SET, common),
    PSE_CONF_WORDS(SET, listen, "listen", "address", 1, 250, NULL, PSE_CONF_FIXED,
                   "unix:PATH, 127.0.0.1:PORT, [::1]:PORT, or fd:0 for the socket of the service "
                   "manager; the public address is the edge's."),
    PSE_CONF_WORDS(SET, metrics, "listen", "metrics", 0, 250, "", PSE_CONF_FIXED,
                   "Where /metrics and /healthz are served by a thread of their own, on loopback; "
                   "empty: nowhere."),
    PSE_CONF_PATH(SET, record, "record", "folder", NULL, PSE_CONF_FIXED,
                  "The public record: that of the sequencer, or a mirror's copy."),
    PSE_CONF_NUMBER(SET, receipts, "limits", "receipts", 16, 65536, "1024", "requests",
                    PSE_CONF_FIXED, "How many receipts may wait to be made."),
    PSE_CONF_TIME(SET, checkpoint_ms, "health", "checkpoint", 1000, 2592000000, "24 h",
                  PSE_CONF_RELOAD,
                  "How old the newest cosignature may be before /healthz fails, until the election "
                  "has ended; a log in which nothing happens gets no newer ones."),
};
static const struct pse_conf conf = {"board", keys, PSE_CONF_COUNT(keys), sizeof(SET)};

enum { FIRST_LOOK_TRIES = 100 /* of 50 ms */ };

/* --- opening -----------------------------------------------------------------------------------
 */

static pse_rc make_ready(struct board *b)
{
    PSE_TRY(sysrng_start(&b->rng, b->d.name));
    PSE_TRY(pse_pool_new(&b->pool, 1));
    PSE_TRY(pse_group_new(&b->g, PSE_BACKEND_AUTO, b->pool));
    PSE_TRY(pse_static_new(&b->files, b->set->record, pse_static_record, PSE_STATIC_RECORD_RULES));
    return board_follow(b);
}

static void close_board(struct board *b)
{
    board_unfollow(b);
    if (b->has_tree)
        record_source_close(&b->tree);
    pse_static_free(b->files);
    pse_group_free(b->g);
    pse_pool_free(b->pool);
    pse_rng_wipe(&b->rng);
}

/* --- life --------------------------------------------------------------------------------------
 */

/* Who waited for READY finds the election's view, unless the record is long or not there. False
 * when told to stop meanwhile. */
static bool first_look(struct board *b)
{
    for (int i = 0; i < FIRST_LOOK_TRIES && !atomic_load(&b->has_looked); i++) {
        if (daemon_wait(&b->d, 50) == PSE_LIFE_STOP)
            return false;
    }
    return true;
}

static int wait_for_end(struct board *b, const char *address)
{
    static struct service_figures own;
    struct pse_http *figures;
    bool go_on;

    own = (struct service_figures){.metrics = board_metrics, .health = board_health, .ctx = b};
    if (service_figures_start(&figures, &own, b->figures, &b->d.log) != PSE_OK) {
        cli_error(b->d.name, "cannot serve /metrics");
        return CLI_EXIT_FAILED;
    }
    go_on = first_look(b);
    printf("%s\n", address);
    (void)fflush(stdout);
    if (go_on)
        daemon_ready(&b->d, address);
    while (go_on && daemon_wait(&b->d, 1000) != PSE_LIFE_STOP)
        board_measure(b);
    pse_life_stopping(&b->d.life);
    pse_http_stop(figures);
    return CLI_EXIT_OK;
}

static int serve(struct board *b, int fd, const char *address)
{
    const struct pse_http_route route[] = {
        {.methods = PSE_HTTP_GET,
         .path = "/record/",
         .lane = PSE_HTTP_INLINE,
         .handle = pse_static_handle,
         .ctx = b->files},
        {.methods = PSE_HTTP_GET,
         .path = "/v1/election",
         .lane = PSE_HTTP_INLINE,
         .handle = board_election,
         .ctx = b},
        {.methods = PSE_HTTP_GET,
         .path = "/v1/receipts/",
         .batch = PSE_HTTP_BATCH_MAX,
         .handle = board_receipt,
         .ctx = b},
        {.methods = PSE_HTTP_GET,
         .path = "/healthz",
         .lane = PSE_HTTP_INLINE,
         .handle = board_health,
         .ctx = b},
        service_openapi_route(),
    };
    struct pse_http_options o = {.route = route,
                                 .routes = CLI_COUNT(route),
                                 .lane = {{b->set->receipts, 1}},
                                 .per_source = UINT_MAX};
    int status;

    pse_rng_fill(&b->rng, &o.seed, sizeof o.seed);
    if (service_start(&b->http, &o, fd, &b->d.log) != PSE_OK) {
        cli_error(b->d.name, "cannot serve on %s", address);
        return CLI_EXIT_FAILED;
    }
    status = wait_for_end(b, address);
    pse_http_stop(b->http);
    b->http = NULL;
    return status;
}

static int make_and_serve(struct board *b, int fd, const char *address)
{
    pse_rc rc = make_ready(b);

    if (rc == PSE_OK)
        return serve(b, fd, address);
    (void)close(fd);
    cli_error(b->d.name, "cannot make ready (%s); is the folder %s there?", pse_rc_name(rc),
              b->set->record);
    return CLI_EXIT_FAILED;
}

static int open_and_serve(struct board *b)
{
    const char *read_dirs[] = {b->set->record, NULL};
    char address[PSE_HTTP_ADDRESS];
    char figures[PSE_HTTP_ADDRESS];
    int status = CLI_EXIT_FAILED;
    int fd;
    pse_rc rc;

    b->figures = -1;
    rc = service_listen(&fd, address, b->d.name, "address", b->set->listen);
    if (rc == PSE_OK && b->set->metrics[0] != '\0')
        rc = service_listen(&b->figures, figures, b->d.name, "metrics", b->set->metrics);
    /* An address that is taken now may be free when it is tried again. */
    if (rc != PSE_OK)
        return rc == PSE_E_IO ? CLI_EXIT_FAILED : CLI_EXIT_USAGE;
    if (b->figures >= 0)
        PSE_LOG(&b->d.log, PSE_LOG_NOTICE, "board.metrics", PSE_F("where", (const char *)figures));
    if (!daemon_confine(&status, &b->d, PSE_SANDBOX_SERVER, NULL, read_dirs))
        return status;
    return make_and_serve(b, fd, address);
}

static int board_serve(int argc, char **argv)
{
    static struct board_settings set;
    static struct board b;
    struct daemon_options o = {0};
    const struct cli_option options[] = {DAEMON_OPTIONS(&o)};
    const struct cli_command command = {
        .name = "psephos board serve",
        .synopsis = "--config FILE",
        .about = "Serve the public record for reading: its files, the election's view, and "
                 "receipts\nout of the published tree.",
        .options = options,
        .option_count = CLI_COUNT(options)};
    int status;

    if (!cli_parse(&status, &command, argc, argv) ||
        !daemon_begin(&status, &b.d, command.name, &conf, &set, &set.common, &o))
        return status;
    b.set = &set;
    status = open_and_serve(&b);
    close_board(&b);
    return daemon_end(&b.d, status);
}

int cmd_board(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"serve", "serve the record for reading", board_serve},
    };

    return verbs_run("board", "The public side: record, receipts, the election's view.", verb,
                     CLI_COUNT(verb), argc, argv);
}
