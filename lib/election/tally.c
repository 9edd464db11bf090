/* Readable results: what a contest's lists in a result blob say. */
#include <stdlib.h>

#include "election/result.h"

enum { SCRATCH_MAX_EXTRA = 1 << 20 };

/* The valid, not blank plaintexts of a contest, to be grouped. */
struct rows {
    uint8_t *plain; /* [n][choice_len] */
    uint8_t *status;
    const uint8_t **vote; /* [votes] into plain */
    size_t votes;
};

static bool is_chosen(const struct pse_result_view *v, const struct pse_contest *c, uint16_t pot)
{
    return v->contest == c->id && (pot == 0 || v->pot == pot);
}

static pse_rc add_up(struct pse_tally *t, const struct pse_result_view *view, size_t views,
                     uint16_t pot)
{
    bool any = false;

    for (size_t i = 0; i < views; i++) {
        const struct pse_result_view *v = &view[i];
        const struct pse_contest *c = t->contest;
        uint64_t count[PSE_HOM_OPTIONS_MAX];

        if (!is_chosen(v, c, pot))
            continue;
        if (v->kind != c->kind || (c->kind == PSE_KIND_MIX ? v->w != c->width : v->k != c->options))
            return PSE_E_MISMATCH;
        any = true;
        t->ballots += v->n;
        t->weight += v->weight;
        if (c->kind == PSE_KIND_MIX)
            continue;
        pse_result_counts(count, v);
        for (size_t k = 0; k < c->options; k++)
            t->votes[k] += count[k];
    }
    return any ? PSE_OK : PSE_E_MISSING;
}

/* ---- mix lists ---- */

/* Plaintexts are zero-padded, so tag, count and body decide. */
static int by_plaintext(const void *a, const void *b)
{
    const uint8_t *x = *(const uint8_t *const *)a, *y = *(const uint8_t *const *)b;
    int head = memcmp(x, y, 2);

    return head != 0 || x[0] == PSE_PLAIN_CHOICE ? head : memcmp(x + 2, y + 2, x[1]);
}

static pse_rc read_rows(struct rows *r, struct pse_tally *t, struct pse_arena *arena,
                        const struct pse_group *g, const struct pse_result_view *view, size_t views,
                        uint16_t pot)
{
    const struct pse_contest *c = t->contest;
    const size_t bytes = c->choice_len;
    size_t at = 0;

    r->plain = PSE_NEW(arena, uint8_t, bytes * t->ballots);
    r->status = PSE_NEW(arena, uint8_t, t->ballots);
    r->vote = PSE_NEW(arena, const uint8_t *, t->ballots);
    if (r->plain == NULL || r->status == NULL || r->vote == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0; i < views; i++)
        if (is_chosen(&view[i], c, pot)) {
            pse_result_read_rows(r->status + at, r->plain + at * bytes, g, c, view[i].items + 1,
                                 1 + 32 * (size_t)c->width, view[i].n);
            at += view[i].n;
        }
    for (size_t i = 0; i < at; i++) {
        t->valid += r->status[i] == PSE_VOTE_VALID;
        t->blank += r->status[i] == PSE_VOTE_BLANK;
        t->invalid += r->status[i] == PSE_VOTE_INVALID;
        if (r->status[i] == PSE_VOTE_VALID)
            r->vote[r->votes++] = r->plain + i * bytes;
    }
    if (r->votes > 1)
        qsort(r->vote, r->votes, sizeof *r->vote, by_plaintext);
    return PSE_OK;
}

/* One past the last vote equal to vote @p i. */
static size_t group_end(const struct rows *r, size_t i)
{
    size_t end = i + 1;

    while (end < r->votes && by_plaintext(&r->vote[i], &r->vote[end]) == 0)
        end++;
    return end;
}

/* Groups, marks and texts there will be. */
static void measure(const struct rows *r, const struct pse_contest *c, size_t *groups,
                    size_t *marks, size_t *texts)
{
    *groups = *marks = *texts = 0;
    for (size_t i = 0; i < r->votes; i = group_end(r, i)) {
        struct pse_plain p;

        (void)pse_plain_read(&p, c, r->vote[i]);
        if (p.tag == PSE_PLAIN_TEXT) {
            ++*texts;
        } else {
            ++*groups;
            *marks += p.n;
        }
    }
}

static pse_rc add_group(struct pse_tally *t, const struct pse_plain *p, uint64_t count)
{
    struct pse_count_mark mark[PSE_HOM_OPTIONS_MAX];

    for (size_t i = 0; i < p->n; i++)
        mark[i] = (struct pse_count_mark){p->body[i], (uint8_t)(i + 1)};
    t->votes[p->body[0] - 1] += count;
    return pse_count_ballots_add(t->rankings, count, mark, p->n);
}

static int by_count(const void *a, const void *b)
{
    const struct pse_result_text *x = a, *y = b;
    size_t n = x->text.n < y->text.n ? x->text.n : y->text.n;
    int c;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    c = n == 0 ? 0 : memcmp(x->text.p, y->text.p, n);
    return c != 0 ? c : (x->text.n > y->text.n) - (x->text.n < y->text.n);
}

/* Texts outlive the scratch memory they are read in. */
static pse_rc add_text(struct pse_tally *t, struct pse_arena *arena, const struct pse_plain *p,
                       uint64_t count)
{
    uint8_t *copy = PSE_NEW(arena, uint8_t, p->n);

    if (copy == NULL)
        return PSE_E_MEMORY;
    memcpy(copy, p->body, p->n);
    t->texts[t->text_n++] = (struct pse_result_text){pse_span(copy, p->n), count};
    return PSE_OK;
}

static pse_rc new_rankings(struct pse_tally *t, struct pse_arena *arena, size_t groups,
                           size_t marks)
{
    const struct pse_contest *c = t->contest;

    if (c->options == 0)
        return PSE_OK;
    t->rankings = PSE_NEW(arena, struct pse_count_ballots, 1);
    if (t->rankings == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(pse_count_ballots_init(t->rankings, arena, c->options, groups, marks));
    for (size_t k = 0; k < c->options; k++)
        t->rankings->name[k + 1] = pse_text_in(&c->option[k], pse_span(NULL, 0));
    t->rankings->title = pse_text_in(&c->title, pse_span(NULL, 0));
    return PSE_OK;
}

static pse_rc group_rows(struct pse_tally *t, struct pse_arena *arena, const struct rows *r)
{
    size_t groups, marks, texts;

    measure(r, t->contest, &groups, &marks, &texts);
    PSE_TRY(new_rankings(t, arena, groups, marks));
    t->texts = PSE_NEW(arena, struct pse_result_text, texts);
    if (t->texts == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0, end; i < r->votes; i = end) {
        struct pse_plain p;

        end = group_end(r, i);
        (void)pse_plain_read(&p, t->contest, r->vote[i]);
        if (p.tag == PSE_PLAIN_TEXT)
            PSE_TRY(add_text(t, arena, &p, end - i));
        else
            PSE_TRY(add_group(t, &p, end - i));
    }
    if (t->text_n > 1)
        qsort(t->texts, t->text_n, sizeof *t->texts, by_count);
    if (t->rankings != NULL) {
        t->rankings->blank = t->blank;
        t->rankings->total += t->blank;
    }
    return PSE_OK;
}

static pse_rc tally_mix(struct pse_tally *t, struct pse_arena *arena, const struct pse_group *g,
                        const struct pse_result_view *view, size_t views, uint16_t pot)
{
    PSE_ARENA(scratch, (size_t)t->ballots * (t->contest->choice_len + sizeof(void *) + 1) * 2 +
                           SCRATCH_MAX_EXTRA);
    struct rows r = {0};

    PSE_TRY(read_rows(&r, t, &scratch, g, view, views, pot));
    return group_rows(t, arena, &r);
}

/* ---- homomorphic lists ---- */

static pse_rc tally_homomorphic(struct pse_tally *t, struct pse_arena *arena)
{
    uint64_t marked = 0;

    t->valid = t->ballots;
    PSE_TRY(new_rankings(t, arena, t->contest->options, t->contest->options));
    for (size_t k = 0; k < t->contest->options; k++) {
        const struct pse_count_mark mark = {(uint8_t)(k + 1), 1};

        marked += t->votes[k];
        if (t->votes[k] > 0)
            PSE_TRY(pse_count_ballots_add(t->rankings, t->votes[k], &mark, 1));
    }
    if (t->contest->max == 1 && marked <= t->weight) {
        t->rankings->blank = t->weight - marked;
        t->rankings->total += t->rankings->blank;
    }
    return PSE_OK;
}

static pse_rc make(struct pse_tally *t, struct pse_arena *arena, const struct pse_group *g,
                   struct pse_span blob, uint16_t pot)
{
    struct pse_result_view *view;
    size_t views;

    t->votes = PSE_NEW(arena, uint64_t, t->contest->options);
    if (t->votes == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(pse_result_blob_parse(&view, &views, arena, blob));
    PSE_TRY(add_up(t, view, views, pot));
    return t->contest->kind == PSE_KIND_MIX ? tally_mix(t, arena, g, view, views, pot)
                                            : tally_homomorphic(t, arena);
}

pse_rc pse_tally_make(struct pse_tally *out, struct pse_arena *arena, const struct pse_group *g,
                      const struct pse_manifest *m, struct pse_span blob,
                      const struct pse_contest *c, uint16_t pot)
{
    pse_rc rc;

    PSE_REQUIRE(pse_manifest_contest(m, c->id) == c);
    memset(out, 0, sizeof *out);
    out->contest = c;
    rc = make(out, arena, g, blob, pot);
    if (rc != PSE_OK)
        memset(out, 0, sizeof *out);
    return rc;
}
