/* The result blob (protocol 10) and readable views of it.
 *
 * For: building, reading and checking the blob, and computing per contest what people want to see:
 * totals, groups of equal rankings for lib/count, texts made safe for a screen. Not for: decryption
 * (crypto), which lists there must be (state), who is elected (count).
 *
 * All data is public; nothing here is constant time. */
#ifndef PSE_ELECTION_RESULT_H
#define PSE_ELECTION_RESULT_H

#include "count/count.h"
#include "election/plain.h"

/** A list as the state recomputed it, ascending by (contest, pot) in an array. */
struct pse_result_list {
    const struct pse_contest *contest;
    uint16_t pot;    /* id */
    uint32_t n;      /* ballots */
    uint64_t weight; /* sum of their weights; mix: n */
};

/** A list as it stands in a blob; borrows from the blob. */
struct pse_result_view {
    uint16_t contest, pot; /* ids */
    uint8_t kind;          /* enum pse_kind */
    uint32_t n;
    uint64_t weight;
    uint16_t k;           /* homomorphic */
    uint8_t w;            /* mix */
    const uint8_t *items; /* homomorphic: k x u64; mix: n x (u8 status, w x P0) */
};

/** Exact length of the blob for these lists: 2 + Σ … (protocol 2). */
uint64_t pse_result_len(const struct pse_result_list *list, size_t lists);

/** Build the blob. x[i] points to the decrypted points X of list i (K, or n w row-major). Counts of
 * homomorphic lists are found by discrete logarithm up to weight * m.
 *
 * PSE_E_RANGE: an X is no count in range (the aggregate was wrong). PSE_E_MEMORY. @p out is
 * unchanged on failure. */
PSE_MUST pse_rc pse_result_build(struct pse_buf *out, const struct pse_group *g,
                                 const struct pse_result_list *list, size_t lists,
                                 const pse_point *const *x);

/** Read the layout without knowing the lists. Views live in @p arena, bytes in @p blob.
 * PSE_E_LENGTH, PSE_E_RANGE (kind, order), PSE_E_MEMORY. Points and statuses are not looked at. */
PSE_MUST pse_rc pse_result_parse(struct pse_result_view **view, size_t *views,
                                 struct pse_arena *arena, struct pse_span blob);

enum pse_result_fault {
    PSE_RESULT_V801 = 1,
    PSE_RESULT_V802 = 2,
    PSE_RESULT_V803 = 4,
    PSE_RESULT_V804 = 8,
};

/** Check a blob against the recomputed lists and decrypted points: faults is a set of enum
 * pse_result_fault; after V801 no other is looked at. Needs no discrete logarithm. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_result_check(uint8_t *faults, const struct pse_group *g,
                                 const struct pse_result_list *list, size_t lists,
                                 const pse_point *const *x, struct pse_span blob);

/** Statuses and plaintexts of @p n rows of a mix list from their points. status[i]; plain (may be
 * NULL) receives 30 w bytes a row, zero where invalid. */
PSE_MUST pse_rc pse_result_read_rows(uint8_t *status, uint8_t *plain, const struct pse_group *g,
                                     const struct pse_contest *c, const pse_point *x, size_t n);

/* ---- readable results ---- */

/** A written-in text and how often it occurs. */
struct pse_result_text {
    struct pse_span text; /* UTF-8 as voted */
    uint64_t count;
};

/** One contest, over one list or all its lists together. */
struct pse_tally {
    const struct pse_contest *contest;
    uint32_t ballots;
    uint64_t weight;                /* homomorphic: sum of weights; mix: ballots */
    uint64_t valid, blank, invalid; /* mix; homomorphic: not known one by one, valid = ballots */
    uint64_t *votes; /* [options]: counts, or choices; for rankings first preferences */
    struct pse_count_ballots
        *rankings;                 /* rankings and choices as groups of equal ballots, or NULL */
    struct pse_result_text *texts; /* by descending count, then bytes */
    size_t text_n;
};

/** The tally of contest @p c over all its lists in the blob, or over the list of group @p pot
 * (0 = all). The blob is one that passed V801. PSE_E_MISSING: no such list. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_tally_make(struct pse_tally *out, struct pse_arena *arena,
                               const struct pse_group *g, const struct pse_manifest *m,
                               struct pse_span blob, const struct pse_contest *c, uint16_t pot);

/** Append @p text with control, bidirectional and other invisible characters written as \u{hex} and
 * a backslash as \\. Ill-formed UTF-8 bytes become \x{hex}. */
void pse_text_escape(struct pse_buf *out, struct pse_span text);

/** The whole readable result as one JSON object (public view, docs/results): contests in the order
 * of the manifest with totals; rankings grouped. Check out->rc. */
PSE_MUST pse_rc pse_result_json(struct pse_buf *out, const struct pse_group *g,
                                const struct pse_manifest *m, struct pse_span blob);

#endif
