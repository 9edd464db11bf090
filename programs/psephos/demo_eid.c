#include "psephos/demo_eid.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/options.h"
#include "common/release.h"
#include "common/self_run.h"
#include "common/wrapkey.h"
#include "net/http.h"
#include "psephos/demo_ca.h"
#include "psephos/demo_desks.h"
#include "psephos/demo_login.h"
#include "psephos/demo_service.h"
#include "psephos/demo_sites.h"
#include "psephos/demo_town.h"
#include "psephos/demo_wallets.h"
#include "psephos/enrolling.h"

enum {
    AT_ONCE = 16,    /* voters who register at the same time */
    PATIENCE_S = 60, /* with a daemon, and with the registration of one of them */
    STOP_MS = 15000,
    LIST_MAX = 64 << 20,
    LIST_ARENA = 256 << 20,
    DAYS = 30,
};

static const char origin[] = "https://vote.pebbleford.example";

/* A voter's device: a connection and randomness of its own. */
struct client {
    struct pse_fetcher *web;
    struct pse_rng rng;
};

struct demo_eid {
    struct demo_eid_options o;
    const char *name;
    char private[FILE_PATH_MAX], dir[FILE_PATH_MAX];
    char auth[FILE_PATH_MAX]; /* unix:PATH */
    char url[PSE_HTTP_ADDRESS + 16];
    pid_t authority, office, login;
    struct demo_wallets *wallets;
    struct wrapkey *wrap;
    struct pse_wrapper wrapper;
    struct pse_fetcher *web;
    struct pse_pool *at_once; /* clients who register at the same time, a thread each */
    struct client client[AT_ONCE];
};

static pse_rc path_in(char out[FILE_PATH_MAX], const struct demo_eid *d, const char *leaf)
{
    return file_join(out, d->name, d->dir, leaf);
}

/* --- the list -----------------------------------------------------------------------------------
 */

static void put_list(struct pse_buf *csv, const struct demo_eid *d)
{
    static const char *const district[] = {"", "North", "South", "Water company"};
    char line[160];

    pse_wr_str(csv, "id,name,district,style,weight\r\n");
    for (size_t i = 0; i < d->o.voters; i++) {
        const struct rehearsal_voter *v = &d->o.voter[i];
        char code[DEMO_CODE];

        demo_wallets_code(code, i);
        (void)snprintf(line, sizeof line, "%s,Demo Voter %zu,%s,%u,%u\r\n", code, i + 1,
                       district[v->style <= DEMO_WATER ? v->style : 0], v->style, v->weight);
        pse_wr_str(csv, line);
    }
}

static pse_rc agree(void *ctx, const struct pse_list_summary *summary)
{
    (void)ctx, (void)summary;
    return PSE_OK;
}

static void pass_over(void *ctx, enum pse_list_op op, size_t line, const struct pse_voter *old,
                      const struct pse_voter *fresh)
{
    (void)ctx, (void)op, (void)line, (void)old, (void)fresh;
}

static pse_rc import_list(struct demo_eid *d, struct pse_voters *v)
{
    PSE_ARENA(arena, LIST_ARENA);
    const struct pse_list_watch watch = {.change = pass_over, .confirm = agree};
    struct pse_list_source source = {.time = (uint64_t)time(NULL)};
    struct pse_buf csv = PSE_BUF(LIST_MAX);
    struct pse_list_fault fault;
    struct pse_list list;
    pse_rc rc;

    put_list(&csv, d);
    pse_sha256(&source.file, pse_buf_span(&csv));
    rc = csv.rc;
    if (rc == PSE_OK)
        rc = pse_list_read(&list, &arena, &fault, pse_engine_manifest(d->o.r->e),
                           pse_buf_span(&csv));
    if (rc == PSE_OK)
        rc = pse_voters_import(v, &fault, &list, &source, &watch);
    pse_buf_free(&csv);
    return rc;
}

static pse_rc make_database(struct demo_eid *d)
{
    char wrap[FILE_PATH_MAX], database[FILE_PATH_MAX];
    struct pse_voters *v = NULL;
    pse_rc rc;

    PSE_TRY(path_in(wrap, d, "wrap.key"));
    PSE_TRY(path_in(database, d, "voters.db"));
    PSE_TRY(wrapkey_ensure(d->name, wrap, &d->o.r->rng));
    PSE_TRY(wrapkey_open(&d->wrap, d->name, wrap, NULL));
    d->wrapper = wrapkey_wrapper(d->wrap);
    rc = pse_voters_create(&v, database, &d->wrapper, pse_engine_eid(d->o.r->e), &d->o.r->rng);
    if (rc == PSE_OK)
        rc = import_list(d, v);
    pse_voters_close(v);
    if (rc != PSE_OK)
        cli_error(d->name, "the demo's list of voters cannot be made (%s)", pse_rc_name(rc));
    return rc;
}

/* --- daemons ------------------------------------------------------------------------------------
 */

static pse_rc run_here(pid_t *pid, const struct demo_eid *d, const char *const *word, size_t n)
{
    char path[FILE_PATH_MAX];
    int fd[3] = {-1, -1, -1};
    FILE *log;
    pse_rc rc;

    PSE_TRY(path_in(path, d, "log"));
    log = fopen(path, "ae");
    if (log != NULL)
        fd[1] = fd[2] = fileno(log);
    rc = log == NULL ? PSE_E_IO : self_run(pid, word, n, fd);
    if (log != NULL)
        fclose(log);
    return rc;
}

static pse_rc write_text(const struct demo_eid *d, const char *leaf, const char *text)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(path_in(path, d, leaf));
    return file_write(d->name, path, pse_span_str(text), FILE_NEW | FILE_SECRET);
}

static pse_rc write_office(const struct demo_eid *d, const char *record)
{
    char text[16 * FILE_PATH_MAX];
    int n = snprintf(text, sizeof text,
                     "[daemon]\nstate = %s/office\n[listen]\nhttp = unix:%s/office.sock\n"
                     "registrar = %s/registrar.sock\n[record]\nsequencer = %s\nfolder = %s\n"
                     "[keys]\nauthority = %s/authority.key\nregistrar = %s/registrar.key\n"
                     "[officers]\ncards = %s/cards\n[voters]\ndatabase = %s/voters.db\n"
                     "wrap = %s/wrap.key\ncheck = 1 h\n",
                     d->dir, d->o.run, d->o.run, d->o.sequencer, record, d->dir, d->dir, d->dir,
                     d->dir, d->dir);

    PSE_REQUIRE(n > 0 && n < (int)sizeof text);
    if (d->o.how == DEMO_WEBEID)
        (void)snprintf(text + n, sizeof text - (size_t)n,
                       "[eid]\nauthorities = %s/authority/ca.pem\n"
                       "stamp-authorities = %s/authority/ca.pem\n",
                       d->dir, d->dir);
    return write_text(d, "office.ini", text);
}

static pse_rc write_login(const struct demo_eid *d)
{
    char text[16 * FILE_PATH_MAX];
    char eid[65];
    int n;

    pse_hex_encode(eid, pse_engine_eid(d->o.r->e)->b, 32);
    n = snprintf(text, sizeof text,
                 "[daemon]\nstate = %s/login\n[listen]\nhttp = unix:%s/auth.sock\n"
                 "[registrar]\nsocket = %s/registrar.sock\n[session]\nelection = %s\n"
                 "key = %s/session.key\n",
                 d->dir, d->o.run, d->o.run, eid, d->private);
    PSE_REQUIRE(n > 0 && n < (int)sizeof text);
    if (d->o.how == DEMO_WEBEID)
        (void)snprintf(text + n, sizeof text - (size_t)n,
                       "[eid]\nauthorities = %s/authority/ca.pem\n"
                       "stamp-authorities = %s/authority/ca.pem\norigin = %s\nocsp = %s/ocsp\n"
                       "stamp = %s/tsa\n",
                       d->dir, d->dir, origin, d->url, d->url);
    else /* a town behind one address logs in at once */
        (void)snprintf(text + n, sizeof text - (size_t)n,
                       "[oidc]\nissuer = %s\nclient-id = " DEMO_SITE "\nclient = none\n"
                       "redirect-uri = %s" DEMO_CALLBACK "\nunsafe-loopback = yes\n"
                       "subject-begin = PNOEE-\nsubject-kind = PNOEE-\n"
                       "[logins]\nnetwork-burst = 100000\n",
                       d->url, origin);
    return write_text(d, "auth.ini", text);
}

static pse_rc write_settings(struct demo_eid *d, const char *authority)
{
    char record[FILE_PATH_MAX];
    char back[FILE_PATH_MAX];

    if (realpath(d->o.r->o->dir, record) == NULL)
        return PSE_E_IO;
    (void)snprintf(back, sizeof back, "%s" DEMO_CALLBACK, origin);
    if (d->o.how == DEMO_OIDC)
        PSE_TRY(demo_sites_add(d->name, authority, DEMO_SITE, back, pse_span(NULL, 0)));
    PSE_TRY(write_office(d, record));
    return write_login(d);
}

static void nap(void)
{
    const struct timespec t = {0, 50 * 1000000L};

    (void)nanosleep(&t, NULL);
}

/* A daemon is there when its health is. */
static pse_rc wait_for(struct demo_eid *d, const char *url, const char *socket, const char *what)
{
    time_t end = time(NULL) + PATIENCE_S;

    while (time(NULL) < end) {
        struct pse_fetched got = {.rc = PSE_E_IO};
        const struct pse_fetch ask = {
            .url = url, .unix_path = socket, .max = 65536, .deadline_ms = 1000};
        pse_rc rc = pse_fetch_one(&got, d->web, &ask);
        bool is_there = rc == PSE_OK && got.rc == PSE_OK;

        pse_buf_free(&got.body);
        if (is_there)
            return PSE_OK;
        nap();
    }
    cli_error(d->name, "the demo's %s did not start; see %s/log", what, d->dir);
    return PSE_E_STATE;
}

static pse_rc start_daemons(struct demo_eid *d, const char *folder)
{
    char office[FILE_PATH_MAX], login[FILE_PATH_MAX], socket[FILE_PATH_MAX];
    const char *first[] = {
        "identity", "demo-ca", "serve", "--dir", folder, "--listen", d->url + strlen("http://")};
    const char *second[] = {"officer", "serve", "--config", office};
    const char *third[] = {"auth", "serve", "--config", login};

    PSE_TRY(path_in(office, d, "office.ini"));
    PSE_TRY(path_in(login, d, "auth.ini"));
    PSE_TRY(run_here(&d->authority, d, first, CLI_COUNT(first)));
    PSE_TRY(run_here(&d->office, d, second, CLI_COUNT(second)));
    PSE_TRY(wait_for(d, d->url, NULL, "identity authority"));
    PSE_TRY(file_join(socket, d->name, d->o.run, "office.sock"));
    PSE_TRY(wait_for(d, "http://office/healthz", socket, "office"));
    PSE_TRY(run_here(&d->login, d, third, CLI_COUNT(third)));
    PSE_TRY(file_join(socket, d->name, d->o.run, "auth.sock"));
    return wait_for(d, "http://auth/healthz", socket, "login service");
}

static pse_rc start_clients(struct demo_eid *d)
{
    for (size_t i = 0; i < AT_ONCE; i++) {
        pse_rng_fork(&d->client[i].rng, &d->o.r->rng);
        PSE_TRY(pse_fetcher_new(&d->client[i].web, 1));
    }
    return pse_pool_new(&d->at_once, AT_ONCE);
}

pse_rc demo_eid_start(struct demo_eid **out, const struct demo_eid_options *o)
{
    struct demo_eid *d = calloc(1, sizeof *d);
    char folder[FILE_PATH_MAX], address[PSE_HTTP_ADDRESS];

    *out = d;
    if (d == NULL)
        return PSE_E_MEMORY;
    d->o = *o;
    d->name = o->r->name;
    if (realpath(o->dir, d->private) == NULL)
        return PSE_E_IO;
    PSE_TRY(file_join(d->dir, d->name, d->private, "identity"));
    PSE_TRY(file_make_dir(d->name, d->dir));
    (void)snprintf(d->auth, sizeof d->auth, "unix:%s/auth.sock", o->run);
    PSE_TRY(pse_fetcher_new(&d->web, 1));
    PSE_TRY(start_clients(d));
    PSE_TRY(demo_free_address(address));
    (void)snprintf(d->url, sizeof d->url, "http://%s", address);
    PSE_TRY(path_in(folder, d, "authority"));
    PSE_TRY(demo_ca_create(d->name, folder, d->url, DAYS, &o->r->rng, (int64_t)time(NULL)));
    PSE_TRY(demo_wallets_make(&d->wallets, d->name, folder, o->voters, o->r->pool, &o->r->rng));
    PSE_TRY(make_database(d));
    PSE_TRY(demo_desks_make(d->name, d->dir, o->r));
    PSE_TRY(write_settings(d, folder));
    return start_daemons(d, folder);
}

static void stop_clients(struct demo_eid *d)
{
    pse_pool_free(d->at_once);
    for (size_t i = 0; i < AT_ONCE; i++) {
        pse_fetcher_free(d->client[i].web);
        pse_rng_wipe(&d->client[i].rng);
    }
}

void demo_eid_end(struct demo_eid *d)
{
    if (d == NULL)
        return;
    if (d->login != 0)
        self_end(d->login, STOP_MS);
    if (d->office != 0)
        self_end(d->office, STOP_MS);
    if (d->authority != 0)
        self_end(d->authority, STOP_MS);
    demo_wallets_free(d->wallets);
    stop_clients(d);
    wrapkey_free(d->wrap);
    pse_fetcher_free(d->web);
    free(d);
}

/* --- voters -------------------------------------------------------------------------------------
 */

/* Voters who register or log in; each is one task. */
struct crowd {
    struct demo_eid *d;
    const struct rehearsal_voter *voter;
    const size_t *person;
    size_t first; /* without person: whose card the first of them uses */
    bool is_replacement;
    struct demo_session *session; /* they log in by the identity service; NULL: they register */
    atomic_size_t done;
    atomic_int rc; /* the first failure */
};

struct enrolling demo_eid_enrolling(const struct demo_eid *d, size_t person, struct pse_rng *rng,
                                    struct pse_fetcher *web)
{
    struct enrolling e = {.name = d->name,
                          .url = d->auth,
                          .origin = origin,
                          .login = demo_wallets_login(d->wallets, person),
                          .signing = demo_wallets_signing(d->wallets, person),
                          .eid = pse_engine_eid(d->o.r->e),
                          .g = d->o.r->g,
                          .rng = rng,
                          .fetcher = web};

    memcpy(e.registrar.b, pse_engine_manifest(d->o.r->e)->registrar.b, 32);
    return e;
}

/* Log in, sign and send, and ask until the registrar has it. */
static pse_rc register_one(struct enrolling *e, const struct rehearsal_voter *voter,
                           bool is_replacement)
{
    struct pse_buf statement = PSE_BUF(PSE_BINDING_MAX), cms = PSE_BUF(PSE_CMS_MAX);
    char state[ENROLLING_WHY];
    struct key *k = NULL;
    pse_rc rc = key_make_voter(&k, e->name, e->eid, e->g, &voter->d);

    if (rc == PSE_OK)
        rc = enrolling_login(e);
    if (rc == PSE_OK)
        rc = enrolling_send(&statement, &cms, e, k, is_replacement);
    if (rc == PSE_OK)
        rc = enrolling_wait(state, e, &voter->credential, PATIENCE_S);
    key_free(k);
    pse_buf_free(&statement);
    pse_buf_free(&cms);
    return rc;
}

static pse_rc log_in(struct demo_session *session, struct enrolling *e, size_t person)
{
    char back[FILE_PATH_MAX];
    char code[DEMO_CODE];

    (void)snprintf(back, sizeof back, "%s" DEMO_CALLBACK, origin);
    demo_wallets_code(code, person);
    PSE_TRY(demo_login(e, back, code));
    memcpy(session->token, e->session, sizeof session->token);
    return PSE_OK;
}

static size_t person_of(const struct crowd *c, size_t i)
{
    return c->person != NULL ? c->person[i] : c->first + i;
}

static void crowd_task(void *ctx, size_t i, unsigned worker)
{
    struct crowd *c = ctx;
    struct enrolling e;
    int good = PSE_OK;
    pse_rc rc;

    if (atomic_load(&c->rc) != PSE_OK)
        return;
    e = demo_eid_enrolling(c->d, person_of(c, i), &c->d->client[worker].rng,
                           c->d->client[worker].web);
    rc = c->session == NULL ? register_one(&e, &c->voter[i], c->is_replacement)
                            : log_in(&c->session[i], &e, c->first + i);
    pse_wipe(&e, sizeof e);
    if (rc != PSE_OK)
        (void)atomic_compare_exchange_strong(&c->rc, &good, (int)rc);
    else
        atomic_fetch_add(&c->done, 1);
    if (worker == 0) /* the thread that the progress belongs to */
        progress_set(&c->d->o.r->progress, atomic_load(&c->done));
}

/* What the registrar has taken in goes into the record. */
static pse_rc put_into_record(struct demo_eid *d)
{
    struct act a = rehearsal_act(d->o.r);
    struct release release = {.records = 0};
    char database[FILE_PATH_MAX];
    struct pse_voters *v = NULL;
    pse_rc rc;

    PSE_TRY(path_in(database, d, "voters.db"));
    rc = pse_voters_open(&v, database, &d->wrapper, true, &d->o.r->rng);
    if (rc == PSE_OK)
        rc = release_read(&release, v, d->o.r->e, UINT64_MAX);
    if (rc == PSE_OK)
        rc = release_make(&release, &a, &d->o.r->registrar->sign);
    release_free(&release);
    pse_voters_close(v);
    if (rc != PSE_OK)
        cli_error(d->name, "the registrations cannot be released (%s)", pse_rc_name(rc));
    return rc;
}

static pse_rc run_crowd(struct crowd *c, size_t n)
{
    pse_pool_run(c->d->at_once, crowd_task, c, n);
    progress_set(&c->d->o.r->progress, atomic_load(&c->done));
    return (pse_rc)atomic_load(&c->rc);
}

pse_rc demo_eid_register(struct demo_eid *d, const struct rehearsal_voter *voter, size_t n,
                         const size_t *person, bool is_replacement)
{
    struct crowd c = {.d = d,
                      .voter = voter,
                      .person = person,
                      .first = person == NULL ? (size_t)(voter - d->o.voter) : 0,
                      .is_replacement = is_replacement};

    PSE_TRY(run_crowd(&c, n));
    return put_into_record(d);
}

pse_rc demo_eid_login(struct demo_eid *d, struct demo_session *session, size_t first, size_t n)
{
    struct crowd c = {.d = d, .session = session, .first = first};

    return run_crowd(&c, n);
}

pse_rc demo_eid_release(const struct demo_eid *d)
{
    char office[FILE_PATH_MAX];

    if (snprintf(office, sizeof office, "unix:%s/office.sock", d->o.run) >= (int)sizeof office)
        return PSE_E_LIMIT;
    return demo_desks_release(d->name, d->dir, office);
}

void demo_eid_processes(pid_t pid[3], const struct demo_eid *d)
{
    pid[0] = d->login;
    pid[1] = d->office;
    pid[2] = d->authority;
}

/* --- the auditor --------------------------------------------------------------------------------
 */

/* Run the program again, with its words on our standard output. */
static pse_rc run_aloud(const char *const *word, size_t n)
{
    int fd[3] = {-1, -1, -1};
    pid_t pid;
    pse_rc rc;

    fflush(stdout);
    fd[1] = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    fd[2] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    rc = fd[1] < 0 || fd[2] < 0 ? PSE_E_IO : self_run(&pid, word, n, fd);
    if (fd[1] >= 0)
        (void)close(fd[1]);
    if (fd[2] >= 0)
        (void)close(fd[2]);
    return rc == PSE_OK ? self_wait(pid) : rc;
}

pse_rc demo_eid_audit(struct demo_eid *d)
{
    char database[FILE_PATH_MAX], wrap[FILE_PATH_MAX], ca[FILE_PATH_MAX];
    const char *word[] = {"evidence", "verify", "--record",   d->o.r->o->dir,
                          "--voters", database, "--wrap",     wrap,
                          "--ca",     ca,       "--stamp-ca", ca};

    PSE_TRY(path_in(database, d, "voters.db"));
    PSE_TRY(path_in(wrap, d, "wrap.key"));
    PSE_TRY(path_in(ca, d, "authority/ca.pem"));
    return run_aloud(word, CLI_COUNT(word));
}

static pse_rc copy_authorities(const struct demo_eid *d, const char *out)
{
    struct pse_buf pem = PSE_BUF(PSE_DEMO_PEM_MAX);
    char from[FILE_PATH_MAX], to[FILE_PATH_MAX];
    pse_rc rc;

    PSE_TRY(path_in(from, d, "authority/ca.pem"));
    PSE_TRY(file_join(to, d->name, out, "authorities.pem"));
    rc = file_read(&pem, d->name, from, PSE_DEMO_PEM_MAX);
    if (rc == PSE_OK)
        rc = file_write(d->name, to, pse_buf_span(&pem), FILE_NEW);
    pse_buf_free(&pem);
    return rc;
}

pse_rc demo_eid_export(struct demo_eid *d, const struct rehearsal_voter *voter, const char *out)
{
    char database[FILE_PATH_MAX], wrap[FILE_PATH_MAX], credential[65];
    const char *word[] = {"evidence",     "export",   "--voters", database, "--wrap", wrap,
                          "--credential", credential, "--out",    out,      "--quiet"};

    PSE_TRY(path_in(database, d, "voters.db"));
    PSE_TRY(path_in(wrap, d, "wrap.key"));
    pse_hex_encode(credential, voter->credential.b, 32);
    PSE_TRY(run_aloud(word, CLI_COUNT(word)));
    return copy_authorities(d, out);
}
