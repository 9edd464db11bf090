/* psephos officer serve: the office of authority and registrar. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/demo_guard.h"
#include "common/files.h"
#include "common/sysrng.h"
#include "common/wrapkey.h"
#include "psephos/office.h"
#include "token/token.h"

enum { CARD_ARENA = 1 << 20, TICK_MS = 200, PENDING = 64 };

#define SET struct office_settings
static const struct pse_conf_key keys[] = {
    DAEMON_KEYS(SET, common),
    PSE_CONF_WORDS(SET, http, "listen", "http", 1, 200, "127.0.0.1:8406", PSE_CONF_FIXED,
                   "Where officers' programs connect: unix:PATH, or a loopback address and port."),
    PSE_CONF_PATH(SET, socket, "listen", "registrar", "", PSE_CONF_FIXED,
                  "The Unix socket for psephos auth serve; empty: none."),
    PSE_CONF_WORDS(SET, users, "listen", "registrar-users", 0, 200, "", PSE_CONF_FIXED,
                   "Numbers of the users that may connect there, apart from the daemon's own and "
                   "root, separated by spaces: that of psephos auth serve."),
    PSE_CONF_PATH(SET, sequencer, "record", "sequencer", NULL, PSE_CONF_FIXED,
                  "The sequencer's Unix socket."),
    PSE_CONF_PATH(SET, record, "record", "folder", NULL, PSE_CONF_FIXED,
                  "The published record, or a mirror of it; it is verified as it grows."),
    PSE_CONF_KEY(SET, authority, "keys", "authority", NULL, PSE_CONF_FIXED,
                 "The key file of the authority."),
    PSE_CONF_KEY(SET, registrar, "keys", "registrar", "", PSE_CONF_FIXED,
                 "The key file of the registrar; empty: it is not here."),
    PSE_CONF_PATH(SET, token, "keys", "token-folder", "", PSE_CONF_FIXED,
                  "A folder that the module of a key's token must read and write; empty: none."),
    PSE_CONF_PATH(SET, officers, "officers", "cards", "", PSE_CONF_FIXED,
                  "A folder of cards (NAME.pub): the officers who sign with keys; at least two, or "
                  "empty where authenticators are required."),
    PSE_CONF_PATH(SET, issuer, "officers", "issuer", "", PSE_CONF_FIXED,
                  "The card of the register that signs lists of changes; empty: whole lists only."),
    OFFICE_ACCOUNT_KEYS(SET, accounts),
    PSE_CONF_PATH(SET, voters, "voters", "database", "", PSE_CONF_FIXED,
                  "The private voter database; empty: none."),
    PSE_CONF_KEY(SET, wrap, "voters", "wrap", "", PSE_CONF_FIXED, "Its wrapping key."),
    PSE_CONF_TIME(SET, check_ms, "voters", "check", 1000, 86400000, "60 s", PSE_CONF_RELOAD,
                  "How often the database is compared with the record."),
    EID_KEYS(SET, eid),
};
const struct pse_conf office_conf = {"officer", keys, PSE_CONF_COUNT(keys), sizeof(SET)};

uint64_t office_now(void)
{
    return (uint64_t)(pse_clock_wall_ms() / 1000);
}

void office_event(struct office *o, const char *type, unsigned sev, const char *outcome,
                  const char *rule)
{
    struct pse_event e = {.type = type, .sev = sev, .outcome = outcome, .rule = rule};

    if (pse_events_put(&o->d->events, &e) != PSE_OK)
        PSE_LOG(&o->d->log, PSE_LOG_ERROR, "daemon.event-lost", PSE_F("type", type));
}

pse_rc office_grow(struct office *o)
{
    pse_rc rc = o->is_broken ? PSE_E_PROOF : record_load_grow(&o->record);

    if (o->is_broken || (rc != PSE_E_PROOF && rc != PSE_E_SIGNATURE))
        return rc;
    o->is_broken = true;
    PSE_LOG(&o->d->log, PSE_LOG_ERROR, "officer.record-differs", PSE_F("status", pse_rc_name(rc)));
    office_event(o, "officer.record", 1, "failed", "record-differs");
    return rc;
}

/* --- opening -----------------------------------------------------------------------------------
 */

/* A path, or a credential of the service manager. */
static pse_rc resolve(char out[FILE_PATH_MAX], const struct office *o, const char *where)
{
    static const char prefix[] = "credential:";

    if (strncmp(where, prefix, sizeof prefix - 1) != 0) {
        (void)snprintf(out, FILE_PATH_MAX, "%s", where);
        return PSE_OK;
    }
    if (o->d->credentials == NULL) {
        cli_error(o->d->name, "%s is wanted, and no --credentials DIR was given", where);
        return PSE_E_MISSING;
    }
    return file_join(out, o->d->name, o->d->credentials, where + sizeof prefix - 1);
}

static pse_rc read_key(struct key **out, const struct office *o, const char *where,
                       enum key_role role)
{
    char path[FILE_PATH_MAX];

    if (where[0] == '\0')
        return PSE_OK;
    if (pse_token_is_uri(where))
        return key_on_token(out, o->d->name, where, role, o->d->credentials, false);
    PSE_TRY(resolve(path, o, where));
    return key_read(out, o->d->name, path, role, o->g);
}

static pse_rc read_card(struct office *o, const char *dir, const char *leaf)
{
    PSE_ARENA(arena, CARD_ARENA);
    struct office_officer *at = &o->officer[o->officers];
    char path[FILE_PATH_MAX];
    struct card card;

    if (o->officers == CONSENT_OFFICERS_MAX) {
        cli_error(o->d->name, "%s holds more than %d cards", dir, CONSENT_OFFICERS_MAX);
        return PSE_E_LIMIT;
    }
    PSE_TRY(file_join(path, o->d->name, dir, leaf));
    PSE_TRY(card_read(&card, &arena, o->d->name, path, KEY_OFFICER, o->g));
    for (size_t i = 0; i < o->officers; i++) {
        if (pse_edkey_is_equal(&o->officer[i].key, &card.sign)) {
            cli_error(o->d->name, "%s holds one officer's card twice (%s); remove one", dir, leaf);
            return PSE_E_DUPLICATE;
        }
    }
    at->key = card.sign;
    (void)snprintf(at->label, sizeof at->label, "%.*s", (int)card.label.n,
                   (const char *)card.label.p);
    (void)snprintf(at->name, sizeof at->name, "%.*s", (int)(strlen(leaf) - 4), leaf);
    if (!pse_webauthn_account_is_valid(at->name))
        at->name[0] = '\0';
    o->officers++;
    return PSE_OK;
}

static pse_rc read_officers(struct office *o)
{
    bool is_optional = o->set->accounts.require == OFFICE_REQUIRE_WEBAUTHN;
    struct dirent *e;
    pse_rc rc = PSE_OK;
    DIR *dir;

    if (is_optional && o->set->officers[0] == '\0')
        return PSE_OK;
    dir = opendir(o->set->officers);
    if (dir == NULL) {
        cli_error(o->d->name, "[officers] cards: cannot read the folder %s: %s", o->set->officers,
                  strerror(errno));
        return PSE_E_IO;
    }
    while (rc == PSE_OK && (e = readdir(dir)) != NULL) {
        size_t n = strlen(e->d_name);

        if (n > 4 && strcmp(e->d_name + n - 4, ".pub") == 0)
            rc = read_card(o, o->set->officers, e->d_name);
    }
    (void)closedir(dir);
    if (rc == PSE_OK && o->officers < CONSENT_NEEDED && !is_optional) {
        cli_error(o->d->name, "%s holds %zu cards of officers; an act takes two", o->set->officers,
                  o->officers);
        rc = PSE_E_MISSING;
    }
    return rc;
}

static pse_rc read_issuer(struct office *o)
{
    PSE_ARENA(arena, CARD_ARENA);
    struct card card;

    if (o->set->issuer[0] == '\0')
        return PSE_OK;
    PSE_TRY(card_read(&card, &arena, o->d->name, o->set->issuer, KEY_REGISTRAR, o->g));
    o->issuer = card.sign;
    o->has_issuer = true;
    return PSE_OK;
}

static pse_rc open_voters(struct office *o)
{
    pse_rc rc;

    if (o->set->voters[0] == '\0')
        return PSE_OK;
    o->wrapper = wrapkey_wrapper(o->wrap);
    rc = pse_voters_open(&o->voters, o->set->voters, &o->wrapper, false, &o->rng);
    if (rc != PSE_OK) {
        cli_error(o->d->name, "%s cannot be opened (%s): %s", o->set->voters, pse_rc_name(rc),
                  rc == PSE_E_STATE ? "somebody else is writing to it"
                                    : "is [voters] wrap its key?");
        return rc;
    }
    if (pse_hash_is_equal(pse_voters_eid(o->voters), pse_engine_eid(o->record.e)))
        return PSE_OK;
    cli_error(o->d->name, "%s belongs to another election than %s", o->set->voters, o->set->record);
    return PSE_E_MISMATCH;
}

static pse_rc check_keys(const struct office *o)
{
    const struct pse_manifest *m = pse_engine_manifest(o->record.e);

    if (m == NULL || !pse_edkey_is_equal(&m->authority, &o->authority->sign_public) ||
        (o->registrar != NULL && !pse_edkey_is_equal(&m->registrar, &o->registrar->sign_public))) {
        cli_error(o->d->name, "the keys are not those of the election in %s; check [keys]",
                  o->set->record);
        return PSE_E_MISMATCH;
    }
    return PSE_OK;
}

static pse_rc make_dirs(struct office *o)
{
    const char *state = o->set->common.state;

    PSE_TRY(file_join(o->acts_dir, o->d->name, state, "acts"));
    PSE_TRY(file_join(o->documents_dir, o->d->name, state, "documents"));
    PSE_TRY(file_join(o->log_path, o->d->name, state, "acts.jsonl"));
    PSE_TRY(file_join(o->evidence_path, o->d->name, state, "grounds"));
    PSE_TRY(file_make_dir(o->d->name, o->acts_dir));
    return file_make_dir(o->d->name, o->documents_dir);
}

static pse_rc check_log(const struct office *o)
{
    size_t lines;

    return file_exists(o->log_path)
               ? consent_log_check(&lines, o->d->name, o->log_path, pse_engine_eid(o->record.e))
               : PSE_OK;
}

/* Before the sandbox, which no module of a token could be loaded in. */
static pse_rc open_keys(struct office *o)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(read_key(&o->authority, o, o->set->authority, KEY_OFFICER));
    PSE_TRY(read_key(&o->registrar, o, o->set->registrar, KEY_REGISTRAR));
    if (o->set->voters[0] == '\0')
        return PSE_OK;
    if (o->registrar == NULL || o->set->wrap[0] == '\0') {
        cli_error(o->d->name, "[voters] database needs [voters] wrap and [keys] registrar");
        return PSE_E_MISSING;
    }
    PSE_TRY(resolve(path, o, o->set->wrap));
    return wrapkey_open(&o->wrap, o->d->name, path, o->d->credentials);
}

/* Everything else that reads private things; threads of the pool come after the sandbox. */
static pse_rc open_office(struct office *o)
{
    struct record_load_options load = {.quiet = true};

    PSE_TRY(sysrng_start(&o->rng, o->d->name));
    PSE_TRY(sysrng_start(&o->check_rng, o->d->name));
    PSE_TRY(pse_pool_new(&o->pool, 2));
    PSE_TRY(pse_group_new(&o->g, PSE_BACKEND_AUTO, o->pool));
    PSE_TRY(read_officers(o));
    PSE_TRY(read_issuer(o));
    load.g = o->g;
    load.rng = &o->rng;
    PSE_TRY(record_load(&o->record, o->d->name, o->set->record, &load));
    PSE_TRY(check_keys(o));
    PSE_TRY(open_voters(o));
    PSE_TRY(eid_trust_read(&o->trust, o->d->name, &o->set->eid));
    if (eid_trust_is_on(&o->trust)) {
        const struct pse_manifest *m = pse_engine_manifest(o->record.e);

        PSE_TRY(demo_guard(o->d->name, o->trust.people, m));
        PSE_TRY(demo_guard(o->d->name, o->trust.stamps, m));
    }
    PSE_TRY(make_dirs(o));
    PSE_TRY(check_log(o));
    PSE_TRY(office_desk_open(o));
    PSE_TRY(office_acts_load(o));
    return sequence_client_new(&o->sequencer, o->set->sequencer, PENDING);
}

static void close_office(struct office *o)
{
    sequence_client_free(o->sequencer);
    office_acts_free(o);
    office_desk_close(o);
    roll_free(&o->roll);
    eid_trust_free(&o->trust);
    pse_voters_close(o->voters);
    wrapkey_free(o->wrap);
    key_free(o->authority);
    key_free(o->registrar);
    record_load_close(&o->record);
    pse_group_free(o->g);
    pse_pool_free(o->pool);
    pse_rng_wipe(&o->rng);
    pse_rng_wipe(&o->check_rng);
}

/* --- life --------------------------------------------------------------------------------------
 */

static pse_rc listen_here(int *fd, char address[PSE_HTTP_ADDRESS], const struct office *o,
                          const char *key, const char *where)
{
    pse_rc rc = pse_http_listen(fd, address, where);

    if (rc != PSE_OK)
        cli_error(o->d->name, "[listen] %s: cannot listen on %s (%s)", key, where,
                  rc == PSE_E_IO ? strerror(errno) : "no loopback address or socket");
    return rc;
}

static void loop(struct office *o)
{
    while (daemon_wait(o->d, TICK_MS) != PSE_LIFE_STOP) {
        office_do(o);
        office_check(o);
    }
}

static int serve(struct office *o, int http_fd, const char *address, int auth_fd)
{
    struct pse_http *http = NULL;
    struct office_auth *auth = NULL;
    pse_rc rc = open_office(o);

    if (rc == PSE_OK && auth_fd >= 0 && o->voters != NULL)
        rc = office_auth_start(&auth, o, auth_fd);
    if (rc == PSE_OK)
        rc = office_http_start(&http, o, http_fd);
    if (rc == PSE_OK) {
        daemon_ready(o->d, address);
        loop(o);
        pse_life_stopping(&o->d->life);
        pse_http_stop(http);
    }
    office_auth_stop(auth);
    return rc == PSE_OK                                ? CLI_EXIT_OK
           : rc == PSE_E_SYNTAX || rc == PSE_E_MISSING ? CLI_EXIT_USAGE
                                                       : CLI_EXIT_FAILED;
}

static void folder_of(char out[PSE_CONF_TEXT], const char *path)
{
    const char *slash = strrchr(path, '/');

    (void)snprintf(out, PSE_CONF_TEXT, "%.*s", slash == NULL ? 0 : (int)(slash - path), path);
}

/* Sockets before the sandbox, threads after it. */
static int listen_and_serve(struct office *o)
{
    char address[PSE_HTTP_ADDRESS];
    char folder[3][PSE_CONF_TEXT];
    const char *write_dirs[4] = {NULL};
    const char *read_dirs[13] = {o->set->record};
    int status = CLI_EXIT_FAILED;
    int http_fd;
    int auth_fd = -1;
    size_t n = 1;

    if (local_users_parse(&o->users, o->d->name, "[listen] registrar-users", o->set->users) !=
        PSE_OK)
        return CLI_EXIT_USAGE;
    if (listen_here(&http_fd, address, o, "http", o->set->http) != PSE_OK)
        return CLI_EXIT_FAILED;
    if (o->set->socket[0] != '\0' &&
        local_socket_listen(&auth_fd, o->d->name, o->set->socket) != PSE_OK)
        return CLI_EXIT_FAILED;
    folder_of(folder[0], o->set->sequencer);
    read_dirs[n++] = folder[0];
    if (o->set->officers[0] != '\0')
        read_dirs[n++] = o->set->officers;
    if (o->d->credentials != NULL)
        read_dirs[n++] = o->d->credentials;
    if (o->set->authority[0] == '/')
        read_dirs[n++] = o->set->authority;
    if (o->set->registrar[0] == '/')
        read_dirs[n++] = o->set->registrar;
    if (o->set->wrap[0] == '/')
        read_dirs[n++] = o->set->wrap;
    if (o->set->issuer[0] == '/')
        read_dirs[n++] = o->set->issuer;
    if (o->set->eid.people[0] != '\0')
        read_dirs[n++] = o->set->eid.people;
    if (o->set->eid.stamps[0] != '\0')
        read_dirs[n++] = o->set->eid.stamps;
    if (o->set->eid.responder[0] != '\0')
        read_dirs[n++] = o->set->eid.responder;
    folder_of(folder[1], o->set->voters);
    n = 0;
    if (o->set->voters[0] != '\0')
        write_dirs[n++] = folder[1];
    if (o->set->token[0] != '\0')
        write_dirs[n++] = o->set->token;
    if (open_keys(o) != PSE_OK || office_desk_begin(o) != PSE_OK)
        return CLI_EXIT_USAGE;
    if (!daemon_confine(&status, o->d, PSE_SANDBOX_SERVER, write_dirs, read_dirs))
        return status;
    return serve(o, http_fd, address, auth_fd);
}

int officer_serve(int argc, char **argv)
{
    static struct office_settings set;
    static struct office o;
    static struct daemon d;
    struct daemon_options options_ = {0};
    const struct cli_option options[] = {DAEMON_OPTIONS(&options_)};
    const struct cli_command command = {
        .name = "psephos officer serve",
        .synopsis = "--config FILE",
        .about = "The office of authority and registrar: holds their keys and the voter database,\n"
                 "takes acts that officers sign, does what two of them agreed to, and compares\n"
                 "the database with the record.",
        .options = options,
        .option_count = CLI_COUNT(options)};
    int status;

    if (!cli_parse(&status, &command, argc, argv) ||
        !daemon_begin(&status, &d, command.name, &office_conf, &set, &set.common, &options_))
        return status;
    o.d = &d;
    o.set = &set;
    PSE_REQUIRE(pthread_mutex_init(&o.lock, NULL) == 0);
    office_intake_init(&o.intake);
    status = listen_and_serve(&o);
    close_office(&o);
    return daemon_end(&d, status);
}
