/* The registrar's private database: who may vote, and which credential is whose.
 *
 * One SQLite file, apart from the sequencer's (ledger.md 12). Persons are sealed rows (seal.h):
 * names, addresses, register numbers and evidence stand in it as ciphertext only; what stands in
 * clear are district, style, weight and dates. A person is found by a keyed hash of the register
 * number or the mail address. Every row carries a mark (keyed hash of its columns), so that a row
 * altered by whoever reaches the file, but not the wrapping key, is named by the audit
 * (voters_audit.h).
 *
 * List versions are chained: version 0 is SHA-256("psephos/1/list" || 0 || eid); version n is
 * SHA-256(version n-1 || u32 count || changes). A change names the person by row number and a
 * commitment (protocol 2.1) to the record, never by name, so the chain can be checked for ever,
 * also after persons were erased.
 *
 * Nothing here knows a clock; days and times are arguments. One handle belongs to one thread, and
 * there is one writer. Not for: HTTP, sessions, files beside the database. */
#ifndef PSE_STORE_VOTERS_H
#define PSE_STORE_VOTERS_H

#include "group/group.h"
#include "store/list.h"
#include "store/seal.h"

struct pse_voters;

/** A new database for the election @p eid. PSE_E_DUPLICATE: the file exists. The wrapper and the
 * random stream outlive the handle. PSE_E_IO, PSE_E_MEMORY. */
PSE_MUST pse_rc pse_voters_create(struct pse_voters **v, const char *path,
                                  const struct pse_wrapper *w, const pse_hash *eid,
                                  struct pse_rng *rng);
/** Open. @p is_reader: a snapshot that can be read beside a running writer, nothing else.
 * PSE_E_MISSING: no file; PSE_E_PROOF: not the wrapping key of this database; PSE_E_SYNTAX: no such
 * database; PSE_E_STATE: somebody else is writing. */
PSE_MUST pse_rc pse_voters_open(struct pse_voters **v, const char *path,
                                const struct pse_wrapper *w, bool is_reader, struct pse_rng *rng);
/** NULL is fine. */
void pse_voters_close(struct pse_voters *v);

const pse_hash *pse_voters_eid(const struct pse_voters *v);
/** Number and hash of the list version that holds now. */
PSE_MUST pse_rc pse_voters_head(struct pse_voters *v, uint32_t *number, pse_hash *hash);

/** Is @p hash that of a version that there is or was? */
bool pse_voters_list_is_known(struct pse_voters *v, const pse_hash *hash);

/* --- persons ---------------------------------------------------------------------------------- */

/** Row of the person with this register number. PSE_E_MISSING: none (also: erased). */
PSE_MUST pse_rc pse_voters_find(struct pse_voters *v, uint64_t *row, struct pse_span id);
/** Row of the listed person with this mail address (compared without case); PSE_E_MISSING: none.
 * PSE_E_DUPLICATE: several, so that the address identifies nobody. */
PSE_MUST pse_rc pse_voters_find_mail(struct pse_voters *v, uint64_t *row, struct pse_span mail);

struct pse_listed_person {
    uint64_t row;
    bool is_listed;
    bool is_erased; /* then the spans are empty */
    pse_hash commitment;
    struct pse_voter voter; /* borrows from the buffer */
};
/** Unseal a person; text goes to @p hold, which the caller wipes (pse_buf_free). PSE_E_MISSING: no
 * such row. PSE_E_PROOF, PSE_E_MISMATCH: the row was altered. */
PSE_MUST pse_rc pse_voters_get(struct pse_voters *v, struct pse_listed_person *out,
                               struct pse_buf *hold, uint64_t row);

/** Destroy the data keys of a person and of the evidence behind its credentials, and the hashes by
 * which it is found. Names cannot be had back after this, from this file or a backup of it made
 * later. The rows stay, as numbers and noise. PSE_E_MISSING; PSE_E_STATE: still on the list. */
PSE_MUST pse_rc pse_voters_erase(struct pse_voters *v, uint64_t row);

/** Voters on the list and their weight, by district; strings live in @p arena. */
struct pse_district_count {
    struct pse_span district;
    uint64_t voters;
    uint64_t weight;
};
PSE_MUST pse_rc pse_voters_districts(struct pse_voters *v, struct pse_district_count **out,
                                     size_t *n, struct pse_arena *arena);

/* --- lists ------------------------------------------------------------------------------------ */

struct pse_list_summary {
    uint64_t before, after;              /* voters on the list */
    uint64_t count[PSE_LIST_REMOVE + 1]; /* changes, by op; [PSE_LIST_STAND]: unchanged */
    uint32_t number;                     /* of the new version */
    pse_hash hash;
    const struct pse_district_count *district_before, *district_after;
    size_t districts_before, districts_after;
};

/** Who looks on while a list is taken in. */
struct pse_list_watch {
    void *ctx;
    /** One change; @p old is NULL for add, @p fresh for remove. */
    void (*change)(void *ctx, enum pse_list_op op, size_t line, const struct pse_voter *old,
                   const struct pse_voter *fresh);
    /** The last word: PSE_OK commits; any other status takes everything back and is returned. */
    pse_rc (*confirm)(void *ctx, const struct pse_list_summary *summary);
};

struct pse_list_source {
    pse_hash file; /* SHA-256 of the list's bytes */
    pse_hash act;  /* of the act that two officers signed */
    uint64_t time;
};

/** Take in @p list as the next version: all of it, or nothing. PSE_E_SYNTAX with @p fault: an id
 * twice ("id-twice"), an addition of somebody on the list ("known"), a change of somebody who is
 * not ("unknown"). PSE_E_MISSING: nothing would change. PSE_E_STATE: somebody else
 * is writing. */
PSE_MUST pse_rc pse_voters_import(struct pse_voters *v, struct pse_list_fault *fault,
                                  const struct pse_list *list, const struct pse_list_source *source,
                                  const struct pse_list_watch *watch);

/* --- credentials ------------------------------------------------------------------------------ */

enum pse_credential_state {
    PSE_CREDENTIAL_ACTIVE = 1,
    PSE_CREDENTIAL_REPLACED = 2, /* void, with every ballot cast by it */
    PSE_CREDENTIAL_REVOKED = 3,
    PSE_CREDENTIAL_PENDING = 4, /* the authority of the voter's certificate has not answered yet */
    PSE_CREDENTIAL_REFUSED = 5, /* it has, and the certificate was revoked; never public */
};

/** Why a registration is refused. */
enum pse_register_refusal {
    PSE_REGISTER_DONE,
    PSE_REGISTER_NOT_LISTED,
    PSE_REGISTER_NOT_YET,   /* eligibility begins later */
    PSE_REGISTER_NO_LONGER, /* eligibility has ended */
    PSE_REGISTER_HAS_ONE,   /* one active credential a voter; ask for a replacement */
    PSE_REGISTER_NONE,      /* nothing to replace */
    PSE_REGISTER_TAKEN,     /* this credential was registered before, by whomever */
    PSE_REGISTER_FULL,      /* more letters of a style and weight than voters */
    PSE_REGISTER_WAITS,     /* the voter's last registration is still pending */
};

struct pse_registration {
    uint64_t person; /* 0: by letter, the person is not known here */
    pse_enc credential;
    uint16_t style; /* by letter only: persons bring theirs */
    uint32_t weight;
    bool is_replacement;
    const pse_enc *old;       /* by letter: the credential to replace */
    struct pse_span evidence; /* what the commitment is to: statement, proof, signature */
    uint32_t day;
    bool is_pending; /* persons only: enters as PSE_CREDENTIAL_PENDING, and replaces nothing yet */
};

/** Register a credential whose proof of possession the caller has verified. District, style and
 * weight are those of the list today; a replacement has those of the old one (protocol 4). Nothing
 * is public until it is released (registrar release). PSE_E_STATE with *why. */
PSE_MUST pse_rc pse_voters_register(struct pse_voters *v, enum pse_register_refusal *why,
                                    const struct pse_registration *r);
/** Register many, all or none. *at: the one that was refused. Statuses as above. */
PSE_MUST pse_rc pse_voters_register_all(struct pse_voters *v, enum pse_register_refusal *why,
                                        size_t *at, const struct pse_registration *r, size_t n);
/** What became of one of many: statuses of pse_voters_register. */
struct pse_registered {
    pse_rc rc;
    enum pse_register_refusal why;
};
/** Register many in one transaction, so that the disk is waited for once; each is taken or refused
 * by itself. When the transaction fails none is taken, and each has its status. */
void pse_voters_register_each(struct pse_voters *v, struct pse_registered *out,
                              const struct pse_registration *r, size_t n);
/** End the wait of a pending credential: with @p evidence, which takes the place of the old under a
 * fresh salt, it becomes active and what it replaces void; with none it is refused for good, and
 * keeps its evidence. PSE_E_STATE with *why: the voter has no right any more, or what was to be
 * replaced is not active (PSE_REGISTER_NONE); nothing is changed then. PSE_E_MISSING: no such row,
 * or not pending. */
PSE_MUST pse_rc pse_voters_qualify(struct pse_voters *v, enum pse_register_refusal *why,
                                   uint64_t row, struct pse_span evidence, uint32_t day);
/** Make an active credential void without another. PSE_E_MISSING, PSE_E_STATE: not active. */
PSE_MUST pse_rc pse_voters_revoke(struct pse_voters *v, const pse_enc *credential);

struct pse_credential_row {
    uint64_t row;
    uint64_t person; /* 0: by letter */
    pse_enc credential;
    uint16_t style;
    uint32_t weight;
    pse_hash commitment;
    enum pse_credential_state state;
    uint64_t replaces; /* row, 0: none */
};
/** Every credential, ascending by row. The callback must not write; it ends the walk with any
 * status but PSE_OK. PSE_E_MISMATCH: a row's mark does not hold (row number in *at). */
PSE_MUST pse_rc pse_voters_credentials(struct pse_voters *v, uint64_t *at, void *ctx,
                                       pse_rc (*each)(void *ctx,
                                                      const struct pse_credential_row *row));
PSE_MUST pse_rc pse_voters_credential(struct pse_voters *v, struct pse_credential_row *out,
                                      uint64_t row);
/** The row of a credential. PSE_E_MISSING. */
PSE_MUST pse_rc pse_voters_credential_find(struct pse_voters *v, struct pse_credential_row *out,
                                           const pse_enc *credential);
/** The first pending credential behind row @p after. PSE_E_MISSING: there is none. */
PSE_MUST pse_rc pse_voters_pending(struct pse_voters *v, struct pse_credential_row *out,
                                   uint64_t after);
/** Salt and evidence behind a commitment, into @p hold. PSE_E_MISSING: no such row, or erased. */
PSE_MUST pse_rc pse_voters_evidence(struct pse_voters *v, uint8_t salt[32], struct pse_buf *hold,
                                    uint64_t row);
/** When credentials were last released (POSIX seconds, 0: never), and note that they are now. */
PSE_MUST pse_rc pse_voters_released(struct pse_voters *v, uint64_t *time);
PSE_MUST pse_rc pse_voters_set_released(struct pse_voters *v, uint64_t time);

/** The `late_roster` rule (identity.md 6): after the opening credentials go public at least 50 at a
 * time, or those that there are once an hour has passed since the last release. */
enum { PSE_RELEASE_BATCH = 50, PSE_RELEASE_PERIOD = 3600 };
bool pse_release_is_due(size_t pending, uint64_t last, uint64_t now);

#endif
