/* Room count: from counted ballots to who is elected.
 *
 * For: the counting rules (plurality, approval, yes/no, d'Hondt, Estonia, instant run-off, Scottish
 * and Meek transferable votes, Schulze, Borda, majority judgment), the readers of ballot and count
 * files, the counting document of a manifest, and the printing of a count. Not for: cryptography,
 * files, deciding which ballots count (election). The exact definition of each rule, of each file
 * format and of both JSON schemas is docs/counting.md; this header is the manual of the functions.
 *
 * Arithmetic is integer or fixed-point throughout; there is no floating point anywhere in this
 * room, so every machine counts alike. Everything here is public data: nothing is constant time.
 * No function keeps a reference to memory of its own: results live in the caller's arena, and
 * borrow names from the text that was read, so text and arena outlive the result. Functions are
 * safe in parallel on different arenas.
 *
 * Statuses shared by all functions: PSE_E_MEMORY when the arena's maximum is reached. Outputs are
 * valid only on PSE_OK; on failure they are zeroed, but for the position that a reader reports. */
#ifndef PSE_COUNT_COUNT_H
#define PSE_COUNT_COUNT_H

#include "base/base.h"

/** A total in units of 10^-decimals. 2^40 ballots at nine decimals need 70 bits. */
__extension__ typedef unsigned __int128 pse_u128;

#define PSE_COUNT_OPTIONS_MAX        255                 /* protocol 2.3 */
#define PSE_COUNT_BALLOTS_MAX        (UINT64_C(1) << 40) /* protocol 4: sum of weights is below it */
#define PSE_COUNT_GROUPS_MAX         (UINT32_C(1) << 24)
#define PSE_COUNT_CANDIDATES_MAX     65535
#define PSE_COUNT_PARTIES_MAX        1024
#define PSE_COUNT_CONSTITUENCIES_MAX 4096
#define PSE_COUNT_MANDATES_MAX       10000 /* of a whole election */

/* ---- Rules ---- */

enum pse_count_rule {
    PSE_RULE_PLURALITY,
    PSE_RULE_APPROVAL,
    PSE_RULE_YESNO,
    PSE_RULE_DHONDT,
    PSE_RULE_ESTONIA,
    PSE_RULE_IRV,
    PSE_RULE_STV_SCOTTISH,
    PSE_RULE_STV_MEEK,
    PSE_RULE_SCHULZE,
    PSE_RULE_BORDA,
    PSE_RULE_MAJORITY_JUDGMENT,
    PSE_RULES
};

/** The rule's name on command lines and in JSON ("stv-scottish"). */
const char *pse_count_rule_name(enum pse_count_rule rule);
/** PSE_E_UNSUPPORTED for a name that is no rule. */
PSE_MUST pse_rc pse_count_rule_find(enum pse_count_rule *rule, struct pse_span name);

/* ---- Ballots ---- */

/** One mark of a ballot: an option (1..options) and its rank (1 = best) or grade (1 = best). */
struct pse_count_mark {
    uint8_t option;
    uint8_t rank;
};

/** Groups of equal ballots. Marks of a group stand in ascending order of rank; options that share
 * a rank are equal; an option occurs at most once in a group. Ballots without any mark are counted
 * in @c blank and form no group. Ballots may stop early. */
struct pse_count_ballots {
    uint16_t options;
    uint16_t seats;  /* as the file states, 0 if it does not */
    uint16_t grades; /* categories of a graded ballot, 0 for rankings */
    uint64_t blank;
    uint64_t total; /* all ballots, blank ones included */
    uint32_t groups;
    uint64_t *count;             /* [groups] */
    uint32_t *at;                /* [groups + 1]: marks at[g] .. at[g + 1] - 1 belong to group g */
    struct pse_count_mark *mark; /* [at[groups]] */
    bool withdrawn[PSE_COUNT_OPTIONS_MAX + 1];
    struct pse_span *name;       /* [options + 1], by number; empty where unknown */
    struct pse_span *grade_name; /* [grades + 1] */
    struct pse_span title;
    uint32_t groups_max, marks_max;
};

/** Empty ballots with room for @p groups_max groups of @p marks_max marks in all.
 * PSE_E_LIMIT: options outside 1..255 or too many groups or marks. */
PSE_MUST pse_rc pse_count_ballots_init(struct pse_count_ballots *b, struct pse_arena *arena,
                                       size_t options, size_t groups_max, size_t marks_max);

/** Add @p count equal ballots. PSE_E_RANGE: an option beyond the last one, count 0, a rank of 0,
 * ranks not ascending, a grade above @c grades; PSE_E_DUPLICATE: an option twice; PSE_E_LIMIT: more
 * than 2^40 ballots, or no room left. Nothing is added on failure. */
PSE_MUST pse_rc pse_count_ballots_add(struct pse_count_ballots *b, uint64_t count,
                                      const struct pse_count_mark *mark, size_t marks);

/** The ballots of a contest of which only the votes of each option are known: one group of single
 * marks an option, none for an option without votes. Room is taken from @p arena. */
PSE_MUST pse_rc pse_count_ballots_totals(struct pse_count_ballots *b, struct pse_arena *arena,
                                         const uint64_t *votes, size_t options);

/* ---- Votes by candidate: lists, constituencies, mandates ---- */

#define PSE_COUNT_INDEPENDENT 0xFFFF

struct pse_count_candidate {
    uint32_t number;       /* unique in the election */
    uint16_t constituency; /* index */
    uint16_t party;        /* index, or PSE_COUNT_INDEPENDENT: stands alone */
    uint32_t list;         /* place in the party's (national) list, 1 = top; 0 = not known */
    uint64_t votes;
};

struct pse_count_constituency {
    struct pse_span name;
    uint32_t mandates;
};

/** The votes of an election by lists. The order of @c party is the order of the consolidated list
 * of candidates, which some laws use to settle ties. */
struct pse_count_returns {
    struct pse_count_candidate *candidate; /* ascending by (constituency, number) */
    size_t candidates;
    struct pse_span *party;
    size_t parties;
    struct pse_count_constituency *constituency;
    size_t constituencies;
    uint64_t blank; /* ballots that name nobody */
    bool listed;    /* places in lists are known */
};

/** The invariants of a struct pse_count_returns that somebody filled by hand: indices in range,
 * numbers unique and not 0, order, votes at most 2^40 in all, limits. */
PSE_MUST pse_rc pse_count_returns_check(const struct pse_count_returns *r);

/* ---- Lots ---- */

/** Where lots come from. The k-th lot of a count (k = 1, 2, ...) among options n_1, n_2, ... puts
 * them in ascending byte order of SHA-512(seed || u32 k || u32 n_i), integers big-endian. The
 * first in that order is preferred: elected, kept, or transferred first. An election's seed is the
 * one of design "Counting"; without a record the seed is 64 zero bytes, known to all, and
 * the count says so: whoever holds the election must then draw a lot of their own. */
struct pse_count_lot {
    uint8_t seed[64];
    bool is_drawn; /* the seed is the election's, not the fixed public one */
    uint32_t drawn;
};

/** The fixed public source: 64 zero bytes. */
void pse_count_lot_public(struct pse_count_lot *lot);
/** The source of an election, from its 64-byte seed. */
void pse_count_lot_seed(struct pse_count_lot *lot, const uint8_t seed[64]);
/** Draw the next lot: reorder @p number in place. Required: 1 <= n <= 65535, numbers distinct. */
PSE_MUST pse_rc pse_count_lot_draw(struct pse_count_lot *lot, uint32_t *number, size_t n);

/* ---- Results ---- */

enum pse_count_action {
    PSE_ACTION_COUNT,        /* votes, approvals or points as counted */
    PSE_ACTION_FIRST,        /* first preferences */
    PSE_ACTION_SURPLUS,      /* the surplus of `subject` was transferred */
    PSE_ACTION_EXCLUSION,    /* `subject` was excluded and its votes transferred */
    PSE_ACTION_ROUND,        /* Meek: votes of a round after its keep values settled */
    PSE_ACTION_LAST,         /* the last vacancies filled without a transfer */
    PSE_ACTION_PAIRWISE,     /* ballots that prefer `subject` to each option */
    PSE_ACTION_PATHS,        /* strength of the strongest path from `subject` to each option */
    PSE_ACTION_GRADE,        /* ballots that give each option the grade `subject` */
    PSE_ACTION_MEDIAN,       /* median grade of each option */
    PSE_ACTION_PERSONAL,     /* Estonia: personal mandates of a constituency */
    PSE_ACTION_DISTRICT,     /* Estonia: district mandates of a party in a constituency */
    PSE_ACTION_COMPENSATION, /* Estonia: one compensation mandate */
    PSE_ACTION_SEAT,         /* d'Hondt: one seat */
    PSE_ACTIONS
};

struct pse_count_numbers {
    uint32_t *v;
    size_t n;
};

/** One stage. Totals are at the end of the stage. */
struct pse_count_stage {
    enum pse_count_action action;
    uint8_t decimals;      /* totals, quota and rest are in units of 10^-decimals */
    uint32_t subject;      /* option or grade, 0 = none */
    uint32_t constituency; /* index + 1, 0 = none */
    uint32_t party;        /* index + 1, 0 = none (an independent) */
    pse_u128 *total;       /* [items], or NULL */
    pse_u128 quota;        /* 0 = none; of a seat: the quotient that won it, rounded down */
    pse_u128 rest;         /* non-transferable and lost to fractions */
    struct pse_count_numbers elected;
    struct pse_count_numbers excluded;
};

enum pse_count_way {
    PSE_WAY_EARLIER, /* an earlier stage told them apart */
    PSE_WAY_LOT,     /* by lot */
    PSE_WAY_LIST,    /* the place in a list that the law names */
    PSE_WAYS
};

struct pse_count_tie {
    uint32_t stage; /* 1.. */
    enum pse_count_way way;
    uint32_t lot;                   /* number of the lot, 0 unless way is PSE_WAY_LOT */
    uint32_t earlier;               /* the stage that told, 0 unless way is PSE_WAY_EARLIER */
    struct pse_count_numbers order; /* all concerned, the preferred first */
    bool of_parties;                /* numbers are parties (index + 1), not options */
};

/** An elected candidate of a rule by lists. */
struct pse_count_seat {
    uint32_t number;
    uint16_t constituency, party; /* indices; party may be PSE_COUNT_INDEPENDENT */
    enum pse_count_action kind;
};

/** A whole count. For rules on ballots the items are options 1..items; for rules by lists they are
 * parties 1..items and @c returns is set. */
struct pse_count_result {
    enum pse_count_rule rule;
    uint64_t ballots; /* all, blank ones included */
    uint64_t valid;   /* those that count for something at the first stage */
    uint32_t seats;   /* asked for */
    uint8_t decimals; /* of the stages, unless a stage says otherwise */
    size_t items;
    const struct pse_count_ballots *source;
    const struct pse_count_returns *returns;
    bool lots_public;                  /* a lot was drawn from the fixed public seed */
    bool carried;                      /* yesno only */
    struct pse_count_numbers elected;  /* in order of election */
    struct pse_count_numbers *ranking; /* groups of equals, best first */
    size_t ranks;
    struct pse_count_stage *stage;
    size_t stages;
    struct pse_count_tie *tie;
    size_t ties;
    struct pse_count_seat *seat; /* rules by lists: as elected, [elected.n] */
    uint32_t *party_seats;       /* rules by lists: [items] */
    size_t stages_max, ties_max;
    struct pse_arena *arena;
};

/** Parameters of a count. Zero means the default stated. */
struct pse_count_params {
    uint32_t seats; /* 0: as the ballots state, else 1 (d'Hondt without mandates: required) */
    /** yesno: carried iff yes / (yes + no) > num/den, or >= when inclusive. 0/0: 1/2. */
    uint32_t majority_num, majority_den;
    bool majority_inclusive;
    /** by lists: a party takes part from num/den of all votes. 0/0: d'Hondt none, Estonia 5/100. */
    uint32_t threshold_num, threshold_den;
};

/** Count ballots by @p rule. @p lot is advanced by the lots drawn.
 *
 * PSE_E_UNSUPPORTED: the rule does not count such ballots (estonia needs returns; irv, yesno and
 * majority-judgment fill one seat only; majority-judgment needs grades; grades are understood by
 * majority-judgment, approval, borda and schulze alone).
 * PSE_E_RANGE: parameters out of range, yesno with other than 2 or 3 options, or no option stands.
 */
PSE_MUST pse_rc pse_count_run(struct pse_count_result *out, struct pse_arena *arena,
                              struct pse_count_lot *lot, enum pse_count_rule rule,
                              const struct pse_count_ballots *ballots,
                              const struct pse_count_params *params);

/** Count votes by candidate: plurality, dhondt, estonia. Each constituency fills its mandates; if
 * none has any, plurality and dhondt treat all as one constituency with params->seats.
 *
 * PSE_E_UNSUPPORTED: another rule. PSE_E_MISSING: no mandates where the rule needs them (estonia:
 * in every constituency; others: some but not all). PSE_E_RANGE: parameters out of range. */
PSE_MUST pse_rc pse_count_run_returns(struct pse_count_result *out, struct pse_arena *arena,
                                      struct pse_count_lot *lot, enum pse_count_rule rule,
                                      const struct pse_count_returns *returns,
                                      const struct pse_count_params *params);

/* ---- Readers ---- */

/** Where and why a reader refused: a line (1.., 0 = the file as a whole) and a stable slug that
 * programs turn into words ("blt-option-range"). The slugs are listed in docs/counting.md. */
struct pse_count_where {
    size_t line;
    const char *slug;
};

/** Read a BLT file. Memory: at most 8 bytes of arena for a byte of text. */
PSE_MUST pse_rc pse_count_blt_read(struct pse_count_ballots *out, struct pse_arena *arena,
                                   struct pse_count_where *where, struct pse_span text);

/** Read a PrefLib file: .soi .soc .toi .toc rankings or .cat categories, as its DATA TYPE says. */
PSE_MUST pse_rc pse_count_preflib_read(struct pse_count_ballots *out, struct pse_arena *arena,
                                       struct pse_count_where *where, struct pse_span text);

/** Read `constituency,candidate_number,party,votes[,list]` with that header line. A party that is
 * empty, `independent` or `Üksikkandidaadid` makes the candidate stand alone. */
PSE_MUST pse_rc pse_count_returns_read(struct pse_count_returns *out, struct pse_arena *arena,
                                       struct pse_count_where *where, struct pse_span text);

/** Read `constituency,mandates` into the constituencies of @p r, each of which must occur once. */
PSE_MUST pse_rc pse_count_mandates_read(struct pse_count_returns *r, struct pse_count_where *where,
                                        struct pse_span text);

/* ---- Printing ---- */

enum { PSE_FIXED_TEXT = 64 };

/** @p v / 10^decimals with exactly that many digits after the point, and a zero byte; the number
 * of characters. */
size_t pse_count_fixed_encode(char out[PSE_FIXED_TEXT], pse_u128 v, unsigned decimals);

/** Stable names, as in JSON: "surplus", "lot", ... */
const char *pse_count_action_name(enum pse_count_action action);
const char *pse_count_way_name(enum pse_count_way way);

/** One JSON object and a newline: docs/counting.md "JSON of a count". @p indent as in codec's
 * writer. Returns the buffer's status. */
PSE_MUST pse_rc pse_count_json_write(struct pse_buf *out, const struct pse_count_result *r,
                                     unsigned indent);

/** Text for people: the stages as tables, the ties, who is elected. Names are escaped for display.
 * Returns the buffer's status. */
PSE_MUST pse_rc pse_count_text_write(struct pse_buf *out, const struct pse_count_result *r);

#endif
