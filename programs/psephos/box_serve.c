/* psephos box serve: the front, which takes ballots over HTTP. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/sysrng.h"
#include "psephos/box.h"
#include "psephos/box_front.h"

static const struct pse_conf_key keys[] = {
    DAEMON_KEYS(struct front_settings, common),
    PSE_CONF_WORDS(struct front_settings, listen, "listen", "address", 1, 250, NULL, PSE_CONF_FIXED,
                   "unix:PATH, 127.0.0.1:PORT or [::1]:PORT; the public address is the edge's."),
    PSE_CONF_PATH(struct front_settings, record, "record", "folder", NULL, PSE_CONF_FIXED,
                  "The public record, which the sequencer writes."),
    PSE_CONF_PATH(struct front_settings, sequence, "sequence", "socket", NULL, PSE_CONF_FIXED,
                  "The sequencer's socket."),
    PSE_CONF_NUMBER(struct front_settings, threads, "verify", "threads", 1, 256, "2", "threads",
                    PSE_CONF_FIXED, "Threads that verify ballots."),
    PSE_CONF_NUMBER(struct front_settings, queue, "limits", "queue", 16, 4096, "1024", "ballots",
                    PSE_CONF_FIXED, "How many ballots may wait to be verified."),
    PSE_CONF_NUMBER(struct front_settings, waiting, "limits", "waiting", 64, 65536, "8192",
                    "requests", PSE_CONF_FIXED,
                    "How many ballots and questions may wait for the sequencer."),
};
static const struct pse_conf conf = {"box", keys, PSE_CONF_COUNT(keys),
                                     sizeof(struct front_settings)};

enum { RECEIPT_MS = 10000 };

static void health(void *ctx, struct pse_http_call *const *call, size_t n)
{
    struct front *f = ctx;
    bool good;

    PSE_REQUIRE(n == 1);
    pthread_rwlock_rdlock(&f->lock);
    good = f->is_up;
    pthread_rwlock_unlock(&f->lock);
    if (good)
        pse_http_answer_text(call[0], 200, "text/plain; charset=utf-8", pse_span_str("ok\n"));
    else
        front_problem(call[0], "unavailable", NULL, NULL);
}

static pse_rc listen_on(int *fd, char address[PSE_HTTP_ADDRESS], const char *name,
                        const char *where)
{
    pse_rc rc = pse_http_listen(fd, address, where);

    if (rc == PSE_E_IO)
        cli_error(name, "cannot listen on %s: %s", where, strerror(errno));
    else if (rc != PSE_OK)
        cli_error(name,
                  "[listen] address '%s' is none; say unix:PATH, 127.0.0.1:PORT or [::1]:PORT",
                  where);
    return rc;
}

static pse_rc make_ready(struct front *f)
{
    PSE_TRY(sysrng_start(&f->rng, f->d.name));
    pse_rng_fork(&f->weights, &f->rng);
    PSE_TRY(pse_pool_new(&f->pool, (unsigned)f->set->threads));
    PSE_TRY(pse_group_new(&f->g, PSE_BACKEND_AUTO, f->pool));
    f->seen = calloc(FRONT_SEEN, sizeof *f->seen);
    f->check = calloc(PSE_HTTP_BATCH_MAX, sizeof *f->check);
    if (f->seen == NULL || f->check == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(sequence_client_new(&f->sequence, f->set->sequence, f->set->waiting));
    PSE_TRY(pse_static_new(&f->record, f->set->record, pse_static_record, PSE_STATIC_RECORD_RULES));
    return front_follow(f);
}

static int serve(struct front *f, int fd, const char *address)
{
    const struct pse_http_route route[] = {
        {.methods = PSE_HTTP_POST,
         .path = "/v1/ballots",
         .type = "application/vnd.psephos.ballot",
         .body_max = 65535,
         .lane = LANE_CAST,
         .batch = PSE_HTTP_BATCH_MAX,
         .deadline_ms = RECEIPT_MS,
         .handle = front_cast,
         .ctx = f},
        {.methods = PSE_HTTP_GET,
         .path = "/v1/receipts/",
         .lane = LANE_ASK,
         .batch = PSE_HTTP_BATCH_MAX,
         .deadline_ms = RECEIPT_MS,
         .handle = front_receipt,
         .ctx = f},
        {.methods = PSE_HTTP_GET,
         .path = "/v1/credentials/",
         .lane = LANE_ASK,
         .handle = front_credential,
         .ctx = f},
        {.methods = PSE_HTTP_GET,
         .path = "/v1/election",
         .lane = PSE_HTTP_INLINE,
         .handle = front_election_view,
         .ctx = f},
        {.methods = PSE_HTTP_GET,
         .path = "/record/",
         .lane = PSE_HTTP_INLINE,
         .handle = pse_static_handle,
         .ctx = f->record},
        {.methods = PSE_HTTP_GET,
         .path = "/healthz",
         .lane = PSE_HTTP_INLINE,
         .handle = health,
         .ctx = f},
    };
    struct pse_http_options o = {.route = route,
                                 .routes = CLI_COUNT(route),
                                 .lane = {{f->set->queue, 1}, {1024, 2}},
                                 .per_source = UINT_MAX};
    struct pse_http *http;

    pse_rng_fill(&f->rng, &o.seed, sizeof o.seed);
    if (pse_http_start(&http, &o, fd) != PSE_OK) {
        cli_error(f->d.name, "cannot serve on %s", address);
        return CLI_EXIT_FAILED;
    }
    printf("%s\n", address);
    (void)fflush(stdout);
    daemon_ready(&f->d, address);
    while (daemon_wait(&f->d, 1000) != PSE_LIFE_STOP)
        ;
    pse_life_stopping(&f->d.life);
    pse_http_stop(http);
    return CLI_EXIT_OK;
}

static int make_and_serve(struct front *f, int fd, const char *address)
{
    pse_rc rc = make_ready(f);

    if (rc == PSE_OK)
        return serve(f, fd, address);
    (void)close(fd);
    cli_error(f->d.name, "cannot make ready (%s); is the record %s there?", pse_rc_name(rc),
              f->set->record);
    return CLI_EXIT_FAILED;
}

int box_serve(int argc, char **argv)
{
    static struct front_settings set;
    static struct front f;
    struct daemon_options o = {0};
    const struct cli_option options[] = {DAEMON_OPTIONS(&o)};
    const struct cli_command command = {
        .name = "psephos box serve",
        .synopsis = "--config FILE",
        .about =
            "Take ballots over HTTP, verify them, hand them to psephos box sequence, and answer\n"
            "with witnessed receipts.",
        .options = options,
        .option_count = CLI_COUNT(options)};
    const char *read_dirs[] = {set.record, NULL};
    char address[PSE_HTTP_ADDRESS];
    int status;
    int fd;

    if (!cli_parse(&status, &command, argc, argv) ||
        !daemon_begin(&status, &f.d, command.name, &conf, &set, &set.common, &o))
        return status;
    f.set = &set;
    if (listen_on(&fd, address, command.name, set.listen) != PSE_OK)
        status = CLI_EXIT_USAGE;
    else if (daemon_confine(&status, &f.d, PSE_SANDBOX_SERVER, NULL, read_dirs))
        status = make_and_serve(&f, fd, address);
    front_unfollow(&f);
    sequence_client_free(f.sequence);
    pse_static_free(f.record);
    pse_group_free(f.g);
    pse_pool_free(f.pool);
    free(f.seen);
    free(f.check);
    return daemon_end(&f.d, status);
}
