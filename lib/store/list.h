/* Voter lists as registers hand them over: sheets (CSV) into items, and signed lists of changes.
 *
 * Two forms. A whole list has the columns id, name and style, and of address, mail, district,
 * weight, from, until those that are needed, in any order; it says who is on the list, so whoever
 * is missing is removed. A list of changes has the column op as well (add, alter, move, remove) and
 * says what becomes different. A signed list of changes is canonical: every column in the fixed
 * order of pse_list_put_head, rows ascending by id, CRLF, quotes only where they must be; the
 * issuer's Ed25519 signature covers election, version it builds on, and SHA-256 of the bytes.
 * Not for: what is in the database (voters.h), files. Pure; variable time; personal data, so the
 * arena is wiped by its owner. */
#ifndef PSE_STORE_LIST_H
#define PSE_STORE_LIST_H

#include "codec/codec.h"
#include "election/manifest.h"

enum {
    PSE_VOTER_ID_MAX = 128, /* bytes of UTF-8, here and below */
    PSE_VOTER_NAME_MAX = 400,
    PSE_VOTER_ADDRESS_MAX = 1000,
    PSE_VOTER_MAIL_MAX = 254, /* RFC 5321 */
    PSE_VOTER_DISTRICT_MAX = 200,
    PSE_VOTER_WEIGHT_MAX = 1 << 20, /* protocol 4 */
    PSE_LIST_ITEMS_MAX = 1 << 24,
};

/** One voter, borrowed. Dates are numbers yyyymmdd, 0 for none. */
struct pse_voter {
    struct pse_span id, name, address, mail, district;
    uint16_t style;
    uint32_t weight;
    uint32_t since; /* first day of eligibility */
    uint32_t until; /* last day */
};

enum pse_list_op {
    PSE_LIST_STAND = 0, /* a line of a whole list */
    PSE_LIST_ADD,
    PSE_LIST_ALTER,  /* anything but district and style */
    PSE_LIST_MOVE,   /* district, style (and what else the line says) */
    PSE_LIST_REMOVE, /* only the id counts */
};
/** "add", … */
const char *pse_list_op_name(enum pse_list_op op);

struct pse_list_item {
    enum pse_list_op op;
    size_t line;
    struct pse_voter voter;
};

struct pse_list {
    bool is_whole;
    struct pse_list_item *item; /* in the arena */
    size_t n;
};

/** Why a list is refused; slugs are stable: "utf8", "sheet", "column-unknown", "column-twice",
 * "column-missing", "fields", "id", "id-twice", "name", "address", "mail", "district", "style",
 * "weight", "weight-mix", "date", "dates-order", "op", "remove-fields", "known", "unknown",
 * "canonical", "limit", "empty". */
struct pse_list_fault {
    size_t line;
    const char *slug;
};

/** Read @p csv; styles and weights are checked against @p m. Strings are copied into @p arena.
 * PSE_E_SYNTAX with @p fault, PSE_E_LIMIT (more than PSE_LIST_ITEMS_MAX lines), PSE_E_MEMORY. */
PSE_MUST pse_rc pse_list_read(struct pse_list *out, struct pse_arena *arena,
                              struct pse_list_fault *fault, const struct pse_manifest *m,
                              struct pse_span csv);
/** Canonical bytes of a list of changes (sorted here). PSE_E_DUPLICATE: an id twice. */
PSE_MUST pse_rc pse_list_write(struct pse_buf *out, struct pse_list *list);

/** The issuer's signature over "psephos/1/list-changes" || 0 || eid || base || SHA-256(csv). */
PSE_MUST pse_rc pse_list_sign(uint8_t sig[64], const pse_seed *seed, const pse_hash *eid,
                              const pse_hash *base, struct pse_span csv);
/** PSE_E_SIGNATURE. */
PSE_MUST pse_rc pse_list_verify(const pse_edkey *issuer, const pse_hash *eid, const pse_hash *base,
                                struct pse_span csv, const uint8_t sig[64]);
/** Refuse a list that pse_list_write would write otherwise: PSE_E_ENCODING, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_list_is_canonical(const struct pse_list *list, struct pse_span csv);

/** The day of POSIX seconds in UTC as yyyymmdd. */
uint32_t pse_day_of(uint64_t time);
/** Has @p v the right to vote on that day? */
bool pse_voter_is_eligible(const struct pse_voter *v, uint32_t day);

#endif
