#include "codec/sheet.h"

#include "codec/utf8.h"

static size_t lines_in(struct pse_span text, size_t n)
{
    size_t lines = 0;

    for (size_t i = 0; i < n; i++)
        lines += text.p[i] == '\n';
    return lines;
}

static bool has_byte_order_mark(struct pse_span x)
{
    static const uint8_t mark[3] = {0xEF, 0xBB, 0xBF};

    return x.n >= sizeof mark && memcmp(x.p, mark, sizeof mark) == 0;
}

pse_rc pse_sheet_open(struct pse_sheet *s, struct pse_span in)
{
    size_t fault = pse_utf8_fault(in);

    memset(s, 0, sizeof *s);
    s->rest = in;
    s->line = s->next = 1;
    s->text = PSE_BUF(PSE_SHEET_RECORD_MAX);
    if (has_byte_order_mark(in))
        return PSE_E_ENCODING;
    if (fault < in.n) {
        s->line = 1 + lines_in(in, fault);
        return PSE_E_ENCODING;
    }
    return PSE_OK;
}

void pse_sheet_close(struct pse_sheet *s)
{
    pse_buf_free(&s->text);
    memset(s, 0, sizeof *s);
}

/* How many bytes end a line here: 1 (LF), 2 (CRLF), else 0. */
static size_t line_end(struct pse_span at)
{
    if (at.n >= 1 && at.p[0] == '\n')
        return 1;
    return at.n >= 2 && at.p[0] == '\r' && at.p[1] == '\n' ? 2 : 0;
}

static struct pse_span skip(struct pse_span x, size_t n)
{
    return pse_span(x.p + n, x.n - n);
}

static bool is_control(uint8_t c)
{
    return c < 0x20 || c == 0x7F;
}

/* The inside of a quoted field, up to and with its closing quote. */
static pse_rc take_quoted(struct pse_sheet *s)
{
    struct pse_span *r = &s->rest;

    *r = skip(*r, 1);
    for (;;) {
        size_t end = line_end(*r);

        if (r->n == 0)
            return PSE_E_SYNTAX;
        if (r->p[0] == '"') {
            bool is_doubled = r->n > 1 && r->p[1] == '"';

            *r = skip(*r, is_doubled ? 2 : 1);
            if (!is_doubled)
                return PSE_OK;
            pse_buf_put(&s->text, "\"", 1);
            continue;
        }
        if (end == 0 && is_control(r->p[0]))
            return PSE_E_ENCODING;
        s->next += end > 0;
        end = end == 0 ? 1 : end;
        pse_buf_put(&s->text, r->p, end);
        *r = skip(*r, end);
    }
}

static pse_rc take_plain(struct pse_sheet *s)
{
    size_t n = 0;

    while (n < s->rest.n && s->rest.p[n] != ',' && line_end(skip(s->rest, n)) == 0) {
        if (s->rest.p[n] == '"')
            return PSE_E_SYNTAX;
        if (is_control(s->rest.p[n]))
            return PSE_E_ENCODING;
        n++;
    }
    pse_buf_put(&s->text, s->rest.p, n);
    s->rest = skip(s->rest, n);
    return PSE_OK;
}

/* All fields of a record into s->text; end[i] is where field i ends there. */
static pse_rc take_fields(struct pse_sheet *s, size_t end[PSE_SHEET_FIELDS_MAX])
{
    for (;;) {
        size_t eol;

        if (s->fields == PSE_SHEET_FIELDS_MAX)
            return PSE_E_LIMIT;
        PSE_TRY(s->rest.n > 0 && s->rest.p[0] == '"' ? take_quoted(s) : take_plain(s));
        end[s->fields++] = s->text.n;
        if (s->rest.n == 0)
            return s->text.rc;
        eol = line_end(s->rest);
        if (eol == 0 && s->rest.p[0] != ',')
            return PSE_E_SYNTAX;
        s->rest = skip(s->rest, eol == 0 ? 1 : eol);
        if (eol > 0) {
            s->next++;
            return s->text.rc;
        }
    }
}

pse_rc pse_sheet_next(struct pse_sheet *s)
{
    size_t end[PSE_SHEET_FIELDS_MAX];

    s->fields = 0;
    s->text.n = 0;
    s->line = s->next;
    if (s->rest.n == 0)
        return PSE_E_MISSING;
    if (line_end(s->rest) > 0)
        return PSE_E_SYNTAX;
    PSE_TRY(take_fields(s, end));
    for (size_t i = 0, at = 0; i < s->fields; at = end[i++])
        s->field[i] = pse_span(s->text.p == NULL ? NULL : s->text.p + at, end[i] - at);
    return PSE_OK;
}

void pse_sheet_put(struct pse_buf *out, struct pse_span field)
{
    /* A field that starts with the mark's letter could come first in a file. */
    bool quote = has_byte_order_mark(field);

    for (size_t i = 0; i < field.n; i++)
        quote = quote || field.p[i] == ',' || field.p[i] == '"' || field.p[i] == '\r' ||
                field.p[i] == '\n';
    if (!quote) {
        pse_buf_put(out, field.p, field.n);
        return;
    }
    pse_buf_put(out, "\"", 1);
    for (size_t i = 0; i < field.n; i++) {
        if (field.p[i] == '"')
            pse_buf_put(out, "\"", 1);
        pse_buf_put(out, field.p + i, 1);
    }
    pse_buf_put(out, "\"", 1);
}
