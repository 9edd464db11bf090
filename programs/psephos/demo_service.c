#define _GNU_SOURCE
#include "psephos/demo_service_room.h"

#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/options.h"
#include "common/parcel.h"
#include "common/self_run.h"
#include "common/session_token.h"
#include "election/rule.h"

enum {
    PENDING = 4096, /* entries of roles under way */
    STOP_MS = 15000,
    FOLDERS = 32,
};

/* --- processes ---------------------------------------------------------------------------------
 */

static pse_rc run_here(pid_t *pid, const struct demo_service *d, const char *const *word, size_t n)
{
    char path[FILE_PATH_MAX];
    FILE *log;
    int fd[3] = {-1, -1, -1};
    pse_rc rc;

    PSE_TRY(file_join(path, d->name, d->dir, "log"));
    log = fopen(path, "ae");
    if (log != NULL)
        fd[1] = fd[2] = fileno(log);
    rc = log == NULL ? PSE_E_IO : self_run(pid, word, n, fd);
    if (log != NULL)
        fclose(log);
    if (rc != PSE_OK)
        cli_error(d->name, "psephos %s %s cannot be started; is the machine out of memory?",
                  word[0], word[1]);
    return rc;
}

static pse_rc write_text(const struct demo_service *d, const char *dir, const char *leaf,
                         const char *text)
{
    char path[FILE_PATH_MAX];

    PSE_TRY(file_join(path, d->name, dir, leaf));
    return file_write(d->name, path, pse_span_str(text), FILE_NEW | FILE_SECRET);
}

static pse_rc write_settings(const struct demo_service *d, size_t i)
{
    const struct demo_box *b = &d->box[i];
    char store[FILE_PATH_MAX + 8];
    char text[4 * FILE_PATH_MAX];
    int n;

    (void)snprintf(store, sizeof store, "%s/store", d->dir);
    n = snprintf(text, sizeof text,
                 "[daemon]\nstate = %s/sequence\n[store]\nurl = %s\nstandby = %s\n"
                 "[record]\nfolder = %s\n[log]\nkey = %s/log.key\n"
                 "[witness]\naddresses = %s %s %s %s\n[listen]\nsocket = %s\n",
                 b->dir, d->o.store != NULL ? d->o.store : store, i > 0 ? "yes" : "no", d->record,
                 d->dir, d->witnesses.w[0].address, d->witnesses.w[1].address,
                 d->witnesses.w[2].address, d->witnesses.w[3].address, b->socket);
    PSE_REQUIRE(n > 0);
    PSE_TRY(write_text(d, b->dir, "sequence.ini", text));
    n = snprintf(text, sizeof text,
                 "[daemon]\nstate = %s/front\n[listen]\naddress = %s%s\n"
                 "[record]\nfolder = %s\n[sequence]\nsocket = %s\n",
                 b->dir,
                 d->o.listen != NULL ? "" : "unix:", d->o.listen != NULL ? d->o.listen : b->http,
                 d->record, b->socket);
    PSE_REQUIRE(n > 0 && n < (int)sizeof text);
    if (d->o.logins)
        (void)snprintf(text + n, sizeof text - (size_t)n, "[sessions]\nkey = %s/session.key\n",
                       d->dir);
    return write_text(d, b->dir, "box.ini", text);
}

static pse_rc make_session_key(const struct demo_service *d)
{
    char key[2 * SESSION_KEY_BYTES + 2];
    PSE_SECRET(session_key, k);
    pse_rc rc;

    pse_rng_fill(&d->r->rng, k.b, sizeof k.b);
    session_key_format(key, &k);
    rc = write_text(d, d->dir, "session.key", key);
    pse_wipe(key, sizeof key);
    return rc;
}

static pse_rc make_box(struct demo_service *d, size_t i)
{
    struct demo_box *b = &d->box[i];
    char leaf[32];

    (void)snprintf(leaf, sizeof leaf, "box-%zu", i + 1);
    PSE_TRY(file_join(b->dir, d->name, d->dir, leaf));
    PSE_TRY(file_make_dir(d->name, b->dir));
    (void)snprintf(b->socket, sizeof b->socket, "%s/sequence-%zu.sock", d->run, i + 1);
    (void)snprintf(b->http, sizeof b->http, "%s/box-%zu.sock", d->run, i + 1);
    return write_settings(d, i);
}

static pse_rc start_box(struct demo_service *d, size_t i)
{
    struct demo_box *b = &d->box[i];
    char sequence[FILE_PATH_MAX];
    char front[FILE_PATH_MAX];
    const char *first[] = {"box", "sequence", "--config", sequence};
    const char *second[] = {"box", "serve", "--config", front};

    PSE_TRY(file_join(sequence, d->name, b->dir, "sequence.ini"));
    PSE_TRY(file_join(front, d->name, b->dir, "box.ini"));
    PSE_TRY(run_here(&b->sequence, d, first, CLI_COUNT(first)));
    PSE_TRY(run_here(&b->front, d, second, CLI_COUNT(second)));
    return sequence_client_new(&b->client, b->socket, PENDING);
}

static pse_rc create_log(const struct demo_service *d)
{
    char config[FILE_PATH_MAX];
    char parcel[FILE_PATH_MAX];
    const char *word[] = {"box", "create", "--config", config, parcel};
    pid_t pid;

    PSE_TRY(file_join(config, d->name, d->box[0].dir, "sequence.ini"));
    PSE_TRY(file_join(parcel, d->name, d->dir, "setup.parcel"));
    PSE_TRY(file_write(d->name, parcel, pse_buf_span(&d->setup), FILE_NEW));
    PSE_TRY(run_here(&pid, d, word, CLI_COUNT(word)));
    if (self_wait(pid) == PSE_OK)
        return PSE_OK;
    cli_error(d->name, "the log could not be made; see %s/log", d->dir);
    return PSE_E_STATE;
}

/* --- beginning ---------------------------------------------------------------------------------
 */

static pse_rc create(void *ctx, struct rehearsal *r, struct pse_span policy)
{
    struct demo_service *d = ctx;
    char path[FILE_PATH_MAX];

    (void)policy;
    d->r = r;
    d->name = r->name;
    PSE_TRY(rehearsal_check_dir(d->name, d->o.dir));
    PSE_TRY(file_make_dir(d->name, d->o.dir));
    PSE_TRY(file_make_dir(d->name, r->o->dir));
    if (realpath(d->o.dir, d->dir) == NULL || realpath(r->o->dir, d->record) == NULL ||
        chmod(d->dir, 0700) != 0 || mkdtemp(d->run) == NULL) {
        cli_error(d->name, "no folder can be made at %s or in /tmp; is the disk full?", d->o.dir);
        d->run[0] = '\0';
        return PSE_E_IO;
    }
    PSE_TRY(demo_witnesses_start(&d->witnesses, d->name, d->dir, &r->board));
    PSE_TRY(file_join(path, d->name, d->dir, "log.key"));
    PSE_TRY(key_write(r->board.log, d->name, path));
    PSE_TRY(make_session_key(d));
    for (size_t i = 0; i < d->o.boxes; i++, d->boxes++)
        PSE_TRY(make_box(d, i));
    parcel_begin(&d->setup);
    return pse_fetcher_new(&d->web, DEMO_AT_ONCE);
}

static pse_rc begin(struct demo_service *d, struct pse_span entry)
{
    const char *http[DEMO_BOXES_MAX];

    parcel_put_entry(&d->setup, entry);
    PSE_TRY(d->setup.rc);
    PSE_TRY(create_log(d));
    for (size_t i = 0; i < d->boxes; i++) {
        PSE_TRY(start_box(d, i));
        http[i] = d->box[i].http;
    }
    d->is_started = true;
    return d->boxes < 2 ? PSE_OK
                        : demo_edge_start(&d->edge, d->name, d->dir, d->run, http, d->boxes);
}

/* --- entries of roles --------------------------------------------------------------------------
 */

static void on_entry(void *ctx, const struct sequence_result *result)
{
    struct demo_service *d = ctx;

    if (result->outcome == SEQUENCE_RECORDED)
        return;
    pthread_mutex_lock(&d->lock);
    d->waiting--;
    if (result->outcome != SEQUENCE_WITNESSED && d->bad == 0) {
        d->bad = result->outcome;
        d->rule = result->rule;
    }
    pthread_cond_signal(&d->told);
    pthread_mutex_unlock(&d->lock);
}

pse_rc demo_service_settle(struct demo_service *d)
{
    struct timespec until;
    int late = 0;
    pse_rc rc = PSE_OK;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DEMO_PATIENCE_S;
    pthread_mutex_lock(&d->lock);
    while (d->waiting > 0 && d->bad == 0 && late == 0)
        late = pthread_cond_timedwait(&d->told, &d->lock, &until);
    if (d->bad != 0 && d->rule != 0)
        cli_error(d->name, "the log refuses an entry made here (%s); please report",
                  pse_rule_name((enum pse_rule)d->rule));
    else if (d->bad != 0 || late != 0)
        cli_error(d->name, "the box does not take entries any more; see %s/log", d->dir);
    if (d->bad != 0 || late != 0)
        rc = PSE_E_STATE;
    pthread_mutex_unlock(&d->lock);
    return rc;
}

void demo_service_nap(void)
{
    const struct timespec t = {0, DEMO_AGAIN_MS * 1000000L};

    (void)nanosleep(&t, NULL);
}

/* The client of a box that signs now: one that stands by has no socket yet. */
static struct sequence_client *signer(struct demo_service *d)
{
    for (size_t i = 0; i < d->boxes; i++) {
        if (d->box[i].client != NULL && sequence_client_is_up(d->box[i].client))
            return d->box[i].client;
    }
    return NULL;
}

/* A sequencer that is only just starting says that it is busy, so the first entry waits for it. */
static pse_rc submit_first(struct demo_service *d, struct pse_span entry)
{
    double end = progress_now() + DEMO_PATIENCE_S;

    while (progress_now() < end) {
        struct sequence_client *c = signer(d);
        struct sequence_result result = {.outcome = 0};

        if (c != NULL && sequence_put_entry(c, &result, SEQUENCE_ROLE, entry) == PSE_OK) {
            d->is_warm = true;
            return PSE_OK;
        }
        if (result.outcome == SEQUENCE_REFUSED)
            break;
        demo_service_nap();
    }
    cli_error(d->name, "the sequencer takes no entry; see %s/log", d->dir);
    return PSE_E_STATE;
}

static pse_rc submit(struct demo_service *d, struct pse_span entry)
{
    void *ctx = d;
    double end = progress_now() + DEMO_PATIENCE_S;
    pse_rc rc = PSE_E_STATE;

    if (!d->is_warm)
        return submit_first(d, entry);
    pthread_mutex_lock(&d->lock);
    d->waiting++;
    pthread_mutex_unlock(&d->lock);
    while (progress_now() < end) {
        struct sequence_client *c = signer(d);

        if (c != NULL)
            rc = sequence_submit(c, SEQUENCE_ROLE, &entry, &ctx, 1, on_entry);
        if (c != NULL && rc != PSE_E_STATE && rc != PSE_E_LIMIT)
            break;
        demo_service_nap();
    }
    if (rc == PSE_OK)
        return PSE_OK;
    pthread_mutex_lock(&d->lock);
    d->waiting--;
    pthread_mutex_unlock(&d->lock);
    cli_error(d->name, "no sequencer takes an entry; see %s/log", d->dir);
    return rc;
}

/* Besides being sent it is put into the record, since the engine here reads it at once; the
 * sequencer finds it there. */
static pse_rc put_blob(void *ctx, struct pse_span blob)
{
    struct demo_service *d = ctx;
    double end = progress_now() + DEMO_PATIENCE_S;
    pse_hash digest;
    pse_rc rc = PSE_E_STATE;

    PSE_TRY(file_blob_write(&digest, d->name, d->record, blob, FILE_REPLACE));
    if (!d->is_started) {
        parcel_put_blob(&d->setup, blob);
        return d->setup.rc;
    }
    while (rc != PSE_OK && progress_now() < end) {
        struct sequence_client *c = signer(d);

        rc = c == NULL ? PSE_E_STATE : sequence_blob(c, blob);
        if (rc != PSE_OK)
            demo_service_nap();
    }
    if (rc != PSE_OK)
        cli_error(d->name, "the box takes no blob; see %s/log", d->dir);
    return rc;
}

static pse_rc put_entry(void *ctx, pse_hash *leaf, struct pse_span entry)
{
    struct demo_service *d = ctx;

    pse_tree_leaf(leaf, entry);
    d->size++;
    return d->is_started ? submit(d, entry) : begin(d, entry);
}

static pse_rc publish(void *ctx, uint64_t *size)
{
    struct demo_service *d = ctx;

    PSE_TRY(demo_service_settle(d));
    *size = d->size;
    return PSE_OK;
}

/* --- beginning and end -------------------------------------------------------------------------
 */

pse_rc demo_free_address(char address[PSE_HTTP_ADDRESS])
{
    static const char scheme[] = "http://";
    int fd;

    PSE_TRY(pse_http_listen(&fd, address, "127.0.0.1:0"));
    (void)close(fd);
    if (strncmp(address, scheme, sizeof scheme - 1) == 0)
        memmove(address, address + sizeof scheme - 1, strlen(address) - sizeof scheme + 2);
    return PSE_OK;
}

pse_rc demo_service_new(struct demo_service **out, struct rehearsal_log *log,
                        const struct demo_service_options *o)
{
    struct demo_service *d = calloc(1, sizeof *d);

    *out = d;
    if (d == NULL)
        return PSE_E_MEMORY;
    d->o = *o;
    d->setup = PSE_BUF(PARCEL_MAX);
    (void)snprintf(d->run, sizeof d->run, P_tmpdir "/psephos-demo-XXXXXX");
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->told, NULL);
    *log = (struct rehearsal_log){d, create, put_blob, put_entry, demo_cast, publish};
    return PSE_OK;
}

void demo_service_sessions(struct demo_service *d, const char *const *session)
{
    d->session = session;
}

uint64_t demo_service_killed(const struct demo_service *d)
{
    return d->killed;
}

const char *demo_service_socket(const struct demo_service *d)
{
    return d->box[0].http;
}

const char *demo_service_run(const struct demo_service *d)
{
    return d->run;
}

const char *demo_service_sequencer(const struct demo_service *d)
{
    return d->box[0].socket;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

void demo_service_end(struct demo_service *d, bool keep)
{
    if (d == NULL)
        return;
    pse_fetcher_free(d->web);
    demo_edge_end(&d->edge);
    for (size_t i = 0; i < d->boxes; i++) {
        sequence_client_free(d->box[i].client);
        if (d->box[i].front != 0)
            self_end(d->box[i].front, STOP_MS);
        if (d->box[i].sequence != 0)
            self_end(d->box[i].sequence, STOP_MS);
    }
    demo_witnesses_end(&d->witnesses);
    if (d->pin.name != NULL)
        record_pin_free(&d->pin);
    if (d->dir[0] != '\0' && d->run[0] != '\0')
        (void)nftw(d->run, remove_one, FOLDERS, FTW_DEPTH | FTW_PHYS);
    if (d->dir[0] != '\0' && !keep)
        (void)nftw(d->dir, remove_one, FOLDERS, FTW_DEPTH | FTW_PHYS);
    pse_buf_free(&d->setup);
    pthread_mutex_destroy(&d->lock);
    pthread_cond_destroy(&d->told);
    free(d);
}
