#include "psephos/role_daemon.h"

#include <stdio.h>
#include <string.h>

#include "codec/text.h"

bool role_daemon_is_asked(int argc, char **argv)
{
    static const char *const word[] = {"--config", "--credentials", "--check-config",
                                       "--dump-config", "--describe-config"};

    for (int i = 1; i < argc; i++) {
        for (size_t k = 0; k < CLI_COUNT(word); k++) {
            size_t n = strlen(word[k]);

            if (strncmp(argv[i], word[k], n) == 0 && (argv[i][n] == '\0' || argv[i][n] == '='))
                return true;
        }
    }
    return false;
}

static bool take_options(struct role_run *run, struct role_settings *set)
{
    struct session_options *o = run->options;

    o->record = set->record;
    o->post = set->box;
    o->key = set->key;
    run->interval = (set->interval_ms + 999) / 1000;
    for (char *word = strtok(set->mirrors, " "); word != NULL; word = strtok(NULL, " ")) {
        if (o->mirror.n == CLI_LIST_MAX) {
            cli_error(run->name, "[record] mirrors names more than %d places", CLI_LIST_MAX);
            return false;
        }
        o->mirror.v[o->mirror.n++] = word;
    }
    if (set->election[0] == '\0')
        return true;
    o->eid.given = pse_hex_decode(o->eid.value.b, sizeof o->eid.value.b,
                                  pse_span_str(set->election)) == PSE_OK;
    if (!o->eid.given)
        cli_error(run->name, "[record] election is not 64 hexadecimal digits in lower case");
    return o->eid.given;
}

/* Names and certificates are read from the system's folders. */
static bool confine(int *status, struct daemon *d, const struct role_settings *set)
{
    static const char *const read_dirs[] = {"/etc", "/usr", NULL};
    char folder[PSE_CONF_TEXT];
    const char *write_dirs[] = {folder, NULL};
    const char *slash = strrchr(set->key, '/');

    (void)snprintf(folder, sizeof folder, "%.*s", slash == set->key ? 1 : (int)(slash - set->key),
                   set->key);
    return daemon_confine(status, d, PSE_SANDBOX_CLIENT, write_dirs, read_dirs);
}

int role_daemon(struct role_run *run, const struct pse_conf *conf, void *settings,
                struct role_settings *role, void (*take)(void *ctx), int argc, char **argv)
{
    static struct daemon d;
    static struct role_settings own; /* cut apart, and not what is reloaded */
    struct daemon_options given = {0};
    const struct cli_option options[] = {DAEMON_OPTIONS(&given)};
    const struct cli_command command = {
        .name = run->name,
        .synopsis = "--config FILE",
        .about = "With a settings file, nothing else stands on the command line.",
        .options = options,
        .option_count = CLI_COUNT(options)};
    int status;

    if (!cli_parse(&status, &command, argc, argv) ||
        !daemon_begin(&status, &d, run->name, conf, settings, &role->common, &given))
        return status;
    own = *role;
    run->daemon = &d;
    run->take = take;
    if (take != NULL)
        take(run->ctx);
    if (!take_options(run, &own))
        return daemon_end(&d, CLI_EXIT_USAGE);
    if (key_is_wrapped(own.key)) {
        cli_error(run->name,
                  "%s is wrapped by a token, which a daemon in its sandbox does not "
                  "reach; run it without --config, or give it a plain key file",
                  own.key);
        return daemon_end(&d, CLI_EXIT_USAGE);
    }
    if (!confine(&status, &d, &own))
        return daemon_end(&d, status);
    return daemon_end(&d, role_run(run));
}
