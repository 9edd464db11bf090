/* From entries to a head: judge, order, stage, sign, swap, apply (ledger contract 9.2 to 9.6). */
#include <stdlib.h>

#include "store/sequencer_room.h"

/* --- what is in the log already --------------------------------------------------------------- */

static int by_leaf(const void *a, const void *b)
{
    const struct item *const *x = a, *const *y = b;

    return memcmp((*x)->leaf.b, (*y)->leaf.b, 32);
}

/* Ballots and role entries never share a batch, so for role entries, whose order counts, equal ones
 * are found without moving them. */
static void find_same(struct batch *b)
{
    static _Thread_local struct item *sorted[PSE_BATCH_ENTRIES_MAX];

    memcpy(sorted, b->item, b->n * sizeof *sorted);
    qsort(sorted, b->n, sizeof *sorted, by_leaf);
    for (size_t i = 0; i < b->n; i++)
        b->same[i] = NULL;
    for (size_t i = 1; i < b->n; i++) {
        if (!pse_hash_is_equal(&sorted[i]->leaf, &sorted[i - 1]->leaf))
            continue;
        /* All of a run point to its first in arrival order, which is found by position. */
        for (size_t k = 0, first = SIZE_MAX; k < b->n; k++) {
            if (!pse_hash_is_equal(&b->item[k]->leaf, &sorted[i]->leaf))
                continue;
            if (first == SIZE_MAX)
                first = k;
            else
                b->same[k] = b->item[first];
        }
        while (i + 1 < b->n && pse_hash_is_equal(&sorted[i + 1]->leaf, &sorted[i]->leaf))
            i++;
    }
}

/* Take out entries that a head holds; what is left is new, and each once. `twins` get what the one
 * they equal gets. */
static void take_out_old(struct pse_sequencer *s, struct items *twins)
{
    struct batch *b = s->batch;
    size_t kept = 0;

    for (size_t i = 0; i < b->n; i++)
        b->raw[i] = pse_span(b->item[i]->bytes, b->item[i]->n);
    pse_tree_leaves(b->leaf, b->raw, b->n, NULL);
    for (size_t i = 0; i < b->n; i++)
        b->item[i]->leaf = b->leaf[i];
    find_same(b);
    for (size_t i = 0; i < b->n; i++) {
        struct item *one = b->item[i];

        if (pse_nodes_find(&s->nodes, &one->index, &one->leaf)) {
            items_add(&b->old, one);
        } else if (b->same[i] != NULL) {
            items_add(twins, one);
        } else {
            b->item[kept] = one;
            b->raw[kept] = b->raw[i];
            b->leaf[kept++] = b->leaf[i];
        }
    }
    b->n = kept;
}

/* --- judging ---------------------------------------------------------------------------------- */

static pse_rc put_in_order(struct pse_sequencer *s)
{
    const struct pse_judge *judge = s->o.judge;
    struct batch *b = s->batch;

    for (size_t i = 0; i < b->n; i++)
        b->order[i] = i;
    if (judge != NULL && b->n > 0 && !judge->is_ballot(judge->ctx, b->raw[0]))
        return PSE_OK;
    for (size_t i = b->n; i > 1; i--) {
        size_t k = (size_t)pse_rng_below(s->o.rng, i);
        size_t swap = b->order[i - 1];

        b->order[i - 1] = b->order[k];
        b->order[k] = swap;
    }
    return judge == NULL ? PSE_OK : judge->chain(judge->ctx, b->order, b->raw, b->n);
}

static pse_rc refuse(struct pse_sequencer *s, struct item *one, const struct pse_judgment *verdict)
{
    struct pse_answer answer = {.kind = PSE_ANSWER_REFUSED, .leaf = one->leaf, .verdict = *verdict};

    return item_answer(s, one, &answer);
}

/* A twin of a refused entry is refused alike. */
static pse_rc refuse_dead(struct pse_sequencer *s, struct items *twins, struct item *one,
                          const struct pse_judgment *verdict)
{
    struct items kept = {0};
    struct item *twin;
    pse_hash leaf = one->leaf;

    PSE_TRY(refuse(s, one, verdict));
    while ((twin = items_take(twins)) != NULL) {
        if (pse_hash_is_equal(&twin->leaf, &leaf))
            PSE_TRY(refuse(s, twin, verdict));
        else
            items_add(&kept, twin);
    }
    *twins = kept;
    return PSE_OK;
}

/* Afterwards entry[0..live) are the batch, in the order of the log; item[] likewise. */
static pse_rc judge_batch(struct pse_sequencer *s, struct pse_stop *why, struct items *twins)
{
    static _Thread_local struct item *live[PSE_BATCH_ENTRIES_MAX];
    const struct pse_judge *judge = s->o.judge;
    struct batch *b = s->batch;
    pse_rc rc = put_in_order(s);

    for (size_t i = 0; i < b->n; i++)
        b->entry[i] = b->raw[b->order[i]];
    if (rc == PSE_OK && judge != NULL && b->n > 0)
        rc = judge->offer(judge->ctx, b->verdict, b->entry, b->n);
    if (rc != PSE_OK)
        return stop_because(why, PSE_STOP_JUDGE, rc, NULL);
    b->live = 0;
    for (size_t i = 0; i < b->n; i++) {
        struct item *one = b->item[b->order[i]];

        if (judge == NULL || b->verdict[i].is_live) {
            b->entry[b->live] = b->entry[i];
            b->leaf[b->live] = one->leaf;
            live[b->live++] = one;
            continue;
        }
        b->item[b->order[i]] = NULL;
        if (refuse_dead(s, twins, one, &b->verdict[i]) != PSE_OK) {
            return stop_because(why, PSE_STOP_UNKNOWN, PSE_E_UNKNOWN, NULL);
        }
    }
    memcpy(b->item, live, b->live * sizeof *live);
    b->n = b->live;
    if (b->live > 0 && s->o.second != NULL)
        rc = s->o.second->ask(s->o.second->ctx, b->entry, b->live);
    return rc == PSE_OK ? PSE_OK : stop_because(why, PSE_STOP_SECOND_OPINION, rc, NULL);
}

/* --- head ------------------------------------------------------------------------------------- */

static pse_rc grow(struct pse_sequencer *s, struct pse_head *next)
{
    struct batch *b = s->batch;
    pse_rc rc = PSE_OK;

    pthread_mutex_lock(&s->nodes_lock);
    for (size_t i = 0; i < b->live && rc == PSE_OK; i++) {
        b->item[i]->index = pse_nodes_size(&s->nodes);
        rc = pse_nodes_append(&s->nodes, &b->leaf[i]);
    }
    next->size = pse_nodes_size(&s->nodes);
    if (rc == PSE_OK)
        pse_nodes_root(&s->nodes, &next->root, next->size);
    pthread_mutex_unlock(&s->nodes_lock);
    return rc;
}

/* Stage and swap in one transaction: signing comes before it, and the signature leaves this memory
 * only with it. */
static pse_rc swap_head(struct pse_sequencer *s, struct pse_stop *why)
{
    struct pse_head next = {.epoch = s->head.epoch};
    struct batch *b = s->batch;
    uint64_t now = sequencer_now(&s->o);
    pse_rc rc;

    if (now + PSE_CLOCK_SLACK < s->head.time) {
        (void)stop_because(why, PSE_STOP_CLOCK, PSE_E_STATE, NULL);
        why->ours = now;
        why->theirs = s->head.time;
        return PSE_E_STATE;
    }
    next.time = now < s->head.time ? s->head.time : now;
    b->bundle.n = 0;
    pse_staged_put(&b->bundle, s->head.size, b->entry, b->live);
    rc = b->bundle.rc == PSE_OK ? grow(s, &next) : b->bundle.rc;
    if (rc != PSE_OK)
        return stop_because(why, PSE_STOP_MEMORY, rc, NULL);
    pse_head_hash(&next.before, &s->head);
    rc = head_sign(&next, &s->o);
    if (rc == PSE_OK) {
        pthread_mutex_lock(&s->store_lock);
        rc = pse_store_head_cas(s->o.store, &s->head, &next, pse_buf_span(&b->bundle));
        pthread_mutex_unlock(&s->store_lock);
    }
    if (rc != PSE_OK)
        return stop_store(why, s->o.store, rc);
    s->head = next;
    return PSE_OK;
}

/* --- hand over -------------------------------------------------------------------------------- */

static void set_index(struct pse_sequencer *s, struct items *list)
{
    for (struct item *one = list->first; one != NULL; one = one->next)
        (void)pse_nodes_find(&s->nodes, &one->index, &one->leaf);
}

/* The publishing thread takes one job at a time: we are at most one batch ahead of it. */
static void hand_over(struct pse_sequencer *s, struct items *twins)
{
    struct batch *b = s->batch;
    struct items all = {0};

    for (size_t i = 0; i < b->live; i++)
        items_add(&all, b->item[i]);
    set_index(s, twins);
    items_join(&all, twins);
    items_join(&all, &b->old);
    pthread_mutex_lock(&s->lock);
    while (s->job.is_there && !s->is_broken)
        pthread_cond_wait(&s->turn, &s->lock);
    s->size = s->head.size;
    if (s->is_broken) {
        items_join(&s->in, &all);
    } else {
        s->job.head = s->head;
        s->job.items = all;
        s->job.is_there = true;
    }
    pthread_cond_broadcast(&s->turn);
    pthread_mutex_unlock(&s->lock);
}

/* Nothing that was taken is lost sight of when the batch fails. */
static void put_back(struct pse_sequencer *s, struct items *twins)
{
    struct batch *b = s->batch;

    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < b->n; i++) {
        if (b->item[i] != NULL)
            items_add(&s->in, b->item[i]);
    }
    items_join(&s->in, twins);
    items_join(&s->in, &b->old);
    pthread_mutex_unlock(&s->lock);
}

static pse_rc run(struct pse_sequencer *s, struct pse_stop *why, struct items *twins)
{
    struct batch *b = s->batch;
    pse_rc rc;

    take_out_old(s, twins);
    PSE_TRY(judge_batch(s, why, twins));
    if (b->live == 0)
        return PSE_OK;
    PSE_TRY(swap_head(s, why));
    rc = pse_tree_dir_apply(&s->tree, b->entry, b->live, s->head.time);
    return rc == PSE_OK ? PSE_OK : stop_files(why, &s->tree.disk, rc);
}

pse_rc batch_run(struct pse_sequencer *s, struct pse_stop *why)
{
    struct batch *b = s->batch;
    struct items twins = {0};
    pse_rc rc;

    b->old = (struct items){0};
    b->live = 0;
    rc = run(s, why, &twins);
    if (rc != PSE_OK) {
        put_back(s, &twins);
        return rc;
    }
    if (b->live > 0 || b->old.n > 0)
        hand_over(s, &twins);
    return PSE_OK;
}
