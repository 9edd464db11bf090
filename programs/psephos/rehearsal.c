#include "psephos/rehearsal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/codec.h"
#include "psephos/plan.h"

enum {
    CAST_BLOCK = 4096, /* ballots made and appended together */
    SEEDED_TIME = 1798794000,
    MANIFEST_ROOM = 2 << 20,
};

/* --- phases -------------------------------------------------------------------------------------
 */

void rehearsal_phase_end(struct rehearsal *r)
{
    progress_end(&r->progress);
    if (r->phases > 0 && r->phase[r->phases - 1].seconds < 0)
        r->phase[r->phases - 1].seconds = progress_now() - r->phase_start;
}

void rehearsal_phase(struct rehearsal *r, const char *what, uint64_t items)
{
    rehearsal_phase_end(r);
    if (r->phases < REHEARSAL_PHASES)
        r->phase[r->phases++] =
            (struct rehearsal_phase){.what = what, .items = items, .seconds = -1};
    r->phase_start = progress_now();
    progress_step(&r->progress, what, items);
}

/* --- the log as plain files ----------------------------------------------------------------------
 */

static pse_rc plain_create(void *ctx, struct rehearsal *r, struct pse_span policy)
{
    (void)ctx, (void)policy;
    return record_create(&r->writer, r->name, r->o->dir, &r->board.signer, RECORD_BULK);
}

static pse_rc plain_blob(void *ctx, struct pse_span blob)
{
    struct rehearsal *r = ctx;
    pse_hash digest;

    return record_put_blob(r->writer, &digest, blob);
}

static pse_rc plain_entry(void *ctx, pse_hash *leaf, struct pse_span entry)
{
    struct rehearsal *r = ctx;

    return record_append(r->writer, leaf, entry);
}

static pse_rc plain_ballots(void *ctx, struct pse_span *entry, pse_hash *leaf, size_t n)
{
    for (size_t i = 0; i < n; i++)
        PSE_TRY(plain_entry(ctx, &leaf[i], entry[i]));
    return PSE_OK;
}

static pse_rc plain_publish(void *ctx, uint64_t *size)
{
    struct rehearsal *r = ctx;

    PSE_TRY(record_publish(r->writer, r->time));
    *size = record_size(r->writer);
    return PSE_OK;
}

/* --- the log as a sink ---------------------------------------------------------------------------
 */

static pse_rc take_blob(void *ctx, struct pse_span blob)
{
    struct rehearsal *r = ctx;

    return r->log.blob(r->log.ctx, blob);
}

/* The engine has to find what was appended live; a dead entry would be a fault of this program. */
static pse_rc take_entry(void *ctx, struct pse_span entry)
{
    struct rehearsal *r = ctx;
    uint64_t dead = pse_engine_counts(r->e)->dead;
    pse_hash leaf;

    PSE_TRY(r->log.entry(r->log.ctx, &leaf, entry));
    PSE_TRY(pse_engine_feed(r->e, &entry, &leaf, 1));
    if (pse_engine_counts(r->e)->dead == dead)
        return PSE_OK;
    cli_error(r->name,
              "the engine finds entry %llu dead; this is a fault of psephos, please report",
              (unsigned long long)(pse_engine_size(r->e) - 1));
    return PSE_E_MISMATCH;
}

struct act rehearsal_act(struct rehearsal *r)
{
    return (struct act){.name = r->name, .g = r->g, .rng = &r->rng, .e = r->e, .sink = &r->sink};
}

void rehearsal_commitment(pse_hash *out, struct rehearsal *r)
{
    uint8_t salt[32];

    pse_rng_fill(&r->rng, salt, sizeof salt);
    pse_evidence_commit(out, pse_engine_eid(r->e), salt, pse_span(NULL, 0));
}

pse_rc rehearsal_check_dir(const char *name, const char *dir)
{
    if (record_dir_is_free(dir))
        return PSE_OK;
    cli_error(name, "%s is there already and not empty; choose another folder with --dir", dir);
    return PSE_E_DUPLICATE;
}

/* --- begin ---------------------------------------------------------------------------------------
 */

static uint64_t now(const struct rehearsal_options *o)
{
    time_t t = time(NULL);

    return o->seed->given || t < 0 ? SEEDED_TIME : (uint64_t)t;
}

static unsigned threads_of(const struct rehearsal_options *o)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    if (o->threads > 0)
        return (unsigned)o->threads;
    return n < 1 ? 1 : n > 256 ? 256 : (unsigned)n;
}

static pse_rc make_people(struct rehearsal *r)
{
    char label[32];

    PSE_TRY(key_make(&r->officer, r->name, KEY_OFFICER, "Officer", r->g, &r->rng));
    PSE_TRY(key_make(&r->registrar, r->name, KEY_REGISTRAR, "Registrar", r->g, &r->rng));
    for (size_t i = 0; i < r->o->trustees.n; i++) {
        (void)snprintf(label, sizeof label, "Trustee %zu", i + 1);
        PSE_TRY(key_make(&r->trustee_key[i], r->name, KEY_TRUSTEE, label, r->g, &r->rng));
        r->trustee[i] = sodium_malloc(sizeof **r->trustee);
        if (r->trustee[i] == NULL)
            return PSE_E_MEMORY;
        memset(r->trustee[i], 0, sizeof **r->trustee);
        r->trustee[i]->key = r->trustee_key[i];
        r->trustee[i]->index = (uint8_t)(i + 1);
    }
    for (size_t i = 0; i < r->o->mixers; i++) {
        (void)snprintf(label, sizeof label, "Mixer %zu", i + 1);
        PSE_TRY(key_make(&r->mixer_key[i], r->name, KEY_MIXER, label, r->g, &r->rng));
    }
    return PSE_OK;
}

static pse_rc start_engine(struct rehearsal *r)
{
    struct pse_engine_options options = {.group = r->g, .rng = &r->weights, .trust_proofs = true};

    pse_rng_fork(&r->weights, &r->rng);
    options.source = record_source_callbacks(&r->source);
    return pse_engine_new(&r->e, &options);
}

pse_rc rehearsal_begin(struct rehearsal *r, const struct rehearsal_options *o)
{
    memset(r, 0, sizeof *r);
    r->o = o;
    r->name = o->name;
    r->time = now(o);
    r->log = (struct rehearsal_log){r,           plain_create,  plain_blob,
                                    plain_entry, plain_ballots, plain_publish};
    if (o->log != NULL)
        r->log = *o->log;
    r->sink = (struct sink){.ctx = r, .blob = take_blob, .entry = take_entry};
    r->source.files.dir = -1;
    r->source.files.blob = -1;
    progress_init(&r->progress, o->name, o->quiet);
    PSE_TRY(rehearsal_check_dir(o->name, o->dir));
    PSE_TRY(sysrng_start_seeded(&r->rng, o->name, o->seed));
    PSE_TRY(pse_pool_new(&r->pool, threads_of(o)));
    if (pse_group_new(&r->g, o->backend, r->pool) != PSE_OK) {
        cli_error(o->name, "this machine or build does not have that back-end; try --backend auto");
        return PSE_E_UNSUPPORTED;
    }
    PSE_TRY(
        board_keys_make(&r->board, o->name, o->origin, NULL, REHEARSAL_WITNESSES, r->g, &r->rng));
    for (size_t i = 0; i < REHEARSAL_WITNESSES && o->witness != NULL; i++)
        r->board.signer.witness[i].url = o->witness[i];
    return make_people(r);
}

void rehearsal_end(struct rehearsal *r)
{
    progress_end(&r->progress);
    pse_engine_free(r->e);
    record_source_close(&r->source);
    record_writer_free(r->writer);
    board_keys_free(&r->board);
    key_free(r->officer);
    key_free(r->registrar);
    for (size_t i = 0; i < PSE_TRUSTEES_MAX; i++) {
        sodium_free(r->trustee[i]);
        key_free(r->trustee_key[i]);
    }
    for (size_t i = 0; i < PSE_MIXERS_MAX; i++)
        key_free(r->mixer_key[i]);
    pse_group_free(r->g);
    pse_pool_free(r->pool);
    pse_rng_wipe(&r->rng);
    pse_rng_wipe(&r->weights);
    memset(r, 0, sizeof *r);
}

/* --- setup ---------------------------------------------------------------------------------------
 */

static struct card card_of(const struct key *k)
{
    return (struct card){.role = k->role,
                         .label = pse_span_str(k->label),
                         .sign = k->sign_public,
                         .point = k->secret_public};
}

struct texts {
    struct pse_buf vkey, policy, manifest, counting;
};

static pse_rc make_manifest(struct texts *t, struct rehearsal *r, struct pse_span plan)
{
    struct card registrar = card_of(r->registrar);
    struct card board = card_of(r->board.board);
    struct card trustee[PSE_TRUSTEES_MAX];
    struct card mixer[PSE_MIXERS_MAX];
    struct plan_keys keys = {.authority = r->officer->sign_public,
                             .registrar = &registrar,
                             .board = &board,
                             .trustee = trustee,
                             .trustees = r->o->trustees.n,
                             .mixer = mixer,
                             .mixers = r->o->mixers};

    pse_vkey_put(&t->vkey, &r->board.signer.log.vkey);
    record_policy_put(&t->policy, &r->board.signer, REHEARSAL_QUORUM);
    if (t->vkey.rc != PSE_OK || t->policy.rc != PSE_OK)
        return PSE_E_MEMORY;
    board.log = pse_buf_span(&t->vkey);
    for (size_t i = 0; i < keys.trustees; i++)
        trustee[i] = card_of(r->trustee_key[i]);
    for (size_t i = 0; i < keys.mixers; i++)
        mixer[i] = card_of(r->mixer_key[i]);
    pse_sha256(&keys.policy, pse_buf_span(&t->policy));
    return plan_manifest(&t->manifest, &t->counting, r->name, "the plan", plan, &keys, r->g,
                         &r->rng);
}

static pse_rc start_record(struct rehearsal *r, const struct texts *t)
{
    PSE_ARENA(arena, PSE_MANIFEST_ARENA_MAX);
    struct pse_manifest *m;
    struct act a;

    PSE_TRY(r->log.create(r->log.ctx, r, pse_buf_span(&t->policy)));
    PSE_TRY(record_source_open(&r->source, r->o->dir));
    PSE_TRY(start_engine(r));
    PSE_TRY(take_blob(r, pse_buf_span(&t->manifest)));
    PSE_TRY(take_blob(r, pse_buf_span(&t->policy)));
    PSE_TRY(take_blob(r, pse_buf_span(&t->counting)));
    PSE_TRY(pse_manifest_parse(&m, &arena, NULL, r->g, pse_buf_span(&t->manifest)));
    a = rehearsal_act(r);
    return act_setup(&a, m, t->manifest.n, &r->officer->sign);
}

pse_rc rehearsal_create(struct rehearsal *r, struct pse_span plan)
{
    struct texts t = {.vkey = PSE_BUF(PSE_NOTE_MAX),
                      .policy = PSE_BUF(PSE_POLICY_MAX),
                      .manifest = PSE_BUF(PSE_MANIFEST_MAX),
                      .counting = PSE_BUF(MANIFEST_ROOM)};
    pse_rc rc = make_manifest(&t, r, plan);

    if (rc == PSE_OK)
        rc = start_record(r, &t);
    pse_buf_free(&t.vkey);
    pse_buf_free(&t.policy);
    pse_buf_free(&t.manifest);
    pse_buf_free(&t.counting);
    return rc;
}

pse_rc rehearsal_ceremony(struct rehearsal *r)
{
    struct act a = rehearsal_act(r);
    size_t n = r->o->trustees.n;
    uint8_t dealer;

    for (size_t i = 0; i < n; i++) {
        act_trustee_prepare(r->trustee[i], &a);
        PSE_TRY(act_trustee_commit(&a, r->trustee[i]));
    }
    for (size_t i = 0; i < n; i++)
        PSE_TRY(act_trustee_reveal(&a, r->trustee[i]));
    for (size_t i = 0; i < n; i++)
        PSE_TRY(act_trustee_share(&a, r->trustee[i]));
    for (size_t i = 0; i < n; i++)
        PSE_TRY(act_trustee_confirm(&dealer, &a, r->trustee[i]));
    return PSE_OK;
}

/* --- voters --------------------------------------------------------------------------------------
 */

pse_rc rehearsal_draw(struct rehearsal *r, struct rehearsal_voter *voter, size_t n)
{
    PSE_ARENA(arena, SIZE_MAX);
    size_t block = n < CAST_BLOCK ? n : CAST_BLOCK;
    pse_secret *d = PSE_NEW(&arena, pse_secret, block);
    pse_point *p = PSE_NEW(&arena, pse_point, block);
    pse_enc *enc = PSE_NEW(&arena, pse_enc, block);

    if (d == NULL || p == NULL || enc == NULL)
        return PSE_E_MEMORY;
    for (size_t at = 0; at < n; at += block) {
        size_t count = n - at < block ? n - at : block;

        pse_secret_random_n(d, count, &r->rng);
        pse_point_mul_base(r->g, p, d, count);
        pse_point_encode(r->g, enc, p, count);
        for (size_t i = 0; i < count; i++) {
            voter[at + i].d = d[i];
            voter[at + i].credential = enc[i];
        }
        progress_set(&r->progress, at + count);
    }
    return PSE_OK;
}

pse_rc rehearsal_roster(struct rehearsal *r, const struct rehearsal_voter *voter, size_t n)
{
    struct pse_roster_record *record = calloc(n + 1, sizeof *record);
    struct act a = rehearsal_act(r);
    pse_rc rc;

    if (record == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < n; i++) {
        record[i] = (struct pse_roster_record){
            .credential = voter[i].credential, .style = voter[i].style, .weight = voter[i].weight};
        rehearsal_commitment(&record[i].commitment, r);
    }
    rc = act_roster(&a, &r->registrar->sign, record, n);
    free(record);
    return rc;
}

pse_rc rehearsal_open(struct rehearsal *r)
{
    struct act a = rehearsal_act(r);

    PSE_TRY(act_open(&a, &r->officer->sign, r->time - 86400));
    return rehearsal_publish(r);
}

/* --- ballots -------------------------------------------------------------------------------------
 */

/* Room for one block of ballots of any style. */
struct block {
    struct pse_ballot_plan *plan;
    uint8_t **out;
    struct pse_span *entry;
    pse_hash *leaf;
    uint8_t *bytes;
    size_t longest;
};

static pse_rc block_new(struct block *b, struct pse_arena *arena, const struct pse_manifest *m,
                        size_t n)
{
    for (size_t i = 0; i < m->styles; i++) {
        if (m->style[i].ballot_len > b->longest)
            b->longest = m->style[i].ballot_len;
    }
    b->plan = PSE_NEW(arena, struct pse_ballot_plan, n);
    b->out = PSE_NEW(arena, uint8_t *, n);
    b->entry = PSE_NEW(arena, struct pse_span, n);
    b->leaf = PSE_NEW(arena, pse_hash, n);
    b->bytes = PSE_NEW(arena, uint8_t, n * b->longest);
    return b->plan == NULL || b->out == NULL || b->entry == NULL || b->leaf == NULL ||
                   b->bytes == NULL
               ? PSE_E_MEMORY
               : PSE_OK;
}

static pse_rc seal_block(struct rehearsal *r, struct block *b,
                         const struct rehearsal_voter *const *voter, const uint8_t *const *choices,
                         size_t n)
{
    const struct pse_manifest *m = pse_engine_manifest(r->e);
    struct pse_credential_view view;

    for (size_t i = 0; i < n; i++) {
        PSE_TRY(pse_engine_credential(r->e, &view, &voter[i]->credential));
        b->plan[i] = (struct pse_ballot_plan){.joint = pse_engine_joint(r->e),
                                              .m = m,
                                              .style = pse_manifest_style(m, voter[i]->style),
                                              .d = &voter[i]->d,
                                              .prev = view.latest_leaf,
                                              .choices = choices[i],
                                              .is_simulated = true};
        b->out[i] = b->bytes + i * b->longest;
        b->entry[i] = pse_span(b->out[i], b->plan[i].style->ballot_len);
    }
    return pse_ballots_build(b->out, &r->rng, b->plan, n);
}

static pse_rc cast_block(struct rehearsal *r, struct block *b, size_t n)
{
    PSE_TRY(r->log.ballots(r->log.ctx, b->entry, b->leaf, n));
    return pse_engine_feed(r->e, b->entry, b->leaf, n);
}

static pse_rc keep_block(struct pse_buf *out, const struct block *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        pse_buf_put(out, b->entry[i].p, b->entry[i].n);
    return out->rc;
}

/* Into @p out, or into the record when it is NULL. */
static pse_rc seal(struct pse_buf *out, struct rehearsal *r,
                   const struct rehearsal_voter *const *voter, const uint8_t *const *choices,
                   size_t n)
{
    PSE_ARENA(arena, SIZE_MAX);
    struct block b = {.longest = 0};
    size_t block = n < CAST_BLOCK ? n : CAST_BLOCK;

    PSE_TRY(block_new(&b, &arena, pse_engine_manifest(r->e), block));
    for (size_t at = 0; at < n; at += block) {
        size_t count = n - at < block ? n - at : block;

        PSE_TRY(seal_block(r, &b, voter + at, choices + at, count));
        PSE_TRY(out != NULL ? keep_block(out, &b, count) : cast_block(r, &b, count));
        progress_set(&r->progress, at + count);
    }
    return PSE_OK;
}

pse_rc rehearsal_seal(struct pse_buf *out, struct rehearsal *r,
                      const struct rehearsal_voter *const *voter, const uint8_t *const *choices,
                      size_t n)
{
    return seal(out, r, voter, choices, n);
}

pse_rc rehearsal_cast(struct rehearsal *r, const struct rehearsal_voter *const *voter,
                      const uint8_t *const *choices, size_t n)
{
    uint64_t dead = pse_engine_counts(r->e)->dead;

    PSE_TRY(seal(NULL, r, voter, choices, n));
    if (pse_engine_counts(r->e)->dead != dead) {
        cli_error(r->name, "a ballot made here is dead; this is a fault of psephos, please report");
        return PSE_E_MISMATCH;
    }
    return PSE_OK;
}

/* --- counting ------------------------------------------------------------------------------------
 */

pse_rc rehearsal_publish(struct rehearsal *r)
{
    uint64_t size;

    PSE_TRY(r->log.publish(r->log.ctx, &size));
    record_source_settle(&r->source, size);
    return PSE_OK;
}

pse_rc rehearsal_close(struct rehearsal *r)
{
    struct act a = rehearsal_act(r);

    return act_close(&a, &r->officer->sign, PSE_CLOSE_SCHEDULED, r->time);
}

pse_rc rehearsal_freeze(struct rehearsal *r)
{
    struct act a = rehearsal_act(r);

    PSE_TRY(rehearsal_publish(r));
    return act_freeze(&a, &r->officer->sign);
}

static uint64_t ballots_in_lists(const struct rehearsal *r, bool mixes)
{
    struct pse_list_view list;
    uint64_t n = 0;

    for (size_t i = 0; i < pse_engine_lists(r->e); i++) {
        pse_engine_list(r->e, &list, i);
        if (!mixes || list.kind == PSE_KIND_MIX)
            n += mixes ? list.ballots : list.items;
    }
    return n;
}

/* One process holds all secrets of an election that is none: nothing to hide from who watches. */
static const struct pse_shuffle_options made_up = {.isolated = true};

static pse_rc mix_all(struct rehearsal *r)
{
    struct act a = rehearsal_act(r);
    uint64_t done = 0;

    rehearsal_phase(r, "mixing", ballots_in_lists(r, true) * r->o->mixers);
    for (size_t k = 0; k < r->o->mixers; k++) {
        for (size_t i = 0; i < pse_engine_lists(r->e); i++) {
            struct pse_list_view list;

            pse_engine_list(r->e, &list, i);
            if (list.kind != PSE_KIND_MIX)
                continue;
            PSE_TRY(act_mix(&a, r->mixer_key[k], (uint8_t)(k + 1), i, &made_up));
            done += list.ballots;
            progress_set(&r->progress, done);
        }
    }
    return act_mix_end(&a, &r->officer->sign);
}

static pse_rc decrypt_all(struct rehearsal *r)
{
    struct act a = rehearsal_act(r);
    uint64_t done = 0;

    rehearsal_phase(r, "decrypting", ballots_in_lists(r, false) * r->o->trustees.t);
    for (size_t k = 0; k < r->o->trustees.t; k++) {
        for (size_t i = 0; i < pse_engine_lists(r->e); i++) {
            struct pse_list_view list;

            pse_engine_list(r->e, &list, i);
            PSE_TRY(act_trustee_decrypt(&a, r->trustee[k], i));
            done += list.items;
            progress_set(&r->progress, done);
        }
    }
    return PSE_OK;
}

pse_rc rehearsal_count(struct rehearsal *r)
{
    struct act a = rehearsal_act(r);

    PSE_TRY(mix_all(r));
    PSE_TRY(decrypt_all(r));
    rehearsal_phase(r, "computing the result", 0);
    PSE_TRY(act_result(&a, &r->officer->sign));
    PSE_TRY(act_end(&a, &r->officer->sign));
    PSE_TRY(rehearsal_publish(r));
    rehearsal_phase_end(r);
    return PSE_OK;
}
