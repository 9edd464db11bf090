/* Figures of earlier runs, read again and drawn: a table, Markdown, a chart.
 *
 * For: `psephos bench --report`, which makes what the documentation shows. The only reader of the
 * lines that bench prints; members it does not know are left alone. Not for measuring. */
#ifndef PSE_PSEPHOS_BENCH_REPORT_H
#define PSE_PSEPHOS_BENCH_REPORT_H

#include "base/base.h"

enum { BENCH_REPORT_FILES = 8, REPORT_ROWS_MAX = 1024, REPORT_PEERS_MAX = 8, REPORT_WORD = 96 };

struct report_peer {
    char library[REPORT_WORD];
    char version[REPORT_WORD];
    char work[REPORT_WORD];
    double value;
};

/** One line. Members that only elections have are 0 elsewhere. */
struct report_row {
    char name[REPORT_WORD];
    char unit[REPORT_WORD];
    char backend[REPORT_WORD];
    unsigned threads;
    unsigned runs;
    double value;
    double best;
    double cpu_ns;
    double wall_ns;
    double ballots;
    double memory_bytes;
    double record_bytes;
    double make_seconds;
    size_t peers;
    struct report_peer peer[REPORT_PEERS_MAX];
};

struct report {
    struct report_row *row;
    size_t rows;
    char cpu[REPORT_WORD];
    char features[REPORT_WORD];
    char compiler[REPORT_WORD];
    unsigned processors;
    double ghz;
};

/** Append the lines of @p path. Every failure prints one line and returns a status. */
PSE_MUST pse_rc report_read(struct report *r, const char *name, const char *path);
/** The row of @p item on @p backend, NULL when it was not measured. */
const struct report_row *report_find(const struct report *r, const char *item, const char *backend,
                                     unsigned threads);
/** The back-end to report first: "ifma" where it was measured, else the first row's. */
const char *report_backend(const struct report *r);
/** Is more better in this unit? */
bool report_is_rate(const struct report_row *row);

/** How many times as fast as its peer an item is. */
double report_factor(const struct report_row *row, const struct report_peer *peer);

/** Tables for people on a terminal, and for the documentation. */
void report_put_text(struct pse_buf *out, const struct report *r);
void report_put_markdown(struct pse_buf *out, const struct report *r);
/** A chart that stands alone: SVG with its colours for light and dark. */
void report_put_svg(struct pse_buf *out, const struct report *r);

/** Read @p files (NULL ends them) and write figures.txt, figures.md, performance.svg and
 * performance.html into @p dir. An exit status. */
int bench_report(const char *name, const char *dir, const char *const *files);

#endif
