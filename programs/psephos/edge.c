/* psephos edge config: the settings of the HAProxy that stands before the daemons. */
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "commands.h"
#include "common/files.h"
#include "common/options.h"
#include "psephos/edge.h"
#include "psephos/verbs.h"

enum { CONFIG_MAX = 1 << 16, WORD_MAX = 200, RATE_MAX = 1000000 };

static const char *name = "psephos edge config";

/* --- what may stand in a line of the configuration ----------------------------------------------
 */

/* HAProxy splits at blanks and knows quotes, escapes, comments and variables. */
static pse_rc check_word(const char *option, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i < n; i++) {
        if (word[i] > ' ' && word[i] < 0x7f && strchr("\"'\\#$", word[i]) == NULL)
            continue;
        n = 0;
    }
    if (n > 0 && n <= WORD_MAX)
        return PSE_OK;
    cli_error(name, "--%s '%s' has a character that HAProxy's settings cannot hold", option, word);
    return PSE_E_SYNTAX;
}

static pse_rc check_server(const char *option, const char *where)
{
    PSE_TRY(check_word(option, where));
    if (strncmp(where, "unix:/", 6) == 0 || strchr(where, ':') != NULL)
        return PSE_OK;
    cli_error(name, "--%s '%s' is neither unix:/PATH nor ADDRESS:PORT", option, where);
    return PSE_E_SYNTAX;
}

static pse_rc check_list(const char *option, const struct cli_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        PSE_TRY(check_server(option, l->v[i]));
    return PSE_OK;
}

static pse_rc check(const struct edge_options *o)
{
    if (o->box.n == 0) {
        cli_error(name, "name at least one box with --box unix:PATH or ADDRESS:PORT");
        return PSE_E_SYNTAX;
    }
    if (o->cert == NULL && o->plain == NULL) {
        cli_error(name, "name the certificate with --cert FILE (certificates, then the key, PEM)");
        return PSE_E_SYNTAX;
    }
    PSE_TRY(check_word("listen", o->listen));
    if (o->cert != NULL)
        PSE_TRY(check_word("cert", o->cert));
    if (o->plain != NULL)
        PSE_TRY(check_word("plain", o->plain));
    if (o->user != NULL)
        PSE_TRY(check_word("user", o->user));
    if (o->group != NULL)
        PSE_TRY(check_word("group", o->group));
    if (o->group != NULL && o->user == NULL) {
        cli_error(name, "--group is that of --user; give both");
        return PSE_E_SYNTAX;
    }
    if (o->plain != NULL && strncmp(o->plain, "127.", 4) != 0 &&
        strncmp(o->plain, "[::1]:", 6) != 0) {
        cli_error(name, "--plain %s is not a loopback address; the public side has TLS", o->plain);
        return PSE_E_SYNTAX;
    }
    PSE_TRY(check_list("box", &o->box));
    PSE_TRY(check_list("board", &o->board));
    return check_list("auth", &o->auth);
}

/* --- the verb ----------------------------------------------------------------------------------
 */

static pse_rc write_text(struct pse_buf *text, const char *out)
{
    if (text->rc != PSE_OK || out != NULL)
        return text->rc != PSE_OK ? text->rc
                                  : file_write(name, out, pse_buf_span(text), FILE_REPLACE);
    (void)fwrite(text->p, 1, text->n, stdout);
    return PSE_OK;
}

static pse_rc write_config(const struct edge_options *o, const char *out)
{
    struct pse_buf text = PSE_BUF(CONFIG_MAX);
    pse_rc rc = check(o);

    if (rc == PSE_OK) {
        edge_put(&text, o);
        rc = write_text(&text, out);
    }
    pse_buf_free(&text);
    return rc;
}

static pse_rc check_officers(const struct edge_officers *o)
{
    if (o->listen == NULL || o->cert == NULL || o->office == NULL) {
        cli_error(name,
                  "name the address with --listen, the certificate with --cert and the office "
                  "with --office");
        return PSE_E_SYNTAX;
    }
    PSE_TRY(check_word("listen", o->listen));
    PSE_TRY(check_word("cert", o->cert));
    if (o->client_ca != NULL)
        PSE_TRY(check_word("client-ca", o->client_ca));
    if (o->user != NULL)
        PSE_TRY(check_word("user", o->user));
    return check_server("office", o->office);
}

static pse_rc write_officers(const struct edge_officers *o, const char *out)
{
    struct pse_buf text = PSE_BUF(CONFIG_MAX);
    pse_rc rc = check_officers(o);

    if (rc == PSE_OK) {
        edge_put_officers(&text, o);
        rc = write_text(&text, out);
    }
    pse_buf_free(&text);
    return rc;
}

static int edge_officers(int argc, char **argv)
{
    struct edge_officers o = {.listen = NULL};
    const char *out = NULL;
    const struct cli_option options[] = {
        CLI_TEXT("out", "FILE", &out, "write it there (default: standard output)"),
        CLI_TEXT("listen", "ADDRESS", &o.listen, "an address of the officers' own network"),
        CLI_TEXT("cert", "FILE", &o.cert, "certificates and key, PEM, one file"),
        CLI_TEXT("client-ca", "FILE", &o.client_ca,
                 "let in only machines with a certificate of these authorities"),
        CLI_TEXT("office", "WHERE", &o.office, "the office: unix:PATH or ADDRESS:PORT"),
        CLI_TEXT("user", "NAME", &o.user, "HAProxy's own user"),
    };
    const struct cli_command command = {
        .name = "psephos edge officers",
        .synopsis = "--listen ADDRESS --cert FILE --office WHERE [--client-ca FILE] [--out FILE]",
        .about =
            "Write the settings of an HAProxy that brings the officers' page to their browsers,\n"
            "on a network of their own.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    name = command.name;
    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return verb_exit(write_officers(&o, out));
}

static int edge_config(int argc, char **argv)
{
    struct edge_options o = {.listen = ":443",
                             .box = {.n = 0},
                             .board = {.n = 0},
                             .auth = {.n = 0},
                             .ballot = EDGE_BALLOT,
                             .waiting = EDGE_WAITING,
                             .connections = EDGE_CONNECTIONS,
                             .per_source = EDGE_PER_SOURCE,
                             .requests = EDGE_REQUESTS,
                             .retries = EDGE_RETRIES};
    const char *out = NULL;
    const struct cli_option options[] = {
        CLI_TEXT("out", "FILE", &out, "write it there (default: standard output)"),
        CLI_TEXT("listen", "ADDRESS", &o.listen, "the public address (default :443)"),
        CLI_TEXT("cert", "FILE", &o.cert, "certificates and key, PEM, one file"),
        CLI_TEXT("plain", "ADDRESS", &o.plain, "a loopback address without TLS, for tests"),
        CLI_LIST("box", "WHERE", &o.box,
                 "unix:PATH or ADDRESS:PORT; the first serves, others "
                 "stand by"),
        CLI_FLAG("both", &o.both, "all boxes serve (they share one store)"),
        CLI_LIST("board", "WHERE", &o.board,
                 "who serves the record and the results (default: the "
                 "boxes)"),
        CLI_LIST("auth", "WHERE", &o.auth, "who serves logins (default: nobody)"),
        CLI_TEXT("user", "NAME", &o.user, "HAProxy's own user and group"),
        CLI_TEXT("group", "NAME", &o.group,
                 "its group, where the daemons' sockets belong to another one than --user"),
        CLI_NUMBER("ballot-max", "BYTES", &o.ballot, 256, 65535, "of a ballot (default 16384)"),
        CLI_NUMBER("waiting", "N", &o.waiting, 64, 65536,
                   "requests under way in a box (default 8192)"),
        CLI_NUMBER("connections", "N", &o.connections, 64, RATE_MAX, "in all (default 8704)"),
        CLI_NUMBER("per-source", "N", &o.per_source, 1, RATE_MAX,
                   "connections of one network, /24 or /48 (default 64)"),
        CLI_NUMBER("requests", "N", &o.requests, 1, RATE_MAX,
                   "requests of one network in 10 s (default 2000)"),
        CLI_NUMBER("retries", "N", &o.retries, 1, RATE_MAX,
                   "refused requests of one network in 10 s (default 40)"),
    };
    const struct cli_command command = {
        .name = name,
        .synopsis = "--cert FILE --box WHERE [--box WHERE ...] [--out FILE]",
        .about = "Write the settings of the HAProxy (2.6 or later) that stands before the daemons.",
        .options = options,
        .option_count = CLI_COUNT(options),
    };
    int status;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    return verb_exit(write_config(&o, out));
}

int cmd_edge(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"config", "settings of HAProxy before the daemons", edge_config},
        {"officers", "settings of HAProxy before the office, on a network of its own",
         edge_officers},
    };

    return verbs_run("edge", "What stands between the network and the daemons.", verb,
                     CLI_COUNT(verb), argc, argv);
}
