/* Text on a screen: bars, tables, safe display of words that came from outside. */
#ifndef PSE_PROGRAMS_SCREEN_H
#define PSE_PROGRAMS_SCREEN_H

#include <stdio.h>

#include "base/base.h"

/** Is @p f a terminal that can redraw a line? */
bool screen_is_terminal(FILE *f);

/** Bytes that screen_bar needs for @p cells cells, final zero included. */
#define SCREEN_BAR_TEXT(cells) ((size_t)(cells)*3 + 1)
/** A bar of @p cells columns, filled from the left to @p part (0..1) in eighths of a cell and
 * padded with spaces to the full width. UTF-8. */
void screen_bar(char *out, size_t size, size_t cells, double part);

/** Columns that @p text takes on a terminal: code points, marks that combine not counted, East
 * Asian wide ones twice (an approximation by block). */
size_t screen_width(struct pse_span text);

/** A table that is printed when its widths are known. Cells are copied and escaped. */
struct screen_table {
    struct pse_buf text; /* all cells, each ended by a zero byte */
    size_t columns;
    size_t cells;
    const char *align; /* one character a column: 'l' or 'r' */
};

enum { SCREEN_COLUMNS_MAX = 16 };

/** @p align is borrowed: "lrr" is three columns, the first to the left. */
void screen_table_init(struct screen_table *t, const char *align);
/** The next cell, row by row. */
void screen_cell(struct screen_table *t, struct pse_span text);
/** The next cell from a format. Its words are trusted to be short (under 512 bytes). */
__attribute__((format(printf, 2, 3))) void screen_cellf(struct screen_table *t, const char *format,
                                                        ...);
/** Print all rows, two spaces between columns and @p indent before, and release the table.
 * @p rule: a line under the first row. PSE_E_MEMORY when cells were lost. */
PSE_MUST pse_rc screen_table_print(struct screen_table *t, FILE *f, size_t indent, bool rule);

#endif
