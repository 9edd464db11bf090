#include "common/screen.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/utf8.h"

enum { SCREEN_TABLE_MAX = 64 * 1024 * 1024, SCREEN_CELL_MAX = 512 };

bool screen_is_terminal(FILE *f)
{
    const char *term = getenv("TERM");

    return isatty(fileno(f)) == 1 && (term == NULL || strcmp(term, "dumb") != 0);
}

void screen_bar(char *out, size_t size, size_t cells, double part)
{
    /* U+2588 is the full block, U+2589..U+258F seven eighths down to one. */
    size_t eighths = part <= 0 ? 0 : (size_t)((part > 1 ? 1 : part) * (double)(cells * 8) + 0.5);
    size_t n = 0;

    PSE_REQUIRE(size >= SCREEN_BAR_TEXT(cells));
    for (size_t i = 0; i < cells; i++) {
        size_t here = eighths >= 8 ? 8 : eighths;

        eighths -= here;
        if (here == 0)
            out[n++] = ' ';
        else
            n += pse_utf8_encode((uint8_t *)out + n, (uint32_t)(0x2590 - here));
    }
    out[n] = '\0';
}

static bool is_combining(uint32_t c)
{
    return (c >= 0x300 && c <= 0x36f) || (c >= 0x1ab0 && c <= 0x1aff) ||
           (c >= 0x1dc0 && c <= 0x1dff) || (c >= 0x200b && c <= 0x200d) ||
           (c >= 0x20d0 && c <= 0x20ff) || (c >= 0xfe00 && c <= 0xfe0f) ||
           (c >= 0xfe20 && c <= 0xfe2f);
}

static bool is_wide(uint32_t c)
{
    return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf && c != 0x303f) ||
           (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
           (c >= 0x1f300 && c <= 0x1f64f) || (c >= 0x1f900 && c <= 0x1f9ff) ||
           (c >= 0x20000 && c <= 0x3fffd);
}

size_t screen_width(struct pse_span text)
{
    size_t columns = 0;
    uint32_t c;

    while (text.n > 0) {
        if (pse_utf8_next(&c, &text) != PSE_OK) {
            text.p++;
            text.n--;
            columns++;
        } else if (!is_combining(c)) {
            columns += is_wide(c) ? 2 : 1;
        }
    }
    return columns;
}

void screen_table_init(struct screen_table *t, const char *align)
{
    memset(t, 0, sizeof *t);
    t->text = PSE_BUF(SCREEN_TABLE_MAX);
    t->align = align;
    t->columns = strlen(align);
    PSE_REQUIRE(t->columns >= 1 && t->columns <= SCREEN_COLUMNS_MAX);
}

void screen_cell(struct screen_table *t, struct pse_span text)
{
    pse_utf8_put_escaped(&t->text, text);
    pse_buf_put(&t->text, "", 1);
    t->cells++;
}

void screen_cellf(struct screen_table *t, const char *format, ...)
{
    char text[SCREEN_CELL_MAX];
    va_list args;

    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    va_end(args);
    screen_cell(t, pse_span_str(text));
}

static void table_widths(const struct screen_table *t, size_t *width)
{
    const char *cell = (const char *)t->text.p;

    memset(width, 0, SCREEN_COLUMNS_MAX * sizeof *width);
    for (size_t i = 0; i < t->cells; i++) {
        size_t w = screen_width(pse_span_str(cell));

        if (w > width[i % t->columns])
            width[i % t->columns] = w;
        cell += strlen(cell) + 1;
    }
}

static void print_cell(FILE *f, const char *cell, size_t width, bool right, bool last)
{
    size_t pad = width - screen_width(pse_span_str(cell));

    if (right)
        fprintf(f, "%*s", (int)pad, "");
    fputs(cell, f);
    if (!right && !last)
        fprintf(f, "%*s", (int)pad, "");
    if (!last)
        fputs("  ", f);
}

static void print_rule(FILE *f, const size_t *width, size_t columns, size_t indent)
{
    fprintf(f, "%*s", (int)indent, "");
    for (size_t j = 0; j < columns; j++) {
        for (size_t k = 0; k < width[j]; k++)
            fputc('-', f);
        fputs(j + 1 < columns ? "  " : "\n", f);
    }
}

pse_rc screen_table_print(struct screen_table *t, FILE *f, size_t indent, bool rule)
{
    size_t width[SCREEN_COLUMNS_MAX];
    const char *cell = (const char *)t->text.p;
    pse_rc rc = t->text.rc;

    PSE_REQUIRE(t->cells % t->columns == 0);
    if (rc == PSE_OK) {
        table_widths(t, width);
        for (size_t i = 0; i < t->cells; i++) {
            size_t j = i % t->columns;

            if (j == 0)
                fprintf(f, "%*s", (int)indent, "");
            print_cell(f, cell, width[j], t->align[j] == 'r', j + 1 == t->columns);
            cell += strlen(cell) + 1;
            if (j + 1 == t->columns)
                fputc('\n', f);
            if (rule && i + 1 == t->columns)
                print_rule(f, width, t->columns, indent);
        }
    }
    pse_buf_free(&t->text);
    t->cells = 0;
    return rc;
}
