/* What the roles of the small election write, stage by stage. */
#include "mini_roles.h"

#include <stdlib.h>

#include "codec/codec.h"

#define MUST(call) PSE_REQUIRE((call) == PSE_OK)

/* --- entries ---------------------------------------------------------------------------------- */

struct pse_entry mini_entry(enum pse_entry_type type, enum pse_role role, uint8_t index)
{
    return (struct pse_entry){.type = (uint8_t)type, .role = (uint8_t)role, .index = index};
}

const pse_seed *mini_seed(const struct mini *m, uint8_t role, uint8_t index)
{
    switch (role) {
    case PSE_ROLE_AUTHORITY: return &m->authority;
    case PSE_ROLE_REGISTRAR: return &m->registrar;
    case PSE_ROLE_BOARD: return &m->board;
    case PSE_ROLE_TRUSTEE: return &m->trustee[index - 1];
    case PSE_ROLE_MIXER: return &m->mixer[index - 1];
    default: pse_require_failed("a role that signs", __FILE__, __LINE__);
    }
}

void mini_build(struct mini *m, struct pse_buf *out, const struct pse_entry *entry)
{
    *out = PSE_BUF(2 * PSE_ENTRY_MAX);
    MUST(pse_entry_build(out, m->g, pse_engine_manifest(m->engine), entry,
                         mini_seed(m, entry->role, entry->index)));
}

uint64_t mini_put(struct mini *m, const struct pse_entry *entry)
{
    struct pse_buf bytes;
    uint64_t index;

    mini_build(m, &bytes, entry);
    index = mini_append(m, pse_buf_span(&bytes));
    pse_buf_free(&bytes);
    return index;
}

void mini_sign(struct mini *m, struct pse_buf *entry)
{
    static const char tag[] = "psephos/1/entry";
    struct pse_buf message = PSE_BUF(entry->n + 64);

    PSE_REQUIRE(entry->n > 100);
    pse_buf_put(&message, tag, sizeof tag);
    pse_buf_put(&message, entry->p, entry->n - 64);
    MUST(message.rc);
    MUST(pse_ed25519_sign(entry->p + entry->n - 64, mini_seed(m, entry->p[34], entry->p[35]),
                          pse_buf_span(&message)));
    pse_buf_free(&message);
}

/* --- setup and ceremony ----------------------------------------------------------------------- */

static void setup(struct mini *m)
{
    struct pse_buf b = PSE_BUF(256);
    pse_hash eid = mini_blob(m, pse_buf_span(&m->manifest));
    pse_hash policy = mini_blob(m, pse_buf_span(&m->policy));
    static const uint8_t no_sig[64];

    pse_wr_u8(&b, PSE_ENTRY_SETUP);
    pse_wr_u8(&b, 1);
    pse_wr_hash(&b, &eid);
    pse_wr_u8(&b, PSE_ROLE_AUTHORITY);
    pse_wr_u8(&b, 0);
    pse_wr_u32(&b, (uint32_t)m->manifest.n);
    pse_wr_hash(&b, &policy);
    pse_buf_put(&b, no_sig, 64);
    mini_sign(m, &b);
    mini_append(m, pse_buf_span(&b));
    pse_buf_free(&b);
}

void mini_deal(struct mini *m, uint8_t i)
{
    pse_secret nonce;

    pse_secret_random(&nonce, &m->rng);
    pse_dkg_secret_random(&m->polynomial[i - 1], MINI_THRESHOLD, &m->rng);
    pse_dkg_reveal_make(pse_engine_dkg(m->engine), m->reveal[i - 1], i, &m->polynomial[i - 1],
                        &nonce);
}

uint64_t mini_commit(struct mini *m, uint8_t i)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_DKG_COMMIT, PSE_ROLE_TRUSTEE, i);

    pse_dkg_commit(pse_engine_dkg(m->engine), e.u.dkg_commit.digest, i,
                   pse_span(m->reveal[i - 1], sizeof m->reveal[0]));
    return mini_put(m, &e);
}

static void commit(struct mini *m)
{
    for (uint8_t i = 1; i <= MINI_TRUSTEES; i++) {
        mini_deal(m, i);
        mini_commit(m, i);
    }
}

static void reveal(struct mini *m)
{
    for (uint8_t i = 1; i <= MINI_TRUSTEES; i++) {
        struct pse_entry e = mini_entry(PSE_ENTRY_DKG_REVEAL, PSE_ROLE_TRUSTEE, i);

        e.u.dkg_reveal.proof = pse_span(m->reveal[i - 1], sizeof m->reveal[0]);
        mini_put(m, &e);
    }
}

void mini_shares(struct mini *m, uint8_t *body, uint8_t i)
{
    pse_secret random[2 * (MINI_TRUSTEES - 1)];

    pse_secret_random_n(random, 2 * (MINI_TRUSTEES - 1), &m->rng);
    pse_dkg_shares_make(pse_engine_dkg(m->engine), body, i, &m->polynomial[i - 1], random,
                        random + MINI_TRUSTEES - 1);
}

static void shares(struct mini *m)
{
    for (uint8_t i = 1; i <= MINI_TRUSTEES; i++) {
        struct pse_entry e = mini_entry(PSE_ENTRY_DKG_SHARES, PSE_ROLE_TRUSTEE, i);
        uint8_t body[(MINI_TRUSTEES - 1) * PSE_DKG_SHARE_SIZE];

        mini_shares(m, body, i);
        e.u.dkg_shares.records = pse_span(body, sizeof body);
        mini_put(m, &e);
    }
}

struct pse_entry mini_complaint(struct mini *m, uint8_t i, uint8_t dealer)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_DKG_COMPLAINT, PSE_ROLE_TRUSTEE, i);
    uint8_t body[PSE_DKG_COMPLAINT_SIZE];
    pse_secret nonce;

    pse_secret_random(&nonce, &m->rng);
    pse_dkg_complaint_make(pse_engine_dkg(m->engine), body, dealer, i, &m->share[i - 1],
                           pse_engine_shares_body(m->engine, dealer), &nonce);
    e.u.dkg_complaint.dealer = body[0];
    memcpy(e.u.dkg_complaint.k.b, body + 1, 32);
    memcpy(e.u.dkg_complaint.t1.b, body + 33, 32);
    memcpy(e.u.dkg_complaint.t2.b, body + 65, 32);
    MUST(pse_scalar_decode(&e.u.dkg_complaint.z, body + 97));
    return e;
}

static void key_of(struct mini *m, uint8_t j)
{
    const struct pse_dkg *d = pse_engine_dkg(m->engine);
    pse_secret share;

    pse_dkg_share_own(&m->x[j - 1], &m->polynomial[j - 1], j);
    for (uint8_t i = 1; i <= MINI_TRUSTEES; i++) {
        if (i == j)
            continue;
        MUST(pse_dkg_share_open(d, &share, i, j, &m->share[j - 1],
                                pse_engine_shares_body(m->engine, i)));
        pse_secret_add(&m->x[j - 1], &m->x[j - 1], &share);
    }
}

struct pse_entry mini_confirm(struct mini *m, uint8_t i)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_DKG_CONFIRM, PSE_ROLE_TRUSTEE, i);
    uint8_t body[PSE_DKG_CONFIRM_SIZE];
    pse_secret nonce;

    key_of(m, i);
    pse_secret_random(&nonce, &m->rng);
    MUST(pse_dkg_confirm_make(pse_engine_dkg(m->engine), body, i, &m->x[i - 1], &nonce));
    memcpy(e.u.dkg_confirm.y.b, body, 32);
    memcpy(e.u.dkg_confirm.v.b, body + 32, 32);
    memcpy(e.u.dkg_confirm.r.b, body + 64, 32);
    MUST(pse_scalar_decode(&e.u.dkg_confirm.z, body + 96));
    return e;
}

static void confirm(struct mini *m)
{
    for (uint8_t i = 1; i <= MINI_TRUSTEES; i++) {
        struct pse_entry e = mini_confirm(m, i);

        mini_put(m, &e);
    }
}

/* --- roll ------------------------------------------------------------------------------------- */

void mini_roster(struct mini *m, struct pse_buf *out, const struct mini_enrolment *e, size_t n)
{
    struct pse_entry entry = mini_entry(PSE_ENTRY_ROSTER, PSE_ROLE_REGISTRAR, 0);
    struct pse_roster_record record[MINI_VOTERS];
    uint8_t bytes[MINI_VOTERS * PSE_ROSTER_RECORD];

    for (size_t i = 0; i < n; i++) {
        record[i] = (struct pse_roster_record){
            .credential = m->credential[e[i].voter], .style = e[i].style, .weight = e[i].weight};
        record[i].commitment.b[0] = 1;
    }
    MUST(pse_roster_sort(record, n));
    pse_roster_encode(bytes, record, n);
    entry.u.roster.count = (uint16_t)n;
    entry.u.roster.records = bytes;
    mini_build(m, out, &entry);
}

static void enrol(struct mini *m, const struct mini_enrolment *e, size_t n)
{
    struct pse_buf bytes;

    mini_roster(m, &bytes, e, n);
    mini_append(m, pse_buf_span(&bytes));
    pse_buf_free(&bytes);
}

static void roster(struct mini *m)
{
    static const struct mini_enrolment first[] = {{0, 10, 1}, {1, 10, 1}, {2, 10, 1}, {3, 20, 1}};
    static const struct mini_enrolment second[] = {{4, 20, 1}, {5, 30, 3}, {6, 30, 5}};

    enrol(m, first, 4);
    enrol(m, second, 3);
}

uint64_t mini_change(struct mini *m, size_t old, uint8_t action, const pse_enc *fresh)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_CREDENTIAL_CHANGE, PSE_ROLE_REGISTRAR, 0);

    e.u.credential_change.old = m->credential[old];
    e.u.credential_change.action = action;
    if (fresh != NULL)
        e.u.credential_change.new_ = *fresh;
    e.u.credential_change.reason = PSE_REASON_COMPROMISED;
    return mini_put(m, &e);
}

static void open_vote(struct mini *m)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_OPEN, PSE_ROLE_AUTHORITY, 0);

    MUST(pse_engine_joint_key(m->engine, &e.u.open.y));
    e.u.open.roster_size = pse_engine_active(m->engine);
    e.u.open.time = 1000;
    mini_put(m, &e);
}

/* --- ballots ---------------------------------------------------------------------------------- */

static void choose(uint8_t *choice, const struct pse_contest *c, unsigned taste)
{
    uint8_t ranking[2] = {(uint8_t)(1 + taste % 3), (uint8_t)(1 + (taste + 1) % 3)};

    if (c->kind == PSE_KIND_HOMOMORPHIC) {
        memset(choice, 0, c->choice_len);
        choice[taste % c->options] = taste % 4 != 3; /* 3: blank */
    } else if (c->format == PSE_FORMAT_RANKING) {
        MUST(pse_plain_ranking(choice, c, ranking, taste % 3));
    } else if (taste % 2 == 0) {
        MUST(pse_plain_text(choice, c, pse_span_str("Nobody of these, but my neighbour")));
    } else {
        MUST(pse_plain_choice(choice, c, 2));
    }
}

void mini_ballot(struct mini *m, struct pse_buf *out, size_t voter, uint16_t style,
                 const pse_hash *prev, unsigned taste)
{
    const struct pse_manifest *manifest = pse_engine_manifest(m->engine);
    struct pse_ballot_plan plan = {
        .joint = pse_engine_joint(m->engine),
        .m = manifest,
        .style = pse_manifest_style(manifest, style),
        .d = &m->voter[voter],
        .prev = *prev,
    };
    struct pse_ballot_random random;
    uint8_t choices[1024];
    size_t at = 0;
    PSE_ARENA(arena, 1 << 20);

    for (size_t k = 0; k < plan.style->contests; k++) {
        const struct pse_contest *c = &manifest->contest[plan.style->contest[k]];

        PSE_REQUIRE(at + c->choice_len <= sizeof choices);
        choose(choices + at, c, taste);
        at += c->choice_len;
    }
    plan.choices = choices;
    *out = PSE_BUF(2 * PSE_ENTRY_MAX);
    MUST(pse_ballot_random_draw(&random, &arena, &m->rng, manifest, plan.style));
    MUST(pse_ballot_build(pse_buf_extend(out, plan.style->ballot_len), &plan, &random));
}

void mini_ballot_sign(struct mini *m, struct pse_buf *ballot, size_t voter)
{
    size_t signed_n = ballot->n - PSE_POK_SIZE;
    struct pse_span x[2] = {pse_span(m->credential[voter].b, 32), pse_span(ballot->p, signed_n)};
    struct pse_statement s = {"ballot-sign", pse_engine_eid(m->engine), x, 2};

    pse_pok_prove(m->g, ballot->p + signed_n, &s, &m->voter[voter], &m->rng);
}

static uint16_t style_of(const struct mini *m, size_t voter)
{
    struct pse_credential_view view;

    MUST(pse_engine_credential(m->engine, &view, &m->credential[voter]));
    return view.style;
}

uint64_t mini_vote(struct mini *m, size_t voter, unsigned taste)
{
    struct pse_buf ballot;

    mini_ballot(m, &ballot, voter, style_of(m, voter), &m->prev[voter], taste);
    m->ballot[voter] = mini_append(m, pse_buf_span(&ballot));
    pse_entry_leaf(&m->prev[voter], pse_buf_span(&ballot));
    pse_buf_free(&ballot);
    return m->ballot[voter];
}

uint64_t mini_revoke(struct mini *m, uint64_t ballot, uint8_t action, uint8_t reason)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_BALLOT_REVOKE, PSE_ROLE_REGISTRAR, 0);

    e.u.ballot_revoke.ballot = ballot;
    e.u.ballot_revoke.action = action;
    e.u.ballot_revoke.reason = reason;
    return mini_put(m, &e);
}

static void vote(struct mini *m)
{
    static const struct mini_enrolment late = {MINI_LATE, 10, 1};

    mini_vote(m, 0, 1);
    mini_vote(m, 1, 2);
    mini_vote(m, 2, 3);
    mini_vote(m, 3, 4);
    mini_vote(m, 4, 5);
    mini_vote(m, 0, 5);
    mini_revoke(m, m->ballot[1], PSE_REVOKE_REVOKE, PSE_REASON_PAPER);
    enrol(m, &late, 1);
    mini_vote(m, MINI_LATE, 0);
    mini_vote(m, 5, 1);
    mini_revoke(m, m->ballot[1], PSE_REVOKE_RESTORE, PSE_REASON_PAPER);
    mini_revoke(m, m->ballot[4], PSE_REVOKE_REVOKE, PSE_REASON_PAPER);
    mini_change(m, MINI_REPLACED, PSE_CHANGE_REPLACE, &m->credential[MINI_REPLACEMENT]);
    mini_vote(m, MINI_REPLACEMENT, 2);
    mini_vote(m, 6, 2);
}

/* --- close to freeze -------------------------------------------------------------------------- */

uint64_t mini_close_entry(struct mini *m, uint8_t reason, uint64_t time)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_CLOSE, PSE_ROLE_AUTHORITY, 0);

    e.u.close.size = pse_engine_size(m->engine);
    pse_engine_root(m->engine, &e.u.close.root);
    e.u.close.reason = reason;
    e.u.close.time = time;
    return mini_put(m, &e);
}

static void close_vote(struct mini *m)
{
    mini_close_entry(m, PSE_CLOSE_SCHEDULED, 2000);
}

static void closed(struct mini *m)
{
    mini_revoke(m, m->ballot[5], PSE_REVOKE_REVOKE, PSE_REASON_COMPROMISED);
    mini_revoke(m, m->ballot[5], PSE_REVOKE_RESTORE, PSE_REASON_COMPROMISED);
}

static void freeze(struct mini *m)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_FREEZE, PSE_ROLE_AUTHORITY, 0);

    MUST(pse_engine_admitted(m->engine, &e.u.freeze.count, &e.u.freeze.digest));
    mini_put(m, &e);
}

/* --- mixing and decryption -------------------------------------------------------------------- */

struct pse_entry mini_mix(struct mini *m, uint8_t mixer, size_t at)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_MIX, PSE_ROLE_MIXER, mixer);
    struct pse_list_view list;
    struct pse_shuffle shuffle;
    struct pse_shuffle_random random;
    PSE_ARENA(arena, 1 << 20);
    size_t out_n, proof_n;
    uint8_t *out, *proof;

    pse_engine_list(m->engine, &list, at);
    shuffle = (struct pse_shuffle){.contest = list.contest,
                                   .group = list.pot,
                                   .seq = list.seq,
                                   .mixer = mixer,
                                   .width = list.width,
                                   .rows = list.ballots,
                                   .in_hash = list.in_hash};
    MUST(pse_shuffle_sizes(&out_n, &proof_n, list.ballots, list.width));
    out = (uint8_t *)malloc(out_n);
    proof = (uint8_t *)malloc(proof_n);
    MUST(pse_shuffle_random_draw(&random, &arena, list.ballots, list.width, &m->rng));
    MUST(pse_shuffle_prove(pse_engine_joint(m->engine), &shuffle, out, proof, list.rows, &random,
                           NULL));
    e.u.mix.contest = list.contest;
    e.u.mix.pot = list.pot;
    e.u.mix.seq = list.seq;
    e.u.mix.n = list.ballots;
    e.u.mix.w = list.width;
    e.u.mix.in = list.in_hash;
    e.u.mix.out = mini_blob(m, pse_span(out, out_n));
    e.u.mix.proof = mini_blob(m, pse_span(proof, proof_n));
    free(out);
    free(proof);
    return e;
}

static void mix(struct mini *m)
{
    for (uint8_t mixer = 1; mixer <= MINI_MIXERS; mixer++)
        for (size_t at = 0; at < pse_engine_lists(m->engine); at++) {
            struct pse_list_view list;
            struct pse_entry e;

            pse_engine_list(m->engine, &list, at);
            if (list.kind != PSE_KIND_MIX)
                continue;
            e = mini_mix(m, mixer, at);
            mini_put(m, &e);
        }
}

static void mix_end(struct mini *m)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_MIX_END, PSE_ROLE_AUTHORITY, 0);

    mini_put(m, &e);
}

struct pse_entry mini_decrypt(struct mini *m, uint8_t trustee, size_t at)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_DECRYPT, PSE_ROLE_TRUSTEE, trustee);
    struct pse_list_view list;
    struct pse_decrypt d = {.trustee = trustee};
    uint8_t proof[PSE_DECRYPT_PROOF_SIZE];
    pse_secret nonce;
    uint8_t *share;

    pse_engine_list(m->engine, &list, at);
    d.contest = list.contest;
    d.group = list.pot;
    d.m = list.items;
    d.in_hash = list.in_hash;
    MUST(pse_engine_trustee_key(m->engine, &d.v, trustee));
    share = (uint8_t *)malloc(32 * (size_t)list.items);
    pse_secret_random(&nonce, &m->rng);
    MUST(pse_decrypt_prove(m->g, pse_engine_eid(m->engine), &d, share, proof, list.rows,
                           &m->x[trustee - 1], &nonce));
    e.u.decrypt.contest = d.contest;
    e.u.decrypt.pot = d.group;
    e.u.decrypt.m = d.m;
    e.u.decrypt.in = d.in_hash;
    e.u.decrypt.blob = mini_blob(m, pse_span(share, 32 * (size_t)list.items));
    memcpy(e.u.decrypt.t1.b, proof, 32);
    memcpy(e.u.decrypt.t2.b, proof + 32, 32);
    MUST(pse_scalar_decode(&e.u.decrypt.z, proof + 64));
    free(share);
    return e;
}

/* Trustees 1 and 3: the lowest t are not the first t. */
static void decrypt(struct mini *m)
{
    for (size_t at = 0; at < pse_engine_lists(m->engine); at++) {
        struct pse_entry e = mini_decrypt(m, 3, at);

        mini_put(m, &e);
        e = mini_decrypt(m, 1, at);
        mini_put(m, &e);
    }
}

/* --- result ----------------------------------------------------------------------------------- */

void mini_result_blob(struct mini *m, struct pse_buf *out)
{
    size_t lists = pse_engine_lists(m->engine);
    struct pse_result_list *list;
    PSE_ARENA(arena, 1 << 20);
    struct pse_span *x = PSE_NEW(&arena, struct pse_span, lists);

    MUST(pse_engine_result_lists(m->engine, &list, &arena));
    for (size_t i = 0; i < lists; i++) {
        struct pse_list_view view;
        uint8_t *points;

        pse_engine_list(m->engine, &view, i);
        points = PSE_NEW(&arena, uint8_t, 32 * (size_t)view.items);
        MUST(pse_engine_list_open(m->engine, points, i));
        x[i] = pse_span(points, 32 * (size_t)view.items);
    }
    *out = PSE_BUF(1 << 20);
    MUST(pse_result_blob_build(out, m->g, list, lists, x));
}

uint64_t mini_result(struct mini *m, struct pse_span blob)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_RESULT, PSE_ROLE_AUTHORITY, 0);

    e.u.result.blob = mini_blob(m, blob);
    return mini_put(m, &e);
}

static void result(struct mini *m)
{
    struct pse_buf blob;

    mini_result_blob(m, &blob);
    mini_result(m, pse_buf_span(&blob));
    pse_buf_free(&blob);
}

uint64_t mini_statement(struct mini *m, struct pse_span text)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_STATEMENT, PSE_ROLE_AUTHORITY, 0);

    e.u.statement.kind = PSE_STATEMENT_INFORMATION;
    e.u.statement.blob = mini_blob(m, text);
    e.u.statement.language = pse_span_str("en");
    e.u.statement.media_type = pse_span_str("text/plain");
    e.u.statement.title = pse_span_str("Notice");
    return mini_put(m, &e);
}

uint64_t mini_abort(struct mini *m)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_ABORT, PSE_ROLE_AUTHORITY, 0);

    e.u.abort.reason = PSE_ABORT_SECURITY;
    return mini_put(m, &e);
}

uint64_t mini_end_entry(struct mini *m)
{
    struct pse_entry e = mini_entry(PSE_ENTRY_END, PSE_ROLE_AUTHORITY, 0);

    e.u.close.size = pse_engine_size(m->engine);
    pse_engine_root(m->engine, &e.u.close.root);
    return mini_put(m, &e);
}

static void end(struct mini *m)
{
    mini_end_entry(m);
}

void (*const mini_stages[MINI_DONE])(struct mini *m) = {
    setup,      commit, reveal, shares, confirm, roster,  open_vote, vote,
    close_vote, closed, freeze, mix,    mix_end, decrypt, result,    end,
};
