/* The result blob (protocol 10) and readable views of it.
 *
 * For: building, reading and checking the blob, and computing per contest what people want to see:
 * totals, groups of equal rankings for lib/count, texts (made safe for a screen by
 * pse_utf8_put_escaped). Not for: decryption
 * (crypto), which lists there must be (state), who is elected (count).
 *
 * All data is public; nothing here is constant time. */
#ifndef PSE_ELECTION_RESULT_H
#define PSE_ELECTION_RESULT_H

#include "codec/json_write.h"
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
uint64_t pse_result_blob_len(const struct pse_result_list *list, size_t lists);

/** Build the blob. x[i]: encodings (P0) of the decrypted points X of list i, K or n w row-major, as
 * pse_decrypt_combine gives them. Counts are found by discrete logarithm up to weight * m.
 *
 * PSE_E_RANGE: an X is no count in range (the aggregate was wrong). PSE_E_LENGTH: x[i] is not that
 * long. PSE_E_ENCODING. PSE_E_MEMORY. @p out is appended to, and unchanged on failure. */
PSE_MUST pse_rc pse_result_blob_build(struct pse_buf *out, const struct pse_group *g,
                                      const struct pse_result_list *list, size_t lists,
                                      const struct pse_span *x);

/** Read the layout without knowing the lists. Views live in @p arena, bytes in @p blob. Points and
 * statuses are not looked at. PSE_E_LENGTH, PSE_E_RANGE (kind, order), PSE_E_MEMORY. */
PSE_MUST pse_rc pse_result_blob_parse(struct pse_result_view **view, size_t *views,
                                      struct pse_arena *arena, struct pse_span blob);

/** V801 but for the points: layout, and exactly these lists in order with their kinds, K, w, N and
 * weights. Gives one view a list at view[lists]. PSE_E_LENGTH, PSE_E_MISMATCH. */
PSE_MUST pse_rc pse_result_blob_match(struct pse_result_view *view,
                                      const struct pse_result_list *list, size_t lists,
                                      struct pse_span blob);

/** The counts of a homomorphic view: [k], for pse_count_check (V802). */
void pse_result_counts(uint64_t *count, const struct pse_result_view *view);
/** The points of a mix view without the statuses: 32 n w bytes, for pse_decrypt_check (V803, whose
 * PSE_E_ENCODING is V801: points not canonical). */
void pse_result_points(uint8_t *points, const struct pse_result_view *view);

/** V804: every status of a mix view is that of its points (which are canonical), in parallel on the
 * group's pool. PSE_E_MISMATCH, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_result_statuses_check(const struct pse_group *g, const struct pse_contest *c,
                                          const struct pse_result_view *view);

/** Statuses and plaintexts of @p n rows of a mix list from encodings of their points, @p stride
 * bytes from row to row: status[i]; plain (may be NULL) receives 30 w bytes a row, zero where
 * invalid. In parallel on the group's pool. */
void pse_result_read_rows(uint8_t *status, uint8_t *plain, const struct pse_group *g,
                          const struct pse_contest *c, const uint8_t *points, size_t stride,
                          size_t n);

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
    uint64_t valid, blank, invalid; /* mix; homomorphic hides them: valid = ballots, others 0 */
    uint64_t *votes; /* [options]: counts, or choices; for rankings first preferences */
    /** For lib/count; NULL for a contest without options. Mix: valid choices and rankings as groups
     * of equal ballots (texts are not in it), blank ones counted. Homomorphic: one group an option
     * with its votes, so first marks count rightly; ballots and blanks too when max is 1. Names are
     * the options' in the manifest's first language. */
    struct pse_count_ballots *rankings;
    struct pse_result_text *texts; /* by descending count, then bytes */
    size_t text_n;
};

/** The tally of contest @p c over all its lists in the blob, or over the list of group @p pot
 * (0 = all). Borrows from the manifest; the rest is in @p arena. PSE_E_MISSING: no such
 * list. PSE_E_MISMATCH: the blob is not this manifest's. PSE_E_MEMORY; blob's form as
 * pse_result_blob_parse. Working memory: about 70 w bytes a ballot of a mix contest. */
PSE_MUST pse_rc pse_tally_make(struct pse_tally *out, struct pse_arena *arena,
                               const struct pse_group *g, const struct pse_manifest *m,
                               struct pse_span blob, const struct pse_contest *c, uint16_t pot);

/** Write the readable result as the array @p name (NULL: not a member) of contests in the order of
 * the manifest: titles, totals, votes by option; rankings grouped; texts with their numbers.
 * Statuses as pse_tally_make; the array is then unfinished and the output worthless. */
PSE_MUST pse_rc pse_result_json(struct pse_json_wr *w, const char *name, const struct pse_group *g,
                                const struct pse_manifest *m, struct pse_span blob);

#endif
