/* From a head to receipts: witness, publish, answer, drop (ledger contract 9.7, 9.8). */
#include <stdlib.h>

#include "codec/codec.h"
#include "store/sequencer_room.h"

/* --- receipts --------------------------------------------------------------------------------- */

static pse_rc give_receipt(struct pse_sequencer *s, struct item *one)
{
    struct pse_answer answer = {.kind = PSE_ANSWER_RECEIPT, .leaf = one->leaf, .index = one->index};
    struct pse_buf receipt = PSE_BUF(PSE_PROOF_MAX);
    struct pse_tree_proof path;
    pse_rc rc;

    pthread_mutex_lock(&s->nodes_lock);
    rc = pse_tree_inclusion(&path, s->published, one->index, pse_nodes_source, &s->nodes);
    pthread_mutex_unlock(&s->nodes_lock);
    if (rc == PSE_OK) {
        pse_proof_put(&receipt, NULL, one->index, &path, pse_buf_span(&s->checkpoint));
        rc = receipt.rc;
    }
    answer.receipt = pse_buf_span(&receipt);
    if (rc == PSE_OK)
        rc = item_answer(s, one, &answer);
    else
        items_add(&s->unwitnessed, one); /* answered when the sequencer is dismissed */
    pse_buf_free(&receipt);
    return rc;
}

static pse_rc say_recorded(struct pse_sequencer *s, struct item *one)
{
    struct pse_answer answer = {
        .kind = PSE_ANSWER_RECORDED, .leaf = one->leaf, .index = one->index};

    if (one->is_told)
        return PSE_OK;
    one->is_told = true;
    return item_answer(s, one, &answer);
}

/* Those below the published size get receipts, the others hear that they are recorded and wait. */
static pse_rc answer_all(struct pse_sequencer *s, struct items *list)
{
    struct item *one;
    pse_rc rc = PSE_OK;

    while (rc == PSE_OK && (one = items_take(list)) != NULL) {
        if (one->index < s->published) {
            rc = give_receipt(s, one);
            continue;
        }
        items_add(&s->unwitnessed, one);
        rc = say_recorded(s, one);
    }
    return rc;
}

/* --- checkpoints ------------------------------------------------------------------------------ */

/* A line of nobody, so that readers that stumble over unknown keys are found out early. */
static void put_grease(struct pse_buf *note, struct pse_rng *rng)
{
    uint8_t random[8 + 4 + 64];
    char name[2 * 8 + 1];

    pse_rng_fill(rng, random, sizeof random);
    pse_hex_encode(name, random, 8);
    pse_note_line_put(note, pse_span_str(name), pse_load_u32(random + 8),
                      pse_span(random + 12, 64));
}

static pse_rc put_checkpoint(struct pse_sequencer *s, struct pse_stop *why, struct pse_buf *note)
{
    pse_rc rc;

    if (!s->o.is_plain)
        put_grease(note, &s->grease);
    if (note->rc != PSE_OK)
        return stop_because(why, PSE_STOP_MEMORY, note->rc, NULL);
    rc = pse_tree_dir_publish(&s->tree, pse_buf_span(note));
    if (rc != PSE_OK)
        return stop_files(why, &s->tree.front, rc);
    pthread_mutex_lock(&s->lock);
    pse_buf_free(&s->checkpoint);
    s->checkpoint = *note;
    *note = PSE_BUF(PSE_NOTE_MAX);
    s->published = s->last.size;
    s->published_at = sequencer_now(&s->o);
    pthread_mutex_unlock(&s->lock);
    return PSE_OK;
}

/* --- witnesses -------------------------------------------------------------------------------- */

static pse_rc collect(struct pse_sequencer *s, struct pse_buf *lines,
                      const struct pse_witness_round *round)
{
    PSE_TRY(pse_step_before(s->o.steps, PSE_STEP_WITNESS_ASK, NULL));
    PSE_TRY(pse_step_after(s->o.steps, PSE_STEP_WITNESS_ASK));
    PSE_TRY(s->o.witnessing->collect(s->o.witnessing->ctx, lines, s->view, round));
    PSE_TRY(pse_step_before(s->o.steps, PSE_STEP_WITNESS_ANSWER, NULL));
    return pse_step_after(s->o.steps, PSE_STEP_WITNESS_ANSWER);
}

/* *good: the quorum has cosigned, and the checkpoint is in @p note. */
static pse_rc witness(bool *good, struct pse_buf *note, struct pse_sequencer *s,
                      struct pse_stop *why, const struct pse_head *head)
{
    struct pse_buf lines = PSE_BUF(PSE_WITNESS_LINES_MAX);
    bool fits[PSE_WITNESSES_MAX] = {false};
    bool seen[PSE_WITNESSES_MAX] = {false};
    struct pse_witness_round round;
    pse_rc rc;

    round_make(&round, s, head);
    pse_wr_span(note, round.note);
    *good = s->o.policy == NULL;
    if (*good)
        return note->rc;
    rc = collect(s, &lines, &round);
    if (rc == PSE_OK) {
        rc = views_check(fits, why, s, head);
        if (rc == PSE_OK)
            rc = lines_take(note, seen, s, pse_buf_span(&lines));
        *good = rc == PSE_OK && is_quorum(s, seen);
    }
    views_clear(s);
    pse_buf_free(&lines);
    if (rc != PSE_OK && why->reason == PSE_STOP_NONE)
        (void)stop_because(why, PSE_STOP_MEMORY, rc, NULL);
    return rc;
}

/* --- jobs ------------------------------------------------------------------------------------- */

static pse_rc drop(struct pse_sequencer *s, struct pse_stop *why, const struct pse_head *head)
{
    const struct pse_stage_name name = {head->epoch, head->size, head->root};
    pse_rc rc;

    pthread_mutex_lock(&s->store_lock);
    rc = pse_store_stage_drop(s->o.store, &name);
    pthread_mutex_unlock(&s->store_lock);
    return rc == PSE_OK ? PSE_OK : stop_store(why, s->o.store, rc);
}

static pse_rc publish(struct pse_sequencer *s, struct pse_stop *why, const struct pse_head *head)
{
    struct pse_buf note = PSE_BUF(PSE_NOTE_MAX);
    bool good;
    pse_rc rc = witness(&good, &note, s, why, head);

    if (rc == PSE_OK && good)
        rc = put_checkpoint(s, why, &note);
    pse_buf_free(&note);
    return rc;
}

static pse_rc answer_waiting(struct pse_sequencer *s, struct pse_stop *why)
{
    struct items waiting = s->unwitnessed;
    pse_rc rc;

    s->unwitnessed = (struct items){0};
    rc = answer_all(s, &waiting);
    items_join(&s->unwitnessed, &waiting);
    return rc == PSE_OK ? PSE_OK : stop_because(why, PSE_STOP_UNKNOWN, rc, NULL);
}

pse_rc job_run(struct pse_sequencer *s, struct pse_stop *why, struct job *job)
{
    bool is_new = job->head.size > s->last.size || s->published < job->head.size;

    items_join(&s->unwitnessed, &job->items);
    if (is_new)
        PSE_TRY(publish(s, why, &job->head));
    PSE_TRY(answer_waiting(s, why));
    return is_new ? drop(s, why, &job->head) : PSE_OK;
}

pse_rc job_again(struct pse_sequencer *s, struct pse_stop *why)
{
    struct pse_head head = s->last;

    if (s->published < head.size)
        PSE_TRY(publish(s, why, &head));
    return answer_waiting(s, why);
}
