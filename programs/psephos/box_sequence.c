/* psephos box sequence: the one process that signs the log. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/codec.h"
#include "net/http.h"
#include "psephos/box.h"

enum { USERS_MAX = 16 };

/* --- the socket --------------------------------------------------------------------------------
 */

static pse_rc parse_users(uint32_t uid[USERS_MAX], size_t *n, const char *name, const char *text)
{
    struct pse_span left = pse_span_str(text);

    *n = 0;
    while (left.n > 0) {
        const uint8_t *space = memchr(left.p, ' ', left.n);
        size_t word = space == NULL ? left.n : (size_t)(space - left.p);
        uint64_t x;

        if (word > 0) {
            if (*n == USERS_MAX || pse_decimal_decode(&x, pse_span(left.p, word)) != PSE_OK ||
                x > UINT32_MAX) {
                cli_error(name, "[listen] users '%s' is not a list of at most %d numbers of users",
                          text, USERS_MAX);
                return PSE_E_SYNTAX;
            }
            uid[(*n)++] = (uint32_t)x;
        }
        word += space == NULL ? 0 : 1;
        left = pse_span(left.p + word, left.n - word);
    }
    return PSE_OK;
}

/* Any user may try to connect; who is let in is decided by number (SO_PEERCRED). */
static pse_rc listen_here(int *fd, const char *name, const char *path)
{
    char where[PSE_HTTP_ADDRESS + 8];
    char address[PSE_HTTP_ADDRESS];
    pse_rc rc;

    (void)snprintf(where, sizeof where, "unix:%.250s", path);
    rc = pse_http_listen(fd, address, where);
    if (rc == PSE_OK && chmod(path, 0666) != 0)
        rc = PSE_E_IO;
    if (rc != PSE_OK)
        cli_error(name, "cannot listen on %s: %s", path,
                  rc == PSE_E_IO ? strerror(errno) : pse_rc_name(rc));
    return rc;
}

/* --- running -----------------------------------------------------------------------------------
 */

struct sequence {
    struct daemon d;
    struct box_log log;
    struct box_server *server;
    struct pse_sequencer *sequencer;
    int fd;
    uint32_t uid[USERS_MAX];
    size_t uids;
};

/* Asked while standing by: has a signal come to stop? It stays pending for daemon_wait. */
static bool is_stopping(void *ctx)
{
    sigset_t pending;

    (void)ctx;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}

static void on_answer(void *ctx, void *ticket, const struct pse_answer *a)
{
    (void)ctx;
    box_server_answer(ticket, a);
}

static void on_alarm(void *ctx, size_t i, uint64_t claimed)
{
    struct sequence *s = ctx;

    PSE_LOG(&s->d.log, PSE_LOG_WARNING, "sequence.witness-claims",
            PSE_F("witness", pse_policy_witness(&s->log.policy, i)->name), PSE_F("size", claimed));
}

/* The sequencer's threads tell the main one to end. */
static void on_stopped(void *ctx, const struct pse_stop *why)
{
    (void)ctx;
    (void)why;
    pse_life_stop();
}

static int run(struct sequence *s)
{
    struct pse_sequencer_options o;
    struct pse_stop why;
    pse_rc rc;

    box_log_options(&s->log, &o);
    o.answer = on_answer;
    o.alarm = on_alarm;
    o.stopped = on_stopped;
    rc = box_server_start(&s->server, &s->log, s->fd, s->uid, s->uids);
    if (rc != PSE_OK) {
        cli_error(s->d.name, "cannot serve its socket (%s)", pse_rc_name(rc));
        return CLI_EXIT_FAILED;
    }
    o.ctx = s;
    if (pse_sequencer_start(&s->sequencer, &why, &o) != PSE_OK)
        return box_log_explain(&s->log, &why);
    s->log.sequencer = s->sequencer; /* before there is a batch */
    box_server_open(s->server, s->sequencer);
    daemon_ready(&s->d, s->log.set->socket);
    while (daemon_wait(&s->d, 1000) != PSE_LIFE_STOP)
        ;
    pse_life_stopping(&s->d.life);
    box_server_open(s->server, NULL);
    pse_sequencer_stop(s->sequencer, &why);
    box_server_drain(s->server);
    return box_log_explain(&s->log, &why);
}

static int open_and_run(struct sequence *s, const struct box_log_settings *set)
{
    const char *write_dirs[4];
    const char *read_dirs[4];
    int status = CLI_EXIT_FAILED;

    if (parse_users(s->uid, &s->uids, s->d.name, set->users) != PSE_OK)
        return CLI_EXIT_USAGE;
    if (box_log_begin(&s->log, &s->d, set) != PSE_OK)
        return CLI_EXIT_USAGE;
    if (listen_here(&s->fd, s->d.name, set->socket) != PSE_OK)
        return CLI_EXIT_FAILED;
    box_log_dirs(&s->log, write_dirs, read_dirs);
    if (!daemon_confine(&status, &s->d, PSE_SANDBOX_CLIENT, write_dirs, read_dirs))
        return status;
    if (box_log_open(&s->log, 0, pse_span(NULL, 0), is_stopping, s) != PSE_OK)
        return is_stopping(s) ? CLI_EXIT_OK : CLI_EXIT_FAILED;
    return run(s);
}

int box_sequence(int argc, char **argv)
{
    static struct box_log_settings set;
    static struct sequence s;
    struct daemon_options o = {0};
    const struct cli_option options[] = {DAEMON_OPTIONS(&o)};
    const struct cli_command command = {
        .name = "psephos box sequence",
        .synopsis = "--config FILE",
        .about =
            "Order entries, sign the log, have it witnessed, publish it. Takes entries over a\n"
            "Unix socket from psephos box serve and psephos officer serve.",
        .options = options,
        .option_count = CLI_COUNT(options)};
    int status;

    if (!cli_parse(&status, &command, argc, argv) ||
        !daemon_begin(&status, &s.d, command.name, &box_log_conf, &set, &set.common, &o))
        return status;
    s.fd = -1;
    status = open_and_run(&s, &set);
    box_server_free(s.server);
    box_log_close(&s.log);
    return daemon_end(&s.d, status);
}
