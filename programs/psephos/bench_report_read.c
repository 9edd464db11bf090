#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/files.h"
#include "common/options.h"
#include "psephos/bench_report.h"

enum { FIGURES_MAX = 16 << 20 };

static bool take_word(char out[REPORT_WORD], const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    if (text == NULL)
        return false;
    (void)snprintf(out, REPORT_WORD, "%s", text);
    return true;
}

static bool take_number(double *out, const json_t *object, const char *member)
{
    const json_t *v = json_object_get(object, member);

    if (!json_is_number(v))
        return false;
    *out = json_number_value(v);
    return true;
}

static bool take_count(unsigned *out, const json_t *object, const char *member)
{
    const json_t *v = json_object_get(object, member);

    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > 1000000)
        return false;
    *out = (unsigned)json_integer_value(v);
    return true;
}

static bool take_peers(struct report_row *row, const json_t *line)
{
    const json_t *peers = json_object_get(line, "peers");

    if (!json_is_array(peers) || json_array_size(peers) > REPORT_PEERS_MAX)
        return false;
    for (size_t i = 0; i < json_array_size(peers); i++) {
        const json_t *v = json_array_get(peers, i);
        struct report_peer *p = &row->peer[row->peers++];

        if (!take_word(p->library, v, "name") || !take_word(p->work, v, "work") ||
            !take_word(p->version, v, "version") || !take_number(&p->value, v, "value") ||
            p->value <= 0)
            return false;
    }
    return true;
}

static bool take_row(struct report_row *row, const json_t *line)
{
    memset(row, 0, sizeof *row);
    (void)take_number(&row->ballots, line, "ballots");
    (void)take_number(&row->memory_bytes, line, "memory_bytes");
    (void)take_number(&row->record_bytes, line, "record_bytes");
    (void)take_number(&row->make_seconds, line, "make_seconds");
    return take_word(row->name, line, "name") && take_word(row->unit, line, "unit") &&
           take_word(row->backend, line, "backend") && take_count(&row->threads, line, "threads") &&
           take_count(&row->runs, line, "runs") && take_number(&row->value, line, "value") &&
           row->value > 0 && take_number(&row->best, line, "min") &&
           take_number(&row->cpu_ns, line, "cpu_ns") &&
           take_number(&row->wall_ns, line, "wall_ns") && take_peers(row, line);
}

static bool take_machine(struct report *r, const json_t *line)
{
    return take_word(r->cpu, line, "cpu") && take_word(r->features, line, "features") &&
           take_word(r->compiler, line, "compiler") &&
           take_count(&r->processors, line, "processors") && take_number(&r->ghz, line, "ghz");
}

/* A later figure of the same item takes the place of an earlier one. */
static pse_rc keep(struct report *r, const struct report_row *row)
{
    for (size_t i = 0; i < r->rows; i++) {
        struct report_row *old = &r->row[i];

        if (strcmp(old->name, row->name) == 0 && strcmp(old->backend, row->backend) == 0 &&
            old->threads == row->threads) {
            *old = *row;
            return PSE_OK;
        }
    }
    if (r->row == NULL)
        r->row = calloc(REPORT_ROWS_MAX, sizeof *r->row);
    if (r->row == NULL)
        return PSE_E_MEMORY;
    if (r->rows == REPORT_ROWS_MAX)
        return PSE_E_LIMIT;
    r->row[r->rows++] = *row;
    return PSE_OK;
}

static pse_rc read_line(struct report *r, const char *text, size_t n)
{
    json_t *line = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
    struct report_row row;
    pse_rc rc = PSE_E_SYNTAX;

    if (line != NULL && take_row(&row, line) && take_machine(r, line))
        rc = keep(r, &row);
    json_decref(line);
    return rc;
}

pse_rc report_read(struct report *r, const char *name, const char *path)
{
    struct pse_buf text = PSE_BUF(FIGURES_MAX);
    pse_rc rc = file_read(&text, name, path, FIGURES_MAX);
    size_t line = 1;

    for (size_t at = 0; rc == PSE_OK && at < text.n; line++) {
        const uint8_t *end = memchr(text.p + at, '\n', text.n - at);
        size_t n = end == NULL ? text.n - at : (size_t)(end - text.p) - at;

        rc = read_line(r, (const char *)text.p + at, n);
        at += n + 1;
        if (rc == PSE_OK)
            continue;
        cli_error(name, "%s:%zu: %s; give files that psephos bench --json has written", path, line,
                  rc == PSE_E_LIMIT    ? "too many figures"
                  : rc == PSE_E_MEMORY ? "no memory"
                                       : "this is no figure");
    }
    pse_buf_free(&text);
    return rc;
}

const struct report_row *report_find(const struct report *r, const char *item, const char *backend,
                                     unsigned threads)
{
    for (size_t i = 0; i < r->rows; i++) {
        const struct report_row *row = &r->row[i];

        if (row->threads == threads && strcmp(row->name, item) == 0 &&
            strcmp(row->backend, backend) == 0)
            return row;
    }
    return NULL;
}

const char *report_backend(const struct report *r)
{
    for (size_t i = 0; i < r->rows; i++) {
        if (strcmp(r->row[i].backend, "ifma") == 0)
            return "ifma";
    }
    return r->rows > 0 ? r->row[0].backend : "";
}

bool report_is_rate(const struct report_row *row)
{
    return strcmp(row->unit, "per s") == 0 || strcmp(row->unit, "MiB/s") == 0;
}

double report_factor(const struct report_row *row, const struct report_peer *peer)
{
    return report_is_rate(row) ? row->value / peer->value : peer->value / row->value;
}
