/* Inside room count: what its files share. Not for other rooms. */
#ifndef PSE_COUNT_ROOM_H
#define PSE_COUNT_ROOM_H

#include "count.h"

/* ---- result.c: building a result ---- */

/** An empty result with room for @p stages stages and @p ties ties; elected may hold @p elected. */
PSE_MUST pse_rc pse_result_init(struct pse_count_result *r, struct pse_arena *arena, size_t items,
                                size_t stages, size_t ties, size_t elected);

/** A new stage with zero totals for all items (none without @p totals) in @p stage. */
PSE_MUST pse_rc pse_result_stage(struct pse_count_stage **stage, struct pse_count_result *r,
                                 enum pse_count_action action, uint32_t subject, bool totals);

/** A copy of @p n numbers in the result's arena. */
PSE_MUST pse_rc pse_numbers_copy(struct pse_count_numbers *out, struct pse_arena *arena,
                                 const uint32_t *v, size_t n);

/** Elect @p n options at the latest stage, in the order given. */
PSE_MUST pse_rc pse_result_elect(struct pse_count_result *r, const uint32_t *v, size_t n);

/** Record a tie of the latest stage; @p order has the preferred first. */
PSE_MUST pse_rc pse_result_tie(struct pse_count_tie **tie, struct pse_count_result *r,
                               enum pse_count_way way, const uint32_t *order, size_t n);

/** Draw a lot among @p n numbers, reordered in place, and record it. */
PSE_MUST pse_rc pse_result_lot(struct pse_count_tie **tie, struct pse_count_result *r,
                               struct pse_count_lot *lot, uint32_t *number, size_t n);

/** Put the tied options @p v in order, the one with most votes first, by the most recent stage
 * before the latest at which they differ; those that never differ by lot. Only the choice at one
 * end is decided: with @p last the least of all is found and put last, otherwise the greatest is
 * found and put first. @p first_difference compares from the first stage forwards instead. */
PSE_MUST pse_rc pse_result_settle(struct pse_count_result *r, struct pse_count_lot *lot,
                                  uint32_t *v, size_t n, bool last, bool first_difference);

/** Rank options 1..items by @p score, highest first, equal ones in one group; leaves out the
 * options that @p skip marks (NULL: none). Appends to the ranking. */
PSE_MUST pse_rc pse_result_rank(struct pse_count_result *r, const pse_u128 *score,
                                const bool *skip);

/** Append one group to the ranking. */
PSE_MUST pse_rc pse_result_rank_group(struct pse_count_result *r, const uint32_t *v, size_t n);

/** Elect the first @p seats options of the ranking; a group that does not fit goes by lot. */
PSE_MUST pse_rc pse_result_elect_ranked(struct pse_count_result *r, struct pse_count_lot *lot,
                                        size_t seats);

/** Sort @p v by @p score (indexed by the number), highest first, equal ones by number. */
void pse_sort_scored(uint32_t *v, size_t n, const pse_u128 *score);

/* ---- prefs.c: whose is a ballot ---- */

/** The option for which group @p g counts, from mark @p pos on: the next rank that holds exactly
 * one option of @p standing. 0 = exhausted: no such rank, or one that holds several comes first.
 * @p pos is moved to that rank (or to the end). */
uint8_t pse_prefs_next(const struct pse_count_ballots *b, uint32_t g, uint32_t *pos,
                       const bool standing[PSE_COUNT_OPTIONS_MAX + 1]);

/** standing[o] for every option not withdrawn; returns how many. */
size_t pse_prefs_standing(bool standing[PSE_COUNT_OPTIONS_MAX + 1],
                          const struct pse_count_ballots *b);

/** First preferences into @p total [options] (units of 1), the rest as return value. */
uint64_t pse_prefs_first(pse_u128 *total, const struct pse_count_ballots *b);

/* ---- piles.c: ballots that move from option to option ---- */

/** Who holds each group of ballots, and at what value (units of 10^-decimals). */
struct pse_piles {
    const struct pse_count_ballots *b;
    uint8_t *owner; /* 0 = exhausted */
    uint32_t *pos;
    uint32_t *value;
    bool continuing[PSE_COUNT_OPTIONS_MAX + 1];
    size_t continuings;
    uint32_t excluded[PSE_COUNT_OPTIONS_MAX]; /* in order */
    size_t exclusions;
};

/** Stage 1: first preferences at value @p unit into a new stage of @p r; r->valid. */
PSE_MUST pse_rc pse_piles_start(struct pse_piles *p, struct pse_count_result *r,
                                const struct pse_count_ballots *b, uint32_t unit);

/** A new stage whose totals are those of the latest one. */
PSE_MUST pse_rc pse_piles_stage(struct pse_count_stage **stage, struct pse_count_result *r,
                                enum pse_count_action action, uint32_t subject);

/** Move what @p from holds to the next continuing options, each value first times num/den, rounded
 * down. Credits @p total; returns the sum credited. */
pse_u128 pse_piles_move(struct pse_piles *p, pse_u128 *total, uint32_t from, pse_u128 num,
                        pse_u128 den);

/** The continuing option with the least votes of the latest stage; ties by the most recent stage
 * before it, else by lot. */
PSE_MUST pse_rc pse_piles_least(uint32_t *option, const struct pse_piles *p,
                                struct pse_count_result *r, struct pse_count_lot *lot);

/** Exclude @p option: a new stage in which its votes move on. */
PSE_MUST pse_rc pse_piles_exclude(struct pse_piles *p, struct pse_count_result *r, uint32_t option);

/** Record the exclusion of @p option at the latest stage, without moving anything. */
PSE_MUST pse_rc pse_piles_drop(struct pse_piles *p, struct pse_count_result *r, uint32_t option);

/** The options that continue, by votes of the latest stage, most first, equal ones by number. */
size_t pse_piles_by_votes(uint32_t v[PSE_COUNT_OPTIONS_MAX], const struct pse_piles *p,
                          const struct pse_count_result *r);

/** Ranking of a count by stages: the elected in order, then those continuing by their votes, then
 * the excluded, the last excluded first. */
PSE_MUST pse_rc pse_piles_rank(const struct pse_piles *p, struct pse_count_result *r);

/* ---- the rules; out->rule, source, ballots, seats are set by the caller afterwards ---- */

struct pse_count_job {
    struct pse_count_result *r;
    struct pse_arena *arena;
    struct pse_count_lot *lot;
    const struct pse_count_ballots *b;
    const struct pse_count_returns *returns;
    const struct pse_count_params *params;
    uint32_t seats;
};

typedef pse_rc pse_count_rule_run(const struct pse_count_job *job);

pse_count_rule_run pse_rule_plurality, pse_rule_approval, pse_rule_yesno, pse_rule_dhondt,
    pse_rule_irv, pse_rule_stv_scottish, pse_rule_stv_meek, pse_rule_schulze, pse_rule_borda,
    pse_rule_judgment;
pse_count_rule_run pse_rule_plurality_returns, pse_rule_dhondt_returns, pse_rule_estonia;

/* ---- lists.c: rules by lists ---- */

/** votes / total >= num / den, exactly; never for no votes at all. */
bool pse_share_reached(uint64_t votes, uint64_t total, uint64_t num, uint64_t den);

/** Votes of everybody in constituency @p c (index), or in all with c = PSE_EVERYWHERE; of each
 * party into @p party [parties] unless NULL. */
#define PSE_EVERYWHERE SIZE_MAX
uint64_t pse_returns_votes(uint64_t *party, const struct pse_count_returns *r, size_t c);

/** Sum of mandates; false when it is over PSE_COUNT_MANDATES_MAX. */
bool pse_returns_mandates(uint32_t *sum, const struct pse_count_returns *r);

/** A result of a rule by lists that fills @p mandates, with room for @p stages stages. */
PSE_MUST pse_rc pse_lists_init(const struct pse_count_job *j, uint32_t mandates, size_t stages);

/** A new stage that shows the votes of each party in constituency @p c. */
PSE_MUST pse_rc pse_lists_stage(struct pse_count_stage **stage, const struct pse_count_job *j,
                                enum pse_count_action action, size_t c);

/** Give seats of the latest stage to @p n candidates, in order. */
PSE_MUST pse_rc pse_lists_elect(const struct pse_count_job *j,
                                const struct pse_count_candidate *const *c, size_t n,
                                enum pse_count_action kind);

/** Of the candidates c[0..n), bring the one to be elected next to the front: the most votes, or
 * with @p by_place the best known place in the list. Equal votes are parted by the place in the
 * list where it is known, else by lot. */
PSE_MUST pse_rc pse_lists_next(const struct pse_count_job *j, const struct pse_count_candidate **c,
                               size_t n, bool by_place);

/* ---- wide.c: integers of 768 bits, enough for votes^10 * divisor^9 ---- */

#define PSE_WIDE_WORDS 12

struct pse_wide {
    uint64_t w[PSE_WIDE_WORDS]; /* little-endian words */
};

/** a^i * b^j; aborts on overflow (a < 2^54 with i = 10, b < 2^16 with j = 9 fit). */
void pse_wide_power(struct pse_wide *r, uint64_t a, unsigned i, uint64_t b, unsigned j);
/** -1, 0, 1. */
int pse_wide_cmp(const struct pse_wide *a, const struct pse_wide *b);

/** Compare v1 / n1^0.9 with v2 / n2^0.9 without rounding: -1, 0, 1. n >= 1. */
int pse_estonia_cmp(uint64_t v1, uint32_t n1, uint64_t v2, uint32_t n2);
/** floor(1000 * v / n^0.9), for showing. */
uint64_t pse_estonia_figure(uint64_t v, uint32_t n);

/* ---- text.c: lines and numbers of text files ---- */

/** Lines of a text: LF, CRLF or CR LF mixed, the last one possibly without its newline. */
struct pse_lines {
    struct pse_span rest;
    size_t number; /* of the line last returned */
};

/** The next line without its end; false after the last one. */
bool pse_lines_next(struct pse_lines *l, struct pse_span *line);

/** Drop spaces and tabs on both sides. */
struct pse_span pse_text_trim(struct pse_span s);
/** A decimal number without sign: true and its value, if all of @p s is one that fits. */
bool pse_text_number(uint64_t *v, struct pse_span s);
/** Split off the part before @p sep; false if there is no sep (then head is all of it). */
bool pse_text_cut(struct pse_span *head, struct pse_span *rest, struct pse_span s, char sep);
/** UTF-8 as RFC 3629 has it, without control characters other than tab. */
bool pse_text_is_clean(struct pse_span s);

/** Fail with a slug at a line: fills @p where, returns @p rc. */
pse_rc pse_where_fail(struct pse_count_where *where, size_t line, const char *slug, pse_rc rc);

/* ---- csv.c: RFC 4180 ---- */

#define PSE_CSV_FIELDS_MAX 16

/** Reads records from @p lines. Fields borrow from the text, or, where a doubled quote had to be
 * undone, from the arena. A quoted field may not hold a line break (no format here needs one). */
struct pse_csv {
    struct pse_lines lines;
    struct pse_arena *arena; /* NULL: doubled quotes are refused */
    struct pse_span field[PSE_CSV_FIELDS_MAX];
    size_t fields;
};

/** The next record that is not an empty line. *more is false at the end. */
PSE_MUST pse_rc pse_csv_next(struct pse_csv *csv, bool *more, struct pse_count_where *where);

/** Undo CSV quoting of one field that begins with a quote: its content, and what follows it. */
PSE_MUST pse_rc pse_csv_unquote(struct pse_span *field, struct pse_span *after,
                                struct pse_arena *arena, struct pse_span quoted);

#endif
