/* The readers of room count. The first byte chooses one; what it accepts is counted and printed, so
 * that rules meet every ballot a file can hold. */
#include <stdint.h>

#include "count/counting.h"

enum { MEMORY = 64 << 20 };
enum { BLT, PREFLIB, COUNTS, MANDATES, DOCUMENT, READERS };

static void print(const struct pse_count_result *r)
{
    struct pse_buf out = PSE_BUF(8 << 20);

    if (pse_count_json_write(&out, r, 0) == PSE_OK && pse_count_text_write(&out, r) == PSE_OK)
        PSE_REQUIRE(out.n > 0);
    pse_buf_free(&out);
}

static void count_ballots(struct pse_arena *arena, const struct pse_count_ballots *b)
{
    for (enum pse_count_rule rule = 0; rule < PSE_RULES; rule++) {
        struct pse_count_params params = {.seats = rule % 2 == 0 ? 0 : 1};
        struct pse_count_result r;
        struct pse_count_lot lot;

        pse_count_lot_public(&lot);
        /* Many candidates or seats only make a run slow. */
        if (b->options <= 16 && b->seats <= 64 &&
            pse_count_run(&r, arena, &lot, rule, b, &params) == PSE_OK)
            print(&r);
    }
}

static void count_returns(struct pse_arena *arena, const struct pse_count_returns *r)
{
    static const enum pse_count_rule rules[] = {PSE_RULE_PLURALITY, PSE_RULE_DHONDT,
                                                PSE_RULE_ESTONIA};

    for (size_t i = 0; i < 3; i++) {
        struct pse_count_params params = {.seats = 5};
        struct pse_count_result result;
        struct pse_count_lot lot;

        pse_count_lot_public(&lot);
        if (pse_count_run_returns(&result, arena, &lot, rules[i], r, &params) == PSE_OK)
            print(&result);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char small[] = "constituency,candidate_number,party,votes\n1,1,A,5\n2,2,B,5\n";
    struct pse_span text = pse_span(size > 0 ? data + 1 : data, size > 0 ? size - 1 : 0);
    struct pse_count_ballots ballots;
    struct pse_count_returns returns;
    struct pse_count_where where;
    struct pse_json_fault fault;
    struct pse_counting counting;

    if (size == 0)
        return 0;
    PSE_ARENA(arena, MEMORY);
    switch (data[0] % READERS) {
    case BLT:
        if (pse_count_blt_read(&ballots, &arena, &where, text) == PSE_OK)
            count_ballots(&arena, &ballots);
        break;
    case PREFLIB:
        if (pse_count_preflib_read(&ballots, &arena, &where, text) == PSE_OK)
            count_ballots(&arena, &ballots);
        break;
    case COUNTS:
        if (pse_count_returns_read(&returns, &arena, &where, text) == PSE_OK)
            count_returns(&arena, &returns);
        break;
    case MANDATES:
        if (pse_count_returns_read(&returns, &arena, &where, pse_span_str(small)) == PSE_OK &&
            pse_count_mandates_read(&returns, &where, text) == PSE_OK)
            count_returns(&arena, &returns);
        break;
    default:
        if (pse_counting_parse(&counting, &fault, &arena, text) == PSE_OK)
            PSE_REQUIRE(counting.counts <= PSE_COUNTING_COUNTS_MAX);
        break;
    }
    return 0;
}
