/* psephos auth: logging in, and registering credentials, over HTTP. */
#include "psephos/auth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "commands.h"
#include "common/files.h"
#include "common/sysrng.h"
#include "net/fetch.h"
#include "net/mail.h"
#include "psephos/verbs.h"

#define SET struct auth_settings
static const struct pse_conf_key keys[] = {
    DAEMON_KEYS(SET, common),
    PSE_CONF_WORDS(SET, http, "listen", "http", 1, 200, "127.0.0.1:8404", PSE_CONF_FIXED,
                   "Where the edge connects: unix:PATH, or a loopback address and port."),
    PSE_CONF_PATH(SET, registrar, "registrar", "socket", NULL, PSE_CONF_FIXED,
                  "The registrar's Unix socket, of psephos officer serve."),
    PSE_CONF_WORDS(SET, election, "session", "election", 64, 64, NULL, PSE_CONF_FIXED,
                   "The election's id, 64 hexadecimal digits: tokens are good for it alone."),
    PSE_CONF_SECRET(SET, key, "session", "key", NULL, PSE_CONF_FIXED,
                    "The key of session tokens, made by psephos auth keygen; fronts have it too."),
    PSE_CONF_TIME(SET, session_ms, "session", "length", 60000, 86400000, "30 min", PSE_CONF_RELOAD,
                  "How long a login lasts."),
    PSE_CONF_SWITCH(SET, registration, "registration", "by-mail", "no", PSE_CONF_FIXED,
                    "May voters register a credential of their own after a login by mail? Whoever "
                    "reads their mail could do so too; elections with voting letters need it not."),
    EID_KEYS(SET, eid),
    PSE_CONF_WORDS(SET, origin, "eid", "origin", 0, 400, "", PSE_CONF_FIXED,
                   "The site as browsers write it, https://HOST or https://HOST:PORT: what cards "
                   "sign to log in."),
    PSE_CONF_WORDS(SET, ocsp, "eid", "ocsp", 0, 400, "", PSE_CONF_FIXED,
                   "Where to ask about revocation, http:// or https://; empty: the address that "
                   "the certificate names."),
    PSE_CONF_WORDS(SET, ocsp_no_nonce, "eid", "ocsp-no-nonce", 0, 800, "", PSE_CONF_FIXED,
                   "Addresses of services that cannot echo a nonce, separated by spaces."),
    PSE_CONF_WORDS(SET, stamp, "eid", "stamp", 0, 400, "", PSE_CONF_FIXED,
                   "The time-stamp service (RFC 3161), http:// or https://."),
    PSE_CONF_TIME(SET, retry_ms, "eid", "retry", 1000, 3600000, "1 min", PSE_CONF_FIXED,
                  "How often the authority is asked again about registrations that wait."),
    PSE_CONF_NUMBER(SET, workers, "eid", "workers", 1, AUTH_WORKERS_MAX, "4", "registrations",
                    PSE_CONF_FIXED,
                    "How many at once are stamped, asked about and handed to the registrar."),
    OIDC_KEYS(SET, oidc[0], "oidc"),
    OIDC_KEYS(SET, oidc[1], "oidc-2"),
    PSE_CONF_TIME(SET, network_ms, "logins", "network-each", 1, 600000, "1 s", PSE_CONF_RELOAD,
                  "How much time lies between two logins that one network (/24 or /48) begins at "
                  "identity services, on the long run."),
    PSE_CONF_NUMBER(SET, network_burst, "logins", "network-burst", 1, 100000, "120", "logins",
                    PSE_CONF_RELOAD, "So many it may begin at once."),
    PSE_CONF_WORDS(SET, link, "mail", "link", 0, 400, "", PSE_CONF_FIXED,
                   "What stands before the token in a link, for instance "
                   "https://vote.example/login#"),
    PSE_CONF_WORDS(SET, relay, "mail", "relay", 0, 400, "", PSE_CONF_FIXED,
                   "The mail relay: smtp://HOST:PORT or smtps://HOST:PORT; TLS is demanded unless "
                   "it is on this machine; file:///FOLDER, for development, sends nothing and "
                   "writes each mail into that folder; empty: nobody logs in by mail."),
    PSE_CONF_WORDS(SET, from, "mail", "from", 0, 254, "", PSE_CONF_FIXED,
                   "The address that links come from."),
    PSE_CONF_WORDS(SET, subject, "mail", "subject", 1, 200, "Your login to vote", PSE_CONF_RELOAD,
                   "The subject of the mail."),
    PSE_CONF_WORDS(SET, user, "mail", "user", 0, 200, "", PSE_CONF_FIXED,
                   "The user name at the relay; empty: none is asked for."),
    PSE_CONF_SECRET(SET, password, "mail", "password", "", PSE_CONF_FIXED, "Its password."),
    PSE_CONF_PATH(SET, ca, "mail", "ca", "", PSE_CONF_FIXED,
                  "A file of trusted certificates for the relay; empty: the system's."),
    PSE_CONF_TIME(SET, mail_ms, "mail", "timeout", 1000, 60000, "10 s", PSE_CONF_FIXED,
                  "How long the relay may take for one mail."),
};
const struct pse_conf auth_conf = {"auth", keys, PSE_CONF_COUNT(keys), sizeof(SET)};

void auth_event(struct auth *a, const char *type, unsigned sev, const char *outcome,
                const char *rule)
{
    struct pse_event e = {.type = type, .sev = sev, .outcome = outcome, .rule = rule};

    if (pse_events_put(&a->d->events, &e) != PSE_OK)
        PSE_LOG(&a->d->log, PSE_LOG_ERROR, "daemon.event-lost", PSE_F("type", type));
}

bool auth_has_mail(const struct auth *a)
{
    return a->set->relay[0] != '\0';
}

/* --- opening -----------------------------------------------------------------------------------
 */

/* A way to log in, and all that it needs. */
static bool check_ways(const struct auth *a)
{
    const struct auth_settings *s = a->set;

    if (!auth_has_mail(a) && s->eid.people[0] == '\0' && !auth_has_oidc(a))
        cli_error(a->d->name, "nobody could log in: give [mail] relay, [eid] authorities, or "
                              "[oidc] issuer");
    else if (auth_has_mail(a) &&
             (strlen(s->relay) < 8 || strlen(s->link) < 8 || s->from[0] == '\0'))
        cli_error(a->d->name, "[mail] relay, link and from belong together; one is missing");
    else if (s->eid.people[0] != '\0' && !pse_webeid_origin_is_valid(s->origin))
        cli_error(a->d->name, "[eid] origin must be https://HOST or https://HOST:PORT, in lower "
                              "case and without a slash at the end");
    else if (s->eid.people[0] != '\0' && s->stamp[0] == '\0')
        cli_error(a->d->name, "[eid] stamp is empty: give the address of a time-stamp service");
    else
        return true;
    return false;
}

static bool read_key(int *status, struct auth *a)
{
    session_key *k;

    if (!daemon_secret(status, &a->key_hidden, a->d, a->set->key, SESSION_KEY_FILE_MAX))
        return false;
    /* In place: the key takes less room than its digits. */
    k = (session_key *)(void *)a->key_hidden.p;
    if (a->key_hidden.n >= sizeof *k) {
        PSE_SECRET(session_key, parsed);

        if (session_key_parse(&parsed, pse_span(a->key_hidden.p, a->key_hidden.n)) == PSE_OK) {
            *k = parsed;
            a->key = k;
            return true;
        }
    }
    cli_error(a->d->name, "[session] key is no key; make one with psephos auth keygen");
    *status = CLI_EXIT_USAGE;
    return false;
}

static bool read_secrets(int *status, struct auth *a)
{
    if (!read_key(status, a))
        return false;
    if (pse_hex_decode(a->election.b, 32, pse_span_str(a->set->election)) != PSE_OK) {
        cli_error(a->d->name, "[session] election is not 64 hexadecimal digits in lower case");
        *status = CLI_EXIT_USAGE;
        return false;
    }
    if (a->set->user[0] == '\0')
        return true;
    if (!daemon_secret(status, &a->password, a->d, a->set->password, 256))
        return false;
    for (size_t i = 0; i < a->password.n; i++) {
        if (a->password.p[i] == '\n')
            a->password.p[i] = '\0';
    }
    if (a->password.p[a->password.n - 1] == '\0')
        return true;
    cli_error(a->d->name, "[mail] password must be one line, with its line end");
    *status = CLI_EXIT_USAGE;
    return false;
}

static pse_rc open_auth(struct auth *a)
{
    PSE_TRY(sysrng_start(&a->rng, a->d->name));
    PSE_TRY(sysrng_start(&a->mail_rng, a->d->name));
    a->session = calloc(AUTH_SESSIONS_MAX, sizeof *a->session);
    if (a->session == NULL)
        return PSE_E_MEMORY;
    a->letter = auth_letter(a);
    a->card = auth_card(a);
    PSE_TRY(auth_oidc_start(a));
    if (eid_trust_is_on(&a->trust)) {
        PSE_TRY(pse_challenges_new(&a->challenges, AUTH_SESSIONS_MAX));
        PSE_TRY(pse_group_new(&a->g, PSE_BACKEND_AUTO, NULL));
        PSE_TRY(auth_bonds_start(a));
    }
    return auth_mail_start(a);
}

static void close_auth(struct auth *a)
{
    auth_mail_stop(a);
    auth_bonds_stop(a);
    auth_oidc_stop(a);
    pse_challenges_free(a->challenges);
    pse_group_free(a->g);
    eid_trust_free(&a->trust);
    auth_lines_free(&a->lines);
    auth_fetchers_free(&a->fetchers);
    if (a->session != NULL)
        pse_wipe(a->session, AUTH_SESSIONS_MAX * sizeof *a->session);
    free(a->session);
    pse_hidden_free(&a->key_hidden);
    pse_hidden_free(&a->password);
    pse_rng_wipe(&a->rng);
    pse_rng_wipe(&a->mail_rng);
}

/* --- life --------------------------------------------------------------------------------------
 */

static int serve(struct auth *a, int fd, const char *address)
{
    struct pse_http *http = NULL;
    pse_rc rc = open_auth(a);

    if (rc == PSE_OK)
        rc = auth_http_start(&http, a, fd);
    if (rc != PSE_OK) {
        cli_error(a->d->name, "cannot serve (%s)", pse_rc_name(rc));
        return CLI_EXIT_FAILED;
    }
    if (pse_mail_is_folder(a->set->relay))
        PSE_LOG(&a->d->log, PSE_LOG_WARNING, "auth.no-mail-is-sent",
                PSE_F("folder", pse_mail_folder(a->set->relay)));
    daemon_ready(a->d, address);
    while (daemon_wait(a->d, 1000) != PSE_LIFE_STOP)
        ;
    pse_life_stopping(&a->d->life);
    pse_http_stop(http);
    return CLI_EXIT_OK;
}

/* Names and certificates of a relay or service elsewhere are read from the system's folders. */
static int listen_and_serve(struct auth *a)
{
    char address[PSE_HTTP_ADDRESS];
    char folder[PSE_CONF_TEXT];
    const char *slash = strrchr(a->set->registrar, '/');
    const char *read_dirs[DAEMON_DIRS_MAX] = {"/etc", "/usr", folder};
    const char *write_dirs[2] = {NULL};
    const char *const ca[] = {a->set->ca, a->set->oidc[0].ca, a->set->oidc[1].ca};
    int status = CLI_EXIT_FAILED;
    int fd;

    (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - a->set->registrar),
                   a->set->registrar);
    for (size_t i = 0, n = 3; i < CLI_COUNT(ca); i++) {
        if (ca[i][0] != '\0')
            read_dirs[n++] = ca[i];
    }
    if (!read_secrets(&status, a) || !auth_oidc_read(&status, a))
        return status;
    if (!check_ways(a) || eid_trust_read(&a->trust, a->d->name, &a->set->eid) != PSE_OK)
        return CLI_EXIT_USAGE;
    if (pse_http_listen(&fd, address, a->set->http) != PSE_OK) {
        cli_error(a->d->name, "[listen] http: cannot listen on %s: %s", a->set->http,
                  errno == 0 ? "no loopback address or socket" : strerror(errno));
        return CLI_EXIT_FAILED;
    }
    if (pse_mail_is_folder(a->set->relay))
        write_dirs[0] = pse_mail_folder(a->set->relay);
    if (!daemon_confine(&status, a->d, PSE_SANDBOX_CLIENT, write_dirs, read_dirs))
        return status;
    return serve(a, fd, address);
}

static int auth_serve(int argc, char **argv)
{
    static struct auth_settings set;
    static struct auth a;
    static struct daemon d;
    struct daemon_options given = {0};
    struct pse_fetcher *fetcher;
    const struct cli_option options[] = {DAEMON_OPTIONS(&given)};
    const struct cli_command command = {
        .name = "psephos auth serve",
        .synopsis = "--config FILE",
        .about =
            "Log voters in by eID cards, identity services or links that come by mail, give them\n"
            "anonymous session tokens, and pass their credentials to the registrar.",
        .options = options,
        .option_count = CLI_COUNT(options)};
    int status;

    if (!cli_parse(&status, &command, argc, argv) ||
        !daemon_begin(&status, &d, command.name, &auth_conf, &set, &set.common, &given))
        return status;
    a.d = &d;
    a.set = &set;
    PSE_REQUIRE(pthread_mutex_init(&a.lock, NULL) == 0);
    auth_lines_init(&a.lines);
    auth_fetchers_init(&a.fetchers);
    /* Starts the library that mails go through, before there are threads. */
    if (pse_fetcher_new(&fetcher, 1) != PSE_OK)
        return daemon_end(&d, CLI_EXIT_FAILED);
    pse_fetcher_free(fetcher);
    status = listen_and_serve(&a);
    close_auth(&a);
    return daemon_end(&d, status);
}

/* --- keygen ------------------------------------------------------------------------------------
 */

static int auth_keygen(int argc, char **argv)
{
    const char *out = NULL;
    const struct cli_option options[] = {
        CLI_TEXT("out", "FILE", &out, "the key file to make; its owner alone may read it")};
    const struct cli_command command = {
        .name = "psephos auth keygen",
        .synopsis = "--out FILE",
        .about = "Make the key of session tokens, for auth and for the fronts of the box.",
        .options = options,
        .option_count = CLI_COUNT(options)};
    char text[2 * SESSION_KEY_BYTES + 2];
    PSE_SECRET(session_key, k);
    PSE_RNG(rng);
    int status;
    pse_rc rc;

    if (!cli_parse(&status, &command, argc, argv))
        return status;
    if (!cli_want(command.name, out, "out FILE"))
        return CLI_EXIT_USAGE;
    rc = sysrng_start(&rng, command.name);
    if (rc == PSE_OK) {
        pse_rng_fill(&rng, k.b, sizeof k.b);
        session_key_format(text, &k);
        rc = file_write(command.name, out, pse_span_str(text), FILE_NEW | FILE_SECRET);
        pse_wipe(text, sizeof text);
    }
    return verb_exit(rc);
}

int cmd_auth(int argc, char **argv)
{
    static const struct verb verb[] = {
        {"keygen", "make the key of session tokens", auth_keygen},
        {"serve", "log voters in", auth_serve},
    };

    return verbs_run("auth", "Logging in, and registering credentials.", verb, CLI_COUNT(verb),
                     argc, argv);
}
