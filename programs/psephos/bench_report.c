#include "psephos/bench_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/files.h"
#include "common/html.h"
#include "common/options.h"

enum { REPORT_MAX = 4 << 20 };

/* Three significant digits, thousands apart. */
static const char *number(char out[32], double x)
{
    if (x < 10)
        (void)snprintf(out, 32, "%.2f", x);
    else if (x < 100)
        (void)snprintf(out, 32, "%.1f", x);
    else if (x < 1000)
        (void)snprintf(out, 32, "%.0f", x);
    else if (x < 1e6)
        (void)snprintf(out, 32, "%ld,%03ld", (long)x / 1000, (long)x % 1000);
    else
        (void)snprintf(out, 32, "%.2f million", x / 1e6);
    return out;
}

/* --- text ------------------------------------------------------------------------------------- */

void report_put_text(struct pse_buf *out, const struct report *r)
{
    char a[32];
    char b[32];

    html_format(out, "%s, %u processors at about %.1f GHz (%s); %s\n\n", r->cpu, r->processors,
                r->ghz, r->features, r->compiler);
    html_format(out, "%-34s %-9s %7s %14s %14s %-6s %8s\n", "name", "back-end", "threads", "median",
                "best", "unit", "cpu/wall");
    for (size_t i = 0; i < r->rows; i++) {
        const struct report_row *row = &r->row[i];

        html_format(out, "%-34s %-9s %7u %14s %14s %-6s %8.2f\n", row->name, row->backend,
                    row->threads, number(a, row->value), number(b, row->best), row->unit,
                    row->wall_ns > 0 ? row->cpu_ns / row->wall_ns : 0);
        for (size_t k = 0; k < row->peers; k++)
            html_format(out, "    %14s %-6s %8.1f times as fast as %s %s, %s\n",
                        number(a, row->peer[k].value), row->unit, report_factor(row, &row->peer[k]),
                        row->peer[k].library, row->peer[k].version, row->peer[k].work);
        if (row->memory_bytes > 0)
            html_format(
                out, "    %.0f MiB at most while verifying, record of %.0f MiB, made in %.1f s\n",
                row->memory_bytes / 1048576, row->record_bytes / 1048576, row->make_seconds);
    }
}

/* --- targets ---------------------------------------------------------------------------------- */

/* What the project set out to reach, on two cores with AVX-512 IFMA. */
struct target {
    const char *quantity;
    const char *item;
    unsigned threads;
    double must;
    double wish;
    bool memory; /* of the item's value: its memory, in MiB */
};

static const struct target targets[] = {
    {"sum of products, 2^14 terms, µs a term, one core", "msm-2^14", 1, 0.85, 0.65, false},
    {"sum of products, 2^17 terms, µs a term, one core", "msm-2^17", 1, 0.75, 0.50, false},
    {"fixed base, µs, one core", "fixed-base", 1, 1.1, 0.85, false},
    {"variable base, µs, one core", "variable-base", 1, 6.5, 5.2, false},
    {"decode, µs, one core", "decode", 1, 0.70, 0.55, false},
    {"0/1 proofs verified a second", "zero-one-proof-verified", 2, 220e3, 340e3, false},
    {"mix ballots verified a second", "mix-ballot-verified", 2, 280e3, 430e3, false},
    {"shuffle and proof, µs a ciphertext, one core", "shuffle-made", 1, 14, 10, false},
    {"the same on an isolated machine", "shuffle-made-isolated", 1, 14, 10, false},
    {"shuffle verified, µs a ciphertext, one core", "shuffle-verified", 1, 9.5, 6.5, false},
    {"312,181 ballots: one mix made, proved, verified, s", "mix-312181", 2, 3.7, 2.6, false},
    {"the same on an isolated machine, s", "mix-312181-isolated", 2, 3.7, 2.6, false},
    {"1,000,000 ballots, 3 mixers, 3 trustees: verified, s", "election-1m", 2, 25, 15, false},
    {"peak memory of that verification, MiB", "election-1m", 2, 1536, 700, true},
};

static const char *reached(double value, const struct target *t, bool rate)
{
    bool must = rate ? value >= t->must : value <= t->must;
    bool wish = rate ? value >= t->wish : value <= t->wish;

    return wish ? "wish" : must ? "must" : "**not reached**";
}

static void put_targets(struct pse_buf *out, const struct report *r)
{
    char a[32];
    char b[32];
    char c[32];

    html_raw(out, "| quantity | must | wish | measured | reached |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < CLI_COUNT(targets); i++) {
        const struct target *t = &targets[i];
        const struct report_row *row = report_find(r, t->item, "ifma", t->threads);
        double value = row == NULL ? 0 : t->memory ? row->memory_bytes / 1048576 : row->value;

        html_format(out, "| %s | %s | %s | ", t->quantity, number(a, t->must), number(b, t->wish));
        if (row == NULL)
            html_format(out, "- | not measured |\n");
        else
            html_format(out, "%s | %s |\n", number(c, value),
                        reached(value, t, !t->memory && report_is_rate(row)));
    }
}

/* Verification on the portable back-end, and whether its time is in proportion to ballots. */
static void put_proportions(struct pse_buf *out, const struct report *r)
{
    const struct report_row *fast = report_find(r, "election-312181", "ifma", 2);
    const struct report_row *slow = report_find(r, "election-312181", "portable", 2);
    const struct report_row *few = report_find(r, "election-10k", "ifma", 2);
    const struct report_row *many = report_find(r, "election-1m", "ifma", 2);

    if (fast != NULL && slow != NULL)
        html_format(
            out,
            "\nOn the portable back-end verifying 312,181 ballots takes %.2f times as long (at "
            "most "
            "4 is the aim: %s).",
            slow->value / fast->value,
            slow->value <= 4 * fast->value ? "reached" : "**not reached**");
    if (few != NULL && many != NULL) {
        double ratio = many->value / many->ballots * few->ballots / few->value;

        html_format(
            out,
            "\nA ballot of the million costs %.2f times one of ten thousand (0.85 to 1.15 is the "
            "aim: %s).",
            ratio, ratio <= 1.15 && ratio >= 0.85 ? "reached" : "**not reached**");
    }
    html_format(out, "\n");
}

/* --- tables ----------------------------------------------------------------------------------- */

static void put_peers(struct pse_buf *out, const struct report *r)
{
    char a[32];
    char b[32];
    char c[32];

    html_format(out, "\n| item, one thread | unit | %s | portable | peer | | times |\n",
                report_backend(r));
    html_format(out, "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < r->rows; i++) {
        const struct report_row *row = &r->row[i];
        const struct report_row *plain = report_find(r, row->name, "portable", 1);

        if (row->threads != 1 || strcmp(row->backend, report_backend(r)) != 0)
            continue;
        html_format(out, "| %s | %s | %s | %s |", row->name, row->unit, number(a, row->value),
                    plain == NULL ? "-" : number(b, plain->value));
        if (row->peers == 0)
            html_format(out, " | | |\n");
        for (size_t k = 0; k < row->peers; k++)
            html_format(out, "%s %s | %s: %s | %s |\n", k == 0 ? "" : "| | | | |",
                        number(b, row->peer[k].value), row->peer[k].library, row->peer[k].work,
                        number(c, report_factor(row, &row->peer[k])));
    }
}

static void put_elections(struct pse_buf *out, const struct report *r)
{
    char a[32];
    char b[32];

    html_format(
        out, "\n| election, two threads | verified, s | portable, s | memory, MiB | record, MiB | "
             "made, s |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < r->rows; i++) {
        const struct report_row *row = &r->row[i];
        const struct report_row *plain = report_find(r, row->name, "portable", 2);

        if (row->ballots <= 0 || row->threads != 2 || strcmp(row->backend, report_backend(r)) != 0)
            continue;
        html_format(out, "| %s | %s | %s | %.0f | %.0f | %.1f |\n", row->name,
                    number(a, row->value), plain == NULL ? "-" : number(b, plain->value),
                    row->memory_bytes / 1048576, row->record_bytes / 1048576, row->make_seconds);
    }
}

void report_put_markdown(struct pse_buf *out, const struct report *r)
{
    html_format(out, "Measured on %s, %u cores at about %.1f GHz (%s), compiled by %s.\n\n", r->cpu,
                r->processors, r->ghz, r->features, r->compiler);
    put_targets(out, r);
    put_proportions(out, r);
    put_peers(out, r);
    put_elections(out, r);
}

/* --- files ------------------------------------------------------------------------------------ */

typedef void report_part(struct pse_buf *out, const struct report *r);

static void put_page(struct pse_buf *out, const struct report *r)
{
    struct pse_buf table = PSE_BUF(REPORT_MAX);

    html_begin(out, pse_span_str("en"), pse_span_str("The speed of psephos"), "psephos bench",
               false);
    report_put_svg(out, r);
    html_raw(out, "<h2>All figures</h2>\n<pre class=\"scroll\">");
    report_put_text(&table, r);
    html_text(out, pse_buf_span(&table));
    html_raw(out, "</pre>\n");
    html_end(out);
    pse_buf_free(&table);
}

static pse_rc write_part(const struct report *r, const char *name, const char *dir,
                         const char *leaf, report_part *part)
{
    struct pse_buf out = PSE_BUF(REPORT_MAX);
    char path[FILE_PATH_MAX];
    pse_rc rc;

    part(&out, r);
    rc = out.rc;
    if (rc == PSE_OK)
        rc = file_join(path, name, dir, leaf);
    if (rc == PSE_OK)
        rc = file_write(name, path, pse_buf_span(&out), FILE_REPLACE);
    pse_buf_free(&out);
    return rc;
}

int bench_report(const char *name, const char *dir, const char *const *files)
{
    struct report r = {.rows = 0};
    pse_rc rc = files[0] == NULL ? PSE_E_MISSING : PSE_OK;
    bool written;

    if (rc != PSE_OK)
        cli_error(name, "--report: no files; give the output of psephos bench --json");
    for (size_t i = 0; i < BENCH_REPORT_FILES && files[i] != NULL && rc == PSE_OK; i++)
        rc = report_read(&r, name, files[i]);
    if (rc != PSE_OK) {
        free(r.row);
        return CLI_EXIT_USAGE;
    }
    written = file_make_dir(name, dir) == PSE_OK &&
              write_part(&r, name, dir, "figures.txt", report_put_text) == PSE_OK &&
              write_part(&r, name, dir, "figures.md", report_put_markdown) == PSE_OK &&
              write_part(&r, name, dir, "performance.svg", report_put_svg) == PSE_OK &&
              write_part(&r, name, dir, "performance.html", put_page) == PSE_OK;
    free(r.row);
    return written ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}
