#include "counting.h"

#include "room.h"

#define VERSION      1
#define FRACTION_MAX 1000000
#define CONTEST_MAX  65535

struct parser {
    struct pse_arena *arena;
    struct pse_json_fault *fault;
    bool *seen; /* [CONTEST_MAX + 1] */
};

static pse_rc take_range(uint64_t *out, struct pse_json_rd *rd, const char *name, uint64_t min,
                         uint64_t max)
{
    PSE_TRY(pse_json_take_u64(out, rd, name));
    if (*out < min || *out > max)
        return pse_json_fail(rd->fault, rd->object, name, PSE_E_RANGE);
    return PSE_OK;
}

/* {"num":a,"den":b} with a <= b, and for a majority "inclusive". */
static pse_rc take_fraction(uint32_t *num, uint32_t *den, bool *inclusive, struct pse_json_rd *rd,
                            const char *name)
{
    const struct pse_json *v;
    struct pse_json_rd f;
    uint64_t a;
    uint64_t b;

    pse_json_take_optional(&v, rd, name);
    if (v == NULL)
        return PSE_OK;
    PSE_TRY(pse_json_open(&f, v, rd->fault));
    PSE_TRY(take_range(&b, &f, "den", 1, FRACTION_MAX));
    PSE_TRY(take_range(&a, &f, "num", 0, b));
    if (inclusive != NULL)
        PSE_TRY(pse_json_take_bool(inclusive, &f, "inclusive"));
    *num = (uint32_t)a;
    *den = (uint32_t)b;
    return pse_json_close(&f);
}

static pse_rc take_contest(uint16_t *contest, const struct parser *p, struct pse_json_rd *rd)
{
    uint64_t id;

    PSE_TRY(take_range(&id, rd, "contest", 1, CONTEST_MAX));
    if (p->seen[id])
        return pse_json_fail(p->fault, rd->object, "contest", PSE_E_DUPLICATE);
    p->seen[id] = true;
    *contest = (uint16_t)id;
    return PSE_OK;
}

static pse_rc take_withdrawn(struct pse_counting_count *c, struct pse_json_rd *rd)
{
    const struct pse_json *list;
    const struct pse_json *v;
    uint64_t o;

    pse_json_take_optional(&list, rd, "withdrawn");
    if (list == NULL)
        return PSE_OK;
    if (list->type != PSE_JSON_ARRAY)
        return pse_json_fail(rd->fault, list, "withdrawn", PSE_E_SYNTAX);
    v = pse_json_first(list);
    for (size_t i = 0; i < pse_json_count(list); i++, v = pse_json_next(v)) {
        if (pse_json_u64(&o, v) != PSE_OK)
            return pse_json_fail(rd->fault, v, "withdrawn", PSE_E_SYNTAX);
        if (o <= c->withdrawn_last || o > PSE_COUNT_OPTIONS_MAX)
            return pse_json_fail(rd->fault, v, "withdrawn", PSE_E_RANGE);
        c->withdrawn[o] = true;
        c->withdrawn_last = (uint16_t)o;
    }
    return PSE_OK;
}

static pse_rc take_parties(struct pse_count_returns *r, const struct parser *p,
                           struct pse_json_rd *rd)
{
    const struct pse_json *list;
    const struct pse_json *v;

    PSE_TRY(pse_json_take_array(&list, rd, "parties"));
    r->parties = pse_json_count(list);
    if (r->parties > PSE_COUNT_PARTIES_MAX)
        return pse_json_fail(p->fault, list, "parties", PSE_E_LIMIT);
    r->party = PSE_NEW(p->arena, struct pse_span, r->parties);
    if (r->party == NULL)
        return PSE_E_MEMORY;
    v = pse_json_first(list);
    for (size_t i = 0; i < r->parties; i++, v = pse_json_next(v))
        if (pse_json_string(&r->party[i], v) != PSE_OK)
            return pse_json_fail(p->fault, v, "parties", PSE_E_SYNTAX);
    return PSE_OK;
}

static pse_rc read_candidate(struct pse_count_candidate *out, const struct pse_count_returns *r,
                             const struct parser *p, const struct pse_json *v)
{
    struct pse_json_rd rd;
    uint64_t number;
    uint64_t party;
    uint64_t list;

    PSE_TRY(pse_json_open(&rd, v, p->fault));
    PSE_TRY(take_range(&number, &rd, "number", 1, UINT32_MAX));
    PSE_TRY(take_range(&party, &rd, "party", 0, r->parties));
    PSE_TRY(take_range(&list, &rd, "list", 0, UINT32_MAX));
    out->number = (uint32_t)number;
    out->party = party == 0 ? PSE_COUNT_INDEPENDENT : (uint16_t)(party - 1);
    out->list = (uint32_t)list;
    return pse_json_close(&rd);
}

/* One constituency: its candidates follow those of the constituencies before it. */
static pse_rc read_constituency(struct pse_counting_count *c, size_t i, const struct parser *p,
                                const struct pse_json *v)
{
    struct pse_count_returns *r = &c->returns;
    const struct pse_json *list;
    struct pse_json_rd rd;
    uint64_t mandates;

    PSE_TRY(pse_json_open(&rd, v, p->fault));
    PSE_TRY(take_contest(&c->contest_of[i], p, &rd));
    PSE_TRY(pse_json_take_string(&r->constituency[i].name, &rd, "name"));
    PSE_TRY(take_range(&mandates, &rd, "mandates", 0, PSE_COUNT_MANDATES_MAX));
    PSE_TRY(pse_json_take_array(&list, &rd, "candidates"));
    r->constituency[i].mandates = (uint32_t)mandates;
    if (pse_json_count(list) < 1 || pse_json_count(list) > PSE_COUNT_OPTIONS_MAX)
        return pse_json_fail(p->fault, list, "candidates", PSE_E_LIMIT);
    v = pse_json_first(list);
    for (size_t k = 0; k < pse_json_count(list); k++, v = pse_json_next(v)) {
        struct pse_count_candidate *x = &r->candidate[r->candidates];

        PSE_TRY(read_candidate(x, r, p, v));
        x->constituency = (uint16_t)i;
        if (x->list == 0)
            r->listed = false;
        r->candidates++;
    }
    c->first[i + 1] = (uint32_t)r->candidates;
    return pse_json_close(&rd);
}

/* Candidates in all, counted before anything is taken for them. */
static size_t count_candidates(const struct pse_json *constituencies)
{
    const struct pse_json *v = pse_json_first(constituencies);
    const struct pse_json *list;
    struct pse_json_rd rd;
    size_t n = 0;

    for (size_t i = 0; i < pse_json_count(constituencies); i++, v = pse_json_next(v)) {
        if (pse_json_open(&rd, v, NULL) != PSE_OK)
            continue;
        pse_json_take_optional(&list, &rd, "candidates");
        n += list == NULL ? 0 : pse_json_count(list);
    }
    return n;
}

static pse_rc read_lists(struct pse_counting_count *c, const struct parser *p,
                         struct pse_json_rd *rd, const struct pse_json *list)
{
    struct pse_count_returns *r = &c->returns;
    const struct pse_json *v = pse_json_first(list);
    size_t candidates = count_candidates(list);
    size_t n = pse_json_count(list);

    if (list->type != PSE_JSON_ARRAY)
        return pse_json_fail(p->fault, list, "constituencies", PSE_E_SYNTAX);
    if (n < 1 || n > PSE_COUNT_CONSTITUENCIES_MAX || candidates > PSE_COUNT_CANDIDATES_MAX)
        return pse_json_fail(p->fault, list, "constituencies", PSE_E_LIMIT);
    r->candidate = PSE_NEW(p->arena, struct pse_count_candidate, candidates);
    r->constituency = PSE_NEW(p->arena, struct pse_count_constituency, n);
    c->contest_of = PSE_NEW(p->arena, uint16_t, n);
    c->first = PSE_NEW(p->arena, uint32_t, n + 1);
    if (r->candidate == NULL || r->constituency == NULL || c->contest_of == NULL ||
        c->first == NULL)
        return PSE_E_MEMORY;
    PSE_TRY(take_parties(r, p, rd));
    r->constituencies = n;
    r->listed = true;
    for (size_t i = 0; i < n; i++, v = pse_json_next(v))
        PSE_TRY(read_constituency(c, i, p, v));
    pse_rc rc = pse_count_returns_check(r);
    return rc == PSE_OK ? PSE_OK : pse_json_fail(p->fault, list, "candidates", rc);
}

static bool counts_lists(enum pse_count_rule rule)
{
    return rule == PSE_RULE_ESTONIA || rule == PSE_RULE_DHONDT || rule == PSE_RULE_PLURALITY;
}

static pse_rc read_rule(struct pse_counting_count *c, struct pse_json_rd *rd)
{
    struct pse_span name;

    PSE_TRY(pse_json_take_string(&name, rd, "rule"));
    if (pse_count_rule_find(&c->rule, name) != PSE_OK || c->rule == PSE_RULE_MAJORITY_JUDGMENT)
        return pse_json_fail(rd->fault, rd->object, "rule", PSE_E_UNSUPPORTED);
    return PSE_OK;
}

static pse_rc read_count(struct pse_counting_count *c, const struct parser *p,
                         const struct pse_json *v)
{
    struct pse_count_params *params = &c->params;
    const struct pse_json *lists;
    struct pse_json_rd rd;
    uint64_t seats;

    PSE_TRY(pse_json_open(&rd, v, p->fault));
    PSE_TRY(read_rule(c, &rd));
    pse_json_take_optional(&lists, &rd, "constituencies");
    c->by_lists = lists != NULL;
    if (c->by_lists ? !counts_lists(c->rule) : c->rule == PSE_RULE_ESTONIA)
        return pse_json_fail(p->fault, v, "rule", PSE_E_UNSUPPORTED);
    /* By lists the mandates are those of the constituencies; 0 in all of them: seats at large. */
    PSE_TRY(take_range(&seats, &rd, "seats", c->by_lists ? 0 : 1, PSE_COUNT_MANDATES_MAX));
    params->seats = (uint32_t)seats;
    if (c->by_lists) {
        PSE_TRY(
            take_fraction(&params->threshold_num, &params->threshold_den, NULL, &rd, "threshold"));
        PSE_TRY(read_lists(c, p, &rd, lists));
    } else {
        PSE_TRY(take_contest(&c->contest, p, &rd));
        PSE_TRY(take_withdrawn(c, &rd));
        if (c->rule == PSE_RULE_YESNO)
            PSE_TRY(take_fraction(&params->majority_num, &params->majority_den,
                                  &params->majority_inclusive, &rd, "majority"));
        if (c->rule == PSE_RULE_DHONDT)
            PSE_TRY(take_fraction(&params->threshold_num, &params->threshold_den, NULL, &rd,
                                  "threshold"));
    }
    return pse_json_close(&rd);
}

static pse_rc read_document(struct pse_counting *out, struct parser *p, struct pse_span in)
{
    const struct pse_json *root;
    const struct pse_json *list;
    const struct pse_json *v;
    struct pse_json_rd rd;
    uint64_t version;

    PSE_TRY(pse_json_parse(&root, p->fault, p->arena, in));
    PSE_TRY(pse_json_open(&rd, root, p->fault));
    PSE_TRY(pse_json_take_u64(&version, &rd, "version"));
    if (version != VERSION)
        return pse_json_fail(p->fault, root, "version", PSE_E_UNSUPPORTED);
    PSE_TRY(pse_json_take_array(&list, &rd, "counts"));
    out->counts = pse_json_count(list);
    if (out->counts > PSE_COUNTING_COUNTS_MAX)
        return pse_json_fail(p->fault, list, "counts", PSE_E_LIMIT);
    out->count = PSE_NEW(p->arena, struct pse_counting_count, out->counts);
    p->seen = PSE_NEW(p->arena, bool, CONTEST_MAX + 1);
    if (out->count == NULL || p->seen == NULL)
        return PSE_E_MEMORY;
    v = pse_json_first(list);
    for (size_t i = 0; i < out->counts; i++, v = pse_json_next(v))
        PSE_TRY(read_count(&out->count[i], p, v));
    return pse_json_close(&rd);
}

pse_rc pse_counting_parse(struct pse_counting *out, struct pse_json_fault *fault,
                          struct pse_arena *arena, struct pse_span in)
{
    struct parser p = {arena, fault, NULL};
    pse_rc rc;

    memset(out, 0, sizeof *out);
    rc = read_document(out, &p, in);
    if (rc != PSE_OK)
        memset(out, 0, sizeof *out);
    return rc;
}

/* The place of @p contest among the constituencies of a count by lists; SIZE_MAX if none. */
static size_t place_of(const struct pse_counting_count *c, uint16_t contest)
{
    for (size_t i = 0; i < c->returns.constituencies; i++)
        if (c->contest_of[i] == contest)
            return i;
    return SIZE_MAX;
}

const struct pse_counting_count *pse_counting_find(const struct pse_counting *c, uint16_t contest)
{
    for (size_t i = 0; i < c->counts; i++) {
        const struct pse_counting_count *x = &c->count[i];

        if (x->by_lists ? place_of(x, contest) != SIZE_MAX : x->contest == contest)
            return x;
    }
    return NULL;
}

size_t pse_counting_options(bool *exactly, const struct pse_counting *c, uint16_t contest)
{
    const struct pse_counting_count *x = pse_counting_find(c, contest);
    size_t at;

    *exactly = false;
    if (x == NULL)
        return 0;
    if (!x->by_lists)
        return x->withdrawn_last > 0 ? x->withdrawn_last : 1;
    *exactly = true;
    at = place_of(x, contest);
    return x->first[at + 1] - x->first[at];
}

pse_rc pse_counting_add(struct pse_counting_count *c, uint16_t contest, size_t option,
                        uint64_t votes)
{
    size_t at = c->by_lists ? place_of(c, contest) : SIZE_MAX;
    struct pse_count_candidate *x;

    if (at == SIZE_MAX || option < 1 || option > c->first[at + 1] - c->first[at])
        return PSE_E_RANGE;
    x = &c->returns.candidate[c->first[at] + option - 1];
    if (votes > PSE_COUNT_BALLOTS_MAX - x->votes)
        return PSE_E_LIMIT;
    x->votes += votes;
    return PSE_OK;
}
