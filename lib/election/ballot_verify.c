/* Many ballots against the rules that need no log: V401, V404, V405, V406.
 *
 * A worker fills a batch with as many ballots as fit and decides it. In a batch a ballot is an item
 * and each rule's proof a unit of it, so that a failing ballot names its rules. */
#include "election/ballot_layout.h"
#include "merkle/tree.h"

enum {
    BLOCK_MIN = 64, /* ballots a task: few tasks share sums badly, many small ones cost more each */
    BLOCK_MAX = 2048,
    SLOTS_MAX = 16384, /* points a batch; the longest entry has fewer than 2048 */
    UNITS_MAX = 8192,
};

struct worker {
    struct pse_batch *batch;
    uint32_t *tags; /* [block] */
    pse_rc rc;
};

struct job {
    struct pse_ballot_check *out;
    const struct pse_joint *joint;
    const struct pse_manifest *m;
    const struct pse_span *raw;
    size_t n;
    size_t block;
    struct worker *worker;
};

static size_t part_points(const struct pse_contest *c)
{
    struct pse_hom_rule rule;

    if (c->kind == PSE_KIND_MIX)
        return pse_mixpok_points(c->width);
    rule = pse_contest_rule(c);
    return pse_hom_points(&rule);
}

/* The signature's D and R, and every part's points. */
static size_t ballot_points(const struct pse_manifest *m, const struct pse_style *style)
{
    size_t n = 2;

    for (size_t k = 0; k < style->contests; k++)
        n += part_points(&m->contest[style->contest[k]]);
    return n;
}

static pse_rc add_part(struct pse_batch *b, const struct job *j, const struct pse_ballot *ballot,
                       size_t k, uint32_t item)
{
    const struct pse_contest *c = &j->m->contest[ballot->style->contest[k]];
    const struct pse_part_context ctx =
        pse_part_context_make(ballot->credential.b, ballot->style->id, c->id);
    const struct pse_span part = pse_span(pse_ballot_part(ballot, k), c->part_len);
    struct pse_hom_rule rule;

    if (c->kind == PSE_KIND_MIX) {
        pse_batch_open(b, item, PSE_BALLOT_V406);
        return pse_mixpok_batch(b, j->joint, &ctx, c->width, part);
    }
    rule = pse_contest_rule(c);
    pse_batch_open(b, item, PSE_BALLOT_V405);
    return pse_hom_batch(b, j->joint, &ctx, &rule, part);
}

/* PSE_E_ENCODING: a scalar of the ballot is not canonical. */
static pse_rc add_ballot(struct pse_batch *b, const struct job *j, const struct pse_ballot *ballot,
                         uint32_t item)
{
    struct pse_span x[2];
    const struct pse_statement s = pse_ballot_statement(x, j->m, ballot->raw.p, ballot->style);

    pse_batch_open(b, item, PSE_BALLOT_V404);
    PSE_TRY(
        pse_pok_batch(b, &s, ballot->credential.b, ballot->raw.p + ballot->raw.n - PSE_POK_SIZE));
    for (size_t k = 0; k < ballot->style->contests; k++)
        PSE_TRY(add_part(b, j, ballot, k, item));
    return PSE_OK;
}

static void set_malformed(struct pse_ballot_check *c)
{
    const pse_hash leaf = c->leaf;

    memset(c, 0, sizeof *c);
    c->leaf = leaf;
    c->faults = PSE_BALLOT_V401;
}

/* Decide what the batch holds: ballots first .. end - 1, of which some may be malformed already. */
static void flush(const struct job *j, struct worker *w, size_t first, size_t end)
{
    pse_rc rc = pse_batch_check(w->batch, w->tags, end - first);

    if (rc != PSE_OK && rc != PSE_E_PROOF) {
        w->rc = rc;
        return;
    }
    for (size_t i = first; i < end && rc == PSE_E_PROOF; i++) {
        uint32_t tags = w->tags[i - first];

        if (tags & PSE_BATCH_ENCODING)
            set_malformed(&j->out[i]);
        else if (j->out[i].faults == 0)
            j->out[i].faults = (uint8_t)tags;
    }
    pse_batch_reset(w->batch);
}

static bool begin_check(struct pse_ballot *ballot, struct pse_ballot_check *c, const struct job *j,
                        struct pse_span raw)
{
    memset(c, 0, sizeof *c);
    pse_tree_leaf(&c->leaf, raw);
    if (pse_ballot_parse(ballot, j->m, raw) != PSE_OK) {
        set_malformed(c);
        return false;
    }
    c->style = (uint16_t)(ballot->style - j->m->style);
    c->prev = ballot->prev;
    c->credential = ballot->credential;
    pse_tracker(c->tracker, &j->m->eid, &ballot->credential, &c->leaf);
    return true;
}

static void verify_block(void *ctx, size_t index, unsigned worker)
{
    const struct job *j = ctx;
    struct worker *w = &j->worker[worker];
    size_t first = index * j->block;
    size_t end = first + j->block < j->n ? first + j->block : j->n;

    for (size_t i = first; i < end && w->rc == PSE_OK; i++) {
        struct pse_ballot ballot;

        if (!begin_check(&ballot, &j->out[i], j, j->raw[i]))
            continue;
        if (!pse_batch_has_room(w->batch, 1 + (size_t)ballot.style->contests,
                                ballot_points(j->m, ballot.style))) {
            flush(j, w, first, i);
            first = i;
        }
        if (w->rc == PSE_OK && add_ballot(w->batch, j, &ballot, (uint32_t)(i - first)) != PSE_OK)
            set_malformed(&j->out[i]);
    }
    if (w->rc == PSE_OK)
        flush(j, w, first, end);
}

/* Room for all there is when that is little (a single ballot needs no megabytes), else for full
 * batches, each of which has room for any one ballot. */
static void measure(const struct job *j, size_t *units, size_t *slots)
{
    *units = 0;
    *slots = 0;
    for (size_t i = 0; i < j->n; i++) {
        struct pse_ballot ballot;

        if (pse_ballot_parse(&ballot, j->m, j->raw[i]) != PSE_OK)
            continue;
        *units += 1 + (size_t)ballot.style->contests;
        *slots += ballot_points(j->m, ballot.style);
        if (*units >= UNITS_MAX || *slots >= SLOTS_MAX) {
            *units = UNITS_MAX;
            *slots = SLOTS_MAX;
            return;
        }
    }
}

enum { ARENA_MAX = 16 << 20 };

static pse_rc start_workers(struct job *j, struct pse_arena *arena, struct pse_rng *rng,
                            unsigned width)
{
    size_t units, slots;

    measure(j, &units, &slots);
    j->worker = PSE_NEW(arena, struct worker, width);
    if (j->worker == NULL)
        return PSE_E_MEMORY;
    for (unsigned w = 0; w < width; w++) {
        j->worker[w].tags = PSE_NEW(arena, uint32_t, j->block);
        if (j->worker[w].tags == NULL)
            return PSE_E_MEMORY;
        PSE_TRY(
            pse_batch_new(&j->worker[w].batch, j->joint->g, &j->joint->y, 1, units, slots, rng));
    }
    return PSE_OK;
}

static size_t block_size(size_t n, unsigned width)
{
    size_t each = (n + width - 1) / width;

    return each < BLOCK_MIN ? BLOCK_MIN : each > BLOCK_MAX ? BLOCK_MAX : each;
}

pse_rc pse_ballots_verify(struct pse_ballot_check *out, struct pse_rng *rng,
                          const struct pse_joint *joint, const struct pse_manifest *m,
                          const struct pse_span *raw, size_t n)
{
    struct pse_pool *pool = pse_group_pool(joint->g);
    unsigned width = pse_pool_width(pool);
    struct job j = {.out = out, .joint = joint, .m = m, .raw = raw, .n = n};
    size_t blocks;
    pse_rc rc;

    PSE_REQUIRE(pse_hash_is_equal(&joint->eid, &m->eid));
    if (n == 0)
        return PSE_OK;
    j.block = block_size(n, width);
    blocks = (n + j.block - 1) / j.block;
    if (blocks == 1) { /* the batch's own sums use the threads then */
        pool = NULL;
        width = 1;
    }
    PSE_ARENA(arena, ARENA_MAX);
    rc = start_workers(&j, &arena, rng, width);
    if (rc == PSE_OK)
        pse_pool_run(pool, verify_block, &j, blocks);
    for (unsigned w = 0; w < width && j.worker != NULL; w++) {
        if (rc == PSE_OK)
            rc = j.worker[w].rc;
        pse_batch_free(j.worker[w].batch);
    }
    return rc;
}
