/* HTML for result pages: one self-contained file, no scripts, no outside requests.
 *
 * For: the page frame with its colours (light, dark, more contrast, print), escaped text, and
 * charts as inline SVG, each with its table. Not for: what the page says (html_result). Failure of
 * the buffer is sticky in b->rc; check once at the end. */
#ifndef PSE_PROGRAMS_HTML_H
#define PSE_PROGRAMS_HTML_H

#include "base/base.h"

/** Everything before the content: doctype, head, style, banner of a test election, <main>. The
 * page's language is @p lang, its title and h1 @p title; @p kicker is a short line above the h1.
 * All three are escaped here. */
void html_begin(struct pse_buf *b, struct pse_span lang, struct pse_span title, const char *kicker,
                bool test);
void html_end(struct pse_buf *b);

/** Markup as it stands. */
void html_raw(struct pse_buf *b, const char *markup);
/** Markup from a format that is made of numbers and our own words: at most 511 bytes
 * (PSE_REQUIRE), nothing is escaped. */
__attribute__((format(printf, 2, 3))) void html_format(struct pse_buf *b, const char *format, ...);
/** Text from anywhere: markup, control and bidirectional characters are escaped. */
void html_text(struct pse_buf *b, struct pse_span text);
void html_str(struct pse_buf *b, const char *text);
/** 1234567 as "1,234,567". */
void html_number(struct pse_buf *b, uint64_t x);
/** part/whole as "12.3 %"; nothing when whole is 0. */
void html_percent(struct pse_buf *b, uint64_t part, uint64_t whole);

struct html_bar {
    struct pse_span label;
    struct pse_span note; /* second column of the table (a party, say); may be empty */
    uint64_t value;
    bool marked; /* drawn solid and named with the chart's mark ("elected") */
};

/** A chart of horizontal bars from 0 and the table of the same numbers. */
struct html_chart {
    unsigned id;             /* unique on the page */
    struct pse_span caption; /* of chart and table: what is shown, or what was found */
    const char *label_head;  /* heads of the columns */
    const char *note_head;   /* NULL: no such column */
    const char *value_head;
    const char *mark; /* NULL: no such column */
    uint64_t whole;   /* 100 %; 0: no share column */
    size_t shown;     /* bars drawn at most, 0: all; the table has every row */
    const struct html_bar *bar;
    size_t bars;
};

void html_chart(struct pse_buf *b, const struct html_chart *chart);

struct html_party {
    struct pse_span name;
    uint64_t votes;
    uint32_t seats;
};

/** Seats of an assembly as a half circle of dots, parties from left to right in the order given,
 * and the table of votes and seats. */
void html_assembly(struct pse_buf *b, unsigned id, struct pse_span caption,
                   const struct html_party *party, size_t parties, uint64_t votes);

#endif
