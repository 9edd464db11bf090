/* BLT: `candidates seats`, withdrawn candidates, ballots, a line 0, names, title. */
#include "room.h"

struct reader {
    struct pse_count_ballots *b;
    struct pse_arena *arena;
    struct pse_count_where *where;
    struct pse_lines lines;
};

static pse_rc fail(const struct reader *r, const char *slug, pse_rc rc)
{
    return pse_where_fail(r->where, r->lines.number, slug, rc);
}

/* Trailing blanks and commas mean nothing (spreadsheets leave them). */
static struct pse_span strip(struct pse_span s)
{
    s = pse_text_trim(s);
    while (s.n > 0 && s.p[s.n - 1] == ',')
        s = pse_text_trim(pse_span(s.p, s.n - 1));
    return s;
}

/* The next line that says something, without its comment. */
static pse_rc next_numbers(struct reader *r, struct pse_span *line)
{
    struct pse_span comment;

    while (pse_lines_next(&r->lines, line)) {
        (void)pse_text_cut(line, &comment, *line, '#');
        *line = strip(*line);
        if (line->n > 0)
            return PSE_OK;
    }
    return fail(r, "blt-truncated", PSE_E_LENGTH);
}

/* The next word of a line of numbers; empty at the end. */
static struct pse_span word(struct pse_span *line)
{
    struct pse_span w;
    size_t n = 0;

    *line = pse_text_trim(*line);
    while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
        n++;
    w = pse_span(line->p, n);
    *line = pse_span(line->p + n, line->n - n);
    return w;
}

static pse_rc read_sizes(struct reader *r, struct pse_span text)
{
    struct pse_span line;
    uint64_t options;
    uint64_t seats;

    PSE_TRY(next_numbers(r, &line));
    if (!pse_text_number(&options, word(&line)) || !pse_text_number(&seats, word(&line)) ||
        pse_text_trim(line).n != 0)
        return fail(r, "blt-sizes", PSE_E_SYNTAX);
    if (options < 1 || options > PSE_COUNT_OPTIONS_MAX)
        return fail(r, "blt-candidates", PSE_E_LIMIT);
    if (seats < 1 || seats > PSE_COUNT_MANDATES_MAX)
        return fail(r, "blt-seats", PSE_E_RANGE);
    /* A group takes four bytes of text at least ("1 1\n"), a mark two. */
    pse_rc rc =
        pse_count_ballots_init(r->b, r->arena, (size_t)options, text.n / 4 + 1, text.n / 2 + 1);
    if (rc != PSE_OK)
        return fail(r, "memory", rc);
    r->b->seats = (uint16_t)seats;
    return PSE_OK;
}

static pse_rc read_withdrawn(struct reader *r, struct pse_span line)
{
    struct pse_span w;

    while ((w = word(&line)).n > 0) {
        uint64_t o;

        if (w.p[0] != '-' || !pse_text_number(&o, pse_span(w.p + 1, w.n - 1)) || o < 1 ||
            o > r->b->options)
            return fail(r, "blt-withdrawn", PSE_E_RANGE);
        if (r->b->withdrawn[o])
            return fail(r, "blt-withdrawn", PSE_E_DUPLICATE);
        r->b->withdrawn[o] = true;
    }
    return PSE_OK;
}

/* One word of preferences: an option, or equal options joined by `=`. */
static pse_rc read_rank(struct reader *r, struct pse_count_mark *mark, size_t *marks, uint8_t rank,
                        struct pse_span w)
{
    struct pse_span one;
    bool more = true;

    while (more) {
        uint64_t o;

        more = pse_text_cut(&one, &w, w, '=');
        if (!pse_text_number(&o, one))
            return fail(r, "blt-ballot", PSE_E_SYNTAX);
        if (o < 1 || o > r->b->options)
            return fail(r, "blt-option-range", PSE_E_RANGE);
        if (*marks == r->b->options)
            return fail(r, "blt-option-twice", PSE_E_DUPLICATE);
        mark[(*marks)++] = (struct pse_count_mark){(uint8_t)o, rank};
    }
    return PSE_OK;
}

static const char *add_slug(pse_rc rc)
{
    return rc == PSE_E_DUPLICATE ? "blt-option-twice"
           : rc == PSE_E_LIMIT   ? "ballots-limit"
                                 : "blt-count";
}

static pse_rc read_ballot(struct reader *r, struct pse_span line)
{
    struct pse_count_mark mark[PSE_COUNT_OPTIONS_MAX];
    struct pse_span w;
    uint64_t count;
    size_t marks = 0;
    uint8_t rank = 0;

    if (!pse_text_number(&count, word(&line)))
        return fail(r, "blt-count", PSE_E_SYNTAX);
    for (;;) {
        w = word(&line);
        if (w.n == 0)
            return fail(r, "blt-ballot-end", PSE_E_SYNTAX);
        if (pse_span_is_str(w, "0"))
            break;
        PSE_TRY(read_rank(r, mark, &marks, ++rank, w));
    }
    if (pse_text_trim(line).n != 0)
        return fail(r, "blt-ballot-end", PSE_E_SYNTAX);
    pse_rc rc = pse_count_ballots_add(r->b, count, mark, marks);
    return rc == PSE_OK ? PSE_OK : fail(r, add_slug(rc), rc);
}

/* Drop `# ALTERNATIVE NAME k: ` before a name; another `#` line is a comment and leaves nothing. */
static struct pse_span drop_label(struct pse_span s)
{
    static const char label[] = "# ALTERNATIVE NAME ";
    struct pse_span head;
    uint64_t k;

    if (s.n == 0 || s.p[0] != '#')
        return s;
    if (s.n < sizeof label || memcmp(s.p, label, sizeof label - 1) != 0)
        return pse_span(NULL, 0);
    s = pse_span(s.p + sizeof label - 1, s.n - (sizeof label - 1));
    if (!pse_text_cut(&head, &s, s, ':') || !pse_text_number(&k, head))
        return pse_span(NULL, 0);
    return pse_text_trim(s);
}

/* The next name or the title; *more is false at the end of the text. */
static pse_rc read_name(struct reader *r, struct pse_span *name, bool *more)
{
    struct pse_span after;

    do {
        *more = pse_lines_next(&r->lines, name);
        if (!*more)
            return PSE_OK;
        *name = drop_label(strip(*name));
    } while (name->n == 0);
    if (name->p[0] == '"') {
        pse_rc rc = pse_csv_unquote(name, &after, r->arena, *name);

        if (rc != PSE_OK)
            return fail(r, rc == PSE_E_MEMORY ? "memory" : "blt-quote", rc);
        after = pse_text_trim(after);
        if (after.n > 0 && after.p[0] != '#')
            return fail(r, "blt-quote", PSE_E_SYNTAX);
    }
    *name = pse_text_trim(*name);
    if (!pse_text_is_clean(*name))
        return fail(r, "text-utf8", PSE_E_ENCODING);
    return PSE_OK;
}

static pse_rc read_names(struct reader *r)
{
    struct pse_span extra;
    bool more;

    for (size_t o = 1; o <= r->b->options; o++) {
        PSE_TRY(read_name(r, &r->b->name[o], &more));
        if (!more)
            return fail(r, "blt-names", PSE_E_LENGTH);
    }
    PSE_TRY(read_name(r, &r->b->title, &more));
    if (!more) {
        r->b->title = pse_span(NULL, 0);
        return PSE_OK;
    }
    PSE_TRY(read_name(r, &extra, &more));
    return more ? fail(r, "blt-after-title", PSE_E_LENGTH) : PSE_OK;
}

static pse_rc read_all(struct reader *r, struct pse_span text)
{
    struct pse_span line;

    PSE_TRY(read_sizes(r, text));
    PSE_TRY(next_numbers(r, &line));
    while (line.p[0] == '-') {
        PSE_TRY(read_withdrawn(r, line));
        PSE_TRY(next_numbers(r, &line));
    }
    while (!pse_span_is_str(line, "0")) {
        PSE_TRY(read_ballot(r, line));
        PSE_TRY(next_numbers(r, &line));
    }
    return read_names(r);
}

pse_rc pse_count_blt_read(struct pse_count_ballots *out, struct pse_arena *arena,
                          struct pse_count_where *where, struct pse_span text)
{
    struct reader r = {out, arena, where, {text, 0}};
    pse_rc rc;

    memset(out, 0, sizeof *out);
    memset(where, 0, sizeof *where);
    rc = read_all(&r, text);
    if (rc != PSE_OK)
        memset(out, 0, sizeof *out);
    return rc;
}
