/* Log entries: frame, bodies, builders and signatures (protocol 2.1).
 *
 * For: parsing the bytes of one entry into a tagged struct (V906), checking a role signature
 * (V907), the leaf hash, and building every role entry. Not for: whether an entry is allowed now
 * (V908 and all rules that need the log: state), nor what is inside a ballot (ballot.h).
 *
 * Parsed entries borrow from the bytes they were read from. Stateless, so entries may be parsed in
 * parallel. Public data, variable time, except signing. */
#ifndef PSE_ELECTION_ENTRY_H
#define PSE_ELECTION_ENTRY_H

#include "election/manifest.h"

enum pse_entry_type {
    PSE_ENTRY_SETUP = 0x01,
    PSE_ENTRY_STATEMENT = 0x02,
    PSE_ENTRY_INCIDENT = 0x03,
    PSE_ENTRY_DKG_COMMIT = 0x10,
    PSE_ENTRY_DKG_REVEAL = 0x11,
    PSE_ENTRY_DKG_SHARES = 0x12,
    PSE_ENTRY_DKG_COMPLAINT = 0x13,
    PSE_ENTRY_DKG_CONFIRM = 0x14,
    PSE_ENTRY_ROSTER = 0x20,
    PSE_ENTRY_CREDENTIAL_CHANGE = 0x21,
    PSE_ENTRY_OPEN = 0x30,
    PSE_ENTRY_BALLOT = 0x31,
    PSE_ENTRY_BALLOT_REVOKE = 0x32,
    PSE_ENTRY_CLOSE = 0x40,
    PSE_ENTRY_FREEZE = 0x41,
    PSE_ENTRY_MIX_END = 0x42,
    PSE_ENTRY_MIX = 0x50,
    PSE_ENTRY_DECRYPT = 0x51,
    PSE_ENTRY_RESULT = 0x60,
    PSE_ENTRY_ABORT = 0x6e,
    PSE_ENTRY_END = 0x6f,
};

enum pse_role {
    PSE_ROLE_NONE = 0, /* ballots */
    PSE_ROLE_AUTHORITY = 1,
    PSE_ROLE_REGISTRAR = 2,
    PSE_ROLE_BOARD = 3,
    PSE_ROLE_TRUSTEE = 4,
    PSE_ROLE_MIXER = 5,
};

#define PSE_OTHER 255u /* kind, class, reason or code "other" */

enum {
    PSE_STATEMENT_INFORMATION = 1,
    PSE_STATEMENT_CORRECTION,
    PSE_STATEMENT_SCHEDULE,
    PSE_STATEMENT_RESULT
};
enum {
    PSE_INCIDENT_AVAILABILITY = 1,
    PSE_INCIDENT_INTEGRITY,
    PSE_INCIDENT_SECRECY,
    PSE_INCIDENT_PROCEDURE
};
enum { PSE_CHANGE_REPLACE = 1, PSE_CHANGE_REVOKE = 2 };
enum { PSE_REVOKE_REVOKE = 1, PSE_REVOKE_RESTORE = 2 };
enum {
    PSE_REASON_PAPER = 1,
    PSE_REASON_NOT_ENTITLED,
    PSE_REASON_COMPROMISED,
    PSE_REASON_REQUEST
}; /* credential-change and ballot-revoke */
enum { PSE_CLOSE_SCHEDULED = 1, PSE_CLOSE_EARLY, PSE_CLOSE_EXTENDED };
enum { PSE_ABORT_CEREMONY = 1, PSE_ABORT_TRUSTEES, PSE_ABORT_SECURITY, PSE_ABORT_DECISION };

#define PSE_ROSTER_MAX 900u /* records of one roster entry */

/** One roster record. */
struct pse_roster_record {
    pse_enc credential;
    uint16_t style; /* id */
    uint32_t weight;
    pse_hash commitment;
};

/** An entry, parsed. Every encoded field has been checked as V906 asks: points and scalars of role
 * entries are canonical except in dkg-reveal and dkg-shares. */
struct pse_entry {
    uint8_t type; /* enum pse_entry_type */
    uint8_t role, index;
    struct pse_span raw;  /* the whole entry */
    struct pse_span body; /* role entries; empty for a ballot */
    union {
        struct {
            uint32_t manifest_len;
            pse_hash policy;
        } setup;
        struct {
            uint8_t kind;
            pse_hash blob;
            struct pse_span language, media_type, title;
        } statement;
        struct {
            uint8_t class_;
            uint64_t time;
            pse_hash commitment;
        } incident;
        struct {
            uint8_t digest[64];
        } dkg_commit;
        struct {
            struct pse_span proof; /* the reveal body ρ: 32 t + 64 bytes, unchecked (V202) */
        } dkg_reveal;
        struct {
            struct pse_span records; /* 128 (n - 1) bytes, unchecked (V203) */
        } dkg_shares;
        struct {
            uint8_t dealer;
            pse_enc k, t1, t2;
            pse_scalar z;
        } dkg_complaint;
        struct {
            pse_enc y, v, r;
            pse_scalar z;
        } dkg_confirm;
        struct {
            uint16_t count;
            const uint8_t *records; /* read with pse_roster_record_at */
        } roster;
        struct {
            pse_enc old;
            uint8_t action;
            pse_enc new_; /* P0: zero bytes are the identity */
            uint8_t reason;
            pse_hash commitment;
        } credential_change;
        struct {
            pse_enc y;
            uint32_t roster_size;
            uint64_t time;
        } open;
        struct {
            uint64_t ballot;
            uint8_t action, reason;
            pse_hash commitment;
        } ballot_revoke;
        struct {
            uint64_t size;
            pse_hash root;
            uint8_t reason; /* close only */
            uint64_t time;  /* close only */
        } close;            /* close, and end */
        struct {
            uint32_t count;
            pse_hash digest;
        } freeze;
        struct {
            uint16_t contest, pot; /* ids */
            uint8_t seq;
            uint32_t n;
            uint8_t w;
            pse_hash in, out, proof;
        } mix;
        struct {
            uint16_t contest, pot; /* ids */
            uint32_t m;
            pse_hash in, blob;
            pse_enc t1, t2; /* t2 may be the identity */
            pse_scalar z;
        } decrypt;
        struct {
            pse_hash blob;
        } result;
        struct {
            uint8_t reason;
            pse_hash commitment;
        } abort;
    } u;
};

/** The name in the protocol's table ("dkg-commit"), or NULL. */
const char *pse_entry_type_name(uint8_t type);

/** Leaf hash of the log: SHA-256(0x00 || bytes). */
void pse_entry_leaf(pse_hash *leaf, struct pse_span raw);

/** Parse one entry and do all of V906. Of a ballot only the first 34 bytes are looked at (use
 * ballot.h for the rest). Any status but PSE_OK means V906 failed: PSE_E_LENGTH, PSE_E_RANGE,
 * PSE_E_ENCODING (a point, scalar or text), PSE_E_UNSUPPORTED (type or version), PSE_E_MISMATCH
 * (eid). *out is zeroed on failure. */
PSE_MUST pse_rc pse_entry_parse(struct pse_entry *out, const struct pse_group *g,
                                const struct pse_manifest *m, struct pse_span raw);

/** Entry 0 before any manifest is known (V101): exactly 136 bytes, setup, version 1, role 1,
 * index 0. @p eid receives the election it names. PSE_E_LENGTH, PSE_E_UNSUPPORTED, PSE_E_RANGE. */
PSE_MUST pse_rc pse_entry_setup_peek(struct pse_entry *out, pse_hash *eid, struct pse_span raw);

/** V907: the role's signature. PSE_E_SIGNATURE if it does not hold. Not for ballots (required). */
PSE_MUST pse_rc pse_entry_verify(const struct pse_manifest *m, const struct pse_entry *e);

/** Record @p i of a roster entry (i < count). */
struct pse_roster_record pse_roster_record_at(const struct pse_entry *e, size_t i);

/* ---- Building ----
 * Fill a struct pse_entry: type, role, index and the member of u; spans and records in it are read.
 * raw and body are ignored. */

/** Append the complete signed entry to @p out. @p seed is the role's Ed25519 seed; its public key
 * must be the manifest's key for (role, index). The result is parsed back before it is returned.
 *
 * PSE_E_MISMATCH: the seed is not that role's. Other statuses as pse_entry_parse. @p out is
 * unchanged on failure. Constant time in the seed. */
PSE_MUST pse_rc pse_entry_build(struct pse_buf *out, const struct pse_group *g,
                                const struct pse_manifest *m, const struct pse_entry *e,
                                const pse_seed *seed);

/** Write roster records for the entry's @c records; ascending order is the caller's affair (the
 * registrar sorts with pse_roster_sort). @p out has room for 70 * n bytes. */
void pse_roster_encode(uint8_t *out, const struct pse_roster_record *record, size_t n);
/** Strictly ascending by credential bytes. PSE_E_DUPLICATE: one credential twice. */
PSE_MUST pse_rc pse_roster_sort(struct pse_roster_record *record, size_t n);
#define PSE_ROSTER_RECORD 70u

/** Longest blob of a statement (V905). */
enum { PSE_STATEMENT_MAX = 16777216 };

#endif
