/* psephos load null: an empty answer to everything, over the same HTTP server and in the same mode
 * as the box. What it costs is the floor that figures are ratios to. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/options.h"
#include "net/net.h"
#include "psephos/load.h"
#include "psephos/load_null.h"
#include "psephos/verbs.h"

static const char name[] = "psephos load null";

enum { LANE_ROOM = 8192, WORK_MAX_US = 1000000 };

static void nothing(void *ctx, struct pse_http_call *const *call, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        struct pse_http_answer a = {.status = 200};

        pse_http_answer(call[i], &a);
    }
}

/* Up to *work microseconds, differently each time: answers come before, while and after the HTTP
 * thread leaves the request. */
static void working(void *ctx, struct pse_http_call *const *call, size_t n)
{
    const uint64_t *work = ctx;
    struct timespec nap = {0, 1000 * (long)((uint64_t)random() % (*work + 1))};

    (void)nanosleep(&nap, NULL);
    nothing(NULL, call, n);
}

pse_rc load_null_start(struct pse_http **http, char address[PSE_HTTP_ADDRESS], const char *where,
                       bool is_inline, uint64_t work)
{
    static uint64_t work_us;
    static struct pse_http_route route[2];
    struct pse_http_options o = {
        .route = route, .routes = 2, .per_source = UINT_MAX, .lane = {{LANE_ROOM, 1}}};
    int fd;

    work_us = work;
    route[0] = (struct pse_http_route){.methods = PSE_HTTP_POST,
                                       .path = "/v1/ballots",
                                       .body_max = 65535,
                                       .lane = is_inline ? PSE_HTTP_INLINE : 0,
                                       .batch = is_inline ? 0 : PSE_HTTP_BATCH_MAX,
                                       .handle = work > 0 ? working : nothing,
                                       .ctx = &work_us};
    route[1] = (struct pse_http_route){.methods = PSE_HTTP_GET,
                                       .path = "/",
                                       .query = true,
                                       .lane = PSE_HTTP_INLINE,
                                       .handle = nothing};
    PSE_TRY(pse_http_listen(&fd, address, where));
    return pse_http_start(http, &o, fd);
}

int load_null(int argc, char **argv)
{
    const char *listen = "127.0.0.1:0";
    bool is_inline = false;
    uint64_t work = 0;
    const struct cli_option options[] = {
        CLI_TEXT("listen", "WHERE", &listen, "127.0.0.1:PORT or unix:PATH (default: a free port)"),
        CLI_FLAG("inline", &is_inline, "answer ballots in the HTTP thread, without a worker"),
        CLI_NUMBER("work", "US", &work, 0, WORK_MAX_US - 1,
                   "the worker takes up to so many microseconds, at random (default 0)"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "[--listen WHERE]",
        .about =
            "Answer every request with an empty 200, as the box would if it had nothing to do.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    char address[PSE_HTTP_ADDRESS];
    struct pse_http *http = NULL;
    int status, signal_number;
    sigset_t stop;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTERM);
    (void)sigaddset(&stop, SIGINT);
    PSE_REQUIRE(sigprocmask(SIG_BLOCK, &stop, NULL) == 0); /* before there are threads */
    rc = load_null_start(&http, address, listen, is_inline, work);
    if (rc != PSE_OK) {
        cli_error(name, "cannot listen on %s (%s); say 127.0.0.1:PORT or unix:PATH", listen,
                  rc == PSE_E_IO ? strerror(errno) : pse_rc_name(rc));
        return verb_exit(rc == PSE_E_IO ? PSE_E_SYNTAX : rc);
    }
    printf("%s\n", address);
    (void)fflush(stdout);
    while (sigwait(&stop, &signal_number) != 0)
        ;
    pse_http_stop(http);
    return CLI_EXIT_OK;
}
