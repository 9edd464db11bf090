/* The engine's heart: one entry after another, each examined in the state left by the live ones
 * before it (protocol 2.1, 12). */
#include "election/state.h"

#include <stdlib.h>

#include "election/engine.h"

enum {
    BLOCK = 8192, /* entries examined together */
    SLICE = 64,   /* entries of one parallel task */
};

#define FROM_KEYS_TO_RESULT                                                          \
    (PSE_IN(KEYS) | PSE_IN(OPEN) | PSE_IN(CLOSED) | PSE_IN(FROZEN) | PSE_IN(MIXED) | \
     PSE_IN(RESULT) | PSE_IN(ABORT))
#define FROM_KEYS_TO_MIXED \
    (PSE_IN(KEYS) | PSE_IN(OPEN) | PSE_IN(CLOSED) | PSE_IN(FROZEN) | PSE_IN(MIXED))
#define BY(role) (1u << PSE_ROLE_##role)

/* The table of protocol 2.1. Setup is examined apart, for it alone comes before any manifest; a
 * later one is allowed in no state. */
static const struct pse_entry_kind kinds[] = {
    {PSE_ENTRY_SETUP, BY(AUTHORITY), 0, NULL, NULL, NULL},
    {PSE_ENTRY_STATEMENT, BY(AUTHORITY), FROM_KEYS_TO_RESULT, NULL, pse_statement_examine,
     pse_statement_apply},
    {PSE_ENTRY_INCIDENT, BY(AUTHORITY) | BY(BOARD), FROM_KEYS_TO_RESULT, NULL, NULL,
     pse_incident_apply},
    {PSE_ENTRY_DKG_COMMIT, BY(TRUSTEE), PSE_IN(KEYS), pse_commit_allowed, NULL, pse_commit_apply},
    {PSE_ENTRY_DKG_REVEAL, BY(TRUSTEE), PSE_IN(KEYS), pse_reveal_allowed, pse_reveal_examine,
     pse_reveal_apply},
    {PSE_ENTRY_DKG_SHARES, BY(TRUSTEE), PSE_IN(KEYS), pse_shares_allowed, pse_shares_examine,
     pse_shares_apply},
    {PSE_ENTRY_DKG_COMPLAINT, BY(TRUSTEE), PSE_IN(KEYS), pse_confirm_allowed, pse_complaint_examine,
     pse_complaint_apply},
    {PSE_ENTRY_DKG_CONFIRM, BY(TRUSTEE), PSE_IN(KEYS), pse_confirm_allowed, pse_confirm_examine,
     pse_confirm_apply},
    {PSE_ENTRY_ROSTER, BY(REGISTRAR), PSE_IN(KEYS) | PSE_IN(OPEN), pse_roster_allowed,
     pse_roster_examine, pse_roster_apply},
    {PSE_ENTRY_CREDENTIAL_CHANGE, BY(REGISTRAR), PSE_IN(KEYS) | PSE_IN(OPEN), NULL,
     pse_change_examine, pse_change_apply},
    {PSE_ENTRY_OPEN, BY(AUTHORITY), PSE_IN(KEYS), pse_open_allowed, pse_open_examine,
     pse_open_apply},
    {PSE_ENTRY_BALLOT, BY(NONE), PSE_IN(OPEN), NULL, pse_ballot_examine, pse_ballot_apply},
    {PSE_ENTRY_BALLOT_REVOKE, BY(REGISTRAR), PSE_IN(OPEN) | PSE_IN(CLOSED), NULL,
     pse_revoke_examine, pse_revoke_apply},
    {PSE_ENTRY_CLOSE, BY(AUTHORITY), PSE_IN(OPEN), NULL, pse_close_examine, pse_close_apply},
    {PSE_ENTRY_FREEZE, BY(AUTHORITY), PSE_IN(CLOSED), NULL, pse_freeze_examine, pse_freeze_apply},
    {PSE_ENTRY_MIX_END, BY(AUTHORITY), PSE_IN(FROZEN), pse_mix_end_allowed, NULL,
     pse_mix_end_apply},
    {PSE_ENTRY_MIX, BY(MIXER), PSE_IN(FROZEN), NULL, pse_mix_examine, pse_mix_apply},
    {PSE_ENTRY_DECRYPT, BY(TRUSTEE), PSE_IN(MIXED), NULL, pse_decrypt_examine, pse_decrypt_apply},
    {PSE_ENTRY_RESULT, BY(AUTHORITY), PSE_IN(MIXED), pse_result_allowed, pse_result_examine,
     pse_result_apply},
    {PSE_ENTRY_ABORT, BY(AUTHORITY), FROM_KEYS_TO_MIXED, NULL, NULL, pse_abort_apply},
    {PSE_ENTRY_END, BY(AUTHORITY), PSE_IN(RESULT) | PSE_IN(ABORT), NULL, pse_end_examine,
     pse_end_apply},
};

static const struct pse_entry_kind *kind_of(uint8_t type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].type == type)
            return &kinds[i];
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

pse_rc pse_engine_new(struct pse_engine **out, const struct pse_engine_options *options)
{
    struct pse_engine *e = (struct pse_engine *)calloc(1, sizeof *e);

    *out = NULL;
    if (e == NULL)
        return PSE_E_MEMORY;
    e->o = *options;
    e->close_index = UINT64_MAX;
    pse_tree_init(&e->tree);
    pse_arena_init(&e->arena, PSE_MANIFEST_ARENA_MAX);
    pse_roll_init(&e->roll, e->o.rng);
    e->blobs = PSE_BUF(SIZE_MAX);
    *out = e;
    return PSE_OK;
}

void pse_engine_free(struct pse_engine *e)
{
    if (e == NULL)
        return;
    pse_setup_forget(e);
    pse_keys_free(&e->keys);
    pse_roll_free(&e->roll);
    pse_lists_free(e);
    pse_generator_list_free(&e->generators);
    pse_buf_free(&e->result);
    pse_buf_free(&e->blobs);
    free(e);
}

/* --- what is found ---------------------------------------------------------------------------- */

uint64_t pse_engine_now(const struct pse_engine *e)
{
    return e->o.now == NULL ? 0 : e->o.now(e->o.now_ctx);
}

static void spend(struct pse_engine *e, enum pse_rule rule, uint64_t start)
{
    if (start != 0 && !e->is_quiet)
        e->use[pse_rule_slot(rule)].nanoseconds += pse_engine_now(e) - start;
}

bool pse_exam_rule(struct pse_engine *e, struct pse_exam *x, enum pse_rule rule, uint64_t items,
                   uint64_t start, bool holds)
{
    struct pse_rule_use *use = &e->use[pse_rule_slot(rule)];

    spend(e, rule, start);
    if (!e->is_quiet)
        use->items += items;
    if (holds)
        return true;
    for (size_t i = 0; i < x->faults; i++)
        if (x->fault[i] == rule)
            return false;
    PSE_REQUIRE(x->faults < PSE_EXAM_FAULTS_MAX);
    x->fault[x->faults++] = (uint16_t)rule;
    if (!e->is_quiet)
        use->failed++;
    return false;
}

void pse_engine_warn(struct pse_engine *e, const struct pse_exam *x, enum pse_rule rule,
                     uint8_t party, const struct pse_list *list)
{
    struct pse_finding f = {
        .entry = x->index,
        .rule = (uint16_t)rule,
        .type = x->in.type,
        .party = party,
    };

    if (list != NULL) {
        f.contest = list->contest->id;
        f.pot = list->pot;
    }
    e->use[pse_rule_slot(rule)].items++;
    e->use[pse_rule_slot(rule)].failed++;
    if (e->o.finding != NULL)
        e->o.finding(e->o.finding_ctx, &f);
}

pse_rc pse_engine_name_blob(struct pse_engine *e, const pse_hash *hash)
{
    pse_buf_put(&e->blobs, hash->b, 32);
    return e->blobs.rc;
}

/* Failing rules in ascending order, as reports want them. */
static void sort_faults(struct pse_exam *x)
{
    for (size_t i = 1; i < x->faults; i++)
        for (size_t j = i; j > 0 && x->fault[j] < x->fault[j - 1]; j--) {
            uint16_t swap = x->fault[j];

            x->fault[j] = x->fault[j - 1];
            x->fault[j - 1] = swap;
        }
}

static void report(struct pse_engine *e, const struct pse_exam *x, uint8_t type)
{
    if (e->is_quiet || e->o.finding == NULL)
        return;
    for (size_t i = 0; i < x->faults; i++) {
        struct pse_finding f = {
            .entry = x->index,
            .rule = x->fault[i],
            .contest = x->contest,
            .pot = x->pot,
            .type = type,
        };

        e->o.finding(e->o.finding_ctx, &f);
    }
}

/* --- a block ---------------------------------------------------------------------------------- */

/* What needs no state, worked out for a block by all threads. */
struct prepared {
    struct pse_entry in;
    pse_hash leaf;
    bool is_framed; /* V906 */
    bool is_signed; /* V907; ballots have no role signature */
    const struct pse_ballot_check *ballot;
};

struct block {
    struct pse_engine *e;
    const struct pse_span *raw;
    const pse_hash *leaves; /* NULL: not known */
    size_t n;
    struct prepared *entry;
    struct pse_ballot_check *check; /* of ballots, once the first meets an open vote */
};

static void prepare_slice(void *ctx, size_t slice, unsigned worker)
{
    struct block *b = (struct block *)ctx;
    const struct pse_engine *e = b->e;
    size_t from = slice * SLICE;
    size_t end = from + SLICE < b->n ? from + SLICE : b->n;
    pse_hash hashed[SLICE];
    const pse_hash *leaf = b->leaves == NULL ? hashed : b->leaves + from;

    (void)worker;
    if (b->leaves == NULL)
        pse_tree_leaves(hashed, b->raw + from, end - from, NULL);
    for (size_t i = from; i < end; i++) {
        struct prepared *p = &b->entry[i];

        p->leaf = leaf[i - from];
        if (e->m == NULL)
            continue;
        p->is_framed = pse_entry_parse(&p->in, e->o.group, e->m, b->raw[i]) == PSE_OK;
        p->is_signed = p->is_framed &&
                       (p->in.type == PSE_ENTRY_BALLOT || pse_entry_verify(e->m, &p->in) == PSE_OK);
    }
}

static void prepare(struct block *b)
{
    uint64_t start = pse_engine_now(b->e);

    memset(b->entry, 0, b->n * sizeof *b->entry);
    pse_pool_run(pse_group_pool(b->e->o.group), prepare_slice, b, (b->n + SLICE - 1) / SLICE);
    spend(b->e, PSE_V907, start);
}

/* For a caller who vouches for the proofs: form, leaf, tracker. */
static void check_form(struct pse_ballot_check *out, const struct pse_engine *e,
                       const struct prepared *p)
{
    struct pse_ballot ballot;

    *out = (struct pse_ballot_check){.leaf = p->leaf};
    if (pse_ballot_parse(&ballot, e->m, p->in.raw) != PSE_OK) {
        out->faults = PSE_BALLOT_V401;
        return;
    }
    out->style = (uint16_t)(ballot.style - e->m->style);
    out->prev = ballot.prev;
    out->credential = ballot.credential;
    pse_tracker(out->tracker, &e->m->eid, &ballot.credential, &p->leaf);
}

/* Verify every ballot of the block from @p from on, in one go. */
static pse_rc check_ballots(struct block *b, size_t from)
{
    struct pse_engine *e = b->e;
    uint64_t start = pse_engine_now(e);
    struct pse_span *raw = (struct pse_span *)malloc((b->n - from) * sizeof *raw);
    pse_hash *leaves = (pse_hash *)malloc((b->n - from) * sizeof *leaves);
    size_t n = 0;
    pse_rc rc = PSE_OK;

    b->check = (struct pse_ballot_check *)calloc(b->n - from, sizeof *b->check);
    if (raw == NULL || leaves == NULL || b->check == NULL) {
        free(raw);
        free(leaves);
        return PSE_E_MEMORY;
    }
    for (size_t i = from; i < b->n; i++) {
        struct prepared *p = &b->entry[i];

        if (!p->is_framed || p->in.type != PSE_ENTRY_BALLOT)
            continue;
        p->ballot = &b->check[n];
        if (e->o.trust_proofs)
            check_form(&b->check[n], e, p);
        leaves[n] = p->leaf;
        raw[n++] = p->in.raw;
    }
    if (!e->o.trust_proofs)
        rc = pse_ballots_verify_leaves(b->check, e->o.rng, &e->keys.joint, e->m, raw, leaves, n);
    free(raw);
    free(leaves);
    spend(e, PSE_V401, start);
    return rc;
}

bool pse_engine_is_allowed(const struct pse_engine *e, const struct pse_entry *in)
{
    const struct pse_entry_kind *kind = kind_of(in->type);

    return kind != NULL && (kind->states & 1u << e->state) != 0 &&
           (kind->allowed == NULL || kind->allowed(e, in));
}

/* V906, V907, V908, then the rules of the type; after V906 or V908 no further. */
static pse_rc examine(struct block *b, size_t i, struct pse_exam *x)
{
    struct pse_engine *e = b->e;
    struct prepared *p = &b->entry[i];
    const struct pse_entry_kind *kind;

    x->in = p->in;
    x->leaf = p->leaf;
    if (!pse_exam_rule(e, x, PSE_V906, 1, 0, p->is_framed))
        return PSE_OK;
    if (p->in.type != PSE_ENTRY_BALLOT)
        pse_exam_rule(e, x, PSE_V907, 1, 0, p->is_signed);
    if (!pse_exam_rule(e, x, PSE_V908, 1, 0, pse_engine_is_allowed(e, &p->in)))
        return PSE_OK;
    if (p->in.type == PSE_ENTRY_BALLOT) {
        if (p->ballot == NULL)
            PSE_TRY(check_ballots(b, i));
        x->ballot = p->ballot;
    }
    kind = kind_of(p->in.type);
    return kind->examine == NULL ? PSE_OK : kind->examine(e, x);
}

/* --- taking entries in ------------------------------------------------------------------------ */

static uint8_t type_of(struct pse_span raw)
{
    return raw.n > 0 ? raw.p[0] : 0;
}

static pse_rc grow(struct pse_engine *e, const pse_hash *leaf)
{
    PSE_TRY(pse_tree_append(&e->tree, leaf));
    e->counts.entries++;
    return PSE_OK;
}

static void note_dead(struct pse_engine *e, uint8_t type)
{
    e->counts.dead++;
    e->counts.ballots_dead += type == PSE_ENTRY_BALLOT;
}

/* A setup whose policy alone is at fault (V104, V905) is still the start of what follows: the
 * record cannot be accepted, and the rest of it can be looked at. */
static bool setup_is_usable(const struct pse_exam *x)
{
    for (size_t i = 0; i < x->faults; i++)
        if (x->fault[i] != PSE_V104 && x->fault[i] != PSE_V905)
            return false;
    return true;
}

/* Entry 0. @p keep_dead: a record's first entry stays where it is, a sequencer's does not. */
static pse_rc take_first(struct pse_engine *e, uint16_t *first, struct pse_span raw, bool keep_dead)
{
    struct pse_exam x = {.index = 0};

    pse_entry_leaf(&x.leaf, raw);
    PSE_TRY(pse_setup_examine(e, &x, raw));
    sort_faults(&x);
    report(e, &x, type_of(raw));
    *first = x.faults == 0 ? 0 : x.fault[0];
    if (x.faults > 0 && !keep_dead) {
        pse_setup_forget(e);
        return PSE_OK;
    }
    if (x.faults == 0 || (e->m != NULL && setup_is_usable(&x)))
        PSE_TRY(pse_setup_apply(e, &x));
    if (x.faults > 0)
        note_dead(e, type_of(raw));
    return grow(e, &x.leaf);
}

static pse_rc take(struct block *b, size_t i, uint16_t *first, bool keep_dead)
{
    struct pse_engine *e = b->e;
    struct pse_exam x = {.index = e->tree.size};
    pse_rc rc;

    if (e->tree.size == 0)
        return take_first(e, first, b->raw[i], keep_dead);
    /* Log indices are kept in 32 bits. */
    if (e->tree.size >= UINT32_MAX - 1)
        return PSE_E_LIMIT;
    *first = 0;
    if (e->m == NULL)
        return grow(e, &b->entry[i].leaf);
    rc = examine(b, i, &x);
    if (rc == PSE_OK) {
        sort_faults(&x);
        report(e, &x, type_of(b->raw[i]));
        *first = x.faults == 0 ? 0 : x.fault[0];
        if (x.faults == 0)
            rc = kind_of(x.in.type)->apply(e, &x);
        else if (keep_dead)
            note_dead(e, x.in.type);
    }
    free(x.blob);
    PSE_TRY(rc);
    return x.faults == 0 || keep_dead ? grow(e, &x.leaf) : PSE_OK;
}

/* --- blocks ----------------------------------------------------------------------------------- */

/* Entry i is next: bring in what the ballots after it will ask of the roll. */
static void expect(const struct block *b, size_t i)
{
    const struct pse_ballot_check *far, *near;

    if (b->check == NULL || i + 2 * PSE_ROLL_AHEAD >= b->n)
        return;
    near = b->entry[i + PSE_ROLL_AHEAD].ballot;
    far = b->entry[i + 2 * PSE_ROLL_AHEAD].ballot;
    if (far != NULL)
        pse_roll_expect(&b->e->roll, &far->credential);
    if (near != NULL)
        pse_roll_expect_ballot(&b->e->roll, &near->credential, near->tracker);
}

static pse_rc block_take(struct block *b, uint8_t *live, uint16_t *first, bool keep_dead)
{
    prepare(b);
    for (size_t i = 0; i < b->n; i++) {
        uint16_t rule = 0;

        expect(b, i);
        PSE_TRY(take(b, i, &rule, keep_dead));
        if (live != NULL)
            live[i] = rule == 0;
        if (first != NULL)
            first[i] = rule;
    }
    return PSE_OK;
}

static pse_rc blocks_take(struct pse_engine *e, uint8_t *live, uint16_t *first,
                          const struct pse_span *entries, const pse_hash *leaves, size_t n,
                          bool keep_dead)
{
    struct block b = {.e = e};
    pse_rc rc = PSE_OK;

    PSE_TRY(e->broken);
    b.entry = (struct prepared *)malloc((n < BLOCK ? n + 1 : BLOCK) * sizeof *b.entry);
    if (b.entry == NULL)
        rc = PSE_E_MEMORY;
    for (size_t at = 0; at < n && rc == PSE_OK; at += b.n) {
        b.raw = entries + at;
        b.leaves = leaves == NULL ? NULL : leaves + at;
        /* Nothing can be prepared before the manifest is known: entry 0 is a block of its own. */
        b.n = e->tree.size == 0 ? 1 : n - at < BLOCK ? n - at : BLOCK;
        rc = block_take(&b, live == NULL ? NULL : live + at, first == NULL ? NULL : first + at,
                        keep_dead);
        free(b.check);
        b.check = NULL;
    }
    free(b.entry);
    e->broken = rc;
    return rc;
}

void pse_engine_trust(struct pse_engine *e, bool trust_proofs)
{
    e->o.trust_proofs = trust_proofs;
}

pse_rc pse_engine_feed(struct pse_engine *e, const struct pse_span *entries, const pse_hash *leaves,
                       size_t n)
{
    return blocks_take(e, NULL, NULL, entries, leaves, n, true);
}

pse_rc pse_engine_offer(struct pse_engine *e, uint8_t *live, uint16_t *first,
                        const struct pse_span *entries, size_t n)
{
    return blocks_take(e, live, first, entries, NULL, n, false);
}

/* A first entry is tried on an engine of its own. */
static pse_rc check_first(const struct pse_engine *e, uint16_t *rule, struct pse_span entry)
{
    struct pse_engine *trial;
    pse_rc rc;

    PSE_TRY(pse_engine_new(&trial, &e->o));
    trial->is_quiet = true;
    rc = take_first(trial, rule, entry, false);
    pse_engine_free(trial);
    return rc;
}

static pse_rc check_next(struct pse_engine *e, uint16_t *rule, struct pse_span entry)
{
    struct prepared prepared;
    struct block b = {.e = e, .raw = &entry, .n = 1, .entry = &prepared};
    struct pse_exam x = {.index = e->tree.size};
    pse_rc rc;

    e->is_quiet = true;
    prepare(&b);
    rc = examine(&b, 0, &x);
    e->is_quiet = false;
    sort_faults(&x);
    *rule = x.faults == 0 ? 0 : x.fault[0];
    free(b.check);
    free(x.blob);
    return rc;
}

pse_rc pse_engine_check(struct pse_engine *e, uint16_t *first, struct pse_span entry)
{
    uint16_t rule = PSE_V908;

    PSE_TRY(e->broken);
    if (e->tree.size == 0)
        PSE_TRY(check_first(e, &rule, entry));
    else if (e->m != NULL)
        PSE_TRY(check_next(e, &rule, entry));
    if (first != NULL)
        *first = rule;
    return rule == 0 ? PSE_OK : PSE_E_MISMATCH;
}

/* --- who may do what -------------------------------------------------------------------------- */

static bool has_list_for(const struct pse_engine *e, uint8_t type, uint8_t index)
{
    for (size_t i = 0; i < e->lists; i++) {
        const struct pse_list *l = &e->list[i];

        if (type == PSE_ENTRY_DECRYPT && (l->trustees & pse_bit(index)) == 0)
            return true;
        if (type == PSE_ENTRY_MIX && l->contest->kind == PSE_KIND_MIX &&
            (l->mixers & pse_bit(index)) == 0)
            return true;
    }
    return false;
}

bool pse_engine_may(const struct pse_engine *e, uint8_t type, uint8_t role, uint8_t index)
{
    const struct pse_entry_kind *kind = kind_of(type);
    struct pse_entry in = {.type = type, .role = role, .index = index};

    if (kind == NULL || role > PSE_ROLE_MIXER || (kind->roles & 1u << role) == 0)
        return false;
    if (type == PSE_ENTRY_SETUP)
        return e->tree.size == 0;
    if (e->m == NULL || (role != PSE_ROLE_NONE && pse_manifest_role_key(e->m, role, index) == NULL))
        return false;
    if (!pse_engine_is_allowed(e, &in))
        return false;
    return (type != PSE_ENTRY_MIX && type != PSE_ENTRY_DECRYPT) || has_list_for(e, type, index);
}
