/* Making proofs from a source of full subtrees (RFC 6962 sections 2.1.1 and 2.1.2). */
#include "tree.h"

/* Hashes are collected from the root down; the finished proof is in the other order. */
struct collector {
    uint64_t lo; /* the subtree at hand: leaves [lo, hi) */
    uint64_t hi;
    size_t n;
    pse_hash hash[64 + 1];
    pse_tree_source *source;
    void *ctx;
};

/* Largest power of two below n, n > 1. */
static uint64_t split(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* MTH of leaves [lo, hi): full subtrees of falling size, joined from the right. */
static pse_rc range_root(pse_hash *out, const struct collector *c, uint64_t lo, uint64_t hi)
{
    pse_hash full[64];
    unsigned n = 0;

    while (lo < hi) {
        unsigned level = 63 - (unsigned)__builtin_clzll(hi - lo);

        PSE_TRY(c->source(c->ctx, &full[n++], level, lo >> level));
        lo += UINT64_C(1) << level;
    }
    *out = full[n - 1];
    while (--n > 0)
        pse_tree_node(out, &full[n - 1], out);
    return PSE_OK;
}

/* Step into one half of the subtree at hand and collect the root of the other. */
static pse_rc descend(struct collector *c, bool left)
{
    uint64_t middle = c->lo + split(c->hi - c->lo);

    if (left) {
        PSE_TRY(range_root(&c->hash[c->n++], c, middle, c->hi));
        c->hi = middle;
    } else {
        PSE_TRY(range_root(&c->hash[c->n++], c, c->lo, middle));
        c->lo = middle;
    }
    return PSE_OK;
}

static pse_rc finish(struct pse_tree_proof *out, const struct collector *c)
{
    if (c->n > PSE_TREE_PROOF_MAX)
        return PSE_E_LIMIT;
    out->n = c->n;
    for (size_t i = 0; i < c->n; i++)
        out->hash[i] = c->hash[c->n - 1 - i];
    return PSE_OK;
}

pse_rc pse_tree_inclusion(struct pse_tree_proof *out, uint64_t size, uint64_t index,
                          pse_tree_source *source, void *ctx)
{
    struct collector c = {.hi = size, .source = source, .ctx = ctx};

    memset(out, 0, sizeof *out);
    if (index >= size)
        return PSE_E_RANGE;
    while (c.hi - c.lo > 1)
        PSE_TRY(descend(&c, index - c.lo < split(c.hi - c.lo)));
    return finish(out, &c);
}

pse_rc pse_tree_consistency(struct pse_tree_proof *out, uint64_t before, uint64_t size,
                            pse_tree_source *source, void *ctx)
{
    struct collector c = {.hi = size, .source = source, .ctx = ctx};

    memset(out, 0, sizeof *out);
    if (before > size)
        return PSE_E_RANGE;
    if (before == 0)
        return PSE_OK;
    while (c.hi > before)
        PSE_TRY(descend(&c, before - c.lo <= split(c.hi - c.lo)));
    if (c.lo > 0)
        PSE_TRY(range_root(&c.hash[c.n++], &c, c.lo, c.hi));
    return finish(out, &c);
}

pse_rc pse_tree_prefix(pse_hash *out, uint64_t before, pse_tree_source *source, void *ctx)
{
    struct collector c = {.source = source, .ctx = ctx};

    if (before > 0)
        return range_root(out, &c, 0, before);
    pse_tree_root(out, NULL, 0);
    return PSE_OK;
}
