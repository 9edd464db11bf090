/* Recovery and refusal (ledger contract 9 "Start and refusal"), and making a log. */
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "store/sequencer_room.h"

enum { STAGES_MAX = 64 };

/* --- making ----------------------------------------------------------------------------------- */

pse_rc head_sign(struct pse_head *head, const struct pse_sequencer_options *o)
{
    struct pse_buf note = PSE_BUF(PSE_HEAD_NOTE_MAX);
    pse_rc rc;

    PSE_TRY(pse_step_before(o->steps, PSE_STEP_SIGN, NULL));
    pse_checkpoint_put(&note, head->size, &head->root, &o->log, o->seed);
    rc = note.rc;
    if (rc == PSE_OK) {
        memcpy(head->note, note.p, note.n);
        head->note_n = note.n;
        rc = pse_step_after(o->steps, PSE_STEP_SIGN);
    }
    pse_buf_free(&note);
    return rc;
}

static pse_rc create(struct pse_stop *why, const struct pse_sequencer_options *o,
                     struct pse_tree_dir *tree)
{
    struct pse_buf old = PSE_BUF(PSE_NOTE_MAX);
    struct pse_head head;
    pse_rc rc = pse_tree_dir_open(tree, o->record, o->steps);

    if (rc != PSE_OK)
        return rc == PSE_E_STATE ? stop_because(why, PSE_STOP_LOCKED, rc, o->record)
                                 : stop_files(why, &tree->disk, rc);
    rc = pse_tree_dir_checkpoint(tree, &old);
    pse_buf_free(&old);
    if (rc != PSE_E_MISSING)
        return stop_because(why, PSE_STOP_RECORD_EXISTS, PSE_E_DUPLICATE, o->record);
    rc = pse_store_head_read(o->store, &head);
    if (rc != PSE_E_MISSING)
        return rc == PSE_OK ? stop_because(why, PSE_STOP_HEAD_EXISTS, PSE_E_DUPLICATE, NULL)
                            : stop_store(why, o->store, rc);
    head = (struct pse_head){.epoch = 1, .time = sequencer_now(o)};
    pse_tree_root(&head.root, NULL, 0);
    rc = head_sign(&head, o);
    if (rc == PSE_OK)
        rc = pse_store_head_create(o->store, &head);
    return rc == PSE_OK ? PSE_OK : stop_store(why, o->store, rc);
}

pse_rc pse_sequencer_create(struct pse_stop *why, const struct pse_sequencer_options *options)
{
    struct pse_tree_dir tree;
    pse_rc rc;

    *why = (struct pse_stop){0};
    rc = create(why, options, &tree);
    pse_tree_dir_close(&tree);
    return rc;
}

/* --- head ------------------------------------------------------------------------------------- */

/* Form, the log's signature, and that note and columns say the same. */
static pse_rc check_head(struct pse_stop *why, const struct pse_sequencer_options *o,
                         const struct pse_head *head)
{
    struct pse_checkpoint cp;
    uint64_t now = sequencer_now(o);

    if (pse_checkpoint_parse(&cp, pse_span(head->note, head->note_n)) != PSE_OK ||
        pse_checkpoint_log_verify(&cp, &o->log) != PSE_OK || cp.size != head->size ||
        !pse_hash_is_equal(&cp.root, &head->root))
        return stop_because(why, PSE_STOP_HEAD, PSE_E_MISMATCH, NULL);
    if (now + PSE_CLOCK_SLACK >= head->time)
        return PSE_OK;
    (void)stop_because(why, PSE_STOP_CLOCK, PSE_E_STATE, NULL);
    why->ours = now;
    why->theirs = head->time;
    return PSE_E_STATE;
}

static pse_rc read_head(struct pse_sequencer *s, struct pse_stop *why)
{
    pse_rc rc = pse_store_head_read(s->o.store, &s->head);

    if (rc == PSE_E_MISSING)
        return stop_because(why, PSE_STOP_NO_HEAD, rc, pse_store_why(s->o.store));
    if (rc == PSE_E_MISMATCH)
        return stop_because(why, PSE_STOP_HEAD, rc, pse_store_why(s->o.store));
    if (rc != PSE_OK)
        return stop_store(why, s->o.store, rc);
    return check_head(why, &s->o, &s->head);
}

/* --- what is published ------------------------------------------------------------------------ */

static pse_rc at_odds(struct pse_stop *why, enum pse_stop_reason reason, uint64_t ours,
                      uint64_t theirs)
{
    (void)stop_because(why, reason, PSE_E_STATE, "checkpoint");
    why->ours = ours;
    why->theirs = theirs;
    return PSE_E_STATE;
}

/* *cp has size 0 when nothing is published; it borrows from s->checkpoint. */
static pse_rc read_published(struct pse_checkpoint *cp, struct pse_sequencer *s,
                             struct pse_stop *why)
{
    pse_rc rc = pse_tree_dir_checkpoint(&s->tree, &s->checkpoint);

    memset(cp, 0, sizeof *cp);
    if (rc == PSE_E_MISSING)
        return PSE_OK;
    if (rc != PSE_OK)
        return stop_files(why, &s->tree.front, rc);
    if (pse_checkpoint_parse(cp, pse_buf_span(&s->checkpoint)) != PSE_OK ||
        pse_checkpoint_log_verify(cp, &s->o.log) != PSE_OK)
        return at_odds(why, PSE_STOP_RECORD_FORKED, s->head.size, cp->size);
    if (cp->size > s->head.size)
        return at_odds(why, PSE_STOP_RECORD_AHEAD, s->head.size, cp->size);
    s->published = cp->size;
    return PSE_OK;
}

/* --- tiles ------------------------------------------------------------------------------------ */

static pse_rc bad_tiles(struct pse_sequencer *s, struct pse_stop *why, pse_rc rc)
{
    return rc == PSE_E_MEMORY ? stop_because(why, PSE_STOP_MEMORY, rc, NULL)
                              : stop_because(why, PSE_STOP_TILES, rc, s->tree.disk.where);
}

/* The leaves of @p staged on top of those loaded must give the head's root: that vouches for both.
 */
static pse_rc add_staged(struct pse_sequencer *s, const struct pse_staged *staged)
{
    pse_hash leaf;

    for (size_t i = 0; i < staged->n; i++) {
        pse_tree_leaf(&leaf, staged->entry[i]);
        PSE_TRY(pse_nodes_append(&s->nodes, &leaf));
    }
    return PSE_OK;
}

/* Tiles up to @p from as they are, then entries that the store holds, up to the head. */
static pse_rc apply_from(struct pse_sequencer *s, struct pse_stop *why, uint64_t from,
                         const struct pse_staged *staged)
{
    pse_hash root;
    pse_rc rc = pse_tree_dir_load(&s->tree, &s->nodes, from);

    if (rc != PSE_OK)
        return bad_tiles(s, why, rc);
    pse_nodes_root(&s->nodes, &root, from);
    if (staged != NULL)
        rc = add_staged(s, staged);
    if (rc == PSE_OK && pse_nodes_size(&s->nodes) == s->head.size) {
        pse_hash all;

        pse_nodes_root(&s->nodes, &all, s->head.size);
        if (!pse_hash_is_equal(&all, &s->head.root))
            rc = PSE_E_MISMATCH;
    }
    if (rc == PSE_OK)
        rc = pse_tree_dir_resume(&s->tree, from, &root, s->head.time);
    if (rc == PSE_OK && staged != NULL)
        rc = pse_tree_dir_apply(&s->tree, staged->entry, staged->n, s->head.time);
    return rc == PSE_OK ? PSE_OK : bad_tiles(s, why, rc);
}

/* --- staged bundles --------------------------------------------------------------------------- */

static bool is_of_head(const struct pse_stage_name *name, const struct pse_head *head)
{
    return name->size == head->size && pse_hash_is_equal(&name->root, &head->root);
}

/* The bundle that led to the head, if it is still there. */
static pse_rc find_stage(struct pse_buf *out, struct pse_sequencer *s, struct pse_stop *why)
{
    struct pse_stage_name name[STAGES_MAX];
    size_t n;
    pse_rc rc = pse_store_stage_list(s->o.store, name, &n, STAGES_MAX);

    for (size_t i = n; i > 0 && rc == PSE_OK; i--) {
        if (!is_of_head(&name[i - 1], &s->head))
            continue;
        rc = pse_store_stage_get(s->o.store, out, &name[i - 1]);
        break;
    }
    return rc == PSE_OK ? PSE_OK : stop_store(why, s->o.store, rc);
}

/* All of them: the head's is applied by now, others led nowhere. */
static pse_rc drop_stages(struct pse_sequencer *s, struct pse_stop *why)
{
    struct pse_stage_name name[STAGES_MAX];
    size_t n;
    pse_rc rc;

    do {
        rc = pse_store_stage_list(s->o.store, name, &n, STAGES_MAX);
        for (size_t i = 0; i < n && rc == PSE_OK; i++)
            rc = pse_store_stage_drop(s->o.store, &name[i]);
    } while (rc == PSE_OK && n == STAGES_MAX);
    return rc == PSE_OK ? PSE_OK : stop_store(why, s->o.store, rc);
}

static pse_rc apply_bundle(struct pse_sequencer *s, struct pse_stop *why, struct pse_span bundle)
{
    struct pse_staged *staged = malloc(sizeof *staged);
    pse_rc rc;

    if (staged == NULL)
        return stop_because(why, PSE_STOP_MEMORY, PSE_E_MEMORY, NULL);
    rc = pse_staged_parse(staged, bundle);
    if (rc == PSE_OK && staged->from + staged->n != s->head.size)
        rc = PSE_E_MISMATCH;
    rc = rc == PSE_OK ? apply_from(s, why, staged->from, staged)
                      : stop_because(why, PSE_STOP_STORE, rc, "the staged bundle");
    free(staged);
    return rc;
}

/* Another machine wrote while our files stood still: go on from what is published here with the
 * entries that the store keeps. PSE_E_MISSING: it keeps none. */
static pse_rc catch_up(struct pse_sequencer *s, struct pse_stop *why)
{
    struct pse_staged *staged = malloc(sizeof *staged);
    struct pse_buf bundle = PSE_BUF(PSE_STAGE_MAX);
    uint64_t at = s->published;
    pse_rc rc = staged == NULL ? PSE_E_MEMORY : PSE_OK;

    if (rc == PSE_OK)
        rc = apply_from(s, why, at, NULL);
    while (rc == PSE_OK && at < s->head.size) {
        bundle.n = 0;
        rc = pse_store_entries_get(s->o.store, &bundle, at, s->head.size);
        if (rc == PSE_OK)
            rc = pse_staged_parse(staged, pse_buf_span(&bundle));
        if (rc == PSE_OK && (staged->from != at || staged->n == 0))
            rc = PSE_E_MISMATCH;
        if (rc == PSE_OK)
            rc = add_staged(s, staged);
        if (rc == PSE_OK)
            rc = pse_tree_dir_apply(&s->tree, staged->entry, staged->n, s->head.time);
        if (rc == PSE_OK)
            at += staged->n;
    }
    free(staged);
    pse_buf_free(&bundle);
    return rc;
}

/* Entries that came from the store are as good as the head's signature: they must give its root. */
static pse_rc caught_up(struct pse_sequencer *s, struct pse_stop *why, const struct pse_stop *tiles)
{
    pse_hash root;
    pse_rc rc;

    pse_nodes_free(&s->nodes);
    pse_tile_writer_free(s->tree.tiles);
    s->tree.tiles = NULL;
    *why = (struct pse_stop){0};
    rc = catch_up(s, why);
    if (rc == PSE_E_MISSING) {
        *why = *tiles;
        return PSE_E_STATE;
    }
    if (rc == PSE_OK) {
        pse_nodes_root(&s->nodes, &root, s->head.size);
        if (!pse_hash_is_equal(&root, &s->head.root))
            rc = stop_because(why, PSE_STOP_TILES, PSE_E_MISMATCH, "entries in the store");
    }
    return rc == PSE_OK || why->reason != PSE_STOP_NONE ? rc : stop_store(why, s->o.store, rc);
}

static pse_rc recover_tree(struct pse_sequencer *s, struct pse_stop *why)
{
    struct pse_buf bundle = PSE_BUF(PSE_STAGE_MAX);
    struct pse_stop tiles;
    pse_rc rc = find_stage(&bundle, s, why);

    if (rc == PSE_OK)
        rc = bundle.n > 0 ? apply_bundle(s, why, pse_buf_span(&bundle))
                          : apply_from(s, why, s->head.size, NULL);
    pse_buf_free(&bundle);
    if (rc != PSE_OK && why->reason == PSE_STOP_TILES && why->rc == PSE_E_MISSING) {
        tiles = *why;
        rc = caught_up(s, why, &tiles);
    }
    return rc;
}

static pse_rc check_published(struct pse_sequencer *s, struct pse_stop *why,
                              const struct pse_checkpoint *cp)
{
    pse_hash root;

    if (cp->size == 0)
        return PSE_OK;
    pse_nodes_root(&s->nodes, &root, cp->size);
    return pse_hash_is_equal(&root, &cp->root)
               ? PSE_OK
               : at_odds(why, PSE_STOP_RECORD_FORKED, s->head.size, cp->size);
}

/* --- witnesses -------------------------------------------------------------------------------- */

static pse_rc ask_witnesses(struct pse_sequencer *s, struct pse_stop *why)
{
    bool seen[PSE_WITNESSES_MAX] = {false};
    struct pse_witness_round round;
    size_t answered = 0, least = 0;
    pse_rc rc;

    round_make(&round, s, &s->head);
    if (s->o.policy == NULL)
        return PSE_OK;
    PSE_REQUIRE(s->o.witnessing != NULL && s->o.policy->witnesses <= PSE_WITNESSES_MAX);
    PSE_REQUIRE(s->o.witnessing->witnesses == s->o.policy->witnesses);
    rc = s->o.witnessing->ask(s->o.witnessing->ctx, s->view, &round);
    rc = rc == PSE_OK ? views_check(seen, why, s, &s->head)
                      : stop_because(why, PSE_STOP_MEMORY, rc, NULL);
    views_clear(s);
    PSE_TRY(rc);
    if (is_quorum(s, seen))
        return PSE_OK;
    for (size_t i = 0; i < s->o.policy->witnesses; i++)
        answered += seen[i];
    if (pse_policy_min_witnesses(&least, s->o.policy) != PSE_OK)
        least = 0;
    (void)stop_because(why, PSE_STOP_FEW_WITNESSES, PSE_E_STATE, NULL);
    why->ours = answered;
    why->theirs = least;
    return PSE_E_STATE;
}

/* --- all of it -------------------------------------------------------------------------------- */

pse_rc sequencer_recover(struct pse_sequencer *s, struct pse_stop *why)
{
    struct pse_checkpoint *cp = malloc(sizeof *cp);
    pse_rc rc = pse_tree_dir_open(&s->tree, s->o.record, s->o.steps);

    if (cp == NULL)
        return stop_because(why, PSE_STOP_MEMORY, PSE_E_MEMORY, NULL);
    if (rc != PSE_OK)
        rc = rc == PSE_E_STATE ? stop_because(why, PSE_STOP_LOCKED, rc, s->o.record)
                               : stop_files(why, &s->tree.disk, rc);
    if (rc == PSE_OK)
        rc = read_head(s, why);
    if (rc == PSE_OK)
        rc = read_published(cp, s, why);
    if (rc == PSE_OK)
        rc = recover_tree(s, why);
    if (rc == PSE_OK)
        rc = check_published(s, why, cp);
    free(cp);
    PSE_TRY(rc);
    PSE_TRY(ask_witnesses(s, why));
    rc = pse_store_fence(s->o.store, &s->head);
    if (rc != PSE_OK)
        return stop_store(why, s->o.store, rc);
    PSE_TRY(drop_stages(s, why));
    PSE_TRY(blobs_recover(s, why));
    if (s->o.judge != NULL)
        rc = s->o.judge->load(s->o.judge->ctx, s->head.size, &s->head.root);
    return rc == PSE_OK ? PSE_OK : stop_because(why, PSE_STOP_JUDGE, rc, NULL);
}
