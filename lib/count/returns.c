/* Votes by candidate and mandates by constituency, as CSV. */
#include <stdlib.h>

#include "room.h"

enum { COL_CONSTITUENCY, COL_NUMBER, COL_PARTY, COL_VOTES, COL_LIST, COLS };

static const char *const columns[COLS] = {"constituency", "candidate_number", "party", "votes",
                                          "list"};

struct reader {
    struct pse_count_returns *r;
    struct pse_count_where *where;
    struct pse_csv csv;
    uint64_t votes;
};

static pse_rc fail(const struct reader *x, const char *slug, pse_rc rc)
{
    return pse_where_fail(x->where, x->csv.lines.number, slug, rc);
}

/* Where @p name stands among @p names, added at the end if it is new; PSE_E_LIMIT when full. */
static pse_rc find_party(struct pse_count_returns *r, struct pse_span name, uint16_t *index)
{
    static const char *const alone[] = {"", "independent", "Üksikkandidaadid"};

    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++) {
        if (pse_span_is_str(name, alone[i])) {
            *index = PSE_COUNT_INDEPENDENT;
            return PSE_OK;
        }
    }
    for (size_t i = 0; i < r->parties; i++) {
        if (pse_span_is_equal(r->party[i], name)) {
            *index = (uint16_t)i;
            return PSE_OK;
        }
    }
    if (r->parties == PSE_COUNT_PARTIES_MAX)
        return PSE_E_LIMIT;
    r->party[r->parties] = name;
    *index = (uint16_t)r->parties++;
    return PSE_OK;
}

static pse_rc find_constituency(struct pse_count_returns *r, struct pse_span name, uint16_t *index)
{
    for (size_t i = r->constituencies; i-- > 0;) {
        if (pse_span_is_equal(r->constituency[i].name, name)) {
            *index = (uint16_t)i;
            return PSE_OK;
        }
    }
    if (r->constituencies == PSE_COUNT_CONSTITUENCIES_MAX)
        return PSE_E_LIMIT;
    r->constituency[r->constituencies].name = name;
    *index = (uint16_t)r->constituencies++;
    return PSE_OK;
}

static pse_rc read_head(struct reader *x)
{
    bool more;

    PSE_TRY(pse_csv_next(&x->csv, &more, x->where));
    if (!more || x->csv.fields < COL_LIST || x->csv.fields > COLS)
        return fail(x, "counts-header", PSE_E_SYNTAX);
    for (size_t i = 0; i < x->csv.fields; i++)
        if (!pse_span_is_str(pse_text_trim(x->csv.field[i]), columns[i]))
            return fail(x, "counts-header", PSE_E_SYNTAX);
    x->r->listed = x->csv.fields == COLS;
    return PSE_OK;
}

static pse_rc read_row(struct reader *x)
{
    struct pse_count_returns *r = x->r;
    struct pse_count_candidate *c = &r->candidate[r->candidates];
    struct pse_span f[COLS];
    uint64_t number;
    uint64_t list = 0;

    if (x->csv.fields != (r->listed ? COLS : COL_LIST))
        return fail(x, "counts-fields", PSE_E_LENGTH);
    if (r->candidates == PSE_COUNT_CANDIDATES_MAX)
        return fail(x, "counts-candidates", PSE_E_LIMIT);
    for (size_t i = 0; i < x->csv.fields; i++)
        f[i] = pse_text_trim(x->csv.field[i]);
    if (f[COL_CONSTITUENCY].n == 0)
        return fail(x, "counts-constituency", PSE_E_SYNTAX);
    if (!pse_text_number(&number, f[COL_NUMBER]) || number == 0 || number > UINT32_MAX)
        return fail(x, "counts-number", PSE_E_RANGE);
    if (!pse_text_number(&c->votes, f[COL_VOTES]) || c->votes > PSE_COUNT_BALLOTS_MAX - x->votes)
        return fail(x, "counts-votes", PSE_E_RANGE);
    if (r->listed && f[COL_LIST].n > 0 &&
        (!pse_text_number(&list, f[COL_LIST]) || list == 0 || list > UINT32_MAX))
        return fail(x, "counts-list", PSE_E_RANGE);
    if (find_constituency(r, f[COL_CONSTITUENCY], &c->constituency) != PSE_OK)
        return fail(x, "counts-constituencies", PSE_E_LIMIT);
    if (find_party(r, f[COL_PARTY], &c->party) != PSE_OK)
        return fail(x, "counts-parties", PSE_E_LIMIT);
    c->number = (uint32_t)number;
    c->list = (uint32_t)list;
    x->votes += c->votes;
    r->candidates++;
    return PSE_OK;
}

static int candidate_cmp(const void *pa, const void *pb)
{
    const struct pse_count_candidate *a = (const struct pse_count_candidate *)pa;
    const struct pse_count_candidate *b = (const struct pse_count_candidate *)pb;

    if (a->constituency != b->constituency)
        return a->constituency < b->constituency ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Parties by their smallest candidate number: the order of a consolidated list, whose numbers run
 * through the parties one after another. */
static pse_rc order_parties(struct pse_count_returns *r, struct pse_arena *arena)
{
    uint32_t *first = PSE_NEW(arena, uint32_t, r->parties);
    uint16_t *place = PSE_NEW(arena, uint16_t, r->parties);
    struct pse_span *names = PSE_NEW(arena, struct pse_span, r->parties);

    if (first == NULL || place == NULL || names == NULL)
        return PSE_E_MEMORY;
    memset(first, 0xFF, r->parties * sizeof *first);
    for (size_t i = 0; i < r->candidates; i++) {
        const struct pse_count_candidate *c = &r->candidate[i];

        if (c->party != PSE_COUNT_INDEPENDENT && c->number < first[c->party])
            first[c->party] = c->number;
    }
    for (size_t p = 0; p < r->parties; p++) {
        for (size_t q = 0; q < r->parties; q++)
            place[p] = (uint16_t)(place[p] + (first[q] < first[p]));
        names[place[p]] = r->party[p];
    }
    for (size_t i = 0; i < r->candidates; i++)
        if (r->candidate[i].party != PSE_COUNT_INDEPENDENT)
            r->candidate[i].party = place[r->candidate[i].party];
    r->party = names;
    return PSE_OK;
}

static pse_rc make_room(struct reader *x, struct pse_arena *arena, struct pse_span text)
{
    size_t rows = text.n / 6 + 1; /* the least is "1,1,,0" */

    if (rows > PSE_COUNT_CANDIDATES_MAX)
        rows = PSE_COUNT_CANDIDATES_MAX;
    x->r->candidate = PSE_NEW(arena, struct pse_count_candidate, rows + 1);
    x->r->party = PSE_NEW(arena, struct pse_span, PSE_COUNT_PARTIES_MAX);
    x->r->constituency =
        PSE_NEW(arena, struct pse_count_constituency, PSE_COUNT_CONSTITUENCIES_MAX);
    if (x->r->candidate == NULL || x->r->party == NULL || x->r->constituency == NULL)
        return fail(x, "memory", PSE_E_MEMORY);
    return PSE_OK;
}

static pse_rc read_all(struct reader *x, struct pse_arena *arena, struct pse_span text)
{
    bool more;

    PSE_TRY(make_room(x, arena, text));
    PSE_TRY(read_head(x));
    for (;;) {
        PSE_TRY(pse_csv_next(&x->csv, &more, x->where));
        if (!more)
            break;
        PSE_TRY(read_row(x));
    }
    if (x->r->candidates == 0)
        return fail(x, "counts-empty", PSE_E_MISSING);
    qsort(x->r->candidate, x->r->candidates, sizeof *x->r->candidate, candidate_cmp);
    pse_rc rc = pse_count_returns_check(x->r);
    if (rc != PSE_OK)
        return pse_where_fail(x->where, 0,
                              rc == PSE_E_DUPLICATE ? "counts-number-twice" : "counts-limit", rc);
    rc = order_parties(x->r, arena);
    return rc == PSE_OK ? PSE_OK : fail(x, "memory", rc);
}

pse_rc pse_count_returns_read(struct pse_count_returns *out, struct pse_arena *arena,
                              struct pse_count_where *where, struct pse_span text)
{
    struct reader x = {.r = out, .where = where, .csv = {.lines = {text, 0}, .arena = arena}};
    pse_rc rc;

    memset(out, 0, sizeof *out);
    memset(where, 0, sizeof *where);
    rc = read_all(&x, arena, text);
    if (rc != PSE_OK)
        memset(out, 0, sizeof *out);
    return rc;
}

static pse_rc read_mandates(struct reader *x)
{
    struct pse_count_returns *r = x->r;
    uint32_t sum = 0;
    bool more;

    PSE_TRY(pse_csv_next(&x->csv, &more, x->where));
    if (!more || x->csv.fields != 2 || !pse_span_is_str(x->csv.field[0], "constituency") ||
        !pse_span_is_str(x->csv.field[1], "mandates"))
        return fail(x, "mandates-header", PSE_E_SYNTAX);
    for (;;) {
        size_t at = 0;
        uint64_t m;

        PSE_TRY(pse_csv_next(&x->csv, &more, x->where));
        if (!more)
            break;
        if (x->csv.fields != 2)
            return fail(x, "mandates-fields", PSE_E_LENGTH);
        while (at < r->constituencies &&
               !pse_span_is_equal(r->constituency[at].name, pse_text_trim(x->csv.field[0])))
            at++;
        if (at == r->constituencies)
            return fail(x, "mandates-unknown", PSE_E_RANGE);
        if (r->constituency[at].mandates != 0)
            return fail(x, "mandates-twice", PSE_E_DUPLICATE);
        if (!pse_text_number(&m, pse_text_trim(x->csv.field[1])) || m == 0 ||
            m > PSE_COUNT_MANDATES_MAX - sum)
            return fail(x, "mandates-number", PSE_E_RANGE);
        r->constituency[at].mandates = (uint32_t)m;
        sum += (uint32_t)m;
    }
    for (size_t i = 0; i < r->constituencies; i++)
        if (r->constituency[i].mandates == 0)
            return pse_where_fail(x->where, 0, "mandates-missing", PSE_E_MISSING);
    return PSE_OK;
}

pse_rc pse_count_mandates_read(struct pse_count_returns *r, struct pse_count_where *where,
                               struct pse_span text)
{
    struct reader x = {.r = r, .where = where, .csv = {.lines = {text, 0}}};
    pse_rc rc;

    memset(where, 0, sizeof *where);
    for (size_t i = 0; i < r->constituencies; i++)
        r->constituency[i].mandates = 0;
    rc = read_mandates(&x);
    if (rc != PSE_OK)
        for (size_t i = 0; i < r->constituencies; i++)
            r->constituency[i].mandates = 0;
    return rc;
}
