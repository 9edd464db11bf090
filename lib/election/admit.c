/* From ballots to lists: close, freeze, groups that merge, rows (protocol 7). */
#include <stdlib.h>

#include "codec/cursor.h"
#include "election/engine.h"

enum { BLOCK_BALLOTS = 8192, BLOCK_BYTES = 4 << 20 };

/* --- close ------------------------------------------------------------------------------------ */

pse_rc pse_close_examine(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);
    pse_hash root;

    pse_tree_head(&root, &e->tree);
    pse_exam_rule(e, x, PSE_V501, 1, start,
                  x->in.u.close.size == e->tree.size &&
                      pse_hash_is_equal(&x->in.u.close.root, &root));
    return PSE_OK;
}

pse_rc pse_close_apply(struct pse_engine *e, struct pse_exam *x)
{
    if (x->in.u.close.time < e->m->closes && x->in.u.close.reason != PSE_CLOSE_EARLY)
        pse_engine_warn(e, x, PSE_W005, 0, NULL);
    e->close_index = x->index;
    e->state = PSE_STATE_CLOSED;
    return PSE_OK;
}

/* --- the admitted set ------------------------------------------------------------------------- */

static const struct pse_roll_ballot *ballot_at(const struct pse_engine *e, size_t at)
{
    return (const struct pse_roll_ballot *)pse_chunks_at(&e->roll.ballots, at);
}

pse_rc pse_engine_admitted(const struct pse_engine *e, uint32_t *count, pse_hash *digest)
{
    pse_sha256_stream h;

    if (e->m == NULL)
        return PSE_E_STATE;
    *count = 0;
    pse_sha256_init(&h);
    for (size_t i = 0; i < e->roll.ballots.n; i++) {
        const struct pse_roll_ballot *b = ballot_at(e, i);
        uint8_t index[8];

        if (!pse_roll_is_admitted(&e->roll, i))
            continue;
        pse_store_u64(index, b->index);
        pse_sha256_add(&h, index, sizeof index);
        pse_sha256_add(&h, pse_roll_credential(&e->roll, b->credential)->leaf.b, 32);
        (*count)++;
    }
    pse_sha256_final(digest, &h);
    return PSE_OK;
}

pse_rc pse_freeze_examine(struct pse_engine *e, struct pse_exam *x)
{
    uint64_t start = pse_engine_now(e);
    uint32_t count;
    pse_hash digest;

    PSE_TRY(pse_engine_admitted(e, &count, &digest));
    pse_exam_rule(e, x, PSE_V502, count, start,
                  count == x->in.u.freeze.count &&
                      pse_hash_is_equal(&digest, &x->in.u.freeze.digest));
    return PSE_OK;
}

/* --- groups ----------------------------------------------------------------------------------- */

/* Admitted ballots of one style, and the pot they stand in now. */
struct style_load {
    uint32_t n;
    uint64_t weight;
    uint32_t pot;  /* index */
    uint32_t next; /* next style with ballots in the same pot, or PSE_ROLL_NONE */
};

/* What freeze works on; the arena holds all of it. */
struct frozen {
    struct pse_arena arena;
    struct style_load *style; /* [styles] */
    uint32_t *first;          /* [pots] first style with ballots in the pot */
    uint32_t *seen;           /* [contests] ballots of the pot at hand that contain it */
};

static pse_rc frozen_new(struct frozen *f, const struct pse_manifest *m)
{
    pse_arena_init(&f->arena, SIZE_MAX);
    f->style = PSE_NEW(&f->arena, struct style_load, m->styles);
    f->first = PSE_NEW(&f->arena, uint32_t, m->pots);
    f->seen = PSE_NEW(&f->arena, uint32_t, m->contests);
    return f->style == NULL || f->first == NULL || f->seen == NULL ? PSE_E_MEMORY : PSE_OK;
}

/* Count admitted ballots by style, and those that are not. */
static void weigh(struct pse_engine *e, struct frozen *f)
{
    for (size_t i = 0; i < e->roll.ballots.n; i++) {
        const struct pse_roll_ballot *b = ballot_at(e, i);
        const struct pse_credential *c = pse_roll_credential(&e->roll, b->credential);

        e->counts.out += (int64_t)b->index <= pse_roll_rev(&e->roll, c);
        e->counts.voided += !c->is_active;
        if (!pse_roll_is_admitted(&e->roll, i))
            continue;
        f->style[c->style].n++;
        f->style[c->style].weight += c->weight;
        e->counts.admitted++;
    }
}

/* size(g): the smallest number of the pot's ballots that contain one contest, over the contests
 * that occur in them. */
static uint32_t pot_size(const struct pse_manifest *m, struct frozen *f, uint32_t first)
{
    uint32_t least = UINT32_MAX;

    for (uint32_t s = first; s != PSE_ROLL_NONE; s = f->style[s].next)
        for (size_t k = 0; k < m->style[s].contests; k++)
            f->seen[m->style[s].contest[k]] += f->style[s].n;
    for (uint32_t s = first; s != PSE_ROLL_NONE; s = f->style[s].next)
        for (size_t k = 0; k < m->style[s].contests; k++)
            if (f->seen[m->style[s].contest[k]] < least)
                least = f->seen[m->style[s].contest[k]];
    for (uint32_t s = first; s != PSE_ROLL_NONE; s = f->style[s].next)
        for (size_t k = 0; k < m->style[s].contests; k++)
            f->seen[m->style[s].contest[k]] = 0;
    return least;
}

static void move_pot(struct frozen *f, uint32_t from, uint32_t to)
{
    while (f->first[from] != PSE_ROLL_NONE) {
        uint32_t s = f->first[from];

        f->first[from] = f->style[s].next;
        f->style[s].pot = to;
        f->style[s].next = f->first[to];
        f->first[to] = s;
    }
}

/* Small groups fall back, in ascending id; a fallback has a larger id, so it is looked at later,
 * with what it received. */
static void merge_pots(const struct pse_manifest *m, struct frozen *f)
{
    for (size_t p = 0; p < m->pots; p++)
        f->first[p] = PSE_ROLL_NONE;
    for (size_t s = 0; s < m->styles; s++) {
        if (f->style[s].n == 0)
            continue;
        f->style[s].pot = m->style[s].pot;
        f->style[s].next = f->first[m->style[s].pot];
        f->first[m->style[s].pot] = (uint32_t)s;
    }
    for (uint32_t p = 0; p < m->pots; p++)
        if (f->first[p] != PSE_ROLL_NONE && m->pot[p].next >= 0 &&
            pot_size(m, f, f->first[p]) < m->min_list)
            move_pot(f, p, (uint32_t)m->pot[p].next);
}

/* --- lists ------------------------------------------------------------------------------------ */

static int list_compare(const void *a, const void *b)
{
    const struct pse_list *x = (const struct pse_list *)a;
    const struct pse_list *y = (const struct pse_list *)b;

    if (x->contest->id != y->contest->id)
        return x->contest->id < y->contest->id ? -1 : 1;
    return (x->pot > y->pot) - (x->pot < y->pot);
}

void pse_lists_free(struct pse_engine *e)
{
    for (size_t i = 0; i < e->lists; i++) {
        free(e->list[i].rows);
        free(e->list[i].shares);
    }
    free(e->list);
    e->list = NULL;
    e->lists = 0;
}

/* One unmerged list for each contest of each style with ballots. */
static pse_rc lists_collect(struct pse_engine *e, const struct frozen *f)
{
    const struct pse_manifest *m = e->m;
    size_t n = 0;

    for (size_t s = 0; s < m->styles; s++)
        n += f->style[s].n > 0 ? m->style[s].contests : 0;
    e->list = (struct pse_list *)calloc(n + 1, sizeof *e->list);
    if (e->list == NULL)
        return PSE_E_MEMORY;
    for (size_t s = 0; s < m->styles; s++) {
        const struct style_load *load = &f->style[s];

        for (size_t k = 0; load->n > 0 && k < m->style[s].contests; k++)
            e->list[e->lists++] = (struct pse_list){
                .contest = &m->contest[m->style[s].contest[k]],
                .pot = m->pot[load->pot].id,
                .n = load->n,
                .weight = load->weight,
            };
    }
    return PSE_OK;
}

/* Sorted, one for each (contest, pot), with room for rows. */
static pse_rc lists_make(struct pse_engine *e, const struct frozen *f)
{
    size_t kept = 0;

    PSE_TRY(lists_collect(e, f));
    qsort(e->list, e->lists, sizeof *e->list, list_compare);
    for (size_t i = 0; i < e->lists; i++) {
        if (kept > 0 && list_compare(&e->list[kept - 1], &e->list[i]) == 0) {
            e->list[kept - 1].n += e->list[i].n;
            e->list[kept - 1].weight += e->list[i].weight;
            continue;
        }
        e->list[kept++] = e->list[i];
    }
    e->lists = kept;
    for (size_t i = 0; i < e->lists; i++) {
        struct pse_list *l = &e->list[i];

        if (l->contest->kind == PSE_KIND_MIX)
            l->weight = l->n;
        l->rows_n = (size_t)pse_list_len(l->contest, l->n);
        l->rows = (uint8_t *)pse_tables_alloc(l->rows_n);
        l->shares = (pse_hash *)calloc(e->m->trustees, sizeof *l->shares);
        if (l->rows == NULL || l->shares == NULL)
            return PSE_E_MEMORY;
        memset(l->rows, 0, l->rows_n);
    }
    return PSE_OK;
}

/* --- rows ------------------------------------------------------------------------------------- */

/* A row of a homomorphic list, waiting for its block to be added up. */
struct waiting {
    size_t list;
    struct pse_list_row row;
};

/* Admitted ballots read again, some at a time. */
struct block {
    struct pse_engine *e;
    const struct frozen *f;
    struct pse_buf bytes;
    size_t n;
    size_t *at;                /* [BLOCK_BALLOTS] offset in bytes */
    uint32_t *credential;      /* [BLOCK_BALLOTS] */
    struct pse_span *span;     /* [BLOCK_BALLOTS] */
    pse_hash *leaf;            /* [BLOCK_BALLOTS] */
    uint32_t *filled;          /* [lists] rows of mix lists written so far */
    struct pse_buf waiting;    /* struct waiting */
    struct pse_list_row *rows; /* [BLOCK_BALLOTS] of one list */
};

/* Add the block's rows of one homomorphic list to its aggregates. */
static pse_rc aggregate(struct block *b, struct pse_list *l, const struct waiting *w, size_t n)
{
    const struct pse_group *g = b->e->o.group;
    size_t points = 2 * (size_t)l->contest->ciphertexts;
    PSE_ARENA(arena, SIZE_MAX);
    pse_enc *part = PSE_NEW(&arena, pse_enc, points);
    pse_point *sum = PSE_NEW(&arena, pse_point, points);
    pse_point *more = PSE_NEW(&arena, pse_point, points);

    if (part == NULL || sum == NULL || more == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < n; i++)
        b->rows[i] = w[i].row;
    PSE_TRY(pse_list_homomorphic(part->b, g, l->contest, b->rows, n));
    PSE_TRY(pse_point_decode(g, more, NULL, part, points, PSE_IDENTITY_ALLOWED));
    memcpy(part, l->rows, l->rows_n);
    PSE_TRY(pse_point_decode(g, sum, NULL, part, points, PSE_IDENTITY_ALLOWED));
    pse_point_add(g, sum, sum, more, points);
    pse_point_encode(g, part, sum, points);
    memcpy(l->rows, part, l->rows_n);
    return PSE_OK;
}

static int waiting_compare(const void *a, const void *b)
{
    const struct waiting *x = (const struct waiting *)a;
    const struct waiting *y = (const struct waiting *)b;

    return (x->list > y->list) - (x->list < y->list);
}

static pse_rc aggregate_block(struct block *b)
{
    struct waiting *w = (struct waiting *)(void *)b->waiting.p;
    size_t n = b->waiting.n / sizeof *w;

    if (n > 0)
        qsort(w, n, sizeof *w, waiting_compare);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from; to < n && w[to].list == w[from].list;)
            to++;
        PSE_TRY(aggregate(b, &b->e->list[w[from].list], w + from, to - from));
    }
    b->waiting.n = 0;
    return PSE_OK;
}

/* One ballot's parts to their lists. */
static pse_rc distribute(struct block *b, size_t i)
{
    struct pse_engine *e = b->e;
    const struct pse_credential *c = pse_roll_credential(&e->roll, b->credential[i]);
    const struct pse_style *style = &e->m->style[c->style];
    uint16_t pot = e->m->pot[b->f->style[c->style].pot].id;
    struct pse_ballot ballot;

    PSE_TRY(pse_ballot_parse(&ballot, e->m, b->span[i]));
    for (size_t k = 0; k < style->contests; k++) {
        const struct pse_contest *contest = &e->m->contest[style->contest[k]];
        size_t at = pse_list_number(e, contest->id, pot);
        struct pse_list_row row = {pse_ballot_part(&ballot, k), c->weight};

        if (contest->kind == PSE_KIND_MIX) {
            size_t place = (size_t)b->filled[at]++ * 64 * contest->ciphertexts;

            pse_list_mix(e->list[at].rows + place, contest, &row, 1);
        } else {
            struct waiting w = {at, row};

            pse_buf_put(&b->waiting, &w, sizeof w);
        }
    }
    return b->waiting.rc;
}

static pse_rc block_flush(struct block *b)
{
    for (size_t i = 0; i < b->n; i++) {
        size_t end = i + 1 < b->n ? b->at[i + 1] : b->bytes.n;

        b->span[i] = pse_span(b->bytes.p + b->at[i], end - b->at[i]);
    }
    pse_tree_leaves(b->leaf, b->span, b->n, pse_group_pool(b->e->o.group));
    for (size_t i = 0; i < b->n; i++) {
        const struct pse_credential *c = pse_roll_credential(&b->e->roll, b->credential[i]);

        if (!pse_hash_is_equal(&b->leaf[i], &c->leaf))
            return PSE_E_IO;
        PSE_TRY(distribute(b, i));
    }
    PSE_TRY(aggregate_block(b));
    b->n = 0;
    b->bytes.n = 0;
    return PSE_OK;
}

static pse_rc block_add(struct block *b, const struct pse_roll_ballot *ballot)
{
    const struct pse_source *source = &b->e->o.source;
    size_t at = b->bytes.n;
    uint8_t *room = pse_buf_extend(&b->bytes, PSE_ENTRY_MAX);
    size_t n = 0;
    pse_rc rc;

    if (room == NULL)
        return PSE_E_MEMORY;
    rc = source->entry_read(source->ctx, room, &n, ballot->index);
    if (rc != PSE_OK)
        return rc == PSE_E_MEMORY ? rc : PSE_E_IO;
    PSE_REQUIRE(n <= PSE_ENTRY_MAX);
    b->bytes.n = at + n;
    b->at[b->n] = at;
    b->credential[b->n++] = ballot->credential;
    return b->n == BLOCK_BALLOTS || b->bytes.n >= BLOCK_BYTES ? block_flush(b) : PSE_OK;
}

static pse_rc block_all(struct block *b)
{
    for (size_t i = 0; i < b->e->roll.ballots.n; i++)
        if (pse_roll_is_admitted(&b->e->roll, i))
            PSE_TRY(block_add(b, ballot_at(b->e, i)));
    return block_flush(b);
}

static pse_rc lists_fill(struct pse_engine *e, struct frozen *f)
{
    struct block b = {
        .e = e,
        .f = f,
        .bytes = PSE_BUF(BLOCK_BYTES + 2 * (size_t)PSE_ENTRY_MAX),
        .waiting = PSE_BUF(BLOCK_BALLOTS * (size_t)PSE_STYLE_CONTESTS_MAX * sizeof(struct waiting)),
        .at = PSE_NEW(&f->arena, size_t, BLOCK_BALLOTS),
        .credential = PSE_NEW(&f->arena, uint32_t, BLOCK_BALLOTS),
        .span = PSE_NEW(&f->arena, struct pse_span, BLOCK_BALLOTS),
        .leaf = PSE_NEW(&f->arena, pse_hash, BLOCK_BALLOTS),
        .filled = PSE_NEW(&f->arena, uint32_t, e->lists),
        .rows = PSE_NEW(&f->arena, struct pse_list_row, BLOCK_BALLOTS),
    };
    pse_rc rc = PSE_E_MEMORY;

    if (b.at != NULL && b.credential != NULL && b.span != NULL && b.leaf != NULL &&
        b.filled != NULL && b.rows != NULL)
        rc = block_all(&b);
    pse_buf_free(&b.bytes);
    pse_buf_free(&b.waiting);
    return rc;
}

static pse_rc freeze(struct pse_engine *e, struct pse_exam *x, struct frozen *f)
{
    PSE_TRY(frozen_new(f, e->m));
    weigh(e, f);
    merge_pots(e->m, f);
    PSE_TRY(lists_make(e, f));
    PSE_TRY(lists_fill(e, f));
    for (size_t i = 0; i < e->lists; i++) {
        struct pse_list *l = &e->list[i];

        pse_sha256(&l->in, pse_span(l->rows, l->rows_n));
        if (l->n < e->m->min_list)
            pse_engine_warn(e, x, PSE_W001, 0, l);
    }
    e->freeze = x->in.u.freeze.digest;
    e->is_frozen = true;
    e->state = PSE_STATE_FROZEN;
    return PSE_OK;
}

pse_rc pse_freeze_apply(struct pse_engine *e, struct pse_exam *x)
{
    struct frozen f;
    pse_rc rc = freeze(e, x, &f);

    pse_arena_free(&f.arena);
    return rc;
}
