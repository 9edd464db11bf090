/* What the tests of room count share: elections written as BLT text, answers as short lists. */
#ifndef PSE_TESTS_COUNT_HELP_H
#define PSE_TESTS_COUNT_HELP_H

#include <stdio.h>

#include "count/count.h"
#include "test.h"

#define MEMORY (64u << 20)

/* One count and all it stands on. */
struct counted {
    struct pse_arena arena;
    struct pse_count_ballots ballots;
    struct pse_count_returns returns;
    struct pse_count_result result;
    struct pse_count_lot lot;
};

static inline void counted_free(struct counted *c)
{
    pse_arena_free(&c->arena);
}

#define COUNTED(name)                                                 \
    struct counted name __attribute__((cleanup(counted_free))) = {0}; \
    pse_arena_init(&name.arena, MEMORY);                              \
    pse_count_lot_public(&name.lot)

/* Ballots from BLT lines: the head and ballots; names and the title are made up. */
static inline void read_ballots(struct counted *c, const char *lines)
{
    struct pse_count_where where;
    char text[65536];
    unsigned options;
    int n = snprintf(text, sizeof text, "%s\n0\n", lines);

    assert_int_equal(sscanf(lines, "%u", &options), 1);
    for (unsigned i = 1; i <= options; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "\"Option %u\"\n", i);
    (void)snprintf(text + n, sizeof text - (size_t)n, "\"A test\"\n");
    /* Names borrow from the text. */
    size_t size = strlen(text);
    uint8_t *copy = PSE_NEW(&c->arena, uint8_t, size);
    assert_non_null(copy);
    memcpy(copy, text, size);
    pse_rc rc = pse_count_blt_read(&c->ballots, &c->arena, &where, pse_span(copy, size));
    if (rc != PSE_OK)
        fail_msg("line %zu: %s", where.line, where.slug);
}

static inline void read_preflib(struct counted *c, const char *text)
{
    struct pse_count_where where;
    pse_rc rc = pse_count_preflib_read(&c->ballots, &c->arena, &where, pse_span_str(text));

    if (rc != PSE_OK)
        fail_msg("line %zu: %s", where.line, where.slug);
}

static inline void read_counts(struct counted *c, const char *rows, const char *mandates)
{
    struct pse_count_where where;

    if (pse_count_returns_read(&c->returns, &c->arena, &where, pse_span_str(rows)) != PSE_OK)
        fail_msg("counts line %zu: %s", where.line, where.slug);
    if (mandates != NULL &&
        pse_count_mandates_read(&c->returns, &where, pse_span_str(mandates)) != PSE_OK)
        fail_msg("mandates line %zu: %s", where.line, where.slug);
}

static inline pse_rc count_by(struct counted *c, enum pse_count_rule rule, uint32_t seats)
{
    struct pse_count_params params = {.seats = seats};

    return pse_count_run(&c->result, &c->arena, &c->lot, rule, &c->ballots, &params);
}

static inline pse_rc count_lists(struct counted *c, enum pse_count_rule rule, uint32_t seats)
{
    struct pse_count_params params = {.seats = seats};

    return pse_count_run_returns(&c->result, &c->arena, &c->lot, rule, &c->returns, &params);
}

/* "6 8 1" of numbers. */
static inline const char *numbers_text(const struct pse_count_numbers *v)
{
    static char text[4][4096];
    static unsigned turn;
    char *out = text[turn++ % 4];
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < v->n; i++)
        n += (size_t)snprintf(out + n, 4096 - n, i == 0 ? "%u" : " %u", (unsigned)v->v[i]);
    return out;
}

/* "2 | 1 3 | 4" of a ranking. */
static inline const char *ranking_text(const struct pse_count_result *r)
{
    static char out[4096];
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < r->ranks; i++)
        n += (size_t)snprintf(out + n, sizeof out - n, i == 0 ? "%s" : " | %s",
                              numbers_text(&r->ranking[i]));
    return out;
}

/* "15 3 4 2" of the totals of stage @p i (from 1), the rest after a comma when there is one. */
static inline const char *totals_text(const struct pse_count_result *r, size_t i)
{
    static char out[8192];
    const struct pse_count_stage *s = &r->stage[i - 1];
    char one[PSE_FIXED_TEXT];
    size_t n = 0;

    assert_true(i >= 1 && i <= r->stages);
    assert_non_null(s->total);
    for (size_t o = 0; o < r->items; o++) {
        (void)pse_count_fixed_encode(one, s->total[o], s->decimals);
        n += (size_t)snprintf(out + n, sizeof out - n, o == 0 ? "%s" : " %s", one);
    }
    if (s->rest > 0) {
        (void)pse_count_fixed_encode(one, s->rest, s->decimals);
        (void)snprintf(out + n, sizeof out - n, ", %s", one);
    }
    return out;
}

#define assert_elected(c, text)   assert_string_equal(numbers_text(&(c).result.elected), text)
#define assert_ranking(c, text)   assert_string_equal(ranking_text(&(c).result), text)
#define assert_totals(c, i, text) assert_string_equal(totals_text(&(c).result, i), text)

#endif
