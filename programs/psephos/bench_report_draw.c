/* The chart: how many times as fast as others, and how verification grows with ballots. Written as
 * text with numbers only of our own making; words from the figures are escaped. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/html.h"
#include "psephos/bench_report.h"

enum {
    WIDTH = 960,
    LABELS = 430, /* width of the column of labels */
    ROW = 40,
    TOP = 64,
    PLOT = 300, /* height of the lower chart */
    MARGIN = 70,
    DECADES = 4, /* factors of 1 to 10,000 */
};

/* --- comparisons ------------------------------------------------------------------------------ */

static double bar_width(double x)
{
    double part = x <= 1 ? 0 : log10(x) / DECADES;

    return (part > 1 ? 1 : part) * (WIDTH - LABELS - 60);
}

static void put_bar(struct pse_buf *b, const char *class, double y, double x)
{
    double width = bar_width(x);

    html_format(b, "<rect class=\"%s\" x=\"%d\" y=\"%.0f\" width=\"%.1f\" height=\"12\"/>", class,
                LABELS, y, width < 1 ? 1 : width);
    html_format(b, "<text class=\"n\" x=\"%.1f\" y=\"%.0f\">%.*f</text>\n", LABELS + width + 6,
                y + 11, x < 10 ? 1 : 0, x);
}

/* Bars of one thread against each peer. Returns how many rows were drawn. */
static size_t put_comparisons(struct pse_buf *b, const struct report *r, bool draw)
{
    size_t n = 0;

    for (size_t i = 0; i < r->rows; i++) {
        const struct report_row *row = &r->row[i];
        const struct report_row *plain = report_find(r, row->name, "portable", 1);

        if (row->threads != 1 || strcmp(row->backend, report_backend(r)) != 0)
            continue;
        for (size_t k = 0; k < row->peers; k++, n++) {
            double y = TOP + (double)n * ROW;

            if (!draw)
                continue;
            html_format(b, "<text x=\"0\" y=\"%.0f\">", y + 12);
            html_str(b, row->name);
            html_format(b, "</text><text class=\"n\" x=\"0\" y=\"%.0f\">", y + 27);
            html_str(b, row->peer[k].library);
            html_raw(b, ": ");
            html_str(b, row->peer[k].work);
            html_raw(b, "</text>\n");
            put_bar(b, "f", y + 2, report_factor(row, &row->peer[k]));
            if (plain != NULL && plain->peers > k)
                put_bar(b, "p", y + 17, report_factor(plain, &plain->peer[k]));
        }
    }
    return n;
}

static void put_factors(struct pse_buf *b, size_t rows)
{
    for (int d = 0; d <= DECADES; d++) {
        double x = LABELS + bar_width(pow(10, d));

        html_format(b, "<line class=\"g\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%zu\"/>", x,
                    TOP - 8, x, TOP + rows * ROW);
        html_format(b, "<text class=\"n\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f</text>\n",
                    x, TOP - 14, pow(10, d));
    }
}

/* --- growth ----------------------------------------------------------------------------------- */

struct plot {
    double top;
    double x0, x1; /* decades of ballots */
    double y0, y1; /* decades of seconds */
};

static double plot_x(const struct plot *p, double ballots)
{
    return MARGIN + (log10(ballots) - p->x0) / (p->x1 - p->x0) * (WIDTH - 2 * MARGIN);
}

static double plot_y(const struct plot *p, double seconds)
{
    return p->top + PLOT - (log10(seconds) - p->y0) / (p->y1 - p->y0) * PLOT;
}

static bool is_of_line(const struct report_row *row, const char *backend)
{
    return row->ballots > 0 && row->threads == 2 && strcmp(row->backend, backend) == 0 &&
           strncmp(row->name, "election-", 9) == 0;
}

static void put_line(struct pse_buf *b, const struct report *r, const struct plot *p,
                     const char *backend, const char *class)
{
    double last_x = 0;
    double last_y = 0;

    for (size_t i = 0; i < r->rows; i++) {
        const struct report_row *row = &r->row[i];
        double x;
        double y;

        if (!is_of_line(row, backend))
            continue;
        x = plot_x(p, row->ballots);
        y = plot_y(p, row->value);
        if (last_x > 0)
            html_format(b, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
                        class, last_x, last_y, x, y);
        html_format(b, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>", class, x, y);
        html_format(b,
                    "<text class=\"n\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.*f s</text>\n",
                    x - 8, y - 6, row->value < 10 ? 2 : 1, row->value);
        last_x = x;
        last_y = y;
    }
}

static void put_growth(struct pse_buf *b, const struct report *r, double top)
{
    const struct plot p = {.top = top + 40, .x0 = 4, .x1 = 6, .y0 = -1, .y1 = 2};

    html_format(
        b,
        "<text class=\"h\" x=\"0\" y=\"%.0f\">Seconds to verify an election, two threads</text>\n",
        top);
    for (int d = 4; d <= 6; d++) {
        double x = plot_x(&p, pow(10, d));

        html_format(b, "<line class=\"g\" x1=\"%.1f\" y1=\"%.0f\" x2=\"%.1f\" y2=\"%.0f\"/>", x,
                    p.top, x, p.top + PLOT);
        html_format(b,
                    "<text class=\"n\" x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%.0f,000 "
                    "ballots</text>\n",
                    x, p.top + PLOT + 20, pow(10, d - 3));
    }
    for (int d = -1; d <= 2; d++) {
        double y = plot_y(&p, pow(10, d));

        html_format(b, "<line class=\"g\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>", MARGIN, y,
                    WIDTH - MARGIN, y);
        html_format(b, "<text class=\"n\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g s</text>\n",
                    MARGIN - 8, y + 4, pow(10, d));
    }
    put_line(b, r, &p, "ifma", "f");
    put_line(b, r, &p, "portable", "p");
}

static bool has_growth(const struct report *r)
{
    for (size_t i = 0; i < r->rows; i++) {
        if (is_of_line(&r->row[i], "ifma") || is_of_line(&r->row[i], "portable"))
            return true;
    }
    return false;
}

/* --- the whole -------------------------------------------------------------------------------- */

static void put_legend(struct pse_buf *b)
{
    html_raw(b, "<text class=\"h\" x=\"0\" y=\"18\">Times as fast as, one thread</text>"
                "<rect class=\"f\" x=\"430\" y=\"8\" width=\"12\" height=\"12\"/>"
                "<text x=\"448\" y=\"18\">AVX-512 IFMA</text>"
                "<rect class=\"p\" x=\"560\" y=\"8\" width=\"12\" height=\"12\"/>"
                "<text x=\"578\" y=\"18\">portable</text>\n");
}

void report_put_svg(struct pse_buf *b, const struct report *r)
{
    size_t rows = put_comparisons(b, r, false);
    size_t top = TOP + rows * ROW + 40;
    bool growth = has_growth(r);

    html_format(b,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 %d %zu\" "
                "aria-label=\"The speed of psephos; the tables have all numbers\">\n",
                WIDTH, growth ? top + PLOT + 90 : top);
    html_raw(b, "<style>text{font:14px system-ui,sans-serif;fill:#1b1b1b}.n{font-size:12px;"
                "fill:#555}.h{font-size:17px;font-weight:600}.f{fill:#1f5f8b;stroke:#1f5f8b}"
                ".p{fill:#c9792b;stroke:#c9792b}.g{stroke:#8888;stroke-width:.5}"
                "@media(prefers-color-scheme:dark){text{fill:#eee}.n{fill:#bbb}"
                ".f{fill:#6fb3e0;stroke:#6fb3e0}.p{fill:#e8a55f;stroke:#e8a55f}}</style>\n");
    put_legend(b);
    put_factors(b, rows);
    (void)put_comparisons(b, r, true);
    if (growth)
        put_growth(b, r, (double)top);
    html_raw(b, "</svg>\n");
}
