/* psephos witness serve: the service with settings, a sandbox and a service manager. */
#include <stdio.h>
#include <unistd.h>

#include "common/daemon_key.h"
#include "psephos/verbs.h"
#include "psephos/witness.h"

struct settings {
    struct daemon_common common;
    char listen[PSE_CONF_TEXT];
    char key[PSE_CONF_TEXT];
    char token[PSE_CONF_TEXT];
};

static const struct pse_conf_key keys[] = {
    DAEMON_KEYS(struct settings, common),
    PSE_CONF_WORDS(struct settings, listen, "listen", "http", 1, 240, "fd:0", PSE_CONF_FIXED,
                   "Where: 127.0.0.1:PORT, [::1]:PORT, unix:PATH, or fd:0 for the socket of the "
                   "service manager."),
    PSE_CONF_KEY(struct settings, key, "witness", "key", NULL, PSE_CONF_FIXED,
                 "The witness's private key (psephos witness init)."),
    PSE_CONF_PATH(struct settings, token, "witness", "token-folder", "", PSE_CONF_FIXED,
                  "A folder that the module of the key's token must read and write; empty: none."),
};
static const struct pse_conf conf = {"witness", keys, PSE_CONF_COUNT(keys),
                                     sizeof(struct settings)};

static int run(struct daemon *d, struct pse_witness_book *st, const struct key *key, int fd,
               const char *address)
{
    const struct settings *set = d->settings;
    const char *write_dirs[2] = {set->token[0] != '\0' ? set->token : NULL};
    struct witness_service *service;
    int status = CLI_EXIT_FAILED;

    if (!daemon_confine(&status, d, PSE_SANDBOX_SERVER, write_dirs, NULL)) {
        (void)close(fd);
        return status;
    }
    if (witness_service_start(&service, d->name, st, key, &d->log, fd) != PSE_OK)
        return CLI_EXIT_FAILED;
    daemon_ready(d, address);
    while (daemon_wait(d, 1000) != PSE_LIFE_STOP)
        ;
    return witness_service_stop(service) == PSE_OK ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

static int open_and_run(struct daemon *d, const struct settings *set)
{
    struct pse_witness_book *st = NULL;
    struct key *key = NULL;
    struct witness_paths p;
    char address[PSE_HTTP_ADDRESS];
    int status = CLI_EXIT_FAILED;
    int fd;
    pse_rc rc = witness_paths(&p, d->name, set->common.state);

    if (rc == PSE_OK)
        rc = witness_open(&st, d->name, p.state, PSE_WITNESS_WRITE, NULL);
    if (rc != PSE_OK)
        return rc == PSE_E_MISMATCH ? PSE_EXIT_REFUSES : verb_exit(rc);
    if (daemon_key(&status, &key, d, set->key, KEY_WITNESS, NULL)) {
        rc = witness_check_key(d->name, st, key);
        if (rc == PSE_OK)
            rc = witness_listen(&fd, address, d->name, set->listen);
        /* An address that is taken now may be free when it is tried again. */
        status = rc == PSE_OK     ? run(d, st, key, fd, address)
                 : rc == PSE_E_IO ? CLI_EXIT_FAILED
                                  : CLI_EXIT_USAGE;
    }
    key_free(key);
    pse_witness_book_close(st);
    return status;
}

int witness_serve(int argc, char **argv)
{
    static struct settings set;
    struct daemon_options o = {0};
    const struct cli_option options[] = {DAEMON_OPTIONS(&o)};
    const struct cli_command command = {
        .name = "psephos witness serve",
        .synopsis = "--config FILE",
        .about = "Serve as a daemon: the state folder of the settings is that of psephos witness\n"
                 "init, and the key a path or a credential.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    struct daemon d;
    int status;

    if (!cli_parse(&status, &command, argc, argv) ||
        !daemon_begin(&status, &d, command.name, &conf, &set, &set.common, &o))
        return status;
    return daemon_end(&d, open_and_run(&d, &set));
}
