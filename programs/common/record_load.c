#include "common/record_load.h"

#include <string.h>

#include "codec/codec.h"
#include "common/options.h"

/* Bundles handed to the engine at once: ballots are verified together, memory stays small. */
enum { LOAD_BUNDLES = 16, LOAD_ARENA = 64 << 20 };

static void note_finding(void *ctx, const struct pse_finding *f)
{
    struct record_load *l = ctx;
    enum pse_rule rule = (enum pse_rule)f->rule;

    if (!l->is_loading || pse_rule_is_warning(rule))
        return;
    if (pse_rule_is_record(rule) && l->failed.rule == 0)
        l->failed = *f;
    else if (l->dead.rule == 0)
        l->dead = *f;
}

static pse_rc start(struct record_load *l, const char *name, const char *dir,
                    const struct record_load_options *o)
{
    struct pse_engine_options options = {.group = o->g,
                                         .rng = o->rng,
                                         .source = record_source_callbacks(&l->source),
                                         .finding = note_finding,
                                         .finding_ctx = l,
                                         .trust_proofs = o->until_open || o->trust_proofs};
    pse_rc rc;

    memset(l, 0, sizeof *l);
    l->name = name;
    l->dir = dir;
    pse_arena_init(&l->arena, LOAD_ARENA);
    l->checkpoint = PSE_BUF(PSE_NOTE_MAX);
    rc = record_source_open(&l->source, dir);
    if (rc != PSE_OK) {
        cli_error(name, "cannot open the record %s; check the name of the folder",
                  dir == NULL ? "" : dir);
        return rc;
    }
    return pse_engine_new(&l->e, &options);
}

pse_rc record_load_empty(struct record_load *l, const char *name,
                         const struct record_load_options *o)
{
    return start(l, name, NULL, o);
}

void record_load_close(struct record_load *l)
{
    pse_engine_free(l->e);
    l->e = NULL;
    record_source_close(&l->source);
    pse_buf_free(&l->checkpoint);
    pse_arena_free(&l->arena);
}

/* --- the checkpoint -----------------------------------------------------------------------------
 */

static pse_rc read_checkpoint(struct record_load *l, struct pse_checkpoint *cp)
{
    struct pse_reader r = record_reader_callbacks(&l->source.files);
    uint8_t *at;
    size_t n = 0;
    pse_rc rc;

    l->checkpoint.n = 0;
    at = pse_buf_extend(&l->checkpoint, PSE_NOTE_MAX);
    rc = at == NULL ? PSE_E_MEMORY : r.file(r.ctx, at, &n, PSE_NOTE_MAX, "checkpoint");

    l->checkpoint.n = n;
    if (rc != PSE_OK) {
        cli_error(l->name,
                  "%s/checkpoint cannot be read (%s): this is no record, or one cut off before its "
                  "first publication",
                  l->dir, pse_rc_name(rc));
        return rc;
    }
    rc = pse_checkpoint_parse(cp, pse_buf_span(&l->checkpoint));
    if (rc != PSE_OK)
        cli_error(l->name, "%s/checkpoint is damaged (%s); fetch the record again", l->dir,
                  pse_rc_name(rc));
    return rc;
}

/* Who signed: the manifest's log key and a quorum of the manifest's policy. */
static pse_rc check_signers(struct record_load *l, const struct pse_checkpoint *cp)
{
    const struct pse_manifest *m = pse_engine_manifest(l->e);
    struct pse_vkey log;

    if (m == NULL) {
        cli_error(l->name, "%s does not begin with a valid setup; run psephos-verify %s", l->dir,
                  l->dir);
        return PSE_E_PROOF;
    }
    PSE_TRY(pse_vkey_parse(&log, m->log_vkey));
    if (pse_checkpoint_log_verify(cp, &log) != PSE_OK) {
        cli_error(l->name, "%s/checkpoint is not signed by the log of this election (V901)",
                  l->dir);
        return PSE_E_SIGNATURE;
    }
    if (!l->has_policy)
        PSE_TRY(pse_policy_parse(&l->policy, NULL, &l->arena, pse_engine_policy_bytes(l->e)));
    l->has_policy = true;
    if (pse_checkpoint_quorum_verify(cp, &l->policy, NULL) != PSE_OK) {
        cli_error(l->name, "%s/checkpoint lacks its quorum of witnesses (V902); fetch a newer copy",
                  l->dir);
        return PSE_E_PROOF;
    }
    return PSE_OK;
}

/* --- entries ------------------------------------------------------------------------------------
 */

/* What the tile checker reads: bundles are kept until the block is fed, hash tiles are not. */
struct tiles {
    struct record_load *l;
    struct pse_buf bundle[LOAD_BUNDLES];
    struct pse_buf tile;
    size_t bundles;
};

static pse_rc read_tile(void *ctx, struct pse_span *bytes, const char *path, size_t max)
{
    struct tiles *t = ctx;
    struct pse_reader r = record_reader_callbacks(&t->l->source.files);
    struct pse_buf *b =
        strncmp(path, "tile/entries/", 13) == 0 ? &t->bundle[t->bundles % LOAD_BUNDLES] : &t->tile;
    uint8_t *at;
    size_t n;
    pse_rc rc;

    b->n = 0;
    at = pse_buf_extend(b, max);
    if (at == NULL)
        return PSE_E_MEMORY;
    rc = r.file(r.ctx, at, &n, max, path);
    b->n = rc == PSE_OK ? n : 0;
    *bytes = pse_buf_span(b);
    return rc;
}

static pse_rc feed_block(struct record_load *l, struct pse_tile_check *check,
                         const struct pse_span *entry, size_t n,
                         const struct record_load_options *o)
{
    pse_hash leaf[LOAD_BUNDLES * PSE_TILE_WIDTH];

    pse_tree_leaves(leaf, entry, n, pse_group_pool(o->g));
    PSE_TRY(pse_tile_check_leaves(check, leaf, n));
    if (o->until_open && pse_engine_state(l->e) >= PSE_STATE_OPEN)
        return PSE_OK;
    return pse_engine_feed(l->e, entry, leaf, n);
}

static pse_rc feed_all(struct record_load *l, struct pse_tile_check *check, struct tiles *t,
                       const struct record_load_options *o)
{
    struct pse_span entry[LOAD_BUNDLES * PSE_TILE_WIDTH];
    struct progress progress;
    size_t n;

    progress_init(&progress, l->name, o->quiet);
    progress_step(&progress, "verifying the record", l->source.size);
    do {
        size_t block = 0;

        do {
            t->bundles = block / PSE_TILE_WIDTH;
            PSE_TRY(pse_tile_check_bundle(check, entry + block, &n));
            block += n;
        } while (n == PSE_TILE_WIDTH && block < LOAD_BUNDLES * PSE_TILE_WIDTH);
        PSE_TRY(feed_block(l, check, entry, block, o));
        progress_set(&progress, pse_engine_size(l->e));
    } while (n == PSE_TILE_WIDTH);
    progress_end(&progress);
    return pse_tile_check_end(check, NULL);
}

static void say_tile(const struct record_load *l, const struct pse_tile_check *check)
{
    static const enum pse_tile_fault order[] = {PSE_TILE_FAULT_BUNDLE, PSE_TILE_FAULT_TILE,
                                                PSE_TILE_FAULT_ROOT};

    for (size_t i = 0; i < CLI_COUNT(order); i++) {
        const struct pse_tile_finding *f = pse_tile_check_finding(check, order[i]);
        char path[PSE_TILE_PATH_MAX];

        if (f == NULL)
            continue;
        if (f->fault == PSE_TILE_FAULT_ROOT) {
            cli_error(l->name,
                      "the entries of %s do not give the signed root (V904); fetch it "
                      "again from somewhere else",
                      l->dir);
            return;
        }
        pse_tile_path(path, &f->tile);
        cli_error(l->name, "%s/%s is %s (V903); fetch it again", l->dir, path,
                  f->rc == PSE_E_MISSING ? "absent" : "damaged");
        return;
    }
}

static pse_rc read_entries(struct record_load *l, const struct pse_checkpoint *cp,
                           const struct record_load_options *o)
{
    struct tiles t = {.l = l, .tile = PSE_BUF(PSE_BUNDLE_MAX)};
    struct pse_tile_check *check;
    pse_rc rc;

    for (size_t i = 0; i < LOAD_BUNDLES; i++)
        t.bundle[i] = PSE_BUF(PSE_BUNDLE_MAX);
    rc = pse_tile_check_new(&check, cp->size, &cp->root, read_tile, &t);
    if (rc == PSE_OK)
        rc = feed_all(l, check, &t, o);
    if (rc == PSE_OK && pse_tile_check_faults(check) > 0)
        rc = PSE_E_PROOF;
    if (rc != PSE_OK && check != NULL && pse_tile_check_faults(check) > 0)
        say_tile(l, check);
    else if (rc != PSE_OK)
        cli_error(l->name, "%s cannot be read to its end (%s); fetch it again", l->dir,
                  pse_rc_name(rc));
    pse_tile_check_free(check);
    pse_buf_free(&t.tile);
    for (size_t i = 0; i < LOAD_BUNDLES; i++)
        pse_buf_free(&t.bundle[i]);
    return rc;
}

static pse_rc check_findings(const struct record_load *l)
{
    const struct pse_finding *f = &l->failed;

    if (f->rule != 0) {
        cli_error(l->name,
                  "%s fails rule %s at entry %llu (%s); run psephos-verify %s for all "
                  "findings",
                  l->dir, pse_rule_name((enum pse_rule)f->rule), (unsigned long long)f->entry,
                  pse_rule_title((enum pse_rule)f->rule), l->dir);
        return PSE_E_PROOF;
    }
    if (l->dead.rule != 0)
        cli_note(l->name,
                 "note: the record holds dead entries, the first is %llu (%s); they change nothing",
                 (unsigned long long)l->dead.entry, pse_rule_name((enum pse_rule)l->dead.rule));
    return PSE_OK;
}

pse_rc record_load(struct record_load *l, const char *name, const char *dir,
                   const struct record_load_options *o)
{
    struct pse_checkpoint cp;

    PSE_TRY(start(l, name, dir, o));
    l->is_loading = true;
    PSE_TRY(read_checkpoint(l, &cp));
    l->source.size = cp.size;
    PSE_TRY(read_entries(l, &cp, o));
    PSE_TRY(check_findings(l));
    PSE_TRY(check_signers(l, &cp));
    l->is_loading = false;
    if (o->eid != NULL && !pse_hash_is_equal(o->eid, pse_engine_eid(l->e))) {
        cli_error(name, "%s holds another election than the one expected; check --record and --eid",
                  dir);
        return PSE_E_MISMATCH;
    }
    return PSE_OK;
}

/* --- what came since ----------------------------------------------------------------------------
 */

/* Entries from the engine's size up to @p size, at most one bundle's worth. */
static pse_rc feed_some(struct record_load *l, struct pse_buf *bytes, uint64_t size)
{
    size_t at[PSE_TILE_WIDTH + 1] = {0};
    struct pse_span entry[PSE_TILE_WIDTH];
    uint64_t first = pse_engine_size(l->e);
    size_t n = size - first < PSE_TILE_WIDTH ? (size_t)(size - first) : PSE_TILE_WIDTH;

    bytes->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct pse_span one;

        PSE_TRY(record_source_entry(&l->source, &one, first + i));
        pse_buf_put(bytes, one.p, one.n);
        at[i + 1] = bytes->n;
    }
    PSE_TRY(bytes->rc);
    for (size_t i = 0; i < n; i++)
        entry[i] = pse_span(bytes->p + at[i], at[i + 1] - at[i]);
    return pse_engine_feed(l->e, entry, NULL, n);
}

static pse_rc feed_new(struct record_load *l, const struct pse_checkpoint *cp)
{
    struct pse_buf bytes = PSE_BUF(PSE_BUNDLE_MAX);
    pse_hash root;
    pse_rc rc = PSE_OK;

    record_source_settle(&l->source, cp->size);
    while (rc == PSE_OK && pse_engine_size(l->e) < cp->size)
        rc = feed_some(l, &bytes, cp->size);
    pse_buf_free(&bytes);
    if (rc != PSE_OK) {
        cli_error(l->name, "new entries of %s cannot be read (%s); is it being moved?", l->dir,
                  pse_rc_name(rc));
        record_source_settle(&l->source, pse_engine_size(l->e));
        return rc;
    }
    pse_engine_root(l->e, &root);
    if (pse_hash_is_equal(&root, &cp->root))
        return PSE_OK;
    cli_error(l->name,
              "the entries of %s do not give the root that was signed now (V904): the log shows "
              "two histories, or the record was altered; keep both and stop",
              l->dir);
    return PSE_E_PROOF;
}

pse_rc record_load_grow(struct record_load *l)
{
    struct pse_checkpoint cp;

    PSE_TRY(read_checkpoint(l, &cp));
    PSE_TRY(check_signers(l, &cp));
    if (cp.size < pse_engine_size(l->e))
        return PSE_E_STATE;
    l->is_loading = true;
    PSE_TRY(feed_new(l, &cp));
    PSE_TRY(check_findings(l));
    l->is_loading = false;
    return PSE_OK;
}
