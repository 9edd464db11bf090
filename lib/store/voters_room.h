/* Inside of the voter database; for voters*.c and login.c only. */
#ifndef PSE_STORE_VOTERS_ROOM_H
#define PSE_STORE_VOTERS_ROOM_H

#include "store/sql.h"
#include "store/voters.h"

struct pse_voters {
    sqlite3 *db;
    const struct pse_wrapper *w;
    struct pse_rng *rng;
    pse_hash eid;
    pse_seal_key lookup; /* of keyed hashes and marks; wrapped in table meta */
};

enum { PSE_VOTER_RECORD_MAX = 4096, PSE_ROW_MARK_MAX = 8192, PSE_EVIDENCE_MAX = 1 << 20 };

/** Columns of a person row but for its keys. */
struct person_columns {
    uint64_t row;
    bool is_listed;
    uint32_t list; /* version of its latest change */
    struct pse_span district;
    uint16_t style;
    uint32_t weight, since, until;
    pse_hash commitment;
};

/** The mark of a row: keyed hash over its columns, written one after the other into @p columns. */
void voters_mark(pse_hash *out, const struct pse_voters *v, const char *table,
                 const struct pse_buf *columns);
void person_mark(pse_hash *out, const struct pse_voters *v, const struct person_columns *c,
                 struct pse_span lookup, struct pse_span mail);
void credential_mark(pse_hash *out, const struct pse_voters *v, const struct pse_credential_row *r);

void id_lookup(pse_hash *out, const struct pse_voters *v, struct pse_span id);
void mail_lookup(pse_hash *out, const struct pse_voters *v, struct pse_span mail);

/** Small facts in table meta, each with its mark. PSE_E_MISMATCH: altered. */
PSE_MUST pse_rc meta_put(struct pse_voters *v, const char *name, struct pse_span value);
PSE_MUST pse_rc meta_get(struct pse_voters *v, const char *name, void *value, size_t n);
PSE_MUST pse_rc meta_get_u64(struct pse_voters *v, const char *name, uint64_t *value);
PSE_MUST pse_rc meta_put_u64(struct pse_voters *v, const char *name, uint64_t value);

/** Seal @p voter with a fresh salt and write its row (new when c->row is 0); sets c->row and
 * c->commitment. */
PSE_MUST pse_rc person_put(struct pse_voters *v, struct person_columns *c,
                           const struct pse_voter *voter);
/** Write the columns of a row whose sealed record stays. */
PSE_MUST pse_rc person_touch(struct pse_voters *v, const struct person_columns *c);
/** The columns without unsealing. PSE_E_MISSING, PSE_E_MISMATCH (mark). District borrows @p q. */
PSE_MUST pse_rc person_columns_of(struct person_columns *c, const struct pse_voters *v,
                                  sqlite3_stmt *q);
/** What person_columns_of and friends read, in this order. */
#define PERSON_SELECT                                                                      \
    "SELECT row, listed, list, district, style, weight, since, until, commitment, lookup," \
    " mail, mark, wrapped, sealed FROM person"
/** Open the record behind q's row. */
PSE_MUST pse_rc person_open(struct pse_listed_person *out, struct pse_buf *hold,
                            struct pse_voters *v, sqlite3_stmt *q);

#define CREDENTIAL_SELECT                                                                    \
    "SELECT row, person, credential, style, weight, commitment, state, replaces, mark FROM " \
    "credential"
PSE_MUST pse_rc credential_of(struct pse_credential_row *out, const struct pse_voters *v,
                              sqlite3_stmt *q);

/** One change as the chain holds it. */
struct change_columns {
    enum pse_list_op op;
    struct person_columns person;
};
void change_put(struct pse_buf *out, const struct change_columns *c);
void list_mark(pse_hash *out, const struct pse_voters *v, uint32_t number, const pse_hash *hash,
               uint64_t changes, const struct pse_list_source *source);
/** Version 0. */
void list_first_hash(pse_hash *out, const pse_hash *eid);

#endif
