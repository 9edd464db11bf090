#include "daemon/metrics.h"

#include "codec/cursor.h"
#include "codec/text.h"

static atomic_uint_fast64_t *cell_of(const struct pse_metric *m, size_t which,
                                     enum pse_metric_type type)
{
    PSE_REQUIRE(m->type == type && which < m->cells);
    return &m->cell[which];
}

void pse_metric_add(const struct pse_metric *m, size_t which, uint64_t n)
{
    atomic_fetch_add_explicit(cell_of(m, which, PSE_METRIC_COUNTER), n, memory_order_relaxed);
}

void pse_metric_set(const struct pse_metric *m, size_t which, int64_t x)
{
    atomic_store_explicit(cell_of(m, which, PSE_METRIC_GAUGE), (uint64_t)x, memory_order_relaxed);
}

void pse_metric_move(const struct pse_metric *m, size_t which, int64_t x)
{
    atomic_fetch_add_explicit(cell_of(m, which, PSE_METRIC_GAUGE), (uint64_t)x,
                              memory_order_relaxed);
}

void pse_metric_observe(const struct pse_metric *m, uint64_t x)
{
    size_t bucket = 0;

    PSE_REQUIRE(m->type == PSE_METRIC_HISTOGRAM);
    while (bucket < m->bound_count && x > m->bounds[bucket])
        bucket++;
    atomic_fetch_add_explicit(&m->cell[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->cell[m->bound_count + 1], x, memory_order_relaxed);
}

static uint64_t load(const struct pse_metric *m, size_t i)
{
    return atomic_load_explicit(&m->cell[i], memory_order_relaxed);
}

uint64_t pse_metric_value(const struct pse_metric *m, size_t which)
{
    uint64_t sum = 0;

    PSE_REQUIRE(which < m->cells);
    if (m->type != PSE_METRIC_HISTOGRAM)
        return load(m, which);
    for (size_t i = 0; i <= m->bound_count; i++)
        sum += load(m, i);
    return sum;
}

static bool is_name(const char *s)
{
    for (const char *p = s; *p != '\0'; p++) {
        if (!((*p >= 'a' && *p <= 'z') || *p == '_' || (p > s && *p >= '0' && *p <= '9')))
            return false;
    }
    return s[0] != '\0';
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s);
    size_t e = strlen(end);

    return n > e + 1 && strcmp(s + n - e, end) == 0 && s[n - e - 1] == '_';
}

static void require_metric(const struct pse_metric *m)
{
    PSE_REQUIRE(is_name(m->name) && !ends_with(m->name, "total") && m->scale > 0);
    PSE_REQUIRE(m->unit == NULL || (is_name(m->unit) && ends_with(m->name, m->unit)));
    PSE_REQUIRE(m->label == NULL || (is_name(m->label) && strcmp(m->label, "le") != 0));
    PSE_REQUIRE(m->cells >= 1 && m->cells <= PSE_METRIC_VALUES_MAX);
    PSE_REQUIRE(m->bound_count <= PSE_METRIC_BOUNDS_MAX);
    for (size_t i = 1; i < m->bound_count; i++)
        PSE_REQUIRE(m->bounds[i - 1] < m->bounds[i]);
    for (size_t i = 0; m->label != NULL && i < m->cells; i++) {
        for (size_t j = 0; j < i; j++)
            PSE_REQUIRE(strcmp(m->values[i], m->values[j]) != 0);
    }
}

static void put_escaped(struct pse_buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            pse_wr_str(b, "\\n");
        else if (*text == '\\' || *text == '"')
            pse_wr_span(b, pse_span(*text == '"' ? "\\\"" : "\\\\", 2));
        else
            pse_wr_span(b, pse_span(text, 1));
    }
}

static void put_words(struct pse_buf *b, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pse_wr_str(b, words[i]);
}
#define PUT(b, ...)                                    \
    put_words((b), (const char *const[]){__VA_ARGS__}, \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* x / scale as a decimal fraction with at least one and no needless digit behind the point: the
 * canonical form of a bucket's bound. scale is a power of ten or 1. */
static void put_scaled(struct pse_buf *b, uint64_t x, uint64_t scale)
{
    uint64_t rest = x % scale;

    pse_decimal_put(b, x / scale);
    pse_wr_str(b, ".");
    do {
        uint64_t digit = scale == 1 ? 0 : rest * 10 / scale;

        pse_decimal_put(b, digit);
        rest = scale == 1 ? 0 : rest * 10 % scale;
    } while (rest != 0);
}

static void put_head(struct pse_buf *b, const struct pse_metric *m)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};

    PUT(b, "# TYPE ", m->name, " ", types[m->type], "\n");
    if (m->unit != NULL)
        PUT(b, "# UNIT ", m->name, " ", m->unit, "\n");
    PUT(b, "# HELP ", m->name, " ");
    put_escaped(b, m->help);
    pse_wr_str(b, "\n");
}

static void put_cell(struct pse_buf *b, const struct pse_metric *m, size_t which)
{
    uint64_t x = load(m, which);

    PUT(b, m->name, m->type == PSE_METRIC_COUNTER ? "_total" : "");
    if (m->label != NULL) {
        PUT(b, "{", m->label, "=\"");
        put_escaped(b, m->values[which]);
        pse_wr_str(b, "\"}");
    }
    pse_wr_str(b, " ");
    if (m->type == PSE_METRIC_GAUGE && (int64_t)x < 0) {
        pse_wr_str(b, "-");
        x = 0 - x;
    }
    pse_decimal_put(b, x);
    pse_wr_str(b, "\n");
}

static void put_histogram(struct pse_buf *b, const struct pse_metric *m)
{
    uint64_t sum = load(m, m->bound_count + 1);
    uint64_t below = 0;

    for (size_t i = 0; i <= m->bound_count; i++) {
        below += load(m, i);
        PUT(b, m->name, "_bucket{le=\"");
        if (i < m->bound_count)
            put_scaled(b, m->bounds[i], m->scale);
        else
            pse_wr_str(b, "+Inf");
        pse_wr_str(b, "\"} ");
        pse_decimal_put(b, below);
        pse_wr_str(b, "\n");
    }
    PUT(b, m->name, "_count ");
    pse_decimal_put(b, below);
    PUT(b, "\n", m->name, "_sum ");
    put_scaled(b, sum, m->scale);
    pse_wr_str(b, "\n");
}

void pse_metrics_put(struct pse_buf *b, const struct pse_metric *const *metrics, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct pse_metric *m = metrics[i];

        require_metric(m);
        for (size_t j = 0; j < i; j++)
            PSE_REQUIRE(strcmp(metrics[j]->name, m->name) != 0);
        put_head(b, m);
        if (m->type == PSE_METRIC_HISTOGRAM)
            put_histogram(b, m);
        for (size_t j = 0; m->type != PSE_METRIC_HISTOGRAM && j < m->cells; j++)
            put_cell(b, m, j);
    }
    pse_wr_str(b, "# EOF\n");
}
