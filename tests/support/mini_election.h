/* A whole small election in memory, for tests: every kind of entry, both kinds of contests, three
 * styles, groups that merge, weights, re-votes, revocations in both states, a replacement, a late
 * enrolment; 2 of 3 trustees, 2 mixers, 4 witnesses with a quorum of 3.
 *
 * It is built stage by stage. A test stops before a stage (mini_until), writes what it likes
 * instead or in between, lets the rest follow (mini_until(m, MINI_DONE)), seals the record and
 * audits it. Entries may be anything; the engine inside examines them as a verifier would, so what
 * honest roles write afterwards builds on the live ones only.
 *
 * Not for: the programs, files. Broken promises and failures of the world end the test. */
#ifndef PSE_TESTS_MINI_ELECTION_H
#define PSE_TESTS_MINI_ELECTION_H

#include "election/election.h"
#include "merkle/merkle.h"

enum {
    MINI_TRUSTEES = 3,
    MINI_THRESHOLD = 2,
    MINI_MIXERS = 2,
    MINI_WITNESSES = 4,
    MINI_VOTERS = 9,
    MINI_ENTRIES_MAX = 256,
    MINI_BLOBS_MAX = 64,
    MINI_FILES_MAX = 64,
};

/* Voters. 0-2: style 10, 3-4: style 20, 5-6: style 30 with weights 3 and 5, 7: style 10, enrolled
 * while the vote is open, 8: replaces 2. */
enum { MINI_LATE = 7, MINI_REPLACED = 2, MINI_REPLACEMENT = 8 };

enum mini_stage {
    MINI_SETUP,
    MINI_COMMIT,
    MINI_REVEAL,
    MINI_SHARES,
    MINI_CONFIRM,
    MINI_ROSTER,
    MINI_OPEN,
    MINI_VOTE,
    MINI_CLOSE,
    MINI_CLOSED, /* revocations after close */
    MINI_FREEZE,
    MINI_MIX,
    MINI_MIX_END,
    MINI_DECRYPT,
    MINI_RESULT,
    MINI_END,
    MINI_DONE,
};

struct mini_blob {
    pse_hash hash;
    struct pse_buf bytes;
    bool is_absent;
};

struct mini_file {
    char path[PSE_TILE_PATH_MAX];
    struct pse_buf bytes;
    bool is_absent;
};

struct mini {
    struct pse_group *g;
    struct pse_rng rng;
    pse_seed log, authority, registrar, board;
    pse_seed witness[MINI_WITNESSES];
    pse_seed trustee[MINI_TRUSTEES];
    pse_seed mixer[MINI_MIXERS];
    pse_secret share[MINI_TRUSTEES];
    pse_dkg_secret polynomial[MINI_TRUSTEES];
    uint8_t reveal[MINI_TRUSTEES][32 * MINI_THRESHOLD + 64];
    pse_secret x[MINI_TRUSTEES]; /* decryption keys, from MINI_CONFIRM on */
    pse_secret voter[MINI_VOTERS];
    pse_enc credential[MINI_VOTERS];
    pse_hash prev[MINI_VOTERS];   /* leaf of the latest ballot */
    uint64_t ballot[MINI_VOTERS]; /* its index */
    struct pse_buf manifest;      /* may be edited before MINI_SETUP is built */
    struct pse_buf policy;
    enum mini_stage stage; /* the next one */
    struct pse_engine *engine;
    struct pse_buf entry[MINI_ENTRIES_MAX];
    size_t entries;
    struct mini_blob blob[MINI_BLOBS_MAX];
    size_t blobs;
    struct mini_file file[MINI_FILES_MAX]; /* after mini_seal: checkpoint, tiles, bundles */
    size_t files;
};

void mini_open(struct mini *m);
/** The same for cheaters who work together: what they write is built on entries whose proofs do not
 * hold. The audit is the honest one. */
void mini_open_cheating(struct mini *m);
void mini_close(struct mini *m);

/** Replace the first @p from in a manifest or policy text by @p to. */
void mini_edit(struct pse_buf *text, const char *from, const char *to);
/** Write the manifest's "policy" member again after the policy was edited. */
void mini_policy_changed(struct mini *m);

/** Build all stages before @p stage. */
void mini_until(struct mini *m, enum mini_stage stage);
/** Leave out the next stage. */
void mini_skip(struct mini *m);

/* --- writing ---------------------------------------------------------------------------------- */

/** Append an entry, whatever it is; returns its index. */
uint64_t mini_append(struct mini *m, struct pse_span entry);
/** The signed bytes of a well-formed role entry. */
void mini_build(struct mini *m, struct pse_buf *out, const struct pse_entry *entry);
/** Build and append. */
uint64_t mini_put(struct mini *m, const struct pse_entry *entry);
/** Sign changed bytes of a role entry again, with the key of the role they name. */
void mini_sign(struct mini *m, struct pse_buf *entry);
const pse_seed *mini_seed(const struct mini *m, uint8_t role, uint8_t index);

/** An entry with its role filled in; trustees and mixers have an index. */
struct pse_entry mini_entry(enum pse_entry_type type, enum pse_role role, uint8_t index);

/** Add a blob; returns its hash. */
pse_hash mini_blob(struct mini *m, struct pse_span bytes);
/** The blob with this hash. */
struct mini_blob *mini_blob_find(struct mini *m, const pse_hash *hash);

/** Draw trustee @p i's polynomial and make m->reveal; commit to m->reveal as it then is. */
void mini_deal(struct mini *m, uint8_t i);
uint64_t mini_commit(struct mini *m, uint8_t i);
/** Trustee @p i's shares, as they should be: (MINI_TRUSTEES - 1) records. */
void mini_shares(struct mini *m, uint8_t *body, uint8_t i);
/** Trustee @p i's confirm entry as it should be. */
struct pse_entry mini_confirm(struct mini *m, uint8_t i);
/** A complaint of @p i about @p dealer, true or not. */
struct pse_entry mini_complaint(struct mini *m, uint8_t i, uint8_t dealer);

/** A ballot of @p voter under @p style id with the given prev: its bytes. Choices are made up from
 * @p taste. */
void mini_ballot(struct mini *m, struct pse_buf *out, size_t voter, uint16_t style,
                 const pse_hash *prev, unsigned taste);
/** The voter's next ballot, appended. */
uint64_t mini_vote(struct mini *m, size_t voter, unsigned taste);
/** Sign a changed ballot again as @p voter. */
void mini_ballot_sign(struct mini *m, struct pse_buf *ballot, size_t voter);
/** Roster entry of some voters (sorted here). */
struct mini_enrolment {
    size_t voter;
    uint16_t style;
    uint32_t weight;
};
void mini_roster(struct mini *m, struct pse_buf *out, const struct mini_enrolment *e, size_t n);
uint64_t mini_revoke(struct mini *m, uint64_t ballot, uint8_t action, uint8_t reason);
uint64_t mini_change(struct mini *m, size_t old, uint8_t action, const pse_enc *fresh);
uint64_t mini_close_entry(struct mini *m, uint8_t reason, uint64_t time);
uint64_t mini_statement(struct mini *m, struct pse_span text);
uint64_t mini_abort(struct mini *m);
uint64_t mini_end_entry(struct mini *m);

/** A mix of list @p at, its blobs added: the entry, not appended. */
struct pse_entry mini_mix(struct mini *m, uint8_t mixer, size_t at);
/** A share of list @p at. */
struct pse_entry mini_decrypt(struct mini *m, uint8_t trustee, size_t at);
/** The true result blob (not added). */
void mini_result_blob(struct mini *m, struct pse_buf *out);
uint64_t mini_result(struct mini *m, struct pse_span blob);

/* --- sealing and auditing --------------------------------------------------------------------- */

/** Make checkpoint and tiles of the entries so far. */
void mini_seal(struct mini *m);
/** The checkpoint once more, for another size or root, signed by the log and the witnesses of the
 * set @p witnesses. */
void mini_checkpoint(struct mini *m, uint64_t size, const pse_hash *root, unsigned witnesses);
struct mini_file *mini_file(struct mini *m, const char *path);
struct pse_reader mini_reader(struct mini *m);

/** Is there such a finding or warning in a sealed record? */
bool mini_has(struct mini *m, unsigned rule, uint64_t entry);
/** Audit; the caller frees. */
struct pse_audit *mini_audit(struct mini *m);
/** Audit a sealed record, and hold verdict and first finding against what is expected; rule 0: no
 * finding. Prints all findings where they differ. */
bool mini_is_sealed(struct mini *m, enum pse_verdict verdict, unsigned rule, uint64_t entry);
/** The same, sealing it first. */
bool mini_is(struct mini *m, enum pse_verdict verdict, unsigned rule, uint64_t entry);

#endif
