/* Entry 0: manifest and policy (protocol 2.3; V101-V104). */
#include <stdlib.h>

#include "election/engine.h"

/* Keys of the manifest that witness keys must differ from. */
static size_t manifest_keys(pse_edkey *key, const struct pse_manifest *m)
{
    size_t n = 0;

    memcpy(key[n++].b, &m->log_key, 32);
    memcpy(key[n++].b, &m->authority, 32);
    memcpy(key[n++].b, &m->registrar, 32);
    memcpy(key[n++].b, &m->board, 32);
    for (size_t i = 0; i < m->trustees; i++)
        memcpy(key[n++].b, &m->trustee[i].sign, 32);
    for (size_t i = 0; i < m->mixers; i++)
        memcpy(key[n++].b, &m->mixer[i].sign, 32);
    return n;
}

pse_rc pse_setup_policy(const struct pse_manifest *m, struct pse_policy *policy,
                        struct pse_arena *arena, struct pse_span bytes)
{
    pse_edkey key[4 + PSE_TRUSTEES_MAX + PSE_MIXERS_MAX];
    size_t line;

    PSE_TRY(pse_policy_parse(policy, &line, arena, bytes));
    return pse_policy_election_check(policy, m->log_vkey, m->test, key, manifest_keys(key, m));
}

/* Bytes of a fetched blob become a buffer's. */
static void keep(struct pse_buf *buf, uint8_t *bytes, size_t n)
{
    *buf = (struct pse_buf){bytes, n, n, n, PSE_OK};
}

/* V101: the blob eid, with its hash and the stated length. */
static pse_rc examine_manifest_blob(struct pse_engine *e, struct pse_exam *x, const pse_hash *eid)
{
    uint64_t start = pse_engine_now(e);
    uint64_t n = x->in.u.setup.manifest_len;
    enum pse_blob_state state = PSE_BLOB_LENGTH;
    uint8_t *bytes = NULL;
    size_t got = 0;

    if (n <= PSE_MANIFEST_MAX)
        PSE_TRY(pse_blob_fetch(e, &state, &bytes, &got, eid, n, n));
    if (pse_exam_rule(e, x, PSE_V101, 1, start, state == PSE_BLOB_GOOD))
        keep(&e->manifest, bytes, got);
    return PSE_OK;
}

/* V102, V103. */
static pse_rc examine_manifest(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);
    struct pse_manifest_fault fault = {0};
    pse_rc rc =
        pse_manifest_parse(&e->m, &e->arena, &fault, e->o.group, pse_buf_span(&e->manifest));

    if (rc == PSE_E_MEMORY)
        return rc;
    pse_exam_rule(e, x, PSE_V102, 1, start, fault.rule != PSE_V102);
    if (fault.rule != PSE_V102)
        pse_exam_rule(e, x, PSE_V103, 1, 0, rc == PSE_OK);
    return PSE_OK;
}

/* V104, and V905 of the policy. */
static pse_rc examine_policy(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);
    PSE_ARENA(arena, SIZE_MAX);
    struct pse_policy policy;
    enum pse_blob_state state;
    uint8_t *bytes;
    size_t n;
    pse_rc rc;

    PSE_TRY(pse_blob_fetch(e, &state, &bytes, &n, &x->in.u.setup.policy, 0, PSE_POLICY_MAX));
    pse_exam_rule(e, x, PSE_V905, 1, start, pse_blob_is_named(state));
    start = pse_engine_now(e);
    pse_exam_rule(e, x, PSE_V104, 1, start,
                  state != PSE_BLOB_LENGTH &&
                      pse_hash_is_equal(&x->in.u.setup.policy, &e->m->policy));
    if (state != PSE_BLOB_GOOD)
        return PSE_OK;
    rc = pse_setup_policy(e->m, &policy, &arena, pse_span(bytes, n));
    if (rc == PSE_E_MEMORY) {
        free(bytes);
        return rc;
    }
    pse_exam_rule(e, x, PSE_V104, 0, 0, rc == PSE_OK);
    keep(&e->policy, bytes, n);
    e->policy_hash = x->in.u.setup.policy;
    return PSE_OK;
}

pse_rc pse_setup_examine(struct pse_engine *e, struct pse_exam *x, struct pse_span raw)
{
    uint64_t start = pse_engine_now(e);
    pse_hash eid;

    if (!pse_exam_rule(e, x, PSE_V101, 1, start, pse_entry_setup_peek(&x->in, &eid, raw) == PSE_OK))
        return PSE_OK;
    PSE_TRY(examine_manifest_blob(e, x, &eid));
    if (x->faults > 0)
        return PSE_OK;
    PSE_TRY(examine_manifest(e, x));
    if (e->m == NULL)
        return PSE_OK;
    PSE_TRY(examine_policy(e, x));
    start = pse_engine_now(e);
    pse_exam_rule(e, x, PSE_V907, 1, start, pse_entry_verify(e->m, &x->in) == PSE_OK);
    return PSE_OK;
}

pse_rc pse_setup_apply(struct pse_engine *e, struct pse_exam *x)
{
    if (e->m->has_mix && e->m->mix_min < 2)
        pse_engine_warn(e, x, PSE_W002, 0, NULL);
    PSE_TRY(pse_keys_new(e));
    e->state = PSE_STATE_KEYS;
    PSE_TRY(pse_engine_name_blob(e, &e->m->eid));
    return pse_engine_name_blob(e, &x->in.u.setup.policy);
}

void pse_setup_forget(struct pse_engine *e)
{
    pse_buf_free(&e->manifest);
    pse_buf_free(&e->policy);
    pse_arena_free(&e->arena);
    e->m = NULL;
    memset(&e->policy_hash, 0, sizeof e->policy_hash);
}
