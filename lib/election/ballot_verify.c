/* Many ballots against the rules that need no log: V401, V404, V405, V406.
 *
 * A worker fills a batch with as many ballots as fit and decides it. In a batch a ballot is an item
 * and each rule's proof a unit of it, so that a failing ballot names its rules. What is hashed of
 * the ballots is hashed before, some dozens of them at a time. */
#include "election/ballot_hashes.h"
#include "election/ballot_layout.h"

enum {
    BLOCK_MIN = 64, /* ballots a task: few tasks share sums badly, many small ones cost more each */
    BLOCK_MAX = 2048,
    SLOTS_MAX = 16384, /* points a batch; the longest entry has fewer than 2048 */
    UNITS_MAX = 8192,
};

struct worker {
    struct pse_batch *batch;
    struct pse_ballot_hashes *hashes;
    uint32_t *tags; /* [block] */
    pse_rc rc;
};

struct job {
    struct pse_ballot_check *out;
    const struct pse_joint *joint;
    const struct pse_manifest *m;
    const struct pse_span *raw;
    const pse_hash *leaves; /* NULL: not known */
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

/* @p h: what the part's challenge is made of. */
static pse_rc add_part(struct pse_batch *b, const struct job *j, const struct pse_ballot *ballot,
                       size_t k, const uint8_t h[64], uint32_t item)
{
    const struct pse_contest *c = &j->m->contest[ballot->style->contest[k]];
    const struct pse_span part = pse_span(pse_ballot_part(ballot, k), c->part_len);
    struct pse_hom_rule rule;
    pse_scalar challenge;

    pse_scalar_from_wide(&challenge, h);
    if (c->kind == PSE_KIND_MIX) {
        pse_batch_open(b, item, PSE_BALLOT_V406);
        return pse_mixpok_batch_with(b, &challenge, c->width, part);
    }
    rule = pse_contest_rule(c);
    pse_batch_open(b, item, PSE_BALLOT_V405);
    return pse_hom_batch_with(b, &challenge, &rule, part);
}

/* @p h: the hashes for the challenges of the signature and of the parts. PSE_E_ENCODING: a scalar
 * of the ballot is not canonical. */
static pse_rc add_ballot(struct pse_batch *b, const struct job *j, const struct pse_ballot *ballot,
                         const uint8_t (*h)[64], uint32_t item)
{
    pse_scalar challenge;

    pse_scalar_from_wide(&challenge, h[0]);
    pse_batch_open(b, item, PSE_BALLOT_V404);
    PSE_TRY(pse_pok_batch_with(b, &challenge, ballot->credential.b,
                               ballot->raw.p + ballot->raw.n - PSE_POK_SIZE));
    for (size_t k = 0; k < ballot->style->contests; k++)
        PSE_TRY(add_part(b, j, ballot, k, h[1 + k], item));
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

/* Ballot @p k of the hashed ones. */
static bool begin_check(struct pse_ballot_check *c, const struct job *j,
                        const struct pse_ballot_hashes *d, size_t k)
{
    const struct pse_ballot *ballot = &d->ballot[k];

    memset(c, 0, sizeof *c);
    c->leaf = d->leaf[k];
    if (!d->is_parsed[k]) {
        set_malformed(c);
        return false;
    }
    c->style = (uint16_t)(ballot->style - j->m->style);
    c->prev = ballot->prev;
    c->credential = ballot->credential;
    memcpy(c->tracker, d->h[d->first[k]], sizeof c->tracker);
    return true;
}

/* Add the hashed ballots, of which the first has number @p at, to the batch; decide it whenever it
 * is full. @p first: the first ballot in the batch. */
static void add_hashed(const struct job *j, struct worker *w, size_t *first, size_t at)
{
    const struct pse_ballot_hashes *d = w->hashes;

    for (size_t k = 0; k < d->n && w->rc == PSE_OK; k++) {
        const struct pse_ballot *ballot = &d->ballot[k];
        const uint8_t(*h)[64] = d->h + d->first[k] + 1;
        size_t i = at + k;

        if (!begin_check(&j->out[i], j, d, k))
            continue;
        if (!pse_batch_has_room(w->batch, 1 + (size_t)ballot->style->contests,
                                ballot_points(j->m, ballot->style))) {
            flush(j, w, *first, i);
            *first = i;
        }
        if (w->rc == PSE_OK && add_ballot(w->batch, j, ballot, h, (uint32_t)(i - *first)) != PSE_OK)
            set_malformed(&j->out[i]);
    }
}

static void verify_block(void *ctx, size_t index, unsigned worker)
{
    const struct job *j = ctx;
    struct worker *w = &j->worker[worker];
    size_t first = index * j->block;
    size_t end = first + j->block < j->n ? first + j->block : j->n;

    for (size_t i = first; i < end && w->rc == PSE_OK; i += w->hashes->n) {
        pse_ballot_hashes_take(w->hashes, j->joint, j->m, j->raw + i,
                               j->leaves == NULL ? NULL : j->leaves + i, end - i);
        add_hashed(j, w, &first, i);
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

/* Bound of the arena: what is allocated, and what its blocks may leave unused. */
static size_t memory_bound(const struct job *j, unsigned width)
{
    size_t worker = sizeof(struct worker) + sizeof(struct pse_ballot_hashes) + PSE_BALLOT_SCRATCH +
                    j->block * sizeof(uint32_t);

    return 2 * width * worker + (1u << 20);
}

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
        j->worker[w].hashes = pse_ballot_hashes_new(arena, j->raw, j->n);
        if (j->worker[w].tags == NULL || j->worker[w].hashes == NULL)
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
    return pse_ballots_verify_leaves(out, rng, joint, m, raw, NULL, n);
}

pse_rc pse_ballots_verify_leaves(struct pse_ballot_check *out, struct pse_rng *rng,
                                 const struct pse_joint *joint, const struct pse_manifest *m,
                                 const struct pse_span *raw, const pse_hash *leaves, size_t n)
{
    struct pse_pool *pool = pse_group_pool(joint->g);
    unsigned width = pse_pool_width(pool);
    struct job j = {.out = out, .joint = joint, .m = m, .raw = raw, .leaves = leaves, .n = n};
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
    PSE_ARENA(arena, memory_bound(&j, width));
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
