/* What witnesses said, verified (ledger contract 9.7, 9 "Start and refusal"). */
#include "codec/codec.h"
#include "store/sequencer_room.h"

void views_clear(struct pse_sequencer *s)
{
    for (size_t i = 0; i < PSE_WITNESSES_MAX; i++)
        pse_buf_free(&s->view[i].note);
    memset(s->view, 0, sizeof s->view);
}

bool is_quorum(const struct pse_sequencer *s, const bool *seen)
{
    return s->o.policy == NULL || pse_policy_quorum_check(s->o.policy, seen) == PSE_OK;
}

/* --- rounds ----------------------------------------------------------------------------------- */

static pse_rc prove_consistency(void *ctx, struct pse_tree_proof *out, uint64_t before)
{
    struct pse_sequencer *s = ctx;
    pse_rc rc;

    pthread_mutex_lock(&s->nodes_lock);
    rc = pse_tree_consistency(out, before, s->last.size, pse_nodes_source, &s->nodes);
    pthread_mutex_unlock(&s->nodes_lock);
    return rc;
}

static bool quorum_of(void *ctx, const bool *seen)
{
    return is_quorum(ctx, seen);
}

void round_make(struct pse_witness_round *round, struct pse_sequencer *s,
                const struct pse_head *head)
{
    s->last = *head;
    *round = (struct pse_witness_round){
        .note = pse_span(s->last.note, s->last.note_n),
        .size = head->size,
        .root = head->root,
        .budget_ms = PSE_WITNESS_BUDGET_MS,
        .consistency = prove_consistency,
        .consistency_ctx = s,
        .is_quorum = quorum_of,
        .quorum_ctx = s,
    };
}

/* --- witnesses that know more than we do ------------------------------------------------------ */

static pse_rc forked(struct pse_stop *why, enum pse_stop_reason reason, size_t i,
                     const struct pse_head *head, uint64_t theirs)
{
    (void)stop_because(why, reason, PSE_E_STATE, NULL);
    why->witness = i;
    why->ours = head->size;
    why->theirs = theirs;
    return PSE_E_STATE;
}

/* A note that our own key has signed is proof, whoever shows it; one that it has not is noise. */
static pse_rc check_note(bool *fits, struct pse_stop *why, struct pse_sequencer *s, size_t i,
                         const struct pse_head *head)
{
    struct pse_checkpoint cp;
    pse_hash root;

    *fits = false;
    if (pse_checkpoint_parse(&cp, pse_buf_span(&s->view[i].note)) != PSE_OK ||
        pse_checkpoint_log_verify(&cp, &s->o.log) != PSE_OK)
        return PSE_OK;
    if (cp.size > head->size)
        return forked(why, PSE_STOP_WITNESS_AHEAD, i, head, cp.size);
    pthread_mutex_lock(&s->nodes_lock);
    pse_nodes_root(&s->nodes, &root, cp.size);
    pthread_mutex_unlock(&s->nodes_lock);
    if (!pse_hash_is_equal(&root, &cp.root))
        return forked(why, PSE_STOP_WITNESS_FORKED, i, head, cp.size);
    *fits = true;
    return PSE_OK;
}

pse_rc views_check(bool *seen, struct pse_stop *why, struct pse_sequencer *s,
                   const struct pse_head *head)
{
    size_t claims = 0;

    for (size_t i = 0; i < s->o.policy->witnesses; i++) {
        const struct pse_witness_view *v = &s->view[i];

        seen[i] = v->state == PSE_WITNESS_NEW;
        if (v->state == PSE_WITNESS_NOTE)
            PSE_TRY(check_note(&seen[i], why, s, i, head));
        if (v->state != PSE_WITNESS_CLAIMS)
            continue;
        seen[i] = v->size <= head->size;
        if (seen[i])
            continue;
        if (++claims > s->faulty)
            return forked(why, PSE_STOP_WITNESS_AHEAD, i, head, v->size);
        if (s->o.alarm != NULL)
            s->o.alarm(s->o.ctx, i, v->size);
    }
    return PSE_OK;
}

/* --- cosignatures ----------------------------------------------------------------------------- */

static bool is_line_of(const struct pse_note_line *line, const struct pse_vkey *key)
{
    return line->id == key->id && pse_span_is_equal(line->name, key->name);
}

/* One line by itself, so that a bad one spoils no other. */
static void take_line(struct pse_buf *note, bool *seen, struct pse_sequencer *s,
                      struct pse_span head, struct pse_span line)
{
    struct pse_buf one = PSE_BUF(PSE_NOTE_MAX);
    struct pse_note parsed;
    uint64_t time;

    pse_wr_span(&one, head);
    pse_wr_span(&one, line);
    pse_wr_str(&one, "\n");
    if (one.rc == PSE_OK && pse_note_parse(&parsed, pse_buf_span(&one)) == PSE_OK) {
        for (size_t i = 0; i < s->o.policy->witnesses; i++) {
            const struct pse_vkey *key = &pse_policy_witness(s->o.policy, i)->key;

            if (seen[i] || !is_line_of(&parsed.line[parsed.n - 1], key) ||
                pse_note_check(&parsed, key, &time) != PSE_NOTE_GOOD ||
                time > sequencer_now(&s->o) + PSE_WITNESS_AHEAD_SECONDS)
                continue;
            seen[i] = true;
            pse_wr_span(note, line);
            pse_wr_str(note, "\n");
        }
    }
    pse_buf_free(&one);
}

pse_rc lines_take(struct pse_buf *note, bool *seen, struct pse_sequencer *s, struct pse_span lines)
{
    struct pse_span head = pse_span(s->last.note, s->last.note_n);
    struct pse_span line;

    while (pse_line_take(&line, &lines) == PSE_OK)
        take_line(note, seen, s, head, line);
    return note->rc;
}
