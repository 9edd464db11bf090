/* Questions about the state: nothing here changes it. */
#include "codec/hash.h"
#include "election/engine.h"

const char *pse_state_name(enum pse_state state)
{
    static const char *const name[] = {"START", "KEYS",   "OPEN", "CLOSED", "FROZEN",
                                       "MIXED", "RESULT", "END",  "ABORT"};

    PSE_REQUIRE((size_t)state < sizeof name / sizeof name[0]);
    return name[state];
}

enum pse_state pse_engine_state(const struct pse_engine *e)
{
    return e->state;
}

bool pse_engine_is_aborted(const struct pse_engine *e)
{
    return e->state == PSE_STATE_ABORT || e->is_aborted;
}

uint64_t pse_engine_size(const struct pse_engine *e)
{
    return e->tree.size;
}

void pse_engine_root(const struct pse_engine *e, pse_hash *root)
{
    pse_tree_head(root, &e->tree);
}

const struct pse_manifest *pse_engine_manifest(const struct pse_engine *e)
{
    return e->state == PSE_STATE_START ? NULL : e->m;
}

struct pse_span pse_engine_manifest_bytes(const struct pse_engine *e)
{
    return pse_buf_span(&e->manifest);
}

struct pse_span pse_engine_policy_bytes(const struct pse_engine *e)
{
    return pse_buf_span(&e->policy);
}

const pse_hash *pse_engine_eid(const struct pse_engine *e)
{
    static const pse_hash none;

    return e->m == NULL ? &none : &e->m->eid;
}

const pse_hash *pse_engine_policy_hash(const struct pse_engine *e)
{
    return &e->policy_hash;
}

/* --- ceremony --------------------------------------------------------------------------------- */

void pse_engine_ceremony(const struct pse_engine *e, struct pse_ceremony *out)
{
    *out = (struct pse_ceremony){
        .committed = e->keys.committed,
        .revealed = e->keys.revealed,
        .shared = e->keys.shared,
        .confirmed = e->keys.confirmed,
        .trustees = e->m == NULL ? 0 : e->m->trustees,
        .threshold = e->m == NULL ? 0 : e->m->threshold,
        .at_fault = e->keys.at_fault,
    };
}

pse_rc pse_engine_joint_key(const struct pse_engine *e, pse_enc *y)
{
    memset(y, 0, sizeof *y);
    if (!e->keys.has_joint)
        return PSE_E_STATE;
    *y = e->keys.joint.enc;
    return PSE_OK;
}

const struct pse_joint *pse_engine_joint(const struct pse_engine *e)
{
    return e->keys.has_joint ? &e->keys.joint : NULL;
}

const struct pse_dkg *pse_engine_dkg(const struct pse_engine *e)
{
    return e->keys.dkg;
}

static bool has_done(const struct pse_engine *e, uint64_t who, uint8_t i)
{
    return e->m != NULL && i >= 1 && i <= e->m->trustees && (who & pse_bit(i)) != 0;
}

struct pse_span pse_engine_reveal_body(const struct pse_engine *e, uint8_t i)
{
    if (!has_done(e, e->keys.revealed, i))
        return pse_span(NULL, 0);
    return pse_span(e->keys.reveals + (size_t)(i - 1) * e->keys.reveal_n, e->keys.reveal_n);
}

struct pse_span pse_engine_shares_body(const struct pse_engine *e, uint8_t i)
{
    if (!has_done(e, e->keys.shared, i))
        return pse_span(NULL, 0);
    return pse_span(e->keys.shares + (size_t)(i - 1) * e->keys.shares_n, e->keys.shares_n);
}

pse_rc pse_engine_trustee_key(const struct pse_engine *e, pse_enc *v, uint8_t i)
{
    memset(v, 0, sizeof *v);
    if (!e->keys.has_joint || i < 1 || i > e->m->trustees)
        return PSE_E_STATE;
    *v = e->keys.v[i - 1];
    return PSE_OK;
}

/* --- roll ------------------------------------------------------------------------------------- */

pse_rc pse_engine_credential(const struct pse_engine *e, struct pse_credential_view *out,
                             const pse_enc *credential)
{
    uint32_t number = pse_roll_find(&e->roll, credential);
    const struct pse_credential *c;

    memset(out, 0, sizeof *out);
    if (number == PSE_ROLL_NONE)
        return PSE_E_MISSING;
    c = pse_roll_credential(&e->roll, number);
    *out = (struct pse_credential_view){
        .style = e->m->style[c->style].id,
        .weight = c->weight,
        .is_active = c->is_active,
        .ballots = c->ballots,
        .first_index = c->entry,
        .latest_index = c->latest,
        .latest_leaf = c->leaf,
        .rev = pse_roll_rev(&e->roll, c),
        .rev_reason = pse_roll_rev_reason(&e->roll, c),
    };
    return PSE_OK;
}

pse_rc pse_engine_ballot_credential(const struct pse_engine *e, pse_enc *credential, uint64_t index)
{
    uint32_t number = pse_roll_ballot_owner(&e->roll, index);

    memset(credential, 0, sizeof *credential);
    if (number == PSE_ROLL_NONE)
        return PSE_E_MISSING;
    *credential = pse_roll_credential(&e->roll, number)->d;
    return PSE_OK;
}

uint32_t pse_engine_active(const struct pse_engine *e)
{
    return e->roll.active;
}

bool pse_engine_is_admitted(const struct pse_engine *e, uint64_t index)
{
    uint32_t number = pse_roll_ballot_owner(&e->roll, index);
    const struct pse_credential *c;

    if (!e->is_frozen || number == PSE_ROLL_NONE)
        return false;
    c = pse_roll_credential(&e->roll, number);
    return c->is_active && c->latest == index && (int64_t)index > pse_roll_rev(&e->roll, c);
}

/* --- lists ------------------------------------------------------------------------------------ */

size_t pse_engine_lists(const struct pse_engine *e)
{
    return e->lists;
}

void pse_engine_list(const struct pse_engine *e, struct pse_list_view *out, size_t at)
{
    const struct pse_list *l;
    bool is_mix;

    PSE_REQUIRE(at < e->lists);
    l = &e->list[at];
    is_mix = l->contest->kind == PSE_KIND_MIX;
    *out = (struct pse_list_view){
        .contest = l->contest->id,
        .pot = l->pot,
        .kind = (uint8_t)l->contest->kind,
        .width = l->contest->width,
        .mixes = l->mixes,
        .seq = is_mix ? (uint8_t)(l->mixes + 1) : 0,
        .ballots = l->n,
        .items = is_mix ? l->n * l->contest->width : l->contest->options,
        .weight = l->weight,
        .mixers = l->mixers,
        .trustees = l->trustees,
        .in_hash = l->in,
        .rows = pse_span(l->rows, l->rows_n),
    };
}

pse_rc pse_engine_list_find(const struct pse_engine *e, struct pse_list_view *out, uint16_t contest,
                            uint16_t pot)
{
    size_t at = pse_list_number(e, contest, pot);

    memset(out, 0, sizeof *out);
    if (at == e->lists)
        return PSE_E_MISSING;
    pse_engine_list(e, out, at);
    return PSE_OK;
}

pse_rc pse_engine_close_index(const struct pse_engine *e, uint64_t *index)
{
    *index = e->close_index;
    return e->close_index != UINT64_MAX ? PSE_OK : PSE_E_STATE;
}

pse_rc pse_engine_freeze_digest(const struct pse_engine *e, pse_hash *digest)
{
    *digest = e->freeze;
    return e->is_frozen ? PSE_OK : PSE_E_STATE;
}

pse_rc pse_engine_lot_seed(const struct pse_engine *e, uint8_t seed[64])
{
    static const char tag[] = "psephos/1/lot";
    pse_sha512_stream h;

    memset(seed, 0, 64);
    if (!e->is_mixed)
        return PSE_E_STATE;
    pse_sha512_init(&h);
    pse_sha512_add(&h, tag, sizeof tag - 1);
    pse_sha512_add(&h, e->m->eid.b, 32);
    pse_sha512_add(&h, e->freeze.b, 32);
    for (size_t i = 0; i < e->lists; i++)
        if (e->list[i].contest->kind == PSE_KIND_MIX)
            pse_sha512_add(&h, e->list[i].in.b, 32);
    pse_sha512_final(seed, &h);
    return PSE_OK;
}

struct pse_span pse_engine_result(const struct pse_engine *e)
{
    return pse_buf_span(&e->result);
}

/* --- counts ----------------------------------------------------------------------------------- */

const struct pse_counts *pse_engine_counts(const struct pse_engine *e)
{
    return &e->counts;
}

const struct pse_rule_use *pse_engine_use(const struct pse_engine *e, enum pse_rule rule)
{
    return &e->use[pse_rule_slot(rule)];
}

struct pse_span pse_engine_blobs(const struct pse_engine *e, size_t *count)
{
    *count = e->blobs.n / 32;
    return pse_buf_span(&e->blobs);
}
