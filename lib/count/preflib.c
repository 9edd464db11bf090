/* PrefLib: `# KEY: value` lines, then `count: ranking`; {a,b} share a rank or a category. */
#include "room.h"

enum { KIND_NONE, KIND_SOI, KIND_SOC, KIND_TOI, KIND_TOC, KIND_CAT };

struct reader {
    struct pse_count_ballots *b;
    struct pse_arena *arena;
    struct pse_count_where *where;
    struct pse_lines lines;
    int kind;
    uint64_t options, voters, grades; /* 0 = not stated */
    struct pse_span title;
};

static pse_rc fail(const struct reader *r, const char *slug, pse_rc rc)
{
    return pse_where_fail(r->where, r->lines.number, slug, rc);
}

static bool is_key(struct pse_span *number, struct pse_span key, const char *name)
{
    size_t n = strlen(name);

    if (key.n < n || memcmp(key.p, name, n) != 0)
        return false;
    *number = pse_text_trim(pse_span(key.p + n, key.n - n));
    return true;
}

static int kind_of(struct pse_span v)
{
    static const char *const names[] = {"", "soi", "soc", "toi", "toc", "cat"};

    for (int k = KIND_SOI; k <= KIND_CAT; k++)
        if (pse_span_is_str(v, names[k]))
            return k;
    return KIND_NONE;
}

/* What must be known before there is room for names: sizes and kind. */
static pse_rc read_size(struct reader *r, struct pse_span key, struct pse_span value)
{
    if (pse_span_is_str(key, "DATA TYPE")) {
        r->kind = kind_of(value);
        return r->kind == KIND_NONE ? fail(r, "preflib-type", PSE_E_UNSUPPORTED) : PSE_OK;
    }
    if (pse_span_is_str(key, "NUMBER ALTERNATIVES")) {
        if (!pse_text_number(&r->options, value) || r->options < 1 ||
            r->options > PSE_COUNT_OPTIONS_MAX)
            return fail(r, "preflib-alternatives", PSE_E_LIMIT);
    } else if (pse_span_is_str(key, "NUMBER CATEGORIES")) {
        if (!pse_text_number(&r->grades, value) || r->grades < 1 ||
            r->grades > PSE_COUNT_OPTIONS_MAX)
            return fail(r, "preflib-categories", PSE_E_LIMIT);
    } else if (pse_span_is_str(key, "NUMBER VOTERS")) {
        if (!pse_text_number(&r->voters, value) || r->voters > PSE_COUNT_BALLOTS_MAX)
            return fail(r, "preflib-voters", PSE_E_RANGE);
    } else if (pse_span_is_str(key, "TITLE")) {
        r->title = value;
    }
    return PSE_OK;
}

static pse_rc make_room(struct reader *r, struct pse_span text)
{
    if (r->options == 0 || r->kind == KIND_NONE || (r->kind == KIND_CAT && r->grades == 0))
        return fail(r, "preflib-header", PSE_E_MISSING);
    pse_rc rc =
        pse_count_ballots_init(r->b, r->arena, (size_t)r->options, text.n / 4 + 1, text.n / 2 + 1);
    if (rc == PSE_OK && r->kind == KIND_CAT) {
        r->b->grades = (uint16_t)r->grades;
        r->b->grade_name = PSE_NEW(r->arena, struct pse_span, r->grades + 1);
        rc = r->b->grade_name == NULL ? PSE_E_MEMORY : PSE_OK;
    }
    if (rc != PSE_OK)
        return fail(r, "memory", rc);
    r->b->title = r->title;
    return PSE_OK;
}

static pse_rc read_name(struct reader *r, struct pse_span key, struct pse_span value)
{
    struct pse_span *names = NULL;
    struct pse_span digits;
    uint64_t max = 0;
    uint64_t k;

    if (is_key(&digits, key, "ALTERNATIVE NAME")) {
        names = r->b->name;
        max = r->b->options;
    } else if (is_key(&digits, key, "CATEGORY NAME")) {
        names = r->b->grade_name;
        max = r->b->grades;
    } else {
        return PSE_OK;
    }
    if (!pse_text_number(&k, digits) || k < 1 || k > max)
        return fail(r, "preflib-name", PSE_E_RANGE);
    names[k] = value;
    return PSE_OK;
}

/* Go through the header, keeping sizes (@p names false) or names. Stops before the first ballot. */
static pse_rc read_header(struct reader *r, bool names)
{
    for (;;) {
        struct pse_lines ahead = r->lines;
        struct pse_span line;
        struct pse_span key;
        struct pse_span value;

        if (!pse_lines_next(&ahead, &line) || (line.n > 0 && line.p[0] != '#'))
            return PSE_OK;
        r->lines = ahead;
        if (line.n == 0)
            continue;
        if (!pse_text_is_clean(line))
            return fail(r, "text-utf8", PSE_E_ENCODING);
        if (!pse_text_cut(&key, &value, pse_span(line.p + 1, line.n - 1), ':'))
            continue;
        key = pse_text_trim(key);
        value = pse_text_trim(value);
        PSE_TRY(names ? read_name(r, key, value) : read_size(r, key, value));
    }
}

struct ballot {
    struct pse_count_mark mark[PSE_COUNT_OPTIONS_MAX];
    size_t marks;
    unsigned rank;
};

static pse_rc read_option(struct reader *r, struct ballot *x, struct pse_span w)
{
    uint64_t o;

    if (!pse_text_number(&o, pse_text_trim(w)))
        return fail(r, "preflib-ballot", PSE_E_SYNTAX);
    if (o < 1 || o > r->b->options)
        return fail(r, "preflib-option-range", PSE_E_RANGE);
    if (x->marks == r->b->options)
        return fail(r, "preflib-option-twice", PSE_E_DUPLICATE);
    x->mark[x->marks++] = (struct pse_count_mark){(uint8_t)o, (uint8_t)x->rank};
    return PSE_OK;
}

/* {a,b,...}: options that share the rank. */
static pse_rc read_shared(struct reader *r, struct ballot *x, struct pse_span inside)
{
    struct pse_span one;
    bool more = true;

    if (pse_text_trim(inside).n == 0)
        return r->kind == KIND_CAT ? PSE_OK : fail(r, "preflib-ballot", PSE_E_SYNTAX);
    while (more) {
        more = pse_text_cut(&one, &inside, inside, ',');
        PSE_TRY(read_option(r, x, one));
    }
    return PSE_OK;
}

static pse_rc read_ranks(struct reader *r, struct ballot *x, struct pse_span s)
{
    bool ties = r->kind != KIND_SOI && r->kind != KIND_SOC;

    for (s = pse_text_trim(s); s.n > 0; s = pse_text_trim(s)) {
        struct pse_span one;
        bool comma;

        if (++x->rank > (r->kind == KIND_CAT ? r->grades : r->options))
            return fail(r, "preflib-ranks", PSE_E_RANGE);
        if (s.p[0] == '{') {
            if (!ties)
                return fail(r, "preflib-tie", PSE_E_RANGE);
            if (!pse_text_cut(&one, &s, pse_span(s.p + 1, s.n - 1), '}'))
                return fail(r, "preflib-ballot", PSE_E_SYNTAX);
            PSE_TRY(read_shared(r, x, one));
            s = pse_text_trim(s);
            comma = s.n > 0;
            if (comma && s.p[0] != ',')
                return fail(r, "preflib-ballot", PSE_E_SYNTAX);
            if (comma)
                s = pse_span(s.p + 1, s.n - 1);
        } else {
            comma = pse_text_cut(&one, &s, s, ',');
            PSE_TRY(read_option(r, x, one));
        }
        if (comma && pse_text_trim(s).n == 0)
            return fail(r, "preflib-ballot", PSE_E_SYNTAX);
    }
    return PSE_OK;
}

static pse_rc read_ballot(struct reader *r, struct pse_span line)
{
    struct ballot x;
    struct pse_span head;
    uint64_t count;

    x.marks = 0;
    x.rank = 0;
    if (!pse_text_cut(&head, &line, line, ':') || !pse_text_number(&count, pse_text_trim(head)))
        return fail(r, "preflib-count", PSE_E_SYNTAX);
    PSE_TRY(read_ranks(r, &x, line));
    if ((r->kind == KIND_SOC || r->kind == KIND_TOC) && x.marks != r->options)
        return fail(r, "preflib-incomplete", PSE_E_LENGTH);
    pse_rc rc = pse_count_ballots_add(r->b, count, x.mark, x.marks);
    if (rc == PSE_OK)
        return PSE_OK;
    return fail(r,
                rc == PSE_E_DUPLICATE ? "preflib-option-twice"
                : rc == PSE_E_LIMIT   ? "ballots-limit"
                                      : "preflib-count",
                rc);
}

static pse_rc read_all(struct reader *r, struct pse_span text)
{
    struct pse_lines start = r->lines;
    struct pse_span line;

    PSE_TRY(read_header(r, false));
    PSE_TRY(make_room(r, text));
    r->lines = start;
    PSE_TRY(read_header(r, true));
    while (pse_lines_next(&r->lines, &line)) {
        if (pse_text_trim(line).n > 0)
            PSE_TRY(read_ballot(r, line));
    }
    if (r->voters != 0 && r->voters != r->b->total)
        return pse_where_fail(r->where, 0, "preflib-voters", PSE_E_MISMATCH);
    return PSE_OK;
}

pse_rc pse_count_preflib_read(struct pse_count_ballots *out, struct pse_arena *arena,
                              struct pse_count_where *where, struct pse_span text)
{
    struct reader r = {.b = out, .arena = arena, .where = where, .lines = {text, 0}};
    pse_rc rc;

    memset(out, 0, sizeof *out);
    memset(where, 0, sizeof *where);
    rc = read_all(&r, text);
    if (rc != PSE_OK)
        memset(out, 0, sizeof *out);
    return rc;
}
