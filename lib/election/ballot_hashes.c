#include "election/ballot_hashes.h"

#include "crypto/statements.h"
#include "election/ballot_layout.h"
#include "merkle/tree.h"

enum { STATEMENT_OVERHEAD = 256 }; /* labels, lengths, eid, context, key */

struct pse_ballot_hashes *pse_ballot_hashes_new(struct pse_arena *arena, const struct pse_span *raw,
                                                size_t n)
{
    struct pse_ballot_hashes *d = PSE_NEW(arena, struct pse_ballot_hashes, 1);

    if (d == NULL)
        return NULL;
    /* The whole entry is in the signature's transcript, and at most the whole again in others. */
    for (size_t i = 0; i < n && d->room < PSE_BALLOT_SCRATCH; i++)
        d->room += 2 * raw[i].n + 3 * STATEMENT_OVERHEAD;
    if (d->room > PSE_BALLOT_SCRATCH)
        d->room = PSE_BALLOT_SCRATCH;
    d->scratch = PSE_NEW(arena, uint8_t, d->room);
    return d->scratch == NULL ? NULL : d;
}

static void put_tracker(struct pse_ballot_hashes *d, const struct pse_manifest *m, size_t i)
{
    size_t at = d->statements++;

    d->s[at] = pse_tracker_statement(d->x[at], &m->eid, &d->ballot[i].credential, &d->leaf[i]);
}

static void put_signature(struct pse_ballot_hashes *d, const struct pse_manifest *m,
                          const struct pse_ballot *b)
{
    size_t at = d->statements++;

    d->s[at] = pse_ballot_statement(d->x[at], m, b->raw.p, b->style);
    d->x[at][d->s[at].n++] = pse_span(b->raw.p + b->raw.n - PSE_POK_SIZE, 32);
}

static void put_part(struct pse_ballot_hashes *d, const struct pse_joint *joint,
                     const struct pse_contest *c, const struct pse_ballot *b, size_t k)
{
    size_t at = d->statements++;
    struct pse_hom_rule rule;

    d->ctx[at] = pse_part_context_make(b->credential.b, b->style->id, c->id);
    if (c->kind == PSE_KIND_MIX) {
        d->s[at] =
            pse_mixpok_statement(d->x[at], joint, &d->ctx[at], c->width, pse_ballot_part(b, k));
        return;
    }
    rule = pse_contest_rule(c);
    d->s[at] = pse_hom_statement(d->x[at], joint, &d->ctx[at], &rule, pse_ballot_part(b, k));
}

/* Parse one and note what is to be hashed; false when there is no room for it. */
static bool take_one(struct pse_ballot_hashes *d, const struct pse_joint *joint,
                     const struct pse_manifest *m, struct pse_span raw)
{
    size_t i = d->n;
    struct pse_ballot *b = &d->ballot[i];

    if (i == PSE_BALLOT_HASHES)
        return false;
    d->is_parsed[i] = pse_ballot_parse(b, m, raw) == PSE_OK;
    d->first[i] = d->statements;
    if (d->is_parsed[i]) {
        if (d->statements + 2 + b->style->contests > PSE_BALLOT_STATEMENTS)
            return false;
        put_tracker(d, m, i);
        put_signature(d, m, b);
        for (size_t k = 0; k < b->style->contests; k++)
            put_part(d, joint, &m->contest[b->style->contest[k]], b, k);
    }
    d->n++;
    return true;
}

void pse_ballot_hashes_take(struct pse_ballot_hashes *d, const struct pse_joint *joint,
                            const struct pse_manifest *m, const struct pse_span *raw,
                            const pse_hash *leaves, size_t n)
{
    d->n = 0;
    d->statements = 0;
    while (d->n < n && take_one(d, joint, m, raw[d->n]))
        ;
    if (leaves != NULL)
        memcpy(d->leaf, leaves, d->n * sizeof *leaves);
    else
        pse_tree_leaves(d->leaf, raw, d->n, NULL);
    pse_statements_hash(d->h, d->s, d->statements, d->scratch, d->room);
}
