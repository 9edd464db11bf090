/* Decryption shares, opened lists and the result entry (protocol 9, 10). */
#include <stdlib.h>

#include "election/engine.h"
#include "election/result.h"

enum { PROOF_AT = 72 /* T1 || T2 || z in the body of decrypt */ };

/* M: ciphertexts of a list. */
static uint32_t items(const struct pse_list *l)
{
    return (uint32_t)(l->rows_n / 64);
}

/* --- decrypt ---------------------------------------------------------------------------------- */

static bool body_is_expected(const struct pse_engine *e, const struct pse_exam *x)
{
    const struct pse_list *l = &e->list[x->list];

    return x->in.u.decrypt.m == items(l) && pse_hash_is_equal(&x->in.u.decrypt.in, &l->in) &&
           (l->trustees & pse_bit(x->in.index)) == 0;
}

static pse_rc examine_share(struct pse_engine *e, struct pse_exam *x)
{
    const struct pse_list *l = &e->list[x->list];
    struct pse_decrypt decrypt = {
        .contest = x->contest,
        .group = x->pot,
        .trustee = x->in.index,
        .m = x->in.u.decrypt.m,
        .v = e->keys.v[x->in.index - 1],
        .in_hash = x->in.u.decrypt.in,
        .d_hash = x->in.u.decrypt.blob,
    };
    struct pse_decrypt_verdict verdict;
    uint64_t start = pse_engine_now(e);
    pse_rc rc =
        pse_decrypt_verify(e->o.group, &e->m->eid, &verdict, &decrypt, pse_span(l->rows, l->rows_n),
                           pse_span(x->blob, x->blob_n), x->in.body.p + PROOF_AT);

    if (rc == PSE_E_MEMORY)
        return rc;
    pse_exam_rule(e, x, PSE_V702, decrypt.m, 0, verdict.blob == PSE_OK);
    if (verdict.proof != PSE_E_MISSING)
        pse_exam_rule(e, x, PSE_V703, decrypt.m, start, verdict.proof == PSE_OK);
    return PSE_OK;
}

pse_rc pse_decrypt_examine(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);
    uint64_t share_n = 32 * (uint64_t)x->in.u.decrypt.m;
    enum pse_blob_state share;
    bool expected;

    x->contest = x->in.u.decrypt.contest;
    x->pot = x->in.u.decrypt.pot;
    x->list = pse_list_number(e, x->contest, x->pot);
    expected = x->list < e->lists && body_is_expected(e, x);
    pse_exam_rule(e, x, PSE_V701, 1, start, expected);
    start = pse_engine_now(e);
    if (expected)
        PSE_TRY(pse_blob_fetch(e, &share, &x->blob, &x->blob_n, &x->in.u.decrypt.blob, share_n,
                               share_n));
    else
        PSE_TRY(pse_blob_look(e, &share, &x->in.u.decrypt.blob, UINT64_MAX));
    pse_exam_rule(e, x, PSE_V905, 1, start, pse_blob_is_named(share));
    if (!expected || !pse_blob_is_named(share))
        return PSE_OK;
    if (share == PSE_BLOB_LENGTH) {
        pse_exam_rule(e, x, PSE_V702, 0, 0, false);
        return PSE_OK;
    }
    return e->o.trust_proofs ? PSE_OK : examine_share(e, x);
}

pse_rc pse_decrypt_apply(struct pse_engine *e, struct pse_exam *x)
{
    struct pse_list *l = &e->list[x->list];

    l->shares[x->in.index - 1] = x->in.u.decrypt.blob;
    l->trustees |= pse_bit(x->in.index);
    return pse_engine_name_blob(e, &x->in.u.decrypt.blob);
}

/* --- opening a list --------------------------------------------------------------------------- */

/* D blobs of the t lowest trustees present. */
struct opening {
    uint8_t index[PSE_TRUSTEES_MAX];
    uint8_t *bytes[PSE_TRUSTEES_MAX];
    struct pse_span d[PSE_TRUSTEES_MAX];
    size_t t;
};

static void opening_free(struct opening *o)
{
    for (size_t i = 0; i < o->t; i++)
        free(o->bytes[i]);
}

/* The blobs were examined when their entries came; one that has changed since is the world's
 * failure. */
static pse_rc opening_make(const struct pse_engine *e, struct opening *o, const struct pse_list *l)
{
    uint64_t n = 32 * (uint64_t)items(l);

    o->t = 0;
    for (uint8_t i = 1; i <= e->m->trustees && o->t < e->m->threshold; i++) {
        enum pse_blob_state state;
        size_t got;

        if ((l->trustees & pse_bit(i)) == 0)
            continue;
        PSE_TRY(pse_blob_fetch(e, &state, &o->bytes[o->t], &got, &l->shares[i - 1], n, n));
        if (state != PSE_BLOB_GOOD)
            return PSE_E_IO;
        o->d[o->t] = pse_span(o->bytes[o->t], got);
        o->index[o->t++] = i;
    }
    return o->t < e->m->threshold ? PSE_E_STATE : PSE_OK;
}

static pse_rc combine(const struct pse_engine *e, uint8_t *points, const struct pse_list *l)
{
    struct opening o;
    pse_rc rc = opening_make(e, &o, l);

    if (rc == PSE_OK)
        rc = pse_decrypt_combine(e->o.group, points, pse_span(l->rows, l->rows_n), o.d, o.index,
                                 o.t);
    opening_free(&o);
    return rc;
}

pse_rc pse_engine_list_open(const struct pse_engine *e, uint8_t *points, size_t at)
{
    PSE_REQUIRE(at < e->lists);
    return e->list[at].rows == NULL ? PSE_E_STATE : combine(e, points, &e->list[at]);
}

/* --- result ----------------------------------------------------------------------------------- */

bool pse_result_allowed(const struct pse_engine *e, const struct pse_entry *in)
{
    (void)in;
    for (size_t i = 0; i < e->lists; i++)
        if (__builtin_popcountll(e->list[i].trustees) < e->m->threshold)
            return false;
    return true;
}

pse_rc pse_engine_result_lists(const struct pse_engine *e, struct pse_result_list **out,
                               struct pse_arena *arena)
{
    struct pse_result_list *list = PSE_NEW(arena, struct pse_result_list, e->lists);

    *out = list;
    if (list == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < e->lists; i++)
        list[i] = (struct pse_result_list){
            .contest = e->list[i].contest,
            .pot = e->list[i].pot,
            .n = e->list[i].n,
            .weight = e->list[i].weight,
        };
    return PSE_OK;
}

/* V802 of one list. */
static pse_rc examine_counts(struct pse_engine *e, struct pse_exam *x, const struct pse_list *l,
                             const struct pse_result_view *v)
{
    uint64_t start = pse_engine_now(e);
    size_t k = l->contest->options;
    uint64_t counts[PSE_HOM_OPTIONS_MAX];
    uint8_t points[32 * PSE_HOM_OPTIONS_MAX];
    pse_rc rc;

    pse_result_counts(counts, v);
    PSE_TRY(combine(e, points, l));
    rc = pse_count_check(e->o.group, counts, k, pse_span(points, 32 * k), e->o.rng);
    if (rc == PSE_E_MEMORY)
        return rc;
    pse_exam_rule(e, x, PSE_V802, k, start, rc == PSE_OK);
    return PSE_OK;
}

static pse_rc examine_statuses(struct pse_engine *e, struct pse_exam *x, const struct pse_list *l,
                               const struct pse_result_view *v)
{
    uint64_t start = pse_engine_now(e);
    pse_rc rc = pse_result_statuses_check(e->o.group, l->contest, v);

    if (rc == PSE_E_MEMORY)
        return rc;
    pse_exam_rule(e, x, PSE_V804, l->n, start, rc == PSE_OK);
    return PSE_OK;
}

/* V801 (points), V803 and V804 of one list. Statuses are those of the points that the blob states,
 * so they are looked at also when the points are not the decrypted ones. */
static pse_rc examine_points(struct pse_engine *e, struct pse_exam *x, const struct pse_list *l,
                             const struct pse_result_view *v, const struct opening *o)
{
    uint64_t start = pse_engine_now(e);
    size_t points_n = 32 * (size_t)items(l);
    uint8_t *points = (uint8_t *)malloc(points_n);
    pse_rc rc;

    if (points == NULL)
        return PSE_E_MEMORY;
    pse_result_points(points, v);
    rc = pse_decrypt_check(e->o.group, pse_span(points, points_n), pse_span(l->rows, l->rows_n),
                           o->d, o->index, o->t, e->o.rng);
    free(points);
    if (rc == PSE_E_MEMORY)
        return rc;
    if (!pse_exam_rule(e, x, PSE_V801, 0, 0, rc != PSE_E_ENCODING))
        return PSE_OK;
    pse_exam_rule(e, x, PSE_V803, items(l), start, rc == PSE_OK);
    return examine_statuses(e, x, l, v);
}

static pse_rc examine_rows(struct pse_engine *e, struct pse_exam *x, const struct pse_list *l,
                           const struct pse_result_view *v)
{
    struct opening o;
    pse_rc rc = opening_make(e, &o, l);

    if (rc == PSE_OK)
        rc = examine_points(e, x, l, v, &o);
    opening_free(&o);
    return rc;
}

static pse_rc examine_contents(struct pse_engine *e, struct pse_exam *x,
                               const struct pse_result_list *list, struct pse_arena *arena)
{
    uint64_t start = pse_engine_now(e);
    struct pse_result_view *view = PSE_NEW(arena, struct pse_result_view, e->lists);
    pse_rc rc;

    if (view == NULL)
        return PSE_E_MEMORY;
    rc = pse_result_blob_match(view, list, e->lists, pse_span(x->blob, x->blob_n));
    if (!pse_exam_rule(e, x, PSE_V801, 1, start, rc == PSE_OK) || e->o.trust_proofs)
        return PSE_OK;
    for (size_t i = 0; i < e->lists; i++)
        PSE_TRY(e->list[i].contest->kind == PSE_KIND_MIX
                    ? examine_rows(e, x, &e->list[i], &view[i])
                    : examine_counts(e, x, &e->list[i], &view[i]));
    return PSE_OK;
}

pse_rc pse_result_examine(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);
    PSE_ARENA(arena, SIZE_MAX);
    struct pse_result_list *list;
    enum pse_blob_state state;
    uint64_t n;

    PSE_TRY(pse_engine_result_lists(e, &list, &arena));
    n = pse_result_blob_len(list, e->lists);
    PSE_TRY(pse_blob_fetch(e, &state, &x->blob, &x->blob_n, &x->in.u.result.blob, n, n));
    pse_exam_rule(e, x, PSE_V905, 1, start, pse_blob_is_named(state));
    if (state == PSE_BLOB_LENGTH)
        pse_exam_rule(e, x, PSE_V801, 1, 0, false);
    return state == PSE_BLOB_GOOD ? examine_contents(e, x, list, &arena) : PSE_OK;
}

pse_rc pse_result_apply(struct pse_engine *e, struct pse_exam *x)
{
    e->result = (struct pse_buf){x->blob, x->blob_n, x->blob_n, x->blob_n, PSE_OK};
    x->blob = NULL;
    for (size_t i = 0; i < e->lists; i++) {
        free(e->list[i].rows);
        e->list[i].rows = NULL;
        e->list[i].rows_n = 0;
    }
    e->state = PSE_STATE_RESULT;
    return pse_engine_name_blob(e, &x->in.u.result.blob);
}
