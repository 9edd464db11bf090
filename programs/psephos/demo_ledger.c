#define _GNU_SOURCE
#include "psephos/demo_ledger.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/files.h"
#include "common/ledger_judge.h"
#include "common/options.h"
#include "common/stop_words.h"
#include "common/witnessing.h"
#include "psephos/demo_witnesses.h"
#include "store/sequencer.h"

enum {
    LOOK_MS = 200,        /* how often one who waits looks whether witnesses are away */
    OUTAGE_SECONDS = 600, /* how long a demo waits for them */
    FOLDERS = 32,         /* open at once while the private folder is removed */
};

/* An entry under way. */
struct slot {
    struct demo_ledger *l;
    pse_hash leaf;
    uint64_t index;
    bool is_recorded; /* and not yet witnessed */
    bool is_ballot;   /* its block frees it */
};

struct demo_ledger {
    const char *name;
    const char *dir; /* private */
    const char *record;
    struct rehearsal *r;
    struct demo_witnesses witnesses;
    struct pse_buf policy_text;
    struct pse_arena arena;
    struct pse_policy policy;
    struct pse_witnessing witnessing;
    struct pse_group *g; /* the judge's, and its weights */
    struct pse_pool *pool;
    struct pse_rng weights, rng;
    struct ledger_judge judge;
    char store_dir[FILE_PATH_MAX];
    struct pse_store *store;
    struct pse_sequencer *s;

    pthread_mutex_t lock; /* what follows */
    pthread_cond_t answered;
    size_t waiting, recorded;
    uint64_t size; /* published, as receipts tell */
    bool is_refused, is_stopped;
    uint16_t rule; /* of the first refusal */
    struct pse_stop stop;
};

/* --- answers ------------------------------------------------------------------------------------
 */

static void take_answer(struct demo_ledger *l, struct slot *slot, const struct pse_answer *a)
{
    l->recorded -= slot->is_recorded;
    slot->is_recorded = a->kind == PSE_ANSWER_RECORDED;
    l->recorded += slot->is_recorded;
    if (slot->is_recorded)
        return;
    l->waiting--;
    slot->index = a->index;
    if (a->kind == PSE_ANSWER_RECEIPT && a->index >= l->size)
        l->size = a->index + 1;
    if (a->kind == PSE_ANSWER_REFUSED && !l->is_refused) {
        l->is_refused = true;
        l->rule = a->verdict.rule;
    }
    if (a->kind == PSE_ANSWER_STOPPED)
        l->is_stopped = true;
    slot->leaf = a->leaf;
    if (!slot->is_ballot)
        free(slot);
}

static void answer(void *ctx, void *ticket, const struct pse_answer *a)
{
    struct demo_ledger *l = ctx;

    pthread_mutex_lock(&l->lock);
    take_answer(l, ticket, a);
    pthread_cond_signal(&l->answered);
    pthread_mutex_unlock(&l->lock);
}

static void stopped(void *ctx, const struct pse_stop *why)
{
    struct demo_ledger *l = ctx;

    pthread_mutex_lock(&l->lock);
    l->stop = *why;
    l->is_stopped = true;
    pthread_cond_signal(&l->answered);
    pthread_mutex_unlock(&l->lock);
}

/* --- waiting ------------------------------------------------------------------------------------
 */

static void say_outage(struct demo_ledger *l)
{
    progress_end(&l->r->progress);
    cli_note(l->name,
             "not yet witnessed: fewer than %d of %d witnesses answer. What was cast is recorded "
             "and waits for its receipts; start again those that have ended:",
             REHEARSAL_QUORUM, REHEARSAL_WITNESSES);
    demo_witnesses_say(&l->witnesses);
}

static void wait_a_little(struct demo_ledger *l)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 1000000L * LOOK_MS;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_cond_timedwait(&l->answered, &l->lock, &until);
}

static pse_rc outcome(struct demo_ledger *l)
{
    if (l->is_stopped) {
        stop_say(l->name, &l->stop, l->store_dir, l->record, &l->policy);
        return PSE_E_STATE;
    }
    if (l->is_refused) {
        cli_error(l->name,
                  "the log refuses an entry made here (%s); this is a fault of psephos, "
                  "please report",
                  pse_rule_name((enum pse_rule)l->rule));
        return PSE_E_MISMATCH;
    }
    if (l->waiting == 0)
        return PSE_OK;
    cli_error(l->name, "still not witnessed after %d minutes; the demo ends here",
              OUTAGE_SECONDS / 60);
    return PSE_E_STATE;
}

/* Until all that was handed over has its receipt. */
static pse_rc wait_all(struct demo_ledger *l)
{
    bool is_said = false;
    double start = progress_now();
    bool waits;

    pthread_mutex_lock(&l->lock);
    while (l->waiting > 0 && !l->is_stopped && !l->is_refused) {
        bool is_out = l->recorded > 0;

        if (is_out && progress_now() - start > OUTAGE_SECONDS)
            break;
        if (is_out && !is_said) {
            is_said = true;
            pthread_mutex_unlock(&l->lock);
            say_outage(l);
            pthread_mutex_lock(&l->lock);
            continue;
        }
        wait_a_little(l);
    }
    waits = l->waiting > 0;
    pthread_mutex_unlock(&l->lock);
    if (is_said && !waits)
        cli_note(l->name, "witnessed: enough witnesses answer again");
    return outcome(l);
}

/* --- the log of a rehearsal ---------------------------------------------------------------------
 */

static pse_rc submit(struct demo_ledger *l, const struct pse_span *entry, void *const *ticket,
                     size_t n)
{
    pse_rc rc;

    pthread_mutex_lock(&l->lock);
    l->waiting += n;
    pthread_mutex_unlock(&l->lock);
    rc = pse_sequencer_submit_all(l->s, entry, ticket, n);
    if (rc == PSE_OK)
        return PSE_OK;
    pthread_mutex_lock(&l->lock);
    l->waiting -= n;
    pthread_mutex_unlock(&l->lock);
    PSE_TRY(outcome(l)); /* when it has stopped, that is why */
    if (rc != PSE_E_MEMORY)
        cli_error(l->name, "the log takes no entry (%s); this is a fault of psephos, please report",
                  pse_rc_name(rc));
    return rc;
}

static pse_rc put_entry(void *ctx, pse_hash *leaf, struct pse_span entry)
{
    struct demo_ledger *l = ctx;
    struct slot *slot = calloc(1, sizeof *slot);
    void *ticket = slot;
    pse_rc rc;

    if (slot == NULL)
        return PSE_E_MEMORY;
    slot->l = l;
    pse_tree_leaf(leaf, entry);
    rc = submit(l, &entry, &ticket, 1);
    if (rc != PSE_OK)
        free(slot);
    return rc;
}

static pse_rc put_blob(void *ctx, struct pse_span blob)
{
    struct demo_ledger *l = ctx;
    pse_hash digest;
    pse_rc rc = pse_sequencer_blob(l->s, &digest, blob);

    if (rc == PSE_OK)
        return PSE_OK;
    PSE_TRY(outcome(l));
    cli_error(l->name, "the log takes no blob (%s); make room at %s", pse_rc_name(rc), l->dir);
    return rc;
}

/* entry[] as the log has them: slot i says where entry i came to stand. */
static pse_rc put_in_order(struct pse_span *entry, pse_hash *leaf, const struct slot *slot,
                           uint64_t base, size_t n)
{
    struct pse_span *old = calloc(n, sizeof *old);

    if (old == NULL)
        return PSE_E_MEMORY;
    memcpy(old, entry, n * sizeof *old);
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)(slot[i].index - base);

        PSE_REQUIRE(slot[i].index >= base && at < n);
        entry[at] = old[i];
        leaf[at] = slot[i].leaf;
    }
    free(old);
    return PSE_OK;
}

static pse_rc cast(struct demo_ledger *l, struct pse_span *entry, pse_hash *leaf, struct slot *slot,
                   void **ticket, size_t n)
{
    uint64_t base;

    PSE_TRY(wait_all(l));
    base = l->size;
    for (size_t i = 0; i < n; i++) {
        slot[i] = (struct slot){.l = l, .is_ballot = true};
        ticket[i] = &slot[i];
    }
    PSE_TRY(submit(l, entry, ticket, n));
    PSE_TRY(wait_all(l));
    return put_in_order(entry, leaf, slot, base, n);
}

/* The slots stay when it fails: answers may still come, until the sequencer is stopped, and the
 * process ends then. */
static pse_rc put_ballots(void *ctx, struct pse_span *entry, pse_hash *leaf, size_t n)
{
    struct slot *slot = calloc(n, sizeof *slot);
    void **ticket = calloc(n, sizeof *ticket);
    pse_rc rc =
        slot == NULL || ticket == NULL ? PSE_E_MEMORY : cast(ctx, entry, leaf, slot, ticket, n);

    free(ticket);
    if (rc == PSE_OK)
        free(slot);
    return rc;
}

static pse_rc publish(void *ctx, uint64_t *size)
{
    struct demo_ledger *l = ctx;

    PSE_TRY(wait_all(l));
    *size = l->size;
    return PSE_OK;
}

/* --- beginning ----------------------------------------------------------------------------------
 */

static pse_rc make_judge(struct demo_ledger *l)
{
    struct rehearsal *r = l->r;

    pse_rng_fork(&l->rng, &r->rng);
    pse_rng_fork(&l->weights, &r->rng);
    PSE_TRY(pse_pool_new(&l->pool, pse_pool_width(r->pool)));
    PSE_TRY(pse_group_new(&l->g, r->o->backend, l->pool));
    return ledger_judge_open(&l->judge, l->record, l->g, &l->weights);
}

static pse_rc make_witnessing(struct demo_ledger *l, struct pse_span policy)
{
    const char *url[REHEARSAL_WITNESSES];
    struct witnessing_options o = {.policy = &l->policy, .submit = url, .monitor = url};

    pse_wr_span(&l->policy_text, policy);
    PSE_TRY(l->policy_text.rc);
    PSE_TRY(pse_policy_parse(&l->policy, NULL, &l->arena, pse_buf_span(&l->policy_text)));
    PSE_TRY(demo_witnesses_start(&l->witnesses, l->name, l->dir, &l->r->board));
    for (size_t i = 0; i < REHEARSAL_WITNESSES; i++)
        url[i] = l->witnesses.w[i].address;
    o.origin = l->r->board.signer.log.vkey.name;
    return witnessing_new(&l->witnessing, NULL, &o);
}

static pse_rc open_store(struct demo_ledger *l, struct pse_span origin)
{
    const char *why;
    pse_rc rc;

    PSE_TRY(file_join(l->store_dir, l->name, l->dir, "store"));
    rc = pse_store_open(&l->store, &why, l->store_dir, origin, PSE_STORE_CREATE, NULL);
    if (rc != PSE_OK)
        cli_error(l->name,
                  "no store can be made at %s (%s); choose a folder on a local disk with "
                  "--dir",
                  l->store_dir, why != NULL && why[0] != '\0' ? why : pse_rc_name(rc));
    return rc;
}

static pse_rc start(struct demo_ledger *l)
{
    const struct record_key *log = &l->r->board.signer.log;
    struct pse_sequencer_options o = {
        .store = l->store,
        .record = l->record,
        .log = log->vkey,
        .seed = log->seed,
        .policy = &l->policy,
        .witnessing = &l->witnessing,
        .judge = &l->judge.judge,
        .rng = &l->rng,
        .answer = answer,
        .stopped = stopped,
        .ctx = l,
    };
    struct pse_stop why;
    pse_rc rc = pse_sequencer_create(&why, &o);

    if (rc == PSE_OK)
        rc = pse_sequencer_start(&l->s, &why, &o);
    if (rc != PSE_OK)
        stop_say(l->name, &why, l->store_dir, l->record, &l->policy);
    return rc;
}

static pse_rc create(void *ctx, struct rehearsal *r, struct pse_span policy)
{
    struct demo_ledger *l = ctx;

    l->r = r;
    l->name = r->name;
    l->record = r->o->dir;
    PSE_TRY(rehearsal_check_dir(l->name, l->dir));
    PSE_TRY(file_make_dir(l->name, l->dir));
    PSE_TRY(file_make_dir(l->name, l->record));
    PSE_TRY(make_witnessing(l, policy));
    PSE_TRY(make_judge(l));
    PSE_TRY(open_store(l, r->board.signer.log.vkey.name));
    return start(l);
}

pse_rc demo_ledger_new(struct demo_ledger **out, struct rehearsal_log *log, const char *dir)
{
    struct demo_ledger *l = calloc(1, sizeof *l);

    *out = l;
    if (l == NULL)
        return PSE_E_MEMORY;
    l->dir = dir;
    l->judge.source.files.dir = l->judge.source.files.blob = -1;
    l->policy_text = PSE_BUF(PSE_POLICY_MAX);
    pse_arena_init(&l->arena, PSE_POLICY_ARENA_MAX);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->answered, NULL);
    *log = (struct rehearsal_log){l, create, put_blob, put_entry, put_ballots, publish};
    return PSE_OK;
}

/* --- end ----------------------------------------------------------------------------------------
 */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

pse_rc demo_ledger_end(struct demo_ledger *l, bool keep)
{
    struct pse_stop why = {0};
    bool is_made;

    if (l == NULL)
        return PSE_OK;
    is_made = l->r != NULL && l->witnesses.n > 0;
    pse_sequencer_stop(l->s, &why);
    if (why.reason != PSE_STOP_NONE && !l->is_stopped)
        stop_say(l->name, &why, l->store_dir, l->record, &l->policy);
    pse_store_close(l->store);
    witnessing_free(&l->witnessing);
    demo_witnesses_end(&l->witnesses);
    ledger_judge_close(&l->judge);
    pse_group_free(l->g);
    pse_pool_free(l->pool);
    pse_rng_wipe(&l->rng);
    pse_rng_wipe(&l->weights);
    pse_buf_free(&l->policy_text);
    pse_arena_free(&l->arena);
    if (is_made && !keep)
        (void)nftw(l->dir, remove_one, FOLDERS, FTW_DEPTH | FTW_PHYS);
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->answered);
    free(l);
    return why.reason == PSE_STOP_NONE ? PSE_OK : PSE_E_STATE;
}
