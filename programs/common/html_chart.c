#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "common/html.h"

enum {
    ROW_HEIGHT = 44,
    LABEL_CODE_POINTS = 34, /* of a bar's label; the table has the whole text */
    TABLE_OPEN_ROWS = 20,   /* longer tables are folded */
    PARTY_COLOURS = 6,
};

static void put_short(struct pse_buf *b, struct pse_span text)
{
    struct pse_span rest = text;
    uint32_t c;

    for (int i = 0; i < LABEL_CODE_POINTS && rest.n > 0; i++) {
        if (pse_utf8_next(&c, &rest) != PSE_OK)
            rest = pse_span(rest.p + 1, rest.n - 1);
    }
    html_text(b, pse_span(text.p, text.n - rest.n));
    if (rest.n > 0)
        html_raw(b, "\xE2\x80\xA6");
}

static size_t bars_drawn(const struct html_chart *chart)
{
    return chart->shown == 0 || chart->shown > chart->bars ? chart->bars : chart->shown;
}

/* "A: 10 votes, B: 7 votes": what somebody hears who does not see the bars. */
static void put_summary(struct pse_buf *b, const struct html_chart *chart)
{
    for (size_t i = 0; i < bars_drawn(chart) && i < 6; i++) {
        const struct html_bar *bar = &chart->bar[i];

        html_raw(b, i == 0 ? "" : "; ");
        put_short(b, bar->label);
        html_raw(b, ": ");
        html_number(b, bar->value);
        if (bar->marked && chart->mark != NULL) {
            html_raw(b, ", ");
            html_str(b, chart->mark);
        }
    }
    html_raw(b, ". The table has all numbers.");
}

static void put_bar(struct pse_buf *b, const struct html_chart *chart, size_t row, uint64_t max)
{
    const struct html_bar *bar = &chart->bar[row];
    size_t y = row * ROW_HEIGHT;
    uint64_t width = max == 0 ? 0 : bar->value * 10000 / max;

    html_format(b, "<text x=\"0\" y=\"%zu\"%s>", y + 16, bar->marked ? " font-weight=\"600\"" : "");
    put_short(b, bar->label);
    if (bar->marked && chart->mark != NULL) {
        html_raw(b, " \xE2\x9C\x93");
    }
    html_format(b, "</text><text class=\"n\" x=\"100%%\" y=\"%zu\" text-anchor=\"end\">", y + 16);
    html_number(b, bar->value);
    html_format(b, "</text><rect class=\"b\" x=\"0\" y=\"%zu\" width=\"100%%\" height=\"14\"/>",
                y + 22);
    html_format(b, "<rect class=\"f%d\" x=\"0\" y=\"%zu\" width=\"%llu.%02llu%%\" height=\"14\"/>",
                bar->marked || chart->mark == NULL ? 1 : 0, y + 22,
                (unsigned long long)(width / 100), (unsigned long long)(width % 100));
    html_raw(b, "\n");
}

static void put_svg(struct pse_buf *b, const struct html_chart *chart)
{
    size_t n = bars_drawn(chart);
    uint64_t max = 0;

    for (size_t i = 0; i < n; i++)
        max = chart->bar[i].value > max ? chart->bar[i].value : max;
    html_format(b,
                "<svg role=\"img\" height=\"%zu\" aria-labelledby=\"t%u d%u\"><title id=\"t%u\">",
                n * ROW_HEIGHT, chart->id, chart->id, chart->id);
    html_text(b, chart->caption);
    html_format(b, "</title><desc id=\"d%u\">", chart->id);
    put_summary(b, chart);
    html_raw(b, "</desc>\n");
    for (size_t i = 0; i < n; i++)
        put_bar(b, chart, i, max);
    html_raw(b, "</svg>\n");
}

static void put_head(struct pse_buf *b, const char *class, const char *text)
{
    html_raw(b, "<th scope=\"col\"");
    html_raw(b, class);
    html_raw(b, ">");
    html_str(b, text);
    html_raw(b, "</th>");
}

static void put_row(struct pse_buf *b, const struct html_chart *chart, const struct html_bar *bar)
{
    html_raw(b, bar->marked ? "<tr class=\"on\"><th scope=\"row\">" : "<tr><th scope=\"row\">");
    html_text(b, bar->label);
    html_raw(b, "</th>");
    if (chart->note_head != NULL) {
        html_raw(b, "<td>");
        html_text(b, bar->note);
        html_raw(b, "</td>");
    }
    html_raw(b, "<td class=\"n\">");
    html_number(b, bar->value);
    html_raw(b, "</td>");
    if (chart->whole > 0) {
        html_raw(b, "<td class=\"n\">");
        html_percent(b, bar->value, chart->whole);
        html_raw(b, "</td>");
    }
    if (chart->mark != NULL) {
        html_raw(b, "<td>");
        html_str(b, bar->marked ? chart->mark : "");
        html_raw(b, "</td>");
    }
    html_raw(b, "</tr>\n");
}

static void put_rows(struct pse_buf *b, const struct html_chart *chart, size_t rows)
{
    html_raw(b, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: ");
    html_text(b, chart->caption);
    html_raw(b, "\"><table><caption>");
    html_text(b, chart->caption);
    html_raw(b, "</caption>\n<thead><tr>");
    put_head(b, "", chart->label_head);
    if (chart->note_head != NULL)
        put_head(b, "", chart->note_head);
    put_head(b, " class=\"n\"", chart->value_head);
    if (chart->whole > 0)
        put_head(b, " class=\"n\"", "Share");
    if (chart->mark != NULL)
        put_head(b, "", "Outcome");
    html_raw(b, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < rows; i++)
        put_row(b, chart, &chart->bar[i]);
    html_raw(b, "</tbody></table></div>\n");
}

/* A long table shows the rows of the chart; all rows stand folded below. */
static void put_table(struct pse_buf *b, const struct html_chart *chart)
{
    bool folded = chart->bars > TABLE_OPEN_ROWS && bars_drawn(chart) < chart->bars;

    put_rows(b, chart, folded ? bars_drawn(chart) : chart->bars);
    if (!folded)
        return;
    html_format(b, "<details><summary>Table of all %zu rows</summary>\n", chart->bars);
    put_rows(b, chart, chart->bars);
    html_raw(b, "</details>\n");
}

void html_chart(struct pse_buf *b, const struct html_chart *chart)
{
    if (chart->bars == 0)
        return;
    html_raw(b, "<figure>\n<div>");
    put_svg(b, chart);
    if (bars_drawn(chart) < chart->bars)
        html_format(b, "<p class=\"muted\">The first %zu of %zu.</p>\n", bars_drawn(chart),
                    chart->bars);
    html_raw(b, "</div>\n<div>");
    put_table(b, chart);
    html_raw(b, "</div>\n</figure>\n");
}

/* --- the half circle -------------------------------------------------------------------------- */

enum { RINGS_MAX = 12, SEATS_DRAWN_MAX = 1000 };

struct dot {
    double x, y, angle;
};

static uint32_t seats_of(const struct html_party *party, size_t parties)
{
    uint32_t n = 0;

    for (size_t i = 0; i < parties; i++)
        n += party[i].seats;
    return n;
}

/* Seats are spread over rings in proportion to their radius, then taken by angle, so that each
 * party fills a wedge. */
static size_t place_dots(struct dot *dot, uint32_t seats, unsigned rings)
{
    const double pi = 3.14159265358979323846;
    double sum = 0;
    uint32_t placed = 0;
    size_t n = 0;

    for (unsigned r = 0; r < rings; r++)
        sum += 45.0 + 50.0 * r / rings;
    for (unsigned r = 0; r < rings; r++) {
        double radius = 45.0 + 50.0 * r / rings;
        uint32_t here = (uint32_t)lround((double)seats * radius / sum);

        if (r + 1 == rings || here > seats - placed)
            here = seats - placed;
        placed += here;
        for (uint32_t i = 0; i < here; i++) {
            double angle = here == 1 ? pi / 2 : pi - pi * i / (here - 1);
            dot[n++] = (struct dot){100 + radius * cos(angle), 102 - radius * sin(angle), angle};
        }
    }
    return n;
}

static int by_angle(const void *a, const void *b)
{
    const struct dot *p = a;
    const struct dot *q = b;

    if (p->angle != q->angle)
        return p->angle > q->angle ? -1 : 1;
    return (p->x > q->x) - (p->x < q->x);
}

/* Parties are told apart by letters as well as by colours: A, B, ... by their place. */
static char letter_of(size_t party)
{
    return (char)(party < 26 ? 'A' + (int)party : '*');
}

static void put_dots(struct pse_buf *b, const struct dot *dot, size_t dots, double size,
                     const struct html_party *party, size_t parties)
{
    size_t at = 0;

    for (size_t p = 0; p < parties; p++) {
        unsigned colour = p < PARTY_COLOURS ? (unsigned)p + 1 : 0;

        if (party[p].seats == 0)
            continue;
        html_format(b, "<g class=\"f%u\">", colour);
        for (uint32_t i = 0; i < party[p].seats && at < dots; i++, at++)
            html_format(b,
                        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/><text x=\"%.1f\" y=\"%.1f\" "
                        "font-size=\"%.1f\">%c</text>",
                        dot[at].x, dot[at].y, size, dot[at].x, dot[at].y, size * 1.2, letter_of(p));
        html_raw(b, "</g>\n");
    }
}

static void put_assembly_svg(struct pse_buf *b, unsigned id, struct pse_span caption,
                             const struct html_party *party, size_t parties)
{
    struct dot dot[SEATS_DRAWN_MAX];
    uint32_t seats = seats_of(party, parties);
    unsigned rings = seats < 12 ? 1 : (unsigned)lround(sqrt((double)seats / 3.0));
    size_t dots;

    if (rings > RINGS_MAX)
        rings = RINGS_MAX;
    dots = place_dots(dot, seats, rings);
    qsort(dot, dots, sizeof dot[0], by_angle);
    html_format(
        b,
        "<svg class=\"dots\" role=\"img\" viewBox=\"0 0 200 108\" aria-labelledby=\"t%u d%u\">"
        "<title id=\"t%u\">",
        id, id, id);
    html_text(b, caption);
    html_format(b, "</title><desc id=\"d%u\">", id);
    for (size_t p = 0; p < parties; p++) {
        if (party[p].seats == 0)
            continue;
        html_text(b, party[p].name);
        html_format(b, ": %u seats. ", party[p].seats);
    }
    html_raw(b, "</desc>\n");
    put_dots(b, dot, dots, rings == 1 ? 4.5 : 0.42 * 50.0 / rings, party, parties);
    html_raw(b, "</svg>\n");
}

static void put_party_row(struct pse_buf *b, const struct html_party *party, size_t p,
                          uint64_t votes)
{
    html_raw(b, "<tr><th scope=\"row\">");
    if (party->seats > 0)
        html_format(
            b,
            "<svg class=\"mark\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle class=\"f%u\" "
            "cx=\"12\" cy=\"12\" r=\"8\" stroke=\"currentColor\"/></svg>%c&nbsp; ",
            p < PARTY_COLOURS ? (unsigned)p + 1 : 0, letter_of(p));
    html_text(b, party->name);
    html_raw(b, "</th><td class=\"n\">");
    html_number(b, party->votes);
    html_raw(b, "</td><td class=\"n\">");
    html_percent(b, party->votes, votes);
    html_format(b, "</td><td class=\"n\">%u</td></tr>\n", party->seats);
}

void html_assembly(struct pse_buf *b, unsigned id, struct pse_span caption,
                   const struct html_party *party, size_t parties, uint64_t votes)
{
    uint32_t seats = seats_of(party, parties);

    html_raw(b, "<figure>\n<div>");
    if (seats > 0 && seats <= SEATS_DRAWN_MAX)
        put_assembly_svg(b, id, caption, party, parties);
    html_raw(b, "</div>\n<div><table><caption>");
    html_text(b, caption);
    html_raw(b, "</caption>\n<thead><tr><th scope=\"col\">List</th><th scope=\"col\" class=\"n\">"
                "Votes</th><th scope=\"col\" class=\"n\">Share</th><th scope=\"col\" "
                "class=\"n\">Seats</th></tr></thead>\n<tbody>\n");
    for (size_t p = 0; p < parties; p++)
        put_party_row(b, &party[p], p, votes);
    html_raw(b, "</tbody></table></div>\n</figure>\n");
}
