/* RFC 4180 records, one a line: fields between commas, quoted ones with doubled quotes inside. */
#include "room.h"

pse_rc pse_csv_unquote(struct pse_span *field, struct pse_span *after, struct pse_arena *arena,
                       struct pse_span quoted)
{
    size_t end = 1;
    size_t doubled = 0;
    uint8_t *copy;

    PSE_REQUIRE(quoted.n > 0 && quoted.p[0] == '"');
    for (; end < quoted.n; end++) {
        if (quoted.p[end] != '"')
            continue;
        if (end + 1 == quoted.n || quoted.p[end + 1] != '"')
            break;
        doubled++;
        end++;
    }
    if (end >= quoted.n)
        return PSE_E_SYNTAX;
    *after = pse_span(quoted.p + end + 1, quoted.n - end - 1);
    *field = pse_span(quoted.p + 1, end - 1);
    if (doubled == 0)
        return PSE_OK;
    if (arena == NULL)
        return PSE_E_SYNTAX;
    copy = PSE_NEW(arena, uint8_t, field->n - doubled);
    if (copy == NULL)
        return PSE_E_MEMORY;
    for (size_t i = 0, n = 0; i < field->n; i++) {
        copy[n++] = field->p[i];
        i += field->p[i] == '"';
    }
    *field = pse_span(copy, field->n - doubled);
    return PSE_OK;
}

static pse_rc split(struct pse_csv *csv, struct pse_span line, struct pse_count_where *where)
{
    bool more = true;

    csv->fields = 0;
    while (more) {
        struct pse_span *f = &csv->field[csv->fields];

        if (csv->fields == PSE_CSV_FIELDS_MAX)
            return pse_where_fail(where, csv->lines.number, "csv-fields", PSE_E_LIMIT);
        csv->fields++;
        if (line.n == 0 || line.p[0] != '"') {
            more = pse_text_cut(f, &line, line, ',');
            if (f->n > 0 && memchr(f->p, '"', f->n) != NULL)
                return pse_where_fail(where, csv->lines.number, "csv-quote", PSE_E_SYNTAX);
            continue;
        }
        pse_rc rc = pse_csv_unquote(f, &line, csv->arena, line);
        if (rc != PSE_OK)
            return pse_where_fail(where, csv->lines.number,
                                  rc == PSE_E_MEMORY ? "memory" : "csv-quote", rc);
        more = line.n > 0;
        if (more && line.p[0] != ',')
            return pse_where_fail(where, csv->lines.number, "csv-quote", PSE_E_SYNTAX);
        if (more)
            line = pse_span(line.p + 1, line.n - 1);
    }
    return PSE_OK;
}

pse_rc pse_csv_next(struct pse_csv *csv, bool *more, struct pse_count_where *where)
{
    struct pse_span line;

    do {
        *more = pse_lines_next(&csv->lines, &line);
        if (!*more)
            return PSE_OK;
    } while (line.n == 0);
    if (!pse_text_is_clean(line))
        return pse_where_fail(where, csv->lines.number, "text-utf8", PSE_E_ENCODING);
    return split(csv, line, where);
}
