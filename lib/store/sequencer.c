/* Queue, threads, start and stop of the sequencer. */
#include "store/sequencer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec/codec.h"
#include "store/sequencer_room.h"

enum {
    IDLE_SECONDS = 5,  /* how often an idle sequencer looks for partials to collect */
    AGAIN_SECONDS = 1, /* how often witnesses are asked again for those who wait */
};

#define PSE_STOP_TEXT(name, text) text,
static const char *const names[] = {PSE_STOP_TABLE(PSE_STOP_TEXT)};

const char *pse_stop_name(enum pse_stop_reason reason)
{
    PSE_REQUIRE((size_t)reason < PSE_STOPS);
    return names[reason];
}

bool pse_stop_is_refusal(enum pse_stop_reason reason)
{
    return reason >= PSE_STOP_NO_HEAD && reason <= PSE_STOP_SECOND_OPINION;
}

/* --- reasons ---------------------------------------------------------------------------------- */

pse_rc stop_because(struct pse_stop *why, enum pse_stop_reason reason, pse_rc rc, const char *where)
{
    *why = (struct pse_stop){.reason = reason, .rc = rc};
    if (where != NULL)
        (void)snprintf(why->where, sizeof why->where, "%s", where);
    return PSE_E_STATE;
}

pse_rc stop_store(struct pse_stop *why, const struct pse_store *store, pse_rc rc)
{
    enum pse_stop_reason reason = rc == PSE_E_STATE     ? PSE_STOP_FENCED
                                  : rc == PSE_E_UNKNOWN ? PSE_STOP_UNKNOWN
                                                        : PSE_STOP_STORE;

    return stop_because(why, reason, rc, pse_store_why(store));
}

pse_rc stop_files(struct pse_stop *why, const struct pse_disk *disk, pse_rc rc)
{
    (void)stop_because(why, rc == PSE_E_MISMATCH ? PSE_STOP_TILES : PSE_STOP_FILES, rc, NULL);
    (void)snprintf(why->where, sizeof why->where, "%s%s%s", disk->where,
                   disk->error != 0 ? ": " : "", disk->error != 0 ? strerror(disk->error) : "");
    return PSE_E_STATE;
}

uint64_t sequencer_now(const struct pse_sequencer_options *o)
{
    return o->now != NULL ? o->now(o->now_ctx) : (uint64_t)time(NULL);
}

/* --- lists ------------------------------------------------------------------------------------ */

void items_add(struct items *list, struct item *one)
{
    one->next = NULL;
    if (list->last != NULL)
        list->last->next = one;
    else
        list->first = one;
    list->last = one;
    list->n++;
}

void items_join(struct items *list, struct items *more)
{
    if (more->n == 0)
        return;
    if (list->last != NULL)
        list->last->next = more->first;
    else
        list->first = more->first;
    list->last = more->last;
    list->n += more->n;
    *more = (struct items){0};
}

struct item *items_take(struct items *list)
{
    struct item *one = list->first;

    if (one == NULL)
        return NULL;
    list->first = one->next;
    if (list->first == NULL)
        list->last = NULL;
    list->n--;
    return one;
}

/* --- answers ---------------------------------------------------------------------------------- */

pse_rc item_answer(struct pse_sequencer *s, struct item *one, struct pse_answer *answer)
{
    pse_rc rc = pse_step_before(s->o.steps, PSE_STEP_ANSWER, NULL);
    bool is_final = answer->kind != PSE_ANSWER_RECORDED;

    if (rc == PSE_OK) {
        pthread_mutex_lock(&s->answer_lock);
        s->o.answer(s->o.ctx, one->ticket, answer);
        pthread_mutex_unlock(&s->answer_lock);
        rc = pse_step_after(s->o.steps, PSE_STEP_ANSWER);
    }
    if (is_final) {
        pthread_mutex_lock(&s->lock);
        s->waiting--;
        pthread_mutex_unlock(&s->lock);
        free(one);
    }
    return rc;
}

/* --- submitting ------------------------------------------------------------------------------- */

static struct item *item_new(struct pse_span entry, void *ticket)
{
    struct item *one = calloc(1, sizeof *one + entry.n);

    if (one == NULL)
        return NULL;
    one->ticket = ticket;
    one->n = entry.n;
    memcpy(one->bytes, entry.p, entry.n);
    return one;
}

static void items_free(struct items *list)
{
    struct item *one;

    while ((one = items_take(list)) != NULL)
        free(one);
}

/* All of @p list or none. */
static pse_rc enqueue(struct pse_sequencer *s, struct items *list, size_t bytes)
{
    pse_rc rc = PSE_OK;

    pthread_mutex_lock(&s->lock);
    if (s->is_stopping || s->is_broken)
        rc = PSE_E_STATE;
    else if (s->waiting + list->n > PSE_SEQUENCER_WAITING_MAX ||
             s->in_bytes + bytes > PSE_SEQUENCER_BYTES_MAX)
        rc = PSE_E_LIMIT;
    if (rc == PSE_OK) {
        s->in_bytes += bytes;
        s->waiting += list->n;
        items_join(&s->in, list);
        pthread_cond_signal(&s->more);
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

pse_rc pse_sequencer_submit_all(struct pse_sequencer *s, const struct pse_span *entry,
                                void *const *ticket, size_t n)
{
    struct items list = {0};
    size_t bytes = 0;
    pse_rc rc = PSE_OK;

    for (size_t i = 0; i < n && rc == PSE_OK; i++) {
        bool fits = entry[i].n > 0 && entry[i].n <= PSE_ENTRY_MAX;
        struct item *one = fits ? item_new(entry[i], ticket[i]) : NULL;

        if (one != NULL)
            items_add(&list, one);
        else
            rc = fits ? PSE_E_MEMORY : PSE_E_LENGTH;
        bytes += entry[i].n;
    }
    if (rc == PSE_OK && n > 0)
        rc = enqueue(s, &list, bytes);
    items_free(&list);
    return rc;
}

pse_rc pse_sequencer_submit(struct pse_sequencer *s, struct pse_span entry, void *ticket)
{
    return pse_sequencer_submit_all(s, &entry, &ticket, 1);
}

/* --- the sequencing thread -------------------------------------------------------------------- */

static void wait_seconds(pthread_cond_t *cond, pthread_mutex_t *lock, unsigned seconds)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    (void)pthread_cond_timedwait(cond, lock, &until);
}

static bool is_ballot(const struct pse_sequencer *s, const struct item *one)
{
    const struct pse_judge *judge = s->o.judge;

    return judge == NULL || judge->is_ballot(judge->ctx, pse_span(one->bytes, one->n));
}

/* As many of what waits as go into one batch: ballots, or other entries, up to the bounds. */
static void take_batch(struct pse_sequencer *s)
{
    struct batch *b = s->batch;
    bool ballots = s->in.first != NULL && is_ballot(s, s->in.first);
    size_t max = s->o.batch_max > 0 && s->o.batch_max < PSE_BATCH_ENTRIES_MAX
                     ? s->o.batch_max
                     : PSE_BATCH_ENTRIES_MAX;
    size_t bytes = 0;

    b->n = 0;
    while (b->n < max && s->in.first != NULL && is_ballot(s, s->in.first) == ballots) {
        bytes += 2 + s->in.first->n;
        if (bytes > PSE_BATCH_BYTES_MAX)
            break;
        s->in_bytes -= s->in.first->n;
        b->item[b->n++] = items_take(&s->in);
    }
}

void sequencer_broken(struct pse_sequencer *s, const struct pse_stop *why)
{
    bool first;

    pthread_mutex_lock(&s->lock);
    first = !s->is_broken;
    s->is_broken = true;
    if (first)
        s->stop = *why;
    pthread_cond_broadcast(&s->more);
    pthread_cond_broadcast(&s->turn);
    pthread_mutex_unlock(&s->lock);
    if (first && s->o.stopped != NULL)
        s->o.stopped(s->o.ctx, why);
}

static pse_rc collect_partials(struct pse_sequencer *s, struct pse_stop *why)
{
    pse_rc rc = pse_tree_dir_collect(&s->tree, sequencer_now(&s->o));

    return rc == PSE_OK ? PSE_OK : stop_files(why, &s->tree.disk, rc);
}

static void *sequence(void *ctx)
{
    struct pse_sequencer *s = ctx;
    struct pse_stop why = {0};
    pse_rc rc = PSE_OK;

    while (rc == PSE_OK) {
        bool ends;

        pthread_mutex_lock(&s->lock);
        if (s->in.n == 0 && !s->is_stopping && !s->is_broken)
            wait_seconds(&s->more, &s->lock, IDLE_SECONDS);
        take_batch(s);
        ends = s->is_broken || (s->is_stopping && s->batch->n == 0);
        if (s->is_broken) {
            for (size_t i = 0; i < s->batch->n; i++)
                items_add(&s->in, s->batch->item[i]);
        }
        pthread_mutex_unlock(&s->lock);
        if (ends)
            break;
        if (s->batch->n > 0)
            rc = batch_run(s, &why);
        if (rc == PSE_OK)
            rc = collect_partials(s, &why);
    }
    if (rc != PSE_OK)
        sequencer_broken(s, &why);
    pthread_mutex_lock(&s->lock);
    s->is_sequenced = true;
    pthread_cond_broadcast(&s->turn);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* --- the publishing thread -------------------------------------------------------------------- */

static pse_rc publish_one(struct pse_sequencer *s, struct pse_stop *why, bool is_job)
{
    struct job job;
    pse_rc rc;

    if (!is_job)
        return s->unwitnessed.n > 0 || s->published < s->last.size ? job_again(s, why) : PSE_OK;
    pthread_mutex_lock(&s->lock);
    job = s->job;
    s->job.items = (struct items){0};
    pthread_mutex_unlock(&s->lock);
    rc = job_run(s, why, &job);
    pthread_mutex_lock(&s->lock);
    s->job.is_there = false;
    pthread_cond_broadcast(&s->turn);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

static void *publish(void *ctx)
{
    struct pse_sequencer *s = ctx;
    struct pse_stop why = {0};
    pse_rc rc = PSE_OK;

    while (rc == PSE_OK) {
        bool is_job, ends;

        pthread_mutex_lock(&s->lock);
        if (!s->job.is_there && !s->is_sequenced && !s->is_broken)
            wait_seconds(&s->turn, &s->lock, AGAIN_SECONDS);
        is_job = s->job.is_there;
        ends = s->is_broken || (s->is_sequenced && !is_job);
        pthread_mutex_unlock(&s->lock);
        if (ends)
            break;
        rc = publish_one(s, &why, is_job);
    }
    if (rc != PSE_OK)
        sequencer_broken(s, &why);
    return NULL;
}

/* --- start and stop --------------------------------------------------------------------------- */

static void dismiss(struct pse_sequencer *s, struct items *list)
{
    struct item *one;

    while ((one = items_take(list)) != NULL) {
        struct pse_answer answer = {.kind = PSE_ANSWER_STOPPED, .leaf = one->leaf};

        s->o.answer(s->o.ctx, one->ticket, &answer);
        free(one);
    }
}

static void sequencer_free(struct pse_sequencer *s)
{
    if (s == NULL)
        return;
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->nodes_lock);
    pthread_mutex_destroy(&s->store_lock);
    pthread_mutex_destroy(&s->answer_lock);
    pthread_mutex_destroy(&s->blob_lock);
    pthread_cond_destroy(&s->more);
    pthread_cond_destroy(&s->turn);
    pse_nodes_free(&s->nodes);
    pse_tree_dir_close(&s->tree);
    pse_disk_close(&s->blobs);
    pse_buf_free(&s->checkpoint);
    if (s->batch != NULL)
        pse_buf_free(&s->batch->bundle);
    free(s->batch);
    pse_rng_wipe(&s->grease);
    views_clear(s);
    free(s);
}

static void make_condition(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

static struct pse_sequencer *sequencer_new(const struct pse_sequencer_options *options)
{
    struct pse_sequencer *s = calloc(1, sizeof *s);
    uint64_t key;
    size_t least = 0;

    if (s == NULL)
        return NULL;
    s->o = *options;
    s->tree.disk.fd = s->tree.front.fd = s->blobs.fd = -1;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->nodes_lock, NULL);
    pthread_mutex_init(&s->store_lock, NULL);
    pthread_mutex_init(&s->answer_lock, NULL);
    pthread_mutex_init(&s->blob_lock, NULL);
    make_condition(&s->more);
    make_condition(&s->turn);
    pse_rng_fill(options->rng, &key, sizeof key);
    pse_rng_fork(&s->grease, options->rng);
    pse_nodes_init(&s->nodes, key);
    s->checkpoint = PSE_BUF(PSE_NOTE_MAX);
    s->batch = calloc(1, sizeof *s->batch);
    if (s->batch == NULL ||
        (options->policy != NULL && pse_policy_min_witnesses(&least, options->policy) != PSE_OK)) {
        sequencer_free(s);
        return NULL;
    }
    s->batch->bundle = PSE_BUF(PSE_STAGE_MAX);
    /* q > (n + f) / 2 turned round: the most liars that two quorums bear. */
    if (options->policy != NULL && 2 * least > options->policy->witnesses)
        s->faulty = 2 * least - options->policy->witnesses - 1;
    return s;
}

static bool start_threads(struct pse_sequencer *s)
{
    s->size = s->head.size;
    s->epoch = s->head.epoch;
    if (pthread_create(&s->publishing, NULL, publish, s) != 0)
        return false;
    if (pthread_create(&s->sequencing, NULL, sequence, s) == 0)
        return true;
    pthread_mutex_lock(&s->lock);
    s->is_broken = true;
    pthread_cond_broadcast(&s->turn);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->publishing, NULL);
    return false;
}

pse_rc pse_sequencer_start(struct pse_sequencer **out, struct pse_stop *why,
                           const struct pse_sequencer_options *options)
{
    struct pse_sequencer *s = sequencer_new(options);
    pse_rc rc;

    *out = NULL;
    *why = (struct pse_stop){0};
    if (s == NULL)
        return stop_because(why, PSE_STOP_MEMORY, PSE_E_MEMORY, NULL);
    rc = sequencer_recover(s, why);
    if (rc == PSE_OK && !start_threads(s))
        rc = stop_because(why, PSE_STOP_MEMORY, PSE_E_MEMORY, NULL);
    if (rc != PSE_OK) {
        sequencer_free(s);
        return rc;
    }
    *out = s;
    return PSE_OK;
}

void pse_sequencer_stop(struct pse_sequencer *s, struct pse_stop *why)
{
    *why = (struct pse_stop){0};
    if (s == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    s->is_stopping = true;
    pthread_cond_broadcast(&s->more);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->sequencing, NULL);
    pthread_join(s->publishing, NULL);
    *why = s->stop;
    dismiss(s, &s->in);
    dismiss(s, &s->job.items);
    dismiss(s, &s->unwitnessed);
    sequencer_free(s);
}

void pse_sequencer_head(struct pse_sequencer *s, uint64_t *size, uint64_t *published,
                        uint64_t *epoch)
{
    pthread_mutex_lock(&s->lock);
    *size = s->size;
    *published = s->published;
    *epoch = s->epoch;
    pthread_mutex_unlock(&s->lock);
}

void pse_sequencer_load(struct pse_sequencer *s, struct pse_sequencer_load *out)
{
    pthread_mutex_lock(&s->lock);
    out->published_at = s->published_at;
    out->waiting = s->in.n;
    out->unwitnessed = (size_t)(s->size - s->published);
    pthread_mutex_unlock(&s->lock);
}

/* A copy of the checkpoint, so that a proof for its size is made without holding the log up. */
static pse_rc copy_checkpoint(struct pse_sequencer *s, struct pse_buf *out, uint64_t *size,
                              uint64_t *durable)
{
    pthread_mutex_lock(&s->lock);
    *size = s->published;
    *durable = s->size;
    pse_wr_span(out, pse_buf_span(&s->checkpoint));
    pthread_mutex_unlock(&s->lock);
    return out->rc;
}

pse_rc pse_sequencer_receipt(struct pse_sequencer *s, struct pse_buf *out, uint64_t *index,
                             const pse_hash *leaf)
{
    struct pse_buf checkpoint = PSE_BUF(PSE_NOTE_MAX);
    struct pse_tree_proof path;
    uint64_t size = 0;
    uint64_t durable = 0;
    pse_rc rc = copy_checkpoint(s, &checkpoint, &size, &durable);

    pthread_mutex_lock(&s->nodes_lock);
    /* The tree knows leaves of a head that is only just being swapped in. */
    if (rc == PSE_OK && (!pse_nodes_find(&s->nodes, index, leaf) || *index >= durable))
        rc = PSE_E_MISSING;
    if (rc == PSE_OK && *index >= size)
        rc = PSE_E_STATE;
    if (rc == PSE_OK)
        rc = pse_tree_inclusion(&path, size, *index, pse_nodes_source, &s->nodes);
    pthread_mutex_unlock(&s->nodes_lock);
    if (rc == PSE_OK) {
        pse_proof_put(out, NULL, *index, &path, pse_buf_span(&checkpoint));
        rc = out->rc;
    }
    pse_buf_free(&checkpoint);
    return rc;
}
