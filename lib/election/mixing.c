/* Mixing (protocol 8): mix entries and the end of mixing. */
#include <stdlib.h>

#include "election/engine.h"

size_t pse_list_number(const struct pse_engine *e, uint16_t contest, uint16_t pot)
{
    size_t low = 0;
    size_t high = e->lists;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct pse_list *l = &e->list[mid];

        if (l->contest->id < contest || (l->contest->id == contest && l->pot < pot))
            low = mid + 1;
        else
            high = mid;
    }
    if (low < e->lists && e->list[low].contest->id == contest && e->list[low].pot == pot)
        return low;
    return e->lists;
}

static bool body_is_expected(const struct pse_engine *e, const struct pse_exam *x)
{
    const struct pse_list *l = &e->list[x->list];

    return l->contest->kind == PSE_KIND_MIX && x->in.u.mix.seq == l->mixes + 1 &&
           x->in.u.mix.n == l->n && x->in.u.mix.w == l->contest->width &&
           pse_hash_is_equal(&x->in.u.mix.in, &l->in) && (l->mixers & pse_bit(x->in.index)) == 0;
}

/* Each blob that is what the entry names is looked at on its own, so that a fault in one does not
 * hide a fault in the other; the equations need both. */
static pse_rc examine_contents(struct pse_engine *e, struct pse_exam *x, bool has_list,
                               const struct pse_span *proof)
{
    const struct pse_list *l = &e->list[x->list];
    struct pse_shuffle shuffle = {
        .contest = x->contest,
        .group = x->pot,
        .seq = x->in.u.mix.seq,
        .mixer = x->in.index,
        .width = x->in.u.mix.w,
        .rows = x->in.u.mix.n,
        .in_hash = x->in.u.mix.in,
        .out_hash = x->in.u.mix.out,
    };
    struct pse_shuffle_verdict verdict;
    uint64_t start = pse_engine_now(e);
    pse_rc rc =
        pse_shuffle_verify(&e->keys.joint, &verdict, &shuffle, pse_span(l->rows, l->rows_n),
                           pse_span(x->blob, x->blob_n), proof == NULL ? pse_span(NULL, 0) : *proof,
                           e->o.rng, &e->generators);

    if (rc == PSE_E_MEMORY)
        return rc;
    if (has_list)
        pse_exam_rule(e, x, PSE_V602, l->n, 0, verdict.list == PSE_OK);
    if (proof != NULL)
        pse_exam_rule(e, x, PSE_V603, l->n, 0, verdict.proof == PSE_OK);
    if (verdict.equations != PSE_E_MISSING)
        pse_exam_rule(e, x, PSE_V604, l->n, start, verdict.equations == PSE_OK);
    return PSE_OK;
}

static pse_rc examine_blobs(struct pse_engine *e, struct pse_exam *x, uint8_t **proof)
{
    uint64_t start = pse_engine_now(e);
    size_t list_n;
    size_t proof_n;
    enum pse_blob_state list_is;
    enum pse_blob_state proof_is;
    struct pse_span proof_bytes = {NULL, 0};

    if (pse_shuffle_sizes(&list_n, &proof_n, x->in.u.mix.n, x->in.u.mix.w) != PSE_OK)
        return PSE_E_LIMIT; /* more rows than a shuffle of this implementation has */
    PSE_TRY(pse_blob_fetch(e, &list_is, &x->blob, &x->blob_n, &x->in.u.mix.out, list_n, list_n));
    PSE_TRY(
        pse_blob_fetch(e, &proof_is, proof, &proof_bytes.n, &x->in.u.mix.proof, proof_n, proof_n));
    proof_bytes.p = *proof;
    pse_exam_rule(e, x, PSE_V905, 2, start,
                  pse_blob_is_named(list_is) && pse_blob_is_named(proof_is));
    if (list_is == PSE_BLOB_LENGTH)
        pse_exam_rule(e, x, PSE_V602, 0, 0, false);
    if (proof_is == PSE_BLOB_LENGTH)
        pse_exam_rule(e, x, PSE_V603, 0, 0, false);
    if (e->o.trust_proofs || (list_is != PSE_BLOB_GOOD && proof_is != PSE_BLOB_GOOD))
        return PSE_OK;
    return examine_contents(e, x, list_is == PSE_BLOB_GOOD,
                            proof_is == PSE_BLOB_GOOD ? &proof_bytes : NULL);
}

/* The body is not the expected one, so the blobs have no length to be judged by; that they are
 * there is asked of every entry. */
static pse_rc look_for_blobs(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);
    enum pse_blob_state list;
    enum pse_blob_state proof;

    PSE_TRY(pse_blob_look(e, &list, &x->in.u.mix.out, UINT64_MAX));
    PSE_TRY(pse_blob_look(e, &proof, &x->in.u.mix.proof, UINT64_MAX));
    pse_exam_rule(e, x, PSE_V905, 2, start, pse_blob_is_named(list) && pse_blob_is_named(proof));
    return PSE_OK;
}

pse_rc pse_mix_examine(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);
    uint8_t *proof = NULL;
    bool expected;
    pse_rc rc;

    x->contest = x->in.u.mix.contest;
    x->pot = x->in.u.mix.pot;
    x->list = pse_list_number(e, x->contest, x->pot);
    expected = x->list < e->lists && body_is_expected(e, x);
    pse_exam_rule(e, x, PSE_V601, 1, start, expected);
    if (!expected)
        return look_for_blobs(e, x);
    rc = examine_blobs(e, x, &proof);
    free(proof);
    return rc;
}

pse_rc pse_mix_apply(struct pse_engine *e, struct pse_exam *x)
{
    struct pse_list *l = &e->list[x->list];

    free(l->rows);
    l->rows = x->blob;
    l->rows_n = x->blob_n;
    x->blob = NULL;
    l->in = x->in.u.mix.out;
    l->mixes++;
    l->mixers |= pse_bit(x->in.index);
    PSE_TRY(pse_engine_name_blob(e, &x->in.u.mix.out));
    return pse_engine_name_blob(e, &x->in.u.mix.proof);
}

bool pse_mix_end_allowed(const struct pse_engine *e, const struct pse_entry *in)
{
    (void)in;
    for (size_t i = 0; i < e->lists; i++)
        if (e->list[i].contest->kind == PSE_KIND_MIX && e->list[i].mixes < e->m->mix_min)
            return false;
    return true;
}

pse_rc pse_mix_end_apply(struct pse_engine *e, struct pse_exam *x)
{
    for (size_t i = 0; i < e->lists; i++) {
        const struct pse_list *l = &e->list[i];

        for (uint8_t k = 1; l->contest->kind == PSE_KIND_MIX && k <= e->m->mixers; k++)
            if ((l->mixers & pse_bit(k)) == 0)
                pse_engine_warn(e, x, PSE_W004, k, l);
    }
    pse_generator_list_free(&e->generators);
    e->is_mixed = true;
    e->state = PSE_STATE_MIXED;
    return PSE_OK;
}
