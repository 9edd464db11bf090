/* The audit: checkpoint, tiles and entries in the order and with the skipping rules of protocol
 * 12, then the verdict. */
#include "election/audit.h"

#include <stdlib.h>

#include "codec/hash.h"
#include "election/audit_source.h"
#include "election/engine.h"

enum { FINDINGS_MAX = 100000, ROUND = PSE_SHELF_BUNDLES * PSE_TILE_WIDTH };

struct pse_audit {
    struct pse_audit_options o;
    struct pse_reader reader;
    struct pse_engine *engine;
    struct pse_reread reread;
    uint8_t *note; /* checkpoint file */
    struct pse_checkpoint checkpoint;
    bool has_checkpoint;
    struct pse_arena arena; /* of the policy */
    struct pse_policy policy;
    bool has_policy;
    bool *seen;                              /* [witnesses] */
    struct pse_rule_use use[PSE_RULE_COUNT]; /* V901-V904, V909 */
    struct pse_finding *finding;
    size_t findings;
    size_t room;
    uint64_t findings_total;
    bool is_short_of_memory;
    bool is_stopped; /* V901 form or V903 bundle */
    bool is_eid_unpinned, is_policy_unpinned;
    enum pse_verdict verdict;
};

/* --- findings --------------------------------------------------------------------------------- */

/* Record findings are few and always kept. */
static void keep_finding(void *ctx, const struct pse_finding *f)
{
    struct pse_audit *a = (struct pse_audit *)ctx;

    a->findings_total++;
    if (a->findings >= a->o.findings_max && !pse_rule_is_record((enum pse_rule)f->rule))
        return;
    if (a->findings == a->room) {
        size_t room = a->room == 0 ? 64 : 2 * a->room;
        struct pse_finding *more =
            (struct pse_finding *)realloc(a->finding, room * sizeof *a->finding);

        if (more == NULL) {
            a->is_short_of_memory = true;
            return;
        }
        a->finding = more;
        a->room = room;
    }
    a->finding[a->findings++] = *f;
}

static uint64_t now(const struct pse_audit *a)
{
    return a->o.now == NULL ? 0 : a->o.now(a->o.now_ctx);
}

/* A rule of the record as a whole was applied to @p items things since @p start. */
static void record_rule(struct pse_audit *a, enum pse_rule rule, uint64_t items, uint64_t start,
                        uint64_t failed)
{
    struct pse_rule_use *use = &a->use[pse_rule_slot(rule)];
    struct pse_finding f = {.entry = PSE_NO_ENTRY, .rule = (uint16_t)rule};

    use->items += items;
    use->failed += failed;
    use->nanoseconds += now(a) - start;
    if (failed > 0)
        keep_finding(a, &f);
}

/* --- checkpoint ------------------------------------------------------------------------------- */

/* V901, form. */
static pse_rc read_checkpoint(struct pse_audit *a)
{
    uint64_t start = now(a);
    size_t n = 0;
    pse_rc rc;

    a->note = (uint8_t *)malloc(PSE_NOTE_MAX);
    if (a->note == NULL)
        return PSE_E_MEMORY;
    rc = a->reader.file(a->reader.ctx, a->note, &n, PSE_NOTE_MAX, "checkpoint");
    if (rc != PSE_OK && rc != PSE_E_LIMIT)
        return rc;
    if (rc == PSE_OK)
        rc = pse_checkpoint_parse(&a->checkpoint, pse_span(a->note, n));
    a->has_checkpoint = rc == PSE_OK;
    a->is_stopped = rc != PSE_OK;
    record_rule(a, PSE_V901, 1, start, rc != PSE_OK);
    return PSE_OK;
}

/* V901, the rest: origin and log signature, once the manifest has told the key. */
static void examine_log_signature(struct pse_audit *a, const struct pse_manifest *m)
{
    uint64_t start = now(a);
    struct pse_vkey log;
    pse_rc rc = pse_vkey_parse(&log, m->log_vkey);

    if (rc == PSE_OK)
        rc = pse_checkpoint_log_verify(&a->checkpoint, &log);
    record_rule(a, PSE_V901, 0, start, rc != PSE_OK);
}

/* V902; skipped without a policy that meets V104. */
static pse_rc examine_quorum(struct pse_audit *a, const struct pse_manifest *m)
{
    struct pse_span bytes = pse_engine_policy_bytes(a->engine);
    uint64_t start = now(a);
    pse_rc rc;

    if (pse_engine_use(a->engine, PSE_V104)->failed > 0 || bytes.n == 0)
        return PSE_OK;
    PSE_TRY(pse_setup_policy(m, &a->policy, &a->arena, bytes));
    a->has_policy = true;
    a->seen = PSE_NEW(&a->arena, bool, a->policy.witnesses);
    if (a->seen == NULL)
        return PSE_E_MEMORY;
    rc = pse_checkpoint_quorum_verify(&a->checkpoint, &a->policy, a->seen);
    if (rc == PSE_E_MEMORY)
        return rc;
    record_rule(a, PSE_V902, a->policy.witnesses, start, rc != PSE_OK);
    return PSE_OK;
}

/* What waited for entry 0. */
static pse_rc after_setup(struct pse_audit *a)
{
    const struct pse_manifest *m = a->engine->m;
    struct pse_span policy = pse_engine_policy_bytes(a->engine);

    a->is_eid_unpinned = a->o.eid != NULL && (m == NULL || !pse_hash_is_equal(a->o.eid, &m->eid));
    a->is_policy_unpinned =
        a->o.policy.p != NULL && (m == NULL || !pse_span_is_equal(a->o.policy, policy));
    if (m == NULL)
        return PSE_OK;
    examine_log_signature(a, m);
    return examine_quorum(a, m);
}

/* --- entries ---------------------------------------------------------------------------------- */

static void progress(const struct pse_audit *a, uint8_t type)
{
    if (a->o.progress != NULL)
        a->o.progress(a->o.progress_ctx, pse_engine_size(a->engine), a->checkpoint.size, type);
}

static bool is_costly(struct pse_span entry)
{
    return entry.n > 0 && (entry.p[0] == PSE_ENTRY_FREEZE || entry.p[0] == PSE_ENTRY_MIX ||
                           entry.p[0] == PSE_ENTRY_DECRYPT || entry.p[0] == PSE_ENTRY_RESULT);
}

/* Ballots go in together, what takes long alone, so that somebody who waits is told. */
static pse_rc feed(struct pse_audit *a, const struct pse_span *entry, const pse_hash *leaf,
                   size_t n)
{
    size_t from = 0;

    if (pse_engine_size(a->engine) == 0 && n > 0) {
        PSE_TRY(pse_engine_feed(a->engine, entry, leaf, 1));
        PSE_TRY(after_setup(a));
        from = 1;
    }
    while (from < n) {
        size_t to = from;

        while (to < n && !is_costly(entry[to]))
            to++;
        progress(a, to > from ? 0 : entry[to].p[0]);
        if (to == from)
            to++;
        PSE_TRY(pse_engine_feed(a->engine, entry + from, leaf + from, to - from));
        from = to;
    }
    progress(a, 0);
    return PSE_OK;
}

/* Entries of some bundles and their bytes. */
struct round {
    struct pse_shelf shelf;
    struct pse_span entry[ROUND];
    pse_hash leaf[ROUND];
    size_t n;
};

/* *n = 0 after the last; is_stopped when a bundle fails. */
static pse_rc gather(struct pse_audit *a, struct round *r, struct pse_tile_check *c)
{
    r->n = 0;
    while (r->n < ROUND && r->shelf.bytes < PSE_SHELF_BYTES) {
        size_t n = 0;
        pse_rc rc = pse_tile_check_bundle(c, r->entry + r->n, &n);

        if (rc != PSE_OK) {
            a->is_stopped = pse_tile_check_finding(c, PSE_TILE_FAULT_BUNDLE) != NULL;
            return a->is_stopped ? PSE_OK : rc;
        }
        if (n == 0)
            break;
        r->n += n;
    }
    return PSE_OK;
}

/* The tiles' check reads bundles and hash tiles by one function: bundles stay on the round's shelf,
 * tiles do not. */
struct tile_files {
    struct round *round;
    struct pse_shelf tiles;
};

static pse_rc read_tile(void *ctx, struct pse_span *bytes, const char *path, size_t max)
{
    static const char bundles[] = "tile/entries/";
    struct tile_files *f = (struct tile_files *)ctx;

    if (strncmp(path, bundles, sizeof bundles - 1) == 0)
        return pse_shelf_read(&f->round->shelf, bytes, path, max);
    return pse_shelf_read_one(&f->tiles, bytes, path, max);
}

static pse_rc rounds(struct pse_audit *a, struct round *r, struct pse_tile_check *c)
{
    while (!a->is_stopped) {
        uint64_t start;

        PSE_TRY(gather(a, r, c));
        if (r->n == 0)
            break;
        start = now(a);
        pse_tree_leaves(r->leaf, r->entry, r->n, pse_group_pool(a->o.group));
        PSE_TRY(pse_tile_check_leaves(c, r->leaf, r->n));
        a->use[pse_rule_slot(PSE_V903)].nanoseconds += now(a) - start;
        PSE_TRY(feed(a, r->entry, r->leaf, r->n));
        pse_shelf_clear(&r->shelf);
    }
    return a->is_stopped ? PSE_OK : pse_tile_check_end(c, NULL);
}

/* Bundles and hash tiles that a record of this size has. */
static uint64_t files_of(uint64_t size)
{
    uint64_t files = size / PSE_TILE_WIDTH + (size % PSE_TILE_WIDTH > 0);

    for (unsigned level = 0; level < PSE_TILE_LEVELS; level++) {
        uint64_t full;
        unsigned partial;

        pse_tile_count(&full, &partial, level, size);
        files += full + (partial > 0);
    }
    return files;
}

static pse_rc read_entries(struct pse_audit *a)
{
    struct round *r = (struct round *)calloc(1, sizeof *r);
    struct tile_files files = {.round = r, .tiles = {.reader = &a->reader}};
    struct pse_tile_check *c = NULL;
    pse_rc rc = PSE_E_MEMORY;

    if (r != NULL) {
        r->shelf.reader = &a->reader;
        rc = pse_tile_check_new(&c, a->checkpoint.size, &a->checkpoint.root, read_tile, &files);
    }
    if (rc == PSE_OK)
        rc = rounds(a, r, c);
    if (rc == PSE_OK) {
        bool has_root = pse_tile_check_finding(c, PSE_TILE_FAULT_ROOT) != NULL;

        record_rule(a, PSE_V903, files_of(a->checkpoint.size), now(a),
                    pse_tile_check_faults(c) - has_root);
        if (!a->is_stopped)
            record_rule(a, PSE_V904, 1, now(a), has_root);
    }
    pse_tile_check_free(c);
    pse_shelf_free(&files.tiles);
    if (r != NULL)
        pse_shelf_free(&r->shelf);
    free(r);
    return rc;
}

/* --- verdict ---------------------------------------------------------------------------------- */

static bool has_failed(const struct pse_audit *a, enum pse_rule rule)
{
    return pse_audit_use(a, rule)->failed > 0;
}

/* V101-V103 leave nothing to be complete. */
static void examine_end(struct pse_audit *a)
{
    if (a->is_stopped || a->engine->m == NULL)
        return;
    record_rule(a, PSE_V909, 1, now(a), pse_engine_state(a->engine) != PSE_STATE_END);
}

/* An empty log has no entry 0. */
static void examine_emptiness(struct pse_audit *a)
{
    struct pse_finding f = {.entry = 0, .rule = PSE_V101};

    if (a->is_stopped || a->checkpoint.size > 0)
        return;
    a->use[pse_rule_slot(PSE_V101)] = (struct pse_rule_use){1, 1, 0};
    keep_finding(a, &f);
}

static enum pse_verdict judge(const struct pse_audit *a)
{
    for (size_t i = 0; i < PSE_RULE_COUNT; i++) {
        enum pse_rule rule = pse_rule_at(i);

        if (pse_rule_is_record(rule) && rule != PSE_V909 && has_failed(a, rule))
            return PSE_VERDICT_NOT_ACCEPTED;
    }
    if (has_failed(a, PSE_V909))
        return PSE_VERDICT_PREFIX;
    return pse_engine_is_aborted(a->engine) ? PSE_VERDICT_ABORTED : PSE_VERDICT_ACCEPTED;
}

/* --- the whole -------------------------------------------------------------------------------- */

static pse_rc source_size(void *ctx, uint64_t *size, const pse_hash *hash)
{
    const struct pse_audit *a = (const struct pse_audit *)ctx;

    return a->reader.blob_size(a->reader.ctx, size, hash);
}

static pse_rc source_read(void *ctx, uint8_t *out, uint64_t at, size_t n, const pse_hash *hash)
{
    const struct pse_audit *a = (const struct pse_audit *)ctx;

    return a->reader.blob_read(a->reader.ctx, out, at, n, hash);
}

static pse_rc source_entry(void *ctx, uint8_t *out, size_t *n, uint64_t index)
{
    return pse_reread_entry(&((struct pse_audit *)ctx)->reread, out, n, index);
}

static pse_rc engine_new(struct pse_audit *a)
{
    struct pse_engine_options o = {
        .group = a->o.group,
        .rng = a->o.rng,
        .source = {a, source_size, source_read, source_entry},
        .now = a->o.now,
        .now_ctx = a->o.now_ctx,
        .finding = keep_finding,
        .finding_ctx = a,
    };

    a->reread.shelf.reader = &a->reader;
    a->reread.size = a->checkpoint.size;
    return pse_engine_new(&a->engine, &o);
}

static pse_rc run(struct pse_audit *a)
{
    PSE_TRY(read_checkpoint(a));
    if (a->is_stopped) {
        a->verdict = PSE_VERDICT_NOT_ACCEPTED;
        return PSE_OK;
    }
    PSE_TRY(engine_new(a));
    PSE_TRY(read_entries(a));
    pse_shelf_free(&a->reread.shelf);
    examine_emptiness(a);
    examine_end(a);
    if (a->is_short_of_memory)
        return PSE_E_MEMORY;
    if (a->findings > 0)
        qsort(a->finding, a->findings, sizeof *a->finding, pse_finding_compare);
    a->verdict = judge(a);
    return PSE_OK;
}

pse_rc pse_audit_run(struct pse_audit **out, const struct pse_audit_options *options,
                     const struct pse_reader *reader)
{
    struct pse_audit *a = (struct pse_audit *)calloc(1, sizeof *a);
    pse_rc rc;

    *out = NULL;
    if (a == NULL)
        return PSE_E_MEMORY;
    a->o = *options;
    a->reader = *reader;
    if (a->o.findings_max == 0)
        a->o.findings_max = FINDINGS_MAX;
    pse_arena_init(&a->arena, SIZE_MAX);
    rc = run(a);
    if (rc != PSE_OK) {
        pse_audit_free(a);
        return rc;
    }
    *out = a;
    return PSE_OK;
}

void pse_audit_free(struct pse_audit *a)
{
    if (a == NULL)
        return;
    pse_shelf_free(&a->reread.shelf);
    pse_engine_free(a->engine);
    pse_arena_free(&a->arena);
    free(a->note);
    free(a->finding);
    free(a);
}

/* --- what came out ---------------------------------------------------------------------------- */

const char *pse_verdict_name(enum pse_verdict verdict)
{
    static const char *const name[] = {"accepted", "aborted", "valid prefix", "not accepted"};

    PSE_REQUIRE((size_t)verdict < sizeof name / sizeof name[0]);
    return name[verdict];
}

enum pse_verdict pse_audit_verdict(const struct pse_audit *a)
{
    return a->verdict;
}

bool pse_audit_is_passed(const struct pse_audit *a, bool strict)
{
    if (a->verdict != PSE_VERDICT_ACCEPTED && a->verdict != PSE_VERDICT_ABORTED)
        return false;
    if (a->is_eid_unpinned || a->is_policy_unpinned)
        return false;
    return !strict || pse_engine_counts(a->engine)->dead == 0;
}

bool pse_audit_is_eid_unpinned(const struct pse_audit *a)
{
    return a->is_eid_unpinned;
}

bool pse_audit_is_policy_unpinned(const struct pse_audit *a)
{
    return a->is_policy_unpinned;
}

size_t pse_audit_findings(const struct pse_audit *a)
{
    return a->findings;
}

const struct pse_finding *pse_audit_finding(const struct pse_audit *a, size_t at)
{
    PSE_REQUIRE(at < a->findings);
    return &a->finding[at];
}

uint64_t pse_audit_findings_total(const struct pse_audit *a)
{
    return a->findings_total;
}

const struct pse_finding *pse_audit_first(const struct pse_audit *a)
{
    for (size_t i = 0; i < a->findings; i++)
        if (!pse_rule_is_warning((enum pse_rule)a->finding[i].rule))
            return &a->finding[i];
    return NULL;
}

const struct pse_rule_use *pse_audit_use(const struct pse_audit *a, enum pse_rule rule)
{
    const struct pse_rule_use *own = &a->use[pse_rule_slot(rule)];

    return own->items > 0 || a->engine == NULL ? own : pse_engine_use(a->engine, rule);
}

const struct pse_engine *pse_audit_engine(const struct pse_audit *a)
{
    return a->engine;
}

uint64_t pse_audit_size(const struct pse_audit *a)
{
    return a->checkpoint.size;
}

const pse_hash *pse_audit_root(const struct pse_audit *a)
{
    return &a->checkpoint.root;
}

struct pse_span pse_audit_origin(const struct pse_audit *a)
{
    return a->checkpoint.origin;
}

size_t pse_audit_witnesses(const struct pse_audit *a)
{
    return a->has_policy ? a->policy.witnesses : 0;
}

struct pse_span pse_audit_witness(const struct pse_audit *a, bool *cosigned, size_t at)
{
    PSE_REQUIRE(at < pse_audit_witnesses(a));
    *cosigned = a->seen[at];
    return pse_policy_witness(&a->policy, at)->name;
}

pse_rc pse_audit_document(const struct pse_audit *a, struct pse_span *out, struct pse_arena *arena,
                          const char *name, size_t max)
{
    const struct pse_manifest *m = a->engine == NULL ? NULL : a->engine->m;
    const struct pse_document *d = NULL;
    uint64_t size = 0;
    uint8_t *bytes;
    pse_hash got;

    *out = pse_span(NULL, 0);
    for (size_t i = 0; m != NULL && d == NULL && i < m->documents; i++)
        if (pse_span_is_str(m->document[i].name, name))
            d = &m->document[i];
    if (d == NULL || a->reader.blob_size(a->reader.ctx, &size, &d->sha256) != PSE_OK)
        return PSE_E_MISSING;
    if (size > max)
        return PSE_E_LIMIT;
    bytes = PSE_NEW(arena, uint8_t, (size_t)size);
    if (bytes == NULL)
        return PSE_E_MEMORY;
    if (size > 0 &&
        a->reader.blob_read(a->reader.ctx, bytes, 0, (size_t)size, &d->sha256) != PSE_OK)
        return PSE_E_MISMATCH;
    pse_sha256(&got, pse_span(bytes, (size_t)size));
    if (!pse_hash_is_equal(&got, &d->sha256))
        return PSE_E_MISMATCH;
    *out = pse_span(bytes, (size_t)size);
    return PSE_OK;
}
