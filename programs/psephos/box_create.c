/* psephos box create: a log, and the election's setup as its first entry. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "codec/codec.h"
#include "common/files.h"
#include "common/parcel.h"
#include "psephos/box.h"

enum { WAIT_SECONDS = 10 };

struct creation {
    struct daemon d;
    struct box_log log;
    struct pse_buf bytes;
    struct pse_arena arena;
    struct parcel parcel;
    struct pse_span policy; /* in the parcel */
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool is_told;
    enum pse_answer_kind kind;
    uint16_t rule;
};

/* --- the parcel --------------------------------------------------------------------------------
 */

static const struct pse_span *find_blob(const struct parcel *p, const pse_hash *hash)
{
    for (size_t i = 0; i < p->blobs; i++) {
        pse_hash got;

        pse_sha256(&got, p->blob[i]);
        if (pse_hash_is_equal(&got, hash))
            return &p->blob[i];
    }
    return NULL;
}

/* One setup entry; the blobs are looked at by the engine when the entry is judged. */
static pse_rc read_setup(struct creation *c, const char *path)
{
    const struct pse_span *policy;
    struct pse_entry setup;
    pse_hash eid;

    PSE_TRY(file_read(&c->bytes, c->d.name, path, PARCEL_MAX));
    if (parcel_parse(&c->parcel, &c->arena, pse_buf_span(&c->bytes)) != PSE_OK ||
        c->parcel.entries != 1 ||
        pse_entry_setup_peek(&setup, &eid, c->parcel.entry[0]) != PSE_OK ||
        find_blob(&c->parcel, &eid) == NULL) {
        cli_error(c->d.name, "%s is not the setup parcel of psephos officer create", path);
        return PSE_E_SYNTAX;
    }
    policy = find_blob(&c->parcel, &setup.u.setup.policy);
    if (policy == NULL) {
        cli_error(c->d.name, "%s lacks the witness policy that its setup names", path);
        return PSE_E_MISSING;
    }
    c->policy = *policy;
    return PSE_OK;
}

static pse_rc put_blobs(struct creation *c)
{
    for (size_t i = 0; i < c->parcel.blobs; i++) {
        pse_hash hash;

        PSE_TRY(
            file_blob_write(&hash, c->d.name, c->log.set->record, c->parcel.blob[i], FILE_REPLACE));
    }
    return PSE_OK;
}

/* --- the first entry ---------------------------------------------------------------------------
 */

static void on_answer(void *ctx, void *ticket, const struct pse_answer *a)
{
    struct creation *c = ctx;

    (void)ticket;
    pthread_mutex_lock(&c->lock);
    c->kind = a->kind;
    c->rule = a->verdict.rule;
    c->is_told = a->kind != PSE_ANSWER_RECORDED;
    pthread_cond_signal(&c->told);
    pthread_mutex_unlock(&c->lock);
}

/* A head that was made before and has no entry: an earlier try was cut off. */
static pse_rc make_head(struct creation *c, struct pse_stop *why,
                        const struct pse_sequencer_options *o)
{
    struct pse_head head;
    pse_rc rc = pse_sequencer_create(why, o);

    if (rc != PSE_OK && why->reason == PSE_STOP_HEAD_EXISTS &&
        pse_store_head_read(c->log.store, &head) == PSE_OK && head.size == 0)
        return PSE_OK;
    return rc;
}

static void await_answer(struct creation *c)
{
    struct timespec until;
    int late = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_SECONDS;
    pthread_mutex_lock(&c->lock);
    while (!c->is_told && late == 0)
        late = pthread_cond_timedwait(&c->told, &c->lock, &until);
    pthread_mutex_unlock(&c->lock);
}

static int tell(const struct creation *c, const struct pse_stop *why)
{
    switch (c->is_told ? c->kind : PSE_ANSWER_RECORDED) {
    case PSE_ANSWER_RECEIPT:
        printf("%s: the log is made, its first entry witnessed.\n"
               "Next: start psephos box sequence with the same settings.\n",
               c->log.set->record);
        return CLI_EXIT_OK;
    case PSE_ANSWER_REFUSED:
        cli_error(c->d.name, "the setup is refused: %s (%s)", pse_rule_name((enum pse_rule)c->rule),
                  pse_rule_title((enum pse_rule)c->rule));
        return CLI_EXIT_FAILED;
    case PSE_ANSWER_RECORDED:
        cli_error(c->d.name, "the log is made and its first entry durable, but the witnesses have "
                             "not signed it; see that they run, then run this again");
        return CLI_EXIT_FAILED;
    case PSE_ANSWER_STOPPED: break;
    }
    (void)box_log_explain(&c->log, why);
    return CLI_EXIT_FAILED;
}

static int create(struct creation *c)
{
    struct pse_sequencer_options o;
    struct pse_sequencer *s;
    struct pse_stop why;

    box_log_options(&c->log, &o);
    o.answer = on_answer;
    o.ctx = c;
    if (make_head(c, &why, &o) != PSE_OK || pse_sequencer_start(&s, &why, &o) != PSE_OK)
        return box_log_explain(&c->log, &why);
    c->log.sequencer = s; /* before there is a batch */
    if (pse_sequencer_submit(s, c->parcel.entry[0], c) == PSE_OK)
        await_answer(c);
    pse_sequencer_stop(s, &why);
    return tell(c, &why);
}

static int run(struct creation *c, const struct box_log_settings *set, const char *path)
{
    if (read_setup(c, path) != PSE_OK || box_log_begin(&c->log, &c->d, set) != PSE_OK)
        return CLI_EXIT_USAGE;
    if (put_blobs(c) != PSE_OK ||
        box_log_open(&c->log, PSE_STORE_CREATE, c->policy, NULL, NULL) != PSE_OK)
        return CLI_EXIT_FAILED;
    return create(c);
}

int box_create(int argc, char **argv)
{
    static struct box_log_settings set;
    static struct creation c;
    const char *path = NULL;
    struct daemon_options o = {0};
    const struct cli_option options[] = {DAEMON_OPTIONS(&o)};
    const struct cli_command command = {
        .name = "psephos box create",
        .synopsis = "--config FILE PARCEL",
        .about = "Make the log of an election with the officer's setup parcel as its first entry.\n"
                 "Takes the settings of psephos box sequence; the witnesses must be running.",
        .options = options,
        .option_count = CLI_COUNT(options),
        .words_min = 0,
        .words_max = 1,
        .words = &path};
    int status;

    if (!cli_parse(&status, &command, argc, argv) ||
        !daemon_begin(&status, &c.d, command.name, &box_log_conf, &set, &set.common, &o))
        return status;
    c.bytes = PSE_BUF(PARCEL_MAX);
    pse_arena_init(&c.arena, PARCEL_MAX);
    (void)pthread_mutex_init(&c.lock, NULL);
    (void)pthread_cond_init(&c.told, NULL);
    if (path == NULL) {
        cli_error(command.name, "name the setup parcel");
        status = CLI_EXIT_USAGE;
    } else {
        status = run(&c, &set, path);
    }
    box_log_close(&c.log);
    pse_arena_free(&c.arena);
    pse_buf_free(&c.bytes);
    return daemon_end(&c.d, status);
}
