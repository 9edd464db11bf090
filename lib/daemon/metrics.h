/* Metrics: counters, gauges and histograms that exist from the start, as OpenMetrics text
 * (contracts: defence, A4).
 *
 * A metric and all values of its label are named where it is defined, so nothing a client sends
 * can make a new series:
 *
 *     PSE_COUNTER_BY(box_requests, "psephos_box_requests", "Requests answered.", "route", "cast",
 *                    "receipt", "other");
 *     PSE_HISTOGRAM(box_verify, "psephos_box_verify_seconds", "Time to verify a ballot.",
 * "seconds", 1000000, 500, 1000, 5000, 25000); static const struct pse_metric *const metrics[] =
 * {&box_requests, &box_verify};
 *
 *     pse_metric_add(&box_requests, 0, 1);
 *     pse_metric_observe(&box_verify, microseconds);
 *     pse_metrics_put(&buf, metrics, 2);
 *
 * Names and labels are promises of the code (PSE_REQUIRE when rendered). Any thread: each cell is
 * one atomic; a rendering is consistent within a histogram, not between metrics. Not for: anything
 * about one voter, one ballot or one address. */
#ifndef PSE_DAEMON_METRICS_H
#define PSE_DAEMON_METRICS_H

#include <stdatomic.h>

#include "base/base.h"

enum pse_metric_type { PSE_METRIC_COUNTER, PSE_METRIC_GAUGE, PSE_METRIC_HISTOGRAM };

enum { PSE_METRIC_BOUNDS_MAX = 24, PSE_METRIC_VALUES_MAX = 64 };

struct pse_metric {
    enum pse_metric_type type;
    const char *name; /* of the family: a counter's samples get _total */
    const char *help;
    const char *unit;          /* NULL, or the last word of the name */
    const char *label;         /* NULL, or what the cells differ in */
    const char *const *values; /* of the label, one a cell */
    size_t cells;              /* of a histogram: 1 */
    const uint64_t *bounds;    /* histogram: upper bounds in the counted unit, ascending */
    size_t bound_count;
    uint64_t scale; /* counted units in one unit of the metric: 1000000 for seconds from us */
    atomic_uint_fast64_t *cell; /* histogram: its buckets, the one above, then the sum */
};

#define PSE_METRIC_ONE(var_, type_, name_, help_)    \
    static atomic_uint_fast64_t var_##_cells[1];     \
    const struct pse_metric var_ = {.type = (type_), \
                                    .name = (name_), \
                                    .help = (help_), \
                                    .cells = 1,      \
                                    .scale = 1,      \
                                    .cell = var_##_cells}
#define PSE_METRIC_MANY(var_, type_, name_, help_, label_, ...)                            \
    static const char *const var_##_values[] = {__VA_ARGS__};                              \
    static atomic_uint_fast64_t var_##_cells[sizeof var_##_values / sizeof(const char *)]; \
    const struct pse_metric var_ = {.type = (type_),                                       \
                                    .name = (name_),                                       \
                                    .help = (help_),                                       \
                                    .label = (label_),                                     \
                                    .values = var_##_values,                               \
                                    .cells = sizeof var_##_values / sizeof(const char *),  \
                                    .scale = 1,                                            \
                                    .cell = var_##_cells}

/* Each defines a constant; another file uses it after `extern const struct pse_metric NAME;`. */
#define PSE_COUNTER(var, name, help) PSE_METRIC_ONE(var, PSE_METRIC_COUNTER, name, help)
#define PSE_GAUGE(var, name, help)   PSE_METRIC_ONE(var, PSE_METRIC_GAUGE, name, help)
#define PSE_COUNTER_BY(var, name, help, label, ...) \
    PSE_METRIC_MANY(var, PSE_METRIC_COUNTER, name, help, label, __VA_ARGS__)
#define PSE_GAUGE_BY(var, name, help, label, ...) \
    PSE_METRIC_MANY(var, PSE_METRIC_GAUGE, name, help, label, __VA_ARGS__)
#define PSE_HISTOGRAM(var_, name_, help_, unit_, scale_, ...)                               \
    static const uint64_t var_##_bounds[] = {__VA_ARGS__};                                  \
    static atomic_uint_fast64_t var_##_cells[sizeof var_##_bounds / sizeof(uint64_t) + 2];  \
    const struct pse_metric var_ = {.type = PSE_METRIC_HISTOGRAM,                           \
                                    .name = (name_),                                        \
                                    .help = (help_),                                        \
                                    .unit = (unit_),                                        \
                                    .cells = 1,                                             \
                                    .bounds = var_##_bounds,                                \
                                    .bound_count = sizeof var_##_bounds / sizeof(uint64_t), \
                                    .scale = (scale_),                                      \
                                    .cell = var_##_cells}

/** Counter: cell @p which (0 without a label) grows by @p n. */
void pse_metric_add(const struct pse_metric *m, size_t which, uint64_t n);
/** Gauge: cell @p which is @p x; or moves by @p x. */
void pse_metric_set(const struct pse_metric *m, size_t which, int64_t x);
void pse_metric_move(const struct pse_metric *m, size_t which, int64_t x);
/** Histogram: one observation, in counted units. */
void pse_metric_observe(const struct pse_metric *m, uint64_t x);
/** What a cell of a counter or gauge holds; of a histogram (which = 0) the observations. */
uint64_t pse_metric_value(const struct pse_metric *m, size_t which);

/** All of @p metrics as OpenMetrics 1.0 text, ended by "# EOF". */
void pse_metrics_put(struct pse_buf *b, const struct pse_metric *const *metrics, size_t count);
/** The content type of that text. */
#define PSE_METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

#endif
