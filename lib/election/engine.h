/* Inside of the state engine, shared by the files that implement entry types. Internal to room
 * election; what it does stands in state.h.
 *
 * An entry is examined in two steps. `examine` applies the rules of its type, reads the engine and
 * writes only to its struct pse_exam: what failed, and what the entry would bring along. `apply`
 * takes a live entry in. So asking whether an entry would be live, and letting it in, cannot
 * differ. */
#ifndef PSE_ELECTION_ENGINE_H
#define PSE_ELECTION_ENGINE_H

#include "crypto/crypto.h"
#include "election/ballot.h"
#include "election/entry.h"
#include "election/list.h"
#include "election/roll.h"
#include "election/rule.h"
#include "election/state.h"
#include "merkle/merkle.h"

/** Bit of a state in a set of states. */
#define PSE_IN(state) (1u << PSE_STATE_##state)

/** Bit of trustee or mixer @p index in a set of them. */
static inline uint64_t pse_bit(uint8_t index)
{
    return UINT64_C(1) << (index - 1);
}

/** A list from freeze on. */
struct pse_list {
    const struct pse_contest *contest;
    uint16_t pot; /* id */
    uint32_t n;
    uint64_t weight;
    uint8_t mixes;
    uint64_t mixers;
    uint64_t trustees;
    pse_hash in;   /* of rows */
    uint8_t *rows; /* owned; NULL from RESULT on */
    size_t rows_n;
    pse_hash *shares; /* owned, [trustees]: D blob of each trustee that decrypted */
};

/** The ceremony's public side. */
struct pse_keys {
    struct pse_dkg *dkg;
    uint64_t committed, revealed, shared, confirmed;
    uint8_t at_fault;
    uint8_t (*commit)[PSE_DKG_COMMIT_SIZE]; /* [trustees] */
    uint8_t *reveals;                       /* trustees bodies of reveal_n bytes */
    uint8_t *shares;                        /* trustees bodies of shares_n bytes */
    size_t reveal_n, shares_n;
    struct pse_joint joint; /* once all have revealed and Y is not the identity */
    bool has_joint;
    pse_enc(*v); /* [trustees] verification keys, from then on */
};

struct pse_engine {
    struct pse_engine_options o;
    enum pse_state state;
    struct pse_tree tree;
    struct pse_arena arena; /* of the manifest */
    struct pse_manifest *m; /* NULL: none, or V101-V103 failed */
    struct pse_buf manifest;
    struct pse_buf policy;
    pse_hash policy_hash;
    struct pse_keys keys;
    struct pse_roll roll;
    struct pse_list *list;
    size_t lists;
    struct pse_generator_list generators; /* from the first mix to the end of mixing */
    uint64_t close_index;                 /* UINT64_MAX: not closed */
    pse_hash freeze;
    struct pse_buf result;
    struct pse_buf blobs; /* 32 bytes each */
    struct pse_counts counts;
    struct pse_rule_use use[PSE_RULE_COUNT];
    bool is_quiet;  /* a question, not an entry: nothing is reported or counted */
    bool is_frozen; /* freeze, mix-end have been; an abort does not undo it */
    bool is_mixed;
    bool is_aborted; /* END was reached through ABORT */
    pse_rc broken;   /* first environment failure: nothing is done any more */
};

enum { PSE_EXAM_FAULTS_MAX = 8 };

/** One entry under examination. */
struct pse_exam {
    struct pse_entry in;
    uint64_t index;
    pse_hash leaf;
    uint16_t fault[PSE_EXAM_FAULTS_MAX];
    size_t faults;
    uint8_t party;
    uint16_t contest, pot;                 /* for findings about a list */
    const struct pse_ballot_check *ballot; /* ballots: what the batch found */
    uint32_t credential;                   /* ballot, change, revocation: its number */
    size_t list;                           /* mix, decrypt: its number */
    uint8_t *blob;                         /* owned: bytes that apply may take over */
    size_t blob_n;
    bool is_blob_absent; /* W003 */
};

/* --- examining: state.c ----------------------------------------------------------------------- */

/** Nanoseconds now, 0 without a stopwatch. */
uint64_t pse_engine_now(const struct pse_engine *e);
/** Note that @p rule was applied to @p items things since @p start; a failure makes the entry dead.
 * Returns @p holds. */
bool pse_exam_rule(struct pse_engine *e, struct pse_exam *x, enum pse_rule rule, uint64_t items,
                   uint64_t start, bool holds);
/** Report a warning about a live entry. */
void pse_engine_warn(struct pse_engine *e, const struct pse_exam *x, enum pse_rule rule,
                     uint8_t party, const struct pse_list *list);
/** Remember a blob that a live entry names. */
PSE_MUST pse_rc pse_engine_name_blob(struct pse_engine *e, const pse_hash *hash);
/** Condition of the table in 2.1 on state and earlier entries. */
bool pse_engine_is_allowed(const struct pse_engine *e, const struct pse_entry *in);

/* --- blobs: source.c -------------------------------------------------------------------------- */

enum pse_blob_state {
    PSE_BLOB_GOOD,
    PSE_BLOB_ABSENT, /* V905 (statement: W003) */
    PSE_BLOB_OTHER,  /* V905: the bytes have another hash */
    PSE_BLOB_LENGTH, /* right hash, another length: the rule that gives the length */
};

/** Fetch a blob that must have between @p least and @p most bytes, into owned heap *out (NULL
 * unless GOOD). A blob of another length is only hashed, in pieces, to tell a bad copy from a bad
 * entry. PSE_E_MEMORY. */
PSE_MUST pse_rc pse_blob_fetch(const struct pse_engine *e, enum pse_blob_state *state,
                               uint8_t **out, size_t *n, const pse_hash *hash, uint64_t least,
                               uint64_t most);
/** The bytes at hand are those the entry names (V905 holds). */
static inline bool pse_blob_is_named(enum pse_blob_state state)
{
    return state != PSE_BLOB_ABSENT && state != PSE_BLOB_OTHER;
}

/** Is a blob there with its hash? Nothing is kept, and one of more than @p most bytes is not read:
 * PSE_BLOB_LENGTH, whatever its hash. */
PSE_MUST pse_rc pse_blob_look(const struct pse_engine *e, enum pse_blob_state *state,
                              const pse_hash *hash, uint64_t most);

/* --- entry types ------------------------------------------------------------------------------ */

struct pse_entry_kind {
    uint8_t type;
    uint8_t roles;                                                           /* set of 1 << role */
    uint16_t states;                                                         /* set of PSE_IN */
    bool (*allowed)(const struct pse_engine *e, const struct pse_entry *in); /* NULL: no more */
    pse_rc (*examine)(struct pse_engine *e, struct pse_exam *x);             /* NULL: no rules */
    pse_rc (*apply)(struct pse_engine *e, struct pse_exam *x);
};

/* setup.c */
/** Examine entry 0. From PSE_OK on e->m is set unless V101-V103 fail; nothing else but what setup
 * names is touched. */
PSE_MUST pse_rc pse_setup_examine(struct pse_engine *e, struct pse_exam *x, struct pse_span raw);
PSE_MUST pse_rc pse_setup_apply(struct pse_engine *e, struct pse_exam *x);
/** V104 but for the hash: parse a policy, which borrows from @p bytes, and hold it against the
 * manifest. Statuses of pse_policy_parse and pse_policy_election_check. */
PSE_MUST pse_rc pse_setup_policy(const struct pse_manifest *m, struct pse_policy *policy,
                                 struct pse_arena *arena, struct pse_span bytes);
/** As if entry 0 had not come. */
void pse_setup_forget(struct pse_engine *e);
/* notices.c */
PSE_MUST pse_rc pse_statement_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_statement_apply(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_incident_apply(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_abort_apply(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_end_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_end_apply(struct pse_engine *e, struct pse_exam *x);
/* ceremony.c */
PSE_MUST pse_rc pse_keys_new(struct pse_engine *e);
void pse_keys_free(struct pse_keys *k);
bool pse_commit_allowed(const struct pse_engine *e, const struct pse_entry *in);
bool pse_reveal_allowed(const struct pse_engine *e, const struct pse_entry *in);
bool pse_shares_allowed(const struct pse_engine *e, const struct pse_entry *in);
bool pse_confirm_allowed(const struct pse_engine *e, const struct pse_entry *in);
bool pse_open_allowed(const struct pse_engine *e, const struct pse_entry *in);
PSE_MUST pse_rc pse_commit_apply(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_reveal_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_reveal_apply(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_shares_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_shares_apply(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_complaint_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_complaint_apply(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_confirm_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_confirm_apply(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_open_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_open_apply(struct pse_engine *e, struct pse_exam *x);
/* credentials.c */
bool pse_roster_allowed(const struct pse_engine *e, const struct pse_entry *in);
PSE_MUST pse_rc pse_roster_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_roster_apply(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_change_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_change_apply(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_ballot_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_ballot_apply(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_revoke_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_revoke_apply(struct pse_engine *e, struct pse_exam *x);
/* admit.c */
PSE_MUST pse_rc pse_close_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_close_apply(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_freeze_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_freeze_apply(struct pse_engine *e, struct pse_exam *x);
void pse_lists_free(struct pse_engine *e);
/* mixing.c */
bool pse_mix_end_allowed(const struct pse_engine *e, const struct pse_entry *in);
PSE_MUST pse_rc pse_mix_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_mix_apply(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_mix_end_apply(struct pse_engine *e, struct pse_exam *x);
/** Number of list (contest, pot); e->lists when there is none. */
size_t pse_list_number(const struct pse_engine *e, uint16_t contest, uint16_t pot);
/* opening.c */
bool pse_result_allowed(const struct pse_engine *e, const struct pse_entry *in);
PSE_MUST pse_rc pse_decrypt_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_decrypt_apply(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_result_examine(struct pse_engine *e, struct pse_exam *x);
PSE_MUST pse_rc pse_result_apply(struct pse_engine *e, struct pse_exam *x);

#endif
