/* psephos box sequence: the one process that signs the log. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/local_socket.h"
#include "psephos/box.h"

/* --- running -----------------------------------------------------------------------------------
 */

struct sequence {
    struct daemon d;
    struct box_log log;
    struct box_server *server;
    struct pse_sequencer *sequencer;
    int fd;
    struct local_users users;
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
    rc = box_server_start(&s->server, &s->log, s->fd, s->users.uid, s->users.n);
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
    const char *read_dirs[6];
    int status = CLI_EXIT_FAILED;

    if (local_users_parse(&s->users, s->d.name, "[listen] users", set->users) != PSE_OK)
        return CLI_EXIT_USAGE;
    if (box_log_begin(&s->log, &s->d, set) != PSE_OK)
        return CLI_EXIT_USAGE;
    if (local_socket_listen(&s->fd, s->d.name, set->socket) != PSE_OK)
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
